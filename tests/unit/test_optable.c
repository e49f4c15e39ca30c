/* The operation table: every operation by number and name, every template by route, versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "optable.h"

/* --- look-ups ------------------------------------------------------------------------------------ */

static void every_operation_is_found_by_number_and_name(void **state) {
  (void)state;
  for (size_t i = 0; i < dp__optable_count; i++) {
    const dp__op_desc *desc = &dp__optable[i];
    assert_ptr_equal(dp__op_by_number(desc->op), desc);
    assert_ptr_equal(dp__op_by_name(desc->name), desc);
    assert_string_equal(dp_op_name(desc->op), desc->name);
    assert_int_equal(dp_op_from_name(desc->name), desc->op);
    assert_int_equal(dp_op_is_free(desc->op), desc->retry == DP__RETRY_FREE);
  }
}

static void the_table_is_sorted_by_name(void **state) {
  (void)state;
  size_t routed = 0;
  for (size_t i = 0; i < dp__optable_count; i++)
    routed += dp__optable[i].path[0] != '\0';
  assert_int_equal(routed, 82); /* the contract's; others are made of them */
  for (size_t i = 1; i < dp__optable_count; i++)
    assert_true(strcmp(dp__optable[i - 1].name, dp__optable[i].name) < 0);
}

static void unknown_operations_are_not_found(void **state) {
  (void)state;
  assert_null(dp__op_by_number(DP_OP_NONE));
  assert_null(dp__op_by_number((dp_op)499));
  assert_null(dp__op_by_number((dp_op)100000));
  assert_null(dp__op_by_number((dp_op)-1));
  assert_null(dp_op_name((dp_op)100000));
  const char *const names[] = {"", "a", "zzz", "datasets.lis", "datasets.list ", "Datasets.list",
                               "service.ping", "datasets"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_null(dp__op_by_name(names[i]));
    assert_int_equal(dp_op_from_name(names[i]), DP_OP_NONE);
  }
  assert_null(dp__op_by_name(NULL));
  assert_int_equal(dp_op_from_name(NULL), DP_OP_NONE);
  assert_int_equal(dp_op_is_free(DP_OP_NONE), 0);
  assert_int_equal(dp_op_answer(DP_OP_NONE), DP_ANSWER_ANY);
}

static void answers_are_what_the_table_says(void **state) {
  (void)state;
  assert_int_equal(dp_op_answer(DP_OP_DATASETS_LIST), DP_ANSWER_JSON);
  assert_int_equal(dp_op_answer(DP_OP_CHAT_SEND), DP_ANSWER_EVENTS);
  assert_int_equal(dp_op_answer(DP_OP_FILES_PREVIEW), DP_ANSWER_BINARY);
  assert_int_equal(dp_op_answer(DP_OP_DATASETS_DELETE), DP_ANSWER_EMPTY);
  assert_int_equal(dp_op_answer(DP_OP_HTTP_REQUEST), DP_ANSWER_ANY);
}

static void parameters_are_found_by_name(void **state) {
  (void)state;
  const dp__op_desc *desc = dp__op_by_number(DP_OP_DATASETS_CREATE);
  const dp__param_desc *name = dp__op_param(desc, "name");
  assert_non_null(name);
  assert_int_equal(name->where, DP__IN_BODY);
  assert_int_equal(name->type, DP__TYPE_STRING);
  assert_int_equal(name->required, 1);
  assert_int_equal(name->min, 1);
  assert_int_equal(name->max, 40);
  const dp__param_desc *permission = dp__op_param(desc, "permission");
  assert_string_equal(permission->values[0], "only_me");
  assert_null(permission->values[3]);
  assert_null(dp__op_param(desc, "nam"));
  assert_null(dp__op_param(desc, ""));
  assert_int_equal(dp__op_param(dp__op_by_number(DP_OP_MESSAGES_FEEDBACK), "rating")->nullable, 1);
}

static bool is_read_by_post(dp_op op) {
  return op == DP_OP_DATASETS_RETRIEVE || op == DP_OP_DOCUMENTS_DOWNLOAD_ZIP;
}

static void writes_are_not_free(void **state) {
  (void)state;
  for (size_t i = 0; i < dp__optable_count; i++) {
    const dp__op_desc *desc = &dp__optable[i];
    if (strcmp(desc->method, "GET") == 0)
      assert_int_equal(desc->retry, DP__RETRY_FREE);
    else if (desc->path[0] && !is_read_by_post(desc->op))
      assert_int_not_equal(desc->retry, DP__RETRY_FREE);
  }
}

/* --- routing ------------------------------------------------------------------------------------- */

/* The template with each parameter replaced by a value of its own: {dataset_id} by v1, … */
static size_t fill_template(const char *template, char *path, size_t size) {
  size_t length = 0, parameter = 0;
  for (const char *p = template; *p; p++) {
    if (*p != '{') {
      path[length++] = *p;
      continue;
    }
    length += (size_t)snprintf(path + length, size - length, "v%zu", parameter++);
    p = strchr(p, '}');
  }
  path[length] = '\0';
  return parameter;
}

static void check_values(const dp__op_desc *desc, const dp__route *route, size_t count) {
  assert_int_equal(route->count, count);
  for (size_t i = 0; i < count; i++) {
    char want[24], name[64];
    snprintf(want, sizeof want, "v%zu", i);
    assert_int_equal(route->params[i].value_length, strlen(want));
    assert_memory_equal(route->params[i].value, want, strlen(want));
    snprintf(name, sizeof name, "%.*s", (int)route->params[i].name_length, route->params[i].name);
    const dp__param_desc *param = dp__op_param(desc, name);
    assert_non_null(param);
    assert_int_equal(param->where, DP__IN_PATH);
  }
}

static void check_template(const dp__op_desc *desc, const char *template) {
  char path[512] = "/v1";
  size_t count = fill_template(template, path + 3, sizeof path - 3);
  for (size_t skip = 0; skip <= 3; skip += 3) {
    dp__route route;
    assert_true(dp__op_route(desc->method, path + skip, strlen(path + skip), &route));
    assert_string_equal(route.desc->name, desc->name);
    check_values(desc, &route, count);
  }
}

static void every_template_is_routed_to_its_operation(void **state) {
  (void)state;
  for (size_t i = 0; i < dp__optable_count; i++) {
    const dp__op_desc *desc = &dp__optable[i];
    if (!desc->path[0])
      continue;
    check_template(desc, desc->path);
    for (const char *const *alias = desc->aliases; alias && *alias; alias++)
      check_template(desc, *alias);
  }
}

static dp_op route_of(const char *method, const char *path) {
  dp__route route;
  return dp__op_route(method, path, strlen(path), &route) ? route.desc->op : DP_OP_NONE;
}

static void old_spellings_are_the_same_operation(void **state) {
  (void)state;
  assert_int_equal(route_of("POST", "/datasets/d/document/create_by_text"),
                   DP_OP_DOCUMENTS_CREATE_BY_TEXT);
  assert_int_equal(route_of("POST", "/datasets/d/documents/x/update_by_text"),
                   DP_OP_DOCUMENTS_UPDATE_BY_TEXT);
  assert_int_equal(route_of("POST", "/datasets/d/hit-testing"), DP_OP_DATASETS_RETRIEVE);
}

static void literals_win_over_parameters(void **state) {
  (void)state;
  assert_int_equal(route_of("GET", "/datasets/tags"), DP_OP_TAGS_LIST);
  assert_int_equal(route_of("DELETE", "/datasets/tags"), DP_OP_TAGS_DELETE);
  assert_int_equal(route_of("GET", "/datasets/tagsx"), DP_OP_DATASETS_GET);
  assert_int_equal(route_of("POST", "/datasets/tags/binding"), DP_OP_TAGS_BIND);
  assert_int_equal(route_of("GET", "/datasets/d/metadata/built-in"), DP_OP_METADATA_BUILT_IN);
  assert_int_equal(route_of("PATCH", "/datasets/d/metadata/built-in"), DP_OP_METADATA_UPDATE);
}

static void what_is_not_in_the_table_is_not_routed(void **state) {
  (void)state;
  static const struct {
    const char *method, *path;
  } strangers[] = {
      {"PUT", "/datasets"},           {"get", "/datasets"},      {"", "/datasets"},
      {"GET", ""},                    {"GET", "/"},              {"GET", "datasets"},
      {"GET", "/datasets/"},          {"GET", "//datasets"},     {"GET", "/datasets//documents"},
      {"GET", "/Datasets"},           {"GET", "/dataset"},       {"GET", "/datasets/d/e"},
      {"GET", "/datasets/d/documents/"}, {"GET", "/v1"},         {"GET", "/v1/"},
      {"GET", "/v1/v1/datasets"},     {"GET", "/v2/datasets"},   {"GET", "/v1datasets"},
      {"POST", "/datasets/d/documents/x/y/z/child_chunks/w/v"},
  };
  for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
    assert_int_equal(route_of(strangers[i].method, strangers[i].path), DP_OP_NONE);
}

static void a_miss_leaves_the_route_alone(void **state) {
  (void)state;
  dp__route route = {.count = 77};
  assert_false(dp__op_route("GET", "/nowhere", 8, &route));
  assert_int_equal(route.count, 77);
}

static void values_stay_escaped(void **state) {
  (void)state;
  const char *path = "/datasets/a%2Fb%20c/documents/%C3%BC";
  dp__route route;
  assert_true(dp__op_route("GET", path, strlen(path), &route));
  assert_int_equal(route.desc->op, DP_OP_DOCUMENTS_GET);
  assert_int_equal(route.params[0].value_length, 9);
  assert_memory_equal(route.params[0].value, "a%2Fb%20c", 9);
  assert_int_equal(route.params[1].value_length, 6);
  assert_memory_equal(route.params[1].value, "%C3%BC", 6);
}

static void only_the_given_length_is_read(void **state) {
  (void)state;
  const char *path = "/datasets/d?limit=1";
  dp__route route;
  assert_true(dp__op_route("GET", path, 11, &route));
  assert_int_equal(route.desc->op, DP_OP_DATASETS_GET);
  assert_int_equal(route.params[0].value_length, 1);
  assert_true(dp__op_route("GET", path, 9, &route));
  assert_int_equal(route.desc->op, DP_OP_DATASETS_LIST);
}

/* --- versions ------------------------------------------------------------------------------------ */

static int sign(int x) {
  return (x > 0) - (x < 0);
}

static void versions_compare_by_number(void **state) {
  (void)state;
  static const struct {
    const char *a, *b;
    int want;
  } rows[] = {
      {"1.12.1", "1.12.1", 0},   {"1.9.0", "1.12.1", -1},     {"1.12.2", "1.12.1", 1},
      {"1.12", "1.12.0", 0},     {"2", "1.99.99", 1},         {"1.13.0-beta.1", "1.13.0", -1},
      {"1.13.0-beta.1", "1.12.9", 1}, {"1.13.0-a", "1.13.0-b", 0}, {"0.15.3", "1.0.0", -1},
      {"99999999999999999999", "1", 1}, {"", "1", -1},        {"", "", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(sign(dp__version_compare(rows[i].a, rows[i].b)), rows[i].want);
    assert_int_equal(sign(dp__version_compare(rows[i].b, rows[i].a)), -rows[i].want);
  }
}

static void defects_hold_for_their_versions(void **state) {
  (void)state;
  const dp__op_desc *update = dp__op_by_number(DP_OP_DOCUMENTS_UPDATE_BY_TEXT);
  const char *id = "update_hangs_indexing";
  assert_non_null(dp__op_defect(update, id, "1.12.1"));
  assert_non_null(dp__op_defect(update, id, "1.9.2"));
  assert_non_null(dp__op_defect(update, id, "1.12.1-fix"));
  assert_null(dp__op_defect(update, id, "1.12.2"));
  assert_null(dp__op_defect(update, id, "2.0.0"));
  /* An unknown version is taken to have it. */
  assert_non_null(dp__op_defect(update, id, ""));
  assert_non_null(dp__op_defect(update, id, NULL));
  assert_null(dp__op_defect(update, "no_such_defect", "1.12.1"));
  assert_null(dp__op_defect(dp__op_by_number(DP_OP_DATASETS_LIST), id, "1.12.1"));
}

static void a_range_of_versions_has_two_ends(void **state) {
  (void)state;
  const dp__defect_desc defect = {"x", "1.10.0", "1.12.1", "text"};
  const dp__op_desc desc = {.defects = &defect, .defect_count = 1};
  assert_null(dp__op_defect(&desc, "x", "1.9.9"));
  assert_non_null(dp__op_defect(&desc, "x", "1.10.0"));
  assert_non_null(dp__op_defect(&desc, "x", "1.12.1"));
  assert_null(dp__op_defect(&desc, "x", "1.12.2"));
}

static void absent_routes_are_known_by_version(void **state) {
  (void)state;
  const dp__op_desc *download = dp__op_by_number(DP_OP_DOCUMENTS_DOWNLOAD);
  assert_true(dp__op_is_absent(download, "1.12.1"));
  assert_false(dp__op_is_absent(download, "1.13.0"));
  assert_false(dp__op_is_absent(download, ""));
  assert_false(dp__op_is_absent(download, NULL));
  assert_false(dp__op_is_absent(dp__op_by_number(DP_OP_DATASETS_GET), "0.1.0"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_operation_is_found_by_number_and_name),
      cmocka_unit_test(the_table_is_sorted_by_name),
      cmocka_unit_test(unknown_operations_are_not_found),
      cmocka_unit_test(answers_are_what_the_table_says),
      cmocka_unit_test(parameters_are_found_by_name),
      cmocka_unit_test(writes_are_not_free),
      cmocka_unit_test(every_template_is_routed_to_its_operation),
      cmocka_unit_test(old_spellings_are_the_same_operation),
      cmocka_unit_test(literals_win_over_parameters),
      cmocka_unit_test(what_is_not_in_the_table_is_not_routed),
      cmocka_unit_test(a_miss_leaves_the_route_alone),
      cmocka_unit_test(values_stay_escaped),
      cmocka_unit_test(only_the_given_length_is_read),
      cmocka_unit_test(versions_compare_by_number),
      cmocka_unit_test(defects_hold_for_their_versions),
      cmocka_unit_test(a_range_of_versions_has_two_ends),
      cmocka_unit_test(absent_routes_are_known_by_version),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
