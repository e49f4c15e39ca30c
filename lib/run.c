/*
 * What Dify's events say of a run.
 *
 * Each event is a JSON object whose member "event" names it, and most carry the ids that a run is
 * known by. Which event is the last depends on the app: message_end of chats, agents, chatflows and
 * completions, workflow_finished of workflows. A chatflow sends both, and its workflow_finished,
 * which carries a message_id, is not yet the end: an error or message_end follows. Speech that was
 * asked for may come behind the last event; a run whose speech is cut has ended all the same.
 *
 * A failure inside a stream comes under HTTP 200. It is kept as the envelope that would have been
 * the answer, had the caller not asked for a stream, so that it is judged by the same rules.
 *
 * Events that nobody here knows are no error: servers learn new ones.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

void dp__run_deinit(dp__run *run) {
  dp__buffer_deinit(&run->failure);
}

void dp__run_show(const dp__run_ids *ids, dp_run *out) {
  *out = (dp_run){.task_id = ids->task,
                  .workflow_run_id = ids->workflow_run,
                  .conversation_id = ids->conversation,
                  .message_id = ids->message,
                  .stop_asked = ids->stop_asked};
}

/* A text without escapes and of sensible length, as ids and names are; else out stays as it is. */
static void keep(char *out, size_t size, const dp__json_field *field) {
  size_t length = field->length;
  if (!field->value || length < 3 || length - 1 > size || field->value[0] != '"' ||
      memchr(field->value, '\\', length))
    return;
  memcpy(out, field->value + 1, length - 2);
  out[length - 2] = '\0';
}

static bool is(const dp__json_field *field, const char *text) {
  size_t size = strlen(text);
  return field->value && field->length == size + 2 && memcmp(field->value + 1, text, size) == 0;
}

static bool put(dp__buffer *out, const char *before, const dp__json_field *field,
                const char *none) {
  return dp__buffer_text(out, before) &&
         (field->value ? dp__buffer_append(out, field->value, field->length)
                       : dp__buffer_text(out, none));
}

/* A short number; 0 = it is none. */
static long number_of(const dp__json_field *field) {
  char text[8] = "";
  if (field->value && field->length < sizeof text)
    memcpy(text, field->value, field->length);
  return strtol(text, NULL, 10);
}

/* How a failure would have been told without a stream. */
static bool fail(dp__run *run, const dp__json_field *code, const dp__json_field *message,
                 const dp__json_field *status) {
  long number = number_of(status);
  char text[16];
  run->failed = true;
  run->status = number >= 400 && number <= 599 ? (int32_t)number : 500;
  snprintf(text, sizeof text, "%d", (int)run->status);
  dp__json_field shown = {.value = text, .length = strlen(text)};
  dp__buffer_deinit(&run->failure);
  return put(&run->failure, "{\"code\":", code, "\"unknown\"") &&
         put(&run->failure, ",\"message\":", message, "\"\"") &&
         put(&run->failure, ",\"status\":", &shown, "500") && dp__buffer_text(&run->failure, "}");
}

static dp__json_field literal(const char *json) {
  return (dp__json_field){.value = json, .length = strlen(json)};
}

/* The end of a workflow: data.status and data.error. */
static bool finish_workflow(dp__run *run, const dp__json_field *data, bool chatflow) {
  dp__json_field inner[] = {{.name = "status"}, {.name = "error"}, {.name = "message"}};
  if (data->value)
    dp__json_fields(data->value, data->length, inner, 3);
  keep(run->outcome, sizeof run->outcome, &inner[0]);
  run->ended = run->ended || !chatflow;
  if (!is(&inner[0], "failed") && !is(&inner[0], "stopped"))
    return true;
  const dp__json_field *why =
      is(&inner[1], "") || !inner[1].value || *inner[1].value != '"' ? &inner[2] : &inner[1];
  dp__json_field code =
      is(&inner[0], "failed") ? literal("\"workflow_failed\"") : literal("\"workflow_stopped\"");
  dp__json_field status = literal("500");
  return fail(run, &code, why, &status);
}

enum { EVENT, TASK, RUN, CONVERSATION, MESSAGE, DATA, CODE, TEXT, STATUS, ERROR, FIELDS };

bool dp__run_note(dp__run *run, const char *data, size_t length, bool *ping) {
  dp__json_field f[FIELDS] = {
      [EVENT] = {.name = "event"},         [TASK] = {.name = "task_id"},
      [RUN] = {.name = "workflow_run_id"}, [CONVERSATION] = {.name = "conversation_id"},
      [MESSAGE] = {.name = "message_id"},  [DATA] = {.name = "data"},
      [CODE] = {.name = "code"},           [TEXT] = {.name = "message"},
      [STATUS] = {.name = "status"},       [ERROR] = {.name = "error"}};
  dp__json_fields(data, length, f, FIELDS);
  keep(run->ids.task, sizeof run->ids.task, &f[TASK]);
  keep(run->ids.workflow_run, sizeof run->ids.workflow_run, &f[RUN]);
  keep(run->ids.conversation, sizeof run->ids.conversation, &f[CONVERSATION]);
  keep(run->ids.message, sizeof run->ids.message, &f[MESSAGE]);
  *ping = is(&f[EVENT], "ping");
  if (is(&f[EVENT], "workflow_finished"))
    return finish_workflow(run, &f[DATA], f[MESSAGE].value != NULL);
  if (is(&f[EVENT], "error") || is(&f[EVENT], "datasource_error")) {
    run->ended = true;
    return fail(run, &f[CODE], f[TEXT].value ? &f[TEXT] : &f[ERROR], &f[STATUS]);
  }
  if (is(&f[EVENT], "message_end") || is(&f[EVENT], "workflow_paused") ||
      is(&f[EVENT], "datasource_completed"))
    run->ended = true;
  return true;
}
