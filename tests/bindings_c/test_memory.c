/* Every allocation fails once: nothing leaks, nothing crashes, and the error says what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <difypool-client/flows.h>

#include "args.h"
#include "fake.h"
#include "json.h"
#include "reply.h"

/* Counts down on the test's own thread; the fake's allocations are not touched. */
static _Thread_local volatile long countdown = -1; /* the compiler knows malloc, and not this one */
static _Thread_local volatile bool failed;

static bool fails(void) {
  if (countdown < 0)
    return false;
  if (countdown-- > 0)
    return false;
  failed = true;
  countdown = -1;
  return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *old, size_t size) {
  return fails() ? NULL : __real_realloc(old, size);
}
void *__wrap_reallocarray(void *old, size_t count, size_t size) {
  return fails() ? NULL : __real_reallocarray(old, count, size);
}
char *__wrap_strdup(const char *text) {
  return fails() ? NULL : __real_strdup(text);
}

/* Runs it with the 1st, 2nd, … allocation failing, until it needs no more. */
static void fail_each(void (*run)(void *), void *with) {
  for (long n = 0;; n++) {
    assert_true(n < 10000);
    failed = false;
    countdown = n;
    run(with);
    countdown = -1;
    if (!failed)
      return;
  }
}

static void run_args(void *with) {
  (void)with;
  dpc_args *args = dpc_args_new();
  if (!args)
    return;
  dpc_kind a = dpc_args_set_string(args, "a", "text");
  dpc_kind b = dpc_args_set_json(args, "b", "{\"k\": [1, \"two\", 3.5]}");
  dpc_kind c = dpc_args_set_bytes(args, "c", "\x00", 1);
  assert_true(a == DPC_OK || a == DPC_INTERNAL);
  assert_true(b == DPC_OK || b == DPC_INTERNAL);
  assert_true(c == DPC_OK || c == DPC_INTERNAL);
  assert_int_equal(dpc_args_count(args), (a == DPC_OK) + (b == DPC_OK) + (c == DPC_OK));
  dpc_args_free(args);
}

static void arguments(void **state) {
  (void)state;
  fail_each(run_args, NULL);
}

static void run_reply(void *with) {
  const dpc__bytes *message = with;
  long left = countdown;
  countdown = -1; /* the message itself is the test's */
  uint8_t *data = malloc(message->length + 1);
  memcpy(data, message->data, message->length);
  countdown = left;
  dpc_reply *reply = dpc__reply_new((const uint8_t[16]){0});
  if (!reply) {
    free(data);
    return;
  }
  dpc__reply_decode(reply, data, message->length, 0);
  dpc_kind kind = dpc_reply_kind(reply);
  assert_true(kind == DPC_OK || (failed && kind == DPC_INTERNAL));
  dpc_reply_unref(reply);
}

static void replies(void **state) {
  (void)state;
  dpc__bytes m = {0};
  dpc__pack_map(&m, 2);
  dpc__pack_text(&m, "v");
  dpc__pack_int(&m, 1);
  dpc__pack_text(&m, "ok");
  dpc__pack_map(&m, 2);
  dpc__pack_text(&m, "headers");
  dpc__pack_map(&m, 1);
  dpc__pack_text(&m, "a");
  dpc__pack_text(&m, "b");
  dpc__pack_text(&m, "body");
  dpc__pack_map(&m, 1);
  dpc__pack_text(&m, "k");
  dpc__pack_text(&m, "v");
  fail_each(run_reply, &m);
  dpc__bytes_clear(&m);
}

static void run_client(void *with) {
  fake *f = with;
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  dpc_client *client = NULL;
  dpc_error err;
  options.socket = fake_path(f);
  options.autostart = 0;
  options.patience_ms = 2000;
  options.base_url = "https://dify.example";
  options.api_key = "dataset-example";
  dpc_kind kind = dpc_client_open(&client, &options, &err);
  if (kind != DPC_OK) {
    assert_true(failed);
    assert_null(client);
    return;
  }
  dpc_reply *reply;
  kind = dpc_call_run(client, "datasets.list", NULL, NULL, &reply);
  assert_true(kind == DPC_OK || failed);
  assert_true(reply || failed);
  dpc_reply_unref(reply);
  dpc_client_close(client);
}

static void a_whole_client(void **state) {
  (void)state;
  int before = open_descriptors();
  fake *f = fake_start(NULL, NULL);
  fail_each(run_client, f);
  fake_stop(f);
  assert_int_equal(open_descriptors(), before);
}

/* Opens each of them, goes a step, and frees it. */
static bool play_flows(fake *f, const fake_request *r, void *user) {
  static const char *const answers[][2] = {
      {"stream.open", "{\"stream\": \"0123456789abcdef\", \"kind\": \"events\"}"},
      {"stream.next", "{\"streams\": [{\"stream\": \"0123456789abcdef\", \"first\": 1, "
                      "\"events\": [\"a\"], \"end\": {\"ok\": {\"status\": 200}}}]}"},
      {"upload.open", "{\"upload\": \"0123456789abcdef\", \"window\": 8}"},
      {"upload.write", "{\"offset\": 4}"},
      {"push.open", "{\"push\": \"0123456789abcdef\", \"window\": 8}"},
      {"push.add", "{\"taken\": 1}"},
  };
  (void)user;
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    dpc__bytes value = {0};
    if (strcmp(r->op, answers[i][0]) != 0)
      continue;
    assert_null(dpc__json_read(answers[i][1], strlen(answers[i][1]), &value));
    fake_value(f, r, &value);
    dpc__bytes_clear(&value);
    return true;
  }
  return false;
}

static void expect(dpc_kind kind) {
  assert_true(kind == DPC_OK || failed);
}

static void run_stream(void *with) {
  dpc_stream *s;
  dpc_reply *reply;
  dpc_kind kind = dpc_stream_open(with, "chat.send", NULL, NULL, NULL, &s, &reply);
  expect(kind);
  assert_true(reply || failed);
  dpc_reply_unref(reply);
  if (kind != DPC_OK)
    return;
  expect(dpc_stream_next(&s, 1, NULL, NULL));
  dpc_piece piece;
  while (dpc_stream_piece(s, &piece))
    ;
  dpc_stream_free(s);
}

static void run_upload(void *with) {
  dpc_upload *u;
  dpc_reply *reply;
  dpc_upload_options file = DPC_UPLOAD_OPTIONS_INIT;
  file.name = "a";
  dpc_kind kind = dpc_upload_open(with, "files.upload", NULL, NULL, &file, &u, NULL);
  expect(kind);
  if (kind != DPC_OK)
    return;
  kind = dpc_upload_write(u, "abcd", 4, NULL);
  expect(kind);
  if (kind == DPC_OK)
    expect(dpc_upload_close(u, &reply));
  if (kind == DPC_OK)
    dpc_reply_unref(reply);
  dpc_upload_free(u);
}

static void run_push(void *with) {
  dpc_push *q;
  dpc_args *page = dpc_args_new();
  dpc_kind kind = page ? dpc_push_open(with, NULL, NULL, &q, NULL) : DPC_INTERNAL;
  expect(kind);
  if (kind == DPC_OK) {
    expect(dpc_push_add(q, (const dpc_args *[]){page}, 1, 0, NULL));
    dpc_push_free(q);
  }
  dpc_args_free(page);
}

static void what_goes_in_pieces(void **state) {
  (void)state;
  fake *f = fake_start(play_flows, NULL);
  dpc_client *client = fake_client(f, NULL);
  fail_each(run_stream, client);
  fail_each(run_upload, client);
  fail_each(run_push, client);
  dpc_client_close(client);
  fake_stop(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arguments),
      cmocka_unit_test(replies),
      cmocka_unit_test(a_whole_client),
      cmocka_unit_test(what_goes_in_pieces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
