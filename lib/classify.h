/* classify.h - what came back, and what it means. Internal. Pure. */
#ifndef DP_CLASSIFY_H
#define DP_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/error.h>

#include "breaker.h"
#include "optable.h"

/* Everything that is known of one finished attempt. */
typedef struct dp__facts {
  const char *origin;        /* for messages */
  const dp__op_desc *desc;
  const char *method, *path; /* of the request */
  bool free_of_effect;       /* repeating it changes nothing */
  bool ids_ok;               /* every id in the path has the shape of one */
  bool raw;                  /* an http.request: its answer need not be what the table says */
  char key;                  /* 'a' = an app's key, 'd' = a knowledge base's, 0 = not known */
  dp_error transport;        /* kind DP_OK: an answer came whole */
  bool started, sent_all;    /* a byte may have reached the server; the whole request went out */
  size_t request_length;     /* of its body */
  size_t query_length;
  int32_t status;            /* 0 = no head came */
  const char *type;          /* Content-Type; "" = none */
  const char *body;
  size_t body_length;
  bool dify;                 /* X-Version: the application answered, not a proxy before it */
  const char *version;       /* of the server, as far as known; "" = not */
  const char *retry_after, *date; /* the headers; NULL = none */
  const char *location;
  int64_t now_s;             /* wall clock, where Date is missing */
} dp__facts;

/* What may be done now. */
typedef enum dp__next {
  DP__NEXT_DONE,   /* success */
  DP__NEXT_FAIL,   /* an answer for good */
  DP__NEXT_REPEAT, /* nothing was changed at the server, or nothing can be; a repeat may help */
  DP__NEXT_DOUBT   /* a write that may have happened: look before anything else */
} dp__next;

typedef struct dp__verdict {
  dp_error error; /* kind DP_OK on success */
  dp__next next;
  dp__health health; /* for the breaker */
  bool overloaded;   /* for the limiter: it has too much to do */
  bool plan_refused; /* the plan's rate limit: the pacer learns from it */
  bool host_refused; /* a proxy refuses the whole host (Cloudflare): everybody waits */
  bool done_all_the_same; /* a known defect: the error's text proves that the work was done */
} dp__verdict;

/* dp__classify - from facts to a verdict. Unknown things fall to the safe side: not retryable, and a
 * write is in doubt. */
void dp__classify(const dp__facts *facts, dp__verdict *verdict);

/* dp__retry_after_ms - a Retry-After header, in seconds or as a date, as ms from now; 0 = none, or
 * nothing sensible. date: the answer's own Date header, or NULL, then now_s counts. */
uint32_t dp__retry_after_ms(const char *text, const char *date, int64_t now_s);

#endif
