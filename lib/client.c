/*
 * Clients: options in, an engine out.
 *
 * Everything that can be wrong with the options is said before a thread exists. What was made is
 * unmade in the opposite order; dp_client_free is also the way out of a dp_client_new that failed
 * half way, so there is one list of what there is.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "breaker.h"
#include "engine.h"
#include "engine_run.h"
#include "errors.h"
#include "host.h"
#include "limiter.h"
#include "profile.h"
#include "retry.h"
#include "verify.h"

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
      {"idle_age_ms", &o->idle_age_ms, 60000, 100, 3600000},
      {"wait_queue", &o->wait_queue, 10000, 1, 1000000},
      {"deadline_ms", &o->deadline_ms, 120000, 1, 86400000},
      {"connect_timeout_ms", &o->connect_timeout_ms, 10000, 1, 600000},
      {"stall_timeout_ms", &o->stall_timeout_ms, 60000, 1, 86400000},
      {"concurrency_start", &o->concurrency_start, DP__LIMITER_START, 1, 1024},
      {"verify_window_ms", &o->verify_window_ms, DP__VERIFY_WINDOW_MS, 1, 600000},
      {"event_line_max", &o->event_line_max, 8u << 20, 1024, 1u << 30},
      {"event_max", &o->event_max, 8u << 20, 1024, 1u << 30},
      {"breaker_failures", &o->breaker_failures, DP__BREAKER_FAILURES, 1, 10000},
      {"breaker_pause_ms", &o->breaker_pause_ms, DP__BREAKER_PAUSE_MS, 10, 600000},
      {"retry_percent", &o->retry_percent, DP__BUDGET_PERCENT, 1, 100},
      {"retry_per_s", &o->retry_per_s, DP__BUDGET_LEAST, 1, 10000},
  };
  dp_kind kind = DP_OK;
  for (size_t i = 0; kind == DP_OK && i < sizeof ranges / sizeof *ranges; i++)
    kind = fill(&ranges[i], err);
  uint32_t pause = o->breaker_pause_ms;
  const range longest = {"breaker_pause_max_ms", &o->breaker_pause_max_ms,
                         pause > DP__BREAKER_PAUSE_MAX_MS ? pause : DP__BREAKER_PAUSE_MAX_MS, pause,
                         600000};
  if (kind == DP_OK)
    kind = fill(&longest, err);
  if (kind == DP_OK && o->concurrency_max > 1024) /* 0 follows the bound on connections */
    kind = dp__fail(err, DP_INVALID_REQUEST, "concurrency_max", NULL,
                    "concurrency_max is %u; allowed are 1..1024", (unsigned)o->concurrency_max);
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
  if ((unsigned)o->log_level > DP_LOG_DEBUG)
    return dp__fail(err, DP_INVALID_REQUEST, "log_level", NULL, "log_level is unknown");
  if (o->api_key && !o->base_url && !o->profile)
    return dp__fail(err, DP_INVALID_REQUEST, "base_url", "Set base_url, too.",
                    "api_key is set without base_url");
  if (o->profile && (o->base_url || o->api_key))
    return dp__fail(err, DP_INVALID_REQUEST, "profile", "Set one of them.",
                    "both profile and base_url or api_key are set");
  return DP_OK;
}

dp_kind dp_client_options_fill(dp_client_options *options, dp_error *err) {
  if (options->size != sizeof *options)
    return dp__fail(err, DP_INVALID_REQUEST, "options_size",
                    "Start from DP_CLIENT_OPTIONS_INIT and link the library of the same version.",
                    "the client's options have a size that this library does not know");
  return check(options, err);
}

static void init_state(dp_client *client, const dp_client_options *options) {
  client->options = *options;
  client->generation = dp__process_generation();
  client->pid = getpid();
  client->soon_last = &client->soon_first;
  client->loop.epoll = client->loop.wake = -1;
  client->started_us = client->now_us = dp__now_us();
  client->dispatch_fd = client->ca_peer = -1;
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

static bool make_curl(dp_client *client) {
  client->multi = curl_multi_init();
  client->share = curl_share_init();
  if (!client->multi || !client->share)
    return false;
  curl_share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)client->options.connections_total);
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
  if (client->multi)
    curl_multi_cleanup(client->multi);
  if (client->share)
    curl_share_cleanup(client->share);
  dp__hosts_free(client);
  dp__workspaces_free(client);
  dp__loop_deinit(&client->loop);
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

/* Signals are the program's business: none is delivered to our thread, nor to those that libcurl
 * starts from it, and a connection that breaks raises no SIGPIPE. Those of a crash stay as they
 * are. */
static int start_thread(dp_client *client) {
  static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
  sigset_t all, before;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
    sigdelset(&all, crashes[i]);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(&client->thread, NULL, dp__engine_run, client);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failed;
}

static dp_kind make(dp_client *client, const dp_client_options *o, dp_error *err) {
  if (!make_curl(client))
    return dp__no_memory(err);
  if (!dp__loop_init(client))
    return dp__fail(err, DP_INTERNAL, "epoll", "Raise the limit of open files.",
                    "no descriptor for the engine: %s", strerror(errno));
  if (o->dispatch && (client->dispatch_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0)
    return dp__fail(err, DP_INTERNAL, "eventfd", "Raise the limit of open files.",
                    "no descriptor for dispatch: %s", strerror(errno));
  int failed = start_thread(client);
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
  dp__process_init();
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

static void stop_posted(dp__job *job) {
  dp_client *client = (dp_client *)((char *)job - offsetof(dp_client, stop_job));
  atomic_store(&client->stopping, true);
}

void dp_client_free(dp_client *client) {
  if (!client || client->generation != dp__process_generation())
    return; /* a forked child has a copy and no thread */
  if (dp__engine_in_callback(client)) {
    dp__log(client, DP_LOG_ERROR,
            "dp_client_free was called in a callback of the client: not done");
    return;
  }
  dp_profile_unref(client->default_profile);
  client->default_profile = NULL;
  client->stop_job.run = stop_posted;
  dp__engine_post(client, &client->stop_job);
  pthread_join(client->thread, NULL);
  dp__engine_finish(client);
  dp__profiles_orphan(client);
  free_parts(client);
}

/* --- draining -------------------------------------------------------------------------------- */

/* Wait until nothing runs. Where the program dispatches, that is done here meanwhile, since
 * callbacks that nobody runs would keep it waiting. */
static void wait_dispatching(dp_client *client, uint64_t until_us) {
  struct pollfd fd = {.fd = client->dispatch_fd, .events = POLLIN};
  uint64_t now;
  while (atomic_load(&client->running) != 0 && (now = dp__now_us()) < until_us) {
    poll(&fd, 1, (int)((until_us - now + 999) / 1000));
    dp_client_dispatch(client);
  }
  dp_client_dispatch(client);
}

static void wait_idle(dp_client *client, uint64_t until_us) {
  const struct timespec until = {.tv_sec = (time_t)(until_us / 1000000),
                                 .tv_nsec = (long)(until_us % 1000000) * 1000};
  int result = 0;
  pthread_mutex_lock(&client->idle_lock);
  while (atomic_load(&client->running) != 0 && result == 0)
    result = pthread_cond_timedwait(&client->idle, &client->idle_lock, &until);
  pthread_mutex_unlock(&client->idle_lock);
}

dp_kind dp_client_drain(dp_client *client, uint32_t timeout_ms) {
  if (dp__engine_usable(client, NULL) != DP_OK || dp__engine_in_callback(client))
    return DP_INVALID_REQUEST;
  atomic_store(&client->draining, true);
  uint64_t until_us = dp__now_us() + 1000ull * timeout_ms;
  if (client->dispatch_fd >= 0)
    wait_dispatching(client, until_us);
  else
    wait_idle(client, until_us);
  return atomic_load(&client->running) == 0 ? DP_OK : DP_TIMEOUT;
}

/* --- switches -------------------------------------------------------------------------------- */

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
      dp__sockets_close_idle(host);
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
             place_of(what, &profile->pooling, &profile->retry, &profile->breaker, &profile->cache),
             what, value);
}

const char *dp_version(void) {
  return DP_VERSION;
}
