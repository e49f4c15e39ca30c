/* Streams, uploads and pushes against a service that answers line by line as it is told: what is
 * acknowledged, what a lost connection repeats, and what a service that lies cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <difypool-client/flows.h>

#include "fake.h"
#include "json.h"
#include "mp.h"

#define HANDLE "0123456789abcdef"
#define OPENED                                                                                     \
  "{\"stream\": \"" HANDLE                                                                         \
  "\", \"kind\": \"events\", \"status\": 200, \"type\": \"text/event-stream\"}"
#define DOWNLOAD                                                                                   \
  "{\"stream\": \"" HANDLE "\", \"kind\": \"bytes\", \"status\": 200, \"type\": \"audio/mpeg\", "  \
  "\"name\": \"a\\u001b.mp3\", \"length\": 6}"
#define NEXT(members) "{\"streams\": [{\"stream\": \"" HANDLE "\"" members "}]}"
#define END_OK                                                                                     \
  ", \"end\": {\"ok\": {\"status\": 200, \"type\": \"text/event-stream\", \"body\": \"\", "        \
  "\"run\": {\"task_id\": \"t-1\"}}}"

/* What the fake does, in order: a JSON value, NULL = hang up, "!kind code" = an error. */
typedef struct step {
  const char *op, *answer;
} step;

typedef struct play {
  const step *steps;
  size_t count, at;
  char seen[16][512]; /* the arguments of each, as JSON */
} play;

static void note_args(play *p, const fake_request *r) {
  dpc_value args;
  if (p->at >= 16 || !dpc_value_get(r->message, "args", &args))
    return;
  char *json = dpc_value_json(args, NULL);
  snprintf(p->seen[p->at], sizeof p->seen[0], "%s", json);
  free(json);
}

static void answer_error(fake *f, const fake_request *r, const char *text) {
  char kind[32], code[32] = "";
  assert_true(sscanf(text, "!%31s %31s", kind, code) >= 1);
  fake_error(f, r, kind, code);
}

static void answer_json(fake *f, const fake_request *r, const char *text) {
  dpc__bytes value = {0};
  assert_null(dpc__json_read(text, strlen(text), &value));
  fake_value(f, r, &value);
  dpc__bytes_clear(&value);
}

static bool act(fake *f, const fake_request *r, void *user) {
  play *p = user;
  if (strncmp(r->op, "service.", 8) == 0 || p->at == p->count)
    return false;
  const step *s = &p->steps[p->at];
  assert_string_equal(r->op, s->op);
  note_args(p, r);
  p->at++;
  if (!s->answer)
    fake_hang_up(r->connection);
  else if (s->answer[0] == '!')
    answer_error(f, r, s->answer);
  else
    answer_json(f, r, s->answer);
  return true;
}

#define PLAY(...)                                                                                  \
  static const step steps[] = {__VA_ARGS__};                                                       \
  play p = {.steps = steps, .count = sizeof steps / sizeof *steps};                                \
  fake *f = fake_start(act, &p);                                                                   \
  dpc_client *client = fake_client(f, NULL)
#define CURTAIN()                                                                                  \
  dpc_client_close(client);                                                                        \
  fake_stop(f);                                                                                    \
  assert_int_equal(p.at, p.count)

static dpc_stream *opened(dpc_client *client) {
  dpc_stream *s;
  dpc_args *args = dpc_args_new();
  assert_int_equal(dpc_args_set_string(args, "query", "Hello"), DPC_OK);
  assert_int_equal(dpc_stream_open(client, "chat.send", args, NULL, NULL, &s, NULL), DPC_OK);
  dpc_args_free(args);
  return s;
}

static void expect_piece(dpc_stream *s, uint64_t at, const char *data) {
  dpc_piece piece;
  assert_true(dpc_stream_piece(s, &piece));
  assert_int_equal(piece.at, at);
  assert_int_equal(piece.length, strlen(data));
  assert_memory_equal(piece.data, data, piece.length);
}

static void no_piece(dpc_stream *s) {
  dpc_piece piece;
  assert_false(dpc_stream_piece(s, &piece));
}

/* ---- Streams -------------------------------------------------------------------------------- */

static void events_in_order_once(void **state) {
  (void)state;
  dpc_error err;
  dpc_piece piece;
  PLAY({"stream.open", OPENED}, {"stream.next", NEXT(", \"first\": 1, \"events\": [\"a\", \"b\"]")},
       {"stream.next", NULL}, /* the reply is lost */
       {"stream.next", NEXT(", \"first\": 2, \"events\": [\"b\", \"c\", {\"event\": \"ping\", "
                            "\"id\": \"7\", \"data\": \"d\"}]")},
       {"stream.next", NEXT(END_OK)}, {"stream.close", "{\"stopped\": false, \"ended\": true}"});
  dpc_stream *s = opened(client);
  assert_false(dpc_stream_is_bytes(s));
  assert_string_equal(dpc_stream_type(s), "text/event-stream");
  assert_int_equal(dpc_stream_next(&s, 1, NULL, &err), DPC_OK);
  expect_piece(s, 1, "a");
  expect_piece(s, 2, "b");
  no_piece(s);
  assert_int_equal(dpc_stream_next(&s, 1, NULL, &err), DPC_OK);
  expect_piece(s, 3, "c"); /* b was given before */
  assert_true(dpc_stream_piece(s, &piece));
  assert_memory_equal(piece.event, "ping", piece.event_length);
  assert_memory_equal(piece.id, "7", piece.id_length);
  assert_memory_equal(piece.data, "d", piece.length);
  assert_null(dpc_stream_end(s));
  assert_int_equal(dpc_stream_next(&s, 1, NULL, &err), DPC_OK);
  assert_non_null(dpc_stream_end(s));
  assert_int_equal(dpc_reply_status(dpc_stream_end(s)), 200);
  assert_string_equal(dpc_stream_run(s)->task_id, "t-1");
  assert_int_equal(dpc_stream_close(s, NULL, &err), DPC_OK);
  dpc_stream_free(s);
  CURTAIN();
  assert_non_null(strstr(p.seen[0], "\"args\":{\"query\":\"Hello\"}"));
  assert_non_null(strstr(p.seen[1], "\"after\":0"));
  assert_non_null(strstr(p.seen[2], "\"after\":2"));
  assert_string_equal(p.seen[2], p.seen[3]); /* the same question, over a new connection */
  assert_non_null(strstr(p.seen[4], "\"after\":4"));
}

static void what_was_not_read_comes_again(void **state) {
  (void)state;
  PLAY({"stream.open", OPENED},
       {"stream.next", NEXT(", \"first\": 1, \"events\": [\"a\", \"b\"]" END_OK)},
       {"stream.next", NEXT(", \"first\": 2, \"events\": [\"b\"]" END_OK)}, {"stream.close", "{}"});
  dpc_stream *s = opened(client);
  assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_OK);
  expect_piece(s, 1, "a");
  assert_null(dpc_stream_end(s)); /* b is to be read first */
  assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_OK);
  expect_piece(s, 2, "b");
  assert_non_null(dpc_stream_end(s));
  dpc_stream_free(s); /* closes without waiting */
  fake_await(f, "stream.close", 1);
  CURTAIN();
  assert_non_null(strstr(p.seen[2], "\"after\":1"));
}

static void an_error_within(void **state) {
  (void)state;
  PLAY({"stream.open", OPENED},
       {"stream.next",
        NEXT(", \"first\": 1, \"events\": [\"a\"], \"end\": {\"error\": {\"kind\": \"dify\", "
             "\"code\": \"internal_server_error\", \"message\": \"broken\", \"status\": 500, "
             "\"run\": {\"task_id\": \"t\", \"message_id\": \"m\"}}}")},
       {"stream.close", "{}"});
  dpc_stream *s = opened(client);
  assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_OK);
  expect_piece(s, 1, "a");
  const dpc_reply *end = dpc_stream_end(s);
  assert_string_equal(dpc_reply_error(end)->code, "internal_server_error");
  assert_int_equal(dpc_reply_error(end)->status, 500);
  assert_string_equal(dpc_stream_run(s)->message_id, "m");
  assert_int_equal(dpc_stream_close(s, NULL, NULL), DPC_OK);
  dpc_stream_free(s);
  CURTAIN();
}

static void a_service_that_died_leaves_a_run_in_doubt(void **state) {
  (void)state;
#define GONE NEXT(", \"end\": {\"error\": {\"kind\": \"not_found\", \"code\": \"no_such_stream\"}}")
  PLAY({"stream.open", OPENED}, {"stream.next", GONE},
       {"stream.close", "!not_found no_such_stream"}, {"stream.open", DOWNLOAD},
       {"stream.next", GONE}, {"stream.close", "!not_found no_such_stream"});
  dpc_stream *s = opened(client);
  assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_OK);
  assert_int_equal(dpc_reply_kind(dpc_stream_end(s)), DPC_UNKNOWN_OUTCOME);
  assert_int_equal(dpc_stream_close(s, NULL, NULL), DPC_NOT_FOUND);
  dpc_stream_free(s);
  s = opened(client);
  assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_OK);
  assert_int_equal(dpc_reply_kind(dpc_stream_end(s)), DPC_UNREACHABLE);
  assert_string_equal(dpc_reply_error(dpc_stream_end(s))->code, "service_lost");
  assert_int_equal(dpc_stream_close(s, NULL, NULL), DPC_NOT_FOUND);
  dpc_stream_free(s);
  CURTAIN();
}

static void bytes_come_by_offset(void **state) {
  (void)state;
  PLAY({"stream.open", DOWNLOAD}, {"stream.next", NEXT(", \"offset\": 0, \"bytes\": \"abcd\"")},
       {"stream.next", NEXT(", \"offset\": 2, \"bytes\": \"cdef\"" END_OK)},
       {"stream.close", "{}"});
  dpc_stream *s = opened(client);
  assert_true(dpc_stream_is_bytes(s));
  assert_int_equal(dpc_stream_length(s), 6);
  assert_string_equal(dpc_stream_name(s), "a .mp3"); /* nothing that a terminal obeys */
  assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_OK);
  expect_piece(s, 0, "abcd");
  assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_OK);
  assert_null(dpc_stream_end(s));
  expect_piece(s, 4, "ef");
  no_piece(s);
  assert_non_null(dpc_stream_end(s));
  assert_int_equal(dpc_stream_close(s, NULL, NULL), DPC_OK);
  dpc_stream_free(s);
  CURTAIN();
}

/* Each of these is refused, and the stream stays as it was. */
static void replies_that_cannot_be(void **state) {
  (void)state;
  PLAY({"stream.open", OPENED}, {"stream.next", NEXT(", \"first\": 2, \"events\": [\"b\"]")},
       {"stream.next", NEXT(", \"events\": [\"a\"]")},
       {"stream.next", NEXT(", \"first\": 1, \"events\": 5")},
       {"stream.next", "{\"streams\": [{\"stream\": \"fedcba9876543210\"}]}"},
       {"stream.next", "{\"streams\": 1}"}, {"stream.next", "7"},
       {"stream.next", NEXT(", \"end\": {}")}, {"stream.next", NEXT(", \"end\": {\"ok\": 3}")},
       {"stream.close", "{}"});
  dpc_stream *s = opened(client);
  for (size_t i = 1; i < 8; i++) {
    assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_PROTOCOL);
    no_piece(s);
    assert_null(dpc_stream_end(s));
  }
  assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_OK);
  assert_int_equal(dpc_reply_kind(dpc_stream_end(s)), DPC_PROTOCOL); /* an end that says nothing */
  assert_int_equal(dpc_stream_close(s, NULL, NULL), DPC_OK);
  dpc_stream_free(s);
  CURTAIN();
}

static void openings_that_fail(void **state) {
  (void)state;
  PLAY({"stream.open", "!unreachable refused"},
       {"stream.open", "{\"stream\": \"short\", \"kind\": \"events\"}"},
       {"upload.open", "{\"upload\": \"" HANDLE "\"}"}, {"push.open", "{}"});
  dpc_stream *s;
  dpc_upload *u;
  dpc_push *q;
  dpc_reply *reply;
  dpc_upload_options file = DPC_UPLOAD_OPTIONS_INIT;
  file.name = "a";
  assert_int_equal(dpc_stream_open(client, "chat.send", NULL, NULL, NULL, &s, &reply),
                   DPC_UNREACHABLE);
  assert_null(s);
  assert_string_equal(dpc_reply_error(reply)->code, "refused");
  dpc_reply_unref(reply);
  assert_int_equal(dpc_stream_open(client, "chat.send", NULL, NULL, NULL, &s, &reply),
                   DPC_PROTOCOL);
  assert_int_equal(dpc_reply_kind(reply), DPC_PROTOCOL);
  dpc_reply_unref(reply);
  assert_int_equal(dpc_upload_open(client, "files.upload", NULL, NULL, &file, &u, NULL),
                   DPC_PROTOCOL);
  assert_int_equal(dpc_push_open(client, NULL, NULL, &q, NULL), DPC_PROTOCOL);
  assert_null(u);
  assert_null(q);
  CURTAIN();
}

static void wrong_options_send_nothing(void **state) {
  (void)state;
  PLAY({"stream.open", OPENED}, {"stream.close", "{}"});
  dpc_stream *s, *none;
  dpc_upload *u;
  dpc_stream_options small = DPC_STREAM_OPTIONS_INIT;
  dpc_next_options next = DPC_NEXT_OPTIONS_INIT;
  dpc_upload_options file = DPC_UPLOAD_OPTIONS_INIT;
  small.buffer = 100;
  next.wait_ms = 60001;
  s = opened(client);
  assert_int_equal(dpc_stream_open(client, "a.b", NULL, NULL, &small, &none, NULL),
                   DPC_INVALID_REQUEST);
  assert_int_equal(dpc_stream_open(client, NULL, NULL, NULL, NULL, &none, NULL),
                   DPC_INVALID_REQUEST);
  assert_int_equal(dpc_stream_next(&s, 1, &next, NULL), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_stream_next(&s, 0, NULL, NULL), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_upload_open(client, "a.b", NULL, NULL, &file, &u, NULL),
                   DPC_INVALID_REQUEST);
  file.name = "\xff";
  assert_int_equal(dpc_upload_open(client, "a.b", NULL, NULL, &file, &u, NULL),
                   DPC_INVALID_REQUEST);
  assert_int_equal(dpc_stream_close(s, NULL, NULL), DPC_OK);
  dpc_stream_free(s);
  CURTAIN();
}

/* ---- Uploads -------------------------------------------------------------------------------- */

static dpc_upload *upload(dpc_client *client) {
  dpc_upload *u;
  dpc_upload_options file = DPC_UPLOAD_OPTIONS_INIT;
  file.name = "a.bin";
  file.length = 10;
  assert_int_equal(dpc_upload_open(client, "files.upload", NULL, NULL, &file, &u, NULL), DPC_OK);
  return u;
}
#define UPLOAD(window) "{\"upload\": \"" HANDLE "\", \"window\": " window "}"

static void bytes_are_sent_by_windows(void **state) {
  (void)state;
  PLAY({"upload.open", UPLOAD("4")}, {"upload.write", "{\"offset\": 4, \"ended\": false}"},
       {"upload.write", NULL}, {"upload.write", "{\"offset\": 6}"},
       {"upload.write", "{\"offset\": 10}"}, {"upload.close", "{\"id\": \"file-1\"}"});
  dpc_reply *reply;
  dpc_upload *u = upload(client);
  assert_int_equal(dpc_upload_window(u), 4);
  assert_int_equal(dpc_upload_write(u, "abcdefghij", 10, NULL), DPC_OK);
  assert_int_equal(dpc_upload_offset(u), 10);
  assert_int_equal(dpc_upload_close(u, &reply), DPC_OK);
  assert_non_null(strstr(dpc_reply_type(reply), "json"));
  dpc_reply_unref(reply);
  dpc_upload_free(u);
  CURTAIN();
  assert_non_null(strstr(p.seen[0], "\"file\":{\"name\":\"a.bin\",\"length\":10}"));
  assert_non_null(strstr(p.seen[1], "\"bytes\":\"61626364\""));
  assert_string_equal(p.seen[2], p.seen[3]);
  assert_non_null(strstr(p.seen[4], "\"offset\":6,\"bytes\":\"6768696a\""));
}

static void an_upload_that_ends_early(void **state) {
  (void)state;
  PLAY({"upload.open", UPLOAD("4")}, {"upload.write", "{\"offset\": 2, \"ended\": true}"},
       {"upload.close", "!too_large file_too_large"});
  dpc_reply *reply;
  dpc_upload *u = upload(client);
  assert_int_equal(dpc_upload_write(u, "abcdefghij", 10, NULL), DPC_OK);
  assert_true(dpc_upload_ended(u));
  assert_int_equal(dpc_upload_close(u, &reply), DPC_TOO_LARGE);
  dpc_reply_unref(reply);
  dpc_upload_free(u);
  CURTAIN();
}

static void an_upload_whose_service_died(void **state) {
  (void)state;
  PLAY({"upload.open", UPLOAD("4")}, {"upload.write", "!not_found no_such_upload"},
       {"upload.close", "!not_found no_such_upload"}, {"upload.open", UPLOAD("4")},
       {"upload.write", "{\"offset\": 9}"}, {"upload.close", "{}"});
  dpc_reply *reply;
  dpc_error err;
  dpc_upload *u = upload(client);
  assert_int_equal(dpc_upload_write(u, "abcd", 4, &err), DPC_UNREACHABLE);
  assert_string_equal(err.code, "service_lost");
  assert_int_equal(dpc_upload_close(u, &reply), DPC_UNKNOWN_OUTCOME);
  dpc_reply_unref(reply);
  dpc_upload_free(u);
  u = upload(client);
  assert_int_equal(dpc_upload_write(u, "abcd", 4, &err), DPC_PROTOCOL); /* more than was sent */
  dpc_upload_free(u);                                                   /* aborts */
  fake_await(f, "upload.close", 2);
  CURTAIN();
  assert_non_null(strstr(p.seen[5], "\"abort\":true"));
}

/* ---- Pushes --------------------------------------------------------------------------------- */

static void pages_one_by_one(void **state) {
  (void)state;
  PLAY({"push.open", "{\"push\": \"" HANDLE "\", \"window\": 2}"},
       {"push.add", "{\"taken\": 2, \"ended\": false}"}, {"push.add", NULL},
       {"push.add", "{\"taken\": 3}"},
       {"stream.next", NEXT(", \"first\": 1, \"events\": [\"{}\"]")}, {"push.finish", "{}"},
       {"stream.next", NEXT(END_OK)}, {"push.close", "{}"});
  dpc_push *q;
  dpc_args *page = dpc_args_new();
  const dpc_args *pages[3] = {page, page, page};
  assert_int_equal(dpc_args_set_string(page, "id", "a"), DPC_OK);
  assert_int_equal(dpc_args_set_file(page, "file", "a.pdf", NULL, "%PDF", 4), DPC_OK);
  assert_int_equal(dpc_push_open(client, NULL, NULL, &q, NULL), DPC_OK);
  assert_int_equal(dpc_push_window(q), 2);
  assert_int_equal(dpc_push_add(q, pages, 3, 0, NULL), DPC_OK);
  assert_int_equal(dpc_push_taken(q), 2);
  assert_int_equal(dpc_push_add(q, pages + 2, 1, 0, NULL), DPC_OK);
  assert_int_equal(dpc_push_taken(q), 3);
  dpc_stream *s = dpc_push_stream(q);
  assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_OK);
  expect_piece(s, 1, "{}");
  assert_int_equal(dpc_push_finish(q, NULL), DPC_OK);
  assert_int_equal(dpc_stream_next(&s, 1, NULL, NULL), DPC_OK);
  assert_non_null(dpc_stream_end(s));
  dpc_push_free(q);
  fake_await(f, "push.close", 1);
  dpc_args_free(page);
  CURTAIN();
  assert_non_null(
      strstr(p.seen[1], "{\"id\":\"a\",\"file\":{\"name\":\"a.pdf\",\"data\":\"25504446\"}}"));
  assert_non_null(strstr(p.seen[3], "\"at\":2"));
  assert_non_null(strstr(p.seen[5], "\"at\":3"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(events_in_order_once),
      cmocka_unit_test(what_was_not_read_comes_again),
      cmocka_unit_test(an_error_within),
      cmocka_unit_test(a_service_that_died_leaves_a_run_in_doubt),
      cmocka_unit_test(bytes_come_by_offset),
      cmocka_unit_test(replies_that_cannot_be),
      cmocka_unit_test(openings_that_fail),
      cmocka_unit_test(wrong_options_send_nothing),
      cmocka_unit_test(bytes_are_sent_by_windows),
      cmocka_unit_test(an_upload_that_ends_early),
      cmocka_unit_test(an_upload_whose_service_died),
      cmocka_unit_test(pages_one_by_one),
  };
  int before = open_descriptors();
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed ? failed : open_descriptors() != before;
}
