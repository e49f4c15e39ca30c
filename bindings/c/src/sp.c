/*
 * SP is small enough to be spoken by hand, which spares every client libnng's threads and start-up.
 * The reader is a machine that is fed whatever a socket gave, cut anywhere. It never believes a
 * length: a payload's memory grows with the bytes that came, at most twofold, so that a header that
 * claims gigabytes costs nothing.
 */
#include "sp.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 4096 };

const uint8_t dpc__sp_greeting[DPC__SP_GREETING] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
static const uint8_t expected[DPC__SP_GREETING] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

void dpc__sp_reset(dpc__sp_reader *reader) {
  free(reader->payload);
  *reader = (dpc__sp_reader){.max = reader->max};
}

static bool greet(dpc__sp_reader *r, const uint8_t *data, size_t length, size_t *used) {
  size_t take = smaller(DPC__SP_GREETING - r->greeted, length);
  if (memcmp(expected + r->greeted, data, take) != 0)
    return false;
  r->greeted += take;
  *used += take;
  return true;
}

static dpc__sp_result take_head(dpc__sp_reader *r, const uint8_t *data, size_t length,
                                size_t *used) {
  size_t take = smaller(DPC__SP_HEAD - r->head_length, length);
  memcpy(r->head + r->head_length, data, take);
  r->head_length += take;
  *used += take;
  if (r->head_length && r->head[0] != 1)
    return DPC__SP_BAD_FRAME;
  if (r->head_length < DPC__SP_HEAD)
    return DPC__SP_MORE;
  uint64_t declared = 0;
  for (size_t i = 1; i < DPC__SP_HEAD; i++)
    declared = (declared << 8) | r->head[i];
  if (declared > r->max || declared >= SIZE_MAX)
    return DPC__SP_TOO_LONG;
  r->length = (size_t)declared;
  return DPC__SP_MORE;
}

static bool make_room(dpc__sp_reader *r, size_t more) {
  size_t need = r->have + more;
  if (r->payload && need <= r->capacity)
    return true;
  size_t capacity = r->capacity ? r->capacity : FIRST_CAPACITY;
  while (capacity < need)
    capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
  capacity = smaller(capacity, r->length);
  uint8_t *payload = realloc(r->payload, capacity + 1);
  if (!payload)
    return false;
  r->payload = payload;
  r->capacity = capacity;
  return true;
}

static void next_message(dpc__sp_reader *r) {
  r->payload = NULL;
  r->head_length = r->length = r->have = r->capacity = 0;
}

static dpc__sp_result finish(dpc__sp_reader *r) {
  if (r->length >= DPC__SP_ID && (r->payload[0] & 0x80))
    return DPC__SP_MESSAGE;
  free(r->payload);
  next_message(r);
  return DPC__SP_DROPPED;
}

static dpc__sp_result take_payload(dpc__sp_reader *r, const uint8_t *data, size_t length,
                                   size_t *used) {
  size_t take = smaller(r->length - r->have, length);
  if (!make_room(r, take))
    return DPC__SP_NO_MEMORY;
  memcpy(r->payload + r->have, data, take);
  r->have += take;
  *used += take;
  return r->have == r->length ? finish(r) : DPC__SP_MORE;
}

dpc__sp_result dpc__sp_feed(dpc__sp_reader *r, const uint8_t *data, size_t length, size_t *used) {
  *used = 0;
  if (r->greeted < DPC__SP_GREETING && !greet(r, data, length, used))
    return DPC__SP_STRANGER;
  while (*used < length) {
    dpc__sp_result result = DPC__SP_MORE;
    if (r->head_length < DPC__SP_HEAD)
      result = take_head(r, data + *used, length - *used, used);
    if (result == DPC__SP_MORE && r->head_length == DPC__SP_HEAD)
      result = take_payload(r, data + *used, length - *used, used);
    if (result != DPC__SP_MORE)
      return result;
  }
  return DPC__SP_MORE;
}

uint8_t *dpc__sp_take(dpc__sp_reader *r, size_t *length, uint32_t *request_id) {
  uint8_t *payload = r->payload;
  *length = r->length;
  *request_id = (uint32_t)payload[0] << 24 | (uint32_t)payload[1] << 16 |
                (uint32_t)payload[2] << 8 | payload[3];
  next_message(r);
  return payload;
}

void dpc__sp_frame(uint8_t out[DPC__SP_HEAD + DPC__SP_ID], uint64_t body_length,
                   uint32_t request_id) {
  uint64_t length = body_length + DPC__SP_ID;
  out[0] = 1;
  for (int i = 0; i < 8; i++)
    out[1 + i] = (uint8_t)(length >> (56 - 8 * i));
  for (int i = 0; i < 4; i++)
    out[DPC__SP_HEAD + i] = (uint8_t)(request_id >> (24 - 8 * i));
}
