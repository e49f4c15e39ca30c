/* Who waits for which streams, with a clock of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "waits.h"

enum { STREAMS = 5 };

typedef struct world {
  dpd_waits waits;
  dpd_wait streams[STREAMS];
  dpd_waiter one, other;
} world;

static void begin(world *w) {
  dpd_waits_init(&w->waits);
  for (int i = 0; i < STREAMS; i++) {
    dpd_wait_init(&w->streams[i]);
  }
  dpd_waiter_begin(&w->waits, &w->one, 100);
  dpd_waiter_begin(&w->waits, &w->other, 200);
}

static void test_one_waits_for_many(void **state) {
  (void)state;
  world w;
  begin(&w);
  for (int i = 0; i < STREAMS; i++) {
    assert_null(dpd_wait_take(&w.streams[i], &w.one));
    assert_ptr_equal(w.streams[i].waiter, &w.one);
  }
  dpd_waiter_end(&w.one);
  for (int i = 0; i < STREAMS; i++) {
    assert_null(w.streams[i].waiter);
    assert_null(dpd_wait_end(&w.streams[i]));
  }
}

static void test_a_newer_one_takes_the_place(void **state) {
  (void)state;
  world w;
  begin(&w);
  assert_null(dpd_wait_take(&w.streams[0], &w.one));
  assert_null(dpd_wait_take(&w.streams[1], &w.one));
  assert_null(dpd_wait_take(&w.streams[0], &w.other)); /* it still waits for another */
  assert_ptr_equal(w.streams[1].waiter, &w.one);
  assert_ptr_equal(dpd_wait_take(&w.streams[1], &w.other), &w.one); /* it is left with nothing */
  assert_ptr_equal(w.streams[0].waiter, &w.other);
  assert_ptr_equal(w.streams[1].waiter, &w.other);
  dpd_waiter_end(&w.one);
  assert_null(dpd_wait_end(&w.streams[0]));
  assert_ptr_equal(dpd_wait_end(&w.streams[1]), &w.other);
}

static void test_those_who_are_due(void **state) {
  (void)state;
  world w;
  int64_t next = INT64_MAX;
  begin(&w);
  dpd_wait_take(&w.streams[0], &w.one);
  dpd_wait_take(&w.streams[1], &w.other);
  assert_null(dpd_waits_due(&w.waits, 60, &next));
  assert_int_equal(next, 40);
  assert_ptr_equal(dpd_waits_due(&w.waits, 100, &next), &w.one);
  assert_null(w.streams[0].waiter);
  next = INT64_MAX;
  assert_null(dpd_waits_due(&w.waits, 100, &next));
  assert_int_equal(next, 100);
  next = 7; /* something else is due sooner */
  assert_null(dpd_waits_due(&w.waits, 100, &next));
  assert_int_equal(next, 7);
  assert_ptr_equal(dpd_waits_due(&w.waits, 1000, &next), &w.other);
  next = INT64_MAX;
  assert_null(dpd_waits_due(&w.waits, 1000, &next));
  assert_int_equal(next, INT64_MAX);
}

static void test_who_is_due_sooner_says_so(void **state) {
  (void)state;
  dpd_waits waits;
  dpd_waiter waiters[4];
  int64_t next = INT64_MAX;
  dpd_waits_init(&waits);
  assert_true(dpd_waiter_begin(&waits, &waiters[0], 100));
  assert_false(dpd_waiter_begin(&waits, &waiters[1], 100));
  assert_false(dpd_waiter_begin(&waits, &waiters[2], 500));
  assert_true(dpd_waiter_begin(&waits, &waiters[3], 99));
  dpd_waiter_end(&waiters[3]);
  dpd_waiter_end(&waiters[0]);
  dpd_waiter_end(&waiters[1]);
  assert_null(dpd_waits_due(&waits, 50, &next)); /* looks, and plans for the one that is left */
  assert_int_equal(next, 450);
  assert_true(dpd_waiter_begin(&waits, &waiters[0], 499));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_waits_for_many),
      cmocka_unit_test(test_a_newer_one_takes_the_place),
      cmocka_unit_test(test_those_who_are_due),
      cmocka_unit_test(test_who_is_due_sooner_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
