/* sockets.h - the connections to one host: counted, aged, kept within their bound. Internal. */
#ifndef DP_SOCKETS_H
#define DP_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <curl/curl.h>

struct dp_exchange;
struct dp__host;

/* Connections that can stand in for one another: one TLS setting, one proxy, one address. */
typedef struct dp__way {
  struct dp__way *next;
  uint64_t key;      /* a digest of the profile's settings */
  uint32_t starting; /* exchanges that run and have no connection yet */
  uint32_t idle;     /* connections without an exchange */
} dp__way;

/* A connection. libcurl owns it; we count it and may shut it down. */
typedef struct dp__socket {
  struct dp__socket *next, **link;           /* all of the host */
  struct dp__socket *idle_next, **idle_link; /* those that idle, the longest first */
  struct dp__host *host;
  dp__way *way;             /* NULL until an exchange took it */
  struct dp_exchange *user; /* NULL = nobody */
  uint64_t idle_since_us;   /* 0 = it is not idle */
  curl_socket_t fd;
  int port;  /* its own end's, by which libcurl tells what it uses again; 0 = not known yet */
  bool gone; /* shut down, or libcurl will not use it again: it is no longer counted */
} dp__socket;

typedef struct dp__sockets {
  dp__socket *first, *idle_first, **idle_last;
  dp__way *ways;
  uint32_t open; /* that are not gone */
  uint32_t idle;
} dp__sockets;

/* dp__sockets_watch - have libcurl report the sockets of this easy handle to the host. */
void dp__sockets_watch(struct dp__host *host, CURL *easy);
/* dp__sockets_way - the way with that key, made if there is none. NULL = no memory. */
dp__way *dp__sockets_way(struct dp__host *host, uint64_t key);
/* dp__sockets_make_room - an exchange is about to start on that way: if its connection would be one
 * more than bound, end an idle one that it cannot use. */
void dp__sockets_make_room(struct dp__host *host, const dp__way *way, uint32_t bound);
/* dp__sockets_close_idle - end all connections that carry nothing. */
void dp__sockets_close_idle(struct dp__host *host);
/* dp__sockets_trim - end idle ones, the longest idle first, while more than keep are open. */
void dp__sockets_trim(struct dp__host *host, uint32_t keep);
/* dp__sockets_free - what is left, at the end. */
void dp__sockets_free(struct dp__host *host);

/* dp__socket_take - this exchange uses it from now on. */
void dp__socket_take(dp__socket *socket, struct dp_exchange *exchange);
/* dp__socket_reused - libcurl is about to send the exchange's request over the connection that has
 * this port here. If that one idled, the exchange takes it: an answer may come, and its transfer pause,
 * before libcurl has ever waited for it. */
void dp__socket_reused(struct dp_exchange *exchange, int port);
/* dp__socket_leave - the exchange is done with its connection, if it has one; reusable: libcurl
 * keeps it for another. */
void dp__socket_leave(struct dp_exchange *exchange, bool reusable);
/* dp__socket_died - the server closed an idle connection. */
void dp__socket_died(dp__socket *socket);

#endif
