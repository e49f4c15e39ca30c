/*
 * Where the pages of a push come in, on any thread.
 *
 * They were checked and hashed on the thread that gave them. What waits is bounded, in pages and in bytes; who
 * finds no room is told once when there is some. One job at a time carries them to the engine.
 */
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "push.h"

static void sort_in(dp__push *push, dp__page *page) {
  page->push = push->call;
  dp__push_enlist(push, page);
  if (page->length > DP__PAGE_HUGE) {
    dp__page_note(page, "The page is over 1 MB: it is sent last, for its indexing holds up all others.");
    dp__pages_add(&push->huge, page);
  } else {
    dp__pages_add(&push->fresh, page);
  }
}

void dp__push_take_in(dp__push *push) {
  dp__intake *in = &push->intake;
  pthread_mutex_lock(&in->lock);
  dp__pages pages = in->pages;
  if (pages.last == &in->pages.first)
    pages.last = &pages.first;
  dp__pages_init(&in->pages);
  push->stopping = in->stopped;
  pthread_mutex_unlock(&in->lock);
  dp__page *page;
  while ((page = dp__pages_take(&pages)))
    sort_in(push, page);
}

static void came_in(dp__job *job) {
  dp__push *push = DP__FROM(dp__push, intake.job, job);
  dp_call *call = push->call;
  pthread_mutex_lock(&push->intake.lock);
  push->intake.posted = false; /* here alone: whoever else takes pages in leaves the job where it is */
  pthread_mutex_unlock(&push->intake.lock);
  dp__push_take_in(push);
  bool to_plan = push->kb && !push->planning && !push->stopping;
  if (call->phase == DP__CALL_COMPOSING && to_plan)
    dp__push_plan_how(push);
  else
    dp__push_kick(push);
  dp_call_unref(call);
}

/* With the lock. */
static void post(dp__push *push) {
  if (push->intake.posted)
    return;
  push->intake.posted = true;
  push->intake.job.run = came_in;
  dp_call_ref(push->call);
  dp__engine_post(push->call->client, &push->intake.job);
}

static bool is_full(const dp__intake *in, const dp__page *page) {
  return in->held >= DP__PUSH_PAGES || (in->held && in->held_bytes + page->bytes > DP__PUSH_BYTES);
}

static dp_kind add(dp__push *push, dp__page *page, dp_room_fn on_room, void *user, dp_error *err) {
  dp__intake *in = &push->intake;
  dp_kind kind = DP_OK;
  pthread_mutex_lock(&in->lock);
  if (in->finished || in->closed) {
    kind = dp__fail(err, DP_INVALID_REQUEST, in->closed ? "push_ended" : "push_finished", NULL,
                    "pages.push: the push has %s, so no page can be added",
                    in->closed ? "ended" : "been finished");
  } else if (is_full(in, page)) {
    in->on_room = on_room;
    in->room_user = user;
    kind = dp__fail(err, DP_BUSY, "push_window", "Add it again when there is room.",
                    "pages.push: %zu pages (%zu bytes) wait already", in->held, in->held_bytes);
  } else {
    page->index = in->count++;
    in->held++;
    in->held_bytes += page->bytes;
    dp__pages_add(&in->pages, page);
    post(push);
  }
  pthread_mutex_unlock(&in->lock);
  return kind;
}

static dp_kind check_push(dp_call *call, dp_error *err) {
  dp_kind kind = dp__engine_usable(call->client, err);
  if (kind == DP_OK && call->request.desc->op != DP_OP_PAGES_PUSH)
    kind = dp__fail(err, DP_INVALID_REQUEST, "no_push", NULL, "the call is no push of pages");
  return kind;
}

/* A page that is wrong keeps its place among the others, where it is told as failed. */
dp__page *dp__push_wrong_page(const char *key, const dp_error *why) {
  dp__page *page = calloc(1, sizeof *page);
  if (!page)
    return NULL;
  page->bytes = sizeof *page + sizeof *why;
  page->key = key ? strdup(key) : NULL;
  page->wrong = malloc(sizeof *why);
  if (!page->wrong || (key && !page->key)) {
    dp__page_free(page);
    return NULL;
  }
  *page->wrong = *why;
  return page;
}

static const char *key_given(const dp_args *given) {
  const char *id = dp__args_text(given, "id"), *url = dp__args_text(given, "url");
  return id && *id ? id : url;
}

static dp_kind add_or_free(dp_call *call, dp__page *page, dp_room_fn on_room, void *user, dp_error *err) {
  if (!page)
    return dp__no_memory(err);
  dp_kind kind = add(dp__push_of(call), page, on_room, user, err);
  if (kind != DP_OK)
    dp__page_free(page);
  return kind;
}

dp_kind dp_push_add(dp_call *call, const dp_args *given, dp_room_fn on_room, void *user, dp_error *err) {
  dp__page *page;
  dp_error why;
  dp_kind kind = check_push(call, err);
  if (kind != DP_OK)
    return kind;
  kind = dp__page_take(given, &page, &why);
  if (kind == DP_INTERNAL)
    return dp__no_memory(err);
  if (kind != DP_OK)
    page = dp__push_wrong_page(key_given(given), &why);
  return add_or_free(call, page, on_room, user, err);
}

dp_kind dp_push_refuse(dp_call *call, const char *key, const dp_error *why, dp_room_fn on_room, void *user,
                       dp_error *err) {
  dp_kind kind = check_push(call, err);
  return kind == DP_OK ? add_or_free(call, dp__push_wrong_page(key, why), on_room, user, err) : kind;
}

/* why: it is stopped for that; NULL = it is complete. */
static dp_kind finish(dp_call *call, const dp_error *why, dp_error *err) {
  dp_kind kind = check_push(call, err);
  if (kind != DP_OK)
    return kind;
  dp__intake *in = &dp__push_of(call)->intake;
  pthread_mutex_lock(&in->lock);
  in->finished = true;
  if (why && !in->stopped) {
    in->stopped = true;
    in->why = *why;
  }
  if (!in->closed)
    post(dp__push_of(call));
  pthread_mutex_unlock(&in->lock);
  return DP_OK;
}

dp_kind dp_push_finish(dp_call *call, dp_error *err) {
  return finish(call, NULL, err);
}

dp_kind dp_push_stop(dp_call *call, const dp_error *why, dp_error *err) {
  dp_error stopped;
  dp__fail(&stopped, DP_CANCELLED, "push_stopped",
           "Push the same pages again: what is there already is not sent twice.",
           "pages.push: it was stopped before all of its pages were done");
  return finish(call, why ? why : &stopped, err);
}
