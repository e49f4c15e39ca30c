/* Pages as they come: keys, metadata made storable, what is refused and by which code, and no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pageload.h"

typedef struct row {
  const char *given;
  const char *key;    /* NULL = it is refused */
  const char *values; /* name=value, one after another; or the code of the refusal */
  const char *note;   /* a part of one; NULL = there is none */
} row;

static const row rows[] = {
    {"{\"url\":\"https://a/x#top\",\"text\":\"t\"}", "https://a/x", "source_url=https://a/x#top;", NULL},
    {"{\"url\":\"https://a/#/x\",\"text\":\"t\"}", "https://a/#/x", "source_url=https://a/#/x;", NULL},
    {"{\"url\":\"https://a/x\",\"id\":\"7\",\"text\":\"t\"}", "7", "source_url=https://a/x;", NULL},
    {"{\"id\":\"\",\"url\":\"u\",\"text\":\"t\"}", "u", "source_url=u;", NULL},
    {"{\"id\":\"7\",\"text\":\"t\",\"metadata\":{\"source_url\":\"https://b/\"}}", "7", "source_url=https://b/;", NULL},
    {"{\"url\":\"u\",\"text\":\"t\",\"metadata\":{\"source_url\":\"other\"}}", "u", "source_url=u;",
     "the page's own address"},
    {"{\"url\":\"u\",\"text\":\"t\",\"metadata\":{\"source_url\":\"u\"}}", "u", "source_url=u;", NULL},
    {"{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"a\":[\"x\",2,true],\"b\":true,\"c\":false,\"d\":1.5,\"e\":7,\"f\":null}}",
     "i", "a=x, 2, true;b=true;c=false;d=1.5;e=7;", NULL},
    {"{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"a\":[]}}", "i", "a=;", NULL},
    {"{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"uploader\":\"me\",\"difypool\":\"x\"}}", "i",
     "page_uploader=me;page_difypool=x;", "page_uploader"},
    {"{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"source\":\"a\",\"page_source\":\"b\"}}", NULL, "metadata", NULL},
    {"{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"a\":{\"b\":1}}}", NULL, "metadata", NULL},
    {"{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"a\":[[1]]}}", NULL, "metadata", NULL},
    {"{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"\":1}}", NULL, "metadata", NULL},
    {"{\"id\":\"i\",\"text\":\"t\",\"metadata\":{\"a\":\"\\u0000\"}}", NULL, "metadata", NULL},
    {"{\"id\":\"i\",\"text\":\"t\",\"metadata\":7}", NULL, "argument", NULL},
    {"{\"id\":\"i\",\"text\":\" \\n\\u00a0\\u200b\"}", NULL, "empty", NULL},
    {"{\"id\":\"i\",\"text\":\"\"}", NULL, "empty", NULL},
    {"{\"id\":\"i\",\"text\":\"a\\u0000b\"}", NULL, "text", NULL},
    {"{\"id\":\"i\"}", NULL, "argument", NULL},
    {"{\"text\":\"t\"}", NULL, "argument", NULL},
    {"{\"id\":\"i\",\"text\":7}", NULL, "argument", NULL},
    {"{\"id\":\"i\",\"text\":\"t\",\"colour\":\"red\"}", NULL, "argument", NULL},
    {"{\"id\":\"i\\u0000\",\"text\":\"t\",\"title\":\"a\\u0000\"}", NULL, "argument", NULL},
    {"[]", NULL, "argument", NULL},
};

static void list_values(const dp__page *page, char *out, size_t size) {
  size_t i, at = 0;
  const json_t *one;
  *out = '\0';
  json_array_foreach(page->values, i, one) {
    const json_t *value = json_object_get(one, "value");
    char *text = json_is_string(value) ? strdup(json_string_value(value))
                                       : json_dumps(value, JSON_ENCODE_ANY);
    const char *name = json_string_value(json_object_get(one, "name"));
    at += (size_t)snprintf(out + at, size - at, "%s=%s;", name, text);
    assert_true(page->hashes[i] == dp__value_hash(name, text, strlen(text)));
    free(text);
  }
  assert_int_equal(page->hash_count, json_array_size(page->values));
}

static void check_taken(const row *r, const dp__page *page) {
  char values[400];
  list_values(page, values, sizeof values);
  assert_string_equal(page->key, r->key);
  assert_string_equal(values, r->values);
  assert_int_equal(page->notes != NULL, r->note != NULL);
  if (r->note)
    assert_non_null(strstr(json_string_value(json_array_get(page->notes, 0)), r->note));
}

static void check(const row *r) {
  dp__page *page = NULL;
  dp_error error;
  json_t *given = json_loads(r->given, JSON_ALLOW_NUL, NULL);
  assert_non_null(given);
  dp_kind kind = dp__page_take_json(given, &page, &error);
  if (r->key) {
    assert_int_equal(kind, DP_OK);
    check_taken(r, page);
    dp__page_free(page);
  } else {
    assert_int_equal(kind, DP_INVALID_REQUEST);
    assert_string_equal(error.code, r->values);
    assert_null(page);
  }
  json_decref(given);
}

static void pages(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    check(&rows[i]);
}

static dp_kind take_text(const char *text, size_t length, dp__page **page, dp_error *error) {
  dp_args *args = dp_args_new();
  assert_int_equal(dp_args_set_string(args, "id", "i"), DP_OK);
  assert_int_equal(dp_args_set_text(args, "text", text, length), DP_OK);
  dp_kind kind = dp__page_take(args, page, error);
  dp_args_free(args);
  return kind;
}

static void sizes(void **state) {
  (void)state;
  size_t most = DP__PAGE_TEXT_MAX;
  char *text = malloc(most + 1);
  dp__page *page;
  dp_error error;
  memset(text, 'x', most + 1);
  assert_int_equal(take_text(text, most, &page, &error), DP_OK);
  assert_int_equal(page->characters, most);
  dp__page_free(page);
  assert_int_equal(take_text(text, most + 1, &page, &error), DP_TOO_LARGE);
  assert_string_equal(error.code, "page_bytes");
  free(text);
  assert_int_equal(take_text("\xc3\xa4\xe2\x82\xac", 5, &page, &error), DP_OK);
  assert_int_equal(page->characters, 2);
  dp__page_free(page);
}

static void files(void **state) {
  (void)state;
  dp__page *page;
  dp_error error;
  dp_args *args = dp_args_new();
  assert_int_equal(dp_args_set_string(args, "id", "i"), DP_OK);
  assert_int_equal(dp_args_set_file(args, "file", "a.pdf", "application/pdf", "\0\1\2", 3), DP_OK);
  assert_int_equal(dp__page_take(args, &page, &error), DP_OK);
  assert_string_equal(page->file_name, "a.pdf");
  assert_string_equal(page->file_type, "application/pdf");
  assert_int_equal(page->length, 3);
  dp__page_free(page);
  assert_int_equal(dp_args_set_string(args, "text", "and a text"), DP_OK);
  assert_int_equal(dp__page_take(args, &page, &error), DP_INVALID_REQUEST);
  dp_args_free(args);
}

static void names_have_a_bound(void **state) {
  (void)state;
  char name[DP__NAME_MAX + 2];
  dp__page *page;
  dp_error error;
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  for (int most = 1; most >= 0; most--) {
    json_t *given = json_pack("{s:s,s:s,s:s}", "id", "i", "text", "t", "name", name + !most);
    dp_kind kind = dp__page_take_json(given, &page, &error);
    assert_int_equal(kind, most ? DP_INVALID_REQUEST : DP_OK);
    if (kind == DP_OK)
      dp__page_free(page);
    json_decref(given);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pages), cmocka_unit_test(sizes),
                                     cmocka_unit_test(files), cmocka_unit_test(names_have_a_bound)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
