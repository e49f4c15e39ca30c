/*
 * Proof of writes.
 *
 * For each operation, the read that shows soonest that it happened, and what in its answer proves it. A
 * proof must hold against everybody else's doings: a document of the same name may be older, a
 * knowledge base of the same name may be another caller's. So creations are held against the
 * server's own clock, the text's size, and the ids that others were given. What is not found proves
 * nothing; only what is gone, where the write was to make it go.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "filerules.h"
#include "json.h"
#include "proofs.h"
#include "utf8.h"

uint64_t dp__look_gap_us(unsigned n) {
  static const uint64_t gaps[] = {50000, 150000, 300000, 500000, 1000000, 2000000};
  return gaps[n < sizeof gaps / sizeof *gaps ? n : sizeof gaps / sizeof *gaps - 1];
}

/* --- small things ------------------------------------------------------------------------------------ */

static json_t *load(const char *text, size_t length) {
  return text ? json_loadb(text, length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL) : NULL;
}

static bool same_text(const json_t *a, const json_t *b) {
  return json_is_string(a) && json_is_string(b) &&
         json_string_length(a) == json_string_length(b) &&
         memcmp(json_string_value(a), json_string_value(b), json_string_length(a)) == 0;
}

/* --- documents.create_by_text -------------------------------------------------------------------------- */

enum { NAME_CUT = 200 }; /* the server cuts longer names */

/* The first characters of a text, as the server would keep them. */
static size_t cut_length(const char *text, size_t length) {
  size_t points = 0, i = 0;
  for (; i < length; i++)
    if (((unsigned char)text[i] & 0xc0) != 0x80 && ++points > NAME_CUT)
      break;
  return i;
}

static dp_op look_for_name(const dp__request *r, dp_args *args) {
  json_t *body = dp__proof_body(r);
  const json_t *name = json_object_get(body, "name");
  bool ok = json_is_string(name) && dp__proof_param(r, "dataset_id", args) &&
            dp_args_set_text(args, "keyword", json_string_value(name),
                             cut_length(json_string_value(name), json_string_length(name))) ==
                DP_OK &&
            dp_args_set_int(args, "limit", 100) == DP_OK;
  json_decref(body);
  return ok ? DP_OP_DOCUMENTS_LIST : DP_OP_NONE;
}

/* Every create and update uploads its text anew: of two of one name and size the upload tells whose it is. */
static bool is_that_upload(const dp__claim_facts *claim, const json_t *upload, const json_t *text) {
  const json_t *size = json_object_get(upload, "size"), *at = json_object_get(upload, "created_at");
  const char *id = json_string_value(json_object_get(upload, "id"));
  if (!json_is_number(size) || !json_is_number(at) || !json_is_string(text) ||
      (id && claim->taken(claim->user, id)))
    return false;
  size_t points = dp__utf8_count(json_string_value(text), json_string_length(text));
  return json_number_value(size) == (double)points &&
         json_number_value(at) >= (double)claim->since_s;
}

static bool judge_create_by_text(const dp__claim_facts *claim, dp_kind kind, const char *text,
                                 size_t length, dp__proven *proven) {
  json_t *body = dp__proof_body(claim->request), *answer = dp__proof_json(text, length);
  const json_t *name = json_object_get(body, "name");
  bool done = false;
  size_t i;
  json_t *item;
  size_t cut = json_is_string(name)
                   ? cut_length(json_string_value(name), json_string_length(name))
                   : 0;
  if (kind == DP_OK && json_is_string(name) && claim->since_s != INT64_MIN)
    json_array_foreach(json_object_get(answer, "data"), i, item) {
      json_t *detail = json_object_get(item, "data_source_detail_dict");
      if (!dp__proof_is_text(json_object_get(item, "name"), json_string_value(name), cut) ||
          !is_that_upload(claim, json_object_get(detail, "upload_file"),
                          json_object_get(body, "text")))
        continue;
      json_t *made = json_pack("{s:O,s:s}", "document", item, "batch", "");
      done = made && dp__proof_made(proven, 200, made);
      json_decref(made);
      break;
    }
  json_decref(body);
  json_decref(answer);
  return done;
}

/* A document as writes answer it, of what reading one answers; new. What that does not say is null. */
static json_t *as_listed(const json_t *seen, json_t *upload) {
  static const char *const same[] = {
      "archived", "created_at", "created_by", "created_from", "data_source_type",
      "dataset_process_rule_id", "disabled_at", "disabled_by", "display_status", "doc_form",
      "doc_metadata", "enabled", "error", "hit_count", "id", "indexing_status", "name",
      "need_summary", "position", "summary_index_status", "tokens", "word_count"};
  json_t *made = json_pack("{s:{s:O?},s:{s:O}}", "data_source_info", "upload_file_id",
                           json_object_get(upload, "id"), "data_source_detail_dict", "upload_file",
                           upload);
  bool ok = made != NULL;
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    json_t *value = json_object_get(seen, same[i]);
    ok = ok && json_object_set_new(made, same[i], value ? json_incref(value) : json_null()) == 0;
  }
  if (ok)
    return made;
  json_decref(made);
  return NULL;
}

/* --- documents.create_by_file ---------------------------------------------------------------------------- */

static dp_op look_for_file(const dp__request *r, dp_args *args) {
  dp__sent_file file;
  if (!dp__request_file(r, &file))
    return DP_OP_NONE;
  char kept[file.name_length + 1];
  size_t length = dp__file_kept_name(file.name, file.name_length, kept);
  free(file.name);
  bool ok = dp__proof_param(r, "dataset_id", args) &&
            dp_args_set_text(args, "keyword", kept, length) == DP_OK &&
            dp_args_set_int(args, "limit", 100) == DP_OK;
  return ok ? DP_OP_DOCUMENTS_LIST : DP_OP_NONE;
}

/* Of a file the server keeps the bytes, and says how many. */
static bool is_that_size(const json_t *upload, const dp__claim_facts *claim, int64_t length) {
  const json_t *size = json_object_get(upload, "size"), *at = json_object_get(upload, "created_at");
  const char *id = json_string_value(json_object_get(upload, "id"));
  if (id && claim->taken(claim->user, id))
    return false;
  return json_is_number(size) && json_is_number(at) && claim->since_s != INT64_MIN &&
         json_number_value(size) == (double)length &&
         json_number_value(at) >= (double)claim->since_s;
}

static json_t *upload_of(const json_t *document) {
  json_t *upload =
      json_object_get(json_object_get(document, "data_source_detail_dict"), "upload_file");
  return upload ? upload
                : json_object_get(json_object_get(document, "data_source_info"), "upload_file");
}

/* Takes the document. */
static bool prove_document(dp__proven *proven, json_t *document) {
  json_t *made = json_pack("{s:o,s:s}", "document", document, "batch", "");
  bool done = made && dp__proof_made(proven, 200, made);
  json_decref(made);
  return done;
}

static bool judge_create_by_file(const dp__claim_facts *claim, dp_kind kind, const char *text,
                                 size_t length, dp__proven *proven) {
  dp__sent_file file;
  if (kind != DP_OK || !dp__request_file(claim->request, &file))
    return false;
  char kept[file.name_length + 1];
  size_t kept_length = dp__file_kept_name(file.name, file.name_length, kept), i;
  json_t *answer = dp__proof_json(text, length), *item;
  bool done = false;
  json_array_foreach(json_object_get(answer, "data"), i, item)
    if (!done && dp__proof_is_text(json_object_get(item, "name"), kept, kept_length) &&
        is_that_size(upload_of(item), claim, file.length))
      done = prove_document(proven, json_incref(item));
  free(file.name);
  json_decref(answer);
  return done;
}

static dp_op look_at_updated_file(const dp__request *r, dp_args *args) {
  dp__sent_file file;
  if (!dp__request_file(r, &file))
    return DP_OP_NONE;
  free(file.name);
  bool ok = dp__proof_param(r, "dataset_id", args) && dp__proof_param(r, "document_id", args);
  return ok ? DP_OP_DOCUMENTS_GET : DP_OP_NONE;
}

static bool judge_update_by_file(const dp__claim_facts *claim, dp_kind kind, const char *text,
                                 size_t length, dp__proven *proven) {
  dp__sent_file file;
  if (kind != DP_OK || !dp__request_file(claim->request, &file))
    return false;
  json_t *answer = dp__proof_json(text, length);
  json_t *upload = upload_of(answer);
  bool done = is_that_size(upload, claim, file.length) &&
              prove_document(proven, as_listed(answer, upload));
  free(file.name);
  json_decref(answer);
  return done;
}

/* --- datasets ------------------------------------------------------------------------------------------ */

static dp_op look_for_dataset(const dp__request *r, dp_args *args) {
  json_t *body = dp__proof_body(r);
  const json_t *name = json_object_get(body, "name");
  bool ok = json_is_string(name) &&
            dp_args_set_text(args, "keyword", json_string_value(name), json_string_length(name)) ==
                DP_OK &&
            dp_args_set_int(args, "limit", 100) == DP_OK &&
            dp_args_set_bool(args, "include_all", true) == DP_OK;
  json_decref(body);
  return ok ? DP_OP_DATASETS_LIST : DP_OP_NONE;
}

static bool is_mine(const dp__claim_facts *claim, const json_t *item) {
  const char *id = json_string_value(json_object_get(item, "id"));
  return id && !claim->taken(claim->user, id);
}

static bool judge_dataset_create(const dp__claim_facts *claim, dp_kind kind, const char *text,
                                 size_t length, dp__proven *proven) {
  json_t *body = dp__proof_body(claim->request), *answer = dp__proof_json(text, length);
  const json_t *name = json_object_get(body, "name");
  bool done = false;
  size_t i;
  json_t *item;
  if (kind == DP_OK && claim->since_s != INT64_MIN)
    json_array_foreach(json_object_get(answer, "data"), i, item) {
      const json_t *at = json_object_get(item, "created_at");
      if (same_text(json_object_get(item, "name"), name) && json_is_number(at) &&
          json_number_value(at) >= (double)claim->since_s && is_mine(claim, item)) {
        done = dp__proof_made(proven, 200, item);
        break;
      }
    }
  json_decref(body);
  json_decref(answer);
  return done;
}

static dp_op look_at_dataset(const dp__request *r, dp_args *args) {
  return dp__proof_param(r, "dataset_id", args) ? DP_OP_DATASETS_GET : DP_OP_NONE;
}

static bool judge_gone(const dp__claim_facts *claim, dp_kind kind, const char *text, size_t length,
                       dp__proven *proven) {
  (void)claim, (void)text, (void)length;
  return kind == DP_NOT_FOUND && dp__proof_gone(proven);
}

/* An update is a state: if all that was asked for stands there, it is done. */
static bool judge_members(const dp__claim_facts *claim, dp_kind kind, const char *text,
                          size_t length, dp__proven *proven) {
  json_t *body = dp__proof_body(claim->request), *answer = dp__proof_json(text, length), *value;
  const char *name;
  bool done = kind == DP_OK && json_object_size(body) > 0;
  if (done)
    json_object_foreach(body, name, value)
      done = done && json_equal(value, json_object_get(answer, name));
  if (done && !json_object_get(answer, "partial_member_list")) /* which an update always answers */
    done = json_object_set_new(answer, "partial_member_list", json_array()) == 0;
  done = done && dp__proof_made(proven, 200, answer);
  json_decref(body);
  json_decref(answer);
  return done;
}

/* --- documents ------------------------------------------------------------------------------------------ */

static dp_op look_at_document(const dp__request *r, dp_args *args) {
  bool ok = dp__proof_param(r, "dataset_id", args) && dp__proof_param(r, "document_id", args);
  return ok ? DP_OP_DOCUMENTS_GET : DP_OP_NONE;
}

static bool judge_update_by_text(const dp__claim_facts *claim, dp_kind kind, const char *text,
                                 size_t length, dp__proven *proven) {
  json_t *body = dp__proof_body(claim->request), *answer = dp__proof_json(text, length);
  json_t *upload = json_object_get(json_object_get(answer, "data_source_info"), "upload_file");
  bool done = kind == DP_OK && claim->since_s != INT64_MIN &&
              same_text(json_object_get(answer, "name"), json_object_get(body, "name")) &&
              is_that_upload(claim, upload, json_object_get(body, "text"));
  if (done) {
    json_t *made = json_pack("{s:o,s:s}", "document", as_listed(answer, upload), "batch", "");
    done = made && dp__proof_made(proven, 200, made);
    json_decref(made);
  }
  json_decref(body);
  json_decref(answer);
  return done;
}

/* One document's status can be read back; many would need many looks. */
static dp_op look_at_status(const dp__request *r, dp_args *args) {
  json_t *body = dp__proof_body(r);
  const json_t *ids = json_object_get(body, "document_ids");
  const char *id = json_string_value(json_array_get(ids, 0));
  bool ok = json_array_size(ids) == 1 && id && dp__proof_param(r, "dataset_id", args) &&
            dp_args_set_string(args, "document_id", id) == DP_OK;
  json_decref(body);
  return ok ? DP_OP_DOCUMENTS_GET : DP_OP_NONE;
}

static bool judge_status(const dp__claim_facts *claim, dp_kind kind, const char *text,
                         size_t length, dp__proven *proven) {
  size_t size = 0;
  const char *action = dp__request_param(claim->request, "action", &size);
  json_t *answer = dp__proof_json(text, length);
  bool enabled = json_is_true(json_object_get(answer, "enabled"));
  bool archived = json_is_true(json_object_get(answer, "archived"));
  bool known = kind == DP_OK && action && json_object_get(answer, "enabled");
  bool done = known && ((size == 6 && memcmp(action, "enable", 6) == 0 && enabled) ||
                        (size == 7 && memcmp(action, "disable", 7) == 0 && !enabled) ||
                        (size == 7 && memcmp(action, "archive", 7) == 0 && archived) ||
                        (size == 10 && memcmp(action, "un_archive", 10) == 0 && !archived));
  json_t *made = done ? json_pack("{s:s}", "result", "success") : NULL;
  done = made && dp__proof_made(proven, 200, made);
  json_decref(made);
  json_decref(answer);
  return done;
}

/* --- metadata -------------------------------------------------------------------------------------------- */

static dp_op look_at_fields(const dp__request *r, dp_args *args) {
  return dp__proof_param(r, "dataset_id", args) ? DP_OP_METADATA_LIST : DP_OP_NONE;
}

/* As creating and renaming answer: the list says more of a field. */
static bool prove_field(dp__proven *proven, int32_t status, const json_t *item) {
  json_t *made = json_pack("{s:O,s:O,s:O}", "id", json_object_get(item, "id"), "type",
                           json_object_get(item, "type"), "name", json_object_get(item, "name"));
  bool ok = made && dp__proof_made(proven, status, made);
  json_decref(made);
  return ok;
}

static bool judge_field_create(const dp__claim_facts *claim, dp_kind kind, const char *text,
                               size_t length, dp__proven *proven) {
  json_t *body = dp__proof_body(claim->request), *answer = dp__proof_json(text, length), *item;
  bool done = false;
  size_t i;
  if (kind == DP_OK)
    json_array_foreach(json_object_get(answer, "doc_metadata"), i, item) {
      if (!same_text(json_object_get(item, "name"), json_object_get(body, "name")) ||
          !same_text(json_object_get(item, "type"), json_object_get(body, "type")) ||
          !is_mine(claim, item))
        continue;
      done = prove_field(proven, 201, item);
      break;
    }
  json_decref(body);
  json_decref(answer);
  return done;
}

static json_t *field_of(const dp__request *r, const json_t *answer) {
  size_t size = 0, i;
  const char *id = dp__request_param(r, "metadata_id", &size);
  json_t *item;
  json_array_foreach(json_object_get(answer, "doc_metadata"), i, item)
    if (id && dp__proof_is_text(json_object_get(item, "id"), id, size))
      return item;
  return NULL;
}

static bool judge_field_update(const dp__claim_facts *claim, dp_kind kind, const char *text,
                               size_t length, dp__proven *proven) {
  json_t *body = dp__proof_body(claim->request), *answer = dp__proof_json(text, length);
  json_t *item = field_of(claim->request, answer);
  bool done = kind == DP_OK && item &&
              same_text(json_object_get(item, "name"), json_object_get(body, "name")) &&
              prove_field(proven, 200, item);
  json_decref(body);
  json_decref(answer);
  return done;
}

static bool judge_field_gone(const dp__claim_facts *claim, dp_kind kind, const char *text,
                             size_t length, dp__proven *proven) {
  json_t *answer = load(text, length);
  bool done = kind == DP_OK && json_is_array(json_object_get(answer, "doc_metadata")) &&
              !field_of(claim->request, answer) && dp__proof_gone(proven);
  json_decref(answer);
  return done;
}

static bool judge_built_in(const dp__claim_facts *claim, dp_kind kind, const char *text,
                           size_t length, dp__proven *proven) {
  size_t size = 0;
  const char *action = dp__request_param(claim->request, "action", &size);
  json_t *answer = load(text, length);
  const json_t *on = json_object_get(answer, "built_in_field_enabled");
  bool done = kind == DP_OK && action && json_is_boolean(on) &&
              json_is_true(on) == (size == 6 && memcmp(action, "enable", 6) == 0);
  json_t *made = done ? json_pack("{s:s}", "result", "success") : NULL;
  done = made && dp__proof_made(proven, 200, made);
  json_decref(made);
  json_decref(answer);
  return done;
}

/* One document's values can be read back; many would need many looks. */
static dp_op look_at_assignment(const dp__request *r, dp_args *args) {
  json_t *body = dp__proof_body(r);
  const json_t *all = json_object_get(body, "operation_data");
  const char *id = json_string_value(json_object_get(json_array_get(all, 0), "document_id"));
  bool ok = json_array_size(all) == 1 && id && dp__proof_param(r, "dataset_id", args) &&
            dp_args_set_string(args, "document_id", id) == DP_OK;
  json_decref(body);
  return ok ? DP_OP_DOCUMENTS_GET : DP_OP_NONE;
}

/* Whether a value reads as it was written; numbers read back as their text. */
static bool reads_as(const json_t *there, const json_t *wanted) {
  if (!json_is_number(wanted) || !json_is_string(there))
    return json_is_string(wanted) ? same_text(there, wanted) : json_equal(there, wanted);
  char *text = json_dumps(wanted, JSON_ENCODE_ANY);
  bool same = text && strcmp(text, json_string_value(there)) == 0;
  free(text);
  return same;
}

static bool holds_value(const json_t *values, const json_t *wanted) {
  size_t i;
  json_t *item;
  json_array_foreach(values, i, item)
    if (same_text(json_object_get(item, "id"), json_object_get(wanted, "id")))
      return reads_as(json_object_get(item, "value"), json_object_get(wanted, "value"));
  return false;
}

/* What is not partial takes all other values away, except those the server makes itself. */
static bool holds_no_other(const json_t *values, const json_t *list) {
  size_t i, own = 0;
  json_t *item;
  json_array_foreach(values, i, item) {
    const char *id = json_string_value(json_object_get(item, "id"));
    own += id && strcmp(id, "built-in") != 0;
  }
  return own == json_array_size(list);
}

static bool judge_assignment(const dp__claim_facts *claim, dp_kind kind, const char *text,
                             size_t length, dp__proven *proven) {
  json_t *body = dp__proof_body(claim->request), *answer = dp__proof_json(text, length), *wanted;
  const json_t *one = json_array_get(json_object_get(body, "operation_data"), 0);
  const json_t *list = json_object_get(one, "metadata_list");
  const json_t *values = json_object_get(answer, "doc_metadata");
  bool done = kind == DP_OK && json_is_array(values) && json_array_size(list) > 0;
  size_t i;
  json_array_foreach(list, i, wanted)
    done = done && holds_value(values, wanted);
  if (!json_is_true(json_object_get(one, "partial_update")))
    done = done && holds_no_other(values, list);
  json_t *made = done ? json_pack("{s:s}", "result", "success") : NULL;
  done = made && dp__proof_made(proven, 200, made);
  json_decref(made);
  json_decref(body);
  json_decref(answer);
  return done;
}

/* --- tags ------------------------------------------------------------------------------------------------- */

static dp_op look_at_bound_tags(const dp__request *r, dp_args *args) {
  json_t *body = dp__proof_body(r);
  const char *id = json_string_value(json_object_get(body, "target_id"));
  bool ok = id && dp_args_set_string(args, "dataset_id", id) == DP_OK;
  json_decref(body);
  return ok ? DP_OP_DATASETS_TAGS : DP_OP_NONE;
}

static bool has_tag(const json_t *answer, const json_t *id) {
  size_t i;
  json_t *item;
  json_array_foreach(json_object_get(answer, "data"), i, item)
    if (same_text(json_object_get(item, "id"), id))
      return true;
  return false;
}

/* Whether all the tags that the request names are bound, or none of them. */
static bool judge_tags(const dp__claim_facts *claim, dp_kind kind, const char *text, size_t length,
                       bool bound, dp__proven *proven) {
  json_t *body = dp__proof_body(claim->request), *answer = load(text, length), *id;
  const json_t *one = json_object_get(body, "tag_id"), *many = json_object_get(body, "tag_ids");
  bool done = kind == DP_OK && json_is_array(json_object_get(answer, "data")) &&
              (json_is_string(one) || json_array_size(many) > 0);
  size_t i;
  if (done && json_is_string(one))
    done = has_tag(answer, one) == bound;
  json_array_foreach(many, i, id)
    done = done && has_tag(answer, id) == bound;
  done = done && dp__proof_gone(proven);
  json_decref(body);
  json_decref(answer);
  return done;
}

static bool judge_bind(const dp__claim_facts *claim, dp_kind kind, const char *text, size_t length,
                       dp__proven *proven) {
  return judge_tags(claim, kind, text, length, true, proven);
}

static bool judge_unbind(const dp__claim_facts *claim, dp_kind kind, const char *text,
                         size_t length, dp__proven *proven) {
  return judge_tags(claim, kind, text, length, false, proven);
}

/* --- segments ---------------------------------------------------------------------------------------------- */

static dp_op look_at_segment(const dp__request *r, dp_args *args) {
  bool ok = dp__proof_param(r, "dataset_id", args) && dp__proof_param(r, "document_id", args) &&
            dp__proof_param(r, "segment_id", args);
  return ok ? DP_OP_SEGMENTS_GET : DP_OP_NONE;
}

static bool judge_segment_update(const dp__claim_facts *claim, dp_kind kind, const char *text,
                                 size_t length, dp__proven *proven) {
  json_t *body = dp__proof_body(claim->request), *answer = dp__proof_json(text, length);
  const json_t *wanted = json_object_get(json_object_get(body, "segment"), "content");
  const json_t *there = json_object_get(json_object_get(answer, "data"), "content");
  bool only_content = json_object_size(json_object_get(body, "segment")) == 1;
  bool done = kind == DP_OK && only_content && same_text(wanted, there) &&
              dp__proof_made(proven, 200, answer);
  json_decref(body);
  json_decref(answer);
  return done;
}

static const dp__prover provers[] = {
    {DP_OP_DOCUMENTS_CREATE_BY_TEXT, look_for_name, judge_create_by_text},
    {DP_OP_DOCUMENTS_CREATE_BY_FILE, look_for_file, judge_create_by_file},
    {DP_OP_DOCUMENTS_UPDATE_BY_FILE, look_at_updated_file, judge_update_by_file},
    {DP_OP_DOCUMENTS_UPDATE, look_at_updated_file, judge_update_by_file},
    {DP_OP_DOCUMENTS_UPDATE_BY_TEXT, look_at_document, judge_update_by_text},
    {DP_OP_DOCUMENTS_UPDATE_STATUS, look_at_status, judge_status},
    {DP_OP_DOCUMENTS_DELETE, look_at_document, judge_gone},
    {DP_OP_DATASETS_CREATE, look_for_dataset, judge_dataset_create},
    {DP_OP_DATASETS_UPDATE, look_at_dataset, judge_members},
    {DP_OP_DATASETS_DELETE, look_at_dataset, judge_gone},
    {DP_OP_METADATA_CREATE, look_at_fields, judge_field_create},
    {DP_OP_METADATA_UPDATE, look_at_fields, judge_field_update},
    {DP_OP_METADATA_DELETE, look_at_fields, judge_field_gone},
    {DP_OP_METADATA_TOGGLE_BUILT_IN, look_at_fields, judge_built_in},
    {DP_OP_METADATA_ASSIGN, look_at_assignment, judge_assignment},
    {DP_OP_TAGS_BIND, look_at_bound_tags, judge_bind},
    {DP_OP_TAGS_UNBIND, look_at_bound_tags, judge_unbind},
    {DP_OP_SEGMENTS_UPDATE, look_at_segment, judge_segment_update},
    {DP_OP_SEGMENTS_DELETE, look_at_segment, judge_gone},
};

const dp__prover *dp__prover_for(dp_op op) {
  for (size_t i = 0; i < sizeof provers / sizeof *provers; i++)
    if (provers[i].op == op)
      return &provers[i];
  return dp__entry_prover_for(op);
}
