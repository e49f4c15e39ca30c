/* Inventory: entries of a list taken apart, found again by each of their names, gone when gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory.h"
#include "scarce.h"

/* An entry as a list shows it (recorded from a Dify 1.12.1 server, shortened). */
static const char recorded[] =
    "{\"id\":\"f1787182-4845-426b-af94-af87c7392791\",\"data_source_type\":\"upload_file\","
    "\"data_source_info\":{\"upload_file_id\":\"26c1a154-8894-4846-a484-224395c409bf\"},"
    "\"data_source_detail_dict\":{\"upload_file\":{\"id\":\"26c1a154-8894-4846-a484-224395c409bf\","
    "\"name\":\"meta two\",\"size\":1500,\"extension\":\"txt\",\"mime_type\":\"text/plain\"}},"
    "\"name\":\"meta two [0123456789ab]\",\"created_at\":1795416250,\"indexing_status\":\"completed\","
    "\"error\":null,\"enabled\":true,\"archived\":false,\"doc_metadata\":["
    "{\"id\":\"a\",\"name\":\"year\",\"type\":\"number\",\"value\":\"1999\"},"
    "{\"id\":\"b\",\"name\":\"source_url\",\"type\":\"string\",\"value\":\"https://a.example/x/\"},"
    "{\"id\":\"c\",\"name\":\"difypool\",\"type\":\"string\",\"value\":\"1:docs:"
    "00112233445566778899aabbccddeeff:0123456789abcdef:26c1a154-8894-4846-a484-224395c409bf\"},"
    "{\"id\":\"built-in\",\"name\":\"source\",\"type\":\"string\",\"value\":\"file_upload\"}]}";

static dp__doc *put(dp__inventory *inventory, const char *text) {
  bool bad;
  json_t *entry = json_loads(text, 0, NULL);
  assert_non_null(entry);
  dp__doc *doc = dp__inventory_put(inventory, entry, &bad);
  assert_false(bad);
  json_decref(entry);
  return doc;
}

static void taken_apart(void **state) {
  (void)state;
  dp__inventory inventory = {0};
  const dp__doc *doc = put(&inventory, recorded);
  assert_non_null(doc);
  assert_int_equal(doc->flags, DP__DOC_ENABLED | DP__DOC_TEXT | DP__DOC_DONE | DP__DOC_STAMPED |
                                   DP__DOC_VOUCHED);
  assert_string_equal(dp__doc_name(doc), "meta two [0123456789ab]");
  assert_string_equal(dp__doc_source(doc), "https://a.example/x/");
  assert_string_equal(dp__doc_set(doc), "docs");
  assert_string_equal(dp__doc_error(doc), "");
  assert_true(doc->created_s == 1795416250);
  assert_true(dp__doc_has(doc, dp__value_hash("year", "1999", 4)));
  assert_false(dp__doc_has(doc, dp__value_hash("year", "2000", 4)));
  assert_false(dp__doc_has(doc, dp__value_hash("source", "file_upload", 11)));
  assert_ptr_equal(dp__doc_by_tag(&inventory, "0123456789ab"), doc);
  assert_ptr_equal(dp__doc_by_source(&inventory, "https://a.example/x"), doc);
  assert_ptr_equal(dp__doc_by_source(&inventory, "https://a.example/x/"), doc);
  assert_null(dp__doc_by_source(&inventory, "https://a.example/"));
  assert_ptr_equal(dp__doc_by_name(&inventory, "meta two [0123456789ab]"), doc);
  assert_null(dp__doc_by_name(&inventory, "meta two"));
  assert_ptr_equal(dp__doc_by_id(&inventory, doc->id), doc);
  dp__inventory_deinit(&inventory);
}

static char *replaced(const char *what, const char *with) {
  static char text[4096];
  const char *at = strstr(recorded, what);
  assert_non_null(at);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - recorded), recorded, with, at + strlen(what));
  return text;
}

static void states(void **state) {
  (void)state;
  static const struct {
    const char *what, *with;
    unsigned lost, gained;
  } rows[] = {
      {"\"enabled\":true", "\"enabled\":false", DP__DOC_ENABLED, 0},
      {"\"archived\":false", "\"archived\":true", 0, DP__DOC_ARCHIVED},
      {"\"completed\"", "\"error\"", DP__DOC_DONE, DP__DOC_FAILED},
      {"\"completed\"", "\"waiting\"", DP__DOC_DONE, 0},
      {"\"txt\"", "\"md\"", DP__DOC_TEXT, 0},
      {"\"name\":\"meta two\"", "\"name\":\"notes.txt\"", DP__DOC_TEXT, 0},
      {"\"upload_file_id\":\"26c1", "\"upload_file_id\":\"26c2", DP__DOC_VOUCHED, 0},
      {"1:docs:", "2:docs:", DP__DOC_VOUCHED | DP__DOC_STAMPED, 0},
      {"\"difypool\"", "\"Difypool\"", DP__DOC_VOUCHED | DP__DOC_STAMPED, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dp__inventory inventory = {0};
    unsigned whole = put(&inventory, recorded)->flags;
    unsigned flags = put(&inventory, replaced(rows[i].what, rows[i].with))->flags;
    assert_int_equal(inventory.count, 1);
    if (flags != ((whole & ~rows[i].lost) | rows[i].gained))
      fail_msg("row %zu: %x", i, flags);
    dp__inventory_deinit(&inventory);
  }
}

static void odd_entries(void **state) {
  (void)state;
  static const char *const rows[] = {"{}", "[]", "1", "{\"id\":1}", "{\"id\":\"x\"}",
                                     "{\"id\":\"f1787182-4845-426b-af94-af87c739279\"}"};
  dp__inventory inventory = {0};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    bool bad = false;
    json_t *entry = json_loads(rows[i], JSON_DECODE_ANY, NULL);
    assert_null(dp__inventory_put(&inventory, entry, &bad));
    assert_true(bad);
    json_decref(entry);
  }
  const dp__doc *bare = put(&inventory, "{\"id\":\"f1787182-4845-426b-af94-af87c7392791\","
                                        "\"doc_metadata\":[1,{},{\"name\":\"source_url\"}]}");
  assert_string_equal(dp__doc_name(bare), "");
  assert_int_equal(bare->flags, DP__DOC_ENABLED);
  dp__inventory_deinit(&inventory);
}

/* --- many of them, beside a plain model ------------------------------------------------------------- */

enum { DOCS = 3000, NAMES = 40 };

static void put_number(dp__inventory *inventory, unsigned i, unsigned name) {
  char text[400];
  snprintf(text, sizeof text,
           "{\"id\":\"%08x-0000-0000-0000-000000000000\",\"name\":\"n%u [%012x]\",\"doc_metadata\":"
           "[{\"id\":\"s\",\"name\":\"source_url\",\"value\":\"https://a.example/%u/\"}]}",
           i, name, name, name);
  assert_non_null(put(inventory, text));
}

static size_t count_all(const dp__inventory *inventory, unsigned name) {
  char text[64];
  size_t by_name = 0, by_tag = 0, by_source = 0;
  snprintf(text, sizeof text, "n%u [%012x]", name, name);
  for (dp__doc *d = dp__doc_by_name(inventory, text); d; d = dp__doc_again(d, DP__BY_NAME))
    by_name++;
  snprintf(text, sizeof text, "%012x", name);
  for (dp__doc *d = dp__doc_by_tag(inventory, text); d; d = dp__doc_again(d, DP__BY_TAG))
    by_tag++;
  snprintf(text, sizeof text, "https://a.example/%u", name);
  for (dp__doc *d = dp__doc_by_source(inventory, text); d; d = dp__doc_again(d, DP__BY_SOURCE))
    by_source++;
  assert_int_equal(by_name, by_tag);
  assert_int_equal(by_name, by_source);
  return by_name;
}

static void check_model(const dp__inventory *inventory, const int names[DOCS]) {
  size_t expected[NAMES] = {0}, total = 0, seen = 0;
  for (size_t i = 0; i < DOCS; i++)
    if (names[i] >= 0) {
      expected[names[i]]++;
      total++;
    }
  assert_int_equal(inventory->count, total);
  for (unsigned n = 0; n < NAMES; n++)
    assert_int_equal(count_all(inventory, n), expected[n]);
  for (dp__doc *d = dp__inventory_next(inventory, NULL); d; d = dp__inventory_next(inventory, d))
    seen++;
  assert_int_equal(seen, total);
}

static void many(void **state) {
  (void)state;
  dp__inventory inventory = {0};
  static int names[DOCS];
  srand(1);
  for (size_t i = 0; i < DOCS; i++)
    names[i] = -1;
  for (int step = 0; step < 4 * DOCS; step++) {
    unsigned i = (unsigned)rand() % DOCS, name = (unsigned)rand() % NAMES;
    uint8_t id[16] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
    if (rand() % 4 == 0) {
      dp__inventory_remove(&inventory, id);
      names[i] = -1;
    } else {
      put_number(&inventory, i, name);
      names[i] = (int)name;
    }
  }
  check_model(&inventory, names);
  dp__inventory_begin(&inventory);
  for (unsigned i = 0; i < DOCS; i++)
    if (names[i] >= 0 && i % 3)
      put_number(&inventory, i, (unsigned)names[i]);
    else
      names[i] = -1;
  assert_true(dp__inventory_sweep(&inventory) > 0);
  check_model(&inventory, names);
  dp__inventory_deinit(&inventory);
  assert_int_equal(inventory.bytes, 0);
}

static void memory_runs_out(void **state) {
  (void)state;
  for (unsigned n = 0;; n++) {
    dp__inventory inventory = {0};
    bool bad;
    json_t *entry = json_loads(recorded, 0, NULL);
    scarce_from(n);
    const dp__doc *doc = dp__inventory_put(&inventory, entry, &bad);
    bool hit = scarce_off();
    assert_false(bad);
    assert_int_equal(inventory.count, doc ? 1 : 0);
    json_decref(entry);
    dp__inventory_deinit(&inventory);
    if (!hit)
      break;
    assert_null(doc);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(taken_apart), cmocka_unit_test(states), cmocka_unit_test(odd_entries),
      cmocka_unit_test(many),        cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
