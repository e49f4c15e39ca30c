/*
 * Sharing answers, and knowing when not to.
 *
 * Two equal reads at once need one transfer, unless somebody wrote in between: the second caller may
 * have written himself and must see it. A write is visible to a read that was sent after it ended; a
 * read that overlaps it may show either. So both the beginning and the end of a write break every mark
 * that was taken before, and an answer is shared only by those whose mark still holds.
 */
#include "joincache.h"

#include <stdlib.h>
#include <string.h>

static unsigned place_of(const char *dataset, size_t length) {
  uint64_t hash = 14695981039346656037ull;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ ((unsigned char)dataset[i] | 0x20)) * 1099511628211ull;
  return (unsigned)((hash ^ hash >> 32) % DP__MARKS);
}

dp__mark dp__mark_take(const dp__marks *marks, const char *dataset, size_t length) {
  if (!dataset) /* it shows all of them: a list of knowledge bases counts documents */
    return (dp__mark){marks->all, marks->wide};
  return (dp__mark){marks->one[place_of(dataset, length)], marks->wide};
}

bool dp__mark_holds(const dp__marks *marks, dp__mark mark, const char *dataset, size_t length) {
  dp__mark now = dp__mark_take(marks, dataset, length);
  return now.one == mark.one && now.wide == mark.wide;
}

void dp__marks_write(dp__marks *marks, const char *dataset, size_t length) {
  marks->all++;
  if (dataset)
    marks->one[place_of(dataset, length)]++;
  else
    marks->wide++;
}

/* --- the cache ------------------------------------------------------------------------------------ */

static void drop(dp__cache *cache, dp__cached *entry) {
  if (!entry->key)
    return;
  cache->bytes -= entry->answer->body.length;
  free(entry->key);
  dp__answer_unref(entry->answer);
  *entry = (dp__cached){0};
}

void dp__cache_deinit(dp__cache *cache) {
  for (size_t i = 0; i < DP__CACHE_ENTRIES; i++)
    drop(cache, &cache->entries[i]);
}

static dp__cached *lookup(dp__cache *cache, const char *key) {
  for (size_t i = 0; i < DP__CACHE_ENTRIES; i++)
    if (cache->entries[i].key && strcmp(cache->entries[i].key, key) == 0)
      return &cache->entries[i];
  return NULL;
}

const dp__cached *dp__cache_find(dp__cache *cache, const char *key, uint64_t max_age_us,
                                 uint64_t now_us) {
  dp__cached *entry = lookup(cache, key);
  if (!entry || now_us - entry->sent_us > max_age_us)
    return NULL;
  entry->used_us = now_us;
  return entry;
}

static dp__cached *least_used(dp__cache *cache) {
  dp__cached *oldest = &cache->entries[0];
  for (size_t i = 0; i < DP__CACHE_ENTRIES; i++) {
    if (!cache->entries[i].key)
      return &cache->entries[i];
    if (cache->entries[i].used_us < oldest->used_us)
      oldest = &cache->entries[i];
  }
  return oldest;
}

static dp__cached *least_used_taken(dp__cache *cache) {
  dp__cached *oldest = NULL;
  for (size_t i = 0; i < DP__CACHE_ENTRIES; i++)
    if (cache->entries[i].key && (!oldest || cache->entries[i].used_us < oldest->used_us))
      oldest = &cache->entries[i];
  return oldest;
}

void dp__cache_put(dp__cache *cache, const char *key, dp__answer *answer, dp__mark mark,
                   uint64_t sent_us, uint64_t now_us) {
  size_t size = answer->body.length;
  dp__cached *entry = lookup(cache, key);
  if (entry)
    drop(cache, entry);
  if (size > DP__CACHE_ONE)
    return;
  while (cache->bytes + size > DP__CACHE_BYTES)
    drop(cache, least_used_taken(cache));
  entry = least_used(cache);
  drop(cache, entry);
  char *copy = strdup(key);
  if (!copy)
    return;
  *entry = (dp__cached){copy, dp__answer_ref(answer), mark, sent_us, now_us};
  cache->bytes += size;
}
