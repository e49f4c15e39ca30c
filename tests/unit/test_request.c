/* Requests by the table: what goes where, what is refused, and that a path keeps its shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <difypool/difypool.h>

#include "reply.h"
#include "request.h"
#include "scarce.h"

#define KB "5cd92fac-41b4-4251-acb2-538a2a3a75b8"
#define DOC "07b88b46-0e6b-4f00-bc46-223550de6861"
#define CREATE "/datasets/" KB "/document/create-by-text"

/* "name=text", "name:=json", "name#=integer", "name!" (null), separated by '|'. */
static dp_args *parse(const char *text) {
  dp_args *args = dp_args_new();
  char *copy = strdup(text), *save = NULL;
  for (char *item = strtok_r(copy, "|", &save); item; item = strtok_r(NULL, "|", &save)) {
    char *end = item + strcspn(item, "=!");
    char mark = end > item ? end[-1] : '\0';
    dp_kind kind;
    if (*end == '!') {
      *end = '\0';
      kind = dp_args_set_null(args, item);
    } else {
      char *value = end + 1;
      end[mark == ':' || mark == '#' ? -1 : 0] = '\0';
      kind = mark == ':'   ? dp_args_set_json(args, item, value)
             : mark == '#' ? dp_args_set_int(args, item, strtoll(value, NULL, 10))
                           : dp_args_set_string(args, item, value);
    }
    assert_int_equal(kind, DP_OK);
  }
  free(copy);
  return args;
}

typedef struct row {
  dp_op op;
  const char *args;
  uint32_t flags;
  const char *wants; /* "METHOD path?query body", or what the refusal says */
} row;

static char *show(const dp__request *r) {
  char *text;
  if (asprintf(&text, "%s %s%s%s%s%s", r->method, r->path, r->query ? "?" : "",
               r->query ? r->query : "", r->body ? " " : "", r->body ? r->body : "") < 0)
    abort();
  return text;
}

static void check(const row *wanted) {
  dp_args *args = parse(wanted->args);
  dp__request request;
  dp_error err = {.message = ""};
  dp_kind kind = dp__request_build(dp__op_by_number(wanted->op), args, "/dify/v1", wanted->flags,
                                   &request, &err);
  dp_args_free(args);
  if (kind != DP_OK) {
    assert_int_equal(kind, DP_INVALID_REQUEST);
    if (!strstr(err.message, wanted->wants))
      fail_msg("%s: %s", wanted->args, err.message);
    assert_null(request.path);
    return;
  }
  char *got = show(&request);
  if (strcmp(got, wanted->wants) != 0)
    fail_msg("%s:\n%s instead of\n%s", wanted->args, got, wanted->wants);
  free(got);
  dp__request_deinit(&request);
}

#define NO DP_CALL_NO_VALIDATE

static void named_operations(void **state) {
  (void)state;
  const row rows[] = {
      {DP_OP_DATASETS_LIST, "", 0, "GET /datasets"},
      {DP_OP_DATASETS_LIST, "page#=2|keyword=a b&c", 0, "GET /datasets?page=2&keyword=a%20b%26c"},
      {DP_OP_DATASETS_LIST, "include_all:=true|tag_ids:=[\"a\",\"b\"]", 0, "GET /datasets?include_all=true&tag_ids=a&tag_ids=b"},
      {DP_OP_DATASETS_LIST, "page=2", 0, "datasets.list: page must be an integer"},
      {DP_OP_DATASETS_LIST, "page!", 0, "page is null"},
      {DP_OP_DATASETS_LIST, "pgae#=2", 0, "there is no argument pgae; allowed are page, limit"},
      {DP_OP_DATASETS_LIST, "pgae#=2", NO, "GET /datasets?pgae=2"},
      {DP_OP_DATASETS_CREATE, "name=kb|permission=only_me", 0, "POST /datasets {\"name\":\"kb\",\"permission\":\"only_me\"}"},
      {DP_OP_DATASETS_CREATE, "", 0, "datasets.create: name is missing"},
      {DP_OP_DATASETS_CREATE, "name=kb|permission=none", 0, "allowed are only_me, all_team_members, partial_members"},
      {DP_OP_DATASETS_CREATE, "name=12345678901234567890123456789012345678901", 0, "name has 41 characters; at most 40"},
      {DP_OP_DATASETS_CREATE, "name=12345678901234567890123456789012345678901|x#=1", NO, "POST /datasets {\"name\":\"12345678901234567890123456789012345678901\",\"x\":1}"},
      {DP_OP_DATASETS_CREATE, "name=\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 0, "name has 41 characters"},
      {DP_OP_DATASETS_GET, "dataset_id=" KB, 0, "GET /datasets/" KB},
      {DP_OP_DATASETS_GET, "", 0, "dataset_id is missing"},
      {DP_OP_DATASETS_GET, "", NO, "dataset_id is missing"},
      {DP_OP_DATASETS_GET, "dataset_id=", NO, "dataset_id cannot stand in a path"},
      {DP_OP_DATASETS_GET, "dataset_id=abc", 0, "dataset_id must be an id"},
      {DP_OP_DATASETS_GET, "dataset_id=abc", NO, "GET /datasets/abc"},
      {DP_OP_DATASETS_GET, "dataset_id=..", NO, "dataset_id cannot stand in a path"},
      {DP_OP_DATASETS_GET, "dataset_id=a/b", NO, "dataset_id cannot stand in a path"},
      {DP_OP_DATASETS_GET, "dataset_id=a%2fb", NO, "dataset_id cannot stand in a path"},
      {DP_OP_DATASETS_DELETE, "dataset_id=tags?x", NO, "dataset_id cannot stand in a path"},
      {DP_OP_DOCUMENTS_INDEXING_STATUS, "dataset_id=" KB "|batch=2026", 0, "GET /datasets/" KB "/documents/2026/indexing-status"},
      {DP_OP_DOCUMENTS_INDEXING_STATUS, "dataset_id=" KB "|batch=x/../y", 0, "batch cannot stand in a path"},
      {DP_OP_DOCUMENTS_CREATE_BY_TEXT, "dataset_id=" KB "|name=a|text=b\"\n|process_rule:={\"mode\": \"automatic\"}", 0, "POST " CREATE " {\"name\":\"a\",\"text\":\"b\\\"\\n\",\"process_rule\":{\"mode\": \"automatic\"}}"},
      {DP_OP_DOCUMENTS_CREATE_BY_TEXT, "dataset_id=" KB "|name=a|text=b|process_rule:=[1]", 0, "process_rule must be a JSON object"},
      {DP_OP_DOCUMENTS_UPDATE_STATUS, "dataset_id=" KB "|action=enable|document_ids:=[\"" DOC "\"]", 0, "PATCH /datasets/" KB "/documents/status/enable {\"document_ids\":[\"" DOC "\"]}"},
      {DP_OP_DOCUMENTS_UPDATE_STATUS, "dataset_id=" KB "|action=burn|document_ids:=[\"" DOC "\"]", 0, "action is \"burn\"; allowed are"},
      {DP_OP_METADATA_TOGGLE_BUILT_IN, "dataset_id=" KB "|action=enable", 0, "POST /datasets/" KB "/metadata/built-in/enable"},
      {DP_OP_TAGS_DELETE, "tag_id=" KB, 0, "DELETE /datasets/tags {\"tag_id\":\"" KB "\"}"},
      {DP_OP_DATASETS_RETRIEVE, "dataset_id=" KB "|query=q", 0, "POST /datasets/" KB "/retrieve {\"query\":\"q\"}"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    check(&rows[i]);
}

static void requests_of_ones_own(void **state) {
  (void)state;
  const row rows[] = {
      {DP_OP_HTTP_REQUEST, "method=GET|path=/datasets", 0, "GET /datasets"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/v1/datasets", 0, "GET /datasets"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/dify/v1/datasets|query=page=2&x=%20", 0, "GET /datasets?page=2&x=%20"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/v1/", 0, "GET /"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/v1", 0, "GET /"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/v1x/y", 0, "GET /v1x/y"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/a|query:={\"a\":1,\"b\":[\"x y\",true],\"c\":null}", 0, "GET /a?a=1&b=x%20y&b=true"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/a|query:={\"a\":{}}", 0, "query must be"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/a|query=a b", 0, "query is not escaped"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/a/../b", 0, "leaves the base URL"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/v1/..%2Fadmin", 0, "leaves the base URL"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=a", 0, "path does not begin with /"},
      {DP_OP_HTTP_REQUEST, "method=GET|path=/a?b=1", 0, "holds a query"},
      {DP_OP_HTTP_REQUEST, "method=BREW|path=/a", 0, "method is \"BREW\""},
      {DP_OP_HTTP_REQUEST, "path=/a", 0, "method is missing"},
      {DP_OP_HTTP_REQUEST, "method=POST|path=/a|body={\"x\": 1}", 0, "POST /a {\"x\": 1}"},
      {DP_OP_HTTP_REQUEST, "method=POST|path=/a|headers:={\"Host\":\"x\"}", 0, "header host cannot be set"},
      {DP_OP_HTTP_REQUEST, "method=POST|path=/a|headers:={\"authorization\":\"x\"}", 0, "header authorization cannot be set"},
      {DP_OP_HTTP_REQUEST, "method=POST|path=/a|headers:={\"A\":\"x\\r\\nB: y\"}", 0, "holds a line end"},
      {DP_OP_HTTP_REQUEST, "method=POST|path=/a|headers:={\"A b\":\"x\"}", 0, "no token"},
      {DP_OP_HTTP_REQUEST, "method=POST|path=/a|headers:={\"A\":1}", 0, "no token, or its value no text"},
      {DP_OP_HTTP_REQUEST, "method=POST|path=/a|foo=1", 0, "no argument foo"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    check(&rows[i]);
}

static void known_routes_keep_their_rules(void **state) {
  (void)state;
  const struct {
    const char *args;
    dp_op op;
    bool free_of_effect, ids_ok;
  } rows[] = {
      {"method=GET|path=/v1/datasets/" KB, DP_OP_DATASETS_GET, true, true},
      {"method=GET|path=/v1/datasets/abc", DP_OP_DATASETS_GET, true, false},
      {"method=GET|path=/v1/datasets/tags", DP_OP_TAGS_LIST, true, true},
      {"method=POST|path=/v1/datasets/" KB "/hit-testing", DP_OP_DATASETS_RETRIEVE, true, true},
      {"method=POST|path=/v1/datasets/" KB "/document/create_by_text", DP_OP_DOCUMENTS_CREATE_BY_TEXT, false, true},
      {"method=DELETE|path=/v1/datasets/" KB "%2Fdocuments%2F" DOC, DP_OP_HTTP_REQUEST, false, false},
      {"method=DELETE|path=/v1/datasets/" KB "/", DP_OP_HTTP_REQUEST, false, false},
      {"method=POST|path=/v1/somewhere", DP_OP_HTTP_REQUEST, false, false},
      {"method=GET|path=/v1/somewhere", DP_OP_HTTP_REQUEST, true, false},
      {"method=HEAD|path=/v1/datasets", DP_OP_HTTP_REQUEST, true, false},
      {"method=OPTIONS|path=/v1/datasets", DP_OP_HTTP_REQUEST, false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dp_args *args = parse(rows[i].args);
    dp__request request;
    assert_int_equal(dp__request_build(dp__op_by_number(DP_OP_HTTP_REQUEST), args, "/v1", 0,
                                       &request, NULL), DP_OK);
    dp_args_free(args);
    if (request.desc->op != rows[i].op || request.free_of_effect != rows[i].free_of_effect ||
        request.ids_ok != rows[i].ids_ok || !request.raw)
      fail_msg("%s: %s", rows[i].args, request.desc->name);
    dp__request_deinit(&request);
  }
}

static void content_types(void **state) {
  (void)state;
  dp__request request;
  const char *rows[] = {"method=POST|path=/a|body={}", "method=POST|path=/a|body=text",
                        "method=POST|path=/a|body={}|headers:={\"content-type\":\"text/plain\"}"};
  for (size_t i = 0; i < 3; i++) {
    dp_args *args = parse(rows[i]);
    assert_int_equal(dp__request_build(dp__op_by_number(DP_OP_HTTP_REQUEST), args, "/v1", 0,
                                       &request, NULL), DP_OK);
    assert_int_equal(request.json, i == 0);
    dp_args_free(args);
    dp__request_deinit(&request);
  }
}

static void path_parameters(void **state) {
  (void)state;
  dp_args *args = parse("dataset_id=" KB "|document_id=" DOC);
  dp__request request;
  size_t length = 0;
  assert_int_equal(dp__request_build(dp__op_by_number(DP_OP_DOCUMENTS_GET), args, "/v1", 0,
                                     &request, NULL), DP_OK);
  const char *value = dp__request_param(&request, "document_id", &length);
  assert_int_equal(length, 36);
  assert_memory_equal(value, DOC, 36);
  assert_null(dp__request_param(&request, "segment_id", &length));
  dp_args_free(args);
  dp__request_deinit(&request);
}

static void building_without_memory(void **state) {
  (void)state;
  static const char *const rows[] = {
      "dataset_id=" KB "|name=a|text=b|process_rule:={\"mode\":\"automatic\"}",
      "method=POST|path=/v1/a|query:={\"a\":[1,\"x\"]}|headers:={\"A\":\"b\"}|body={}",
      "tag_ids:=[\"a\"]|page#=1|keyword=x"};
  static const dp_op ops[] = {DP_OP_DOCUMENTS_CREATE_BY_TEXT, DP_OP_HTTP_REQUEST,
                              DP_OP_DATASETS_LIST};
  for (size_t i = 0; i < 3; i++) {
    dp_args *args = parse(rows[i]);
    dp__request request;
    dp_error err;
    EACH_ALLOCATION_FAILS(
        dp_kind kind = DP_OK,
        kind = dp__request_build(dp__op_by_number(ops[i]), args, "/v1", 0, &request, &err),
        assert_true(kind == DP_OK || kind == DP_INTERNAL || kind == DP_INVALID_REQUEST);
        if (kind == DP_OK) dp__request_deinit(&request));
    dp_args_free(args);
  }
}

static void replies(void **state) {
  (void)state;
  const dp_header headers[] = {{"Content-Type", "text/plain"}, {"X-A", "1"}, {"x-a", "2"}};
  dp_head head = {.status = 200, .type = "text/plain", .headers = headers, .header_count = 3};
  dp_reply *reply = dp__reply_new();
  const char *name, *value;
  size_t length = 7;
  assert_string_equal(dp_reply_body(reply, &length), "");
  assert_int_equal(length, 0);
  assert_int_equal(dp_reply_status(reply), 0);
  assert_string_equal(dp_reply_type(reply), "");
  assert_null(dp_reply_header(reply, "x"));
  assert_false(dp_reply_header_at(reply, 0, &name, &value));
  reply->answer = dp__answer_new(&head);
  assert_true(dp__buffer_append(&reply->answer->body, "a\0b", 3));
  assert_memory_equal(dp_reply_body(reply, &length), "a\0b", 4);
  assert_int_equal(length, 3);
  assert_string_equal(dp_reply_header(reply, "X-a"), "2");
  assert_true(dp_reply_header_at(reply, 1, &name, &value));
  assert_string_equal(name, "X-A");
  assert_false(dp_reply_header_at(reply, 3, &name, &value));
  dp__reply_note(reply, "one %d.", 1);
  dp__reply_note(reply, "two.");
  assert_string_equal(dp_reply_meta(reply)->note, "one 1. two.");
  for (int i = 0; i < 200; i++)
    dp__reply_note(reply, "and more.");
  assert_true(strlen(reply->note) < sizeof reply->note);
  dp_reply_unref(dp_reply_ref(reply));
  dp_reply_unref(reply);
  dp_reply_unref(NULL);
}

static void replies_without_memory(void **state) {
  (void)state;
  EACH_ALLOCATION_FAILS(
      dp__answer *answer = NULL; dp_reply *reply = NULL,
      reply = dp__reply_new(); answer = dp__answer_made(200, "{}", 2),
      if (answer) assert_string_equal(answer->type, "application/json");
      dp__answer_unref(answer); dp_reply_unref(reply));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(named_operations), cmocka_unit_test(requests_of_ones_own),
      cmocka_unit_test(known_routes_keep_their_rules), cmocka_unit_test(content_types),
      cmocka_unit_test(path_parameters), cmocka_unit_test(building_without_memory),
      cmocka_unit_test(replies), cmocka_unit_test(replies_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
