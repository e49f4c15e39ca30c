/* Numbers as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "text.h"

static char out[CLI_TEXT];

static void counts_and_bytes(void **state) {
  (void)state;
  assert_string_equal(cli_count(out, 0), "0");
  assert_string_equal(cli_count(out, 999), "999");
  assert_string_equal(cli_count(out, 1000), "1,000");
  assert_string_equal(cli_count(out, 1234567), "1,234,567");
  assert_string_equal(cli_count(out, UINT64_MAX), "18,446,744,073,709,551,615");
  assert_string_equal(cli_bytes(out, 1023), "1023 B");
  assert_string_equal(cli_bytes(out, 1536), "1.5 KiB");
  assert_string_equal(cli_bytes(out, UINT64_C(5) << 30), "5.0 GiB");
}

static void spans(void **state) {
  (void)state;
  assert_string_equal(cli_span_us(out, 0), "0");
  assert_string_equal(cli_span_us(out, 850), "850 µs");
  assert_string_equal(cli_span_us(out, 1234), "1.23 ms");
  assert_string_equal(cli_span_us(out, 9996), "10.0 ms");
  assert_string_equal(cli_span_us(out, 123456), "123 ms");
  assert_string_equal(cli_span_us(out, 999600), "1.00 s");
  assert_string_equal(cli_span_us(out, 34200000), "34.2 s");
  assert_string_equal(cli_span_us(out, 125000000), "2 min 5 s");
  assert_string_equal(cli_span_us(out, UINT64_C(3720) * 1000000), "1 h 2 min");
  assert_string_equal(cli_span_us(out, UINT64_C(90000) * 1000000), "1 d 1 h");
}

static void percents(void **state) {
  (void)state;
  assert_string_equal(cli_percent(out, 0, 0), "0.0 %");
  assert_string_equal(cli_percent(out, 199, 200), "99.5 %");
  assert_string_equal(cli_percent(out, 200, 200), "100 %");
  assert_string_equal(cli_percent(out, 999999, 1000000), "99.9 %");
}

static void durations(void **state) {
  (void)state;
  uint32_t ms;
  assert_true(cli_duration("30", &ms) && ms == 30000);
  assert_true(cli_duration("0.5", &ms) && ms == 500);
  assert_true(cli_duration("500ms", &ms) && ms == 500);
  assert_true(cli_duration("2m", &ms) && ms == 120000);
  assert_true(cli_duration("1h", &ms) && ms == 3600000);
  static const char *const bad[] = {"",     "x",   "-1",  "5 s", "5x",
                                    "1e99", "nan", "inf", ".5",  "99999999h"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(cli_duration(bad[i], &ms));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_and_bytes),
      cmocka_unit_test(spans),
      cmocka_unit_test(percents),
      cmocka_unit_test(durations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
