/*
 * "One answer, please", read as a stream.
 *
 * A blocking call is the worst way to wait for a model: proxies cut connections that are silent,
 * and a model that breaks midway gives a 200 with half an answer. So the server is asked for a
 * stream, and its events are put together here to what it would have answered. Two shapes exist: a
 * message's (chat, agent, chatflow, completion) and a workflow's.
 *
 * Nothing is decoded. Pieces of a text are the insides of JSON strings, and their concatenation is
 * the inside of the whole text's: even a character that is written as two escapes and lies on the
 * border of two events comes out whole. All other values are copied as the JSON that they are.
 */
#include "assemble.h"

#include <string.h>

#include "json.h"

void dp__assembly_deinit(dp__assembly *a) {
  dp__buffer *all[] = {&a->answer,     &a->task_id,         &a->run_id,
                       &a->message_id, &a->conversation_id, &a->created_at,
                       &a->metadata,   &a->files,           &a->data};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    dp__buffer_deinit(all[i]);
}

static size_t kept(const dp__assembly *a) {
  return a->answer.length + a->metadata.length + a->files.length + a->data.length;
}

static dp__assembled add(dp__assembly *a, dp__buffer *out, const char *text, size_t length) {
  if (kept(a) + length > a->max)
    return DP__ASSEMBLE_TOO_LARGE;
  return dp__buffer_append(out, text, length) ? DP__ASSEMBLED : DP__ASSEMBLE_NO_MEMORY;
}

/* The last value that was told; null tells nothing. */
static dp__assembled keep(dp__assembly *a, dp__buffer *out, const dp__json_field *field) {
  if (!field->value || *field->value == 'n')
    return DP__ASSEMBLED;
  out->length = 0;
  return add(a, out, field->value, field->length);
}

static bool is(const dp__json_field *field, const char *text) {
  size_t size = strlen(text);
  return field->value && field->length == size + 2 && memcmp(field->value + 1, text, size) == 0;
}

enum {
  EVENT,
  TASK,
  RUN,
  MESSAGE,
  ID,
  CONVERSATION,
  CREATED,
  METADATA,
  FILES,
  DATA,
  ANSWER,
  FIELDS
};

static dp__assembled keep_ids(dp__assembly *a, const dp__json_field *f) {
  dp__assembled result = keep(a, &a->task_id, &f[TASK]);
  if (result == DP__ASSEMBLED)
    result = keep(a, &a->run_id, &f[RUN]);
  if (result == DP__ASSEMBLED)
    result = keep(a, &a->message_id, &f[MESSAGE]);
  if (result == DP__ASSEMBLED)
    result = keep(a, &a->conversation_id, &f[CONVERSATION]);
  if (result == DP__ASSEMBLED)
    result = keep(a, &a->created_at, &f[CREATED]);
  return result;
}

static dp__assembled add_answer(dp__assembly *a, const dp__json_field *text, bool anew) {
  if (!text->value || *text->value != '"')
    return DP__ASSEMBLED;
  if (anew)
    a->answer.length = 0;
  return add(a, &a->answer, text->value + 1, text->length - 2);
}

static dp__assembled end_message(dp__assembly *a, const dp__json_field *f) {
  a->message = true;
  dp__assembled result = keep(a, &a->metadata, &f[METADATA]);
  return result == DP__ASSEMBLED ? keep(a, &a->files, &f[FILES]) : result;
}

dp__assembled dp__assemble(dp__assembly *a, const char *data, size_t length) {
  dp__json_field f[FIELDS] = {[EVENT] = {.name = "event"},
                              [TASK] = {.name = "task_id"},
                              [RUN] = {.name = "workflow_run_id"},
                              [MESSAGE] = {.name = "message_id"},
                              [ID] = {.name = "id"},
                              [CONVERSATION] = {.name = "conversation_id"},
                              [CREATED] = {.name = "created_at"},
                              [METADATA] = {.name = "metadata"},
                              [FILES] = {.name = "files"},
                              [DATA] = {.name = "data"},
                              [ANSWER] = {.name = "answer"}};
  dp__json_fields(data, length, f, FIELDS);
  dp__assembled result = keep_ids(a, f);
  const dp__json_field *event = &f[EVENT];
  if (result != DP__ASSEMBLED)
    return result;
  a->agent = a->agent || is(event, "agent_message") || is(event, "agent_thought");
  a->workflow = a->workflow || is(event, "workflow_started") || is(event, "workflow_finished");
  a->paused = is(event, "workflow_paused");
  if (is(event, "message") || is(event, "agent_message") || is(event, "message_replace")) {
    a->message = true;
    return add_answer(a, &f[ANSWER], is(event, "message_replace"));
  }
  if (is(event, "message_end"))
    return end_message(a, f);
  if (is(event, "workflow_finished") || is(event, "workflow_paused") ||
      is(event, "datasource_completed"))
    return keep(a, &a->data, &f[DATA]);
  return DP__ASSEMBLED;
}

/* --- the two shapes ------------------------------------------------------------------------- */

/* ,"name":value, without the comma at the beginning of an object; nothing if there is no value. */
static void put(dp__buffer *out, const char *name, const char *value, size_t length) {
  if (!length)
    return;
  if (out->length && out->data[out->length - 1] != '{')
    dp__buffer_text(out, ",");
  dp__buffer_text(out, "\"");
  dp__buffer_text(out, name);
  dp__buffer_text(out, "\":");
  dp__buffer_append(out, value, length);
}

static void put_text(dp__buffer *out, const char *name, const char *json) {
  put(out, name, json, strlen(json));
}

static const char *mode_of(const dp__assembly *a) {
  if (a->workflow)
    return "\"advanced-chat\"";
  if (a->agent)
    return "\"agent-chat\"";
  return a->conversation_id.length ? "\"chat\"" : "\"completion\"";
}

static void write_message(const dp__assembly *a, dp__buffer *out) {
  dp__buffer_text(out, "{");
  put_text(out, "event", "\"message\"");
  put(out, "task_id", a->task_id.data, a->task_id.length);
  put(out, "id", a->message_id.data, a->message_id.length);
  put(out, "message_id", a->message_id.data, a->message_id.length);
  put(out, "conversation_id", a->conversation_id.data, a->conversation_id.length);
  put_text(out, "mode", mode_of(a));
  put_text(out, "answer", "\"");
  dp__buffer_append(out, a->answer.data, a->answer.length);
  dp__buffer_text(out, "\"");
  if (a->metadata.length)
    put(out, "metadata", a->metadata.data, a->metadata.length);
  else
    put_text(out, "metadata", "{}");
  if (a->files.length > 2) /* the server's own blocking answer leaves them out */
    put(out, "files", a->files.data, a->files.length);
  put(out, "created_at", a->created_at.data, a->created_at.length);
  dp__buffer_text(out, "}");
}

/* The members that a blocking answer has; an event has more of them. */
static void write_data(const dp__buffer *data, dp__buffer *out) {
  dp__json_field f[] = {{.name = "id"},           {.name = "workflow_id"}, {.name = "status"},
                        {.name = "outputs"},      {.name = "error"},       {.name = "elapsed_time"},
                        {.name = "total_tokens"}, {.name = "total_steps"}, {.name = "created_at"},
                        {.name = "finished_at"}};
  size_t count = sizeof f / sizeof *f;
  dp__json_fields(data->data, data->length, f, count);
  dp__buffer_text(out, "{");
  for (size_t i = 0; i < count; i++)
    put(out, f[i].name, f[i].value, f[i].length);
  dp__buffer_text(out, "}");
}

static void write_workflow(const dp__assembly *a, dp__buffer *out) {
  dp__buffer_text(out, "{");
  put(out, "task_id", a->task_id.data, a->task_id.length);
  put(out, "workflow_run_id", a->run_id.data, a->run_id.length);
  if (a->data.length) {
    put_text(out, "data", " ");
    if (a->workflow && !a->paused)
      write_data(&a->data, out);
    else
      dp__buffer_append(out, a->data.data, a->data.length);
  }
  dp__buffer_text(out, "}");
}

bool dp__assemble_end(const dp__assembly *a, dp__buffer *out) {
  if (a->message)
    write_message(a, out);
  else
    write_workflow(a, out);
  return !out->failed;
}
