/* A service that misbehaves: every call ends with a clear error, and the client stays whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fake.h"

enum { EVERY_TIME, ONCE };

/* What to put on the wire in place of the answer to test.call; "RID" in it is the request's id. */
typedef struct evil {
  const char *bytes;
  size_t length;
  int when;
  bool done;
} evil;

static bool answer_evil(fake *f, const fake_request *r, void *user) {
  (void)f;
  evil *e = user;
  uint8_t copy[256];
  if (strcmp(r->op, "test.call") != 0 || (e->when == ONCE && e->done))
    return false;
  e->done = true;
  memcpy(copy, e->bytes, e->length);
  for (size_t i = 0; i + 4 <= e->length; i++)
    if (memcmp(copy + i, "@@@@", 4) == 0)
      for (size_t k = 0; k < 4; k++)
        copy[i + k] = (uint8_t)(r->rid >> (24 - 8 * k));
  fake_raw(r->connection, copy, e->length);
  return true;
}

static void expect(evil e, dpc_kind kind, const char *code) {
  fake *f = fake_start(answer_evil, &e);
  dpc_client *client = fake_client(f, NULL);
  dpc_call_options options = DPC_CALL_OPTIONS_INIT;
  dpc_reply *reply;
  options.deadline_ms = 20000;
  assert_int_equal(dpc_call_run(client, "test.call", NULL, &options, &reply), kind);
  assert_string_equal(dpc_reply_error(reply)->code, code);
  dpc_reply_unref(reply);
  assert_int_equal(dpc_call_run(client, "a.b", NULL, NULL, &reply), DPC_OK);
  dpc_reply_unref(reply);
  dpc_client_close(client);
  fake_stop(f);
}
#define BYTES(literal) literal, sizeof literal - 1
#define FRAME(length) "\x01\0\0\0\0\0\0\0" length "@@@@"

static void junk_in_a_sound_frame(void **state) {
  (void)state;
  expect((evil){BYTES(FRAME("\x04")), EVERY_TIME, false}, DPC_PROTOCOL, "bad_reply");
  expect((evil){BYTES(FRAME("\x05") "\xc1"), EVERY_TIME, false}, DPC_PROTOCOL, "bad_reply");
  expect((evil){BYTES(FRAME("\x05") "\x80"), EVERY_TIME, false}, DPC_PROTOCOL, "bad_reply");
  expect((evil){BYTES(FRAME("\x09") "\xdf\xff\xff\xff\xff"), EVERY_TIME, false}, DPC_PROTOCOL,
         "bad_reply");
  expect((evil){BYTES(FRAME("\x0b") "\x81\xa2ok\xdd\xff\xff"), EVERY_TIME, false}, DPC_PROTOCOL,
         "bad_reply");
}

static void broken_frames_are_tried_again(void **state) {
  (void)state;
  expect((evil){BYTES("\x02"), ONCE, false}, DPC_OK, "");
  expect((evil){BYTES("\x01\xff\xff\xff\xff\xff\xff\xff\xff"), ONCE, false}, DPC_OK, "");
  expect((evil){BYTES("\x01\0\0\0\0\x05\0\0\x01"), ONCE, false}, DPC_OK, ""); /* over 80 MiB */
}

static void broken_frames_for_ever_end(void **state) {
  (void)state;
  expect((evil){BYTES("\x02"), EVERY_TIME, false}, DPC_UNKNOWN_OUTCOME, "service_lost");
  expect((evil){BYTES("\x01\xff\xff\xff\xff\xff\xff\xff\xff"), EVERY_TIME, false},
         DPC_UNKNOWN_OUTCOME, "service_lost");
}

/* Half a reply, then the end. */
static bool cut_reply(fake *f, const fake_request *r, void *user) {
  unsigned *left = user;
  (void)f;
  if (strcmp(r->op, "test.call") != 0 || !*left)
    return false;
  --*left;
  fake_raw(r->connection, "\x01\0\0\0\0\0\0\x01\0half a reply", 21);
  fake_hang_up(r->connection);
  return true;
}

static void a_cut_reply_is_asked_for_again(void **state) {
  (void)state;
  unsigned left = 2;
  fake *f = fake_start(cut_reply, &left);
  dpc_client *client = fake_client(f, NULL);
  dpc_reply *reply;
  assert_int_equal(dpc_call_run(client, "test.call", NULL, NULL, &reply), DPC_OK);
  dpc_reply_unref(reply);
  assert_int_equal(fake_count(f, "test.call"), 3);
  dpc_client_close(client);
  fake_stop(f);
}

/* Answers to requests that nobody made, twice the same answer, and one byte at a time. */
static bool chatter(fake *f, const fake_request *r, void *user) {
  (void)user;
  if (strncmp(r->op, "service.", 8) == 0)
    return false;
  fake_frame(r->connection, r->rid ^ 1, "\x80", 1);
  fake_frame(r->connection, 5, "\x80", 1); /* without the top bit */
  fake_raw(r->connection, "\x01\0\0\0\0\0\0\0\0", 9);
  fake_ok(f, r, "first", 5);
  fake_ok(f, r, "second", 6);
  return true;
}

static void what_nobody_asked_for_is_dropped(void **state) {
  (void)state;
  fake *f = fake_start(chatter, NULL);
  dpc_client *client = fake_client(f, NULL);
  for (int i = 0; i < 20; i++) {
    dpc_reply *reply;
    assert_int_equal(dpc_call_run(client, "a.b", NULL, NULL, &reply), DPC_OK);
    assert_string_equal(dpc_reply_body(reply, NULL), "first");
    dpc_reply_unref(reply);
  }
  assert_int_equal(fake_connections(f), 1);
  dpc_client_close(client);
  fake_stop(f);
}

static void another_protocol_is_said_at_once(void **state) {
  (void)state;
  static const uint8_t greetings[][8] = {{0, 'S', 'P', 0, 0, 0x30, 0, 0},
                                         {0, 'S', 'P', 0, 0, 0x31, 0, 1},
                                         {'H', 'T', 'T', 'P', '/', '1', '.', '1'}};
  for (size_t i = 0; i < 3; i++) {
    fake *f = fake_start(NULL, NULL);
    fake_set_greeting(f, greetings[i]);
    dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
    dpc_client *client = NULL;
    dpc_error err;
    options.socket = fake_path(f);
    assert_int_equal(dpc_client_open(&client, &options, &err), DPC_PROTOCOL);
    assert_non_null(strstr(err.message, fake_path(f)));
    assert_null(client);
    fake_stop(f);
  }
}

static bool odd_connect(fake *f, const fake_request *r, void *user) {
  (void)user;
  dpc__bytes value = {0};
  if (strcmp(r->op, "service.connect") != 0)
    return false;
  dpc__pack_map(&value, 1);
  dpc__pack_text(&value, "profile");
  dpc__pack_int(&value, 5);
  fake_value(f, r, &value);
  dpc__bytes_clear(&value);
  return true;
}

static void a_handle_that_is_none(void **state) {
  (void)state;
  fake *f = fake_start(odd_connect, NULL);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  dpc_client *client = NULL;
  dpc_error err;
  options.socket = fake_path(f);
  options.base_url = "https://dify.example";
  assert_int_equal(dpc_client_open(&client, &options, &err), DPC_PROTOCOL);
  fake_stop(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(junk_in_a_sound_frame),
      cmocka_unit_test(broken_frames_are_tried_again),
      cmocka_unit_test(broken_frames_for_ever_end),
      cmocka_unit_test(a_cut_reply_is_asked_for_again),
      cmocka_unit_test(what_nobody_asked_for_is_dropped),
      cmocka_unit_test(another_protocol_is_said_at_once),
      cmocka_unit_test(a_handle_that_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
