/*
 * Pages on their way into a push.
 *
 * A crawler gives pages faster than a server takes them, so push.add is answered when its pages
 * were taken: that is all the back-pressure there is, and it needs no message of its own. What does
 * not fit the push's window waits here, in order, and not with the client, since a page that would
 * have to be sent again for each place that becomes free would be sent many times.
 *
 * Who does what: a request's thread gives the library what fits. When there is room again the
 * engine's thread only says so; the main thread takes the pages that wait, since taking one means
 * to copy and hash it, for which nobody may hold up the engine. One add of a push waits at a time:
 * a newer one is the same client's again, over a new connection, and takes the older one's place.
 */
#include "pushes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "encode.h"
#include "fault.h"
#include "log.h"
#include "service.h"

void dpd_pushing_init(dpd_pushing *pushing) {
  dpd_list_init(&pushing->all);
  dpd_list_init(&pushing->ready);
}

void dpd_page_free(dpd_page *page) {
  if (page != NULL) {
    dp_args_free(page->args);
    free(page->key);
    free(page->why);
    free(page);
  }
}

/* --- coming and going --------------------------------------------------------------------------
 */

dpd_push *dpd_push_new(dpd_service *s, uint32_t idle_ms) {
  dpd_push *push = calloc(1, sizeof(*push));
  if (push == NULL) {
    return NULL;
  }
  atomic_init(&push->refs, 1);
  push->service = s;
  push->idle_ms = idle_ms;
  push->given_ms = dpd_now_ms();
  pthread_mutex_init(&push->lock, NULL);
  dpd_list_init(&push->pages);
  dpd_list_init(&push->all);
  dpd_list_init(&push->ready);
  return push;
}

static dpd_push *ref(dpd_push *push) {
  atomic_fetch_add(&push->refs, 1);
  return push;
}

static void drop_pages(dpd_push *push) {
  dpd_node *node;
  while ((node = dpd_list_first(&push->pages)) != NULL) {
    dpd_list_remove(node);
    dpd_page_free(DPD_CONTAINER(node, dpd_page, node));
  }
  atomic_fetch_sub(&push->service->pushing.held, push->page_bytes);
  push->page_count = 0;
  push->page_bytes = 0;
}

void dpd_push_unref(dpd_push *push) {
  if (push == NULL || atomic_fetch_sub(&push->refs, 1) != 1) {
    return;
  }
  drop_pages(push);
  if (push->waits) {
    dpd_inquiry_drop(push->asker.inquiry);
  }
  pthread_mutex_destroy(&push->lock);
  free(push);
}

static size_t count_of(const dpd_service *s, uint32_t uid) {
  size_t count = 0;
  for (const dpd_node *n = s->pushing.all.next; n != &s->pushing.all; n = n->next) {
    count += DPD_CONTAINER(n, const dpd_push, all)->stream->handle.uid == uid;
  }
  return count;
}

bool dpd_push_may_enter(const dpd_push *push, const dpd_peer *peer, dp_error *err) {
  const dpd_service *s = push->service;
  const dpd_bounds *bounds = &s->config.bounds;
  if (s->pushing.count >= bounds->pushes_max) {
    dpd_fault(err, DP_BUSY, "pushes_max", "The service has %zu open pushes.", s->pushing.count);
    return dpd_fault_hint(err, "Try again in a moment, or raise pushes_max.");
  }
  if (count_of(s, peer->identity.uid) >= bounds->pushes_per_user) {
    dpd_fault(err, DP_BUSY, "pushes_per_user", "This user has %" PRIu64 " open pushes.",
              bounds->pushes_per_user);
    return dpd_fault_hint(err, "Finish or close some of them, or raise pushes_per_user.");
  }
  return true;
}

bool dpd_push_enter(dpd_push *push, dpd_stream *stream) {
  dpd_service *s = push->service;
  push->stream = stream;
  dpd_list_append(&s->pushing.all, &push->all);
  s->pushing.count++;
  s->pushing.opened++;
  return true;
}

void dpd_push_leave(dpd_push *push) {
  if (push == NULL) {
    return;
  }
  if (push->stream != NULL) {
    push->stream = NULL;
    dpd_list_remove(&push->all);
    push->service->pushing.count--;
    dpd_push_stir(push);
  }
  dpd_push_unref(push);
}

void dpd_push_stir(dpd_push *push) {
  if (dpd_list_empty(&push->ready)) {
    dpd_list_append(&push->service->pushing.ready, &ref(push)->ready);
    dpd_service_wake(push->service);
  }
}

dp_call *dpd_push_call(dpd_push *push) {
  dpd_service *s = push->service;
  pthread_mutex_lock(&s->lock);
  dpd_stream *stream = push->stream;
  bool runs = stream != NULL && stream->call != NULL && !stream->closed;
  dp_call *call = runs ? dp_call_ref(stream->call) : NULL;
  pthread_mutex_unlock(&s->lock);
  return call;
}

void dpd_push_log(const dpd_push *push, uint32_t uid, const dp_reply *reply) {
  const dp_error *error = dp_reply_error(reply);
  bool ok = error->kind == DP_OK;
  dpd_log(DP_LOG_INFO, "a push of uid %" PRIu32 " ended: %s%s%s, %" PRIu64 " pages, %" PRIu64 " ms",
          uid, dp_kind_name(error->kind), ok ? "" : "/", error->code, (uint64_t)push->taken,
          dp_reply_meta(reply)->total_us / 1000);
}

/* --- answers -----------------------------------------------------------------------------------
 */

void dpd_pack_given(msgpack_packer *packer, const dpd_given *given) {
  msgpack_pack_map(packer, 2);
  dpd_pack_text(packer, "taken");
  msgpack_pack_uint64(packer, given->taken);
  dpd_pack_text(packer, "ended");
  dpd_pack_bool(packer, given->ended);
}

void dpd_push_answer(dpd_service *s, const dpd_push_asker *asker, const dpd_given *given) {
  dpd_text body = {0};
  msgpack_packer packer;
  dpd_packer_init(&packer, &body);
  dpd_pack_given(&packer, given);
  dpd_charge(s, asker->peer, false);
  dpd_answer_service(s, asker->inquiry, asker->id, &body, NULL);
  dpd_text_free(&body);
}

/* --- giving, with its lock ---------------------------------------------------------------------
 */

/* The engine's thread, or whoever ends the client. */
static void on_room(dp_call *call, void *user) {
  (void)call;
  dpd_push *push = user;
  dpd_service *s = push->service;
  pthread_mutex_lock(&s->lock);
  dpd_push_stir(push);
  pthread_mutex_unlock(&s->lock);
}

dp_kind dpd_push_give(dpd_push *push, dp_call *call, const dpd_page *page, dp_error *err) {
  dp_kind kind = page->why != NULL ? dp_push_refuse(call, page->key, page->why, on_room, push, err)
                                   : dp_push_add(call, page->args, on_room, push, err);
  if (kind == DP_OK) {
    push->taken++;
    push->given_ms = dpd_now_ms();
    atomic_fetch_add(&push->service->pushing.pages, 1);
  }
  return kind;
}

void dpd_push_hold(dpd_push *push, dpd_page *page) {
  dpd_list_append(&push->pages, &page->node);
  push->page_count++;
  push->page_bytes += page->bytes;
  atomic_fetch_add(&push->service->pushing.held, page->bytes);
}

bool dpd_push_displace(dpd_push *push, dpd_push_asker *out) {
  bool waited = push->waits;
  drop_pages(push);
  push->waits = false;
  *out = push->asker;
  return waited;
}

/* What waits, as far as there is room. */
static dp_kind feed(dpd_push *push, dp_call *call) {
  dpd_node *node;
  dp_error error;
  while ((node = dpd_list_first(&push->pages)) != NULL) {
    dpd_page *page = DPD_CONTAINER(node, dpd_page, node);
    dp_kind kind = dpd_push_give(push, call, page, &error);
    if (kind != DP_OK) {
      return kind;
    }
    dpd_list_remove(node);
    push->page_count--;
    push->page_bytes -= page->bytes;
    atomic_fetch_sub(&push->service->pushing.held, page->bytes);
    dpd_page_free(page);
  }
  return DP_OK;
}

/* --- in time, the main thread -------------------------------------------------------------------
 */

/* It was left alone for too long: what it has begun is completed. False: it was not; *next is
 * lowered. */
static bool is_idle(const dpd_push *push, int64_t now_ms, int64_t *next) {
  if (push->idle_ms == 0 || push->finish || push->stopped || push->waits) {
    return false;
  }
  int64_t wait = push->given_ms + push->idle_ms - now_ms;
  if (wait <= 0) {
    return true;
  }
  *next = wait < *next ? wait : *next;
  return false;
}

static void stop_idle(const dpd_push *push, dp_call *call) {
  dp_error why;
  dpd_fault(&why, DP_TIMEOUT, "push_idle",
            "No page was given for %" PRIu32 " ms, so the push was ended; what had been begun is "
            "complete.",
            push->idle_ms);
  dpd_fault_hint(&why, "Push the same pages again, or allow it more with idle_ms.");
  dp_push_stop(call, &why, NULL);
}

void dpd_push_pass(dpd_push *push, dp_call *call) {
  if (call != NULL && push->finish && !push->passed && dpd_list_empty(&push->pages)) {
    push->passed = true;
    dp_push_finish(call, NULL);
  }
}

static void look_after(dpd_push *push, int64_t now_ms, int64_t *next) {
  dp_call *call = dpd_push_call(push);
  dpd_push_asker asker;
  pthread_mutex_lock(&push->lock);
  dp_kind kind = call == NULL ? DP_INVALID_REQUEST : feed(push, call);
  bool all = dpd_list_empty(&push->pages);
  bool due = push->waits && (all || kind != DP_BUSY || push->asker.due_ms <= now_ms);
  dpd_push_pass(push, call);
  if (due) {
    dpd_push_displace(push, &asker);
  } else if (push->waits) {
    int64_t wait = push->asker.due_ms - now_ms;
    *next = wait < *next ? wait : *next;
  }
  const dpd_given given = {.taken = push->taken, .ended = kind == DP_INVALID_REQUEST};
  if (call != NULL && is_idle(push, now_ms, next)) {
    push->stopped = true;
    stop_idle(push, call);
  }
  pthread_mutex_unlock(&push->lock);
  dp_call_unref(call);
  if (due) {
    dpd_push_answer(push->service, &asker, &given);
  }
}

/* References to all that are open, and to those that are ready though their stream is gone. */
static dpd_push **snapshot(dpd_service *s, size_t *count) {
  dpd_node *node;
  size_t most = s->pushing.count;
  for (const dpd_node *n = s->pushing.ready.next; n != &s->pushing.ready; n = n->next) {
    most++;
  }
  dpd_push **list = most == 0 ? NULL : calloc(most, sizeof(dpd_push *));
  *count = 0;
  if (list == NULL) {
    return NULL;
  }
  while ((node = dpd_list_first(&s->pushing.ready)) != NULL) {
    dpd_push *push = DPD_CONTAINER(node, dpd_push, ready);
    dpd_list_remove(node); /* its reference is ours now */
    list[(*count)++] = push;
  }
  for (dpd_node *n = s->pushing.all.next; n != &s->pushing.all; n = n->next) {
    list[(*count)++] = ref(DPD_CONTAINER(n, dpd_push, all));
  }
  return list;
}

int64_t dpd_pushes_tick(dpd_service *s, int64_t now_ms) {
  int64_t next = INT64_MAX;
  size_t count;
  pthread_mutex_lock(&s->lock);
  dpd_push **list = snapshot(s, &count);
  pthread_mutex_unlock(&s->lock);
  for (size_t i = 0; i < count; i++) {
    look_after(list[i], now_ms, &next);
    dpd_push_unref(list[i]);
  }
  free(list);
  return next;
}

void dpd_pushes_drain(dpd_service *s) {
  size_t count;
  int64_t next = INT64_MAX;
  dp_error why;
  dpd_fault(&why, DP_CANCELLED, "draining",
            "The service is ending; what the push had begun is complete.");
  why.retryable = 1;
  dpd_fault_hint(&why, "Push the same pages again: another one takes over.");
  pthread_mutex_lock(&s->lock);
  dpd_push **list = snapshot(s, &count);
  pthread_mutex_unlock(&s->lock);
  for (size_t i = 0; i < count; i++) {
    dp_call *call = dpd_push_call(list[i]);
    pthread_mutex_lock(&list[i]->lock);
    bool finished = list[i]->finish && dpd_list_empty(&list[i]->pages);
    pthread_mutex_unlock(&list[i]->lock);
    if (call != NULL && !finished) {
      dp_push_stop(call, &why, NULL);
    }
    dp_call_unref(call);
    look_after(list[i], dpd_now_ms(), &next); /* who waits to give more hears of it */
    dpd_push_unref(list[i]);
  }
  free(list);
}

void dpd_pushes_stop(dpd_service *s) {
  dpd_node *node;
  while ((node = dpd_list_first(&s->pushing.ready)) != NULL) {
    dpd_list_remove(node);
    dpd_push_unref(DPD_CONTAINER(node, dpd_push, ready));
  }
}
