/* JSON into msgpack and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <locale.h>
#include <stdbool.h>

#include "json.h"

static void same(const char *in, const char *expected) {
  dpc__bytes packed = {0}, out = {0};
  const char *flaw = dpc__json_read(in, strlen(in), &packed);
  if (flaw)
    fail_msg("%s: %s", in, flaw);
  dpc__json_write((dpc_value){packed.data, packed.data + packed.length}, &out);
  dpc__bytes_append(&out, "", 1);
  assert_string_equal((char *)out.data, expected);
  dpc__bytes_clear(&packed);
  dpc__bytes_clear(&out);
}

static bool refused(const char *in) {
  dpc__bytes packed = {0};
  bool bad = dpc__json_read(in, strlen(in), &packed);
  dpc__bytes_clear(&packed);
  return bad;
}

static void round_trips(void **state) {
  (void)state;
  same(" { } ", "{}");
  same("[]", "[]");
  same("[1, -1, 0, 18446744073709551615, -9223372036854775808]",
       "[1,-1,0,18446744073709551615,-9223372036854775808]");
  same("[1.5, 1e3, -0.0, 0.1, 1E-2, 2.5e+10]", "[1.5,1000.0,-0.0,0.1,0.01,25000000000.0]");
  same("{\"a\": {\"b\": [true, false, null]}, \"c\": \"x\"}",
       "{\"a\":{\"b\":[true,false,null]},\"c\":\"x\"}");
  same("\"\\u00e4\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\"",
       "\"\xc3\xa4\xf0\x9f\x98\x80\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\"");
  same("\"\x7f\"", "\"\\u007f\"");
  same("7", "7");
}

static void what_is_no_json_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    " ",
                                    "{",
                                    "[",
                                    "[1",
                                    "[1,",
                                    "[1,]",
                                    "{\"a\"}",
                                    "{\"a\":}",
                                    "{\"a\":1,}",
                                    "{a:1}",
                                    "{1:1}",
                                    "'a'",
                                    "\"",
                                    "\"\\x\"",
                                    "\"\\u12\"",
                                    "\"\\ud800\"",
                                    "\"\\ud800\\u0041\"",
                                    "\"\\udc00\"",
                                    "\"\t\"",
                                    "01",
                                    "-",
                                    "+1",
                                    "1.",
                                    ".5",
                                    "1e",
                                    "1e+",
                                    "nul",
                                    "truth",
                                    "True",
                                    "NaN",
                                    "Infinity",
                                    "1e400",
                                    "18446744073709551616",
                                    "-9223372036854775809",
                                    "1 2",
                                    "{} x",
                                    "\"\xff\"",
                                    "[\xc3]",
                                    "\"\\",
                                    "//",
                                    "[1 2]",
                                    "{\"a\" 1}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (!refused(bad[i]))
      fail_msg("taken: %s", bad[i]);
}

static void depth_is_bound(void **state) {
  (void)state;
  for (size_t depth = 15; depth <= 25; depth++) {
    char text[64] = "";
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
    assert_int_equal(refused(text), depth > DPC__JSON_DEPTH_MAX);
  }
}

static void many_entries(void **state) {
  (void)state;
  dpc__bytes text = {0}, packed = {0};
  dpc__bytes_text(&text, "[0");
  for (int i = 1; i < 70000; i++)
    dpc__bytes_text(&text, ",1");
  dpc__bytes_text(&text, "]");
  assert_null(dpc__json_read((char *)text.data, text.length, &packed));
  assert_int_equal(dpc_value_count((dpc_value){packed.data, packed.data + packed.length}), 70000);
  dpc__bytes_clear(&text);
  dpc__bytes_clear(&packed);
}

static void bytes_are_hex(void **state) {
  (void)state;
  dpc__bytes packed = {0}, out = {0};
  dpc__pack_bin(&packed, "\x00\xff\x1a", 3);
  dpc__json_write((dpc_value){packed.data, packed.data + packed.length}, &out);
  dpc__bytes_append(&out, "", 1);
  assert_string_equal((char *)out.data, "\"00ff1a\"");
  dpc__bytes_clear(&packed);
  dpc__bytes_clear(&out);
}

static void numbers_do_not_hang_on_the_locale(void **state) {
  (void)state;
  if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
    skip(); /* it is not installed here */
  same("[1.5]", "[1.5]");
  setlocale(LC_NUMERIC, "C");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_trips),    cmocka_unit_test(what_is_no_json_is_refused),
      cmocka_unit_test(depth_is_bound), cmocka_unit_test(many_entries),
      cmocka_unit_test(bytes_are_hex),  cmocka_unit_test(numbers_do_not_hang_on_the_locale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
