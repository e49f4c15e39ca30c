/* The chain of one call, against a server that does what a step says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <difypool/difypool.h>

#include "scripted.h"

#define KB "5cd92fac-41b4-4251-acb2-538a2a3a75b8"
#define DOC "07b88b46-0e6b-4f00-bc46-223550de6861"
#define DOC2 "17b88b46-0e6b-4f00-bc46-223550de6861"
#define STEPS(array) (array), sizeof(array) / sizeof *(array)
#define CREATE "/v1/datasets/" KB "/document/create-by-text"

/* --- help -------------------------------------------------------------------------------------------- */

typedef struct world {
  script *server;
  dp_client *client;
} world;

static world *open_world(const script_step *steps, size_t count, const char *version,
                         void (*change)(dp_client_options *, dp_profile_options *)) {
  world *w = calloc(1, sizeof *w);
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  dp_profile_options profile = DP_PROFILE_OPTIONS_INIT;
  dp_error err = {.message = ""};
  w->server = script_start(steps, count, version);
  profile.base_url = script_url(w->server);
  profile.api_key = "dataset-test";
  profile.retry_initial_ms = 1;
  profile.retry_max_ms = 5;
  options.deadline_ms = 20000;
  options.profile = &profile;
  if (change)
    change(&options, &profile);
  if (dp_client_new(&w->client, &options, &err) != DP_OK)
    fail_msg("%s", err.message);
  return w;
}

static void close_world(world *w) {
  dp_client_free(w->client);
  script_stop(w->server);
  free(w);
}

static dp_args *args_of(const char *first, ...) {
  dp_args *args = dp_args_new();
  va_list list;
  va_start(list, first);
  for (const char *name = first; name; name = va_arg(list, const char *)) {
    const char *value = va_arg(list, const char *);
    dp_kind kind = *value == '{' || *value == '[' ? dp_args_set_json(args, name, value)
                                                  : dp_args_set_string(args, name, value);
    assert_int_equal(kind, DP_OK);
  }
  va_end(list);
  return args;
}

static dp_args *page(void) {
  return args_of("dataset_id", KB, "name", "Page one", "text", "abc", "indexing_technique",
                 "economy", NULL);
}

static dp_reply *run_with(world *w, dp_op op, dp_args *args, const dp_call_options *options) {
  dp_reply *reply = NULL;
  dp_kind kind = dp_client_call(w->client, op, args, options, &reply);
  assert_non_null(reply);
  assert_int_equal(kind, dp_reply_kind(reply));
  dp_args_free(args);
  return reply;
}

static dp_reply *run(world *w, dp_op op, dp_args *args) {
  return run_with(w, op, args, NULL);
}

#define assert_kind(reply, wanted)                                                                 \
  do {                                                                                             \
    if (dp_reply_kind(reply) != (wanted))                                                          \
      fail_msg("%s instead of %s: %s / %s", dp_kind_name(dp_reply_kind(reply)),                    \
               dp_kind_name(wanted), dp_reply_error(reply)->code,                                  \
               dp_reply_error(reply)->message);                                                    \
  } while (0)

static const char refused_rate[] =
    "{\"code\":\"forbidden\",\"message\":\"Sorry, you have reached the knowledge base request rate "
    "limit of your subscription.\",\"status\":403}";
static const char broken[] =
    "{\"code\":\"unknown\",\"message\":\"Internal Server Error\",\"status\":500}";

/* --- reads --------------------------------------------------------------------------------------------- */

static void a_read_succeeds(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets?page=2&keyword=a%20b", 0, SCRIPT_ANSWER, 200,
                                NULL, "{\"data\":[]}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_args *args = dp_args_new();
  dp_args_set_int(args, "page", 2);
  dp_args_set_string(args, "keyword", "a b");
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, args);
  size_t length;
  assert_kind(reply, DP_OK);
  assert_int_equal(dp_reply_status(reply), 200);
  assert_string_equal(dp_reply_body(reply, &length), "{\"data\":[]}");
  assert_int_equal(length, 11);
  assert_string_equal(dp_reply_header(reply, "X-VERSION"), "1.12.1");
  const dp_meta *meta = dp_reply_meta(reply);
  assert_int_equal(meta->attempts, 1);
  assert_int_equal(meta->op, DP_OP_DATASETS_LIST);
  assert_string_equal(meta->version, "1.12.1");
  dp_reply_unref(reply);
  close_world(w);
}

static void a_read_is_repeated_after_each_passing_fault(void **state) {
  (void)state;
  const struct {
    script_do what;
    int status;
    const char *body;
  } faults[] = {{SCRIPT_ANSWER, 500, broken}, {SCRIPT_ANSWER, 502, "<html>"},
                {SCRIPT_CLOSE, 0, NULL},      {SCRIPT_RESET, 0, NULL},
                {SCRIPT_CUT, 200, "{\"a\":"}, {SCRIPT_ANSWER, 503, "x"}};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    const script_step steps[] = {
        {"GET", "/v1/datasets", 2, faults[i].what, faults[i].status, NULL, faults[i].body},
        {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
    world *w = open_world(STEPS(steps), "1.12.1", NULL);
    dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
    assert_kind(reply, DP_OK);
    assert_int_equal(dp_reply_meta(reply)->attempts, 3);
    dp_reply_unref(reply);
    close_world(w);
  }
}

static void attempts_are_bounded(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 500, NULL, broken}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_SERVER_ERROR);
  assert_string_equal(dp_reply_error(reply)->code, "unknown");
  assert_int_equal(dp_reply_status(reply), 500);
  assert_int_equal(script_hits(w->server, 0), 3);
  dp_reply_unref(reply);
  dp_client_set(w->client, DP_SET_RETRY, 0);
  reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_SERVER_ERROR);
  assert_int_equal(script_hits(w->server, 0), 4);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_refusal_is_not_repeated(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 404, NULL,
       "{\"code\":\"not_found\",\"message\":\"Dataset not found.\",\"status\":404}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL));
  assert_kind(reply, DP_NOT_FOUND);
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_late_retry_after_is_told_at_once(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 503,
                                "Retry-After: 3600\r\n", "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_OVERLOADED);
  assert_int_equal(dp_reply_error(reply)->retry_after_ms, 3600000);
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
}

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

static char *document_list(const char *name, long created, int size) {
  char *text;
  if (asprintf(&text,
               "{\"data\":[{\"id\":\"" DOC "\",\"name\":\"%s\",\"enabled\":true,\"archived\":false,"
               "\"data_source_type\":\"upload_file\",\"data_source_detail_dict\":{\"upload_file\":"
               "{\"size\":%d,\"extension\":\"txt\",\"mime_type\":\"text/plain\","
               "\"created_at\":%ld.5}}}],\"total\":1}", name, size, created) < 0)
    abort();
  return text;
}

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
  assert_int_equal(dp_reply_status(reply), 204);
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

/* --- deadlines and cancel ------------------------------------------------------------------------------------ */

typedef struct box {
  pthread_mutex_t lock;
  pthread_cond_t filled;
  dp_reply *first, *late;
} box;

static void put(box *b, dp_reply **place, dp_reply *reply) {
  pthread_mutex_lock(&b->lock);
  *place = dp_reply_ref(reply);
  pthread_cond_broadcast(&b->filled);
  pthread_mutex_unlock(&b->lock);
}

static void put_first(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  box *b = user;
  put(b, &b->first, reply);
}

static void put_late(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  box *b = user;
  put(b, &b->late, reply);
}

static dp_reply *wait_for(box *b, dp_reply **place) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 15;
  pthread_mutex_lock(&b->lock);
  int result = 0;
  while (!*place && result == 0)
    result = pthread_cond_timedwait(&b->filled, &b->lock, &until);
  dp_reply *reply = *place;
  pthread_mutex_unlock(&b->lock);
  assert_non_null(reply);
  return reply;
}

#define BOX {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER}

static void empty(box *b) {
  dp_reply_unref(b->first);
  dp_reply_unref(b->late);
}

static dp_call *start(world *w, dp_op op, dp_args *args, const dp_call_options *options, box *b) {
  dp_call *call;
  dp_error err = {.message = ""};
  if (dp_client_call_async(w->client, op, args, options, put_first, b, &call, &err) != DP_OK)
    fail_msg("%s", err.message);
  dp_args_free(args);
  return call;
}

static void a_late_write_is_told_twice(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{\"id\":\"" KB "\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  box b = BOX;
  options.deadline_ms = 150;
  options.on_late = put_late;
  dp_call *call = start(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL), &options, &b);
  dp_reply *first = wait_for(&b, &b.first);
  assert_kind(first, DP_UNKNOWN_OUTCOME);
  assert_true(dp_reply_is_pending(first));
  script_release(w->server);
  dp_reply *late = wait_for(&b, &b.late);
  assert_kind(late, DP_OK);
  assert_false(dp_reply_is_pending(late));
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_call_unref(call);
  close_world(w);
  empty(&b);
}

static void a_late_read_is_a_timeout(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.deadline_ms = 100;
  dp_reply *reply = run_with(w, DP_OP_DATASETS_LIST, NULL, &options);
  assert_kind(reply, DP_TIMEOUT);
  assert_false(dp_reply_is_pending(reply));
  dp_reply_unref(reply);
  close_world(w);
}

static void one_connection(dp_client_options *o, dp_profile_options *p) {
  (void)p;
  o->connections_per_host = 1;
}

static void a_write_that_never_got_a_place_is_a_timeout(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"},
                               {"POST", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", one_connection);
  box b = BOX;
  dp_call *call = start(w, DP_OP_DATASETS_LIST, NULL, NULL, &b);
  assert_true(script_wait_hits(w->server, 0, 1));
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.deadline_ms = 100;
  dp_reply *reply = run_with(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL), &options);
  assert_kind(reply, DP_TIMEOUT);
  assert_int_equal(script_hits(w->server, 1), 0);
  dp_reply_unref(reply);
  script_release(w->server);
  wait_for(&b, &b.first);
  dp_call_unref(call);
  close_world(w);
  empty(&b);
}

static void cancel_ends_a_read_and_not_a_write(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"},
                               {"POST", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{\"id\":\"x\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box read = BOX, write = BOX;
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.on_late = put_late;
  dp_call *one = start(w, DP_OP_DATASETS_LIST, NULL, NULL, &read);
  dp_call *two = start(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL), &options, &write);
  assert_true(script_wait_hits(w->server, 0, 1));
  assert_true(script_wait_hits(w->server, 1, 1));
  dp_call_cancel(one);
  dp_call_cancel(two);
  dp_call_cancel(two);
  assert_kind(wait_for(&read, &read.first), DP_CANCELLED);
  dp_reply *pending = wait_for(&write, &write.first);
  assert_kind(pending, DP_UNKNOWN_OUTCOME);
  assert_true(dp_reply_is_pending(pending));
  script_release(w->server);
  assert_kind(wait_for(&write, &write.late), DP_OK);
  dp_call_unref(one);
  dp_call_unref(two);
  close_world(w);
  empty(&read);
  empty(&write);
}

static void free_tells_everybody(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"},
                               {"POST", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box read = BOX, write = BOX;
  dp_call *one = start(w, DP_OP_DATASETS_LIST, NULL, NULL, &read);
  dp_call *two = start(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL), NULL, &write);
  assert_true(script_wait_hits(w->server, 0, 1));
  assert_true(script_wait_hits(w->server, 1, 1));
  dp_client_free(w->client);
  assert_kind(read.first, DP_CANCELLED);
  assert_kind(write.first, DP_UNKNOWN_OUTCOME);
  assert_false(dp_reply_is_pending(write.first));
  dp_call_unref(one);
  dp_call_unref(two);
  script_stop(w->server);
  free(w);
  empty(&read);
  empty(&write);
}

static void a_parent_takes_its_children_along(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 0, SCRIPT_HANG, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box a = BOX, c = BOX;
  dp_call *parent = start(w, DP_OP_DATASETS_LIST, NULL, NULL, &a);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.parent = parent;
  dp_call *child = start(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL), &options, &c);
  assert_true(script_wait_hits(w->server, 0, 2));
  dp_call_cancel(parent);
  assert_kind(wait_for(&c, &c.first), DP_CANCELLED);
  assert_kind(wait_for(&a, &a.first), DP_CANCELLED);
  dp_call_unref(child);
  dp_call_unref(parent);
  close_world(w);
  empty(&a);
  empty(&c);
}

static void metadata_of_one_document_is_written_one_at_a_time(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets/" KB "/documents/metadata", 0, SCRIPT_HANG, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box boxes[4] = {BOX, BOX, BOX, BOX};
  dp_call *calls[4];
  static const char *const documents[] = {DOC, DOC, DOC2, DOC};
  for (int i = 0; i < 4; i++) {
    char data[200];
    snprintf(data, sizeof data, "[{\"document_id\":\"%s\",\"metadata_list\":[]}]", documents[i]);
    calls[i] = start(w, DP_OP_METADATA_ASSIGN,
                     args_of("dataset_id", KB, "operation_data", data, NULL), NULL, &boxes[i]);
  }
  assert_true(script_wait_hits(w->server, 0, 2)); /* the first, and the one of another document */
  dp_stats stats = DP_STATS_INIT;
  dp_client_stats(w->client, &stats);
  assert_int_equal(stats.hosts[0].connections_in_use, 2);
  dp_stats_clear(&stats);
  dp_call_cancel(calls[1]); /* who waits may leave */
  assert_kind(wait_for(&boxes[1], &boxes[1].first), DP_CANCELLED);
  assert_int_equal(script_hits(w->server, 0), 2);
  script_release(w->server);
  for (int i = 0; i < 4; i++)
    if (i != 1)
      assert_kind(wait_for(&boxes[i], &boxes[i].first), DP_OK);
  assert_int_equal(script_hits(w->server, 0), 3);
  for (int i = 0; i < 4; i++) {
    dp_call_unref(calls[i]);
  }
  close_world(w);
  for (int i = 0; i < 4; i++)
    empty(&boxes[i]);
}

/* --- sharing --------------------------------------------------------------------------------------------------- */

static void equal_reads_share_one_transfer(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_HANG, 200, NULL, "{\"id\":\"a\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box boxes[5] = {BOX, BOX, BOX, BOX, BOX};
  dp_call *calls[5];
  for (int i = 0; i < 5; i++) {
    calls[i] = start(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL), NULL, &boxes[i]);
    if (i == 0)
      assert_true(script_wait_hits(w->server, 0, 1));
  }
  dp_call_cancel(calls[0]); /* the leader: the others must not notice */
  assert_kind(wait_for(&boxes[0], &boxes[0].first), DP_CANCELLED);
  script_release(w->server);
  unsigned joined = 0;
  for (int i = 1; i < 5; i++) {
    dp_reply *reply = wait_for(&boxes[i], &boxes[i].first);
    assert_kind(reply, DP_OK);
    joined += dp_reply_meta(reply)->joined;
  }
  assert_int_equal(script_hits(w->server, 0), 1);
  assert_int_equal(joined, 3);
  for (int i = 0; i < 5; i++)
    dp_call_unref(calls[i]);
  close_world(w);
  for (int i = 0; i < 5; i++)
    empty(&boxes[i]);
}

static void a_write_between_parts_equal_reads(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets/" KB "/documents", 0, SCRIPT_HANG, 200, NULL, "{\"data\":[]}"},
      {"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{\"document\":{}}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box a = BOX, b = BOX;
  dp_call *one = start(w, DP_OP_DOCUMENTS_LIST, args_of("dataset_id", KB, NULL), NULL, &a);
  assert_true(script_wait_hits(w->server, 0, 1));
  dp_reply_unref(run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page()));
  dp_call *two = start(w, DP_OP_DOCUMENTS_LIST, args_of("dataset_id", KB, NULL), NULL, &b);
  assert_true(script_wait_hits(w->server, 0, 2));
  script_release(w->server);
  assert_int_equal(dp_reply_meta(wait_for(&a, &a.first))->joined, 0);
  assert_int_equal(dp_reply_meta(wait_for(&b, &b.first))->joined, 0);
  dp_call_unref(one);
  dp_call_unref(two);
  close_world(w);
  empty(&a);
  empty(&b);
}

static void an_answer_may_be_as_old_as_its_caller_says(void **state) {
  (void)state;
  const script_step steps[] = {
      {"GET", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL, "{\"id\":\"a\"}"},
      {"PATCH", "/v1/datasets/" KB, 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.cache_ms = 60000;
  for (int i = 0; i < 3; i++) {
    dp_reply *reply = run_with(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL), &options);
    assert_kind(reply, DP_OK);
    assert_int_equal(dp_reply_meta(reply)->cached, i > 0);
    dp_reply_unref(reply);
  }
  dp_reply_unref(run(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL)));
  assert_int_equal(script_hits(w->server, 0), 2);
  dp_reply_unref(run(w, DP_OP_DATASETS_UPDATE, args_of("dataset_id", KB, "name", "n", NULL)));
  dp_reply_unref(run_with(w, DP_OP_DATASETS_GET, args_of("dataset_id", KB, NULL), &options));
  assert_int_equal(script_hits(w->server, 0), 3);
  close_world(w);
}

/* --- breaker, pace, wait -------------------------------------------------------------------------------------- */

static void an_open_breaker_answers_at_once(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets", 6, SCRIPT_ANSWER, 500, NULL, broken},
                               {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_client_set(w->client, DP_SET_RETRY, 0);
  for (int i = 0; i < 5; i++)
    dp_reply_unref(run(w, DP_OP_DATASETS_LIST, NULL));
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_BREAKER_OPEN);
  assert_true(dp_reply_error(reply)->retry_after_ms > 0);
  assert_int_equal(script_hits(w->server, 0), 5);
  dp_reply_unref(reply);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_WAIT;
  reply = run_with(w, DP_OP_DATASETS_LIST, NULL, &options); /* the probe, which fails … */
  assert_kind(reply, DP_SERVER_ERROR);
  dp_reply_unref(reply);
  reply = run_with(w, DP_OP_DATASETS_LIST, NULL, &options); /* … and the one that does not */
  assert_kind(reply, DP_OK);
  assert_true(dp_reply_meta(reply)->queued_us > 0);
  dp_reply_unref(reply);
  close_world(w);
}

static void a_bad_page_opens_no_breaker(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 0, SCRIPT_ANSWER, 400, NULL,
                                "{\"code\":\"invalid_param\",\"message\":\"bad\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  for (int i = 0; i < 20; i++) {
    dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page());
    assert_kind(reply, DP_INVALID_REQUEST);
    dp_reply_unref(reply);
  }
  assert_int_equal(script_hits(w->server, 0), 20);
  close_world(w);
}

static void a_write_is_never_the_probe(void **state) {
  (void)state;
  const script_step steps[] = {
      {"POST", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{\"id\":\"x\"}"},
      {"GET", "/v1/datasets?keyword=", 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"},
      {"PATCH", "/v1/datasets", 5, SCRIPT_ANSWER, 500, NULL, broken},
      {"GET", "/v1/", 0, SCRIPT_ANSWER, 404, "Content-Type: text/html\r\n", "<html>"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_client_set(w->client, DP_SET_RETRY, 0);
  for (int i = 0; i < 5; i++) /* tags.update cannot be proven, so each is one transfer */
    dp_reply_unref(run(w, DP_OP_TAGS_UPDATE, args_of("tag_id", KB, "name", "n", NULL)));
  dp_reply *reply = run(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL));
  assert_kind(reply, DP_BREAKER_OPEN);
  dp_reply_unref(reply);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_WAIT;
  reply = run_with(w, DP_OP_DATASETS_CREATE, args_of("name", "kb", NULL), &options);
  assert_kind(reply, DP_OK);
  assert_int_equal(script_hits(w->server, 3), 1);
  assert_int_equal(script_hits(w->server, 0), 1);
  dp_reply_unref(reply);
  close_world(w);
}

static void the_plans_refusal_teaches(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", CREATE, 1, SCRIPT_ANSWER, 403, NULL, refused_rate},
                               {"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page());
  assert_kind(reply, DP_RATE_LIMITED);
  assert_true(dp_reply_error(reply)->retry_after_ms > 30000);
  assert_int_equal(dp_reply_error(reply)->retryable, 1);
  dp_reply_unref(reply);
  reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page());
  assert_kind(reply, DP_RATE_LIMITED);
  assert_string_equal(dp_reply_error(reply)->code, "pace");
  assert_int_equal(script_hits(w->server, 0) + script_hits(w->server, 1), 1);
  dp_reply_unref(reply);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = DP_CALL_WAIT; /* its 20 s end before the window does: told at once */
  reply = run_with(w, DP_OP_DOCUMENTS_CREATE_BY_TEXT, page(), &options);
  assert_kind(reply, DP_RATE_LIMITED);
  assert_true(dp_reply_meta(reply)->total_us < 5000000);
  dp_reply_unref(reply);
  reply = run(w, DP_OP_DATASETS_LIST, NULL); /* is not counted by the plan */
  assert_int_equal(dp_reply_status(reply), 404);
  dp_reply_unref(reply);
  close_world(w);
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

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static void mistakes_are_told_by_name(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_DATASETS_GET, args_of("dataset_id", "../x", NULL));
  assert_kind(reply, DP_INVALID_REQUEST);
  assert_non_null(strstr(dp_reply_error(reply)->message, "dataset_id"));
  dp_reply_unref(reply);
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.flags = 1u << 30;
  reply = run_with(w, DP_OP_DATASETS_LIST, NULL, &options);
  assert_string_equal(dp_reply_error(reply)->code, "flags");
  dp_reply_unref(reply);
  reply = run(w, (dp_op)499, NULL);
  assert_kind(reply, DP_UNSUPPORTED);
  dp_reply_unref(reply);
  assert_int_equal(script_connections(w->server), 0);
  close_world(w);
}

static void statistics_count_calls(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/v1/datasets?", 0, SCRIPT_ANSWER, 500, NULL, broken},
                               {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  for (int i = 0; i < 3; i++)
    dp_reply_unref(run(w, DP_OP_DATASETS_LIST, NULL));
  dp_reply_unref(run(w, DP_OP_DATASETS_LIST, args_of("keyword", "x", NULL)));
  dp_stats stats = DP_STATS_INIT;
  assert_int_equal(dp_client_stats(w->client, &stats), DP_OK);
  assert_int_equal(stats.calls, 4);
  assert_int_equal(stats.errors[DP_OK], 3);
  assert_int_equal(stats.errors[DP_SERVER_ERROR], 1);
  assert_int_equal(stats.hosts[0].calls, 4);
  assert_int_equal(stats.hosts[0].transfers, 6);
  assert_string_equal(stats.hosts[0].breaker, "closed");
  dp_stats_clear(&stats);
  close_world(w);
}

static void nothing_starts_while_draining(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  assert_int_equal(dp_client_drain(w->client, 1000), DP_OK);
  dp_reply *reply = run(w, DP_OP_DATASETS_LIST, NULL);
  assert_kind(reply, DP_CANCELLED);
  assert_string_equal(dp_reply_error(reply)->code, "draining");
  dp_reply_unref(reply);
  close_world(w);
}

static void wait_in_callback(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  (void)reply;
  void **pair = user;
  dp_reply *inner = NULL;
  dp_client_call(pair[0], DP_OP_DATASETS_LIST, NULL, NULL, &inner);
  put(pair[1], &((box *)pair[1])->first, inner);
  dp_reply_unref(inner);
}

static void a_callback_must_not_wait(void **state) {
  (void)state;
  const script_step steps[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  box b = BOX;
  void *pair[] = {w->client, &b};
  assert_int_equal(dp_client_call_async(w->client, DP_OP_DATASETS_LIST, NULL, NULL,
                                        wait_in_callback, pair, NULL, NULL), DP_OK);
  assert_string_equal(dp_reply_error(wait_for(&b, &b.first))->code, "in_callback");
  close_world(w);
  empty(&b);
}

static unsigned count_descriptors(void) {
  unsigned count = 0;
  DIR *directory = opendir("/proc/self/fd");
  while (directory && readdir(directory))
    count++;
  closedir(directory);
  return count;
}

static int note_descriptors(void **state) {
  *state = (void *)(uintptr_t)count_descriptors();
  return 0;
}

static int compare_descriptors(void **state) {
  return (uintptr_t)*state == count_descriptors() ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, note_descriptors, compare_descriptors)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_read_succeeds),
      TEST(a_read_is_repeated_after_each_passing_fault),
      TEST(attempts_are_bounded),
      TEST(a_refusal_is_not_repeated),
      TEST(a_late_retry_after_is_told_at_once),
      TEST(a_write_that_lost_its_answer_is_not_sent_again),
      TEST(a_write_that_was_refused_for_now_is_sent_again),
      TEST(a_write_to_nobody_is_repeated),
      TEST(a_lost_create_is_proven_by_a_look),
      TEST(an_old_document_proves_nothing),
      TEST(a_lost_delete_is_proven_by_what_is_gone),
      TEST(a_502_after_a_create_is_looked_into),
      TEST(what_may_be_done_already_is_looked_for_first),
      TEST(a_late_write_is_told_twice),
      TEST(a_late_read_is_a_timeout),
      TEST(a_write_that_never_got_a_place_is_a_timeout),
      TEST(cancel_ends_a_read_and_not_a_write),
      TEST(free_tells_everybody),
      TEST(a_parent_takes_its_children_along),
      TEST(metadata_of_one_document_is_written_one_at_a_time),
      TEST(equal_reads_share_one_transfer),
      TEST(a_write_between_parts_equal_reads),
      TEST(an_answer_may_be_as_old_as_its_caller_says),
      TEST(an_open_breaker_answers_at_once),
      TEST(a_bad_page_opens_no_breaker),
      TEST(a_write_is_never_the_probe),
      TEST(the_plans_refusal_teaches),
      TEST(a_retrieval_model_is_completed),
      TEST(a_missing_technique_is_looked_up_once),
      TEST(an_update_is_done_as_a_create),
      TEST(an_update_is_sent_where_it_is_sound),
      TEST(a_tag_that_was_made_is_a_success),
      TEST(mistakes_are_told_by_name),
      TEST(statistics_count_calls),
      TEST(nothing_starts_while_draining),
      TEST(a_callback_must_not_wait),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
