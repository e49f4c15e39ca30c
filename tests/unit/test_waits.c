/* Calls among others: sharing, order, breaker, pace. */
#include "callworld.h"

static void metadata_of_one_document_is_written_one_at_a_time(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets/" KB "/documents/metadata", 0, SCRIPT_HANG, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box boxes[4] = {BOX, BOX, BOX, BOX};
  dp_call *calls[4];
  static const char *const documents[] = {DOC, DOC, DOC2, DOC};
  for (int i = 0; i < 4; i++) {
    char data[200];
    snprintf(data, sizeof data, "[{\"document_id\":\"%s\",\"metadata_list\":[]}]", documents[i]);
    calls[i] = start(w, DP_OP_METADATA_ASSIGN,
                     args_of("dataset_id", KB, "operation_data", data, NULL), NULL, &boxes[i]);
  }
  assert_true(script_wait_hits(w->server, 0, 2)); /* the first, and the one of another document */
  dp_stats stats = DP_STATS_INIT;
  dp_client_stats(w->client, &stats);
  assert_int_equal(stats.hosts[0].connections_in_use, 2);
  dp_stats_clear(&stats);
  dp_call_cancel(calls[1]); /* who waits may leave */
  assert_kind(wait_for(&boxes[1], &boxes[1].first), DP_CANCELLED);
  assert_int_equal(script_hits(w->server, 0), 2);
  script_release(w->server);
  for (int i = 0; i < 4; i++)
    if (i != 1)
      assert_kind(wait_for(&boxes[i], &boxes[i].first), DP_OK);
  assert_int_equal(script_hits(w->server, 0), 3);
  for (int i = 0; i < 4; i++) {
    dp_call_unref(calls[i]);
  }
  close_world(w);
  for (int i = 0; i < 4; i++)
    empty(&boxes[i]);
}

/* --- sharing --------------------------------------------------------------------------------------------------- */

static void equal_reads_share_one_transfer(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_HANG, 200, NULL, "{\"id\":\"a\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box boxes[5] = {BOX, BOX, BOX, BOX, BOX};
  dp_call *calls[5];
  for (int i = 0; i < 5; i++) {
    calls[i] = start(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL), NULL, &boxes[i]);
    if (i == 0)
      assert_true(script_wait_hits(w->server, 0, 1));
  }
  dp_call_cancel(calls[0]); /* the leader: the others must not notice */
  assert_kind(wait_for(&boxes[0], &boxes[0].first), DP_CANCELLED);
  script_release(w->server);
  unsigned joined = 0;
  for (int i = 1; i < 5; i++) {
    dp_reply *reply = wait_for(&boxes[i], &boxes[i].first);
    assert_kind(reply, DP_OK);
    joined += dp_reply_meta(reply)->joined;
  }
  assert_int_equal(script_hits(w->server, 0), 1);
  assert_int_equal(joined, 3);
  for (int i = 0; i < 5; i++)
    dp_call_unref(calls[i]);
  close_world(w);
  for (int i = 0; i < 5; i++)
    empty(&boxes[i]);
}

/* Until the engine has taken up what was started before. */
static void settle(world *w) {
  dp_stats stats = DP_STATS_INIT;
  dp_client_stats(w->client, &stats);
  dp_stats_clear(&stats);
}

static void pause_a_second(dp_client_options *o, dp_profile_options *p) {
  (void)o;
  p->retry_initial_ms = p->retry_max_ms = 1000;
}

static void a_leader_without_time_for_a_repeat_costs_nobody_his_answer(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets/" KB, 1, SCRIPT_HANG, 500, NULL, broken},
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL, "{\"id\":\"a\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", pause_a_second);
  box boxes[3] = {BOX, BOX, BOX};
  dp_call *calls[3];
  dp_call_options hurried = DP_CALL_OPTIONS_INIT;
  hurried.deadline_ms = 900;
  for (int i = 0; i < 3; i++)
    calls[i] = start(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL),
                     i < 2 ? &hurried : NULL, &boxes[i]);
  assert_true(script_wait_hits(w->server, 0, 1));
  settle(w);
  script_release(w->server);
  for (int i = 0; i < 2; i++)
    assert_int_not_equal(dp_reply_kind(wait_for(&boxes[i], &boxes[i].first)), DP_OK);
  dp_reply *reply = wait_for(&boxes[2], &boxes[2].first);
  assert_kind(reply, DP_OK);
  assert_int_equal(dp_reply_meta(reply)->attempts, 2);
  assert_int_equal(script_hits(w->server, 1), 1);
  for (int i = 0; i < 3; i++)
    dp_call_unref(calls[i]);
  close_world(w);
  for (int i = 0; i < 3; i++)
    empty(&boxes[i]);
}

static void who_waits_for_a_breaker_is_not_ended_by_one_who_does_not(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets?", 0, SCRIPT_ANSWER, 500, NULL, broken},
      {"GET", "/v1/datasets/" KB, 1, SCRIPT_HANG, 500, NULL, broken},
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL, "{\"id\":\"a\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box boxes[3] = {BOX, BOX, BOX};
  dp_call *calls[3];
  dp_call_options waits = DP_CALL_OPTIONS_INIT;
  waits.flags = DP_CALL_WAIT;
  for (int i = 0; i < 3; i++)
    calls[i] = start(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL),
                     i == 2 ? &waits : NULL, &boxes[i]);
  assert_true(script_wait_hits(w->server, 1, 1));
  settle(w);
  dp_kind kind = DP_OK;
  for (int i = 0; i < 10 && kind != DP_BREAKER_OPEN; i++) {
    dp_reply *reply = run(w, DP_OP_DATASETS_LIST, args_of("keyword", "k", NULL));
    kind = dp_reply_kind(reply);
    dp_reply_unref(reply);
  }
  assert_int_equal(kind, DP_BREAKER_OPEN);
  script_release(w->server);
  for (int i = 0; i < 2; i++)
    assert_kind(wait_for(&boxes[i], &boxes[i].first), DP_BREAKER_OPEN);
  assert_kind(wait_for(&boxes[2], &boxes[2].first), DP_OK);
  for (int i = 0; i < 3; i++)
    dp_call_unref(calls[i]);
  close_world(w);
  for (int i = 0; i < 3; i++)
    empty(&boxes[i]);
}

static void a_write_between_parts_equal_reads(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets/" KB "/documents", 0, SCRIPT_HANG, 200, NULL, "{\"data\":[]}"},
      {"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{\"document\":{}}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box a = BOX, b = BOX;
  dp_call *one = start(w, DP_OP_DOCUMENTS_LIST, args_of("dataset_id", KB, NULL), NULL, &a);
  assert_true(script_wait_hits(w->server, 0, 1));
  dp_reply_unref(run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page()));
  dp_call *two = start(w, DP_OP_DOCUMENTS_LIST, args_of("dataset_id", KB, NULL), NULL, &b);
  assert_true(script_wait_hits(w->server, 0, 2));
  script_release(w->server);
  assert_int_equal(dp_reply_meta(wait_for(&a, &a.first))->joined, 0);
  assert_int_equal(dp_reply_meta(wait_for(&b, &b.first))->joined, 0);
  dp_call_unref(one);
  dp_call_unref(two);
  close_world(w);
  empty(&a);
  empty(&b);
}

static void an_answer_may_be_as_old_as_its_caller_says(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL, "{\"id\":\"a\"}"},
      {"PATCH", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.cache_ms = 60000;
  for (int i = 0; i < 3; i++) {
    dp_reply *reply = run_with(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL), &options);
    assert_kind(reply, DP_OK);
    assert_int_equal(dp_reply_meta(reply)->cached, i > 0);
    dp_reply_unref(reply);
  }
  dp_reply_unref(run(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL)));
  assert_int_equal(script_hits(w->server, 0), 2);
  dp_reply_unref(run(w, DP_OP_DATASETS_UPDATE, args_of("dataset_id", KB, "name", "n", NULL)));
  dp_reply_unref(run_with(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL), &options));
  assert_int_equal(script_hits(w->server, 0), 3);
  close_world(w);
}

/* --- breaker, pace, wait -------------------------------------------------------------------------------------- */

static void an_open_breaker_answers_at_once(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 6, SCRIPT_ANSWER, 500, NULL, broken},
                               {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_client_set(w->client, DP_SET_RETRY, 0);
  for (int i = 0; i < 5; i++)
    dp_reply_unref(run(w, DP_OP_DATASETS_LIST, NULL));
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_BREAKER_OPEN);
  assert_true(dp_reply_error(reply)->retry_after_ms > 0);
  assert_int_equal(script_hits(w->server, 0), 5);
  dp_reply_unref(reply);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_WAIT;
  reply = run_with(w, DP_OP_DATASETS_LIST, NULL, &options); /* the probe, which fails … */
  assert_kind(reply, DP_SERVER_ERROR);
  dp_reply_unref(reply);
  reply = run_with(w, DP_OP_DATASETS_LIST, NULL, &options); /* … and the one that does not */
  assert_kind(reply, DP_OK);
  assert_true(dp_reply_meta(reply)->queued_us > 0);
  dp_reply_unref(reply);
  close_world(w);
}

static void two_failures_open_it(dp_client_options *o, dp_profile_options *p) {
  (void)p;
  o->breaker_failures = 2;
  o->breaker_pause_ms = 30000;
}

static void the_clients_options_say_when_a_breaker_opens(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 500, NULL, broken}};
  world *w = open_world(STEPS(steps), "1.12.1", two_failures_open_it);
  dp_client_set(w->client, DP_SET_RETRY, 0);
  for (int i = 0; i < 3; i++) {
    dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
    assert_kind(reply, i < 2 ? DP_SERVER_ERROR : DP_BREAKER_OPEN);
    if (i == 2)
      assert_in_range(dp_reply_error(reply)->retry_after_ms, 20000, 30001);
    dp_reply_unref(reply);
  }
  close_world(w);
}

static void options_are_filled_in_and_checked(void **state) {
  (void)state;
  dp_client_options o = DP_CLIENT_OPTIONS_INIT;
  dp_error err;
  assert_int_equal(dp_client_options_fill(&o, &err), DP_OK);
  assert_int_equal(o.breaker_failures, 5);
  assert_int_equal(o.breaker_pause_ms, 1000);
  assert_int_equal(o.breaker_pause_max_ms, 2500);
  assert_int_equal(o.retry_percent, 10);
  assert_int_equal(o.retry_per_s, 3);
  assert_int_equal(o.connections_per_host, 20);
  assert_int_equal(o.verify_window_ms, 10000);
  o = (dp_client_options)DP_CLIENT_OPTIONS_INIT;
  o.breaker_pause_ms = 5000;
  assert_int_equal(dp_client_options_fill(&o, &err), DP_OK);
  assert_int_equal(o.breaker_pause_max_ms, 5000);
  o.breaker_pause_max_ms = 4999;
  assert_int_equal(dp_client_options_fill(&o, &err), DP_INVALID_REQUEST);
  assert_string_equal(err.code, "breaker_pause_max_ms");
  o = (dp_client_options)DP_CLIENT_OPTIONS_INIT;
  o.retry_percent = 101;
  assert_int_equal(dp_client_options_fill(&o, &err), DP_INVALID_REQUEST);
  o.size = 8;
  assert_int_equal(dp_client_options_fill(&o, &err), DP_INVALID_REQUEST);
  assert_string_equal(err.code, "options_size");
}

/* Those that wait for a place when the breaker opens must not go out to the server that is down. */
static void an_outage_costs_few_attempts(void **state) {
  (void)state;
  enum { CALLS = 300, PLACES = 20, BAD_BEFORE_IT_OPENS = 5, PROBES = 10 };
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_CLOSE, 0, NULL, NULL}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box *boxes = calloc(CALLS, sizeof *boxes);
  dp_call *calls[CALLS];
  unsigned open = 0;
  dp_client_set(w->client, DP_SET_RETRY, 0);
  for (int i = 0; i < CALLS; i++) {
    char word[16];
    snprintf(word, sizeof word, "w%d", i); /* no two are equal, so none is shared */
    pthread_mutex_init(&boxes[i].lock, NULL);
    pthread_cond_init(&boxes[i].filled, NULL);
    calls[i] = start(w, DP_OP_DATASETS_LIST, args_of("keyword", word, NULL), NULL, &boxes[i]);
  }
  for (int i = 0; i < CALLS; i++) {
    dp_kind kind = dp_reply_kind(wait_for(&boxes[i], &boxes[i].first));
    assert_true(kind == DP_UNREACHABLE || kind == DP_BREAKER_OPEN);
    open += kind == DP_BREAKER_OPEN;
    dp_call_unref(calls[i]);
  }
  /* On a slow machine the breaker may be due for a probe, or a few, while the calls come in. */
  assert_true(script_hits(w->server, 0) <= PLACES + BAD_BEFORE_IT_OPENS + PROBES);
  assert_true(open >= CALLS - PLACES - BAD_BEFORE_IT_OPENS - PROBES);
  close_world(w);
  for (int i = 0; i < CALLS; i++)
    empty(&boxes[i]);
  free(boxes);
}

/* The wait option is for a breaker and the pace: what cannot be reached costs tries. */
static void waiting_makes_no_more_tries(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_CLOSE, 0, NULL, NULL}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_WAIT;
  dp_client_set(w->client, DP_SET_BREAKER, 0);
  dp_reply *reply = run_with(w, DP_OP_DATASETS_LIST, NULL, &options);
  assert_kind(reply, DP_UNREACHABLE);
  assert_int_equal(script_hits(w->server, 0), 3); /* retry_attempts, by default */
  dp_reply_unref(reply);
  close_world(w);
}

static void a_bad_page_opens_no_breaker(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 0, SCRIPT_ANSWER, 400, NULL,
                                "{\"code\":\"invalid_param\",\"message\":\"bad\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  for (int i = 0; i < 20; i++) {
    dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page());
    assert_kind(reply, DP_INVALID_REQUEST);
    dp_reply_unref(reply);
  }
  assert_int_equal(script_hits(w->server, 0), 20);
  close_world(w);
}

static void a_write_is_never_the_probe(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{\"id\":\"x\"}"},
      {"GET", "/v1/datasets?keyword=", 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"},
      {"PATCH", "/v1/datasets", 5, SCRIPT_ANSWER, 500, NULL, broken},
      {"GET", "/v1/datasets/tags", 0, SCRIPT_ANSWER, 400, NULL,
       "{\"code\":\"invalid_param\",\"message\":\"bad\"}"},
      {"GET", "/v1/", 0, SCRIPT_ANSWER, 404, "Content-Type: text/html\r\n", "<html>"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_client_set(w->client, DP_SET_RETRY, 0);
  for (int i = 0; i < 5; i++) /* which this server cannot prove: it lists no tags */
    dp_reply_unref(run(w, DP_OP_TAGS_UPDATE, args_of("tag_id", KB, "name", "n", NULL)));
  dp_reply *reply = run(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL));
  assert_kind(reply, DP_BREAKER_OPEN);
  dp_reply_unref(reply);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_WAIT;
  reply = run_with(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL), &options);
  assert_kind(reply, DP_OK);
  assert_int_equal(script_hits(w->server, 4), 1);
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_proxy_that_refuses_the_host_is_left_alone(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets", 1, SCRIPT_ANSWER, 429, "Content-Type: text/html\r\nRetry-After: 2\r\n",
       "<html>error 1015</html>"},
      {"GET", "/v1/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), NULL, NULL);
  dp_client_set(w->client, DP_SET_RETRY, 0);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_RATE_LIMITED);
  assert_int_equal(dp_reply_error(reply)->retry_after_ms, 2000);
  dp_reply_unref(reply);
  reply = run(w, DP_OP_APPS_INFO, NULL); /* another operation: the whole host is held */
  assert_kind(reply, DP_RATE_LIMITED);
  assert_int_equal(script_hits(w->server, 1), 0);
  dp_reply_unref(reply);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_WAIT;
  reply = run_with(w, DP_OP_APPS_INFO, NULL, &options);
  assert_kind(reply, DP_OK);
  assert_true(dp_reply_meta(reply)->queued_us > 500000);
  dp_reply_unref(reply);
  close_world(w);
}

static void two_a_minute(dp_client_options *o, dp_profile_options *p) {
  (void)o;
  p->pace_per_minute = 2;
}

static void a_configured_pace_counts_from_the_start(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", two_a_minute);
  for (int i = 0; i < 3; i++) {
    dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page());
    assert_kind(reply, i < 2 ? DP_OK : DP_RATE_LIMITED);
    dp_reply_unref(reply);
  }
  assert_int_equal(script_hits(w->server, 0), 2);
  box b = BOX; /* it would wait for a minute; whoever ends it gets an answer at once */
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_WAIT;
  options.deadline_ms = 80000;
  dp_call *call = start(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page(), &options, &b);
  dp_call_cancel(call);
  assert_kind(wait_for(&b, &b.first), DP_CANCELLED);
  dp_call_unref(call);
  close_world(w);
  empty(&b);
}

static void the_plans_refusal_teaches(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 1, SCRIPT_ANSWER, 403, NULL, refused_rate},
                               {"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page());
  assert_kind(reply, DP_RATE_LIMITED);
  assert_true(dp_reply_error(reply)->retry_after_ms > 30000);
  assert_int_equal(dp_reply_error(reply)->retryable, 1);
  dp_reply_unref(reply);
  reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page());
  assert_kind(reply, DP_RATE_LIMITED);
  assert_string_equal(dp_reply_error(reply)->code, "pace");
  assert_int_equal(script_hits(w->server, 0) + script_hits(w->server, 1), 1);
  dp_reply_unref(reply);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_WAIT; /* its 20 s end before the window does: told at once */
  reply = run_with(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page(), &options);
  assert_kind(reply, DP_RATE_LIMITED);
  assert_true(dp_reply_meta(reply)->total_us < 5000000);
  dp_reply_unref(reply);
  reply = run(w, DP_OP_DATASETS_LIST, NULL); /* is not counted by the plan */
  assert_int_equal(dp_reply_status(reply), 404);
  dp_reply_unref(reply);
  close_world(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(metadata_of_one_document_is_written_one_at_a_time),
      TEST(equal_reads_share_one_transfer),
      TEST(a_leader_without_time_for_a_repeat_costs_nobody_his_answer),
      TEST(who_waits_for_a_breaker_is_not_ended_by_one_who_does_not),
      TEST(a_write_between_parts_equal_reads),
      TEST(an_answer_may_be_as_old_as_its_caller_says),
      TEST(an_open_breaker_answers_at_once),
      TEST(the_clients_options_say_when_a_breaker_opens),
      TEST(options_are_filled_in_and_checked),
      TEST(an_outage_costs_few_attempts),
      TEST(waiting_makes_no_more_tries),
      TEST(a_bad_page_opens_no_breaker),
      TEST(a_write_is_never_the_probe),
      TEST(a_proxy_that_refuses_the_host_is_left_alone),
      TEST(a_configured_pace_counts_from_the_start),
      TEST(the_plans_refusal_teaches),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
