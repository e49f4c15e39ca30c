#include "reader.h"

#include <poll.h>
#include <unistd.h>

reader *reader_new(void) {
  reader *r = calloc(1, sizeof *r);
  pthread_mutex_init(&r->lock, NULL);
  pthread_cond_init(&r->changed, NULL);
  return r;
}

void reader_free(reader *r) {
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
  bool pause = always || (r->pause_at && r->count + 1 == r->pause_at) ||
               (r->pause_once && r->offers % 2 == 1);
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

void reader_done(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  reader *r = user;
  pthread_mutex_lock(&r->lock);
  assert_null(r->reply);
  r->reply = dp_reply_ref(reply);
  pthread_cond_broadcast(&r->changed);
  pthread_mutex_unlock(&r->lock);
}

dp_sink sink_of(void) {
  dp_sink sink = DP_SINK_INIT;
  sink.on_open = on_open;
  sink.on_event = on_event;
  sink.on_data = on_data;
  return sink;
}

reader *begin_with(world *w, reader *r, dp_op op, dp_args *args, dp_call_options options) {
  dp_sink sink = sink_of();
  dp_error err = {.message = ""};
  options.sink = &sink;
  if (dp_client_call_async(w->client, op, args, &options, reader_done, r, &r->call, &err) != DP_OK)
    fail_msg("%s", err.message);
  dp_args_free(args);
  return r;
}

dp_args *run_args(void) {
  return args_of("inputs", "{}", "user", "u1", NULL);
}

reader *begin(world *w, reader *r) {
  return begin_with(w, r, DP_OP_WORKFLOWS_RUN, run_args(), (dp_call_options)DP_CALL_OPTIONS_INIT);
}

dp_args *chat_args(void) {
  return args_of("query", "hi", "inputs", "{}", "user", "u1", NULL);
}

bool await_more(world *w, reader *r) {
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

static void with_dispatch(dp_client_options *options, dp_profile_options *profile) {
  (void)profile;
  options->dispatch = 1;
}

const change_fn ways[2] = {NULL, with_dispatch};
