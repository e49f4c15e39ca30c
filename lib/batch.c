/*
 * Many calls in one message.
 *
 * A program that has two hundred things to ask pays for one message and waits once. Each call is what it
 * would be by itself, with its own retry rule, proof and error; so many run at once as was asked for, and no
 * more than the server takes. Results stand in the order of the calls; read as a stream they come as they are
 * done, so that nobody holds all of a large batch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "errors.h"
#include "json.h"

enum { AT_ONCE = 16, CALLS_MAX = 10000 };

typedef struct batch {
  json_t *calls;    /* array of {op, args} */
  json_t *results;  /* in their order; NULL = they are told as events */
  size_t next, running, done, failed, at_once;
} batch;

static void release(void *work) {
  batch *b = work;
  json_decref(b->calls);
  json_decref(b->results);
  free(b);
}

/* --- one call ----------------------------------------------------------------------------------------- */

static dp_kind set_value(dp_args *args, const char *name, const json_t *value) {
  switch (json_typeof(value)) {
  case JSON_NULL:
    return dp_args_set_null(args, name);
  case JSON_TRUE:
  case JSON_FALSE:
    return dp_args_set_bool(args, name, json_is_true(value));
  case JSON_INTEGER:
    return dp_args_set_int(args, name, json_integer_value(value));
  case JSON_REAL:
    return dp_args_set_double(args, name, json_real_value(value));
  case JSON_STRING:
    return dp_args_set_text(args, name, json_string_value(value), json_string_length(value));
  default:
    break;
  }
  char *text = json_dumps(value, JSON_COMPACT);
  dp_kind kind = text ? dp_args_set_json(args, name, text) : DP_INTERNAL;
  free(text);
  return kind;
}

static dp_args *make_args(const json_t *given) {
  dp_args *args = dp_args_new();
  const char *name;
  json_t *value;
  bool ok = args != NULL;
  json_object_foreach((json_t *)(uintptr_t)given, name, value)
    ok = ok && set_value(args, name, value) == DP_OK;
  if (ok)
    return args;
  dp_args_free(args);
  return NULL;
}

/* An answer's body: its JSON, or where it is none its text. */
static json_t *body_of(const dp_reply *reply) {
  size_t length;
  const char *text = dp_reply_body(reply, &length);
  if (!text || !length)
    return json_null();
  json_t *body = json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
  if (!body)
    body = json_stringn(text, length);
  return body ? body : json_null();
}

static json_t *result_of(const dp_reply *reply) {
  const dp_error *error = dp_reply_error(reply);
  if (error->kind == DP_OK)
    return json_pack("{s:{s:i,s:s,s:o}}", "ok", "status", (int)dp_reply_status(reply), "type",
                     dp_reply_type(reply), "body", body_of(reply));
  json_t *told = json_pack("{s:s,s:s,s:s,s:s,s:b,s:i,s:o}", "kind", dp_kind_name(error->kind), "code",
                           error->code, "message", error->message, "hint", error->hint, "retryable",
                           (int)error->retryable, "status", (int)error->status, "body",
                           body_of(reply));
  if (error->retry_after_ms)
    json_object_set_new(told, "retry_after_ms", json_integer(error->retry_after_ms));
  return json_pack("{s:o}", "error", told);
}

static void go_on(dp_call *call);

static void keep(dp_call *call, size_t index, json_t *result) {
  batch *b = call->work;
  b->done++;
  b->failed += json_object_get(result, "error") != NULL;
  if (b->results) {
    json_array_set_new(b->results, index, result);
    return;
  }
  json_object_set_new(result, "event", json_string("result"));
  json_object_set_new(result, "index", json_integer((json_int_t)index));
  dp__compose_tell(call, result);
}

static void done(dp_call *call, dp_reply *reply, void *user) {
  batch *b = call->work;
  b->running--;
  keep(call, (size_t)(uintptr_t)user, result_of(reply));
  go_on(call);
}

/* What cannot be started is that call's error, and no other's. */
static void refused(dp_call *call, size_t index, const dp_error *error) {
  keep(call, index,
       json_pack("{s:{s:s,s:s,s:s,s:s,s:b}}", "error", "kind", dp_kind_name(error->kind), "code",
                 error->code, "message", error->message, "hint", error->hint, "retryable",
                 (int)error->retryable));
}

static void start(dp_call *call, size_t index) {
  batch *b = call->work;
  const json_t *one = json_array_get(b->calls, index);
  const char *name = json_string_value(json_object_get(one, "op"));
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  dp_error error;
  dp_op op = dp_op_from_name(name ? name : "");
  dp_args *args = make_args(json_object_get(one, "args"));
  dp_kind kind = DP_OK;
  o.flags = call->flags & (DP_CALL_WAIT | DP_CALL_NO_VALIDATE | DP_CALL_ALLOW_HAZARD);
  if (!args)
    kind = dp__no_memory(&error);
  else if (op == DP_OP_NONE || op == DP_OP_BATCH)
    kind = dp__fail(&error, DP_UNSUPPORTED, "unknown_operation", "difypool ops lists them.",
                    "batch: there is no operation \"%.64s\" that can stand in a batch", name ? name : "");
  else
    kind = dp__call_child(call, op, args, &o, done, (void *)(uintptr_t)index, &error);
  dp_args_free(args);
  if (kind == DP_OK)
    b->running++;
  else
    refused(call, index, &error);
}

static void finish(dp_call *call) {
  const batch *b = call->work;
  json_t *body = json_pack("{s:I,s:I}", "calls", (json_int_t)b->done, "failed", (json_int_t)b->failed);
  if (body && b->results)
    json_object_set(body, "results", b->results);
  dp__compose_done(call, body);
}

static void go_on(dp_call *call) {
  batch *b = call->work;
  while (call->phase == DP__CALL_COMPOSING && !call->ending && b->running < b->at_once &&
         b->next < json_array_size(b->calls) && !dp__compose_behind(call))
    start(call, b->next++);
  if (call->phase == DP__CALL_COMPOSING && !call->ending && b->done == json_array_size(b->calls) &&
      !(call->teller && call->teller->ends))
    finish(call);
}

/* --- beginning ---------------------------------------------------------------------------------------- */

static dp_kind check_calls(const json_t *calls, dp_error *err) {
  size_t i;
  const json_t *one;
  if (json_array_size(calls) > CALLS_MAX)
    return dp__fail(err, DP_TOO_LARGE, "batch_calls", "Send several batches.",
                    "batch: %zu calls; allowed are %d", json_array_size(calls), CALLS_MAX);
  json_array_foreach(calls, i, one) {
    const json_t *args = json_object_get(one, "args");
    const char *name;
    json_t *value;
    if (!json_is_string(json_object_get(one, "op")) || (args && !json_is_object(args)))
      return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL,
                      "batch: call %zu is no {op, args} with a name and an object", i);
    json_object_foreach((json_t *)(uintptr_t)one, name, value)
      if (strcmp(name, "op") != 0 && strcmp(name, "args") != 0)
        return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL,
                        "batch: call %zu has a member %.64s; allowed are op and args", i, name);
  }
  return DP_OK;
}

static dp_kind prepare(dp_call *call, dp_error *err) {
  const dp__arg *calls = dp__args_find(call->request.args, "calls");
  const dp__arg *at_once = dp__args_find(call->request.args, "concurrency");
  batch *b = calloc(1, sizeof *b);
  call->work = b;
  if (!b)
    return dp__no_memory(err);
  b->calls = json_loadb(calls->data, calls->length, 0, NULL);
  if (!b->calls)
    return dp__no_memory(err);
  b->at_once = at_once && at_once->kind == DP__ARG_INT ? (size_t)at_once->value.integer : AT_ONCE;
  dp__args_remove(call->request.args, "calls");
  return check_calls(b->calls, err);
}

static void begin(dp_call *call) {
  batch *b = call->work;
  if (!call->teller) {
    b->results = json_array();
    for (size_t i = 0; i < json_array_size(b->calls); i++)
      json_array_append_new(b->results, json_null());
  }
  go_on(call);
}

const dp__composition dp__batch_of_calls = {
    .op = DP_OP_BATCH, .prepare = prepare, .begin = begin, .go_on = go_on, .release = release,
    .takes_long = true};
