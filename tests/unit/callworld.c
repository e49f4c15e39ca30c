#include "callworld.h"

#include <dirent.h>

world *open_world(const script_step *steps, size_t count, const char *version,
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

void close_world(world *w) {
  dp_client_free(w->client);
  script_stop(w->server);
  free(w);
}

dp_args *args_of(const char *first, ...) {
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

dp_args *page(void) {
  return args_of("dataset_id", KB, "name", "Page one", "text", "abc", "indexing_technique",
                 "economy", NULL);
}

dp_reply *run_with(world *w, dp_op op, dp_args *args, const dp_call_options *options) {
  dp_reply *reply = NULL;
  dp_kind kind = dp_client_call(w->client, op, args, options, &reply);
  assert_non_null(reply);
  assert_int_equal(kind, dp_reply_kind(reply));
  dp_args_free(args);
  return reply;
}

dp_reply *run(world *w, dp_op op, dp_args *args) {
  return run_with(w, op, args, NULL);
}

const char refused_rate[] =
    "{\"code\":\"forbidden\",\"message\":\"Sorry, you have reached the knowledge base request rate "
    "limit of your subscription.\",\"status\":403}";
const char broken[] =
    "{\"code\":\"unknown\",\"message\":\"Internal Server Error\",\"status\":500}";

char *document_list(const char *name, long created, int size) {
  char *text;
  if (asprintf(&text,
               "{\"data\":[{\"id\":\"" DOC "\",\"name\":\"%s\",\"enabled\":true,\"archived\":false,"
               "\"data_source_type\":\"upload_file\",\"data_source_detail_dict\":{\"upload_file\":"
               "{\"size\":%d,\"extension\":\"txt\",\"mime_type\":\"text/plain\","
               "\"created_at\":%ld.5}}}],\"total\":1}", name, size, created) < 0)
    abort();
  return text;
}

void put(box *b, dp_reply **place, dp_reply *reply) {
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

void put_late(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  box *b = user;
  put(b, &b->late, reply);
}

dp_reply *wait_for(box *b, dp_reply **place) {
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


void empty(box *b) {
  dp_reply_unref(b->first);
  dp_reply_unref(b->late);
}

dp_call *start(world *w, dp_op op, dp_args *args, const dp_call_options *options, box *b) {
  dp_call *call;
  dp_error err = {.message = ""};
  if (dp_client_call_async(w->client, op, args, options, put_first, b, &call, &err) != DP_OK)
    fail_msg("%s", err.message);
  dp_args_free(args);
  return call;
}

static unsigned count_descriptors(void) {
  unsigned count = 0;
  DIR *directory = opendir("/proc/self/fd");
  while (directory && readdir(directory))
    count++;
  closedir(directory);
  return count;
}

int note_descriptors(void **state) {
  *state = (void *)(uintptr_t)count_descriptors();
  return 0;
}

int compare_descriptors(void **state) {
  return (uintptr_t)*state == count_descriptors() ? 0 : -1;
}
