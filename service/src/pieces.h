/* pieces.h - what came of one stream and was not acknowledged yet. Pure: no locks, no clocks. */
#ifndef DPD_PIECES_H
#define DPD_PIECES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/call.h>

/* An event, or some bytes, as they will stand in a reply. Owned by whoever holds a reference; each
 * holds one of the next, so that who holds a first one holds all that came behind it. */
typedef struct dpd_piece {
  struct dpd_piece *next;
  uint64_t end; /* the number of this event; of bytes: how many there are up to and with these */
  atomic_uint refs;
  uint32_t length;
  uint8_t data[];
} dpd_piece;

typedef struct dpd_pieces {
  bool bytes; /* positions count bytes, else events */
  dpd_piece *first;
  dpd_piece *last;
  uint64_t acked; /* all up to it is forgotten */
  uint64_t given; /* the highest that stood in a reply */
  uint64_t came;
  size_t held;  /* bytes of memory */
  size_t limit; /* on them */
} dpd_pieces;

/* What of a stream goes into one reply. */
typedef struct dpd_share {
  dpd_piece *first; /* a reference; NULL = nothing */
  uint64_t after;   /* the position before it */
  size_t skip;      /* bytes of the first that were acknowledged */
  size_t bytes;     /* of all of it */
  uint32_t count;   /* of pieces */
} dpd_share;

/* dpd_piece_of_event, dpd_piece_of_bytes - a copy, one reference; NULL when memory is out, or over
 * 1 GiB. Any thread. */
dpd_piece *dpd_piece_of_event(const dp_event *event);
dpd_piece *dpd_piece_of_bytes(const void *data, size_t length);
/* dpd_piece_release - one reference less. Any thread, without a lock. NULL is allowed. */
void dpd_piece_release(dpd_piece *piece);
/* dpd_piece_cost - the memory it is charged for. */
size_t dpd_piece_cost(const dpd_piece *piece);

void dpd_pieces_init(dpd_pieces *pieces, bool bytes, size_t limit);
/* dpd_pieces_fits - whether one of this cost may be added. One always may where there is none, or
 * no piece could ever be larger than the limit. */
bool dpd_pieces_fits(const dpd_pieces *pieces, size_t cost);
/* dpd_pieces_push - add it, the reference is taken over. */
void dpd_pieces_push(dpd_pieces *pieces, dpd_piece *piece);
/* dpd_pieces_may_ack - whether a reader may say that so much arrived. */
bool dpd_pieces_may_ack(const dpd_pieces *pieces, uint64_t after);
/* dpd_pieces_ack - forget all up to it. What is no longer held is the caller's to release. */
dpd_piece *dpd_pieces_ack(dpd_pieces *pieces, uint64_t after);
/* dpd_pieces_any - whether something came that was not acknowledged. */
bool dpd_pieces_any(const dpd_pieces *pieces);
/* dpd_pieces_take - from the first that was not acknowledged on, within both bounds; whole: one
 * event is taken even if it is larger than max_bytes. Nothing is forgotten by it. */
dpd_share dpd_pieces_take(dpd_pieces *pieces, size_t max_bytes, uint32_t max_count, bool whole);
/* dpd_pieces_drop - all of it, for the caller to release. */
dpd_piece *dpd_pieces_drop(dpd_pieces *pieces);

/* dpd_share_end - the position after it. */
uint64_t dpd_share_end(const dpd_pieces *pieces, const dpd_share *share);
/* dpd_share_write - its bytes, piece by piece, in order. */
void dpd_share_write(const dpd_share *share,
                     void (*write)(void *user, const void *data, size_t length), void *user);

#endif
