/*
 * Waiting until documents are indexed.
 *
 * A list shows the state of 100 documents at once, but costs a server a third of a second, so it is asked
 * seldom in proportion to what it takes, and all who wait in one knowledge base share its answers. Lists
 * are newest first and shift while others write: whoever is not seen on the pages where the last sweep saw
 * somebody is looked for on all of them before it is taken to be gone.
 *
 * How long nothing may move grows with what is queued: a default server starts one document about every
 * 2 s whatever its size, one huge document holds up all behind it, and some failures never reach the state
 * "error", so there must be an end that does not depend on the server's word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "errors.h"
#include "push.h"

enum {
  PAGE = 100,
  GAP_MIN_MS = 1000,
  GAP_MAX_MS = 30000,
  GAP_FACTOR = 10, /* at most a tenth of a server's time goes into being asked */
  STALL_MS = 120000,
  STALL_EACH_MS = 5000, /* more for each document that is not done */
  UNSEEN_MAX = 2        /* sweeps of all pages without it: it is gone */
};

typedef struct waited {
  char id[40];
  char state[16];
  char *error; /* what the server says of a failure */
  uint8_t unseen;
  bool seen, final;
} waited;

typedef struct work {
  waited *list;
  size_t count, open; /* open: not final */
  int page, pages;    /* of this sweep */
  uint64_t sweep_us;  /* it began */
  uint64_t moved_us;  /* something changed */
  uint32_t stall_ms;  /* 0 = by how many are open */
} work;

static void release(void *user) {
  work *w = user;
  for (size_t i = 0; w->list && i < w->count; i++)
    free(w->list[i].error);
  free(w->list);
  free(w);
}

static const char *text_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text ? text : "";
}

static bool is_final(const char *state) {
  return strcmp(state, "completed") == 0 || strcmp(state, "error") == 0 ||
         strcmp(state, "paused") == 0 || strcmp(state, "gone") == 0;
}

static size_t count_in(const work *w, const char *state) {
  size_t count = 0;
  for (size_t i = 0; i < w->count; i++)
    count += strcmp(w->list[i].state, state) == 0;
  return count;
}

/* --- telling ------------------------------------------------------------------------------------- */

static json_t *totals(const work *w) {
  size_t completed = count_in(w, "completed"), failed = count_in(w, "error");
  return json_pack("{s:I,s:I,s:I,s:I}", "total", (json_int_t)w->count, "completed",
                   (json_int_t)completed, "failed", (json_int_t)failed, "open", (json_int_t)w->open);
}

static void tell_progress(dp_call *call) {
  const work *w = call->work;
  if (call->parent && call->parent->request.desc->op == DP_OP_PAGES_PUSH) {
    dp__push_tell_indexing(call->parent, w->count - w->open, w->count);
    return;
  }
  json_t *event = totals(call->work);
  json_object_set_new(event, "event", json_string("progress"));
  dp__compose_tell(call, event);
}

static json_t *result(const work *w) {
  json_t *out = totals(w), *list = json_array();
  for (size_t i = 0; i < w->count; i++) {
    const waited *d = &w->list[i];
    json_t *one = json_pack("{s:s,s:s}", "id", d->id, "status", d->state);
    if (d->error)
      json_object_set_new(one, "error", json_string(d->error));
    json_array_append_new(list, one);
  }
  json_object_set_new(out, "documents", list);
  return out;
}

static void stalled(dp_call *call, uint64_t quiet_us) {
  const work *w = call->work;
  json_t *body = result(w);
  char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
  if (text && !call->answer)
    call->answer = dp__answer_made(200, text, strlen(text));
  free(text);
  json_decref(body);
  dp__compose_fail(call, DP_TIMEOUT, "indexing_stalled",
                   "Look at the server's indexing worker; what is queued there stays queued.",
                   "%zu of %zu documents are not indexed, and nothing moved for %llu s", w->open, w->count,
                   (unsigned long long)(quiet_us / 1000000));
}

/* --- sweeping ------------------------------------------------------------------------------------- */

static void set_state(dp_call *call, waited *d, const char *state, const char *error) {
  work *w = call->work;
  if (strcmp(d->state, state) != 0) {
    w->moved_us = call->client->now_us;
    snprintf(d->state, sizeof d->state, "%s", state);
  }
  if (*error && !d->error)
    d->error = strndup(error, 500);
  if (!d->final && is_final(state)) {
    d->final = true;
    w->open--;
  }
}

static int compare_ids(const void *a, const void *b) {
  return strcasecmp(((const waited *)a)->id, ((const waited *)b)->id);
}

/* They are sorted: a large push waits for tens of thousands. */
static waited *find(const work *w, const char *id) {
  waited key;
  snprintf(key.id, sizeof key.id, "%s", id);
  return bsearch(&key, w->list, w->count, sizeof key, compare_ids);
}

static void take_page(dp_call *call, const json_t *data) {
  size_t i;
  const json_t *item;
  json_array_foreach(data, i, item) {
    waited *d = find(call->work, text_of(item, "id"));
    if (!d || d->final)
      continue;
    d->seen = true;
    d->unseen = 0;
    set_state(call, d, text_of(item, "indexing_status"), text_of(item, "error"));
  }
}

static bool all_seen(const work *w) {
  for (size_t i = 0; i < w->count; i++)
    if (!w->list[i].final && !w->list[i].seen)
      return false;
  return true;
}

static void sweep(dp_call *call);

static void sweep_due(dp__timer *timer) {
  sweep(DP__FROM(dp_call, wait_timer, timer));
}

static uint64_t stall_us(const work *w) {
  uint64_t ms = w->stall_ms ? w->stall_ms : STALL_MS + (uint64_t)STALL_EACH_MS * w->open;
  return 1000 * ms;
}

static uint64_t gap_us(uint64_t took_us) {
  uint64_t gap = GAP_FACTOR * took_us;
  return gap < 1000ull * GAP_MIN_MS ? 1000ull * GAP_MIN_MS
         : gap > 1000ull * GAP_MAX_MS ? 1000ull * GAP_MAX_MS
                                      : gap;
}

static void swept(dp_call *call) {
  work *w = call->work;
  uint64_t now = call->client->now_us;
  for (size_t i = 0; i < w->count; i++) {
    waited *d = &w->list[i];
    if (!d->final && !d->seen && ++d->unseen >= UNSEEN_MAX)
      set_state(call, d, "gone", "");
  }
  tell_progress(call);
  if (w->open == 0)
    dp__compose_done(call, result(w));
  else if (now - w->moved_us >= stall_us(w))
    stalled(call, now - w->moved_us);
  else if (!dp__timer_set(&call->client->timers, &call->wait_timer, now + gap_us(now - w->sweep_us),
                          sweep_due))
    dp__compose_out_of_memory(call);
}

static void ask(dp_call *call);

static void page_seen(dp_call *call, dp_reply *reply, void *user) {
  work *w = call->work;
  (void)user;
  if (dp_reply_kind(reply) != DP_OK) {
    dp__compose_fail_as(call, reply, "the documents could not be listed");
    return;
  }
  json_t *body = dp__compose_body(call, reply, "the list of documents");
  if (!body)
    return;
  const json_t *data = json_object_get(body, "data");
  json_int_t total = json_integer_value(json_object_get(body, "total"));
  bool more = total > (json_int_t)w->page * PAGE && json_array_size(data) > 0;
  take_page(call, data);
  json_decref(body);
  if (more && !all_seen(w)) {
    w->page++;
    ask(call);
  } else {
    swept(call);
  }
}

static void ask(dp_call *call) {
  const work *w = call->work;
  const char *dataset = dp__args_text(call->request.args, "dataset_id");
  dp_args *args = dp_args_new();
  bool ok = args && dp_args_set_string(args, "dataset_id", dataset) == DP_OK &&
            dp_args_set_int(args, "page", w->page) == DP_OK &&
            dp_args_set_int(args, "limit", PAGE) == DP_OK;
  if (!ok)
    dp__compose_out_of_memory(call);
  else
    dp__compose_read(call, DP_OP_DOCUMENTS_LIST, args, GAP_MIN_MS / 2, page_seen, NULL);
  dp_args_free(args);
}

static void sweep(dp_call *call) {
  work *w = call->work;
  w->page = 1;
  w->sweep_us = call->client->now_us;
  for (size_t i = 0; i < w->count; i++)
    w->list[i].seen = false;
  ask(call);
}

/* --- beginning ------------------------------------------------------------------------------------ */

static bool take_ids(work *w, const json_t *ids) {
  size_t i;
  const json_t *id;
  w->list = calloc(json_array_size(ids) + 1, sizeof *w->list);
  if (!w->list)
    return false;
  json_array_foreach(ids, i, id) {
    const char *text = json_string_value(id);
    if (!text || !dp__uuid_ok(text, strlen(text)))
      continue;
    snprintf(w->list[w->count].id, sizeof w->list->id, "%s", text);
    snprintf(w->list[w->count].state, sizeof w->list->state, "unseen");
    w->count++;
  }
  qsort(w->list, w->count, sizeof *w->list, compare_ids);
  for (size_t from = w->count, to = w->count = 0; to < from; to++)
    if (!w->count || compare_ids(&w->list[w->count - 1], &w->list[to]) != 0)
      w->list[w->count++] = w->list[to];
  w->open = w->count;
  return true;
}

static bool all_are_ids(const json_t *ids) {
  size_t i;
  const json_t *id;
  json_array_foreach(ids, i, id)
    if (!json_is_string(id) || !dp__uuid_ok(json_string_value(id), json_string_length(id)))
      return false;
  return true;
}

static void wait_for(dp_call *call) {
  const dp__arg *ids = dp__args_find(call->request.args, "ids");
  const dp__arg *stall = dp__args_find(call->request.args, "stall_ms");
  json_t *list = json_loadb(ids->data, ids->length, 0, NULL);
  work *w = calloc(1, sizeof *w);
  call->work = w;
  bool sound = list && all_are_ids(list), ok = w && list && take_ids(w, list);
  json_decref(list);
  if (!ok) {
    dp__compose_out_of_memory(call);
    return;
  }
  if (!sound) {
    dp__compose_fail(call, DP_INVALID_REQUEST, "argument", "Give ids as the server gave them.",
                     "ids holds something that is no document's id");
    return;
  }
  w->stall_ms = stall && stall->kind == DP__ARG_INT ? (uint32_t)stall->value.integer : 0;
  w->moved_us = call->client->now_us;
  if (w->count == 0)
    dp__compose_done(call, result(w));
  else
    sweep(call);
}

const dp__composition dp__documents_wait = {
    .op = DP_OP_DOCUMENTS_WAIT, .begin = wait_for, .release = release, .takes_long = true};
