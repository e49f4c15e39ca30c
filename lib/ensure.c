/*
 * Find or create a knowledge base, or a tag, by its name.
 *
 * No server does it in one step, and real ones let equal creates through side by side, so each name is
 * dealt with by one caller of this client at a time, and what was created is read back: where another
 * machine was as quick, the older one stands, whoever looks, and the younger is taken away again by the
 * call that made it, before anybody was told its id.
 *
 * Finding asks by keyword, since a list of all knowledge bases costs a server 5 ms an entry, and compares
 * names itself, since keyword matches parts of names in any case. The list leaves out knowledge bases that
 * a key may not see and which yet hold their names: include_all shows them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "errors.h"

enum { PAGE = 100, TRIES = 3, RIVAL_WAITS = 4, RIVAL_US = 100000 };

typedef struct ensure {
  dp__turn turn;
  json_t *found;   /* what bears the name: the oldest so far */
  json_t *made;    /* the answer to our create */
  bool created;    /* that create was ours, and nobody was told of it */
  json_t *rival;   /* of another machine, made in the same second as ours */
  unsigned waits;  /* for it to give way */
  unsigned tries;
  int page;
} ensure;

static void release(void *work) {
  ensure *e = work;
  json_decref(e->found);
  json_decref(e->made);
  json_decref(e->rival);
  free(e);
}

static void end(dp_call *call) {
  ensure *e = call->work;
  if (e)
    dp__turn_give(&e->turn);
}

static ensure *begin(dp_call *call) {
  ensure *e = calloc(1, sizeof *e);
  call->work = e;
  if (!e)
    dp__compose_out_of_memory(call);
  return e;
}

static const char *text_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text ? text : "";
}

static json_int_t time_of(const json_t *object) {
  return (json_int_t)json_number_value(json_object_get(object, "created_at"));
}

/* Of two of one name the older stands; of equal age the one with the smaller id. */
static bool stands_before(const json_t *a, const json_t *b) {
  if (time_of(a) != time_of(b))
    return time_of(a) < time_of(b);
  return strcmp(text_of(a, "id"), text_of(b, "id")) < 0;
}

/* What was made in the same second as ours: which of the two is older cannot be told. */
static void keep_rival(ensure *e, json_t *list, const char *name) {
  size_t i;
  json_t *item;
  json_array_foreach(list, i, item)
    if (e->created && !e->rival && strcmp(text_of(item, "name"), name) == 0 &&
        time_of(item) == time_of(e->made) && strcmp(text_of(item, "id"), text_of(e->made, "id")) != 0)
      e->rival = json_incref(item);
}

static void keep_oldest(ensure *e, json_t *list, const char *name) {
  size_t i;
  json_t *item;
  json_array_foreach(list, i, item)
    if (strcmp(text_of(item, "name"), name) == 0 && (!e->found || stands_before(item, e->found))) {
      json_decref(e->found);
      e->found = json_incref(item);
    }
}

/* --- knowledge bases ------------------------------------------------------------------------------- */

static const char *name_of(const dp_call *call) {
  return dp__args_text(call->request.args, "name");
}

static void look(dp_call *call);

static void look_now(dp__turn *turn) {
  look(turn->call);
}

static void answer_dataset(dp_call *call) {
  ensure *e = call->work;
  dp__compose_done(call, json_pack("{s:s,s:s,s:b,s:O}", "id", text_of(e->found, "id"), "name",
                                   text_of(e->found, "name"), "created", (int)e->created,
                                   "dataset", e->found));
}

static void removed(dp_call *call, dp_reply *reply, void *user) {
  ensure *e = call->work;
  (void)user;
  e->created = false;
  if (dp_reply_kind(reply) == DP_OK || dp_reply_kind(reply) == DP_NOT_FOUND)
    dp__reply_note(call->reply, "Another machine created one of this name at the same moment; the "
                                "older one stands, and ours was taken away again.");
  else
    dp__reply_note(call->reply, "Another machine created one of this name at the same moment; the "
                                "older one stands, and ours (%s) could not be deleted.",
                   text_of(e->made, "id"));
  answer_dataset(call);
}

static bool found_ours(const ensure *e) {
  return strcmp(text_of(e->found, "id"), text_of(e->made, "id")) == 0;
}

static void look_again(dp__timer *timer) {
  dp_call *call = DP__FROM(dp_call, wait_timer, timer);
  ensure *e = call->work;
  json_decref(e->found);
  json_decref(e->rival);
  e->found = e->rival = NULL;
  e->page = 1;
  look(call);
}

/* Ours stands by its id, but whoever made the other may have looked before ours was there, and have been told
 * that his is the only one. If he has seen it he takes his away; if he does not, ours goes. True: wait. */
static bool waits_for_rival(dp_call *call) {
  ensure *e = call->work;
  if (!e->created || !found_ours(e) || !e->rival)
    return false;
  if (e->waits == RIVAL_WAITS) {
    json_decref(e->found);
    e->found = json_incref(e->rival);
    return false;
  }
  uint64_t gap = (uint64_t)RIVAL_US << e->waits++;
  if (!dp__timer_set(&call->client->timers, &call->wait_timer, call->client->now_us + gap, look_again))
    dp__compose_out_of_memory(call);
  return true;
}

/* A create was read back: it is the one, or it came second. */
static void settle(dp_call *call) {
  ensure *e = call->work;
  if (waits_for_rival(call))
    return;
  if (!e->created || found_ours(e)) {
    answer_dataset(call);
    return;
  }
  dp_args *args = dp_args_new();
  bool ok = args && dp_args_set_string(args, "dataset_id", text_of(e->made, "id")) == DP_OK;
  if (!ok)
    dp__compose_out_of_memory(call);
  else
    dp__compose_call(call, DP_OP_DATASETS_DELETE, args, 0, removed, NULL);
  dp_args_free(args);
}

static void created(dp_call *call, dp_reply *reply, void *user) {
  ensure *e = call->work;
  (void)user;
  dp_kind kind = dp_reply_kind(reply);
  bool taken = kind == DP_CONFLICT, unknown = kind == DP_UNKNOWN_OUTCOME;
  if (kind != DP_OK && !taken && !unknown) {
    dp__compose_fail_as(call, reply, "the knowledge base could not be created");
    return;
  }
  if (kind == DP_OK) {
    e->made = dp__compose_body(call, reply, "the create");
    e->created = e->made != NULL;
    if (!e->made)
      return;
  } else if (e->tries >= TRIES || (taken && e->tries > 1)) {
    dp__compose_fail(call, taken ? DP_CONFLICT : DP_UNKNOWN_OUTCOME,
                     taken ? "dataset_name_hidden" : "unverified",
                     taken ? "Choose another name, or a key that may see it."
                           : "Call it again: it looks first.",
                     taken ? "the name is taken by a knowledge base that this key is not shown"
                           : "whether the knowledge base was created cannot be told");
    return;
  }
  e->page = 1;
  look(call);
}

static bool is_ours(const char *name) {
  static const char *const creates[] = {"name", "description", "indexing_technique", "permission",
                                        "provider", "embedding_model", "embedding_model_provider",
                                        "retrieval_model", "summary_index_setting"};
  for (size_t i = 0; i < sizeof creates / sizeof *creates; i++)
    if (strcmp(creates[i], name) == 0)
      return true;
  return false;
}

/* Without a model of its own a knowledge base searches by meaning, which one of the technique economy
 * answers with 400: "Default model not found for text-embedding". */
static bool choose_search(dp_args *args) {
  const char *technique = dp__args_text(args, "indexing_technique");
  if (!technique || strcmp(technique, "economy") != 0 || dp__args_find(args, "retrieval_model"))
    return true;
  return dp_args_set_json(args, "retrieval_model",
                          "{\"search_method\":\"keyword_search\",\"reranking_enable\":false,"
                          "\"top_k\":3,\"score_threshold_enabled\":false}") == DP_OK;
}

static void create(dp_call *call) {
  ensure *e = call->work;
  dp_args *args = dp__args_copy(call->request.args);
  for (size_t i = args ? args->count : 0; i-- > 0;)
    if (!is_ours(args->list[i].name))
      dp__args_remove(args, args->list[i].name);
  e->tries++;
  if (!args || !choose_search(args))
    dp__compose_out_of_memory(call);
  else
    dp__compose_call(call, DP_OP_DATASETS_CREATE, args, 0, created, NULL);
  dp_args_free(args);
}

static bool is_refused(const dp_call *call) {
  const dp__arg *create = dp__args_find(call->request.args, "create");
  return create && create->kind == DP__ARG_BOOL && !create->value.truth;
}

static bool has_more(const json_t *body, int page) {
  return json_integer_value(json_object_get(body, "total")) > (json_int_t)page * PAGE &&
         json_array_size(json_object_get(body, "data")) > 0;
}

static void seen(dp_call *call, dp_reply *reply, void *user) {
  ensure *e = call->work;
  (void)user;
  if (dp_reply_kind(reply) != DP_OK) {
    dp__compose_fail_as(call, reply, "the knowledge bases could not be listed");
    return;
  }
  json_t *body = dp__compose_body(call, reply, "the list");
  if (!body)
    return;
  keep_oldest(e, json_object_get(body, "data"), name_of(call));
  keep_rival(e, json_object_get(body, "data"), name_of(call));
  bool more = has_more(body, e->page);
  json_decref(body);
  if (more) {
    e->page++;
    look(call);
  } else if (e->found) {
    settle(call);
  } else if (e->created) { /* answered and not shown yet: it is what the answer said */
    e->found = json_incref(e->made);
    answer_dataset(call);
  } else if (is_refused(call)) {
    dp__compose_fail(call, DP_NOT_FOUND, "no_such_dataset", "Create it, or leave create out.",
                     "there is no knowledge base of the name %.80s", name_of(call));
  } else {
    create(call);
  }
}

static void look(dp_call *call) {
  const ensure *e = call->work;
  dp_args *args = dp_args_new();
  bool ok = args && dp_args_set_string(args, "keyword", name_of(call)) == DP_OK &&
            dp_args_set_bool(args, "include_all", true) == DP_OK &&
            dp_args_set_int(args, "limit", PAGE) == DP_OK &&
            dp_args_set_int(args, "page", e->page) == DP_OK;
  if (!ok)
    dp__compose_out_of_memory(call);
  else
    dp__compose_call(call, DP_OP_DATASETS_LIST, args, 0, seen, NULL);
  dp_args_free(args);
}

static void ensure_dataset(dp_call *call) {
  ensure *e = begin(call);
  if (!e)
    return;
  e->page = 1;
  dp__turn_take(&e->turn, call, "dataset", name_of(call), look_now);
}

const dp__composition dp__datasets_ensure = {.op = DP_OP_DATASETS_ENSURE, .begin = ensure_dataset, .end = end, .release = release};

/* --- tags ------------------------------------------------------------------------------------------ */

static void look_at_tags(dp_call *call);

static void answer_tag(dp_call *call) {
  ensure *e = call->work;
  dp__compose_done(call, json_pack("{s:s,s:s,s:b}", "id", text_of(e->found, "id"), "name",
                                   text_of(e->found, "name"), "created", (int)e->created));
}

static void tag_created(dp_call *call, dp_reply *reply, void *user) {
  ensure *e = call->work;
  (void)user;
  dp_kind kind = dp_reply_kind(reply);
  if (kind == DP_OK)
    e->made = dp__compose_body(call, reply, "the create");
  if (kind == DP_OK && !e->made)
    return;
  if (e->made) {
    e->created = true;
    e->found = json_incref(e->made);
    answer_tag(call);
  } else if (kind == DP_UNKNOWN_OUTCOME && e->tries < TRIES) {
    look_at_tags(call);
  } else {
    dp__compose_fail_as(call, reply, "the tag could not be created");
  }
}

static void create_tag(dp_call *call) {
  ensure *e = call->work;
  dp_args *args = dp_args_new();
  e->tries++;
  if (!args || dp_args_set_string(args, "name", name_of(call)) != DP_OK)
    dp__compose_out_of_memory(call);
  else
    dp__compose_call(call, DP_OP_TAGS_CREATE, args, 0, tag_created, NULL);
  dp_args_free(args);
}

/* Of equal tags, which a race leaves, the one with the smallest id: tags show no time. */
static void tags_seen(dp_call *call, dp_reply *reply, void *user) {
  ensure *e = call->work;
  size_t length;
  (void)user;
  if (dp_reply_kind(reply) == DP_INVALID_REQUEST) {
    dp__compose_fail(call, DP_UNSUPPORTED, "tags_not_listed",
                     "Make the tag in Dify's pages and bind it by its id (tags.bind).",
                     "this version of the server cannot list its tags, so an equal one cannot be found");
    return;
  }
  if (dp_reply_kind(reply) != DP_OK) {
    dp__compose_fail_as(call, reply, "the tags could not be listed");
    return;
  }
  const char *text = dp_reply_body(reply, &length);
  json_t *list = json_loadb(text ? text : "", length, JSON_ALLOW_NUL, NULL);
  keep_oldest(e, list, name_of(call));
  json_decref(list);
  if (e->found)
    answer_tag(call);
  else
    create_tag(call);
}

static void look_at_tags(dp_call *call) {
  dp__compose_call(call, DP_OP_TAGS_LIST, NULL, 0, tags_seen, NULL);
}

static void tags_turn(dp__turn *turn) {
  look_at_tags(turn->call);
}

static void ensure_tag(dp_call *call) {
  ensure *e = begin(call);
  if (!e)
    return;
  if (dp__op_defect(dp__op_by_number(DP_OP_TAGS_LIST), "list_400", call->host->version) &&
      *call->host->version) {
    dp__compose_fail(call, DP_UNSUPPORTED, "tags_not_listed",
                     "Make the tag in Dify's pages and bind it by its id (tags.bind).",
                     "server version %s cannot list its tags, so an equal one cannot be found",
                     call->host->version);
    return;
  }
  dp__turn_take(&e->turn, call, "tag", name_of(call), tags_turn);
}

const dp__composition dp__tags_ensure = {.op = DP_OP_TAGS_ENSURE, .begin = ensure_tag, .end = end, .release = release};
