/* host.h - what is known of one origin, and who may talk to it now. Internal, engine's thread. */
#ifndef DP_HOST_H
#define DP_HOST_H

#include <difypool/exchange.h>

#include "breaker.h"
#include "engine.h"
#include "histogram.h"
#include "limiter.h"
#include "line.h"
#include "optable.h"
#include "retry.h"
#include "sockets.h"

enum { DP__LANES = 2 };

typedef struct dp__host {
  struct dp__host *next;
  dp_client *client;
  char *origin;      /* "https://host:port" */
  char version[32];  /* X-Version last seen; "" = not known */
  bool version_asked; /* it was asked for, so that one who does not tell is asked once */
  uint64_t old_spelling[2]; /* operations, by their bit, whose first alias this server knows instead */
  uint32_t profiles; /* that name it */
  dp__line waiting[DP__LANES]; /* exchanges without a place */
  uint32_t waiting_count, running[DP__LANES];
  uint32_t warming; /* of those that wait: not held by the limiter */
  uint32_t bound; /* connections for calls: the largest that a profile asked for */
  dp__limiter limiter;
  dp__breaker breakers[DP__CIRCUIT_COUNT];
  uint64_t probe_after_us; /* a probe has failed: no group's is sent before */
  dp__budget budget;       /* of repeats */
  uint64_t held_until_us; /* a proxy refuses the whole host until then */
  uint32_t idle_age_ms; /* in force; halves when a connection was found dead */
  uint64_t idle_age_set_us;
  dp__timer age_timer;
  dp__job pump_job;
  bool pump_posted;
  dp__sockets sockets;

  uint64_t opened, reused, calls, transfers, errors;
  uint64_t dns_us, connect_us, tls_us, sent, received;
  dp__histogram latency; /* of whole calls */
} dp__host;

/* dp__host_get - the host of that origin, made if there is none; counts a profile. NULL = no memory. */
dp__host *dp__host_get(dp_client *client, const char *origin);
/* dp__host_put - a profile is gone; frees the host when nothing holds it any more. */
void dp__host_put(dp__host *host);
/* dp__host_enqueue - wait for a place, by priority and then in turns. */
void dp__host_enqueue(dp__host *host, struct dp_exchange *exchange);
/* dp__host_remove - stop waiting. */
void dp__host_remove(dp__host *host, struct dp_exchange *exchange);
/* dp__host_begin, dp__host_end - an exchange takes its place, and gives it back. */
void dp__host_begin(struct dp_exchange *exchange);
void dp__host_end(struct dp_exchange *exchange);
/* dp__host_sample - what a call's transfer says of the server's load. */
void dp__host_sample(const struct dp_exchange *exchange, const dp__sample *sample);
/* dp__host_sample_bare - the same of an exchange that is no call's, from its outcome alone. */
void dp__host_sample_bare(const struct dp_exchange *exchange);
/* dp__host_pump - start as many as have a place. */
void dp__host_pump(dp__host *host);
/* dp__host_pump_soon - the same behind all that has just ended: places that come free together are given
 * away once everybody's on_done has run, one of which may find that the server is down. */
void dp__host_pump_soon(dp__host *host);
/* dp__host_found_dead - a reused connection was dead at first use: keep them for less long. */
void dp__host_found_dead(dp__host *host);
/* dp__host_raise_bound - a profile asks for so many connections; the bound never shrinks. */
void dp__host_raise_bound(dp__host *host, uint32_t bound);
/* dp__host_free_if_unused - when neither a profile nor a socket is left. */
void dp__host_free_if_unused(dp__host *host);
/* dp__hosts_free - at the end, when no socket is left. */
void dp__hosts_free(dp_client *client);

#endif
