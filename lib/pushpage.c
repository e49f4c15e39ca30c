/*
 * One page of a push, from its turn to its text being written.
 *
 * Only one push of this client at a time has a page in hand. A create by the name of an enabled text
 * document writes that document anew on servers from 1.12.1 on, which is how a page is updated: the
 * server's own update hangs the indexing of versions up to that one. What came of a write that was not
 * answered is looked up, and written again where it did not show: both are harmless by name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "push.h"

enum { MENDS = 4 };

static void plan(dp__page *page);

static void out_of_memory(const dp__page *page) {
  dp__compose_out_of_memory(page->push);
}

static void failed(dp__page *page, const dp_error *error) {
  dp__push *push = dp__push_of(page->push);
  dp__push_failed(page, error);
  dp__push_kick(push);
}

/* A look goes on from what there is by then. */
void dp__push_replan(dp__page *page) {
  page->wrote = false;
  page->has_document = false;
  dp__push_active(page, true);
  dp__push_look(page, plan);
}

static void done(dp__page *page, const char *outcome, const char *code) {
  dp__push *push = dp__push_of(page->push);
  dp__push_done(page, outcome, code, NULL);
  dp__push_kick(push);
}

static void take_document(dp__page *page, const dp__doc *doc) {
  page->has_document = true;
  memcpy(page->document, doc->id, sizeof page->document);
  free(page->document_name);
  page->document_name = strdup(dp__doc_name(doc));
}

/* Its name does not tell whose it is: no other page may take it. */
static void claim(const dp__page *page, dp__doc *doc) {
  if (doc && doc->hash[DP__BY_TAG] == 0)
    dp__doc_claim(doc, page->key_hash.bytes);
}

/* --- written --------------------------------------------------------------------------------------- */

/* Its text is there: its metadata is next. */
static void written(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  page->wrote = true;
  dp__push_active(page, false);
  dp__pages_add(&push->stamping, page);
  dp__push_kick(push);
}

static bool take_answer(dp__page *page, const json_t *body) {
  const json_t *document = json_object_get(body, "document");
  const char *id = json_string_value(json_object_get(document, "id"));
  const json_t *info = json_object_get(document, "data_source_info");
  const char *upload = json_string_value(json_object_get(info, "upload_file_id"));
  const char *name = json_string_value(json_object_get(document, "name"));
  uint8_t before[16];
  memcpy(before, page->document, sizeof before);
  if (!id || !upload || !dp__uuid_read(id, strlen(id), page->document) ||
      !dp__uuid_read(upload, strlen(upload), page->upload))
    return false;
  bool bad;
  if (page->has_document && memcmp(before, page->document, sizeof before) != 0)
    memcpy(page->replaced, before, sizeof before);
  page->has_document = true;
  claim(page, dp__inventory_put(&dp__push_of(page->push)->kb->inventory, document, &bad));
  if (name) {
    free(page->document_name);
    page->document_name = strdup(name);
  }
  return true;
}

static void replaced_gone(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  (void)reply; /* one that stays is found as a double */
  written(user);
}

/* Servers before 1.12 keep a document of the same name beside the new one: the new one stands for it. */
static void settle_written(dp__page *page) {
  static const uint8_t none[sizeof page->replaced] = {0};
  dp__push *push = dp__push_of(page->push);
  char id[37];
  if (memcmp(page->replaced, none, sizeof none) == 0) {
    written(page);
    return;
  }
  dp_args *args = dp__push_args(push);
  if (!args)
    return;
  dp__uuid_write(page->replaced, id);
  dp__inventory_remove(&push->kb->inventory, page->replaced);
  memset(page->replaced, 0, sizeof page->replaced);
  if (dp_args_set_string(args, "document_id", id) == DP_OK) {
    dp__push_call(push, DP_OP_DOCUMENTS_DELETE, args, replaced_gone, page);
    return;
  }
  dp_args_free(args);
  out_of_memory(page);
}

/* Nobody answered: the document that is there now, if its upload is another than before and as long as the
 * page, is our write. */
static void doubt_seen(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  dp__plan now;
  dp__page_facts facts;
  dp__plan_options o = {.set = push->options.set, .adopt = push->options.adopt};
  dp__page_describe(page, push->rule_hash, &facts);
  dp__plan_page(&push->kb->inventory, &facts, &o, &now);
  bool ours = now.document && memcmp(now.document->upload, page->upload, sizeof page->upload) != 0 &&
              (now.document->size < 0 || now.document->size == (int64_t)page->characters);
  if (ours) {
    take_document(page, now.document);
    claim(page, now.document);
    memcpy(page->upload, now.document->upload, sizeof page->upload);
    written(page);
    return;
  }
  dp_error error;
  dp__fail(&error, DP_UNKNOWN_OUTCOME, "unverified", "Push again: it looks first.",
           "%.200s: whether the page was written cannot be told", page->key);
  failed(page, &error);
}

static void write_done(dp_call *call, dp_reply *reply, void *user) {
  dp__page *page = user;
  if (dp_reply_kind(reply) == DP_UNKNOWN_OUTCOME) {
    dp__push_look(page, doubt_seen);
    return;
  }
  if (dp_reply_kind(reply) != DP_OK) {
    failed(page, dp_reply_error(reply));
    return;
  }
  json_t *body = dp__compose_body(call, reply, "the create");
  if (!body)
    return;
  if (take_answer(page, body))
    settle_written(page);
  else
    dp__push_look(page, doubt_seen);
  json_decref(body);
}

/* --- writing ------------------------------------------------------------------------------------------ */

static const char *extension_of(const dp__page *page) {
  const char *dot = page->file_name ? strrchr(page->file_name, '.') : NULL;
  return dot && strlen(dot) <= 10 ? dot : "";
}

static bool choose_name(dp__page *page, dp__buffer *name) {
  const dp__plan *p = &page->plan;
  if (p->document)
    return dp__buffer_text(name, dp__doc_name(p->document));
  if (page->name && !p->name_taken)
    return dp__buffer_text(name, page->name);
  if (p->name_taken)
    dp__page_note(page, "Another document bears the name %.100s: this one got a suffix.", page->name);
  return dp__page_name(page->name ? page->name : page->title, page->key, &page->key_hash,
                       extension_of(page), name);
}

static bool set_content(const dp__page *page, const char *name, dp_args *args) {
  if (page->file_name)
    return dp_args_set_file(args, "file", name, page->file_type, page->text, page->length) == DP_OK;
  return dp_args_set_string(args, "name", name) == DP_OK &&
         dp_args_set_text(args, "text", page->text, page->length) == DP_OK;
}

static bool set_rule(const dp__push *push, dp_args *args) {
  const dp__push_options *o = &push->options;
  const char *technique = push->kb->technique ? push->kb->technique : o->technique;
  bool ok = dp_args_set_json(args, "process_rule", push->rule) == DP_OK &&
            dp_args_set_string(args, "doc_form", o->form ? o->form : "text_model") == DP_OK &&
            dp_args_set_string(args, "indexing_technique", technique ? technique : "high_quality") ==
                DP_OK;
  return ok && (!o->language || dp_args_set_string(args, "doc_language", o->language) == DP_OK);
}

/* Whether a create by the document's name writes exactly that document. */
static bool by_name(const dp__page *page) {
  const dp__push *push = dp__push_of(page->push);
  const dp__doc *doc = page->plan.document;
  const char *version = page->push->host->version, *name = dp__doc_name(doc);
  dp_op op = page->file_name ? DP_OP_DOCUMENTS_CREATE_BY_FILE : DP_OP_DOCUMENTS_CREATE_BY_TEXT;
  const char *since = dp__op_by_number(op)->harmless_since;
  dp__doc *first = dp__doc_by_name(&push->kb->inventory, name);
  bool alone = first == doc && !dp__doc_again(doc, DP__BY_NAME);
  bool fits = page->file_name || (doc->flags & DP__DOC_TEXT);
  return alone && fits && *version && *since && dp__version_compare(version, since) >= 0;
}

static void write_page(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  const dp__doc *doc = page->plan.document;
  bool update = doc && !by_name(page);
  dp_op op = page->file_name ? (update ? DP_OP_DOCUMENTS_UPDATE_BY_FILE : DP_OP_DOCUMENTS_CREATE_BY_FILE)
                             : (update ? DP_OP_DOCUMENTS_UPDATE_BY_TEXT : DP_OP_DOCUMENTS_CREATE_BY_TEXT);
  char id[37] = "";
  dp__buffer name = {0};
  dp_args *args = dp__push_args(push);
  if (!args)
    return;
  if (doc) {
    take_document(page, doc);
    memcpy(page->upload, doc->upload, sizeof page->upload);
    dp__uuid_write(doc->id, id);
  }
  bool ok = choose_name(page, &name) && set_content(page, name.data, args) &&
            (update ? dp_args_set_string(args, "document_id", id) == DP_OK &&
                          dp_args_set_json(args, "process_rule", push->rule) == DP_OK
                    : set_rule(push, args));
  dp__buffer_deinit(&name);
  if (ok) {
    dp__push_call(push, op, args, write_done, page);
    return;
  }
  dp_args_free(args);
  out_of_memory(page);
}

/* --- before the write: enabled, out of the archive ------------------------------------------------------ */

static void status_set(dp_call *call, dp_reply *reply, void *user) {
  dp__page *page = user;
  (void)call;
  if (dp_reply_kind(reply) != DP_OK) {
    failed(page, dp_reply_error(reply));
    return;
  }
  dp__push_look(page, plan);
}

static void set_status(dp__page *page, const char *action) {
  dp__push *push = dp__push_of(page->push);
  char ids[48], id[37];
  dp_args *args = dp__push_args(push);
  if (!args)
    return;
  dp__uuid_write(page->plan.document->id, id);
  snprintf(ids, sizeof ids, "[\"%s\"]", id);
  if (dp_args_set_string(args, "action", action) != DP_OK ||
      dp_args_set_json(args, "document_ids", ids) != DP_OK) {
    dp_args_free(args);
    out_of_memory(page);
    return;
  }
  dp__page_note(page, "The document was %s, and is no more.",
                *action == 'e' ? "disabled" : "archived");
  dp__push_call(push, DP_OP_DOCUMENTS_UPDATE_STATUS, args, status_set, page);
}

static void make_writable(dp__page *page) {
  dp_error error;
  bool wanted = page->plan.unarchive || page->plan.enable;
  if (wanted && page->mends++ == MENDS) {
    dp__fail(&error, DP_SERVER_ERROR, "mend", "Look at the document in Dify.",
             "%.200s: its document stays disabled or archived", page->key);
    failed(page, &error);
  } else if (wanted) {
    set_status(page, page->plan.unarchive ? "un_archive" : "enable");
  } else {
    write_page(page);
  }
}

/* --- two documents of one page ------------------------------------------------------------------------ */

static void double_gone(dp_call *call, dp_reply *reply, void *user) {
  dp__page *page = user;
  (void)call;
  dp_kind kind = dp_reply_kind(reply);
  if (kind == DP_OK || kind == DP_NOT_FOUND)
    page->after(page);
  else
    failed(page, dp_reply_error(reply));
}

static void remove_younger(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  const dp__doc *younger = dp__plan_double(&push->kb->inventory, page->tag);
  char id[37];
  if (!younger) {
    page->after(page);
    return;
  }
  dp_args *args = dp__push_args(push);
  if (!args)
    return;
  dp__uuid_write(younger->id, id);
  dp__page_note(page, "Another machine made a document of this page in the same moment; the younger one "
                      "was deleted.");
  dp__inventory_remove(&push->kb->inventory, younger->id);
  if (dp_args_set_string(args, "document_id", id) == DP_OK) {
    dp__push_call(push, DP_OP_DOCUMENTS_DELETE, args, double_gone, page);
    return;
  }
  dp_args_free(args);
  out_of_memory(page);
}

/* What is known may be old, and the other machine may have mended it: a look goes before. */
bool dp__push_remove_double(dp__page *page, void (*then)(dp__page *page)) {
  dp__push *push = dp__push_of(page->push);
  if (!dp__plan_double(&push->kb->inventory, page->tag))
    return false;
  page->after = then;
  dp__push_active(page, true);
  dp__push_look(page, remove_younger);
  return true;
}

/* --- what a rewrite would discard --------------------------------------------------------------------- */

static void ask_segments(dp__page *page);

static void segments_seen(dp_call *call, dp_reply *reply, void *user) {
  dp__page *page = user;
  size_t i;
  const json_t *segment;
  if (dp_reply_kind(reply) != DP_OK) {
    failed(page, dp_reply_error(reply));
    return;
  }
  json_t *body = dp__compose_body(call, reply, "the list of segments");
  if (!body)
    return;
  const json_t *data = json_object_get(body, "data");
  json_array_foreach(data, i, segment)
    page->edited += json_is_string(json_object_get(segment, "updated_by"));
  json_int_t total = json_integer_value(json_object_get(body, "total"));
  bool more = json_array_size(data) > 0 && total > (json_int_t)(page->look_page * DP__LIST_PAGE);
  json_decref(body);
  if (more) {
    page->look_page++;
    ask_segments(page);
    return;
  }
  if (page->edited)
    dp__page_note(page, "%zu segments that were edited by hand would be discarded.", page->edited);
  done(page, page->outcome, NULL);
}

static void ask_segments(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  char id[37];
  dp_args *args = dp__push_args(push);
  if (!args)
    return;
  dp__uuid_write(page->document, id);
  if (dp_args_set_string(args, "document_id", id) == DP_OK &&
      dp_args_set_int(args, "page", (int64_t)page->look_page) == DP_OK &&
      dp_args_set_int(args, "limit", DP__LIST_PAGE) == DP_OK) {
    dp__push_call(push, DP_OP_SEGMENTS_LIST, args, segments_seen, page);
    return;
  }
  dp_args_free(args);
  out_of_memory(page);
}

/* --- planning -------------------------------------------------------------------------------------------- */

/* As it was planned at first: a second try finds what the first has left. */
static void name_outcome(dp__page *page) {
  if (!page->outcome)
    page->outcome = page->plan.adopted                    ? "adopted"
                    : page->plan.deed == DP__DEED_CREATE ? "created"
                    : page->plan.deed == DP__DEED_NONE   ? "unchanged"
                                                         : "updated";
}

static void carry_out(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  dp__plan *p = &page->plan;
  name_outcome(page);
  if (p->document) {
    take_document(page, p->document);
    claim(page, p->document);
  }
  if (p->deed == DP__DEED_SKIP) {
    done(page, "skipped", p->code);
  } else if (push->options.dry_run && p->deed == DP__DEED_WRITE && p->document) {
    page->edited = 0;
    page->look_page = 1;
    ask_segments(page);
  } else if (p->deed == DP__DEED_NONE || push->options.dry_run) {
    done(page, page->outcome, NULL);
  } else if (p->deed == DP__DEED_STAMP) {
    memcpy(page->upload, p->document->upload, sizeof page->upload);
    dp__push_active(page, false);
    dp__pages_add(&push->stamping, page);
    dp__push_kick(push);
  } else {
    make_writable(page);
  }
}

static void plan(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  dp__page_facts facts;
  dp__plan_options o = {.set = push->options.set, .adopt = push->options.adopt,
                        .rechunk = push->options.rechunk, .mend = push->options.mend};
  dp__page_describe(page, push->rule_hash, &facts);
  if (!push->options.dry_run && dp__push_remove_double(page, plan))
    return;
  dp__plan_page(&push->kb->inventory, &facts, &o, &page->plan);
  if (!push->listed && page->plan.name_taken && !page->looked) { /* it may have got a suffix before */
    page->looked = true;
    dp__push_look(page, plan);
    return;
  }
  bool adopted = page->plan.document && !page->name && page->plan.document->hash[DP__BY_TAG] == 0;
  if (!push->listed && adopted && !page->looked) { /* known from an earlier list: look whether it is still so */
    page->looked = true;
    take_document(page, page->plan.document);
    dp__push_look(page, plan);
    return;
  }
  carry_out(page);
}

static void queue(dp__page *page, bool queued) {
  dp__push *push = dp__push_of(page->push);
  push->queued += queued;
  push->queued -= page->queued;
  page->queued = queued;
}

static void begin_plan(dp__page *page) {
  if (page->push->phase != DP__CALL_COMPOSING)
    return;
  queue(page, false);
  if (dp__push_of(page->push)->listed && !page->told)
    plan(page);
  else
    dp__push_look(page, plan);
}

static void name_came(dp__turn *turn) {
  begin_plan(DP__FROM(dp__page, name_turn, turn));
}

/* A name that pages bring may be that of several: those, too, one at a time, lest one overwrites another. */
static void turn_came(dp__turn *turn) {
  dp__page *page = DP__FROM(dp__page, turn, turn);
  dp__buffer what = {0};
  if (page->push->phase != DP__CALL_COMPOSING)
    return;
  if (!page->name) {
    begin_plan(page);
    return;
  }
  dp__buffer_text(&what, dp__push_of(page->push)->kb->id);
  dp__buffer_text(&what, " ");
  dp__buffer_text(&what, page->name);
  if (what.failed)
    out_of_memory(page);
  else
    dp__turn_take(&page->name_turn, page->push, "name", what.data, name_came);
  dp__buffer_deinit(&what);
}

static void take_turn(dp__page *page) {
  char what[64];
  snprintf(what, sizeof what, "%s %s", dp__push_of(page->push)->kb->id, page->tag);
  queue(page, true);
  dp__turn_take(&page->turn, page->push, "page", what, turn_came);
}

void dp__push_begin_again(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  dp__push_active(page, true);
  if (page->wrote) { /* only its metadata is missing */
    dp__push_active(page, false);
    dp__pages_add(&push->stamping, page);
    return;
  }
  dp__push_look(page, plan);
}

void dp__push_index_again(dp__page *page) {
  page->wrote = page->repaired = page->doubt = page->looked = false;
  page->tries = page->mends = 0;
  dp__push_active(page, true);
  take_turn(page);
}

/* --- keys that come twice ------------------------------------------------------------------------------- */

/* By which of its equals it is, so that the same pages get the same numbers in another push. The place of
 * its key; one that is used is that of an equal page. NULL = memory is out. */
static dp__came *number_key(dp__page *page) {
  char *first = page->key;
  dp__came *came = NULL;
  page->key = NULL;
  for (unsigned number = 2; !came || (came->used && memcmp(came->text, page->text_hash, 8) != 0); number++) {
    free(page->key);
    if (asprintf(&page->key, "%s#%u", first, number) < 0)
      page->key = NULL;
    if (!page->key || !dp__sha256(page->key, strlen(page->key), &page->key_hash) ||
        !(came = dp__push_came(dp__push_of(page->push), page)))
      break;
  }
  if (page->key)
    free(first);
  else
    page->key = first;
  page->numbered = true;
  dp__page_tag(&page->key_hash, page->tag);
  return came;
}

/* Whether the page goes on; else it is done. */
static bool is_first(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  dp__came *came = dp__push_came(push, page);
  dp_error error;
  if (came && came->used && memcmp(came->text, page->text_hash, sizeof came->text) == 0) {
    done(page, "duplicate", NULL);
    return false;
  }
  if (came && came->used && push->options.on_duplicate == DP__DUPLICATE_ERROR) {
    dp__fail(&error, DP_CONFLICT, "duplicate_key", "Set on_duplicate to last or number, or send one.",
             "%.200s: two pages of this key have different texts", page->key);
    dp__push_active(page, false);
    dp__push_done(page, "failed", NULL, &error);
    dp__push_kick(push);
    return false;
  }
  if (came && came->used && push->options.on_duplicate == DP__DUPLICATE_NUMBER)
    came = number_key(page);
  if (!came) {
    out_of_memory(page);
    return false;
  }
  if (page->numbered && came->used) {
    done(page, "duplicate", NULL);
    return false;
  }
  push->came_count += !came->used;
  came->used = true;
  memcpy(came->tag, page->key_hash.bytes, sizeof came->tag);
  memcpy(came->text, page->text_hash, sizeof came->text);
  return true;
}

void dp__push_begin_page(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  if (page->wrong) {
    dp_error error = *page->wrong;
    dp__push_done(page, "failed", NULL, &error);
    dp__push_kick(push);
  } else if (page->superseded) {
    dp__page_note(page, "A later page of the same key stands.");
    done(page, "duplicate", NULL);
  } else if (is_first(page)) {
    take_turn(page);
  }
}
