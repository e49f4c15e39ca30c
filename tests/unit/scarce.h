/* scarce.h - memory that runs out when a test says so. Link with --wrap for malloc, calloc, realloc and
 * strdup. */
#ifndef SCARCE_H
#define SCARCE_H

#include <stdbool.h>

/* scarce_from - the n-th allocation from now (from 0) fails, once; libjansson's count, too. */
void scarce_from(unsigned n);
/* scarce_off - all succeed again; whether one had failed. */
bool scarce_off(void);

/* Run the block again and again, each time with the next allocation failing, until none fails any more.
 * Inside, `scarce_round` counts. */
#define EACH_ALLOCATION_FAILS(setup, body, cleanup)                                                \
  do {                                                                                             \
    for (unsigned scarce_round = 0;; scarce_round++) {                                             \
      setup;                                                                                       \
      scarce_from(scarce_round);                                                                   \
      body;                                                                                        \
      bool scarce_failed = scarce_off();                                                           \
      cleanup;                                                                                     \
      if (!scarce_failed) {                                                                        \
        assert_true(scarce_round > 0);                                                             \
        break;                                                                                     \
      }                                                                                            \
      assert_true(scarce_round < 10000);                                                           \
    }                                                                                              \
  } while (0)

#endif
