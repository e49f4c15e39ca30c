/* The pacer against a server that limits as Dify Cloud does, under a clock of its own: a sliding
 * window that counts refused calls, too, and that others have used before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "pacer.h"

static const uint64_t MS = 1000, WINDOW = 3000000;

enum { CALLS = 32768, FLIGHTS = 64 };

/* The server's side: when it counted a call. */
typedef struct plan {
  uint64_t times[CALLS];
  size_t first, count;
  uint32_t limit;
} plan;

static bool plan_takes(plan *p, uint64_t now) {
  while (p->first < p->count && p->times[p->first] + WINDOW <= now)
    p->first++;
  bool takes = p->count - p->first < p->limit;
  p->times[p->count++] = now; /* whatever it says */
  return takes;
}

/* What somebody who knew all could use of a plan in the next ten windows. */
static unsigned allowed_from(const plan *p, uint64_t now) {
  plan *copy = malloc(sizeof *copy);
  unsigned taken = 0;
  *copy = *p;
  for (uint64_t end = now + 10 * WINDOW; now < end; now += MS) {
    while (copy->first < copy->count && copy->times[copy->first] + WINDOW <= now)
      copy->first++;
    for (; copy->count - copy->first < copy->limit; taken++)
      plan_takes(copy, now);
  }
  free(copy);
  return taken;
}

typedef struct run {
  uint32_t limit, others, latency_ms, width;
  /* what came of it */
  unsigned first_refusals, later_refusals, used, allowed;
  uint64_t learnt_at, begun_at; /* refused first; sent first after that */
} run;

typedef struct flight {
  uint64_t answer_at, sent_at;
  bool refused;
} flight;

/* As many calls as the pacer lets go, width at once, until ten windows after the refusal that
 * taught. */
static void carry_out(run *r) {
  plan *p = calloc(1, sizeof *p);
  dp__pacer pacer = {.window_us = WINDOW};
  flight out[FLIGHTS] = {{0}};
  uint64_t start = WINDOW;
  p->limit = r->limit;
  for (uint32_t i = r->others; i > 0; i--)
    plan_takes(p, start - MS * i * 1500 / r->others);
  p->first = 0;
  for (uint64_t now = start; !r->begun_at || now < r->begun_at + 10 * WINDOW; now += MS) {
    assert_true(now < 20 * WINDOW);
    for (uint32_t i = 0; i < r->width; i++) {
      flight *f = &out[i];
      if (f->answer_at && f->answer_at <= now) {
        dp__pacer_answered(&pacer, now);
        if (f->refused && !r->learnt_at)
          r->learnt_at = now;
        if (f->refused && f->sent_at > r->learnt_at)
          r->later_refusals++;
        else if (f->refused)
          r->first_refusals++;
        if (f->refused)
          dp__pacer_refused(&pacer, now);
        f->answer_at = 0;
      }
      if (f->answer_at || dp__pacer_wait_us(&pacer, 0, now) != 0)
        continue;
      dp__pacer_go(&pacer);
      if (r->learnt_at && !r->begun_at) {
        r->begun_at = now;
        r->allowed = allowed_from(p, now);
      }
      *f = (flight){now + r->latency_ms * MS, now, !plan_takes(p, now + r->latency_ms * MS / 2)};
      r->used += r->learnt_at && !f->refused;
    }
  }
  dp__pacer_deinit(&pacer);
  free(p);
}

static void nothing_is_refused_once_it_is_learnt(void **state) {
  (void)state;
  static const struct {
    uint32_t limit, others, latency_ms, width;
  } cases[] = {{10, 0, 20, 1},   {10, 4, 20, 4},    {100, 0, 20, 8},    {100, 40, 20, 8},
               {100, 60, 60, 4}, {1000, 0, 20, 32}, {1000, 300, 20, 32}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    run r = {.limit = cases[i].limit,
             .others = cases[i].others,
             .width = cases[i].width,
             .latency_ms = cases[i].latency_ms};
    carry_out(&r);
    assert_in_range(r.first_refusals, 1,
                    r.width); /* those that were out when the first was answered */
    if (r.later_refusals)
      fail_msg("limit %u, others %u: %u refused", r.limit, r.others, r.later_refusals);
    if (100 * r.used < 97 * r.allowed)
      fail_msg("limit %u, others %u: %u of %u used", r.limit, r.others, r.used, r.allowed);
  }
}

static void refusals_of_calls_that_were_out_do_not_shrink_what_others_used(void **state) {
  (void)state;
  dp__pacer pacer = {.window_us = WINDOW};
  for (int i = 0; i < 63; i++)
    dp__pacer_go(&pacer);
  for (int i = 0; i < 60; i++)
    dp__pacer_answered(&pacer, WINDOW);
  for (int i = 0; i < 3; i++) {
    dp__pacer_answered(&pacer, WINDOW);
    dp__pacer_refused(&pacer, WINDOW);
  }
  assert_int_equal(pacer.limit, 100);
  assert_int_equal(pacer.others, 40);
  dp__pacer_deinit(&pacer);
}

static void others_that_use_more_are_found_anew(void **state) {
  (void)state;
  dp__pacer pacer = {.window_us = WINDOW, .limit = 100, .configured = true};
  dp__pacer_go(&pacer);
  dp__pacer_answered(&pacer, WINDOW);
  dp__pacer_refused(&pacer, WINDOW);
  assert_int_equal(pacer.others, 100);
  assert_true(dp__pacer_wait_us(&pacer, 0, WINDOW) >= WINDOW);
  assert_int_equal(dp__pacer_wait_us(&pacer, 0, 2 * WINDOW), 0);
  assert_int_equal(pacer.limit, 100);
  dp__pacer_deinit(&pacer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_refused_once_it_is_learnt),
      cmocka_unit_test(refusals_of_calls_that_were_out_do_not_shrink_what_others_used),
      cmocka_unit_test(others_that_use_more_are_found_anew),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
