/* stream.h - a call whose answer flows: its sink, its events, what they tell of the run. Internal,
 * engine's thread unless it says otherwise. */
#ifndef DP_STREAM_H
#define DP_STREAM_H

#include <stdatomic.h>
#include <stdbool.h>

#include <difypool/difypool.h>

#include "assemble.h"
#include "classify.h"
#include "engine.h"
#include "reply.h"
#include "run.h"
#include "sse.h"

/* What is asked of a sink, one at a time. */
typedef enum dp__ask { DP__ASK_OPEN, DP__ASK_EVENT, DP__ASK_DATA } dp__ask;

typedef struct dp__stream {
  struct dp_call *call;
  bool has_sink; /* else the events are put together to one answer (assemble.h) */
  dp_sink sink;
  void *user; /* for the sink's callbacks */

  bool opened; /* a good answer has begun: nothing is repeated any more */
  bool events; /* and it is a stream of events, else bytes */
  bool open_taken;
  size_t skip;  /* bytes that were read of those at hand */
  bool blocked; /* the sink has not taken something: what comes goes into kept */
  dp__buffer kept;
  bool waits_end; /* the transfer is over: outcome says how */
  dp_outcome outcome;
  bool offering; /* event was not taken yet */
  dp__sse sse;
  dp_event event;
  uint64_t number;
  int64_t length; /* Content-Length; -1 = not said */

  dp__run run;
  dp__assembly assembly; /* where there is no sink */
  char *who;             /* the argument "user", which stopping the run wants again; NULL = none */
  bool muted;            /* its caller was answered: it is read only for the run's id */
  bool stop_sent;

  /* Reading back (runs.c). */
  bool looking;
  dp_error cut; /* what the call ends with if nothing is found */
  uint64_t look_until_us;
  uint32_t gap_ms;

  dp_error error; /* why the answer could not be read any further; kind DP_OK = it could */

  /* One question that crosses to the program's thread. */
  dp__due due;
  dp__job back;
  bool away, answered;
  dp__ask what;
  dp_flow flow;
  dp__buffer piece; /* of a body of bytes; the last event, where it was read back */
  atomic_uint resumes;
  unsigned resumes_seen; /* when the question was put */
} dp__stream;

static inline bool dp__tells_events(const dp__op_desc *desc) {
  return desc->answer == DP__ANSWER_EVENTS;
}

/* dp__stream_prepare - whether and how the call's answer flows; fills call->stream, and the member
 * of the request's body that asks for a stream. Any thread, before the call is the engine's. */
dp_kind dp__stream_prepare(struct dp_call *call, const dp_args *args,
                           const dp_call_options *options, dp_error *err);
/* dp__stream_free - the stream of a call that nobody has any more. */
void dp__stream_free(dp__stream *stream); /* NULL is allowed */

/* dp__stream_head, dp__stream_data - the exchange's callbacks, where the call has a stream. */
void dp__stream_head(struct dp_call *call, const dp_head *head);
dp_flow dp__stream_data(struct dp_call *call, const void *data, size_t length);
/* dp__stream_opened - whether a good answer has begun: then the stream says how the call ends. */
bool dp__stream_opened(const struct dp_call *call);
/* dp__stream_waits - the transfer of an opened stream is over, and the sink has still to take
 * something: dp__stream_done comes when it has. */
bool dp__stream_waits(struct dp_call *call, const dp_outcome *outcome);
/* dp__stream_give_event - offer the event that stands there; ABORT = error says why it cannot be.
 */
dp_flow dp__stream_give_event(struct dp_call *call);

/* --- streamend.c --- */
/* dp__stream_done - the transfer of an opened stream is over: ends the call. */
void dp__stream_done(struct dp_call *call, const dp_outcome *outcome);
/* dp__stream_leave - a call with a sink is to end for an outside reason: has its run stopped, and
 * fills error with what the caller is told. True: the run's id is not known yet, and the transfer
 * must go on behind the caller's back until it is; only where that may be. */
bool dp__stream_leave(struct dp_call *call, const dp_error *why, bool may_stay, dp_error *error);
/* dp__stream_add_end - the run's last event stands in piece: give it out, then end the call. */
void dp__stream_add_end(struct dp_call *call);
/* dp__stream_give_last - offer it again. */
void dp__stream_give_last(struct dp_call *call);

#endif
