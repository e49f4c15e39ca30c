/*
 * One argument against its parameter.
 *
 * A mistake that is found here costs nobody a call; what the server says of the same mistake is a page
 * of validator's prose. So the message names the argument and what is allowed. Bounds are the
 * contract's own; where server and contract differ, the table is lenient.
 */
#include "request.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <jansson.h>

#include "errors.h"
#include "json.h"
#include "utf8.h"

bool dp__uuid_ok(const char *text, size_t length) {
  if (length != 36)
    return false;
  for (size_t i = 0; i < length; i++) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    char c = (char)(text[i] | 0x20);
    bool hex = (text[i] >= '0' && text[i] <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? text[i] != '-' : !hex)
      return false;
  }
  return true;
}

bool dp__names_id(const dp__param_desc *param) {
  size_t length = strlen(param->name);
  if (strcmp(param->name, "node_id") == 0)
    return false; /* a workflow's editor numbers its nodes by the clock: 1719288585006 */
  return param->type == DP__TYPE_UUID ||
         (length > 3 && strcmp(param->name + length - 3, "_id") == 0);
}

static const char *type_name(dp__type type) {
  static const char *const names[] = {
      [DP__TYPE_STRING] = "text",        [DP__TYPE_INTEGER] = "an integer",
      [DP__TYPE_NUMBER] = "a number",    [DP__TYPE_BOOLEAN] = "true or false",
      [DP__TYPE_UUID] = "an id of the form 8-4-4-4-12 hexadecimal digits",
      [DP__TYPE_OBJECT] = "a JSON object", [DP__TYPE_ARRAY] = "a JSON array",
      [DP__TYPE_ANY] = "a JSON value",   [DP__TYPE_BYTES] = "bytes or text",
      [DP__TYPE_FILE] = "a file"};
  return names[type];
}

static bool is_number_text(char first) {
  return first == '-' || (first >= '0' && first <= '9');
}

static bool json_has_type(dp__type type, const dp__arg *arg) {
  char first = dp__json_kind(arg->data, arg->length);
  switch (type) {
  case DP__TYPE_INTEGER:
    return is_number_text(first) && !strpbrk(arg->data, ".eE");
  case DP__TYPE_NUMBER:
    return is_number_text(first);
  case DP__TYPE_BOOLEAN:
    return first == 't' || first == 'f';
  case DP__TYPE_OBJECT:
    return first == '{';
  case DP__TYPE_ARRAY:
    return first == '[';
  case DP__TYPE_STRING:
    return first == '"';
  case DP__TYPE_ANY:
  case DP__TYPE_BYTES: /* http.request's body may come as the JSON that it is */
    return true;
  default:
    return false;
  }
}

static bool has_type(dp__type type, const dp__arg *arg) {
  switch (arg->kind) {
  case DP__ARG_BOOL:
    return type == DP__TYPE_BOOLEAN || type == DP__TYPE_ANY;
  case DP__ARG_INT:
    return type == DP__TYPE_INTEGER || type == DP__TYPE_NUMBER || type == DP__TYPE_ANY;
  case DP__ARG_DOUBLE:
    return type == DP__TYPE_NUMBER || type == DP__TYPE_ANY ||
           (type == DP__TYPE_INTEGER && arg->value.real == trunc(arg->value.real));
  case DP__ARG_TEXT:
    return type == DP__TYPE_STRING || type == DP__TYPE_BYTES || type == DP__TYPE_ANY ||
           (type == DP__TYPE_UUID && dp__uuid_ok(arg->data, arg->length));
  case DP__ARG_JSON:
    return json_has_type(type, arg);
  case DP__ARG_BYTES:
    return type == DP__TYPE_BYTES || type == DP__TYPE_FILE;
  case DP__ARG_FILE:
    return type == DP__TYPE_FILE;
  case DP__ARG_NULL:
    return false;
  }
  return false;
}

static size_t count_entries(const dp__arg *arg) {
  json_t *list = json_loadb(arg->data, arg->length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
  size_t count = json_array_size(list);
  json_decref(list);
  return count;
}

/* What min and max bound: a number's value, a text's characters, bytes, an array's entries. */
static bool measure(const dp__arg *arg, double *value, const char **unit) {
  *unit = "";
  switch (arg->kind) {
  case DP__ARG_INT:
    *value = (double)arg->value.integer;
    return true;
  case DP__ARG_DOUBLE:
    *value = arg->value.real;
    return true;
  case DP__ARG_TEXT:
    *unit = " characters";
    *value = (double)dp__utf8_count(arg->data, arg->length);
    return true;
  case DP__ARG_BYTES:
    *unit = " bytes";
    *value = (double)arg->length;
    return true;
  case DP__ARG_JSON:
    *unit = " entries";
    if (dp__json_kind(arg->data, arg->length) != '[')
      return false; /* the server looks at these */
    *value = (double)count_entries(arg);
    return true;
  default:
    return false;
  }
}

static dp_kind check_bounds(const dp__op_desc *desc, const dp__param_desc *param,
                            const dp__arg *arg, dp_error *err) {
  double value;
  const char *unit;
  /* A file's size is looked at where its name is (filerules.c). */
  bool bounded = param->type != DP__TYPE_FILE &&
                 (param->min != INT64_MIN || param->max != INT64_MAX);
  if (!bounded || !measure(arg, &value, &unit))
    return DP_OK;
  if (param->min != INT64_MIN && value < (double)param->min)
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL,
                    "%s: %s has %s%.15g%s; at least %" PRId64 " is allowed", desc->name, param->name,
                    *unit ? "" : "the value ", value, unit, param->min);
  if (param->max != INT64_MAX && value > (double)param->max)
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL,
                    "%s: %s has %s%.15g%s; at most %" PRId64 " is allowed", desc->name, param->name,
                    *unit ? "" : "the value ", value, unit, param->max);
  return DP_OK;
}

static dp_kind check_values(const dp__op_desc *desc, const dp__param_desc *param,
                            const dp__arg *arg, dp_error *err) {
  if (!param->values || arg->kind != DP__ARG_TEXT)
    return DP_OK;
  char list[200] = "";
  size_t used = 0;
  for (const char *const *v = param->values; *v; v++) {
    if (strlen(*v) == arg->length && memcmp(*v, arg->data, arg->length) == 0)
      return DP_OK;
    int wrote = snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", *v);
    if (wrote > 0 && (size_t)wrote < sizeof list - used)
      used += (size_t)wrote;
  }
  return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "%s: %s is \"%.40s\"; allowed are %s",
                  desc->name, param->name, arg->data, list);
}

dp_kind dp__argument_check(const dp__op_desc *desc, const dp__param_desc *param,
                           const dp__arg *arg, dp_error *err) {
  bool null = arg->kind == DP__ARG_NULL ||
              (arg->kind == DP__ARG_JSON && dp__json_kind(arg->data, arg->length) == 'n');
  if (null && (param->nullable || param->type == DP__TYPE_ANY))
    return DP_OK;
  if (null)
    return dp__fail(err, DP_INVALID_REQUEST, "argument",
                    param->required ? "Give it a value." : "Leave it out instead.",
                    "%s: %s is null and must be %s", desc->name, param->name,
                    type_name(param->type));
  if (!has_type(param->type, arg))
    return dp__fail(err, DP_INVALID_REQUEST, "argument", NULL, "%s: %s must be %s", desc->name,
                    param->name, type_name(param->type));
  dp_kind kind = check_values(desc, param, arg, err);
  return kind == DP_OK ? check_bounds(desc, param, arg, err) : kind;
}
