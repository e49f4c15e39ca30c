/* joincache.h - which writes began and ended, and answers to give again. Internal. Pure: time goes in
 * as an argument. */
#ifndef DP_JOINCACHE_H
#define DP_JOINCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reply.h"

/*
 * Marks of writes. A read takes a mark before it is sent; as long as the mark holds, no write that it
 * could show began or ended since. Knowledge bases share a few hundred counters by their id: two
 * that share one only lose a chance to join.
 */
enum { DP__MARKS = 256 };

typedef struct dp__marks {
  uint64_t one[DP__MARKS]; /* writes to knowledge bases, by their id */
  uint64_t all;            /* all writes of any kind */
  uint64_t wide;           /* writes that name no knowledge base */
} dp__marks;

typedef struct dp__mark {
  uint64_t one, wide;
} dp__mark;

/* The knowledge base is named by its id as it stands in the path; NULL = none is named. */
dp__mark dp__mark_take(const dp__marks *marks, const char *dataset, size_t length);
bool dp__mark_holds(const dp__marks *marks, dp__mark mark, const char *dataset, size_t length);
/* dp__marks_write - a write begins or ends. */
void dp__marks_write(dp__marks *marks, const char *dataset, size_t length);

/* Answers by key, the least recently used thrown away first. */
enum { DP__CACHE_ENTRIES = 256, DP__CACHE_BYTES = 8 << 20, DP__CACHE_ONE = 1 << 20 };

typedef struct dp__cached {
  char *key; /* NULL = a free place */
  dp__answer *answer;
  dp__mark mark;
  uint64_t sent_us; /* when its request went out: it is that old */
  uint64_t used_us;
} dp__cached;

typedef struct dp__cache {
  dp__cached entries[DP__CACHE_ENTRIES];
  size_t bytes;
} dp__cache;

void dp__cache_deinit(dp__cache *cache);
/* dp__cache_find - an entry at most max_age_us old, or NULL; the caller still asks its mark. */
const dp__cached *dp__cache_find(dp__cache *cache, const char *key, uint64_t max_age_us,
                                 uint64_t now_us);
/* dp__cache_put - keep an answer; one that is too large, or without memory, is not kept. */
void dp__cache_put(dp__cache *cache, const char *key, dp__answer *answer, dp__mark mark,
                   uint64_t sent_us, uint64_t now_us);

#endif
