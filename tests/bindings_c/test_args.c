/* Arguments: order, replacement, and what a setter refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>

#include "args.h"
#include "json.h"

static void expect(const dpc_args *args, const char *json) {
  dpc__bytes packed = {0}, out = {0};
  dpc__pack_map(&packed, dpc__args_count_of(args));
  dpc__args_put(args, &packed);
  dpc__json_write((dpc_value){packed.data, packed.data + packed.length}, &out);
  dpc__bytes_append(&out, "", 1);
  assert_string_equal((char *)out.data, json);
  dpc__bytes_clear(&packed);
  dpc__bytes_clear(&out);
}

static void keeps_order_and_replaces_in_place(void **state) {
  (void)state;
  dpc_args *args = dpc_args_new();
  assert_int_equal(dpc_args_set_int(args, "b", 1), DPC_OK);
  assert_int_equal(dpc_args_set_string(args, "a", "x"), DPC_OK);
  assert_int_equal(dpc_args_set_null(args, "n"), DPC_OK);
  assert_int_equal(dpc_args_set_bool(args, "t", true), DPC_OK);
  assert_int_equal(dpc_args_set_double(args, "d", 0.5), DPC_OK);
  assert_int_equal(dpc_args_set_json(args, "j", "{\"k\": [1]}"), DPC_OK);
  assert_int_equal(dpc_args_set_bytes(args, "y", "\x01\x02", 2), DPC_OK);
  assert_int_equal(dpc_args_set_text(args, "z", "a\0b", 3), DPC_OK);
  expect(args,
         "{\"b\":1,\"a\":\"x\",\"n\":null,\"t\":true,\"d\":0.5,\"j\":{\"k\":[1]},\"y\":\"0102\","
         "\"z\":\"a\\u0000b\"}");
  assert_int_equal(dpc_args_set_string(args, "b", "two"), DPC_OK);
  assert_int_equal(dpc_args_count(args), 8);
  assert_true(dpc_args_has(args, "n") && !dpc_args_has(args, "m"));
  dpc_args_free(args);
}

static void refusals_change_nothing(void **state) {
  (void)state;
  dpc_args *args = dpc_args_new();
  dpc_args_set_int(args, "a", 1);
  assert_int_equal(dpc_args_set_int(args, "", 1), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_args_set_int(args, NULL, 1), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_args_set_int(NULL, "a", 1), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_args_set_int(args, "\xff", 1), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_args_set_string(args, "a", "\xff"), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_args_set_string(args, "a", NULL), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_args_set_double(args, "a", NAN), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_args_set_double(args, "a", INFINITY), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_args_set_json(args, "a", "{"), DPC_INVALID_REQUEST);
  assert_int_equal(dpc_args_set_bytes(args, "a", NULL, 1), DPC_INVALID_REQUEST);
  expect(args, "{\"a\":1}");
  assert_int_equal(dpc_args_set_bytes(args, "e", NULL, 0), DPC_OK);
  dpc_args_free(args);
  dpc_args_free(NULL);
}

static void many_names(void **state) {
  (void)state;
  dpc_args *args = dpc_args_new();
  char name[16];
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "n%d", i);
    assert_int_equal(dpc_args_set_int(args, name, i), DPC_OK);
  }
  assert_int_equal(dpc_args_count(args), 100);
  dpc_args_free(args);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_order_and_replaces_in_place),
      cmocka_unit_test(refusals_change_nothing),
      cmocka_unit_test(many_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
