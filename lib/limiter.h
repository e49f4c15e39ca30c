/* limiter.h - how many calls at once a server gets. Internal. Pure: time goes in as an argument. */
#ifndef DP_LIMITER_H
#define DP_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

/* Kinds of calls are told apart by their operation's number, modulo KINDS: what a call costs is
 * compared with calls of its own kind alone. */
enum { DP__LIMITER_KINDS = 128, DP__LIMITER_START = 4 };

typedef enum dp__limiter_state {
  DP__LIMITER_STARTING, /* doubles each round trip */
  DP__LIMITER_HOLDING,  /* measures the limit in force */
  DP__LIMITER_UP,       /* tries a higher one */
  DP__LIMITER_DOWN      /* tries a lower one */
} dp__limiter_state;

/* What one finished call says of its server. */
typedef struct dp__sample {
  uint64_t now_us;
  uint64_t latency_us; /* request sent until answer */
  uint32_t tag;        /* what dp__limiter_begin gave for it */
  uint32_t kind;       /* its operation */
  bool good;           /* it did what was asked: else it may have been cheaper than others */
  bool overloaded;     /* 429, 502, 503, 504, a time-out */
} dp__sample;

typedef struct dp__limiter {
  uint32_t start; /* what it begins with */
  uint32_t bound; /* never more than that */
  uint32_t limit; /* in force */
  dp__limiter_state state;

  /* The calls that run. */
  uint32_t in_flight;
  uint64_t changed_us, area; /* in_flight × µs since the epoch began, up to changed_us */

  /* The epoch: the calls that began under this limit. */
  uint32_t tag, cut_tag; /* calls that began up to cut_tag had their overload punished */
  uint64_t since_us;
  uint32_t early; /* so many calls that begin now still find what the limit before left */
  uint32_t count, overloads;
  double all, base; /* sums of latencies, and of what they would be where nobody waits */
  /* The same for those whose kind was measured before, with the sums of squares. */
  uint32_t compared;
  double latency, expected, latency2, cross, expected2;

  /* The search. */
  uint32_t from;           /* the limit that is tried against */
  double from_doubt;       /* the standard error of what was measured there, relative */
  double round_us;         /* what a call took in the last round of the start; 0 = there was none */
  uint32_t ceiling;        /* the lowest limit that was found too high; doubling stays below it */
  uint32_t no_up, no_down; /* how many sizes of a step were tried from here, and were worse */
  bool measured;           /* the limit in force has been measured: mean holds */
  double yield; /* throughput, as a share of the best that was given up for less waiting */
  uint64_t due_us, pause_us; /* when to look again, both ways; how long was waited for it */
  uint64_t trial_us;         /* how long the longest trial took that was for nothing */
  uint64_t base_us;          /* when base_mean was taken */
  double queueing; /* latency ÷ base at the last measurement; 1 = nobody waits at the server */

  double wire_us, wire_base_us; /* a call's latency then, and where nobody waits; for people */

  /* By kind, in µs; 0 = not known. */
  float mean[DP__LIMITER_KINDS];      /* at the limit that was measured last */
  float base_mean[DP__LIMITER_KINDS]; /* where nobody waited */
  float sum[DP__LIMITER_KINDS];       /* of the epoch */
  uint32_t counts[DP__LIMITER_KINDS];
} dp__limiter;

/* dp__limiter_init - start low: at start, or at bound if that is less. */
void dp__limiter_init(dp__limiter *limiter, uint32_t start, uint32_t bound);
/* dp__limiter_raise - the bound is higher now; what was learnt stays. */
void dp__limiter_raise(dp__limiter *limiter, uint32_t bound);
/* dp__limiter_begin - a call was given a place; the tag goes into its sample. */
uint32_t dp__limiter_begin(dp__limiter *limiter, uint64_t now_us);
/* dp__limiter_end - it gave the place back. */
void dp__limiter_end(dp__limiter *limiter, uint64_t now_us);
/* dp__limiter_sample - learn from a finished call, after dp__limiter_end. */
void dp__limiter_sample(dp__limiter *limiter, const dp__sample *sample);
/* dp__limiter_steady - found, and not to be tried again before a while: connections beyond the
 * limit are needless. */
bool dp__limiter_steady(const dp__limiter *limiter, uint64_t now_us);
const char *dp__limiter_name(const dp__limiter *limiter); /* "starting", "searching", "steady" */

#endif
