/* Versions of the server: asked for once where a defect may concern a call, and routes that old servers spell
 * otherwise. */
#include "callworld.h"

static const char missing[] = "<!doctype html><title>404 Not Found</title>";
static const char html[] = "Content-Type: text/html; charset=utf-8\r\n";
static const char created[] = "{\"document\":{\"id\":\"" DOC "\"},\"batch\":\"1\"}";

#define CREATE_OF_OLD "/v1/datasets/" KB "/document/create_by_text"

static dp_args *page_args(void) {
  return args_of("dataset_id", KB, "name", "a", "text", "b", NULL);
}

/* Without indexing_technique a create concerns a defect of servers up to 1.12.1. */
static void a_newer_server_is_asked_once_and_gets_what_was_asked(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, created},
                               {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL,
                                "{\"indexing_technique\":\"economy\"}"},
                               {"GET", "/v1/", 0, SCRIPT_ANSWER, 404, html, missing}};
  world *w = open_world(STEPS(steps), "1.13.0", NULL);
  for (int i = 0; i < 3; i++) {
    dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page_args());
    assert_kind(reply, DP_OK);
    assert_string_equal(dp_reply_meta(reply)->note, "");
    dp_reply_unref(reply);
  }
  assert_int_equal(script_hits(w->server, 2), 1);
  assert_int_equal(script_hits(w->server, 0), 3);
  assert_int_equal(script_hits(w->server, 1), 0);
  close_world(w);
}

static void an_older_server_is_asked_once_and_mended(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, created},
                               {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL,
                                "{\"indexing_technique\":\"economy\"}"},
                               {"GET", "/v1/", 0, SCRIPT_ANSWER, 404, html, missing}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page_args());
  assert_kind(reply, DP_OK);
  assert_string_not_equal(dp_reply_meta(reply)->note, "");
  dp_reply_unref(reply);
  char *body = script_body(w->server, 0);
  assert_non_null(strstr(body, "\"economy\""));
  free(body);
  assert_int_equal(script_hits(w->server, 1), 1);
  assert_int_equal(script_hits(w->server, 2), 1);
  close_world(w);
}

static void a_call_that_no_defect_concerns_does_not_ask(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets?", 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"},
                               {"GET", "/v1/", 0, SCRIPT_ANSWER, 404, html, missing}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_args *args = dp_args_new();
  dp_args_set_int(args, "page", 1);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, args);
  assert_kind(reply, DP_OK);
  dp_reply_unref(reply);
  assert_int_equal(script_hits(w->server, 1), 0);
  close_world(w);
}

static void who_does_not_tell_is_asked_once_and_taken_to_be_old(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, created},
                               {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL,
                                "{\"indexing_technique\":\"economy\"}"},
                               {"GET", "/v1/", 0, SCRIPT_ANSWER, 404, html, missing}};
  world *w = open_world(STEPS(steps), NULL, NULL);
  for (int i = 0; i < 2; i++) {
    dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page_args());
    assert_kind(reply, DP_OK);
    dp_reply_unref(reply);
  }
  assert_int_equal(script_hits(w->server, 2), 1);
  assert_int_equal(script_hits(w->server, 1), 1); /* the technique is remembered */
  close_world(w);
}

/* --- spellings ------------------------------------------------------------------------------------------ */

static dp_args *whole_args(void) {
  return args_of("dataset_id", KB, "name", "a", "text", "b", "indexing_technique", "economy", NULL);
}

static void an_old_spelling_is_tried_once_and_remembered(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 0, SCRIPT_ANSWER, 404, html, missing},
                               {"POST", CREATE_OF_OLD, 0, SCRIPT_ANSWER, 200, NULL, created}};
  world *w = open_world(STEPS(steps), "0.3.0", NULL);
  for (unsigned i = 1; i <= 3; i++) {
    dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, whole_args());
    assert_kind(reply, DP_OK);
    dp_reply_unref(reply);
    assert_int_equal(script_hits(w->server, 0), 1);
    assert_int_equal(script_hits(w->server, 1), i);
  }
  char *body = script_body(w->server, 1);
  assert_non_null(strstr(body, "\"text\":\"b\""));
  free(body);
  close_world(w);
}

static void a_refusal_of_the_old_route_is_an_answer(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", CREATE, 0, SCRIPT_ANSWER, 405, NULL,
       "{\"code\":\"method_not_allowed\",\"message\":\"The method is not allowed.\",\"status\":405}"},
      {"POST", CREATE_OF_OLD, 0, SCRIPT_ANSWER, 400, NULL,
       "{\"code\":\"invalid_param\",\"message\":\"no\",\"status\":400}"}};
  world *w = open_world(STEPS(steps), "0.3.0", NULL);
  for (unsigned i = 1; i <= 2; i++) {
    dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, whole_args());
    assert_kind(reply, DP_INVALID_REQUEST);
    dp_reply_unref(reply);
    assert_int_equal(script_hits(w->server, 0), 1);
    assert_int_equal(script_hits(w->server, 1), i);
  }
  close_world(w);
}

static void a_route_that_no_spelling_reaches_is_unsupported(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 0, SCRIPT_ANSWER, 404, html, missing},
                               {"POST", CREATE_OF_OLD, 0, SCRIPT_ANSWER, 404, html, missing}};
  world *w = open_world(STEPS(steps), "0.3.0", NULL);
  for (unsigned i = 1; i <= 2; i++) {
    dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, whole_args());
    assert_kind(reply, DP_UNSUPPORTED);
    assert_non_null(strstr(dp_reply_error(reply)->message, "0.3.0"));
    dp_reply_unref(reply);
    assert_int_equal(script_hits(w->server, 0), i);
    assert_int_equal(script_hits(w->server, 1), i);
  }
  close_world(w);
}

static void what_is_not_found_is_not_spelled_anew(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", CREATE, 0, SCRIPT_ANSWER, 404, NULL,
       "{\"code\":\"not_found\",\"message\":\"Dataset not found.\",\"status\":404}"},
      {"POST", CREATE_OF_OLD, 0, SCRIPT_ANSWER, 200, NULL, created}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, whole_args());
  assert_kind(reply, DP_NOT_FOUND);
  dp_reply_unref(reply);
  assert_int_equal(script_hits(w->server, 1), 0);
  close_world(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_newer_server_is_asked_once_and_gets_what_was_asked),
      cmocka_unit_test(an_older_server_is_asked_once_and_mended),
      cmocka_unit_test(a_call_that_no_defect_concerns_does_not_ask),
      cmocka_unit_test(who_does_not_tell_is_asked_once_and_taken_to_be_old),
      cmocka_unit_test(an_old_spelling_is_tried_once_and_remembered),
      cmocka_unit_test(a_refusal_of_the_old_route_is_an_answer),
      cmocka_unit_test(a_route_that_no_spelling_reaches_is_unsupported),
      cmocka_unit_test(what_is_not_found_is_not_spelled_anew),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
