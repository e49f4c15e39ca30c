/* Bodies in pieces: pausing and going on, either way, with bounded memory; and the same where the
 * program dispatches. */
#include "world.h"

#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BIG = 8 << 20, BOUND = 2 << 20 };

/* A program that takes or gives a piece only when it was told to. */
typedef struct flow {
  result *result;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int pauses;      /* how often PAUSE was answered */
  int allowed;     /* pieces that may pass; -1 = all */
  int paused_head; /* times to refuse the head */
  size_t taken, left;
  unsigned sum;
  pthread_t thread;
  int aborts;
} flow;

static flow *flow_new(int allowed) {
  flow *f = calloc(1, sizeof *f);
  f->result = result_new();
  f->allowed = allowed;
  pthread_mutex_init(&f->lock, NULL);
  pthread_cond_init(&f->changed, NULL);
  return f;
}

static void flow_free(flow *f) {
  result_free(f->result);
  pthread_mutex_destroy(&f->lock);
  pthread_cond_destroy(&f->changed);
  free(f);
}

/* Whether one more piece may pass; else it counts a pause. */
static int pass(flow *f) {
  pthread_mutex_lock(&f->lock);
  int may = f->allowed != 0;
  if (f->allowed > 0)
    f->allowed--;
  f->pauses += !may;
  pthread_cond_signal(&f->changed);
  pthread_mutex_unlock(&f->lock);
  return may;
}

static int wait_pauses(flow *f, int count) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 10;
  int failed = 0;
  pthread_mutex_lock(&f->lock);
  while (f->pauses < count && !failed)
    failed = pthread_cond_timedwait(&f->changed, &f->lock, &until);
  int pauses = f->pauses;
  pthread_mutex_unlock(&f->lock);
  assert_int_equal(failed, 0);
  return pauses;
}

static void allow(flow *f, int pieces) {
  pthread_mutex_lock(&f->lock);
  f->allowed = pieces;
  pthread_mutex_unlock(&f->lock);
  dp_exchange_resume(f->result->exchange);
}

static dp_flow on_head(dp_exchange *e, const dp_head *head, void *user) {
  flow *f = user;
  f->thread = pthread_self();
  if (f->paused_head > 0) {
    f->paused_head--;
    pthread_mutex_lock(&f->lock);
    f->pauses++;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return DP_FLOW_PAUSE;
  }
  return result_on_head(e, head, f->result);
}

static dp_flow on_data(dp_exchange *e, const void *data, size_t length, void *user) {
  (void)e;
  flow *f = user;
  if (f->aborts)
    return DP_FLOW_ABORT;
  if (!pass(f))
    return DP_FLOW_PAUSE;
  const unsigned char *byte = data;
  for (size_t i = 0; i < length; i++)
    f->sum = f->sum * 31 + byte[i];
  f->taken += length;
  f->thread = pthread_self();
  return DP_FLOW_CONTINUE;
}

static dp_flow source(dp_exchange *e, void *buffer, size_t capacity, size_t *length, void *user) {
  (void)e;
  flow *f = user;
  if (f->aborts)
    return DP_FLOW_ABORT;
  if (!pass(f))
    return DP_FLOW_PAUSE;
  *length = f->left < capacity ? f->left : capacity;
  memset(buffer, 'u', *length);
  f->left -= *length;
  f->taken += *length;
  return DP_FLOW_CONTINUE;
}

static void on_done(dp_exchange *e, const dp_outcome *outcome, void *user) {
  flow *f = user;
  f->thread = pthread_self();
  result_on_done(e, outcome, f->result);
}

static dp_exchange_options flow_options(const char *path, flow *f) {
  dp_exchange_options o = options_for(path, NULL);
  o.on_head = on_head;
  o.on_data = on_data;
  o.on_done = on_done;
  o.user = f;
  return o;
}

static unsigned sum_of_big(void) {
  unsigned sum = 0;
  for (size_t i = 0; i < BIG; i++)
    sum = sum * 31 + (unsigned char)(i * 7 + i / 4096);
  return sum;
}

static size_t in_use(void) {
  return mallinfo2().uordblks;
}

static void test_paused_download(void **state) {
  world *w = *state;
  flow *f = flow_new(3);
  dp_exchange_options o = flow_options("/big", f);
  start(w, &o, f->result);
  wait_pauses(f, 1);
  size_t taken = f->taken;
  assert_true(taken > 0 && taken < BOUND);
  allow(f, 2);
  wait_pauses(f, 2);
  assert_true(f->taken > taken && f->taken < BOUND);
  /* The server holds the rest: it has a copy of its own, of 8 MiB, and we next to nothing. */
  assert_true(in_use() < (size_t)BIG + BOUND);
  allow(f, -1);
  result_wait(f->result);
  assert_int_equal(f->result->error.kind, DP_OK);
  assert_int_equal(f->taken, BIG);
  assert_int_equal(f->sum, sum_of_big());
  flow_free(f);
}

static void test_paused_often(void **state) {
  world *w = *state;
  flow *f = flow_new(0);
  dp_exchange_options o = flow_options("/big", f);
  start(w, &o, f->result);
  for (int i = 1; i <= 100; i++) {
    wait_pauses(f, i);
    allow(f, 1);
  }
  wait_pauses(f, 101);
  allow(f, -1);
  result_wait(f->result);
  assert_int_equal(f->sum, sum_of_big());
  flow_free(f);
}

static void test_paused_head(void **state) {
  world *w = *state;
  static const char *const paths[] = {"/big", "/ok"};
  for (size_t i = 0; i < 2; i++) {
    flow *f = flow_new(-1);
    f->paused_head = 2;
    dp_exchange_options o = flow_options(paths[i], f);
    start(w, &o, f->result);
    wait_pauses(f, 1);
    dp_exchange_resume(f->result->exchange);
    wait_pauses(f, 2);
    assert_int_equal(f->result->heads, 0);
    assert_int_equal(f->taken, 0);
    dp_exchange_resume(f->result->exchange);
    result_wait(f->result);
    assert_int_equal(f->result->heads, 1);
    assert_int_equal(f->taken, i == 0 ? BIG : 2);
    flow_free(f);
  }
}

/* A HEAD answer has no body: it is complete while the program has not yet taken its head. */
static void test_paused_head_without_body(void **state) {
  world *w = *state;
  flow *f = flow_new(-1);
  f->paused_head = 1;
  dp_exchange_options o = flow_options("/ok", f);
  o.method = "HEAD";
  start(w, &o, f->result);
  wait_pauses(f, 1);
  expect(w, "/ok", DP_OK, ""); /* it holds no place */
  assert_int_equal(f->result->done, 0);
  dp_exchange_resume(f->result->exchange);
  result_wait(f->result);
  assert_int_equal(f->result->error.kind, DP_OK);
  flow_free(f);
}

static dp_exchange_options upload_options(const char *path, flow *f, int64_t length) {
  dp_exchange_options o = flow_options(path, f);
  o.method = "POST";
  o.on_head = NULL;
  o.on_data = NULL;
  o.source = source;
  o.source_length = length;
  o.repeatable = 0;
  f->left = BIG;
  return o;
}

static void test_paused_upload(void **state) {
  world *w = *state;
  static const int64_t lengths[] = {-1, BIG};
  for (size_t i = 0; i < 2; i++) {
    flow *f = flow_new(2);
    dp_exchange_options o = upload_options("/ok", f, lengths[i]);
    start(w, &o, f->result);
    wait_pauses(f, 1);
    size_t taken = f->taken;
    allow(f, 1);
    wait_pauses(f, 2);
    assert_true(f->taken > taken && f->taken < BOUND);
    allow(f, -1);
    result_wait(f->result);
    assert_int_equal(f->result->error.kind, DP_OK);
    assert_true(f->result->outcome.sent_all);
    flow_free(f);
    assert_int_equal(httpd_count(w->server).body_bytes, (i + 1) * (size_t)BIG);
  }
  char *head = httpd_last(w->server);
  assert_non_null(strstr(head, "Content-Length: 8388608\r\n"));
  free(head);
}

static void test_source_of_another_length(void **state) {
  world *w = *state;
  static const int64_t lengths[] = {BIG - 1, BIG + 1, 0};
  for (size_t i = 0; i < 3; i++) {
    flow *f = flow_new(-1);
    dp_exchange_options o = upload_options("/ok", f, lengths[i]);
    start(w, &o, f->result);
    result_wait(f->result);
    if (lengths[i] > BIG) {
      assert_int_equal(f->result->error.kind, DP_INVALID_REQUEST);
      assert_string_equal(f->result->error.code, "source_length");
    } else { /* it is not asked for more than it said */
      assert_int_equal(f->result->error.kind, DP_OK);
      assert_int_equal(f->taken, lengths[i]);
    }
    flow_free(f);
  }
  expect(w, "/ok", DP_OK, "");
}

/* The server does not read: what the source gave is bounded by the kernel's buffers. */
static void test_upload_to_the_deaf(void **state) {
  world *w = *state;
  flow *f = flow_new(-1);
  dp_exchange_options o = upload_options("/deaf", f, 1 << 30);
  o.stall_ms = 200;
  f->left = 1 << 30;
  start(w, &o, f->result);
  result_wait(f->result);
  assert_int_equal(f->result->error.kind, DP_TIMEOUT);
  assert_string_equal(f->result->error.code, "stall");
  assert_non_null(strstr(f->result->error.message, "while the request was sent"));
  assert_false(f->result->outcome.sent_all);
  assert_true(f->taken < (size_t)1 << 28);
  flow_free(f);
}

static void test_abort(void **state) {
  world *w = *state;
  flow *f = flow_new(-1);
  f->aborts = 1;
  dp_exchange_options o = flow_options("/big", f);
  start(w, &o, f->result);
  result_wait(f->result);
  assert_int_equal(f->result->error.kind, DP_CANCELLED);
  flow_free(f);
  f = flow_new(-1);
  f->aborts = 1;
  o = upload_options("/ok", f, -1);
  start(w, &o, f->result);
  result_wait(f->result);
  assert_int_equal(f->result->error.kind, DP_CANCELLED);
  flow_free(f);
  expect(w, "/ok", DP_OK, "");
}

/* --- where the program dispatches ------------------------------------------------------------ */

static void dispatch_until_done(world *w, result *r) {
  struct pollfd fd = {.fd = dp_client_fd(w->client), .events = POLLIN};
  while (!r->done) {
    assert_int_equal(poll(&fd, 1, 10000), 1);
    dp_client_dispatch(w->client);
  }
}

static void restart_dispatching(world *w) {
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.dispatch = 1;
  world_restart(w, options);
}

static void test_dispatched_download(void **state) {
  world *w = *state;
  restart_dispatching(w);
  flow *f = flow_new(-1);
  dp_exchange_options o = flow_options("/big", f);
  start(w, &o, f->result);
  dispatch_until_done(w, f->result);
  assert_true(pthread_equal(f->thread, pthread_self()));
  assert_int_equal(f->result->error.kind, DP_OK);
  assert_int_equal(f->sum, sum_of_big());
  flow_free(f);
}

static void test_dispatched_pauses(void **state) {
  world *w = *state;
  restart_dispatching(w);
  flow *f = flow_new(0);
  f->paused_head = 1;
  dp_exchange_options o = flow_options("/big", f);
  start(w, &o, f->result);
  struct pollfd fd = {.fd = dp_client_fd(w->client), .events = POLLIN};
  for (int seen = 0; seen < 20; seen = f->pauses) {
    assert_int_equal(poll(&fd, 1, 10000), 1);
    dp_client_dispatch(w->client);
    if (f->pauses > seen)
      allow(f, f->pauses < 20 ? f->pauses % 2 : -1);
  }
  dispatch_until_done(w, f->result);
  assert_int_equal(f->sum, sum_of_big());
  flow_free(f);
}

static void test_dispatched_upload(void **state) {
  world *w = *state;
  restart_dispatching(w);
  flow *f = flow_new(-1);
  dp_exchange_options o = upload_options("/ok", f, -1);
  start(w, &o, f->result);
  dispatch_until_done(w, f->result);
  assert_int_equal(f->result->error.kind, DP_OK);
  assert_int_equal(httpd_count(w->server).body_bytes, BIG);
  flow_free(f);
}

static void test_freed_undispatched(void **state) {
  world *w = *state;
  restart_dispatching(w);
  flow *f = flow_new(-1);
  dp_exchange_options o = flow_options("/big", f);
  start(w, &o, f->result);
  assert_true(httpd_wait_requests(w->server, 1));
  dp_client_free(w->client); /* runs what is due, here */
  assert_int_equal(f->result->done, 1);
  assert_true(pthread_equal(f->thread, pthread_self()));
  flow_free(f);
  world_start_with(w, (dp_client_options)DP_CLIENT_OPTIONS_INIT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_paused_download),     TEST(test_paused_often),
      TEST(test_paused_head),         TEST(test_paused_head_without_body),
      TEST(test_paused_upload),       TEST(test_source_of_another_length),
      TEST(test_upload_to_the_deaf),  TEST(test_abort),
      TEST(test_dispatched_download), TEST(test_dispatched_pauses),
      TEST(test_dispatched_upload),   TEST(test_freed_undispatched),
  };
  return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
