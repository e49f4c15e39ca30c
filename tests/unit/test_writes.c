/* Writes: sent once, proven by looks, mended where a server is known to do wrong. */
#include "callworld.h"

/* --- writes ---------------------------------------------------------------------------------------------- */

static void a_write_that_lost_its_answer_is_not_sent_again(void **state) {
  (void)state;
  const script_do faults[] = {SCRIPT_CLOSE, SCRIPT_RESET, SCRIPT_CUT};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    for (int reused = 0; reused < 2; reused++) {
      const script_step steps[] = {
          {"POST", "/v1/datasets/" KB "/documents/" DOC "/segments", 0, faults[i], 200, NULL, "{"},
          {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
      world *w = open_world(STEPS(steps), "1.12.1", NULL);
      if (reused)
        dp_reply_unref(run(w, DP_OP_DATASETS_LIST, NULL));
      dp_reply *reply = run(w, DP_OP_SEGMENTS_CREATE,
                            args_of("dataset_id", KB, "document_id", DOC, "segments",
                                    "[{\"content\":\"a\"}]", NULL));
      assert_kind(reply, DP_UNKNOWN_OUTCOME);
      assert_false(dp_reply_is_pending(reply));
      assert_int_equal(dp_reply_error(reply)->retryable, 0);
      if (script_hits(w->server, 0) != 1)
        fail_msg("fault %zu, reused %d: done %u times, %u transfers", i, reused,
                 script_hits(w->server, 0), dp_reply_meta(reply)->attempts);
      dp_reply_unref(reply);
      close_world(w);
    }
}

static void a_write_that_was_refused_for_now_is_sent_again(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets", 1, SCRIPT_ANSWER, 400, NULL,
       "{\"code\":\"invalid_param\",\"message\":\"Too many requests. Please try again later.\"}"},
      {"POST", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{\"id\":\"" KB "\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL));
  assert_kind(reply, DP_OK);
  assert_int_equal(dp_reply_meta(reply)->attempts, 2);
  dp_reply_unref(reply);
  close_world(w);
}

static void half_a_write_is_sent_again(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 1, SCRIPT_HALF, 0, NULL, NULL},
                               {"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{\"document\":{}}"}};
  world *w = open_world(STEPS(steps), "1.11.0", NULL);
  size_t size = 16 << 20; /* more than all buffers on the way hold */
  char *text = malloc(size);
  memset(text, 'x', size);
  dp_args *args = page();
  assert_int_equal(dp_args_set_text(args, "text", text, size), DP_OK);
  free(text);
  dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, args);
  assert_kind(reply, DP_OK);
  assert_int_equal(dp_reply_meta(reply)->attempts, 2);
  assert_int_equal(dp_reply_meta(reply)->verified, 0);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_harmless_write_is_repeated_when_no_look_shows_it(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", CREATE, 1, SCRIPT_ANSWER, 500, NULL, broken},
      {"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{\"document\":{\"id\":\"x\"}}"},
      {"GET", "/v1/datasets/" KB "/documents", 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page());
  assert_kind(reply, DP_OK);
  assert_int_equal(dp_reply_meta(reply)->attempts, 2);
  assert_true(script_hits(w->server, 2) >= 2);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_500_on_a_create_is_told_as_such(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets", 0, SCRIPT_ANSWER, 500, NULL, broken},
      {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL));
  assert_kind(reply, DP_SERVER_ERROR);
  assert_int_equal(dp_reply_error(reply)->retryable, 0);
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
}

/* Looks go on until the deadline: what the server said last must not be lost over that. */
static void an_unknown_outcome_tells_what_the_server_said(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 0, SCRIPT_ANSWER, 502, NULL, "<html>"},
                               {"GET", "/v1/datasets/" KB "/documents", 0, SCRIPT_HANG, 200, NULL,
                                "{\"data\":[]}"}};
  world *w = open_world(STEPS(steps), "1.11.0", NULL);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.deadline_ms = 400;
  dp_reply *reply = run_with(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page(), &options);
  assert_kind(reply, DP_UNKNOWN_OUTCOME);
  assert_non_null(strstr(dp_reply_error(reply)->message, "the last try said: "));
  assert_non_null(strstr(dp_reply_error(reply)->message, "status 502"));
  dp_reply_unref(reply);
  script_release(w->server);
  close_world(w);
}

static void a_write_to_nobody_is_repeated(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  script *gone = script_start(STEPS(steps), NULL);
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  dp_profile_options profile = DP_PROFILE_OPTIONS_INIT;
  dp_client *client;
  dp_reply *reply;
  char url[64];
  snprintf(url, sizeof url, "%s", script_url(gone));
  script_stop(gone);
  profile.base_url = url;
  profile.retry_initial_ms = 1;
  profile.retry_max_ms = 2;
  options.profile = &profile;
  assert_int_equal(dp_client_new(&client, &options, NULL), DP_OK);
  dp_args *args = page();
  dp_client_call(client, DP_OP_DOCUMENTS_CREATE_BY_TEXT, args, NULL, &reply);
  dp_args_free(args);
  assert_kind(reply, DP_UNREACHABLE);
  assert_string_equal(dp_reply_error(reply)->code, "refused");
  assert_int_equal(dp_reply_error(reply)->retryable, 1);
  dp_reply_unref(reply);
  dp_client_free(client);
}

/* --- proof ------------------------------------------------------------------------------------------------ */

static void a_lost_create_is_proven_by_a_look(void **state) {
  (void)state;
  char *list = document_list("Page one", (long)time(NULL) + 1, 3);
  const script_step steps[] = {
      {"POST", CREATE, 0, SCRIPT_CLOSE, 0, NULL, NULL},
      {"GET", "/v1/datasets/" KB "/documents?keyword=Page%20one", 0, SCRIPT_ANSWER, 200, NULL, list}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page());
  size_t length;
  assert_kind(reply, DP_OK);
  assert_int_equal(dp_reply_status(reply), 200);
  assert_int_equal(dp_reply_meta(reply)->verified, 1);
  assert_non_null(strstr(dp_reply_body(reply, &length), "\"document\":{\"id\":\"" DOC));
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
  free(list);
}

static void an_old_document_proves_nothing(void **state) {
  (void)state;
  char *list = document_list("Page one", (long)time(NULL) - 60, 3);
  const script_step steps[] = {
      {"POST", CREATE, 0, SCRIPT_CLOSE, 0, NULL, NULL},
      {"GET", "/v1/datasets/" KB "/documents?keyword=", 0, SCRIPT_ANSWER, 200, NULL, list}};
  world *w = open_world(STEPS(steps), "1.11.0", NULL);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.deadline_ms = 400; /* a shorter patience than the looks have */
  dp_reply *reply = run_with(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page(), &options);
  assert_kind(reply, DP_UNKNOWN_OUTCOME);
  assert_true(dp_reply_is_pending(reply));
  assert_int_equal(script_hits(w->server, 0), 1);
  assert_true(script_hits(w->server, 1) >= 1);
  dp_reply_unref(reply);
  close_world(w);
  free(list);
}

static void a_lost_delete_is_proven_by_what_is_gone(void **state) {
  (void)state;
  const script_step steps[] = {
      {"DELETE", "/v1/datasets/" KB, 0, SCRIPT_RESET, 0, NULL, NULL},
      {"GET", "/v1/datasets/" KB, 1, SCRIPT_ANSWER, 200, NULL, "{\"id\":\"" KB "\"}"},
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 404, NULL,
       "{\"code\":\"not_found\",\"message\":\"Dataset not found.\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_DELETE, args_of("dataset_id", KB, NULL));
  assert_kind(reply, DP_OK);
  assert_int_equal(dp_reply_status(reply), 200);
  assert_int_equal(dp_reply_meta(reply)->verified, 1);
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_502_after_a_create_is_looked_into(void **state) {
  (void)state;
  char list[256];
  snprintf(list, sizeof list, "{\"data\":[{\"id\":\"" KB "\",\"name\":\"kb\",\"created_at\":%ld}]}",
           (long)time(NULL) + 1);
  const script_step steps[] = {
      {"POST", "/v1/datasets", 0, SCRIPT_ANSWER, 502, "Content-Type: text/html\r\n", "<html>"},
      {"GET", "/v1/datasets?keyword=kb", 2, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"},
      {"GET", "/v1/datasets?keyword=kb", 0, SCRIPT_ANSWER, 200, NULL, list}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL));
  size_t length;
  assert_kind(reply, DP_OK);
  assert_non_null(strstr(dp_reply_body(reply, &length), KB));
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
}

static void what_may_be_done_already_is_looked_for_first(void **state) {
  (void)state;
  char *list = document_list("Page one", (long)time(NULL) - 30, 3);
  const script_step steps[] = {
      {"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{\"document\":{}}"},
      {"GET", "/v1/datasets/" KB "/documents?keyword=", 0, SCRIPT_ANSWER, 200, NULL, list}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_MAYBE_DONE;
  dp_reply *reply = run_with(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page(), &options);
  assert_kind(reply, DP_OK);
  assert_int_equal(dp_reply_meta(reply)->verified, 1);
  assert_int_equal(script_hits(w->server, 0), 0);
  dp_reply_unref(reply);
  reply = run_with(w, DP_OP_SEGMENTS_CREATE,
                   args_of("dataset_id", KB, "document_id", DOC, "segments", "[{\"content\":\"a\"}]", NULL), &options);
  assert_kind(reply, DP_UNKNOWN_OUTCOME);
  assert_string_equal(dp_reply_error(reply)->code, "service_restarted");
  dp_reply_unref(reply);
  close_world(w);
  free(list);
}

/* --- mending ---------------------------------------------------------------------------------------------------- */

static const char dataset_json[] =
    "{\"id\":\"" KB "\",\"indexing_technique\":\"economy\",\"retrieval_model_dict\":{"
    "\"search_method\":\"keyword_search\",\"reranking_enable\":false,\"top_k\":2,"
    "\"score_threshold_enabled\":false}}";

static void a_retrieval_model_is_completed(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets/" KB "/retrieve", 0, SCRIPT_ANSWER, 200, NULL, "{\"records\":[]}"},
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL, dataset_json}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_RETRIEVE,
                        args_of("dataset_id", KB, "query", "q", "retrieval_model",
                                "{\"top_k\":7}", NULL));
  assert_kind(reply, DP_OK);
  char *body = script_body(w->server, 0);
  assert_string_equal(body, "{\"query\":\"q\",\"retrieval_model\":{\"search_method\":"
                            "\"keyword_search\",\"reranking_enable\":false,\"top_k\":7,"
                            "\"score_threshold_enabled\":false}}");
  assert_non_null(strstr(dp_reply_meta(reply)->note, "retrieval_model"));
  free(body);
  dp_reply_unref(reply);
  dp_reply_unref(run(w, DP_OP_DATASETS_RETRIEVE, args_of("dataset_id", KB, "query", "q", NULL)));
  assert_int_equal(script_hits(w->server, 1), 1);
  close_world(w);
}

static void a_missing_technique_is_looked_up_once(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{\"document\":{}}"},
                               {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL,
                                dataset_json}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  for (int i = 0; i < 3; i++) {
    dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT,
                          args_of("dataset_id", KB, "name", "a", "text", "b", NULL));
    assert_kind(reply, DP_OK);
    dp_reply_unref(reply);
  }
  char *body = script_body(w->server, 0);
  assert_string_equal(body, "{\"name\":\"a\",\"text\":\"b\",\"indexing_technique\":\"economy\"}");
  free(body);
  assert_int_equal(script_hits(w->server, 1), 1);
  close_world(w);
}

static dp_args *update(void) {
  return args_of("dataset_id", KB, "document_id", DOC, "name", "Page one", "text", "new", NULL);
}

static void an_update_is_done_as_a_create(void **state) {
  (void)state;
  char *list = document_list("Page one", 1000, 3);
  const script_step steps[] = {
      {"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{\"document\":{\"id\":\"" DOC "\"},\"batch\":\"1\"}"},
      {"POST", "/v1/datasets/" KB "/documents/" DOC "/update", 0, SCRIPT_ANSWER, 200, NULL, "{}"},
      {"GET", "/v1/datasets/" KB "/documents?keyword=", 0, SCRIPT_ANSWER, 200, NULL, list},
      {"GET", "/v1/datasets/" KB "/documents/" DOC, 0, SCRIPT_ANSWER, 200, NULL,
       "{\"doc_form\":\"text_model\",\"doc_language\":\"English\",\"document_process_rule\":{"
       "\"mode\":\"custom\",\"rules\":{\"a\":1}}}"},
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL, dataset_json}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DOCUMENTS_UPDATE_BY_TEXT, update());
  assert_kind(reply, DP_OK);
  assert_int_equal(script_hits(w->server, 0), 1);
  assert_int_equal(script_hits(w->server, 1), 0);
  assert_non_null(strstr(dp_reply_meta(reply)->note, "update_by_text"));
  char *body = script_body(w->server, 0);
  assert_string_equal(body, "{\"name\":\"Page one\",\"text\":\"new\",\"doc_form\":\"text_model\","
                            "\"doc_language\":\"English\",\"process_rule\":{\"mode\":\"custom\","
                            "\"rules\":{\"a\":1}},\"indexing_technique\":\"economy\"}");
  free(body);
  dp_reply_unref(reply);
  /* The old path by http.request is the same operation. */
  dp_args *raw = args_of("method", "POST", "path",
                         "/v1/datasets/" KB "/documents/" DOC "/update_by_text", NULL);
  dp_args_set_string(raw, "body", "{\"name\":\"Page one\",\"text\":\"new\"}");
  reply = run(w, DP_OP_HTTP_REQUEST, raw);
  assert_kind(reply, DP_OK);
  assert_int_equal(script_hits(w->server, 0), 2);
  dp_reply_unref(reply);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_ALLOW_HAZARD;
  dp_reply_unref(run_with(w, DP_OP_DOCUMENTS_UPDATE_BY_TEXT, update(), &options));
  assert_int_equal(script_hits(w->server, 1), 1);
  close_world(w);
  free(list);
}

static void an_update_is_sent_where_it_is_sound(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets/" KB "/documents/" DOC "/update-by-text", 0, SCRIPT_ANSWER, 200, NULL,
       "{\"document\":{}}"},
      {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.13.0", NULL);
  dp_reply_unref(run(w, DP_OP_DATASETS_LIST, NULL)); /* tells the version */
  dp_reply *reply = run(w, DP_OP_DOCUMENTS_UPDATE_BY_TEXT, update());
  assert_kind(reply, DP_OK);
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_tag_that_was_made_is_a_success(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets/tags", 1, SCRIPT_ANSWER, 400, NULL,
       "{\"code\":\"invalid_param\",\"message\":\"1 validation error for DataSetTag\\n"
       "binding_count\\n  Input should be a valid string\",\"status\":400}"},
      {"POST", "/v1/datasets/tags", 0, SCRIPT_ANSWER, 400, NULL,
       "{\"code\":\"invalid_param\",\"message\":\"Tag name already exists\",\"status\":400}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_TAGS_CREATE, args_of("name", "crawl", NULL));
  size_t length;
  assert_kind(reply, DP_OK);
  assert_int_equal(dp_reply_status(reply), 200);
  assert_non_null(strstr(dp_reply_body(reply, &length), "\"name\":\"crawl\""));
  assert_true(strlen(dp_reply_meta(reply)->note) > 0);
  dp_reply_unref(reply);
  reply = run(w, DP_OP_TAGS_CREATE, args_of("name", "crawl", NULL));
  assert_kind(reply, DP_CONFLICT);
  dp_reply_unref(reply);
  close_world(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_write_that_lost_its_answer_is_not_sent_again),
      TEST(a_write_that_was_refused_for_now_is_sent_again),
      TEST(half_a_write_is_sent_again),
      TEST(a_harmless_write_is_repeated_when_no_look_shows_it),
      TEST(a_500_on_a_create_is_told_as_such),
      TEST(an_unknown_outcome_tells_what_the_server_said),
      TEST(a_write_to_nobody_is_repeated),
      TEST(a_lost_create_is_proven_by_a_look),
      TEST(an_old_document_proves_nothing),
      TEST(a_lost_delete_is_proven_by_what_is_gone),
      TEST(a_502_after_a_create_is_looked_into),
      TEST(what_may_be_done_already_is_looked_for_first),
      TEST(a_retrieval_model_is_completed),
      TEST(a_missing_technique_is_looked_up_once),
      TEST(an_update_is_done_as_a_create),
      TEST(an_update_is_sent_where_it_is_sound),
      TEST(a_tag_that_was_made_is_a_success),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
