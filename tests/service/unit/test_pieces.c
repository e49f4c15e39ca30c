/* What is kept of one stream: numbers, acknowledgements, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pieces.h"

static dpd_piece *event(const char *data) {
  dp_event e = {.type = "message", .id = "", .data = data, .length = strlen(data)};
  dpd_piece *piece = dpd_piece_of_event(&e);
  assert_non_null(piece);
  return piece;
}

static void push_events(dpd_pieces *p, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    dpd_pieces_push(p, event("abc"));
  }
}

static void push_bytes(dpd_pieces *p, const char *data) {
  dpd_piece *piece = dpd_piece_of_bytes(data, strlen(data));
  assert_non_null(piece);
  dpd_pieces_push(p, piece);
}

static void ack(dpd_pieces *p, uint64_t after) {
  assert_true(dpd_pieces_may_ack(p, after));
  dpd_piece_release(dpd_pieces_ack(p, after));
}

typedef struct gathered {
  char bytes[256];
  size_t length;
} gathered;

static void gather(void *user, const void *data, size_t length) {
  gathered *g = user;
  assert_true(g->length + length <= sizeof(g->bytes));
  memcpy(g->bytes + g->length, data, length);
  g->length += length;
}

static void drop(dpd_pieces *p) {
  dpd_piece_release(dpd_pieces_drop(p));
  assert_int_equal(p->held, 0);
}

static void test_an_event_is_encoded_as_it_is_told(void **state) {
  (void)state;
  static const struct {
    dp_event event;
    const char *bytes;
    size_t length;
  } table[] = {
      {{.type = "message", .id = "", .data = "{}", .length = 2}, "\xa2{}", 3},
      {{.type = "message", .id = "", .data = "", .length = 0}, "\xa0", 1},
      {{.type = "later", .id = "", .data = "x", .length = 1},
       "\x83\xa5"
       "event\xa5later\xa2id\xa0\xa4"
       "data\xa1x",
       24},
      {{.type = "message", .id = "7", .data = "x", .length = 1},
       "\x83\xa5"
       "event\xa7message\xa2id\xa1"
       "7\xa4"
       "data\xa1x",
       27},
  };
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    dpd_piece *piece = dpd_piece_of_event(&table[i].event);
    assert_non_null(piece);
    assert_int_equal(piece->length, table[i].length);
    assert_memory_equal(piece->data, table[i].bytes, table[i].length);
    dpd_piece_release(piece);
  }
}

static void test_events_are_kept_until_they_are_acknowledged(void **state) {
  (void)state;
  dpd_pieces p;
  dpd_pieces_init(&p, false, 65536);
  push_events(&p, 5);
  assert_int_equal(p.came, 5);
  for (int again = 0; again < 3; again++) { /* asking again gives the same */
    dpd_share share = dpd_pieces_take(&p, 1 << 20, 3, true);
    assert_int_equal(share.after, 0);
    assert_int_equal(share.count, 3);
    assert_int_equal(dpd_share_end(&p, &share), 3);
    dpd_piece_release(share.first);
  }
  ack(&p, 2);
  dpd_share share = dpd_pieces_take(&p, 1 << 20, 100, true);
  assert_int_equal(share.after, 2);
  assert_int_equal(share.count, 3);
  dpd_piece_release(share.first);
  ack(&p, 5);
  assert_false(dpd_pieces_any(&p));
  assert_int_equal(p.held, 0);
  assert_int_equal(dpd_pieces_take(&p, 100, 100, true).count, 0);
}

static void test_what_may_be_acknowledged(void **state) {
  (void)state;
  dpd_pieces p;
  dpd_pieces_init(&p, false, 65536);
  assert_true(dpd_pieces_may_ack(&p, 0));
  assert_false(dpd_pieces_may_ack(&p, 1));
  push_events(&p, 4);
  assert_false(dpd_pieces_may_ack(&p, 1)); /* it came, but was not given */
  dpd_share share = dpd_pieces_take(&p, 1 << 20, 3, true);
  dpd_piece_release(share.first);
  ack(&p, 2);
  static const bool may[] = {false, false, true, true, false, false};
  for (uint64_t after = 0; after < sizeof(may) / sizeof(may[0]); after++) {
    assert_int_equal(dpd_pieces_may_ack(&p, after), may[after]);
  }
  drop(&p);
}

static void test_bytes_are_cut_anywhere(void **state) {
  (void)state;
  dpd_pieces p;
  dpd_pieces_init(&p, true, 65536);
  push_bytes(&p, "abcd");
  push_bytes(&p, "ef");
  push_bytes(&p, "ghij");
  static const struct {
    uint64_t after;
    size_t max;
    const char *bytes;
  } table[] = {
      {0, 100, "abcdefghij"}, {0, 3, "abc"}, {0, 4, "abcd"}, {0, 5, "abcde"},
      {3, 100, "defghij"},    {3, 1, "d"},   {5, 2, "fg"},   {6, 100, "ghij"},
      {9, 100, "j"},          {10, 100, ""},
  };
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    gathered g = {.length = 0};
    ack(&p, table[i].after);
    dpd_share share = dpd_pieces_take(&p, table[i].max, UINT32_MAX, true);
    dpd_share_write(&share, gather, &g);
    assert_int_equal(share.after, table[i].after);
    assert_int_equal(share.bytes, strlen(table[i].bytes));
    assert_int_equal(g.length, strlen(table[i].bytes));
    assert_memory_equal(g.bytes, table[i].bytes, g.length);
    dpd_piece_release(share.first);
  }
  assert_int_equal(p.held, 0);
}

static void test_one_event_is_always_given_whole(void **state) {
  (void)state;
  dpd_pieces p;
  dpd_pieces_init(&p, false, 65536);
  push_events(&p, 3); /* four bytes each */
  static const struct {
    size_t max_bytes;
    uint32_t max_count;
    bool whole;
    uint32_t count;
  } table[] = {
      {1, 10, true, 1}, {1, 10, false, 0}, {4, 10, false, 1},  {7, 10, true, 1},
      {8, 10, true, 2}, {0, 10, false, 0}, {100, 0, false, 0}, {100, 2, true, 2},
  };
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    dpd_share share = dpd_pieces_take(&p, table[i].max_bytes, table[i].max_count, table[i].whole);
    assert_int_equal(share.count, table[i].count);
    assert_int_equal(share.bytes, 4 * table[i].count);
    dpd_piece_release(share.first);
  }
  drop(&p);
}

static void test_the_buffer_is_bounded_but_takes_one(void **state) {
  (void)state;
  dpd_pieces p;
  dpd_pieces_init(&p, false, 200);
  dpd_piece *first = event("abc");
  size_t cost = dpd_piece_cost(first);
  assert_true(dpd_pieces_fits(&p, 1000000)); /* nothing is held: one always fits */
  dpd_pieces_push(&p, first);
  assert_false(dpd_pieces_fits(&p, 1000000));
  uint64_t count = 1;
  while (dpd_pieces_fits(&p, cost)) {
    push_events(&p, 1);
    assert_true(++count < 100);
  }
  assert_true(p.held <= 200 && p.held + cost > 200);
  dpd_share share = dpd_pieces_take(&p, 1000, 100, true);
  dpd_piece_release(share.first);
  ack(&p, 1);
  assert_true(dpd_pieces_fits(&p, cost));
  drop(&p);
}

static void test_a_share_outlives_what_it_was_taken_from(void **state) {
  (void)state;
  dpd_pieces p;
  gathered g = {.length = 0};
  dpd_pieces_init(&p, true, 65536);
  push_bytes(&p, "abc");
  push_bytes(&p, "def");
  dpd_share share = dpd_pieces_take(&p, 5, 10, true);
  push_bytes(&p, "ghi");
  ack(&p, 5);
  drop(&p);
  dpd_share_write(&share, gather, &g);
  assert_int_equal(g.length, 5);
  assert_memory_equal(g.bytes, "abcde", 5);
  dpd_piece_release(share.first);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_event_is_encoded_as_it_is_told),
      cmocka_unit_test(test_events_are_kept_until_they_are_acknowledged),
      cmocka_unit_test(test_what_may_be_acknowledged),
      cmocka_unit_test(test_bytes_are_cut_anywhere),
      cmocka_unit_test(test_one_event_is_always_given_whole),
      cmocka_unit_test(test_the_buffer_is_bounded_but_takes_one),
      cmocka_unit_test(test_a_share_outlives_what_it_was_taken_from),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
