/* verify.h - what proves that a write happened. Internal. Pure. */
#ifndef DP_VERIFY_H
#define DP_VERIFY_H

#include "request.h"

/* What is known of the write. */
typedef struct dp__claim_facts {
  const dp__request *request;
  int64_t since_s; /* by the server's clock, not later than the write; INT64_MIN = not known */
  bool (*taken)(void *user, const char *id); /* whether that thing is another caller's creation */
  void *user;
} dp__claim_facts;

/* What stands in the place of the write's own answer. json is malloc'ed; NULL = empty. */
typedef struct dp__proven {
  int32_t status;
  char *json;
  size_t length;
} dp__proven;

/*
 * How one operation is proven: a read that shows it, and a judge of that read's answer.
 * look:  fills args and returns the read's operation; DP_OP_NONE = this request cannot be proven.
 * judge: true = it happened, and proven is filled. False is no proof of anything.
 *        kind is the look's: DP_OK, or DP_NOT_FOUND, with which some writes are proven.
 */
typedef struct dp__prover {
  dp_op op;
  dp_op (*look)(const dp__request *request, dp_args *args);
  bool (*judge)(const dp__claim_facts *claim, dp_kind kind, const char *body, size_t length,
                dp__proven *proven);
} dp__prover;

/* dp__prover_for - NULL = nothing shows that it happened. */
const dp__prover *dp__prover_for(dp_op op);

/* dp__look_gap_us - how long after the n-th look (from 0) the next one comes. */
uint64_t dp__look_gap_us(unsigned n);

/* verify_window_ms, unless the client has its own: a create behind a held lock was seen to show 4.1 s later. */
enum { DP__VERIFY_WINDOW_MS = 10000, DP__VERIFY_WINDOW_ANSWERED_MS = 1500 };

#endif
