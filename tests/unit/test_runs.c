/* Runs that outlive their connection: stopped, looked up in their record, given up; and memory that
 * runs out on the way. */
#include "reader.h"
#include "scarce.h"

/* --- stopping the run ----------------------------------------------------------------------- */

#define STOPPED "/v1/workflows/tasks/" TASK_ID "/stop"
#define STOP_STEP                                                                                  \
  { "POST", STOPPED, 0, SCRIPT_ANSWER, 200, NULL, "{\"result\":\"success\"}" }

/* All that the client began has ended; how often the second step was taken. */
static unsigned stops(world *w) {
  assert_int_equal(dp_client_drain(w->client, 10000), DP_OK);
  return script_hits(w->server, 1);
}

static void expect_stop(world *w, const reader *r) {
  assert_int_equal(dp_reply_run(r->reply)->stop_asked, 1);
  assert_true(script_wait_hits(w->server, 1, 1));
  char *body = script_body(w->server, 1);
  assert_string_equal(body, "{\"user\":\"u1\"}");
  free(body);
  assert_int_equal(stops(w), 1);
}

static void test_cancel_stops(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED},
                         STOP_STEP};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = begin(w, reader_new());
    AWAIT(w, r, r->count == 1);
    dp_call_cancel(r->call);
    AWAIT(w, r, r->reply);
    assert_kind(r->reply, DP_CANCELLED);
    assert_string_equal(dp_reply_run(r->reply)->workflow_run_id, RUN_ID);
    expect_stop(w, r);
    reader_free(r);
    close_world(w);
  }
}

static void test_abort_stops(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED},
                         STOP_STEP};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = reader_new();
    r->abort_at = 1;
    begin(w, r);
    AWAIT(w, r, r->reply);
    assert_kind(r->reply, DP_CANCELLED);
    expect_stop(w, r);
    reader_free(r);
    close_world(w);
  }
}

static void test_deadline_stops(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED},
                         STOP_STEP};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.deadline_ms = 300;
  reader *r = begin_with(w, reader_new(), DP_OP_WORKFLOWS_RUN, run_args(), o);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_TIMEOUT);
  assert_string_equal(dp_reply_error(r->reply)->code, "deadline");
  assert_null(strstr(dp_reply_error(r->reply)->hint, "nothing was changed")); /* a run was begun */
  expect_stop(w, r);
  reader_free(r);
  close_world(w);
}

static void test_keep_run(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED},
                         STOP_STEP};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.flags = DP_CALL_KEEP_RUN;
  reader *r = begin_with(w, reader_new(), DP_OP_WORKFLOWS_RUN, run_args(), o);
  AWAIT(w, r, r->count == 1);
  dp_call_cancel(r->call);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_CANCELLED);
  assert_int_equal(dp_reply_run(r->reply)->stop_asked, 0);
  assert_non_null(strstr(dp_reply_error(r->reply)->message, "may go on"));
  assert_int_equal(stops(w), 0);
  reader_free(r);
  close_world(w);
}

/* Cancelled before any event has told how the run is called: its caller is answered at once, and it
 * is stopped as soon as it has a name. */
static void test_stops_later(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL,
                          ": hello\n\n\1event: ping\n\ndata: {}\n\n" STARTED "\1" FINISHED},
                         STOP_STEP};
  EACH_WAY(change) {
    for (int paused = 0; paused < 2; paused++) {
      world *w = open_world(STEPS(steps), "1.12.1", change);
      reader *r = reader_new();
      r->pause_open = paused;
      begin(w, r);
      AWAIT(w, r, r->opens == 1 || r->pauses == 1);
      dp_call_cancel(r->call);
      AWAIT(w, r, r->reply);
      assert_kind(r->reply, DP_CANCELLED);
      assert_int_equal(script_hits(w->server, 1), 0);
      script_go(w->server, 1);
      expect_stop(w, r);
      assert_int_equal(r->count, 0); /* nobody is shown anything any more */
      reader_free(r);
      close_world(w);
    }
  }
}

/* A run that ended is not stopped, nor one that never began. */
static void test_nothing_to_stop(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 1, SCRIPT_STREAM, 200, NULL, STARTED FINISHED "\1"},
                         STOP_STEP,
                         {"POST", STREAM, 0, SCRIPT_HANG, 400, NULL, broken}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  reader *r = begin(w, reader_new());
  AWAIT(w, r, r->count == 2);
  dp_call_cancel(r->call);
  AWAIT(w, r, r->reply);
  assert_int_equal(dp_reply_run(r->reply)->stop_asked, 0);
  reader_free(r);
  r = begin(w, reader_new());
  assert_true(script_wait_hits(w->server, 2, 1));
  dp_call_cancel(r->call);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_CANCELLED);
  script_release(w->server); /* it was refused */
  assert_int_equal(stops(w), 0);
  reader_free(r);
  close_world(w);
}

static void short_grace(dp_client_options *options, dp_profile_options *profile) {
  (void)profile;
  options->write_grace_ms = 100;
}

/* One answer that nobody waits for any more is waited for as any write; then its run is stopped. */
static void test_together_given_up(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED},
                         STOP_STEP};
  world *w = open_world(STEPS(steps), "1.12.1", short_grace);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  box b = BOX;
  o.deadline_ms = 300;
  o.on_late = put_late;
  dp_call *call = start(w, DP_OP_WORKFLOWS_RUN, run_args(), &o, &b);
  assert_kind(wait_for(&b, &b.first), DP_UNKNOWN_OUTCOME);
  assert_true(dp_reply_is_pending(b.first));
  assert_kind(wait_for(&b, &b.late), DP_UNKNOWN_OUTCOME);
  assert_true(script_wait_hits(w->server, 1, 1));
  dp_call_unref(call);
  empty(&b);
  close_world(w);
}

/* --- reading it back ------------------------------------------------------------------------ */

#define RECORD(status, outputs)                                                                    \
  {                                                                                                \
    "GET", "/v1/workflows/run/" RUN_ID, 0, SCRIPT_ANSWER, 200, NULL,                               \
        "{\"id\":\"" RUN_ID "\",\"workflow_id\":\"f\",\"status\":" status                          \
        ",\"inputs\":\"{}\",\"outputs\":" outputs ",\"error\":\"why\",\"total_steps\":2}"          \
  }
#define CUT_STREAM                                                                                 \
  { "POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED CHUNK("a") "\3" }

static void expect_read_back(world *w, reader *r) {
  assert_int_equal(r->count, 3);
  assert_int_equal(r->numbers[2], 3);
  assert_string_equal(r->types[2], "message");
  assert_string_equal(r->pieces[2],
                      "{\"event\":\"workflow_finished\",\"task_id\":\"" TASK_ID
                      "\",\"workflow_run_id\":\"" RUN_ID "\",\"data\":{\"id\":\"" RUN_ID
                      "\",\"workflow_id\":\"f\",\"status\":\"succeeded\",\"outputs\":{\"a\":1},"
                      "\"error\":\"why\",\"total_steps\":2}}");
  assert_kind(r->reply, DP_OK);
  assert_int_equal(dp_reply_meta(r->reply)->verified, 1);
  assert_non_null(strstr(dp_reply_meta(r->reply)->note, "record"));
  assert_int_equal(script_hits(w->server, 0), 1);
}

static void test_read_back(void **state) {
  (void)state;
  script_step steps[] = {CUT_STREAM, RECORD("\"running\"", "\"{}\""),
                         RECORD("\"succeeded\"", "\"{\\\"a\\\":1}\"")};
  steps[1].times = 2;
  EACH_WAY(change) {
    for (int pausing = 0; pausing < 2; pausing++) {
      world *w = open_world(STEPS(steps), "1.12.1", change);
      reader *r = reader_new();
      r->pause_once = pausing;
      r->resume_at_once = true;
      begin(w, r);
      AWAIT(w, r, r->reply);
      expect_read_back(w, r);
      reader_free(r);
      close_world(w);
    }
  }
}

/* The event that was made waits for its reader, too. */
static void test_read_back_paused(void **state) {
  (void)state;
  script_step steps[] = {CUT_STREAM, RECORD("\"succeeded\"", "{\"a\":1}")};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = reader_new();
    r->pause_at = 3;
    begin(w, r);
    AWAIT(w, r, r->pauses == 1);
    assert_null(r->reply);
    assert_int_equal(r->count, 2);
    r->pause_at = 0;
    dp_call_resume(r->call);
    AWAIT(w, r, r->reply);
    expect_read_back(w, r);
    reader_free(r);
    close_world(w);
  }
}

static void test_read_back_together(void **state) {
  (void)state;
  script_step steps[] = {CUT_STREAM, RECORD("\"succeeded\"", "{\"a\":1}")};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_WORKFLOWS_RUN, run_args());
  assert_kind(reply, DP_OK);
  size_t length;
  assert_string_equal(dp_reply_body(reply, &length),
                      "{\"task_id\":\"" TASK_ID "\",\"workflow_run_id\":\"" RUN_ID
                      "\",\"data\": {\"id\":\"" RUN_ID
                      "\",\"workflow_id\":\"f\",\"status\":\"succeeded\","
                      "\"outputs\":{\"a\":1},\"error\":\"why\",\"total_steps\":2}}");
  assert_int_equal(dp_reply_meta(reply)->verified, 1);
  dp_reply_unref(reply);
  close_world(w);
}

static dp_reply *cut_run(script_step record, uint32_t stall_ms) {
  script_step steps[] = {CUT_STREAM, record};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.stall_ms = stall_ms;
  reader *r = begin_with(w, reader_new(), DP_OP_WORKFLOWS_RUN, run_args(), o);
  AWAIT(w, r, r->reply);
  dp_reply *reply = dp_reply_ref(r->reply);
  reader_free(r);
  close_world(w);
  return reply;
}

static void test_read_back_failures(void **state) {
  (void)state;
  dp_reply *reply = cut_run((script_step)RECORD("\"failed\"", "{}"), 0);
  assert_kind(reply, DP_SERVER_ERROR);
  assert_string_equal(dp_reply_error(reply)->code, "workflow_failed");
  dp_reply_unref(reply);
  reply = cut_run((script_step)RECORD("\"stopped\"", "{}"), 0);
  assert_kind(reply, DP_CANCELLED);
  dp_reply_unref(reply);
  reply = cut_run((script_step)RECORD("null", "null"), 0); /* no such run */
  assert_kind(reply, DP_UNKNOWN_OUTCOME);
  assert_string_equal(dp_reply_run(reply)->workflow_run_id, RUN_ID);
  dp_reply_unref(reply);
  reply = cut_run((script_step)RECORD("\"running\"", "{}"), 400); /* for ever */
  assert_kind(reply, DP_UNKNOWN_OUTCOME);
  assert_string_equal(dp_reply_error(reply)->code, "stream_cut");
  assert_int_equal(dp_reply_meta(reply)->verified, 0);
  dp_reply_unref(reply);
}

static void test_cancel_while_reading_back(void **state) {
  (void)state;
  script_step steps[] = {CUT_STREAM, STOP_STEP, RECORD("\"running\"", "{}")};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = begin(w, reader_new());
    AWAIT(w, r, r->count == 2);
    assert_true(script_wait_hits(w->server, 2, 1));
    dp_call_cancel(r->call);
    AWAIT(w, r, r->reply);
    assert_int_not_equal(dp_reply_kind(r->reply), DP_OK);
    reader_free(r);
    close_world(w);
  }
}

/* A server that falls silent. */
static void test_silence(void **state) {
  (void)state;
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_STREAM, 200, NULL, SAYS("Hel") "\1" CHAT_END}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.stall_ms = 200;
  reader *r = begin_with(w, reader_new(), DP_OP_CHAT_SEND, chat_args(), o);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_UNKNOWN_OUTCOME);
  assert_string_equal(dp_reply_error(r->reply)->code, "stall");
  assert_int_equal(r->count, 1);
  reader_free(r);
  close_world(w);
}

/* --- memory that runs out ------------------------------------------------------------------- */

/* Whatever fails, on whichever side: the call ends once, and a success is whole. */
static void fail_each(world *w, size_t events, bool sink) {
  bool failed = true;
  for (unsigned n = 0; failed; n++) {
    dp_call_options o = DP_CALL_OPTIONS_INIT;
    dp_sink to = sink_of();
    reader *r = reader_new();
    dp_args *args = run_args();
    dp_error err;
    o.stall_ms = 500;
    o.sink = sink ? &to : NULL;
    scarce_from(n);
    dp_kind kind = dp_client_call_async(w->client, DP_OP_WORKFLOWS_RUN, args, &o, reader_done, r,
                                        &r->call, &err);
    if (kind == DP_OK)
      AWAIT(w, r, r->reply);
    failed = scarce_off();
    if (kind == DP_OK && dp_reply_kind(r->reply) == DP_OK && sink)
      assert_int_equal(r->count, events);
    assert_true(failed || (kind == DP_OK && dp_reply_kind(r->reply) == DP_OK));
    assert_true(n < 2000);
    dp_args_free(args);
    reader_free(r);
  }
}

static void patient(dp_client_options *options, dp_profile_options *profile) {
  (void)options;
  profile->breaker = 0; /* it is the program that fails, not the server */
}

static void patient_dispatch(dp_client_options *options, dp_profile_options *profile) {
  options->dispatch = 1;
  profile->breaker = 0;
}

static void test_memory(void **state) {
  (void)state;
  static const change_fn both[] = {patient, patient_dispatch};
  script_step whole[] = {
      {"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED CHUNK("a") "\2" FINISHED}};
  script_step part[] = {CUT_STREAM, RECORD("\"succeeded\"", "\"{\\\"a\\\":1}\"")};
  for (int way = 0; way < 2; way++) {
    for (int sink = 0; sink < 2; sink++) {
      change_fn change = both[way];
      world *w = open_world(STEPS(whole), "1.12.1", change);
      fail_each(w, 3, sink);
      close_world(w);
      w = open_world(STEPS(part), "1.12.1", change);
      fail_each(w, 3, sink);
      close_world(w);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_cancel_stops),
      TEST(test_abort_stops),
      TEST(test_deadline_stops),
      TEST(test_keep_run),
      TEST(test_stops_later),
      TEST(test_nothing_to_stop),
      TEST(test_together_given_up),
      TEST(test_read_back),
      TEST(test_read_back_paused),
      TEST(test_read_back_together),
      TEST(test_read_back_failures),
      TEST(test_cancel_while_reading_back),
      TEST(test_silence),
      TEST(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
