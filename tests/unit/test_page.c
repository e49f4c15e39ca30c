/* Pages: keys, names, blank texts, stamps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "page.h"
#include "utf8.h"

static void keys(void **state) {
  (void)state;
  static const struct {
    const char *id, *url, *key;
  } rows[] = {
      {NULL, "https://a.example/x#part", "https://a.example/x"},
      {NULL, "https://a.example/x", "https://a.example/x"},
      {NULL, "https://a.example/x/", "https://a.example/x/"},
      {NULL, "https://a.example/#/route", "https://a.example/#/route"},
      {NULL, "https://a.example/#!route", "https://a.example/#!route"},
      {NULL, "https://a.example/#", "https://a.example/"},
      {"", "https://a.example/", "https://a.example/"},
      {"page-1#2", "https://a.example/x", "page-1#2"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dp__buffer key = {0};
    assert_true(dp__page_key(rows[i].id, rows[i].url, &key));
    assert_string_equal(key.data, rows[i].key);
    dp__buffer_deinit(&key);
  }
}

static void blank(void **state) {
  (void)state;
  static const char *const yes[] = {"", " \t\r\n", "\xc2\xa0", "\xe3\x80\x80\n", "\xef\xbb\xbf",
                                    "\xe2\x80\x8b \xe2\x80\x8b", "\xc2\xad"};
  static const char *const no[] = {"a", " . ", "\xe2\x80\x8b\xc3\xa4", "\xf0\x9f\x98\x80", "0"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    assert_true(dp__page_blank(yes[i], strlen(yes[i])));
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    assert_false(dp__page_blank(no[i], strlen(no[i])));
}

static void check_name(const char *title, const char *key, const char *extension,
                       const char *expected) {
  dp__buffer name = {0};
  dp__sha hash;
  assert_true(dp__sha256(key, strlen(key), &hash));
  assert_true(dp__page_name(title, key, &hash, extension, &name));
  assert_string_equal(name.data, expected);
  char tag[DP__TAG + 1];
  dp__page_tag(&hash, tag);
  const char *found = dp__name_tag(name.data, name.length);
  assert_non_null(found);
  assert_memory_equal(found, tag, DP__TAG);
  dp__buffer_deinit(&name);
}

static void names(void **state) {
  (void)state;
  /* SHA-256("k") begins 8254c329a928. */
  check_name("Hello", "k", "", "Hello [8254c329a928]");
  check_name("  a \n\t b\xc2\xa0 ", "k", "", "a b [8254c329a928]");
  check_name("a/b\\c:d*e?f\"g<h>i|j", "k", "", "a b c d e f g h i j [8254c329a928]");
  check_name("zero\xe2\x80\x8bwidth", "k", ".pdf", "zerowidth [8254c329a928].pdf");
  check_name("", "k", "", "k [8254c329a928]");
  check_name(NULL, "k", "", "k [8254c329a928]");
  check_name("\xc3\xa4\xf0\x9f\x98\x80", "k", "", "\xc3\xa4\xf0\x9f\x98\x80 [8254c329a928]");
  check_name("///", "k", "", "k [8254c329a928]");
  check_name("", "///", "", "page [732c4e971163]");
}

static void long_names(void **state) {
  (void)state;
  char title[2001] = "";
  for (int i = 0; i < 500; i++)
    strcat(title, i % 2 ? "\xe4\xb8\xad" : "x ");
  dp__sha hash = {{0xab, 0xcd}};
  dp__buffer name = {0};
  assert_true(dp__page_name(title, "k", &hash, ".html", &name));
  assert_int_equal(dp__utf8_count(name.data, name.length), DP__NAME_MAX);
  assert_true(dp__utf8_ok(name.data, name.length));
  assert_string_equal(name.data + name.length - 20, " [abcd00000000].html");
  dp__buffer_deinit(&name);
}

static void foreign_names(void **state) {
  (void)state;
  static const char *const rows[] = {"",
                                     "x",
                                     "[8254c329a928]",
                                     "x[8254c329a928]",
                                     "x [8254c329a92]",
                                     "x [8254c329a92g]",
                                     "x [8254C329A927]",
                                     "x [8254c329a928] copy",
                                     "x [8254c329a928",
                                     "]"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (dp__name_tag(rows[i], strlen(rows[i])))
      fail_msg("%s", rows[i]);
}

static void sets(void **state) {
  (void)state;
  char most[DP__SET_MAX + 2];
  memset(most, 'a', sizeof most);
  most[DP__SET_MAX + 1] = '\0';
  assert_false(dp__set_ok(most));
  most[DP__SET_MAX] = '\0';
  assert_true(dp__set_ok(most));
  assert_true(dp__set_ok("default"));
  assert_true(dp__set_ok("docs.example_2-b"));
  assert_false(dp__set_ok(""));
  assert_false(dp__set_ok("a:b"));
  assert_false(dp__set_ok("a b"));
  assert_false(dp__set_ok("\xc3\xa4"));
}

static void stamps(void **state) {
  (void)state;
  static const char whole[] = "1:docs.v2:00112233445566778899aabbccddeeff:0123456789abcdef:"
                              "26c1a154-8894-4846-a484-224395c409bf";
  dp__stamp stamp;
  char text[DP__STAMP_TEXT];
  assert_true(dp__stamp_read(whole, strlen(whole), &stamp));
  assert_string_equal(stamp.set, "docs.v2");
  assert_int_equal(stamp.text[15], 0xff);
  assert_int_equal(stamp.rule[7], 0xef);
  assert_int_equal(stamp.upload[0], 0x26);
  dp__stamp_write(&stamp, text);
  assert_string_equal(text, whole);
  /* Nothing shorter or longer is one, nor one with another character anywhere in its frame. */
  for (size_t length = 0; length < strlen(whole); length++)
    assert_false(dp__stamp_read(whole, length, &stamp));
  for (size_t i = 0; i < strlen(whole); i++) {
    char other[sizeof whole];
    memcpy(other, whole, sizeof whole);
    other[i] = '*';
    if (dp__stamp_read(other, strlen(other), &stamp))
      fail_msg("%s", other);
  }
}

static void longest_stamp(void **state) {
  (void)state;
  dp__stamp stamp, read;
  char text[DP__STAMP_TEXT];
  memset(&stamp, 0xa5, sizeof stamp);
  memset(stamp.set, 'x', DP__SET_MAX);
  stamp.set[DP__SET_MAX] = '\0';
  dp__stamp_write(&stamp, text);
  assert_int_equal(strlen(text), DP__STAMP_TEXT - 1);
  assert_true(dp__stamp_read(text, strlen(text), &read));
  assert_memory_equal(&read, &stamp, sizeof read);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys),          cmocka_unit_test(blank), cmocka_unit_test(names),
      cmocka_unit_test(long_names),    cmocka_unit_test(foreign_names),
      cmocka_unit_test(sets),          cmocka_unit_test(stamps),
      cmocka_unit_test(longest_stamp),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
