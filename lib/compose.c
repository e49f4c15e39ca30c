/*
 * Calls that are made of calls.
 *
 * What people want of a knowledge base ("have one of this name", "hold these pages") takes several
 * calls, whose order and repeats are policy, so it belongs here and not into each binding. A composition is
 * an operation like any other: the table checks its arguments, it has a deadline, can be cancelled, and ends
 * in one reply. Its parts are ordinary calls with it as their parent, so pacing, breakers, proofs and the
 * connection pool know nothing of it.
 *
 * A composition looks before it writes and reads back after it, so that doing it twice changes nothing.
 * That is why one that is cut short is no unknown outcome: the way to know is to call it again.
 */
#include "compose.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"

static const dp__composition *const all[] = {&dp__datasets_ensure, &dp__metadata_ensure,
                                             &dp__tags_ensure, &dp__documents_wait,
                                             &dp__pages_push, &dp__batch_of_calls};

const dp__composition *dp__composition_of(dp_op op) {
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i]->op == op)
      return all[i];
  return NULL;
}

dp_kind dp__compose_prepare(dp_call *call, const dp_call_options *options, dp_error *err) {
  dp_kind kind = dp__teller_prepare(call, options, err);
  if (kind == DP_OK && call->composition->prepare)
    kind = call->composition->prepare(call, err);
  return kind;
}

void dp__compose(dp_call *call) {
  call->reply->meta.queued_us += call->client->now_us - call->held_us;
  dp__call_move(call, DP__CALL_COMPOSING);
  dp__teller_begin(call);
  if (call->phase == DP__CALL_COMPOSING)
    call->composition->begin(call);
}

/* --- children ------------------------------------------------------------------------------------ */

static bool start(dp_call *parent, dp_op op, const dp_args *args, dp_call_options *o, dp__child_fn fn,
                  void *user) {
  dp_error error;
  o->flags |= parent->flags & DP_CALL_WAIT;
  if (dp__call_child(parent, op, args, o, fn, user, &error) == DP_OK)
    return true;
  dp__call_end(parent, &error);
  return false;
}

bool dp__compose_call(dp_call *parent, dp_op op, const dp_args *args, uint32_t flags,
                      dp__child_fn fn, void *user) {
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.flags = flags;
  return start(parent, op, args, &o, fn, user);
}

bool dp__compose_read(dp_call *parent, dp_op op, const dp_args *args, uint32_t cache_ms,
                      dp__child_fn fn, void *user) {
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.cache_ms = cache_ms;
  return start(parent, op, args, &o, fn, user);
}

/* --- ending -------------------------------------------------------------------------------------- */

void dp__compose_out_of_memory(dp_call *call) {
  dp_error error;
  dp__no_memory(&error);
  dp__call_end(call, &error);
}

void dp__compose_done(dp_call *call, json_t *body) {
  char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
  dp__answer *answer = text ? dp__answer_made(200, text, strlen(text)) : NULL;
  json_decref(body);
  free(text);
  if (!answer) {
    dp__compose_out_of_memory(call);
    return;
  }
  dp__answer_unref(call->answer);
  call->answer = answer;
  dp__teller_end(call, NULL);
}

void dp__compose_fail(dp_call *call, dp_kind kind, const char *code, const char *hint,
                      const char *format, ...) {
  dp_error error;
  char message[sizeof error.message];
  va_list list;
  va_start(list, format);
  vsnprintf(message, sizeof message, format, list);
  va_end(list);
  dp__fail(&error, kind, code, hint, "%s: %s", call->request.desc->name, message);
  dp__teller_end(call, &error);
}

void dp__compose_fail_as(dp_call *call, const dp_reply *reply, const char *what) {
  dp_error error = *dp_reply_error(reply);
  char message[sizeof error.message];
  snprintf(message, sizeof message, "%s: %.160s: %.300s", call->request.desc->name, what,
           error.message);
  dp__copy_text(error.message, sizeof error.message, message, strlen(message));
  if (reply->answer && !call->answer)
    call->answer = dp__answer_ref(reply->answer);
  dp__teller_end(call, &error);
}

json_t *dp__compose_body(dp_call *call, const dp_reply *reply, const char *what) {
  size_t length;
  const char *text = dp_reply_body(reply, &length);
  json_t *body = text ? json_loadb(text, length, JSON_ALLOW_NUL, NULL) : NULL;
  if (!json_is_object(body)) {
    json_decref(body);
    dp__compose_fail(call, DP_PROTOCOL, "answer", "Look at the server.",
                     "%s: what the server answered is no JSON object", what);
    return NULL;
  }
  return body;
}

/* --- turns --------------------------------------------------------------------------------------- */

static bool is_first(const dp__turn *turn) {
  const dp__turn *t = dp__policy(turn->call->client)->turns;
  while (strcmp(t->key, turn->key) != 0)
    t = t->next;
  return t == turn;
}

bool dp__turn_take(dp__turn *turn, dp_call *call, const char *kind, const char *what,
                   void (*come)(dp__turn *turn)) {
  dp__buffer key = {0};
  dp__buffer_text(&key, call->profile->workspace);
  dp__buffer_text(&key, "\n");
  dp__buffer_text(&key, kind);
  dp__buffer_text(&key, "\n");
  dp__buffer_text(&key, what);
  turn->key = dp__buffer_steal(&key, NULL);
  if (!turn->key) {
    dp__compose_out_of_memory(call);
    return false;
  }
  turn->call = call;
  turn->come = come;
  turn->next = NULL;
  dp__turn **link = &dp__policy(call->client)->turns;
  while (*link)
    link = &(*link)->next;
  *link = turn;
  if (is_first(turn))
    come(turn);
  return true;
}

void dp__turn_give(dp__turn *turn) {
  if (!turn->key)
    return;
  bool held = is_first(turn);
  char *key = turn->key;
  dp__turn **link = &dp__policy(turn->call->client)->turns;
  while (*link != turn)
    link = &(*link)->next;
  dp__turn *next = *link = turn->next;
  turn->key = NULL;
  while (held && next && strcmp(next->key, key) != 0)
    next = next->next;
  free(key);
  if (held && next)
    next->come(next);
}
