/* One client, many threads: calls, cancels, a service that comes and goes, a loop beside waiters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "fake.h"

enum { THREADS = 16, CALLS = 300 };

static void in_threads(unsigned count, void *(*run)(void *), void *with) {
  pthread_t threads[THREADS];
  assert_true(count <= THREADS);
  for (unsigned i = 0; i < count; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, run, with), 0);
  for (unsigned i = 0; i < count; i++)
    assert_int_equal(pthread_join(threads[i], NULL), 0);
}

typedef struct shared {
  dpc_client *client;
  atomic_uint good, bad, next;
} shared;

static void *call_often(void *user) {
  shared *s = user;
  char op[32], expected[64];
  for (int i = 0; i < CALLS; i++) {
    dpc_reply *reply;
    snprintf(op, sizeof op, "test.n%u", atomic_fetch_add(&s->next, 1));
    snprintf(expected, sizeof expected, "{\"op\": \"%s\"}", op);
    dpc_kind kind = dpc_call_run(s->client, op, NULL, NULL, &reply);
    bool mine = kind == DPC_OK && strcmp(dpc_reply_body(reply, NULL), expected) == 0;
    atomic_fetch_add(mine ? &s->good : &s->bad, 1);
    dpc_reply_unref(reply);
  }
  return NULL;
}

static void everybody_gets_their_own(void **state) {
  (void)state;
  fake *f = fake_start(NULL, NULL);
  shared s = {.client = fake_client(f, NULL)};
  in_threads(THREADS, call_often, &s);
  assert_int_equal(s.good, THREADS * CALLS);
  assert_int_equal(fake_connections(f), 1);
  dpc_client_close(s.client);
  fake_stop(f);
}

static void everybody_connects_at_once(void **state) {
  (void)state;
  fake *f = fake_start(NULL, NULL);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.lazy = 1;
  options.base_url = "https://dify.example";
  shared s = {.client = fake_client(f, &options)};
  in_threads(THREADS, call_often, &s);
  assert_int_equal(s.good, THREADS * CALLS);
  assert_int_equal(fake_connections(f), 1);
  assert_int_equal(fake_count(f, "service.connect"), 1);
  dpc_client_close(s.client);
  fake_stop(f);
}

static bool hang_up_now_and_then(fake *f, const fake_request *r, void *user) {
  (void)f;
  unsigned *count = user;
  if (strncmp(r->op, "service.", 8) == 0 || ++*count % 500)
    return false;
  fake_hang_up(r->connection);
  return true;
}

static void connections_that_break_under_them(void **state) {
  (void)state;
  unsigned count = 0;
  fake *f = fake_start(hang_up_now_and_then, &count);
  shared s = {.client = fake_client(f, NULL)};
  in_threads(THREADS, call_often, &s);
  assert_int_equal(s.good, THREADS * CALLS);
  assert_true(fake_connections(f) > 5);
  dpc_client_close(s.client);
  fake_stop(f);
}

static void *start_and_cancel(void *user) {
  shared *s = user;
  for (int i = 0; i < CALLS; i++) {
    dpc_call *call;
    dpc_reply *reply;
    if (dpc_call_start(s->client, "a.b", NULL, NULL, NULL, NULL, &call, NULL) != DPC_OK)
      continue;
    if (i % 2)
      dpc_call_cancel(call);
    dpc_kind kind = dpc_call_wait(call, &reply);
    atomic_fetch_add(kind == DPC_OK || kind == DPC_CANCELLED ? &s->good : &s->bad, 1);
    dpc_reply_unref(reply);
    dpc_call_unref(call);
  }
  return NULL;
}

static void cancels_between_calls(void **state) {
  (void)state;
  fake *f = fake_start(NULL, NULL);
  shared s = {.client = fake_client(f, NULL)};
  in_threads(8, start_and_cancel, &s);
  assert_int_equal(s.good, 8 * CALLS);
  dpc_client_close(s.client);
  fake_stop(f);
}

static void on_done(dpc_call *call, dpc_reply *reply, void *user) {
  (void)call;
  shared *s = user;
  atomic_fetch_add(dpc_reply_kind(reply) == DPC_OK ? &s->good : &s->bad, 1);
}

static void *start_often(void *user) {
  shared *s = user;
  for (int i = 0; i < CALLS; i++)
    if (dpc_call_start(s->client, "a.b", NULL, NULL, on_done, s, NULL, NULL) != DPC_OK)
      atomic_fetch_add(&s->bad, 1);
  return NULL;
}

/* Threads that start calls with callbacks, threads that wait, and one that dispatches. */
static void a_loop_beside_waiters(void **state) {
  (void)state;
  fake *f = fake_start(NULL, NULL);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.dispatch = options.lazy = 1;
  shared started = {.client = fake_client(f, &options)}, waited = {.client = started.client};
  pthread_t threads[6];
  for (int i = 0; i < 6; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, i % 2 ? start_often : call_often,
                                    i % 2 ? &started : &waited),
                     0);
  while (atomic_load(&started.good) + atomic_load(&started.bad) < 3 * CALLS) {
    struct pollfd fd = {.fd = dpc_client_fd(started.client), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 20000), 1);
    dpc_client_dispatch(started.client);
  }
  for (int i = 0; i < 6; i++)
    pthread_join(threads[i], NULL);
  assert_int_equal(started.bad, 0);
  assert_int_equal(started.good, 3 * CALLS);
  assert_int_equal(waited.good, 3 * CALLS);
  dpc_client_close(started.client);
  fake_stop(f);
}

/* Only the first request of all is answered late: who waits behind it must be able to lead. */
typedef struct late {
  fake_request kept;
  unsigned count;
} late;

static bool answer_first_last(fake *f, const fake_request *r, void *user) {
  late *l = user;
  if (strncmp(r->op, "service.", 8) == 0)
    return false;
  if (strcmp(r->op, "test.first") == 0) {
    l->kept = *r;
    return true;
  }
  if (++l->count == 4 * CALLS)
    fake_ok(f, &l->kept, "late", 4);
  return false;
}

static void *wait_for_first(void *user) {
  shared *s = user;
  dpc_reply *reply;
  if (dpc_call_run(s->client, "test.first", NULL, NULL, &reply) == DPC_OK)
    atomic_fetch_add(&s->good, 1);
  dpc_reply_unref(reply);
  return NULL;
}

static void a_leader_that_waits_long_reads_for_others(void **state) {
  (void)state;
  late l = {.count = 0};
  fake *f = fake_start(answer_first_last, &l);
  shared s = {.client = fake_client(f, NULL)};
  pthread_t first;
  assert_int_equal(pthread_create(&first, NULL, wait_for_first, &s), 0);
  fake_await(f, "test.first", 1);
  in_threads(4, call_often, &s);
  pthread_join(first, NULL);
  assert_int_equal(s.good, 4 * CALLS + 1);
  dpc_client_close(s.client);
  fake_stop(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everybody_gets_their_own),
      cmocka_unit_test(everybody_connects_at_once),
      cmocka_unit_test(connections_that_break_under_them),
      cmocka_unit_test(cancels_between_calls),
      cmocka_unit_test(a_loop_beside_waiters),
      cmocka_unit_test(a_leader_that_waits_long_reads_for_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
