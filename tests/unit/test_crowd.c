/* Many threads, all kinds of calls and faults at once: every call is answered exactly once, a late write
 * at most once more, and nothing is left over. Seeded; what a sanitizer sees is the point. */
#include "callworld.h"

#include <stdatomic.h>

enum { THREADS = 6, CALLS = 150 };

typedef struct crowd {
  world *w;
  dp_profile *other;
  atomic_uint seed, started, done, late, pending;
} crowd;

typedef struct one {
  crowd *c;
  atomic_uint done, late;
} one;

static void on_done(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  one *o = user;
  atomic_fetch_add(&o->done, 1);
  if (dp_reply_is_pending(reply))
    atomic_fetch_add(&o->c->pending, 1);
  atomic_fetch_add(&o->c->done, 1);
}

static void on_late(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  (void)reply;
  one *o = user;
  atomic_fetch_add(&o->late, 1);
  atomic_fetch_add(&o->c->late, 1);
}

static unsigned pick(unsigned *seed, unsigned count) {
  *seed = *seed * 1103515245u + 12345u;
  return (*seed >> 16) % count;
}

static dp_op choose(unsigned n, dp_args **args) {
  char data[120];
  switch (n) {
  case 0:
    *args = NULL;
    return DP_OP_DATASETS_LIST;
  case 1:
    *args = args_of("dataset_id", KB, NULL);
    return DP_OP_DATASETS_GET;
  case 2:
    *args = page();
    return DP_OP_DOCUMENTS_CREATE_BY_TEXT;
  case 3:
    *args = args_of("dataset_id", KB, NULL);
    return DP_OP_DATASETS_DELETE;
  case 4:
    snprintf(data, sizeof data, "[{\"document_id\":\"%s\",\"metadata_list\":[]}]", DOC);
    *args = args_of("dataset_id", KB, "operation_data", data, NULL);
    return DP_OP_METADATA_ASSIGN;
  case 5:
    *args = args_of("dataset_id", KB, "name", "a", "text", "b", NULL);
    return DP_OP_DOCUMENTS_CREATE_BY_TEXT;
  default:
    *args = args_of("method", "POST", "path", "/v1/anything", NULL);
    return DP_OP_HTTP_REQUEST;
  }
}

static void *call_a_lot(void *user) {
  crowd *c = user;
  unsigned seed = atomic_fetch_add(&c->seed, 7919);
  one *all = calloc(CALLS, sizeof *all);
  dp_call *calls[CALLS] = {NULL};
  for (unsigned i = 0; i < CALLS; i++) {
    dp_args *args;
    dp_op op = choose(pick(&seed, 7), &args);
    dp_call_options options = DP_CALL_OPTIONS_INIT;
    options.deadline_ms = pick(&seed, 3) ? 1 + pick(&seed, 60) : 2000;
    options.priority = (dp_priority)pick(&seed, 3);
    options.cache_ms = pick(&seed, 2) * 50;
    options.flags = pick(&seed, 2) ? DP_CALL_WAIT : 0;
    options.flags |= pick(&seed, 8) ? 0 : DP_CALL_MAYBE_DONE;
    options.on_late = pick(&seed, 2) ? on_late : NULL;
    options.profile = pick(&seed, 4) ? NULL : c->other;
    options.parent = i && !pick(&seed, 6) ? calls[i - 1] : NULL;
    all[i].c = c;
    if (dp_client_call_async(c->w->client, op, args, &options, on_done, &all[i], &calls[i], NULL) ==
        DP_OK)
      atomic_fetch_add(&c->started, 1);
    dp_args_free(args);
    if (calls[i] && !pick(&seed, 5))
      dp_call_cancel(calls[i]);
  }
  for (unsigned i = 0; i < CALLS; i++)
    dp_call_unref(calls[i]);
  return all;
}

static void shorter(dp_client_options *o, dp_profile_options *p) {
  o->write_grace_ms = 300;
  o->stall_timeout_ms = 200;
  o->connections_per_host = 8;
  p->retry_attempts = 2;
}

static const script_step steps[] = {
    {"GET", "/v1/datasets?", 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"},
    {"GET", "/v1/datasets/" KB "/documents", 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"},
    {"GET", "/v1/datasets", 20, SCRIPT_CLOSE, 0, NULL, NULL},
    {"GET", "/v1/datasets", 20, SCRIPT_ANSWER, 503, NULL, "{}"},
    {"GET", "/v1/datasets/" KB, 3, SCRIPT_HANG, 200, NULL, "{}"},
    {"GET", "/v1/datasets", 0, SCRIPT_ANSWER, 200, NULL, "{\"indexing_technique\":\"economy\"}"},
    {"POST", CREATE, 20, SCRIPT_CLOSE, 0, NULL, NULL},
    {"POST", CREATE, 20, SCRIPT_RESET, 0, NULL, NULL},
    {"POST", CREATE, 2, SCRIPT_HANG, 200, NULL, "{}"},
    {"POST", CREATE, 10, SCRIPT_CUT, 200, NULL, "{"},
    {"POST", CREATE, 3, SCRIPT_ANSWER, 403, NULL, "{\"code\":\"forbidden\",\"message\":\"the knowledge base request rate limit\"}"},
    {"POST", CREATE, 0, SCRIPT_ANSWER, 200, NULL, "{\"document\":{}}"},
    {"DELETE", "/v1/", 0, SCRIPT_CLOSE, 0, NULL, NULL},
    {"POST", "/v1/anything", 0, SCRIPT_ANSWER, 502, NULL, "<html>"},
    {"POST", "/v1/", 0, SCRIPT_ANSWER, 200, NULL, "{}"}};

static void run_crowd(bool drain) {
  crowd c = {.w = open_world(STEPS(steps), "1.12.1", shorter)};
  dp_profile_options profile = DP_PROFILE_OPTIONS_INIT;
  pthread_t threads[THREADS];
  void *all[THREADS];
  profile.base_url = script_url(c.w->server);
  profile.cache = 0;
  profile.breaker = 0;
  assert_int_equal(dp_profile_new(c.w->client, &profile, &c.other, NULL), DP_OK);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, call_a_lot, &c), 0);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], &all[i]);
  if (drain)
    assert_int_equal(dp_client_drain(c.w->client, 60000), DP_OK);
  dp_profile_unref(c.other);
  close_world(c.w);
  assert_int_equal(c.done, c.started);
  assert_true(c.late <= c.pending);
  for (int i = 0; i < THREADS; i++) {
    for (unsigned n = 0; n < CALLS; n++) {
      one *o = &((one *)all[i])[n];
      assert_true(o->done <= 1 && o->late <= o->done);
    }
    free(all[i]);
  }
}

static void everybody_is_answered(void **state) {
  (void)state;
  run_crowd(true);
}

static void everybody_is_answered_when_the_client_goes(void **state) {
  (void)state;
  for (int i = 0; i < 5; i++)
    run_crowd(false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(everybody_is_answered),
      TEST(everybody_is_answered_when_the_client_goes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
