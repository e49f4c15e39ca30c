/* A name server that does not answer: other hosts' calls go on, deadlines hold, and freeing does
 * not wait for it. The C library's look-up is replaced by one that hangs for a certain name. */
#include "world.h"

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int hanging, released;

/* libcurl's calls come here, since a program's symbols go before a library's. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **found);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
  typedef int (*look_up)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  if (node && strcmp(node, "unknown.test") == 0)
    return EAI_NONAME;
  if (!node || strcmp(node, "hang.test") != 0) {
    look_up real;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(node, service, hints, found);
  }
  pthread_mutex_lock(&lock);
  hanging++;
  pthread_cond_broadcast(&changed);
  while (!released)
    pthread_cond_wait(&changed, &lock);
  hanging--;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return EAI_AGAIN;
}

static void wait_hanging(int count) {
  pthread_mutex_lock(&lock);
  while (hanging < count)
    pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
}

static int count_hanging(void) {
  pthread_mutex_lock(&lock);
  int count = hanging;
  pthread_mutex_unlock(&lock);
  return count;
}

/* Let the look-ups end, and with them libcurl's threads, which hold descriptors. */
static int end_look_ups(void **state) {
  world *w = *state;
  pthread_mutex_lock(&lock);
  released = 1;
  pthread_cond_broadcast(&changed);
  while (hanging)
    pthread_cond_wait(&changed, &lock);
  released = 0;
  pthread_mutex_unlock(&lock);
  dp_client_free(w->client);
  httpd_stop(w->server);
  for (int i = 0; i < 5000 && count_descriptors() > w->descriptors; i++)
    poll(NULL, 0, 1);
  assert_int_equal(count_descriptors(), w->descriptors);
  free(w);
  return 0;
}

static dp_profile *profile_of(world *w, const char *url) {
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  dp_profile *profile;
  dp_error err;
  p.base_url = url;
  assert_int_equal(dp_profile_new(w->client, &p, &profile, &err), DP_OK);
  return profile;
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void test_others_go_on(void **state) {
  world *w = *state;
  dp_profile *hang = profile_of(w, "http://hang.test");
  result *results[4];
  for (int i = 0; i < 4; i++) {
    results[i] = result_new();
    dp_exchange_options o = options_for("/ok", results[i]);
    o.profile = hang;
    start(w, &o, results[i]);
  }
  wait_hanging(4);
  for (int i = 0; i < 50; i++)
    expect(w, "/ok", DP_OK, "");
  dp_exchange_cancel(results[0]->exchange);
  result_wait(results[0]);
  assert_int_equal(results[0]->error.kind, DP_CANCELLED);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(results[i]->done, i == 0);
    dp_exchange_cancel(results[i]->exchange);
  }
  for (int i = 0; i < 4; i++) {
    result_wait(results[i]);
    result_free(results[i]);
  }
  assert_int_equal(count_hanging(), 4); /* still */
  dp_profile_unref(hang);
}

/* While one look-up ends by its deadline, another call's answer is not delayed by it. */
static void test_deadline(void **state) {
  world *w = *state;
  dp_profile *hang = profile_of(w, "http://hang.test");
  dp_exchange_options o = options_for("/ok", result_new());
  o.profile = hang;
  o.deadline_ms = 100;
  uint64_t began = now_ms();
  result *r = run(w, &o);
  assert_int_equal(r->error.kind, DP_TIMEOUT);
  assert_non_null(strstr(r->error.message, "while the name was looked up"));
  assert_false(r->outcome.started);
  expect(w, "/ok", DP_OK, "");
  assert_true(now_ms() - began < 5000); /* the look-up would never end */
  assert_int_equal(count_hanging(), 1);
  result_free(r);
  dp_profile_unref(hang);
}

static void test_connect_timeout(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.base_url = "http://hang.test";
  options.connect_timeout_ms = 100;
  world_restart(w, options);
  expect(w, "/ok", DP_UNREACHABLE, "connect_timeout");
  assert_int_equal(count_hanging(), 1);
}

static void test_freed_meanwhile(void **state) {
  world *w = *state;
  dp_profile *hang = profile_of(w, "http://hang.test");
  result *results[3];
  for (int i = 0; i < 3; i++) {
    results[i] = result_new();
    dp_exchange_options o = options_for("/ok", results[i]);
    o.profile = hang;
    start(w, &o, results[i]);
  }
  wait_hanging(3);
  dp_profile_unref(hang);
  dp_client_free(w->client);
  assert_int_equal(count_hanging(), 3);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(results[i]->error.kind, DP_CANCELLED);
    result_free(results[i]);
  }
  world_start_with(w, (dp_client_options)DP_CLIENT_OPTIONS_INIT);
}

static void test_unknown(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.base_url = "http://unknown.test";
  world_restart(w, options);
  expect(w, "/ok", DP_UNREACHABLE, "dns");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, end_look_ups)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_others_go_on),    TEST(test_deadline), TEST(test_connect_timeout),
      TEST(test_freed_meanwhile), TEST(test_unknown),
  };
  return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
