/* fair.h - a queue in which callers take turns. Internal. Pure. */
#ifndef DP_FAIR_H
#define DP_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp__flow;

/* One that waits; a part of it. Zeroed = it does not. */
typedef struct dp__fair_item {
  struct dp__fair_item *next, *before;
  struct dp__flow *flow; /* NULL = it does not wait */
} dp__fair_item;

/* What one caller has waiting. */
typedef struct dp__flow {
  struct dp__flow *next, *before; /* in the order of turns */
  struct dp__flow *chain;         /* of equal hash */
  uint64_t share;
  dp__fair_item *first, *last;
  uint32_t count;
  bool fresh; /* it had nothing waiting when it came, and has not had a turn since */
} dp__flow;

/* Behind so many of its share that do not fit, one is not looked at. */
enum { DP__FLOW_CHAINS = 64, DP__FAIR_LOOKS = 64 };

/* Zeroed = new. */
typedef struct dp__fair {
  dp__flow *first, *last; /* by turns: the fresh ones first */
  dp__flow *fresh_last;   /* the last of those; NULL = none is fresh */
  dp__flow *chains[DP__FLOW_CHAINS];
  dp__flow common; /* for those for whom there was no memory */
  uint32_t count;  /* items */
  uint32_t flows;
} dp__fair;

/* dp__fair_add - wait behind what the same share has waiting. goes_before (NULL = in order of
 * arrival) says whether a stands before b within a share. */
void dp__fair_add(dp__fair *fair, dp__fair_item *item, uint64_t share,
                  bool (*goes_before)(const dp__fair_item *a, const dp__fair_item *b));
/* dp__fair_remove - stop waiting, without a turn. */
void dp__fair_remove(dp__fair *fair, dp__fair_item *item);
/* dp__fair_next - whose turn it is among those that fit (NULL = all); it goes on waiting. NULL =
 * none. */
dp__fair_item *dp__fair_next(const dp__fair *fair, bool (*fits)(const dp__fair_item *item));
/* dp__fair_take - it has its turn: it waits no longer, and its share goes behind all others. */
void dp__fair_take(dp__fair *fair, dp__fair_item *item);
/* dp__fair_ahead - how many go before one that would be added now with position others of its own
 * share before it, if nobody comes or leaves. */
uint32_t dp__fair_ahead(const dp__fair *fair, uint64_t share, uint32_t position);
/* dp__fair_flow - what a share has waiting; NULL = nothing. */
const dp__flow *dp__fair_flow(const dp__fair *fair, uint64_t share);

#endif
