/*
 * Why acknowledged and not just sent: a reply can be lost with its connection, and what it held is
 * nowhere else. So a piece is kept until a later request says that it arrived, and asking again
 * from the same place gives the same again.
 *
 * Why chained references: a reply may be a megabyte, and copying that under the service's lock
 * would hold up every other call. Under the lock a reader takes one reference, on the first piece
 * of its share, which keeps alive all that follow it; the copying comes after, whatever is
 * acknowledged and dropped meanwhile. A piece never changes once it is in; only its link to the
 * next is set, by the next, and a reader does not follow the link of its last.
 *
 * Events are encoded once, when they come: a share of them is their bytes, one after the other.
 */
#include "pieces.h"

#include <stdlib.h>
#include <string.h>

#include <msgpack.h>

#include "encode.h"

enum {
  OVERHEAD = sizeof(dpd_piece) + 16, /* what a small piece costs beside its bytes */
  HEADS = 48,                        /* the keys and heads around an event's texts */
  LARGEST = 1 << 30
};

static dpd_piece *new_piece(size_t capacity) {
  dpd_piece *piece = capacity > LARGEST ? NULL : malloc(sizeof(*piece) + capacity);
  if (piece == NULL) {
    return NULL;
  }
  piece->next = NULL;
  piece->end = 0;
  piece->length = (uint32_t)capacity;
  atomic_init(&piece->refs, 1);
  return piece;
}

static void pack_str(msgpack_packer *packer, const char *text, size_t length) {
  msgpack_pack_str(packer, length);
  msgpack_pack_str_body(packer, text, length);
}

static void pack_event(msgpack_packer *packer, const dp_event *event) {
  if (strcmp(event->type, "message") == 0 && event->id[0] == '\0') {
    pack_str(packer, event->data, event->length);
    return;
  }
  msgpack_pack_map(packer, 3);
  dpd_pack_text(packer, "event");
  dpd_pack_text(packer, event->type);
  dpd_pack_text(packer, "id");
  dpd_pack_text(packer, event->id);
  dpd_pack_text(packer, "data");
  pack_str(packer, event->data, event->length);
}

dpd_piece *dpd_piece_of_event(const dp_event *event) {
  dpd_piece *piece = new_piece(event->length + strlen(event->type) + strlen(event->id) + HEADS);
  if (piece == NULL) {
    return NULL;
  }
  dpd_out out = {.data = piece->data, .capacity = piece->length};
  msgpack_packer packer;
  dpd_packer_init_out(&packer, &out);
  pack_event(&packer, event);
  piece->length = (uint32_t)out.length;
  return piece;
}

dpd_piece *dpd_piece_of_bytes(const void *data, size_t length) {
  dpd_piece *piece = new_piece(length);
  if (piece != NULL && length > 0) {
    memcpy(piece->data, data, length);
  }
  return piece;
}

void dpd_piece_release(dpd_piece *piece) {
  while (piece != NULL && atomic_fetch_sub(&piece->refs, 1) == 1) {
    dpd_piece *next = piece->next;
    free(piece);
    piece = next;
  }
}

size_t dpd_piece_cost(const dpd_piece *piece) {
  return piece->length + (size_t)OVERHEAD;
}

void dpd_pieces_init(dpd_pieces *pieces, bool bytes, size_t limit) {
  *pieces = (dpd_pieces){.bytes = bytes, .limit = limit};
}

bool dpd_pieces_fits(const dpd_pieces *pieces, size_t cost) {
  return pieces->first == NULL ||
         (pieces->held < pieces->limit && cost <= pieces->limit - pieces->held);
}

void dpd_pieces_push(dpd_pieces *pieces, dpd_piece *piece) {
  pieces->came += pieces->bytes ? piece->length : 1;
  pieces->held += dpd_piece_cost(piece);
  piece->end = pieces->came;
  if (pieces->first == NULL) {
    pieces->first = piece;
  } else {
    pieces->last->next = piece; /* which holds it from now on */
  }
  pieces->last = piece;
}

bool dpd_pieces_may_ack(const dpd_pieces *pieces, uint64_t after) {
  return after >= pieces->acked && after <= pieces->given;
}

/* The list's own reference moves from the first that is forgotten to the first that stays. */
dpd_piece *dpd_pieces_ack(dpd_pieces *pieces, uint64_t after) {
  dpd_piece *old = pieces->first;
  dpd_piece *piece = old;
  while (piece != NULL && piece->end <= after) {
    pieces->held -= dpd_piece_cost(piece);
    piece = piece == pieces->last ? NULL : piece->next;
  }
  pieces->acked = after;
  if (piece == old) {
    return NULL;
  }
  pieces->first = piece;
  if (piece == NULL) {
    pieces->last = NULL;
  } else {
    atomic_fetch_add(&piece->refs, 1);
  }
  return old;
}

bool dpd_pieces_any(const dpd_pieces *pieces) {
  return pieces->first != NULL;
}

/* Of so many bytes that are there, those that fit into what is left; 0 = none, look no further. */
static size_t fitting(const dpd_pieces *pieces, size_t length, size_t left, bool whole) {
  if (length <= left) {
    return length;
  }
  if (pieces->bytes) {
    return left;
  }
  return whole ? length : 0;
}

/* One piece after the other, as long as they fit. */
static void gather(const dpd_pieces *pieces, dpd_share *share, size_t max_bytes, uint32_t max_count,
                   bool whole) {
  const dpd_piece *piece = pieces->first;
  size_t skip = share->skip;
  while (piece != NULL && share->count < max_count && share->bytes < max_bytes) {
    size_t length =
        fitting(pieces, piece->length - skip, max_bytes - share->bytes, whole && share->count == 0);
    if (length == 0) {
      return;
    }
    share->bytes += length;
    share->count++;
    skip = 0;
    piece = piece == pieces->last ? NULL : piece->next;
  }
}

dpd_share dpd_pieces_take(dpd_pieces *pieces, size_t max_bytes, uint32_t max_count, bool whole) {
  dpd_share share = {.after = pieces->acked};
  dpd_piece *first = pieces->first;
  if (first == NULL) {
    return share;
  }
  share.skip = pieces->bytes ? first->length - (size_t)(first->end - pieces->acked) : 0;
  gather(pieces, &share, max_bytes, max_count, whole);
  if (share.count > 0) {
    share.first = first;
    atomic_fetch_add(&first->refs, 1);
    uint64_t end = dpd_share_end(pieces, &share);
    pieces->given = end > pieces->given ? end : pieces->given;
  }
  return share;
}

dpd_piece *dpd_pieces_drop(dpd_pieces *pieces) {
  dpd_piece *first = pieces->first;
  pieces->first = NULL;
  pieces->last = NULL;
  pieces->held = 0;
  return first;
}

uint64_t dpd_share_end(const dpd_pieces *pieces, const dpd_share *share) {
  return share->after + (pieces->bytes ? share->bytes : share->count);
}

void dpd_share_write(const dpd_share *share,
                     void (*write)(void *user, const void *data, size_t length), void *user) {
  const dpd_piece *piece = share->first;
  size_t skip = share->skip;
  size_t left = share->bytes;
  for (uint32_t i = 0; i < share->count; i++) {
    size_t length = piece->length - skip;
    length = length < left ? length : left;
    write(user, piece->data + skip, length);
    left -= length;
    skip = 0;
    if (i + 1 < share->count) {
      piece = piece->next;
    }
  }
}
