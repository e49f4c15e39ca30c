/*
 * The concurrency limit of one server, found by trying.
 *
 * A server has some number of places, and a distance. Below places × (1 + distance ÷ work) calls at
 * once, one more call is that much more throughput; above, it only waits there instead of here,
 * behind whoever chats on the same server. Nobody tells us either number, and both change.
 *
 * The known ways compare the latency now with a remembered one: Vegas and Envoy's gradient with the
 * least ever seen or seen at a concurrency that is lowered for it, Netflix's Gradient2 with a long
 * mean. Their users report what that costs: a lucky minimum chokes the server for good, a long mean
 * drifts upwards with the queue that it should show, and any change of mix (a list of knowledge
 * bases costs ten times an indexing status) passes for queueing. So here nothing is compared but
 * what was measured one after the other: the limit is held for an epoch, another one is tried for
 * an epoch, and the better one stays. By Little's law throughput goes as concurrency ÷ latency, so
 * the throughput of the trial over that of the hold is (tried ÷ held) × (latency held ÷ latency
 * tried), taken over the same kinds of calls, which needs no clock for the whole and is blind to
 * the mix.
 *
 *   starting --a third slower than the base--> holding at concurrency x base / latency
 *   holding  --measured, and calls wait-----> down; --measured--> up; --tried both--> at rest
 *   up       --6 % more throughput or more--> holds there; starts again if it was worth it fully
 *   down     --5 % less at most-------------> holds there
 *   up, down --else-------------------------> holding at what was before
 *
 * Steps are of a quarter, then of a twelfth, with thresholds to match. What is given up and what is
 * asked for differ on purpose: no two limits are each better than the other, so it settles. The 5 %
 * of throughput that a lower limit may cost buy up to half of the time on the wire: at a server
 * with one worker, two calls at once take twice as long for 2 % more throughput. In doubt, which
 * the spread of the latencies tells, an epoch goes on for longer, and then fewer it is.
 *
 * The start is TCP's slow start: from a few, twice as many each round trip, since a distant server
 * with 64 places must be found within a few of them. Only that phase believes the base, the lowest
 * latency of each kind, as BBR does (throughput x least latency = what fits in); its guess is put
 * to trial after. As TCP's, it is not repeated beyond what was once too much.
 *
 * Calls that begin right after a limit went up find the server as it was: they are not counted, nor
 * are calls that fail, which may cost the server less. Overload is an answer, not a measurement: if
 * a sixth of an epoch is refused or times out, the limit goes down by 30 % at once, at most once
 * for the calls that began under it. Nothing is learnt from an epoch in which callers did not use
 * what they had. A limit at rest is tried again after pauses that double up to half a minute and
 * are ten times as long as the trials that were for nothing, or at once when the latency moves by
 * 30 %.
 */
#include "limiter.h"

#include <math.h>
#include <string.h>

enum { FEW = 4, FINE_FROM = 12, NEVER = 2, SAMPLES_MIN = 8, PATIENCE = 4, OUTLIER = 8 };
static const uint64_t PAUSE_US = 2000000, PAUSE_MAX_US = 30000000, BASE_AGE_US = 60000000;
static const double START_ENDS = 1.35, MORE = 1.06, LESS = 0.95, MORE_FINE = 1.03,
                    LESS_FINE = 0.985, WAITS = 1.12, MOVED = 1.3, HOPELESS = 0.8, SURE = 1.5,
                    USED = 0.8, EXACT = 0.02;
static const double STRONG = 0.7; /* of what a higher limit would give without any waiting */

void dp__limiter_init(dp__limiter *l, uint32_t start, uint32_t bound) {
  *l = (dp__limiter){.start = start,
                     .bound = bound,
                     .limit = start < bound ? start : bound,
                     .yield = 1,
                     .tag = 1,
                     .queueing = 1,
                     .ceiling = UINT32_MAX};
}

void dp__limiter_raise(dp__limiter *l, uint32_t bound) {
  if (bound <= l->bound)
    return;
  l->bound = bound;
  if (l->state == DP__LIMITER_STARTING && l->limit < l->start) /* the old bound's doing */
    l->limit = l->start < bound ? l->start : bound;
  l->no_up = 0;
  l->due_us = 0;
}

/* --- epochs ------------------------------------------------------------------------------------
 */

static void account(dp__limiter *l, uint64_t now_us) {
  if (now_us > l->changed_us)
    l->area += l->in_flight * (now_us - l->changed_us);
  l->changed_us = now_us;
}

static void begin_epoch(dp__limiter *l, uint64_t now_us) {
  account(l, now_us);
  l->area = 0;
  l->since_us = now_us;
  l->tag += 2;
  l->early = l->state != DP__LIMITER_UP ? 0 : l->limit < FINE_FROM ? l->limit : 2 * l->limit;
  l->count = l->overloads = l->compared = 0;
  l->all = l->base = l->latency = l->expected = l->latency2 = l->cross = l->expected2 = 0;
  memset(l->sum, 0, sizeof l->sum);
  memset(l->counts, 0, sizeof l->counts);
}

static void set(dp__limiter *l, uint32_t limit, dp__limiter_state state, uint64_t now_us) {
  l->limit = limit < 1 ? 1 : limit > l->bound ? l->bound : limit;
  l->state = state;
  begin_epoch(l, now_us);
}

uint32_t dp__limiter_begin(dp__limiter *l, uint64_t now_us) {
  if (!l->since_us)
    begin_epoch(l, now_us);
  account(l, now_us);
  l->in_flight++;
  if (l->early > 0) {
    l->early--;
    return l->tag - 1;
  }
  return l->tag;
}

void dp__limiter_end(dp__limiter *l, uint64_t now_us) {
  account(l, now_us);
  l->in_flight--;
}

/* How many ran, on the mean of the epoch. */
static double ran(dp__limiter *l, uint64_t now_us) {
  account(l, now_us);
  return now_us > l->since_us ? (double)l->area / (double)(now_us - l->since_us) : 0;
}

/* Whether callers wanted what the limit allowed. */
static bool was_used(dp__limiter *l, uint64_t now_us) {
  return ran(l, now_us) >= USED * l->limit;
}

/* Latency, as a multiple of what the same calls took when it was measured last. */
static double ratio(const dp__limiter *l) {
  return l->expected > 0 ? l->latency / l->expected : 1;
}

/* The standard error of that, as a share of it. */
static double doubt(const dp__limiter *l) {
  double r = ratio(l), n = l->compared;
  double squares = l->latency2 - 2 * r * l->cross + r * r * l->expected2;
  return l->expected > 0 && squares > 0 ? sqrt(squares) / l->latency * sqrt(n / (n - 0.9)) : 0;
}

static double queueing(const dp__limiter *l) {
  return l->base > 0 ? l->all / l->base : 1;
}

/* What the epoch measured becomes what the next is compared with. Kinds that it did not see go with
 * the others. */
static void take_measure(dp__limiter *l) {
  double r = ratio(l);
  for (unsigned i = 0; i < DP__LIMITER_KINDS; i++) {
    if (!l->counts[i]) {
      l->mean[i] *= (float)r;
      continue;
    }
    l->mean[i] = l->sum[i] / (float)l->counts[i];
    if (l->counts[i] >= 3 && l->mean[i] < l->base_mean[i])
      l->base_mean[i] = l->mean[i];
  }
  l->queueing = queueing(l);
  l->wire_us = l->count ? l->all / l->count : 0;
  l->wire_base_us = l->count ? l->base / l->count : 0;
}

/* Nobody waits at this limit: what calls take now is what they take. */
static void take_base(dp__limiter *l, uint64_t now_us) {
  for (unsigned i = 0; i < DP__LIMITER_KINDS; i++)
    if (l->mean[i] > 0)
      l->base_mean[i] = l->mean[i];
  l->base_us = now_us;
  l->queueing = 1;
}

/* --- the search --------------------------------------------------------------------------------
 */

static void hold(dp__limiter *l, uint32_t limit, uint64_t now_us) {
  set(l, limit, DP__LIMITER_HOLDING, now_us);
}

static void rest(dp__limiter *l, uint64_t now_us) {
  uint64_t least = 10 * l->trial_us;
  l->pause_us = l->pause_us ? 2 * l->pause_us : PAUSE_US;
  if (l->pause_us < least)
    l->pause_us = least;
  if (l->pause_us > PAUSE_MAX_US)
    l->pause_us = PAUSE_MAX_US;
  l->due_us = now_us + l->pause_us;
  l->no_up = l->no_down = 0;
  l->trial_us = 0;
  set(l, l->limit, DP__LIMITER_HOLDING, now_us);
}

/* The steps: a quarter first, then one of a twelfth, where that is more than one call. */
static uint32_t step_up(const dp__limiter *l) {
  uint32_t by = l->limit / (l->no_up ? 12 : 4);
  return l->limit + (by ? by : 1);
}

static uint32_t step_down(const dp__limiter *l) {
  uint32_t by = l->limit / (l->no_down ? 12 : 5);
  return l->limit - (by ? by : 1);
}

static uint32_t sizes(const dp__limiter *l) {
  return l->limit < FINE_FROM ? 1 : 2;
}

static void try_next(dp__limiter *l, uint64_t now_us) {
  uint64_t age_us = l->limit <= FEW ? BASE_AGE_US / 4 : BASE_AGE_US;
  bool waits = l->queueing > WAITS || now_us - l->base_us > age_us;
  l->from = l->limit;
  l->due_us = 0;
  if (waits && l->no_down < sizes(l) && l->limit > 1)
    set(l, step_down(l), DP__LIMITER_DOWN, now_us);
  else if (l->no_up < sizes(l) && l->limit < l->bound)
    set(l, step_up(l), DP__LIMITER_UP, now_us);
  else
    rest(l, now_us);
}

static void start(dp__limiter *l, uint64_t now_us) {
  if (2 * l->limit < l->ceiling)
    set(l, 2 * l->limit, DP__LIMITER_STARTING, now_us);
  else {
    l->measured = false;
    hold(l, l->limit, now_us);
  }
}

/* Whether an epoch is told from its like well enough, or will not be. */
static bool is_enough(const dp__limiter *l, double tolerated, uint32_t patience) {
  uint32_t whole = l->limit > SAMPLES_MIN ? l->limit : SAMPLES_MIN;
  return doubt(l) <= tolerated || l->count >= patience * whole;
}

/* Callers had enough: nothing was learnt, and nothing is missing. Unless those few wait at the
 * server: then it is their number that is to be tried against. One after another waits for nobody of
 * ours: however much his calls differ, what they take is the base. */
static void not_used(dp__limiter *l, uint64_t now_us) {
  bool trial = l->state == DP__LIMITER_UP || l->state == DP__LIMITER_DOWN;
  if (trial) {
    hold(l, l->from, now_us);
  } else if (ran(l, now_us) <= 1) {
    take_measure(l);
    take_base(l, now_us);
    begin_epoch(l, now_us);
  } else if (queueing(l) > START_ENDS && l->limit > 1) {
    l->ceiling = l->limit;
    l->measured = false;
    hold(l, (uint32_t)ceil(ran(l, now_us)), now_us);
  } else {
    begin_epoch(l, now_us);
  }
}

/* A round that takes three times as long as the one before needs no average. */
static void start_overdue(dp__limiter *l, uint64_t now_us) {
  if (l->state != DP__LIMITER_STARTING || l->round_us <= 0 ||
      (double)(now_us - l->since_us) < 3 * l->round_us || !was_used(l, now_us))
    return;
  l->ceiling = l->limit;
  l->measured = false;
  hold(l, l->limit / 3, now_us);
}

static void start_step(dp__limiter *l, uint64_t now_us) {
  double waiting = queueing(l);
  if (l->count < (l->limit + 1) / 2 || l->count < 2)
    return;
  if (!was_used(l, now_us)) {
    if (l->count >= 2 * l->limit)
      not_used(l, now_us);
    return;
  }
  take_measure(l);
  if (waiting > START_ENDS) {
    l->ceiling = l->limit;
    l->measured = false;
    hold(l, (uint32_t)lround(l->limit / waiting), now_us);
  } else if (l->limit >= l->bound) {
    l->measured = false;
    hold(l, l->bound, now_us);
  } else {
    l->round_us = l->all / l->count;
    start(l, now_us);
  }
}

static void hold_step(dp__limiter *l, uint64_t now_us) {
  double r = ratio(l);
  if (!is_enough(l, EXACT, PATIENCE))
    return;
  l->from_doubt = doubt(l);
  bool moved = l->measured && (r > MOVED || r < 1 / MOVED);
  take_measure(l);
  l->measured = true;
  if (moved) {
    l->pause_us = l->due_us = 0;
    l->yield = 1;
    l->no_down = 0;
    l->ceiling = UINT32_MAX;
  }
  if (now_us >= l->due_us)
    try_next(l, now_us);
  else
    begin_epoch(l, now_us);
}

/* It is better here: stay, and go on in the same direction. */
static void accept_trial(dp__limiter *l, double gain, uint64_t now_us) {
  bool up = l->state == DP__LIMITER_UP;
  double full = (double)l->limit / l->from;
  l->from_doubt = doubt(l);
  take_measure(l);
  l->yield = l->yield * gain > 1 ? 1 : l->yield * gain;
  l->pause_us = 0;
  l->no_up = up ? l->no_up : l->limit < FINE_FROM ? NEVER : 1; /* one too many of a quarter */
  l->no_down = up ? NEVER : l->no_down;
  l->measured = true;
  if (up && l->limit >= l->ceiling)
    l->ceiling = UINT32_MAX;
  if (up && gain - 1 >= STRONG * (full - 1)) {
    take_base(l, now_us);
    if (2 * l->limit < l->ceiling) {
      l->no_up = l->no_down = 0;
      start(l, now_us);
      return;
    }
  }
  try_next(l, now_us);
}

static void reject_trial(dp__limiter *l, uint64_t now_us) {
  bool up = l->state == DP__LIMITER_UP;
  if (now_us - l->since_us > l->trial_us)
    l->trial_us = now_us - l->since_us;
  l->no_up += up;
  l->no_down += !up;
  if (up)
    l->ceiling = l->limit;
  else if (l->no_down >= sizes(l)) /* with fewer it is less: nobody waits at what was held */
    take_base(l, now_us);
  hold(l, l->from, now_us);
}

/* What a trial must show of throughput, against what was held, to be kept. */
static double least_gain(const dp__limiter *l) {
  if (l->state == DP__LIMITER_UP)
    return l->no_up ? MORE_FINE : MORE;
  return (l->no_down ? LESS_FINE : LESS) / l->yield;
}

static void trial_step(dp__limiter *l, uint64_t now_us) {
  bool up = l->state == DP__LIMITER_UP;
  double gain = (double)l->limit / l->from / ratio(l), least = least_gain(l);
  double unsure = SURE * gain * hypot(l->from_doubt, doubt(l));
  if (fabs(gain - least) < unsure && !is_enough(l, 0, up ? PATIENCE / 2 : PATIENCE))
    return;
  if (gain >= least - (up ? 0 : unsure / 3)) /* in doubt, fewer */
    accept_trial(l, gain, now_us);
  else
    reject_trial(l, now_us);
}

/* A trial that makes everything much worse needs no average. */
static bool is_hopeless(const dp__limiter *l) {
  return l->state == DP__LIMITER_UP && l->count >= SAMPLES_MIN / 2 &&
         (double)l->limit / l->from / ratio(l) < HOPELESS;
}

static void step(dp__limiter *l, uint64_t now_us) {
  if (l->state == DP__LIMITER_STARTING) {
    start_step(l, now_us);
    return;
  }
  if (is_hopeless(l)) {
    reject_trial(l, now_us);
    return;
  }
  if (l->count < SAMPLES_MIN || l->count < l->limit)
    return;
  if (!was_used(l, now_us)) {
    not_used(l, now_us);
  } else if (l->state == DP__LIMITER_HOLDING) {
    hold_step(l, now_us);
  } else {
    trial_step(l, now_us);
  }
}

/* --- samples -----------------------------------------------------------------------------------
 */

static bool too_much(const dp__limiter *l) {
  return l->overloads >= 2 && 6 * l->overloads >= l->overloads + l->count;
}

static void cut(dp__limiter *l, uint64_t now_us) {
  l->cut_tag = l->tag;
  if (l->state == DP__LIMITER_UP) {
    reject_trial(l, now_us);
    return;
  }
  l->ceiling = l->limit;
  l->no_up = NEVER; /* until the pause is over */
  l->pause_us = 0;
  l->measured = false;
  hold(l, (uint32_t)(0.7 * l->limit), now_us);
}

static void compare(dp__limiter *l, unsigned kind, double latency) {
  double expected = l->mean[kind];
  l->all += latency;
  l->base += l->base_mean[kind];
  if (!(expected > 0))
    return;
  l->compared++;
  l->latency += latency;
  l->expected += expected;
  l->latency2 += latency * latency;
  l->cross += latency * expected;
  l->expected2 += expected * expected;
}

void dp__limiter_sample(dp__limiter *l, const dp__sample *s) {
  unsigned kind = s->kind % DP__LIMITER_KINDS;
  double latency = (double)s->latency_us;
  if (s->overloaded && (int32_t)(s->tag - l->cut_tag) > 0) {
    l->overloads++;
    if (too_much(l)) {
      cut(l, s->now_us);
      return;
    }
  }
  if (!s->good || s->tag != l->tag || s->latency_us == 0) {
    start_overdue(l, s->now_us);
    return;
  }
  bool is_new = !(l->mean[kind] > 0);
  if (is_new && (!(l->base_mean[kind] > 0) || latency < l->base_mean[kind]))
    l->base_mean[kind] = (float)latency;
  if (!is_new && latency > OUTLIER * l->mean[kind]) /* one that hung tells nothing of the others */
    latency = OUTLIER * l->mean[kind];
  l->count++;
  l->counts[kind]++;
  l->sum[kind] += (float)latency;
  compare(l, kind, latency);
  step(l, s->now_us);
}

bool dp__limiter_steady(const dp__limiter *l, uint64_t now_us) {
  return l->state == DP__LIMITER_HOLDING && l->due_us > now_us;
}

const char *dp__limiter_name(const dp__limiter *l) {
  if (l->state == DP__LIMITER_STARTING)
    return "starting";
  return l->state == DP__LIMITER_HOLDING && l->due_us ? "steady" : "searching";
}
