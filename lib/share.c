/*
 * Sharing answers between calls.
 *
 * Of equal reads in flight one is sent, and all get its answer. The one that was sent leads; if its
 * caller gives up, the transfer is handed to the next, and if it may not wait for another try, or for a
 * breaker, the first who may waits in its place: nobody's impatience costs another his answer. What may be shared at all, and when not, is in joincache.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callint.h"
#include "errors.h"
#include "transfer.h"

static bool may_share(const dp_call *call) {
  const dp__request *r = &call->request;
  return r->free_of_effect && strcmp(r->method, "GET") == 0 && r->header_count == 0 &&
         r->desc->op != DP_OP_HTTP_REQUEST && !call->on_look && !call->stream &&
         DP__ON(call->profile, cache);
}

static unsigned place_of(const char *key) {
  uint64_t hash = 14695981039346656037ull;
  for (; *key; key++)
    hash = (hash ^ (unsigned char)*key) * 1099511628211ull;
  return (unsigned)((hash ^ hash >> 32) % DP__READS);
}

static dp_call *find_leader(const dp_call *call) {
  dp_call *other = dp__policy(call->client)->reads[place_of(call->key)];
  while (other && strcmp(other->key, call->key) != 0)
    other = other->read_next;
  return other;
}

static void lead(dp_call *call) {
  dp_call **head = &dp__policy(call->client)->reads[place_of(call->key)];
  call->read_next = *head;
  *head = call;
  call->leads = true;
}

static void stop_leading(dp_call *call) {
  dp_call **link = &dp__policy(call->client)->reads[place_of(call->key)];
  while (*link != call)
    link = &(*link)->read_next;
  *link = call->read_next;
  call->leads = false;
}

static bool answer_from_cache(dp_call *call, const char *dataset, size_t length) {
  struct dp__policy *policy = dp__policy(call->client);
  if (!call->cache_ms)
    return false;
  const dp__cached *entry = dp__cache_find(&policy->cache, call->key, 1000ull * call->cache_ms,
                                           call->client->now_us);
  if (!entry || !dp__mark_holds(&policy->marks, entry->mark, dataset, length))
    return false;
  call->answer = dp__answer_ref(entry->answer);
  call->reply->meta.cached = 1;
  dp__call_end(call, NULL);
  return true;
}

static void follow(dp_call *call, dp_call *leader) {
  dp__call_move(call, DP__CALL_FOLLOWING);
  call->leader = leader;
  call->fellow = NULL;
  dp_call **last = &leader->followers;
  while (*last)
    last = &(*last)->fellow;
  *last = call;
}

bool dp__call_share(dp_call *call) {
  struct dp__policy *policy = dp__policy(call->client);
  size_t length = 0;
  if (call->marked || !may_share(call))
    return false;
  call->marked = true; /* asked once; a repeat of it shares nothing anew */
  const dp__request *r = &call->request;
  if (asprintf(&call->key, "%llu %s?%s", (unsigned long long)call->profile->serial, r->path,
               r->query ? r->query : "") < 0) {
    call->key = NULL;
    return false;
  }
  const char *dataset = dp__call_dataset(call, &length);
  call->mark = dp__mark_take(&policy->marks, dataset, length);
  if (answer_from_cache(call, dataset, length))
    return true;
  dp_call *leader = find_leader(call);
  if (!leader) {
    lead(call);
    return false;
  }
  if (!dp__mark_holds(&policy->marks, leader->mark, dataset, length))
    return false; /* somebody wrote since: it asks for itself */
  follow(call, leader);
  return true;
}

static void leave_leader(dp_call *call) {
  for (dp_call **link = &call->leader->followers; *link; link = &(*link)->fellow)
    if (*link == call) {
      *link = call->fellow;
      break;
    }
  call->leader = NULL;
}

/* The first of the followers leads now. */
static dp_call *crown(dp_call *call) {
  dp_call *next = call->followers;
  call->followers = NULL;
  if (!next)
    return NULL;
  next->leader = NULL;
  next->followers = next->fellow;
  for (dp_call *f = next->followers; f; f = f->fellow)
    f->leader = next;
  next->mark = call->mark;
  lead(next);
  return next;
}

/* The next one goes on in its place, with the transfer if there is one. */
static void hand_over(dp_call *call) {
  dp_call *next = crown(call);
  if (!next)
    return;
  if (call->exchange) {
    dp__call_adopt_exchange(next, call);
  } else {
    dp__call_move(next, DP__CALL_HELD);
    next->held_us = call->client->now_us;
    dp__call_step(next);
  }
}

/* Whether it would have waited where its leader gave up. */
static bool outlasts(const dp_call *follower, const dp_call *leader) {
  return leader->gave_up_us && follower->deadline_us > leader->gave_up_us &&
         (!leader->gave_up_for_option || (follower->flags & DP_CALL_WAIT));
}

/* Those who have more patience, in their order. */
static dp_call *take_patient(dp_call *call) {
  dp_call *patient = NULL, **last = &patient;
  for (dp_call **link = &call->followers; *link;) {
    dp_call *f = *link;
    if (outlasts(f, call)) {
      *link = f->fellow;
      f->fellow = NULL;
      *last = f;
      last = &f->fellow;
    } else {
      link = &f->fellow;
    }
  }
  return patient;
}

/* The next one waits in its place, and goes on from where it gave up. */
static void wait_on(dp_call *call) {
  dp_call *next = crown(call);
  if (!next)
    return;
  uint64_t now = call->client->now_us;
  next->tries = call->tries;
  next->pause_ms = call->pause_ms;
  next->repeating = call->repeating;
  next->verdict = call->verdict;
  next->first_sent_us = call->first_sent_us;
  next->reply->meta.attempts = call->reply->meta.attempts;
  dp__call_hold(next, call->gave_up_us > now ? call->gave_up_us - now : 0);
}

static void share_end(dp_call *call, const dp_error *error) {
  for (dp_call *f = call->followers, *next; f; f = next) {
    next = f->fellow;
    f->leader = NULL;
    if (call->answer && !f->answer)
      f->answer = dp__answer_ref(call->answer);
    f->reply->meta = call->reply->meta;
    f->reply->meta.version = f->reply->version;
    f->reply->meta.note = f->reply->note;
    f->reply->meta.joined = 1;
    dp__call_end(f, error);
  }
  call->followers = NULL;
}

void dp__call_unshare(dp_call *call, const dp_error *error) {
  if (call->leader)
    leave_leader(call);
  if (!call->leads)
    return;
  stop_leading(call);
  if (call->stopped) {
    hand_over(call);
    return;
  }
  dp_call *patient = take_patient(call);
  share_end(call, error);
  call->followers = patient;
  wait_on(call);
}

void dp__call_mark_write(const dp_call *call) {
  size_t length = 0;
  if (call->request.free_of_effect)
    return;
  const char *dataset = dp__call_dataset(call, &length);
  dp__marks_write(&dp__policy(call->client)->marks, dataset, length);
}

void dp__call_keep_answer(dp_call *call) {
  if (call->key && call->cache_ms && call->answer && !call->reply->meta.cached)
    dp__cache_put(&dp__policy(call->client)->cache, call->key, call->answer, call->mark,
                  call->first_sent_us, call->client->now_us);
}
