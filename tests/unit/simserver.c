/* A server and its clients as events on a heap. A call goes out when the limit has a place for it,
 * travels half the distance, waits for a place of the server, is served, travels back. */
#include "simserver.h"

#include <stdlib.h>
#include <string.h>

#include "limiter.h"
#include "retry.h"

enum { CALLS = 1024, SAMPLES = 65536 };

typedef enum sim_what { ARRIVES, SERVED, ANSWERED } sim_what;

typedef struct sim_event {
  uint64_t at_us, order;
  sim_what what;
  unsigned call;
} sim_event;

typedef struct sim_call {
  uint64_t sent_us;
  uint32_t tag;
  bool heavy, refused;
  unsigned next;
} sim_call;

typedef struct sim {
  const sim_server *server;
  dp__limiter limiter;
  dp__chance chance;
  uint32_t fixed;
  uint64_t now_us, order, settled_us, end_us;
  sim_event heap[CALLS];
  unsigned events;
  sim_call calls[CALLS];
  unsigned idle[CALLS], idle_count, waiting;          /* callers' slots; callers without a place */
  unsigned line[CALLS], line_first, line_count, busy; /* at the server */
  uint64_t done, counted, count;
  uint32_t *latencies, peak, reach;
  double found_s;
} sim;

static bool before(const sim_event *a, const sim_event *b) {
  return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(sim_event *a, sim_event *b) {
  sim_event t = *a;
  *a = *b;
  *b = t;
}

static void push(sim *s, uint64_t at_us, sim_what what, unsigned call) {
  unsigned i = s->events++;
  s->heap[i] = (sim_event){at_us, s->order++, what, call};
  for (; i && before(&s->heap[i], &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
    swap(&s->heap[i], &s->heap[(i - 1) / 2]);
}

static sim_event pop(sim *s) {
  sim_event first = s->heap[0];
  s->heap[0] = s->heap[--s->events];
  for (unsigned i = 0, child; (child = 2 * i + 1) < s->events; i = child) {
    if (child + 1 < s->events && before(&s->heap[child + 1], &s->heap[child]))
      child++;
    if (!before(&s->heap[child], &s->heap[i]))
      break;
    swap(&s->heap[i], &s->heap[child]);
  }
  return first;
}

/* --- the server ----------------------------------------------------------------------------------
 */

static uint64_t service_us(sim *s, const sim_call *call) {
  const sim_server *server = s->server;
  unsigned present = s->busy + s->line_count;
  double us = 1000 * server->service_ms * (call->heavy ? 10 : 1);
  if (server->jitter > 0)
    us *= 1 + server->jitter * ((double)dp__chance_between(&s->chance, 0, 2000) / 1000 - 1);
  if (present > server->places)
    us *= 1 + server->degrading * (present - server->places) / server->places;
  if (server->slower_after_s > 0 && (double)s->now_us > 1e6 * server->slower_after_s)
    us *= server->slower;
  return (uint64_t)us;
}

static void serve(sim *s, unsigned call) {
  s->busy++;
  push(s, s->now_us + service_us(s, &s->calls[call]), SERVED, call);
}

static void arrives(sim *s, unsigned call) {
  if (s->busy < s->server->places) {
    serve(s, call);
  } else if (s->server->refuses) {
    s->calls[call].refused = true;
    push(s, s->now_us + 1000 + (uint64_t)(500 * s->server->distance_ms), ANSWERED, call);
  } else {
    s->line[(s->line_first + s->line_count++) % CALLS] = call;
  }
}

static void served(sim *s, unsigned call) {
  s->busy--;
  push(s, s->now_us + (uint64_t)(500 * s->server->distance_ms), ANSWERED, call);
  if (s->line_count == 0)
    return;
  unsigned next = s->line[s->line_first];
  s->line_first = (s->line_first + 1) % CALLS;
  s->line_count--;
  serve(s, next);
}

/* --- its clients ---------------------------------------------------------------------------------
 */

static uint32_t limit(const sim *s) {
  return s->fixed ? s->fixed : s->limiter.limit;
}

static void send_calls(sim *s) {
  if (limit(s) > s->peak)
    s->peak = limit(s);
  if (limit(s) >= s->reach && s->found_s < 0)
    s->found_s = (double)s->now_us / 1e6;
  while (s->waiting && s->limiter.in_flight < limit(s)) {
    unsigned call = s->idle[--s->idle_count];
    s->waiting--;
    s->calls[call] =
        (sim_call){.sent_us = s->now_us,
                   .heavy = s->server->mixed && dp__chance_between(&s->chance, 0, 2) == 0};
    s->calls[call].tag = dp__limiter_begin(&s->limiter, s->now_us);
    push(s, s->now_us + (uint64_t)(500 * s->server->distance_ms), ARRIVES, call);
  }
}

static void count(sim *s, const sim_call *call) {
  s->done++;
  if (!s->settled_us && s->done >= 100 && s->now_us >= 4000000) {
    s->settled_us = s->now_us; /* the clock starts at 1 s */
    s->end_us += s->now_us;
  }
  if (!s->settled_us || call->refused)
    return;
  s->counted++;
  if (s->count < SAMPLES)
    s->latencies[s->count++] = (uint32_t)(s->now_us - call->sent_us);
}

static void answered(sim *s, unsigned slot) {
  sim_call *call = &s->calls[slot];
  dp__limiter_end(&s->limiter, s->now_us);
  dp__sample sample = {.now_us = s->now_us,
                       .latency_us = s->now_us - call->sent_us,
                       .tag = call->tag,
                       .kind = call->heavy ? 1 : 2,
                       .good = !call->refused,
                       .overloaded = call->refused};
  dp__limiter_sample(&s->limiter, &sample);
  count(s, call);
  s->idle[s->idle_count++] = slot;
  s->waiting++;
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static sim_result result(sim *s) {
  qsort(s->latencies, s->count, sizeof *s->latencies, by_size);
  sim_result r = {.limit = limit(s), .peak = s->peak, .found_s = s->found_s - 1};
  r.calls_s = 1e6 * (double)s->counted / (double)(s->now_us - s->settled_us);
  r.median_ms = s->count ? s->latencies[s->count / 2] / 1000.0 : 0;
  return r;
}

sim_result sim_run(const sim_server *server, unsigned workers, uint32_t bound, uint32_t fixed,
                   double seconds, uint32_t reach) {
  sim *s = calloc(1, sizeof *s);
  s->latencies = calloc(SAMPLES, sizeof *s->latencies);
  s->server = server;
  s->fixed = fixed;
  s->chance.state = 11;
  s->now_us = 1000000;
  s->end_us = (uint64_t)(1e6 * seconds);
  s->reach = reach;
  s->found_s = -1;
  dp__limiter_init(&s->limiter, DP__LIMITER_START, bound);
  for (unsigned i = 0; i < workers; i++)
    s->idle[s->idle_count++] = i;
  s->waiting = workers;
  send_calls(s);
  while (s->events && (!s->settled_us || s->now_us < s->end_us)) {
    sim_event e = pop(s);
    s->now_us = e.at_us;
    if (e.what == ARRIVES)
      arrives(s, e.call);
    else if (e.what == SERVED)
      served(s, e.call);
    else
      answered(s, e.call);
    send_calls(s);
  }
  sim_result r = result(s);
  free(s->latencies);
  free(s);
  return r;
}
