/*
 * Interactive before normal before bulk, and in turns within each.
 *
 * Somebody waits for what is interactive, and nobody for a crawl; but a crawl that never ends
 * because people never stop chatting is an outage, too. So after fifteen turns that went past one
 * of lower priority, it has one: it costs the higher ones a sixteenth and keeps it moving.
 */
#include "line.h"

static const dp_priority order[DP__PRIORITIES] = {DP_PRIORITY_INTERACTIVE, DP_PRIORITY_NORMAL,
                                                  DP_PRIORITY_BULK};

dp__fair_item *dp__line_next(const dp__line *line, bool (*fits)(const dp__fair_item *item),
                             dp_priority *priority) {
  dp__fair_item *item = NULL;
  for (unsigned i = DP__PRIORITIES; !item && i-- > 0;)
    if (line->passed[order[i]] >= DP__LINE_PATIENCE)
      item = dp__fair_next(&line->by[ *priority = order[i]], fits);
  for (unsigned i = 0; !item && i < DP__PRIORITIES; i++)
    item = dp__fair_next(&line->by[ *priority = order[i]], fits);
  return item;
}

void dp__line_take(dp__line *line, dp__fair_item *item, dp_priority priority) {
  bool lower = false;
  dp__fair_take(&line->by[priority], item);
  line->passed[priority] = 0;
  for (unsigned i = 0; i < DP__PRIORITIES; i++) {
    if (lower && line->by[order[i]].count)
      line->passed[order[i]]++;
    lower = lower || order[i] == priority;
  }
}

uint32_t dp__line_count(const dp__line *line) {
  uint32_t count = 0;
  for (unsigned i = 0; i < DP__PRIORITIES; i++)
    count += line->by[i].count;
  return count;
}

uint32_t dp__line_ahead(const dp__line *line, dp_priority priority, uint64_t share,
                        uint32_t position) {
  uint32_t ahead = 0;
  for (unsigned i = 0; order[i] != priority; i++)
    ahead += line->by[order[i]].count;
  uint32_t most = (position + 1) * DP__LINE_PATIENCE; /* then it has a turn all the same */
  return (ahead < most ? ahead : most) + dp__fair_ahead(&line->by[priority], share, position);
}
