/*
 * Timers in a binary heap, embedded in their owners.
 *
 * Each call has one or two, nearly all of which are cleared before they are due, so setting and
 * clearing must be cheap and must not allocate: a timer knows its place in the heap and is taken
 * out from there in O(log n).
 */
#include "timer.h"

#include <stdlib.h>

void dp__timers_deinit(dp__timers *timers) {
  free(timers->heap);
  *timers = (dp__timers){0};
}

static void put(dp__timers *timers, size_t place, dp__timer *timer) {
  timers->heap[place - 1] = timer;
  timer->place = place;
}

static void rise(dp__timers *timers, dp__timer *timer) {
  size_t place = timer->place;
  while (place > 1 && timers->heap[place / 2 - 1]->at_us > timer->at_us) {
    put(timers, place, timers->heap[place / 2 - 1]);
    place /= 2;
  }
  put(timers, place, timer);
}

static void sink(dp__timers *timers, dp__timer *timer) {
  size_t place = timer->place;
  for (;;) {
    size_t child = 2 * place;
    if (child > timers->count)
      break;
    if (child < timers->count && timers->heap[child]->at_us < timers->heap[child - 1]->at_us)
      child++;
    if (timers->heap[child - 1]->at_us >= timer->at_us)
      break;
    put(timers, place, timers->heap[child - 1]);
    place = child;
  }
  put(timers, place, timer);
}

static bool grow(dp__timers *timers) {
  if (timers->count < timers->capacity)
    return true;
  size_t capacity = timers->capacity ? 2 * timers->capacity : 64;
  dp__timer **heap = realloc(timers->heap, capacity * sizeof *heap);
  if (!heap)
    return false;
  timers->heap = heap;
  timers->capacity = capacity;
  return true;
}

bool dp__timer_set(dp__timers *timers, dp__timer *timer, uint64_t at_us,
                   void (*run)(dp__timer *timer)) {
  timer->run = run;
  if (timer->place) {
    timer->at_us = at_us;
    rise(timers, timer);
    sink(timers, timer);
    return true;
  }
  if (!grow(timers))
    return false;
  timer->at_us = at_us;
  timers->count++;
  put(timers, timers->count, timer);
  rise(timers, timer);
  return true;
}

void dp__timer_clear(dp__timers *timers, dp__timer *timer) {
  if (!timer->place)
    return;
  dp__timer *last = timers->heap[timers->count - 1];
  size_t place = timer->place;
  timers->count--;
  timer->place = 0;
  if (last == timer)
    return;
  put(timers, place, last);
  rise(timers, last);
  sink(timers, last);
}

uint64_t dp__timers_next_us(const dp__timers *timers) {
  return timers->count ? timers->heap[0]->at_us : UINT64_MAX;
}

void dp__timers_run(dp__timers *timers, uint64_t now_us) {
  size_t bound = timers->count;
  while (bound-- > 0 && timers->count && timers->heap[0]->at_us <= now_us) {
    dp__timer *timer = timers->heap[0];
    dp__timer_clear(timers, timer);
    timer->run(timer);
  }
}
