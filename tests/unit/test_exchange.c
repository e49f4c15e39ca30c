/* Exchanges: what goes out, what comes back, and how each way to fail is told. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_get(void **state) {
  world *w = *state;
  result *r = get(w, "/ok");
  assert_int_equal(r->error.kind, DP_OK);
  assert_int_equal(r->outcome.status, 200);
  assert_int_equal(r->heads, 1);
  assert_string_equal(r->body, "ok");
  assert_string_equal(r->type, "text/plain");
  assert_string_equal(r->version, "1.2.3");
  assert_true(r->outcome.started && r->outcome.sent_all);
  assert_int_equal(r->outcome.meta.received, 2);
  result_free(r);
}

static void test_request(void **state) {
  world *w = *state;
  const dp_header headers[] = {{"X-Mine", "yes"}, {"X-Empty", ""}, {"Content-Type", "text/x"}};
  dp_exchange_options o = options_for("/echo", result_new());
  o.method = "POST";
  o.query = "a=1&b=%20";
  o.headers = headers;
  o.header_count = 3;
  o.body = "body\0behind";
  o.body_length = 11;
  result *r = run(w, &o);
  assert_int_equal(r->length, 11);
  assert_memory_equal(r->body, "body\0behind", 11);
  char *head = httpd_last(w->server);
  assert_non_null(strstr(head, "POST /v1/echo?a=1&b=%20 HTTP/1.1\r\n"));
  assert_non_null(strstr(head, "Authorization: Bearer dataset-unit-test\r\n"));
  assert_non_null(strstr(head, "X-Mine: yes\r\n"));
  assert_non_null(strstr(head, "X-Empty:\r\n"));
  assert_non_null(strstr(head, "Content-Type: text/x\r\n"));
  assert_non_null(strstr(head, "Content-Length: 11\r\n"));
  assert_null(strstr(head, "Expect:"));
  assert_null(strstr(head, "Cookie"));
  assert_null(strstr(head, "Accept-Encoding"));
  free(head);
  result_free(r);
}

static void test_methods(void **state) {
  world *w = *state;
  static const char *const methods[] = {"PUT",     "GET",    "HEAD", "DELETE", "POST",
                                        "OPTIONS", "PATCH",  "GET",  "POST",   "HEAD",
                                        "GET",     "DELETE", "HEAD", "PUT"};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    dp_exchange_options o = options_for("/echo", result_new());
    int none = strcmp(methods[i], "HEAD") == 0;
    o.method = methods[i];
    o.body = none ? NULL : methods[i];
    o.body_length = none ? 0 : strlen(methods[i]);
    result *r = run(w, &o);
    assert_int_equal(r->error.kind, DP_OK);
    assert_string_equal(r->body ? r->body : "", none ? "" : methods[i]);
    char *head = httpd_last(w->server);
    assert_memory_equal(head, methods[i], strlen(methods[i]));
    free(head);
    result_free(r);
  }
}

static void test_post_without_body(void **state) {
  world *w = *state;
  dp_exchange_options o = options_for("/echo", result_new());
  o.method = "POST";
  result *r = run(w, &o);
  char *head = httpd_last(w->server);
  assert_non_null(strstr(head, "Content-Length: 0\r\n"));
  assert_null(strstr(head, "Content-Type"));
  free(head);
  result_free(r);
}

static void test_interim(void **state) {
  world *w = *state;
  result *r = get(w, "/interim");
  assert_int_equal(r->error.kind, DP_OK);
  assert_int_equal(r->heads, 1);
  assert_int_equal(r->outcome.status, 200);
  result_free(r);
}

static void test_early_answer(void **state) {
  world *w = *state;
  char *body = calloc(1, 4 << 20);
  memset(body, 'x', (4 << 20) - 1);
  result *r = post(w, "/early", body);
  if (r->error.kind == DP_OK) { /* or the kernel threw the answer away with the reset */
    assert_int_equal(r->outcome.status, 413);
    assert_false(r->outcome.sent_all);
  } else {
    assert_int_equal(r->error.kind, DP_UNREACHABLE);
  }
  free(body);
  result_free(r);
}

static void test_failures(void **state) {
  world *w = *state;
  expect(w, "/die", DP_UNREACHABLE, "reset");
  expect(w, "/reset", DP_UNREACHABLE, "reset");
  expect(w, "/cut", DP_UNREACHABLE, "cut");
  expect(w, "/garbage", DP_PROTOCOL, "not_http");
  expect(w, "/ok", DP_OK, "");
}

static void test_heads_without_end(void **state) {
  world *w = *state;
  expect(w, "/heads", DP_TOO_LARGE, "header_max");
  expect(w, "/interims", DP_TOO_LARGE, "header_max");
  expect(w, "/line", DP_TOO_LARGE, "header_max");
  expect(w, "/ok", DP_OK, "");
}

static void test_head_bound(void **state) {
  world *w = *state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.header_max = 64;
  world_restart(w, options);
  expect(w, "/ok", DP_TOO_LARGE, "header_max");
}

static void test_refused_options(void **state) {
  world *w = *state;
  const dp_header bad[] = {{"Host", "a"},
                           {"authorization", "a"},
                           {"Content-Length", "1"},
                           {"Connection", "a"},
                           {"bad name", "a"},
                           {"X", "a\r\nY: b"},
                           {"", "a"},
                           {NULL, "a"},
                           {"X", NULL}};
  result *r = result_new();
  dp_error err;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    dp_exchange_options o = options_for("/ok", r);
    o.headers = &bad[i];
    o.header_count = 1;
    assert_int_equal(dp_exchange_start(w->client, &o, NULL, &err), DP_INVALID_REQUEST);
    assert_string_equal(err.code, "header");
  }
  static const char *const paths[] = {"", "ok", "/../x", "/%2e%2e/x", "/a b", "/a#b", "/a?b", NULL};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    dp_exchange_options o = options_for(paths[i], r);
    assert_int_equal(dp_exchange_start(w->client, &o, NULL, &err), DP_INVALID_REQUEST);
    assert_string_equal(err.code, "path");
  }
  dp_exchange_options o = options_for("/ok", r);
  o.method = "HEAD";
  o.body = "x";
  o.body_length = 1;
  assert_int_equal(dp_exchange_start(w->client, &o, NULL, &err), DP_INVALID_REQUEST);
  o = options_for("/ok", r);
  o.size = sizeof o + 1;
  assert_int_equal(dp_exchange_start(w->client, &o, NULL, &err), DP_INVALID_REQUEST);
  o = options_for("/ok", r);
  o.method = "TRACE";
  assert_int_equal(dp_exchange_start(w->client, &o, NULL, &err), DP_INVALID_REQUEST);
  o = options_for("/ok", r);
  o.lane = (dp_lane)7;
  assert_int_equal(dp_exchange_start(w->client, &o, NULL, &err), DP_INVALID_REQUEST);
  result_free(run(w, &(dp_exchange_options){.size = sizeof o,
                                            .method = "GET",
                                            .path = "/ok",
                                            .on_done = result_on_done,
                                            .user = r,
                                            .source_length = -1}));
  assert_int_equal(httpd_count(w->server).requests, 1);
}

static void test_another_clients_profile(void **state) {
  world *w = *state, other = {.server = w->server};
  world_start_with(&other, (dp_client_options)DP_CLIENT_OPTIONS_INIT);
  dp_profile_options options = DP_PROFILE_OPTIONS_INIT;
  options.base_url = httpd_url(w->server);
  dp_profile *profile;
  dp_error err;
  assert_int_equal(dp_profile_new(other.client, &options, &profile, &err), DP_OK);
  result *r = result_new();
  dp_exchange_options o = options_for("/ok", r);
  o.profile = profile;
  assert_int_equal(dp_exchange_start(w->client, &o, NULL, &err), DP_INVALID_REQUEST);
  result_free(run(&other, &o));
  dp_profile_unref(profile);
  dp_client_free(other.client);
}

static void test_nobody_there(void **state) {
  world *w = *state;
  httpd *gone = httpd_start(NULL, NULL);
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  char url[64];
  strcpy(url, httpd_url(gone));
  httpd_stop(gone);
  options.base_url = url;
  world_restart(w, options);
  result *r = get(w, "/ok");
  assert_int_equal(r->error.kind, DP_UNREACHABLE);
  assert_string_equal(r->error.code, "refused");
  assert_true(r->error.retryable);
  assert_false(r->outcome.started);
  assert_int_equal(host_stats(w).connections_opened, 0);
  result_free(r);
}

static void test_pinned_name(void **state) {
  world *w = *state;
  char url[64], pin[64];
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  snprintf(url, sizeof url, "http://dify.invalid:%u", httpd_port(w->server));
  snprintf(pin, sizeof pin, "dify.invalid:%u:127.0.0.1", httpd_port(w->server));
  p.base_url = url;
  p.resolve = pin;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.profile = &p;
  world_restart(w, options);
  expect(w, "/ok", DP_OK, "");
  char *head = httpd_last(w->server);
  assert_non_null(strstr(head, "Host: dify.invalid:"));
  free(head);
  static const char *const bad[] = {"other:80:127.0.0.1", "dify.invalid:1:127.0.0.1", "x", ""};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    dp_error err;
    dp_profile *profile;
    p.resolve = bad[i];
    assert_int_equal(dp_profile_new(w->client, &p, &profile, &err), DP_INVALID_REQUEST);
    assert_string_equal(err.code, "resolve");
  }
}

static void test_environment_is_not_read(void **state) {
  world *w = *state;
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  world_restart(w, (dp_client_options)DP_CLIENT_OPTIONS_INIT);
  expect(w, "/ok", DP_OK, "");
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
}

static void test_proxy(void **state) {
  world *w = *state;
  char proxy[64];
  dp_profile_options p = DP_PROFILE_OPTIONS_INIT;
  p.base_url = "http://dify.invalid/v1";
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", httpd_port(w->server));
  p.proxy = proxy;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  options.profile = &p;
  world_restart(w, options);
  expect(w, "/ok", DP_OK, "");
  char *head = httpd_last(w->server);
  assert_memory_equal(head, "GET http://dify.invalid/v1/ok ", 30);
  free(head);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_get),
      TEST(test_request),
      TEST(test_methods),
      TEST(test_post_without_body),
      TEST(test_interim),
      TEST(test_early_answer),
      TEST(test_failures),
      TEST(test_heads_without_end),
      TEST(test_head_bound),
      TEST(test_refused_options),
      TEST(test_another_clients_profile),
      TEST(test_nobody_there),
      TEST(test_pinned_name),
      TEST(test_environment_is_not_read),
      TEST(test_proxy),
  };
  return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
