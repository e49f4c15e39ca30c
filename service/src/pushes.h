/* pushes.h - pushes whose pages come one by one: what was given, what waits to be taken, who waits
 * for it. */
#ifndef DPD_PUSHES_H
#define DPD_PUSHES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <msgpack.h>

#include <difypool/args.h>
#include <difypool/call.h>
#include <difypool/push.h>

#include "list.h"
#include "peers.h"
#include "transport.h"

typedef struct dpd_service dpd_service;
struct dpd_stream;

/* A page that waits until the library takes it. */
typedef struct dpd_page {
  dpd_node node;
  dp_args *args;
  char *key;     /* of one that is wrong; NULL = none is known */
  dp_error *why; /* it is wrong; NULL = args is the page */
  size_t bytes;
} dpd_page;

/* dpd_page_free - it stands in no list. NULL is allowed. */
void dpd_page_free(dpd_page *page);

/* A push.add that waits until its pages were taken. */
typedef struct dpd_push_asker {
  dpd_inquiry *inquiry;
  uint32_t peer;
  uint8_t id[16];
  int64_t due_ms; /* monotonic */
} dpd_push_asker;

/*
 * The intake of one push; its stream (streams.h) has the handle, the events and the end.
 * Counted references: its stream's, whoever handles a request of it, the list of those that are
 * ready.
 */
typedef struct dpd_push {
  atomic_uint refs;
  dpd_service *service;
  uint32_t idle_ms; /* 0 = no bound */

  /* Under the service's lock. */
  dpd_node all;
  dpd_node ready;            /* there is room, or it has ended */
  struct dpd_stream *stream; /* NULL = it is gone */

  /* Under its own, which the engine's thread never takes. */
  pthread_mutex_t lock;
  _Atomic uint64_t taken; /* atomic, since the log reads it at the end */
  dpd_list pages;         /* that wait */
  size_t page_count;
  size_t page_bytes;
  bool waits; /* asker is to be answered once they were taken */
  dpd_push_asker asker;
  bool finish;  /* no more pages come */
  bool passed;  /* the library knows it */
  bool stopped; /* for having been left alone */
  int64_t given_ms;
} dpd_push;

/* Part of the service, under its lock but for held. */
typedef struct dpd_pushing {
  dpd_list all;
  dpd_list ready;
  size_t count;
  uint64_t opened;            /* ever */
  atomic_uint_fast64_t pages; /* that were ever taken */
  atomic_size_t held;         /* bytes of pages that wait */
} dpd_pushing;

void dpd_pushing_init(dpd_pushing *pushing);

/* dpd_push_new - for a stream that is to be opened: a reference. NULL when memory is out. */
dpd_push *dpd_push_new(dpd_service *s, uint32_t idle_ms);
void dpd_push_unref(dpd_push *push); /* NULL is allowed; with or without the lock */
/* dpd_push_may_enter - false: busy (pushes_per_user, pushes_max). With the lock. */
bool dpd_push_may_enter(const dpd_push *push, const dpd_peer *peer, dp_error *err);
/* dpd_push_enter - its stream has entered the table. True. With the lock. */
bool dpd_push_enter(dpd_push *push, struct dpd_stream *stream);
/* dpd_push_leave - its stream is gone, and gives its reference back. With the lock. */
void dpd_push_leave(dpd_push *push);
/* dpd_push_stir - its stream has ended or was closed: whoever waits is to hear of it. With the
 * lock. */
void dpd_push_stir(dpd_push *push);
/* dpd_push_log - how it ended. */
void dpd_push_log(const dpd_push *push, uint32_t uid, const dp_reply *reply);

/* dpd_push_call - the call that it stands for, a reference; NULL = it has ended. No lock. */
dp_call *dpd_push_call(dpd_push *push);

/* What became of pages that were given. */
typedef struct dpd_given {
  uint64_t taken;
  bool ended;
} dpd_given;

/* dpd_push_give - take one more page now. DP_OK; DP_BUSY: it has to wait; DP_INVALID_REQUEST: it
 * has ended; DP_INTERNAL. With its lock. */
dp_kind dpd_push_give(dpd_push *push, dp_call *call, const dpd_page *page, dp_error *err);
/* dpd_push_hold - have a page wait behind those that do; it is taken over. With its lock. */
void dpd_push_hold(dpd_push *push, dpd_page *page);
/* dpd_push_displace - nobody waits any more, and what waited is dropped; out, if it returns true,
 * is who did, to be answered. With its lock. */
bool dpd_push_displace(dpd_push *push, dpd_push_asker *out);
/* dpd_push_pass - tell the library that no more pages come, once none waits. With its lock. */
void dpd_push_pass(dpd_push *push, dp_call *call);
/* dpd_push_answer - answer one that waited. No lock. */
void dpd_push_answer(dpd_service *s, const dpd_push_asker *asker, const dpd_given *given);
/* dpd_pack_given - the body of push.add's answer. */
void dpd_pack_given(msgpack_packer *packer, const dpd_given *given);

/* dpd_pushes_tick - those with room, idle ones, askers that waited long enough. Returns ms until
 * the next. No lock. */
int64_t dpd_pushes_tick(dpd_service *s, int64_t now_ms);
/* dpd_pushes_stop - forget what is left once the engine has ended. */
void dpd_pushes_stop(dpd_service *s);
/* dpd_pushes_drain - those that were not finished complete what they have begun, and end. No lock.
 */
void dpd_pushes_drain(dpd_service *s);

#endif
