/*
 * The circuit breaker of one origin and group of operations.
 *
 *   closed    --bad, and in 10 s at least 5 bad, which are
 *               half of all or without a good one between---> open (1 s)
 *   open      --time is up, a call asks-----------------------> half open (that call is the probe)
 *   half open --probe good------------------------------------> closed, window forgotten
 *   half open --probe bad-------------------------------------> open (twice as long, at most 2.5 s)
 *   half open --probe told nothing----------------------------> open (due at once)
 *
 * The row is for servers that were busy until they went: ten seconds of good answers would have to be
 * outweighed by as many failures, each of them an attempt at a server that is down.
 *
 * Pauses stay short, since the time from a server's return to full speed is at most one of them; one
 * probe in two seconds costs a server that is down nothing.
 *
 * The numbers are the defaults; who configures others has them from the client's options.
 *
 * Only transport failures and 5xx are bad. A bad page that the server refuses with a 4xx says nothing
 * against the server; counting it would stop everybody's crawl for one caller's mistake.
 */
#include "breaker.h"

#include <stdlib.h>

static uint32_t or_else(uint32_t value, uint32_t otherwise) {
  return value ? value : otherwise;
}

static const bool allowed[3][3] = {
    [DP__BREAKER_CLOSED] = {[DP__BREAKER_OPEN] = true},
    [DP__BREAKER_OPEN] = {[DP__BREAKER_HALF_OPEN] = true},
    [DP__BREAKER_HALF_OPEN] = {[DP__BREAKER_CLOSED] = true, [DP__BREAKER_OPEN] = true},
};

static void move(dp__breaker *breaker, dp__breaker_state state) {
  if (!allowed[breaker->state][state])
    abort(); /* a move that nobody thought of */
  breaker->state = state;
}

static void count(dp__breaker *breaker, bool bad, uint64_t now_us) {
  uint64_t second = now_us / 1000000 + 1; /* a slot of zeros counts no second */
  unsigned i = (unsigned)(second % DP__BREAKER_SLOTS);
  if (breaker->slots[i].second != second) {
    breaker->slots[i].second = second;
    breaker->slots[i].good = breaker->slots[i].bad = 0;
  }
  if (bad)
    breaker->slots[i].bad++;
  else
    breaker->slots[i].good++;
}

static bool too_many_bad(const dp__breaker *breaker, uint64_t now_us) {
  uint64_t second = now_us / 1000000 + 1, good = 0, bad = 0;
  for (unsigned i = 0; i < DP__BREAKER_SLOTS; i++)
    if (breaker->slots[i].second + DP__BREAKER_SLOTS > second) {
      good += breaker->slots[i].good;
      bad += breaker->slots[i].bad;
    }
  uint32_t enough = or_else(breaker->bounds.failures, DP__BREAKER_FAILURES);
  return bad >= enough && (bad >= good || breaker->row >= enough);
}

static void open_for(dp__breaker *breaker, uint32_t pause_ms, uint64_t now_us) {
  uint32_t most = or_else(breaker->bounds.pause_max_ms, DP__BREAKER_PAUSE_MAX_MS);
  move(breaker, DP__BREAKER_OPEN);
  breaker->pause_ms = pause_ms > most ? most : pause_ms;
  breaker->open_until_us = now_us + 1000ull * breaker->pause_ms;
}

bool dp__breaker_admit(dp__breaker *breaker, uint64_t now_us, uint64_t *wait_us) {
  *wait_us = 0;
  switch (breaker->state) {
  case DP__BREAKER_CLOSED:
    return true;
  case DP__BREAKER_OPEN:
    if (now_us >= breaker->open_until_us) {
      move(breaker, DP__BREAKER_HALF_OPEN);
      return true;
    }
    *wait_us = breaker->open_until_us - now_us;
    return false;
  case DP__BREAKER_HALF_OPEN:
    *wait_us = 50000; /* the probe is out; its answer decides */
    return false;
  }
  return true;
}

static void report_probe(dp__breaker *breaker, dp__health health, uint64_t now_us) {
  if (health == DP__HEALTH_GOOD) {
    move(breaker, DP__BREAKER_CLOSED);
    *breaker = (dp__breaker){.bounds = breaker->bounds, .state = DP__BREAKER_CLOSED};
  } else if (health == DP__HEALTH_BAD) {
    open_for(breaker, 2 * breaker->pause_ms, now_us);
  } else {
    move(breaker, DP__BREAKER_OPEN);
    breaker->open_until_us = now_us;
  }
}

void dp__breaker_report(dp__breaker *breaker, dp__health health, uint64_t now_us) {
  if (breaker->state == DP__BREAKER_HALF_OPEN) {
    report_probe(breaker, health, now_us);
    return;
  }
  if (breaker->state == DP__BREAKER_OPEN || health == DP__HEALTH_UNKNOWN)
    return; /* late answers of calls that were out when it opened */
  breaker->row = health == DP__HEALTH_BAD ? breaker->row + 1 : 0;
  count(breaker, health == DP__HEALTH_BAD, now_us);
  if (health == DP__HEALTH_BAD && too_many_bad(breaker, now_us))
    open_for(breaker, or_else(breaker->bounds.pause_ms, DP__BREAKER_PAUSE_MS), now_us);
}

const char *dp__breaker_name(dp__breaker_state state) {
  static const char *const names[] = {"closed", "open", "half_open"};
  return names[state];
}
