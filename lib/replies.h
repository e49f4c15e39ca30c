/* replies.h - the inside of dp_reply. Internal. */
#ifndef DP_REPLIES_H
#define DP_REPLIES_H

#include <stdatomic.h>

#include <difypool/call.h>
#include <difypool/exchange.h>

#include "buffer.h"

struct dp_reply {
  atomic_uint refs;
  dp_error error;
  int32_t status;
  bool pending;
  char *type;
  dp_header *headers; /* names and values are its own */
  size_t header_count;
  char *body;
  size_t body_length;
  dp_meta meta;
  char version[32];
  char note[256];
};

/* dp__reply_new - an empty success with one reference; NULL when memory is out. */
dp_reply *dp__reply_new(void);
/* dp__reply_take_head - copy status, type and headers; what was there goes. False = no memory. */
bool dp__reply_take_head(dp_reply *reply, const dp_head *head);
/* dp__reply_set_body - replace the body by what the buffer holds (it is emptied). */
bool dp__reply_set_body(dp_reply *reply, dp__buffer *body);
/* dp__reply_note - say what was done differently; a second note goes behind the first. */
void dp__reply_note(dp_reply *reply, const char *text);

#endif
