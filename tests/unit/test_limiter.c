/* The concurrency limit against simulated servers, under a clock of their own: what it settles at
 * beside the best of all fixed limits, how fast it gets there, and what it does when the server
 * changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "ceiling.h"
#include "limiter.h"
#include "simserver.h"

enum { BOUND = 128, WORKERS = 200 };

/* The best that a fixed limit reaches, and the least waiting of those that reach 95 % of it. */
static void best_fixed(const sim_server *server, double *calls_s, double *median_ms) {
  sim_result all[BOUND + 1];
  unsigned top =
      (unsigned)(2 * server->places * (1 + server->distance_ms / server->service_ms)) + 4;
  top = top > BOUND ? BOUND : top;
  *calls_s = *median_ms = 0;
  for (unsigned n = 1; n <= top; n++) {
    all[n] = sim_run(server, WORKERS, BOUND, n, 4, 0);
    if (all[n].calls_s > *calls_s)
      *calls_s = all[n].calls_s;
  }
  for (unsigned n = 1; n <= top; n++)
    if (all[n].calls_s >= 0.95 * *calls_s && (*median_ms <= 0 || all[n].median_ms < *median_ms))
      *median_ms = all[n].median_ms;
}

static void assert_found(const char *name, const sim_server *server) {
  double calls_s, median_ms;
  best_fixed(server, &calls_s, &median_ms);
  sim_result r = sim_run(server, WORKERS, BOUND, 0, 8, 0);
  if (r.calls_s < 0.95 * calls_s || r.median_ms > 1.5 * median_ms)
    fail_msg(
        "%s, %u places, %.0f ms away: %.1f %% of the best throughput, %.2f x the waiting, at %u",
        name, server->places, server->distance_ms, 100 * r.calls_s / calls_s,
        r.median_ms / median_ms, (unsigned)r.limit);
}

static void servers_of_all_sizes_are_used_fully_and_not_more(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double service_ms, jitter, degrading, farthest_ms;
  } kinds[] = {{"steady", 50, 0, 0, 100},
               {"a little uneven", 50, 0.1, 0, 100},
               {"CPU-bound", 60, 0.05, 0, 100},
               {"slow", 200, 0.05, 0, 100},
               {"degrading", 50, 0.05, 0.5, 2}};
  static const unsigned places[] = {1, 4, 10, 64};
  static const double distances_ms[] = {0, 2, 20, 100};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    for (size_t p = 0; p < sizeof places / sizeof *places; p++)
      for (size_t d = 0; d < sizeof distances_ms / sizeof *distances_ms; d++)
        if (distances_ms[d] <= kinds[k].farthest_ms)
          assert_found(kinds[k].name, &(sim_server){.places = places[p],
                                                    .service_ms = kinds[k].service_ms,
                                                    .jitter = kinds[k].jitter,
                                                    .degrading = kinds[k].degrading,
                                                    .distance_ms = distances_ms[d]});
}

/* What it takes to find 64 places is a few round trips: 4, 8, 16, 32, 64. */
static void a_wide_server_is_found_within_a_few_round_trips(void **state) {
  (void)state;
  sim_server server = {.places = 64, .service_ms = 30, .distance_ms = 20, .jitter = 0.05};
  sim_result r = sim_run(&server, WORKERS, BOUND, 0, 1, 64);
  assert_true(r.found_s > 0 && r.found_s < 6 * 0.05);
}

static void refusals_push_it_down_and_it_comes_back(void **state) {
  (void)state;
  static const unsigned places[] = {1, 4, 10, 64};
  for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
    sim_server server = {.places = places[p], .service_ms = 50, .jitter = 0.05, .refuses = true};
    sim_result r = sim_run(&server, WORKERS, BOUND, 0, 10, 0);
    assert_true(r.calls_s > 0.9 * 20 * places[p]);
    assert_in_range(r.limit, 1, places[p] + places[p] / 4 + 1);
  }
}

static void a_server_that_gets_slower_is_followed(void **state) {
  (void)state;
  static const unsigned places[] = {1, 4, 10};
  for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
    sim_server server = {.places = places[p],
                         .service_ms = 50,
                         .jitter = 0.05,
                         .distance_ms = 2,
                         .slower_after_s = 3,
                         .slower = 3};
    sim_result r = sim_run(&server, WORKERS, BOUND, 0, 20, 0);
    double best_s = places[p] / 0.15;
    assert_true(r.calls_s > 0.9 * best_s);
    assert_in_range(r.limit, places[p], places[p] + 1 + places[p] / 4);
  }
}

/* A third of the calls takes ten times as long: that is no queue. */
static void a_mix_of_dear_and_cheap_calls_is_not_taken_for_queueing(void **state) {
  (void)state;
  sim_server server = {.places = 64, .service_ms = 20, .jitter = 0.05, .mixed = true};
  sim_result r = sim_run(&server, WORKERS, BOUND, 0, 8, 0);
  assert_in_range(r.limit, 56, 96);
  assert_true(r.median_ms < 1.5 * 21);
}

/* --- by hand -------------------------------------------------------------------------------------
 */

static const uint64_t MS = 1000;

/* One caller after another: nobody wants more, so nothing is tried. */
static void one_caller_at_a_time_moves_nothing(void **state) {
  (void)state;
  dp__limiter l;
  dp__limiter_init(&l, 4, 20);
  for (unsigned i = 1; i < 500; i++) {
    uint64_t now = i * 100 * MS;
    uint32_t tag = dp__limiter_begin(&l, now);
    dp__limiter_end(&l, now + 50 * MS);
    dp__limiter_sample(
        &l,
        &(dp__sample){
            .now_us = now + 50 * MS, .latency_us = 50 * MS, .tag = tag, .kind = 7, .good = true});
    assert_int_equal(l.limit, 4);
  }
  assert_string_equal(dp__limiter_name(&l), "starting");
  assert_false(dp__limiter_steady(&l, 60000 * MS));
}

static void overload_cuts_once_for_the_calls_of_one_limit(void **state) {
  (void)state;
  dp__limiter l;
  dp__limiter_init(&l, 16, 20);
  uint32_t tags[16];
  for (unsigned i = 0; i < 16; i++)
    tags[i] = dp__limiter_begin(&l, MS);
  for (unsigned i = 0; i < 16; i++) {
    dp__limiter_end(&l, 10 * MS);
    dp__limiter_sample(&l, &(dp__sample){.now_us = 10 * MS, .tag = tags[i], .overloaded = true});
    assert_int_equal(l.limit, i ? 11 : 16);
  }
}

static void a_higher_bound_keeps_what_was_learnt(void **state) {
  (void)state;
  dp__limiter l;
  dp__limiter_init(&l, 4, 2);
  assert_int_equal(l.limit, 2);
  dp__limiter_raise(&l, 20); /* so few were the bound's doing */
  dp__limiter_raise(&l, 10);
  assert_int_equal(l.bound, 20);
  assert_int_equal(l.limit, 4);
}

/* --- the ceiling of bulk calls
 * --------------------------------------------------------------------- */

/* A server of one place: n calls at once take n times 60 ms. */
static uint32_t settle(dp__ceiling *c, unsigned rounds) {
  for (unsigned i = 0; i < rounds; i++) {
    uint32_t tags[64], n = 0;
    while (dp__ceiling_admits(c))
      tags[n++] = dp__ceiling_begin(c);
    for (uint32_t k = 0; k < n; k++) {
      dp__ceiling_end(c);
      dp__ceiling_sample(c, tags[k], n * 60 * MS);
    }
  }
  return c->limit;
}

static void a_ceiling_holds_the_median_under_it(void **state) {
  (void)state;
  dp__ceiling c;
  dp__ceiling_init(&c, 200, 20);
  assert_in_range(settle(&c, 200), 3, 4); /* 180 ms; now and then one more is tried */
  dp__ceiling_init(&c, 50, 20);
  assert_in_range(settle(&c, 200), 1, 1); /* one call alone is above it: still one goes */
  dp__ceiling_init(&c, 10000, 20);
  assert_in_range(settle(&c, 200), 20, 20);
}

static void no_ceiling_holds_nothing(void **state) {
  (void)state;
  dp__ceiling c;
  dp__ceiling_init(&c, 0, 20);
  for (unsigned i = 0; i < 100; i++) {
    assert_true(dp__ceiling_admits(&c));
    dp__ceiling_begin(&c);
  }
}

/* What a call takes that sends a small page or a large one. */
static uint64_t of_some_page(unsigned i) {
  return (50 + (i * 37) % 61) * MS;
}

/* So many begin at once, and end one after another; returns when the last one did. */
static uint64_t wave(dp__limiter *l, uint64_t now, unsigned *i) {
  uint32_t count = l->limit, tags[BOUND];
  for (uint32_t n = 0; n < count; n++)
    tags[n] = dp__limiter_begin(l, now);
  uint64_t last = now;
  for (uint32_t n = 0; n < count; n++) {
    uint64_t took = of_some_page((*i)++), end = now + took;
    last = end > last ? end : last;
    dp__limiter_end(l, last);
    dp__limiter_sample(l, &(dp__sample){.now_us = last, .latency_us = took, .kind = 1, .tag = tags[n], .good = true});
  }
  return last;
}

/* Pages differ in size, and so do the times of a lone crawler, who waits for nobody: the many that come after
 * him find a wide server as fast as if he had not been. */
static void a_lone_caller_s_spread_is_no_queue(void **state) {
  (void)state;
  dp__limiter l;
  uint64_t now = MS;
  unsigned i = 0, waves = 0;
  dp__limiter_init(&l, 4, 64);
  for (; i < 300; i++) {
    uint32_t tag = dp__limiter_begin(&l, now);
    uint64_t took = of_some_page(i);
    now += took;
    dp__limiter_end(&l, now);
    dp__limiter_sample(&l, &(dp__sample){.now_us = now, .latency_us = took, .kind = 1, .tag = tag, .good = true});
  }
  assert_int_equal(l.limit, 4);
  while (l.limit < 48 && waves++ < 20)
    now = wave(&l, now, &i);
  assert_in_range(waves, 1, 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(servers_of_all_sizes_are_used_fully_and_not_more),
      cmocka_unit_test(a_wide_server_is_found_within_a_few_round_trips),
      cmocka_unit_test(refusals_push_it_down_and_it_comes_back),
      cmocka_unit_test(a_server_that_gets_slower_is_followed),
      cmocka_unit_test(a_mix_of_dear_and_cheap_calls_is_not_taken_for_queueing),
      cmocka_unit_test(one_caller_at_a_time_moves_nothing),
      cmocka_unit_test(a_lone_caller_s_spread_is_no_queue),
      cmocka_unit_test(overload_cuts_once_for_the_calls_of_one_limit),
      cmocka_unit_test(a_higher_bound_keeps_what_was_learnt),
      cmocka_unit_test(a_ceiling_holds_the_median_under_it),
      cmocka_unit_test(no_ceiling_holds_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
