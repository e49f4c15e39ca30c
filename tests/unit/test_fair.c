/* Turns among callers, and priorities above them: by hand, at random, and at a simulated server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fair.h"
#include "line.h"
#include "retry.h"

typedef struct waiter {
  dp__fair_item turn;
  char name;
  bool stuck;
  uint64_t deadline;
} waiter;

static waiter *waiter_of(const dp__fair_item *item) {
  return (waiter *)((char *)(uintptr_t)item - offsetof(waiter, turn));
}

static bool is_nearer(const dp__fair_item *a, const dp__fair_item *b) {
  return waiter_of(a)->deadline < waiter_of(b)->deadline;
}

static bool fits(const dp__fair_item *item) {
  return !waiter_of(item)->stuck;
}

/* Names in the order of their turns. */
static void take_all(dp__fair *fair, char *out) {
  dp__fair_item *item;
  while ((item = dp__fair_next(fair, fits))) {
    *out++ = waiter_of(item)->name;
    dp__fair_take(fair, item);
  }
  *out = '\0';
}

/* "a1" = name a of share 1. */
static void add_all(dp__fair *fair, waiter *waiters, const char *spec) {
  for (; *spec; spec += 2, waiters++) {
    *waiters = (waiter){.name = spec[0]};
    dp__fair_add(fair, &waiters->turn, (uint64_t)(spec[1] - '0'), NULL);
  }
}

static void shares_take_turns(void **state) {
  (void)state;
  dp__fair fair = {0};
  waiter w[16];
  char order[17];
  add_all(&fair, w, "a1b1c1d1e2f2g3");
  take_all(&fair, order);
  assert_string_equal(order, "aegbfcd");
  assert_int_equal(fair.count, 0);
  assert_int_equal(fair.flows, 0);
}

static void a_newcomer_goes_first_once(void **state) {
  (void)state;
  dp__fair fair = {0};
  waiter w[8], one, two;
  add_all(&fair, w, "a1b1c1d2e2f2g3h3");
  dp__fair_take(&fair, &w[0].turn);
  dp__fair_take(&fair, &w[3].turn);
  dp__fair_take(&fair, &w[6].turn);
  one = (waiter){.name = 'x'};
  dp__fair_add(&fair, &one.turn, 9, NULL);
  assert_ptr_equal(dp__fair_next(&fair, NULL), &one.turn);
  dp__fair_take(&fair, &one.turn);
  two = (waiter){.name = 'y'}; /* the same caller again, at once: he has had his turn */
  dp__fair_add(&fair, &two.turn, 9, NULL);
  char order[9];
  take_all(&fair, order);
  assert_string_equal(order, "behycf");
}

static void who_does_not_fit_lets_others_pass(void **state) {
  (void)state;
  dp__fair fair = {0};
  waiter w[6];
  char order[7];
  add_all(&fair, w, "a1b1c2d2e3f3");
  w[0].stuck = w[2].stuck = w[3].stuck = true;
  take_all(&fair, order);
  assert_string_equal(order, "bef");
  assert_int_equal(fair.count, 3);
  w[0].stuck = w[2].stuck = w[3].stuck = false;
  take_all(&fair, order);
  assert_int_equal(strlen(order), 3);
}

static void within_a_share_the_nearer_deadline_goes_first(void **state) {
  (void)state;
  dp__fair fair = {0};
  waiter w[4] = {{.name = 'a', .deadline = 30},
                 {.name = 'b', .deadline = 10},
                 {.name = 'c', .deadline = 20},
                 {.name = 'd', .deadline = 10}};
  char order[5];
  for (int i = 0; i < 4; i++)
    dp__fair_add(&fair, &w[i].turn, 1, is_nearer);
  take_all(&fair, order);
  assert_string_equal(order, "bdca");
}

static void who_leaves_is_not_missed(void **state) {
  (void)state;
  dp__fair fair = {0};
  waiter w[6];
  char order[7];
  add_all(&fair, w, "a1b1c2d3e3f3");
  dp__fair_remove(&fair, &w[2].turn);
  dp__fair_remove(&fair, &w[4].turn);
  assert_int_equal(fair.flows, 2);
  take_all(&fair, order);
  assert_string_equal(order, "adbf");
}

/* Whatever comes and goes: nobody is lost, nobody has two turns, nothing is left behind. */
static void at_random_everybody_has_one_turn(void **state) {
  (void)state;
  enum { ALL = 20000 };
  dp__fair fair = {0};
  dp__chance chance = {3};
  waiter *w = calloc(ALL, sizeof *w);
  size_t added = 0, gone = 0;
  while (gone < ALL) {
    uint64_t what = dp__chance_between(&chance, 0, 9);
    if (what < 5 && added < ALL) {
      dp__fair_add(&fair, &w[added++].turn, dp__chance_between(&chance, 0, 40), NULL);
    } else if (what < 8 || added == ALL) {
      dp__fair_item *item = dp__fair_next(&fair, NULL);
      if (item)
        dp__fair_take(&fair, item), gone++;
    } else if (added) {
      waiter *one = &w[dp__chance_between(&chance, 0, added - 1)];
      if (one->turn.flow)
        dp__fair_remove(&fair, &one->turn), gone++;
    }
    assert_int_equal(fair.count, added - gone);
  }
  for (size_t i = 0; i < ALL; i++)
    assert_null(w[i].turn.flow);
  assert_int_equal(fair.flows, 0);
  free(w);
}

static void ahead_is_counted_by_turns(void **state) {
  (void)state;
  dp__fair fair = {0};
  waiter w[8];
  add_all(&fair, w, "a1b1c1d1e1f2g2h3");
  assert_int_equal(dp__fair_ahead(&fair, 9, 0), 0);
  assert_int_equal(dp__fair_ahead(&fair, 2, 2), 5); /* two of its own, two of 1, one of 3 */
  assert_null(dp__fair_flow(&fair, 9));
  assert_int_equal(dp__fair_flow(&fair, 2)->count, 2);
  char order[9];
  take_all(&fair, order);
}

/* --- priorities
 * ------------------------------------------------------------------------------------ */

static void higher_ones_go_first_and_lower_ones_are_not_starved(void **state) {
  (void)state;
  enum { EACH = 200 };
  dp__line line = {0};
  waiter *w = calloc(3 * EACH, sizeof *w);
  static const dp_priority all[] = {DP_PRIORITY_BULK, DP_PRIORITY_NORMAL, DP_PRIORITY_INTERACTIVE};
  for (int p = 0; p < 3; p++)
    for (int i = 0; i < EACH; i++)
      dp__fair_add(&line.by[all[p]], &w[p * EACH + i].turn, 1, NULL);
  assert_int_equal(dp__line_count(&line), 3 * EACH);
  unsigned turns[3] = {0};
  for (int i = 0; i < EACH; i++) {
    dp_priority priority;
    dp__fair_item *item = dp__line_next(&line, NULL, &priority);
    dp__line_take(&line, item, priority);
    turns[priority]++;
  }
  assert_in_range(turns[DP_PRIORITY_INTERACTIVE], EACH * 7 / 8 - 2, EACH * 7 / 8 + 3);
  assert_in_range(turns[DP_PRIORITY_BULK], EACH / 16 - 1, EACH / 16 + 1);
  assert_in_range(turns[DP_PRIORITY_NORMAL], EACH / 16 - 1, EACH / 16 + 1);
  dp_priority priority;
  dp__fair_item *item;
  while ((item = dp__line_next(&line, NULL, &priority)))
    dp__line_take(&line, item, priority);
  free(w);
}

static void ahead_in_a_line_counts_what_is_more_urgent(void **state) {
  (void)state;
  dp__line line = {0};
  waiter w[40] = {{.name = 'a'}};
  for (int i = 0; i < 40; i++)
    dp__fair_add(&line.by[DP_PRIORITY_INTERACTIVE], &w[i].turn, 1, NULL);
  assert_int_equal(dp__line_ahead(&line, DP_PRIORITY_INTERACTIVE, 2, 0), 0);
  assert_int_equal(dp__line_ahead(&line, DP_PRIORITY_NORMAL, 2, 0), DP__LINE_PATIENCE);
  for (int i = 0; i < 40; i++)
    dp__fair_remove(&line.by[DP_PRIORITY_INTERACTIVE], &w[i].turn);
}

/* --- one caller beside nine greedy ones
 * ------------------------------------------------------------ */

/* A server of so many places, each call takes a tick of 60; nine callers have a thousand calls
 * waiting, the tenth sends one at a time, at times of his own. Returns how many ticks his worst
 * call waited. */
static unsigned worst_wait(unsigned places, unsigned pause) {
  enum { GREEDY = 9, EACH = 1000, SERVICE = 60 };
  dp__fair fair = {0};
  dp__chance chance = {5};
  waiter *w = calloc(GREEDY * EACH, sizeof *w), lone = {0};
  unsigned ends[64] = {0}, worst = 0, came = 0, next = pause;
  for (int i = 0; i < GREEDY * EACH; i++)
    dp__fair_add(&fair, &w[i].turn, (uint64_t)(i / EACH) + 1, NULL);
  for (unsigned now = 0; now < EACH * SERVICE / places; now++) {
    if (now == next) {
      dp__fair_add(&fair, &lone.turn, 99, NULL);
      came = now;
    }
    for (unsigned p = 0; p < places; p++) {
      dp__fair_item *item = ends[p] <= now ? dp__fair_next(&fair, NULL) : NULL;
      if (!item)
        continue;
      dp__fair_take(&fair, item);
      ends[p] = now + SERVICE;
      if (item == &lone.turn) {
        worst = now - came > worst ? now - came : worst;
        next = now + SERVICE + pause + (unsigned)dp__chance_between(&chance, 0, pause);
      }
    }
  }
  for (dp__fair_item *item; (item = dp__fair_next(&fair, NULL));)
    dp__fair_take(&fair, item);
  free(w);
  return worst;
}

static void one_call_at_a_time_waits_at_most_three_calls_time(void **state) {
  (void)state;
  static const unsigned places[] = {1, 4, 10};
  for (int i = 0; i < 3; i++) {
    unsigned pause = 60 * 19 / places[i]; /* 5 % of what the server can do */
    assert_in_range(worst_wait(places[i], pause), 0, 3 * 60);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shares_take_turns),
      cmocka_unit_test(a_newcomer_goes_first_once),
      cmocka_unit_test(who_does_not_fit_lets_others_pass),
      cmocka_unit_test(within_a_share_the_nearer_deadline_goes_first),
      cmocka_unit_test(who_leaves_is_not_missed),
      cmocka_unit_test(at_random_everybody_has_one_turn),
      cmocka_unit_test(ahead_is_counted_by_turns),
      cmocka_unit_test(higher_ones_go_first_and_lower_ones_are_not_starved),
      cmocka_unit_test(ahead_in_a_line_counts_what_is_more_urgent),
      cmocka_unit_test(one_call_at_a_time_waits_at_most_three_calls_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
