/*
 * What a stream keeps, against a model of it: any order of pushes, takes and acknowledgements, of
 * events and of bytes. The promises under test: a taken share holds exactly the bytes that were
 * pushed at its positions, in order and without gaps, whatever was acknowledged or dropped
 * meanwhile; nothing that is held is lost; what is held is counted to the byte.
 *
 * The disposition parser and the encoding of events see the same input: neither may read past it.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined ... fuzz_pieces.c     (see README.md)
 *
 * With -DREPLAY it has a main of its own, which runs a fixed sequence of random inputs.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disposition.h"
#include "pieces.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 4096, SHARES = 8 };

typedef struct model {
  dpd_pieces pieces;
  uint8_t bytes[ROOM]; /* all that was pushed; of events one byte each */
  size_t length;
  dpd_share shares[SHARES]; /* taken, and looked at later */
  unsigned next_share;
} model;

static void expect(bool holds) {
  if (!holds) {
    abort();
  }
}

typedef struct position {
  const model *m;
  size_t at;
} position;

/* An event is a str of one letter: a head, and the letter. */
static void compare(void *user, const void *data, size_t length) {
  position *p = user;
  const uint8_t *bytes = data;
  if (!p->m->pieces.bytes) {
    expect(length == 2 && bytes[0] == 0xa1 && bytes[1] == p->m->bytes[p->at]);
    p->at++;
    return;
  }
  expect(memcmp(bytes, p->m->bytes + p->at, length) == 0);
  p->at += length;
}

static void look_at(model *m, dpd_share *share) {
  if (share->first != NULL) {
    position p = {.m = m, .at = (size_t)share->after};
    dpd_share_write(share, compare, &p);
    expect(p.at == dpd_share_end(&m->pieces, share));
    dpd_piece_release(share->first);
    share->first = NULL;
  }
}

static void push(model *m, uint8_t value) {
  size_t length = m->pieces.bytes ? value % 7u + 1 : 1;
  char letter[2] = {(char)('a' + value % 26), '\0'};
  if (m->length + length > ROOM) {
    return;
  }
  for (size_t i = 0; i < length; i++) {
    m->bytes[m->length + i] = m->pieces.bytes ? (uint8_t)(value + i) : (uint8_t)letter[0];
  }
  const dp_event event = {.type = "message", .id = "", .data = letter, .length = 1};
  dpd_piece *piece = m->pieces.bytes ? dpd_piece_of_bytes(m->bytes + m->length, length)
                                     : dpd_piece_of_event(&event);
  expect(piece != NULL);
  if (!dpd_pieces_fits(&m->pieces, dpd_piece_cost(piece))) {
    expect(dpd_pieces_any(&m->pieces));
    dpd_piece_release(piece);
    return;
  }
  dpd_pieces_push(&m->pieces, piece);
  m->length += length;
  expect(m->pieces.came == m->length);
}

static void take(model *m, uint8_t value) {
  dpd_share *share = &m->shares[m->next_share++ % SHARES];
  look_at(m, share);
  bool whole = value % 2 == 0;
  *share = dpd_pieces_take(&m->pieces, value % 16u, value % 5u, whole);
  expect(share->count <= value % 5u);
  expect(share->bytes <= value % 16u || (whole && share->count == 1 && !m->pieces.bytes));
  expect(share->after == m->pieces.acked);
  expect(dpd_share_end(&m->pieces, share) <= m->pieces.given);
}

static void acknowledge(model *m, uint8_t value) {
  uint64_t after = m->pieces.acked + value % 9u;
  bool may = after <= m->pieces.given;
  expect(dpd_pieces_may_ack(&m->pieces, after) == may);
  if (may) {
    dpd_piece_release(dpd_pieces_ack(&m->pieces, after));
    expect(dpd_pieces_any(&m->pieces) == (after < m->length));
    expect(dpd_pieces_any(&m->pieces) || m->pieces.held == 0);
  }
}

static void through_texts(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  char name[DPD_FILE_NAME_SIZE];
  expect(text != NULL);
  memcpy(text, data, size);
  text[size] = '\0';
  dpd_disposition_name(text, name);
  expect(strlen(name) < sizeof(name) && strpbrk(name, "/\\\r\n") == NULL);
  expect(dpd_utf8_valid(name, strlen(name)));
  const dp_event event = {.type = text, .id = text, .data = text, .length = strlen(text)};
  dpd_piece_release(dpd_piece_of_event(&event));
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static model m;
  through_texts(data, size);
  if (size == 0) {
    return 0;
  }
  memset(&m, 0, sizeof(m));
  dpd_pieces_init(&m.pieces, data[0] % 2 == 1, data[0] * 4u);
  for (size_t i = 1; i + 1 < size; i += 2) {
    static void (*const steps[])(model *, uint8_t) = {push, push, take, acknowledge};
    steps[data[i] % 4](&m, data[i + 1]);
  }
  dpd_piece_release(dpd_pieces_drop(&m.pieces));
  for (unsigned i = 0; i < SHARES; i++) {
    look_at(&m, &m.shares[i]);
  }
  return 0;
}

#ifdef REPLAY
static uint64_t state = 88172645463325252u;

static uint8_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint8_t)(state >> 24);
}

int main(void) {
  enum { ROUNDS = 20000, LONGEST = 300 };
  static const char head[] = "attachment; filename*=UTF-8''a%20%e2%98%83; filename=\"x\\\"y\"";
  for (int i = 0; i < ROUNDS; i++) {
    uint8_t data[LONGEST];
    size_t size = (size_t)(next_random() + 1) % LONGEST;
    for (size_t j = 0; j < size; j++) {
      data[j] = next_random();
    }
    if (i % 4 == 0 && size > sizeof(head)) { /* a sound header with a few changes */
      memcpy(data, head, sizeof(head));
      data[data[size - 1] % sizeof(head)] = data[size - 2];
    }
    LLVMFuzzerTestOneInput(data, size);
  }
  printf("%d inputs\n", ROUNDS);
  return 0;
}
#endif
