/*
 * http.request: a method and a path of the caller's own.
 *
 * If the table knows them they are carried as that operation with its rules, so that a program which
 * only knows URLs (an adapter under somebody's HTTP library) is as safe as one that knows names; its
 * query and body stay as they were given. Anything else below the base URL is sent as it is, and
 * repeated only where HTTP itself calls that safe.
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

static bool begins_with_segment(const char *path, const char *prefix) {
  size_t length = strlen(prefix);
  return length && strncmp(path, prefix, length) == 0 && (path[length] == '/' || !path[length]);
}

/* The path below the base URL: people write it with and without the base URL's own. */
static const char *below(const char *path, const char *prefix) {
  if (begins_with_segment(path, prefix))
    path += strlen(prefix);
  else if (begins_with_segment(path, "/v1"))
    path += 3;
  return *path ? path : "/";
}

/* An escaped slash, backslash or percent sign: the server unescapes before it routes, so what we would
 * take for one route may be another there. */
static bool may_be_another_route(const char *path) {
  for (const char *c = strchr(path, '%'); c; c = strchr(c + 1, '%'))
    if (strncasecmp(c, "%2f", 3) == 0 || strncasecmp(c, "%5c", 3) == 0 ||
        strncmp(c, "%25", 3) == 0 || strncasecmp(c, "%3b", 3) == 0)
      return true;
  return strchr(path, ';') != NULL || strstr(path, "//") != NULL;
}

static bool ids_ok(const dp__op_desc *desc, const dp__route *route) {
  for (size_t i = 0; i < route->count; i++) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)route->params[i].name_length, route->params[i].name);
    const dp__param_desc *param = dp__op_param(desc, name);
    if (param && dp__names_id(param) &&
        !dp__uuid_ok(route->params[i].value, route->params[i].value_length))
      return false;
  }
  return true;
}

static dp_kind take_path(const dp_args *args, const char *prefix, dp__request *r, dp_error *err) {
  const dp__arg *arg = dp__args_find(args, "path");
  if (memchr(arg->data, '\0', arg->length) || !dp__url_path_ok(arg->data, arg->length))
    return dp__fail(err, DP_INVALID_REQUEST, "path",
                    "Give an escaped path such as /v1/datasets, and the query in query.",
                    "http.request: path does not begin with /, is not escaped, holds a query, or "
                    "leaves the base URL");
  r->path = strdup(below(arg->data, prefix));
  return r->path ? DP_OK : dp__no_memory(err);
}

static void match(dp__request *r) {
  dp__route route;
  r->free_of_effect = strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
  if (may_be_another_route(r->path) ||
      !dp__op_route(r->method, r->path, strlen(r->path), &route))
    return;
  r->desc = route.desc;
  r->free_of_effect = route.desc->retry == DP__RETRY_FREE;
  r->ids_ok = ids_ok(route.desc, &route);
}

/* A map of names to scalars or arrays becomes a query. */
static dp_kind write_query(const dp__arg *arg, dp__buffer *query, dp_error *err) {
  json_t *map = json_loadb(arg->data, arg->length, JSON_ALLOW_NUL, NULL);
  const char *name;
  json_t *value;
  bool ok = json_is_object(map);
  if (ok)
    json_object_foreach(map, name, value) {
      char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
      dp__arg one = {.kind = DP__ARG_JSON, .data = text, .length = text ? strlen(text) : 0};
      ok = text && ok && dp__query_add(query, name, &one);
      free(text);
    }
  json_decref(map);
  if (query->failed)
    return dp__no_memory(err);
  return ok ? DP_OK
            : dp__fail(err, DP_INVALID_REQUEST, "query", NULL,
                       "http.request: query must be an escaped text, or a map of names to texts, "
                       "numbers, booleans or lists of them");
}

static dp_kind take_query(const dp_args *args, dp__request *r, dp_error *err) {
  const dp__arg *arg = dp__args_find(args, "query");
  dp__buffer query = {0};
  dp_kind kind = DP_OK;
  if (!arg || arg->kind == DP__ARG_NULL)
    return DP_OK;
  if (arg->kind == DP__ARG_JSON) {
    kind = write_query(arg, &query, err);
  } else if (arg->kind != DP__ARG_TEXT || !dp__url_query_ok(arg->data, arg->length)) {
    kind = dp__fail(err, DP_INVALID_REQUEST, "query", "Escape it (RFC 3986).",
                    "http.request: query is not escaped");
  } else if (!dp__buffer_append(&query, arg->data, arg->length)) {
    kind = dp__no_memory(err);
  }
  if (kind == DP_OK && query.length && !(r->query = dp__buffer_steal(&query, NULL)))
    kind = dp__no_memory(err);
  dp__buffer_deinit(&query);
  return kind;
}

static dp_kind check_header(const char *name, const json_t *value, dp_error *err) {
  static const char *const ours[] = {"host", "authorization", "content-length", "connection",
                                     "transfer-encoding", "expect", "te", "trailer", "upgrade",
                                     "keep-alive", "proxy-authorization", "proxy-connection"};
  const char *hint = "Give headers as a map of names to texts.";
  if (!*name || strpbrk(name, "()<>@,;:\\\"/[]?={} \t\r\n") || !json_is_string(value))
    return dp__fail(err, DP_INVALID_REQUEST, "headers", hint,
                    "http.request: a header's name is no token, or its value no text");
  for (const char *c = name; *c; c++)
    if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f)
      return dp__fail(err, DP_INVALID_REQUEST, "headers", hint,
                      "http.request: a header's name is no token");
  const char *text = json_string_value(value);
  if (strlen(text) != json_string_length(value) || strpbrk(text, "\r\n"))
    return dp__fail(err, DP_INVALID_REQUEST, "headers", NULL,
                    "http.request: the header %.60s holds a line end or NUL", name);
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (strcasecmp(name, ours[i]) == 0)
      return dp__fail(err, DP_INVALID_REQUEST, "headers",
                      "Leave it out: the profile and the connection set it.",
                      "http.request: the header %s cannot be set by a call", ours[i]);
  return DP_OK;
}

enum { HEADERS_MAX = 100 };

static dp_kind keep_headers(const json_t *map, dp__request *r, dp_error *err) {
  const char *name;
  json_t *value;
  dp_kind kind = DP_OK;
  if (json_object_size(map) > HEADERS_MAX)
    return dp__fail(err, DP_INVALID_REQUEST, "headers", NULL,
                    "http.request: %zu headers are given; at most %d are allowed",
                    json_object_size(map), HEADERS_MAX);
  r->headers = calloc(json_object_size(map) + 1, sizeof *r->headers);
  if (!r->headers)
    return dp__no_memory(err);
  json_object_foreach((json_t *)(uintptr_t)map, name, value) {
    kind = check_header(name, value, err);
    if (kind != DP_OK)
      return kind;
    dp_header *header = &r->headers[r->header_count++];
    header->name = strdup(name);
    header->value = strdup(json_string_value(value));
    if (!header->name || !header->value)
      return dp__no_memory(err);
    if (strcasecmp(name, "content-type") == 0)
      r->json = false;
  }
  return DP_OK;
}

static dp_kind take_headers(const dp_args *args, dp__request *r, dp_error *err) {
  const dp__arg *arg = dp__args_find(args, "headers");
  if (!arg || arg->kind != DP__ARG_JSON)
    return DP_OK;
  json_t *map = json_loadb(arg->data, arg->length, JSON_ALLOW_NUL, NULL);
  dp_kind kind = json_is_object(map)
                     ? keep_headers(map, r, err)
                     : dp__fail(err, DP_INVALID_REQUEST, "headers", NULL,
                                "http.request: headers must be a map of names to texts");
  json_decref(map);
  return kind;
}

static dp_kind take_body(const dp_args *args, dp__request *r, dp_error *err) {
  const dp__arg *arg = dp__args_find(args, "body");
  if (!arg || arg->kind < DP__ARG_TEXT)
    return DP_OK;
  r->body = malloc(arg->length + 1);
  if (!r->body)
    return dp__no_memory(err);
  memcpy(r->body, arg->data, arg->length + 1);
  r->body_length = arg->length;
  char first = dp__json_kind(arg->data, arg->length);
  r->json = first == '{' || first == '['; /* unless a header says what it is */
  return DP_OK;
}

dp_kind dp__raw_build(const dp__op_desc *desc, const dp_args *args, const char *prefix,
                      dp__request *r, dp_error *err) {
  r->desc = desc;
  r->raw = true;
  snprintf(r->method, sizeof r->method, "%s", dp__args_text(args, "method"));
  dp_kind kind = take_path(args, prefix, r, err);
  if (kind == DP_OK)
    kind = take_query(args, r, err);
  if (kind == DP_OK)
    kind = take_body(args, r, err);
  if (kind == DP_OK)
    kind = take_headers(args, r, err);
  if (kind == DP_OK)
    match(r);
  return kind;
}
