/* How files and lines become pages, and how long the rest takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "args.h"
#include "json.h"
#include "meter.h"
#include "pages.h"

/* The page of this line, as JSON. */
static char *page_of(const char *line, const dpc_args *metadata, char **flaw) {
  dpc__bytes packed = {0};
  *flaw = NULL;
  dpc_args *page = cli_page_of_line(line, strlen(line), 7, metadata, flaw);
  assert_non_null(page);
  dpc__pack_map(&packed, dpc__args_count_of(page));
  dpc__args_put(page, &packed);
  dpc_args_free(page);
  char *json = dpc_value_json((dpc_value){packed.data, packed.data + packed.length}, NULL);
  dpc__bytes_clear(&packed);
  return json;
}

static void expect(const char *line, const dpc_args *metadata, const char *wanted,
                   const char *why) {
  char *flaw, *json = page_of(line, metadata, &flaw);
  assert_string_equal(json, wanted);
  if (why) {
    assert_non_null(flaw);
    assert_non_null(strstr(flaw, why));
    assert_non_null(strstr(flaw, "line 7: "));
  } else {
    assert_null(flaw);
  }
  free(json);
  free(flaw);
}

static void kinds_of_files(void **state) {
  (void)state;
  assert_int_equal(cli_page_kind_of("a/b.md"), CLI_PAGE_TEXT);
  assert_int_equal(cli_page_kind_of("README.TXT"), CLI_PAGE_TEXT);
  assert_int_equal(cli_page_kind_of("a.b.PDF"), CLI_PAGE_FILE);
  assert_int_equal(cli_page_kind_of("x.docx"), CLI_PAGE_FILE);
  assert_int_equal(cli_page_kind_of("x.html"), CLI_PAGE_FILE);
  assert_int_equal(cli_page_kind_of("md"), CLI_PAGE_NONE);
  assert_int_equal(cli_page_kind_of(".md"), CLI_PAGE_NONE);
  assert_int_equal(cli_page_kind_of("x.tar.gz"), CLI_PAGE_NONE);
}

static void lines_of_crawlers(void **state) {
  (void)state;
  expect("{\"url\": \"u\", \"text\": \"t\", \"title\": \"T\", \"name\": \"n\", \"id\": \"i\"}",
         NULL, "{\"url\":\"u\",\"id\":\"i\",\"text\":\"t\",\"title\":\"T\",\"name\":\"n\"}", NULL);
  expect("{\"source_url\": \"u\", \"markdown\": \"m\", \"content\": \"c\", \"depth\": 2}", NULL,
         "{\"url\":\"u\",\"text\":\"m\"}", NULL);
  expect("{\"url\": \"u\", \"text\": null, \"content\": \"c\"}", NULL,
         "{\"url\":\"u\",\"text\":\"c\"}", NULL);
}

static void lines_that_are_wrong(void **state) {
  (void)state;
  expect("nonsense", NULL, "{}", "no JSON object");
  expect("[1]", NULL, "{}", "no JSON object");
  expect("{\"text\": \"t\"}", NULL, "{\"text\":\"t\"}", "neither url nor id");
  expect("{\"url\": \"u\", \"text\": 7}", NULL, "{\"url\":\"u\"}", "no text");
}

static void metadata_of_its_own_goes_first(void **state) {
  (void)state;
  dpc_args *every = dpc_args_new();
  assert_int_equal(dpc_args_set_string(every, "team", "web"), DPC_OK);
  assert_int_equal(dpc_args_set_int(every, "rank", 1), DPC_OK);
  expect("{\"id\": \"i\", \"text\": \"t\", \"metadata\": {\"rank\": 2, \"x\": [\"y\"]}}", every,
         "{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"team\":\"web\",\"rank\":2,\"x\":[\"y\"]}}",
         NULL);
  expect("{\"id\": \"i\", \"text\": \"t\", \"metadata\": 5}", every,
         "{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"team\":\"web\",\"rank\":1}}", NULL);
  expect("{\"id\": \"i\", \"text\": \"t\", \"metadata\": {\"a\": null}}", NULL,
         "{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"a\":null}}", NULL);
  assert_int_equal(dpc_args_count(every), 2);
  dpc_args_free(every);
}

static void the_rest_takes(void **state) {
  (void)state;
  assert_int_equal(cli_meter_left_us(0, 100, 1000), 0);
  assert_int_equal(cli_meter_left_us(100, 100, 1000), 0);
  assert_int_equal(cli_meter_left_us(25, 100, 1000), 3000000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kinds_of_files),       cmocka_unit_test(lines_of_crawlers),
      cmocka_unit_test(lines_that_are_wrong), cmocka_unit_test(metadata_of_its_own_goes_first),
      cmocka_unit_test(the_rest_takes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
