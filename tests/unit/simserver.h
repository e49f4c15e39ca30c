/* simserver.h - a server of so many places at some distance, simulated event by event under a clock
 * of its own, and the clients who keep it busy through a concurrency limit. */
#ifndef SIMSERVER_H
#define SIMSERVER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sim_server {
  unsigned places;
  double service_ms, jitter; /* a call takes service × (1 ± jitter) in its place */
  double distance_ms;        /* there and back */
  double degrading; /* each call over the places slows all by that share of service ÷ places */
  double slower_after_s, slower; /* from then on everything takes slower × as long; 0 = never */
  bool refuses;                  /* a call that finds no place is told so at once: overloaded */
  bool mixed;                    /* every third call takes ten times as long: another kind */
} sim_server;

typedef struct sim_result {
  double calls_s;   /* answered well, from settle on */
  double median_ms; /* on the wire, of those */
  uint32_t limit;   /* at the end */
  uint32_t peak;    /* the highest limit ever in force */
  double found_s;   /* when the limit first reached what the last argument asked for */
} sim_result;

/* sim_run - workers callers, each of which calls anew when it was answered, for seconds after the
 * settling time (the longer of 3 s and 100 calls). fixed: that limit instead of the adaptive one; 0
 * = adaptive. */
sim_result sim_run(const sim_server *server, unsigned workers, uint32_t bound, uint32_t fixed,
                   double seconds, uint32_t reach);

#endif
