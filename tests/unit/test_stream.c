/* Answers that flow to a sink: events and bytes, pauses, errors before and within, cuts; and those
 * that are put together. */
#include "reader.h"

static void check_run(reader *r, size_t events) {
  assert_kind(r->reply, DP_OK);
  assert_int_equal(r->count, events);
  for (size_t i = 0; i < events; i++)
    assert_int_equal(r->numbers[i], i + 1);
  assert_int_equal(r->opens, 1);
  assert_int_equal(r->status, 200);
  assert_string_equal(r->type, "text/event-stream");
  assert_string_equal(dp_reply_run(r->reply)->task_id, TASK_ID);
  assert_string_equal(dp_reply_run(r->reply)->workflow_run_id, RUN_ID);
  assert_string_equal(dp_reply_run(r->reply)->message_id, "");
}

/* --- events --------------------------------------------------------------------------------- */

static void test_events(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL,
                          STARTED "\2event: ping\n\n\2:c\n\ndata: {\"event\":\2\"text_chunk\"}\n\n"
                                  "event: x\nid: 7\ndata: 1\ndata: 2\n\n" FINISHED "data: lost\n"}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = begin(w, reader_new());
    AWAIT(w, r, r->reply);
    check_run(r, 4);
    assert_int_equal(!!pthread_equal(r->thread, pthread_self()), change != NULL);
    assert_string_equal(r->types[0], "message");
    assert_string_equal(r->pieces[1], "{\"event\":\"text_chunk\"}");
    assert_string_equal(r->types[2], "x");
    assert_string_equal(r->pieces[2], "1\n2");
    assert_int_equal(dp_reply_status(r->reply), 200);
    char *body = script_body(w->server, 0);
    assert_non_null(strstr(body, "\"response_mode\":\"streaming\""));
    free(body);
    reader_free(r);
    close_world(w);
  }
}

/* Each comes before the next is sent. */
static void test_one_by_one(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL,
                          "\1" STARTED "\1" CHUNK("a") "\1" CHUNK("b") "\1" FINISHED "\1"}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = begin(w, reader_new());
    AWAIT(w, r, r->opens == 1); /* the head alone opens */
    for (size_t i = 1; i <= 4; i++) {
      script_go(w->server, 1);
      AWAIT(w, r, r->count == i);
      assert_null(r->reply);
    }
    script_go(w->server, 1);
    AWAIT(w, r, r->reply);
    check_run(r, 4);
    reader_free(r);
    close_world(w);
  }
}

static void test_pause_everywhere(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL,
                          STARTED CHUNK("a") "\2" CHUNK("b") CHUNK("c") FINISHED}};
  EACH_WAY(change) {
    for (int from_within = 0; from_within < 2; from_within++) {
      world *w = open_world(STEPS(steps), "1.12.1", change);
      reader *r = reader_new();
      r->pause_once = true;
      r->resume_at_once = from_within;
      begin(w, r);
      for (unsigned i = 1; i <= 6 && !from_within; i++) {
        AWAIT(w, r, r->pauses == i);
        assert_null(r->reply);
        dp_call_resume(r->call);
      }
      AWAIT(w, r, r->reply);
      check_run(r, 5);
      assert_int_equal(r->pauses, 6);
      dp_call_resume(r->call); /* harmless */
      reader_free(r);
      close_world(w);
    }
  }
}

/* A reader that sleeps slows the server: what comes meanwhile stays there. */
static void test_pause_holds_the_server(void **state) {
  (void)state;
  size_t size = 24u << 20;
  char *body = malloc(size + 1);
  memset(body, 'x', size);
  for (size_t i = 0; i + 4096 <= size; i += 4096) {
    memcpy(body + i, "data: ", 6);
    memcpy(body + i + 4094, "\n\n", 2);
  }
  strcpy(body + size - 4096, FINISHED);
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, body}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  reader *r = reader_new();
  r->pause_open = true;
  begin(w, r);
  AWAIT(w, r, r->pauses == 1);
  dp_call_cancel(r->call);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_CANCELLED);
  assert_true(dp_reply_meta(r->reply)->received < 4u << 20);
  assert_int_equal(r->count, 0);
  reader_free(r);
  close_world(w);
  free(body);
}

/* The connection breaks while the reader sleeps: what had come is his all the same, the run's end
 * too. */
static void test_broken_while_paused(void **state) {
  (void)state;
  script_step steps[] = {
      {"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED CHUNK("a") CHUNK("b") FINISHED "\3"}};
  EACH_WAY(change) {
    for (size_t at = 0; at <= 4; at++) {
      world *w = open_world(STEPS(steps), "1.12.1", change);
      reader *r = reader_new();
      r->pause_open = at == 0;
      r->pause_at = at;
      begin(w, r);
      AWAIT(w, r, r->pauses == 1);
      assert_true(script_wait_gone(w->server, 1));
      assert_null(r->reply);
      r->pause_open = false;
      r->pause_at = 0;
      dp_call_resume(r->call);
      AWAIT(w, r, r->reply);
      check_run(r, 4);
      reader_free(r);
      close_world(w);
    }
  }
}

static void test_abort(void **state) {
  (void)state;
  script_step steps[] = {
      {"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED CHUNK("a") CHUNK("b") "\1" FINISHED}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = reader_new();
    r->abort_at = 2;
    begin(w, r);
    AWAIT(w, r, r->reply);
    assert_kind(r->reply, DP_CANCELLED);
    assert_int_equal(r->count, 2);
    assert_string_equal(dp_reply_run(r->reply)->task_id, TASK_ID);
    reader_free(r);
    close_world(w);
  }
}

/* --- bytes ---------------------------------------------------------------------------------- */

static void test_bytes(void **state) {
  (void)state;
  script_step steps[] = {
      {"GET", "/v1/files/", 0, SCRIPT_ANSWER, 200,
       "Content-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\n",
       "0123456789"}};
  EACH_WAY(change) {
    for (int pausing = 0; pausing < 2; pausing++) {
      world *w = open_world(STEPS(steps), "1.12.1", change);
      reader *r = reader_new();
      r->pause_once = pausing;
      r->resume_at_once = true;
      begin_with(w, r, DP_OP_FILES_PREVIEW, args_of("file_id", KB, NULL),
                 (dp_call_options)DP_CALL_OPTIONS_INIT);
      AWAIT(w, r, r->reply);
      assert_kind(r->reply, DP_OK);
      assert_string_equal(r->body, "0123456789");
      assert_string_equal(r->type, "image/png");
      assert_int_equal(r->length, 10);
      assert_non_null(dp_reply_header(r->reply, "content-disposition"));
      size_t length;
      dp_reply_body(r->reply, &length);
      assert_int_equal(length, 0);
      reader_free(r);
      close_world(w);
    }
  }
}

static void test_cut_bytes(void **state) {
  (void)state;
  script_step steps[] = {
      {"GET", "/v1/files/", 0, SCRIPT_CUT, 200, "Content-Type: image/png\r\n", "0123"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  reader *r = begin_with(w, reader_new(), DP_OP_FILES_PREVIEW, args_of("file_id", KB, NULL),
                         (dp_call_options)DP_CALL_OPTIONS_INIT);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_UNREACHABLE);
  assert_int_equal(r->bytes, 4);
  assert_int_equal(script_hits(w->server, 0), 1); /* what was shown is not sent again */
  reader_free(r);
  close_world(w);
}

static void small_bodies(dp_client_options *options, dp_profile_options *profile) {
  (void)profile;
  options->body_max = 1024;
}

/* Refused by its head, whatever was asked for; a sink takes it all the same. */
static void test_large_answer(void **state) {
  (void)state;
  char *body = malloc(100001);
  memset(body, 'x', 100000);
  body[100000] = '\0';
  script_step steps[] = {
      {"GET", "/v1/files/", 0, SCRIPT_ANSWER, 200, "Content-Type: image/png\r\n", body}};
  world *w = open_world(STEPS(steps), "1.12.1", small_bodies);
  dp_reply *reply = run(w, DP_OP_FILES_PREVIEW, args_of("file_id", KB, NULL));
  assert_kind(reply, DP_TOO_LARGE);
  assert_string_equal(dp_reply_error(reply)->code, "body_max");
  assert_true(dp_reply_meta(reply)->received < 100000);
  dp_reply_unref(reply);
  reader *r = begin_with(w, reader_new(), DP_OP_FILES_PREVIEW, args_of("file_id", KB, NULL),
                         (dp_call_options)DP_CALL_OPTIONS_INIT);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_OK);
  assert_int_equal(r->bytes, 100000);
  reader_free(r);
  close_world(w);
  free(body);
}

/* --- before it begins ----------------------------------------------------------------------- */

static void test_refused(void **state) {
  (void)state;
  script_step steps[] = {
      {"POST", STREAM, 1, SCRIPT_ANSWER, 400, NULL,
       "{\"code\":\"not_workflow_app\",\"message\":\"no\",\"status\":400}"},
      {"POST", STREAM, 1, SCRIPT_ANSWER, 200, "Content-Type: text/html\r\n", "<html>"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  reader *r = begin(w, reader_new());
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_INVALID_REQUEST);
  assert_int_equal(r->opens + r->count, 0);
  size_t length;
  assert_non_null(strstr(dp_reply_body(r->reply, &length), "not_workflow_app"));
  reader_free(r);
  r = begin(w, reader_new());
  AWAIT(w, r, r->reply);
  assert_int_not_equal(dp_reply_kind(r->reply), DP_OK);
  assert_int_equal(r->opens, 0);
  reader_free(r);
  close_world(w);
}

/* Until it has begun it is repeated as any other. */
static void test_repeated(void **state) {
  (void)state;
  script_step steps[] = {
      {"GET", "/v1/files/", 1, SCRIPT_ANSWER, 503, NULL, broken},
      {"GET", "/v1/files/", 1, SCRIPT_CLOSE, 0, NULL, NULL},
      {"GET", "/v1/files/", 1, SCRIPT_ANSWER, 200, "Content-Type: image/png\r\n", "ok"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  reader *r = begin_with(w, reader_new(), DP_OP_FILES_PREVIEW, args_of("file_id", KB, NULL),
                         (dp_call_options)DP_CALL_OPTIONS_INIT);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_OK);
  assert_string_equal(r->body, "ok");
  assert_int_equal(r->opens, 1);
  reader_free(r);
  close_world(w);
}

/* --- one answer ----------------------------------------------------------------------------- */

static void expect_mode(world *w, const char *mode) {
  char *body = script_body(w->server, 0), wanted[64];
  snprintf(wanted, sizeof wanted, "\"response_mode\":\"%s\"", mode);
  if (!strstr(body, wanted))
    fail_msg("no %s in %s", wanted, body);
  free(body);
}

static void test_together(void **state) {
  (void)state;
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_STREAM, 200, NULL,
                          "event: ping\n\n\2" SAYS("Hel") "\2" SAYS("lo \\ud83d") SAYS("\\ude00")
                              CHAT_END}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    dp_reply *reply = run(w, DP_OP_CHAT_SEND, chat_args());
    assert_kind(reply, DP_OK);
    size_t length;
    assert_string_equal(dp_reply_body(reply, &length),
                        "{\"event\":\"message\",\"task_id\":\"" TASK_ID
                        "\",\"id\":\"m1\",\"message_id\":\"m1\",\"conversation_id\":\"c1\","
                        "\"mode\":\"chat\",\"answer\":\"Hello \\ud83d\\ude00\",\"metadata\":{}}");
    assert_int_equal(dp_reply_status(reply), 200);
    assert_string_equal(dp_reply_type(reply), "application/json");
    assert_string_equal(dp_reply_header(reply, "X-Version"), "1.12.1");
    assert_string_equal(dp_reply_run(reply)->conversation_id, "c1");
    expect_mode(w, "streaming");
    dp_reply_unref(reply);
    close_world(w);
  }
}

static void test_blocking(void **state) {
  (void)state;
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_ANSWER, 200, NULL, "{\"answer\":\"x\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.flags = DP_CALL_BLOCKING;
  dp_reply *reply = run_with(w, DP_OP_CHAT_SEND, chat_args(), &o);
  assert_kind(reply, DP_OK);
  expect_mode(w, "blocking");
  dp_reply_unref(reply);
  reply =
      run(w, DP_OP_CHAT_SEND,
          args_of("query", "hi", "inputs", "{}", "user", "u1", "response_mode", "blocking", NULL));
  assert_kind(reply, DP_OK);
  expect_mode(w, "blocking");
  dp_reply_unref(reply);
  reply = run(w, DP_OP_CHAT_SEND,
              chat_args()); /* asked for a stream, and answered whole all the same */
  assert_kind(reply, DP_OK);
  expect_mode(w, "streaming");
  size_t length;
  assert_string_equal(dp_reply_body(reply, &length), "{\"answer\":\"x\"}");
  dp_reply_unref(reply);
  close_world(w);
}

/* An error midway is an error, with and without a sink; what was shown before stays shown. */
static void test_error_within(void **state) {
  (void)state;
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_STREAM, 200, NULL, SAYS("Hel") FAILS}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    dp_reply *reply = run(w, DP_OP_CHAT_SEND, chat_args());
    reader *r = begin_with(w, reader_new(), DP_OP_CHAT_SEND, chat_args(),
                           (dp_call_options)DP_CALL_OPTIONS_INIT);
    AWAIT(w, r, r->reply);
    assert_int_equal(r->count, 2);
    dp_reply *both[] = {reply, r->reply};
    for (size_t i = 0; i < 2; i++) {
      assert_kind(both[i], DP_SERVER_ERROR);
      assert_string_equal(dp_reply_error(both[i])->code, "completion_request_error");
      assert_non_null(strstr(dp_reply_error(both[i])->message, "it broke"));
      assert_int_equal(dp_reply_error(both[i])->status, 400);
      assert_int_equal(dp_reply_status(both[i]), 400);
      assert_false(dp_reply_error(both[i])->retryable);
      size_t length;
      assert_string_equal(
          dp_reply_body(both[i], &length),
          "{\"code\":\"completion_request_error\",\"message\":\"it broke\",\"status\":400}");
      assert_string_equal(dp_reply_run(both[i])->message_id, "m1");
    }
    assert_int_equal(script_hits(w->server, 0), 2); /* neither was sent again */
    dp_reply_unref(reply);
    reader_free(r);
    close_world(w);
  }
}

/* A workflow's failure: of a stream an error, of one answer what the server's own says. */
static void test_workflow_fails(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED WORKFLOW_FAILS}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_WORKFLOWS_RUN, run_args());
  size_t length;
  assert_kind(reply, DP_OK);
  assert_non_null(strstr(dp_reply_body(reply, &length), "\"data\":"));
  assert_non_null(strstr(dp_reply_body(reply, &length), "\"status\":\"failed\""));
  dp_reply_unref(reply);
  reader *r = begin(w, reader_new());
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_SERVER_ERROR);
  assert_string_equal(dp_reply_error(r->reply)->code, "workflow_failed");
  assert_non_null(strstr(dp_reply_error(r->reply)->message, "node h1 \"broke\""));
  assert_int_equal(r->count, 2);
  reader_free(r);
  close_world(w);
}

static void test_together_too_large(void **state) {
  (void)state;
  char body[8192] = "";
  for (int i = 0; i < 40; i++)
    strcat(body, SAYS("0123456789012345678901234567890123456789"));
  strcat(body, CHAT_END);
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_STREAM, 200, NULL, body}};
  world *w = open_world(STEPS(steps), "1.12.1", small_bodies);
  dp_reply *reply = run(w, DP_OP_CHAT_SEND, chat_args());
  assert_kind(reply, DP_TOO_LARGE);
  assert_string_equal(dp_reply_error(reply)->code, "body_max");
  dp_reply_unref(reply);
  close_world(w);
}

static void small_events(dp_client_options *options, dp_profile_options *profile) {
  (void)profile;
  options->event_max = options->event_line_max = 1024;
}

static void test_event_too_large(void **state) {
  (void)state;
  char body[4096] = STARTED "data: ";
  memset(body + strlen(body), 'x', 1500);
  strcat(body, "\n\n" FINISHED);
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, body}};
  world *w = open_world(STEPS(steps), "1.12.1", small_events);
  reader *r = begin(w, reader_new());
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_TOO_LARGE);
  assert_string_equal(dp_reply_error(r->reply)->code, "event_line_max");
  assert_int_equal(r->count, 1);
  reader_free(r);
  close_world(w);
}

/* A chat that is cut can be looked for nowhere: its ids are told. */
static void test_cut_chat(void **state) {
  (void)state;
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_STREAM, 200, NULL, SAYS("Hel") "\3"}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    dp_reply *reply = run(w, DP_OP_CHAT_SEND, chat_args());
    assert_kind(reply, DP_UNKNOWN_OUTCOME);
    assert_non_null(strstr(dp_reply_error(reply)->message, TASK_ID));
    assert_non_null(strstr(dp_reply_error(reply)->message, "message m1"));
    assert_string_equal(dp_reply_run(reply)->message_id, "m1");
    assert_int_equal(script_hits(w->server, 0), 1);
    dp_reply_unref(reply);
    close_world(w);
  }
}

/* http.request takes what comes: events where they are called so, bytes else. */
static void test_raw(void **state) {
  (void)state;
  script_step steps[] = {
      {"GET", "/v1/odd", 0, SCRIPT_STREAM, 200, NULL, "data: 1\n\nevent: e\ndata: 2\n\n"},
      {"GET", "/v1/plain", 0, SCRIPT_ANSWER, 200, NULL, "{\"a\":1}"},
      {"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED WORKFLOW_FAILS}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  reader *r = begin_with(w, reader_new(), DP_OP_HTTP_REQUEST,
                         args_of("method", "GET", "path", "/odd", NULL), o);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_OK);
  assert_int_equal(r->count, 2);
  assert_string_equal(r->types[1], "e");
  reader_free(r);
  r = begin_with(w, reader_new(), DP_OP_HTTP_REQUEST,
                 args_of("method", "GET", "path", "/plain", NULL), o);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_OK);
  assert_string_equal(r->body, "{\"a\":1}");
  reader_free(r);
  dp_args *args = args_of("method", "POST", "path", STREAM, NULL);
  dp_args_set_string(args, "body",
                     "{\"inputs\":{},\"user\":\"u\",\"response_mode\":\"streaming\"}");
  r = begin_with(w, reader_new(), DP_OP_HTTP_REQUEST, args, o);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_SERVER_ERROR); /* the table knows the route, and so its rules */
  assert_int_equal(r->count, 2);
  char *body = script_body(w->server, 2); /* and what was written is sent as it is */
  assert_string_equal(body, "{\"inputs\":{},\"user\":\"u\",\"response_mode\":\"streaming\"}");
  free(body);
  reader_free(r);
  close_world(w);
}

/* An operation of JSON may flow, too; and one of events may answer with JSON. */
static void test_json(void **state) {
  (void)state;
  script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"},
                         {"POST", STREAM, 0, SCRIPT_ANSWER, 200, NULL, "{\"whole\":1}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  reader *r = begin_with(w, reader_new(), DP_OP_DATASETS_LIST, dp_args_new(), o);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_OK);
  assert_string_equal(r->body, "{\"data\":[]}");
  reader_free(r);
  r = begin(w, reader_new());
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_OK);
  assert_string_equal(r->body, "{\"whole\":1}");
  assert_string_equal(r->type, "application/json");
  reader_free(r);
  close_world(w);
}

static void one_place(dp_client_options *options, dp_profile_options *profile) {
  options->connections_per_host = 1;
  options->streams_per_host = 2;
  profile->connections = 1;
}

/* Streams have places of their own: they keep no call waiting, and wait for one another. */
static void test_places(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED},
                         {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"}};
  world *w = open_world(STEPS(steps), "1.12.1", one_place);
  reader *a = begin(w, reader_new()), *b = begin(w, reader_new()), *c = begin(w, reader_new());
  AWAIT(w, a, a->count == 1);
  AWAIT(w, b, b->count == 1);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, dp_args_new());
  assert_kind(reply, DP_OK);
  dp_reply_unref(reply);
  assert_int_equal(script_hits(w->server, 0), 2); /* the third waits */
  script_go(w->server, 3);
  AWAIT(w, a, a->reply);
  AWAIT(w, b, b->reply);
  AWAIT(w, c, c->reply);
  check_run(c, 2);
  reader_free(a);
  reader_free(b);
  reader_free(c);
  close_world(w);
}

static void test_wrong_use(void **state) {
  (void)state;
  script_step none[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, NULL}};
  world *w = open_world(STEPS(none), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  dp_sink sink = sink_of();
  dp_error err;
  dp_args *args = run_args();
  o.sink = &sink;
  o.flags = DP_CALL_BLOCKING;
  assert_int_equal(
      dp_client_call_async(w->client, DP_OP_WORKFLOWS_RUN, args, &o, reader_done, NULL, NULL, &err),
      DP_INVALID_REQUEST);
  assert_string_equal(err.code, "sink");
  o.flags = 0;
  sink.on_event = NULL;
  assert_int_equal(
      dp_client_call_async(w->client, DP_OP_WORKFLOWS_RUN, args, &o, reader_done, NULL, NULL, &err),
      DP_INVALID_REQUEST);
  assert_non_null(strstr(err.message, "on_event"));
  sink.size = sizeof sink + 1;
  assert_int_equal(
      dp_client_call_async(w->client, DP_OP_WORKFLOWS_RUN, args, &o, reader_done, NULL, NULL, &err),
      DP_INVALID_REQUEST);
  assert_string_equal(err.code, "sink_size");
  o.sink = NULL;
  o.stall_ms = 86400001;
  assert_int_equal(
      dp_client_call_async(w->client, DP_OP_WORKFLOWS_RUN, args, &o, reader_done, NULL, NULL, &err),
      DP_INVALID_REQUEST);
  assert_string_equal(err.code, "stall_ms");
  dp_args_free(args);
  close_world(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_events),
      TEST(test_one_by_one),
      TEST(test_pause_everywhere),
      TEST(test_pause_holds_the_server),
      TEST(test_broken_while_paused),
      TEST(test_abort),
      TEST(test_bytes),
      TEST(test_cut_bytes),
      TEST(test_large_answer),
      TEST(test_refused),
      TEST(test_repeated),
      TEST(test_together),
      TEST(test_blocking),
      TEST(test_error_within),
      TEST(test_workflow_fails),
      TEST(test_together_too_large),
      TEST(test_event_too_large),
      TEST(test_cut_chat),
      TEST(test_raw),
      TEST(test_json),
      TEST(test_places),
      TEST(test_wrong_use),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
