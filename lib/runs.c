/*
 * Runs, which outlive the connection that began them.
 *
 * Dify goes on with a run whose caller has left, and a model goes on costing money. So a caller who
 * gives up has his run stopped, in a call of its own that nobody waits for. The server takes such a
 * stop for any task, known or not, and says success to each.
 *
 * A workflow's run has a record, and a stream that was cut is looked up there until the record
 * tells an end: that is made into the event that was missing, so that whoever reads the stream sees
 * it end as any other. It is looked for as long as the call may be silent (stall_ms), in growing
 * steps. A run that was stopped may stay "running" in its record for ever, so the look must end
 * without it, too.
 */
#include "runs.h"

#include <string.h>
#include <jansson.h>

#include "callint.h"
#include "errors.h"
#include "json.h"

enum { GAP_FIRST_MS = 100, GAP_LAST_MS = 5000 };

/* A stop is one small write; a server that does not answer it soon is not waited for. */
enum { STOP_MS = 10000 };

/* --- stopping ------------------------------------------------------------------------------- */

bool dp__run_may_stop(const dp_call *call) {
  const dp__stream *s = call->stream;
  return s && call->request.desc->stop != DP_OP_NONE && !atomic_load(&call->keep_run) &&
         !s->run.ended && !call->client->stopping;
}

static void stop_answered(dp_call *call, dp_reply *reply, void *user) {
  (void)user;
  if (dp_reply_kind(reply) != DP_OK)
    dp__log(call->client, DP_LOG_WARNING, "a run could not be stopped: %s",
            dp_reply_error(reply)->message);
}

void dp__run_stop(dp_call *call) {
  const dp_client_options *options = &call->client->options;
  dp__stream *s = call->stream;
  if (!dp__run_may_stop(call) || !*s->run.ids.task || s->stop_sent)
    return;
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.profile = call->profile;
  o.priority = DP_PRIORITY_INTERACTIVE;
  o.flags = DP_CALL_NO_VALIDATE | DP_CALL_WAIT; /* the id is the server's own, whatever its shape */
  o.deadline_ms = options->write_grace_ms && options->write_grace_ms < STOP_MS ? options->write_grace_ms
                                                                               : STOP_MS;
  dp_args *args = dp_args_new();
  s->stop_sent = args && dp_args_set_string(args, "task_id", s->run.ids.task) == DP_OK &&
                 (!s->who || dp_args_set_string(args, "user", s->who) == DP_OK) &&
                 dp__call_detached(call->client, call->request.desc->stop, args, &o, stop_answered);
  s->run.ids.stop_asked = s->stop_sent;
  dp_args_free(args);
}

/* --- reading back --------------------------------------------------------------------------- */

static void give_up(dp_call *call) {
  dp__call_end(call, &call->stream->cut);
}

static void look(dp_call *call);

static void look_again(dp__timer *timer) {
  look(DP__FROM(dp_call, wait_timer, timer));
}

static void wait_and_look(dp_call *call) {
  dp_client *client = call->client;
  dp__stream *s = call->stream;
  uint64_t at = client->now_us + 1000ull * s->gap_ms;
  s->gap_ms = s->gap_ms > GAP_LAST_MS / 2 ? GAP_LAST_MS : 2 * s->gap_ms;
  if (at >= s->look_until_us || !dp__timer_set(&client->timers, &call->wait_timer, at, look_again))
    give_up(call);
}

/* An object's text may stand within a string, as 1.12.1 writes a record's outputs. */
static bool put_outputs(dp__buffer *out, const dp__json_field *field) {
  json_t *text = *field->value == '"' ? json_loadb(field->value, field->length,
                                                   JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
                                      : NULL;
  const char *inner = json_string_value(text);
  size_t length = json_string_length(text);
  bool object = inner && dp__json_kind(inner, length) == '{' && dp__json_ok(inner, length);
  bool ok = dp__buffer_append(out, object ? inner : field->value, object ? length : field->length);
  json_decref(text);
  return ok;
}

static bool put(dp__buffer *out, const char *name, const char *json, size_t length) {
  return dp__buffer_text(out, "\"") && dp__buffer_text(out, name) && dp__buffer_text(out, "\":") &&
         dp__buffer_append(out, json, length);
}

static bool put_id(dp__buffer *out, const char *name, const char *id) {
  return !*id || (dp__buffer_text(out, ",\"") && dp__buffer_text(out, name) &&
                  dp__buffer_text(out, "\":") && dp__json_string(out, id, strlen(id)));
}

enum { ID, WORKFLOW, STATUS, OUTPUTS, ERROR, ELAPSED, TOKENS, STEPS, CREATED, FINISHED, FIELDS };

/* The event that would have been the last, of the run's record. */
static bool write_end(const dp__run_ids *ids, bool paused, const dp__json_field *f,
                      dp__buffer *out) {
  dp__buffer_text(out,
                  paused ? "{\"event\":\"workflow_paused\"" : "{\"event\":\"workflow_finished\"");
  put_id(out, "task_id", ids->task);
  put_id(out, "workflow_run_id", ids->workflow_run);
  dp__buffer_text(out, ",\"data\":{");
  for (size_t i = 0, count = 0; i < FIELDS; i++) {
    if (!f[i].value)
      continue;
    if (count++)
      dp__buffer_text(out, ",");
    if (i == OUTPUTS)
      put(out, f[i].name, "", 0), put_outputs(out, &f[i]);
    else
      put(out, f[i].name, f[i].value, f[i].length);
  }
  return dp__buffer_text(out, "}}");
}

static bool is(const dp__json_field *field, const char *text) {
  size_t size = strlen(text);
  return field->value && field->length == size + 2 && memcmp(field->value + 1, text, size) == 0;
}

static void take_record(dp_call *call, const char *body, size_t length) {
  dp__stream *s = call->stream;
  dp__json_field f[FIELDS] = {[ID] = {.name = "id"},
                              [WORKFLOW] = {.name = "workflow_id"},
                              [STATUS] = {.name = "status"},
                              [OUTPUTS] = {.name = "outputs"},
                              [ERROR] = {.name = "error"},
                              [ELAPSED] = {.name = "elapsed_time"},
                              [TOKENS] = {.name = "total_tokens"},
                              [STEPS] = {.name = "total_steps"},
                              [CREATED] = {.name = "created_at"},
                              [FINISHED] = {.name = "finished_at"}};
  dp__json_fields(body, length, f, FIELDS);
  bool paused = is(&f[STATUS], "paused");
  bool ended = paused || is(&f[STATUS], "succeeded") || is(&f[STATUS], "failed") ||
               is(&f[STATUS], "stopped") || is(&f[STATUS], "partial-succeeded");
  if (!ended && f[STATUS].value &&
      *f[STATUS].value == '"') { /* running, or a word of later versions */
    wait_and_look(call);
    return;
  }
  if (!ended || !write_end(&s->run.ids, paused, f, &s->piece)) {
    give_up(call); /* nulls: the server knows no such run */
    return;
  }
  call->reply->meta.verified = 1;
  dp__reply_note(call->reply, "The stream was cut; how the run ended was read from its record.");
  dp__stream_add_end(call);
}

static void on_record(dp_call *call, dp_reply *reply) {
  size_t length;
  dp_kind kind = dp_reply_kind(reply);
  const char *body = dp_reply_body(reply, &length);
  if (kind == DP_OK)
    take_record(call, body, length);
  else if (dp_reply_error(reply)->retryable || kind == DP_TIMEOUT || kind == DP_BREAKER_OPEN)
    wait_and_look(call);
  else
    give_up(call);
}

static void look(dp_call *call) {
  dp__stream *s = call->stream;
  dp_args *args = dp_args_new();
  bool begun = args &&
               dp_args_set_string(args, "workflow_run_id", s->run.ids.workflow_run) == DP_OK &&
               dp__call_look(call, call->request.desc->read_back, args, 0, on_record);
  dp_args_free(args);
  if (!begun)
    give_up(call);
  else if (call->look->deadline_us > s->look_until_us)
    call->look->deadline_us = s->look_until_us;
}

bool dp__run_read_back(dp_call *call, const dp_error *why) {
  dp__stream *s = call->stream;
  uint32_t silent_ms = call->stall_ms ? call->stall_ms : call->client->options.stall_timeout_ms;
  if (call->request.desc->read_back == DP_OP_NONE || !*s->run.ids.workflow_run || s->looking)
    return false;
  s->looking = true;
  s->cut = *why;
  s->gap_ms = GAP_FIRST_MS;
  s->look_until_us = call->client->now_us + 1000ull * silent_ms;
  s->piece.length = 0;
  dp__call_move(call, DP__CALL_PROVING);
  look(call);
  return true;
}
