/* line.h - who waits for a place or a pace, by priority and then in turns. Internal. Pure. */
#ifndef DP_LINE_H
#define DP_LINE_H

#include <difypool/call.h>

#include "fair.h"

/* So many go before one of lower priority that waits, then it has a turn. */
enum { DP__PRIORITIES = 3, DP__LINE_PATIENCE = 15 };

/* Zeroed = new. */
typedef struct dp__line {
  dp__fair by[DP__PRIORITIES];
  uint32_t passed[DP__PRIORITIES]; /* turns that went to higher ones while this one waited */
} dp__line;

/* dp__line_next - whose turn it is, as dp__fair_next; its priority goes to *priority. */
dp__fair_item *dp__line_next(const dp__line *line, bool (*fits)(const dp__fair_item *item),
                             dp_priority *priority);
/* dp__line_take - that one has its turn. */
void dp__line_take(dp__line *line, dp__fair_item *item, dp_priority priority);
uint32_t dp__line_count(const dp__line *line);
/* dp__line_ahead - how many go before one that came now, at least; position: of its own share. */
uint32_t dp__line_ahead(const dp__line *line, dp_priority priority, uint64_t share,
                        uint32_t position);

#endif
