/*
 * Parsers of outside bytes under bytes that nobody meant: the vectors of proto/, changed at random
 * from a fixed seed. Built with -fsanitize=fuzzer and -DFUZZER it is a target for libFuzzer
 * instead:
 *
 *   clang -DFUZZER -fsanitize=fuzzer,address … test_fuzz.c && ./a.out corpus/
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flows.h"
#include "json.h"
#include "mp.h"
#include "reply.h"
#include "sp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Looks at everything that a caller could look at. */
static void read_value(dpc_value value, unsigned depth) {
  dpc_value key, entry;
  size_t length;
  dpc_walk walk = dpc_value_walk(value);
  (void)dpc_value_double(value, 0);
  (void)dpc_value_int(value, 0);
  (void)dpc_value_text(value, &length);
  while (depth < DPC__DEPTH_MAX && dpc_walk_next(&walk, &key, &entry)) {
    (void)dpc_value_text(key, &length);
    read_value(entry, depth + 1);
  }
}

static void read_reply(const dpc_reply *reply) {
  const char *name, *text;
  size_t length, sum = strlen(dpc_reply_error(reply)->message) + strlen(dpc_reply_type(reply));
  const char *body = dpc_reply_body(reply, &length);
  sum += (size_t)(unsigned char)body[length];
  for (size_t i = 0; dpc_reply_header_at(reply, i, &name, &text); i++)
    sum += strlen(name) + strlen(text);
  const dpc_meta *meta = dpc_reply_meta(reply);
  sum += strlen(meta->op) + strlen(meta->note) + strlen(meta->version);
  dpc_value value;
  if (dpc_reply_value(reply, &value))
    read_value(value, 0);
  if (sum == SIZE_MAX)
    abort();
}

static void try_reply(const uint8_t *data, size_t size) {
  static const uint8_t id[16] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
                                 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f};
  dpc_reply *reply = dpc__reply_new(id);
  uint8_t *copy = malloc(size + 1);
  if (!reply || !copy)
    abort();
  memcpy(copy, data, size);
  dpc__reply_decode(reply, copy, size, 0);
  read_reply(reply);
  dpc_reply_unref(reply);
}

/* Bytes become the body of a reply to stream.next; whatever it says, what is given out lies in it.
 */
static void try_flow(const uint8_t *data, size_t size) {
  static const uint8_t id[16] = {0x10}, handle[16] = "0123456789abcdef";
  static const uint8_t head[] = "\x82\xa1v\x01\xa2ok\x81\xa4"
                                "body\x81\xa7streams\x91\x85\xa6"
                                "stream\xc4\x10"
                                "0123456789abcdef";
  dpc_stream *s = dpc__stream_of(NULL, handle);
  dpc_reply *reply = dpc__reply_new(id);
  uint8_t *copy = malloc(sizeof head + size);
  dpc_piece piece;
  if (!s || !reply || !copy)
    abort();
  memcpy(copy, head, sizeof head - 1);
  memcpy(copy + sizeof head - 1, data, size);
  dpc__reply_no_json(reply);
  dpc__reply_decode(reply, copy, sizeof head - 1 + size, 0);
  dpc_stream_take(&s, 1, reply, NULL);
  uint64_t at = 0;
  while (dpc_stream_piece(s, &piece)) {
    if (piece.at != ++at ||
        (piece.length && (size_t)(piece.data - (const char *)copy) > sizeof head + size))
      abort();
  }
  dpc_stream_end(s);
  dpc__stream_disown(s);
  dpc_reply_unref(reply);
}

static void try_stream(const uint8_t *data, size_t size) {
  dpc__sp_reader reader = {.max = 1 << 20, .greeted = DPC__SP_GREETING};
  for (size_t at = 0, used; at < size; at += used) {
    dpc__sp_result result = dpc__sp_feed(&reader, data + at, size - at, &used);
    size_t length;
    uint32_t id;
    if (result == DPC__SP_MESSAGE)
      free(dpc__sp_take(&reader, &length, &id));
    else if (result != DPC__SP_MORE && result != DPC__SP_DROPPED)
      break;
  }
  dpc__sp_reset(&reader);
}

/* What is read as JSON and written again must be read as the same. */
static void try_json(const uint8_t *data, size_t size) {
  dpc__bytes packed = {0}, text = {0}, again = {0};
  if (!dpc__json_read((const char *)data, size, &packed)) {
    dpc__json_write((dpc_value){packed.data, packed.data + packed.length}, &text);
    if (dpc__json_read((const char *)text.data, text.length, &again) ||
        again.length != packed.length || memcmp(again.data, packed.data, packed.length) != 0)
      abort();
  }
  dpc__bytes_clear(&packed);
  dpc__bytes_clear(&text);
  dpc__bytes_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size)
    return 0;
  switch (data[0] % 4) {
  case 0:
    try_reply(data + 1, size - 1);
    break;
  case 1:
    try_stream(data + 1, size - 1);
    break;
  case 2:
    try_flow(data + 1, size - 1);
    break;
  default:
    try_json(data + 1, size - 1);
  }
  return 0;
}

#ifndef FUZZER
enum { LINE = 1 << 20, BYTES = 4096, ROUNDS = 2000 };

static uint32_t seed = 20240101;

static uint32_t chance(uint32_t below) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % below;
}

/* Flips, cuts, doubles and inserts what lengths and counts are made of. */
static size_t change(uint8_t *bytes, size_t size) {
  static const uint8_t odd[] = {0x00, 0x7f, 0x80, 0x81, 0x8f, 0x9f, 0xbf, 0xc1, 0xc4, 0xc6, 0xcb,
                                0xd4, 0xd9, 0xdb, 0xdd, 0xdf, 0xff, '"',  '\\', '{',  '[',  ','};
  for (uint32_t times = 1 + chance(4); size && times--;) {
    size_t at = chance((uint32_t)size);
    switch (chance(4)) {
    case 0:
      bytes[at] ^= (uint8_t)(1u << chance(8));
      break;
    case 1:
      bytes[at] = odd[chance(sizeof odd)];
      break;
    case 2:
      size = at;
      break;
    default:
      if (size < BYTES) {
        memmove(bytes + at + 1, bytes + at, size - at);
        size++;
      }
    }
  }
  return size;
}

static size_t from_hex(const char *line, uint8_t *bytes) {
  const char *at = strstr(line, "\"hex\": \"");
  size_t size = 0;
  for (at = at ? at + 8 : ""; size < BYTES - 1 && at[0] && at[0] != '"' && at[1]; at += 2) {
    char pair[3] = {at[0], at[1], '\0'};
    bytes[size++] = (uint8_t)strtoul(pair, NULL, 16);
  }
  return size;
}

static void play(const uint8_t *bytes, size_t size, uint8_t parser) {
  uint8_t changed[BYTES + 2];
  for (int round = 0; size <= BYTES && round < ROUNDS; round++) {
    changed[0] = parser;
    memcpy(changed + 1, bytes, size);
    LLVMFuzzerTestOneInput(changed, 1 + (round ? change(changed + 1, size) : size));
  }
}

int main(int argc, char **argv) {
  static const char *const files[] = {"replies.jsonl", "service_streams.jsonl"};
  char *line = malloc(LINE), path[4096];
  static const uint8_t flow[] = "\xa5"
                                "first\x01\xa6"
                                "events\x93\xa1"
                                "a\x82\xa5"
                                "event\xa4"
                                "ping\xa4"
                                "data\xa0\xa1"
                                "b"
                                "\xa3"
                                "end\x81\xa2"
                                "ok\x82\xa6"
                                "status\xcc\xc8\xa3"
                                "run\x81\xa7"
                                "task_id\xa1"
                                "t\xa4"
                                "more\xc0";
  uint8_t bytes[BYTES];
  unsigned rows = 0;
  for (uint8_t i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/%s", argc > 1 ? argv[1] : "proto/vectors", files[i]);
    FILE *in = fopen(path, "r");
    if (!in)
      return 1;
    for (; fgets(line, LINE, in); rows++) {
      play(bytes, from_hex(line, bytes), i);
      size_t length = strnlen(line, BYTES - 1);
      memcpy(bytes, line, length);
      play(bytes, length, 3);
    }
    fclose(in);
  }
  free(line);
  play(flow, sizeof flow - 1, 2);
  printf("%u rows, each changed %d times\n", rows, 2 * ROUNDS);
  return rows > 20 ? 0 : 1;
}
#endif
