/* File names from Content-Disposition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "disposition.h"
#include "utf8.h"

static void test_names(void **state) {
  (void)state;
  static const struct {
    const char *header;
    const char *name;
  } table[] = {
      {"", ""},
      {"attachment", ""},
      {"attachment; filename=a.md", "a.md"},
      {"attachment;filename=a.md;x=y", "a.md"},
      {"attachment; FILENAME = \"a b.md\"", "a b.md"},
      {"attachment; filename=\"a\\\"b.md\"", "a\"b.md"},
      {"attachment; filename=\"a;b.md\"; x=y", "a;b.md"},
      {"attachment; filename*=UTF-8''a%20%e2%98%83.png", "a \xe2\x98\x83.png"},
      {"attachment; filename*=utf-8'de'%C3%BC.md; filename=\"plain.md\"", "\xc3\xbc.md"},
      {"attachment; filename=\"plain.md\"; filename*=UTF-8''%C3%BC.md", "\xc3\xbc.md"},
      {"inline; filename=\"plain.md\"; filename*=UTF-8''%ff%fe", "plain.md"},
      {"inline; filename=\"plain.md\"; filename*=KOI8-R''abc", "plain.md"},
      {"inline; filename=\"plain.md\"; filename*=nonsense", "plain.md"},
      {"inline; filename*=iso-8859-1''%fc.md", "\xc3\xbc.md"},
      {"inline; filename=\"\xfc.md\"", "\xc3\xbc.md"},
      {"inline; filename=\"../../etc/passwd\"", "passwd"},
      {"inline; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"},
      {"inline; filename*=UTF-8''c%3A%5Cwindows%5Cx.exe", "x.exe"},
      {"inline; filename=\"..\"", ""},
      {"inline; filename=\".\"", ""},
      {"inline; filename=\"a/\"", ""},
      {"inline; filename*=UTF-8''a%0d%0ab%00c", "ab"},
      {"inline; filename=\"a.md", "a.md"},
      {"inline; filename=", ""},
      {"inline; ; ;; filename=x", "x"},
      {"inline; filename*=UTF-8''%", "%"},
      {"inline; filename*=UTF-8''%4", "%4"},
      {"inline; filename=\"\\", ""}, /* a lone backslash parts directories */
  };
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    char name[DPD_FILE_NAME_SIZE];
    dpd_disposition_name(table[i].header, name);
    assert_string_equal(name, table[i].name);
  }
}

static void test_long_names_are_cut_at_a_character(void **state) {
  (void)state;
  char header[4096] = "attachment; filename*=UTF-8''";
  for (int i = 0; i < 200; i++) {
    strcat(header, "%e2%98%83");
  }
  char name[DPD_FILE_NAME_SIZE];
  dpd_disposition_name(header, name);
  assert_int_equal(strlen(name), 255 / 3 * 3);
  assert_true(dpd_utf8_valid(name, strlen(name)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_long_names_are_cut_at_a_character),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
