/* The guard against what msgpack-c must never see: by hand, by vectors, and by every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

#define CHECK(bytes) dpd_guard_check((const uint8_t *)(bytes), sizeof(bytes) - 1)

static void test_sound(void **state) {
  (void)state;
  assert_int_equal(CHECK("\x80"), DPD_FLAW_NONE);
  assert_int_equal(CHECK("\x81\xa1k\xc0"), DPD_FLAW_NONE);
  assert_int_equal(CHECK("\x82\xa1k\x92\x01\xff\xa1l\x81\xa0\xc3"), DPD_FLAW_NONE);
  assert_int_equal(CHECK("\x81\xa1k\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18"), DPD_FLAW_NONE);
  assert_int_equal(CHECK("\x81\xa1k\xd9\x02\xc3\xbc"), DPD_FLAW_NONE);
  assert_int_equal(CHECK("\x81\xa1k\xc4\x02\xff\xfe"), DPD_FLAW_NONE);
}

static void test_claims(void **state) {
  (void)state;
  assert_int_equal(CHECK("\xdf\xff\xff\xff\xff"), DPD_FLAW_TRUNCATED);
  assert_int_equal(CHECK("\x81\xa1k\xdd\xff\xff\xff\xff"), DPD_FLAW_TRUNCATED);
  assert_int_equal(CHECK("\x81\xa1k\xdb\xff\xff\xff\xff"), DPD_FLAW_TRUNCATED);
  assert_int_equal(CHECK("\x81\xa1k\xc6\xff\xff\xff\xff"), DPD_FLAW_TRUNCATED);
  assert_int_equal(CHECK("\x81\xdb\xff\xff\xff\xff"), DPD_FLAW_TRUNCATED);
  assert_int_equal(CHECK("\x82\xa1k\xc0"), DPD_FLAW_TRUNCATED);
  assert_int_equal(CHECK("\x81\xa1k\xcd\x01"), DPD_FLAW_TRUNCATED);
}

static void test_shapes(void **state) {
  (void)state;
  assert_int_equal(dpd_guard_check((const uint8_t *)"", 0), DPD_FLAW_EMPTY);
  assert_int_equal(CHECK("\x90"), DPD_FLAW_NOT_A_MAP);
  assert_int_equal(CHECK("\x80\x80"), DPD_FLAW_TRAILING);
  assert_int_equal(CHECK("\x81\x01\xc0"), DPD_FLAW_KEY);
  assert_int_equal(CHECK("\x81\xa1k\xc1"), DPD_FLAW_RESERVED);
  assert_int_equal(CHECK("\x81\xa1k\xd4\x01\x00"), DPD_FLAW_EXT);
  assert_int_equal(CHECK("\x81\xa1k\xd6\xff\0\0\0\0"), DPD_FLAW_EXT);
  assert_int_equal(CHECK("\x81\xa1k\xca\x7f\x80\0\0"), DPD_FLAW_FLOAT);
  assert_int_equal(CHECK("\x81\xa1k\xcb\x7f\xf8\0\0\0\0\0\0"), DPD_FLAW_FLOAT);
  assert_int_equal(CHECK("\x81\xa1k\xa1\xff"), DPD_FLAW_UTF8);
  assert_int_equal(CHECK("\x81\xa2\xc0\x80\xc0"), DPD_FLAW_UTF8);
  assert_int_equal(CHECK("\x82\xa1k\xc0\xa1k\xc0"), DPD_FLAW_REPEATED);
  assert_int_equal(CHECK("\x82\xa1k\xc0\xd9\x01k\xc0"), DPD_FLAW_REPEATED);
}

static size_t nested(uint8_t *out, unsigned arrays) {
  size_t n = 0;
  out[n++] = 0x81;
  out[n++] = 0xa1;
  out[n++] = 'k';
  for (unsigned i = 0; i < arrays; i++) {
    out[n++] = 0x91;
  }
  out[n++] = 0xc0;
  return n;
}

static void test_depth(void **state) {
  (void)state;
  uint8_t bytes[4096];
  assert_int_equal(dpd_guard_check(bytes, nested(bytes, DPD_DEPTH_MAX - 1)), DPD_FLAW_NONE);
  assert_int_equal(dpd_guard_check(bytes, nested(bytes, DPD_DEPTH_MAX)), DPD_FLAW_DEPTH);
  assert_int_equal(dpd_guard_check(bytes, nested(bytes, 4000)), DPD_FLAW_DEPTH);
}

static void test_elements(void **state) {
  (void)state;
  size_t length = 3 + 5 + DPD_ELEMENTS_MAX;
  uint8_t *bytes = malloc(length);
  assert_non_null(bytes);
  memcpy(bytes, "\x81\xa1k\xdd", 4);
  for (int over = 0; over <= 1; over++) {
    uint32_t count = DPD_ELEMENTS_MAX - 3 + (uint32_t)over; /* map, key and array count, too */
    for (int i = 0; i < 4; i++) {
      bytes[4 + i] = (uint8_t)(count >> (24 - 8 * i));
    }
    memset(bytes + 8, 0xc0, count);
    assert_int_equal(dpd_guard_check(bytes, 8 + count), over ? DPD_FLAW_ELEMENTS : DPD_FLAW_NONE);
  }
  free(bytes);
}

/* Many keys take the sorted way. */
static void test_many_keys(void **state) {
  (void)state;
  enum { COUNT = 1000 };
  uint8_t *bytes = malloc(3 + COUNT * 6);
  assert_non_null(bytes);
  for (int repeat = 0; repeat <= 1; repeat++) {
    size_t n = 0;
    bytes[n++] = 0xde;
    bytes[n++] = COUNT >> 8;
    bytes[n++] = COUNT & 0xff;
    for (int i = 0; i < COUNT; i++) {
      int key = repeat && i == COUNT - 1 ? 7 : i;
      bytes[n++] = 0xa4;
      for (int shift = 12; shift >= 0; shift -= 4) {
        bytes[n++] = (uint8_t)('a' + ((key >> shift) & 15));
      }
      bytes[n++] = 0xc0;
    }
    assert_int_equal(dpd_guard_check(bytes, n), repeat ? DPD_FLAW_REPEATED : DPD_FLAW_NONE);
  }
  free(bytes);
}

/* Every prefix of a sound message is refused, and read within its bytes (the sanitizer watches). */
static void test_every_cut(void **state) {
  (void)state;
  static const char whole[] = "\x83\xa1v\x01\xa2id\xc4\x10"
                              "0123456789abcdef\xa4"
                              "args\x82\xa1"
                              "a\x93\x01\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18\xd9\x03xyz\xa1"
                              "b\xc2";
  assert_int_equal(CHECK(whole), DPD_FLAW_NONE);
  for (size_t length = 0; length < sizeof(whole) - 1; length++) {
    uint8_t *cut = malloc(length + 1);
    assert_non_null(cut);
    memcpy(cut, whole, length);
    assert_int_not_equal(dpd_guard_check(cut, length), DPD_FLAW_NONE);
    uint8_t id[16];
    bool found = dpd_guard_id(cut, length, id);
    assert_true(!found || memcmp(id, "0123456789abcdef", 16) == 0);
    free(cut);
  }
}

static void test_find(void **state) {
  (void)state;
  static const uint8_t bytes[] = "\x82\xa1"
                                 "a\x92\x01\x02\xa4"
                                 "args\x81\xa1x\xc0";
  const uint8_t *value;
  size_t length;
  assert_true(dpd_guard_find(bytes, sizeof(bytes) - 1, "args", &value, &length));
  assert_int_equal(length, 4);
  assert_memory_equal(value, "\x81\xa1x\xc0", 4);
  assert_false(dpd_guard_find(bytes, sizeof(bytes) - 1, "x", &value, &length));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sound),     cmocka_unit_test(test_claims),
      cmocka_unit_test(test_shapes),    cmocka_unit_test(test_depth),
      cmocka_unit_test(test_elements),  cmocka_unit_test(test_many_keys),
      cmocka_unit_test(test_every_cut), cmocka_unit_test(test_find),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
