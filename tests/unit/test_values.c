/* Arguments, UTF-8, JSON and URLs: what is taken, what is refused, what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <difypool/difypool.h>

#include "arglist.h"
#include "json.h"
#include "scarce.h"
#include "url.h"
#include "utf8.h"

static void utf8(void **state) {
  (void)state;
  const struct {
    const char *text;
    bool good;
  } rows[] = {
      {"", true}, {"abc", true}, {"\xc3\xa4", true}, {"\xe2\x82\xac", true}, {"\xf0\x9f\x98\x80", true},
      {"12345678\xc3\xa4", true}, {"\x80", false}, {"\xc3", false}, {"\xc0\xaf", false},
      {"\xe0\x80\xaf", false}, {"\xed\xa0\x80", false}, {"\xf4\x90\x80\x80", false},
      {"\xf5\x80\x80\x80", false}, {"\xff", false}, {"12345678\xff", false}, {"\xe2\x82", false},
      {"\xf0\x80\x80\xaf", false}, {"a\xc3(", false}, {"\xef\xbf\xbf", true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (dp__utf8_ok(rows[i].text, strlen(rows[i].text)) != rows[i].good)
      fail_msg("row %zu", i);
  assert_int_equal(dp__utf8_count("a\xc3\xa4\xf0\x9f\x98\x80", 7), 3);
}

static void json_syntax(void **state) {
  (void)state;
  static const char *const good[] = {
      "{}", "[]", " [ 1 , 2 ] ", "null", "true", "false", "0", "-0", "1.5e+3", "1E9", "\"\"",
      "\"\\u00e4\\n\\\"\"", "{\"a\":{\"b\":[{}]}}", "123456789012345678901234567890", "1e400",
      "\"\\ud800\"", "{\"a\":1,\"a\":2}", "\t{\"a\" : [ ] }\n"};
  static const char *const bad[] = {
      "", " ", "{", "}", "[", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "1.",
      ".5", "+1", "1e", "tru", "nul", "\"", "\"\\x\"", "\"\\u12g4\"", "\"a\nb\"", "[1 2]", "{}{}",
      "1 2", "NaN", "Infinity", "'a'", "[1}", "{\"a\":1]", "\xef\xbb\xbf{}", "\"\xff\"", "// x\n1"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (!dp__json_ok(good[i], strlen(good[i])))
      fail_msg("%s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (dp__json_ok(bad[i], strlen(bad[i])))
      fail_msg("%s", bad[i]);
  assert_false(dp__json_ok("[1]\0x", 5));
  char deep[2 * DP__JSON_DEPTH + 2];
  for (int i = 0; i <= DP__JSON_DEPTH; i++) {
    deep[i] = '[';
    deep[2 * DP__JSON_DEPTH + 1 - i] = ']';
  }
  assert_false(dp__json_ok(deep, sizeof deep));
  assert_true(dp__json_ok(deep + 1, sizeof deep - 2));
}

static void json_members(void **state) {
  (void)state;
  const struct {
    const char *text, *name, *value;
  } rows[] = {{"{\"a\":1}", "a", "1"},
              {" { \"b\" : [1, {\"a\":2}] , \"a\" : \"x\\\"y\" } ", "a", "\"x\\\"y\""},
              {"{\"a\":1,\"a\":{\"c\":[ ]} }", "a", "{\"c\":[ ]}"},
              {"{\"b\":{\"a\":1}}", "a", NULL},
              {"{}", "a", NULL},
              {"[1]", "a", NULL},
              {"{\"a\":1", "a", NULL},
              {"{\"a\":}", "a", NULL},
              {"{\"ab\":1}", "a", NULL},
              {"", "a", NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *value = NULL;
    size_t length = 0;
    bool found = dp__json_member(rows[i].text, strlen(rows[i].text), rows[i].name, &value, &length);
    if (found != (rows[i].value != NULL))
      fail_msg("row %zu", i);
    if (found && (length != strlen(rows[i].value) || memcmp(value, rows[i].value, length) != 0))
      fail_msg("row %zu: %.*s", i, (int)length, value);
  }
}

static void json_writing(void **state) {
  (void)state;
  dp__buffer out = {0};
  assert_true(dp__json_string(&out, "a\"\\\n\t\x01\0b/\xc3\xa4", 11));
  assert_string_equal(out.data, "\"a\\\"\\\\\\n\\t\\u0001\\u0000b/\xc3\xa4\"");
  out.length = 0;
  assert_true(dp__json_double(&out, 0.1));
  assert_string_equal(out.data, "0.1");
  out.length = 0;
  assert_true(dp__json_double(&out, 1.0 / 3));
  assert_true(strtod(out.data, NULL) == 1.0 / 3);
  assert_false(dp__json_double(&out, NAN));
  assert_false(dp__json_double(&out, INFINITY));
  dp__buffer_deinit(&out);
}

static void urls(void **state) {
  (void)state;
  const struct {
    const char *text, *origin, *url;
  } rows[] = {
      {"https://api.dify.ai/v1", "https://api.dify.ai:443", "https://api.dify.ai:443/v1"},
      {"https://api.dify.ai", "https://api.dify.ai:443", "https://api.dify.ai:443/v1"},
      {"https://api.dify.ai/", "https://api.dify.ai:443", "https://api.dify.ai:443/v1"},
      {"http://h:8088/v1/", "http://h:8088", "http://h:8088/v1"},
      {"http://H/dify//", "http://h:80", "http://h:80/dify/v1"},
      {"HTTP://h/dify/v1", "http://h:80", "http://h:80/dify/v1"},
      {"http://[::1]:5001", "http://[::1]:5001", "http://[::1]:5001/v1"},
      {"http://u@h/", NULL, NULL}, {"http://h/?a=1", NULL, NULL}, {"http://h/#x", NULL, NULL},
      {"ftp://h/", NULL, NULL}, {"h:80", NULL, NULL}, {"", NULL, NULL}, {NULL, NULL, NULL},
      {"http://", NULL, NULL}, {"http://h:99999/", NULL, NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dp__base base;
    dp_error err = {.message = ""};
    dp_kind kind = dp__base_parse(rows[i].text, &base, &err);
    if ((kind == DP_OK) != (rows[i].origin != NULL))
      fail_msg("row %zu: %s", i, err.message);
    if (kind != DP_OK)
      continue;
    assert_string_equal(base.origin, rows[i].origin);
    assert_string_equal(base.url, rows[i].url);
    dp__base_deinit(&base);
  }
}

static void paths(void **state) {
  (void)state;
  static const char *const good[] = {"/", "/a", "/a/b%20c", "/a/.b", "/a/..b", "/a/b..", "/a//b",
                                     "/a%2Fb", "/a%2f..b/c", "/a%2f...", "/a;x=..", "/a%5cb", "/a%2fb..",
                                     "/...;a", "/%2e%2e%2e", "/a%252f..%252fb"};
  static const char *const bad[] = {"", "a", "/a b", "/a?b", "/a#b", "/a\\b", "/.", "/..", "/a/../b",
                                    "/a/%2e%2E/b", "/a/.%2e", "/%2e", "/\xc3\xa4", "/a\n",
                                    "/..%2fadmin", "/%2e%2e%2fadmin", "/x/..%2F..%2Fadmin", "/..%5cadmin",
                                    "/x%5C%2E.%5cadmin", "/x%2f..", "/x%2f%2E/y", "/..;/admin", "/.;a=b/c",
                                    "/x/%2e%2e%3Bz/y", "/..;"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (!dp__url_path_ok(good[i], strlen(good[i])))
      fail_msg("%s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (dp__url_path_ok(bad[i], strlen(bad[i])))
      fail_msg("%s", bad[i]);
}

static void arguments(void **state) {
  (void)state;
  dp_args *args = dp_args_new();
  assert_int_equal(dp_args_set_string(args, "a", "1"), DP_OK);
  assert_int_equal(dp_args_set_int(args, "b", 2), DP_OK);
  assert_int_equal(dp_args_set_bytes(args, "a", NULL, 0), DP_OK); /* keeps its place */
  assert_int_equal(dp_args_count(args), 2);
  assert_string_equal(args->list[0].name, "a");
  assert_int_equal(args->list[0].kind, DP__ARG_BYTES);
  assert_int_equal(dp_args_set_string(args, "c", "\xff"), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_set_string(args, "", "x"), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_set_string(args, NULL, "x"), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_set_string(args, "c", NULL), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_set_json(args, "c", "{"), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_set_double(args, "c", NAN), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_set_bytes(args, "c", NULL, 1), DP_INVALID_REQUEST);
  assert_int_equal(dp_args_set_null(NULL, "c"), DP_INVALID_REQUEST);
  assert_false(dp_args_has(args, "c"));
  assert_int_equal(dp_args_set_null(args, "c"), DP_OK);
  assert_true(dp_args_has(args, "c"));
  dp_args_free(args);
  dp_args_free(NULL);
}

static void arguments_without_memory(void **state) {
  (void)state;
  EACH_ALLOCATION_FAILS(
      dp_args *args = NULL,
      if ((args = dp_args_new())) {
        dp_kind kind = DP_OK;
        for (char name[] = "a"; kind == DP_OK && *name < 'l'; ++*name)
          kind = dp_args_set_string(args, name, "text");
        assert_true(kind == DP_OK || kind == DP_INTERNAL);
      },
      for (size_t i = 0; args && i < args->count; i++)
        assert_string_equal(args->list[i].data, "text");
      dp_args_free(args));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(utf8),         cmocka_unit_test(json_syntax), cmocka_unit_test(json_members),
      cmocka_unit_test(json_writing), cmocka_unit_test(urls),        cmocka_unit_test(paths),
      cmocka_unit_test(arguments),    cmocka_unit_test(arguments_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
