/* sp.h - the framing of the Scalability Protocols, REQ side. Bytes in, messages out. Internal. */
#ifndef DPC_SP_H
#define DPC_SP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  DPC__SP_GREETING = 8, /* bytes that both sides send at once */
  DPC__SP_HEAD = 9,     /* 01 and a length */
  DPC__SP_ID = 4        /* request id, first in the payload */
};

extern const uint8_t dpc__sp_greeting[DPC__SP_GREETING];

typedef enum dpc__sp_result {
  DPC__SP_MORE,      /* all bytes were taken; feed more */
  DPC__SP_MESSAGE,   /* one message is complete; take it, then feed the rest */
  DPC__SP_DROPPED,   /* a message without a request id was dropped; feed the rest */
  DPC__SP_STRANGER,  /* the greeting is not that of a REP socket */
  DPC__SP_BAD_FRAME, /* a frame does not begin with 01 */
  DPC__SP_TOO_LONG,  /* a length over the bound */
  DPC__SP_NO_MEMORY
} dpc__sp_result;

/* What has come of the greeting and of the message at hand. Zeroed but for max = at the start. */
typedef struct dpc__sp_reader {
  uint64_t max; /* bytes of one payload */
  size_t greeted;
  size_t head_length;
  uint8_t head[DPC__SP_HEAD];
  uint8_t *payload; /* request id and body; a byte is left behind it */
  size_t length;    /* as declared */
  size_t have, capacity;
} dpc__sp_reader;

void dpc__sp_reset(dpc__sp_reader *reader);
/* dpc__sp_feed - *used of length bytes were taken. After an error the reader is of no more use. */
dpc__sp_result dpc__sp_feed(dpc__sp_reader *reader, const uint8_t *data, size_t length,
                            size_t *used);
/* dpc__sp_take - the complete payload, the caller's to free; its length and request id. */
uint8_t *dpc__sp_take(dpc__sp_reader *reader, size_t *length, uint32_t *request_id);

/* dpc__sp_frame - the 13 bytes before a request's body. */
void dpc__sp_frame(uint8_t out[DPC__SP_HEAD + DPC__SP_ID], uint64_t body_length,
                   uint32_t request_id);

#endif
