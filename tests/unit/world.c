#include "world.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

size_t count_descriptors(void) {
  size_t count = 0;
  DIR *dir = opendir("/proc/self/fd");
  while (readdir(dir))
    count++;
  closedir(dir);
  return count;
}

void world_start_with(world *w, dp_client_options options) {
  dp_error err;
  if (!options.profile && !options.base_url) {
    options.base_url = httpd_url(w->server);
    options.api_key = "dataset-unit-test";
  }
  if (dp_client_new(&w->client, &options, &err) != DP_OK)
    fail_msg("%s", err.message);
}

int world_start(void **state) {
  signal(SIGPIPE, SIG_IGN); /* the server's part writes to connections that are gone */
  world *w = calloc(1, sizeof *w);
  w->descriptors = count_descriptors();
  w->server = httpd_start(NULL, NULL);
  world_start_with(w, (dp_client_options)DP_CLIENT_OPTIONS_INIT);
  *state = w;
  return 0;
}

void world_restart(world *w, dp_client_options options) {
  dp_client_free(w->client);
  world_start_with(w, options);
}

int world_end(void **state) {
  world *w = *state;
  dp_client_free(w->client);
  httpd_stop(w->server);
  assert_int_equal(count_descriptors(), w->descriptors);
  free(w);
  return 0;
}

result *result_new(void) {
  result *r = calloc(1, sizeof *r);
  pthread_mutex_init(&r->lock, NULL);
  pthread_cond_init(&r->changed, NULL);
  return r;
}

void result_free(result *r) {
  assert_int_equal(r->done, 1);
  dp_exchange_unref(r->exchange);
  pthread_mutex_destroy(&r->lock);
  pthread_cond_destroy(&r->changed);
  free(r->body);
  free(r);
}

void result_wait(result *r) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE_S;
  int failed = 0;
  pthread_mutex_lock(&r->lock);
  while (!r->done && !failed)
    failed = pthread_cond_timedwait(&r->changed, &r->lock, &until);
  pthread_mutex_unlock(&r->lock);
  if (failed)
    fail_msg("on_done did not run");
}

dp_flow result_on_head(dp_exchange *e, const dp_head *head, void *user) {
  (void)e;
  result *r = user;
  r->heads++;
  strncpy(r->type, head->type, sizeof r->type - 1);
  return DP_FLOW_CONTINUE;
}

dp_flow result_on_data(dp_exchange *e, const void *data, size_t length, void *user) {
  (void)e;
  result *r = user;
  if (r->length + length + 1 > r->capacity) { /* doubled: a sanitizer copies at every realloc */
    r->capacity = 2 * (r->length + length + 1);
    r->body = realloc(r->body, r->capacity);
    assert_non_null(r->body);
  }
  memcpy(r->body + r->length, data, length);
  r->length += length;
  r->body[r->length] = '\0';
  return DP_FLOW_CONTINUE;
}

void result_on_done(dp_exchange *e, const dp_outcome *outcome, void *user) {
  (void)e;
  result *r = user;
  pthread_mutex_lock(&r->lock);
  r->done++;
  r->outcome = *outcome;
  r->error = outcome->error;
  strncpy(r->version, outcome->meta.version, sizeof r->version - 1);
  pthread_cond_signal(&r->changed);
  pthread_mutex_unlock(&r->lock);
}

dp_exchange_options options_for(const char *path, result *r) {
  dp_exchange_options o = DP_EXCHANGE_OPTIONS_INIT;
  o.method = "GET";
  o.path = path;
  o.on_head = result_on_head;
  o.on_data = result_on_data;
  o.on_done = result_on_done;
  o.user = r;
  o.repeatable = 1;
  return o;
}

void start(world *w, const dp_exchange_options *options, result *r) {
  dp_error err;
  if (dp_exchange_start(w->client, options, &r->exchange, &err) != DP_OK)
    fail_msg("%s", err.message);
}

result *run(world *w, const dp_exchange_options *options) {
  result *r = options->user;
  start(w, options, r);
  result_wait(r);
  return r;
}

result *get(world *w, const char *path) {
  dp_exchange_options o = options_for(path, result_new());
  return run(w, &o);
}

result *post(world *w, const char *path, const char *body) {
  dp_exchange_options o = options_for(path, result_new());
  o.method = "POST";
  o.body = body;
  o.body_length = strlen(body);
  o.repeatable = 0;
  return run(w, &o);
}

void expect(world *w, const char *path, dp_kind kind, const char *code) {
  result *r = get(w, path);
  if (r->error.kind != kind || strcmp(r->error.code, code) != 0)
    fail_msg("%s: %s %s: %s", path, dp_kind_name(r->error.kind), r->error.code, r->error.message);
  result_free(r);
}

dp_host_stats host_stats(world *w) {
  dp_stats stats = DP_STATS_INIT;
  assert_int_equal(dp_client_stats(w->client, &stats), DP_OK);
  assert_int_equal(stats.host_count, 1);
  dp_host_stats host = stats.hosts[0];
  dp_stats_clear(&stats);
  host.origin = host.version = ""; /* they went with it */
  return host;
}

void wait_stats(world *w, int (*holds)(const dp_host_stats *stats)) {
  struct timespec began, now;
  clock_gettime(CLOCK_MONOTONIC, &began);
  for (;;) {
    dp_host_stats host = host_stats(w);
    if (holds(&host))
      return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - began.tv_sec > PATIENCE_S)
      fail_msg("the statistics never came to say so");
    poll(NULL, 0, 1); /* there is no event to wait for: it is the status that is tested */
  }
}
