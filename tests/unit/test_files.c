/* Calls that send a file, against a server that answers, refuses, loses its answers, or does not read. */
#include "callworld.h"

#include <errno.h>
#include <poll.h>

#define BY_FILE "/v1/datasets/" KB "/document/create-by-file"
#define UPLOAD "/v1/files/upload"
#define LIST "/v1/datasets/" KB "/documents?"

/* A program's source: gives what a test puts in, pauses in between, and counts. */
typedef struct spring {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  char *bytes;
  size_t length, at, piece;
  unsigned pauses, pause_left, reads, rewinds, releases;
  bool over;      /* its end may be told; else it pauses there */
  bool pausing;   /* the last answer was "pause" */
  dp_flow last;   /* instead of the end */
  pthread_t thread;
  bool wrong_thread;
} spring;

static spring spring_of(size_t length, unsigned pauses) {
  spring s = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER,
              .bytes = malloc(length + 1), .length = length, .piece = 30000, .pauses = pauses,
              .pause_left = pauses, .over = true};
  for (size_t i = 0; i < length; i++)
    s.bytes[i] = (char)('a' + i * 7 % 26 + i / 1000 % 3);
  s.bytes[length] = '\0';
  return s;
}

static dp_flow pour(struct dp_call *call, void *buffer, size_t capacity, size_t *length,
                    void *user) {
  (void)call;
  spring *s = user;
  pthread_mutex_lock(&s->lock);
  s->reads++;
  s->wrong_thread |= s->thread && !pthread_equal(s->thread, pthread_self());
  size_t left = s->length - s->at, give = left < s->piece ? left : s->piece;
  give = give < capacity ? give : capacity;
  dp_flow flow = DP_FLOW_CONTINUE;
  if (s->pause_left) {
    s->pause_left--;
    flow = DP_FLOW_PAUSE;
  } else if (left == 0 && !s->over) {
    flow = DP_FLOW_PAUSE;
  } else if (left == 0) {
    flow = s->last;
  } else {
    memcpy(buffer, s->bytes + s->at, give);
    s->at += give;
    s->pause_left = s->pauses;
  }
  *length = flow == DP_FLOW_CONTINUE ? give : 0;
  s->pausing = flow == DP_FLOW_PAUSE;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  return flow;
}

static bool refill(void *user) {
  spring *s = user;
  pthread_mutex_lock(&s->lock);
  s->at = 0;
  s->rewinds++;
  s->wrong_thread |= s->thread && !pthread_equal(s->thread, pthread_self());
  pthread_mutex_unlock(&s->lock);
  return true;
}

static void dry(void *user) {
  spring *s = user;
  pthread_mutex_lock(&s->lock);
  s->releases++;
  s->wrong_thread |= s->thread && !pthread_equal(s->thread, pthread_self());
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
}

static void end_spring(spring *s) {
  assert_int_equal(s->releases, 1);
  assert_false(s->wrong_thread);
  free(s->bytes);
}

static void add_source(dp_args *args, spring *s, int64_t length, bool rewinds) {
  dp_file_source source = DP_FILE_SOURCE_INIT;
  source.filename = "notes.md";
  source.length = length;
  source.read = pour;
  source.rewind = rewinds ? refill : NULL;
  source.release = dry;
  source.user = s;
  assert_int_equal(dp_args_set_source(args, "file", &source), DP_OK);
}

static dp_args *by_file(spring *s, int64_t length, bool rewinds) {
  dp_args *args = args_of("dataset_id", KB, "indexing_technique", "economy", NULL);
  if (s)
    add_source(args, s, length, rewinds);
  return args;
}

/* Wait until the source pauses, then let the transfer go on; false once it was released. */
static bool await_pause(spring *s) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 15;
  pthread_mutex_lock(&s->lock);
  int result = 0;
  while (!s->pausing && !s->releases && result == 0)
    result = pthread_cond_timedwait(&s->changed, &s->lock, &until);
  assert_int_equal(result, 0);
  bool paused = s->pausing;
  s->pausing = false;
  pthread_mutex_unlock(&s->lock);
  return paused;
}

static void check_body(world *w, size_t step, const spring *s) {
  char *body = script_body(w->server, step);
  assert_non_null(body);
  assert_non_null(strstr(body, "name=\"data\"\r\n\r\n{\"indexing_technique\":\"economy\"}\r\n"));
  if (!strstr(body, "\r\n0\r\n\r\n")) /* not in chunks */
    assert_non_null(strstr(body, s->bytes));
  assert_non_null(strstr(body, "--\r\n"));
  free(body);
}

static const char created[] = "{\"document\":{\"id\":\"x\"},\"batch\":\"b\"}";

static void test_a_source_with_pauses(void **state) {
  (void)state;
  for (int known = 0; known < 2; known++)
    for (unsigned pauses = 0; pauses < 3; pauses++) {
      const script_step steps[] = {{"POST", BY_FILE, 0, SCRIPT_ANSWER, 200, NULL, created}};
      world *w = open_world(STEPS(steps), "1.12.1", NULL);
      spring s = spring_of(200000, pauses);
      box b = BOX;
      dp_call *call = start(w, DP_OP_DOCUMENTS_CREATE_BY_FILE,
                            by_file(&s, known ? 200000 : -1, false), NULL, &b);
      while (pauses && await_pause(&s))
        dp_call_resume(call);
      dp_reply *reply = wait_for(&b, &b.first);
      assert_kind(reply, DP_OK);
      assert_int_equal(dp_reply_meta(reply)->attempts, 1);
      assert_int_equal(script_hits(w->server, 0), 1);
      check_body(w, 0, &s);
      dp_call_unref(call);
      empty(&b);
      close_world(w);
      end_spring(&s);
    }
}

static void dispatching(dp_client_options *options, dp_profile_options *profile) {
  (void)profile;
  options->dispatch = 1;
  options->verify_window_ms = 200; /* the proof of what was refused finds nothing */
}

static void dispatch_until(world *w, box *b) {
  for (;;) {
    struct pollfd fd = {.fd = dp_client_fd(w->client), .events = POLLIN};
    assert_true(poll(&fd, 1, 15000) > 0);
    dp_client_dispatch(w->client);
    pthread_mutex_lock(&b->lock);
    bool done = b->first != NULL;
    pthread_mutex_unlock(&b->lock);
    if (done)
      return;
  }
}

/* resumes from another thread, right when the source has paused */
typedef struct helper {
  spring *s;
  dp_call *call;
} helper;

static void *help(void *user) {
  helper *h = user;
  while (await_pause(h->s))
    dp_call_resume(h->call);
  return NULL;
}

static void test_where_the_program_dispatches(void **state) {
  (void)state;
  for (int known = 0; known < 2; known++)
    for (unsigned pauses = 0; pauses < 3; pauses++) {
      const script_step steps[] = {{"POST", BY_FILE, 1, SCRIPT_ANSWER, 503, NULL, broken},
                                   {"POST", BY_FILE, 0, SCRIPT_ANSWER, 200, NULL, created},
                                   {"GET", LIST, 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"}};
      world *w = open_world(STEPS(steps), "1.12.1", dispatching);
      spring s = spring_of(300000, pauses);
      s.thread = pthread_self(); /* all of its callbacks run here */
      box b = BOX;
      dp_call *call = start(w, DP_OP_DOCUMENTS_CREATE_BY_FILE,
                            by_file(&s, known ? 300000 : -1, true), NULL, &b);
      helper h = {&s, call};
      pthread_t thread;
      pthread_create(&thread, NULL, help, &h);
      dispatch_until(w, &b);
      pthread_join(thread, NULL);
      assert_kind(b.first, DP_OK);
      assert_int_equal(s.rewinds, 1);
      check_body(w, 1, &s);
      dp_call_unref(call);
      empty(&b);
      close_world(w);
      end_spring(&s);
    }
}

/* What was not taken in, whether it says so early or late, is sent again only if it can be. */
static void test_repeats_need_a_source_that_rewinds(void **state) {
  (void)state;
  static const char busy[] =
      "{\"code\":\"invalid_param\",\"message\":\"Too many requests. Please try again later\",\"status\":400}";
  for (int rewinds = 0; rewinds < 2; rewinds++) {
    const script_step steps[] = {{"POST", BY_FILE, 1, SCRIPT_ANSWER, 400, NULL, busy},
                                 {"POST", BY_FILE, 0, SCRIPT_ANSWER, 200, NULL, created}};
    world *w = open_world(STEPS(steps), "1.12.1", NULL);
    spring s = spring_of(100000, 0);
    dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_FILE, by_file(&s, 100000, rewinds));
    assert_kind(reply, rewinds ? DP_OK : DP_OVERLOADED);
    assert_int_equal(script_hits(w->server, 1), rewinds);
    assert_int_equal(s.rewinds, rewinds);
    if (rewinds)
      check_body(w, 1, &s);
    dp_reply_unref(reply);
    close_world(w);
    end_spring(&s);
  }
}

static void test_a_file_in_memory_is_sent_again(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", BY_FILE, 2, SCRIPT_HALF, 0, NULL, NULL},
                               {"POST", BY_FILE, 0, SCRIPT_ANSWER, 200, NULL, created},
                               {"GET", LIST, 0, SCRIPT_ANSWER, 200, NULL, "{\"data\":[]}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  size_t size = 8 << 20;
  char *bytes = malloc(size);
  memset(bytes, 'x', size);
  dp_args *args = by_file(NULL, 0, false);
  assert_int_equal(dp_args_set_file(args, "file", "a.md", NULL, bytes, size), DP_OK);
  free(bytes);
  dp_reply *reply = run(w, DP_OP_DOCUMENTS_CREATE_BY_FILE, args);
  assert_kind(reply, DP_OK); /* half a body was carried out by nobody */
  assert_int_equal(dp_reply_meta(reply)->attempts, 3);
  assert_int_equal(script_hits(w->server, 1), 1);
  dp_reply_unref(reply);
  close_world(w);
}

/* The answer is lost: the file is looked for, by name and size, and never sent again. */
static void test_a_lost_answer_is_proven(void **state) {
  (void)state;
  for (int known = 0; known < 2; known++)
    for (int there = 0; there < 2; there++) {
      char *list = document_list("notes.md", time(NULL), there ? 50000 : 49999);
      const script_step steps[] = {{"POST", BY_FILE, 0, SCRIPT_CLOSE, 0, NULL, NULL},
                                   {"GET", LIST, 0, SCRIPT_ANSWER, 200, NULL, list}};
      world *w = open_world(STEPS(steps), "1.12.1", NULL);
      spring s = spring_of(50000, 0);
      dp_call_options options = DP_CALL_OPTIONS_INIT;
      options.deadline_ms = there ? 15000 : 400;
      dp_reply *reply = run_with(w, DP_OP_DOCUMENTS_CREATE_BY_FILE,
                                 by_file(&s, known ? 50000 : -1, false), &options);
      assert_kind(reply, there ? DP_OK : DP_UNKNOWN_OUTCOME);
      assert_int_equal(dp_reply_meta(reply)->verified, there);
      assert_int_equal(script_hits(w->server, 0), 1);
      dp_reply_unref(reply);
      close_world(w);
      end_spring(&s);
      free(list);
    }
}

static void test_what_is_cut_creates_nothing(void **state) {
  (void)state;
  for (int known = 0; known < 2; known++)
    for (int how = 0; how < 3; how++) {
      const script_step steps[] = {{"POST", BY_FILE, 0, SCRIPT_ANSWER, 200, NULL, created}};
      world *w = open_world(STEPS(steps), "1.12.1", NULL);
      spring s = spring_of(300000, 0);
      box b = BOX;
      s.last = how == 0 ? DP_FLOW_ABORT : DP_FLOW_CONTINUE;
      s.over = how != 2;
      int64_t length = !known ? -1 : how == 1 ? 300001 : 300000;
      dp_call *call = start(w, DP_OP_DOCUMENTS_CREATE_BY_FILE, by_file(&s, length, true), NULL, &b);
      if (how == 2 && await_pause(&s)) /* all its bytes went out, and it is given up */
        dp_call_cancel(call);
      dp_reply *reply = wait_for(&b, &b.first);
      if (how == 1 && !known) {
        assert_kind(reply, DP_OK); /* it never said how much would come */
      } else {
        assert_kind(reply, how == 1 ? DP_INVALID_REQUEST : DP_CANCELLED);
        assert_false(dp_reply_is_pending(reply));
        assert_int_equal(script_hits(w->server, 0), 0);
      }
      dp_call_unref(call);
      empty(&b);
      close_world(w);
      end_spring(&s);
    }
}

/* A refusal before the body: while it flows, and while its source has nothing to give. */
static void test_an_early_refusal(void **state) {
  (void)state;
  static const char large[] =
      "{\"code\":\"file_too_large\",\"message\":\"File size exceeded.\",\"status\":413}";
  for (int quiet = 0; quiet < 2; quiet++)
    for (int known = 0; known < 2; known++) {
      const script_step steps[] = {{"POST", UPLOAD, 0, SCRIPT_EARLY, 413, NULL, large}};
      world *w = open_world(STEPS(steps), "1.12.1", NULL);
      spring s = spring_of(quiet ? 10 : 12 << 20, 0);
      s.over = !quiet;
      dp_args *args = dp_args_new();
      add_source(args, &s, known ? (int64_t)s.length : -1, false);
      dp_reply *reply = run(w, DP_OP_FILES_UPLOAD, args);
      assert_kind(reply, DP_TOO_LARGE);
      assert_int_equal(dp_reply_status(reply), 413);
      dp_reply_unref(reply);
      script_release(w->server);
      close_world(w);
      end_spring(&s);
    }
}

static void test_released_whatever_happens(void **state) {
  (void)state;
  const script_step steps[] = {{"POST", UPLOAD, 0, SCRIPT_ANSWER, 201, NULL, "{\"id\":\"f\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  spring refused = spring_of(10, 0), used = spring_of(10, 0), never = spring_of(10, 0);
  dp_args *args = args_of("nonsense", "x", NULL);
  add_source(args, &refused, 10, false);
  dp_reply_unref(run(w, DP_OP_FILES_UPLOAD, args));
  assert_int_equal(refused.releases, 1);
  args = dp_args_new();
  add_source(args, &used, 10, false);
  dp_reply *reply = NULL;
  assert_int_equal(dp_client_call(w->client, DP_OP_FILES_UPLOAD, args, NULL, &reply), DP_OK);
  dp_reply_unref(reply);
  assert_int_equal(used.releases, 1); /* with its call, not with the args */
  assert_int_equal(dp_client_call(w->client, DP_OP_FILES_UPLOAD, args, NULL, &reply),
                   DP_INVALID_REQUEST);
  assert_string_equal(dp_reply_error(reply)->code, "file_used");
  dp_reply_unref(reply);
  dp_args_free(args);
  args = dp_args_new();
  add_source(args, &never, 10, false);
  dp_args_free(args);
  close_world(w);
  end_spring(&refused);
  end_spring(&used);
  end_spring(&never);
}

/* Freed while a piece is on its way to be fetched: nobody dispatches any more. */
static void test_a_client_that_is_freed_midway(void **state) {
  (void)state;
  for (int dispatch = 0; dispatch < 2; dispatch++) {
    const script_step steps[] = {{"POST", UPLOAD, 0, SCRIPT_ANSWER, 201, NULL, "{}"}};
    world *w = open_world(STEPS(steps), "1.12.1", dispatch ? dispatching : NULL);
    spring s = spring_of(10, 0);
    s.over = false;
    if (dispatch)
      s.thread = pthread_self(); /* who frees the client is who would dispatch */
    box b = BOX;
    dp_args *args = dp_args_new();
    add_source(args, &s, -1, false);
    dp_call *call = start(w, DP_OP_FILES_UPLOAD, args, NULL, &b);
    if (!dispatch)
      await_pause(&s);
    dp_call_unref(call);
    close_world(w);
    assert_non_null(b.first);
    assert_int_equal(dp_reply_kind(b.first), DP_CANCELLED);
    empty(&b);
    end_spring(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_source_with_pauses),
      TEST(test_where_the_program_dispatches),
      TEST(test_repeats_need_a_source_that_rewinds),
      TEST(test_a_file_in_memory_is_sent_again),
      TEST(test_a_lost_answer_is_proven),
      TEST(test_what_is_cut_creates_nothing),
      TEST(test_an_early_refusal),
      TEST(test_released_whatever_happens),
      TEST(test_a_client_that_is_freed_midway),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
