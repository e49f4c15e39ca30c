/* JSON with indents: values untouched, terminals safe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "pretty.h"

static void expect(const char *json, const char *wanted) {
  char *out;
  size_t length;
  FILE *stream = open_memstream(&out, &length);
  cli_pretty(stream, json, strlen(json));
  fclose(stream);
  assert_string_equal(out, wanted);
  free(out);
}

static void indents(void **state) {
  (void)state;
  expect("{\"a\":[1,{\"b\":null}],\"c\":{}}",
         "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {}\n}\n");
  expect(" [ ] ", "[]\n");
  expect("7", "7\n");
  expect("{ \"a\" : \"x y\" }", "{\n  \"a\": \"x y\"\n}\n");
}

static void values_are_untouched(void **state) {
  (void)state;
  expect("[123456789012345678901234567890,1e400,\"\\u00e4\\\"{[,:\"]",
         "[\n  123456789012345678901234567890,\n  1e400,\n  \"\\u00e4\\\"{[,:\"\n]\n");
}

static void controls_are_shown(void **state) {
  (void)state;
  expect("\"a\x1b[31mb\x7f\xc2\x9b\"", "\"a\\u001b[31mb\\u007f\\u009b\"\n");
}

static void what_is_no_json_ends(void **state) {
  (void)state;
  expect("", "\n");
  expect("\"open", "\"open\n");
  expect("\"open\\", "\"open\\\n");
  expect("}}]", "\n}\n}\n]\n");
  expect("{", "{\n  \n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(indents),
      cmocka_unit_test(values_are_untouched),
      cmocka_unit_test(controls_are_shown),
      cmocka_unit_test(what_is_no_json_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
