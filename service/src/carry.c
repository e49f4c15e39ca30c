/*
 * One operation of Dify: from a request to the engine, and its outcome to whoever asks.
 *
 * Why a lock: a request arrives on one of libnng's threads and its outcome on the engine's. Handing
 * both to a third would cost two more wake-ups a call, which is most of what a call costs here. So
 * the service's tables are guarded by one lock, held for look-ups and links only: never while
 * decoding, encoding, sending, or inside the library.
 *
 * What must not happen is a second execution. The order is therefore: known? → join or answer from
 * memory; new → enter it in the table as running; only then give it to the engine.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <difypool_proto.h>

#include "args.h"
#include "carry.h"
#include "clock.h"
#include "digest.h"
#include "encode.h"
#include "fault.h"
#include "guard.h"
#include "kept.h"
#include "log.h"
#include "scratch.h"
#include "service.h"

/* What becomes of a request once the tables have been asked. */
typedef enum verdict { START, JOINED, RESEND, REFUSE } verdict;

typedef struct admission {
  verdict verdict;
  dpd_stream *stream;  /* NULL = the answer comes in one piece; the call's with START */
  dpd_call *call;      /* START */
  dpd_kept *kept;      /* RESEND: a reference */
  dp_profile *profile; /* START: a reference */
  uint32_t flags;
} admission;

bool dpd_is_write(const dpd_request *request, dp_op op) {
  if (op != DP_OP_HTTP_REQUEST) {
    return !dp_op_is_free(op);
  }
  const msgpack_object *method = dpd_argument_of(request, "method");
  return method == NULL || !(dpd_key_is(method, "GET") || dpd_key_is(method, "HEAD") ||
                             dpd_key_is(method, "OPTIONS"));
}

static dpd_digest digest_of(const dpd_service *s, const dpd_request *request, bool stream,
                            const void *args, size_t length) {
  dpd_sip sip;
  dpd_sip_init(&sip, s->hash_key);
  dpd_sip_feed(&sip, request->op, strlen(request->op) + 1);
  dpd_sip_feed(&sip, request->profile, strlen(request->profile) + 1);
  dpd_sip_feed(&sip, stream ? "s" : "c", 1);
  dpd_sip_feed(&sip, args, length);
  return dpd_sip_finish(&sip);
}

/* What a remembered reply takes: its texts, headers and bookkeeping, roughly but never far less. */
static size_t weight(const dp_reply *reply) {
  size_t body;
  dp_reply_body(reply, &body);
  return dpd_encode_bound(reply, NULL) + sizeof(dp_error);
}

static void log_call(const dpd_call *call, const dp_reply *reply) {
  if (!dpd_log_wants(DP_LOG_DEBUG)) {
    return;
  }
  const dp_meta *meta = dp_reply_meta(reply);
  dpd_log_of_call(&(dpd_log_call){.op = dp_op_name(call->op),
                                  .profile = call->profile,
                                  .uid = call->key.uid,
                                  .pid = call->pid,
                                  .status = dp_reply_status(reply),
                                  .kind = dp_kind_name(dp_reply_kind(reply)),
                                  .code = dp_reply_error(reply)->code,
                                  .took_us = (int64_t)meta->total_us,
                                  .attempts = meta->attempts,
                                  .sent = call->request_bytes,
                                  .received = meta->received});
}

/* With the lock: it is answered for good. kept, if not NULL, is taken over. */
static void end_call(dpd_service *s, dpd_call *call, dpd_kept *kept, size_t size) {
  call->ended = true;
  s->calls.running--;
  dpd_list_remove(&call->orphan);
  dp_call_unref(call->running);
  call->running = NULL;
  if (!dpd_remember_end(s->remember, &call->key, kept, size, dpd_now_ms())) {
    dpd_kept_unref(kept);
  }
}

static void outcome(dpd_call *call, dp_reply *reply, bool last) {
  dpd_service *s = call->service;
  dpd_list askers;
  log_call(call, reply);
  pthread_mutex_lock(&s->lock);
  dpd_askers_detach(s, call, last, &askers);
  call->late = !last;
  bool whole = call->whole;
  if (last) {
    end_call(s, call, call->write ? dpd_kept_of_reply(reply) : NULL,
             call->write ? weight(reply) : 0);
    if (call->stream != NULL) { /* its place is free from here on */
      dpd_handle_close(&call->stream->handle);
    }
  }
  bool wake = last && s->draining && s->calls.running == 0;
  pthread_mutex_unlock(&s->lock);
  dpd_askers_answer(s, &askers, reply, NULL, whole);
  if (wake) {
    dpd_service_wake(s);
  }
  if (last) {
    pthread_mutex_lock(&s->lock);
    dpd_stream_free(call->stream);
    dpd_call_drop(call);
    pthread_mutex_unlock(&s->lock);
  }
}

bool dpd_carry_opened(dpd_call *call, dp_call *handle, bool bytes, const dpd_text *body) {
  dpd_service *s = call->service;
  dpd_list askers;
  dpd_node *node;
  dpd_kept *kept = dpd_kept_of_body(body);
  pthread_mutex_lock(&s->lock);
  bool wanted = !call->cancel_wanted && !call->late && !body->failed;
  dpd_list_init(&askers);
  if (wanted) {
    for (node = call->askers.next; node != &call->askers; node = node->next) {
      dpd_handle_touch(&call->stream->handle, DPD_CONTAINER(node, dpd_asker, of_call)->peer);
    }
    dpd_stream_opened(call->stream, handle, bytes);
    dpd_askers_detach(s, call, true, &askers);
    end_call(s, call, kept, body->length + sizeof(dpd_kept));
  }
  pthread_mutex_unlock(&s->lock);
  if (!wanted) {
    dpd_kept_unref(kept);
  }
  while ((node = dpd_list_first(&askers)) != NULL) {
    dpd_asker *asker = DPD_CONTAINER(node, dpd_asker, of_call);
    const dpd_answer_style style = {.joined = asker->joined};
    dpd_list_remove(node);
    dpd_answer_service(s, asker->inquiry, asker->id, body, &style);
    free(asker);
  }
  return wanted;
}

/* Of a stream that had opened: those who asked for it were answered then. */
static bool ended_stream(dpd_call *call, dp_reply *reply, bool last) {
  dpd_service *s = call->service;
  if (call->stream == NULL || !dpd_stream_ended(call->stream, reply)) {
    return false;
  }
  log_call(call, reply);
  pthread_mutex_lock(&s->lock);
  call->stream = NULL;
  if (last) {
    dpd_call_drop(call);
  }
  pthread_mutex_unlock(&s->lock);
  return true;
}

static void on_done(dp_call *handle, dp_reply *reply, void *user) {
  (void)handle;
  bool last = !dp_reply_is_pending(reply);
  if (!ended_stream(user, reply, last)) {
    outcome(user, reply, last);
  }
}

static void on_late(dp_call *handle, dp_reply *reply, void *user) {
  (void)handle;
  dpd_call *call = user;
  if (call->ended) { /* a stream's, which had opened */
    pthread_mutex_lock(&call->service->lock);
    dpd_call_drop(call);
    pthread_mutex_unlock(&call->service->lock);
  } else {
    outcome(call, reply, true);
  }
}

static bool over_bounds(const dpd_service *s, const dpd_peer *peer, dp_error *err) {
  const dpd_bounds *bounds = &s->config.bounds;
  if (peer->running >= bounds->calls_per_client) {
    dpd_fault(err, DP_BUSY, "calls_per_client",
              "This connection has %zu calls that are not answered.", peer->running);
    return !dpd_fault_hint(err, "Wait for answers before sending more, or raise calls_per_client.");
  }
  if (s->calls.running >= bounds->calls_max) {
    dpd_fault(err, DP_BUSY, "calls_max", "The service has %zu calls that are not finished.",
              s->calls.running);
    return !dpd_fault_hint(err, "Try again in a moment, or raise calls_max.");
  }
  return false;
}

/* Nothing proves of many calls at once which of them happened. */
static bool unknown_batch(dp_error *err) {
  dpd_fault(err, DP_UNKNOWN_OUTCOME, "batch",
            "This batch was sent before, to a service that is gone; its calls may have been "
            "carried out.");
  return dpd_fault_hint(err, "Look what came of it, and send what is missing with a new id.");
}

/* A write whose id is new to us may yet have been carried out, by a former life of the service. */
static bool former_life(const dpd_service *s, const dpd_request *request, dp_op op, uint32_t *flags,
                        dp_error *err) {
  if (request->again ||
      (request->has_epoch && memcmp(request->epoch, s->epoch, sizeof(s->epoch)) != 0)) {
    *flags |= DP_CALL_MAYBE_DONE;
    return op != DP_OP_BATCH || unknown_batch(err);
  }
  if (request->has_epoch || !s->unclean ||
      dpd_now_ms() - s->began_ms >= (int64_t)s->config.bounds.restart_guard_ms) {
    return true;
  }
  dpd_fault(err, DP_UNKNOWN_OUTCOME, "epoch_needed",
            "The service was started again after an unclean end, and this write does not say "
            "whether it was sent before.");
  return dpd_fault_hint(err, "Look whether it happened; send writes with \"epoch\".");
}

/* What looks before it writes may be carried out again, whatever a former life has done of it. */
static bool is_repeatable(dp_op op) {
  return dpd_is_composed(op) && op != DP_OP_BATCH;
}

static bool attach(dpd_call *call, dpd_peer *peer, const dpd_ask *ask, bool joined) {
  dpd_asker *asker = dpd_asker_attach(call, peer, ask->inquiry);
  if (asker == NULL) {
    return false;
  }
  memcpy(asker->id, ask->request->id, sizeof(asker->id));
  asker->decode = ask->request->decode;
  asker->joined = joined;
  asker->after_drop = call->dropped;
  bool no_end = call->stream == NULL && dpd_takes_long(call->op) && !ask->request->has_deadline;
  asker->deadline_ms = no_end ? INT64_MAX : dpd_now_ms() + ask->request->deadline_ms;
  if (call->stream != NULL) {
    dpd_handle_touch(&call->stream->handle, peer);
  }
  if (joined || call->stream != NULL) {
    dpd_list_append(&call->service->calls.timed, &asker->timed);
    dpd_service_wake(call->service);
  }
  return true;
}

static bool no_memory(dp_error *err) {
  return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for this call.");
}

/* The id is known: join, answer from memory, or say why not. */
static verdict admit_known(dpd_service *s, const dpd_ask *ask, dpd_peer *peer, dpd_recall recall,
                           void *what, admission *out, dp_error *err) {
  (void)s;
  switch (recall) {
  case DPD_RECALL_RUNNING:
    if (!attach(what, peer, ask, true)) {
      no_memory(err);
      return REFUSE;
    }
    return JOINED;
  case DPD_RECALL_ANSWERED:
    out->kept = dpd_kept_ref(what);
    return RESEND;
  case DPD_RECALL_MISMATCH:
    dpd_fault(err, DP_CONFLICT, "id_reused", "This id stands for another call of this user.");
    dpd_fault_hint(err, "Make 16 new random bytes for each intended call.");
    return REFUSE;
  default:
    dpd_fault(err, DP_UNKNOWN_OUTCOME, "forgotten",
              "This write was carried out, and its answer had to be forgotten.");
    dpd_fault_hint(err, "Look what came of it; raise remember_bytes if this happens often.");
    return REFUSE;
  }
}

static verdict admit_new(dpd_service *s, const dpd_ask *ask, dpd_peer *peer, dp_op op, bool write,
                         const dpd_digest *digest, admission *out, dp_error *err) {
  const dpd_request *request = ask->request;
  const dpd_profile_entry *entry =
      dpd_profiles_find(&s->profiles, request->profile, ask->identity.uid, err);
  if (entry == NULL || over_bounds(s, peer, err) ||
      !dpd_may(s, ask->identity.uid, entry->name, entry->handle, request->op, err) ||
      !dpd_may_within(s, ask->identity.uid, entry->name, entry->handle, op, request->args, err) ||
      (write && !is_repeatable(op) && !former_life(s, request, op, &out->flags, err))) {
    return REFUSE;
  }
  dpd_call_key key = {.uid = ask->identity.uid};
  memcpy(key.id, request->id, sizeof(key.id));
  dpd_call *call = dpd_call_new(s, &key);
  if (call == NULL) {
    no_memory(err);
    return REFUSE;
  }
  if (out->stream != NULL && !dpd_stream_enter(out->stream, peer, err)) {
    free(call);
    return REFUSE;
  }
  call->stream = out->stream;
  call->op = op;
  if (!attach(call, peer, ask, false)) {
    free(call);
    no_memory(err);
    return REFUSE;
  }
  bool known = write || out->stream != NULL; /* of a stream, the handle must not be lost */
  if (!dpd_remember_begin(s->remember, &key, digest, known, call)) {
    dpd_asker *asker = DPD_CONTAINER(dpd_list_first(&call->askers), dpd_asker, of_call);
    dpd_asker_detach(asker);
    free(asker);
    free(call);
    peer->unread--; /* the caller counts the answer that it sends */
    dpd_fault(err, DP_BUSY, "remember_bytes",
              "There is no room to remember one more write, so it was not begun.");
    dpd_fault_hint(err, "Try again in a moment, or raise remember_bytes.");
    return REFUSE;
  }
  call->write = known;
  call->pid = ask->identity.pid;
  call->whole = op == DP_OP_HTTP_REQUEST;
  memcpy(call->profile, entry->name, sizeof(call->profile));
  s->calls.running++;
  out->stream = NULL;
  out->call = call;
  out->profile = dp_profile_ref(entry->profile);
  return START;
}

static void admit(dpd_service *s, const dpd_ask *ask, dp_op op, const dpd_digest *digest,
                  admission *out, dp_error *err) {
  bool write = dpd_is_write(ask->request, op);
  dpd_call_key key = {.uid = ask->identity.uid};
  memcpy(key.id, ask->request->id, sizeof(key.id));
  dpd_peer *peer = dpd_peers_find(&s->peers, ask->peer);
  if (peer == NULL) {
    dpd_fault(err, DP_CANCELLED, "gone", "The connection is gone.");
    out->verdict = REFUSE;
    return;
  }
  void *what;
  dpd_recall recall = dpd_remember_find(s->remember, &key, digest, &what);
  if (recall != DPD_RECALL_NEW) {
    out->verdict = admit_known(s, ask, peer, recall, what, out, err);
  } else if (s->draining) {
    dpd_fault(err, DP_CANCELLED, "draining", "The service is ending; nothing was begun.");
    err->retryable = 1;
    dpd_fault_hint(err, "Connect again: another one takes over.");
    out->verdict = REFUSE;
  } else {
    out->verdict = admit_new(s, ask, peer, op, write, digest, out, err);
  }
  if (out->verdict == RESEND || out->verdict == REFUSE) {
    peer->unread++;
    s->answered++;
  }
}

/* The engine did not take it: its askers get the reason, and the id is free again. */
static void give_up(dpd_service *s, dpd_call *call, const dp_error *error) {
  dpd_list askers;
  pthread_mutex_lock(&s->lock);
  dpd_askers_detach(s, call, true, &askers);
  dpd_remember_abort(s->remember, &call->key);
  dpd_list_remove(&call->orphan);
  s->calls.running--;
  dpd_stream_discard(call->stream);
  pthread_mutex_unlock(&s->lock);
  dpd_askers_answer(s, &askers, NULL, error, false);
  free(call);
}

static void taken(dpd_service *s, dpd_call *call, dp_call *handle) {
  pthread_mutex_lock(&s->lock);
  bool cancel = call->cancel_wanted;
  if (call->ended) {
    dp_call_unref(handle);
    cancel = false;
  } else {
    call->running = handle;
    if (cancel) {
      dp_call_ref(handle);
    }
  }
  dpd_call_drop(call);
  pthread_mutex_unlock(&s->lock);
  if (cancel) {
    dp_call_cancel(handle);
    dp_call_unref(handle);
  }
}

static void start(const dpd_ask *ask, dp_op op, const admission *admitted) {
  dpd_service *s = ask->s;
  const dpd_request *request = ask->request;
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  options.profile = admitted->profile;
  bool no_end = dpd_takes_long(op) && !request->has_deadline;
  options.deadline_ms = no_end ? 0 : request->deadline_ms;
  options.priority = request->priority;
  options.cache_ms = request->cache_ms;
  options.flags = request->flags | admitted->flags;
  options.on_late = on_late;
  /* One process, one turn: it gains nothing by opening connections. */
  options.share = (uint64_t)admitted->call->key.uid << 32 | (uint32_t)admitted->call->pid;
  if (admitted->call->stream != NULL) {
    dpd_stream_options(admitted->call->stream, &options);
  }
  dp_error error;
  dp_call *handle = NULL;
  dp_args *args = dp_args_new();
  bool begun = false;
  if (args == NULL) {
    no_memory(&error);
  } else if (request->args == NULL ||
             dpd_args_fill(args, request->args, op, dpd_scratch_json(), &error)) {
    begun = dp_client_call_async(s->client, op, args, &options, on_done, admitted->call, &handle,
                                 &error) == DP_OK;
  }
  dp_args_free(args);
  dp_profile_unref(admitted->profile);
  if (begun) {
    taken(s, admitted->call, handle);
  } else {
    give_up(s, admitted->call, &error);
  }
}

static void resend(const dpd_ask *ask, dp_op op, dpd_kept *kept) {
  const dpd_answer_style style = {
      .decode = ask->request->decode, .resent = true, .whole = op == DP_OP_HTTP_REQUEST};
  if (kept->reply != NULL) {
    dpd_send_reply(ask->s, ask->inquiry, ask->request->id, kept->reply, &style);
  } else {
    dpd_answer_service(ask->s, ask->inquiry, ask->request->id, &kept->body, &style);
  }
  dpd_kept_unref(kept);
}

void dpd_carry(const dpd_ask *ask, dp_op op, dpd_stream *stream) {
  dpd_service *s = ask->s;
  const uint8_t *args = NULL;
  size_t length = 0;
  dpd_guard_find(ask->data, ask->length, DP_KEY_ARGS, &args, &length);
  dpd_digest digest = digest_of(s, ask->request, stream != NULL, args, length);
  admission admitted = {.verdict = REFUSE, .stream = stream};
  dp_error error;
  pthread_mutex_lock(&s->lock);
  admit(s, ask, op, &digest, &admitted, &error);
  if (admitted.call != NULL) {
    admitted.call->request_bytes = length;
  }
  dpd_stream_discard(admitted.stream); /* it was not needed */
  pthread_mutex_unlock(&s->lock);
  switch (admitted.verdict) {
  case START:
    start(ask, op, &admitted);
    return;
  case RESEND:
    resend(ask, op, admitted.kept);
    return;
  case REFUSE:
    dpd_answer_error(s, ask->inquiry, ask->request->id, &error);
    return;
  case JOINED:
    return;
  }
}
