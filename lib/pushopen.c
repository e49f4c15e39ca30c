/*
 * Opening a push: which knowledge base, what it is like, what it may be.
 *
 * Its form and technique are fixed by its first document, and a real server says so late, if at all: a
 * mismatch would fail each page, or be kept silently. So they are compared before the first page. A new
 * knowledge base of the technique high_quality needs an embedding model, without which every document's
 * indexing fails; that is asked first, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "push.h"

enum { KBS_KEPT = 16, KB_BYTES = 48 << 20 }; /* of those that nobody pushes into now */

/* --- what is kept of knowledge bases --------------------------------------------------------------- */

static void kb_free(dp__kb *kb) {
  dp__inventory_deinit(&kb->inventory);
  json_decref(kb->fields);
  free(kb->workspace);
  free(kb->technique);
  free(kb->form);
  free(kb);
}

static dp__kb **oldest_unused(struct dp__policy *policy, size_t *count, size_t *bytes) {
  dp__kb **oldest = NULL;
  *count = *bytes = 0;
  for (dp__kb **link = &policy->kbs; *link; link = &(*link)->next) {
    *bytes += (*link)->inventory.bytes;
    if ((*link)->users)
      continue;
    ++*count;
    if (!oldest || (*link)->used_us < (*oldest)->used_us)
      oldest = link;
  }
  return oldest;
}

static void forget_some(struct dp__policy *policy) {
  size_t count, bytes;
  dp__kb **oldest;
  while ((oldest = oldest_unused(policy, &count, &bytes)) && (count > KBS_KEPT || bytes > KB_BYTES)) {
    dp__kb *kb = *oldest;
    *oldest = kb->next;
    kb_free(kb);
  }
}

void dp__kb_leave(dp__push *push) {
  if (!push->kb)
    return;
  push->kb->users--;
  push->kb->used_us = push->call->client->now_us;
  push->kb = NULL;
  forget_some(dp__policy(push->call->client));
}

void dp__kbs_free(dp_client *client) {
  while (client->policy && client->policy->kbs) {
    dp__kb *kb = client->policy->kbs;
    client->policy->kbs = kb->next;
    kb_free(kb);
  }
}

static dp__kb *kb_get(dp__push *push, const char *id) {
  struct dp__policy *policy = dp__policy(push->call->client);
  const char *workspace = push->call->profile->workspace;
  dp__kb *kb = policy->kbs;
  while (kb && (strcmp(kb->id, id) != 0 || strcmp(kb->workspace, workspace) != 0))
    kb = kb->next;
  if (!kb) {
    kb = calloc(1, sizeof *kb);
    if (!kb || !(kb->workspace = strdup(workspace))) {
      free(kb);
      return NULL;
    }
    snprintf(kb->id, sizeof kb->id, "%s", id);
    kb->next = policy->kbs;
    policy->kbs = kb;
  }
  kb->users++;
  return kb;
}

/* --- what the server says of it ---------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text ? text : "";
}

static void keep_text(char **place, const char *text) {
  free(*place);
  *place = *text ? strdup(text) : NULL;
}

/* Whether what is asked for can be had; else the call has ended. */
static bool fits(dp__push *push) {
  const dp__kb *kb = push->kb;
  const dp__push_options *o = &push->options;
  bool rule_fits = !push->rule_given || !kb->form || strcmp(kb->form, "hierarchical_model") != 0;
  const char *form = o->form ? o->form : rule_fits ? kb->form : "text_model";
  if (kb->form && strcmp(kb->form, form) != 0)
    dp__compose_fail(push->call, DP_CONFLICT, "doc_form",
                     "Push into another knowledge base, or with its form.",
                     "the knowledge base holds documents of the form %s, not %s", kb->form, form);
  else if (kb->technique && o->technique && strcmp(kb->technique, o->technique) != 0)
    dp__compose_fail(push->call, DP_CONFLICT, "indexing_technique",
                     "Leave indexing_technique out, or push into another knowledge base.",
                     "the knowledge base is indexed by %s, not %s", kb->technique, o->technique);
  else if (!o->form && kb->form && !dp__push_follow_form(push, kb->form))
    dp__compose_out_of_memory(push->call);
  else
    return true;
  return false;
}

static void opened(dp__push *push, const json_t *dataset, bool created) {
  push->kb = kb_get(push, text_of(dataset, "id"));
  if (!push->kb) {
    dp__compose_out_of_memory(push->call);
    return;
  }
  dp__kb *kb = push->kb;
  const json_t *fields = json_object_get(dataset, "doc_metadata");
  keep_text(&kb->technique, text_of(dataset, "indexing_technique"));
  keep_text(&kb->form, text_of(dataset, "doc_form"));
  json_decref(kb->fields);
  kb->fields = json_is_array(fields) ? json_deep_copy(fields) : json_array();
  push->kb_is_new = created;
  const json_t *total = json_object_get(dataset, "document_count");
  push->list_total = json_is_integer(total) ? json_integer_value(total) : -1;
  if (!kb->fields)
    dp__compose_out_of_memory(push->call);
  else if (fits(push))
    dp__push_plan_how(push);
}

/* --- finding it -------------------------------------------------------------------------------------- */

static void ensure(dp__push *push, bool create);

static void model_seen(dp_call *call, dp_reply *reply, void *user) {
  dp__push *push = user;
  size_t length;
  const char *text = dp_reply_body(reply, &length);
  json_t *body = text ? json_loadb(text, length, 0, NULL) : NULL;
  bool has = json_array_size(json_object_get(body, "data")) > 0;
  json_decref(body);
  if (dp_reply_kind(reply) != DP_OK)
    dp__compose_fail_as(call, reply, "the embedding models could not be listed");
  else if (!has)
    dp__compose_fail(call, DP_INVALID_REQUEST, "no_embedding_model",
                     "Set indexing_technique to economy, or add an embedding model in Dify.",
                     "a new knowledge base of the technique high_quality needs an embedding model, and "
                     "the workspace has none");
  else
    ensure(push, true);
}

static void ask_models(dp__push *push) {
  dp_args *args = dp_args_new();
  if (!args || dp_args_set_string(args, "model_type", "text-embedding") != DP_OK) {
    dp_args_free(args);
    dp__compose_out_of_memory(push->call);
    return;
  }
  dp__push_call(push, DP_OP_MODELS_LIST, args, model_seen, push);
}

/* In a dry run the knowledge base need not be there: every page would be new. */
static void open_nothing(dp__push *push) {
  json_t *none = json_pack("{s:s,s:s,s:[]}", "id", "", "name",
                           push->options.dataset ? push->options.dataset : "", "doc_metadata");
  opened(push, none, true);
  json_decref(none);
}

static bool is_economy(const dp__push *push) {
  return push->options.technique && strcmp(push->options.technique, "economy") == 0;
}

static void ensured(dp_call *call, dp_reply *reply, void *user) {
  dp__push *push = user;
  dp_kind kind = dp_reply_kind(reply);
  if (kind == DP_NOT_FOUND && push->options.dry_run) {
    open_nothing(push);
  } else if (kind == DP_NOT_FOUND) {
    ask_models(push);
  } else if (kind != DP_OK) {
    dp__compose_fail_as(call, reply, "the knowledge base could not be found or created");
  } else {
    json_t *body = dp__compose_body(call, reply, "the knowledge base");
    if (body)
      opened(push, json_object_get(body, "dataset"), json_is_true(json_object_get(body, "created")));
    json_decref(body);
  }
}

static void ensure(dp__push *push, bool create) {
  const dp__push_options *o = &push->options;
  dp_args *args = dp_args_new();
  bool ok = args && dp_args_set_string(args, "name", o->dataset) == DP_OK &&
            dp_args_set_string(args, "indexing_technique", o->technique ? o->technique : "high_quality") ==
                DP_OK &&
            dp_args_set_bool(args, "create", create) == DP_OK;
  if (ok) {
    dp__push_call(push, DP_OP_DATASETS_ENSURE, args, ensured, push);
    return;
  }
  dp_args_free(args);
  dp__compose_out_of_memory(push->call);
}

static void got(dp_call *call, dp_reply *reply, void *user) {
  if (dp_reply_kind(reply) != DP_OK) {
    dp__compose_fail_as(call, reply, "the knowledge base could not be read");
    return;
  }
  json_t *body = dp__compose_body(call, reply, "the knowledge base");
  if (body)
    opened(user, body, false);
  json_decref(body);
}

void dp__push_open(dp__push *push) {
  if (push->options.dataset) {
    ensure(push, is_economy(push) && !push->options.dry_run);
    return;
  }
  dp_args *args = dp_args_new();
  if (!args || dp_args_set_string(args, "dataset_id", push->options.dataset_id) != DP_OK) {
    dp_args_free(args);
    dp__compose_out_of_memory(push->call);
    return;
  }
  dp__push_call(push, DP_OP_DATASETS_GET, args, got, push);
}
