/* callint.h - the inside of a call, for the files that carry one. Internal, engine's thread.
 *
 *   call.c    how a call begins, is answered and ends; what the public header promises
 *   chain.c   one operation through cache, pace, breaker, exchange, verdict, repeat
 *   sending.c the body of a transfer: in memory, or a file that flows
 *   waits.c   what a call waits for before it may be sent
 *   share.c   joining equal reads, and the cache
 *   stream.c  answers that flow: sinks, events put together; streamend.c: how they end
 *   runs.c    stopping runs at the server, and reading them back
 *   looks.c   ways round known defects, and proof of writes: calls that a call makes for itself
 */
#ifndef DP_CALLINT_H
#define DP_CALLINT_H

#include <stddef.h>

#include <difypool/difypool.h>

#include "classify.h"
#include "engine.h"
#include "gate.h"
#include "host.h"
#include "joincache.h"
#include "mend.h"
#include "pacer.h"
#include "profile.h"
#include "reply.h"
#include "request.h"
#include "retry.h"
#include "stream.h"
#include "verify.h"

#define DP__FROM(type, member, pointer) ((type *)((char *)(pointer) - offsetof(type, member)))

/*
 *   posted ----start----> held <--wait is over, repeat-- sent, proving, preparing
 *   held ---may go------> sent          the exchange is the engine's
 *   held ---needs looks-> preparing     a way round a known defect
 *   held ---equal read--> following     shares another call's transfer
 *   sent ---in doubt----> proving       did the write happen?
 *   held ---is made of calls-> composing  its children do the work (compose.h)
 *   any of them --------> done
 */
typedef enum dp__phase {
  DP__CALL_POSTED,
  DP__CALL_HELD,
  DP__CALL_PREPARING,
  DP__CALL_FOLLOWING,
  DP__CALL_SENT,
  DP__CALL_PROVING,
  DP__CALL_COMPOSING,
  DP__CALL_DONE,
  DP__PHASES
} dp__phase;

/* A workspace's pacer, and the calls that wait for it in order. */
struct dp__workspace {
  struct dp__workspace *next;
  dp_client *client;
  char *name;
  dp__pacer pacer;
  dp__line line; /* calls that wait for it */
  bool urgent;   /* the next turn is one for near deadlines */
  dp__timer timer;
};

enum { DP__CLAIMS = 4096, DP__READS = 256, DP__TECHNIQUES = 64, DP__GATES = 256 };

/* Writes that may trample one another, in the order they came. */
typedef struct dp__gate {
  struct dp_call *first, **last; /* last counts while first is set */
} dp__gate;

/* What a knowledge base indexes with: every create must say it again, and it hardly ever changes. */
typedef struct dp__technique {
  uint64_t profile, seen_us;
  char dataset[40], name[24];
} dp__technique;

/* What calls share across hosts. */
struct dp__policy {
  dp__chance chance;
  dp__marks marks;
  dp__cache cache;
  struct dp_call *reads[DP__READS]; /* leaders of reads in flight, hashed by key */
  uint64_t claims[DP__CLAIMS];      /* hashes of ids that somebody was told to have made, a ring */
  size_t claim;
  dp__technique techniques[DP__TECHNIQUES];
  size_t technique;
  dp__gate gates[DP__GATES]; /* 0: metadata of documents; the others: names, by hash */
  struct dp__turn *turns;            /* of compositions, in the order they came */
  struct dp__kb *kbs;                /* what pushes know of knowledge bases */
};

/* Told when a call that another one made for itself is done; reply is the callee's to keep a ref of. */
typedef void (*dp__look_fn)(struct dp_call *owner, dp_reply *reply);
/* The same for a child of a composition. */
typedef void (*dp__child_fn)(struct dp_call *parent, dp_reply *reply, void *user);

struct dp__composition;
struct dp__teller;

struct dp_call {
  atomic_uint refs;
  dp_client *client;
  dp_profile *profile;
  dp__host *host;
  uint32_t flags, cache_ms;
  dp_priority priority;
  uint64_t share;
  dp_done_fn on_done, on_late;
  void *user;
  dp__request request;
  dp__phase phase;
  bool answered;   /* on_done was given a pending reply; what follows goes to on_late */
  bool ending;     /* in dp__call_end, which may be reached again from within */
  bool stopped;    /* its deadline passed or its caller gave up: nothing more is sent */
  bool doubt;      /* a write whose bytes may have reached the server */
  bool direct;     /* on_done runs on the engine's thread in any case */

  /* Family and lists. */
  struct dp_call *parent, *children, *sibling;
  struct dp_call *next, **link; /* the client's list */
  dp__job job, cancel_job, resume_job;
  atomic_bool cancel_posted, resume_posted;
  atomic_bool keep_run; /* a run that is left stays as it is at the server */
  dp__due due, late_due;
  dp_reply *due_reply, *late_reply;

  /* A look: made by a call for itself. */
  struct dp_call *owner;
  dp__look_fn on_look;
  struct dp_call *look; /* the one that is out */

  /* Time. */
  uint64_t accepted_us, deadline_us, held_us, pace_held_us;
  dp__timer deadline_timer, wait_timer;
  struct dp__workspace *workspace; /* set while it waits there */
  dp__fair_item turn;              /* in the workspace's line */
  uint64_t sequence;

  /* A composition, and what it works with; of a child, whom it tells. */
  const struct dp__composition *composition;
  void *work;
  struct dp__teller *teller; /* its events; NULL = nobody reads them */
  dp__child_fn on_child;

  /* The transfer. */
  dp_exchange *exchange;
  dp__answer *answer;
  dp__stream *stream; /* NULL = the answer is held as it came */
  dp_lane lane;
  uint32_t stall_ms;  /* 0 = the client's default */
  struct dp__crossing *crossing; /* a program's source whose thread is not the engine's */
  dp__due release_due;
  bool body_too_large;
  bool paced;         /* the pacer let it go and has not heard of it again */
  bool breaker_asked; /* the breaker let it go and has not heard of it again */
  bool probing;       /* it waits for a probe that it started */
  bool at_breaker;    /* it waits for the breaker */
  bool pace_turn;     /* it comes from the head of its workspace's queue */
  uint64_t sent_us;       /* this transfer was started */
  uint64_t first_sent_us; /* the first transfer was */
  uint32_t tries, pause_ms;
  bool respelled; /* its path is the alias of old servers */
  bool repeating; /* the next transfer is a repeat, which the budget must allow */

  /* Sharing. */
  char *key;             /* of a read that may be shared; NULL = it is none */
  dp__mark mark;
  struct dp_call *leader, *followers, *fellow;
  struct dp_call *read_next;
  bool leads, marked;
  uint64_t gave_up_us;     /* it ended rather than wait until then; 0 = it did not */
  bool gave_up_for_option; /* … since it has no wait option, not for want of time */

  /* The gate. */
  dp__touch touch;
  dp__gate *gate; /* NULL = it stands in none */
  struct dp_call *gate_next;
  bool at_gate; /* it waits for one before it */

  /* Proof and mending. */
  dp__verdict verdict;
  const dp__prover *prover;
  unsigned looks;
  uint64_t prove_until_us;
  bool asked_first; /* an earlier life may have sent it */
  dp__mend mend;

  dp_reply *reply; /* being made */
};

/* --- call.c --- */
/* dp__call_end - the one way to the end: error NULL = success; the answer, if any, goes along. */
void dp__call_end(dp_call *call, const dp_error *error);
/* dp__call_move - to another phase; checked against the table. */
void dp__call_move(dp_call *call, dp__phase phase);
/* dp__call_stop - the end for an outside reason (deadline, cancel, stop). A write that may have reached
 * the server is answered as pending where grace is left, else as unknown. */
void dp__call_stop(dp_call *call, const dp_error *error, bool grace);
/* dp__call_look - start a read that owner needs for itself; flags as in its options. False = no memory.
 * on_look comes in a later turn, once, unless the owner ends before. */
bool dp__call_look(dp_call *owner, dp_op op, const dp_args *args, uint32_t flags,
                   dp__look_fn on_look);
/* dp__call_detached - carry out an operation for nobody's call; on_done runs on the engine's thread, and
 * gets no user. False: it could not be started. */
bool dp__call_detached(dp_client *client, dp_op op, const dp_args *args,
                       const dp_call_options *options, dp_done_fn on_done);
/* dp__call_child - start a call that belongs to a composition; see dp__compose_call. deadline_ms 0 = the
 * client's; cache_ms as in its options. On an error there is no child. */
dp_kind dp__call_child(dp_call *parent, dp_op op, const dp_args *args, const dp_call_options *options,
                       dp__child_fn fn, void *user, dp_error *err);
/* dp__policy - what calls share; NULL = no memory. */
struct dp__policy *dp__policy(dp_client *client);

/* --- chain.c --- */
/* dp__call_step - go on from held: whatever stands next before the request may be sent. */
void dp__call_step(dp_call *call);
/* dp__call_repeat - try again later, if attempts, budget and deadline allow; else end with error. */
void dp__call_repeat(dp_call *call, const dp_error *error);
/* dp__call_succeed - success with the call's answer. */
void dp__call_succeed(dp_call *call);
/* dp__call_drop_exchange - end the transfer, if there is one, whose outcome is of no interest any more.
 * why: what the call ends with; NULL = success. */
void dp__call_drop_exchange(dp_call *call, const dp_error *why);
/* dp__call_adopt_exchange - take over a transfer from a call that shared it and is leaving. */
void dp__call_adopt_exchange(dp_call *call, dp_call *from);
/* dp__call_withdraw - take back a transfer that has no place yet, and step again. */
void dp__call_withdraw(dp_call *call);
/* dp__call_hold - wait, then step. */
void dp__call_hold(dp_call *call, uint64_t wait_us);
/* dp__call_facts - all that is known of a transfer that is over. */
void dp__call_facts(dp_call *call, const dp_outcome *outcome, dp__facts *facts);
/* dp__call_dataset - the knowledge base that the request names, as it stands in the path, or NULL. */
const char *dp__call_dataset(const dp_call *call, size_t *length);

/* --- sending.c --- */
/* dp__call_body - what the next transfer sends, from its first byte. False when memory is out. */
bool dp__call_body(dp_call *call, dp_exchange_options *options);
/* dp__call_can_send - whether there is all of it to send: a file that flowed may be gone. */
bool dp__call_can_send(const dp_call *call);
/* dp__call_release_body - the call has ended: a program's source goes back to it. */
void dp__call_release_body(dp_call *call);

/* --- waits.c --- */
/* dp__call_may_go - whether it may be sent now. If not, it waits (and will step again) or has ended. */
bool dp__call_may_go(dp_call *call);
void dp__call_unqueue(dp_call *call);
/* dp__call_leave_gate - it has ended: those behind it that touch the same may go. */
void dp__call_leave_gate(dp_call *call);
/* dp__call_pace_report - tell the pacer how a counted transfer ended. */
void dp__call_pace_report(dp_call *call, bool reached, bool refused);
void dp__call_breaker_report(dp_call *call, dp__health health);
/* dp__host_withdraw - what waits for a place at that host asks again; circuit DP__CIRCUIT_COUNT = all. */
void dp__host_withdraw(dp__host *host, dp__circuit circuit);

/* --- share.c --- */
/* dp__call_share - answer from the cache, or follow an equal read: true if one of them was done. */
bool dp__call_share(dp_call *call);
/* dp__call_unshare - it leaves: followers get the reply, or go on without it. */
void dp__call_unshare(dp_call *call, const dp_error *error);
/* dp__call_mark_write - a write's transfer begins, or ends. */
void dp__call_mark_write(const dp_call *call);
void dp__call_keep_answer(dp_call *call);

/* --- looks.c --- */
/* dp__call_prepare - start the looks that a mend needs; true if it took the call over. */
bool dp__call_prepare(dp_call *call);
/* dp__call_prove - look whether the write happened; ends the call, one way or the other. */
void dp__call_prove(dp_call *call);
/* dp__claim - the call succeeds: what its answer says was made is its own, and proves nobody else's. */
void dp__claim(dp_call *call);

#endif
