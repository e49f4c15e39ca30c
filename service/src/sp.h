/* sp.h - the Scalability Protocols' framing on a stream, as a service reads it. Bytes in, events
 * out. */
#ifndef DPD_SP_H
#define DPD_SP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DPD_SP_GREETING = 8, DPD_SP_HEAD = 9, DPD_SP_TRACE_MAX = 32 };

extern const uint8_t dpd_sp_greeting_rep[DPD_SP_GREETING]; /* what we send */

typedef enum dpd_sp_found {
  DPD_SP_MORE,    /* more bytes are needed */
  DPD_SP_GREETED, /* the peer's greeting was read, and is a REQ's */
  DPD_SP_MESSAGE, /* one whole message */
  DPD_SP_WRONG    /* not what the protocol allows: close */
} dpd_sp_found;

/* One message: its trace (request id, and hops of devices before it) and what follows. */
typedef struct dpd_sp_message {
  const uint8_t *trace;
  size_t trace_length;
  const uint8_t *body;
  size_t body_length;
} dpd_sp_message;

typedef struct dpd_sp {
  bool greeted;
  size_t message_max; /* bytes behind the trace */
} dpd_sp;

/* dpd_sp_next - look at the bytes that are there. *used: so many are done with. *wanted: with
 * DPD_SP_MORE, how many the next thing takes in all, as far as is known; a claim, not to be trusted
 * with memory. */
dpd_sp_found dpd_sp_next(dpd_sp *sp, const uint8_t *data, size_t length, size_t *used,
                         size_t *wanted, dpd_sp_message *out);

/* dpd_sp_head - the 9 bytes before a payload of that length. */
void dpd_sp_head(uint8_t out[DPD_SP_HEAD], uint64_t length);

#endif
