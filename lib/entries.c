/*
 * Proofs by an entry of a list.
 *
 * Much of what a write changes can be read nowhere but in a list: that the entry of that id bears the
 * new values proves a change, that it is not there a delete. A list comes in pages, so only one that is
 * whole proves an absence; what is changed stands in its first page, as lists are newest first. Where a
 * server cannot list at all (tags, in 1.12.1) the look fails, and nothing is proven.
 */
#include "proofs.h"

enum { PAGE = 100, MEMBERS = 2 };

/* Which entry, and what of the request must stand in it. */
typedef struct by_entry {
  dp_op op, list;
  const char *id;               /* in the path, or a member of the body */
  const char *members[MEMBERS]; /* of the body; none = the entry must be gone */
  const char *wrap;             /* the member of the answer that holds the entry; NULL = it is the answer */
  bool empty;                   /* a delete that answers a true 204 */
} by_entry;

/* clang-format off */
static const by_entry rows[] = {
    {DP_OP_CHILD_CHUNKS_UPDATE, DP_OP_CHILD_CHUNKS_LIST, "child_chunk_id", {"content"}, "data", false},
    {DP_OP_CHILD_CHUNKS_DELETE, DP_OP_CHILD_CHUNKS_LIST, "child_chunk_id", {NULL}, NULL, false},
    {DP_OP_TAGS_UPDATE, DP_OP_TAGS_LIST, "tag_id", {"name"}, NULL, false},
    {DP_OP_TAGS_DELETE, DP_OP_TAGS_LIST, "tag_id", {NULL}, NULL, false},
    {DP_OP_CONVERSATIONS_RENAME, DP_OP_CONVERSATIONS_LIST, "conversation_id", {"name"}, NULL, false},
    {DP_OP_CONVERSATIONS_UPDATE_VARIABLE, DP_OP_CONVERSATIONS_VARIABLES, "variable_id", {"value"}, NULL,
     false},
    {DP_OP_ANNOTATIONS_UPDATE, DP_OP_ANNOTATIONS_LIST, "annotation_id", {"question", "answer"}, NULL, false},
    {DP_OP_ANNOTATIONS_DELETE, DP_OP_ANNOTATIONS_LIST, "annotation_id", {NULL}, NULL, true},
};
/* clang-format on */

static const by_entry *row_of(const dp__request *r) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].op == r->desc->op)
      return &rows[i];
  return NULL;
}

/* --- looking ------------------------------------------------------------------------------------------- */

static bool set_from_body(const json_t *body, const char *name, dp_args *args) {
  const json_t *value = json_object_get(body, name);
  return !json_is_string(value) || dp_args_set_text(args, name, json_string_value(value),
                                                    json_string_length(value)) == DP_OK;
}

/* What a list takes that the request knows: the ids in its path, the user, and the longest page. */
static bool set_list_params(const dp__request *r, const json_t *body, dp_op list, dp_args *args) {
  const dp__op_desc *desc = dp__op_by_number(list);
  bool ok = true;
  for (size_t i = 0; ok && i < desc->param_count; i++) {
    const dp__param_desc *p = &desc->params[i];
    if (p->where == DP__IN_PATH || strcmp(p->name, "conversation_id") == 0)
      ok = dp__proof_param(r, p->name, args);
    else if (strcmp(p->name, "limit") == 0)
      ok = dp_args_set_int(args, "limit", PAGE) == DP_OK;
    else if (strcmp(p->name, "user") == 0)
      ok = set_from_body(body, "user", args);
  }
  return ok;
}

static bool names_all(const by_entry *row, const json_t *body) {
  for (size_t i = 0; i < MEMBERS && row->members[i]; i++)
    if (!json_object_get(body, row->members[i]))
      return false;
  return true;
}

static dp_op look_in_list(const dp__request *r, dp_args *args) {
  const by_entry *row = row_of(r);
  json_t *body = dp__proof_body(r);
  bool ok = names_all(row, body) && set_list_params(r, body, row->list, args);
  json_decref(body);
  return ok ? row->list : DP_OP_NONE;
}

/* --- judging ------------------------------------------------------------------------------------------- */

static json_t *list_of(json_t *answer) {
  return json_is_array(answer) ? answer : json_object_get(answer, "data");
}

static bool is_whole(const json_t *answer, const json_t *list) {
  const json_t *total = json_object_get(answer, "total");
  return json_is_array(list) && !json_is_true(json_object_get(answer, "has_more")) &&
         (!json_is_number(total) || json_number_value(total) <= (double)json_array_size(list));
}

static bool is_named(const by_entry *row, const dp__request *r, const json_t *body,
                     const json_t *entry) {
  size_t length = 0;
  const char *id = dp__request_param(r, row->id, &length);
  const json_t *given = json_object_get(body, row->id), *own = json_object_get(entry, "id");
  return id ? dp__proof_is_text(own, id, length) : given && json_equal(given, own);
}

static json_t *entry_of(const by_entry *row, const dp__request *r, const json_t *body, json_t *list) {
  size_t i;
  json_t *entry;
  json_array_foreach(list, i, entry)
    if (is_named(row, r, body, entry))
      return entry;
  return NULL;
}

/* Some values read back as the text of what was written. */
static bool reads_as(const json_t *there, const json_t *wanted) {
  if (json_equal(there, wanted))
    return true;
  if (!json_is_string(there) || json_is_string(wanted))
    return false;
  json_t *read = json_loads(json_string_value(there), JSON_DECODE_ANY, NULL);
  bool same = read && json_equal(read, wanted);
  json_decref(read);
  return same;
}

static bool bears_all(const by_entry *row, const json_t *body, const json_t *entry) {
  for (size_t i = 0; i < MEMBERS && row->members[i]; i++)
    if (!reads_as(json_object_get(entry, row->members[i]), json_object_get(body, row->members[i])))
      return false;
  return true;
}

static bool prove_entry(const by_entry *row, json_t *entry, dp__proven *proven) {
  json_t *made = row->wrap ? json_pack("{s:O}", row->wrap, entry) : json_incref(entry);
  bool ok = made && dp__proof_made(proven, 200, made);
  json_decref(made);
  return ok;
}

static bool judge_entry(const dp__claim_facts *claim, dp_kind kind, const char *text, size_t length,
                        dp__proven *proven) {
  const by_entry *row = row_of(claim->request);
  json_t *body = dp__proof_body(claim->request), *answer = dp__proof_json(text, length);
  json_t *list = list_of(answer), *entry = entry_of(row, claim->request, body, list);
  bool done = false;
  if (kind != DP_OK)
    done = false;
  else if (row->members[0])
    done = entry && bears_all(row, body, entry) && prove_entry(row, entry, proven);
  else if (!entry && is_whole(answer, list))
    done = row->empty ? dp__proof_made(proven, 204, NULL) : dp__proof_gone(proven);
  json_decref(body);
  json_decref(answer);
  return done;
}

/* A new tag: nobody else's, and of that name, which is the only one of its kind. */
static dp_op look_for_tag(const dp__request *r, dp_args *args) {
  (void)args;
  json_t *body = dp__proof_body(r);
  bool named = json_is_string(json_object_get(body, "name"));
  json_decref(body);
  return named ? DP_OP_TAGS_LIST : DP_OP_NONE;
}

static bool judge_tag(const dp__claim_facts *claim, dp_kind kind, const char *text, size_t length,
                      dp__proven *proven) {
  json_t *body = dp__proof_body(claim->request), *answer = dp__proof_json(text, length), *tag;
  const json_t *name = json_object_get(body, "name");
  bool done = false;
  size_t i;
  json_array_foreach(list_of(answer), i, tag) {
    const char *id = json_string_value(json_object_get(tag, "id"));
    if (kind == DP_OK && name && json_equal(json_object_get(tag, "name"), name) && id &&
        !claim->taken(claim->user, id)) {
      done = dp__proof_made(proven, 200, tag);
      break;
    }
  }
  json_decref(body);
  json_decref(answer);
  return done;
}

/* A conversation that is gone has no messages: the list of all would have to be walked for that. */
static dp_op look_at_messages(const dp__request *r, dp_args *args) {
  json_t *body = dp__proof_body(r);
  bool ok = set_list_params(r, body, DP_OP_MESSAGES_LIST, args);
  json_decref(body);
  return ok ? DP_OP_MESSAGES_LIST : DP_OP_NONE;
}

static bool judge_conversation_gone(const dp__claim_facts *claim, dp_kind kind, const char *text,
                                    size_t length, dp__proven *proven) {
  (void)claim, (void)text, (void)length;
  return kind == DP_NOT_FOUND && dp__proof_made(proven, 204, NULL);
}

const dp__prover *dp__entry_prover_for(dp_op op) {
  static const dp__prover provers[] = {
      {DP_OP_CHILD_CHUNKS_UPDATE, look_in_list, judge_entry},
      {DP_OP_CHILD_CHUNKS_DELETE, look_in_list, judge_entry},
      {DP_OP_TAGS_CREATE, look_for_tag, judge_tag},
      {DP_OP_TAGS_UPDATE, look_in_list, judge_entry},
      {DP_OP_TAGS_DELETE, look_in_list, judge_entry},
      {DP_OP_CONVERSATIONS_RENAME, look_in_list, judge_entry},
      {DP_OP_CONVERSATIONS_UPDATE_VARIABLE, look_in_list, judge_entry},
      {DP_OP_CONVERSATIONS_DELETE, look_at_messages, judge_conversation_gone},
      {DP_OP_ANNOTATIONS_UPDATE, look_in_list, judge_entry},
      {DP_OP_ANNOTATIONS_DELETE, look_in_list, judge_entry},
  };
  for (size_t i = 0; i < sizeof provers / sizeof *provers; i++)
    if (provers[i].op == op)
      return &provers[i];
  return NULL;
}
