/* call.h - one operation of the Dify Service API, from arguments to reply. */
#ifndef DIFYPOOL_CALL_H
#define DIFYPOOL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/args.h>
#include <difypool/client.h>
#include <difypool/error.h>
#include <difypool/flow.h>
#include <difypool/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dp_call dp_call;   /* a call that was started; reference counted */
typedef struct dp_reply dp_reply; /* what came of it; immutable, reference counted, any thread */

typedef enum dp_priority {
  DP_PRIORITY_NORMAL = 0,
  DP_PRIORITY_INTERACTIVE = 1, /* somebody waits: goes first */
  DP_PRIORITY_BULK = 2         /* a crawl: goes last */
} dp_priority;

enum {
  DP_CALL_NO_VALIDATE = 1u << 0,  /* send the arguments as they are, unknown ones into the body */
  DP_CALL_ALLOW_HAZARD = 1u << 1, /* carry out what is known to break this server's version */
  DP_CALL_WAIT = 1u << 2,         /* wait for an open breaker or a full server instead of failing;
                                     a plan's pace is waited for in any case */
  DP_CALL_BLOCKING = 1u << 3,     /* ask the server for a blocking answer */
  DP_CALL_MAYBE_DONE = 1u << 4,   /* an earlier life may have sent this: verify before writing */
  DP_CALL_KEEP_RUN = 1u << 5      /* a stream that ends early leaves its run going at the server */
};

/*
 * on_done runs exactly once for every call that was started, never inside the function that started
 * it. The reply belongs to the library; dp_reply_ref keeps it. Cancelled is a result like any other.
 */
typedef void (*dp_done_fn)(dp_call *call, dp_reply *reply, void *user);

/* One server-sent event (WHATWG HTML, 9.2). Pings and comments are no events. Lives during the
 * callback. */
typedef struct dp_event {
  uint64_t number;   /* 1, 2, 3 … within its stream */
  const char *type;  /* the field "event"; "message" where the server named none */
  const char *id;    /* the last event id; "" = none */
  const char *data;  /* UTF-8, NUL follows it; of Dify: a JSON object with a member "event" */
  size_t length;     /* bytes of data */
} dp_event;

/*
 * Where an answer flows that is not to be held in memory: the events of a run, the bytes of a file.
 * A call with a sink is sent, refused, repeated and classified as any other until its answer has
 * begun; from then on it is never repeated.
 *
 * on_open:  once, when a good answer has begun (2xx, of the type that the table says). An answer
 *           that is an error never opens: on_done tells it.
 * on_event: for answers of the type text/event-stream, of operations whose answer is events and of
 *           http.request. on_data: for all others, bytes as they come; an operation of events may
 *           answer with JSON too (pipelines.run), which then comes here, or where on_data is NULL
 *           as the reply's body, without on_open. DP_FLOW_PAUSE stops the transfer, and so the server, until dp_call_resume;
 *           the same piece is offered again. DP_FLOW_ABORT is dp_call_cancel.
 * on_done of the call comes after the last piece. Its reply has status, type, headers and meta, and
 *           a body only where there was an error's, or where dp_reply_run has something to tell.
 *           A stream of events is a success if its run ended well; an error told inside it is the
 *           reply's error. One that is cut is looked up where the server can tell (workflow runs),
 *           else DP_UNKNOWN_OUTCOME.
 * Calls with a sink have no deadline unless deadline_ms sets one for all of it; stall_ms bounds
 * silence, in which pings count as life. Cancelling one, or its deadline, stops its run at the server
 * unless DP_CALL_KEEP_RUN: on_done comes at once, and the server is asked within the write grace, as
 * soon as an event has told the run's id; dp_reply_run says whether it is. They take places of streams_per_host, none of connections_per_host.
 * All callbacks of a call run on one thread: the engine's, or where the program dispatches, its. In
 * dp_client_call it is the engine's in any case, as the program's waits.
 */
typedef struct dp_sink {
  size_t size; /* sizeof(dp_sink); set by DP_SINK_INIT */
  dp_flow (*on_open)(dp_call *call, const dp_head *head, void *user);   /* NULL = not asked for */
  dp_flow (*on_event)(dp_call *call, const dp_event *event, void *user);
  dp_flow (*on_data)(dp_call *call, const void *data, size_t length, void *user);
  void *user; /* what they get; NULL = the call's user (dp_client_call has none) */
} dp_sink;

#define DP_SINK_INIT { .size = sizeof(dp_sink) }

typedef struct dp_call_options {
  size_t size;          /* sizeof(dp_call_options); set by DP_CALL_OPTIONS_INIT */
  dp_profile *profile;  /* NULL = the client's default */
  uint32_t deadline_ms; /* 1..86400000 for all of it, waiting included; 0 = the client's default, and none
                           for streams, pages.push, documents.wait and batch */
  dp_priority priority;
  uint32_t cache_ms;    /* an answer up to so old will do (GET only); 0 = ask the server */
  uint32_t flags;       /* DP_CALL_… ; unknown bits are refused */
  dp_call *parent;      /* its deadline and cancel reach this call too; NULL = none */
  dp_done_fn on_late;   /* a write whose deadline passed after its first byte was sent is answered
                           with DP_UNKNOWN_OUTCOME (dp_reply_is_pending) and goes on for the write
                           grace; what came of it arrives here, exactly once; NULL = nobody asks */
  const dp_sink *sink;  /* copied; NULL = the reply holds the answer. An operation whose answer is
                           events is then read as a stream and its one answer put together */
  uint32_t stall_ms;    /* 1..86400000 without a byte either way; 0 = the client's default */
  uint64_t share;       /* who calls: those with the same number take one turn between them where
                           calls wait for a place or the pace; 0 = as parent, else one for all */
} dp_call_options;

#define DP_CALL_OPTIONS_INIT { .size = sizeof(dp_call_options) }

/*
 * dp_client_call - carry out an operation and wait for its reply.
 * args:    may be NULL where nothing is required.
 * options: may be NULL.
 * reply:   always receives a reply, on failure too (NULL only when memory is out); unref it.
 * Returns the reply's kind. Not in a callback. Since 0.1.
 */
DP_EXPORT dp_kind dp_client_call(dp_client *client, dp_op op, const dp_args *args,
                                 const dp_call_options *options, dp_reply **reply);

/*
 * dp_client_call_async - the same without waiting.
 * call: receives a reference for dp_call_cancel, to be given back with dp_call_unref; may be NULL.
 * err:  filled when the call could not be started; may be NULL.
 * Returns DP_OK: on_done will run. Else it never will: DP_INVALID_REQUEST (bad arguments, by name),
 * DP_UNSUPPORTED (no such operation in this build), DP_BUSY (wait_queue is full), DP_CANCELLED
 * (draining), DP_INTERNAL. Any thread, callbacks included. Since 0.1.
 */
DP_EXPORT dp_kind dp_client_call_async(dp_client *client, dp_op op, const dp_args *args,
                                       const dp_call_options *options, dp_done_fn on_done,
                                       void *user, dp_call **call, dp_error *err);

/* dp_call_cancel - ask for an early end. A call that has sent nothing, or only reads, ends with
 * DP_CANCELLED; a write in flight is finished within the write grace: on_done gets
 * DP_UNKNOWN_OUTCOME (pending), on_late the rest. After the end it does nothing. Any thread. */
DP_EXPORT void dp_call_cancel(dp_call *call);
/* dp_call_keep_run - say anew whether DP_CALL_KEEP_RUN holds, before dp_call_cancel or the end. Any
 * thread. Since 0.1. */
DP_EXPORT void dp_call_keep_run(dp_call *call, int keep);
/* dp_call_resume - go on after a pause of its sink or of a file's source. Any thread. Harmless when
 * not paused. */
DP_EXPORT void dp_call_resume(dp_call *call);
DP_EXPORT dp_call *dp_call_ref(dp_call *call);
DP_EXPORT void dp_call_unref(dp_call *call); /* NULL is allowed */

/* What the way of a call was like. Times in µs; 0 = did not happen. */
typedef struct dp_meta {
  uint32_t attempts;    /* how often its request began to go out */
  uint8_t reused;       /* the last one went over a connection that was open already */
  uint8_t cached;       /* the answer came from the cache */
  uint8_t joined;       /* it shared an equal call's transfer */
  uint8_t verified;     /* success was proven by looking, not by the answer to the write */
  uint64_t queued_us;   /* waited for a place, the pace or the breaker */
  uint64_t paced_us;    /* of that, for the pace */
  uint64_t dns_us;      /* last transfer: name resolution */
  uint64_t connect_us;  /* last transfer: TCP */
  uint64_t tls_us;      /* last transfer: TLS */
  uint64_t server_us;   /* last transfer: request sent until first byte of the answer */
  uint64_t total_us;    /* the whole call */
  uint64_t sent;        /* bytes of request body, all attempts */
  uint64_t received;    /* bytes of answer body, all attempts */
  const char *version;  /* the server's X-Version; "" = not known */
  const char *note;     /* what was done differently from what was asked, and why; "" = nothing */
  dp_op op;             /* the operation it was carried as (http.request may match one) */
} dp_meta;

DP_EXPORT dp_reply *dp_reply_ref(dp_reply *reply);
DP_EXPORT void dp_reply_unref(dp_reply *reply); /* NULL is allowed */

/* All texts and bytes below live as long as the reply. */
DP_EXPORT dp_kind dp_reply_kind(const dp_reply *reply);          /* DP_OK on success */
DP_EXPORT const dp_error *dp_reply_error(const dp_reply *reply); /* kind DP_OK on success */
DP_EXPORT int32_t dp_reply_status(const dp_reply *reply);        /* HTTP status; 0 = no answer */
DP_EXPORT const char *dp_reply_type(const dp_reply *reply);      /* Content-Type; "" = none */
DP_EXPORT const void *dp_reply_body(const dp_reply *reply, size_t *length); /* NUL follows it */
DP_EXPORT const char *dp_reply_header(const dp_reply *reply, const char *name); /* or NULL */
/* dp_reply_header_at - the index-th header in the order received; false past the end. */
DP_EXPORT bool dp_reply_header_at(const dp_reply *reply, size_t index, const char **name,
                                  const char **value);
DP_EXPORT bool dp_reply_is_pending(const dp_reply *reply); /* see dp_call_options.on_late */
DP_EXPORT const dp_meta *dp_reply_meta(const dp_reply *reply);

/* What a run at the server is known by, as its events told; "" = not told. */
typedef struct dp_run {
  const char *task_id;         /* stops it */
  const char *workflow_run_id; /* names its record */
  const char *conversation_id;
  const char *message_id;
  uint8_t stop_asked; /* 1 = the server was asked to stop it, or will be once its id is told */
} dp_run;

/* dp_reply_run - of an operation whose answer is events; all "" for others. Lives as the reply. */
DP_EXPORT const dp_run *dp_reply_run(const dp_reply *reply);

#ifdef __cplusplus
}
#endif
#endif
