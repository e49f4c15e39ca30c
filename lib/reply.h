/* reply.h - the inside of dp_reply, and of the answer that replies share. Internal. */
#ifndef DP_REPLY_H
#define DP_REPLY_H

#include <stdatomic.h>

#include <difypool/exchange.h>

#include "buffer.h"
#include "run.h"

/* What a server answered. Immutable once it is whole; joined calls and the cache share one. */
typedef struct dp__answer {
  atomic_uint refs;
  int32_t status;
  const char *type; /* in texts */
  dp_header *headers;
  size_t header_count;
  char *texts; /* what headers point into */
  dp__buffer body;
} dp__answer;

/* dp__answer_new - head may be NULL. NULL = no memory. */
dp__answer *dp__answer_new(const dp_head *head);
/* dp__answer_made - an answer of ours: status and JSON, which is copied. NULL = no memory. */
dp__answer *dp__answer_made(int32_t status, const char *json, size_t length);
dp__answer *dp__answer_ref(dp__answer *answer);
void dp__answer_unref(dp__answer *answer); /* NULL is allowed */
/* dp__answer_header - the value of the last header of that name in any case, or NULL. */
const char *dp__answer_header(const dp__answer *answer, const char *name);
/* dp__answer_is_dify - whether the application itself answered (X-Version), not a proxy before it. */
bool dp__answer_is_dify(const dp__answer *answer);

enum { DP__NOTE_SIZE = 400 };

struct dp_reply {
  atomic_uint refs;
  dp_error error;
  bool pending;
  dp_meta meta;
  char version[32]; /* what meta points to */
  char note[DP__NOTE_SIZE];
  dp__answer *answer; /* NULL = there was none */
  dp__run_ids run;
  dp_run shown_run;   /* what points into it */
};

/* dp__reply_new - an empty one; NULL when memory is out. */
dp_reply *dp__reply_new(void);
/* dp__reply_set_run - what the run is known by. */
void dp__reply_set_run(dp_reply *reply, const dp__run_ids *ids);
/* dp__reply_note - add a sentence to what was done differently. */
void dp__reply_note(dp_reply *reply, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
