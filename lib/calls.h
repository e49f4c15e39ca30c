/* calls.h - a call on the engine's thread, for those who carry it out. Internal. */
#ifndef DP_CALLS_H
#define DP_CALLS_H

#include <stdatomic.h>

#include "classify.h"
#include "engine.h"
#include "pacer.h"
#include "profile.h"
#include "replies.h"
#include "request.h"
#include "retry.h"
#include "transfer.h"

/* What belongs to a workspace, across profiles. */
typedef struct dp__workspace {
  struct dp__workspace *next;
  char *name;
  dp__pacer pacer;
  dp__budget budget;
} dp__workspace;

typedef enum dp__call_state {
  DP__CALL_NEW,
  DP__CALL_PREPARING, /* a mend looks something up first */
  DP__CALL_WAITING,   /* for the pace, the breaker or a pause before a repeat */
  DP__CALL_RUNNING,   /* its exchange is under way */
  DP__CALL_ENDING     /* the answer is made; on_done comes in a turn of its own */
} dp__call_state;

struct dp_call {
  atomic_uint refs;
  dp_client *client;
  dp_profile *profile;
  dp__request request;
  uint32_t flags;
  dp_priority priority;
  uint32_t deadline_ms;
  bool direct; /* on_done runs on the engine's thread even where the program dispatches */
  dp_done_fn on_done, on_late;
  void *user;
  dp_call *parent, *children, *sibling;
  dp_call *all_next, **all_link;
  dp__job job, cancel_job;
  atomic_bool cancel_posted;
  dp__due due, late_due;
  dp__timer deadline_timer, wait_timer;

  dp__call_state state;
  bool answered; /* on_done was told that the write still runs */
  bool stopping; /* no more repeats */
  bool admitted; /* the breaker let it out and wants to hear of it */
  bool paced;    /* the pacer counted this attempt */
  uint64_t accepted_us, waiting_since_us, queued_us, paced_us, deadline_us;
  uint64_t sent, received;
  uint32_t attempts;
  dp__backoff backoff;
  dp_exchange *exchange;
  dp__buffer body;
  dp_reply *reply;      /* being filled */
  dp_reply *late_reply; /* what on_late gets */
  int64_t server_date;  /* of the last answer, wall clock seconds; 0 = not known */
  void (*finishing)(dp_call *call); /* a mend's last look at the reply; NULL = none */
};

/* dp__call_go - carry it out: pace, breaker, exchange. A mend calls it when it has prepared. */
void dp__call_go(dp_call *call);
/* dp__call_fail - end it with that error, without sending anything more. */
void dp__call_fail(dp_call *call, const dp_error *error);
/* dp__call_child - an operation on the way of another: same profile, deadline and priority; on_done
 * runs on the engine's thread. args are taken over and freed. A failure to start fails the parent. */
void dp__call_child(dp_call *parent, dp_op op, dp_args *args, dp_done_fn on_done);
/* dp__workspace_of - the workspace of a profile; NULL = no memory. */
dp__workspace *dp__workspace_of(dp_profile *profile);

/* dp__mend_before - look whether this server's version needs the call carried out differently. True
 * if a mend has taken over: it calls dp__call_go or dp__call_fail later. mend.c */
bool dp__mend_before(dp_call *call);
/* dp__mend_after - a failure that is known to be a success at this version: turn it into one. */
void dp__mend_after(dp_call *call, dp__verdict *verdict);
/* dp__verify_before - the call may have been carried out by an earlier life: find out. True if it has
 * taken over. verify.c */
bool dp__verify_before(dp_call *call);

#endif
