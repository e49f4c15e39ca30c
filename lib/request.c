/*
 * Requests, written by the table.
 *
 * The operation's entry says where each argument goes; values are written to their place straight, so
 * that a page's text is copied once. Two things hold even where validation is off: a path keeps its
 * shape whatever stands in an id (a missing or odd one must never turn into another route, since the
 * server unescapes before it routes), and what is sent is well-formed.
 */
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <jansson.h>

#include "errors.h"
#include "json.h"
#include "url.h"

void dp__request_deinit(dp__request *r) {
  for (size_t i = 0; i < r->header_count; i++) {
    free((char *)(uintptr_t)r->headers[i].name);
    free((char *)(uintptr_t)r->headers[i].value);
  }
  free(r->headers);
  dp_args_free(r->args);
  free(r->path);
  free(r->query);
  free(r->body);
  dp__form_free(r->form);
  *r = (dp__request){0};
}

void dp__request_take_body(dp__request *r, char *body, size_t length) {
  free(r->body);
  r->body = body;
  r->body_length = length;
}

const char *dp__request_param(const dp__request *r, const char *name, size_t *length) {
  dp__route route;
  if (!r->path || !dp__op_route(r->method, r->path, strlen(r->path), &route))
    return NULL;
  for (size_t i = 0; i < route.count; i++)
    if (strlen(name) == route.params[i].name_length &&
        memcmp(name, route.params[i].name, route.params[i].name_length) == 0) {
      *length = route.params[i].value_length;
      return route.params[i].value;
    }
  return NULL;
}

uint64_t dp__request_length(const dp__request *r) {
  int64_t length = r->form ? dp__form_length(r->form) : (int64_t)r->body_length;
  return length < 0 ? 1 : (uint64_t)length;
}

enum { FILENAME_MAX_BYTES = 4096 };

static const char *header_of(const dp__request *r, const char *name) {
  for (size_t i = 0; i < r->header_count; i++)
    if (strcasecmp(r->headers[i].name, name) == 0)
      return r->headers[i].value;
  return NULL;
}

static bool form_file(const dp__form *form, dp__sent_file *out) {
  if (!form->source)
    return false;
  int64_t length = dp__source_length(form->source);
  out->name = strdup(dp__source_filename(form->source));
  out->name_length = out->name ? strlen(out->name) : 0;
  out->length = length >= 0 ? length : form->content ? (int64_t)form->content : -1;
  return out->name != NULL;
}

static bool raw_file(const dp__request *r, dp__sent_file *out) {
  dp__part part;
  dp__buffer name = {0};
  const char *file = dp_op_file(r->desc->op);
  if (!file || !dp__multipart_find(r->body, r->body_length, header_of(r, "content-type"), file, &part) ||
      !part.filename || part.filename_length > FILENAME_MAX_BYTES ||
      !dp__multipart_unescape(part.filename, part.filename_length, &name)) {
    dp__buffer_deinit(&name);
    return false;
  }
  out->name = dp__buffer_steal(&name, &out->name_length);
  out->length = (int64_t)part.content_length;
  return out->name != NULL;
}

bool dp__request_file(const dp__request *r, dp__sent_file *out) {
  return r->form ? form_file(r->form, out) : raw_file(r, out);
}

bool dp__request_respell(dp__request *r, const char *template) {
  dp__buffer path = {0};
  while (*template) {
    size_t plain = strcspn(template, "{"), length = 0;
    dp__buffer_append(&path, template, plain);
    template += plain;
    if (!*template)
      break;
    char name[64];
    size_t name_length = strcspn(++template, "}");
    snprintf(name, sizeof name, "%.*s", (int)name_length, template);
    template += name_length + 1;
    const char *value = dp__request_param(r, name, &length);
    dp__buffer_append(&path, value ? value : "", length);
  }
  char *text = dp__buffer_steal(&path, NULL);
  if (!text)
    return false;
  free(r->path);
  r->path = text;
  return true;
}

/* --- writing ------------------------------------------------------------------------------------ */

bool dp__arg_json(dp__buffer *out, const dp__arg *arg) {
  char number[32];
  switch (arg->kind) {
  case DP__ARG_NULL:
    return dp__buffer_text(out, "null");
  case DP__ARG_BOOL:
    return dp__buffer_text(out, arg->value.truth ? "true" : "false");
  case DP__ARG_INT:
    snprintf(number, sizeof number, "%lld", (long long)arg->value.integer);
    return dp__buffer_text(out, number);
  case DP__ARG_DOUBLE:
    return dp__json_double(out, arg->value.real);
  case DP__ARG_TEXT:
    return dp__json_string(out, arg->data, arg->length);
  case DP__ARG_JSON:
    return dp__buffer_append(out, arg->data, arg->length);
  case DP__ARG_BYTES:
  case DP__ARG_FILE:
    return false;
  }
  return false;
}

bool dp__arg_member(dp__buffer *body, const dp__arg *arg) {
  return dp__buffer_text(body, body->length > 1 ? "," : "") &&
         dp__json_string(body, arg->name, strlen(arg->name)) && dp__buffer_text(body, ":") &&
         dp__arg_json(body, arg);
}

static bool add_pair(dp__buffer *query, const char *name, const char *value, size_t length) {
  return dp__buffer_text(query, query->length ? "&" : "") &&
         dp__url_escape(query, name, strlen(name)) && dp__buffer_text(query, "=") &&
         dp__url_escape(query, value, length);
}

static bool add_json_scalar(dp__buffer *query, const char *name, const json_t *value) {
  if (json_is_string(value))
    return add_pair(query, name, json_string_value(value), json_string_length(value));
  char *text = json_dumps(value, JSON_ENCODE_ANY);
  bool ok = text && !json_is_object(value) && !json_is_array(value) &&
            add_pair(query, name, text, strlen(text));
  free(text);
  return ok;
}

static bool add_json(dp__buffer *query, const char *name, const dp__arg *arg) {
  json_t *value =
      json_loadb(arg->data, arg->length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
  bool ok = value != NULL;
  if (json_is_array(value)) {
    for (size_t i = 0; ok && i < json_array_size(value); i++)
      ok = add_json_scalar(query, name, json_array_get(value, i));
  } else if (ok && !json_is_null(value)) {
    ok = add_json_scalar(query, name, value);
  }
  json_decref(value);
  return ok;
}

bool dp__query_add(dp__buffer *query, const char *name, const dp__arg *arg) {
  dp__buffer text = {0};
  switch (arg->kind) {
  case DP__ARG_NULL:
    return true;
  case DP__ARG_JSON:
    return add_json(query, name, arg);
  case DP__ARG_TEXT:
    return add_pair(query, name, arg->data, arg->length);
  case DP__ARG_BYTES:
  case DP__ARG_FILE:
    return false;
  default:
    break;
  }
  bool ok = dp__arg_json(&text, arg) && add_pair(query, name, text.data, text.length);
  dp__buffer_deinit(&text);
  return ok;
}

/* A path's parameter. The server unescapes a path before it routes, so a slash cannot be escaped away:
 * whatever could be read as more than one segment is refused. */
static dp_kind add_segment(const dp__op_desc *desc, const char *name, const dp__arg *arg,
                           dp__buffer *path, bool *id_ok, dp_error *err) {
  dp__buffer text = {0};
  bool plain = arg->kind == DP__ARG_TEXT ? dp__buffer_append(&text, arg->data, arg->length)
                                         : arg->kind == DP__ARG_INT && dp__arg_json(&text, arg);
  bool odd = !plain || text.length == 0 || text.data[0] == '.';
  for (size_t i = 0; !odd && i < text.length; i++)
    odd = (unsigned char)text.data[i] <= 0x20 || strchr("/\\?#%;", text.data[i]) != NULL ||
          text.data[i] == 0x7f;
  dp_kind kind = DP_OK;
  if (text.failed)
    kind = dp__no_memory(err);
  else if (odd)
    kind = dp__fail(err, DP_INVALID_REQUEST, "argument", "Give the id as the server gave it.",
                    "%s: %s cannot stand in a path", desc->name, name);
  else if (!dp__url_escape(path, text.data, text.length))
    kind = dp__no_memory(err);
  const dp__param_desc *param = dp__op_param(desc, name);
  if (kind == DP_OK && param && dp__names_id(param))
    *id_ok = *id_ok && dp__uuid_ok(text.data, text.length);
  dp__buffer_deinit(&text);
  return kind;
}

static dp_kind write_path(const dp__op_desc *desc, const dp_args *args, dp__request *r,
                          dp_error *err) {
  dp__buffer path = {0};
  dp_kind kind = DP_OK;
  r->ids_ok = true;
  for (const char *at = desc->path; kind == DP_OK && *at;) {
    size_t plain = strcspn(at, "{");
    dp__buffer_append(&path, at, plain);
    at += plain;
    if (!*at)
      break;
    char name[64];
    size_t length = strcspn(++at, "}");
    snprintf(name, sizeof name, "%.*s", (int)length, at);
    at += length + 1;
    const dp__arg *arg = dp__args_find(args, name);
    kind = arg ? add_segment(desc, name, arg, &path, &r->ids_ok, err)
               : dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "%s: %s is missing",
                          desc->name, name);
  }
  if (kind == DP_OK && path.failed)
    kind = dp__no_memory(err);
  if (kind == DP_OK)
    r->path = dp__buffer_steal(&path, NULL);
  dp__buffer_deinit(&path);
  return kind;
}

/* Each argument to its place, in the order in which they were set. */
static dp_kind place_args(const dp__op_desc *desc, const dp_args *args, dp__buffer *query,
                          dp__buffer *body, dp_error *err) {
  bool form = dp__op_takes(desc, DP__IN_FILE); /* form.c places the rest */
  for (size_t i = 0; args && i < args->count; i++) {
    const dp__arg *arg = &args->list[i];
    const dp__param_desc *param = dp__op_param(desc, arg->name);
    dp__where where = param ? param->where : DP__IN_BODY;
    if (where == DP__IN_PATH || where == DP__IN_LOCAL || (form && where != DP__IN_QUERY))
      continue;
    bool in_query = where == DP__IN_QUERY || strcmp(desc->method, "GET") == 0;
    bool ok = in_query ? dp__query_add(query, arg->name, arg) : dp__arg_member(body, arg);
    if (ok)
      continue;
    if (query->failed || body->failed)
      return dp__no_memory(err);
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "%s: %s cannot stand in %s",
                    desc->name, arg->name, in_query ? "a query" : "JSON");
  }
  return DP_OK;
}

/* A header of our own, at the end of those that there are. */
static dp_kind add_header(dp__request *r, const char *name, const char *value, dp_error *err) {
  dp_header *list = realloc(r->headers, (r->header_count + 1) * sizeof *list);
  if (!list)
    return dp__no_memory(err);
  r->headers = list;
  dp_header *header = &list[r->header_count];
  *header = (dp_header){strdup(name), strdup(value)};
  r->header_count++; /* what is missing frees as nothing */
  return header->name && header->value ? DP_OK : dp__no_memory(err);
}

static dp_kind write_form(const dp__op_desc *desc, const dp_args *args, uint32_t flags,
                          dp__request *r, dp_error *err) {
  char type[32 + DP__BOUNDARY_SIZE];
  dp_kind kind = dp__form_new(desc, args, flags, &r->form, err);
  if (kind != DP_OK)
    return kind;
  snprintf(type, sizeof type, "multipart/form-data; boundary=%s", r->form->boundary);
  return add_header(r, "Content-Type", type, err);
}

static dp_kind write_rest(const dp__op_desc *desc, const dp_args *args, dp__request *r,
                          dp_error *err) {
  dp__buffer query = {0}, body = {0};
  dp__buffer_text(&body, "{");
  dp_kind kind = place_args(desc, args, &query, &body, err);
  r->json = dp__op_takes(desc, DP__IN_BODY) || body.length > 1;
  dp__buffer_text(&body, "}");
  if (kind == DP_OK && (query.failed || body.failed))
    kind = dp__no_memory(err);
  if (kind == DP_OK && query.length)
    r->query = dp__buffer_steal(&query, NULL);
  if (kind == DP_OK && r->json)
    r->body = dp__buffer_steal(&body, &r->body_length);
  dp__buffer_deinit(&query);
  dp__buffer_deinit(&body);
  return kind;
}

/* --- checking ----------------------------------------------------------------------------------- */

static dp_kind unknown(const dp__op_desc *desc, const char *name, dp_error *err) {
  char list[360] = "";
  size_t used = 0;
  for (size_t i = 0; i < desc->param_count; i++) {
    int wrote = snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                         desc->params[i].name);
    if (wrote > 0 && (size_t)wrote < sizeof list - used)
      used += (size_t)wrote;
  }
  return dp__fail(err, DP_INVALID_REQUEST, "argument",
                  "Leave it out, or turn validation off to send it all the same.",
                  "%s: there is no argument %.64s; allowed are %s", desc->name, name,
                  *list ? list : "none");
}

static dp_kind check_all(const dp__op_desc *desc, const dp_args *args, dp_error *err) {
  dp_kind kind = DP_OK;
  for (size_t i = 0; kind == DP_OK && args && i < args->count; i++) {
    const dp__param_desc *param = dp__op_param(desc, args->list[i].name);
    kind = param ? dp__argument_check(desc, param, &args->list[i], err)
                 : unknown(desc, args->list[i].name, err);
  }
  for (size_t i = 0; kind == DP_OK && i < desc->param_count; i++)
    if (desc->params[i].required && !dp__args_find(args, desc->params[i].name))
      kind = dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "%s: %s is missing", desc->name,
                      desc->params[i].name);
  return kind;
}

dp_kind dp__request_build(const dp__op_desc *desc, const dp_args *args, const char *prefix,
                          uint32_t flags, dp__request *r, dp_error *err) {
  *r = (dp__request){.desc = desc};
  dp_kind kind = DP_OK;
  bool raw = desc->op == DP_OP_HTTP_REQUEST;
  if (!*desc->method || !(flags & DP_CALL_NO_VALIDATE))
    kind = check_all(desc, args, err);
  if (kind == DP_OK && !raw && !*desc->method) {
    r->free_of_effect = desc->retry == DP__RETRY_FREE;
    r->args = args ? dp__args_copy(args) : dp_args_new();
    kind = r->args ? DP_OK : dp__no_memory(err);
  } else if (kind == DP_OK && raw) {
    kind = dp__raw_build(desc, args, prefix, r, err);
  } else if (kind == DP_OK) {
    snprintf(r->method, sizeof r->method, "%s", desc->method);
    r->free_of_effect = desc->retry == DP__RETRY_FREE;
    kind = write_path(desc, args, r, err);
    if (kind == DP_OK)
      kind = write_rest(desc, args, r, err);
    if (kind == DP_OK && dp__op_takes(desc, DP__IN_FILE))
      kind = write_form(desc, args, flags, r, err);
  }
  if (kind != DP_OK)
    dp__request_deinit(r);
  return kind;
}
