/* What proves a write, and the ways round known defects, on answers as servers give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <difypool/difypool.h>

#include "mend.h"
#include "reply.h"
#include "scarce.h"
#include "verify.h"

#define KB "5cd92fac-41b4-4251-acb2-538a2a3a75b8"
#define DOC "07b88b46-0e6b-4f00-bc46-223550de6861"
#define TAG "3304604b-4104-45c6-9ea1-72c1fcdc5140"
#define SEG "abd992a2-67dc-4a47-a2f5-df3d0256790c"
#define IN_KB "/datasets/" KB

/* --- proof ------------------------------------------------------------------------------------------ */

static dp__request request_of(const char *method, const char *path, const char *body) {
  dp_args *args = dp_args_new();
  dp__request request;
  dp_args_set_string(args, "method", method);
  dp_args_set_string(args, "path", path);
  if (body)
    dp_args_set_string(args, "body", body);
  assert_int_equal(dp__request_build(dp__op_by_number(DP_OP_HTTP_REQUEST), args, "/v1", 0,
                                     &request, NULL), DP_OK);
  dp_args_free(args);
  return request;
}

static bool taken(void *user, const char *id) {
  return user && strcmp(user, id) == 0;
}

typedef struct proof {
  const char *method, *path, *body;
  dp_op look; /* what is asked; DP_OP_NONE = nothing shows it */
  dp_kind kind;
  const char *seen;
  int32_t status; /* 0 = no proof */
  const char *made; /* in the answer that takes the place of the lost one */
} proof;

#define UPLOAD(name, size, at)                                                                     \
  "{\"data\":[{\"id\":\"" DOC "\",\"name\":\"" name "\",\"data_source_detail_dict\":{"             \
  "\"upload_file\":{\"size\":" #size ",\"created_at\":" #at "}}}]}"
#define TWO_UPLOADS(one, other) \
  "{\"data\":[{\"id\":\"first\",\"name\":\"a\",\"data_source_detail_dict\":{\"upload_file\":{\"id\":\"" one \
  "\",\"size\":2,\"created_at\":2000}}},{\"id\":\"second\",\"name\":\"a\",\"data_source_detail_dict\":{" \
  "\"upload_file\":{\"id\":\"" other "\",\"size\":2,\"created_at\":2000}}}]}"
#define FIELDS                                                                                     \
  "{\"doc_metadata\":[{\"id\":\"" TAG "\",\"name\":\"url\",\"type\":\"string\"}],"                  \
  "\"built_in_field_enabled\":true}"

static const proof proofs[] = {
    {"POST", IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"\xc3\xa4\xc3\xb6\"}", DP_OP_DOCUMENTS_LIST, DP_OK, UPLOAD("a", 2, 1000.5), 200, "{\"document\":{\"id\":\"" DOC},
    {"POST", IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"\xc3\xa4\xc3\xb6\"}", DP_OP_DOCUMENTS_LIST, DP_OK, UPLOAD("a", 4, 1000.5), 0, NULL},
    {"POST", IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"ab\"}", DP_OP_DOCUMENTS_LIST, DP_OK, UPLOAD("a", 2, 999.9), 0, NULL},
    {"POST", IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"ab\"}", DP_OP_DOCUMENTS_LIST, DP_OK, UPLOAD("A", 2, 2000), 0, NULL},
    {"POST", IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"ab\"}", DP_OP_DOCUMENTS_LIST, DP_OK, UPLOAD("a ", 2, 2000), 0, NULL},
    {"POST", IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"ab\"}", DP_OP_DOCUMENTS_LIST, DP_NOT_FOUND, UPLOAD("a", 2, 2000), 0, NULL},
    {"POST", IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"ab\"}", DP_OP_DOCUMENTS_LIST, DP_OK, "{\"data\":[]}", 0, NULL},
    {"POST", IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"ab\"}", DP_OP_DOCUMENTS_LIST, DP_OK, "rubbish", 0, NULL},
    {"POST", IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"ab\"}", DP_OP_DOCUMENTS_LIST, DP_OK, TWO_UPLOADS("taken", "free"), 200, "\"id\":\"second\""},
    {"POST", IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"ab\"}", DP_OP_DOCUMENTS_LIST, DP_OK, TWO_UPLOADS("taken", "taken"), 0, NULL},
    {"POST", IN_KB "/document/create-by-text", "{\"text\":\"ab\"}", DP_OP_NONE, DP_OK, "", 0, NULL},
    {"POST", "/datasets", "{\"name\":\"kb\"}", DP_OP_DATASETS_LIST, DP_OK, "{\"data\":[{\"id\":\"" KB "\",\"name\":\"kb\",\"created_at\":1000}]}", 200, "\"id\":\"" KB},
    {"POST", "/datasets", "{\"name\":\"kb\"}", DP_OP_DATASETS_LIST, DP_OK, "{\"data\":[{\"id\":\"" KB "\",\"name\":\"kb\",\"created_at\":999}]}", 0, NULL},
    {"POST", "/datasets", "{\"name\":\"kb\"}", DP_OP_DATASETS_LIST, DP_OK, "{\"data\":[{\"id\":\"taken\",\"name\":\"kb\",\"created_at\":1000}]}", 0, NULL},
    {"DELETE", IN_KB, NULL, DP_OP_DATASETS_GET, DP_NOT_FOUND, "{}", 200, "204"},
    {"DELETE", IN_KB, NULL, DP_OP_DATASETS_GET, DP_OK, "{}", 0, NULL},
    {"DELETE", IN_KB, NULL, DP_OP_DATASETS_GET, DP_FORBIDDEN, "{}", 0, NULL},
    {"PATCH", IN_KB, "{\"name\":\"n\",\"description\":\"d\"}", DP_OP_DATASETS_GET, DP_OK, "{\"name\":\"n\",\"description\":\"d\",\"x\":1}", 200, "\"partial_member_list\":[]"},
    {"PATCH", IN_KB, "{\"name\":\"n\",\"description\":\"d\"}", DP_OP_DATASETS_GET, DP_OK, "{\"name\":\"n\",\"description\":\"e\"}", 0, NULL},
    {"DELETE", IN_KB "/documents/" DOC, NULL, DP_OP_DOCUMENTS_GET, DP_NOT_FOUND, "{}", 200, "204"},
    {"POST", IN_KB "/documents/" DOC "/update-by-text", "{\"name\":\"a\",\"text\":\"abc\"}", DP_OP_DOCUMENTS_GET, DP_OK, "{\"name\":\"a\",\"data_source_info\":{\"upload_file\":{\"size\":3,\"created_at\":1000.1}}}", 200, "{\"document\":"},
    {"POST", IN_KB "/documents/" DOC "/update-by-text", "{\"name\":\"a\",\"text\":\"abc\"}", DP_OP_DOCUMENTS_GET, DP_OK, "{\"name\":\"a\",\"data_source_info\":{\"upload_file\":{\"size\":3,\"created_at\":900}}}", 0, NULL},
    {"POST", IN_KB "/documents/" DOC "/update-by-text", "{\"name\":\"a\",\"text\":\"abc\"}", DP_OP_DOCUMENTS_GET, DP_OK, "{\"name\":\"a\",\"data_source_info\":{\"upload_file\":{\"id\":\"taken\",\"size\":3,\"created_at\":1000.1}}}", 0, NULL},
    {"POST", IN_KB "/documents/" DOC "/update-by-text", "{\"name\":\"a\",\"text\":\"abc\"}", DP_OP_DOCUMENTS_GET, DP_OK, "{\"name\":\"a\",\"segment_count\":1,\"data_source_info\":{\"upload_file\":{\"id\":\"u\",\"size\":3,\"created_at\":1000.1}}}", 200, "{\"document\":{\"data_source_info\":{\"upload_file_id\":\"u\"},\"data_source_detail_dict\":{\"upload_file\":{\"id\":\"u\""},
    {"PATCH", IN_KB "/documents/status/disable", "{\"document_ids\":[\"" DOC "\"]}", DP_OP_DOCUMENTS_GET, DP_OK, "{\"enabled\":false,\"archived\":false}", 200, "success"},
    {"PATCH", IN_KB "/documents/status/disable", "{\"document_ids\":[\"" DOC "\"]}", DP_OP_DOCUMENTS_GET, DP_OK, "{\"enabled\":true,\"archived\":false}", 0, NULL},
    {"PATCH", IN_KB "/documents/status/un_archive", "{\"document_ids\":[\"" DOC "\"]}", DP_OP_DOCUMENTS_GET, DP_OK, "{\"enabled\":true,\"archived\":false}", 200, "success"},
    {"PATCH", IN_KB "/documents/status/enable", "{\"document_ids\":[\"" DOC "\",\"" TAG "\"]}", DP_OP_NONE, DP_OK, "", 0, NULL},
    {"POST", IN_KB "/metadata", "{\"type\":\"string\",\"name\":\"url\"}", DP_OP_METADATA_LIST, DP_OK, FIELDS, 201, "\"id\":\"" TAG},
    {"POST", IN_KB "/metadata", "{\"type\":\"number\",\"name\":\"url\"}", DP_OP_METADATA_LIST, DP_OK, FIELDS, 0, NULL},
    {"PATCH", IN_KB "/metadata/" TAG, "{\"name\":\"url\"}", DP_OP_METADATA_LIST, DP_OK, FIELDS, 200, "\"name\":\"url\""},
    {"PATCH", IN_KB "/metadata/" TAG, "{\"name\":\"other\"}", DP_OP_METADATA_LIST, DP_OK, FIELDS, 0, NULL},
    {"DELETE", IN_KB "/metadata/" DOC, NULL, DP_OP_METADATA_LIST, DP_OK, FIELDS, 200, "204"},
    {"DELETE", IN_KB "/metadata/" TAG, NULL, DP_OP_METADATA_LIST, DP_OK, FIELDS, 0, NULL},
    {"DELETE", IN_KB "/metadata/" DOC, NULL, DP_OP_METADATA_LIST, DP_OK, "{}", 0, NULL},
    {"POST", IN_KB "/metadata/built-in/enable", NULL, DP_OP_METADATA_LIST, DP_OK, FIELDS, 200, "success"},
    {"POST", IN_KB "/metadata/built-in/disable", NULL, DP_OP_METADATA_LIST, DP_OK, FIELDS, 0, NULL},
    {"POST", "/datasets/tags/binding", "{\"tag_ids\":[\"" TAG "\"],\"target_id\":\"" KB "\"}", DP_OP_DATASETS_TAGS, DP_OK, "{\"data\":[{\"id\":\"" TAG "\"}]}", 200, "204"},
    {"POST", "/datasets/tags/binding", "{\"tag_ids\":[\"" TAG "\",\"" DOC "\"],\"target_id\":\"" KB "\"}", DP_OP_DATASETS_TAGS, DP_OK, "{\"data\":[{\"id\":\"" TAG "\"}]}", 0, NULL},
    {"POST", "/datasets/tags/unbinding", "{\"tag_id\":\"" TAG "\",\"target_id\":\"" KB "\"}", DP_OP_DATASETS_TAGS, DP_OK, "{\"data\":[]}", 200, "204"},
    {"POST", "/datasets/tags/unbinding", "{\"tag_id\":\"" TAG "\",\"target_id\":\"" KB "\"}", DP_OP_DATASETS_TAGS, DP_OK, "{\"data\":[{\"id\":\"" TAG "\"}]}", 0, NULL},
    {"DELETE", IN_KB "/documents/" DOC "/segments/" SEG, NULL, DP_OP_SEGMENTS_GET, DP_NOT_FOUND, "{}", 200, "204"},
    {"POST", IN_KB "/documents/" DOC "/segments/" SEG, "{\"segment\":{\"content\":\"c\"}}", DP_OP_SEGMENTS_GET, DP_OK, "{\"data\":{\"content\":\"c\"}}", 200, "\"content\":\"c\""},
    {"POST", IN_KB "/documents/" DOC "/segments/" SEG, "{\"segment\":{\"content\":\"c\",\"keywords\":[]}}", DP_OP_SEGMENTS_GET, DP_OK, "{\"data\":{\"content\":\"c\"}}", 0, NULL},
    {"PATCH", IN_KB "/documents/" DOC "/segments/" SEG "/child_chunks/" TAG, "{\"content\":\"c\"}", DP_OP_CHILD_CHUNKS_LIST, DP_OK, "{\"data\":[{\"id\":\"" TAG "\",\"content\":\"c\"}]}", 200, "{\"data\":{\"id\":\"" TAG},
    {"PATCH", IN_KB "/documents/" DOC "/segments/" SEG "/child_chunks/" TAG, "{\"content\":\"c\"}", DP_OP_CHILD_CHUNKS_LIST, DP_OK, "{\"data\":[{\"id\":\"" TAG "\",\"content\":\"d\"},{\"id\":\"" DOC "\",\"content\":\"c\"}]}", 0, NULL},
    {"PATCH", IN_KB "/documents/" DOC "/segments/" SEG "/child_chunks/" TAG, "{}", DP_OP_NONE, DP_OK, "", 0, NULL},
    {"DELETE", IN_KB "/documents/" DOC "/segments/" SEG "/child_chunks/" TAG, NULL, DP_OP_CHILD_CHUNKS_LIST, DP_OK, "{\"data\":[{\"id\":\"" DOC "\"}],\"total\":1}", 200, "204"},
    {"DELETE", IN_KB "/documents/" DOC "/segments/" SEG "/child_chunks/" TAG, NULL, DP_OP_CHILD_CHUNKS_LIST, DP_OK, "{\"data\":[{\"id\":\"" DOC "\"}],\"total\":2}", 0, NULL},
    {"DELETE", IN_KB "/documents/" DOC "/segments/" SEG "/child_chunks/" TAG, NULL, DP_OP_CHILD_CHUNKS_LIST, DP_OK, "{\"data\":[{\"id\":\"" DOC "\"}],\"has_more\":true}", 0, NULL},
    {"DELETE", IN_KB "/documents/" DOC "/segments/" SEG "/child_chunks/" TAG, NULL, DP_OP_CHILD_CHUNKS_LIST, DP_OK, "{\"data\":[{\"id\":\"" TAG "\"}],\"total\":1}", 0, NULL},
    {"DELETE", IN_KB "/documents/" DOC "/segments/" SEG "/child_chunks/" TAG, NULL, DP_OP_CHILD_CHUNKS_LIST, DP_NOT_FOUND, "{}", 0, NULL},
    {"DELETE", IN_KB "/documents/" DOC "/segments/" SEG "/child_chunks/" TAG, NULL, DP_OP_CHILD_CHUNKS_LIST, DP_OK, "{}", 0, NULL},
    {"POST", "/datasets/tags", "{\"name\":\"n\"}", DP_OP_TAGS_LIST, DP_OK, "[{\"id\":\"taken\",\"name\":\"n\"},{\"id\":\"free\",\"name\":\"n\"}]", 200, "\"id\":\"free\""},
    {"POST", "/datasets/tags", "{\"name\":\"n\"}", DP_OP_TAGS_LIST, DP_OK, "[{\"id\":\"taken\",\"name\":\"n\"},{\"id\":\"free\",\"name\":\"m\"}]", 0, NULL},
    {"POST", "/datasets/tags", "{\"name\":\"n\"}", DP_OP_TAGS_LIST, DP_INVALID_REQUEST, "{\"code\":\"invalid_param\"}", 0, NULL},
    {"PATCH", "/datasets/tags", "{\"tag_id\":\"" TAG "\",\"name\":\"n\"}", DP_OP_TAGS_LIST, DP_OK, "[{\"id\":\"" TAG "\",\"name\":\"n\"}]", 200, "\"name\":\"n\""},
    {"PATCH", "/datasets/tags", "{\"tag_id\":\"" TAG "\",\"name\":\"n\"}", DP_OP_TAGS_LIST, DP_OK, "[{\"id\":\"" TAG "\",\"name\":\"m\"}]", 0, NULL},
    {"DELETE", "/datasets/tags", "{\"tag_id\":\"" TAG "\"}", DP_OP_TAGS_LIST, DP_OK, "[{\"id\":\"" DOC "\",\"name\":\"n\"}]", 200, "204"},
    {"DELETE", "/datasets/tags", "{\"tag_id\":\"" TAG "\"}", DP_OP_TAGS_LIST, DP_OK, "[{\"id\":\"" TAG "\",\"name\":\"n\"}]", 0, NULL},
    {"POST", "/conversations/" DOC "/name", "{\"name\":\"n\",\"user\":\"u\"}", DP_OP_CONVERSATIONS_LIST, DP_OK, "{\"data\":[{\"id\":\"" DOC "\",\"name\":\"n\"}],\"has_more\":true}", 200, "\"name\":\"n\""},
    {"POST", "/conversations/" DOC "/name", "{\"name\":\"n\",\"user\":\"u\"}", DP_OP_CONVERSATIONS_LIST, DP_OK, "{\"data\":[{\"id\":\"" DOC "\",\"name\":\"m\"}]}", 0, NULL},
    {"POST", "/conversations/" DOC "/name", "{\"auto_generate\":true,\"user\":\"u\"}", DP_OP_NONE, DP_OK, "", 0, NULL},
    {"PUT", "/conversations/" DOC "/variables/" TAG, "{\"value\":[1,\"a\"],\"user\":\"u\"}", DP_OP_CONVERSATIONS_VARIABLES, DP_OK, "{\"data\":[{\"id\":\"" TAG "\",\"value\":\"[1, \\\"a\\\"]\"}]}", 200, "\"id\":\"" TAG},
    {"PUT", "/conversations/" DOC "/variables/" TAG, "{\"value\":3,\"user\":\"u\"}", DP_OP_CONVERSATIONS_VARIABLES, DP_OK, "{\"data\":[{\"id\":\"" TAG "\",\"value\":\"4\"}]}", 0, NULL},
    {"PUT", "/conversations/" DOC "/variables/" TAG, "{\"value\":\"3\",\"user\":\"u\"}", DP_OP_CONVERSATIONS_VARIABLES, DP_OK, "{\"data\":[{\"id\":\"" TAG "\",\"value\":3}]}", 0, NULL},
    {"DELETE", "/conversations/" DOC, "{\"user\":\"u\"}", DP_OP_MESSAGES_LIST, DP_NOT_FOUND, "{}", 204, NULL},
    {"DELETE", "/conversations/" DOC, "{\"user\":\"u\"}", DP_OP_MESSAGES_LIST, DP_OK, "{\"data\":[]}", 0, NULL},
    {"PUT", "/apps/annotations/" TAG, "{\"question\":\"q\",\"answer\":\"a\"}", DP_OP_ANNOTATIONS_LIST, DP_OK, "{\"data\":[{\"id\":\"" TAG "\",\"question\":\"q\",\"answer\":\"a\"}]}", 200, "\"answer\":\"a\""},
    {"PUT", "/apps/annotations/" TAG, "{\"question\":\"q\",\"answer\":\"a\"}", DP_OP_ANNOTATIONS_LIST, DP_OK, "{\"data\":[{\"id\":\"" TAG "\",\"question\":\"q\",\"answer\":\"b\"}]}", 0, NULL},
    {"DELETE", "/apps/annotations/" TAG, NULL, DP_OP_ANNOTATIONS_LIST, DP_OK, "{\"data\":[],\"has_more\":false,\"total\":0}", 204, NULL},
    {"DELETE", "/apps/annotations/" TAG, NULL, DP_OP_ANNOTATIONS_LIST, DP_OK, "{\"data\":[],\"has_more\":true,\"total\":300}", 0, NULL},
};

static void check_proof(size_t i) {
  const proof *p = &proofs[i];
  dp__request request = request_of(p->method, p->path, p->body);
  const dp__prover *prover = dp__prover_for(request.desc->op);
  assert_non_null(prover);
  dp_args *args = dp_args_new();
  if (prover->look(&request, args) != p->look)
    fail_msg("row %zu: the look is another", i);
  dp__claim_facts claim = {.request = &request, .since_s = 1000, .taken = taken, .user = (char[]){"taken"}};
  dp__proven proven = {0};
  if (p->look != DP_OP_NONE) {
    bool done = prover->judge(&claim, p->kind, p->seen, strlen(p->seen), &proven);
    if (done != (p->status != 0) || (done && proven.status != p->status))
      fail_msg("row %zu: %d, %d", i, done, (int)proven.status);
    if (done && p->made && !strstr(proven.json, p->made))
      fail_msg("row %zu: %s", i, proven.json);
    assert_true(p->made || !proven.json);
  }
  free(proven.json);
  dp_args_free(args);
  dp__request_deinit(&request);
}

static void what_proves_a_write(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++)
    check_proof(i);
}

static void without_the_servers_clock_nothing_is_proven(void **state) {
  (void)state;
  dp__request request = request_of("POST", "/datasets", "{\"name\":\"kb\"}");
  const char *seen = "{\"data\":[{\"id\":\"x\",\"name\":\"kb\",\"created_at\":9999999999}]}";
  dp__claim_facts claim = {.request = &request, .since_s = INT64_MIN, .taken = taken};
  dp__proven proven = {0};
  assert_false(dp__prover_for(DP_OP_DATASETS_CREATE)->judge(&claim, DP_OK, seen, strlen(seen),
                                                            &proven));
  dp__request_deinit(&request);
}

static void long_names_are_looked_for_as_the_server_cuts_them(void **state) {
  (void)state;
  char body[600], name[301] = "";
  for (int i = 0; i < 300; i++)
    name[i] = (char)('a' + i % 26);
  snprintf(body, sizeof body, "{\"name\":\"%s\",\"text\":\"t\"}", name);
  dp__request request = request_of("POST", IN_KB "/document/create-by-text", body);
  dp_args *args = dp_args_new();
  assert_int_equal(dp__prover_for(DP_OP_DOCUMENTS_CREATE_BY_TEXT)->look(&request, args),
                   DP_OP_DOCUMENTS_LIST);
  assert_int_equal(strlen(dp__args_text(args, "keyword")), 200);
  dp_args_free(args);
  dp__request_deinit(&request);
}

static void looks_grow_apart(void **state) {
  (void)state;
  uint64_t before = 0, all = 0;
  for (unsigned i = 0; i < 10; i++) {
    assert_true(dp__look_gap_us(i) >= before);
    before = dp__look_gap_us(i);
    all += before;
  }
  assert_true(all > 4100000 && dp__look_gap_us(0) <= 100000);
}

static void proof_without_memory(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++) {
    if (!proofs[i].status)
      continue;
    const proof *p = &proofs[i];
    dp__request request = request_of(p->method, p->path, p->body);
    const dp__prover *prover = dp__prover_for(request.desc->op);
    dp__claim_facts claim = {.request = &request, .since_s = 1000, .taken = taken};
    bool proven_once = false;
    for (unsigned n = 0; !proven_once; n++) {
      dp__proven proven = {0};
      dp_args *args = dp_args_new();
      scarce_from(n);
      prover->look(&request, args);
      bool done = prover->judge(&claim, p->kind, p->seen, strlen(p->seen), &proven);
      proven_once = !scarce_off();
      assert_true(done || !proven_once);
      free(proven.json);
      dp_args_free(args);
    }
    dp__request_deinit(&request);
  }
}

/* --- mending ------------------------------------------------------------------------------------------- */

#define DATASET                                                                                    \
  "{\"indexing_technique\":\"economy\",\"retrieval_model_dict\":{\"search_method\":\"keyword_search\"," \
  "\"reranking_enable\":false,\"score_threshold_enabled\":false,\"top_k\":2}}"

static void what_needs_mending(void **state) {
  (void)state;
  const struct {
    const char *path, *body, *version;
    dp__mend_kind kind;
    dp_kind error;
  } rows[] = {
      {IN_KB "/retrieve", "{\"query\":\"q\",\"retrieval_model\":{\"top_k\":5}}", "1.12.1", DP__MEND_RETRIEVE, DP_OK},
      {IN_KB "/hit-testing", "{\"query\":\"q\",\"retrieval_model\":{\"top_k\":5}}", "", DP__MEND_RETRIEVE, DP_OK},
      {IN_KB "/retrieve", "{\"query\":\"q\",\"retrieval_model\":{\"top_k\":5}}", "1.99.0", DP__MEND_NONE, DP_OK},
      {IN_KB "/retrieve", "{\"query\":\"q\"}", "1.12.1", DP__MEND_NONE, DP_OK},
      {IN_KB "/retrieve", "{\"query\":\"q\",\"retrieval_model\":null}", "1.12.1", DP__MEND_NONE, DP_OK},
      {IN_KB "/retrieve", "{\"query\":\"q\",\"retrieval_model\":{ }}", "1.12.1", DP__MEND_NONE, DP_OK},
      {IN_KB "/retrieve", "{\"retrieval_model\":{\"search_method\":\"x\",\"score_threshold_enabled\":false,\"reranking_enable\":false}}", "1.12.1", DP__MEND_NONE, DP_OK},
      {IN_KB "/document/create-by-text", "{\"name\":\"a\",\"text\":\"b\"}", "1.12.1", DP__MEND_TECHNIQUE, DP_OK},
      {IN_KB "/document/create_by_text", "{\"indexing_technique\":null}", "1.12.1", DP__MEND_TECHNIQUE, DP_OK},
      {IN_KB "/document/create-by-text", "{\"indexing_technique\":\"economy\"}", "1.12.1", DP__MEND_NONE, DP_OK},
      {IN_KB "/document/create-by-text", "rubbish", "1.12.1", DP__MEND_NONE, DP_OK},
      {IN_KB "/documents/" DOC "/update-by-text", "{\"name\":\"a\",\"text\":\"b\"}", "1.12.1", DP__MEND_UPDATE, DP_OK},
      {IN_KB "/documents/" DOC "/update_by_text", "{\"name\":\"a\",\"text\":\"b\"}", "", DP__MEND_UPDATE, DP_OK},
      {IN_KB "/documents/" DOC "/update-by-text", "{\"name\":\"a\",\"text\":\"b\"}", "1.12.2", DP__MEND_NONE, DP_OK},
      {IN_KB "/documents/" DOC "/update-by-text", "{\"name\":\"a\"}", "1.12.1", DP__MEND_NONE, DP_UNSUPPORTED},
      {IN_KB "/documents/" DOC "/update-by-text", "{\"text\":\"a\"}", "1.12.1", DP__MEND_NONE, DP_INVALID_REQUEST},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dp__request request = request_of("POST", rows[i].path, rows[i].body);
    dp__mend mend = {0};
    dp_error err;
    dp_kind kind = dp__mend_decide(&request, rows[i].version, 0, &mend, &err);
    if (kind != rows[i].error || mend.kind != rows[i].kind)
      fail_msg("row %zu: %s, %d", i, dp_kind_name(kind), (int)mend.kind);
    dp__mend_deinit(&mend);
    assert_int_equal(dp__mend_decide(&request, rows[i].version, DP_CALL_ALLOW_HAZARD, &mend, &err),
                     DP_OK);
    assert_true(mend.kind != DP__MEND_UPDATE);
    dp__mend_deinit(&mend);
    dp__request_deinit(&request);
  }
}

/* Go through all the looks a mend asks for; the error's text, or the note's. */
static dp_kind mend_with(dp__request *request, const char *names, const char *document,
                         const char *dataset, char *note, dp_error *err) {
  dp__mend mend = {0};
  dp_kind kind = dp__mend_decide(request, "1.12.1", 0, &mend, err);
  while (kind == DP_OK && mend.looks) {
    dp_args *args = dp_args_new();
    dp_op op = DP_OP_NONE;
    if (!args || !dp__mend_look(request, &mend, &op, args)) {
      kind = DP_INTERNAL;
    } else {
      const char *seen = op == DP_OP_DOCUMENTS_LIST  ? names
                         : op == DP_OP_DOCUMENTS_GET ? document
                                                     : dataset;
      kind = dp__mend_seen(request, &mend, "http://h:80", seen, strlen(seen), note, err);
    }
    dp_args_free(args);
  }
  dp__mend_deinit(&mend);
  return kind;
}

static void bodies_are_mended(void **state) {
  (void)state;
  const struct {
    const char *path, *body, *after;
  } rows[] = {
      {IN_KB "/retrieve", "{\"query\":\"q\", \"retrieval_model\" : {\"top_k\":5} , \"x\":1}", "{\"query\":\"q\", \"retrieval_model\" : {\"search_method\":\"keyword_search\",\"reranking_enable\":false,\"score_threshold_enabled\":false,\"top_k\":5} , \"x\":1}"},
      {IN_KB "/document/create-by-text", "{\"name\":\"a\" }\n", "{\"name\":\"a\",\"indexing_technique\":\"economy\"}"},
      {IN_KB "/document/create-by-text", "{ }", "{\"indexing_technique\":\"economy\"}"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dp__request request = request_of("POST", rows[i].path, rows[i].body);
    char note[DP__NOTE_SIZE] = "";
    dp_error err = {.message = ""};
    if (mend_with(&request, "", "", DATASET, note, &err) != DP_OK)
      fail_msg("row %zu: %s", i, err.message);
    assert_string_equal(request.body, rows[i].after);
    assert_int_equal(request.body_length, strlen(rows[i].after));
    assert_true(strlen(note) > 0);
    dp__request_deinit(&request);
  }
}

#define NAMED(id, more) "{\"id\":\"" id "\",\"name\":\"a\"," more "}"
#define TEXT                                                                                       \
  "\"data_source_type\":\"upload_file\",\"data_source_detail_dict\":{\"upload_file\":{"            \
  "\"extension\":\"txt\",\"mime_type\":\"text/plain\"}}"
#define LIVE "\"enabled\":true,\"archived\":false,"

static void updates_become_creates_only_where_that_is_the_same(void **state) {
  (void)state;
  const struct {
    const char *names, *why;
  } rows[] = {
      {"{\"data\":[" NAMED(DOC, LIVE TEXT) "],\"total\":1}", NULL},
      {"{\"data\":[{\"id\":\"x\",\"name\":\"ab\"}," NAMED(DOC, LIVE TEXT) "],\"total\":2}", NULL},
      {"{\"data\":[],\"total\":0}", "it would get a new name"},
      {"{\"data\":[" NAMED(TAG, LIVE TEXT) "],\"total\":1}", "another document bears the name"},
      {"{\"data\":[" NAMED(DOC, LIVE TEXT) "," NAMED(TAG, LIVE TEXT) "]}", "more than one"},
      {"{\"data\":[" NAMED(DOC, "\"enabled\":false,\"archived\":false," TEXT) "]}", "disabled"},
      {"{\"data\":[" NAMED(DOC, "\"enabled\":true,\"archived\":true," TEXT) "]}", "archived"},
      {"{\"data\":[" NAMED(DOC, LIVE "\"data_source_type\":\"upload_file\",\"data_source_detail_dict\":{\"upload_file\":{\"extension\":\"md\",\"mime_type\":\"text/markdown\"}}") "]}", "not uploaded as text"},
      {"{\"data\":[" NAMED(DOC, LIVE TEXT) "],\"total\":101}", "too many"},
      {"[]", "no JSON object"},
  };
  const char *document = "{\"doc_form\":\"text_model\",\"document_process_rule\":{\"mode\":\"automatic\",\"rules\":{\"x\":1}}}";
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dp__request request = request_of("POST", IN_KB "/documents/" DOC "/update-by-text",
                                     "{\"name\":\"a\",\"text\":\"b\"}");
    char note[DP__NOTE_SIZE] = "";
    dp_error err = {.message = ""};
    dp_kind kind = mend_with(&request, rows[i].names, document, DATASET, note, &err);
    if ((kind == DP_OK) != (rows[i].why == NULL) || (rows[i].why && !strstr(err.message, rows[i].why)))
      fail_msg("row %zu: %s", i, err.message);
    if (kind == DP_OK) {
      assert_int_equal(request.desc->op, DP_OP_DOCUMENTS_CREATE_BY_TEXT);
      assert_string_equal(request.path, IN_KB "/document/create-by-text");
      assert_string_equal(request.body, "{\"name\":\"a\",\"text\":\"b\",\"doc_form\":\"text_model\",\"process_rule\":{\"mode\":\"automatic\"},\"indexing_technique\":\"economy\"}");
    }
    dp__request_deinit(&request);
  }
}

static void a_knowledge_base_without_technique_is_told(void **state) {
  (void)state;
  dp__request request = request_of("POST", IN_KB "/document/create-by-text", "{\"name\":\"a\"}");
  char note[DP__NOTE_SIZE] = "";
  dp_error err;
  assert_int_equal(mend_with(&request, "", "", "{\"indexing_technique\":null}", note, &err),
                   DP_INVALID_REQUEST);
  assert_non_null(strstr(err.message, "indexing_technique"));
  dp__request_deinit(&request);
}

static void mending_without_memory(void **state) {
  (void)state;
  const struct {
    const char *path, *body;
  } rows[] = {{IN_KB "/retrieve", "{\"query\":\"q\",\"retrieval_model\":{\"top_k\":5}}"},
              {IN_KB "/document/create-by-text", "{\"name\":\"a\"}"},
              {IN_KB "/documents/" DOC "/update-by-text", "{\"name\":\"a\",\"text\":\"b\"}"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    bool went_well = false;
    for (unsigned n = 0; !went_well; n++) {
      dp__request request = request_of("POST", rows[i].path, rows[i].body);
      char note[DP__NOTE_SIZE] = "";
      dp_error err;
      scarce_from(n);
      dp_kind kind = mend_with(&request, "{\"data\":[" NAMED(DOC, LIVE TEXT) "]}", "{}", DATASET,
                               note, &err);
      went_well = !scarce_off();
      if (kind == DP_OK) /* whatever memory there was: what would be sent is whole */
        assert_true(strstr(request.body, "economy") || strstr(request.body, "keyword_search"));
      assert_true(kind == DP_OK || !went_well);
      dp__request_deinit(&request);
    }
  }
}

static void tags_answer_as_they_would_have(void **state) {
  (void)state;
  size_t length;
  dp__request request = request_of("PATCH", "/datasets/tags", "{\"tag_id\":\"" TAG "\",\"name\":\"n\"}");
  char *answer = dp__mend_tag_answer(&request, &length);
  assert_string_equal(answer, "{\"id\":\"" TAG "\",\"name\":\"n\",\"type\":\"knowledge\"}");
  free(answer);
  dp__request_deinit(&request);
  request = request_of("POST", "/datasets/tags", "{\"name\":\"n\"}");
  answer = dp__mend_tag_answer(&request, &length);
  assert_string_equal(answer, "{\"name\":\"n\",\"type\":\"knowledge\"}");
  free(answer);
  dp__request_deinit(&request);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_proves_a_write),
      cmocka_unit_test(without_the_servers_clock_nothing_is_proven),
      cmocka_unit_test(long_names_are_looked_for_as_the_server_cuts_them),
      cmocka_unit_test(looks_grow_apart),
      cmocka_unit_test(proof_without_memory),
      cmocka_unit_test(what_needs_mending),
      cmocka_unit_test(bodies_are_mended),
      cmocka_unit_test(updates_become_creates_only_where_that_is_the_same),
      cmocka_unit_test(a_knowledge_base_without_technique_is_told),
      cmocka_unit_test(mending_without_memory),
      cmocka_unit_test(tags_answer_as_they_would_have),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
