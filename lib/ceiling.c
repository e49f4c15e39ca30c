/*
 * A ceiling on the time on the wire of bulk calls.
 *
 * The concurrency limit of a host seeks throughput: at a server with one worker even that leaves
 * whoever chats there to wait behind a create. A profile that crawls can say how long its own calls
 * may take at most; then fewer of them run at once, down to one. The median is held to it, by
 * counting: as soon as more than half of a round is above, a quarter is taken off; a round that is
 * below adds one, if a call was held back meanwhile.
 */
#include "ceiling.h"

enum { START = 4, ROUND_MIN = 8 };

void dp__ceiling_init(dp__ceiling *c, uint32_t ceiling_ms, uint32_t bound) {
  *c = (dp__ceiling){.ceiling_ms = ceiling_ms,
                     .bound = bound,
                     .limit = !ceiling_ms || bound < START ? bound : START};
}

bool dp__ceiling_admits(dp__ceiling *c) {
  if (!c->ceiling_ms || c->running < c->limit)
    return true;
  c->wanted = true;
  return false;
}

uint32_t dp__ceiling_begin(dp__ceiling *c) {
  c->running++;
  return c->tag;
}

void dp__ceiling_end(dp__ceiling *c) {
  c->running--;
}

static void set(dp__ceiling *c, uint32_t limit) {
  c->limit = limit < 1 ? 1 : limit > c->bound ? c->bound : limit;
  c->tag++;
  c->count = c->above = 0;
  c->wanted = false;
}

void dp__ceiling_sample(dp__ceiling *c, uint32_t tag, uint64_t latency_us) {
  if (!c->ceiling_ms || tag != c->tag)
    return;
  uint32_t round = c->limit > ROUND_MIN ? c->limit : ROUND_MIN, off = c->limit / 4;
  c->count++;
  c->above += latency_us > 1000ull * c->ceiling_ms;
  if (2 * c->above > round)
    set(c, c->limit - (off ? off : 1));
  else if (c->count >= round)
    set(c, c->limit + (c->wanted && 4 * c->above <= c->count));
}
