/* stats.h - what someone looks at to see that pooling works. */
#ifndef DIFYPOOL_STATS_H
#define DIFYPOOL_STATS_H

#include <stddef.h>
#include <stdint.h>

#include <difypool/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Counters run from the client's start. Times in µs. */
typedef struct dp_host_stats {
  const char *origin;         /* "https://host:port" */
  const char *version;        /* X-Version last seen; "" = not known */
  uint64_t connections_opened; /* TCP connections that were established */
  uint64_t connections_reused; /* transfers that needed no new one */
  uint32_t connections_open;  /* now */
  uint32_t connections_in_use; /* now */
  uint32_t connections_bound; /* connections_per_host in force */
  uint32_t waiting;           /* calls waiting for a place now */
  uint32_t concurrency;       /* calls at once allowed now */
  uint32_t idle_age_ms;       /* in force, after what was learnt */
  uint64_t calls;             /* operations finished, any result */
  uint64_t transfers;         /* HTTP requests sent for them */
  uint64_t errors;            /* operations that failed */
  uint64_t dns_us;            /* spent, all connections */
  uint64_t connect_us;
  uint64_t tls_us;
  uint64_t saved_us;          /* what reuse saved: reused × mean cost of a new connection */
  uint64_t sent;              /* bytes of bodies */
  uint64_t received;
  uint64_t latency_p50_us;    /* of whole calls, over the last 1,024 or so */
  uint64_t latency_p90_us;
  uint64_t latency_p99_us;
  uint64_t latency_max_us;
  const char *breaker;        /* "closed", "open", "half_open" - the worst of its groups */
  const char *concurrency_state; /* "starting", "searching", "steady": how concurrency was come by */
  uint64_t wire_us;           /* what a call takes on the wire at that concurrency, by kinds alike … */
  uint64_t wire_base_us;      /* … and what it took where nobody waited at the server; 0 = not known */
  uint32_t repeats;           /* of failed calls, in the last ten seconds: a tenth of calls at most, or 3 a s */
  uint32_t held_ms;           /* so long a proxy before the server refuses everybody yet */
} dp_host_stats;

/* One workspace's pace. */
typedef struct dp_pace_stats {
  const char *workspace;      /* its name; an origin where the profile has none */
  uint32_t limit;             /* calls a window; 0 = none is known */
  uint32_t window_ms;
  uint32_t used;              /* of the window, by us */
  uint32_t others;            /* by others, as the last refusal told */
  uint32_t waiting;           /* calls that wait for it */
  uint8_t learnt;             /* 1 = from a refusal, 0 = from the configuration, or there is none */
} dp_pace_stats;

typedef struct dp_stats {
  size_t size;              /* sizeof(dp_stats); set by the caller through DP_STATS_INIT */
  int32_t pooling;          /* the client's switch */
  uint32_t running;         /* calls that were started and not answered yet */
  uint32_t waiting;         /* of them, without a place */
  uint32_t profiles;        /* alive */
  uint64_t uptime_ms;
  uint64_t calls;           /* finished */
  uint64_t errors[DP_KIND_COUNT]; /* finished calls by kind; [DP_OK] = successes */
  dp_host_stats *hosts;     /* owned by this struct */
  size_t host_count;
  dp_pace_stats *paces;     /* owned by this struct */
  size_t pace_count;
} dp_stats;

#define DP_STATS_INIT { .size = sizeof(dp_stats) }

/* dp_client_stats - fill stats with a consistent picture. Any thread, callbacks included. Clear it
 * with dp_stats_clear. Returns DP_OK or DP_INTERNAL (no memory). Since 0.1. */
DP_EXPORT dp_kind dp_client_stats(dp_client *client, dp_stats *stats);
/* dp_stats_clear - free what it holds; idempotent. */
DP_EXPORT void dp_stats_clear(dp_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
