/* Calls that nobody waits for any more: connections that are gone, deadlines that have passed,
 * calls that are cancelled. Interest is dropped here; what that does to a call, the library knows.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "carry.h"
#include "fault.h"
#include "log.h"

void dpd_carry_drop(dpd_list *askers) {
  dpd_node *node;
  while ((node = dpd_list_first(askers)) != NULL) {
    dpd_asker *asker = DPD_CONTAINER(node, dpd_asker, of_call);
    dpd_list_remove(node);
    dpd_inquiry_drop(asker->inquiry);
    free(asker);
  }
}

void dpd_carry_gone(dpd_service *s, dpd_peer *peer, int64_t now_ms, dpd_list *dropped) {
  dpd_node *node;
  while ((node = dpd_list_first(&peer->askers)) != NULL) {
    dpd_asker *asker = DPD_CONTAINER(node, dpd_asker, of_peer);
    dpd_call *call = asker->call;
    dpd_asker_detach(asker);
    dpd_list_remove(&asker->of_call);
    dpd_list_append(dropped, &asker->of_call);
    if (dpd_list_empty(&call->askers) && !call->ended && !call->late) {
      call->orphan_due_ms = now_ms + (int64_t)s->config.bounds.orphan_grace_ms;
      dpd_list_append(&s->calls.orphans, &call->orphan);
    }
  }
}

bool dpd_carry_cancel(dpd_service *s, uint32_t uid, const uint8_t id[16]) {
  dpd_call_key key = {.uid = uid};
  memcpy(key.id, id, sizeof(key.id));
  void *what;
  dp_call *handle = NULL;
  pthread_mutex_lock(&s->lock);
  bool runs = dpd_remember_find(s->remember, &key, NULL, &what) == DPD_RECALL_RUNNING;
  if (runs) {
    dpd_call *call = what;
    call->cancel_wanted = true;
    handle = call->running != NULL ? dp_call_ref(call->running) : NULL;
  }
  pthread_mutex_unlock(&s->lock);
  if (handle != NULL) {
    dp_call_cancel(handle);
    dp_call_unref(handle);
  }
  return runs;
}

/* One orphan whose grace is over, or NULL; *next = ms until the first that is still in its. */
static dp_call *due_orphan(dpd_service *s, int64_t now_ms, int64_t *next) {
  dp_call *handle = NULL;
  dpd_node *node;
  while (handle == NULL && (node = dpd_list_first(&s->calls.orphans)) != NULL) {
    dpd_call *call = DPD_CONTAINER(node, dpd_call, orphan);
    if (call->orphan_due_ms > now_ms) {
      *next = call->orphan_due_ms - now_ms;
      return NULL;
    }
    dpd_list_remove(node);
    dpd_log(DP_LOG_DEBUG, "nobody asks for %s of uid %" PRIu32 " any more", dp_op_name(call->op),
            call->key.uid);
    call->cancel_wanted = true;
    call->dropped = true;
    handle = call->running != NULL ? dp_call_ref(call->running) : NULL;
  }
  return handle;
}

/* One stream that did not open in time, or NULL. It is cancelled, and the outcome answers its
 * askers: only the engine knows whether anything was begun. */
static dp_call *due_opening(dpd_service *s, int64_t now_ms) {
  for (dpd_node *n = s->calls.timed.next; n != &s->calls.timed; n = n->next) {
    dpd_asker *asker = DPD_CONTAINER(n, dpd_asker, timed);
    dpd_call *call = asker->call;
    if (asker->joined || asker->deadline_ms > now_ms) {
      continue;
    }
    dpd_list_remove(n);
    call->timed_out = true;
    call->cancel_wanted = true;
    if (call->running != NULL) {
      return dp_call_ref(call->running);
    }
    n = &s->calls.timed; /* whoever starts it will see; the others from the beginning */
  }
  return NULL;
}

/* Those who joined and whose deadline has passed, taken off into out. */
static void due_askers(dpd_service *s, int64_t now_ms, int64_t *next, dpd_list *out) {
  dpd_node *following;
  for (dpd_node *n = s->calls.timed.next; n != &s->calls.timed; n = following) {
    following = n->next;
    dpd_asker *asker = DPD_CONTAINER(n, dpd_asker, timed);
    if (asker->deadline_ms > now_ms) {
      *next = asker->deadline_ms - now_ms < *next ? asker->deadline_ms - now_ms : *next;
      continue;
    }
    dpd_list_remove(&asker->of_call);
    dpd_asker_detach(asker);
    dpd_list_append(out, &asker->of_call);
    s->answered++;
  }
}

int64_t dpd_carry_tick(dpd_service *s, int64_t now_ms) {
  int64_t next = INT64_MAX;
  dp_error error;
  dpd_list askers;
  dpd_list_init(&askers);
  for (;;) {
    pthread_mutex_lock(&s->lock);
    dp_call *handle = due_orphan(s, now_ms, &next);
    handle = handle != NULL ? handle : due_opening(s, now_ms);
    pthread_mutex_unlock(&s->lock);
    if (handle == NULL) {
      break;
    }
    dp_call_cancel(handle);
    dp_call_unref(handle);
  }
  pthread_mutex_lock(&s->lock);
  due_askers(s, now_ms, &next, &askers);
  pthread_mutex_unlock(&s->lock);
  dpd_fault(&error, DP_UNKNOWN_OUTCOME, "pending",
            "The deadline passed while the call, begun by an earlier message, still runs.");
  dpd_fault_hint(&error, "Ask again with the same id for its outcome.");
  dpd_askers_answer(s, &askers, NULL, &error, false);
  return next;
}
