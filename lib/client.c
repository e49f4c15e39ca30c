/*
 * Clients: options in, an engine out.
 *
 * Everything that can be wrong with the options is said before a thread exists. What was made is
 * unmade in the opposite order; dp_client_free is also the way out of a dp_client_new that failed
 * half way, so there is one list of what there is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "engine_run.h"
#include "errors.h"
#include "host.h"
#include "profile.h"

static dp_kind take_options(const dp_client_options *given, dp_client_options *out, dp_error *err) {
  *out = (dp_client_options)DP_CLIENT_OPTIONS_INIT;
  if (!given || given->size < sizeof(size_t) || given->size > sizeof *out)
    return dp__fail(err, DP_INVALID_REQUEST, "options_size",
                    "Start from DP_CLIENT_OPTIONS_INIT and link the library of the same version.",
                    "the client's options have a size that this library does not know");
  memcpy(out, given, given->size);
  out->size = sizeof *out;
  return DP_OK;
}

/* One numeric option: where it stands, its default and its bounds. */
typedef struct range {
  const char *name;
  uint32_t *value;
  uint32_t standard, min, max;
} range;

static dp_kind fill(const range *r, dp_error *err) {
  if (*r->value == 0)
    *r->value = r->standard;
  if (*r->value < r->min || *r->value > r->max)
    return dp__fail(err, DP_INVALID_REQUEST, r->name, NULL, "%s is %u; allowed are %u..%u", r->name,
                    (unsigned)*r->value, (unsigned)r->min, (unsigned)r->max);
  return DP_OK;
}

static dp_kind check_ranges(dp_client_options *o, dp_error *err) {
  const range ranges[] = {
      {"connections_per_host", &o->connections_per_host, 20, 1, 1024},
      {"streams_per_host", &o->streams_per_host, 256, 1, 4096},
      {"connections_total", &o->connections_total, 512, 1, 16384},
      {"idle_age_ms", &o->idle_age_ms, 60000, 1000, 3600000},
      {"wait_queue", &o->wait_queue, 10000, 1, 1000000},
      {"deadline_ms", &o->deadline_ms, 120000, 1, 86400000},
      {"connect_timeout_ms", &o->connect_timeout_ms, 10000, 1, 600000},
      {"stall_timeout_ms", &o->stall_timeout_ms, 60000, 1, 86400000},
  };
  dp_kind kind = DP_OK;
  for (size_t i = 0; kind == DP_OK && i < sizeof ranges / sizeof *ranges; i++)
    kind = fill(&ranges[i], err);
  if (kind != DP_OK)
    return kind;
  const range more[] = {
      {"concurrency_max", &o->concurrency_max, o->connections_per_host, 1, o->connections_per_host}};
  kind = fill(&more[0], err);
  if (kind == DP_OK && o->write_grace_ms != UINT32_MAX && o->write_grace_ms > 600000)
    kind = dp__fail(err, DP_INVALID_REQUEST, "write_grace_ms", NULL,
                    "write_grace_ms is %u; allowed are 0..600000", (unsigned)o->write_grace_ms);
  return kind;
}

static dp_kind check(dp_client_options *o, dp_error *err) {
  dp_kind kind = check_ranges(o, err);
  if (kind != DP_OK)
    return kind;
  if (o->write_grace_ms == UINT32_MAX)
    o->write_grace_ms = 60000;
  if (o->body_max == 0)
    o->body_max = 64ull << 20;
  if (o->header_max == 0)
    o->header_max = 256ull << 10;
  if ((o->pooling & ~1) || (o->dispatch & ~1))
    return dp__fail(err, DP_INVALID_REQUEST, "options", NULL, "pooling and dispatch are 0 or 1");
  if (o->profile && (o->base_url || o->api_key))
    return dp__fail(err, DP_INVALID_REQUEST, "profile", "Set one of them.",
                    "both profile and base_url or api_key are set");
  return DP_OK;
}

static void init_state(dp_client *client, const dp_client_options *options) {
  client->options = *options;
  client->pid = getpid();
  client->started_us = client->now_us = dp__now_us();
  client->dispatch_fd = -1;
  client->due_last = &client->due_first;
  atomic_init(&client->pooling, options->pooling);
  atomic_init(&client->retry, 1);
  atomic_init(&client->breaker, 1);
  atomic_init(&client->cache, 1);
  dp__mailbox_init(&client->mailbox);
  pthread_mutex_init(&client->due_lock, NULL);
  pthread_mutex_init(&client->idle_lock, NULL);
  pthread_mutex_init(&client->profiles_lock, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&client->idle, &monotonic);
  pthread_condattr_destroy(&monotonic);
}

void dp__curl_global(void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool make_curl(dp_client *client) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, dp__curl_global);
  client->multi = curl_multi_init();
  client->share = curl_share_init();
  if (!client->multi || !client->share)
    return false;
  curl_share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)client->options.connections_total);
  curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
  return true;
}

static dp_kind make_default_profile(dp_client *client, const dp_client_options *o, dp_error *err) {
  dp_profile_options short_form = DP_PROFILE_OPTIONS_INIT;
  short_form.base_url = o->base_url;
  short_form.api_key = o->api_key;
  const dp_profile_options *chosen = o->profile ? o->profile : o->base_url ? &short_form : NULL;
  return chosen ? dp_profile_new(client, chosen, &client->default_profile, err) : DP_OK;
}

static void free_parts(dp_client *client) {
  for (size_t i = 0; i < client->spare_count; i++)
    curl_easy_cleanup(client->spare[i]);
  if (client->multi)
    curl_multi_cleanup(client->multi);
  if (client->share)
    curl_share_cleanup(client->share);
  dp__hosts_free(client);
  dp__workspaces_free(client);
  dp__timers_deinit(&client->timers);
  dp__mailbox_deinit(&client->mailbox);
  pthread_mutex_destroy(&client->due_lock);
  pthread_mutex_destroy(&client->idle_lock);
  pthread_mutex_destroy(&client->profiles_lock);
  pthread_cond_destroy(&client->idle);
  if (client->dispatch_fd >= 0)
    close(client->dispatch_fd);
  free(client);
}

static dp_kind make(dp_client *client, const dp_client_options *o, dp_error *err) {
  if (!make_curl(client))
    return dp__no_memory(err);
  if (o->dispatch && (client->dispatch_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0)
    return dp__fail(err, DP_INTERNAL, "eventfd", "Raise the limit of open files.",
                    "no descriptor for dispatch: %s", strerror(errno));
  int failed = pthread_create(&client->thread, NULL, dp__engine_run, client);
  if (failed)
    return dp__fail(err, DP_INTERNAL, "thread", "Raise the limit of threads.",
                    "the engine's thread cannot be made: %s", strerror(failed));
  return DP_OK;
}

dp_kind dp_client_new(dp_client **out, const dp_client_options *options, dp_error *err) {
  dp_client_options o;
  dp_kind kind = take_options(options, &o, err);
  if (kind == DP_OK)
    kind = check(&o, err);
  if (kind == DP_OK && o.profile)
    kind = dp__profile_check(o.profile, err);
  if (kind != DP_OK)
    return kind;
  dp_client *client = calloc(1, sizeof *client);
  if (!client)
    return dp__no_memory(err);
  init_state(client, &o);
  kind = make(client, &o, err);
  if (kind != DP_OK) {
    free_parts(client);
    return kind;
  }
  kind = make_default_profile(client, &o, err);
  if (kind != DP_OK) {
    dp_client_free(client);
    return kind;
  }
  *out = client;
  return DP_OK;
}

void dp_client_free(dp_client *client) {
  if (!client || client->pid != getpid()) /* a forked child has a copy and no thread */
    return;
  if (client->default_profile)
    dp_profile_unref(client->default_profile);
  client->default_profile = NULL;
  atomic_store(&client->stopping, true);
  curl_multi_wakeup(client->multi);
  pthread_join(client->thread, NULL);
  client->thread = pthread_self(); /* what is left of the engine's work is done here */
  while (dp__mailbox_run(&client->mailbox))
    ;
  dp_client_dispatch(client);
  while (dp__mailbox_run(&client->mailbox))
    ;
  dp__profiles_orphan(client);
  free_parts(client);
}

dp_kind dp_client_drain(dp_client *client, uint32_t timeout_ms) {
  dp_kind kind = dp__engine_usable(client, NULL);
  if (kind != DP_OK || dp__engine_here(client))
    return DP_INVALID_REQUEST;
  atomic_store(&client->draining, true);
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += timeout_ms / 1000;
  until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  pthread_mutex_lock(&client->idle_lock);
  int result = 0;
  while (atomic_load(&client->running) != 0 && result == 0)
    result = pthread_cond_timedwait(&client->idle, &client->idle_lock, &until);
  pthread_mutex_unlock(&client->idle_lock);
  return atomic_load(&client->running) == 0 ? DP_OK : DP_TIMEOUT;
}

/* --- switches ------------------------------------------------------------------------------------ */

/* Closing idle connections is the engine's work; this carries the wish there. */
typedef struct close_job {
  dp__job job;
  dp_client *client;
  dp_profile *profile; /* NULL = all hosts */
} close_job;

static void close_idle(dp__job *job) {
  close_job *wish = (close_job *)job;
  for (dp__host *host = wish->client->hosts; host; host = host->next)
    if (!wish->profile || wish->profile->host == host)
      dp__host_close_idle(host);
  dp_profile_unref(wish->profile);
  free(wish);
}

static void post_close(dp_client *client, dp_profile *profile) {
  close_job *wish = malloc(sizeof *wish);
  if (!wish)
    return; /* they go when they are idle for long enough */
  *wish = (close_job){.job.run = close_idle, .client = client, .profile = profile};
  if (profile)
    dp_profile_ref(profile);
  dp__engine_post(client, &wish->job);
}

static atomic_int *place_of(dp_switch what, atomic_int *pooling, atomic_int *retry,
                            atomic_int *breaker, atomic_int *cache) {
  switch (what) {
  case DP_SET_POOLING:
    return pooling;
  case DP_SET_RETRY:
    return retry;
  case DP_SET_BREAKER:
    return breaker;
  case DP_SET_CACHE:
    return cache;
  }
  return NULL;
}

static dp_kind set(dp_client *client, dp_profile *profile, atomic_int *place, dp_switch what,
                   int32_t value) {
  if (!place || (value != 0 && value != 1))
    return DP_INVALID_REQUEST;
  atomic_store(place, value);
  if (what == DP_SET_POOLING && value == 0)
    post_close(client, profile);
  return DP_OK;
}

dp_kind dp_client_set(dp_client *client, dp_switch what, int32_t value) {
  if (dp__engine_usable(client, NULL) != DP_OK)
    return DP_INVALID_REQUEST;
  return set(client, NULL,
             place_of(what, &client->pooling, &client->retry, &client->breaker, &client->cache),
             what, value);
}

dp_kind dp_profile_set(dp_profile *profile, dp_switch what, int32_t value) {
  if (!profile->client || dp__engine_usable(profile->client, NULL) != DP_OK)
    return DP_INVALID_REQUEST;
  return set(profile->client, profile,
             place_of(what, &profile->pooling, &profile->retry, &profile->breaker,
                      &profile->cache),
             what, value);
}

const char *dp_version(void) {
  return DP_VERSION;
}
