/* calls.h - calls that run, and who asks for their outcome. */
#ifndef DPD_CALLS_H
#define DPD_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/call.h>

#include "list.h"
#include "peers.h"
#include "remember.h"
#include "transport.h"

typedef struct dpd_service dpd_service;

typedef struct dpd_call {
  dpd_service *service;
  dpd_call_key key;
  dp_call *running; /* NULL until the engine has taken it, and after its end */
  unsigned refs;    /* the engine's, until the last callback; the starter's, until it returned */
  dpd_list askers;
  dpd_node orphan; /* in calls->orphans while nobody asks */
  int64_t orphan_due_ms;
  struct dpd_stream *stream; /* its answer comes in pieces; NULL = in one */
  bool write;                /* known by its id after its end */
  bool late;                 /* it was answered "pending": what came of it is still to come */
  bool ended;
  bool cancel_wanted;
  bool timed_out; /* a stream that did not open in time: it was cancelled for that */
  bool dropped;   /* the grace of its orphanage was over: it was cancelled for that */
  bool whole;     /* http.request: see encode.h */
  dp_op op;
  uint32_t pid; /* of the first asker, for the log */
  uint64_t request_bytes;
  char profile[65];
} dpd_call;

/* One message that waits for the outcome of a call. */
typedef struct dpd_asker {
  dpd_node of_call;
  dpd_node of_peer;
  dpd_node timed; /* in calls->timed, for those who joined: the call's own deadline is another's;
                     and for who opens a stream, whose call goes on after its opening */
  dpd_inquiry *inquiry;
  dpd_call *call;
  dpd_peer *peer;
  uint8_t id[16];
  bool decode;
  bool joined;
  bool after_drop; /* came for a call that had been dropped: wants its outcome, not the drop's */
  int64_t deadline_ms; /* monotonic */
} dpd_asker;

typedef struct dpd_calls {
  size_t running;   /* not ended */
  dpd_list orphans; /* in the order of their due times, for the grace is one for all */
  dpd_list timed;
} dpd_calls;

void dpd_calls_init(dpd_calls *calls);

/* dpd_call_new - one reference each for starter and engine; NULL when memory is out. */
dpd_call *dpd_call_new(dpd_service *service, const dpd_call_key *key);
void dpd_call_drop(dpd_call *call);

/* dpd_asker_attach - the peer now waits for the call, which is an orphan no longer. */
dpd_asker *dpd_asker_attach(dpd_call *call, dpd_peer *peer, dpd_inquiry *inquiry);
/* dpd_asker_detach - off the peer's list and charge, and the deadlines'; still in its call's list.
 */
void dpd_asker_detach(dpd_asker *asker);

#endif
