/* Arguments of every operation, by the table: what is wrong is refused by name before a byte is
 * sent, and no value or lack of one ever makes another path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <difypool/difypool.h>

#include "request.h"

#define ID "5cd92fac-41b4-4251-acb2-538a2a3a75b8"

/* A text of so many characters. */
static char *text_of(int64_t length) {
  char *text = malloc((size_t)length + 1);
  assert_non_null(text);
  memset(text, 'x', (size_t)length);
  text[length] = '\0';
  return text;
}

static void set_text(dp_args *args, const dp__param_desc *param, int64_t length) {
  char *text = text_of(length);
  assert_int_equal(dp_args_set_string(args, param->name, text), DP_OK);
  free(text);
}

/* A list of so many entries. */
static void set_list(dp_args *args, const dp__param_desc *param, int64_t entries) {
  char *text = text_of(4 * entries + 2), *at = text;
  *at++ = '[';
  for (int64_t i = 0; i < entries; i++)
    at += sprintf(at, "%s\"a\"", i ? "," : "");
  memcpy(at, "]", 2);
  assert_int_equal(dp_args_set_json(args, param->name, text), DP_OK);
  free(text);
}

static int64_t least(const dp__param_desc *param) {
  return param->min == INT64_MIN ? 1 : param->min;
}

/* A name that the operation takes. */
static const char *file_name(const dp__op_desc *desc) {
  return desc->op == DP_OP_AUDIO_TO_TEXT ? "a.mp3" : "a.md";
}

/* What the parameter takes. */
static bool set_right(dp_args *args, const dp__op_desc *desc, const dp__param_desc *param) {
  switch (param->type) {
  case DP__TYPE_STRING:
    if (param->values)
      return dp_args_set_string(args, param->name, param->values[0]) == DP_OK;
    set_text(args, param, least(param));
    return true;
  case DP__TYPE_INTEGER:
    return dp_args_set_int(args, param->name, least(param)) == DP_OK;
  case DP__TYPE_NUMBER:
    return dp_args_set_double(args, param->name, 0.5) == DP_OK;
  case DP__TYPE_BOOLEAN:
    return dp_args_set_bool(args, param->name, true) == DP_OK;
  case DP__TYPE_UUID:
    return dp_args_set_string(args, param->name, ID) == DP_OK;
  case DP__TYPE_ARRAY:
    set_list(args, param, least(param));
    return true;
  case DP__TYPE_OBJECT:
  case DP__TYPE_ANY:
    return dp_args_set_json(args, param->name, "{}") == DP_OK;
  case DP__TYPE_BYTES:
    return dp_args_set_bytes(args, param->name, "x", 1) == DP_OK;
  case DP__TYPE_FILE:
    return dp_args_set_file(args, param->name, file_name(desc), NULL, "x", 1) == DP_OK;
  }
  return false;
}

/* Of another type. False where anything goes. */
static bool set_wrong(dp_args *args, const dp__param_desc *param) {
  switch (param->type) {
  case DP__TYPE_ANY:
    return false;
  case DP__TYPE_STRING:
  case DP__TYPE_BYTES:
  case DP__TYPE_FILE:
    return dp_args_set_int(args, param->name, 1) == DP_OK;
  default:
    return dp_args_set_string(args, param->name, "5cd92fac") == DP_OK;
  }
}

/* All required arguments but one (NULL = all). False where a file is among them. */
static bool fill(dp_args *args, const dp__op_desc *desc, const dp__param_desc *but) {
  for (size_t i = 0; i < desc->param_count; i++)
    if (desc->params[i].required && &desc->params[i] != but &&
        !set_right(args, desc, &desc->params[i]))
      return false;
  return true;
}

static dp_kind build(const dp__op_desc *desc, const dp_args *args, uint32_t flags, dp_error *err) {
  dp__request request;
  dp_kind kind = dp__request_build(desc, args, "/v1", flags, &request, err);
  if (kind == DP_OK)
    dp__request_deinit(&request);
  return kind;
}

/* Refused, with the operation and this word in the message. Frees args. */
static void check_refused(const dp__op_desc *desc, dp_args *args, uint32_t flags,
                          const char *word) {
  dp_error err = {0};
  assert_int_equal(build(desc, args, flags, &err), DP_INVALID_REQUEST);
  assert_string_equal(err.code, "argument");
  if (!strstr(err.message, desc->name) || !strstr(err.message, word))
    fail_msg("%s: nothing of \"%s\" in: %s", desc->name, word, err.message);
  dp_args_free(args);
}

typedef void (*visitor)(const dp__op_desc *desc, const dp__param_desc *param);

/* Every parameter of every operation that goes to Dify by a path of its own. */
static void each_param(visitor visit) {
  size_t visited = 0;
  for (size_t i = 0; i < dp__optable_count; i++)
    for (size_t j = 0; dp__optable[i].path[0] && j < dp__optable[i].param_count; j++, visited++)
      visit(&dp__optable[i], &dp__optable[i].params[j]);
  assert_true(visited > 200);
}

/* --- each on its own
 * ------------------------------------------------------------------------------- */

static void try_wrong_type(const dp__op_desc *desc, const dp__param_desc *param) {
  dp_args *args = dp_args_new();
  if (set_wrong(args, param))
    check_refused(desc, args, 0, param->name);
  else
    dp_args_free(args);
}

static void a_wrong_type_is_named(void **state) {
  (void)state;
  each_param(try_wrong_type);
}

static void try_missing(const dp__op_desc *desc, const dp__param_desc *param) {
  dp_args *args = dp_args_new();
  if (param->required && fill(args, desc, param)) {
    char words[96];
    snprintf(words, sizeof words, "%s is missing", param->name);
    check_refused(desc, args, 0, words);
  } else {
    dp_args_free(args);
  }
}

static void what_is_missing_is_named(void **state) {
  (void)state;
  each_param(try_missing);
}

/* One under its least and one over its most; the message says what is allowed. */
static void try_bound(const dp__op_desc *desc, const dp__param_desc *param, int64_t bound,
                      int64_t value) {
  char allowed[48];
  dp_args *args = dp_args_new();
  if (param->type == DP__TYPE_INTEGER)
    dp_args_set_int(args, param->name, value);
  else if (param->type == DP__TYPE_STRING)
    set_text(args, param, value);
  else
    set_list(args, param, value);
  snprintf(allowed, sizeof allowed, "%lld is allowed", (long long)bound);
  check_refused(desc, args, 0, allowed);
}

static dp_flow read_nothing(struct dp_call *call, void *buffer, size_t capacity, size_t *length,
                            void *user) {
  (void)call, (void)buffer, (void)capacity, (void)length, (void)user;
  fail_msg("a file that is refused was read");
  return DP_FLOW_ABORT;
}

/* A file of a byte too much, of the kind that may be largest: none of it is read. */
static void try_file_size(const dp__op_desc *desc, const dp__param_desc *param) {
  bool any = desc->op == DP_OP_FILES_UPLOAD || desc->op == DP_OP_PIPELINES_UPLOAD_FILE;
  dp_file_source source = DP_FILE_SOURCE_INIT;
  dp_args *args = dp_args_new();
  dp_error err = {0};
  char allowed[48];
  source.filename = any ? "a.mp4" : file_name(desc);
  source.length = param->max + 1;
  source.read = read_nothing;
  assert_true(fill(args, desc, param));
  assert_int_equal(dp_args_set_source(args, param->name, &source), DP_OK);
  assert_int_equal(build(desc, args, 0, &err), DP_TOO_LARGE);
  snprintf(allowed, sizeof allowed, "is %lld (", (long long)param->max);
  assert_non_null(strstr(err.message, allowed));
  assert_non_null(strstr(err.message, desc->name));
  dp_args_free(args);
}

static void try_bounds(const dp__op_desc *desc, const dp__param_desc *param) {
  if (param->type == DP__TYPE_FILE)
    try_file_size(desc, param);
  if (param->type == DP__TYPE_FILE || param->type == DP__TYPE_BYTES)
    return;
  if (param->min != INT64_MIN)
    try_bound(desc, param, param->min, param->min - 1);
  if (param->max != INT64_MAX)
    try_bound(desc, param, param->max, param->max + 1);
}

static void bounds_are_named(void **state) {
  (void)state;
  each_param(try_bounds);
}

static void try_value(const dp__op_desc *desc, const dp__param_desc *param) {
  if (!param->values)
    return;
  for (const char *const *value = param->values; *value; value++) {
    dp_args *args = dp_args_new();
    dp_args_set_string(args, param->name, "no_such_value");
    check_refused(desc, args, 0, *value);
  }
}

static void allowed_values_are_named(void **state) {
  (void)state;
  each_param(try_value);
}

/* --- each operation as a whole
 * ---------------------------------------------------------------------- */

static void what_is_unknown_is_named(void **state) {
  (void)state;
  for (size_t i = 0; i < dp__optable_count; i++) {
    const dp__op_desc *desc = &dp__optable[i];
    dp_args *args = dp_args_new();
    dp_args_set_int(args, "no_such_argument", 1);
    check_refused(desc, args, 0, "no_such_argument");
  }
}

/* What is required is enough, and it is sent to the route of this operation and no other. */
static void what_is_required_is_enough(void **state) {
  (void)state;
  for (size_t i = 0; i < dp__optable_count; i++) {
    const dp__op_desc *desc = &dp__optable[i];
    dp_args *args = dp_args_new();
    if (desc->path[0] && fill(args, desc, NULL)) {
      dp__request request;
      dp__route route;
      dp_error err = {0};
      if (dp__request_build(desc, args, "/v1", 0, &request, &err) != DP_OK)
        fail_msg("%s", err.message);
      assert_true(dp__op_route(request.method, request.path, strlen(request.path), &route));
      assert_string_equal(route.desc->name, desc->name);
      dp__request_deinit(&request);
    }
    dp_args_free(args);
  }
}

/* Servers move on: without the check, what the table does not know is sent all the same. */
static void without_the_check_it_is_sent(void **state) {
  (void)state;
  for (size_t i = 0; i < dp__optable_count; i++) {
    const dp__op_desc *desc = &dp__optable[i];
    dp_args *args = dp_args_new();
    dp_error err = {0};
    if (desc->path[0] && fill(args, desc, NULL)) {
      dp_args_set_int(args, "no_such_argument", 1);
      for (size_t j = 0; j < desc->param_count; j++)
        if (desc->params[j].where != DP__IN_PATH && desc->params[j].where != DP__IN_LOCAL &&
            desc->params[j].where != DP__IN_FILE)
          set_wrong(args, &desc->params[j]);
      if (build(desc, args, DP_CALL_NO_VALIDATE, &err) != DP_OK)
        fail_msg("%s", err.message);
    }
    dp_args_free(args);
  }
}

/* --- paths
 * ------------------------------------------------------------------------------------------- */

/* Whatever stands in an id, checked or not: the path keeps its shape, so no call becomes another.
 */
static void try_path(const dp__op_desc *desc, const dp__param_desc *param) {
  static const char *const odd[] = {"",    ".",     "..", "a/b", "a\\b", "a?b",
                                    "a#b", "a%2fb", " ",  "a b", "a;b",  "a\nb"};
  if (param->where != DP__IN_PATH)
    return;
  for (uint32_t flags = 0; flags <= DP_CALL_NO_VALIDATE; flags += DP_CALL_NO_VALIDATE) {
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
      dp_args *args = dp_args_new();
      assert_true(fill(args, desc, param));
      dp_args_set_string(args, param->name, odd[i]);
      check_refused(desc, args, flags, param->name);
    }
    dp_args *args = dp_args_new();
    assert_true(fill(args, desc, param));
    check_refused(desc, args, flags, param->name);
  }
}

static void no_id_makes_another_path(void **state) {
  (void)state;
  each_param(try_path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_wrong_type_is_named),
      cmocka_unit_test(what_is_missing_is_named),
      cmocka_unit_test(bounds_are_named),
      cmocka_unit_test(allowed_values_are_named),
      cmocka_unit_test(what_is_unknown_is_named),
      cmocka_unit_test(what_is_required_is_enough),
      cmocka_unit_test(without_the_check_it_is_sent),
      cmocka_unit_test(no_id_makes_another_path),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
