/*
 * Metadata of a push: many documents in one write, then read back.
 *
 * A write for one document costs a default server 17 ms and one for fifty 11 ms each, so they are gathered.
 * The first goes at once, that its page is done soon; from then on a write goes when it is full, or when
 * nothing else is on its way that could fill it. A server swallows what it cannot keep and loses some of
 * what is written to one document side by side, so what was written is read back: from lists where that takes
 * fewer calls than a look for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "push.h"

enum { CHECK_MANY = 100, LOOKS_FOR_A_LIST = 4 };

/* --- fields ----------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text ? text : "";
}

static void fields_ensured(dp_call *call, dp_reply *reply, void *user) {
  dp__push *push = user;
  push->ensuring = false;
  if (dp_reply_kind(reply) != DP_OK) {
    dp__compose_fail_as(call, reply, "the metadata fields could not be found or created");
    return;
  }
  json_t *body = dp__compose_body(call, reply, "the metadata fields");
  if (!body)
    return;
  size_t i;
  const json_t *field;
  json_array_foreach(json_object_get(body, "fields"), i, field) {
    json_object_del(push->wanted, text_of(field, "name"));
    if (!dp__field_named(push->kb->fields, text_of(field, "name")))
      json_array_append(push->kb->fields, (json_t *)(uintptr_t)field);
  }
  json_decref(body);
  dp__push_kick(push);
}

static void ensure_fields(dp__push *push) {
  const char *name;
  json_t *value, *list = json_array();
  json_object_foreach(push->wanted, name, value)
    json_array_append_new(list, json_pack("{s:s,s:s}", "name", name, "type", "string"));
  char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
  dp_args *args = text ? dp__push_args(push) : NULL;
  bool ok = args && dp_args_set_json(args, "fields", text) == DP_OK;
  json_decref(list);
  free(text);
  if (!ok) {
    dp_args_free(args);
    dp__compose_out_of_memory(push->call);
    return;
  }
  push->ensuring = true;
  dp__push_call(push, DP_OP_METADATA_ENSURE, args, fields_ensured, push);
}

static void want_field(dp__push *push, const char *name) {
  if (!dp__field_named(push->kb->fields, name))
    json_object_set_new(push->wanted, name, json_true());
}

/* Whether all fields of the pages that came so far are there; else they are being created. */
static bool has_fields(dp__push *push) {
  if (push->ensuring)
    return false;
  for (const dp__page *page = push->all; page; page = page->all_next) {
    size_t i;
    const json_t *value;
    json_array_foreach(page->values, i, value)
      want_field(push, text_of(value, "name"));
  }
  want_field(push, "difypool");
  if (json_object_size(push->wanted) == 0)
    return true;
  ensure_fields(push);
  return false;
}

/* --- writing ------------------------------------------------------------------------------------------ */

static json_t *one_value(const dp__push *push, const char *name, json_t *value) {
  const json_t *field = dp__field_named(push->kb->fields, name);
  return json_pack("{s:s,s:s,s:o}", "id", text_of(field, "id"), "name", name, "value", value);
}

static json_t *stamp_of(const dp__push *push, const dp__page *page) {
  dp__stamp stamp;
  char text[DP__STAMP_TEXT];
  memset(&stamp, 0, sizeof stamp);
  snprintf(stamp.set, sizeof stamp.set, "%s", push->options.set);
  memcpy(stamp.text, page->text_hash, sizeof stamp.text);
  memcpy(stamp.rule, page->plan.rule_changed && !page->wrote ? page->plan.old_rule : push->rule_hash,
         sizeof stamp.rule);
  memcpy(stamp.upload, page->upload, sizeof stamp.upload);
  dp__stamp_write(&stamp, text);
  return json_string(text);
}

static json_t *write_of(const dp__push *push, const dp__page *page) {
  char id[37];
  size_t i;
  const json_t *value;
  json_t *list = json_array();
  json_array_foreach(page->values, i, value)
    json_array_append_new(list, one_value(push, text_of(value, "name"),
                                          json_incref(json_object_get(value, "value"))));
  json_array_append_new(list, one_value(push, "difypool", stamp_of(push, page)));
  dp__uuid_write(page->document, id);
  return json_pack("{s:s,s:o,s:b}", "document_id", id, "metadata_list", list, "partial_update", 1);
}

static bool is_refusal(dp_kind kind) {
  return kind == DP_INVALID_REQUEST || kind == DP_NOT_FOUND || kind == DP_CONFLICT ||
         kind == DP_TOO_LARGE;
}

/* One value can make a server refuse a whole batch: then each goes alone. */
static void refused(dp__push *push, dp__batch *batch, const dp_error *error) {
  bool split = batch->pages.count > 1 && is_refusal(error->kind);
  dp__page *page;
  while ((page = dp__pages_take(&batch->pages))) {
    if (split) {
      page->alone = true;
      dp__pages_add(&push->stamping, page);
    } else {
      dp__push_failed(page, error);
    }
  }
}

static void stamped(dp_call *call, dp_reply *reply, void *user) {
  dp__batch *batch = user;
  dp__push *push = dp__push_of(call);
  dp_kind kind = dp_reply_kind(reply);
  dp__page *page;
  push->stamps--;
  if (kind == DP_OK || kind == DP_UNKNOWN_OUTCOME) { /* reading back tells */
    while ((page = dp__pages_take(&batch->pages))) {
      page->doubt = kind != DP_OK;
      dp__pages_add(&push->checking, page);
    }
  } else {
    refused(push, batch, dp_reply_error(reply));
  }
  dp__batch_free(batch);
  dp__push_kick(push);
}

static void write_batch(dp__push *push) {
  bool alone = push->stamping.first->alone;
  dp__batch *batch = dp__push_batch(push, &push->stamping, alone ? 1 : DP__BATCH);
  if (!batch)
    return;
  json_t *list = json_array();
  for (dp__page *page = batch->pages.first; page; page = page->next)
    json_array_append_new(list, write_of(push, page));
  char *text = json_dumps(list, JSON_COMPACT);
  dp_args *args = text ? dp__push_args(push) : NULL;
  bool ok = args && dp_args_set_json(args, "operation_data", text) == DP_OK;
  json_decref(list);
  free(text);
  if (!ok) {
    dp_args_free(args);
    dp__compose_out_of_memory(push->call);
    return;
  }
  push->stamps++;
  push->stamped_calls++;
  dp__push_call(push, DP_OP_METADATA_ASSIGN, args, stamped, batch);
}

/* Nothing is on its way that could bring more. Who waits for a turn may wait for a page of another push, and that
 * one for a page of ours which stands here. */
static bool nothing_comes(const dp__push *push) {
  return push->active == push->queued && !push->fresh.first && !push->huge.first;
}

void dp__push_stamp(dp__push *push) {
  while (push->stamping.first && push->call->phase == DP__CALL_COMPOSING) {
    bool due = push->stamping.count >= DP__BATCH || !push->stamped_calls || nothing_comes(push) ||
               push->stamping.first->alone;
    if (!due || !has_fields(push))
      return;
    write_batch(push);
  }
}

/* --- reading back --------------------------------------------------------------------------------------- */

/* Its stamp names the text that was written, and the document still has that text. */
static bool is_kept(const dp__push *push, const dp__page *page, const dp__doc *doc) {
  if (memcmp(doc->upload, page->upload, sizeof doc->upload) != 0)
    return false;
  json_t *stamp = stamp_of(push, page);
  bool kept = stamp && dp__doc_has(doc, dp__value_hash("difypool", json_string_value(stamp),
                                                       json_string_length(stamp)));
  json_decref(stamp);
  for (size_t i = 0; kept && i < page->hash_count; i++)
    kept = dp__doc_has(doc, page->hashes[i]);
  return kept;
}

static void done(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  char id[37];
  dp__uuid_write(page->document, id);
  if (push->options.wait && page->wrote)
    json_array_append_new(push->written, json_string(id));
  dp__push_done(page, page->outcome, NULL, NULL);
}

/* Somebody else has written or deleted the document meanwhile: what there is now decides. */
static void trampled(dp__page *page, const char *code, const char *what) {
  dp_error error;
  dp__fail(&error, DP_CONFLICT, code, "Push again.", "%.200s: its document was %s while it was pushed",
           page->key, what);
  error.retryable = true;
  page->wrote = page->repaired = page->has_document = false;
  dp__push_failed(page, &error);
}

/* Of two documents the younger is gone; if it was ours, the page is the other one. */
static void younger_gone(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  if (dp__doc_by_id(&push->kb->inventory, page->document)) {
    done(page);
    dp__push_kick(push);
  } else if (page->tries++ == 0) {
    dp__push_replan(page);
  } else {
    trampled(page, "document_doubled", "made by another as well");
  }
}

static void check_one(dp__push *push, dp__page *page, const dp__doc *doc) {
  dp_error error;
  if (is_kept(push, page, doc)) {
    if (!dp__push_remove_double(page, younger_gone))
      done(page);
    return;
  }
  if (memcmp(doc->upload, page->upload, sizeof doc->upload) != 0) {
    trampled(page, "document_rewritten", "written by another");
    return;
  }
  if (page->doubt) { /* it was not done: that is no loss, but a try */
    dp__fail(&error, DP_UNREACHABLE, "metadata_unwritten", "Push again.",
             "%.200s: its metadata could not be written", page->key);
    dp__push_failed(page, &error);
    return;
  }
  if (!page->repaired) {
    page->repaired = true;
    dp__pages_add(&push->stamping, page);
    return;
  }
  dp__fail(&error, DP_SERVER_ERROR, "metadata_lost", "Look whether another program writes it, too.",
           "%.200s: the server does not keep its metadata", page->key);
  dp__push_done(page, "failed", NULL, &error);
}

static void looked(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  const dp__doc *doc = dp__doc_by_id(&push->kb->inventory, page->document);
  push->checks--;
  dp__push_active(page, false);
  if (doc)
    check_one(push, page, doc);
  else
    trampled(page, "document_gone", "deleted");
  dp__push_kick(push);
}

static void look_for(dp__push *push, dp__page *page) {
  push->checks++;
  dp__push_active(page, true);
  dp__push_look(page, looked);
}

/* Those whose documents a list has shown, since it was asked for, are done; the others are left. */
static void settle(dp__push *push, dp__batch *batch) {
  dp__pages rest;
  dp__page *page;
  dp__pages_init(&rest);
  while ((page = dp__pages_take(&batch->pages))) {
    const dp__doc *doc = dp__doc_by_id(&push->kb->inventory, page->document);
    if (doc && is_kept(push, page, doc))
      check_one(push, page, doc);
    else
      dp__pages_add(&rest, page);
  }
  while ((page = dp__pages_take(&rest)))
    dp__pages_add(&batch->pages, page);
}

static void list_page(dp__push *push, dp__batch *batch);

static void listed(dp_call *call, dp_reply *reply, void *user) {
  dp__batch *batch = user;
  dp__push *push = dp__push_of(call);
  json_t *body = dp_reply_kind(reply) == DP_OK ? dp__compose_body(call, reply, "the list") : NULL;
  if (call->phase != DP__CALL_COMPOSING)
    return;
  size_t i;
  const json_t *entry;
  bool bad;
  json_array_foreach(json_object_get(body, "data"), i, entry)
    dp__inventory_put(&push->kb->inventory, entry, &bad);
  json_int_t total = json_integer_value(json_object_get(body, "total"));
  bool more = total > (json_int_t)batch->page * DP__LIST_PAGE;
  push->seen_total = body ? total : push->seen_total;
  json_decref(body);
  settle(push, batch);
  if (call->phase != DP__CALL_COMPOSING)
    return;
  if (body && more && batch->pages.first && batch->page < batch->last_page) {
    batch->page++;
    list_page(push, batch);
    return;
  }
  dp__page *page;
  push->checks--;
  while ((page = dp__pages_take(&batch->pages)) && call->phase == DP__CALL_COMPOSING)
    look_for(push, page);
  if (call->phase == DP__CALL_COMPOSING) {
    dp__batch_free(batch);
    dp__push_kick(push);
  }
}

static void list_page(dp__push *push, dp__batch *batch) {
  dp_args *args = dp__push_args(push);
  if (!args)
    return;
  if (dp_args_set_int(args, "page", batch->page) == DP_OK &&
      dp_args_set_int(args, "limit", DP__LIST_PAGE) == DP_OK) {
    dp__push_call(push, DP_OP_DOCUMENTS_LIST, args, listed, batch);
    return;
  }
  dp_args_free(args);
  dp__compose_out_of_memory(push->call);
}

/* How many pages of the list are worth reading for so many documents: new ones stand at its beginning. */
static int pages_worth(const dp__push *push, size_t count, size_t created) {
  if (created && !push->listed) /* a look shows what another machine made of the page, too */
    return 0;
  size_t all = (push->kb->inventory.count + DP__LIST_PAGE - 1) / DP__LIST_PAGE;
  size_t head = (created + DP__LIST_PAGE - 1) / DP__LIST_PAGE;
  if (all * LOOKS_FOR_A_LIST <= count)
    return (int)all;
  return head * LOOKS_FOR_A_LIST <= created ? (int)head : 0;
}

static void check_many(dp__push *push) {
  dp__batch *batch = dp__push_batch(push, &push->checking, CHECK_MANY);
  size_t created = 0;
  dp__page *page;
  if (!batch)
    return;
  for (page = batch->pages.first; page; page = page->next)
    created += page->plan.deed == DP__DEED_CREATE;
  batch->page = 1;
  batch->last_page = pages_worth(push, batch->pages.count, created);
  push->checked_calls++;
  if (batch->last_page > 0) {
    push->checks++;
    list_page(push, batch);
    return;
  }
  while ((page = dp__pages_take(&batch->pages)) && push->call->phase == DP__CALL_COMPOSING)
    look_for(push, page);
  if (push->call->phase == DP__CALL_COMPOSING)
    dp__batch_free(batch);
}

void dp__push_check(dp__push *push) {
  while (push->checking.first && push->call->phase == DP__CALL_COMPOSING) {
    bool idle = nothing_comes(push) && !push->stamping.first && !push->stamps;
    if (push->checking.count < CHECK_MANY && push->checked_calls && !idle)
      return;
    check_many(push);
  }
}
