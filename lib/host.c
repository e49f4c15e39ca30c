/*
 * One origin: its places and its queue.
 *
 * All programs of the machine that talk to a server share this, whatever their profiles. A place is
 * the right to have one exchange on the wire; there are as many as the limiter allows and never
 * more than connections. Who finds none waits here, by priority and then in turns (line.c, fair.c);
 * one whose own profile is at its bound lets others pass. libcurl's own queue is never used: it
 * knows neither priorities nor deadlines.
 *
 * How long an idle connection is kept is learnt: one that was dead when it was needed halves the
 * age. After ten minutes without such a find it is doubled again, up to what was asked for, since a
 * server that was restarted says nothing about its keep-alive.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "transfer.h"

#define FROM_TURN(item) ((dp_exchange *)((char *)(uintptr_t)(item)-offsetof(dp_exchange, turn)))

enum { IDLE_AGE_MIN_MS = 100 };
static const uint64_t FORGIVE_US = 600ull * 1000000u;

/* What its breakers and its budget of repeats are configured to. */
static void take_bounds(dp__host *host, const dp_client_options *o) {
  for (unsigned i = 0; i < DP__CIRCUIT_COUNT; i++)
    host->breakers[i].bounds = (dp__breaker_bounds){o->breaker_failures, o->breaker_pause_ms,
                                                    o->breaker_pause_max_ms};
  host->budget.percent = o->retry_percent;
  host->budget.least = o->retry_per_s;
}

dp__host *dp__host_get(dp_client *client, const char *origin) {
  for (dp__host *host = client->hosts; host; host = host->next)
    if (strcmp(host->origin, origin) == 0) {
      host->profiles++;
      return host;
    }
  dp__host *host = calloc(1, sizeof *host);
  if (!host)
    return NULL;
  host->origin = strdup(origin);
  if (!host->origin) {
    free(host);
    return NULL;
  }
  host->client = client;
  take_bounds(host, &client->options);
  host->profiles = 1;
  host->idle_age_ms = client->options.idle_age_ms;
  host->next = client->hosts;
  client->hosts = host;
  return host;
}

void dp__host_raise_bound(dp__host *host, uint32_t bound) {
  const dp_client_options *options = &host->client->options;
  uint32_t most = options->concurrency_max, limit = most && most < bound ? most : bound;
  if (bound <= host->bound)
    return;
  if (host->bound)
    dp__limiter_raise(&host->limiter, limit);
  else
    dp__limiter_init(&host->limiter, options->concurrency_start, limit);
  host->bound = bound;
}

static void free_host(dp__host *host) {
  dp__host **link = &host->client->hosts;
  while (*link != host)
    link = &(*link)->next;
  *link = host->next;
  dp__timer_clear(&host->client->timers, &host->age_timer);
  dp__sockets_free(host);
  free(host->origin);
  free(host);
}

void dp__host_free_if_unused(dp__host *host) {
  if (host->profiles == 0 && !host->sockets.first && !host->pump_posted)
    free_host(host);
}

void dp__host_put(dp__host *host) {
  host->profiles--;
  if (host->profiles == 0)
    dp__sockets_close_idle(host);
  dp__host_free_if_unused(host);
}

void dp__hosts_free(dp_client *client) {
  while (client->hosts)
    free_host(client->hosts);
}

/* --- the queue -----------------------------------------------------------------------------------
 */

void dp__host_enqueue(dp__host *host, dp_exchange *exchange) {
  dp__fair_add(&host->waiting[exchange->lane].by[exchange->priority], &exchange->turn,
               exchange->share, NULL);
  host->waiting_count++;
  host->client->waiting++;
  host->warming += exchange->warming;
}

static void leave_line(dp__host *host, const dp_exchange *exchange) {
  host->waiting_count--;
  host->client->waiting--;
  host->warming -= exchange->warming;
}

void dp__host_remove(dp__host *host, dp_exchange *exchange) {
  dp__fair_remove(&host->waiting[exchange->lane].by[exchange->priority], &exchange->turn);
  leave_line(host, exchange);
}

static bool host_has_place(const dp__host *host, dp_lane lane, bool warming) {
  if (lane == DP_LANE_STREAM)
    return host->running[lane] < host->client->options.streams_per_host;
  uint32_t limit = host->limiter.limit < host->bound ? host->limiter.limit : host->bound;
  return host->running[lane] < (warming ? host->bound : limit);
}

static bool is_bulk(const dp_exchange *e) {
  return e->lane == DP_LANE_CALL && e->priority == DP_PRIORITY_BULK;
}

static bool profile_has_place(const dp_exchange *exchange) {
  const dp_profile *profile = exchange->profile;
  if (exchange->lane == DP_LANE_STREAM)
    return true;
  return profile->running < dp__profile_concurrency(profile) &&
         (!is_bulk(exchange) || dp__ceiling_admits(&exchange->profile->ceiling));
}

static bool has_place(const dp__fair_item *item) {
  const dp_exchange *e = FROM_TURN(item);
  return host_has_place(e->host, e->lane, e->warming) && profile_has_place(e);
}

/* The next that may go leaves the line. */
static dp_exchange *take_next(dp__host *host, dp_lane lane) {
  dp_priority priority;
  if (!host_has_place(host, lane, host->warming > 0))
    return NULL;
  dp__fair_item *item = dp__line_next(&host->waiting[lane], has_place, &priority);
  if (!item)
    return NULL;
  dp__line_take(&host->waiting[lane], item, priority);
  leave_line(host, FROM_TURN(item));
  return FROM_TURN(item);
}

void dp__host_begin(dp_exchange *e) {
  dp__host *host = e->host;
  host->running[e->lane]++;
  if (e->lane != DP_LANE_CALL)
    return;
  e->profile->running++;
  if (!e->warming)
    e->tag = dp__limiter_begin(&host->limiter, host->client->now_us);
  if (is_bulk(e))
    e->ceiling_tag = dp__ceiling_begin(&e->profile->ceiling);
}

void dp__host_end(dp_exchange *e) {
  dp__host *host = e->host;
  host->running[e->lane]--;
  if (e->lane != DP_LANE_CALL)
    return;
  e->profile->running--;
  if (!e->warming)
    dp__limiter_end(&host->limiter, host->client->now_us);
  if (is_bulk(e))
    dp__ceiling_end(&e->profile->ceiling);
}

/* Nothing is known of it but its method; a read and a write differ most. */
void dp__host_sample_bare(const dp_exchange *e) {
  enum { READ = 126, WRITE = 127 };
  const dp_outcome *o = &e->outcome;
  if (e->judged || e->warming || !e->host || !o->started)
    return;
  bool overloaded =
      o->error.kind == DP_TIMEOUT || o->status == 429 || (o->status >= 502 && o->status <= 504);
  dp__host_sample(e, &(dp__sample){.now_us = e->client->now_us,
                                   .latency_us = o->meta.server_us,
                                   .kind = strcmp(e->method, "GET") == 0 ? READ : WRITE,
                                   .good = o->error.kind == DP_OK && o->status < 400,
                                   .overloaded = overloaded});
}

void dp__host_sample(const dp_exchange *e, const dp__sample *sample) {
  dp__host *host = e->host;
  dp__sample tagged = *sample;
  if (e->lane != DP_LANE_CALL)
    return;
  tagged.tag = e->tag;
  dp__limiter_sample(&host->limiter, &tagged);
  if (is_bulk(e) && sample->good)
    dp__ceiling_sample(&e->profile->ceiling, e->ceiling_tag, sample->latency_us);
  if (dp__limiter_steady(&host->limiter, sample->now_us))
    dp__sockets_trim(host, host->limiter.limit + host->running[DP_LANE_STREAM]);
}

static void forgive(dp__host *host) {
  uint32_t most = host->client->options.idle_age_ms;
  uint64_t now = host->client->now_us;
  if (host->idle_age_ms >= most || now - host->idle_age_set_us < FORGIVE_US)
    return;
  host->idle_age_ms = host->idle_age_ms > most / 2 ? most : 2 * host->idle_age_ms;
  host->idle_age_set_us = now;
}

void dp__host_pump(dp__host *host) {
  if (host->client->in_curl) /* whoever ends in there pumps again, later */
    return;
  for (dp_lane lane = 0; host->waiting_count && lane <= DP_LANE_STREAM; lane++)
    for (dp_exchange *e = take_next(host, lane); e; e = take_next(host, lane)) {
      forgive(host);
      dp__exchange_run(e);
    }
}

static void pump_posted(dp__job *job) {
  dp__host *host = (dp__host *)((char *)job - offsetof(dp__host, pump_job));
  host->pump_posted = false;
  dp__host_pump(host);
  dp__host_free_if_unused(host);
}

void dp__host_pump_soon(dp__host *host) {
  if (!host->waiting_count || host->pump_posted)
    return;
  host->pump_posted = true;
  host->pump_job.run = pump_posted;
  dp__engine_post(host->client, &host->pump_job);
}

void dp__host_found_dead(dp__host *host) {
  host->idle_age_ms /= 2;
  if (host->idle_age_ms < IDLE_AGE_MIN_MS)
    host->idle_age_ms = IDLE_AGE_MIN_MS;
  host->idle_age_set_us = host->client->now_us;
}
