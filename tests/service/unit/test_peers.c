/* Peers, users, the map beneath them, rules and base URLs: pure, with a clock of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "map.h"
#include "peers.h"
#include "rules.h"
#include "spec.h"

static const dpd_peer_identity alice = {.uid = 1000, .gid = 100, .pid = 11};
static const dpd_peer_identity bob = {.uid = 1001, .gid = 100, .pid = 12};
static const dpd_peer_identity self = {.uid = 1000, .gid = 100, .pid = 99};

static void test_clients_and_users(void **state) {
  (void)state;
  dpd_peers peers;
  dpd_peers_init(&peers, 5);
  assert_int_equal(peers.alone_since_ms, 5);
  dpd_peer *a = dpd_peers_add(&peers, 1, &alice, 99, 2);
  dpd_peer *b = dpd_peers_add(&peers, 2, &bob, 99, 2);
  assert_non_null(a);
  assert_non_null(b);
  assert_null(dpd_peers_add(&peers, 3, &alice, 99, 2)); /* clients_max */
  dpd_peer *own = dpd_peers_add(&peers, 4, &self, 99, 2);
  assert_non_null(own); /* our own question always gets in, and is no client */
  assert_int_equal(peers.clients, 2);
  assert_int_equal(a->user->connections, 1);
  assert_ptr_equal(dpd_peers_find(&peers, 2), b);
  dpd_peers_remove(&peers, a, 70);
  assert_non_null(dpd_peers_user(&peers, 1000)); /* our own question still points to it */
  dpd_peers_remove(&peers, own, 71);
  assert_null(dpd_peers_user(&peers, 1000));
  b->user->handles = 1;
  dpd_peers_remove(&peers, b, 80);
  assert_int_equal(peers.clients, 0);
  assert_int_equal(peers.alone_since_ms, 80);
  dpd_user *kept = dpd_peers_user(&peers, 1001); /* for its handle */
  assert_non_null(kept);
  assert_int_equal(kept->gone_ms, 80);
  kept->handles = 0;
  dpd_peers_forget_user(&peers, kept);
  assert_null(dpd_peers_user(&peers, 1001));
  dpd_peers_clear(&peers);
}

static void test_who_reads_least(void **state) {
  (void)state;
  dpd_peers peers;
  dpd_peers_init(&peers, 0);
  dpd_peer *a = dpd_peers_add(&peers, 1, &alice, 99, 9);
  dpd_peer *b = dpd_peers_add(&peers, 2, &bob, 99, 9);
  assert_null(dpd_peers_least_read(&peers));
  a->unread = 3;
  b->unread = 7;
  assert_ptr_equal(dpd_peers_least_read(&peers), b);
  dpd_peers_clear(&peers);
}

typedef struct thing {
  dpd_map_node node;
  uint64_t key;
} thing;

static void test_map(void **state) {
  (void)state;
  enum { COUNT = 5000 };
  dpd_map map = {0};
  thing *things = calloc(COUNT, sizeof(*things));
  assert_non_null(things);
  for (uint64_t i = 0; i < COUNT; i++) {
    things[i].key = i;
    assert_true(dpd_map_insert(&map, &things[i].node, i / 2)); /* two of a hash */
  }
  for (uint64_t i = 0; i < COUNT; i += 2) {
    dpd_map_remove(&map, &things[i].node);
  }
  assert_int_equal(map.count, COUNT / 2);
  for (uint64_t i = 0; i < COUNT; i++) {
    dpd_map_node *node = dpd_map_first(&map, i / 2);
    assert_ptr_equal(node, &things[i | 1].node);
    assert_null(dpd_map_next(node));
  }
  dpd_map_clear(&map);
  free(things);
}

static bool may(const dpd_rule *rules, size_t count, uint32_t uid, gid_t gid, const char *profile,
                const char *op) {
  const dpd_caller caller = {.uid = uid, .groups = &gid, .group_count = 1};
  return dpd_rules_allow(rules, count, &caller, profile, op);
}

static void test_rules(void **state) {
  (void)state;
  dpd_rule rules[2] = {{.everybody = true}, {.everybody = true}};
  assert_true(may(NULL, 0, 5, 5, "p", "x.y"));
  assert_null(dpd_rule_set(&rules[0], "users", "1000, root"));
  assert_null(dpd_rule_set(&rules[0], "operations", "datasets.*, documents.list"));
  assert_null(dpd_rule_set(&rules[1], "groups", "77"));
  assert_null(dpd_rule_set(&rules[1], "profiles", "site, " DPD_RULE_OWN));
  assert_true(may(rules, 2, 1000, 5, "any", "datasets.create"));
  assert_true(may(rules, 2, 0, 5, "any", "documents.list"));
  assert_false(may(rules, 2, 1000, 5, "any", "documents.delete"));
  assert_false(may(rules, 2, 1001, 5, "any", "datasets.create"));
  assert_true(may(rules, 2, 1001, 77, "site", "documents.delete"));
  assert_false(may(rules, 2, 1001, 77, "other", "documents.delete"));
  assert_true(may(rules, 2, 1001, 77, DPD_RULE_OWN, "documents.delete"));
  assert_non_null(dpd_rule_set(&rules[0], "users", "nobody-of-that-name"));
  assert_non_null(dpd_rule_set(&rules[0], "colour", "red"));
  dpd_rule_clear(&rules[0]);
  dpd_rule_clear(&rules[1]);
}

static void test_base_urls(void **state) {
  (void)state;
  assert_true(dpd_url_same("https://Api.Dify.ai/v1", "https://api.dify.ai"));
  assert_true(dpd_url_same("https://h/", "https://h/v1/"));
  assert_true(dpd_url_same("https://h/a/v1", "https://h/a/"));
  assert_false(dpd_url_same("https://h/a", "https://h/A"));
  assert_false(dpd_url_same("https://h", "http://h"));
  assert_false(dpd_url_same("https://h", "https://h.evil"));
  assert_false(dpd_url_same("https://h:1", "https://h:2"));
}

static void test_specs(void **state) {
  (void)state;
  static const uint8_t key[16] = {7};
  dpd_spec a;
  dpd_spec b;
  dpd_spec_init(&a);
  dpd_spec_init(&b);
  for (size_t i = 0; i < dpd_spec_row_count; i++) {
    const dpd_spec_row *row = &dpd_spec_rows[i];
    assert_non_null(strstr(dpd_spec_names(), row->name));
    if (row->type == DPD_SPEC_TEXT || row->type == DPD_SPEC_FILE) {
      assert_true(dpd_spec_set_text(&a, row, "x"));
    } else if (row->type == DPD_SPEC_BYTES) {
      assert_true(dpd_spec_set_bytes(&a, row, "x", 1));
    } else {
      assert_false(dpd_spec_set_number(&a, row, (int64_t)row->most + 1));
      assert_true(dpd_spec_set_number(&a, row, row->type == DPD_SPEC_SWITCH ? 0 : row->most));
    }
    dpd_digest one = dpd_spec_digest(&a, key);
    dpd_digest two = dpd_spec_digest(&b, key);
    assert_memory_not_equal(&one, &two, sizeof(one)); /* each setting counts */
    dpd_spec_clear(&a);
    one = dpd_spec_digest(&a, key);
    assert_memory_equal(&one, &two, sizeof(one));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_clients_and_users),
      cmocka_unit_test(test_who_reads_least),
      cmocka_unit_test(test_map),
      cmocka_unit_test(test_rules),
      cmocka_unit_test(test_base_urls),
      cmocka_unit_test(test_specs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
