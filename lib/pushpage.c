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

/* --- written --------------------------------------------------------------------------------------- */

/* Its text is there: its metadata is next. */
static void written(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  page->wrote = true;
  dp__page_drop_text(page);
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
  if (!id || !upload || !dp__uuid_read(id, strlen(id), page->document) ||
      !dp__uuid_read(upload, strlen(upload), page->upload))
    return false;
  bool bad;
  page->has_document = true;
  dp__inventory_put(&dp__push_of(page->push)->kb->inventory, document, &bad);
  if (name) {
    free(page->document_name);
    page->document_name = strdup(name);
  }
  return true;
}

/* Nobody answered: the document that is there now, if its upload is another than before, is our write. */
static void doubt_seen(dp__page *page) {
  dp__push *push = dp__push_of(page->push);
  dp__plan now;
  dp__page_facts facts;
  dp__plan_options o = {.set = push->options.set, .adopt = push->options.adopt};
  dp__page_describe(page, push->rule_hash, &facts);
  dp__plan_page(&push->kb->inventory, &facts, &o, &now);
  bool ours = now.document && memcmp(now.document->upload, page->upload, sizeof page->upload) != 0;
  if (ours) {
    take_document(page, now.document);
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
    written(page);
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
  if (p->document)
    take_document(page, p->document);
  if (p->deed == DP__DEED_SKIP) {
    done(page, "skipped", p->code);
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
  dp__plan_page(&push->kb->inventory, &facts, &o, &page->plan);
  bool adopted = page->plan.document && !page->name && page->plan.document->hash[DP__BY_TAG] == 0;
  if (!push->listed && adopted && !page->looked) { /* known from an earlier list: look whether it is still so */
    page->looked = true;
    take_document(page, page->plan.document);
    dp__push_look(page, plan);
    return;
  }
  carry_out(page);
}

static void turn_came(dp__turn *turn) {
  dp__page *page = DP__FROM(dp__page, turn, turn);
  if (dp__push_of(page->push)->listed)
    plan(page);
  else
    dp__push_look(page, plan);
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

/* --- keys that come twice ------------------------------------------------------------------------------- */

static bool number_key(dp__page *page) {
  char *key;
  if (asprintf(&key, "%s#%llu", page->key, (unsigned long long)page->index) < 0)
    return false;
  free(page->key);
  page->key = key;
  bool ok = dp__sha256(key, strlen(key), &page->key_hash);
  dp__page_tag(&page->key_hash, page->tag);
  return ok;
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
    came = number_key(page) ? dp__push_came(push, page) : NULL;
  if (!came) {
    out_of_memory(page);
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
  char what[64];
  if (page->wrong) {
    dp_error error = *page->wrong;
    dp__push_done(page, "failed", NULL, &error);
    return;
  }
  if (!is_first(page))
    return;
  snprintf(what, sizeof what, "%s %s", push->kb->id, page->tag);
  dp__turn_take(&page->turn, page->push, "page", what, turn_came);
}
