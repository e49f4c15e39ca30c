/* Framing: bytes in, events out, however they are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sp.h"

enum { BOUND = 1000 };

static dpd_sp_found look(dpd_sp *sp, const char *bytes, size_t length, size_t *used,
                         dpd_sp_message *message) {
  size_t wanted;
  return dpd_sp_next(sp, (const uint8_t *)bytes, length, used, &wanted, message);
}

#define LOOK(sp, bytes) look(sp, bytes, sizeof(bytes) - 1, &used, &message)

static void test_greeting(void **state) {
  (void)state;
  size_t used;
  dpd_sp_message message;
  dpd_sp sp = {.message_max = BOUND};
  assert_int_equal(LOOK(&sp, ""), DPD_SP_MORE);
  assert_int_equal(LOOK(&sp, "\0SP\0"), DPD_SP_MORE);
  assert_int_equal(LOOK(&sp, "\0SP\0\0\x30\0\0rest"), DPD_SP_GREETED);
  assert_int_equal(used, 8);
  static const char *const wrong[] = {"\0SP\0\0\x31\0\0", "\0SP\0\0\x30\0\1", "\0SP\1\0\x30\0\0",
                                      "GET / HT", "\0\0\0\0\0\0\0\0"};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    dpd_sp other = {.message_max = BOUND};
    assert_int_equal(look(&other, wrong[i], 8, &used, &message), DPD_SP_WRONG);
  }
  dpd_sp early = {.message_max = BOUND};
  assert_int_equal(LOOK(&early, "G"), DPD_SP_WRONG); /* the first byte tells already */
}

static void test_message(void **state) {
  (void)state;
  size_t used;
  dpd_sp_message message;
  dpd_sp sp = {.greeted = true, .message_max = BOUND};
  static const char whole[] = "\1\0\0\0\0\0\0\0\7\x80\0\0\1abc";
  for (size_t length = 0; length < sizeof(whole) - 1; length++) {
    assert_int_equal(look(&sp, whole, length, &used, &message), DPD_SP_MORE);
    assert_int_equal(used, 0);
  }
  assert_int_equal(LOOK(&sp, whole), DPD_SP_MESSAGE);
  assert_int_equal(used, 16);
  assert_int_equal(message.trace_length, 4);
  assert_int_equal(message.body_length, 3);
  assert_memory_equal(message.body, "abc", 3);
}

static void test_hops(void **state) {
  (void)state;
  size_t used;
  dpd_sp_message message;
  dpd_sp sp = {.greeted = true, .message_max = BOUND};
  assert_int_equal(LOOK(&sp, "\1\0\0\0\0\0\0\0\x09\0\0\0\7\x80\0\0\1x"), DPD_SP_MESSAGE);
  assert_int_equal(message.trace_length, 8);
  assert_int_equal(message.body_length, 1);
  assert_int_equal(LOOK(&sp, "\1\0\0\0\0\0\0\0\4\0\0\0\7"), DPD_SP_WRONG); /* no id at all */
  uint8_t many[9 + 44] = {1, 0, 0, 0, 0, 0, 0, 0, 44};
  many[9 + 40] = 0x80; /* an id, but behind more hops than we carry */
  assert_int_equal(look(&sp, (const char *)many, sizeof(many), &used, &message), DPD_SP_WRONG);
}

static void test_wrong(void **state) {
  (void)state;
  size_t used;
  dpd_sp_message message;
  dpd_sp sp = {.greeted = true, .message_max = BOUND};
  assert_int_equal(LOOK(&sp, "\0"), DPD_SP_WRONG);
  assert_int_equal(LOOK(&sp, "\2"), DPD_SP_WRONG);
  assert_int_equal(LOOK(&sp, "\1\xff\xff\xff\xff\xff\xff\xff\xff"), DPD_SP_WRONG);
  assert_int_equal(LOOK(&sp, "\1\0\0\0\1\0\0\0\0"), DPD_SP_WRONG);
  assert_int_equal(LOOK(&sp, "\1\0\0\0\0\0\0\3\xec"), DPD_SP_MORE);  /* the bound and the id */
  assert_int_equal(LOOK(&sp, "\1\0\0\0\0\0\0\3\xed"), DPD_SP_WRONG); /* one more */
  assert_int_equal(LOOK(&sp, "\1\0\0\0\0\0\0\0\0"), DPD_SP_WRONG);
}

static void test_head(void **state) {
  (void)state;
  uint8_t head[DPD_SP_HEAD];
  dpd_sp_head(head, UINT64_C(0x0102030405060708));
  assert_memory_equal(head, "\1\1\2\3\4\5\6\7\x08", 9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_greeting), cmocka_unit_test(test_message), cmocka_unit_test(test_hops),
      cmocka_unit_test(test_wrong),    cmocka_unit_test(test_head),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
