/* gate.h - writes that would trample one another at the server go one at a time. Internal. Pure. */
#ifndef DP_GATE_H
#define DP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DP__TOUCH_EXACT = 8 };

/* What a write touches: a few things by their hashes, many as a small set of bits. Of many, two writes
 * that share nothing may look as if they did (then one waits needlessly), never the other way round. */
typedef struct dp__touch {
  uint64_t bits[8], exact[DP__TOUCH_EXACT];
  unsigned count; /* over DP__TOUCH_EXACT: the bits alone tell */
} dp__touch;

/* dp__touch_documents - the documents that a metadata.assign's body names. */
void dp__touch_documents(dp__touch *touch, const char *body, size_t length);
/* dp__touch_name - the name that a create gives, within its scope. Returns a hash of it. */
uint64_t dp__touch_name(dp__touch *touch, unsigned op, const char *scope, size_t scope_length,
                        const char *name, size_t length);
bool dp__touch_meets(const dp__touch *a, const dp__touch *b);

#endif
