/* The verdict, from numbers alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bytes.h"
#include "json.h"
#include "stats.h"

static void expect(const char *json, const char *verdict) {
  dpc__bytes packed = {0};
  char line[256];
  assert_null(dpc__json_read(json, strlen(json), &packed));
  cli_verdict((dpc_value){packed.data, packed.data + packed.length}, line, sizeof line);
  assert_string_equal(line, verdict);
  dpc__bytes_clear(&packed);
}

static void verdicts(void **state) {
  (void)state;
  expect(
      "{\"pool\":{\"pooling\":1},\"hosts\":[{\"connections_opened\":3,\"connections_reused\":597,"
      "\"calls\":600,\"saved_us\":34200000}]}",
      "Pooling works: 3 connections carried 600 calls (99.5 % reused), about 34.2 s of handshakes "
      "saved.");
  expect(
      "{\"pool\":{\"pooling\":true},\"hosts\":[{\"connections_opened\":1,\"connections_reused\":9,"
      "\"calls\":8,\"saved_us\":1},{\"connections_opened\":0,\"connections_reused\":2,\"calls\":2}]"
      "}",
      "Pooling works: 1 connection carried 10 calls (91.7 % reused), about 1 µs of handshakes "
      "saved.");
  expect("{\"pool\":{\"pooling\":false},\"hosts\":[]}",
         "Pooling is off: every call opens a connection of its own.");
  expect("{\"pool\":{\"pooling\":0},\"hosts\":[{\"calls\":5}]}",
         "Pooling is off: every call opens a connection of its own.");
  expect("{\"pool\":{\"pooling\":true},\"hosts\":[]}",
         "Pooling is on; no calls have been made yet.");
  expect("{}", "Pooling is on; no calls have been made yet.");
  expect("{\"hosts\":[{\"connections_opened\":1,\"calls\":1}]}",
         "Pooling is on; too few calls yet to tell what it saves.");
  expect(
      "{\"hosts\":[{\"connections_opened\":9,\"connections_reused\":1,\"calls\":10}]}",
      "Pooling is on, but only 10.0 % of requests found an open connection: calls come too rarely, "
      "or the server closes connections early.");
}

static void odd_counters_read_as_nothing(void **state) {
  (void)state;
  dpc__bytes packed = {0};
  cli_host host;
  static const char json[] =
      "{\"hosts\":[{\"connections_opened\":\"x\",\"calls\":-4,\"origin\":7},3,null]}";
  assert_null(dpc__json_read(json, strlen(json), &packed));
  cli_hosts_total((dpc_value){packed.data, packed.data + packed.length}, &host);
  assert_int_equal(host.opened, 0);
  assert_int_equal(host.calls, 0);
  dpc__bytes_clear(&packed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(verdicts),
      cmocka_unit_test(odd_counters_read_as_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
