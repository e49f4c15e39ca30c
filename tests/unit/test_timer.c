/* Timers: order, clearing, moving, and timers that set timers; checked against a plain list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "timer.h"

typedef struct named {
  dp__timer timer;
  int number, runs;
  uint64_t due; /* what the plain list says; 0 = not set */
} named;

static dp__timers timers;
static int order[64], count;
static uint64_t now, last_due;

static int start(void **state) {
  (void)state;
  timers = (dp__timers){0};
  count = 0;
  now = last_due = 0;
  return 0;
}

static int end(void **state) {
  (void)state;
  dp__timers_deinit(&timers);
  return 0;
}

static void note(dp__timer *timer) {
  order[count++] = ((named *)timer)->number;
}

static void test_order(void **state) {
  (void)state;
  static const uint64_t at[] = {50, 10, 30, 20, 40};
  named all[5];
  memset(all, 0, sizeof all);
  assert_true(dp__timers_next_us(&timers) == UINT64_MAX);
  for (int i = 0; i < 5; i++) {
    all[i].number = i;
    assert_true(dp__timer_set(&timers, &all[i].timer, at[i], note));
  }
  assert_int_equal(dp__timers_next_us(&timers), 10);
  dp__timers_run(&timers, 9);
  assert_int_equal(count, 0);
  dp__timers_run(&timers, 35);
  assert_int_equal(count, 3);
  assert_int_equal(dp__timers_next_us(&timers), 40);
  dp__timers_run(&timers, 50);
  static const int expected[] = {1, 3, 2, 4, 0};
  assert_memory_equal(order, expected, sizeof expected);
  assert_true(dp__timers_next_us(&timers) == UINT64_MAX);
}

static void test_clear_and_move(void **state) {
  (void)state;
  named a = {.number = 1}, b = {.number = 2}, c = {.number = 3};
  dp__timer_clear(&timers, &a.timer); /* never set: harmless */
  dp__timer_set(&timers, &a.timer, 10, note);
  dp__timer_set(&timers, &b.timer, 20, note);
  dp__timer_set(&timers, &c.timer, 30, note);
  dp__timer_clear(&timers, &b.timer);
  dp__timer_clear(&timers, &b.timer);
  dp__timer_set(&timers, &a.timer, 40, note);
  dp__timers_run(&timers, 100);
  static const int expected[] = {3, 1};
  assert_int_equal(count, 2);
  assert_memory_equal(order, expected, sizeof expected);
}

static void set_again(dp__timer *timer) {
  note(timer);
  dp__timer_set(&timers, timer, now, set_again);
}

static void test_one_that_sets_itself(void **state) {
  (void)state;
  named a = {.number = 1};
  now = 10;
  dp__timer_set(&timers, &a.timer, 10, set_again);
  dp__timers_run(&timers, now); /* returns, though it is due again */
  assert_int_equal(count, 1);
  dp__timers_run(&timers, now);
  assert_int_equal(count, 2);
  dp__timer_clear(&timers, &a.timer);
}

enum { MANY = 500, STEPS = 20000 };
static named many[MANY];

static void check_due(dp__timer *timer) {
  named *n = (named *)timer;
  assert_true(n->due && n->due <= now && n->due >= last_due);
  last_due = n->due;
  n->due = 0;
}

static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

static void test_against_a_list(void **state) {
  (void)state;
  uint32_t seed = 7;
  memset(many, 0, sizeof many);
  for (int step = 0; step < STEPS; step++) {
    named *n = &many[next_random(&seed) % MANY];
    uint32_t what = next_random(&seed) % 8;
    if (what < 5) {
      n->due = now + 1 + next_random(&seed) % 1000;
      dp__timer_set(&timers, &n->timer, n->due, check_due);
    } else if (what < 7) {
      n->due = 0;
      dp__timer_clear(&timers, &n->timer);
    } else {
      now += next_random(&seed) % 200;
      last_due = 0;
      dp__timers_run(&timers, now);
    }
    uint64_t soonest = UINT64_MAX;
    for (int i = 0; step % 50 == 0 && i < MANY; i++)
      if (many[i].due && many[i].due < soonest)
        soonest = many[i].due;
    if (step % 50 == 0)
      assert_true(dp__timers_next_us(&timers) == soonest);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_order),
      TEST(test_clear_and_move),
      TEST(test_one_that_sets_itself),
      TEST(test_against_a_list),
  };
  return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
