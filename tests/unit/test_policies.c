/* Retry, budget, breaker, pacer, limiter, marks and cache, under a clock that the tests hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "breaker.h"
#include "gate.h"
#include "joincache.h"
#include "limiter.h"
#include "pacer.h"
#include "retry.h"

static const uint64_t S = 1000000;

/* --- retry -------------------------------------------------------------------------------------------- */

static void pauses_are_spread_and_bounded(void **state) {
  (void)state;
  dp__chance chance = {42};
  uint32_t last = 0, low = UINT32_MAX, high = 0;
  for (int i = 0; i < 10000; i++) {
    uint32_t pause = dp__retry_pause_ms(&chance, last, 500, 20000);
    assert_in_range(pause, 500, 20000);
    assert_true(pause <= 3 * (last ? last : 500));
    low = pause < low ? pause : low;
    high = pause > high ? pause : high;
    last = i % 4 ? pause : 0;
  }
  assert_true(low < 510 && high > 10000);
}

static void equal_seeds_give_equal_chances(void **state) {
  (void)state;
  dp__chance a = {7}, b = {7};
  for (int i = 0; i < 100; i++)
    assert_int_equal(dp__chance_between(&a, 3, 900), dp__chance_between(&b, 3, 900));
  assert_int_equal(dp__chance_between(&a, 5, 5), 5);
}

static void the_budget_is_a_tenth_and_at_least_three_a_second(void **state) {
  (void)state;
  dp__budget budget = {0};
  for (int i = 0; i < 3; i++)
    assert_int_equal(dp__budget_take(&budget, 10 * S), 0);
  assert_int_equal(dp__budget_take(&budget, 10 * S + 400000), 600000); /* the rest of the second */
  assert_int_equal(dp__budget_take(&budget, 11 * S), 0);
  dp__budget busy = {0};
  for (int i = 0; i < 1000; i++)
    dp__budget_call(&busy, 50 * S);
  unsigned taken = 0;
  while (dp__budget_take(&busy, 50 * S) == 0)
    taken++;
  assert_int_equal(taken, 100);
  for (int i = 0; i < 3; i++)
    assert_int_equal(dp__budget_take(&busy, 59 * S), 0);
  assert_true(dp__budget_take(&busy, 59 * S) > 0); /* the thousand are in the window still, and used */
  assert_int_equal(dp__budget_take(&busy, 70 * S), 0);
  dp__budget own = {.percent = 50, .least = 1};
  for (int i = 0; i < 10; i++)
    dp__budget_call(&own, 50 * S);
  for (int i = 0; i < 5; i++)
    assert_int_equal(dp__budget_take(&own, 50 * S), 0);
  assert_true(dp__budget_take(&own, 50 * S) > 0);
  assert_int_equal(dp__budget_take(&own, 51 * S), 0);
  assert_true(dp__budget_take(&own, 51 * S) > 0);
}

/* --- breaker -------------------------------------------------------------------------------------------- */

/* Events in, what admit says out. */
typedef struct event {
  uint64_t at_ms;
  char what; /* g, b, u: a call that was admitted ends good, bad, unknown; a: admit */
  int admitted; /* of a: 1, 0 */
  dp__breaker_state after;
} event;

static void play(dp__breaker *breaker, const event *events, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const event *e = &events[i];
    uint64_t now = 1000 * e->at_ms, wait = 0;
    if (e->what == 'a') {
      bool admitted = dp__breaker_admit(breaker, now, &wait);
      if (admitted != (e->admitted == 1))
        fail_msg("event %zu", i);
      assert_true(admitted ? wait == 0 : wait > 0);
    } else {
      dp__breaker_report(breaker, e->what == 'g'   ? DP__HEALTH_GOOD
                                  : e->what == 'b' ? DP__HEALTH_BAD
                                                   : DP__HEALTH_UNKNOWN, now);
    }
    if (breaker->state != e->after)
      fail_msg("event %zu: %s", i, dp__breaker_name(breaker->state));
  }
}

#define PLAY(breaker, events) play(breaker, events, sizeof(events) / sizeof *(events))

static void the_breaker_opens_probes_and_closes(void **state) {
  (void)state;
  const dp__breaker_state C = DP__BREAKER_CLOSED, O = DP__BREAKER_OPEN, H = DP__BREAKER_HALF_OPEN;
  const event events[] = {
      {0, 'a', 1, C},    {10, 'b', 0, C},   {20, 'b', 0, C},   {30, 'b', 0, C},  {40, 'b', 0, C},
      {50, 'u', 0, C},   {60, 'b', 0, O},   {70, 'a', 0, O},   {80, 'b', 0, O},  {90, 'g', 0, O},
      {1059, 'a', 0, O}, {1060, 'a', 1, H}, {1061, 'a', 0, H}, {1070, 'b', 0, O},
      {3069, 'a', 0, O}, {3070, 'a', 1, H}, {3080, 'u', 0, O}, {3080, 'a', 1, H},
      {3090, 'g', 0, C}, {3091, 'a', 1, C}, {3092, 'b', 0, C}, {3093, 'b', 0, C}};
  dp__breaker breaker = {0};
  PLAY(&breaker, events);
}

static void the_pause_is_bounded(void **state) {
  (void)state;
  dp__breaker breaker = {0};
  uint64_t now = S, wait;
  for (int i = 0; i < 5; i++)
    dp__breaker_report(&breaker, DP__HEALTH_BAD, now);
  for (int i = 0; i < 20; i++) {
    assert_false(dp__breaker_admit(&breaker, now, &wait));
    assert_true(wait <= 2500000);
    now += wait;
    assert_true(dp__breaker_admit(&breaker, now, &wait));
    dp__breaker_report(&breaker, DP__HEALTH_BAD, now);
  }
}

static void few_bad_ones_among_good_ones_open_nothing(void **state) {
  (void)state;
  dp__breaker breaker = {0};
  for (uint64_t i = 0; i < 1000; i++)
    dp__breaker_report(&breaker, i % 3 == 0 ? DP__HEALTH_BAD : DP__HEALTH_GOOD, i * 10000);
  assert_int_equal(breaker.state, DP__BREAKER_CLOSED);
  dp__breaker slow = {0}; /* five bad ones, but never within one window */
  for (uint64_t i = 0; i < 5; i++)
    dp__breaker_report(&slow, DP__HEALTH_BAD, i * 11 * S);
  assert_int_equal(slow.state, DP__BREAKER_CLOSED);
}

/* Whatever was good before: a busy server that goes is left alone at once. */
static void five_bad_ones_in_a_row_open_it(void **state) {
  (void)state;
  dp__breaker breaker = {0};
  for (int i = 0; i < 5000; i++)
    dp__breaker_report(&breaker, DP__HEALTH_GOOD, 10 * S);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(breaker.state, DP__BREAKER_CLOSED);
    dp__breaker_report(&breaker, DP__HEALTH_BAD, 10 * S);
  }
  assert_int_equal(breaker.state, DP__BREAKER_OPEN);
}

/* The same row of failures and probes under bounds of one's own. */
static void the_breakers_bounds_can_be_others(void **state) {
  (void)state;
  dp__breaker breaker = {.bounds = {.failures = 2, .pause_ms = 100, .pause_max_ms = 300}};
  uint64_t now = 10 * S, wait;
  for (unsigned lives = 0; lives < 2; lives++) { /* its bounds outlive a good probe */
    dp__breaker_report(&breaker, DP__HEALTH_BAD, now);
    assert_int_equal(breaker.state, DP__BREAKER_CLOSED);
    dp__breaker_report(&breaker, DP__HEALTH_BAD, now);
    static const uint64_t pauses_ms[] = {100, 200, 300, 300};
    for (unsigned i = 0; i < 4; i++) {
      assert_false(dp__breaker_admit(&breaker, now, &wait));
      assert_int_equal(wait, 1000 * pauses_ms[i]);
      now += wait;
      assert_true(dp__breaker_admit(&breaker, now, &wait));
      dp__breaker_report(&breaker, i < 3 ? DP__HEALTH_BAD : DP__HEALTH_GOOD, now);
    }
    assert_int_equal(breaker.state, DP__BREAKER_CLOSED);
  }
}

/* --- pacer ----------------------------------------------------------------------------------------------- */

static void call_at(dp__pacer *pacer, uint64_t now) {
  dp__pacer_go(pacer);
  dp__pacer_answered(pacer, now);
}

static void a_configured_pace_is_kept(void **state) {
  (void)state;
  dp__pacer pacer = {.limit = 10, .configured = true};
  for (uint64_t i = 0; i < 10; i++) {
    assert_int_equal(dp__pacer_wait_us(&pacer, 0, i * S), 0);
    call_at(&pacer, i * S);
  }
  assert_int_equal(dp__pacer_wait_us(&pacer, 0, 10 * S), 50 * S);
  assert_int_equal(dp__pacer_wait_us(&pacer, 2, 10 * S), 52 * S);
  assert_int_equal(dp__pacer_wait_us(&pacer, 0, 60 * S), 0);
  assert_int_equal(dp__pacer_wait_us(&pacer, 1, 60 * S), S);
  assert_true(dp__pacer_wait_us(&pacer, 25, 60 * S) >= 60 * S);
  dp__pacer_deinit(&pacer);
}

static void what_is_out_counts(void **state) {
  (void)state;
  dp__pacer pacer = {.limit = 2, .configured = true};
  dp__pacer_go(&pacer);
  dp__pacer_go(&pacer);
  assert_true(dp__pacer_wait_us(&pacer, 0, S) >= 60 * S);
  dp__pacer_unsent(&pacer); /* it never reached the server: its place is free at once */
  assert_int_equal(dp__pacer_wait_us(&pacer, 0, S), 0);
  dp__pacer_go(&pacer);
  dp__pacer_answered(&pacer, 5 * S);
  assert_int_equal(dp__pacer_wait_us(&pacer, 0, 5 * S), 60 * S);
  dp__pacer_deinit(&pacer);
}

static void a_refusal_teaches_the_plan(void **state) {
  (void)state;
  const struct {
    unsigned accepted, limit;
  } rows[] = {{0, 10}, {10, 10}, {11, 100}, {99, 100}, {100, 100}, {101, 1000}, {999, 1000}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dp__pacer pacer = {0};
    for (unsigned n = 0; n < rows[i].accepted; n++) {
      assert_int_equal(dp__pacer_wait_us(&pacer, 0, S), 0);
      call_at(&pacer, S);
    }
    call_at(&pacer, 2 * S);
    dp__pacer_refused(&pacer, 2 * S);
    assert_int_equal(pacer.limit, rows[i].limit);
    assert_int_equal(pacer.others, rows[i].limit - rows[i].accepted);
    assert_true(dp__pacer_wait_us(&pacer, 0, 2 * S) > 58 * S);
    assert_int_equal(dp__pacer_wait_us(&pacer, 0, 62 * S), 0);
    dp__pacer_deinit(&pacer);
  }
}

/* A plan of 10 whose window others have half used; a server that counts as Dify does. */
static void one_refusal_teaches_and_no_other_follows(void **state) {
  (void)state;
  enum { LIMIT = 10, MINUTES = 12 };
  dp__pacer pacer = {0};
  uint64_t counted[4096];
  size_t count = 0;
  unsigned refusals = 0, done = 0;
  for (; count < 5; count++)
    counted[count] = 0; /* what others used, just before */
  for (uint64_t now = S; now < (uint64_t)MINUTES * 60 * S; now += S / 10) {
    if (dp__pacer_wait_us(&pacer, 0, now) > 0)
      continue;
    unsigned in_window = 0;
    for (size_t i = 0; i < count; i++)
      in_window += counted[i] + 60 * S > now;
    counted[count++] = now; /* refused ones count, too */
    call_at(&pacer, now);
    if (in_window >= LIMIT) {
      dp__pacer_refused(&pacer, now);
      refusals++;
    } else {
      done++;
    }
  }
  assert_int_equal(refusals, 1);
  assert_true(done >= (MINUTES - 1) * LIMIT * 97 / 100);
  dp__pacer_deinit(&pacer);
}

static void a_window_may_be_short(void **state) {
  (void)state;
  dp__pacer pacer = {.window_us = 3 * S, .limit = 1, .configured = true};
  call_at(&pacer, S);
  assert_int_equal(dp__pacer_wait_us(&pacer, 0, 2 * S), 2 * S);
  dp__pacer_deinit(&pacer);
}

/* --- limiter --------------------------------------------------------------------------------------------- */

static void the_limit_is_never_over_its_bound(void **state) {
  (void)state;
  dp__limiter limiter;
  dp__limiter_init(&limiter, 4, 20);
  for (unsigned i = 1; i < 1000; i++) {
    uint64_t now = i * S;
    uint32_t tags[20], count = limiter.limit;
    for (unsigned k = 0; k < count; k++)
      tags[k] = dp__limiter_begin(&limiter, now);
    for (unsigned k = 0; k < count; k++) {
      dp__limiter_end(&limiter, now + S / 2);
      dp__limiter_sample(&limiter, &(dp__sample){.now_us = now + S / 2, .latency_us = S / 2,
                                                 .tag = tags[k], .kind = 1, .good = true});
    }
    assert_in_range(limiter.limit, 1, 20);
  }
}

/* --- gate -------------------------------------------------------------------------------------------------- */

static dp__touch touch_of(const char *body) {
  dp__touch touch = {.count = 0};
  dp__touch_documents(&touch, body, strlen(body));
  return touch;
}

static void writes_to_one_document_meet(void **state) {
  (void)state;
  const char *one = "{\"operation_data\":[{\"document_id\":\"aaa-1\",\"metadata_list\":[]}]}";
  const char *two = "{\"operation_data\":[{\"document_id\" : \"bbb-2\"},{\"document_id\":\"AAA-1\"}]}";
  const char *other = "{\"operation_data\":[{\"document_id\":\"ccc-3\",\"x\":\"aaa-1\"}]}";
  static const char *const odd[] = {"", "{}", "\"document_id\"", "{\"document_id\":", "{\"document_id\":\"x",
                                    "{\"document_id\":null}"};
  dp__touch a = touch_of(one), b = touch_of(two), c = touch_of(other);
  assert_true(dp__touch_meets(&a, &b));
  assert_false(dp__touch_meets(&a, &c));
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    dp__touch nothing = touch_of(odd[i]);
    assert_false(dp__touch_meets(&nothing, &a));
  }
}

static void few_documents_meet_none_by_chance(void **state) {
  (void)state;
  enum { COUNT = 400, MANY = 40 };
  static dp__touch touches[COUNT];
  char body[64], all[MANY * 40], *end = all;
  for (int i = 0; i < COUNT; i++) {
    snprintf(body, sizeof body, "{\"document_id\":\"document %d\"}", i);
    touches[i] = touch_of(body);
    for (int k = 0; k < i; k++)
      assert_false(dp__touch_meets(&touches[i], &touches[k]));
  }
  for (int i = 0; i < MANY; i++)
    end += sprintf(end, "{\"document_id\":\"document %d\"}", i);
  dp__touch many = touch_of(all);
  for (int i = 0; i < MANY; i++) /* and what is too much to keep each of still misses none */
    assert_true(dp__touch_meets(&many, &touches[i]) && dp__touch_meets(&touches[i], &many));
}

static void creates_of_one_name_meet(void **state) {
  (void)state;
  static const struct row {
    unsigned op;
    const char *scope, *name;
    bool meets;
  } rows[] = {{1, "kb-1", "\"a\"", true},   {1, "KB-1", "\"a\"", true}, {1, "kb-2", "\"a\"", false},
              {1, "kb-1", "\"A\"", false}, {2, "kb-1", "\"a\"", false}, {1, "", "\"a\"", false}};
  dp__touch first = {.count = 0};
  uint64_t hash = dp__touch_name(&first, 1, "kb-1", 4, "\"a\"", 3);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *r = &rows[i];
    dp__touch touch = {.count = 0};
    uint64_t other = dp__touch_name(&touch, r->op, r->scope, strlen(r->scope), r->name, strlen(r->name));
    assert_int_equal(dp__touch_meets(&touch, &first), r->meets);
    assert_int_equal(other == hash, r->meets);
  }
}

/* --- marks and cache --------------------------------------------------------------------------------------- */

static void writes_break_marks(void **state) {
  (void)state;
  dp__marks marks = {0};
  dp__mark one = dp__mark_take(&marks, "aaaa", 4), all = dp__mark_take(&marks, NULL, 0);
  dp__marks_write(&marks, "bbbb", 4);
  assert_true(dp__mark_holds(&marks, one, "aaaa", 4));
  assert_false(dp__mark_holds(&marks, all, NULL, 0));
  dp__marks_write(&marks, "AAAA", 4); /* the same id, written otherwise */
  assert_false(dp__mark_holds(&marks, one, "aaaa", 4));
  one = dp__mark_take(&marks, "aaaa", 4);
  dp__marks_write(&marks, NULL, 0);
  assert_false(dp__mark_holds(&marks, one, "aaaa", 4));
}

static void the_cache_is_bounded(void **state) {
  (void)state;
  static dp__cache cache;
  char body[100000], key[16];
  memset(body, 'x', sizeof body);
  for (unsigned i = 0; i < 300; i++) {
    dp__answer *answer = dp__answer_made(200, body, sizeof body);
    snprintf(key, sizeof key, "%u", i);
    dp__cache_put(&cache, key, answer, (dp__mark){0}, i, i);
    dp__answer_unref(answer);
    assert_true(cache.bytes <= DP__CACHE_BYTES);
  }
  assert_non_null(dp__cache_find(&cache, "299", 10, 305));
  assert_null(dp__cache_find(&cache, "299", 5, 305)); /* too old */
  assert_null(dp__cache_find(&cache, "0", 1000, 305)); /* long thrown away */
  dp__answer *answer = dp__answer_made(200, "y", 1);
  dp__cache_put(&cache, "299", answer, (dp__mark){0}, 400, 400);
  dp__answer_unref(answer);
  assert_int_equal(dp__cache_find(&cache, "299", 10, 400)->answer->body.length, 1);
  dp__cache_deinit(&cache);
  assert_int_equal(cache.bytes, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pauses_are_spread_and_bounded),
      cmocka_unit_test(equal_seeds_give_equal_chances),
      cmocka_unit_test(the_budget_is_a_tenth_and_at_least_three_a_second),
      cmocka_unit_test(the_breaker_opens_probes_and_closes),
      cmocka_unit_test(the_pause_is_bounded),
      cmocka_unit_test(few_bad_ones_among_good_ones_open_nothing),
      cmocka_unit_test(five_bad_ones_in_a_row_open_it),
      cmocka_unit_test(the_breakers_bounds_can_be_others),
      cmocka_unit_test(a_configured_pace_is_kept),
      cmocka_unit_test(what_is_out_counts),
      cmocka_unit_test(a_refusal_teaches_the_plan),
      cmocka_unit_test(one_refusal_teaches_and_no_other_follows),
      cmocka_unit_test(a_window_may_be_short),
      cmocka_unit_test(the_limit_is_never_over_its_bound),
      cmocka_unit_test(writes_to_one_document_meet), cmocka_unit_test(creates_of_one_name_meet), cmocka_unit_test(few_documents_meet_none_by_chance),
      cmocka_unit_test(writes_break_marks),
      cmocka_unit_test(the_cache_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
