/*
 * From a message to the one who answers it. The checks stand in the order of their cost and of what
 * they protect: structure before msgpack-c sees it, the map's keys before anything is looked up,
 * the caller before anything is done.
 */
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include <msgpack.h>

#include "clock.h"
#include "fault.h"
#include "guard.h"
#include "log.h"
#include "scratch.h"
#include "service.h"

/* All groups of a user, by the system's user database; its primary one, as the kernel says, first.
 */
static size_t groups_of(const dpd_peer_identity *identity, gid_t groups[DPD_GROUPS_MAX]) {
  enum { ENTRY = 4096 };
  char buffer[ENTRY];
  struct passwd entry;
  struct passwd *found;
  int count = DPD_GROUPS_MAX - 1;
  groups[0] = identity->gid;
  if (getpwuid_r(identity->uid, &entry, buffer, sizeof(buffer), &found) != 0 || found == NULL ||
      getgrouplist(entry.pw_name, entry.pw_gid, groups + 1, &count) < 0) {
    return 1;
  }
  return (size_t)count + 1;
}

static bool on_peer(void *user, uint32_t id, const dpd_peer_identity *identity) {
  dpd_service *s = user;
  gid_t groups[DPD_GROUPS_MAX];
  size_t group_count = s->shared ? groups_of(identity, groups) : 0;
  if (!s->shared && identity->uid != s->uid && identity->uid != 0) {
    return false; /* the socket's mode says so already; this says it again */
  }
  pthread_mutex_lock(&s->lock);
  const dpd_peer *peer =
      dpd_peers_add(&s->peers, id, identity, s->pid, s->config.bounds.clients_max);
  if (peer != NULL && group_count > 0) {
    memcpy(peer->user->groups, groups, group_count * sizeof(groups[0]));
    peer->user->group_count = group_count;
  }
  s->rejected += peer == NULL;
  pthread_mutex_unlock(&s->lock);
  return peer != NULL;
}

static void on_gone(void *user, uint32_t id) {
  dpd_service *s = user;
  dpd_list dropped;
  dpd_list readers;
  dpd_list_init(&dropped);
  dpd_list_init(&readers);
  int64_t now = dpd_now_ms();
  pthread_mutex_lock(&s->lock);
  dpd_peer *peer = dpd_peers_find(&s->peers, id);
  bool wake = false;
  if (peer != NULL) {
    wake = !dpd_list_empty(&peer->askers);
    dpd_carry_gone(s, peer, now, &dropped);
    dpd_readers_gone(peer, &readers);
    wake = dpd_handles_gone(peer, now, (int64_t)s->config.bounds.orphan_grace_ms) || wake;
    dpd_peers_remove(&s->peers, peer, now);
  }
  pthread_mutex_unlock(&s->lock);
  dpd_carry_drop(&dropped);
  dpd_readers_drop(&readers);
  if (wake) {
    dpd_service_wake(s); /* the grace of its calls and handles runs */
  }
}

static void on_sent(void *user, uint32_t id) {
  dpd_service *s = user;
  pthread_mutex_lock(&s->lock);
  dpd_peer *peer = dpd_peers_find(&s->peers, id);
  if (peer != NULL && peer->unread > 0) {
    peer->unread--;
  }
  pthread_mutex_unlock(&s->lock);
}

static void close_unread(dpd_service *s, uint32_t id, size_t unread) {
  dpd_log(DP_LOG_WARNING,
          "closing a connection with %zu answers that its client does not read (unread_per_client)",
          unread);
  dpd_transport_close_peer(s->transport, id);
}

static void on_exhausted(void *user) {
  dpd_service *s = user;
  uint32_t id = 0;
  size_t unread = 0;
  pthread_mutex_lock(&s->lock);
  const dpd_peer *peer = dpd_peers_least_read(&s->peers);
  if (peer != NULL) {
    id = peer->id;
    unread = peer->unread;
  }
  pthread_mutex_unlock(&s->lock);
  if (unread > 0) {
    close_unread(s, id, unread);
  }
}

/* Who sent it. False: it is gone, or will be, and gets no answer. */
static bool identify(dpd_service *s, uint32_t id, dpd_peer_identity *identity) {
  size_t unread = 0;
  pthread_mutex_lock(&s->lock);
  const dpd_peer *peer = dpd_peers_find(&s->peers, id);
  if (peer != NULL) {
    *identity = peer->identity;
    unread = peer->unread;
  }
  bool known = peer != NULL;
  bool over = unread > s->config.bounds.unread_per_client;
  pthread_mutex_unlock(&s->lock);
  if (over) {
    close_unread(s, id, unread);
  }
  return known && !over;
}

void dpd_charge(dpd_service *s, uint32_t id, bool rejected) {
  pthread_mutex_lock(&s->lock);
  dpd_peer *peer = dpd_peers_find(&s->peers, id);
  if (peer != NULL) {
    peer->unread++;
    s->answered += !rejected && !peer->own;
  }
  s->rejected += rejected;
  pthread_mutex_unlock(&s->lock);
}

static void refuse(dpd_service *s, uint32_t peer, dpd_inquiry *inquiry, const uint8_t *data,
                   size_t length, const dp_error *error) {
  uint8_t id[16];
  bool has_id = dpd_guard_id(data, length, id);
  dpd_charge(s, peer, true);
  dpd_log(DP_LOG_DEBUG, "refused a message of %zu bytes: %s", length, error->message);
  dpd_answer_error(s, inquiry, has_id ? id : NULL, error);
}

static bool unpack(const uint8_t *data, size_t length, msgpack_object *out, dp_error *err) {
  dpd_flaw flaw = dpd_guard_check(data, length);
  if (flaw != DPD_FLAW_NONE) {
    return dpd_fault(err, DP_INVALID_REQUEST, dpd_flaw_code(flaw), "%s", dpd_flaw_text(flaw));
  }
  msgpack_zone *zone = dpd_scratch_zone();
  size_t offset = 0;
  if (zone == NULL ||
      msgpack_unpack((const char *)data, length, &offset, zone, out) != MSGPACK_UNPACK_SUCCESS) {
    return dpd_fault(err, DP_INTERNAL, "unpack", "The message cannot be unpacked: memory is out.");
  }
  return true;
}

static void answer_own(const dpd_ask *ask, dpd_handler handler) {
  dp_error error;
  dpd_text *body = dpd_scratch_body();
  const uint8_t *id = ask->request->id;
  dpd_answer_when when = handler(ask, body, &error);
  if (when == DPD_ANSWER_LATER) {
    return;
  }
  dpd_charge(ask->s, ask->peer, false);
  if (when == DPD_ANSWER_BODY && body->failed) {
    dpd_fault(&error, DP_INTERNAL, "memory", "There is no memory for the answer.");
    when = DPD_ANSWER_ERROR;
  }
  if (when == DPD_ANSWER_ERROR) {
    dpd_answer_error(ask->s, ask->inquiry, id, &error);
  } else {
    dpd_answer_service(ask->s, ask->inquiry, id, body, NULL);
  }
}

static void route(const dpd_ask *ask) {
  dpd_handler handler = dpd_handler_of(ask->request->op);
  if (handler != NULL) {
    answer_own(ask, handler);
    return;
  }
  dp_op op = dp_op_from_name(ask->request->op);
  if (op == DP_OP_NONE) {
    dp_error error;
    dpd_fault(&error, DP_UNSUPPORTED, "unknown_operation", "There is no operation \"%s\".",
              ask->request->op);
    dpd_fault_hint(&error, "service.operations lists them, and so does difypool ops.");
    refuse(ask->s, ask->peer, ask->inquiry, ask->data, ask->length, &error);
    return;
  }
  dpd_carry(ask, op, NULL);
}

static void on_message(void *user, uint32_t peer, dpd_inquiry *inquiry, const uint8_t *data,
                       size_t length) {
  dpd_service *s = user;
  dpd_ask ask = {.s = s, .inquiry = inquiry, .peer = peer, .data = data, .length = length};
  if (!identify(s, peer, &ask.identity)) {
    dpd_inquiry_drop(inquiry);
    return;
  }
  msgpack_object map;
  dpd_request request;
  dp_error error;
  if (!unpack(data, length, &map, &error) || !dpd_request_decode(&request, &map, &error)) {
    refuse(s, peer, inquiry, data, length, &error);
    return;
  }
  ask.request = &request;
  route(&ask);
}

const dpd_transport_events dpd_dispatch_events = {.on_peer = on_peer,
                                                  .on_gone = on_gone,
                                                  .on_message = on_message,
                                                  .on_sent = on_sent,
                                                  .on_exhausted = on_exhausted};
