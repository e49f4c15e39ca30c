/*
 * Someone who types `documents.creat_by_text` should be told the name, not sent to a manual. The
 * distance is Damerau's (optimal string alignment), as swapped neighbours are the commonest slip. A
 * suggestion that is off by more than a third of the word is worse than none.
 */
#include "suggest.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 63 };

static size_t least(size_t a, size_t b, size_t c) {
  size_t ab = a < b ? a : b;
  return ab < c ? ab : c;
}

size_t cli_distance(const char *a, const char *b) {
  size_t m = strlen(a), n = strlen(b);
  size_t rows[3][NAME_MAX_BYTES + 1] = {{0}};
  if (m > NAME_MAX_BYTES || n > NAME_MAX_BYTES)
    return (size_t)-1;
  for (size_t j = 0; j <= n; j++)
    rows[0][j] = j;
  for (size_t i = 1; i <= m; i++) {
    size_t *now = rows[i % 3], *last = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= n; j++) {
      now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
          before[j - 2] + 1 < now[j])
        now[j] = before[j - 2] + 1;
    }
  }
  return rows[m % 3][n];
}

void cli_nearest_feed(cli_nearest *nearest, const char *name) {
  size_t distance = cli_distance(nearest->wanted, name);
  if (distance == (size_t)-1 || (nearest->best[0] && distance >= nearest->distance))
    return;
  nearest->distance = distance;
  snprintf(nearest->best, sizeof nearest->best, "%s", name);
}

const char *cli_nearest_found(const cli_nearest *nearest) {
  size_t bound = strlen(nearest->wanted) / 3;
  return nearest->best[0] && nearest->distance <= (bound ? bound : 1) ? nearest->best : NULL;
}
