/* Plans: a table of what a knowledge base holds, what a page brings, and what is to be done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "plan.h"

#define TAG "0123456789ab"
#define TEXT "00112233445566778899aabbccddeeff"
#define RULE "0123456789abcdef"
#define UPLOAD "26c1a154-8894-4846-a484-224395c409bf"
#define STAMP "1:default:" TEXT ":" RULE ":" UPLOAD
#define URL "https://a.example/x"

/* A document: id (last digit), name, stamp, source_url, then states by letters: d(isabled),
 * a(rchived), e(rror), f(ile), and its time of creation. */
typedef struct have {
  char id;
  const char *name, *stamp, *source, *state;
  int created;
} have;

static void add(dp__inventory *inventory, const have *h) {
  char text[2000];
  bool bad, file = strchr(h->state, 'f') != NULL;
  snprintf(text, sizeof text,
           "{\"id\":\"00000000-0000-0000-0000-00000000000%c\",\"name\":\"%s\",\"created_at\":%d,"
           "\"data_source_type\":\"upload_file\",\"data_source_info\":{\"upload_file_id\":\"" UPLOAD
           "\"},\"data_source_detail_dict\":{\"upload_file\":{\"name\":\"%s\",\"extension\":\"%s\"}},"
           "\"enabled\":%s,\"archived\":%s,\"indexing_status\":\"%s\",\"doc_metadata\":["
           "{\"id\":\"1\",\"name\":\"difypool\",\"value\":\"%s\"},"
           "{\"id\":\"2\",\"name\":\"source_url\",\"value\":\"%s\"},"
           "{\"id\":\"3\",\"name\":\"year\",\"value\":\"1999\"}]}",
           h->id, h->name, h->created, h->name, file ? "pdf" : "txt",
           strchr(h->state, 'd') ? "false" : "true", strchr(h->state, 'a') ? "true" : "false",
           strchr(h->state, 'e') ? "error" : "completed", h->stamp, h->source);
  json_t *entry = json_loads(text, 0, NULL);
  assert_non_null(entry);
  assert_non_null(dp__inventory_put(inventory, entry, &bad));
  json_decref(entry);
}

typedef struct row {
  const char *what;
  have docs[3];
  const char *name, *year, *set;
  const char *options; /* letters: A no adopt, r(echunk), m(end), t(ext other), R(ule other), f(ile), 2 (numbered) */
  dp__deed deed;
  char document;       /* 0 = none */
  const char *notes;   /* letters: a(dopted) r(ule changed) i(ndexed again) e(nable) u(narchive) n(ame taken) */
} row;

#define OURS {'1', "x [" TAG "]", STAMP, URL, "", 1}

static const row rows[] = {
    {"an empty knowledge base", {{0}}, NULL, NULL, NULL, "", DP__DEED_CREATE, 0, ""},
    {"unchanged", {OURS}, NULL, "1999", NULL, "", DP__DEED_NONE, '1', ""},
    {"another text", {OURS}, NULL, NULL, NULL, "t", DP__DEED_WRITE, '1', ""},
    {"another value", {OURS}, NULL, "2000", NULL, "", DP__DEED_STAMP, '1', ""},
    {"another set", {OURS}, NULL, NULL, "other", "", DP__DEED_STAMP, '1', ""},
    {"another rule", {OURS}, NULL, NULL, NULL, "R", DP__DEED_NONE, '1', "r"},
    {"another rule, and rechunk", {OURS}, NULL, NULL, NULL, "Rr", DP__DEED_WRITE, '1', "r"},
    {"a crash before the stamp", {{'1', "x [" TAG "]", "", "", "", 1}}, NULL, NULL, NULL, "",
     DP__DEED_WRITE, '1', ""},
    {"a stamp of an older upload",
     {{'1', "x [" TAG "]", "1:default:" TEXT ":" RULE ":36c1a154-8894-4846-a484-224395c409bf", URL, "", 1}},
     NULL, NULL, NULL, "", DP__DEED_WRITE, '1', ""},
    {"its indexing failed", {{'1', "x [" TAG "]", STAMP, URL, "e", 1}}, NULL, NULL, NULL, "",
     DP__DEED_WRITE, '1', "i"},
    {"disabled and unchanged", {{'1', "x [" TAG "]", STAMP, URL, "d", 1}}, NULL, NULL, NULL, "",
     DP__DEED_NONE, '1', ""},
    {"disabled and changed", {{'1', "x [" TAG "]", STAMP, URL, "d", 1}}, NULL, NULL, NULL, "t",
     DP__DEED_SKIP, '1', "e"},
    {"disabled, changed, to be mended", {{'1', "x [" TAG "]", STAMP, URL, "d", 1}}, NULL, NULL, NULL,
     "tm", DP__DEED_WRITE, '1', "e"},
    {"archived and changed", {{'1', "x [" TAG "]", STAMP, URL, "a", 1}}, NULL, NULL, NULL, "t",
     DP__DEED_SKIP, '1', "u"},
    {"archived, disabled, to be mended", {{'1', "x [" TAG "]", STAMP, URL, "ad", 1}}, NULL, NULL, NULL,
     "tm", DP__DEED_WRITE, '1', "eu"},
    {"a race: the older stands",
     {{'1', "x [" TAG "]", STAMP, URL, "", 2}, {'2', "y [" TAG "]", STAMP, URL, "", 1}}, NULL, NULL,
     NULL, "", DP__DEED_NONE, '2', ""},
    {"a race in one second: the smaller id stands",
     {{'2', "x [" TAG "]", STAMP, URL, "", 1}, {'1', "x [" TAG "]", STAMP, URL, "", 1}}, NULL, NULL,
     NULL, "", DP__DEED_NONE, '1', ""},
    {"adopted", {{'1', "Old crawl", "", URL "/", "", 1}}, NULL, NULL, NULL, "", DP__DEED_WRITE, '1', "a"},
    {"adopted earlier", {{'1', "Old crawl", STAMP, URL, "", 1}}, NULL, NULL, NULL, "",
     DP__DEED_NONE, '1', ""},
    {"adopted earlier, and no more to be adopted", {{'1', "Old crawl", STAMP, URL, "", 1}}, NULL, NULL,
     NULL, "At", DP__DEED_WRITE, '1', ""},
    {"not to be adopted", {{'1', "Old crawl", "", URL, "", 1}}, NULL, NULL, NULL, "A", DP__DEED_CREATE,
     0, ""},
    {"two of one address are not adopted",
     {{'1', "Old", "", URL, "", 1}, {'2', "Older", "", URL, "", 1}}, NULL, NULL, NULL, "",
     DP__DEED_CREATE, 0, ""},
    {"a file is not adopted for a text", {{'1', "Old.pdf", "", URL, "f", 1}}, NULL, NULL, NULL, "",
     DP__DEED_CREATE, 0, ""},
    {"a file is adopted for a file", {{'1', "Old.pdf", "", URL, "f", 1}}, NULL, NULL, NULL, "f",
     DP__DEED_WRITE, '1', "a"},
    {"another page's document is not adopted", {{'1', "x [ba9876543210]", STAMP, URL, "", 1}}, NULL,
     NULL, NULL, "", DP__DEED_CREATE, 0, ""},
    {"a name of its own", {{'1', "Mine", STAMP, URL, "", 1}}, "Mine", NULL, NULL, "", DP__DEED_NONE, '1',
     ""},
    {"a name that a foreign document bears", {{'1', "Mine", "", "", "", 1}}, "Mine", NULL, NULL, "",
     DP__DEED_CREATE, 0, "n"},
    {"a name that another page's document bears",
     {{'1', "Mine", STAMP, "https://a.example/other", "", 1}}, "Mine", NULL, NULL, "", DP__DEED_CREATE, 0,
     "n"},
    {"a name of its own on an old document of its address", {{'1', "Mine", "", URL, "", 1}}, "Mine", NULL,
     NULL, "", DP__DEED_WRITE, '1', "a"},
    {"the same, not to be adopted", {{'1', "Mine", "", URL, "", 1}}, "Mine", NULL, NULL, "A",
     DP__DEED_CREATE, 0, "n"},
    {"adopted earlier, and the original crawl made it again",
     {{'1', "Old crawl", "", URL, "", 1}, {'2', "Old crawl", STAMP, URL, "", 2}}, NULL, NULL, NULL, "",
     DP__DEED_NONE, '2', ""},
    {"adopted earlier, beside the document of a page whose address differs by a slash",
     {{'1', "Old crawl", STAMP, URL, "", 1}, {'2', "x [ba9876543210]", STAMP, URL "/", "", 2}}, NULL, NULL,
     NULL, "", DP__DEED_NONE, '1', ""},
    {"a further page of one address adopts nothing", {{'1', "Old crawl", "", URL, "", 1}}, NULL, NULL, NULL,
     "2", DP__DEED_CREATE, 0, ""},
    {"disabled, and only a value differs", {{'1', "x [" TAG "]", STAMP, URL, "d", 1}}, NULL, "2000", NULL,
     "", DP__DEED_SKIP, '1', ""},
    {"the same, to be mended: values need it not be enabled", {{'1', "x [" TAG "]", STAMP, URL, "d", 1}},
     NULL, "2000", NULL, "m", DP__DEED_STAMP, '1', ""},
    {"names differ by case", {{'1', "mine", STAMP, "", "", 1}}, "Mine", NULL, NULL, "", DP__DEED_CREATE, 0,
     ""},
};

static void check(const row *r) {
  dp__inventory inventory = {0};
  dp__plan plan;
  for (size_t i = 0; i < 3 && r->docs[i].id; i++)
    add(&inventory, &r->docs[i]);
  uint64_t values[] = {dp__value_hash("year", r->year ? r->year : "1999", 4)};
  dp__page_facts page = {.tag = TAG, .name = r->name, .url = URL, .values = values, .value_count = 1,
                         .is_file = strchr(r->options, 'f') != NULL,
                         .numbered = strchr(r->options, '2') != NULL};
  dp__stamp stamp;
  assert_true(dp__stamp_read(STAMP, strlen(STAMP), &stamp));
  memcpy(page.text, stamp.text, sizeof page.text);
  memcpy(page.rule, stamp.rule, sizeof page.rule);
  page.text[15] ^= strchr(r->options, 't') ? 1 : 0;
  page.rule[7] ^= strchr(r->options, 'R') ? 1 : 0;
  dp__plan_options options = {.set = r->set ? r->set : "default",
                              .adopt = !strchr(r->options, 'A'),
                              .rechunk = strchr(r->options, 'r') != NULL,
                              .mend = strchr(r->options, 'm') != NULL};
  dp__plan_page(&inventory, &page, &options, &plan);
  char document = 0, id[37];
  if (plan.document) {
    dp__uuid_write(plan.document->id, id);
    document = id[35];
  }
  char notes[8], *n = notes;
  *n = 0;
  n += plan.adopted ? snprintf(n, 2, "a") : 0;
  n += plan.rule_changed ? snprintf(n, 2, "r") : 0;
  n += plan.reindexed ? snprintf(n, 2, "i") : 0;
  n += plan.enable ? snprintf(n, 2, "e") : 0;
  n += plan.unarchive ? snprintf(n, 2, "u") : 0;
  n += plan.name_taken ? snprintf(n, 2, "n") : 0;
  if (plan.deed != r->deed || document != r->document || strcmp(notes, r->notes) != 0)
    fail_msg("%s: deed %d, document %c, notes %s", r->what, (int)plan.deed,
             document ? document : '-', notes);
  assert_int_equal(plan.deed == DP__DEED_SKIP, plan.code != NULL);
  dp__inventory_deinit(&inventory);
}

static void plans(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    check(&rows[i]);
}

/* A document whose name does not tell whose it is belongs to the page that took it first. */
static void claims(void **state) {
  (void)state;
  static const have old = {'1', "Old crawl", "", URL "/", "", 1}, named = {'2', "Mine", STAMP, "", "", 1};
  dp__inventory inventory = {0};
  dp__plan plan;
  dp__plan_options options = {.set = "default", .adopt = true};
  dp__page_facts first = {.tag = TAG, .key = "aaaaaaa", .url = URL};
  dp__page_facts second = {.tag = "ba9876543210", .key = "bbbbbbb", .url = URL "/"};
  add(&inventory, &old);
  add(&inventory, &named);
  dp__plan_page(&inventory, &first, &options, &plan);
  assert_non_null(plan.document);
  dp__doc_claim(plan.document, first.key);
  add(&inventory, &old); /* as a later list shows it: the claim stays */
  dp__plan_page(&inventory, &second, &options, &plan);
  assert_int_equal(plan.deed, DP__DEED_CREATE);
  dp__plan_page(&inventory, &first, &options, &plan);
  assert_int_equal(plan.deed, DP__DEED_WRITE);

  first.url = second.url = NULL;
  first.name = second.name = "Mine";
  dp__plan_page(&inventory, &first, &options, &plan);
  assert_non_null(plan.document);
  dp__doc_claim(plan.document, first.key);
  dp__plan_page(&inventory, &second, &options, &plan);
  assert_true(plan.name_taken && !plan.document);
  dp__inventory_deinit(&inventory);
}

static void doubles(void **state) {
  (void)state;
  dp__inventory inventory = {0};
  const have docs[] = {{'1', "x [" TAG "]", STAMP, URL, "", 3},
                       {'2', "x [" TAG "]", "", "", "", 1},
                       {'3', "x [" TAG "]", STAMP, URL, "", 2}};
  assert_null(dp__plan_double(&inventory, TAG));
  for (size_t i = 0; i < 3; i++)
    add(&inventory, &docs[i]);
  for (int left = 2; left > 0; left--) {
    dp__doc *young = dp__plan_double(&inventory, TAG);
    assert_true(dp__plan_is_double(&inventory, young));
    assert_non_null(young);
    assert_int_not_equal(young->id[15], 2);
    dp__inventory_remove(&inventory, young->id);
  }
  assert_null(dp__plan_double(&inventory, TAG));
  assert_int_equal(inventory.count, 1);
  dp__inventory_deinit(&inventory);
}

static void pruning(void **state) {
  (void)state;
  static const struct {
    have doc;
    bool adopted, prunes;
  } cases[] = {
      {OURS, false, true},
      {{'1', "x [" TAG "]", "", URL, "", 1}, true, false},
      {{'1', "Old crawl", STAMP, URL, "", 1}, false, false},
      {{'1', "Old crawl", STAMP, URL, "", 1}, true, true},
      {{'1', "x [" TAG "]", "1:other:" TEXT ":" RULE ":" UPLOAD, URL, "", 1}, true, false},
      {{'1', "Foreign", "", URL, "", 1}, true, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    dp__inventory inventory = {0};
    add(&inventory, &cases[i].doc);
    assert_int_equal(dp__plan_prunes(dp__inventory_next(&inventory, NULL), "default", cases[i].adopted),
                     cases[i].prunes);
    dp__inventory_deinit(&inventory);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(plans), cmocka_unit_test(claims),
                                     cmocka_unit_test(doubles),
                                     cmocka_unit_test(pruning)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
