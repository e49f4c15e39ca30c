/* NAME=VALUE and its kin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "argspec.h"

static void expect(const char *word, const char *name, cli_argkind kind, const char *value) {
  cli_argspec spec;
  assert_null(cli_argspec_parse(word, &spec));
  assert_string_equal(spec.name, name);
  assert_int_equal(spec.kind, kind);
  assert_string_equal(spec.value, value);
}

static void the_four_signs(void **state) {
  (void)state;
  expect("name=x", "name", CLI_ARG_TEXT, "x");
  expect("name=", "name", CLI_ARG_TEXT, "");
  expect("name==x", "name", CLI_ARG_TEXT, "=x");
  expect("name=a:=b@c", "name", CLI_ARG_TEXT, "a:=b@c");
  expect("rule:={\"a\": 1}", "rule", CLI_ARG_JSON, "{\"a\": 1}");
  expect("text@page.md", "text", CLI_ARG_FILE, "page.md");
  expect("text@-", "text", CLI_ARG_FILE, "-");
  expect("rule:=@rule.json", "rule", CLI_ARG_JSON_FILE, "rule.json");
  expect("a_b-c.d9=1", "a_b-c.d9", CLI_ARG_TEXT, "1");
}

static void what_is_none_of_them(void **state) {
  (void)state;
  static const char *const words[] = {"",       "=x",      ":=1",          "@f",
                                      "name",   "name:x",  "na me=x",      "name@",
                                      "name:=", "name:=@", "n\xc3\xa4me=x"};
  cli_argspec spec;
  char longest[200];
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    assert_non_null(cli_argspec_parse(words[i], &spec));
  memset(longest, 'n', sizeof longest);
  strcpy(longest + 190, "=x");
  assert_non_null(cli_argspec_parse(longest, &spec));
}

static void values_that_may_be_typed(void **state) {
  (void)state;
  static const char *const typed[] = {"1", "-5", "0.5", "true", "false", "null", "[1]", "{}"};
  static const char *const plain[] = {"", "text", "True", "trueish", " 1", "+1"};
  for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
    assert_true(cli_looks_typed(typed[i]));
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    assert_false(cli_looks_typed(plain[i]));
}

static void files_are_read_whole(void **state) {
  (void)state;
  char path[] = "/tmp/difypool-file-XXXXXX";
  enum { LENGTH = 300001 };
  char *bytes = malloc(LENGTH);
  size_t length;
  for (size_t i = 0; i < LENGTH; i++)
    bytes[i] = (char)(i * 31);
  int fd = mkstemp(path);
  assert_int_equal(write(fd, bytes, LENGTH), LENGTH);
  close(fd);
  char *read = cli_file_read(path, &length);
  assert_non_null(read);
  assert_int_equal(length, LENGTH);
  assert_memory_equal(read, bytes, LENGTH);
  assert_int_equal(read[LENGTH], '\0');
  free(read);
  free(bytes);
  unlink(path);
  assert_null(cli_file_read(path, &length));
  assert_null(cli_file_read("/", &length));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_four_signs),
      cmocka_unit_test(what_is_none_of_them),
      cmocka_unit_test(values_that_may_be_typed),
      cmocka_unit_test(files_are_read_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
