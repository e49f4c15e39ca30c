/* Connections that are lost, services that are gone, started, or older than they could be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"

/* Hangs up on the first `left` requests of test.fragile, and notes with which id and epoch each
 * came. */
typedef struct fragile {
  unsigned left, count;
  fake_request requests[16];
} fragile;

static bool hang_up(fake *f, const fake_request *r, void *user) {
  (void)f;
  fragile *g = user;
  if (strcmp(r->op, "test.fragile") != 0)
    return false;
  if (g->count < 16)
    g->requests[g->count++] = *r;
  if (!g->left)
    return false;
  g->left--;
  fake_hang_up(r->connection);
  return true;
}

static void a_lost_call_goes_on_under_its_id(void **state) {
  (void)state;
  fragile g = {.left = 3};
  fake *f = fake_start(hang_up, &g);
  dpc_client *client = fake_client(f, NULL);
  dpc_reply *reply;
  assert_int_equal(dpc_call_run(client, "test.fragile", NULL, NULL, &reply), DPC_OK);
  dpc_reply_unref(reply);
  assert_int_equal(fake_connections(f), 4);
  dpc_client_close(client);
  fake_stop(f);
  assert_int_equal(g.count, 4);
  for (unsigned i = 1; i < 4; i++) {
    assert_memory_equal(g.requests[i].id, g.requests[0].id, 16);
    assert_memory_equal(g.requests[i].epoch, g.requests[0].epoch, 16);
    assert_true(g.requests[i].has_epoch);
    assert_int_not_equal(g.requests[i].number, g.requests[i - 1].number);
  }
}

static void a_service_that_always_hangs_up_is_an_unknown_outcome(void **state) {
  (void)state;
  fragile g = {.left = 1000};
  fake *f = fake_start(hang_up, &g);
  dpc_client *client = fake_client(f, NULL);
  dpc_reply *reply;
  assert_int_equal(dpc_call_run(client, "test.fragile", NULL, NULL, &reply), DPC_UNKNOWN_OUTCOME);
  assert_string_equal(dpc_reply_error(reply)->code, "service_lost");
  dpc_reply_unref(reply);
  dpc_client_close(client);
  fake_stop(f);
  assert_true(g.count < 16);
}

/* Keeps silent on everything, in the life with the first epoch. */
static bool silent_in_the_first_life(fake *f, const fake_request *r, void *user) {
  (void)f;
  fragile *g = user;
  if (strncmp(r->op, "service.", 8) == 0)
    return false;
  if (g->count < 16)
    g->requests[g->count++] = *r;
  return g->count <= 5;
}

static void a_restarted_service_sees_the_first_epoch(void **state) {
  (void)state;
  fragile g = {.left = 0};
  fake *f = fake_start(silent_in_the_first_life, &g);
  dpc_client *client = fake_client(f, NULL);
  dpc_call *calls[5];
  dpc_reply *reply;
  for (int i = 0; i < 5; i++)
    assert_int_equal(dpc_call_start(client, "test.write", NULL, NULL, NULL, NULL, &calls[i], NULL),
                     DPC_OK);
  fake_await(f, "test.write", 5);
  fake_kill(f);
  fake_revive(f);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(dpc_call_wait(calls[i], &reply), DPC_OK);
    dpc_reply_unref(reply);
    dpc_call_unref(calls[i]);
  }
  assert_int_equal(dpc_call_run(client, "test.write", NULL, NULL, &reply), DPC_OK);
  dpc_reply_unref(reply);
  dpc_client_close(client);
  fake_stop(f);
  assert_int_equal(g.count, 11);
  for (int i = 0; i < 5; i++) { /* resent in their order, with what they first carried */
    assert_memory_equal(g.requests[5 + i].id, g.requests[i].id, 16);
    assert_int_equal(g.requests[5 + i].epoch[0], 'a');
  }
  assert_int_equal(g.requests[10].epoch[0], 'b'); /* what is new carries the new one */
}

static void without_a_service_calls_fail_when_patience_ends(void **state) {
  (void)state;
  fragile g = {.left = 0};
  fake *f = fake_start(silent_in_the_first_life, &g);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.patience_ms = 200;
  dpc_client *client = fake_client(f, &options);
  dpc_call *sent, *fresh;
  dpc_reply *reply;
  assert_int_equal(dpc_call_start(client, "test.write", NULL, NULL, NULL, NULL, &sent, NULL),
                   DPC_OK);
  fake_await(f, "test.write", 1);
  fake_kill(f);
  assert_int_equal(dpc_call_wait(sent, &reply), DPC_UNKNOWN_OUTCOME);
  dpc_reply_unref(reply);
  assert_int_equal(dpc_call_start(client, "test.write", NULL, NULL, NULL, NULL, &fresh, NULL),
                   DPC_OK);
  assert_int_equal(dpc_call_wait(fresh, &reply), DPC_UNREACHABLE);
  assert_non_null(strstr(dpc_reply_error(reply)->message, fake_path(f)));
  dpc_reply_unref(reply);
  dpc_call_unref(sent);
  dpc_call_unref(fresh);
  fake_revive(f); /* and the client is as good as before */
  g.count = 5;
  assert_int_equal(dpc_call_run(client, "test.write", NULL, NULL, &reply), DPC_OK);
  dpc_reply_unref(reply);
  dpc_client_close(client);
  fake_stop(f);
}

static bool swallow_hellos(fake *f, const fake_request *r, void *user) {
  (void)f;
  (void)user;
  return strncmp(r->op, "service.", 8) == 0 && r->number == 1;
}

static void a_stuck_hello_is_tried_over_a_new_connection(void **state) {
  (void)state;
  fake *f = fake_start(swallow_hellos, NULL);
  dpc_client *client = fake_client(f, NULL); /* takes the hello's bound, once */
  dpc_reply *reply;
  assert_int_equal(dpc_call_run(client, "a.b", NULL, NULL, &reply), DPC_OK);
  dpc_reply_unref(reply);
  assert_int_equal(fake_connections(f), 2);
  dpc_client_close(client);
  fake_stop(f);
}

/* Drains: refuses calls, then hangs up when it is asked for something else. */
static bool draining(fake *f, const fake_request *r, void *user) {
  (void)user;
  if (r->number > 1 || strncmp(r->op, "service.", 8) == 0)
    return false;
  if (strcmp(r->op, "test.end") == 0)
    fake_hang_up(r->connection);
  else
    fake_error(f, r, "cancelled", "draining");
  return true;
}

static void what_a_draining_service_refused_goes_to_the_next(void **state) {
  (void)state;
  fake *f = fake_start(draining, NULL);
  dpc_client *client = fake_client(f, NULL);
  dpc_call *calls[2];
  dpc_reply *reply;
  assert_int_equal(dpc_call_start(client, "test.write", NULL, NULL, NULL, NULL, &calls[0], NULL),
                   DPC_OK);
  fake_await(f, "test.write", 1);
  assert_int_equal(dpc_call_start(client, "test.end", NULL, NULL, NULL, NULL, &calls[1], NULL),
                   DPC_OK);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(dpc_call_wait(calls[i], &reply), DPC_OK);
    dpc_reply_unref(reply);
    dpc_call_unref(calls[i]);
  }
  assert_int_equal(fake_count(f, "test.write"), 2);
  assert_int_equal(fake_connections(f), 2);
  dpc_client_close(client);
  fake_stop(f);
}

/* ---- Starting a service ---- */

/* A difypoold for tests: a script that runs `body`. */
static char *program(char path[96], const char *directory, const char *body) {
  snprintf(path, 96, "%s/difypoold", directory);
  FILE *out = fopen(path, "w");
  assert_non_null(out);
  fprintf(out, "#!/bin/sh\n%s\n", body);
  fclose(out);
  assert_int_equal(chmod(path, 0755), 0);
  return path;
}

static dpc_kind open_with(const char *daemon, const char *socket, dpc_error *err,
                          dpc_client **client) {
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.socket = socket;
  options.program = daemon;
  options.patience_ms = 500;
  return dpc_client_open(client, &options, err);
}

static void what_the_daemon_says_reaches_the_caller(void **state) {
  (void)state;
  char directory[] = "/tmp/difypool-start-XXXXXX", path[96], socket[96];
  dpc_client *client = NULL;
  dpc_error err;
  assert_non_null(mkdtemp(directory));
  snprintf(socket, sizeof socket, "%s/socket", directory);
  program(path, directory, "echo 'there is no room' >&2; exit 1");
  assert_int_equal(open_with(path, socket, &err, &client), DPC_UNREACHABLE);
  assert_string_equal(err.code, "start_failed");
  assert_non_null(strstr(err.message, "there is no room"));
  program(path, directory, "exit 0"); /* it says that one answers, and none does */
  assert_int_equal(open_with(path, socket, &err, &client), DPC_UNREACHABLE);
  assert_string_equal(err.code, "no_service");
  setenv("DIFYPOOL_AUTOSTART", "0", 1);
  program(path, directory, "touch $0.ran");
  assert_int_equal(open_with(path, socket, &err, &client), DPC_UNREACHABLE);
  unsetenv("DIFYPOOL_AUTOSTART");
  snprintf(socket, sizeof socket, "%.80s.ran", path);
  assert_int_equal(access(socket, F_OK), -1);
  assert_null(client);
  unlink(path);
  rmdir(directory);
}

/* An old private service; asked to drain, it ends, and what is started then is new. */
static bool old_service(fake *f, const fake_request *r, void *user) {
  unsigned *drained = user;
  dpc__bytes value = {0};
  if (strcmp(r->op, "service.drain") == 0) {
    ++*drained;
    fake_hang_up(r->connection);
    return true;
  }
  if (strcmp(r->op, "service.info") != 0)
    return false;
  dpc__pack_map(&value, 2);
  dpc__pack_text(&value, "version");
  dpc__pack_text(&value, *drained ? "9.9.9" : "0.0.1");
  dpc__pack_text(&value, "private");
  dpc__pack_bool(&value, true);
  fake_value(f, r, &value);
  dpc__bytes_clear(&value);
  return true;
}

static void open_with_old(const char *says, unsigned *drained, unsigned *connections) {
  char directory[] = "/tmp/difypool-start-XXXXXX", path[96];
  dpc_client *client;
  dpc_error err;
  dpc_reply *reply;
  fake *f = fake_start(old_service, drained);
  assert_non_null(mkdtemp(directory));
  program(path, directory, says);
  assert_int_equal(open_with(path, fake_path(f), &err, &client), DPC_OK);
  assert_int_equal(dpc_call_run(client, "a.b", NULL, NULL, &reply), DPC_OK);
  dpc_reply_unref(reply);
  *connections = fake_connections(f);
  dpc_client_close(client);
  fake_stop(f);
  unlink(path);
  rmdir(directory);
}

static void an_older_service_gives_way(void **state) {
  (void)state;
  unsigned drained = 0, connections;
  open_with_old("echo difypoold 9.9.9", &drained, &connections);
  assert_int_equal(drained, 1);
  assert_int_equal(connections, 2);
  drained = 0;
  open_with_old("echo difypoold 0.0.1", &drained, &connections); /* there is no newer one */
  assert_int_equal(drained, 0);
  assert_int_equal(connections, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_lost_call_goes_on_under_its_id),
      cmocka_unit_test(a_service_that_always_hangs_up_is_an_unknown_outcome),
      cmocka_unit_test(a_restarted_service_sees_the_first_epoch),
      cmocka_unit_test(without_a_service_calls_fail_when_patience_ends),
      cmocka_unit_test(a_stuck_hello_is_tried_over_a_new_connection),
      cmocka_unit_test(what_a_draining_service_refused_goes_to_the_next),
      cmocka_unit_test(what_the_daemon_says_reaches_the_caller),
      cmocka_unit_test(an_older_service_gives_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
