/* Many threads at one client: starting, cancelling, switching, looking at statistics, all at
 * once. */
#include "world.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, EACH = 60 };

typedef struct worker {
  pthread_t thread;
  world *world;
  int number;
  atomic_uint *done;
} worker;

static void count_done(dp_exchange *e, const dp_outcome *outcome, void *user) {
  (void)e, (void)outcome;
  atomic_fetch_add((atomic_uint *)user, 1);
}

static void *start_many(void *user) {
  worker *k = user;
  for (int i = 0; i < EACH; i++) {
    dp_exchange_options o = options_for(i % 10 == 9 ? "/die" : "/ok", NULL);
    dp_exchange *e = NULL;
    o.on_head = NULL;
    o.on_data = NULL;
    o.on_done = count_done;
    o.user = k->done;
    o.priority = (dp_priority)(i % 3);
    if (dp_exchange_start(k->world->client, &o, &e, NULL) != DP_OK)
      abort();
    if (i % 7 == 0)
      dp_exchange_cancel(e);
    if (i % 5 == 0)
      dp_exchange_resume(e);
    dp_exchange_unref(e);
  }
  return NULL;
}

static void *look_and_switch(void *user) {
  worker *k = user;
  for (int i = 0; i < EACH; i++) {
    dp_stats stats = DP_STATS_INIT;
    if (dp_client_stats(k->world->client, &stats) != DP_OK)
      abort();
    dp_stats_clear(&stats);
    dp_client_set(k->world->client, DP_SET_POOLING, i % 4 != 0);
  }
  dp_client_set(k->world->client, DP_SET_POOLING, 1);
  return NULL;
}

static void *come_and_go(void *user) {
  worker *k = user;
  for (int i = 0; i < EACH; i++) {
    dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
    dp_profile *profile;
    p.base_url = httpd_url(k->world->server);
    if (dp_profile_new(k->world->client, &p, &profile, NULL) != DP_OK)
      abort();
    dp_exchange_options o = options_for("/ok", NULL);
    o.profile = profile;
    o.on_head = NULL;
    o.on_data = NULL;
    o.on_done = count_done;
    o.user = k->done;
    if (dp_exchange_start(k->world->client, &o, NULL, NULL) != DP_OK)
      abort();
    dp_profile_unref(profile);
  }
  return NULL;
}

static void run_workers(world *w, atomic_uint *done) {
  worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.world = w, .number = i, .done = done};
    void *(*work)(void *) = i == 0 ? look_and_switch : i == 1 ? come_and_go : start_many;
    assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++)
    pthread_join(workers[i].thread, NULL);
}

static void test_many_threads(void **state) {
  world *w = *state;
  atomic_uint done = 0;
  run_workers(w, &done);
  assert_int_equal(dp_client_drain(w->client, 60000), DP_OK);
  assert_int_equal(atomic_load(&done), (THREADS - 2) * EACH + EACH);
}

static void test_freed_with_much_to_do(void **state) {
  world *w = *state;
  atomic_uint done = 0;
  run_workers(w, &done);
  dp_client_free(w->client);
  assert_int_equal(atomic_load(&done), (THREADS - 2) * EACH + EACH);
  world_start_with(w, (dp_client_options)DP_CLIENT_OPTIONS_INIT);
}

static void test_dispatching(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.dispatch = 1;
  world_restart(w, options);
  atomic_uint done = 0;
  run_workers(w, &done);
  assert_int_equal(dp_client_drain(w->client, 60000), DP_OK);
  assert_int_equal(atomic_load(&done), (THREADS - 2) * EACH + EACH);
}

static void test_clients_in_turn(void **state) {
  world *w = *state;
  for (int i = 0; i < 20; i++) {
    world_restart(w, (dp_client_options)DP_CLIENT_OPTIONS_INIT);
    if (i % 2)
      expect(w, "/ok", DP_OK, "");
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_many_threads),
      TEST(test_freed_with_much_to_do),
      TEST(test_dispatching),
      TEST(test_clients_in_turn),
  };
  return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
