/* The ends that are not the server's: deadlines, stalls, cancels in each phase, parents, freeing,
 * draining, forks. */
#include "world.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(result *r, dp_kind kind, const char *code, const char *text) {
  result_wait(r);
  if (r->error.kind != kind || strcmp(r->error.code, code) || !strstr(r->error.message, text))
    fail_msg("%s %s: %s", dp_kind_name(r->error.kind), r->error.code, r->error.message);
  result_free(r);
}

/* A port whose queue of connections is full: connecting to it hangs. */
typedef struct full_port {
  int listener, clients[8];
  char url[64];
} full_port;

static void full_port_open(full_port *p) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  p->listener = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(p->listener, (struct sockaddr *)&address, length), 0);
  assert_int_equal(listen(p->listener, 0), 0);
  getsockname(p->listener, (struct sockaddr *)&address, &length);
  for (int i = 0; i < 8; i++) {
    p->clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(p->clients[i], (struct sockaddr *)&address, length);
  }
  snprintf(p->url, sizeof p->url, "http://127.0.0.1:%u", ntohs(address.sin_port));
}

static void full_port_close(full_port *p) {
  for (int i = 0; i < 8; i++)
    close(p->clients[i]);
  close(p->listener);
}

static void restart_on(world *w, const char *url, uint32_t connect_timeout_ms) {
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.base_url = url;
  options.connect_timeout_ms = connect_timeout_ms;
  world_restart(w, options);
}

static void test_deadlines(void **state) {
  world *w = *state;
  static const struct {
    const char *path, *phase;
  } cases[] = {{"/work", "before an answer came"},
               {"/stallhead", "before an answer came"},
               {"/stallbody", "within the answer"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    dp_exchange_options o = options_for(cases[i].path, result_new());
    o.deadline_ms = 100;
    check(run(w, &o), DP_TIMEOUT, "deadline", cases[i].phase);
  }
  expect(w, "/ok", DP_OK, "");
}

static void test_deadline_while_waiting(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.connections_per_host = 1;
  world_restart(w, options);
  result *first = result_new(), *second = result_new();
  dp_exchange_options o = options_for("/work", first);
  start(w, &o, first);
  assert_true(httpd_wait_requests(w->server, 1));
  o.user = second;
  o.deadline_ms = 50;
  start(w, &o, second);
  result_wait(second);
  assert_false(second->outcome.started);
  check(second, DP_TIMEOUT, "deadline", "while it waited for a place");
  assert_int_equal(host_stats(w).waiting, 0);
  httpd_release(w->server);
  check(first, DP_OK, "", "");
}

static void test_default_deadline(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.deadline_ms = 100;
  world_restart(w, options);
  check(get(w, "/work"), DP_TIMEOUT, "deadline", "100 ms");
}

static void test_connect_timeout(void **state) {
  world *w = *state;
  full_port p;
  full_port_open(&p);
  restart_on(w, p.url, 200);
  result *r = get(w, "/ok");
  assert_false(r->outcome.started);
  check(r, DP_UNREACHABLE, "connect_timeout", "while connecting");
  dp_exchange_options o = options_for("/ok", result_new());
  o.deadline_ms = 50;
  check(run(w, &o), DP_TIMEOUT, "deadline", "while connecting");
  full_port_close(&p);
}

static void test_stalls(void **state) {
  world *w = *state;
  static const char *const paths[] = {"/work", "/stallhead", "/stallbody"};
  for (size_t i = 0; i < 3; i++) {
    dp_exchange_options o = options_for(paths[i], result_new());
    o.stall_ms = 80;
    check(run(w, &o), DP_TIMEOUT, "stall", "not a byte for 80 ms");
  }
  expect(w, "/ok", DP_OK, "");
}

/* --- cancel, in each phase ------------------------------------------------------------------- */

static void cancel_and_check(result *r) {
  dp_exchange_cancel(r->exchange);
  dp_exchange_cancel(r->exchange);
  result_wait(r);
  assert_int_equal(r->error.kind, DP_CANCELLED);
  dp_exchange_cancel(r->exchange); /* after its end it does nothing */
  result_free(r);
}

static void test_cancel_at_once(void **state) {
  world *w = *state;
  for (int i = 0; i < 100; i++) {
    dp_exchange_options o = options_for("/work", result_new());
    start(w, &o, o.user);
    cancel_and_check(o.user);
  }
  assert_int_equal(host_stats(w).connections_in_use, 0);
}

static void test_cancel_while_waiting(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.connections_per_host = 1;
  world_restart(w, options);
  result *results[4];
  for (int i = 0; i < 4; i++) {
    results[i] = result_new();
    dp_exchange_options o = options_for("/work", results[i]);
    start(w, &o, results[i]);
  }
  assert_true(httpd_wait_requests(w->server, 1));
  cancel_and_check(results[2]); /* from the middle, the end and the front of the queue */
  cancel_and_check(results[3]);
  cancel_and_check(results[1]);
  assert_int_equal(host_stats(w).waiting, 0);
  httpd_release(w->server);
  check(results[0], DP_OK, "", "");
}

static void test_cancel_while_connecting(void **state) {
  world *w = *state;
  full_port p;
  full_port_open(&p);
  restart_on(w, p.url, 10000);
  dp_exchange_options o = options_for("/ok", result_new());
  start(w, &o, o.user);
  while (host_stats(w).connections_open == 0)
    ; /* each look waits for a turn of the engine */
  cancel_and_check(o.user);
  assert_int_equal(host_stats(w).connections_open, 0);
  full_port_close(&p);
}

static void test_cancel_while_it_works(void **state) {
  world *w = *state;
  static const char *const paths[] = {"/work", "/stallhead", "/stallbody"};
  for (uint32_t i = 0; i < 3; i++) {
    dp_exchange_options o = options_for(paths[i], result_new());
    start(w, &o, o.user);
    assert_true(httpd_wait_bodies(w->server, i + 1));
    cancel_and_check(o.user);
  }
  assert_int_equal(host_stats(w).connections_open, 0); /* none can be used again */
}

static dp_flow pause_source(dp_exchange *e, void *buffer, size_t capacity, size_t *length,
                            void *user) {
  (void)e, (void)buffer, (void)capacity, (void)length, (void)user;
  return DP_FLOW_PAUSE;
}

static dp_flow pause_data(dp_exchange *e, const void *data, size_t length, void *user) {
  (void)e, (void)data, (void)length, (void)user;
  return DP_FLOW_PAUSE;
}

static void test_cancel_while_paused(void **state) {
  world *w = *state;
  dp_exchange_options o = options_for("/ok", result_new());
  o.method = "POST";
  o.source = pause_source;
  start(w, &o, o.user);
  assert_true(httpd_wait_requests(w->server, 1));
  cancel_and_check(o.user);
  o = options_for("/big", result_new());
  o.on_data = pause_data;
  start(w, &o, o.user);
  assert_true(httpd_wait_requests(w->server, 2));
  cancel_and_check(o.user);
}

static dp_flow cancel_itself(dp_exchange *e, const void *data, size_t length, void *user) {
  (void)data, (void)length, (void)user;
  dp_exchange_cancel(e);
  return DP_FLOW_CONTINUE;
}

static void test_cancelled_in_its_callback(void **state) {
  world *w = *state;
  dp_exchange_options o = options_for("/stallbody", result_new());
  o.on_data = cancel_itself;
  check(run(w, &o), DP_CANCELLED, "cancelled", "");
}

/* --- parents --------------------------------------------------------------------------------- */

static void start_family(world *w, result *parent, result *children[3], uint32_t parent_ms) {
  dp_exchange_options o = options_for("/work", parent);
  o.deadline_ms = parent_ms;
  start(w, &o, parent);
  for (int i = 0; i < 3; i++) {
    children[i] = result_new();
    o = options_for("/work", children[i]);
    o.parent = i == 2 ? children[1]->exchange : parent->exchange;
    start(w, &o, children[i]);
  }
}

static void test_parent_is_cancelled(void **state) {
  world *w = *state;
  result *parent = result_new(), *children[3];
  start_family(w, parent, children, 0);
  assert_true(httpd_wait_requests(w->server, 4));
  cancel_and_check(parent);
  for (int i = 0; i < 3; i++)
    check(children[i], DP_CANCELLED, "cancelled", "");
}

static void test_parents_deadline(void **state) {
  world *w = *state;
  result *parent = result_new(), *children[3];
  start_family(w, parent, children, 150);
  check(parent, DP_TIMEOUT, "deadline", "");
  for (int i = 0; i < 3; i++)
    check(children[i], DP_TIMEOUT, "deadline", "");
}

static void test_parent_succeeds(void **state) {
  world *w = *state;
  result *parent = result_new(), *child = result_new();
  dp_exchange_options o = options_for("/ok", parent);
  start(w, &o, parent);
  o = options_for("/work", child);
  o.parent = parent->exchange;
  start(w, &o, child);
  result_wait(parent);
  assert_true(httpd_wait_requests(w->server, 2));
  httpd_release(w->server);
  check(child, DP_OK, "", "");
  check(parent, DP_OK, "", "");
}

static void test_child_of_the_cancelled(void **state) {
  world *w = *state;
  result *parent = result_new(), *child = result_new();
  dp_exchange_options o = options_for("/work", parent);
  start(w, &o, parent);
  dp_exchange_cancel(parent->exchange);
  result_wait(parent);
  o = options_for("/ok", child);
  o.parent = parent->exchange;
  start(w, &o, child);
  check(child, DP_CANCELLED, "cancelled", "");
  result_free(parent);
  assert_true(httpd_count(w->server).requests <= 1);
}

/* --- freeing, draining, forks ---------------------------------------------------------------- */

enum { OPEN = 30 };

static void test_free_ends_all(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.connections_per_host = 5;
  world_restart(w, options);
  static const char *const paths[] = {"/work", "/stallbody", "/ok"};
  result *results[OPEN];
  for (int i = 0; i < OPEN; i++) {
    results[i] = result_new();
    dp_exchange_options o = options_for(paths[i % 3], results[i]);
    start(w, &o, results[i]);
  }
  dp_client_free(w->client);
  for (int i = 0; i < OPEN; i++) {
    assert_int_equal(results[i]->done, 1);
    if (results[i]->error.kind != DP_OK) {
      assert_int_equal(results[i]->error.kind, DP_CANCELLED);
      assert_string_equal(results[i]->error.code, "stopping");
    }
    result_free(results[i]); /* its reference may be given back after the client is gone */
  }
  world_start_with(w, (dp_client_options)DP_CLIENT_OPTIONS_INIT);
}

/* Starts another exchange from on_done, for as long as it may. */
typedef struct chain {
  world *world;
  result *last;
  int started, refused;
} chain;

static void go_on(dp_exchange *e, const dp_outcome *outcome, void *user) {
  chain *c = user;
  dp_exchange_options o = options_for("/ok", NULL);
  dp_error err;
  o.on_head = NULL;
  o.on_data = NULL;
  o.on_done = go_on;
  o.user = c;
  if (dp_exchange_start(c->world->client, &o, NULL, &err) == DP_OK) {
    c->started++;
    return;
  }
  assert_int_equal(err.kind, DP_CANCELLED);
  c->refused++;
  result_on_done(e, outcome, c->last);
}

static void test_free_within_a_chain(void **state) {
  world *w = *state;
  chain c = {.world = w, .last = result_new()};
  go_on(NULL, NULL, &c);
  assert_true(httpd_wait_requests(w->server, 10));
  dp_client_free(w->client);
  assert_int_equal(c.last->done, 1);
  assert_int_equal(c.refused, 1);
  assert_true(c.started >= 10);
  result_free(c.last);
  world_start_with(w, (dp_client_options)DP_CLIENT_OPTIONS_INIT);
}

static void test_drain(void **state) {
  world *w = *state;
  result *r = result_new();
  dp_exchange_options o = options_for("/work", r);
  start(w, &o, r);
  assert_true(httpd_wait_requests(w->server, 1));
  assert_int_equal(dp_client_drain(w->client, 20), DP_TIMEOUT);
  dp_error err;
  assert_int_equal(dp_exchange_start(w->client, &o, NULL, &err), DP_CANCELLED);
  assert_string_equal(err.code, "draining");
  httpd_release(w->server);
  assert_int_equal(dp_client_drain(w->client, 10000), DP_OK);
  assert_int_equal(r->done, 1);
  result_free(r);
}

static void test_drain_dispatching(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.dispatch = 1;
  world_restart(w, options);
  result *r = result_new();
  dp_exchange_options o = options_for("/big", r);
  start(w, &o, r);
  assert_int_equal(dp_client_drain(w->client, 10000), DP_OK);
  assert_int_equal(r->done, 1);
  assert_int_equal(r->length, 8 << 20);
  result_free(r);
}

static void wait_in_callback(dp_exchange *e, const dp_outcome *outcome, void *user) {
  chain *c = user;
  dp_stats stats = DP_STATS_INIT;
  assert_int_equal(dp_client_drain(c->world->client, 1000), DP_INVALID_REQUEST);
  assert_int_equal(dp_client_stats(c->world->client, &stats), DP_OK); /* this one may */
  assert_int_equal(stats.host_count, 1);
  dp_stats_clear(&stats);
  dp_client_free(c->world->client); /* does nothing but say so */
  result_on_done(e, outcome, c->last);
}

static void test_in_callback(void **state) {
  world *w = *state;
  chain c = {.world = w, .last = result_new()};
  dp_exchange_options o = options_for("/ok", NULL);
  dp_error err;
  o.on_head = NULL;
  o.on_data = NULL;
  o.on_done = wait_in_callback;
  o.user = &c;
  assert_int_equal(dp_exchange_start(w->client, &o, NULL, &err), DP_OK);
  check(c.last, DP_OK, "", "");
  expect(w, "/ok", DP_OK, "");
}

/* In the child: 0 if everything was refused, else a number that says what was not. */
static int use_in_child(world *w, dp_exchange *exchange, dp_profile *profile) {
  dp_exchange_options o = options_for("/ok", NULL);
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  dp_stats stats = DP_STATS_INIT;
  dp_profile *other;
  dp_error err;
  p.base_url = "http://127.0.0.1:1";
  if (dp_exchange_start(w->client, &o, NULL, &err) != DP_INVALID_REQUEST)
    return 1;
  if (strcmp(err.code, "forked") != 0)
    return 2;
  if (dp_profile_new(w->client, &p, &other, &err) != DP_INVALID_REQUEST)
    return 3;
  if (dp_client_stats(w->client, &stats) != DP_INVALID_REQUEST)
    return 4;
  if (dp_client_drain(w->client, 1000) != DP_INVALID_REQUEST)
    return 5;
  if (dp_client_set(w->client, DP_SET_POOLING, 0) != DP_INVALID_REQUEST)
    return 6;
  if (dp_profile_warm(profile, 1, NULL, NULL) != DP_INVALID_REQUEST)
    return 7;
  if (dp_profile_set(profile, DP_SET_RETRY, 0) != DP_INVALID_REQUEST)
    return 8;
  if (dp_client_dispatch(w->client) != 0)
    return 9;
  dp_exchange_cancel(exchange);
  dp_exchange_resume(exchange);
  dp_profile_unref(profile);
  dp_client_free(w->client);
  return 0;
}

static void test_forked_child(void **state) {
  world *w = *state;
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  dp_profile *profile;
  dp_error err;
  p.base_url = httpd_url(w->server);
  assert_int_equal(dp_profile_new(w->client, &p, &profile, &err), DP_OK);
  result *r = result_new();
  dp_exchange_options o = options_for("/work", r);
  start(w, &o, r);
  assert_true(httpd_wait_requests(w->server, 1));
  pid_t child = fork();
  if (child == 0)
    _exit(use_in_child(w, r->exchange, profile));
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  httpd_release(w->server); /* the parent's goes on */
  check(r, DP_OK, "", "");
  dp_profile_unref(profile);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_deadlines),
      TEST(test_deadline_while_waiting),
      TEST(test_default_deadline),
      TEST(test_connect_timeout),
      TEST(test_stalls),
      TEST(test_cancel_at_once),
      TEST(test_cancel_while_waiting),
      TEST(test_cancel_while_connecting),
      TEST(test_cancel_while_it_works),
      TEST(test_cancel_while_paused),
      TEST(test_cancelled_in_its_callback),
      TEST(test_parent_is_cancelled),
      TEST(test_parents_deadline),
      TEST(test_parent_succeeds),
      TEST(test_child_of_the_cancelled),
      TEST(test_free_ends_all),
      TEST(test_free_within_a_chain),
      TEST(test_drain),
      TEST(test_drain_dispatching),
      TEST(test_in_callback),
      TEST(test_forked_child),
  };
  return cmocka_run_group_tests_name("ending", tests, NULL, NULL);
}
