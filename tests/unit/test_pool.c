/* The pool: how many connections there are, who waits, who goes first, and what is never sent
 * twice. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 50 };

static void run_many(world *w, const char *path) {
  for (int i = 0; i < MANY; i++)
    expect(w, path, DP_OK, "");
}

static void test_one_after_another(void **state) {
  world *w = *state;
  run_many(w, "/ok");
  assert_int_equal(httpd_count(w->server).connections, 1);
  dp_host_stats host = host_stats(w);
  assert_int_equal(host.connections_opened, 1);
  assert_int_equal(host.connections_reused, MANY - 1);
  assert_int_equal(host.connections_open, 1);
  assert_int_equal(host.connections_in_use, 0);
  assert_int_equal(host.transfers, MANY);
  assert_int_equal(host.received, 2 * MANY);
}

static void test_unpooled(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.pooling = 0;
  world_restart(w, options);
  run_many(w, "/ok");
  assert_int_equal(httpd_count(w->server).connections, MANY);
  dp_host_stats host = host_stats(w);
  assert_int_equal(host.connections_opened, MANY);
  assert_int_equal(host.connections_reused, 0);
  assert_int_equal(host.connections_open, 0);
}

static int is_all_closed(const dp_host_stats *host) {
  return host->connections_open == 0;
}

static void test_switch(void **state) {
  world *w = *state;
  expect(w, "/ok", DP_OK, "");
  assert_int_equal(host_stats(w).connections_open, 1);
  assert_int_equal(dp_client_set(w->client, DP_SET_POOLING, 0), DP_OK);
  assert_true(httpd_wait_ended(w->server, 1)); /* the idle one went at once */
  wait_stats(w, is_all_closed);
  expect(w, "/ok", DP_OK, "");
  expect(w, "/ok", DP_OK, "");
  assert_int_equal(httpd_count(w->server).connections, 3);
  assert_int_equal(dp_client_set(w->client, DP_SET_POOLING, 1), DP_OK);
  expect(w, "/ok", DP_OK, "");
  expect(w, "/ok", DP_OK, "");
  assert_int_equal(httpd_count(w->server).connections, 4);
  assert_int_equal(dp_client_set(w->client, DP_SET_POOLING, 2), DP_INVALID_REQUEST);
  assert_int_equal(dp_client_set(w->client, (dp_switch)99, 1), DP_INVALID_REQUEST);
}

static void test_bound(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.connections_per_host = options.concurrency_start = 7;
  world_restart(w, options);
  result *results[MANY];
  for (int i = 0; i < MANY; i++) {
    results[i] = result_new();
    dp_exchange_options o = options_for("/work", results[i]);
    start(w, &o, results[i]);
  }
  assert_true(httpd_wait_requests(w->server, 7));
  dp_host_stats host = host_stats(w);
  assert_int_equal(host.connections_in_use, 7);
  assert_int_equal(host.connections_bound, 7);
  assert_int_equal(host.waiting, MANY - 7);
  httpd_release(w->server);
  for (int i = 0; i < MANY; i++) {
    result_wait(results[i]);
    assert_int_equal(results[i]->error.kind, DP_OK);
    result_free(results[i]);
  }
  httpd_counts counts = httpd_count(w->server);
  assert_int_equal(counts.connections, 7);
  assert_int_equal(counts.most, 7);
  host = host_stats(w);
  assert_int_equal(host.connections_open, 7);
  assert_int_equal(host.connections_in_use, 0);
  assert_int_equal(host.waiting, 0);
}

static void test_wait_queue(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.connections_per_host = 1;
  options.wait_queue = 2;
  world_restart(w, options);
  result *results[4];
  for (int i = 0; i < 4; i++) {
    results[i] = result_new();
    dp_exchange_options o = options_for("/work", results[i]);
    start(w, &o, results[i]);
  }
  result_wait(results[3]);
  assert_int_equal(results[3]->error.kind, DP_BUSY);
  assert_string_equal(results[3]->error.code, "wait_queue");
  assert_false(results[3]->outcome.started);
  httpd_release(w->server);
  for (int i = 0; i < 4; i++) {
    result_wait(results[i]);
    assert_int_equal(results[i]->error.kind, i < 3 ? DP_OK : DP_BUSY);
    result_free(results[i]);
  }
}

/* Who was done in which order. */
typedef struct order {
  pthread_mutex_t lock;
  char text[16];
  size_t length;
} order;

typedef struct letter {
  order *order;
  char name;
  result *result;
} letter;

static void note_letter(dp_exchange *e, const dp_outcome *outcome, void *user) {
  letter *l = user;
  pthread_mutex_lock(&l->order->lock);
  l->order->text[l->order->length++] = l->name;
  pthread_mutex_unlock(&l->order->lock);
  result_on_done(e, outcome, l->result);
}

static void test_priorities(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.connections_per_host = 1;
  world_restart(w, options);
  static const dp_priority priorities[] = {
      DP_PRIORITY_NORMAL, DP_PRIORITY_BULK,        DP_PRIORITY_NORMAL, DP_PRIORITY_INTERACTIVE,
      DP_PRIORITY_BULK,   DP_PRIORITY_INTERACTIVE, DP_PRIORITY_NORMAL};
  order sequence = {.lock = PTHREAD_MUTEX_INITIALIZER};
  letter letters[7];
  for (int i = 0; i < 7; i++) {
    letters[i] = (letter){&sequence, (char)('a' + i), result_new()};
    dp_exchange_options o = options_for("/work", letters[i].result);
    o.on_head = NULL;
    o.on_data = NULL;
    o.on_done = note_letter;
    o.user = &letters[i];
    o.priority = priorities[i];
    start(w, &o, letters[i].result);
    if (i == 0)
      assert_true(httpd_wait_requests(w->server, 1)); /* it has the only place */
  }
  assert_int_equal(host_stats(w).waiting, 6); /* all have arrived */
  httpd_release(w->server);
  for (int i = 0; i < 7; i++) {
    result_wait(letters[i].result);
    result_free(letters[i].result);
  }
  assert_string_equal(sequence.text, "adfcgbe");
}

static void test_lanes(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.connections_per_host = 1;
  options.streams_per_host = 2;
  world_restart(w, options);
  result *streams[3], *call = result_new();
  for (int i = 0; i < 3; i++) {
    streams[i] = result_new();
    dp_exchange_options o = options_for("/work", streams[i]);
    o.lane = DP_LANE_STREAM;
    start(w, &o, streams[i]);
  }
  assert_true(httpd_wait_requests(w->server, 2));
  dp_exchange_options o = options_for("/ok", call);
  result_free(run(w, &o)); /* streams do not keep a call waiting */
  assert_int_equal(host_stats(w).waiting, 1);
  httpd_release(w->server);
  for (int i = 0; i < 3; i++) {
    result_wait(streams[i]);
    result_free(streams[i]);
  }
  assert_int_equal(httpd_count(w->server).most, 3);
}

static void test_profiles_bound(void **state) {
  world *w = *state;
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  p.base_url = httpd_url(w->server);
  p.connections = 1;
  dp_profile *narrow;
  dp_error err;
  assert_int_equal(dp_profile_new(w->client, &p, &narrow, &err), DP_OK);
  result *first = result_new(), *second = result_new(), *other = result_new();
  dp_exchange_options o = options_for("/work", first);
  o.profile = narrow;
  start(w, &o, first);
  o.user = second;
  start(w, &o, second);
  assert_true(httpd_wait_requests(w->server, 1));
  dp_exchange_options passing = options_for("/ok", other);
  result_free(run(w, &passing)); /* another profile's call goes past the one that waits */
  assert_int_equal(host_stats(w).waiting, 1);
  httpd_release(w->server);
  result_wait(first);
  result_wait(second);
  result_free(first);
  result_free(second);
  dp_profile_unref(narrow);
}

/* --- reused connections that die ------------------------------------------------------------- */

static void test_post_is_sent_once(void **state) {
  world *w = *state;
  expect(w, "/second", DP_OK, "");
  result *r = post(w, "/second", "work");
  assert_int_equal(r->error.kind, DP_UNREACHABLE);
  assert_string_equal(r->error.code, "reset");
  assert_true(r->outcome.started);
  assert_int_equal(httpd_count(w->server).requests, 2);
  assert_int_equal(httpd_count(w->server).bodies, 2);
  assert_int_equal(host_stats(w).idle_age_ms, 30000); /* half of what it was */
  result_free(r);
  expect(w, "/ok", DP_OK, "");
}

static void test_get_is_repeated(void **state) {
  world *w = *state;
  expect(w, "/second", DP_OK, "");
  expect(w, "/second", DP_OK, "");
  httpd_counts counts = httpd_count(w->server);
  assert_int_equal(counts.requests,
                   3); /* the second was read, and came again on a new connection */
  assert_int_equal(counts.connections, 2);
}

static void test_delete_is_sent_once(void **state) {
  world *w = *state;
  expect(w, "/second", DP_OK, "");
  dp_exchange_options o = options_for("/second", result_new());
  o.method = "DELETE";
  o.repeatable = 0;
  result *r = run(w, &o);
  assert_int_equal(r->error.kind, DP_UNREACHABLE);
  assert_int_equal(httpd_count(w->server).requests, 2);
  result_free(r);
}

static void test_closed_while_idle(void **state) {
  world *w = *state;
  expect(w, "/closing", DP_OK, "");
  wait_stats(w, is_all_closed); /* seen without a request */
  result *r = post(w, "/ok", "x");
  assert_int_equal(r->error.kind, DP_OK);
  assert_int_equal(httpd_count(w->server).connections, 2);
  assert_int_equal(httpd_count(w->server).requests, 2);
  result_free(r);
}

static void test_connection_close(void **state) {
  world *w = *state;
  expect(w, "/close", DP_OK, "");
  wait_stats(w, is_all_closed);
  expect(w, "/close", DP_OK, "");
  assert_int_equal(httpd_count(w->server).connections, 2);
}

static void test_idle_age(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.idle_age_ms = 100;
  world_restart(w, options);
  expect(w, "/ok", DP_OK, "");
  assert_true(httpd_wait_ended(w->server, 1)); /* nobody asked for it */
  wait_stats(w, is_all_closed);
  expect(w, "/ok", DP_OK, "");
  assert_int_equal(httpd_count(w->server).connections, 2);
}

/* --- warm-up --------------------------------------------------------------------------------- */

static void on_warm(dp_profile *profile, uint32_t ready, void *user) {
  (void)profile;
  result *r = user;
  r->outcome.status = (int32_t)ready;
  result_on_done(NULL, &(dp_outcome){.status = (int32_t)ready, .meta.version = ""}, r);
}

static void test_warm(void **state) {
  world *w = *state;
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  p.base_url = httpd_url(w->server);
  dp_profile *profile;
  dp_error err;
  assert_int_equal(dp_profile_new(w->client, &p, &profile, &err), DP_OK);
  result *r = result_new();
  assert_int_equal(dp_profile_warm(profile, 0, on_warm, r), DP_INVALID_REQUEST);
  assert_int_equal(dp_profile_warm(profile, 12, on_warm, r), DP_OK);
  result_wait(r);
  assert_int_equal(r->outcome.status, 12);
  assert_int_equal(httpd_count(w->server).connections, 12);
  dp_host_stats host = host_stats(w);
  assert_int_equal(host.connections_open, 12);
  assert_int_equal(host.connections_in_use, 0);
  run_many(w, "/ok");
  assert_int_equal(httpd_count(w->server).connections, 12);
  dp_profile_unref(profile);
  result_free(r);
}

static int has_three_idle(const dp_host_stats *host) {
  return host->connections_open == 3 && host->connections_in_use == 0 && host->transfers == 3;
}

static void test_warm_from_the_start(void **state) {
  world *w = *state;
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  p.base_url = httpd_url(w->server);
  p.warm = 3;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.profile = &p;
  world_restart(w, options);
  assert_true(httpd_wait_requests(w->server, 3));
  wait_stats(w, has_three_idle);
  assert_int_equal(httpd_count(w->server).connections, 3);
}

static void test_statistics(void **state) {
  world *w = *state;
  expect(w, "/ok", DP_OK, "");
  dp_stats stats = DP_STATS_INIT;
  assert_int_equal(dp_client_stats(w->client, &stats), DP_OK);
  assert_int_equal(stats.pooling, 1);
  assert_int_equal(stats.profiles, 1);
  assert_int_equal(stats.host_count, 1);
  assert_string_equal(stats.hosts[0].version, "1.2.3");
  assert_string_equal(stats.hosts[0].breaker, "closed");
  char origin[64];
  snprintf(origin, sizeof origin, "http://127.0.0.1:%u", httpd_port(w->server));
  assert_string_equal(stats.hosts[0].origin, origin);
  assert_true(stats.hosts[0].connect_us > 0);
  dp_stats_clear(&stats);
  dp_stats_clear(&stats);
  stats.size = 1;
  assert_int_equal(dp_client_stats(w->client, &stats), DP_INVALID_REQUEST);
}

static void test_two_hosts(void **state) {
  world *w = *state;
  httpd *other = httpd_start(NULL, NULL);
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  p.base_url = httpd_url(other);
  dp_profile *profile;
  dp_error err;
  assert_int_equal(dp_profile_new(w->client, &p, &profile, &err), DP_OK);
  dp_exchange_options o = options_for("/ok", result_new());
  o.profile = profile;
  result_free(run(w, &o));
  expect(w, "/ok", DP_OK, "");
  dp_stats stats = DP_STATS_INIT;
  assert_int_equal(dp_client_stats(w->client, &stats), DP_OK);
  assert_int_equal(stats.host_count, 2);
  assert_int_equal(stats.hosts[0].transfers, 1);
  assert_int_equal(stats.hosts[1].transfers, 1);
  dp_stats_clear(&stats);
  dp_profile_unref(profile); /* its host goes, and with it the idle connection */
  assert_true(httpd_wait_ended(other, 1));
  httpd_stop(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_one_after_another),
      TEST(test_unpooled),
      TEST(test_switch),
      TEST(test_bound),
      TEST(test_wait_queue),
      TEST(test_priorities),
      TEST(test_lanes),
      TEST(test_profiles_bound),
      TEST(test_post_is_sent_once),
      TEST(test_get_is_repeated),
      TEST(test_delete_is_sent_once),
      TEST(test_closed_while_idle),
      TEST(test_connection_close),
      TEST(test_idle_age),
      TEST(test_warm),
      TEST(test_warm_from_the_start),
      TEST(test_statistics),
      TEST(test_two_hosts),
  };
  return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
