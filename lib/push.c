/*
 * A push: "make this knowledge base hold these pages".
 *
 * Pages come in on any thread and are checked and hashed there; what is done with them is decided on the
 * engine's thread, by plan.c, from what the knowledge base holds. Each page then runs by itself, as far
 * as the pool lets it: its text is written, its metadata goes with that of up to 50 others in one call, and
 * is read back. So a page that fails harms no other, and a push that is cut leaves pages that are whole,
 * or ones whose stamp does not vouch for their text and which the next push writes again.
 *
 * Nothing here counts on being alone: other pushes of this client share what is known of the knowledge base
 * and take turns with each page, and another machine's work is found by names and metadata.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "push.h"

enum { TELL_US = 500000, CHILD_DEADLINE_MS = 86400000 };

dp__push *dp__push_of(const dp_call *call) {
  return call->work;
}

/* --- lists of pages -------------------------------------------------------------------------------- */

void dp__pages_init(dp__pages *pages) {
  *pages = (dp__pages){.last = &pages->first};
}

void dp__pages_add(dp__pages *pages, dp__page *page) {
  page->next = NULL;
  *pages->last = page;
  pages->last = &page->next;
  pages->count++;
}

dp__page *dp__pages_take(dp__pages *pages) {
  dp__page *page = pages->first;
  if (!page)
    return NULL;
  pages->first = page->next;
  if (!pages->first)
    pages->last = &pages->first;
  pages->count--;
  return page;
}

void dp__push_enlist(dp__push *push, dp__page *page) {
  page->all_next = push->all;
  if (push->all)
    push->all->all_link = &page->all_next;
  page->all_link = &push->all;
  push->all = page;
}

static void delist(dp__page *page) {
  *page->all_link = page->all_next;
  if (page->all_next)
    page->all_next->all_link = page->all_link;
}

void dp__push_active(dp__page *page, bool active) {
  dp__push *push = dp__push_of(page->push);
  push->active += active;
  push->active -= page->active;
  push->queued -= page->queued;
  page->active = active;
  page->queued = false;
}

dp__batch *dp__push_batch(dp__push *push, dp__pages *from, size_t most) {
  dp__batch *batch = calloc(1, sizeof *batch);
  if (!batch) {
    dp__compose_out_of_memory(push->call);
    return NULL;
  }
  batch->push = push->call;
  dp__pages_init(&batch->pages);
  while (batch->pages.count < most && from->first)
    dp__pages_add(&batch->pages, dp__pages_take(from));
  batch->next = push->batches;
  if (batch->next)
    batch->next->link = &batch->next;
  batch->link = &push->batches;
  push->batches = batch;
  return batch;
}

void dp__batch_free(dp__batch *batch) {
  *batch->link = batch->next;
  if (batch->next)
    batch->next->link = batch->link;
  free(batch);
}

/* --- children --------------------------------------------------------------------------------------- */

dp_args *dp__push_args(dp__push *push) {
  dp_args *args = dp_args_new();
  if (args && dp_args_set_string(args, "dataset_id", push->kb->id) == DP_OK)
    return args;
  dp_args_free(args);
  dp__compose_out_of_memory(push->call);
  return NULL;
}

bool dp__push_call(dp__push *push, dp_op op, dp_args *args, dp__child_fn fn, void *user) {
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  dp_error error;
  o.flags = DP_CALL_WAIT;
  o.deadline_ms = CHILD_DEADLINE_MS; /* pace and queue may take long; a transfer has its stall limit */
  dp_kind kind = dp__call_child(push->call, op, args, &o, fn, user, &error);
  dp_args_free(args);
  if (kind != DP_OK)
    dp__call_end(push->call, &error);
  return kind == DP_OK;
}

/* --- keys that came ----------------------------------------------------------------------------------- */

static dp__came *place_of(dp__came *list, size_t places, const uint8_t tag[8]) {
  uint64_t hash;
  memcpy(&hash, tag, sizeof hash);
  size_t at = (size_t)hash & (places - 1);
  while (list[at].used && memcmp(list[at].tag, tag, sizeof list[at].tag) != 0)
    at = (at + 1) & (places - 1);
  return &list[at];
}

static bool grow_came(dp__push *push) {
  size_t places = push->came_places ? 2 * push->came_places : 256;
  dp__came *list = calloc(places, sizeof *list);
  if (!list)
    return false;
  for (size_t i = 0; i < push->came_places; i++)
    if (push->came[i].used)
      *place_of(list, places, push->came[i].tag) = push->came[i];
  free(push->came);
  push->came = list;
  push->came_places = places;
  return true;
}

dp__came *dp__push_came(dp__push *push, const dp__page *page) {
  if (2 * push->came_count >= push->came_places && !grow_came(push))
    return NULL;
  return place_of(push->came, push->came_places, page->key_hash.bytes);
}

/* --- telling ------------------------------------------------------------------------------------------ */

static json_t *error_json(const dp_error *error) {
  return json_pack("{s:s,s:s,s:s,s:s,s:b}", "kind", dp_kind_name(error->kind), "code", error->code,
                   "message", error->message, "hint", error->hint, "retryable",
                   (int)error->retryable);
}

static json_t *describe(const dp__page *page, const char *outcome, const char *code,
                        const dp_error *error) {
  char id[37];
  json_t *out = json_pack("{s:s,s:I,s:s?,s:s}", "event", "page", "index", (json_int_t)page->index, "key",
                          page->key, "outcome", outcome);
  if (page->has_document) {
    dp__uuid_write(page->document, id);
    json_object_set_new(out, "document_id", json_string(id));
  }
  if (page->document_name)
    json_object_set_new(out, "name", json_string(page->document_name));
  if (code)
    json_object_set_new(out, "code", json_string(code));
  if (error)
    json_object_set_new(out, "error", error_json(error));
  if (page->plan.rule_changed)
    json_object_set_new(out, "rule_changed", json_true());
  if (page->edited)
    json_object_set_new(out, "edited_segments", json_integer((json_int_t)page->edited));
  if (page->notes)
    json_object_set(out, "notes", page->notes);
  return out;
}

static void count_outcome(dp__totals *t, const char *outcome) {
  struct {
    const char *name;
    uint64_t *count;
  } const rows[] = {{"created", &t->created},       {"updated", &t->updated},
                    {"adopted", &t->adopted},       {"unchanged", &t->unchanged},
                    {"duplicate", &t->duplicates},  {"skipped", &t->skipped},
                    {"failed", &t->failed}};
  t->pages++;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (strcmp(rows[i].name, outcome) == 0)
      ++*rows[i].count;
}

static void tell_progress(dp__push *push) {
  uint64_t now = push->call->client->now_us;
  if (now - push->told_us < TELL_US)
    return;
  push->told_us = now;
  const char *waits = push->listing && !push->listed ? "list"
                      : push->active                 ? "server"
                      : push->stamps || push->checks ? "metadata"
                                                     : "pages";
  dp__compose_tell(push->call, json_pack("{s:s,s:I,s:I,s:s}", "event", "progress", "pages",
                                         (json_int_t)push->intake.count, "done",
                                         (json_int_t)push->totals.pages, "waiting_for", waits));
}

void dp__push_tell_indexing(dp_call *call, size_t indexed, size_t of) {
  const dp__push *push = dp__push_of(call);
  dp__compose_tell(call, json_pack("{s:s,s:I,s:I,s:s,s:I,s:I}", "event", "progress", "pages",
                                   (json_int_t)push->intake.count, "done", (json_int_t)push->totals.pages,
                                   "waiting_for", "indexing", "indexed", (json_int_t)indexed, "to_index",
                                   (json_int_t)of));
}

static void make_room(dp__push *push, const dp__page *page) {
  dp__intake *in = &push->intake;
  pthread_mutex_lock(&in->lock);
  in->held--;
  in->held_bytes -= page->bytes;
  bool room = in->held < DP__PUSH_PAGES && in->held_bytes < DP__PUSH_BYTES;
  dp_room_fn fn = room ? in->on_room : NULL;
  if (fn)
    in->on_room = NULL;
  void *user = in->room_user;
  pthread_mutex_unlock(&in->lock);
  if (fn)
    fn(push->call, user);
}

/* Its text may be needed once more: for as long as the index is waited for, and within a bound. */
static void keep_or_free(dp__push *push, dp__page *page) {
  bool keep = push->options.wait && page->wrote && !page->told && !push->stopping &&
              push->kept_bytes + page->length <= DP__PUSH_KEPT;
  page->told = true;
  if (keep) {
    push->kept_bytes += page->length;
    dp__pages_add(&push->kept, page);
    return;
  }
  delist(page);
  dp__page_free(page);
}

/* Written a second time, since its indexing had failed: its result was told, unless it is another now. */
static void done_again(dp__push *push, dp__page *page, const dp_error *error) {
  if (error)
    dp__reply_note(push->call->reply, "%.200s could not be indexed again: %.200s", page->key,
                   error->message);
  dp__push_active(page, false);
  dp__turn_give(&page->name_turn);
  dp__turn_give(&page->turn);
  delist(page);
  dp__page_free(page);
}

void dp__push_done(dp__page *page, const char *outcome, const char *code, const dp_error *error) {
  dp__push *push = dp__push_of(page->push);
  dp_call *call = push->call;
  if (page->told) {
    done_again(push, page, error);
    return;
  }
  json_t *event = describe(page, outcome, code, error);
  dp__came *came = page->has_document ? dp__push_came(push, page) : NULL;
  if (came && came->used)
    memcpy(came->document, page->document, sizeof came->document);
  count_outcome(&push->totals, outcome);
  push->totals.rule_changed += page->plan.rule_changed;
  if (push->results)
    json_array_append(push->results, event);
  dp__push_active(page, false);
  dp__turn_give(&page->name_turn);
  dp__turn_give(&page->turn);
  make_room(push, page);
  keep_or_free(push, page);
  dp__compose_tell(call, event);
  if (call->phase == DP__CALL_COMPOSING)
    tell_progress(push);
}

static void retry_due(dp__timer *timer) {
  dp__push *push = DP__FROM(dp__push, retry_timer, timer);
  dp__pages pages = push->later;
  dp__page *page;
  if (pages.last == &push->later.first)
    pages.last = &pages.first;
  dp__pages_init(&push->later);
  while ((page = dp__pages_take(&pages)))
    dp__push_begin_again(page);
  dp__push_kick(push);
}

static bool may_pass(const dp_error *error) {
  return error->retryable || error->kind == DP_UNKNOWN_OUTCOME || error->kind == DP_TIMEOUT;
}

void dp__push_failed(dp__page *page, const dp_error *error) {
  dp__push *push = dp__push_of(page->push);
  dp_client *client = push->call->client;
  dp__push_active(page, false);
  if (may_pass(error) && ++page->tries < DP__PUSH_TRIES && page->key) {
    uint64_t pause = 1000000ull << page->tries;
    dp__pages_add(&push->later, page);
    if (push->later.count > 1 ||
        dp__timer_set(&client->timers, &push->retry_timer, client->now_us + pause, retry_due))
      return;
    dp__pages_take(&push->later);
  }
  dp__push_done(page, "failed", NULL, error);
}

/* --- going on ----------------------------------------------------------------------------------------- */

static bool is_idle(const dp__push *push) {
  bool none_waits = !push->fresh.first && !push->huge.first && !push->later.first;
  return !push->active && (none_waits || push->stopping) && !push->stamping.first &&
         !push->checking.first && !push->stamps && !push->checks;
}

static void come_to_end(dp__push *push) {
  push->ending = true;
  if (push->stopping)
    dp__teller_end(push->call, &push->intake.why); /* written once, before stopping was */
  else
    dp__push_end(push);
}

static bool no_more_come(dp__push *push) {
  pthread_mutex_lock(&push->intake.lock);
  bool none = push->intake.finished && !push->intake.pages.first;
  pthread_mutex_unlock(&push->intake.lock);
  return none;
}

static bool goes_on(const dp__push *push) {
  return push->call->phase == DP__CALL_COMPOSING && !push->call->ending && !push->ending;
}

static void begin_pages(dp__push *push) {
  dp__page *page;
  while (goes_on(push) && push->active < DP__PUSH_PAGES && !dp__compose_behind(push->call) &&
         (page = dp__pages_take(&push->fresh))) {
    dp__push_active(page, true);
    dp__push_begin_page(page);
  }
  bool only_huge = !push->active && !push->fresh.first;
  if (goes_on(push) && only_huge && (page = dp__pages_take(&push->huge))) {
    dp__push_active(page, true);
    dp__push_begin_page(page);
  }
}

static void kick_once(dp__push *push) {
  if (push->planning && !push->stopping)
    begin_pages(push);
  if (goes_on(push))
    dp__push_stamp(push);
  if (goes_on(push))
    dp__push_check(push);
  bool knows = push->kb && !(push->listing && !push->listed); /* else its end waits until it does */
  if (goes_on(push) && (knows || push->stopping) && is_idle(push) && no_more_come(push) &&
      !(knows && !push->stopping && dp__push_check_doubles(push)))
    come_to_end(push);
}

/* A page that is done at once asks for the next one, and so may thousands: in turn, not one within another. */
void dp__push_kick(dp__push *push) {
  if (push->kicking) {
    push->kick_again = true;
    return;
  }
  push->kicking = true;
  do {
    push->kick_again = false;
    if (goes_on(push))
      kick_once(push);
  } while (push->kick_again);
  push->kicking = false;
}

/* --- preparing, the caller's thread ------------------------------------------------------------------- */

static bool truth(const dp_args *args, const char *name, bool otherwise) {
  const dp__arg *arg = dp__args_find(args, name);
  return arg && arg->kind == DP__ARG_BOOL ? arg->value.truth : otherwise;
}

static enum dp__on_duplicate on_duplicate(const char *text) {
  return !text || strcmp(text, "error") == 0 ? DP__DUPLICATE_ERROR
         : strcmp(text, "last") == 0         ? DP__DUPLICATE_LAST
                                             : DP__DUPLICATE_NUMBER;
}

static dp_kind take_options(dp__push *push, const dp_args *args, dp_error *err) {
  const dp__arg *most = dp__args_find(args, "max_delete");
  const char *set = dp__args_text(args, "set");
  push->options = (dp__push_options){
      .dataset_id = dp__args_text(args, "dataset_id"), .dataset = dp__args_text(args, "dataset"),
      .set = set ? set : "default", .technique = dp__args_text(args, "indexing_technique"),
      .form = dp__args_text(args, "doc_form"), .language = dp__args_text(args, "doc_language"),
      .wait = truth(args, "wait", false), .prune = truth(args, "prune", false),
      .prune_adopted = truth(args, "prune_adopted", false), .adopt = truth(args, "adopt", true),
      .rechunk = truth(args, "rechunk", false), .mend = truth(args, "mend", false),
      .dry_run = truth(args, "dry_run", false),
      .max_delete = most && most->kind == DP__ARG_INT ? (uint32_t)most->value.integer : 10,
      .on_duplicate = on_duplicate(dp__args_text(args, "on_duplicate"))};
  if (!push->options.dataset == !push->options.dataset_id)
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL,
                    "pages.push: give dataset (a name) or dataset_id, one of them");
  if (!dp__set_ok(push->options.set))
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL,
                    "pages.push: set is 1 to %d of letters, digits, . _ -", DP__SET_MAX);
  return DP_OK;
}

/* A page of the list that is wrong is told in its turn like one that failed. */
static dp_kind take_listed(dp__push *push, const json_t *given, dp_error *err) {
  dp__intake *in = &push->intake;
  dp__page *page;
  dp_error why;
  dp_kind kind = dp__page_take_json(given, &page, &why);
  if (kind != DP_OK) {
    const char *id = json_string_value(json_object_get(given, "id"));
    page = kind == DP_INTERNAL ? NULL
           : dp__push_wrong_page(id && *id ? id : json_string_value(json_object_get(given, "url")), &why);
  }
  if (!page)
    return dp__no_memory(err);
  page->index = in->count++;
  in->held++;
  in->held_bytes += page->bytes;
  dp__pages_add(&in->pages, page);
  return DP_OK;
}

/* Where the last of equal keys counts and all are known, the others are not even sent. */
static dp_kind supersede(dp__push *push, dp_error *err) {
  json_t *last = json_object();
  bool ok = last != NULL;
  for (dp__page *page = push->intake.pages.first; page && ok; page = page->next)
    ok = page->wrong || json_object_set_new(last, page->key, json_integer((json_int_t)page->index)) == 0;
  for (dp__page *page = push->intake.pages.first; page && ok; page = page->next)
    page->superseded =
        !page->wrong &&
        (uint64_t)json_integer_value(json_object_get(last, page->key)) != page->index;
  json_decref(last);
  return ok ? DP_OK : dp__no_memory(err);
}

static dp_kind take_pages(dp__push *push, const dp_args *args, dp_error *err) {
  const dp__arg *pages = dp__args_find(args, "pages");
  push->session = !pages;
  if (!pages)
    return push->call->teller ? DP_OK
                              : dp__fail(err, DP_INVALID_REQUEST, "argument", "Give pages, or read it.",
                                         "pages.push: a session needs a reader of its events");
  json_t *list = json_loadb(pages->data, pages->length, 0, NULL);
  size_t i;
  const json_t *page;
  push->results = push->call->teller ? NULL : json_array();
  if (!json_is_array(list) || (!push->call->teller && !push->results)) {
    json_decref(list);
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "pages.push: pages is no array");
  }
  dp_kind kind = DP_OK;
  json_array_foreach(list, i, page)
    if (kind == DP_OK)
      kind = take_listed(push, page, err);
  json_decref(list);
  push->intake.finished = true;
  if (kind == DP_OK && push->options.on_duplicate == DP__DUPLICATE_LAST)
    kind = supersede(push, err);
  return kind;
}

static dp_kind prepare(dp_call *call, dp_error *err) {
  dp__push *push = calloc(1, sizeof *push);
  if (!push)
    return dp__no_memory(err);
  call->work = push;
  push->call = call;
  pthread_mutex_init(&push->intake.lock, NULL);
  dp__pages_init(&push->intake.pages);
  dp__pages_init(&push->fresh);
  dp__pages_init(&push->huge);
  dp__pages_init(&push->stamping);
  dp__pages_init(&push->checking);
  dp__pages_init(&push->later);
  dp__pages_init(&push->kept);
  push->list_total = push->seen_total = -1;
  push->wanted = json_object();
  push->written = json_array();
  dp_kind kind = take_options(push, call->request.args, err);
  if (kind == DP_OK)
    kind = dp__push_choose_rule(push, call->request.args, err);
  if (kind == DP_OK && (!push->wanted || !push->written))
    kind = dp__no_memory(err);
  return kind == DP_OK ? take_pages(push, call->request.args, err) : kind;
}

static void begin(dp_call *call) {
  dp__push *push = call->work;
  dp__push_take_in(push);
  dp__args_remove(call->request.args, "pages");
  dp__push_open(push);
}

static void end(dp_call *call) {
  dp__push *push = call->work;
  dp__timer_clear(&call->client->timers, &push->retry_timer);
  pthread_mutex_lock(&push->intake.lock);
  push->intake.closed = true;
  dp_room_fn fn = push->intake.on_room;
  push->intake.on_room = NULL;
  void *user = push->intake.room_user;
  pthread_mutex_unlock(&push->intake.lock);
  for (dp__page *page = push->all; page; page = page->all_next) {
    dp__turn_give(&page->name_turn);
    dp__turn_give(&page->turn);
  }
  dp__turn_give(&push->list_turn);
  dp__kb_leave(push);
  if (fn)
    fn(call, user);
}

static void go_on(dp_call *call) {
  dp__push_kick(call->work);
}

static void release(void *work) {
  dp__push *push = work;
  dp__page *page;
  while ((page = dp__pages_take(&push->intake.pages)))
    dp__page_free(page);
  while (push->batches)
    dp__batch_free(push->batches);
  while ((page = push->all)) {
    push->all = page->all_next;
    dp__page_free(page);
  }
  pthread_mutex_destroy(&push->intake.lock);
  json_decref(push->wanted);
  json_decref(push->results);
  json_decref(push->written);
  json_decref(push->prunes);
  free(push->came);
  free(push->rule);
  free(push);
}

const dp__composition dp__pages_push = {.op = DP_OP_PAGES_PUSH, .prepare = prepare, .begin = begin,
                                        .end = end, .go_on = go_on, .release = release,
                                        .takes_long = true};
