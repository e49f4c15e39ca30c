/*
 * What the knowledge base holds: listed whole, or looked for page by page.
 *
 * A list costs a server 3.5 ms a document and a look some 13 ms, so the cheaper of the two is taken by
 * count. To adopt documents that another program made, a knowledge base must have been listed once in the
 * service's life; what was seen then is kept, and a look makes sure of the one document before it is written.
 *
 * Lists are newest first, so what others create meanwhile shifts entries to later pages, where they come
 * twice, which does no harm; what others delete shifts them to earlier ones, where they are missed. A list
 * that showed fewer than there are is therefore read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "push.h"

enum { LISTS_AT_ONCE = 4, LISTS_AGAIN = 3 };

static bool take_entries(dp__push *push, const json_t *data) {
  size_t i;
  const json_t *entry;
  json_array_foreach(data, i, entry) {
    bool bad;
    if (!dp__inventory_put(&push->kb->inventory, entry, &bad) && !bad) {
      dp__compose_out_of_memory(push->call);
      return false;
    }
  }
  return true;
}

/* --- all of it -------------------------------------------------------------------------------------- */

static void ask_for(dp__push *push, int page);

static size_t count_seen(const dp__inventory *inventory) {
  size_t seen = 0;
  for (dp__doc *d = dp__inventory_next(inventory, NULL); d; d = dp__inventory_next(inventory, d))
    seen += d->round == inventory->round;
  return seen;
}

static void begin_list(dp__push *push) {
  push->listing = true;
  push->list_pages = 1;
  push->list_total = -1;
  dp__inventory_begin(&push->kb->inventory);
  ask_for(push, 1);
}

static void is_known(dp__push *push) {
  push->listed = true;
  push->planning = true;
  dp__turn_give(&push->list_turn);
  dp__push_kick(push);
}

static void list_is_whole(dp__push *push) {
  dp__inventory *inventory = &push->kb->inventory;
  size_t seen = count_seen(inventory);
  if ((json_int_t)seen < push->list_total && push->list_again++ < LISTS_AGAIN) {
    begin_list(push);
    return;
  }
  dp__inventory_sweep(inventory);
  push->kb->listed_us = push->call->client->now_us;
  is_known(push);
}

static void list_on(dp__push *push) {
  size_t pages = (size_t)((push->list_total + DP__LIST_PAGE - 1) / DP__LIST_PAGE);
  while (push->list_pages < pages && push->list_open < LISTS_AT_ONCE &&
         push->call->phase == DP__CALL_COMPOSING)
    ask_for(push, (int)++push->list_pages);
  if (push->list_open == 0 && push->call->phase == DP__CALL_COMPOSING)
    list_is_whole(push);
}

static void list_seen(dp_call *call, dp_reply *reply, void *user) {
  dp__push *push = user;
  push->list_open--;
  if (dp_reply_kind(reply) != DP_OK) {
    dp__compose_fail_as(call, reply, "the documents could not be listed");
    return;
  }
  json_t *body = dp__compose_body(call, reply, "the list of documents");
  if (!body)
    return;
  const json_t *total = json_object_get(body, "total");
  bool ok = take_entries(push, json_object_get(body, "data"));
  if (push->list_total < 0 || json_integer_value(total) < push->list_total)
    push->list_total = json_integer_value(total);
  json_decref(body);
  if (ok)
    list_on(push);
}

static void ask_for(dp__push *push, int page) {
  dp_args *args = dp__push_args(push);
  if (!args)
    return;
  if (dp_args_set_int(args, "page", page) != DP_OK ||
      dp_args_set_int(args, "limit", DP__LIST_PAGE) != DP_OK) {
    dp_args_free(args);
    dp__compose_out_of_memory(push->call);
    return;
  }
  push->list_open++;
  dp__push_call(push, DP_OP_DOCUMENTS_LIST, args, list_seen, push);
}

/* Two lists at once would each take what the other has not seen yet for gone; and one is enough: what another
 * push has read meanwhile is known to this one, too. Only whoever looks for doubles needs one that began later. */
static void list_turn_came(dp__turn *turn) {
  dp__push *push = DP__FROM(dp__push, list_turn, turn);
  const dp__kb *kb = push->kb;
  if (push->call->phase != DP__CALL_COMPOSING)
    return;
  uint64_t known_us = push->checked_doubles ? kb->list_begun_us : kb->listed_us;
  if (kb->listed_us && known_us > push->list_asked_us) {
    is_known(push);
    return;
  }
  push->kb->list_begun_us = push->call->client->now_us;
  begin_list(push);
}

void dp__push_list(dp__push *push) {
  if (push->listing && !push->listed)
    return;
  push->listed = false;
  push->listing = true;
  push->planning = false;
  push->list_again = 0;
  push->list_asked_us = push->call->client->now_us;
  dp__turn_take(&push->list_turn, push->call, "list", push->kb->id, list_turn_came);
}

/* Who made documents while we did, by a name of another title or on a server that keeps equal names apart, has
 * made some of the same pages, maybe. Then there are more of them than we know. */
bool dp__push_check_doubles(dp__push *push) {
  bool strangers = push->listed && push->totals.created > 0 &&
                   push->seen_total > (json_int_t)push->kb->inventory.count;
  if (push->checked_doubles || !strangers || push->options.dry_run)
    return false;
  push->checked_doubles = true;
  dp__push_list(push);
  return true;
}

/* --- which of the two -------------------------------------------------------------------------------- */

/* How many looks a list costs as much as: 13 ms a look, 3.5 ms a listed document, a call at least. */
static uint64_t looks_worth(json_int_t documents) {
  return 1 + (uint64_t)documents * 35 / 130;
}

void dp__push_plan_how(dp__push *push) {
  uint64_t pages = push->fresh.count + push->huge.count + push->looks;
  bool knows_total = push->list_total >= 0;
  if (push->kb_is_new || (knows_total && push->list_total == 0)) {
    push->listed = push->listing = push->planning = true; /* it is empty */
  } else if (push->options.prune || (push->options.adopt && !push->kb->listed_us)) {
    dp__push_list(push);
    return;
  } else if (pages == 0) {
    dp__push_kick(push); /* the first page decides; without any, it may be the end */
    return;
  } else if (!push->session || pages > 1) {
    if (knows_total && looks_worth(push->list_total) <= pages) {
      dp__push_list(push);
      return;
    }
  }
  push->planning = true;
  dp__push_kick(push);
}

/* --- one page ------------------------------------------------------------------------------------------ */

/* What bore the page's tag and is not shown any more is gone. */
static void forget_gone(dp__push *push, const dp__page *page, const json_t *data) {
  dp__inventory *inventory = &push->kb->inventory;
  for (dp__doc *d = dp__doc_by_tag(inventory, page->tag), *next; d; d = next) {
    next = dp__doc_again(d, DP__BY_TAG);
    char id[37];
    bool shown = false;
    size_t i;
    const json_t *entry;
    dp__uuid_write(d->id, id);
    json_array_foreach(data, i, entry) {
      const char *other = json_string_value(json_object_get(entry, "id"));
      shown = shown || (other && strcmp(other, id) == 0);
    }
    if (!shown)
      dp__inventory_remove(inventory, d->id);
  }
}

static void ask_look(dp__page *page);

/* A name that pages bring may be part of many names: its own document may stand on a later page. */
static bool look_on(dp__page *page, const json_t *body, size_t shown) {
  json_int_t total = json_integer_value(json_object_get(body, "total"));
  if (!shown || total <= (json_int_t)(page->look_page * DP__LIST_PAGE))
    return false;
  page->look_page++;
  return true;
}

static void look_seen(dp_call *call, dp_reply *reply, void *user) {
  dp__page *page = user;
  dp__push *push = dp__push_of(call);
  if (dp_reply_kind(reply) != DP_OK) {
    dp__push_failed(page, dp_reply_error(reply));
    dp__push_kick(push);
    return;
  }
  json_t *body = dp__compose_body(call, reply, "the list of documents");
  if (!body)
    return;
  const json_t *data = json_object_get(body, "data");
  if (page->look_page == 1)
    forget_gone(push, page, data);
  bool ok = take_entries(push, data);
  bool more = ok && look_on(page, body, json_array_size(data));
  json_decref(body);
  if (more)
    ask_look(page);
  else if (ok)
    page->then(page);
}

static const char *keyword_of(const dp__page *page) {
  const char *name = page->document_name;
  if (name && !dp__name_tag(name, strlen(name)))
    return name; /* adopted, or brought along: it keeps its name */
  return page->name && !page->plan.name_taken ? page->name : page->tag;
}

static void ask_look(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  dp_args *args = dp__push_args(push);
  if (!args)
    return;
  if (dp_args_set_string(args, "keyword", keyword_of(page)) != DP_OK ||
      (page->look_page > 1 && dp_args_set_int(args, "page", (int64_t)page->look_page) != DP_OK) ||
      dp_args_set_int(args, "limit", DP__LIST_PAGE) != DP_OK) {
    dp_args_free(args);
    dp__compose_out_of_memory(push->call);
    return;
  }
  push->looks++;
  dp__push_call(push, DP_OP_DOCUMENTS_LIST, args, look_seen, page);
}

void dp__push_look(dp__page *page, void (*then)(dp__page *page)) {
  page->then = then;
  page->look_page = 1;
  ask_look(page);
}
