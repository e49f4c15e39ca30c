/* map.h - an intrusive hash map. The caller hashes and compares; nodes live in what they index. */
#ifndef DPD_MAP_H
#define DPD_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

typedef struct dpd_map_node {
  struct dpd_map_node *next;
  uint64_t hash;
} dpd_map_node;

typedef struct dpd_map {
  dpd_map_node **buckets;
  size_t bucket_count; /* a power of two, or 0 before the first insert */
  size_t count;
} dpd_map;

/* dpd_map_insert - false when memory is out, and then nothing changed. The key must be new. */
bool dpd_map_insert(dpd_map *map, dpd_map_node *node, uint64_t hash);
/* dpd_map_remove - the node must be in the map. */
void dpd_map_remove(dpd_map *map, dpd_map_node *node);
/* dpd_map_first, dpd_map_next - the nodes of that hash; the caller compares their keys. */
dpd_map_node *dpd_map_first(const dpd_map *map, uint64_t hash);
dpd_map_node *dpd_map_next(const dpd_map_node *node);
/* dpd_map_each - visit each node once, in no order; the visited node may be removed or freed. */
void dpd_map_each(dpd_map *map, void (*visit)(dpd_map_node *node, void *user), void *user);
/* dpd_map_clear - forget all nodes, free the table. The nodes are the caller's. */
void dpd_map_clear(dpd_map *map);

#endif
