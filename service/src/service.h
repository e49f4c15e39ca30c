/* service.h - the service's state and its phases. Private to the modules that share the lock. */
#ifndef DPD_SERVICE_H
#define DPD_SERVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/difypool.h>

#include "calls.h"
#include "config.h"
#include "encode.h"
#include "handles.h"
#include "message.h"
#include "peers.h"
#include "profiles.h"
#include "pushes.h"
#include "remember.h"
#include "streams.h"
#include "text.h"
#include "transport.h"
#include "uploads.h"

typedef struct dpd_service dpd_service;

struct dpd_service {
  dp_client *client;
  dpd_transport *transport;
  char socket[108];
  uint8_t epoch[16];
  uint8_t hash_key[16];
  uint32_t uid; /* the service's own */
  uint32_t pid;
  int64_t started_ms; /* wall clock */
  int64_t began_ms;   /* monotonic */
  int lock_fd;        /* held while the path is ours; -1 = none */
  int wake_fd;        /* an eventfd: the main loop has something to do before it meant to */
  bool shared;        /* as config.shared was at start, for good */
  bool unclean;       /* a former life on this socket did not end cleanly */

  pthread_mutex_t lock; /* all that follows */
  dpd_config config;
  dpd_peers peers;
  dpd_remember *remember;
  dpd_profiles profiles;
  dpd_calls calls;
  dpd_handles streams;
  dpd_handles uploads;
  dpd_streaming streaming;
  dpd_uploading uploading;
  dpd_pushing pushing;
  uint64_t answered; /* requests that were understood, answered */
  uint64_t rejected; /* messages refused before they became calls */
  uint64_t relistens;
  bool draining;
  bool drain_wanted; /* by service.drain: the main loop sees to it */
};

/*
 * dpd_service_start - engine, profiles, transport. The config is taken over (steal on success).
 * lock_fd: of the socket's lock (-1 = none); taken over, and closed when the path is given up.
 * unclean: what a stale socket file told of a former life.
 */
bool dpd_service_start(dpd_service **out, dpd_config *config, const char *socket, int lock_fd,
                       bool unclean, dp_error *err);
/* dpd_service_reload - take over a new config as far as it can change at run time; says in the log
 * what needs a restart. False: the old one stays, err says why. */
bool dpd_service_reload(dpd_service *s, dpd_config *config, dp_error *err);
/* dpd_service_tick - whatever is due now. Returns in how many ms it wants the next one. */
int64_t dpd_service_tick(dpd_service *s, int64_t now_ms);
/* dpd_service_drain - no new connections, no new calls. */
void dpd_service_drain(dpd_service *s);
/* dpd_service_running - calls, streams and uploads that have not ended. */
size_t dpd_service_running(dpd_service *s);
/* dpd_service_idle_ms - for how long nobody has been connected; 0 = somebody is. */
int64_t dpd_service_idle_ms(dpd_service *s, int64_t now_ms);
bool dpd_service_drain_wanted(dpd_service *s);
bool dpd_service_relisten(dpd_service *s);
/* dpd_service_stop - end what still runs, answer it, let the answers leave within flush_ms, free.
 */
void dpd_service_stop(dpd_service *s, int flush_ms);

/* dpd_service_wake - have the main loop look at what is due. Any thread. */
void dpd_service_wake(dpd_service *s);

/* dispatch.c */
extern const dpd_transport_events dpd_dispatch_events;

/* What a handler of the service's own operations gets. It runs without the lock. */
typedef struct dpd_ask {
  dpd_service *s;
  dpd_inquiry *inquiry;
  const dpd_request *request;
  uint32_t peer;
  dpd_peer_identity identity;
  const uint8_t *data; /* the message as it came */
  size_t length;
} dpd_ask;

/*
 * A handler packs the body of its answer (one msgpack value) into out and returns DPD_ANSWER_BODY;
 * or fills err and returns DPD_ANSWER_ERROR; or answers later by itself: DPD_ANSWER_LATER.
 */
typedef enum dpd_answer_when {
  DPD_ANSWER_BODY,
  DPD_ANSWER_ERROR,
  DPD_ANSWER_LATER
} dpd_answer_when;
typedef dpd_answer_when (*dpd_handler)(const dpd_ask *ask, dpd_text *out, dp_error *err);

/* dpd_handler_of - for operations of the service's own; NULL = there is no such operation. */
dpd_handler dpd_handler_of(const char *op);

dpd_answer_when dpd_op_connect(const dpd_ask *ask, dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_stats(const dpd_ask *ask, dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_stream_open(const dpd_ask *ask, dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_stream_next(const dpd_ask *ask, dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_stream_close(const dpd_ask *ask, dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_push_open(const dpd_ask *ask, dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_push_add(const dpd_ask *ask, dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_push_finish(const dpd_ask *ask, dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_push_close(const dpd_ask *ask, dpd_text *out, dp_error *err);
/* dpd_stream_close_of - stream.close with its arguments read. */
dpd_answer_when dpd_stream_close_of(const dpd_ask *ask, const uint8_t id[DPD_HANDLE_SIZE],
                                    dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_upload_open(const dpd_ask *ask, dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_upload_write(const dpd_ask *ask, dpd_text *out, dp_error *err);
dpd_answer_when dpd_op_upload_close(const dpd_ask *ask, dpd_text *out, dp_error *err);

/* dpd_charge - one more answer is on its way to this peer. rejected: its message never became a
 * call. */
void dpd_charge(dpd_service *s, uint32_t peer, bool rejected);

/* dpd_answer_error, dpd_answer_service - encode and send; the inquiry is given away. style: joined,
 * resent; NULL = neither. */
void dpd_answer_error(dpd_service *s, dpd_inquiry *inquiry, const uint8_t *id,
                      const dp_error *error);
void dpd_answer_service(dpd_service *s, dpd_inquiry *inquiry, const uint8_t *id,
                        const dpd_text *body, const dpd_answer_style *style);

/* dpd_may - whether the rules let this caller do this with this profile. With the lock. */
bool dpd_may(dpd_service *s, uint32_t uid, const char *profile, bool own, const char *op,
             dp_error *err);
/* dpd_may_within - whether they let him have done what a composition would do for him: the calls of a
 * batch, the deletes of a push that prunes. With the lock. */
bool dpd_may_within(dpd_service *s, uint32_t uid, const char *profile, bool own, dp_op op,
                    const msgpack_object *args, dp_error *err);
/* dpd_is_composed - it is made of calls: no server has it. */
bool dpd_is_composed(dp_op op);
/* dpd_takes_long - it has no deadline unless the request gives one. */
bool dpd_takes_long(dp_op op);
/* dpd_argument_of - NULL = it was not given. */
const msgpack_object *dpd_argument_of(const dpd_request *request, const char *name);
/* dpd_is_master - root, or the service's own uid. */
static inline bool dpd_is_master(const dpd_service *s, uint32_t uid) {
  return uid == 0 || uid == s->uid;
}

/* carry.c: an operation of Dify, from request to answer. stream, if not NULL, is taken over: its
 * answer goes there, and the request is answered once a good one has begun. */
void dpd_carry(const dpd_ask *ask, dp_op op, dpd_stream *stream);
/* dpd_is_write - what may not be repeated at will; http.request is what its method says. */
bool dpd_is_write(const dpd_request *request, dp_op op);
/* dpd_carry_opened - it has begun; body is what those who asked are told. False: nobody wants it
 * any more. */
bool dpd_carry_opened(dpd_call *call, dp_call *handle, bool bytes, const dpd_text *body);
/* dpd_carry_gone - the peer's interest in its calls ends after the orphan grace. With the lock.
 * What it waited with goes to dropped, for dpd_carry_drop, without the lock. */
void dpd_carry_gone(dpd_service *s, dpd_peer *peer, int64_t now_ms, dpd_list *dropped);
void dpd_carry_drop(dpd_list *dropped);
/* dpd_carry_tick - orphans and waiting askers that are due. Returns ms until the next. */
int64_t dpd_carry_tick(dpd_service *s, int64_t now_ms);
/* dpd_carry_cancel - service.cancel. False: no such call runs. */
bool dpd_carry_cancel(dpd_service *s, uint32_t uid, const uint8_t id[16]);

#endif
