/* Answers that flow to a sink: events and bytes, pauses, errors before and within, cuts. */
#include "callworld.h"
#include "scarce.h"

#include <poll.h>
#include <unistd.h>

#define STREAM "/v1/workflows/run"
#define RUN_ID "bc4af2ec-175c-4602-89fb-356bb98becda"
#define TASK_ID "2fd68717-b898-4c83-8e0a-51f6852c8aea"
#define IDS "\"workflow_run_id\":\"" RUN_ID "\",\"task_id\":\"" TASK_ID "\""
#define STARTED "data: {\"event\":\"workflow_started\"," IDS ",\"data\":{}}\n\n"
#define CHUNK(text) "data: {\"event\":\"text_chunk\"," IDS ",\"data\":{\"text\":\"" text "\"}}\n\n"
#define FINISHED                                                                                   \
  "data: {\"event\":\"workflow_finished\"," IDS                                                    \
  ",\"data\":{\"id\":\"x\",\"status\":\"succeeded\",\"outputs\":{}}}\n\n"

enum { PIECES = 64 };

/* A program that reads a stream: what it got, and when it says pause. */
typedef struct reader {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  dp_call *call;
  char *pieces[PIECES];
  char types[PIECES][32];
  uint64_t numbers[PIECES];
  size_t count, bytes, offers;
  char *body;
  int32_t status;
  char type[64];
  int64_t length;
  unsigned opens;
  bool pause_open, pause_all, pause_once; /* once: each piece is refused the first time */
  bool resume_at_once;                    /* from within the callback */
  size_t abort_at;                        /* abort at that piece, from 1 */
  unsigned pauses;
  dp_reply *reply, *late;
  pthread_t thread;
} reader;

static reader *reader_new(void) {
  reader *r = calloc(1, sizeof *r);
  pthread_mutex_init(&r->lock, NULL);
  pthread_cond_init(&r->changed, NULL);
  return r;
}

static void reader_free(reader *r) {
  for (size_t i = 0; i < r->count; i++)
    free(r->pieces[i]);
  dp_call_unref(r->call);
  dp_reply_unref(r->reply);
  dp_reply_unref(r->late);
  free(r->body);
  pthread_mutex_destroy(&r->lock);
  pthread_cond_destroy(&r->changed);
  free(r);
}

/* Called with the lock held: whether this offer is refused. */
static bool refuses(dp_call *call, reader *r, bool always) {
  r->thread = pthread_self();
  r->offers++;
  bool pause = always || r->pause_all || (r->pause_once && r->offers % 2 == 1);
  r->pauses += pause;
  if (pause && r->resume_at_once)
    dp_call_resume(call);
  pthread_cond_broadcast(&r->changed);
  return pause;
}

static dp_flow on_open(dp_call *call, const dp_head *head, void *user) {
  reader *r = user;
  pthread_mutex_lock(&r->lock);
  dp_flow flow = DP_FLOW_PAUSE;
  if (!refuses(call, r, r->pause_open)) {
    flow = DP_FLOW_CONTINUE;
    r->opens++;
    r->status = head->status;
    r->length = head->length;
    snprintf(r->type, sizeof r->type, "%s", head->type);
  }
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
  return flow;
}

static dp_flow on_event(dp_call *call, const dp_event *event, void *user) {
  reader *r = user;
  pthread_mutex_lock(&r->lock);
  dp_flow flow = DP_FLOW_PAUSE;
  assert_int_equal(event->data[event->length], '\0');
  if (!refuses(call, r, false)) {
    flow = r->abort_at && r->count + 1 >= r->abort_at ? DP_FLOW_ABORT : DP_FLOW_CONTINUE;
    snprintf(r->types[r->count], sizeof r->types[0], "%s", event->type);
    r->numbers[r->count] = event->number;
    r->pieces[r->count++] = strdup(event->data);
  }
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
  return flow;
}

static dp_flow on_data(dp_call *call, const void *data, size_t length, void *user) {
  reader *r = user;
  pthread_mutex_lock(&r->lock);
  dp_flow flow = DP_FLOW_PAUSE;
  if (!refuses(call, r, false)) {
    flow = DP_FLOW_CONTINUE;
    r->body = realloc(r->body, r->bytes + length + 1);
    memcpy(r->body + r->bytes, data, length);
    r->bytes += length;
    r->body[r->bytes] = '\0';
  }
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
  return flow;
}

static void on_done(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  reader *r = user;
  pthread_mutex_lock(&r->lock);
  assert_null(r->reply);
  r->reply = dp_reply_ref(reply);
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
}

static dp_sink sink_of(void) {
  dp_sink sink = DP_SINK_INIT;
  sink.on_open = on_open;
  sink.on_event = on_event;
  sink.on_data = on_data;
  return sink;
}

static reader *begin_with(world *w, reader *r, dp_op op, dp_args *args, dp_call_options options) {
  dp_sink sink = sink_of();
  dp_error err = {.message = ""};
  options.sink = &sink;
  if (dp_client_call_async(w->client, op, args, &options, on_done, r, &r->call, &err) != DP_OK)
    fail_msg("%s", err.message);
  dp_args_free(args);
  return r;
}

static dp_args *run_args(void) {
  return args_of("inputs", "{}", "user", "u1", NULL);
}

static reader *begin(world *w, reader *r) {
  return begin_with(w, r, DP_OP_WORKFLOWS_RUN, run_args(),
                    (dp_call_options)DP_CALL_OPTIONS_INIT);
}

/* Wait under the lock until the condition holds; the test fails after ten seconds. A program that
 * dispatches does so meanwhile. */
#define AWAIT(w, r, condition)                                                                     \
  do {                                                                                             \
    pthread_mutex_lock(&(r)->lock);                                                                \
    for (unsigned turns = 0; !(condition); turns++)                                                \
      if (turns == 10000 || !await_more(w, r))                                                     \
        fail_msg("it never came: %s", #condition);                                                 \
    pthread_mutex_unlock(&(r)->lock);                                                              \
  } while (0)

static bool await_more(world *w, reader *r) {
  int fd = dp_client_fd(w->client);
  if (fd >= 0) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    pthread_mutex_unlock(&r->lock);
    bool ready = poll(&p, 1, 10000) > 0;
    dp_client_dispatch(w->client);
    pthread_mutex_lock(&r->lock);
    return ready;
  }
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 10;
  return pthread_cond_timedwait(&r->changed, &r->lock, &until) == 0;
}

static void check_run(reader *r, size_t events) {
  assert_kind(r->reply, DP_OK);
  assert_int_equal(r->count, events);
  for (size_t i = 0; i < events; i++)
    assert_int_equal(r->numbers[i], i + 1);
  assert_int_equal(r->opens, 1);
  assert_int_equal(r->status, 200);
  assert_string_equal(r->type, "text/event-stream");
  assert_string_equal(dp_reply_run(r->reply)->task_id, TASK_ID);
  assert_string_equal(dp_reply_run(r->reply)->workflow_run_id, RUN_ID);
  assert_string_equal(dp_reply_run(r->reply)->message_id, "");
}

static void with_dispatch(dp_client_options *options, dp_profile_options *profile) {
  (void)profile;
  options->dispatch = 1;
}

typedef void (*change_fn)(dp_client_options *, dp_profile_options *);
static const change_fn ways[] = {NULL, with_dispatch};
#define EACH_WAY(change) for (size_t way = 0; way < 2; way++) for (change_fn change = ways[way], *once = &change; once; once = NULL)

/* --- events -------------------------------------------------------------------------------------------- */

static void test_events(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL,
                          STARTED "\2event: ping\n\n\2:c\n\ndata: {\"event\":\2\"text_chunk\"}\n\n"
                          "event: x\nid: 7\ndata: 1\ndata: 2\n\n" FINISHED "data: lost\n"}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = begin(w, reader_new());
    AWAIT(w, r, r->reply);
    check_run(r, 4);
    assert_string_equal(r->types[0], "message");
    assert_string_equal(r->pieces[1], "{\"event\":\"text_chunk\"}");
    assert_string_equal(r->types[2], "x");
    assert_string_equal(r->pieces[2], "1\n2");
    assert_int_equal(dp_reply_status(r->reply), 200);
    char *body = script_body(w->server, 0);
    assert_non_null(strstr(body, "\"response_mode\":\"streaming\""));
    free(body);
    reader_free(r);
    close_world(w);
  }
}

/* Each comes before the next is sent. */
static void test_one_by_one(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL,
                          "\1" STARTED "\1" CHUNK("a") "\1" CHUNK("b") "\1" FINISHED "\1"}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = begin(w, reader_new());
    AWAIT(w, r, r->opens == 1); /* the head alone opens */
    for (size_t i = 1; i <= 4; i++) {
      script_go(w->server, 1);
      AWAIT(w, r, r->count == i);
      assert_null(r->reply);
    }
    script_go(w->server, 1);
    AWAIT(w, r, r->reply);
    check_run(r, 4);
    reader_free(r);
    close_world(w);
  }
}

static void test_pause_everywhere(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL,
                          STARTED CHUNK("a") "\2" CHUNK("b") CHUNK("c") FINISHED}};
  EACH_WAY(change) {
    for (int from_within = 0; from_within < 2; from_within++) {
      world *w = open_world(STEPS(steps), "1.12.1", change);
      reader *r = reader_new();
      r->pause_once = true;
      r->resume_at_once = from_within;
      begin(w, r);
      for (unsigned i = 1; i <= 6 && !from_within; i++) {
        AWAIT(w, r, r->pauses == i);
        assert_null(r->reply);
        dp_call_resume(r->call);
      }
      AWAIT(w, r, r->reply);
      check_run(r, 5);
      assert_int_equal(r->pauses, 6);
      dp_call_resume(r->call); /* harmless */
      reader_free(r);
      close_world(w);
    }
  }
}

/* A reader that sleeps slows the server: what comes meanwhile stays there. */
static void test_pause_holds_the_server(void **state) {
  (void)state;
  size_t size = 24u << 20;
  char *body = malloc(size + 1);
  memset(body, 'x', size);
  for (size_t i = 0; i + 4096 <= size; i += 4096) {
    memcpy(body + i, "data: ", 6);
    memcpy(body + i + 4094, "\n\n", 2);
  }
  strcpy(body + size - 4096, FINISHED);
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, body}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  reader *r = reader_new();
  r->pause_open = true;
  begin(w, r);
  AWAIT(w, r, r->pauses == 1);
  dp_call_cancel(r->call);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_CANCELLED);
  assert_true(dp_reply_meta(r->reply)->received < 4u << 20);
  assert_int_equal(r->count, 0);
  reader_free(r);
  close_world(w);
  free(body);
}

static void test_abort(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL,
                          STARTED CHUNK("a") CHUNK("b") "\1" FINISHED}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = reader_new();
    r->abort_at = 2;
    begin(w, r);
    AWAIT(w, r, r->reply);
    assert_kind(r->reply, DP_CANCELLED);
    assert_int_equal(r->count, 2);
    assert_string_equal(dp_reply_run(r->reply)->task_id, TASK_ID);
    reader_free(r);
    close_world(w);
  }
}

/* --- bytes --------------------------------------------------------------------------------------------- */

static void test_bytes(void **state) {
  (void)state;
  script_step steps[] = {{"GET", "/v1/files/", 0, SCRIPT_ANSWER, 200,
                          "Content-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\n",
                          "0123456789"}};
  EACH_WAY(change) {
    for (int pausing = 0; pausing < 2; pausing++) {
      world *w = open_world(STEPS(steps), "1.12.1", change);
      reader *r = reader_new();
      r->pause_once = pausing;
      r->resume_at_once = true;
      begin_with(w, r, DP_OP_FILES_PREVIEW, args_of("file_id", KB, NULL),
                 (dp_call_options)DP_CALL_OPTIONS_INIT);
      AWAIT(w, r, r->reply);
      assert_kind(r->reply, DP_OK);
      assert_string_equal(r->body, "0123456789");
      assert_string_equal(r->type, "image/png");
      assert_int_equal(r->length, 10);
      assert_non_null(dp_reply_header(r->reply, "content-disposition"));
      size_t length;
      dp_reply_body(r->reply, &length);
      assert_int_equal(length, 0);
      reader_free(r);
      close_world(w);
    }
  }
}

static void test_cut_bytes(void **state) {
  (void)state;
  script_step steps[] = {{"GET", "/v1/files/", 0, SCRIPT_CUT, 200, "Content-Type: image/png\r\n", "0123"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  reader *r = begin_with(w, reader_new(), DP_OP_FILES_PREVIEW, args_of("file_id", KB, NULL),
                         (dp_call_options)DP_CALL_OPTIONS_INIT);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_UNREACHABLE);
  assert_int_equal(r->bytes, 4);
  assert_int_equal(script_hits(w->server, 0), 1); /* what was shown is not sent again */
  reader_free(r);
  close_world(w);
}

static void small_bodies(dp_client_options *options, dp_profile_options *profile) {
  (void)profile;
  options->body_max = 1024;
}

/* Refused by its head, whatever was asked for; a sink takes it all the same. */
static void test_large_answer(void **state) {
  (void)state;
  char *body = malloc(100001);
  memset(body, 'x', 100000);
  body[100000] = '\0';
  script_step steps[] = {{"GET", "/v1/files/", 0, SCRIPT_ANSWER, 200, "Content-Type: image/png\r\n", body}};
  world *w = open_world(STEPS(steps), "1.12.1", small_bodies);
  dp_reply *reply = run(w, DP_OP_FILES_PREVIEW, args_of("file_id", KB, NULL));
  assert_kind(reply, DP_TOO_LARGE);
  assert_string_equal(dp_reply_error(reply)->code, "body_max");
  assert_true(dp_reply_meta(reply)->received < 100000);
  dp_reply_unref(reply);
  reader *r = begin_with(w, reader_new(), DP_OP_FILES_PREVIEW, args_of("file_id", KB, NULL),
                         (dp_call_options)DP_CALL_OPTIONS_INIT);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_OK);
  assert_int_equal(r->bytes, 100000);
  reader_free(r);
  close_world(w);
  free(body);
}

/* --- before it begins ----------------------------------------------------------------------------------- */

static void test_refused(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 1, SCRIPT_ANSWER, 400, NULL,
                          "{\"code\":\"not_workflow_app\",\"message\":\"no\",\"status\":400}"},
                         {"POST", STREAM, 1, SCRIPT_ANSWER, 200, "Content-Type: text/html\r\n", "<html>"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  reader *r = begin(w, reader_new());
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_INVALID_REQUEST);
  assert_int_equal(r->opens + r->count, 0);
  size_t length;
  assert_non_null(strstr(dp_reply_body(r->reply, &length), "not_workflow_app"));
  reader_free(r);
  r = begin(w, reader_new());
  AWAIT(w, r, r->reply);
  assert_int_not_equal(dp_reply_kind(r->reply), DP_OK);
  assert_int_equal(r->opens, 0);
  reader_free(r);
  close_world(w);
}

/* Until it has begun it is repeated as any other. */
static void test_repeated(void **state) {
  (void)state;
  script_step steps[] = {{"GET", "/v1/files/", 1, SCRIPT_ANSWER, 503, NULL, broken},
                         {"GET", "/v1/files/", 1, SCRIPT_CLOSE, 0, NULL, NULL},
                         {"GET", "/v1/files/", 1, SCRIPT_ANSWER, 200, "Content-Type: image/png\r\n", "ok"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  reader *r = begin_with(w, reader_new(), DP_OP_FILES_PREVIEW, args_of("file_id", KB, NULL),
                         (dp_call_options)DP_CALL_OPTIONS_INIT);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_OK);
  assert_string_equal(r->body, "ok");
  assert_int_equal(r->opens, 1);
  reader_free(r);
  close_world(w);
}

/* --- one answer ------------------------------------------------------------------------------------------- */

#define CHAT "/v1/chat-messages"
#define CHAT_IDS "\"task_id\":\"" TASK_ID "\",\"message_id\":\"m1\",\"conversation_id\":\"c1\""
#define SAYS(text) "data: {\"event\":\"message\"," CHAT_IDS ",\"answer\":\"" text "\"}\n\n"
#define CHAT_END "data: {\"event\":\"message_end\"," CHAT_IDS ",\"metadata\":{}}\n\n"
#define FAILS                                                                                      \
  "data: {\"event\":\"error\"," CHAT_IDS                                                          \
  ",\"code\":\"completion_request_error\",\"status\":400,\"message\":\"it broke\"}\n\n"
#define WORKFLOW_FAILS                                                                             \
  "data: {\"event\":\"workflow_finished\"," IDS                                                    \
  ",\"data\":{\"status\":\"failed\",\"outputs\":{},\"error\":\"node h1 \\\"broke\\\"\"}}\n\n"

static dp_args *chat_args(void) {
  return args_of("query", "hi", "inputs", "{}", "user", "u1", NULL);
}

static void expect_mode(world *w, const char *mode) {
  char *body = script_body(w->server, 0), wanted[64];
  snprintf(wanted, sizeof wanted, "\"response_mode\":\"%s\"", mode);
  if (!strstr(body, wanted))
    fail_msg("no %s in %s", wanted, body);
  free(body);
}

static void test_together(void **state) {
  (void)state;
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_STREAM, 200, NULL,
                          "event: ping\n\n\2" SAYS("Hel") "\2" SAYS("lo \\ud83d") SAYS("\\ude00") CHAT_END}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    dp_reply *reply = run(w, DP_OP_CHAT_SEND, chat_args());
    assert_kind(reply, DP_OK);
    size_t length;
    assert_string_equal(dp_reply_body(reply, &length),
                        "{\"event\":\"message\",\"task_id\":\"" TASK_ID
                        "\",\"id\":\"m1\",\"message_id\":\"m1\",\"conversation_id\":\"c1\","
                        "\"mode\":\"chat\",\"answer\":\"Hello \\ud83d\\ude00\",\"metadata\":{}}");
    assert_int_equal(dp_reply_status(reply), 200);
    assert_string_equal(dp_reply_type(reply), "application/json");
    assert_string_equal(dp_reply_header(reply, "X-Version"), "1.12.1");
    assert_string_equal(dp_reply_run(reply)->conversation_id, "c1");
    expect_mode(w, "streaming");
    dp_reply_unref(reply);
    close_world(w);
  }
}

static void test_blocking(void **state) {
  (void)state;
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_ANSWER, 200, NULL, "{\"answer\":\"x\"}"}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.flags = DP_CALL_BLOCKING;
  dp_reply *reply = run_with(w, DP_OP_CHAT_SEND, chat_args(), &o);
  assert_kind(reply, DP_OK);
  expect_mode(w, "blocking");
  dp_reply_unref(reply);
  reply = run(w, DP_OP_CHAT_SEND, args_of("query", "hi", "inputs", "{}", "user", "u1",
                                          "response_mode", "blocking", NULL));
  assert_kind(reply, DP_OK);
  expect_mode(w, "blocking");
  dp_reply_unref(reply);
  reply = run(w, DP_OP_CHAT_SEND, chat_args()); /* asked for a stream, and answered whole all the same */
  assert_kind(reply, DP_OK);
  expect_mode(w, "streaming");
  size_t length;
  assert_string_equal(dp_reply_body(reply, &length), "{\"answer\":\"x\"}");
  dp_reply_unref(reply);
  close_world(w);
}

/* An error midway is an error, with and without a sink; what was shown before stays shown. */
static void test_error_within(void **state) {
  (void)state;
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_STREAM, 200, NULL, SAYS("Hel") FAILS}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    dp_reply *reply = run(w, DP_OP_CHAT_SEND, chat_args());
    reader *r = begin_with(w, reader_new(), DP_OP_CHAT_SEND, chat_args(),
                           (dp_call_options)DP_CALL_OPTIONS_INIT);
    AWAIT(w, r, r->reply);
    assert_int_equal(r->count, 2);
    dp_reply *both[] = {reply, r->reply};
    for (size_t i = 0; i < 2; i++) {
      assert_kind(both[i], DP_SERVER_ERROR);
      assert_string_equal(dp_reply_error(both[i])->code, "completion_request_error");
      assert_non_null(strstr(dp_reply_error(both[i])->message, "it broke"));
      assert_int_equal(dp_reply_error(both[i])->status, 400);
      assert_int_equal(dp_reply_status(both[i]), 400);
      assert_false(dp_reply_error(both[i])->retryable);
      size_t length;
      assert_string_equal(dp_reply_body(both[i], &length),
                          "{\"code\":\"completion_request_error\",\"message\":\"it broke\",\"status\":400}");
      assert_string_equal(dp_reply_run(both[i])->message_id, "m1");
    }
    assert_int_equal(script_hits(w->server, 0), 2); /* neither was sent again */
    dp_reply_unref(reply);
    reader_free(r);
    close_world(w);
  }
}

/* A workflow's failure: of a stream an error, of one answer what the server's own says. */
static void test_workflow_fails(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED WORKFLOW_FAILS}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_WORKFLOWS_RUN, run_args());
  size_t length;
  assert_kind(reply, DP_OK);
  assert_non_null(strstr(dp_reply_body(reply, &length), "\"data\":"));
  assert_non_null(strstr(dp_reply_body(reply, &length), "\"status\":\"failed\""));
  dp_reply_unref(reply);
  reader *r = begin(w, reader_new());
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_SERVER_ERROR);
  assert_string_equal(dp_reply_error(r->reply)->code, "workflow_failed");
  assert_non_null(strstr(dp_reply_error(r->reply)->message, "node h1 \"broke\""));
  assert_int_equal(r->count, 2);
  reader_free(r);
  close_world(w);
}

static void test_together_too_large(void **state) {
  (void)state;
  char body[8192] = "";
  for (int i = 0; i < 40; i++)
    strcat(body, SAYS("0123456789012345678901234567890123456789"));
  strcat(body, CHAT_END);
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_STREAM, 200, NULL, body}};
  world *w = open_world(STEPS(steps), "1.12.1", small_bodies);
  dp_reply *reply = run(w, DP_OP_CHAT_SEND, chat_args());
  assert_kind(reply, DP_TOO_LARGE);
  assert_string_equal(dp_reply_error(reply)->code, "body_max");
  dp_reply_unref(reply);
  close_world(w);
}

static void small_events(dp_client_options *options, dp_profile_options *profile) {
  (void)profile;
  options->event_max = options->event_line_max = 1024;
}

static void test_event_too_large(void **state) {
  (void)state;
  char body[4096] = STARTED "data: ";
  memset(body + strlen(body), 'x', 1500);
  strcat(body, "\n\n" FINISHED);
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, body}};
  world *w = open_world(STEPS(steps), "1.12.1", small_events);
  reader *r = begin(w, reader_new());
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_TOO_LARGE);
  assert_string_equal(dp_reply_error(r->reply)->code, "event_line_max");
  assert_int_equal(r->count, 1);
  reader_free(r);
  close_world(w);
}

/* A chat that is cut can be looked for nowhere: its ids are told. */
static void test_cut_chat(void **state) {
  (void)state;
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_STREAM, 200, NULL, SAYS("Hel") "\3"}};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    dp_reply *reply = run(w, DP_OP_CHAT_SEND, chat_args());
    assert_kind(reply, DP_UNKNOWN_OUTCOME);
    assert_non_null(strstr(dp_reply_error(reply)->message, TASK_ID));
    assert_non_null(strstr(dp_reply_error(reply)->message, "message m1"));
    assert_string_equal(dp_reply_run(reply)->message_id, "m1");
    assert_int_equal(script_hits(w->server, 0), 1);
    dp_reply_unref(reply);
    close_world(w);
  }
}

/* --- stopping the run ------------------------------------------------------------------------------------ */

#define STOPPED "/v1/workflows/tasks/" TASK_ID "/stop"
#define STOP_STEP {"POST", STOPPED, 0, SCRIPT_ANSWER, 200, NULL, "{\"result\":\"success\"}"}

/* All that the client began has ended; how often the second step was taken. */
static unsigned stops(world *w) {
  assert_int_equal(dp_client_drain(w->client, 10000), DP_OK);
  return script_hits(w->server, 1);
}

static void expect_stop(world *w, const reader *r) {
  assert_int_equal(dp_reply_run(r->reply)->stop_asked, 1);
  assert_true(script_wait_hits(w->server, 1, 1));
  char *body = script_body(w->server, 1);
  assert_string_equal(body, "{\"user\":\"u1\"}");
  free(body);
  assert_int_equal(stops(w), 1);
}

static void test_cancel_stops(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED}, STOP_STEP};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = begin(w, reader_new());
    AWAIT(w, r, r->count == 1);
    dp_call_cancel(r->call);
    AWAIT(w, r, r->reply);
    assert_kind(r->reply, DP_CANCELLED);
    assert_string_equal(dp_reply_run(r->reply)->workflow_run_id, RUN_ID);
    expect_stop(w, r);
    reader_free(r);
    close_world(w);
  }
}

static void test_abort_stops(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED}, STOP_STEP};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = reader_new();
    r->abort_at = 1;
    begin(w, r);
    AWAIT(w, r, r->reply);
    assert_kind(r->reply, DP_CANCELLED);
    expect_stop(w, r);
    reader_free(r);
    close_world(w);
  }
}

static void test_deadline_stops(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED}, STOP_STEP};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.deadline_ms = 300;
  reader *r = begin_with(w, reader_new(), DP_OP_WORKFLOWS_RUN, run_args(), o);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_TIMEOUT);
  assert_string_equal(dp_reply_error(r->reply)->code, "deadline");
  expect_stop(w, r);
  reader_free(r);
  close_world(w);
}

static void test_keep_run(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED}, STOP_STEP};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.flags = DP_CALL_KEEP_RUN;
  reader *r = begin_with(w, reader_new(), DP_OP_WORKFLOWS_RUN, run_args(), o);
  AWAIT(w, r, r->count == 1);
  dp_call_cancel(r->call);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_CANCELLED);
  assert_int_equal(dp_reply_run(r->reply)->stop_asked, 0);
  assert_non_null(strstr(dp_reply_error(r->reply)->message, "may go on"));
  assert_int_equal(stops(w), 0);
  reader_free(r);
  close_world(w);
}

/* Cancelled before any event has told how the run is called: its caller is answered at once, and it is
 * stopped as soon as it has a name. */
static void test_stops_later(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL,
                          ": hello\n\n\1event: ping\n\ndata: {}\n\n" STARTED "\1" FINISHED}, STOP_STEP};
  EACH_WAY(change) {
    for (int paused = 0; paused < 2; paused++) {
      world *w = open_world(STEPS(steps), "1.12.1", change);
      reader *r = reader_new();
      r->pause_open = paused;
      begin(w, r);
      AWAIT(w, r, r->opens == 1 || r->pauses == 1);
      dp_call_cancel(r->call);
      AWAIT(w, r, r->reply);
      assert_kind(r->reply, DP_CANCELLED);
      assert_int_equal(script_hits(w->server, 1), 0);
      script_go(w->server, 1);
      expect_stop(w, r);
      assert_int_equal(r->count, 0); /* nobody is shown anything any more */
      reader_free(r);
      close_world(w);
    }
  }
}

/* A run that ended is not stopped, nor one that never began. */
static void test_nothing_to_stop(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 1, SCRIPT_STREAM, 200, NULL, STARTED FINISHED "\1"}, STOP_STEP,
                         {"POST", STREAM, 0, SCRIPT_HANG, 400, NULL, broken}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  reader *r = begin(w, reader_new());
  AWAIT(w, r, r->count == 2);
  dp_call_cancel(r->call);
  AWAIT(w, r, r->reply);
  assert_int_equal(dp_reply_run(r->reply)->stop_asked, 0);
  reader_free(r);
  r = begin(w, reader_new());
  assert_true(script_wait_hits(w->server, 2, 1));
  dp_call_cancel(r->call);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_CANCELLED);
  script_release(w->server); /* it was refused */
  assert_int_equal(stops(w), 0);
  reader_free(r);
  close_world(w);
}

static void short_grace(dp_client_options *options, dp_profile_options *profile) {
  (void)profile;
  options->write_grace_ms = 100;
}

/* One answer that nobody waits for any more is waited for as any write; then its run is stopped. */
static void test_together_given_up(void **state) {
  (void)state;
  script_step steps[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED "\1" FINISHED}, STOP_STEP};
  world *w = open_world(STEPS(steps), "1.12.1", short_grace);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  box b = BOX;
  o.deadline_ms = 300;
  o.on_late = put_late;
  dp_call *call = start(w, DP_OP_WORKFLOWS_RUN, run_args(), &o, &b);
  assert_kind(wait_for(&b, &b.first), DP_UNKNOWN_OUTCOME);
  assert_true(dp_reply_is_pending(b.first));
  assert_kind(wait_for(&b, &b.late), DP_UNKNOWN_OUTCOME);
  assert_true(script_wait_hits(w->server, 1, 1));
  dp_call_unref(call);
  empty(&b);
  close_world(w);
}

/* --- reading it back -------------------------------------------------------------------------------------- */

#define RECORD(status, outputs)                                                                    \
  {                                                                                                \
    "GET", "/v1/workflows/run/" RUN_ID, 0, SCRIPT_ANSWER, 200, NULL,                               \
        "{\"id\":\"" RUN_ID "\",\"workflow_id\":\"f\",\"status\":" status                           \
        ",\"inputs\":\"{}\",\"outputs\":" outputs ",\"error\":\"why\",\"total_steps\":2}"             \
  }
#define CUT_STREAM {"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED CHUNK("a") "\3"}

static void expect_read_back(world *w, reader *r) {
  assert_int_equal(r->count, 3);
  assert_int_equal(r->numbers[2], 3);
  assert_string_equal(r->types[2], "message");
  assert_string_equal(r->pieces[2],
                      "{\"event\":\"workflow_finished\",\"task_id\":\"" TASK_ID
                      "\",\"workflow_run_id\":\"" RUN_ID "\",\"data\":{\"id\":\"" RUN_ID
                      "\",\"workflow_id\":\"f\",\"status\":\"succeeded\",\"outputs\":{\"a\":1},"
                      "\"error\":\"why\",\"total_steps\":2}}");
  assert_kind(r->reply, DP_OK);
  assert_int_equal(dp_reply_meta(r->reply)->verified, 1);
  assert_non_null(strstr(dp_reply_meta(r->reply)->note, "record"));
  assert_int_equal(script_hits(w->server, 0), 1);
}

static void test_read_back(void **state) {
  (void)state;
  script_step steps[] = {CUT_STREAM, RECORD("\"running\"", "\"{}\""), RECORD("\"succeeded\"", "\"{\\\"a\\\":1}\"")};
  steps[1].times = 2;
  EACH_WAY(change) {
    for (int pausing = 0; pausing < 2; pausing++) {
      world *w = open_world(STEPS(steps), "1.12.1", change);
      reader *r = reader_new();
      r->pause_once = pausing;
      r->resume_at_once = true;
      begin(w, r);
      AWAIT(w, r, r->reply);
      expect_read_back(w, r);
      reader_free(r);
      close_world(w);
    }
  }
}

/* The event that was made waits for its reader, too. */
static void test_read_back_paused(void **state) {
  (void)state;
  script_step steps[] = {CUT_STREAM, RECORD("\"succeeded\"", "{\"a\":1}")};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = begin(w, reader_new());
    AWAIT(w, r, r->count == 2);
    r->pause_all = true; /* the look takes a while at least: nothing is offered meanwhile */
    AWAIT(w, r, r->pauses == 1);
    assert_null(r->reply);
    r->pause_all = false;
    dp_call_resume(r->call);
    AWAIT(w, r, r->reply);
    expect_read_back(w, r);
    reader_free(r);
    close_world(w);
  }
}

static void test_read_back_together(void **state) {
  (void)state;
  script_step steps[] = {CUT_STREAM, RECORD("\"succeeded\"", "{\"a\":1}")};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_reply *reply = run(w, DP_OP_WORKFLOWS_RUN, run_args());
  assert_kind(reply, DP_OK);
  size_t length;
  assert_string_equal(dp_reply_body(reply, &length),
                      "{\"task_id\":\"" TASK_ID "\",\"workflow_run_id\":\"" RUN_ID
                      "\",\"data\": {\"id\":\"" RUN_ID "\",\"workflow_id\":\"f\",\"status\":\"succeeded\","
                      "\"outputs\":{\"a\":1},\"error\":\"why\",\"total_steps\":2}}");
  assert_int_equal(dp_reply_meta(reply)->verified, 1);
  dp_reply_unref(reply);
  close_world(w);
}

static dp_reply *cut_run(script_step record, uint32_t stall_ms) {
  script_step steps[] = {CUT_STREAM, record};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.stall_ms = stall_ms;
  reader *r = begin_with(w, reader_new(), DP_OP_WORKFLOWS_RUN, run_args(), o);
  AWAIT(w, r, r->reply);
  dp_reply *reply = dp_reply_ref(r->reply);
  reader_free(r);
  close_world(w);
  return reply;
}

static void test_read_back_failures(void **state) {
  (void)state;
  dp_reply *reply = cut_run((script_step)RECORD("\"failed\"", "{}"), 0);
  assert_kind(reply, DP_SERVER_ERROR);
  assert_string_equal(dp_reply_error(reply)->code, "workflow_failed");
  dp_reply_unref(reply);
  reply = cut_run((script_step)RECORD("\"stopped\"", "{}"), 0);
  assert_kind(reply, DP_CANCELLED);
  dp_reply_unref(reply);
  reply = cut_run((script_step)RECORD("null", "null"), 0); /* no such run */
  assert_kind(reply, DP_UNKNOWN_OUTCOME);
  assert_string_equal(dp_reply_run(reply)->workflow_run_id, RUN_ID);
  dp_reply_unref(reply);
  reply = cut_run((script_step)RECORD("\"running\"", "{}"), 400); /* for ever */
  assert_kind(reply, DP_UNKNOWN_OUTCOME);
  assert_string_equal(dp_reply_error(reply)->code, "stream_cut");
  assert_int_equal(dp_reply_meta(reply)->verified, 0);
  dp_reply_unref(reply);
}

static void test_cancel_while_reading_back(void **state) {
  (void)state;
  script_step steps[] = {CUT_STREAM, STOP_STEP, RECORD("\"running\"", "{}")};
  EACH_WAY(change) {
    world *w = open_world(STEPS(steps), "1.12.1", change);
    reader *r = begin(w, reader_new());
    AWAIT(w, r, r->count == 2);
    assert_true(script_wait_hits(w->server, 2, 1));
    dp_call_cancel(r->call);
    AWAIT(w, r, r->reply);
    assert_int_not_equal(dp_reply_kind(r->reply), DP_OK);
    reader_free(r);
    close_world(w);
  }
}

/* A server that falls silent. */
static void test_silence(void **state) {
  (void)state;
  script_step steps[] = {{"POST", CHAT, 0, SCRIPT_STREAM, 200, NULL, SAYS("Hel") "\1" CHAT_END}};
  world *w = open_world(STEPS(steps), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  o.stall_ms = 200;
  reader *r = begin_with(w, reader_new(), DP_OP_CHAT_SEND, chat_args(), o);
  AWAIT(w, r, r->reply);
  assert_kind(r->reply, DP_UNKNOWN_OUTCOME);
  assert_string_equal(dp_reply_error(r->reply)->code, "stall");
  assert_int_equal(r->count, 1);
  reader_free(r);
  close_world(w);
}

/* --- memory that runs out --------------------------------------------------------------------------------- */

/* Whatever fails, on whichever side: the call ends once, and a success is whole. */
static void fail_each(world *w, size_t events, bool sink) {
  bool failed = true;
  for (unsigned n = 0; failed; n++) {
    dp_call_options o = DP_CALL_OPTIONS_INIT;
    dp_sink to = sink_of();
    reader *r = reader_new();
    dp_args *args = run_args();
    dp_error err;
    o.stall_ms = 500;
    o.sink = sink ? &to : NULL;
    scarce_from(n);
    dp_kind kind = dp_client_call_async(w->client, DP_OP_WORKFLOWS_RUN, args, &o, on_done, r, &r->call, &err);
    if (kind == DP_OK)
      AWAIT(w, r, r->reply);
    failed = scarce_off();
    if (kind == DP_OK && dp_reply_kind(r->reply) == DP_OK && sink)
      assert_int_equal(r->count, events);
    assert_true(failed || (kind == DP_OK && dp_reply_kind(r->reply) == DP_OK));
    assert_true(n < 2000);
    dp_args_free(args);
    reader_free(r);
  }
}

static void patient(dp_client_options *options, dp_profile_options *profile) {
  (void)options;
  profile->breaker = 0; /* it is the program that fails, not the server */
}

static void patient_dispatch(dp_client_options *options, dp_profile_options *profile) {
  options->dispatch = 1;
  profile->breaker = 0;
}

static void test_memory(void **state) {
  (void)state;
  static const change_fn both[] = {patient, patient_dispatch};
  script_step whole[] = {{"POST", STREAM, 0, SCRIPT_STREAM, 200, NULL, STARTED CHUNK("a") "\2" FINISHED}};
  script_step part[] = {CUT_STREAM, RECORD("\"succeeded\"", "\"{\\\"a\\\":1}\"")};
  for (int way = 0; way < 2; way++) {
    for (int sink = 0; sink < 2; sink++) {
      change_fn change = both[way];
      world *w = open_world(STEPS(whole), "1.12.1", change);
      fail_each(w, 3, sink);
      close_world(w);
      w = open_world(STEPS(part), "1.12.1", change);
      fail_each(w, 3, sink);
      close_world(w);
    }
  }
}

static void test_wrong_use(void **state) {
  (void)state;
  script_step none[] = {{"GET", "/", 0, SCRIPT_ANSWER, 200, NULL, NULL}};
  world *w = open_world(STEPS(none), "1.12.1", NULL);
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  dp_sink sink = sink_of();
  dp_error err;
  dp_args *args = run_args();
  o.sink = &sink;
  o.flags = DP_CALL_BLOCKING;
  assert_int_equal(dp_client_call_async(w->client, DP_OP_WORKFLOWS_RUN, args, &o, on_done, NULL, NULL, &err),
                   DP_INVALID_REQUEST);
  assert_string_equal(err.code, "sink");
  o.flags = 0;
  sink.on_event = NULL;
  assert_int_equal(dp_client_call_async(w->client, DP_OP_WORKFLOWS_RUN, args, &o, on_done, NULL, NULL, &err),
                   DP_INVALID_REQUEST);
  assert_non_null(strstr(err.message, "on_event"));
  sink.size = sizeof sink + 1;
  assert_int_equal(dp_client_call_async(w->client, DP_OP_WORKFLOWS_RUN, args, &o, on_done, NULL, NULL, &err),
                   DP_INVALID_REQUEST);
  assert_string_equal(err.code, "sink_size");
  o.sink = NULL;
  o.stall_ms = 86400001;
  assert_int_equal(dp_client_call_async(w->client, DP_OP_WORKFLOWS_RUN, args, &o, on_done, NULL, NULL, &err),
                   DP_INVALID_REQUEST);
  assert_string_equal(err.code, "stall_ms");
  dp_args_free(args);
  close_world(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_events),          TEST(test_one_by_one), TEST(test_pause_everywhere),
      TEST(test_pause_holds_the_server), TEST(test_abort), TEST(test_bytes), TEST(test_cut_bytes),
      TEST(test_large_answer), TEST(test_refused), TEST(test_repeated),
      TEST(test_together), TEST(test_blocking), TEST(test_error_within), TEST(test_workflow_fails),
      TEST(test_together_too_large), TEST(test_event_too_large), TEST(test_cut_chat),
      TEST(test_cancel_stops), TEST(test_abort_stops), TEST(test_deadline_stops), TEST(test_keep_run),
      TEST(test_stops_later), TEST(test_nothing_to_stop), TEST(test_together_given_up),
      TEST(test_read_back), TEST(test_read_back_paused), TEST(test_read_back_together),
      TEST(test_read_back_failures), TEST(test_cancel_while_reading_back), TEST(test_silence),
      TEST(test_memory),
      TEST(test_wrong_use),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
