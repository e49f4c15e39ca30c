/*
 * Uploads: a call whose file comes in pieces from a client, over as many messages as it takes.
 *
 * The call is started at once, with a source that gives what stands in the window. So there is nothing
 * to spool: what the server has not taken yet is in the window, what the window has no room for is still
 * with the client, whose upload.write is answered when there is room again. The library completes
 * the request only after the source's own end, which is upload.close: a client that dies midway leaves
 * a request that is cut, and nothing is created.
 *
 * Two locks: tables, outcome and who waits for it are the service's, as of every call; window and
 * waiting writes have a lock of their own, since bytes are copied under it on two threads and nobody
 * else should wait for that. The own one is taken inside the service's, never around it.
 */
#include "uploads.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "carry.h"
#include "clock.h"
#include "encode.h"
#include "fault.h"
#include "log.h"
#include "service.h"

enum {
  PAST_MAX = 1024,       /* ended uploads that are remembered */
  PAST_BYTES = 4 << 20,  /* of answers, in all of them */
  REPLY_MAX = 64 << 10,  /* of one answer; a larger one is told once */
  ASKERS_MAX = 16        /* writes, or closes, of one upload that wait */
};

void dpd_uploading_init(dpd_uploading *uploading) {
  *uploading = (dpd_uploading){.busy = 0};
  dpd_list_init(&uploading->past);
}

dpd_upload *dpd_upload_new(dpd_service *s, const dpd_upload_settings *settings) {
  dpd_upload *u = calloc(1, sizeof(*u));
  if (u == NULL || !dpd_window_open(&u->window, s->config.bounds.upload_window)) {
    free(u);
    return NULL;
  }
  atomic_init(&u->refs, 1);
  u->service = s;
  u->settings = *settings;
  pthread_mutex_init(&u->lock, NULL);
  dpd_list_init(&u->past);
  dpd_list_init(&u->closers);
  dpd_list_init(&u->writers);
  return u;
}

dpd_upload *dpd_upload_ref(dpd_upload *upload) {
  atomic_fetch_add_explicit(&upload->refs, 1, memory_order_relaxed);
  return upload;
}

void dpd_upload_unref(dpd_upload *upload) {
  if (upload == NULL ||
      atomic_fetch_sub_explicit(&upload->refs, 1, memory_order_acq_rel) != 1) {
    return;
  }
  dpd_window_close(&upload->window);
  dp_reply_unref(upload->reply);
  pthread_mutex_destroy(&upload->lock);
  free(upload);
}

/* --- answers, no lock -------------------------------------------------------------------------- */

void dpd_pack_accepted(msgpack_packer *packer, uint64_t offset, bool ended) {
  msgpack_pack_map(packer, 2);
  dpd_pack_text(packer, "offset");
  msgpack_pack_uint64(packer, offset);
  dpd_pack_text(packer, "ended");
  dpd_pack_bool(packer, ended);
}

static void answer_write(dpd_service *s, dpd_upload_asker *asker, uint64_t offset, bool ended) {
  dpd_text body = {0};
  msgpack_packer packer;
  dpd_packer_init(&packer, &body);
  dpd_pack_accepted(&packer, offset, ended);
  dpd_charge(s, asker->peer, false);
  if (body.failed) {
    dpd_inquiry_drop(asker->inquiry);
  } else {
    dpd_answer_service(s, asker->inquiry, asker->id, &body, NULL);
  }
  dpd_text_free(&body);
  free(asker);
}

static void answer_writers(dpd_service *s, dpd_list *writers, uint64_t offset, bool ended) {
  dpd_node *node;
  while ((node = dpd_list_first(writers)) != NULL) {
    dpd_list_remove(node);
    answer_write(s, DPD_CONTAINER(node, dpd_upload_asker, node), offset, ended);
  }
}

/* reply NULL: what is said is error. */
static void answer_close(dpd_service *s, dpd_upload_asker *asker, const dp_reply *reply,
                         const dp_error *error, bool aborted, bool resent) {
  dpd_charge(s, asker->peer, false);
  if (asker->abort) {
    dpd_text body = {0};
    msgpack_packer packer;
    dpd_packer_init(&packer, &body);
    msgpack_pack_map(&packer, 1);
    dpd_pack_text(&packer, "aborted");
    dpd_pack_bool(&packer, aborted);
    dpd_answer_service(s, asker->inquiry, asker->id, &body, NULL);
    dpd_text_free(&body);
  } else if (reply != NULL) {
    dpd_answer_style style = {.decode = asker->decode, .resent = resent};
    dpd_send_reply(s, asker->inquiry, asker->id, reply, &style);
  } else {
    dpd_answer_error(s, asker->inquiry, asker->id, error);
  }
  free(asker);
}

static void answer_closers(dpd_service *s, dpd_list *closers, const dp_reply *reply,
                           const dp_error *error, bool aborted) {
  dpd_node *node;
  while ((node = dpd_list_first(closers)) != NULL) {
    dpd_list_remove(node);
    answer_close(s, DPD_CONTAINER(node, dpd_upload_asker, node), reply, error, aborted, false);
  }
}

/* --- its source: the engine's thread ----------------------------------------------------------- */

static dp_flow give(dp_call *call, void *buffer, size_t capacity, size_t *length, void *user) {
  (void)call;
  dpd_upload *u = user;
  dpd_list writers;
  dpd_list_init(&writers);
  dp_flow flow = DP_FLOW_CONTINUE;
  pthread_mutex_lock(&u->lock);
  *length = u->stopped ? 0 : dpd_window_take(&u->window, buffer, capacity);
  if (u->stopped) {
    flow = DP_FLOW_ABORT;
  } else if (*length == 0 && !u->complete) {
    flow = DP_FLOW_PAUSE;
    u->starving = true;
    u->starving_ms = dpd_now_ms();
  }
  if (dpd_window_has_room(&u->window)) {
    dpd_list_move(&writers, &u->writers);
    u->writer_count = 0;
  }
  uint64_t offset = u->window.end;
  pthread_mutex_unlock(&u->lock);
  answer_writers(u->service, &writers, offset, false);
  return flow;
}

static void release(void *user) {
  dpd_upload_unref(user);
}

/* --- its end ------------------------------------------------------------------------------------ */

static void forget_oldest(dpd_uploading *uploading) {
  dpd_upload *u = DPD_CONTAINER(dpd_list_first(&uploading->past), dpd_upload, past);
  size_t length = 0;
  if (u->reply != NULL) {
    dp_reply_body(u->reply, &length);
  }
  dpd_list_remove(&u->past);
  uploading->past_count--;
  uploading->past_bytes -= length;
  dpd_upload_unref(u);
}

/* With the lock: out of the table, and remembered. */
static void remember(dpd_service *s, dpd_upload *u, dp_reply *reply) {
  dpd_uploading *uploading = &s->uploading;
  size_t length;
  dp_reply_body(reply, &length);
  if (length <= REPLY_MAX) {
    u->reply = dp_reply_ref(reply);
    uploading->past_bytes += length;
  }
  u->expires_ms = dpd_now_ms() + (int64_t)s->config.bounds.remember_ms;
  dpd_handle_close(&u->handle);
  dpd_list_append(&uploading->past, &u->past);
  uploading->past_count++;
  while (uploading->past_count > PAST_MAX || uploading->past_bytes > PAST_BYTES) {
    forget_oldest(uploading);
  }
}

static void log_end(const dpd_upload *u, const dp_reply *reply) {
  if (!dpd_log_wants(DP_LOG_DEBUG)) {
    return;
  }
  const dp_meta *meta = dp_reply_meta(reply);
  dpd_log_of_call(&(dpd_log_call){.op = dp_op_name(u->settings.op),
                                  .profile = u->profile,
                                  .uid = u->handle.uid,
                                  .pid = u->pid,
                                  .status = dp_reply_status(reply),
                                  .kind = dp_kind_name(dp_reply_kind(reply)),
                                  .code = dp_reply_error(reply)->code,
                                  .took_us = (int64_t)meta->total_us,
                                  .attempts = meta->attempts,
                                  .sent = meta->sent,
                                  .received = meta->received});
}

static void close_window(dpd_upload *u) {
  dpd_list writers;
  dpd_list_init(&writers);
  pthread_mutex_lock(&u->lock);
  dpd_window_close(&u->window);
  dpd_list_move(&writers, &u->writers);
  uint64_t offset = u->window.end;
  pthread_mutex_unlock(&u->lock);
  answer_writers(u->service, &writers, offset, true);
}

static bool was_aborted(const dpd_upload *u) {
  return u->faulted && strcmp(u->fault.code, "aborted") == 0;
}

static void end(dpd_upload *u, dp_reply *reply, bool last) {
  dpd_service *s = u->service;
  dpd_list closers;
  dpd_list_init(&closers);
  dpd_upload_ref(u);
  log_end(u, reply);
  pthread_mutex_lock(&s->lock);
  dpd_list_move(&closers, &u->closers);
  u->closer_count = 0;
  dp_call *call = last ? u->call : NULL;
  if (last) {
    u->ended = true;
    u->call = NULL;
    s->uploading.busy--;
    remember(s, u, reply);
  }
  const dp_error *fault = u->faulted ? &u->fault : NULL;
  bool wake = last && s->draining;
  pthread_mutex_unlock(&s->lock);
  if (last) {
    close_window(u);
  }
  answer_closers(s, &closers, fault == NULL ? reply : NULL, fault, was_aborted(u));
  dp_call_unref(call);
  dpd_upload_unref(u);
  if (wake) {
    dpd_service_wake(s);
  }
}

static void on_done(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  end(user, reply, !dp_reply_is_pending(reply));
}

static void on_late(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  end(user, reply, true);
}

/* --- its beginning --------------------------------------------------------------------------------- */

bool dpd_upload_enter(dpd_upload *u, dpd_peer *peer, dp_error *err) {
  dpd_service *s = u->service;
  const dpd_handle_bounds bounds = {.what = "uploads",
                                    .per_user = s->config.bounds.uploads_per_user,
                                    .most = s->config.bounds.uploads_max};
  if (!dpd_handle_open(&s->uploads, &u->handle, peer, &bounds, err)) {
    return false;
  }
  s->uploading.busy++;
  s->uploading.opened++;
  dpd_upload_ref(u);
  return true;
}

/* The engine did not take it: nobody has heard of its handle. */
void dpd_upload_leave(dpd_upload *u) {
  dpd_service *s = u->service;
  pthread_mutex_lock(&s->lock);
  dpd_handle_close(&u->handle);
  s->uploading.busy--;
  pthread_mutex_unlock(&s->lock);
  dpd_upload_unref(u);
}

bool dpd_upload_start(dpd_upload *u, dp_args *args, const dp_file_source *file,
                      const dp_call_options *options, dp_error *err) {
  dpd_service *s = u->service;
  dp_file_source source = *file;
  dp_call_options o = *options;
  dp_call *call = NULL;
  source.length = u->settings.length;
  source.read = give;
  source.release = release;
  source.user = u;
  o.deadline_ms = u->settings.total_ms;
  o.on_late = on_late;
  if (dp_args_set_source(args, dp_op_file(u->settings.op), &source) != DP_OK) {
    dpd_upload_leave(u);
    return dpd_fault(err, DP_INVALID_REQUEST, "file",
                     "The file's name is empty or holds control characters, or its type is none.");
  }
  dpd_upload_ref(u); /* the source's, which release gives back */
  if (dp_client_call_async(s->client, u->settings.op, args, &o, on_done, u, &call, err) != DP_OK) {
    dpd_upload_leave(u);
    return false;
  }
  pthread_mutex_lock(&s->lock);
  bool ended = u->ended;
  if (!ended) {
    u->call = call;
  }
  pthread_mutex_unlock(&s->lock);
  if (ended) {
    dp_call_unref(call);
  }
  dpd_service_wake(s); /* its idle time may be the next that is due */
  return true;
}

/* --- finding one -------------------------------------------------------------------------------------- */

dpd_upload *dpd_upload_find(dpd_service *s, const uint8_t id[DPD_HANDLE_SIZE], uint32_t uid) {
  dpd_handle *handle = dpd_handle_find(&s->uploads, id, uid);
  if (handle != NULL) {
    return dpd_upload_ref(DPD_CONTAINER(handle, dpd_upload, handle));
  }
  for (dpd_node *n = s->uploading.past.next; n != &s->uploading.past; n = n->next) {
    dpd_upload *u = DPD_CONTAINER(n, dpd_upload, past);
    if (u->handle.uid == uid && memcmp(u->handle.id, id, DPD_HANDLE_SIZE) == 0) {
      return dpd_upload_ref(u);
    }
  }
  return NULL;
}

static bool opened_by(const dpd_upload *u, const uint8_t open_id[16], uint32_t uid) {
  return u->handle.uid == uid && memcmp(u->open_id, open_id, sizeof(u->open_id)) == 0;
}

dpd_upload *dpd_upload_opened_by(dpd_service *s, const uint8_t open_id[16], uint32_t uid) {
  for (dpd_node *n = s->uploads.all.next; n != &s->uploads.all; n = n->next) {
    dpd_upload *u = DPD_CONTAINER(DPD_CONTAINER(n, dpd_handle, all), dpd_upload, handle);
    if (opened_by(u, open_id, uid)) {
      return dpd_upload_ref(u);
    }
  }
  for (dpd_node *n = s->uploading.past.next; n != &s->uploading.past; n = n->next) {
    dpd_upload *u = DPD_CONTAINER(n, dpd_upload, past);
    if (opened_by(u, open_id, uid)) {
      return dpd_upload_ref(u);
    }
  }
  return NULL;
}

/* --- writing ------------------------------------------------------------------------------------------- */

static dp_call *call_of(dpd_upload *u) {
  pthread_mutex_lock(&u->service->lock);
  dp_call *call = u->call != NULL ? dp_call_ref(u->call) : NULL;
  pthread_mutex_unlock(&u->service->lock);
  return call;
}

static void resume(dpd_upload *u) {
  dp_call *call = call_of(u);
  if (call != NULL) {
    dp_call_resume(call);
    dp_call_unref(call);
  }
}

/* With its lock. */
static bool may_write(const dpd_upload *u, uint64_t offset, size_t length, dp_error *err) {
  uint64_t end = u->window.end;
  if (offset > end) {
    dpd_fault(err, DP_INVALID_REQUEST, "offset",
              "The bytes at %" PRIu64 " would leave a gap: %" PRIu64 " were accepted so far.",
              offset, end);
    return dpd_fault_hint(err, "Go on at the offset that the last answer told.");
  }
  if (u->settings.length >= 0 && offset + length > (uint64_t)u->settings.length) {
    return dpd_fault(err, DP_INVALID_REQUEST, "length",
                     "The bytes go beyond the length of %" PRId64 " that upload.open was told.",
                     u->settings.length);
  }
  if (u->complete && offset + length > end) {
    return dpd_fault(err, DP_INVALID_REQUEST, "closed",
                     "The upload was closed at %" PRIu64 " bytes.", end);
  }
  if (u->writer_count >= ASKERS_MAX && !dpd_window_has_room(&u->window)) {
    dpd_fault(err, DP_BUSY, "window", "%zu writes of this upload wait for room already.",
              u->writer_count);
    return dpd_fault_hint(err, "Send no more ahead than the window that upload.open told.");
  }
  return true;
}

dpd_upload_put dpd_upload_write(dpd_upload *u, uint64_t *offset, const void *bytes, size_t length,
                                dpd_upload_asker *asker, bool *ended, dp_error *err) {
  dpd_upload_put put = DPD_UPLOAD_TAKEN;
  bool wake = false;
  pthread_mutex_lock(&u->lock);
  *ended = u->window.ring == NULL;
  if (!*ended && !may_write(u, *offset, length, err)) {
    put = DPD_UPLOAD_REFUSED;
  } else if (!*ended) {
    dpd_window_put(&u->window, *offset, bytes, length);
    wake = u->starving && dpd_window_held(&u->window) > 0;
    u->starving = u->starving && !wake;
    if (!dpd_window_has_room(&u->window)) {
      dpd_list_append(&u->writers, &asker->node);
      u->writer_count++;
      put = DPD_UPLOAD_WAITS;
    }
  }
  *offset = u->window.end;
  pthread_mutex_unlock(&u->lock);
  if (wake) {
    resume(u);
  }
  return put;
}

/* --- closing ------------------------------------------------------------------------------------------- */

/* With the service's lock: it ends with this fault, and its request is cut. */
static dp_call *cut(dpd_upload *u, const dp_error *fault) {
  u->faulted = true;
  u->fault = *fault;
  pthread_mutex_lock(&u->lock);
  u->stopped = true;
  pthread_mutex_unlock(&u->lock);
  return u->call != NULL ? dp_call_ref(u->call) : NULL;
}

static void cancel(dp_call *call) {
  if (call != NULL) {
    dp_call_cancel(call);
    dp_call_unref(call);
  }
}

/* Whether all that was said to come has come; if so there is no more to come. */
static bool complete(dpd_upload *u, dp_error *fault, bool *wake) {
  pthread_mutex_lock(&u->lock);
  uint64_t end = u->window.end;
  bool whole = u->settings.length < 0 || end == (uint64_t)u->settings.length;
  u->complete = whole || u->complete;
  *wake = whole && u->starving;
  u->starving = u->starving && !*wake;
  pthread_mutex_unlock(&u->lock);
  if (!whole) {
    dpd_fault(fault, DP_INVALID_REQUEST, "length",
              "%" PRIu64 " bytes came where upload.open was told %" PRId64
              "; the request was cut and nothing was created.",
              end, u->settings.length);
    dpd_fault_hint(fault, "Begin the upload anew, with a new id.");
  }
  return whole;
}

/* With the service's lock. */
static dp_call *begin_close(dpd_upload *u, const dpd_upload_asker *asker, bool *wake) {
  dp_error fault;
  *wake = false;
  if (u->complete || u->faulted) {
    return NULL;
  }
  if (asker->abort) {
    dpd_fault(&fault, DP_CANCELLED, "aborted",
              "The upload was aborted; the request was cut and nothing was created.");
    return cut(u, &fault);
  }
  return complete(u, &fault, wake) ? NULL : cut(u, &fault);
}

/* What is told of one that has ended. With the service's lock. */
static dp_reply *outcome_of(const dpd_upload *u, dp_error *error) {
  if (u->faulted) {
    *error = u->fault;
  } else if (u->reply == NULL) {
    dpd_fault(error, DP_UNKNOWN_OUTCOME, "forgotten",
              "The upload ended, and its answer was too large to be kept.");
    dpd_fault_hint(error, "Look at the server what came of it.");
  }
  return u->faulted || u->reply == NULL ? NULL : dp_reply_ref(u->reply);
}

void dpd_upload_close(dpd_upload *u, dpd_upload_asker *asker) {
  dpd_service *s = u->service;
  dp_error error = {.kind = DP_OK};
  dp_reply *reply = NULL;
  dp_call *to_cancel = NULL;
  bool wake = false;
  bool waits = false;
  pthread_mutex_lock(&s->lock);
  bool ended = u->ended;
  if (ended) {
    reply = outcome_of(u, &error);
  } else if (u->closer_count >= ASKERS_MAX || (asker->abort && u->complete)) {
    dpd_fault(&error, DP_BUSY, "upload_close", "%zu requests wait for this upload's end already.",
              u->closer_count);
  } else {
    to_cancel = begin_close(u, asker, &wake);
    dpd_list_append(&u->closers, &asker->node);
    u->closer_count++;
    waits = true;
  }
  bool aborted = was_aborted(u);
  pthread_mutex_unlock(&s->lock);
  if (!waits) {
    answer_close(s, asker, reply, &error, aborted, ended);
    dp_reply_unref(reply);
    return;
  }
  cancel(to_cancel);
  if (wake) {
    resume(u);
  }
  dpd_service_wake(s); /* its deadline may be the next */
}

/* --- in time --------------------------------------------------------------------------------------------- */

/* With the service's lock: nobody wants it any more. */
static dp_call *drop_orphan(dpd_upload *u) {
  dp_error fault;
  dpd_log(DP_LOG_DEBUG, "nobody holds an upload of uid %" PRIu32 " any more", u->handle.uid);
  if (u->complete) { /* it may be carried out by now: the library knows what to do */
    return u->call != NULL ? dp_call_ref(u->call) : NULL;
  }
  dpd_fault(&fault, DP_CANCELLED, "orphaned",
            "Nobody had held this upload for orphan_grace_ms, so its request was cut.");
  dpd_fault_hint(&fault, "Begin the upload anew, with a new id.");
  return u->faulted ? NULL : cut(u, &fault);
}

/* With the service's lock: a call to cancel since nothing was written for so long, or NULL. */
static dp_call *drop_idle(dpd_upload *u, int64_t now_ms, int64_t *next) {
  dp_error fault;
  pthread_mutex_lock(&u->lock);
  bool starving = u->starving && !u->complete && !u->stopped;
  int64_t due_ms = u->starving_ms + u->settings.idle_ms;
  pthread_mutex_unlock(&u->lock);
  if (!starving || due_ms > now_ms) {
    /* One that is not starving now is so, at the soonest, idle_ms before it is due. */
    int64_t wait = starving ? due_ms - now_ms : u->settings.idle_ms;
    *next = wait < *next ? wait : *next;
    return NULL;
  }
  dpd_fault(&fault, DP_TIMEOUT, "upload_idle",
            "Nothing was written for %" PRIu32 " ms, so the request was cut and nothing was "
            "created.",
            u->settings.idle_ms);
  dpd_fault_hint(&fault, "Begin the upload anew, with a new id, or allow it more with idle_ms.");
  return cut(u, &fault);
}

/* With the service's lock: askers whose deadline passed, to out. */
static void due_closers(dpd_upload *u, int64_t now_ms, int64_t *next, dpd_list *out) {
  dpd_node *following;
  for (dpd_node *n = u->closers.next; n != &u->closers; n = following) {
    following = n->next;
    int64_t wait = DPD_CONTAINER(n, dpd_upload_asker, node)->deadline_ms - now_ms;
    if (wait > 0) {
      *next = wait < *next ? wait : *next;
      continue;
    }
    dpd_list_remove(n);
    dpd_list_append(out, n);
    u->closer_count--;
  }
}

static void forget(dpd_service *s, int64_t now_ms, int64_t *next) {
  dpd_node *node;
  while ((node = dpd_list_first(&s->uploading.past)) != NULL) {
    int64_t wait = DPD_CONTAINER(node, dpd_upload, past)->expires_ms - now_ms;
    if (wait > 0) {
      *next = wait < *next ? wait : *next;
      return;
    }
    forget_oldest(&s->uploading);
  }
}

/* With the service's lock: a call to cancel, or NULL when there is none left. */
static dp_call *next_due(dpd_service *s, int64_t now_ms, int64_t *next) {
  dpd_handle *orphan;
  while ((orphan = dpd_handles_due(&s->uploads, now_ms, next)) != NULL) {
    dp_call *call = drop_orphan(DPD_CONTAINER(orphan, dpd_upload, handle));
    if (call != NULL) {
      return call;
    }
  }
  for (dpd_node *n = s->uploads.all.next; n != &s->uploads.all; n = n->next) {
    dpd_upload *u = DPD_CONTAINER(DPD_CONTAINER(n, dpd_handle, all), dpd_upload, handle);
    dp_call *call = drop_idle(u, now_ms, next);
    if (call != NULL) {
      return call;
    }
  }
  return NULL;
}

int64_t dpd_uploads_tick(dpd_service *s, int64_t now_ms) {
  int64_t next = INT64_MAX;
  dp_call *call;
  dp_error error;
  dpd_list late;
  dpd_list_init(&late);
  do {
    pthread_mutex_lock(&s->lock);
    call = next_due(s, now_ms, &next);
    pthread_mutex_unlock(&s->lock);
    cancel(call);
  } while (call != NULL);
  pthread_mutex_lock(&s->lock);
  for (dpd_node *n = s->uploads.all.next; n != &s->uploads.all; n = n->next) {
    due_closers(DPD_CONTAINER(DPD_CONTAINER(n, dpd_handle, all), dpd_upload, handle), now_ms, &next,
                &late);
  }
  forget(s, now_ms, &next);
  pthread_mutex_unlock(&s->lock);
  dpd_fault(&error, DP_UNKNOWN_OUTCOME, "pending",
            "The deadline passed while the upload still runs.");
  dpd_fault_hint(&error, "Ask again with upload.close for its outcome.");
  answer_closers(s, &late, NULL, &error, false);
  return next;
}

void dpd_uploads_stop(dpd_service *s) {
  while (!dpd_list_empty(&s->uploading.past)) {
    forget_oldest(&s->uploading);
  }
}
