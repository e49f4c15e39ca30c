/*
 * What comes in from outside, through every parser that sees it: framing, guard, msgpack-c,
 * request, JSON of arguments. The promise under test: whatever the guard lets through, msgpack-c
 * unpacks, and the rest neither crashes nor reads past its bytes.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined ... fuzz_message.c     (see README.md)
 *
 * With -DREPLAY it has a main of its own, which changes sound messages by a fixed sequence; that is
 * what the ordinary tests run, under the sanitizers.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <msgpack.h>

#include "args.h"
#include "guard.h"
#include "message.h"
#include "sp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void through_framing(const uint8_t *data, size_t size) {
  dpd_sp sp = {.message_max = 65536};
  for (;;) {
    size_t used;
    size_t wanted;
    dpd_sp_message message;
    dpd_sp_found found = dpd_sp_next(&sp, data, size, &used, &wanted, &message);
    if (found == DPD_SP_MORE || found == DPD_SP_WRONG) {
      return;
    }
    if (used == 0 || used > size) {
      abort();
    }
    data += used;
    size -= used;
  }
}

static void through_request(const uint8_t *data, size_t size) {
  msgpack_zone zone;
  msgpack_object object;
  size_t offset = 0;
  if (!msgpack_zone_init(&zone, 4096)) {
    return;
  }
  if (msgpack_unpack((const char *)data, size, &offset, &zone, &object) != MSGPACK_UNPACK_SUCCESS ||
      offset != size) {
    abort(); /* the guard let through what msgpack-c does not take */
  }
  dpd_request request;
  dp_error error;
  if (dpd_request_decode(&request, &object, &error) && request.args != NULL) {
    dpd_text json = {0};
    dpd_json_write(&json, request.args);
    dpd_text_free(&json);
  }
  msgpack_zone_destroy(&zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t id[16];
  through_framing(data, size);
  dpd_guard_id(data, size, id);
  if (dpd_guard_check(data, size) == DPD_FLAW_NONE) {
    through_request(data, size);
  }
  return 0;
}

#ifdef REPLAY
static uint64_t state = 88172645463325252u;

static uint32_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 16);
}

#define SEED(bytes)                                                                                \
  { (const uint8_t *)(bytes), sizeof(bytes) - 1 }
static const struct {
  const uint8_t *data;
  size_t size;
} seeds[] = {
    SEED("\x83\xa1v\x01\xa2id\xc4\x10"
         "0123456789abcdef\xa2op\xacservice.ping"),
    SEED("\x84\xa1v\x01\xa2id\xc4\x10"
         "0123456789abcdef\xa2op\xa4http\xa4"
         "args\x83\xa1"
         "a\x93\x01"
         "\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18\xd9\x03x\xc3\xbc\xa1"
         "b\x81\xa1"
         "c\xc4\x02\xff\xfe"
         "\xa1"
         "d\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
    SEED("\xde\x00\x03\xa1v\x01\xa2id\xc5\x00\x10"
         "0123456789abcdef\xa7options\xdf\x00\x00\x00\x01"
         "\xa4wait\xc3"),
    SEED("\0SP\0\0\x30\0\0\1\0\0\0\0\0\0\0\5\x80\0\0\1\x80\1\0\0\0\0\0\0\0\4\x80\0\0\2"),
};

static void change(uint8_t *data, size_t *size) {
  for (uint32_t times = 1 + next_random() % 5; times > 0 && *size > 0; times--) {
    size_t at = next_random() % *size;
    switch (next_random() % 4) {
    case 0:
      *size = at;
      break;
    case 1:
      data[at] ^= (uint8_t)(1u << (next_random() % 8));
      break;
    default:
      data[at] = (uint8_t)next_random();
      break;
    }
  }
}

int main(void) {
  enum { ROUNDS = 200000, ROOM = 256 };
  for (int i = 0; i < ROUNDS; i++) {
    size_t seed = (size_t)i % (sizeof(seeds) / sizeof(seeds[0]));
    size_t size = seeds[seed].size;
    uint8_t copy[ROOM];
    memcpy(copy, seeds[seed].data, size);
    change(copy, &size);
    uint8_t *exact = malloc(size == 0 ? 1 : size); /* so that a read past the end is seen */
    if (exact == NULL) {
      return 1;
    }
    memcpy(exact, copy, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
  }
  printf("%d messages\n", ROUNDS);
  return 0;
}
#endif
