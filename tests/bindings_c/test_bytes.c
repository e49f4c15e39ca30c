/* Bytes that grow, UTF-8, and texts of errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bytes.h"
#include "error.h"
#include "utf8.h"

static void appends_and_packs(void **state) {
  (void)state;
  dpc__bytes b = {0};
  dpc__pack_map(&b, 1);
  dpc__pack_text(&b, "a");
  dpc__pack_array(&b, 4);
  dpc__pack_nil(&b);
  dpc__pack_bool(&b, true);
  dpc__pack_int(&b, -1);
  dpc__pack_uint(&b, 200);
  static const uint8_t expected[] = {0x81, 0xa1, 'a', 0x94, 0xc0, 0xc3, 0xff, 0xcc, 200};
  assert_false(b.failed);
  assert_int_equal(b.length, sizeof expected);
  assert_memory_equal(b.data, expected, sizeof expected);
  dpc__bytes_wipe(&b);
  assert_null(b.data);
}

static void grows_past_its_first_size(void **state) {
  (void)state;
  dpc__bytes b = {0};
  for (int i = 0; i < 10000; i++)
    dpc__bytes_append(&b, "0123456789", 10);
  assert_int_equal(b.length, 100000);
  for (size_t i = 0; i < b.length; i++)
    assert_int_equal(b.data[i], '0' + i % 10);
  dpc__bytes_clear(&b);
}

static void a_text_too_long_for_the_wire_fails(void **state) {
  (void)state;
  dpc__bytes b = {0};
  dpc__pack_str(&b, "", (size_t)UINT32_MAX + 1);
  assert_true(b.failed);
  dpc__bytes_clear(&b);
}

static void utf8_by_the_table(void **state) {
  (void)state;
  static const char *const good[] = {"",
                                     "plain ascii, longer than eight",
                                     "\xc2\x80",
                                     "\xdf\xbf",
                                     "\xe0\xa0\x80",
                                     "\xed\x9f\xbf",
                                     "\xee\x80\x80",
                                     "\xef\xbf\xbf",
                                     "\xf0\x90\x80\x80",
                                     "\xf4\x8f\xbf\xbf",
                                     "\xc3\xa4 und \xf0\x9f\x98\x80"};
  static const char *const bad[] = {"\x80",
                                    "\xc0\x80",
                                    "\xc1\xbf",
                                    "\xe0\x9f\xbf",
                                    "\xed\xa0\x80",
                                    "\xf0\x8f\xbf\xbf",
                                    "\xf4\x90\x80\x80",
                                    "\xf5\x80\x80\x80",
                                    "\xff",
                                    "\xc3",
                                    "\xe2\x82",
                                    "\xf0\x9f\x98",
                                    "abcdefgh\xc3",
                                    "\xc3("};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_true(dpc__utf8_valid(good[i], strlen(good[i])));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(dpc__utf8_valid(bad[i], strlen(bad[i])));
}

static void utf8_of_every_code_point(void **state) {
  (void)state;
  char text[4];
  for (unsigned code = 0; code <= 0x10ffff; code++) {
    size_t length = dpc__utf8_put(text, code);
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    assert_int_equal(dpc__utf8_valid(text, length), !surrogate);
  }
}

static void error_texts_are_cut_and_cleaned(void **state) {
  (void)state;
  dpc_error e;
  char text[600];
  memset(text, 'x', sizeof text);
  memcpy(text + 510, "\xc3\xa4", 2); /* the character that would be cut in two */
  text[599] = '\0';
  assert_int_equal(dpc__fail(&e, DPC_BUSY, "a\nb", "h\x1b[31m", "%s", text), DPC_BUSY);
  assert_int_equal(strlen(e.message), 510);
  assert_true(dpc__utf8_valid(e.message, strlen(e.message)));
  assert_string_equal(e.code, "a b");
  assert_string_equal(e.hint, "h [31m");
  assert_string_equal(e.kind_name, "busy");
  assert_int_equal(e.retryable, 1);
  dpc__fail(&e, DPC_BUSY, "", NULL, "c1 \xc2\x9b here");
  assert_string_equal(e.message, "c1    here");
}

static void kinds_have_names_texts_and_exits(void **state) {
  (void)state;
  for (int kind = 0; kind < DPC_KIND_COUNT; kind++) {
    assert_true(*dpc_kind_name((dpc_kind)kind) && *dpc_kind_text((dpc_kind)kind));
    assert_int_equal(dpc__kind_named(dpc_kind_name((dpc_kind)kind)), kind);
  }
  assert_int_equal(dpc_kind_exit(DPC_UNREACHABLE), 3);
  assert_int_equal(dpc_kind_exit(DPC_UNKNOWN_OUTCOME), 4);
  assert_string_equal(dpc_kind_name((dpc_kind)999), "unknown");
  assert_int_equal(dpc__kind_named("of_tomorrow"), DPC_INTERNAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appends_and_packs),
      cmocka_unit_test(grows_past_its_first_size),
      cmocka_unit_test(a_text_too_long_for_the_wire_fails),
      cmocka_unit_test(utf8_by_the_table),
      cmocka_unit_test(utf8_of_every_code_point),
      cmocka_unit_test(error_texts_are_cut_and_cleaned),
      cmocka_unit_test(kinds_have_names_texts_and_exits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
