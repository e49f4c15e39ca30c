/* Classification: every answer that was recorded from a server and was no success, and what no record
 * can hold: broken transfers, proxies, statuses that were not seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include <difypool/difypool.h>

#include "classify.h"
#include "request.h"

#define KB "5cd92fac-41b4-4251-acb2-538a2a3a75b8"

/* --- the recorded ones ------------------------------------------------------------------------------ */

static bool read_facts(const json_t *record, dp__request *request, dp__facts *f) {
  const char *path = json_string_value(json_object_get(record, "path"));
  const json_t *body = json_object_get(record, "body");
  dp_args *args = dp_args_new();
  dp_error err;
  dp_args_set_string(args, "method", json_string_value(json_object_get(record, "method")));
  dp_args_set_string(args, "path", path);
  dp_kind kind = dp__request_build(dp__op_by_number(DP_OP_HTTP_REQUEST), args, "/v1", 0, request,
                                   &err);
  dp_args_free(args);
  if (kind != DP_OK)
    return false;
  *f = (dp__facts){.origin = "http://dify:80", .desc = request->desc, .method = request->method,
                   .path = request->path, .free_of_effect = request->free_of_effect,
                   .ids_ok = request->ids_ok, .started = true, .sent_all = true,
                   .version = "1.12.1"};
  f->status = (int32_t)json_integer_value(json_object_get(record, "status"));
  f->type = json_string_value(json_object_get(record, "type"));
  f->dify = json_is_true(json_object_get(record, "dify"));
  f->location = json_string_value(json_object_get(record, "location"));
  f->query_length = (size_t)json_integer_value(json_object_get(record, "query"));
  f->body = json_string_value(body);
  f->body_length = json_string_length(body);
  return true;
}

static dp__next expected_next(const json_t *record, const dp__facts *f) {
  const char *next = json_string_value(json_object_get(record, "next"));
  if (strcmp(next, "fail") == 0)
    return DP__NEXT_FAIL;
  if (strcmp(next, "repeat") == 0)
    return DP__NEXT_REPEAT;
  return f->free_of_effect ? DP__NEXT_REPEAT : DP__NEXT_DOUBT;
}

static void check_record(const json_t *record) {
  const char *name = json_string_value(json_object_get(record, "name"));
  dp__request request;
  dp__facts facts;
  dp__verdict v;
  if (!read_facts(record, &request, &facts))
    fail_msg("%s: the request cannot be made", name);
  dp__classify(&facts, &v);
  const char *kind = json_string_value(json_object_get(record, "kind"));
  if (strcmp(kind, dp_kind_name(v.error.kind)) != 0 || v.next != expected_next(record, &facts))
    fail_msg("%s: %s and %d instead of %s and %d (%s)", name, dp_kind_name(v.error.kind),
             (int)v.next, kind, (int)expected_next(record, &facts), v.error.message);
  assert_int_equal(v.error.status, facts.status);
  assert_true(strlen(v.error.message) > 10);
  assert_true(strlen(v.error.code) > 0);
  assert_int_equal(v.health, facts.status >= 500 && v.next != DP__NEXT_FAIL ? DP__HEALTH_BAD
                                                                            : DP__HEALTH_GOOD);
  assert_null(strchr(v.error.message, '\n'));
  dp__request_deinit(&request);
}

static void every_recorded_error(void **state) {
  (void)state;
  char *line = NULL;
  size_t size = 0, count = 0;
  FILE *file = fopen(DATA_DIR "/recorded_errors.jsonl", "r");
  assert_non_null(file);
  while (getline(&line, &size, file) > 0) {
    json_t *record = json_loads(line, JSON_ALLOW_NUL, NULL);
    assert_non_null(record);
    if (json_object_get(record, "name")) {
      check_record(record);
      count++;
    }
    json_decref(record);
  }
  free(line);
  fclose(file);
  assert_int_equal(count, 463); /* all that were recorded */
}

/* --- what was not recorded ------------------------------------------------------------------------------ */

static dp__facts facts_of(dp_op op, int32_t status, const char *type, const char *body, bool dify) {
  const dp__op_desc *desc = dp__op_by_number(op);
  return (dp__facts){.origin = "http://dify:80", .desc = desc, .method = desc->method,
                     .path = desc->path, .free_of_effect = desc->retry == DP__RETRY_FREE,
                     .ids_ok = true, .started = true, .sent_all = true, .status = status,
                     .type = type, .body = body, .body_length = strlen(body), .dify = dify,
                     .version = "1.12.1"};
}

typedef struct row {
  dp_op op;
  int32_t status;
  const char *type, *body;
  bool dify;
  dp_kind kind;
  dp__next next;
  const char *code;
} row;

static void answers_by_hand(void **state) {
  (void)state;
  static const char json[] = "application/json", html[] = "text/html";
  const row rows[] = {
      {DP_OP_DATASETS_LIST, 200, json, "{}", true, DP_OK, DP__NEXT_DONE, ""},
      {DP_OP_DATASETS_LIST, 200, html, "<html>sign in</html>", false, DP_PROTOCOL, DP__NEXT_FAIL, "html"},
      {DP_OP_DATASETS_LIST, 200, json, "{\"data\":[", true, DP_PROTOCOL, DP__NEXT_FAIL, "not_json"},
      {DP_OP_DATASETS_LIST, 200, json, "", true, DP_PROTOCOL, DP__NEXT_FAIL, "not_json"},
      {DP_OP_DATASETS_CREATE, 200, html, "<html>", false, DP_PROTOCOL, DP__NEXT_DOUBT, "html"},
      {DP_OP_DATASETS_DELETE, 200, json, "204", true, DP_OK, DP__NEXT_DONE, ""},
      {DP_OP_DATASETS_DELETE, 204, "", "", true, DP_OK, DP__NEXT_DONE, ""},
      {DP_OP_METADATA_CREATE, 201, json, "{}", true, DP_OK, DP__NEXT_DONE, ""},
      {DP_OP_DATASETS_LIST, 301, html, "", false, DP_PROTOCOL, DP__NEXT_FAIL, "redirect"},
      {DP_OP_DATASETS_LIST, 403, html, "<html>blocked", false, DP_FORBIDDEN, DP__NEXT_FAIL, "proxy_answer"},
      {DP_OP_DOCUMENTS_CREATE_BY_TEXT, 413, html, "<html>", false, DP_TOO_LARGE, DP__NEXT_FAIL, "body_too_large"},
      {DP_OP_DOCUMENTS_CREATE_BY_TEXT, 429, html, "<html>1015", false, DP_RATE_LIMITED, DP__NEXT_REPEAT, "proxy_rate_limit"},
      {DP_OP_DOCUMENTS_CREATE_BY_TEXT, 429, json, "{\"code\":\"too_many_requests\",\"message\":\"x\"}", true, DP_OVERLOADED, DP__NEXT_REPEAT, "too_many_requests"},
      {DP_OP_DOCUMENTS_CREATE_BY_TEXT, 429, json, "{\"code\":\"rate_limit_error\",\"message\":\"x\"}", true, DP_QUOTA, DP__NEXT_FAIL, "rate_limit_error"},
      {DP_OP_CHAT_SEND, 400, json, "{\"code\":\"completion_request_error\",\"message\":\"down\"}", true, DP_SERVER_ERROR, DP__NEXT_DOUBT, "completion_request_error"},
      {DP_OP_CHAT_SEND, 400, json, "{\"code\":\"provider_quota_exceeded\",\"message\":\"used up\"}", true, DP_QUOTA, DP__NEXT_FAIL, "provider_quota_exceeded"},
      {DP_OP_DATASETS_LIST, 503, html, "<html>", false, DP_OVERLOADED, DP__NEXT_REPEAT, "unavailable"},
      {DP_OP_DATASETS_CREATE, 503, html, "<html>", false, DP_OVERLOADED, DP__NEXT_DOUBT, "unavailable"},
      {DP_OP_DATASETS_CREATE, 504, html, "<html>", false, DP_SERVER_ERROR, DP__NEXT_DOUBT, "gateway_timeout"},
      {DP_OP_DATASETS_LIST, 504, html, "<html>", false, DP_SERVER_ERROR, DP__NEXT_REPEAT, "gateway_timeout"},
      {DP_OP_DATASETS_LIST, 404, html, "<html>", false, DP_PROTOCOL, DP__NEXT_FAIL, "not_dify"},
      {DP_OP_DATASETS_GET, 404, json, "{\"code\":\"not_found\",\"message\":\"x\"}", false, DP_NOT_FOUND, DP__NEXT_FAIL, "not_found"},
      {DP_OP_DATASETS_LIST, 418, json, "{\"code\":\"teapot\",\"message\":\"x\"}", true, DP_INVALID_REQUEST, DP__NEXT_FAIL, "teapot"},
      {DP_OP_DATASETS_CREATE, 599, json, "{}", true, DP_SERVER_ERROR, DP__NEXT_DOUBT, "http_error"},
      {DP_OP_DATASETS_LIST, 400, html, "<html>The plain HTTP request was sent to HTTPS port</html>", false, DP_PROTOCOL, DP__NEXT_FAIL, "plain_http"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const row *r = &rows[i];
    dp__facts f = facts_of(r->op, r->status, r->type, r->body, r->dify);
    dp__verdict v;
    dp__classify(&f, &v);
    if (v.error.kind != r->kind || v.next != r->next || strcmp(v.error.code, r->code) != 0)
      fail_msg("row %zu: %s, %d, %s", i, dp_kind_name(v.error.kind), (int)v.next, v.error.code);
  }
}

static void broken_transfers(void **state) {
  (void)state;
  const struct {
    dp_op op;
    dp_kind kind;
    bool started, sent_all;
    int32_t status;
    dp__next next;
    dp__health health;
  } rows[] = {
      {DP_OP_DATASETS_LIST, DP_UNREACHABLE, false, false, 0, DP__NEXT_REPEAT, DP__HEALTH_BAD},
      {DP_OP_DATASETS_LIST, DP_UNREACHABLE, true, true, 0, DP__NEXT_REPEAT, DP__HEALTH_BAD},
      {DP_OP_DATASETS_LIST, DP_TIMEOUT, true, true, 200, DP__NEXT_REPEAT, DP__HEALTH_BAD},
      {DP_OP_DATASETS_LIST, DP_TLS, false, false, 0, DP__NEXT_FAIL, DP__HEALTH_BAD},
      {DP_OP_DATASETS_LIST, DP_PROTOCOL, true, true, 0, DP__NEXT_FAIL, DP__HEALTH_BAD},
      {DP_OP_DATASETS_LIST, DP_BUSY, false, false, 0, DP__NEXT_FAIL, DP__HEALTH_UNKNOWN},
      {DP_OP_DATASETS_LIST, DP_CANCELLED, true, true, 0, DP__NEXT_FAIL, DP__HEALTH_UNKNOWN},
      {DP_OP_DATASETS_CREATE, DP_UNREACHABLE, false, false, 0, DP__NEXT_REPEAT, DP__HEALTH_BAD},
      {DP_OP_DATASETS_CREATE, DP_UNREACHABLE, true, false, 0, DP__NEXT_REPEAT, DP__HEALTH_BAD},
      {DP_OP_DATASETS_CREATE, DP_UNREACHABLE, true, true, 0, DP__NEXT_DOUBT, DP__HEALTH_BAD},
      {DP_OP_DATASETS_CREATE, DP_UNREACHABLE, true, true, 200, DP__NEXT_DOUBT, DP__HEALTH_BAD},
      {DP_OP_DATASETS_CREATE, DP_UNREACHABLE, true, true, 409, DP__NEXT_FAIL, DP__HEALTH_BAD},
      {DP_OP_DATASETS_CREATE, DP_TIMEOUT, true, true, 0, DP__NEXT_DOUBT, DP__HEALTH_BAD},
      {DP_OP_DATASETS_CREATE, DP_PROTOCOL, true, true, 0, DP__NEXT_DOUBT, DP__HEALTH_BAD},
      {DP_OP_SEGMENTS_CREATE, DP_UNREACHABLE, true, true, 0, DP__NEXT_DOUBT, DP__HEALTH_BAD},
      {DP_OP_SEGMENTS_CREATE, DP_UNREACHABLE, false, false, 0, DP__NEXT_REPEAT, DP__HEALTH_BAD},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dp__facts f = facts_of(rows[i].op, rows[i].status, "", "", false);
    dp__verdict v;
    f.transport.kind = rows[i].kind;
    f.started = rows[i].started;
    f.sent_all = rows[i].sent_all;
    f.request_length = 20;
    dp__classify(&f, &v);
    if (v.next != rows[i].next || v.health != rows[i].health)
      fail_msg("row %zu: %d, %d", i, (int)v.next, (int)v.health);
  }
  dp__facts f = facts_of(DP_OP_DATASETS_DELETE, 0, "", "", false);
  dp__verdict v;
  f.transport.kind = DP_UNREACHABLE; /* nothing of a body is missing where there is none */
  f.sent_all = false;
  dp__classify(&f, &v);
  assert_int_equal(v.next, DP__NEXT_DOUBT);
}

static void a_key_of_the_wrong_kind_is_told(void **state) {
  (void)state;
  dp__facts f = facts_of(DP_OP_DATASETS_LIST, 401, "application/json",
                         "{\"code\":\"unauthorized\",\"message\":\"Access token is invalid\"}", true);
  dp__verdict v;
  f.key = 'a';
  dp__classify(&f, &v);
  assert_non_null(strstr(v.error.hint, "app's key"));
  f.desc = dp__op_by_number(DP_OP_APPS_INFO);
  f.path = "/info";
  f.key = 'd';
  dp__classify(&f, &v);
  assert_non_null(strstr(v.error.hint, "knowledge key"));
}

static void what_was_done_all_the_same(void **state) {
  (void)state;
  static const char body[] =
      "{\"code\":\"invalid_param\",\"message\":\"1 validation error for DataSetTag\\nbinding_count\"}";
  dp__facts f = facts_of(DP_OP_TAGS_CREATE, 400, "application/json", body, true);
  dp__verdict v;
  dp__classify(&f, &v);
  assert_true(v.done_all_the_same);
  f.version = "1.99.0";
  dp__classify(&f, &v);
  assert_false(v.done_all_the_same);
  f = facts_of(DP_OP_DATASETS_CREATE, 400, "application/json", body, true);
  dp__classify(&f, &v);
  assert_false(v.done_all_the_same);
}

static void retry_after(void **state) {
  (void)state;
  static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
  const struct {
    const char *text;
    uint32_t ms;
  } rows[] = {{NULL, 0}, {"", 0}, {"0", 0}, {"7", 7000}, {" 7", 7000}, {"7.5", 0}, {"-3", 0},
              {"soon", 0}, {"99999999", 86400000}, {"Sun, 06 Nov 1994 08:49:47 GMT", 10000},
              {"Sunday, 06-Nov-94 08:50:37 GMT", 60000}, {"Sun Nov  6 08:49:38 1994", 1000},
              {"Sun, 06 Nov 1994 08:49:36 GMT", 0}, {"Sun, 06 Nov 2094 08:49:36 GMT", 86400000}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(dp__retry_after_ms(rows[i].text, date, 0), rows[i].ms);
  assert_int_equal(dp__retry_after_ms("Sun, 06 Nov 1994 08:49:47 GMT", NULL, 784111777), 10000);
  assert_int_equal(dp__retry_after_ms("Sun, 06 Nov 1994 08:49:47 GMT", "rubbish", 784111777), 10000);
  dp__facts f = facts_of(DP_OP_DATASETS_LIST, 503, "", "", false);
  dp__verdict v;
  f.retry_after = "3";
  dp__classify(&f, &v);
  assert_int_equal(v.error.retry_after_ms, 3000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_recorded_error), cmocka_unit_test(answers_by_hand),
      cmocka_unit_test(broken_transfers),     cmocka_unit_test(a_key_of_the_wrong_kind_is_told),
      cmocka_unit_test(what_was_done_all_the_same), cmocka_unit_test(retry_after),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
