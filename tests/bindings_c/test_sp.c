/* SP framing: any cut of the bytes gives the same messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sp.h"

static const uint8_t rep[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
enum { BOUND = 1 << 20 };

typedef struct stream {
  uint8_t bytes[4096];
  size_t length;
} stream;

static void put(stream *s, const void *bytes, size_t length) {
  memcpy(s->bytes + s->length, bytes, length);
  s->length += length;
}

static void put_message(stream *s, uint32_t id, const char *body) {
  uint8_t head[DPC__SP_HEAD + DPC__SP_ID];
  dpc__sp_frame(head, strlen(body), id);
  put(s, head, sizeof head);
  put(s, body, strlen(body));
}

/* Feeds the stream in pieces; the bodies, one behind the other, land in out. */
static dpc__sp_result feed(const stream *s, size_t piece, char *out, unsigned *messages) {
  dpc__sp_reader r = {.max = BOUND};
  dpc__sp_result result = DPC__SP_MORE;
  *messages = 0;
  *out = '\0';
  for (size_t at = 0; at < s->length;) {
    size_t end = at + piece < s->length ? at + piece : s->length;
    while (at < end) {
      size_t used, length;
      uint32_t id;
      result = dpc__sp_feed(&r, s->bytes + at, end - at, &used);
      at += used;
      if (result == DPC__SP_MESSAGE) {
        uint8_t *data = dpc__sp_take(&r, &length, &id);
        assert_true(id & 0x80000000);
        strncat(out, (char *)data + 4, length - 4);
        free(data);
        ++*messages;
      } else if (result != DPC__SP_MORE && result != DPC__SP_DROPPED) {
        dpc__sp_reset(&r);
        return result;
      }
    }
  }
  dpc__sp_reset(&r);
  return result;
}

static void every_cut_gives_the_same(void **state) {
  (void)state;
  stream s = {.length = 0};
  char out[64];
  unsigned messages;
  put(&s, rep, 8);
  put_message(&s, 0x80000001, "one");
  put_message(&s, 0xffffffff, "");
  put_message(&s, 0x80000002, "two");
  for (size_t piece = 1; piece <= s.length; piece++) {
    dpc__sp_result result = feed(&s, piece, out, &messages);
    assert_true(result == DPC__SP_MESSAGE || result == DPC__SP_MORE);
    assert_int_equal(messages, 3);
    assert_string_equal(out, "onetwo");
  }
}

static void messages_without_an_id_are_dropped(void **state) {
  (void)state;
  static const uint8_t short_one[] = {1, 0, 0, 0, 0, 0, 0, 0, 3, 0x80, 0, 0};
  static const uint8_t empty[] = {1, 0, 0, 0, 0, 0, 0, 0, 0};
  stream s = {.length = 0};
  char out[64];
  unsigned messages;
  put(&s, rep, 8);
  put(&s, short_one, sizeof short_one);
  put(&s, empty, sizeof empty);
  put_message(&s, 0x7fffffff, "no top bit");
  put_message(&s, 0x80000000, "kept");
  for (size_t piece = 1; piece <= s.length; piece++) {
    feed(&s, piece, out, &messages);
    assert_int_equal(messages, 1);
    assert_string_equal(out, "kept");
  }
}

static void other_greetings_are_strangers(void **state) {
  (void)state;
  for (size_t i = 0; i < 8; i++) {
    stream s = {.length = 0};
    char out[8];
    unsigned messages;
    put(&s, rep, 8);
    s.bytes[i] ^= 0x10;
    assert_int_equal(feed(&s, 3, out, &messages), DPC__SP_STRANGER);
  }
}

static void a_frame_begins_with_one(void **state) {
  (void)state;
  stream s = {.length = 0};
  char out[8];
  unsigned messages;
  put(&s, rep, 8);
  put(&s, "\x02", 1);
  assert_int_equal(feed(&s, 64, out, &messages), DPC__SP_BAD_FRAME);
}

static void a_length_costs_nothing(void **state) {
  (void)state;
  static const uint8_t huge[] = {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  static const uint8_t over[] = {1, 0, 0, 0, 0, 0, 0x10, 0, 1}; /* one over the bound */
  static const uint8_t at_bound[] = {1, 0, 0, 0, 0, 0, 0x10, 0, 0, 0x80};
  char out[8];
  unsigned messages;
  stream s = {.length = 0};
  put(&s, rep, 8);
  put(&s, huge, sizeof huge);
  assert_int_equal(feed(&s, 64, out, &messages), DPC__SP_TOO_LONG);
  s.length = 8;
  put(&s, over, sizeof over);
  assert_int_equal(feed(&s, 64, out, &messages), DPC__SP_TOO_LONG);
  dpc__sp_reader r = {.max = BOUND};
  size_t used;
  assert_int_equal(dpc__sp_feed(&r, rep, 8, &used), DPC__SP_MORE);
  assert_int_equal(dpc__sp_feed(&r, at_bound, sizeof at_bound, &used), DPC__SP_MORE);
  assert_int_equal(r.length, BOUND);
  assert_true(r.capacity <= 4096);
  dpc__sp_reset(&r);
}

static void a_frame_is_thirteen_bytes_and_the_body(void **state) {
  (void)state;
  uint8_t head[13];
  static const uint8_t expected[] = {1, 0, 0, 0, 0, 0, 1, 0, 4, 0x81, 2, 3, 4};
  dpc__sp_frame(head, 65536, 0x81020304);
  assert_memory_equal(head, expected, sizeof expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_cut_gives_the_same),
      cmocka_unit_test(messages_without_an_id_are_dropped),
      cmocka_unit_test(other_greetings_are_strangers),
      cmocka_unit_test(a_frame_begins_with_one),
      cmocka_unit_test(a_length_costs_nothing),
      cmocka_unit_test(a_frame_is_thirteen_bytes_and_the_body),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
