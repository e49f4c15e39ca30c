/*
 * Statistics: a picture taken on the engine's thread, so that its numbers belong together. A caller
 * on another thread waits for the one turn of the loop that takes it.
 */
#include <stdlib.h>
#include <string.h>

#include "callint.h"
#include "engine.h"
#include "errors.h"
#include "host.h"

typedef struct picture {
  dp__job job;
  dp_client *client;
  dp_stats *out;
  dp_kind kind;
  bool done;
  pthread_mutex_t lock;
  pthread_cond_t ready;
} picture;

static const char *worst_breaker(const dp__host *host) {
  dp__breaker_state worst = DP__BREAKER_CLOSED;
  for (unsigned i = 0; i < DP__CIRCUIT_COUNT; i++) {
    dp__breaker_state state = host->breakers[i].state;
    if (state == DP__BREAKER_OPEN || worst == DP__BREAKER_CLOSED)
      worst = state;
  }
  return dp__breaker_name(worst);
}

static void take_times(const dp__host *host, dp_host_stats *out) {
  out->dns_us = host->dns_us;
  out->connect_us = host->connect_us;
  out->tls_us = host->tls_us;
  uint64_t spent = host->dns_us + host->connect_us + host->tls_us;
  out->saved_us = host->opened ? host->reused * (spent / host->opened) : 0;
  out->latency_p50_us = dp__histogram_quantile(&host->latency, 0.5);
  out->latency_p90_us = dp__histogram_quantile(&host->latency, 0.9);
  out->latency_p99_us = dp__histogram_quantile(&host->latency, 0.99);
  out->latency_max_us = host->latency.max_us;
}

static bool take_host(const dp__host *host, dp_host_stats *out) {
  char *origin = strdup(host->origin), *version = strdup(host->version);
  if (!origin || !version) {
    free(origin);
    free(version);
    return false;
  }
  *out = (dp_host_stats){.origin = origin, .version = version};
  out->connections_opened = host->opened;
  out->connections_reused = host->reused;
  out->connections_open = host->sockets.open;
  out->connections_in_use = host->sockets.open - host->sockets.idle;
  out->connections_bound = host->bound;
  out->waiting = host->waiting_count;
  out->concurrency = host->limiter.limit;
  out->idle_age_ms = host->idle_age_ms;
  out->calls = host->calls;
  out->transfers = host->transfers;
  out->errors = host->errors;
  out->sent = host->sent;
  out->received = host->received;
  out->breaker = worst_breaker(host);
  out->concurrency_state = dp__limiter_name(&host->limiter);
  out->wire_us = (uint64_t)host->limiter.wire_us;
  out->wire_base_us = (uint64_t)host->limiter.wire_base_us;
  out->repeats = dp__budget_taken(&host->budget, host->client->now_us);
  uint64_t now = host->client->now_us;
  out->held_ms = host->held_until_us > now ? (uint32_t)((host->held_until_us - now) / 1000) : 0;
  take_times(host, out);
  return true;
}

static dp_kind take_hosts(const dp_client *client, dp_stats *out) {
  size_t count = 0;
  for (const dp__host *host = client->hosts; host; host = host->next)
    count++;
  out->hosts = calloc(count ? count : 1, sizeof *out->hosts);
  if (!out->hosts)
    return DP_INTERNAL;
  for (const dp__host *host = client->hosts; host; host = host->next)
    if (!take_host(host, &out->hosts[out->host_count++]))
      return DP_INTERNAL;
  return DP_OK;
}

/* A name that was made of origin and key loses what was made of the key. */
static char *name_of(const struct dp__workspace *w) {
  const char *made = strstr(w->name, "://") ? strrchr(w->name, '#') : NULL;
  return made ? strndup(w->name, (size_t)(made - w->name)) : strdup(w->name);
}

static dp_kind take_paces(const dp_client *client, dp_stats *out) {
  size_t count = 0;
  for (const struct dp__workspace *w = client->workspaces; w; w = w->next)
    count++;
  out->paces = calloc(count ? count : 1, sizeof *out->paces);
  if (!out->paces)
    return DP_INTERNAL;
  for (struct dp__workspace *w = client->workspaces; w; w = w->next) {
    dp_pace_stats *pace = &out->paces[out->pace_count++];
    const dp__pacer *pacer = &w->pacer;
    pace->workspace = name_of(w);
    if (!pace->workspace)
      return DP_INTERNAL;
    pace->limit = pacer->limit;
    pace->window_ms = (uint32_t)(dp__pacer_window_us(pacer) / 1000);
    pace->used = dp__pacer_used(&w->pacer, client->now_us);
    pace->others = pacer->others;
    pace->waiting = dp__line_count(&w->line);
    pace->learnt = pacer->limit && !pacer->configured;
  }
  return DP_OK;
}

static dp_kind take(const dp_client *client, dp_stats *out) {
  out->pooling = client->pooling;
  out->running = client->running;
  out->waiting = client->waiting;
  out->profiles = client->profiles;
  out->uptime_ms = (dp__now_us() - client->started_us) / 1000;
  out->calls = client->calls;
  memcpy(out->errors, client->errors, sizeof out->errors);
  dp_kind kind = take_hosts(client, out);
  return kind == DP_OK ? take_paces(client, out) : kind;
}

static void take_posted(dp__job *job) {
  picture *p = (picture *)job;
  p->kind = take(p->client, p->out);
  pthread_mutex_lock(&p->lock);
  p->done = true;
  pthread_cond_signal(&p->ready);
  pthread_mutex_unlock(&p->lock);
}

dp_kind dp_client_stats(dp_client *client, dp_stats *stats) {
  if (!stats || stats->size != sizeof *stats || dp__engine_usable(client, NULL) != DP_OK)
    return DP_INVALID_REQUEST;
  *stats = (dp_stats)DP_STATS_INIT;
  picture p = {.client = client, .out = stats, .job.run = take_posted, .kind = DP_OK};
  if (dp__engine_here(client)) {
    p.kind = take(client, stats);
  } else {
    pthread_mutex_init(&p.lock, NULL);
    pthread_cond_init(&p.ready, NULL);
    dp__engine_post(client, &p.job);
    pthread_mutex_lock(&p.lock);
    while (!p.done)
      pthread_cond_wait(&p.ready, &p.lock);
    pthread_mutex_unlock(&p.lock);
    pthread_mutex_destroy(&p.lock);
    pthread_cond_destroy(&p.ready);
  }
  if (p.kind != DP_OK)
    dp_stats_clear(stats);
  return p.kind;
}

void dp_stats_clear(dp_stats *stats) {
  for (size_t i = 0; stats->hosts && i < stats->host_count; i++) {
    free((char *)(uintptr_t)stats->hosts[i].origin);
    free((char *)(uintptr_t)stats->hosts[i].version);
  }
  for (size_t i = 0; stats->paces && i < stats->pace_count; i++)
    free((char *)(uintptr_t)stats->paces[i].workspace);
  free(stats->hosts);
  free(stats->paces);
  stats->hosts = NULL;
  stats->paces = NULL;
  stats->host_count = stats->pace_count = 0;
}
