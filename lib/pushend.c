/*
 * The end of a push: documents that are to be indexed are waited for, pages that are gone are pruned, and all
 * of it is counted. What failed to be indexed is written once more, as far as its text was kept.
 *
 * Pruning deletes, so it is careful: only this set's documents, only after the source ended cleanly, no page
 * failed and there was at least one, and never more than a part of the set unless that was allowed. It works
 * on a whole list, since what is not seen cannot be known to be gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "push.h"

/* --- totals ------------------------------------------------------------------------------------------- */

static void finish(dp__push *push) {
  const dp__totals *t = &push->totals;
  dp_call *call = push->call;
  json_t *body = json_pack(
      "{s:s,s:s,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "dataset_id", push->kb->id, "set",
      push->options.set, "dry_run", (int)push->options.dry_run, "pages", (json_int_t)t->pages,
      "created", (json_int_t)t->created, "updated", (json_int_t)t->updated, "adopted",
      (json_int_t)t->adopted, "unchanged", (json_int_t)t->unchanged, "duplicates",
      (json_int_t)t->duplicates, "skipped", (json_int_t)t->skipped, "failed", (json_int_t)t->failed,
      "deleted", (json_int_t)t->deleted, "rule_changed", (json_int_t)t->rule_changed, "indexed",
      (json_int_t)t->indexed, "not_indexed", (json_int_t)t->not_indexed);
  if (body && push->results)
    json_object_set(body, "results", push->results);
  dp__compose_done(call, body);
}

/* --- pruning ------------------------------------------------------------------------------------------ */

static void prune_next(dp__push *push);

static void deleted(dp_call *call, dp_reply *reply, void *user) {
  dp__push *push = dp__push_of(call);
  const json_t *entry = user;
  dp_kind kind = dp_reply_kind(reply);
  bool ok = kind == DP_OK || kind == DP_NOT_FOUND;
  push->pruning--;
  push->totals.deleted += ok;
  push->totals.failed += !ok;
  json_t *event = json_pack("{s:s,s:O,s:O,s:b}", "event", "deleted", "document_id",
                            json_object_get(entry, "id"), "name", json_object_get(entry, "name"), "done",
                            (int)ok);
  if (!ok)
    json_object_set_new(event, "message", json_string(dp_reply_error(reply)->message));
  if (push->results)
    json_array_append(push->results, event);
  dp__compose_tell(call, event);
  if (call->phase == DP__CALL_COMPOSING)
    prune_next(push);
}

static void dry_delete(dp__push *push) {
  size_t i;
  json_t *entry;
  json_array_foreach(push->prunes, i, entry) {
    json_t *event = json_pack("{s:s,s:O,s:O,s:b}", "event", "deleted", "document_id",
                              json_object_get(entry, "id"), "name", json_object_get(entry, "name"),
                              "done", 0);
    push->totals.deleted++;
    if (push->results)
      json_array_append(push->results, event);
    dp__compose_tell(push->call, event);
  }
  finish(push);
}

enum { DELETES_AT_ONCE = 64 };

static void prune_next(dp__push *push) {
  while (push->prune_at < json_array_size(push->prunes) && push->pruning < DELETES_AT_ONCE) {
    json_t *entry = json_array_get(push->prunes, push->prune_at++);
    dp_args *args = dp__push_args(push);
    if (!args)
      return;
    if (dp_args_set_string(args, "document_id", json_string_value(json_object_get(entry, "id"))) != DP_OK) {
      dp_args_free(args);
      dp__compose_out_of_memory(push->call);
      return;
    }
    push->pruning++;
    uint8_t id[16];
    const char *text = json_string_value(json_object_get(entry, "id"));
    dp__uuid_read(text, strlen(text), id);
    dp__inventory_remove(&push->kb->inventory, id);
    if (!dp__push_call(push, DP_OP_DOCUMENTS_DELETE, args, deleted, entry))
      return;
  }
  if (push->pruning == 0)
    finish(push);
}

static int compare_ids(const void *a, const void *b) {
  return memcmp(a, b, 16);
}

/* The documents of all pages that came, sorted. */
static uint8_t (*claimed_ids(const dp__push *push, size_t *count))[16] {
  uint8_t(*ids)[16] = malloc(16 * (push->came_count + 1));
  size_t n = 0;
  for (size_t i = 0; ids && i < push->came_places; i++)
    if (push->came[i].used)
      memcpy(ids[n++], push->came[i].document, 16);
  if (ids)
    qsort(ids, n, 16, compare_ids);
  *count = n;
  return ids;
}

static void add_prune(dp__push *push, const dp__doc *doc) {
  char id[37];
  dp__uuid_write(doc->id, id);
  json_array_append_new(push->prunes, json_pack("{s:s,s:s}", "id", id, "name", dp__doc_name(doc)));
}

/* What is of this set and no page's; how many the set has in all. */
static bool find_prunes(dp__push *push, size_t *of_set) {
  size_t count;
  uint8_t(*ids)[16] = claimed_ids(push, &count);
  const dp__inventory *inventory = &push->kb->inventory;
  *of_set = 0;
  for (dp__doc *d = dp__inventory_next(inventory, NULL); ids && d; d = dp__inventory_next(inventory, d)) {
    if (!dp__plan_prunes(d, push->options.set, push->options.prune_adopted))
      continue;
    ++*of_set;
    if (!bsearch(d->id, ids, count, 16, compare_ids))
      add_prune(push, d);
  }
  free(ids);
  return ids != NULL;
}

/* Of pages that another machine pushed in the same moment the younger documents. */
static void find_doubles(dp__push *push) {
  const dp__inventory *inventory = &push->kb->inventory;
  for (size_t i = 0; push->checked_doubles && i < push->came_places; i++) {
    const dp__doc *ours =
        push->came[i].used ? dp__doc_by_id(inventory, push->came[i].document) : NULL;
    const char *name = ours ? dp__doc_name(ours) : "", *tag = dp__name_tag(name, strlen(name));
    char text[DP__TAG + 1] = "";
    if (!tag)
      continue;
    memcpy(text, tag, DP__TAG);
    for (const dp__doc *d = dp__doc_by_tag(inventory, text); d; d = dp__doc_again(d, DP__BY_TAG))
      if (dp__plan_is_double(inventory, d))
        add_prune(push, d);
  }
}

/* Whether pages that are gone may be pruned; why not is told. */
static bool may_prune(dp__push *push) {
  const dp__totals *t = &push->totals;
  if (push->options.prune && (t->failed || t->pages == 0))
    dp__reply_note(push->call->reply, "Nothing was pruned: %s.",
                   t->failed ? "a page failed" : "there was no page");
  return push->options.prune && !t->failed && t->pages > 0;
}

static bool are_too_many(dp__push *push, size_t of_set) {
  size_t many = json_array_size(push->prunes);
  if (100 * many <= (uint64_t)push->options.max_delete * of_set)
    return false;
  dp__compose_fail(push->call, DP_CONFLICT, "max_delete",
                   "Raise max_delete if that is meant; all pages were pushed.",
                   "nothing was pruned: %zu of %zu documents of the set would be deleted, and max_delete is "
                   "%u %%",
                   many, of_set, (unsigned)push->options.max_delete);
  return true;
}

static void prune(dp__push *push) {
  size_t of_set = 0;
  bool prunes = may_prune(push);
  json_decref(push->prunes);
  push->prunes = json_array();
  if (!push->prunes || (prunes && !find_prunes(push, &of_set))) {
    dp__compose_out_of_memory(push->call);
    return;
  }
  if (prunes && are_too_many(push, of_set))
    return;
  find_doubles(push);
  if (push->options.dry_run)
    dry_delete(push);
  else
    prune_next(push);
}

/* --- waiting for the index ------------------------------------------------------------------------------ */

/* What became of one document, unless it is to be tried again. */
static void tell_indexed(dp__push *push, const json_t *entry) {
  const char *status = json_string_value(json_object_get(entry, "status"));
  bool done = status && strcmp(status, "completed") == 0;
  push->totals.indexed += done;
  push->totals.not_indexed += !done;
  json_t *event = json_pack("{s:s,s:O,s:O}", "event", "indexed", "document_id",
                            json_object_get(entry, "id"), "status", json_object_get(entry, "status"));
  if (json_object_get(entry, "error"))
    json_object_set(event, "error", json_object_get(entry, "error"));
  if (push->results)
    json_array_append(push->results, event);
  dp__compose_tell(push->call, event);
}

/* The page of a document whose indexing failed, if its text was kept; it leaves the kept ones. */
static dp__page *kept_page(dp__push *push, const json_t *entry) {
  const char *id = json_string_value(json_object_get(entry, "id"));
  const char *status = json_string_value(json_object_get(entry, "status"));
  uint8_t wanted[16];
  dp__page *found = NULL, *page;
  if (push->indexed_again || !id || !status || strcmp(status, "error") != 0 ||
      !dp__uuid_read(id, strlen(id), wanted))
    return NULL;
  for (size_t left = push->kept.count; left-- > 0;) {
    page = dp__pages_take(&push->kept);
    if (!found && memcmp(page->document, wanted, sizeof wanted) == 0)
      found = page;
    else
      dp__pages_add(&push->kept, page);
  }
  return found;
}

/* Those whose indexing failed are written once more, and waited for again. */
static void index_again(dp__push *push, dp__pages *again) {
  dp__page *page;
  push->indexed_again = true;
  push->ending = false;
  dp__reply_note(push->call->reply, "%zu documents whose indexing failed were written once more.",
                 again->count);
  while ((page = dp__pages_take(again)))
    dp__push_index_again(page);
  dp__push_kick(push);
}

static void indexed(dp_call *call, dp_reply *reply, void *user) {
  dp__push *push = user;
  size_t length, i;
  const char *text = dp_reply_body(reply, &length);
  json_t *body = text ? json_loadb(text, length, 0, NULL) : NULL;
  const json_t *entry;
  dp__pages again;
  dp__pages_init(&again);
  json_array_clear(push->written);
  json_array_foreach(json_object_get(body, "documents"), i, entry) {
    dp__page *page = kept_page(push, entry);
    if (page)
      dp__pages_add(&again, page);
    else
      tell_indexed(push, entry);
  }
  json_decref(body);
  if (call->phase != DP__CALL_COMPOSING)
    return;
  if (dp_reply_kind(reply) != DP_OK)
    dp__reply_note(call->reply, "Waiting for the index ended early: %.200s", dp_reply_error(reply)->message);
  if (again.count)
    index_again(push, &again);
  else
    prune(push);
}

void dp__push_end(dp__push *push) {
  if (!push->options.wait || json_array_size(push->written) == 0) {
    prune(push);
    return;
  }
  char *text = json_dumps(push->written, JSON_COMPACT);
  dp_args *args = text ? dp__push_args(push) : NULL;
  bool ok = args && dp_args_set_json(args, "ids", text) == DP_OK;
  free(text);
  if (ok) {
    dp__push_call(push, DP_OP_DOCUMENTS_WAIT, args, indexed, push);
    return;
  }
  dp_args_free(args);
  dp__compose_out_of_memory(push->call);
}
