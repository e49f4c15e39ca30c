/* The nearest name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "suggest.h"

static const char *nearest(const char *wanted) {
  static cli_nearest n;
  static const char *const names[] = {"documents.create_by_text",
                                      "documents.create_by_file",
                                      "datasets.list",
                                      "status",
                                      "stop",
                                      "set"};
  n = (cli_nearest){.wanted = wanted};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    cli_nearest_feed(&n, names[i]);
  return cli_nearest_found(&n);
}

static void distances(void **state) {
  (void)state;
  assert_int_equal(cli_distance("", ""), 0);
  assert_int_equal(cli_distance("", "abc"), 3);
  assert_int_equal(cli_distance("abc", "abc"), 0);
  assert_int_equal(cli_distance("abc", "acb"), 1);
  assert_int_equal(cli_distance("status", "sttaus"), 1);
  assert_int_equal(cli_distance("kitten", "sitting"), 3);
  assert_int_equal(cli_distance("ab", "ba"), 1);
}

static void a_slip_is_understood(void **state) {
  (void)state;
  assert_string_equal(nearest("documents.creat_by_text"), "documents.create_by_text");
  assert_string_equal(nearest("dataset.list"), "datasets.list");
  assert_string_equal(nearest("stauts"), "status");
  assert_string_equal(nearest("ste"), "set");
}

static void nonsense_is_not(void **state) {
  (void)state;
  char longest[100];
  memset(longest, 'x', sizeof longest);
  longest[99] = '\0';
  assert_null(nearest("frobnicate"));
  assert_null(nearest(longest));
  assert_null(nearest(""));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(distances),
      cmocka_unit_test(a_slip_is_understood),
      cmocka_unit_test(nonsense_is_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
