/* One call and its reply: reads, mistakes, deadlines, cancel, statistics. */
#include "callworld.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- reads --------------------------------------------------------------------------------------------- */

static void a_read_succeeds(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets?page=2&keyword=a%20b", 0, SCRIPT_ANSWER, 200,
                                NULL, "{\"data\":[]}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_args *args = dp_args_new();
  dp_args_set_int(args, "page", 2);
  dp_args_set_string(args, "keyword", "a b");
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, args);
  size_t length;
  assert_kind(reply, DP_OK);
  assert_int_equal(dp_reply_status(reply), 200);
  assert_string_equal(dp_reply_body(reply, &length), "{\"data\":[]}");
  assert_int_equal(length, 11);
  assert_string_equal(dp_reply_header(reply, "X-VERSION"), "1.12.1");
  const dp_meta *meta = dp_reply_meta(reply);
  assert_int_equal(meta->attempts, 1);
  assert_int_equal(meta->op, DP_OP_DATASETS_LIST);
  assert_string_equal(meta->version, "1.12.1");
  dp_reply_unref(reply);
  close_world(w);
}

static void a_read_is_repeated_after_each_passing_fault(void **state) {
  (void)state;
  const struct {
    script_do what;
    int status;
    const char *body;
  } faults[] = {{SCRIPT_ANSWER, 500, broken}, {SCRIPT_ANSWER, 502, "<html>"},
                {SCRIPT_CLOSE, 0, NULL},      {SCRIPT_RESET, 0, NULL},
                {SCRIPT_CUT, 200, "{\"a\":"}, {SCRIPT_ANSWER, 503, "x"}};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    const script_step steps[] = {
        {"GET", "/v1/datasets", 2, faults[i].what, faults[i].status, NULL, faults[i].body},
        {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
    world *w = open_world(STEPS(steps), "1.12.1", NULL);
    dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
    assert_kind(reply, DP_OK);
    assert_int_equal(dp_reply_meta(reply)->attempts, 3);
    dp_reply_unref(reply);
    close_world(w);
  }
}

static void attempts_are_bounded(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 500, NULL, broken}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_SERVER_ERROR);
  assert_string_equal(dp_reply_error(reply)->code, "unknown");
  assert_int_equal(dp_reply_status(reply), 500);
  assert_int_equal(script_hits(w->server, 0), 3);
  dp_reply_unref(reply);
  dp_client_set(w->client, DP_SET_RETRY, 0);
  reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_SERVER_ERROR);
  assert_int_equal(script_hits(w->server, 0), 4);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_refusal_is_not_repeated(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 404, NULL,
       "{\"code\":\"not_found\",\"message\":\"Dataset not found.\",\"status\":404}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL));
  assert_kind(reply, DP_NOT_FOUND);
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_late_retry_after_is_told_at_once(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 503,
                                "Retry-After: 3600\r\n", "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_OVERLOADED);
  assert_int_equal(dp_reply_error(reply)->retry_after_ms, 3600000);
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
}

/* --- deadlines and cancel ------------------------------------------------------------------------------------ */

static void a_late_write_is_told_twice(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{\"id\":\"" KB "\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  box b = BOX;
  options.deadline_ms = 150;
  options.on_late = put_late;
  dp_call *call = start(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL), &options, &b);
  dp_reply *first = wait_for(&b, &b.first);
  assert_kind(first, DP_UNKNOWN_OUTCOME);
  assert_true(dp_reply_is_pending(first));
  script_release(w->server);
  dp_reply *late = wait_for(&b, &b.late);
  assert_kind(late, DP_OK);
  assert_false(dp_reply_is_pending(late));
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_call_unref(call);
  close_world(w);
  empty(&b);
}

static void a_late_read_is_a_timeout(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.deadline_ms = 100;
  dp_reply *reply = run_with(w, DP_OP_DATASETS_LIST, NULL, &options);
  assert_kind(reply, DP_TIMEOUT);
  assert_false(dp_reply_is_pending(reply));
  dp_reply_unref(reply);
  close_world(w);
}

static void one_connection(dp_client_options *o, dp_profile_options *p) {
  (void)p;
  o->connections_per_host = 1;
}

static void a_write_that_never_got_a_place_is_a_timeout(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"},
                               {"POST", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", one_connection);
  box b = BOX;
  dp_call *call = start(w, DP_OP_DATASETS_LIST, NULL, NULL, &b);
  assert_true(script_wait_hits(w->server, 0, 1));
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.deadline_ms = 100;
  dp_reply *reply = run_with(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL), &options);
  assert_kind(reply, DP_TIMEOUT);
  assert_int_equal(script_hits(w->server, 1), 0);
  dp_reply_unref(reply);
  script_release(w->server);
  wait_for(&b, &b.first);
  dp_call_unref(call);
  close_world(w);
  empty(&b);
}

static void cancel_ends_a_read_and_not_a_write(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"},
                               {"POST", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{\"id\":\"x\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box read = BOX, write = BOX;
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.on_late = put_late;
  dp_call *one = start(w, DP_OP_DATASETS_LIST, NULL, NULL, &read);
  dp_call *two = start(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL), &options, &write);
  assert_true(script_wait_hits(w->server, 0, 1));
  assert_true(script_wait_hits(w->server, 1, 1));
  dp_call_cancel(one);
  dp_call_cancel(two);
  dp_call_cancel(two);
  assert_kind(wait_for(&read, &read.first), DP_CANCELLED);
  dp_reply *pending = wait_for(&write, &write.first);
  assert_kind(pending, DP_UNKNOWN_OUTCOME);
  assert_true(dp_reply_is_pending(pending));
  script_release(w->server);
  assert_kind(wait_for(&write, &write.late), DP_OK);
  dp_call_unref(one);
  dp_call_unref(two);
  close_world(w);
  empty(&read);
  empty(&write);
}

static void free_tells_everybody(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"},
                               {"POST", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box read = BOX, write = BOX;
  dp_call *one = start(w, DP_OP_DATASETS_LIST, NULL, NULL, &read);
  dp_call *two = start(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL), NULL, &write);
  assert_true(script_wait_hits(w->server, 0, 1));
  assert_true(script_wait_hits(w->server, 1, 1));
  dp_client_free(w->client);
  assert_kind(read.first, DP_CANCELLED);
  assert_kind(write.first, DP_UNKNOWN_OUTCOME);
  assert_false(dp_reply_is_pending(write.first));
  dp_call_unref(one);
  dp_call_unref(two);
  script_stop(w->server);
  free(w);
  empty(&read);
  empty(&write);
}

static void a_parent_takes_its_children_along(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box a = BOX, c = BOX;
  dp_call *parent = start(w, DP_OP_DATASETS_LIST, NULL, NULL, &a);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.parent = parent;
  dp_call *child = start(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL), &options, &c);
  assert_true(script_wait_hits(w->server, 0, 2));
  dp_call_cancel(parent);
  assert_kind(wait_for(&c, &c.first), DP_CANCELLED);
  assert_kind(wait_for(&a, &a.first), DP_CANCELLED);
  dp_call_unref(child);
  dp_call_unref(parent);
  close_world(w);
  empty(&a);
  empty(&c);
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static void mistakes_are_told_by_name(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_GET, args_of("dataset_id", "../x", NULL));
  assert_kind(reply, DP_INVALID_REQUEST);
  assert_non_null(strstr(dp_reply_error(reply)->message, "dataset_id"));
  dp_reply_unref(reply);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = 1u << 30;
  reply = run_with(w, DP_OP_DATASETS_LIST, NULL, &options);
  assert_string_equal(dp_reply_error(reply)->code, "flags");
  dp_reply_unref(reply);
  reply = run(w, (dp_op)499, NULL);
  assert_kind(reply, DP_UNSUPPORTED);
  dp_reply_unref(reply);
  assert_int_equal(script_connections(w->server), 0);
  close_world(w);
}

static void statistics_count_calls(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets?", 0, SCRIPT_ANSWER, 500, NULL, broken},
                               {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  for (int i = 0; i < 3; i++)
    dp_reply_unref(run(w, DP_OP_DATASETS_LIST, NULL));
  dp_reply_unref(run(w, DP_OP_DATASETS_LIST, args_of("keyword", "x", NULL)));
  dp_stats stats = DP_STATS_INIT;
  assert_int_equal(dp_client_stats(w->client, &stats), DP_OK);
  assert_int_equal(stats.calls, 4);
  assert_int_equal(stats.errors[DP_OK], 3);
  assert_int_equal(stats.errors[DP_SERVER_ERROR], 1);
  assert_int_equal(stats.hosts[0].calls, 4);
  assert_int_equal(stats.hosts[0].transfers, 6);
  assert_string_equal(stats.hosts[0].breaker, "closed");
  dp_stats_clear(&stats);
  close_world(w);
}

static void nothing_starts_while_draining(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  assert_int_equal(dp_client_drain(w->client, 1000), DP_OK);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_CANCELLED);
  assert_string_equal(dp_reply_error(reply)->code, "draining");
  dp_reply_unref(reply);
  close_world(w);
}

static void wait_in_callback(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  (void)reply;
  void **pair = user;
  dp_reply *inner = NULL;
  dp_client_call(pair[0], DP_OP_DATASETS_LIST, NULL, NULL, &inner);
  put(pair[1], &((box *)pair[1])->first, inner);
  dp_reply_unref(inner);
}

static void a_callback_must_not_wait(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box b = BOX;
  void *pair[] = {w->client, &b};
  assert_int_equal(dp_client_call_async(w->client, DP_OP_DATASETS_LIST, NULL, NULL,
                                        wait_in_callback, pair, NULL, NULL), DP_OK);
  assert_string_equal(dp_reply_error(wait_for(&b, &b.first))->code, "in_callback");
  close_world(w);
  empty(&b);
}

/* --- a loop of one's own, and forked children ----------------------------------------------------------- */

static void with_dispatch(dp_client_options *o, dp_profile_options *p) {
  (void)p;
  o->dispatch = 1;
}

typedef struct dispatched {
  pthread_t thread;
  dp_client *client;
  dp_reply *inner;
} dispatched;

static void note_thread(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  (void)reply;
  dispatched *d = user;
  d->thread = pthread_self();
  dp_client_call(d->client, DP_OP_DATASETS_LIST, NULL, NULL, &d->inner);
}

static void callbacks_wait_for_dispatch(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", with_dispatch);
  dispatched d = {.client = w->client};
  struct pollfd due = {.fd = dp_client_fd(w->client), .events = POLLIN};
  assert_int_equal(dp_client_call_async(w->client, DP_OP_DATASETS_LIST, NULL, NULL, note_thread, &d,
                                        NULL, NULL), DP_OK);
  assert_int_equal(poll(&due, 1, 10000), 1);
  assert_null(d.inner);
  assert_int_equal(dp_client_dispatch(w->client), 1);
  assert_true(pthread_equal(d.thread, pthread_self()));
  assert_string_equal(dp_reply_error(d.inner)->code, "in_callback");
  dp_reply_unref(d.inner);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL); /* needs nobody to dispatch */
  assert_kind(reply, DP_OK);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_forked_child_is_told(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply_unref(run(w, DP_OP_DATASETS_LIST, NULL));
  pid_t child = fork();
  if (child == 0) {
    dp_reply *reply = NULL;
    dp_kind kind = dp_client_call(w->client, DP_OP_DATASETS_LIST, NULL, NULL, &reply);
    _exit(kind == DP_INVALID_REQUEST && strcmp(dp_reply_error(reply)->code, "forked") == 0 ? 0 : 1);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_OK);
  dp_reply_unref(reply);
  close_world(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_read_succeeds),
      TEST(a_read_is_repeated_after_each_passing_fault),
      TEST(attempts_are_bounded),
      TEST(a_refusal_is_not_repeated),
      TEST(a_late_retry_after_is_told_at_once),
      TEST(a_late_write_is_told_twice),
      TEST(a_late_read_is_a_timeout),
      TEST(a_write_that_never_got_a_place_is_a_timeout),
      TEST(cancel_ends_a_read_and_not_a_write),
      TEST(free_tells_everybody),
      TEST(a_parent_takes_its_children_along),
      TEST(mistakes_are_told_by_name),
      TEST(statistics_count_calls),
      TEST(nothing_starts_while_draining),
      TEST(a_callback_must_not_wait),
      TEST(callbacks_wait_for_dispatch),
      TEST(a_forked_child_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
