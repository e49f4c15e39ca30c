/* SipHash-2-4-128 against its authors' vectors, and fed in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "digest.h"

/* vectors_sip128 of the reference implementation: key 00..0f, input 00..n-1. */
static const uint8_t expected[][16] = {
    {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
     0x93},
    {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc,
     0x45},
    {0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7, 0xfc, 0xa3, 0x8b, 0xde, 0xf6, 0x0a, 0xff,
     0xe4},
    {0x9c, 0x70, 0xb6, 0x0c, 0x52, 0x67, 0xa9, 0x4e, 0x5f, 0x33, 0xb6, 0xb0, 0x29, 0x85, 0xed,
     0x51},
};

static void test_vectors(void **state) {
  (void)state;
  uint8_t key[16];
  uint8_t input[16];
  for (uint8_t i = 0; i < 16; i++) {
    key[i] = input[i] = i;
  }
  for (size_t n = 0; n < sizeof(expected) / sizeof(expected[0]); n++) {
    dpd_sip sip;
    dpd_sip_init(&sip, key);
    dpd_sip_feed(&sip, input, n);
    dpd_digest digest = dpd_sip_finish(&sip);
    assert_memory_equal(digest.bytes, expected[n], 16);
  }
}

static void test_pieces(void **state) {
  (void)state;
  uint8_t key[16] = "a key of a test";
  uint8_t input[100];
  for (uint8_t i = 0; i < sizeof(input); i++) {
    input[i] = (uint8_t)(i * 7);
  }
  for (size_t length = 0; length <= sizeof(input); length++) {
    dpd_sip whole;
    dpd_sip_init(&whole, key);
    dpd_sip_feed(&whole, input, length);
    dpd_digest want = dpd_sip_finish(&whole);
    for (size_t step = 1; step < 20; step += 3) {
      dpd_sip pieces;
      dpd_sip_init(&pieces, key);
      for (size_t at = 0; at < length; at += step) {
        dpd_sip_feed(&pieces, input + at, length - at < step ? length - at : step);
      }
      dpd_digest got = dpd_sip_finish(&pieces);
      assert_memory_equal(got.bytes, want.bytes, 16);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_pieces)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
