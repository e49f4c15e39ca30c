/*
 * Why text comes before the file: a server that looks at text first can refuse before the file has
 * flown, and a file that fails midway leaves nothing behind it unsent that mattered.
 *
 * Why the tail waits for the source's end: a body is carried out by the server when it is complete. So
 * nothing may complete it but the word of whoever gives the content that this was all; a source that
 * ends early, or has more than it said, leaves a request that is cut and creates nothing.
 */
#include "form.h"

#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include <difypool/call.h>

#include "errors.h"
#include "filerules.h"
#include "json.h"
#include "request.h"

/* --- making one -------------------------------------------------------------------------------- */

void dp__form_free(dp__form *form) {
  if (!form)
    return;
  if (form->taken)
    dp__source_give_back(form->source);
  dp__source_unref(form->source);
  dp__buffer_deinit(&form->head);
  dp__buffer_deinit(&form->tail);
  free(form);
}

/* A value as the text of a part. */
static bool part_text(const dp__arg *arg, dp__buffer *text) {
  if (arg->kind == DP__ARG_TEXT || arg->kind == DP__ARG_BYTES)
    return dp__buffer_append(text, arg->data, arg->length);
  if (arg->kind != DP__ARG_JSON || dp__json_kind(arg->data, arg->length) != '"')
    return dp__arg_json(text, arg);
  json_t *value = json_loadb(arg->data, arg->length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
  bool ok = value && dp__buffer_append(text, json_string_value(value), json_string_length(value));
  json_decref(value);
  return ok;
}

static dp_kind add_texts(const dp__op_desc *desc, const dp_args *args, dp__form *form,
                         dp_error *err) {
  bool data = dp__op_takes(desc, DP__IN_DATA);
  for (size_t i = 0; args && i < args->count; i++) {
    const dp__arg *arg = &args->list[i];
    const dp__param_desc *param = dp__op_param(desc, arg->name);
    if (param ? param->where != DP__IN_PART : data || arg->kind == DP__ARG_FILE)
      continue;
    dp__buffer text = {0};
    bool ok = arg->kind == DP__ARG_NULL || part_text(arg, &text);
    if (ok && arg->kind != DP__ARG_NULL)
      dp__multipart_text(&form->head, form->boundary, arg->name, text.data ? text.data : "",
                         text.length);
    bool failed = text.failed;
    dp__buffer_deinit(&text);
    if (!ok && !failed)
      return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "%s: %s cannot stand in a text part",
                      desc->name, arg->name);
    if (failed)
      return dp__no_memory(err);
  }
  return DP_OK;
}

static dp_kind add_data(const dp__op_desc *desc, const dp_args *args, dp__form *form,
                        dp_error *err) {
  dp__buffer json = {0};
  if (!dp__op_takes(desc, DP__IN_DATA))
    return DP_OK;
  dp__buffer_text(&json, "{");
  for (size_t i = 0; args && i < args->count; i++) {
    const dp__arg *arg = &args->list[i];
    const dp__param_desc *param = dp__op_param(desc, arg->name);
    if (param && param->where != DP__IN_DATA)
      continue;
    if (!dp__arg_member(&json, arg) && !json.failed) {
      dp__buffer_deinit(&json);
      return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "%s: %s cannot stand in JSON",
                      desc->name, arg->name);
    }
  }
  bool ok = dp__buffer_text(&json, "}") &&
            dp__multipart_text(&form->head, form->boundary, "data", json.data, json.length);
  dp__buffer_deinit(&json);
  return ok ? DP_OK : dp__no_memory(err);
}

/* The file that goes along, and its parameter; no file at all is the table's to forbid. */
static dp_kind find_file(const dp__op_desc *desc, const dp_args *args, dp__form *form,
                         const dp__param_desc **param, dp_error *err) {
  for (size_t i = 0; i < desc->param_count; i++) {
    const dp__arg *arg = dp__args_find(args, desc->params[i].name);
    if (desc->params[i].where != DP__IN_FILE || !arg)
      continue;
    *param = &desc->params[i];
    if (arg->kind == DP__ARG_FILE) {
      form->source = dp__source_ref(arg->source);
    } else if (arg->kind == DP__ARG_BYTES) {
      if (dp__source_of_bytes("file", NULL, arg->data, arg->length, &form->source) != DP_OK)
        return dp__no_memory(err);
    } else if (arg->kind != DP__ARG_NULL) {
      return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "%s: %s must be a file",
                      desc->name, arg->name);
    }
  }
  return DP_OK;
}

static dp_kind add_file(const dp__op_desc *desc, const dp__param_desc *param, uint32_t flags,
                        dp__form *form, dp_error *err) {
  const char *filename = dp__source_filename(form->source), *type = dp__source_type(form->source);
  if (!type)
    type = dp__file_type(filename);
  form->most = INT64_MAX;
  if (!(flags & DP_CALL_NO_VALIDATE)) {
    dp_kind kind = dp__file_check(desc, param, filename, type, dp__source_length(form->source), err);
    if (kind != DP_OK)
      return kind;
    form->most = dp__file_bound(desc, param, filename, &form->bound);
  }
  dp__multipart_file(&form->head, form->boundary, param->name, filename, type);
  form->taken = dp__source_take(form->source);
  if (!form->taken)
    return dp__fail(err, DP_INVALID_REQUEST, "file_used",
                    "A source serves one call: set it again for another.",
                    "%s: the source of %s belongs to another call", desc->name, param->name);
  return DP_OK;
}

static dp_kind write_form(const dp__op_desc *desc, const dp_args *args, uint32_t flags,
                          dp__form *form, dp_error *err) {
  const dp__param_desc *param = NULL;
  dp_kind kind = find_file(desc, args, form, &param, err);
  const char *content = form->source ? dp__source_bytes(form->source) : NULL;
  if (kind != DP_OK)
    return kind;
  if (!dp__boundary_new(form->boundary, content,
                        content ? (size_t)dp__source_length(form->source) : 0))
    return dp__fail(err, DP_INTERNAL, "random", NULL, "the kernel gives no random bytes");
  kind = add_texts(desc, args, form, err);
  if (kind == DP_OK)
    kind = add_data(desc, args, form, err);
  if (kind == DP_OK && form->source)
    kind = add_file(desc, param, flags, form, err);
  dp__multipart_end(form->source ? &form->tail : &form->head, form->boundary, form->source != NULL);
  if (kind == DP_OK && (form->head.failed || form->tail.failed))
    kind = dp__no_memory(err);
  return kind;
}

dp_kind dp__form_new(const dp__op_desc *desc, const dp_args *args, uint32_t flags, dp__form **out,
                     dp_error *err) {
  dp__form *form = calloc(1, sizeof *form);
  if (!form)
    return dp__no_memory(err);
  form->op = desc->name;
  form->bound = "";
  dp_kind kind = write_form(desc, args, flags, form, err);
  if (kind == DP_OK)
    *out = form;
  else
    dp__form_free(form);
  return kind;
}

void dp__form_release(dp__form *form) {
  if (form && form->taken)
    dp__source_release(form->source);
  if (form)
    form->taken = false;
}

/* --- reading it ---------------------------------------------------------------------------------- */

int64_t dp__form_length(const dp__form *form) {
  int64_t content = form->source ? dp__source_length(form->source) : 0;
  return content < 0 ? -1 : content + (int64_t)(form->head.length + form->tail.length);
}

bool dp__form_flows(const dp__form *form) {
  return form->source && dp__source_is_programs(form->source);
}

bool dp__form_can_start(const dp__form *form) {
  return !form->begun || !form->source || dp__source_can_rewind(form->source);
}

void dp__form_start(dp__form *form) {
  form->head_at = form->tail_at = 0;
  form->given = form->content = 0;
  form->over = false;
  form->again = form->begun;
}

static size_t take_from(const dp__buffer *from, size_t *at, char *buffer, size_t capacity) {
  size_t left = from->length - *at, length = left < capacity ? left : capacity;
  if (length)
    memcpy(buffer, from->data + *at, length);
  *at += length;
  return length;
}

static dp_flow wrong_length(const dp__form *form, uint64_t got, bool more, dp_error *error) {
  dp__fail(error, DP_INVALID_REQUEST, "length",
           "Give the true length, or -1 if it is not known; nothing was created.",
           "%s: the file's source gave %llu bytes%s where %lld were said; the request was cut",
           form->op, (unsigned long long)got, more ? " or more" : "",
           (long long)dp__source_length(form->source));
  return DP_FLOW_ABORT;
}

static dp_flow too_much(const dp__form *form, dp_error *error) {
  dp__fail(error, DP_TOO_LARGE, form->bound,
           "Send less, or turn validation off if your server's bound was raised.",
           "%s: the file has more than %lld bytes, which is %s; the request was cut", form->op,
           (long long)form->most, form->bound);
  return DP_FLOW_ABORT;
}

static dp_flow gave_up(const dp__form *form, const char *what, dp_error *error) {
  dp__fail(error, DP_CANCELLED, "file_source", "Nothing was created; send it again.",
           "%s: the file's source %s; the request was cut", form->op, what);
  return DP_FLOW_ABORT;
}

/* Content, or its end. One byte more than was said is asked for, to hear that it is all. */
static dp_flow read_content(dp__form *form, struct dp_call *call, char *buffer, size_t capacity,
                            size_t *length, dp_error *error) {
  int64_t said = dp__source_length(form->source);
  if (form->again && !dp__source_rewind(form->source))
    return gave_up(form, "cannot start again", error);
  form->again = false;
  form->begun = true;
  if (said >= 0 && (uint64_t)said - form->given + 1 < capacity)
    capacity = (size_t)((uint64_t)said - form->given + 1);
  dp_flow flow = dp__source_read(form->source, call, form->given, buffer, capacity, length);
  if (flow == DP_FLOW_PAUSE)
    return flow;
  if (flow != DP_FLOW_CONTINUE || *length > capacity)
    return gave_up(form, flow == DP_FLOW_CONTINUE ? "gave more than it was asked for" : "gave up",
                   error);
  form->given += *length;
  form->over = *length == 0;
  if (said >= 0 && (form->given > (uint64_t)said || (form->over && form->given < (uint64_t)said)))
    return wrong_length(form, form->given, form->given > (uint64_t)said, error);
  if (form->given > (uint64_t)form->most)
    return too_much(form, error);
  return DP_FLOW_CONTINUE;
}

/* Content until the buffer is full or its end came; of a program's source one piece, since the next
 * may be long in coming. */
static dp_flow fill(dp__form *form, struct dp_call *call, char *out, size_t capacity, size_t *used,
                    dp_error *error) {
  dp_flow flow = DP_FLOW_CONTINUE;
  bool flows = dp__form_flows(form);
  while (flow == DP_FLOW_CONTINUE && !form->over && *used < capacity) {
    size_t more = 0;
    flow = read_content(form, call, out + *used, capacity - *used, &more, error);
    *used += more;
    if (flows && !form->over)
      break;
  }
  if (form->over)
    form->content = form->given;
  return flow;
}

dp_flow dp__form_read(dp__form *form, struct dp_call *call, void *buffer, size_t capacity,
                      size_t *length, dp_error *error) {
  char *out = buffer;
  size_t used = take_from(&form->head, &form->head_at, out, capacity);
  bool content = form->source && !form->over && !(used && dp__form_flows(form));
  dp_flow flow = content ? fill(form, call, out, capacity, &used, error) : DP_FLOW_CONTINUE;
  if (!form->source || form->over)
    used += take_from(&form->tail, &form->tail_at, out + used, capacity - used);
  *length = used;
  return flow;
}
