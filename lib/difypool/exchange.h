/* exchange.h - the primitive beneath calls, streams and transfers: one HTTP request and its answer,
 * flowing through callbacks. */
#ifndef DIFYPOOL_EXCHANGE_H
#define DIFYPOOL_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include <difypool/call.h>
#include <difypool/client.h>
#include <difypool/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dp_exchange dp_exchange; /* reference counted */

/* How an exchange ended. Lives during the callback. */
typedef struct dp_outcome {
  dp_error error;   /* kind DP_OK: an answer came whole, whatever its status */
  int32_t status;   /* 0 = no head came */
  uint8_t started;  /* 1 = a byte of the request may have reached the server */
  uint8_t sent_all; /* 1 = the whole request went out */
  dp_meta meta;
} dp_outcome;

/*
 * dp_source_fn - gives the next piece of the request's body: up to capacity bytes into buffer.
 * *length = 0 with DP_FLOW_CONTINUE is the end. DP_FLOW_PAUSE = nothing yet, call me after resume.
 */
typedef dp_flow (*dp_source_fn)(dp_exchange *exchange, void *buffer, size_t capacity,
                                size_t *length, void *user);
typedef dp_flow (*dp_head_fn)(dp_exchange *exchange, const dp_head *head, void *user);
typedef dp_flow (*dp_data_fn)(dp_exchange *exchange, const void *data, size_t length, void *user);
/* Exactly once for every exchange that was started; never inside dp_exchange_start. */
typedef void (*dp_outcome_fn)(dp_exchange *exchange, const dp_outcome *outcome, void *user);

typedef enum dp_lane {
  DP_LANE_CALL = 0,  /* counts against connections_per_host and the concurrency limit */
  DP_LANE_STREAM = 1 /* counts against streams_per_host; no total deadline by default */
} dp_lane;

typedef struct dp_exchange_options {
  size_t size;         /* sizeof(dp_exchange_options); set by DP_EXCHANGE_OPTIONS_INIT */
  dp_profile *profile; /* NULL = the client's default */
  dp_exchange *parent; /* its deadline and cancel reach this one too; NULL = none */
  const char *method;  /* GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS */
  const char *path;    /* below the base URL, escaped, begins with "/"; dot segments are refused */
  const char *query;   /* escaped, without "?"; NULL = none */
  const dp_header *headers; /* besides ours; Host, Authorization, Content-Length, Connection and
                               Transfer-Encoding are refused */
  size_t header_count;
  const void *body;    /* whole body, copied; or NULL with source, or neither */
  size_t body_length;
  dp_source_fn source; /* body in pieces; chunked unless source_length is known */
  int64_t source_length; /* -1 = not known; else it is asked for so many bytes and must give them */
  dp_head_fn on_head;  /* NULL = not asked for */
  dp_data_fn on_data;  /* NULL = thrown away */
  dp_outcome_fn on_done; /* required */
  void *user;
  uint32_t deadline_ms; /* 0 = the client's default for calls, none for streams */
  uint32_t stall_ms;    /* 0 = the client's default */
  dp_priority priority;
  dp_lane lane;
  uint8_t repeatable;  /* 1 = harmless to send twice (RFC 9110 "safe"): libcurl may try again on a
                          fresh connection; 0 = never sent again once a byte may have gone out */
  uint64_t share;      /* who sends it: those with the same number take one turn between them where
                          they wait for a place; 0 = one for all */
} dp_exchange_options;

#define DP_EXCHANGE_OPTIONS_INIT { .size = sizeof(dp_exchange_options), .source_length = -1 }

/*
 * Callbacks of an exchange run on the engine's thread. Where the program dispatches, all of them run in
 * dp_client_dispatch: one piece of either body is under way at a time, and the transfer waits for it.
 *
 * dp_exchange_start - send a request through the pool. An exchange knows limits, deadlines and
 * connections, and nothing of Dify: no retry, no breaker, no classification; that is dp_client_call.
 * Answers of any status are DP_OK. out (may be NULL) receives a reference.
 * Returns as dp_client_call_async. Any thread, callbacks included. Since 0.1.
 */
DP_EXPORT dp_kind dp_exchange_start(dp_client *client, const dp_exchange_options *options,
                                    dp_exchange **out, dp_error *err);
/* dp_exchange_resume - go on after a pause, either way. Any thread. Harmless when not paused. */
DP_EXPORT void dp_exchange_resume(dp_exchange *exchange);
/* dp_exchange_cancel - end it now; on_done gets DP_CANCELLED. Any thread. */
DP_EXPORT void dp_exchange_cancel(dp_exchange *exchange);
DP_EXPORT dp_exchange *dp_exchange_ref(dp_exchange *exchange);
DP_EXPORT void dp_exchange_unref(dp_exchange *exchange); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
