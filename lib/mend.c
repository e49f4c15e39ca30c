/*
 * Ways round what servers are known to do wrong; the table (defects) lists them with their versions.
 *
 *   retrieval_switches   a retrieval_model without its mandatory switches is a 500: the knowledge
 *                        base's own model is taken and what the caller gave is laid over it
 *   technique_required   create-by-text without indexing_technique is a 400: the knowledge base's own
 *                        is filled in
 *   update_hangs_indexing  update-by-text hangs the indexing worker up to 1.12.1: a create by the same
 *                        name does the same work and is safe, where exactly that document bears it
 *   done_but_400         a tag's create and update answer 400 although the work is done
 *
 * A version that is not known is taken as one that has the defect. What was done differently is said
 * in the reply's note.
 */
#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "errors.h"

static bool has_defect(const dp_call *call, const char *id) {
  const dp__host *host = call->profile->host;
  return dp__op_defect(call->request.desc, id, host ? host->version : "") != NULL;
}

static json_t *reply_json(const dp_reply *reply) {
  size_t length;
  const char *body = dp_reply_body(reply, &length);
  return json_loadb(body, length, JSON_ALLOW_NUL, NULL);
}

static json_t *request_json(const dp_call *call) {
  json_t *body = call->request.body
                     ? json_loadb(call->request.body, call->request.body_length, JSON_ALLOW_NUL, NULL)
                     : NULL;
  return json_is_object(body) ? body : (json_decref(body), NULL);
}

static bool set_body(dp_call *call, json_t *body) {
  char *text = json_dumps(body, JSON_COMPACT);
  if (!text)
    return false;
  free(call->request.body);
  call->request.body = text;
  call->request.body_length = strlen(text);
  return true;
}

static void give_up(dp_call *call, json_t *owned) {
  json_decref(owned);
  dp_error error;
  dp__no_memory(&error);
  dp__call_fail(call, &error);
}

/* Arguments made of the request's path parameters. */
static dp_args *args_from_path(const dp_call *call, const char *const *names) {
  dp_args *args = dp_args_new();
  for (; args && *names; names++) {
    size_t length;
    const char *value = dp__request_param(&call->request, *names, &length);
    if (dp_args_set_text(args, *names, value, length) != DP_OK) {
      dp_args_free(args);
      args = NULL;
    }
  }
  return args;
}

/* A look that the way round needs has failed: then the call has, for the same reason. */
static bool look_failed(dp_call *call, const dp_reply *reply) {
  if (call->state == DP__CALL_ENDING)
    return true;
  if (reply->error.kind == DP_OK)
    return false;
  dp__call_fail(call, &reply->error);
  return true;
}

/* --- retrieval_switches ------------------------------------------------------------------------------ */

static void overlay(json_t *model, const json_t *given) {
  static const char *const needed[] = {"score_threshold_enabled", "reranking_enable"};
  json_object_update(model, (json_t *)(uintptr_t)given);
  for (size_t i = 0; i < 2; i++)
    if (!json_is_boolean(json_object_get(model, needed[i])))
      json_object_set_new(model, needed[i], json_false());
  if (!json_is_string(json_object_get(model, "search_method")))
    json_object_set_new(model, "search_method", json_string("keyword_search"));
}

static void fill_retrieval(dp_call *child, dp_reply *reply, void *user) {
  (void)child;
  dp_call *call = user;
  if (look_failed(call, reply))
    return;
  json_t *dataset = reply_json(reply), *body = request_json(call);
  json_t *model = json_deep_copy(json_object_get(dataset, "retrieval_model_dict"));
  if (!json_is_object(model)) {
    json_decref(model);
    model = json_object();
  }
  json_decref(dataset);
  overlay(model, json_object_get(body, "retrieval_model"));
  if (!body || json_object_set_new(body, "retrieval_model", model) != 0 || !set_body(call, body)) {
    give_up(call, body);
    return;
  }
  json_decref(body);
  dp__reply_note(call->reply, "retrieval_model was filled in from the knowledge base's own");
  dp__call_go(call);
}

static bool lacks_switches(const dp_call *call) {
  json_t *body = request_json(call), *model = json_object_get(body, "retrieval_model");
  bool lacks = json_object_size(model) > 0 &&
               (!json_object_get(model, "search_method") ||
                !json_object_get(model, "score_threshold_enabled") ||
                !json_object_get(model, "reranking_enable"));
  json_decref(body);
  return lacks;
}

static bool mend_retrieve(dp_call *call) {
  static const char *const names[] = {"dataset_id", NULL};
  if (!lacks_switches(call))
    return false;
  dp__call_child(call, DP_OP_DATASETS_GET, args_from_path(call, names), fill_retrieval);
  return true;
}

/* --- technique_required -------------------------------------------------------------------------------- */

static void fill_technique(dp_call *child, dp_reply *reply, void *user) {
  (void)child;
  dp_call *call = user;
  if (look_failed(call, reply))
    return;
  json_t *dataset = reply_json(reply), *body = request_json(call);
  json_t *technique = json_object_get(dataset, "indexing_technique");
  if (!json_is_string(technique)) {
    json_decref(dataset);
    json_decref(body);
    dp_error error;
    dp__fail(&error, DP_INVALID_REQUEST, "indexing_technique", "Give indexing_technique: economy or high_quality.",
             "%s: the knowledge base has no indexing_technique yet, so its first document must bring one",
             call->request.desc->name);
    dp__call_fail(call, &error);
    return;
  }
  json_object_set(body, "indexing_technique", technique);
  json_decref(dataset);
  if (!body || !set_body(call, body)) {
    give_up(call, body);
    return;
  }
  json_decref(body);
  dp__reply_note(call->reply, "indexing_technique was filled in from the knowledge base");
  dp__call_go(call);
}

static bool mend_create(dp_call *call) {
  static const char *const names[] = {"dataset_id", NULL};
  json_t *body = request_json(call);
  bool lacks = body && !json_object_get(body, "indexing_technique");
  json_decref(body);
  if (!lacks)
    return false;
  dp__call_child(call, DP_OP_DATASETS_GET, args_from_path(call, names), fill_technique);
  return true;
}

/* --- update_hangs_indexing ------------------------------------------------------------------------------- */

static void refuse_update(dp_call *call, const char *why) {
  dp_error error;
  dp__fail(&error, DP_UNSUPPORTED, "update_hangs_indexing",
           "Create a document by the same name instead, or insist with allow_hazard.",
           "%s would hang this server's indexing (version %s), and it cannot be done by a create: %s",
           call->request.desc->name,
           call->profile->host && call->profile->host->version[0] ? call->profile->host->version
                                                                   : "not known",
           why);
  dp__call_fail(call, &error);
}

static const char *text_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text ? text : "";
}

/* Send it as a create by the name that the document bears. */
static void carry_out_as_create(dp_call *call, const char *name) {
  size_t length;
  const char *dataset = dp__request_param(&call->request, "dataset_id", &length);
  char path[128];
  snprintf(path, sizeof path, "/datasets/%.*s/document/create-by-text", (int)length, dataset);
  json_t *body = request_json(call);
  char *copy = strdup(path);
  if (!body || !copy || json_object_set_new(body, "name", json_string(name)) != 0 ||
      !set_body(call, body)) {
    free(copy);
    give_up(call, body);
    return;
  }
  json_decref(body);
  free(call->request.path);
  call->request.path = copy;
  dp__reply_note(call->reply, "carried out as a create by the same name: update-by-text hangs the "
                              "indexing of this server's version");
  if (!mend_create(call))
    dp__call_go(call);
}

/* The list by keyword: exactly one enabled document of that very name, and it is ours. */
static void found_by_name(dp_call *child, dp_reply *reply, void *user) {
  (void)child;
  dp_call *call = user;
  if (look_failed(call, reply))
    return;
  size_t length, i, matches = 0;
  const char *id = dp__request_param(&call->request, "document_id", &length);
  json_t *list = reply_json(reply), *item, *ours = NULL;
  json_t *items = json_object_get(list, "data");
  json_array_foreach(items, i, item) if (strlen(text_of(item, "id")) == length &&
                                         memcmp(text_of(item, "id"), id, length) == 0) ours = item;
  const char *name = text_of(ours, "name");
  json_array_foreach(items, i, item) matches += strcmp(text_of(item, "name"), name) == 0;
  if (!ours)
    refuse_update(call, "the document was not found by its name");
  else if (matches != 1)
    refuse_update(call, "more than one document bears its name");
  else if (!json_is_true(json_object_get(ours, "enabled")) || json_is_true(json_object_get(ours, "archived")))
    refuse_update(call, "the document is disabled or archived");
  else
    carry_out_as_create(call, name);
  json_decref(list);
}

static void found_by_id(dp_call *child, dp_reply *reply, void *user) {
  (void)child;
  dp_call *call = user;
  if (look_failed(call, reply))
    return;
  json_t *document = reply_json(reply), *body = request_json(call);
  const char *name = text_of(document, "name"), *new_name = text_of(body, "name");
  bool by_upload = strcmp(text_of(document, "data_source_type"), "upload_file") == 0;
  bool renames = new_name[0] && strcmp(new_name, name) != 0;
  dp_args *args = dp_args_new();
  size_t length;
  const char *dataset = dp__request_param(&call->request, "dataset_id", &length);
  if (args) {
    dp_args_set_text(args, "dataset_id", dataset, length);
    dp_args_set_string(args, "keyword", name);
    dp_args_set_int(args, "limit", 100);
  }
  if (!by_upload || renames) {
    dp_args_free(args);
    refuse_update(call, renames ? "it would change the name" : "the document is no uploaded text");
  } else {
    dp__call_child(call, DP_OP_DOCUMENTS_LIST, args, found_by_name);
  }
  json_decref(document);
  json_decref(body);
}

static bool mend_update(dp_call *call) {
  static const char *const names[] = {"dataset_id", "document_id", NULL};
  if ((call->flags & DP_CALL_ALLOW_HAZARD) || !has_defect(call, "update_hangs_indexing"))
    return false;
  json_t *body = request_json(call);
  bool has_text = text_of(body, "text")[0] != '\0';
  json_decref(body);
  if (!has_text) {
    refuse_update(call, "it brings no text");
    return true;
  }
  dp__call_child(call, DP_OP_DOCUMENTS_GET, args_from_path(call, names), found_by_id);
  return true;
}

bool dp__mend_before(dp_call *call) {
  switch (call->request.desc->op) {
  case DP_OP_DATASETS_RETRIEVE:
    return mend_retrieve(call);
  case DP_OP_DOCUMENTS_CREATE_BY_TEXT:
    return mend_create(call);
  case DP_OP_DOCUMENTS_UPDATE_BY_TEXT:
    return mend_update(call);
  default:
    return false;
  }
}

/* --- done_but_400 ------------------------------------------------------------------------------------------ */

/* The answer that the server failed to write, as far as it is known: the id is not. */
static bool write_tag_answer(dp_call *call) {
  json_t *body = request_json(call);
  json_t *answer = json_pack("{s:n, s:s, s:s, s:s}", "id", "name", text_of(body, "name"), "type",
                             "knowledge", "binding_count", "0");
  const char *id = text_of(body, "tag_id");
  if (answer && id[0])
    json_object_set_new(answer, "id", json_string(id));
  char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
  call->body.length = 0;
  bool ok = text && dp__buffer_text(&call->body, text);
  free(text);
  json_decref(answer);
  json_decref(body);
  return ok;
}

void dp__mend_after(dp_call *call, dp__verdict *verdict) {
  dp_op op = call->request.desc->op;
  if ((op != DP_OP_TAGS_CREATE && op != DP_OP_TAGS_UPDATE) || verdict->error.status != 400 ||
      !has_defect(call, "done_but_400") || !strstr(verdict->error.message, "validation error for DataSetTag") ||
      !write_tag_answer(call))
    return;
  verdict->error = (dp_error){.kind = DP_OK};
  dp_reply *reply = call->answered ? call->late_reply : call->reply;
  reply->status = 200;
  dp__reply_note(reply, op == DP_OP_TAGS_CREATE
                            ? "the tag was created; this server's version fails to write its answer "
                              "(400) and shows no unbound tag's id"
                            : "the tag was renamed; this server's version fails to write its answer "
                              "(400)");
}
