/*
 * Ways round known defects.
 *
 * Each is tied to the versions that have it (proto/difypool.toml) and does no harm on a sound server,
 * so that it is taken, too, where the version is not known yet. What is asked for is kept; only what
 * the server needs besides is added, from the knowledge base's own settings.
 *
 * update_by_text hangs the indexing worker of old servers for good. A create of the same name does the
 * same work there, on the same document, if exactly one document bears that name and it is the one that
 * was meant: enabled (else a second one would appear), not archived (it would come back) and uploaded
 * as text (a file would be overwritten). Everything else is refused with the reason.
 */
#include "mend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "errors.h"
#include "json.h"
#include "reply.h"

void dp__mend_deinit(dp__mend *mend) {
  free(mend->technique);
  free(mend->document);
  *mend = (dp__mend){0};
}

static json_t *load(const char *text, size_t length) {
  return text ? json_loadb(text, length, JSON_ALLOW_NUL, NULL) : NULL;
}

/* Whether the body has the member, and it is not null. */
static bool has(const dp__request *r, const char *name, const char **value, size_t *length) {
  return dp__json_member(r->body, r->body_length, name, value, length) && **value != 'n';
}

static bool text_member(const dp__request *r, const char *name) {
  const char *value;
  size_t length;
  return has(r, name, &value, &length) && *value == '"';
}

/* --- deciding ---------------------------------------------------------------------------------------- */

static void decide_retrieve(const dp__request *r, dp__mend *mend) {
  static const char *const needed[] = {"search_method", "score_threshold_enabled",
                                       "reranking_enable"};
  const char *model, *value;
  size_t length, size;
  if (!has(r, "retrieval_model", &model, &length) || *model != '{')
    return;
  bool empty = dp__json_kind(model + 1, length - 1) == '}'; /* the knowledge base's own is used */
  for (size_t i = 0; !empty && i < sizeof needed / sizeof *needed; i++)
    if (!dp__json_member(model, length, needed[i], &value, &size)) {
      mend->kind = DP__MEND_RETRIEVE;
      mend->looks = DP__MEND_DATASET;
    }
}

static void decide_create(const dp__request *r, dp__mend *mend) {
  const char *value;
  size_t length;
  if (dp__json_kind(r->body, r->body_length) != '{' ||
      has(r, "indexing_technique", &value, &length))
    return;
  mend->kind = DP__MEND_TECHNIQUE;
  mend->looks = DP__MEND_DATASET;
}

static dp_kind refuse(const dp__request *r, const char *why, dp_error *err) {
  return dp__fail(err, DP_UNSUPPORTED, "update_hangs_indexing",
                  "Create a document of the new text instead and delete this one, or set "
                  "allow_hazard to send it all the same.",
                  "%s: on servers up to 1.12.1 this hangs the indexing of all documents, and it "
                  "cannot be done by a create here: %s", r->desc->name, why);
}

static dp_kind decide_update(const dp__request *r, dp__mend *mend, dp_error *err) {
  if (dp__op_takes(r->desc, DP__IN_FILE))
    return refuse(r, "a create of a file by the document's name would do its work", err);
  if (!text_member(r, "text"))
    return refuse(r, "no text is given, so there is nothing to index anew", err);
  if (!text_member(r, "name"))
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL,
                    "%s: name is missing; it is required with text", r->desc->name);
  mend->kind = DP__MEND_UPDATE;
  mend->looks = DP__MEND_NAMES | DP__MEND_DOCUMENT | DP__MEND_DATASET;
  return DP_OK;
}

dp_kind dp__mend_decide(const dp__request *r, const char *version, uint32_t flags, dp__mend *mend,
                        dp_error *err) {
  mend->decided = true;
  if (dp__op_defect(r->desc, "retrieval_switches", version))
    decide_retrieve(r, mend);
  if (dp__op_defect(r->desc, "technique_required", version))
    decide_create(r, mend);
  if (dp__op_defect(r->desc, "update_hangs_indexing", version) &&
      !(flags & DP_CALL_ALLOW_HAZARD))
    return decide_update(r, mend, err);
  return DP_OK;
}

/* --- looking ------------------------------------------------------------------------------------------- */

static bool set_param(const dp__request *r, const char *name, dp_args *args) {
  size_t length = 0;
  const char *value = dp__request_param(r, name, &length);
  return value && dp_args_set_text(args, name, value, length) == DP_OK;
}

static bool set_keyword(const dp__request *r, dp_args *args) {
  json_t *body = load(r->body, r->body_length);
  const json_t *name = json_object_get(body, "name");
  bool ok = json_is_string(name) && dp_args_set_text(args, "keyword", json_string_value(name),
                                                     json_string_length(name)) == DP_OK;
  json_decref(body);
  return ok && dp_args_set_int(args, "limit", 100) == DP_OK;
}

bool dp__mend_look(const dp__request *r, const dp__mend *mend, dp_op *op, dp_args *args) {
  if (!set_param(r, "dataset_id", args))
    return false;
  if (mend->looks & DP__MEND_NAMES) {
    *op = DP_OP_DOCUMENTS_LIST;
    return set_keyword(r, args);
  }
  if (mend->looks & DP__MEND_DOCUMENT) {
    *op = DP_OP_DOCUMENTS_GET;
    return set_param(r, "document_id", args);
  }
  *op = DP_OP_DATASETS_GET;
  return true;
}

/* --- what was seen -------------------------------------------------------------------------------------- */

/* Put a member at the end of the body's object: of duplicates the server takes the last. */
static bool add_member(dp__request *r, const char *name, const char *json) {
  size_t end = r->body_length;
  while (end && r->body[end - 1] != '}')
    end--;
  size_t before = end ? end - 1 : 0;
  while (before && strchr(" \t\r\n", r->body[before - 1]) && r->body[before - 1])
    before--;
  dp__buffer body = {0};
  dp__buffer_append(&body, r->body, before);
  dp__buffer_text(&body, before && r->body[before - 1] == '{' ? "\"" : ",\"");
  dp__buffer_text(&body, name);
  dp__buffer_text(&body, "\":");
  dp__buffer_text(&body, json);
  dp__buffer_text(&body, "}");
  size_t length = 0;
  char *text = dp__buffer_steal(&body, &length);
  dp__buffer_deinit(&body);
  if (!text)
    return false;
  dp__request_take_body(r, text, length);
  return true;
}

static bool replace_value(dp__request *r, const char *value, size_t length, const char *json) {
  dp__buffer body = {0};
  size_t before = (size_t)(value - r->body);
  dp__buffer_append(&body, r->body, before);
  dp__buffer_text(&body, json);
  dp__buffer_append(&body, value + length, r->body_length - before - length);
  size_t size = 0;
  char *text = dp__buffer_steal(&body, &size);
  dp__buffer_deinit(&body);
  if (!text)
    return false;
  dp__request_take_body(r, text, size);
  return true;
}

static dp_kind mend_retrieve(dp__request *r, const json_t *dataset, char *note, dp_error *err) {
  const char *value;
  size_t length;
  json_t *own = json_object_get(dataset, "retrieval_model_dict");
  if (!json_is_object(own) || !has(r, "retrieval_model", &value, &length))
    return DP_OK; /* nothing to take: the server says what it wants */
  json_t *given = load(value, length), *merged = json_copy(own);
  /* json_copy leaves out what it has no memory for */
  bool laid = given && json_object_size(merged) == json_object_size(own) &&
              json_object_update(merged, given) == 0;
  char *text = laid ? json_dumps(merged, JSON_COMPACT) : NULL;
  bool ok = text && replace_value(r, value, length, text);
  free(text);
  json_decref(merged);
  json_decref(given);
  if (!ok)
    return dp__no_memory(err);
  snprintf(note, DP__NOTE_SIZE,
           "retrieval_model lacked what this server needs; it was laid over the knowledge base's own.");
  return DP_OK;
}

static dp_kind mend_technique(dp__request *r, const char *technique, char *note, dp_error *err) {
  char json[40];
  snprintf(json, sizeof json, "\"%s\"", technique);
  if (!add_member(r, "indexing_technique", json))
    return dp__no_memory(err);
  if (!*note)
    snprintf(note, DP__NOTE_SIZE, "indexing_technique %s was taken from the knowledge base.",
             technique);
  return DP_OK;
}

/* --- update as create ------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text ? text : "";
}

static bool is_named(const json_t *item, const json_t *name) {
  const json_t *own = json_object_get(item, "name");
  return json_is_string(own) && json_string_length(own) == json_string_length(name) &&
         strcmp(json_string_value(own), json_string_value(name)) == 0;
}

static bool is_uploaded_text(const json_t *item) {
  const json_t *upload =
      json_object_get(json_object_get(item, "data_source_detail_dict"), "upload_file");
  return strcmp(text_of(item, "data_source_type"), "upload_file") == 0 &&
         strcmp(text_of(upload, "extension"), "txt") == 0 &&
         strcmp(text_of(upload, "mime_type"), "text/plain") == 0;
}

/* The reason why a create of this name would not be an update of this document; NULL = it would. */
static const char *why_not(const dp__request *r, const json_t *list, const json_t *name) {
  size_t i, count = 0, length = 0;
  const char *id = dp__request_param(r, "document_id", &length);
  const json_t *found = NULL;
  json_t *item;
  if (json_number_value(json_object_get(list, "total")) > 100)
    return "too many documents have names like it to tell";
  json_array_foreach(json_object_get(list, "data"), i, item)
    if (is_named(item, name)) {
      count++;
      found = item;
    }
  if (count == 0)
    return "it would get a new name";
  if (count > 1)
    return "more than one document bears the name";
  const char *other = text_of(found, "id");
  if (!id || strlen(other) != length || strncasecmp(other, id, length) != 0)
    return "another document bears the name";
  if (!json_is_true(json_object_get(found, "enabled")))
    return "the document is disabled";
  if (json_is_true(json_object_get(found, "archived")))
    return "the document is archived";
  return is_uploaded_text(found) ? NULL : "the document was not uploaded as text";
}

static dp_kind see_names(const dp__request *r, const json_t *list, dp_error *err) {
  json_t *body = load(r->body, r->body_length);
  const json_t *name = json_object_get(body, "name");
  const char *reason = json_is_string(name) ? why_not(r, list, name) : "name is no text";
  json_decref(body);
  return reason ? refuse(r, reason, err) : DP_OK;
}

/* What an update would have left as it is, a create has to be told. False = memory is out. */
static bool keep_settings(json_t *body, const json_t *document) {
  static const char *const same[] = {"doc_form", "doc_language"};
  bool ok = true;
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    json_t *value = json_object_get(document, same[i]);
    if (!json_object_get(body, same[i]) && json_is_string(value))
      ok = ok && json_object_set(body, same[i], value) == 0;
  }
  const json_t *rule = json_object_get(document, "document_process_rule");
  const char *mode = text_of(rule, "mode");
  if (json_object_get(body, "process_rule") || !*mode)
    return ok;
  json_t *own = json_pack("{s:s}", "mode", mode);
  if (strcmp(mode, "automatic") != 0) /* whose rules read differently than they are written */
    ok = ok && json_object_set(own, "rules", json_object_get(rule, "rules")) == 0;
  return ok && json_object_set_new(body, "process_rule", own) == 0;
}

/* The body of the create that does what the update asks for; malloc'ed, NULL = memory is out. */
static char *create_body(const dp__request *r, const dp__mend *mend) {
  json_t *body = load(r->body, r->body_length);
  json_t *document = load(mend->document, mend->document_length);
  bool ok = body && document && keep_settings(body, document);
  if (ok && !json_object_get(body, "indexing_technique"))
    ok = json_object_set_new(body, "indexing_technique", json_string(mend->technique)) == 0;
  char *text = ok ? json_dumps(body, JSON_COMPACT) : NULL;
  json_decref(body);
  json_decref(document);
  return text;
}

static dp_kind become_create(dp__request *r, const dp__mend *mend, char *note, dp_error *err) {
  size_t length = 0;
  const char *dataset = dp__request_param(r, "dataset_id", &length);
  char *path = NULL, *text = create_body(r, mend);
  if (!text || asprintf(&path, "/datasets/%.*s/document/create-by-text", (int)length, dataset) < 0) {
    free(text);
    return dp__no_memory(err);
  }
  dp__request_take_body(r, text, strlen(text));
  free(r->path);
  r->path = path;
  r->desc = dp__op_by_number(DP_OP_DOCUMENTS_CREATE_BY_TEXT);
  snprintf(note, DP__NOTE_SIZE,
           "update_by_text would hang this server's indexing; the same was done by a create of the "
           "same name.");
  return DP_OK;
}

static dp_kind take_technique(dp__mend *mend, const json_t *dataset, dp_error *err) {
  const char *technique = text_of(dataset, "indexing_technique");
  if (strcmp(technique, "economy") != 0 && strcmp(technique, "high_quality") != 0)
    return DP_OK; /* the knowledge base has none yet */
  mend->technique = strdup(technique);
  return mend->technique ? DP_OK : dp__no_memory(err);
}

static dp_kind see_dataset(dp__request *r, dp__mend *mend, const json_t *dataset, char *note,
                           dp_error *err) {
  if (mend->kind == DP__MEND_RETRIEVE)
    return mend_retrieve(r, dataset, note, err);
  dp_kind kind = take_technique(mend, dataset, err);
  if (kind != DP_OK)
    return kind;
  if (!mend->technique)
    return dp__fail(err, DP_INVALID_REQUEST, "argument",
                    "Send indexing_technique: economy, or high_quality with an embedding model.",
                    "%s: indexing_technique is missing, and the knowledge base has none yet",
                    r->desc->name);
  return mend->kind == DP__MEND_UPDATE ? become_create(r, mend, note, err)
                                       : mend_technique(r, mend->technique, note, err);
}

static dp_kind keep_document(dp__mend *mend, const char *body, size_t length, dp_error *err) {
  mend->document = malloc(length + 1);
  if (!mend->document)
    return dp__no_memory(err);
  memcpy(mend->document, body, length);
  mend->document_length = length;
  return DP_OK;
}

dp_kind dp__mend_seen(dp__request *r, dp__mend *mend, const char *origin, const char *body,
                      size_t length, char *note, dp_error *err) {
  json_t *seen = load(body, length);
  dp_kind kind;
  if (!json_is_object(seen)) {
    kind = dp__fail(err, DP_PROTOCOL, "not_json", NULL,
                    "%s: %s needed a look whose answer is no JSON object", origin, r->desc->name);
  } else if (mend->looks & DP__MEND_NAMES) {
    mend->looks &= ~(uint32_t)DP__MEND_NAMES;
    kind = see_names(r, seen, err);
  } else if (mend->looks & DP__MEND_DOCUMENT) {
    mend->looks &= ~(uint32_t)DP__MEND_DOCUMENT;
    kind = keep_document(mend, body, length, err);
  } else {
    mend->looks = 0;
    kind = see_dataset(r, mend, seen, note, err);
  }
  json_decref(seen);
  return kind;
}

char *dp__mend_tag_answer(const dp__request *r, size_t *length) {
  json_t *body = load(r->body, r->body_length), *made = json_object();
  json_t *id = json_object_get(body, "tag_id"), *name = json_object_get(body, "name");
  bool ok = json_is_string(name);
  if (json_is_string(id)) /* of a new tag nobody but the server knows it */
    ok = ok && json_object_set(made, "id", id) == 0;
  ok = ok && json_object_set(made, "name", name) == 0 &&
       json_object_set_new(made, "type", json_string("knowledge")) == 0;
  char *text = ok ? json_dumps(made, JSON_COMPACT) : NULL;
  *length = text ? strlen(text) : 0;
  json_decref(made);
  json_decref(body);
  return text;
}
