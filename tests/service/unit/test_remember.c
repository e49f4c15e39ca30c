/* Remembered writes, with a clock of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "remember.h"

static const uint8_t hash_key[16] = "0123456789abcdef";
static int released;

static void release(void *answer) {
  (void)answer;
  released++;
}

static dpd_call_key key_of(uint32_t uid, uint32_t n) {
  dpd_call_key key = {.uid = uid};
  memcpy(key.id, &n, sizeof(n));
  return key;
}

static const dpd_digest one = {{1}};
static const dpd_digest other = {{2}};

static dpd_remember *fresh(size_t bytes) {
  const dpd_remember_bounds bounds = {.bytes = bytes, .keep_ms = 1000};
  released = 0;
  dpd_remember *r = dpd_remember_new(&bounds, hash_key, release);
  assert_non_null(r);
  return r;
}

static dpd_recall recall(dpd_remember *r, dpd_call_key key, const dpd_digest *digest) {
  void *what;
  return dpd_remember_find(r, &key, digest, &what);
}

static void test_a_write(void **state) {
  (void)state;
  dpd_remember *r = fresh(1 << 20);
  dpd_call_key key = key_of(1, 1);
  int call;
  int answer;
  void *what;
  assert_int_equal(recall(r, key, &one), DPD_RECALL_NEW);
  assert_true(dpd_remember_begin(r, &key, &one, true, &call));
  assert_int_equal(dpd_remember_find(r, &key, &one, &what), DPD_RECALL_RUNNING);
  assert_ptr_equal(what, &call);
  assert_int_equal(recall(r, key, &other), DPD_RECALL_MISMATCH);
  assert_int_equal(recall(r, key_of(2, 1), &one), DPD_RECALL_NEW); /* another user's */
  assert_true(dpd_remember_end(r, &key, &answer, 100, 5000));
  assert_int_equal(dpd_remember_find(r, &key, &one, &what), DPD_RECALL_ANSWERED);
  assert_ptr_equal(what, &answer);
  assert_int_equal(recall(r, key, &other), DPD_RECALL_MISMATCH);
  dpd_remember_tick(r, 5999);
  assert_int_equal(recall(r, key, &one), DPD_RECALL_ANSWERED);
  dpd_remember_tick(r, 6000);
  assert_int_equal(recall(r, key, &one), DPD_RECALL_NEW);
  assert_int_equal(released, 1);
  assert_int_equal(dpd_remember_bytes(r), 0);
  assert_int_equal(dpd_remember_count(r), 0);
  dpd_remember_free(r);
}

static void test_a_read(void **state) {
  (void)state;
  dpd_remember *r = fresh(1 << 20);
  dpd_call_key key = key_of(1, 1);
  int x;
  assert_true(dpd_remember_begin(r, &key, &one, false, &x));
  assert_int_equal(recall(r, key, &one), DPD_RECALL_RUNNING);
  assert_int_equal(dpd_remember_bytes(r), 0);
  assert_false(dpd_remember_end(r, &key, &x, 100, 0));
  assert_int_equal(recall(r, key, &one), DPD_RECALL_NEW);
  dpd_remember_free(r);
}

static void test_an_abort(void **state) {
  (void)state;
  dpd_remember *r = fresh(1 << 20);
  dpd_call_key key = key_of(1, 1);
  int x;
  assert_true(dpd_remember_begin(r, &key, &one, true, &x));
  dpd_remember_abort(r, &key);
  assert_int_equal(recall(r, key, &other), DPD_RECALL_NEW);
  assert_int_equal(dpd_remember_bytes(r), 0);
  dpd_remember_free(r);
}

static void write_one(dpd_remember *r, uint32_t n, size_t size, int64_t now) {
  static int x;
  dpd_call_key key = key_of(1, n);
  assert_true(dpd_remember_begin(r, &key, &one, true, &x));
  dpd_remember_end(r, &key, &x, size, now);
}

static void test_the_oldest_answer_goes_first(void **state) {
  (void)state;
  dpd_remember *r = fresh(10000);
  for (uint32_t n = 0; n < 10; n++) {
    write_one(r, n, 2500, n);
    assert_true(dpd_remember_bytes(r) <= 10000);
  }
  assert_int_equal(recall(r, key_of(1, 0), &one), DPD_RECALL_FORGOTTEN);
  assert_int_equal(recall(r, key_of(1, 0), &other), DPD_RECALL_MISMATCH);
  assert_int_equal(recall(r, key_of(1, 9), &one), DPD_RECALL_ANSWERED);
  assert_int_equal(dpd_remember_count(r), 10);
  dpd_remember_tick(r, 100000);
  assert_int_equal(recall(r, key_of(1, 0), &one), DPD_RECALL_NEW);
  assert_int_equal(recall(r, key_of(1, 9), &one), DPD_RECALL_NEW);
  assert_int_equal(released, 10);
  assert_int_equal(dpd_remember_bytes(r), 0);
  dpd_remember_free(r);
}

static void test_an_answer_over_the_bound_leaves_a_tombstone(void **state) {
  (void)state;
  dpd_remember *r = fresh(1000);
  dpd_call_key key = key_of(1, 1);
  int x;
  assert_true(dpd_remember_begin(r, &key, &one, true, &x));
  assert_false(dpd_remember_end(r, &key, &x, 5000, 0)); /* the answer stays ours */
  assert_int_equal(recall(r, key, &one), DPD_RECALL_FORGOTTEN);
  dpd_remember_free(r);
  assert_int_equal(released, 0);
}

/* That a write was done is never forgotten before its time: new ones are refused instead. */
static void test_full_of_tombstones(void **state) {
  (void)state;
  dpd_remember *r = fresh(4000);
  int x;
  uint32_t n = 0;
  for (;; n++) {
    dpd_call_key key = key_of(1, n);
    if (!dpd_remember_begin(r, &key, &one, true, &x)) {
      break;
    }
    dpd_remember_end(r, &key, NULL, 0, 0);
    assert_true(n < 1000);
  }
  assert_true(n > 5);
  for (uint32_t i = 0; i < n; i++) {
    assert_int_equal(recall(r, key_of(1, i), &one), DPD_RECALL_FORGOTTEN);
  }
  dpd_call_key read = key_of(1, 5000);
  assert_true(dpd_remember_begin(r, &read, &one, false, &x)); /* reads go on */
  dpd_remember_tick(r, 1000);
  dpd_call_key again = key_of(1, n);
  assert_true(dpd_remember_begin(r, &again, &one, true, &x));
  dpd_remember_free(r);
}

static void test_many(void **state) {
  (void)state;
  dpd_remember *r = fresh(1 << 26);
  for (uint32_t n = 0; n < 20000; n++) {
    write_one(r, n, 10, n);
  }
  for (uint32_t n = 0; n < 20000; n++) {
    assert_int_equal(recall(r, key_of(1, n), &one), DPD_RECALL_ANSWERED);
  }
  dpd_remember_tick(r, 10999);
  assert_int_equal(dpd_remember_count(r), 10000);
  dpd_remember_free(r);
  assert_int_equal(released, 20000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_write),
      cmocka_unit_test(test_a_read),
      cmocka_unit_test(test_an_abort),
      cmocka_unit_test(test_the_oldest_answer_goes_first),
      cmocka_unit_test(test_an_answer_over_the_bound_leaves_a_tombstone),
      cmocka_unit_test(test_full_of_tombstones),
      cmocka_unit_test(test_many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
