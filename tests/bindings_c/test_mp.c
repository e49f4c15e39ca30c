/* msgpack that came from outside: what is refused, and how the rest reads in place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bytes.h"
#include "mp.h"

static const char *check_copy(const char *bytes, size_t length) {
  /* A copy of exactly that size, so that a sanitizer sees a read behind it. */
  uint8_t *copy = calloc(1, length ? length : 1);
  memcpy(copy, bytes, length);
  const char *flaw = dpc__mp_check(copy, length);
  free(copy);
  return flaw;
}
#define CHECK(literal) check_copy(literal, sizeof literal - 1)

static void sound_maps_pass(void **state) {
  (void)state;
  assert_null(CHECK("\x80"));
  assert_null(CHECK("\x81\xa1"
                    "a\xc0"));
  assert_null(CHECK("\xde\x00\x01\xd9\x01"
                    "a\xca\x3f\x80\x00\x00"));
  assert_null(CHECK("\xdf\x00\x00\x00\x01\xda\x00\x01"
                    "a\xc6\x00\x00\x00\x01z"));
  assert_null(CHECK("\x81\xa1"
                    "a\x93\x01\xd0\x80\xcf\xff\xff\xff\xff\xff\xff\xff\xff"));
}

static void lies_and_oddities_are_refused(void **state) {
  (void)state;
  assert_non_null(CHECK(""));
  assert_non_null(CHECK("\x90")); /* no map */
  assert_non_null(CHECK("\x81")); /* cut */
  assert_non_null(CHECK("\x81\xa1"
                        "a"));                    /* no value */
  assert_non_null(CHECK("\x80\x80"));             /* something behind it */
  assert_non_null(CHECK("\xdf\xff\xff\xff\xff")); /* claims 2^32 - 1 entries */
  assert_non_null(CHECK("\x81\xa1"
                        "a\xdd\xff\xff\xff\xff"));
  assert_non_null(CHECK("\x81\xa1"
                        "a\xc6\xff\xff\xff\xff"
                        "z"));
  assert_non_null(CHECK("\x81\xa1"
                        "a\xdb\x00\x00\x00\x02"
                        "z"));
  assert_non_null(CHECK("\x81\xa1"
                        "a\xc1")); /* reserved */
  assert_non_null(CHECK("\x81\xa1"
                        "a\xd4\x01\x01")); /* ext */
  assert_non_null(CHECK("\x81\xa1"
                        "a\xc7\x01\x01\x01"));
  assert_non_null(CHECK("\x81\x01\x01")); /* key is no text */
  assert_non_null(CHECK("\x81\xc4\x01"
                        "a\x01"));
  assert_non_null(CHECK("\x81\xa1\xff\x01")); /* not UTF-8 */
  assert_non_null(CHECK("\x81\xa1"
                        "a\xa1\x80"));
  assert_non_null(CHECK("\x81\xa1"
                        "a\xca\x7f\x80\x00\x00")); /* infinite */
  assert_non_null(CHECK("\x81\xa1"
                        "a\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"));
}

static void depth_and_elements_are_bound(void **state) {
  (void)state;
  for (size_t depth = 20; depth < 30; depth++) {
    dpc__bytes b = {0};
    dpc__pack_map(&b, 1);
    dpc__pack_text(&b, "a");
    for (size_t i = 1; i < depth; i++)
      dpc__pack_array(&b, 1);
    dpc__pack_nil(&b);
    assert_int_equal(dpc__mp_check(b.data, b.length) == NULL, depth <= DPC__DEPTH_MAX);
    dpc__bytes_clear(&b);
  }
  dpc__bytes b = {0};
  dpc__pack_map(&b, 1);
  dpc__pack_text(&b, "a");
  dpc__pack_array(&b, DPC__ELEMENTS_MAX);
  for (size_t i = 0; i < DPC__ELEMENTS_MAX; i++)
    dpc__pack_nil(&b);
  assert_non_null(dpc__mp_check(b.data, b.length));
  dpc__bytes_clear(&b);
}

static void every_cut_is_refused(void **state) {
  (void)state;
  dpc__bytes b = {0};
  dpc__pack_map(&b, 3);
  dpc__pack_text(&b, "text");
  dpc__pack_text(&b, "a text of more than thirty-one bytes, so that its head is long");
  dpc__pack_text(&b, "numbers");
  dpc__pack_array(&b, 3);
  dpc__pack_int(&b, -70000);
  dpc__pack_double(&b, 1.5);
  dpc__pack_uint(&b, UINT64_MAX);
  dpc__pack_text(&b, "bytes");
  dpc__pack_bin(&b, "\x00\xff", 2);
  assert_null(dpc__mp_check(b.data, b.length));
  for (size_t length = 0; length < b.length; length++)
    assert_non_null(check_copy((char *)b.data, length));
  dpc__bytes_clear(&b);
}

static void random_bytes_do_no_harm(void **state) {
  (void)state;
  uint32_t seed = 1;
  for (int round = 0; round < 200000; round++) {
    uint8_t bytes[24];
    for (size_t i = 0; i < sizeof bytes; i++)
      bytes[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
    bytes[0] = 0x80 | (bytes[0] & 3);
    size_t length = seed % sizeof bytes;
    check_copy((char *)bytes, length);
  }
}

static dpc_value whole(const dpc__bytes *b) {
  assert_null(dpc__mp_check(b->data, b->length));
  return (dpc_value){b->data, b->data + b->length};
}

static void values_read_in_place(void **state) {
  (void)state;
  dpc__bytes b = {0};
  dpc__pack_map(&b, 4);
  dpc__pack_text(&b, "nested");
  dpc__pack_map(&b, 1);
  dpc__pack_text(&b, "number");
  dpc__pack_int(&b, -5);
  dpc__pack_text(&b, "number");
  dpc__pack_int(&b, 7);
  dpc__pack_text(&b, "flag");
  dpc__pack_bool(&b, true);
  dpc__pack_text(&b, "great");
  dpc__pack_uint(&b, UINT64_MAX);
  dpc_value map = whole(&b), value, inner;
  assert_int_equal(dpc_value_type(map), DPC_TYPE_MAP);
  assert_int_equal(dpc_value_count(map), 4);
  assert_true(dpc_value_get(map, "number", &value));
  assert_int_equal(dpc_value_int(value, 0), 7);
  assert_true(dpc_value_get(map, "nested", &value));
  assert_true(dpc_value_get(value, "number", &inner));
  assert_int_equal(dpc_value_int(inner, 0), -5);
  assert_int_equal(dpc_value_uint(inner, 42), 42);
  assert_true(dpc_value_get(map, "great", &value));
  assert_int_equal(dpc_value_int(value, 0), INT64_MAX);
  assert_true(dpc_value_uint(value, 0) == UINT64_MAX);
  assert_true(dpc_value_get(map, "flag", &value) && dpc_value_bool(value, false));
  assert_false(dpc_value_get(map, "absent", &value));
  assert_int_equal(dpc_value_type(value), DPC_TYPE_NULL);
  dpc__bytes_clear(&b);
}

static void numbers_of_every_width(void **state) {
  (void)state;
  static const int64_t numbers[] = {0,
                                    1,
                                    127,
                                    128,
                                    255,
                                    256,
                                    65535,
                                    65536,
                                    INT64_C(4294967295),
                                    INT64_C(4294967296),
                                    INT64_MAX,
                                    -1,
                                    -32,
                                    -33,
                                    -128,
                                    -129,
                                    -32768,
                                    -32769,
                                    INT64_C(-2147483648),
                                    INT64_C(-2147483649),
                                    INT64_MIN};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    dpc__bytes b = {0};
    dpc__pack_int(&b, numbers[i]);
    dpc_value value = {b.data, b.data + b.length};
    assert_int_equal(dpc_value_type(value), DPC_TYPE_INT);
    assert_true(dpc_value_int(value, 99) == numbers[i]);
    assert_true(dpc_value_double(value, 0) == (double)numbers[i]);
    dpc__bytes_clear(&b);
  }
  dpc_value single = {(const uint8_t *)"\xca\xbf\xc0\x00\x00", NULL};
  single.end = single.at + 5;
  assert_true(dpc_value_double(single, 0) == -1.5);
}

static void walks_end(void **state) {
  (void)state;
  dpc__bytes b = {0};
  dpc__pack_array(&b, 3);
  for (int i = 0; i < 3; i++)
    dpc__pack_int(&b, i);
  dpc_value list = {b.data, b.data + b.length}, key, value;
  dpc_walk walk = dpc_value_walk(list);
  for (int i = 0; i < 3; i++) {
    assert_true(dpc_walk_next(&walk, &key, &value));
    assert_int_equal(dpc_value_int(value, -1), i);
    assert_int_equal(dpc_value_type(key), DPC_TYPE_NULL);
  }
  assert_false(dpc_walk_next(&walk, NULL, &value));
  dpc_value none = {NULL, NULL};
  walk = dpc_value_walk(none);
  assert_false(dpc_walk_next(&walk, NULL, &value));
  assert_int_equal(dpc_value_int(none, 3), 3);
  dpc__bytes_clear(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_maps_pass),
      cmocka_unit_test(lies_and_oddities_are_refused),
      cmocka_unit_test(depth_and_elements_are_bound),
      cmocka_unit_test(every_cut_is_refused),
      cmocka_unit_test(random_bytes_do_no_harm),
      cmocka_unit_test(values_read_in_place),
      cmocka_unit_test(numbers_of_every_width),
      cmocka_unit_test(walks_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
