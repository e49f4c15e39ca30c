/*
 * Metadata fields of names and types, found or created.
 *
 * One caller at a time for a knowledge base, since equal creates side by side make several fields of one
 * name. Missing ones are created side by side, for their names differ, and read back once: what another
 * machine created in the same moment shows then, the first in the server's list stands for all, and ours
 * is deleted again, before any value refers to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "errors.h"
#include "fields.h"

enum { TRIES = 3, FIELDS_MAX = 200 };

typedef struct work {
  dp__turn turn;
  json_t *asked;   /* array of {name, type} */
  json_t *made;    /* id by name: those that this call created */
  json_t *listed;  /* the server's fields, as the last list showed them */
  dp_error error;  /* why the last create failed */
  unsigned waiting, tries;
} work;

static void release(void *user) {
  work *w = user;
  json_decref(w->asked);
  json_decref(w->made);
  json_decref(w->listed);
  free(w);
}

static void end(dp_call *call) {
  work *w = call->work;
  if (w)
    dp__turn_give(&w->turn);
}

static const char *text_of(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));
  return text ? text : "";
}

static const char *type_of(const json_t *asked) {
  const char *type = text_of(asked, "type");
  return *type ? type : "string";
}

const json_t *dp__field_named(const json_t *list, const char *name) {
  size_t i;
  const json_t *field;
  json_array_foreach(list, i, field)
    if (strcmp(text_of(field, "name"), name) == 0 && strcmp(text_of(field, "id"), "built-in") != 0)
      return field;
  return NULL;
}

static const char *dataset_of(const dp_call *call) {
  return dp__args_text(call->request.args, "dataset_id");
}

static void list(dp_call *call);

/* --- the end ----------------------------------------------------------------------------------------- */

static json_t *answer(const work *w) {
  size_t i;
  const json_t *asked;
  json_t *out = json_array();
  json_array_foreach(w->asked, i, asked) {
    const char *name = text_of(asked, "name");
    const json_t *field = dp__field_named(w->listed, name);
    json_array_append_new(out, json_pack("{s:s,s:s,s:s,s:b}", "id", text_of(field, "id"), "name", name,
                                         "type", text_of(field, "type"), "created",
                                         json_object_get(w->made, name) != NULL));
  }
  return json_pack("{s:o}", "fields", out);
}

static void all_are_there(dp_call *call) {
  const work *w = call->work;
  size_t i;
  const json_t *asked;
  json_array_foreach(w->asked, i, asked) {
    const json_t *field = dp__field_named(w->listed, text_of(asked, "name"));
    if (strcmp(text_of(field, "type"), type_of(asked)) != 0) {
      dp__compose_fail(call, DP_CONFLICT, "field_type",
                       "Use another name, or give the field's own type.",
                       "the metadata field %.80s is of type %s, not %s", text_of(asked, "name"),
                       text_of(field, "type"), type_of(asked));
      return;
    }
  }
  dp__compose_done(call, answer(w));
}

/* --- a race that was lost ------------------------------------------------------------------------------ */

static void taken_away(dp_call *call, dp_reply *reply, void *user) {
  work *w = call->work;
  (void)reply;
  (void)user;
  if (--w->waiting == 0)
    all_are_there(call);
}

static bool take_away(dp_call *call, const char *id) {
  work *w = call->work;
  dp_args *args = dp_args_new();
  bool ok = args && dp_args_set_string(args, "dataset_id", dataset_of(call)) == DP_OK &&
            dp_args_set_string(args, "metadata_id", id) == DP_OK;
  if (!ok)
    dp__compose_out_of_memory(call);
  w->waiting++;
  ok = ok && dp__compose_call(call, DP_OP_METADATA_DELETE, args, 0, taken_away, NULL);
  dp_args_free(args);
  return ok;
}

static void settle(dp_call *call) {
  work *w = call->work;
  const char *name;
  json_t *id;
  void *next;
  json_object_foreach_safe(w->made, next, name, id) {
    const json_t *stands = dp__field_named(w->listed, name);
    if (strcmp(text_of(stands, "id"), json_string_value(id)) == 0)
      continue;
    if (!take_away(call, json_string_value(id)))
      return;
    json_object_del(w->made, name);
  }
  if (w->waiting == 0)
    all_are_there(call);
}

/* --- creating -------------------------------------------------------------------------------------------- */

static void created(dp_call *call, dp_reply *reply, void *user) {
  work *w = call->work;
  const char *name = user;
  if (dp_reply_kind(reply) == DP_OK) {
    json_t *body = dp__compose_body(call, reply, "the create");
    if (!body)
      return;
    json_object_set(w->made, name, json_object_get(body, "id"));
    json_decref(body);
  } else { /* it may be there all the same: the list tells */
    w->error = *dp_reply_error(reply);
  }
  if (--w->waiting == 0)
    list(call);
}

static bool create(dp_call *call, const json_t *asked) {
  work *w = call->work;
  const char *name = text_of(asked, "name");
  dp_args *args = dp_args_new();
  bool ok = args && dp_args_set_string(args, "dataset_id", dataset_of(call)) == DP_OK &&
            dp_args_set_string(args, "type", type_of(asked)) == DP_OK &&
            dp_args_set_string(args, "name", name) == DP_OK;
  if (!ok)
    dp__compose_out_of_memory(call);
  w->waiting++;
  ok = ok && dp__compose_call(call, DP_OP_METADATA_CREATE, args, 0, created, (void *)(uintptr_t)name);
  dp_args_free(args);
  return ok;
}

static void fail(dp_call *call) {
  const work *w = call->work;
  dp_error error = w->error;
  char message[sizeof error.message];
  snprintf(message, sizeof message, "metadata.ensure: a field could not be created: %.400s",
           w->error.message);
  dp__copy_text(error.message, sizeof error.message, message, strlen(message));
  dp__call_end(call, &error);
}

static void go_on(dp_call *call) {
  work *w = call->work;
  size_t i, missing = 0;
  const json_t *asked;
  json_array_foreach(w->asked, i, asked)
    missing += !dp__field_named(w->listed, text_of(asked, "name"));
  if (missing == 0) {
    settle(call);
    return;
  }
  if (w->tries == TRIES) {
    fail(call);
    return;
  }
  w->tries++;
  json_array_foreach(w->asked, i, asked)
    if (!dp__field_named(w->listed, text_of(asked, "name")) && !create(call, asked))
      return;
}

static void listed(dp_call *call, dp_reply *reply, void *user) {
  work *w = call->work;
  (void)user;
  if (dp_reply_kind(reply) != DP_OK) {
    dp__compose_fail_as(call, reply, "the metadata fields could not be listed");
    return;
  }
  json_t *body = dp__compose_body(call, reply, "the list of fields");
  if (!body)
    return;
  json_decref(w->listed);
  w->listed = json_incref(json_object_get(body, "doc_metadata"));
  json_decref(body);
  go_on(call);
}

static void list(dp_call *call) {
  dp_args *args = dp_args_new();
  if (!args || dp_args_set_string(args, "dataset_id", dataset_of(call)) != DP_OK)
    dp__compose_out_of_memory(call);
  else
    dp__compose_call(call, DP_OP_METADATA_LIST, args, 0, listed, NULL);
  dp_args_free(args);
}

/* --- beginning ------------------------------------------------------------------------------------------- */

/* Why what is asked for cannot be; NULL = it can. */
static const char *objection(const json_t *fields) {
  static const char *const reserved[] = {"source", "document_name", "uploader", "upload_date",
                                         "last_update_date"};
  size_t i;
  const json_t *field;
  json_array_foreach(fields, i, field) {
    const char *name = text_of(field, "name"), *type = type_of(field);
    if (!*name)
      return "each field needs a name";
    if (dp__field_named(fields, name) != field)
      return "a name stands there twice";
    for (size_t k = 0; k < sizeof reserved / sizeof *reserved; k++)
      if (strcmp(name, reserved[k]) == 0)
        return "source, document_name, uploader, upload_date and last_update_date are Dify's own";
    if (strcmp(type, "string") != 0 && strcmp(type, "number") != 0 && strcmp(type, "time") != 0)
      return "a field's type is string, number or time";
  }
  return json_array_size(fields) <= FIELDS_MAX ? NULL : "there are more than 200 fields";
}

static void turn_came(dp__turn *turn) {
  list(turn->call);
}

static void ensure(dp_call *call) {
  const dp__arg *fields = dp__args_find(call->request.args, "fields");
  work *w = calloc(1, sizeof *w);
  call->work = w;
  if (w) {
    w->asked = json_loadb(fields->data, fields->length, 0, NULL);
    w->made = json_object();
  }
  if (!w || !w->asked || !w->made) {
    dp__compose_out_of_memory(call);
    return;
  }
  const char *wrong = objection(w->asked);
  if (wrong)
    dp__compose_fail(call, DP_INVALID_REQUEST, "argument", NULL, "fields: %s", wrong);
  else
    dp__turn_take(&w->turn, call, "fields", dataset_of(call), turn_came);
}

const dp__composition dp__metadata_ensure = {.op = DP_OP_METADATA_ENSURE, .begin = ensure, .end = end, .release = release};
