/*
 * Why a map of our own: the service looks up peers, ids, users and profiles on every message, under
 * one lock. Chaining through nodes that live in the records makes an insert allocate only when the
 * table grows, and a removal never. Hashes come keyed from digest.h wherever a caller chooses the
 * key, so nobody can aim at one bucket.
 */
#include "map.h"

#include <stdlib.h>

enum { FIRST_BUCKETS = 64 };

static bool grow(dpd_map *map) {
  size_t count = map->bucket_count == 0 ? FIRST_BUCKETS : map->bucket_count * 2;
  dpd_map_node **buckets = calloc(count, sizeof(*buckets));
  if (buckets == NULL) {
    return map->bucket_count != 0; /* a crowded table still works */
  }
  for (size_t i = 0; i < map->bucket_count; i++) {
    dpd_map_node *node = map->buckets[i];
    while (node != NULL) {
      dpd_map_node *next = node->next;
      dpd_map_node **bucket = &buckets[node->hash & (count - 1)];
      node->next = *bucket;
      *bucket = node;
      node = next;
    }
  }
  free(map->buckets);
  map->buckets = buckets;
  map->bucket_count = count;
  return true;
}

bool dpd_map_insert(dpd_map *map, dpd_map_node *node, uint64_t hash) {
  if (map->count >= map->bucket_count && !grow(map)) {
    return false;
  }
  dpd_map_node **bucket = &map->buckets[hash & (map->bucket_count - 1)];
  node->hash = hash;
  node->next = *bucket;
  *bucket = node;
  map->count++;
  return true;
}

void dpd_map_remove(dpd_map *map, dpd_map_node *node) {
  dpd_map_node **link = &map->buckets[node->hash & (map->bucket_count - 1)];
  while (*link != node) {
    link = &(*link)->next;
  }
  *link = node->next;
  node->next = NULL;
  map->count--;
}

static dpd_map_node *same_hash(dpd_map_node *node, uint64_t hash) {
  while (node != NULL && node->hash != hash) {
    node = node->next;
  }
  return node;
}

dpd_map_node *dpd_map_first(const dpd_map *map, uint64_t hash) {
  if (map->bucket_count == 0) {
    return NULL;
  }
  return same_hash(map->buckets[hash & (map->bucket_count - 1)], hash);
}

dpd_map_node *dpd_map_next(const dpd_map_node *node) {
  return same_hash(node->next, node->hash);
}

void dpd_map_each(dpd_map *map, void (*visit)(dpd_map_node *node, void *user), void *user) {
  for (size_t i = 0; i < map->bucket_count; i++) {
    dpd_map_node *node = map->buckets[i];
    while (node != NULL) {
      dpd_map_node *next = node->next;
      visit(node, user);
      node = next;
    }
  }
}

void dpd_map_clear(dpd_map *map) {
  free(map->buckets);
  *map = (dpd_map){0};
}
