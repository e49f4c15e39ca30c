/* classify.h - what an answer of Dify means, and what may be done about it. Internal. Pure. */
#ifndef DP_CLASSIFY_H
#define DP_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/error.h>

#include "breaker.h"
#include "optable.h"

/* What came back, however far it got. */
typedef struct dp__answer_facts {
  const char *origin;
  const dp__op_desc *desc;
  const dp_error *transport; /* kind DP_OK: an answer came whole */
  bool started;              /* a byte of the request may have reached the server */
  int32_t status;
  const char *type;          /* Content-Type; "" = none */
  const char *version;       /* X-Version of this answer; "" = not sent */
  const char *retry_after;   /* header; NULL = not sent */
  const char *location;      /* header; NULL = not sent */
  const char *body;          /* for the envelope; up to a few KB are looked at */
  size_t body_length;
  int64_t now_s;             /* wall clock, for Retry-After as a date */
} dp__answer_facts;

/* Whether the server did the work. */
typedef enum dp__done { DP__DONE_NO, DP__DONE_MAYBE, DP__DONE_YES } dp__done;

typedef struct dp__verdict {
  dp_error error; /* kind DP_OK: success */
  dp__done done;
  dp__health health;
  bool overloaded; /* for the limiter */
  bool again;      /* a repeat may help, if the operation's rule allows it */
} dp__verdict;

void dp__classify(const dp__answer_facts *facts, dp__verdict *verdict);

/* dp__retry_after_ms - the header's value, in seconds or as a date (RFC 9110, 10.2.3), from now_s on;
 * 0 = it cannot be read. At most an hour. */
uint32_t dp__retry_after_ms(const char *value, int64_t now_s);

#endif
