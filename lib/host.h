/* host.h - what is known of one origin, and who may talk to it now. Internal, engine's thread. */
#ifndef DP_HOST_H
#define DP_HOST_H

#include <difypool/exchange.h>

#include "breaker.h"
#include "engine.h"
#include "histogram.h"
#include "limiter.h"
#include "optable.h"

enum { DP__LANES = 2, DP__PRIORITIES = 3 };

/* Exchanges that wait for a place, in order. */
typedef struct dp__queue {
  struct dp_exchange *first, *last;
} dp__queue;

/* A socket that is open to this host; libcurl owns it, we count and may shut it down. */
typedef struct dp__socket {
  struct dp__socket *next;
  curl_socket_t fd;
  struct dp__host *host;
} dp__socket;

typedef struct dp__host {
  struct dp__host *next;
  dp_client *client;
  char *origin;      /* "https://host:port" */
  char version[32];  /* X-Version last seen; "" = not known */
  uint32_t profiles; /* that name it */
  dp__queue waiting[DP__LANES][DP__PRIORITIES];
  uint32_t waiting_count, running[DP__LANES];
  dp__limiter limiter;
  dp__breaker breakers[DP__CIRCUIT_COUNT];
  uint32_t idle_age_ms; /* in force; halves when a connection was found dead */
  dp__socket *sockets;
  uint32_t socket_count;

  uint64_t opened, reused, calls, transfers, errors;
  uint64_t dns_us, connect_us, tls_us, sent, received;
  dp__histogram latency; /* of whole calls */
} dp__host;

/* dp__host_get - the host of that origin, made if there is none; counts a profile. NULL = no memory. */
dp__host *dp__host_get(dp_client *client, const char *origin);
/* dp__host_put - a profile is gone; frees the host when nothing holds it any more. */
void dp__host_put(dp__host *host);
/* dp__host_enqueue - wait for a place behind those of equal or higher priority. */
void dp__host_enqueue(dp__host *host, struct dp_exchange *exchange);
/* dp__host_remove - stop waiting. */
void dp__host_remove(dp__host *host, struct dp_exchange *exchange);
/* dp__host_pump - start as many as have a place. */
void dp__host_pump(dp__host *host);
/* dp__host_found_dead - a reused connection was dead at first use: keep them for less long. */
void dp__host_found_dead(dp__host *host);
/* dp__host_close_idle - end the connections that carry nothing. */
void dp__host_close_idle(dp__host *host);
/* dp__host_watch - have libcurl report the sockets of this easy handle to the host. */
void dp__host_watch(dp__host *host, CURL *easy);
/* dp__hosts_free - at the end, when no socket is left. */
void dp__hosts_free(dp_client *client);

#endif
