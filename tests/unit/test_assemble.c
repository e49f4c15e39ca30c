/* Streams to one answer: every kind of app, held against what the server itself answered in
 * blocking mode; how runs end and what they are known by; memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "assemble.h"
#include "run.h"
#include "scarce.h"
#include "sse.h"

typedef struct reading {
  dp__sse sse;
  dp__assembly assembly;
  dp__run run;
  unsigned pings;
  bool whole; /* no memory failed */
} reading;

static void read_stream(reading *r, const char *text, size_t length) {
  *r = (reading){.sse = {.line_max = 1 << 20, .event_max = 1 << 20}, .whole = true};
  r->assembly.max = 1 << 20;
  for (size_t at = 0, taken; r->whole && at < length; at += taken) {
    dp__sse_result result = dp__sse_feed(&r->sse, text + at, length - at, &taken);
    if (result == DP__SSE_MORE)
      continue;
    size_t size;
    bool ping = false;
    r->whole = result == DP__SSE_EVENT;
    const char *data = dp__sse_data(&r->sse, &size);
    r->whole = r->whole && dp__run_note(&r->run, data, size, &ping) &&
               dp__assemble(&r->assembly, data, size) == DP__ASSEMBLED;
    r->pings += ping;
  }
}

static void close_stream(reading *r) {
  dp__sse_deinit(&r->sse);
  dp__assembly_deinit(&r->assembly);
  dp__run_deinit(&r->run);
}

static json_t *assembled(const reading *r) {
  dp__buffer out = {0};
  assert_true(dp__assemble_end(&r->assembly, &out));
  json_t *json = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, NULL);
  if (!json)
    fail_msg("no JSON: %s", out.data);
  dp__buffer_deinit(&out);
  return json;
}

/* The same members in the same order, of the same types; a null may stand for any value. What apps
 * say themselves (outputs) is theirs. */
static void same_shape(const char *name, json_t *a, json_t *b) {
  if (json_is_null(a) || json_is_null(b))
    return;
  if (json_is_number(a) && json_is_number(b))
    return;
  if (json_typeof(a) != json_typeof(b))
    fail_msg("%s: another type", name);
  if (!json_is_object(a))
    return;
  void *i = json_object_iter(a), *k = json_object_iter(b);
  for (; i && k; i = json_object_iter_next(a, i), k = json_object_iter_next(b, k)) {
    const char *key = json_object_iter_key(i);
    assert_string_equal(key, json_object_iter_key(k));
    if (strcmp(key, "outputs") != 0)
      same_shape(name, json_object_iter_value(i), json_object_iter_value(k));
    if (strcmp(key, "mode") == 0 || strcmp(key, "event") == 0 || strcmp(key, "status") == 0)
      assert_true(json_equal(json_object_iter_value(i), json_object_iter_value(k)));
  }
  if (i || k)
    fail_msg("%s: %s is only in one of them", name, json_object_iter_key(i ? i : k));
}

static void check_failure(const reading *r, json_t *record) {
  json_t *failure = json_loadb(r->run.failure.data, r->run.failure.length, 0, NULL);
  assert_non_null(failure);
  assert_true(r->run.ended);
  json_t *blocking = json_object_get(record, "blocking");
  if (blocking && json_object_get(blocking, "code")) {
    assert_int_equal(r->run.status, json_integer_value(json_object_get(record, "status")));
    assert_true(json_equal(failure, blocking));
  }
  json_decref(failure);
}

static void check_record(json_t *record) {
  const char *name = json_string_value(json_object_get(record, "name"));
  const json_t *stream = json_object_get(record, "stream");
  json_t *blocking = json_object_get(record, "blocking");
  reading r;
  read_stream(&r, json_string_value(stream), json_string_length(stream));
  assert_true(r.whole);
  if (!r.run.ended)
    fail_msg("%s: its end was not seen", name);
  bool error = strstr(name, "model") || strstr(name, "fails") ||
               strstr(name, "chatflow that is stopped") || strstr(name, "workflow that is stopped");
  if (r.run.failed != error)
    fail_msg("%s: failed is %d", name, r.run.failed);
  if (r.run.failed)
    check_failure(&r, record);
  if (blocking && !json_object_get(blocking, "code")) {
    json_t *json = assembled(&r);
    same_shape(name, json, blocking);
    json_decref(json);
  }
  close_stream(&r);
}

static json_t *load(const char *wanted, unsigned *count) {
  FILE *file = fopen(DATA_DIR "/recorded_streams.jsonl", "r");
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  json_t *found = NULL;
  assert_non_null(file);
  while ((length = getline(&line, &capacity, file)) > 0) {
    json_t *record = json_loadb(line, (size_t)length, JSON_ALLOW_NUL, NULL);
    const char *name = json_string_value(json_object_get(record, "name"));
    assert_non_null(record);
    if (name && !wanted)
      check_record(record);
    *count += name != NULL;
    if (name && wanted && strcmp(name, wanted) == 0)
      found = json_incref(record);
    json_decref(record);
  }
  free(line);
  fclose(file);
  return found;
}

static void test_recorded(void **state) {
  (void)state;
  unsigned count = 0;
  load(NULL, &count);
  assert_int_equal(count, 19);
}

static void expect_text(const char *name, const char *member, const char *text) {
  unsigned count = 0;
  json_t *record = load(name, &count);
  assert_non_null(record);
  const json_t *stream = json_object_get(record, "stream");
  reading r;
  read_stream(&r, json_string_value(stream), json_string_length(stream));
  json_t *json = assembled(&r);
  assert_string_equal(json_string_value(json_object_get(json, member)), text);
  json_decref(json);
  json_decref(record);
  close_stream(&r);
}

static void test_answers(void **state) {
  (void)state;
  expect_text("chatflow", "answer", "You said: hello again 😀 (mood calm)");
  expect_text("chatflow", "mode", "advanced-chat");
  expect_text("chat", "answer", "Hello from the stub, café ☃ 😀.");
  expect_text("chat", "mode", "chat");
  expect_text("agent", "answer", "Hello from the stub, café ☃ 😀.");
  expect_text("agent", "mode", "agent-chat");
  expect_text("completion", "answer", "Hello from the stub, café ☃ 😀.");
  expect_text("completion", "mode", "completion");
}

static json_t *put_together(const char *text, reading *r) {
  read_stream(r, text, strlen(text));
  assert_true(r->whole);
  return assembled(r);
}

#define MESSAGE(text)                                                                              \
  "data: {\"event\":\"message\",\"message_id\":\"m\",\"answer\":\"" text "\"}\n\n"
#define END                                                                                        \
  "data: "                                                                                         \
  "{\"event\":\"message_end\",\"message_id\":\"m\",\"files\":[{\"id\":1}],\"metadata\":{\"x\":1}}" \
  "\n\n"

static void test_pieces(void **state) {
  (void)state;
  reading r;
  json_t *json = put_together(
      MESSAGE("bad") "data: {\"event\":\"message_replace\",\"answer\":\"good \"}\n\n" MESSAGE(
          "\\ud83d")
          MESSAGE(
              "\\ude00 \\\"") "data: [1]\n\ndata: no json\n\ndata: {\"event\":\"later\"}\n\n" END
                              "data: {\"event\":\"tts_message\",\"audio\":\"\"}\n\n",
      &r);
  assert_string_equal(json_string_value(json_object_get(json, "answer")), "good 😀 \"");
  assert_int_equal(json_array_size(json_object_get(json, "files")), 1);
  assert_true(r.run.ended);
  assert_string_equal(r.run.ids.message, "m");
  json_decref(json);
  close_stream(&r);
}

/* A run that waits for a human has ended as far as its stream goes. */
static void test_paused(void **state) {
  (void)state;
  reading r;
  json_t *json = put_together(
      "data: {\"event\":\"workflow_started\",\"task_id\":\"t\",\"workflow_run_id\":\"w\"}\n\n"
      "data: {\"event\":\"workflow_paused\",\"task_id\":\"t\",\"data\":{\"reasons\":[1]}}\n\n",
      &r);
  assert_true(r.run.ended && !r.run.failed);
  assert_non_null(json_object_get(json_object_get(json, "data"), "reasons"));
  assert_string_equal(json_string_value(json_object_get(json, "workflow_run_id")), "w");
  json_decref(json);
  close_stream(&r);
}

static void test_bound(void **state) {
  (void)state;
  dp__assembly a = {.max = 10};
  static const char five[] = "{\"event\":\"message\",\"answer\":\"12345\"}";
  assert_int_equal(dp__assemble(&a, five, strlen(five)), DP__ASSEMBLED);
  assert_int_equal(dp__assemble(&a, five, strlen(five)), DP__ASSEMBLED);
  assert_int_equal(dp__assemble(&a, five, strlen(five)), DP__ASSEMBLE_TOO_LARGE);
  assert_int_equal(a.answer.length, 10);
  dp__assembly_deinit(&a);
}

/* Ids that cannot be ids are not told, rather than cut. */
static void test_odd_ids(void **state) {
  (void)state;
  char text[300];
  dp__run run = {0};
  bool ping;
  memset(text, 'a', sizeof text);
  memcpy(text, "{\"task_id\":\"", 12);
  strcpy(text + 200, "\",\"message_id\":7,\"conversation_id\":\"a\\n\",\"workflow_run_id\":\"\"}");
  assert_true(dp__run_note(&run, text, strlen(text), &ping));
  assert_string_equal(run.ids.task, "");
  assert_string_equal(run.ids.message, "");
  assert_string_equal(run.ids.conversation, "");
  assert_string_equal(run.ids.workflow_run, "");
  dp__run_deinit(&run);
}

/* An error without a status is the server's fault; one without a message has an empty one. */
static void test_odd_errors(void **state) {
  (void)state;
  static const char *const texts[] = {"{\"event\":\"error\"}",
                                      "{\"event\":\"error\",\"status\":\"x\"}",
                                      "{\"event\":\"error\",\"status\":200}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    dp__run run = {0};
    bool ping;
    assert_true(dp__run_note(&run, texts[i], strlen(texts[i]), &ping));
    assert_true(run.ended && run.failed);
    assert_int_equal(run.status, 500);
    assert_string_equal(run.failure.data, "{\"code\":\"unknown\",\"message\":\"\",\"status\":500}");
    dp__run_deinit(&run);
  }
}

static void test_memory(void **state) {
  (void)state;
  unsigned count = 0;
  json_t *records[] = {load("chatflow that fails", &count), load("chat", &count),
                       load("workflow", &count)};
  for (size_t i = 0; i < 3; i++) {
    const json_t *stream = json_object_get(records[i], "stream");
    reading r;
    dp__buffer out;
    bool ended = false;
    EACH_ALLOCATION_FAILS(
        out = (dp__buffer){0},
        (read_stream(&r, json_string_value(stream), json_string_length(stream)),
         ended = r.whole && dp__assemble_end(&r.assembly, &out)),
        (assert_int_equal(ended, !scarce_failed), close_stream(&r), dp__buffer_deinit(&out)));
    json_decref(records[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_recorded),   cmocka_unit_test(test_answers),
      cmocka_unit_test(test_pieces),     cmocka_unit_test(test_paused),
      cmocka_unit_test(test_bound),      cmocka_unit_test(test_odd_ids),
      cmocka_unit_test(test_odd_errors), cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
