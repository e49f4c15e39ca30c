/* TLS: what is trusted, what a failure says, and that connections are parted by it. */
#include "world.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct secure {
  world world;
  char *cert, *key, *other_cert, *other_key;
  char url[64];
} secure;

static int secure_start(void **state) {
  secure *s = calloc(1, sizeof *s);
  signal(SIGPIPE, SIG_IGN); /* the server's part writes to connections that are gone */
  *state = s;
  s->world.descriptors = count_descriptors();
  if (!httpd_make_certificate(&s->cert, &s->key))
    return 0;
  httpd_make_certificate(&s->other_cert, &s->other_key);
  s->world.server = httpd_start(s->cert, s->key);
  snprintf(s->url, sizeof s->url, "%s", httpd_url(s->world.server));
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  p.base_url = s->url;
  options.profile = &p;
  world_start_with(&s->world, options);
  return 0;
}

static int secure_end(void **state) {
  secure *s = *state;
  if (s->cert) {
    dp_client_free(s->world.client);
    httpd_stop(s->world.server);
  }
  assert_int_equal(count_descriptors(), s->world.descriptors);
  free(s->cert);
  free(s->key);
  free(s->other_cert);
  free(s->other_key);
  free(s);
  return 0;
}

static secure *needs_tls(void **state) {
  secure *s = *state;
  if (!s->cert)
    skip(); /* built without OpenSSL */
  return s;
}

static dp_profile_options trusting(const secure *s, const char *pem) {
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  p.base_url = s->url;
  p.ca_bytes = pem;
  p.ca_length = strlen(pem);
  return p;
}

/* One exchange under a profile of those options, which is kept in *out if asked for. */
static void check(secure *s, const dp_profile_options *options, dp_kind kind, const char *code) {
  dp_profile *profile;
  dp_error err;
  assert_int_equal(dp_profile_new(s->world.client, options, &profile, &err), DP_OK);
  dp_exchange_options o = options_for("/ok", result_new());
  o.profile = profile;
  result *r = run(&s->world, &o);
  if (r->error.kind != kind || strcmp(r->error.code, code) != 0)
    fail_msg("%s %s: %s", dp_kind_name(r->error.kind), r->error.code, r->error.message);
  if (kind == DP_TLS) {
    assert_non_null(strstr(r->error.hint, "ca_file"));
    assert_false(r->outcome.started);
  }
  result_free(r);
  dp_profile_unref(profile);
}

static void test_ca_bytes(void **state) {
  secure *s = needs_tls(state);
  dp_profile_options p = trusting(s, s->cert);
  check(s, &p, DP_OK, "");
  dp_host_stats host = host_stats(&s->world);
  assert_true(host.tls_us > 0);
}

static void test_unknown_ca(void **state) {
  secure *s = needs_tls(state);
  expect(&s->world, "/ok", DP_TLS, "certificate"); /* the system's store does not know it */
  dp_profile_options p = trusting(s, s->other_cert);
  check(s, &p, DP_TLS, "certificate");
}

static void test_ca_file(void **state) {
  secure *s = needs_tls(state);
  char path[] = "/tmp/difypool-ca-XXXXXX";
  int fd = mkstemp(path);
  assert_int_equal(write(fd, s->cert, strlen(s->cert)), strlen(s->cert));
  close(fd);
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  p.base_url = s->url;
  p.ca_file = path;
  check(s, &p, DP_OK, "");
  unlink(path);
  dp_profile *profile;
  dp_error err;
  assert_int_equal(dp_profile_new(s->world.client, &p, &profile, &err), DP_TLS);
  assert_string_equal(err.code, "ca_file");
}

static void test_no_verification(void **state) {
  secure *s = needs_tls(state);
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  p.base_url = s->url;
  p.verify = 0;
  check(s, &p, DP_OK, "");
}

static void test_wrong_name(void **state) {
  secure *s = needs_tls(state);
  char url[64], pin[64];
  snprintf(url, sizeof url, "https://dify.invalid:%u", httpd_port(s->world.server));
  snprintf(pin, sizeof pin, "dify.invalid:%u:127.0.0.1", httpd_port(s->world.server));
  dp_profile_options p = trusting(s, s->cert);
  p.base_url = url;
  p.resolve = pin;
  dp_profile *profile;
  dp_error err;
  assert_int_equal(dp_profile_new(s->world.client, &p, &profile, &err), DP_OK);
  dp_exchange_options o = options_for("/ok", result_new());
  o.profile = profile;
  result *r = run(&s->world, &o);
  assert_int_equal(r->error.kind, DP_TLS);
  if (!strstr(r->error.hint, "base_url"))
    fail_msg("%s (%s)", r->error.message, r->error.hint);
  result_free(r);
  dp_profile_unref(profile);
}

/* A connection that one profile trusts serves no other that would not have. */
static void test_profiles_are_parted(void **state) {
  secure *s = needs_tls(state);
  dp_profile_options good = trusting(s, s->cert), bad = trusting(s, s->other_cert);
  dp_profile_options blind = DP_PROFILE_OPTIONS_INIT;
  blind.base_url = s->url;
  blind.verify = 0;
  /* The default profile keeps the host, and with it the idle connections of those that go. */
  expect(&s->world, "/ok", DP_TLS, "certificate");
  check(s, &blind, DP_OK, "");
  check(s, &good, DP_OK, "");
  assert_int_equal(httpd_count(s->world.server).connections, 3); /* not the unverified one */
  check(s, &good, DP_OK, "");
  check(s, &blind, DP_OK, "");
  assert_int_equal(httpd_count(s->world.server).connections, 3); /* each its own again */
  check(s, &bad, DP_TLS, "certificate");
  expect(&s->world, "/ok", DP_TLS, "certificate");
  check(s, &good, DP_OK, "");
  assert_int_equal(httpd_count(s->world.server).connections, 5);
}

/* Connections of one setting do not keep another's from opening: within the bound, old ones go. */
static void test_bound_over_settings(void **state) {
  secure *s = needs_tls(state);
  dp_profile_options good = trusting(s, s->cert), blind = trusting(s, s->cert);
  dp_profile *profiles[2];
  dp_error err;
  blind.verify = 0;
  assert_int_equal(dp_profile_new(s->world.client, &good, &profiles[0], &err), DP_OK);
  assert_int_equal(dp_profile_new(s->world.client, &blind, &profiles[1], &err), DP_OK);
  for (int turn = 0; turn < 3; turn++) {
    result *results[20];
    for (int i = 0; i < 20; i++) {
      results[i] = result_new();
      dp_exchange_options o = options_for("/ok", results[i]);
      o.profile = profiles[turn % 2];
      start(&s->world, &o, results[i]);
    }
    for (int i = 0; i < 20; i++) {
      result_wait(results[i]);
      assert_int_equal(results[i]->error.kind, DP_OK);
      result_free(results[i]);
    }
    assert_true(host_stats(&s->world).connections_open <= 20);
  }
  dp_profile_unref(profiles[0]);
  dp_profile_unref(profiles[1]);
}

/* What goes wrong within the handshake: a server that speaks something else, and one that goes
 * away. */
static result *start_at_plain_server(secure *s, httpd *plain, uint32_t deadline_ms,
                                     dp_profile **profile) {
  char url[64];
  dp_error err;
  dp_profile_options p = trusting(s, s->cert);
  snprintf(url, sizeof url, "https://127.0.0.1:%u", httpd_port(plain));
  p.base_url = url;
  assert_int_equal(dp_profile_new(s->world.client, &p, profile, &err), DP_OK);
  dp_exchange_options o = options_for("/ok", result_new());
  o.profile = *profile;
  o.deadline_ms = deadline_ms;
  start(&s->world, &o, o.user);
  return o.user;
}

static void test_handshake_past_its_deadline(void **state) {
  secure *s = needs_tls(state);
  httpd *plain = httpd_start(NULL, NULL);
  dp_profile *profile;
  result *r = start_at_plain_server(s, plain, 200, &profile);
  result_wait(r);
  assert_int_equal(r->error.kind, DP_TIMEOUT);
  assert_non_null(strstr(r->error.message, "in the TLS handshake"));
  result_free(r);
  dp_profile_unref(profile);
  httpd_stop(plain);
}

static void test_cut_handshake(void **state) {
  secure *s = needs_tls(state);
  httpd *plain = httpd_start(NULL, NULL);
  dp_profile *profile;
  result *r = start_at_plain_server(s, plain, 10000, &profile);
  assert_true(httpd_wait_connections(plain, 1));
  httpd_stop(plain);
  result_wait(r);
  assert_int_equal(r->error.kind, DP_UNREACHABLE); /* which may be tried again, unlike tls */
  assert_string_equal(r->error.code, "reset");
  if (!strstr(r->error.message, "in the TLS handshake"))
    fail_msg("%s", r->error.message);
  assert_false(r->outcome.started);
  result_free(r);
  dp_profile_unref(profile);
}

/* A listener that says something before it was asked, as ssh and mail servers do. */
static void *greet(void *user) {
  int fd = accept(*(int *)user, NULL, NULL);
  static const char greeting[] = "220 mail.test ESMTP\r\n";
  char byte;
  send(fd, greeting, sizeof greeting - 1, MSG_NOSIGNAL);
  while (recv(fd, &byte, 1, 0) > 0)
    ;
  close(fd);
  return NULL;
}

static void test_no_tls_there(void **state) {
  secure *s = needs_tls(state);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  pthread_t thread;
  assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
  assert_int_equal(listen(listener, 1), 0);
  getsockname(listener, (struct sockaddr *)&address, &length);
  pthread_create(&thread, NULL, greet, &listener);
  char url[64];
  snprintf(url, sizeof url, "https://127.0.0.1:%u", ntohs(address.sin_port));
  dp_profile_options p = trusting(s, s->cert);
  p.base_url = url;
  dp_profile *profile;
  dp_error err;
  assert_int_equal(dp_profile_new(s->world.client, &p, &profile, &err), DP_OK);
  dp_exchange_options o = options_for("/ok", result_new());
  o.profile = profile;
  result *r = run(&s->world, &o);
  assert_int_equal(r->error.kind, DP_TLS);
  assert_string_equal(r->error.code, "handshake");
  result_free(r);
  pthread_join(thread, NULL);
  dp_profile_unref(profile);
  close(listener);
}

/* A FIFO can be read once, and to open it for writing waits for its reader: so the store is read
 * before any call needs it, and never again. */
static void test_store_is_read_ahead_and_kept(void **state) {
  secure *s = needs_tls(state);
  char dir[] = "/tmp/difypool-test-XXXXXX", path[64];
  assert_non_null(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/ca.pem", dir);
  assert_int_equal(mkfifo(path, 0600), 0);
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  p.base_url = s->url;
  p.ca_file = path;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.profile = &p;
  world_restart(&s->world, options);
  int fd = open(path, O_WRONLY);
  assert_int_equal(write(fd, s->cert, strlen(s->cert)), strlen(s->cert));
  close(fd);
  assert_int_equal(dp_client_set(s->world.client, DP_SET_POOLING, 0), DP_OK);
  for (int i = 0; i < 3; i++)
    expect(&s->world, "/ok", DP_OK, "");
  assert_int_equal(httpd_count(s->world.server).connections, 3);
  unlink(path);
  rmdir(dir);
}

static void test_no_pem(void **state) {
  secure *s = needs_tls(state);
  dp_profile_options p = trusting(s, "this is no certificate");
  check(s, &p, DP_TLS, "ca_file");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, secure_start, secure_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_ca_bytes),
      TEST(test_unknown_ca),
      TEST(test_ca_file),
      TEST(test_no_verification),
      TEST(test_wrong_name),
      TEST(test_profiles_are_parted),
      TEST(test_bound_over_settings),
      TEST(test_cut_handshake),
      TEST(test_handshake_past_its_deadline),
      TEST(test_no_tls_there),
      TEST(test_store_is_read_ahead_and_kept),
      TEST(test_no_pem),
  };
  return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
