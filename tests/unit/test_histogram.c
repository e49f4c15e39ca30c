/* The histogram: quantiles within their error, and old values that fade. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "histogram.h"

static void test_empty(void **state) {
  (void)state;
  dp__histogram h = {0};
  assert_int_equal(dp__histogram_quantile(&h, 0.5), 0);
  assert_int_equal(dp__histogram_quantile(&h, 1), 0);
}

static void test_one_value(void **state) {
  (void)state;
  for (uint64_t value = 0; value < UINT64_C(1) << 40; value = value * 3 + 1) {
    dp__histogram h = {0};
    dp__histogram_add(&h, value);
    assert_int_equal(dp__histogram_quantile(&h, 0.5), value); /* never over the largest seen */
    assert_int_equal(h.max_us, value);
  }
}

static void test_quantiles(void **state) {
  (void)state;
  dp__histogram h = {0};
  for (uint64_t value = 1; value <= 1000; value++)
    dp__histogram_add(&h, value * 100);
  static const double shares[] = {0.01, 0.1, 0.5, 0.9, 0.99, 1};
  for (unsigned i = 0; i < sizeof shares / sizeof *shares; i++) {
    double exact = shares[i] * 100000, got = (double)dp__histogram_quantile(&h, shares[i]);
    assert_true(got >= exact && got <= exact * 1.125 + 1);
  }
}

static void test_fading(void **state) {
  (void)state;
  dp__histogram h = {0};
  for (int i = 0; i < 10000; i++)
    dp__histogram_add(&h, 1000000);
  for (int i = 0; i < 20000; i++)
    dp__histogram_add(&h, 1000);
  assert_true(h.count <= 2048);
  assert_true(dp__histogram_quantile(&h, 0.9) < 1200); /* the server is quick again */
  assert_true(h.max_us < 1200);
}

static void test_huge(void **state) {
  (void)state;
  dp__histogram h = {0};
  dp__histogram_add(&h, UINT64_MAX);
  dp__histogram_add(&h, 1);
  assert_int_equal(dp__histogram_quantile(&h, 0.5), 1);
  assert_true(dp__histogram_quantile(&h, 1) >= UINT64_C(1) << 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_empty),     cmocka_unit_test(test_one_value),
      cmocka_unit_test(test_quantiles), cmocka_unit_test(test_fading),
      cmocka_unit_test(test_huge),
  };
  return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
