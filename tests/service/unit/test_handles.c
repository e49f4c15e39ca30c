/* Handles: owned, unguessable, held by connections, orphans in time. With a clock of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "handles.h"

static const dpd_handle_bounds bounds = {.what = "uploads", .per_user = 2, .most = 3};

typedef struct world {
  dpd_peers peers;
  dpd_handles handles;
  dpd_peer *alice, *again, *bob;
  dpd_handle one, two, more, list[3]; /* as long as the table */
} world;

static dpd_peer *enter(world *w, uint32_t id, uint32_t uid) {
  const dpd_peer_identity identity = {.uid = uid, .gid = 1, .pid = id};
  dpd_peer *peer = dpd_peers_add(&w->peers, id, &identity, 99, 64);
  assert_non_null(peer);
  return peer;
}

static int begin(void **state) {
  world *w = calloc(1, sizeof(*w));
  assert_non_null(w);
  dpd_peers_init(&w->peers, 0);
  dpd_handles_init(&w->handles);
  w->alice = enter(w, 1, 1000);
  w->again = enter(w, 2, 1000);
  w->bob = enter(w, 3, 1001);
  *state = w;
  return 0;
}

static int end(void **state) {
  world *w = *state;
  dpd_handles_clear(&w->handles);
  dpd_peers_clear(&w->peers);
  free(w);
  return 0;
}

static void open_for(world *w, dpd_handle *handle, dpd_peer *peer) {
  dp_error err;
  assert_true(dpd_handle_open(&w->handles, handle, peer, &bounds, &err));
}

static void leave(world *w, dpd_peer *peer, int64_t now_ms, bool orphans) {
  assert_int_equal(dpd_handles_gone(peer, now_ms, 5000), orphans);
  dpd_peers_remove(&w->peers, peer, now_ms);
}

static void test_only_its_user_finds_it(void **state) {
  world *w = *state;
  open_for(w, &w->one, w->alice);
  open_for(w, &w->two, w->bob);
  assert_memory_not_equal(w->one.id, w->two.id, sizeof(w->one.id));
  assert_ptr_equal(dpd_handle_find(&w->handles, w->one.id, 1000), &w->one);
  assert_null(dpd_handle_find(&w->handles, w->one.id, 1001));
  uint8_t id[DPD_HANDLE_SIZE];
  memcpy(id, w->one.id, sizeof(id));
  id[15] ^= 1; /* the same hash, another id */
  assert_null(dpd_handle_find(&w->handles, id, 1000));
  dpd_handle_close(&w->one);
  assert_null(dpd_handle_find(&w->handles, w->one.id, 1000));
  assert_int_equal(w->handles.count, 1);
}

static void test_bounds_are_named(void **state) {
  world *w = *state;
  dp_error err;
  open_for(w, &w->list[0], w->alice);
  open_for(w, &w->list[1], w->again);
  assert_false(dpd_handle_open(&w->handles, &w->more, w->alice, &bounds, &err));
  assert_int_equal(err.kind, DP_BUSY);
  assert_string_equal(err.code, "uploads_per_user");
  open_for(w, &w->list[2], w->bob);
  assert_false(dpd_handle_open(&w->handles, &w->more, w->bob, &bounds, &err));
  assert_string_equal(err.code, "uploads_max");
  dpd_handle_close(&w->list[0]);
  open_for(w, &w->more, w->bob);
}

static void test_orphans_have_a_grace(void **state) {
  world *w = *state;
  int64_t next = INT64_MAX;
  open_for(w, &w->one, w->alice);
  open_for(w, &w->two, w->alice);
  dpd_handle_touch(&w->two, w->again);
  assert_null(dpd_handles_due(&w->handles, 0, &next));
  assert_true(next == INT64_MAX);
  leave(w, w->alice, 100, true); /* one is nobody's now, two is held by the other connection */
  assert_null(dpd_handles_due(&w->handles, 5099, &next));
  assert_int_equal(next, 1);
  assert_ptr_equal(dpd_handles_due(&w->handles, 5100, &next), &w->one);
  assert_null(dpd_handles_due(&w->handles, 9999, &next));
  assert_ptr_equal(dpd_handle_find(&w->handles, w->one.id, 1000), &w->one); /* until it is closed */
}

static void test_an_orphan_is_taken_up(void **state) {
  world *w = *state;
  int64_t next = INT64_MAX;
  open_for(w, &w->one, w->alice);
  leave(w, w->alice, 100, true);
  dpd_handle_touch(&w->one, w->again);
  assert_null(dpd_handles_due(&w->handles, 999999, &next));
  leave(w, w->again, 200, true);
  assert_ptr_equal(dpd_handles_due(&w->handles, 5200, &next), &w->one);
}

static void test_more_holders_than_places(void **state) {
  world *w = *state;
  dpd_peer *crowd[DPD_HOLDERS + 2];
  int64_t next = INT64_MAX;
  open_for(w, &w->one, w->alice);
  for (uint32_t i = 0; i < DPD_HOLDERS + 2; i++) {
    crowd[i] = enter(w, 10 + i, 1000);
    dpd_handle_touch(&w->one, crowd[i]);
    dpd_handle_touch(&w->one, crowd[i]); /* takes one place all the same */
  }
  leave(w, w->alice, 1, false); /* it had given way */
  for (uint32_t i = 0; i < DPD_HOLDERS + 2; i++) {
    leave(w, crowd[i], 2, i == DPD_HOLDERS + 1);
  }
  assert_ptr_equal(dpd_handles_due(&w->handles, 5002, &next), &w->one);
}

static void test_closing_leaves_nothing_behind(void **state) {
  world *w = *state;
  int64_t next = INT64_MAX;
  open_for(w, &w->one, w->alice);
  leave(w, w->alice, 0, true);
  dpd_handle_close(&w->one);
  assert_null(dpd_handles_due(&w->handles, 999999, &next));
  assert_int_equal(w->handles.count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_only_its_user_finds_it, begin, end),
      cmocka_unit_test_setup_teardown(test_bounds_are_named, begin, end),
      cmocka_unit_test_setup_teardown(test_orphans_have_a_grace, begin, end),
      cmocka_unit_test_setup_teardown(test_an_orphan_is_taken_up, begin, end),
      cmocka_unit_test_setup_teardown(test_more_holders_than_places, begin, end),
      cmocka_unit_test_setup_teardown(test_closing_leaves_nothing_behind, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
