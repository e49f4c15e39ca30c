/* suggest.h - the nearest of some names to one that is none of them. Pure. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

/* cli_distance - edits (insert, delete, replace, swap neighbours) between two names; names of more
 * than 63 bytes are far from everything. */
size_t cli_distance(const char *a, const char *b);

/* A search: feed it names, then look at best. Zeroed but for wanted = at the start. */
typedef struct cli_nearest {
  const char *wanted;
  char best[64];
  size_t distance;
} cli_nearest;

void cli_nearest_feed(cli_nearest *nearest, const char *name);
/* cli_nearest_found - the nearest name, if it is near enough to be meant; else NULL. */
const char *cli_nearest_found(const cli_nearest *nearest);

#endif
