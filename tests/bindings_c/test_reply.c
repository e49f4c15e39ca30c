/* What a reply gives beyond the vectors: who owns it, and texts in place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bytes.h"
#include "error.h"
#include "reply.h"

static const uint8_t id[16] = {7};

static dpc_reply *decode(dpc__bytes *message) {
  dpc_reply *reply = dpc__reply_new(id);
  uint8_t *data = malloc(message->length + 1);
  memcpy(data, message->data, message->length);
  dpc__reply_decode(reply, data, message->length, 0);
  dpc__bytes_clear(message);
  return reply;
}

static void texts_end_in_nul_in_place(void **state) {
  (void)state;
  dpc__bytes m = {0};
  dpc_value value;
  dpc__pack_map(&m, 2);
  dpc__pack_text(&m, "v");
  dpc__pack_int(&m, 1);
  dpc__pack_text(&m, "ok");
  dpc__pack_map(&m, 5);
  dpc__pack_text(&m, "headers"); /* texts next to one another, and last a value */
  dpc__pack_map(&m, 3);
  dpc__pack_text(&m, "a");
  dpc__pack_text(&m, "1");
  dpc__pack_text(&m, "b");
  dpc__pack_text(&m, "");
  dpc__pack_text(&m, "c");
  dpc__pack_int(&m, 3); /* not a text: left out */
  dpc__pack_text(&m, "type");
  dpc__pack_text(&m, "text/plain");
  dpc__pack_text(&m, "body");
  dpc__pack_bin(&m, "body", 4);
  dpc__pack_text(&m, "meta");
  dpc__pack_map(&m, 2);
  dpc__pack_text(&m, "note");
  dpc__pack_text(&m, "a note");
  dpc__pack_text(&m, "version");
  dpc__pack_text(&m, "1.2.3");
  dpc__pack_text(&m, "status");
  dpc__pack_int(&m, 200);
  dpc_reply *reply = decode(&m);
  const char *name, *text;
  size_t length;
  assert_int_equal(dpc_reply_kind(reply), DPC_OK);
  assert_string_equal(dpc_reply_header(reply, "a"), "1");
  assert_string_equal(dpc_reply_header(reply, "b"), "");
  assert_null(dpc_reply_header(reply, "c"));
  assert_true(dpc_reply_header_at(reply, 1, &name, &text));
  assert_string_equal(name, "b");
  assert_false(dpc_reply_header_at(reply, 2, &name, &text));
  assert_string_equal(dpc_reply_type(reply), "text/plain");
  assert_string_equal(dpc_reply_body(reply, &length), "body");
  assert_int_equal(length, 4);
  assert_false(dpc_reply_value(reply, &value));
  assert_string_equal(dpc_reply_meta(reply)->note, "a note");
  assert_string_equal(dpc_reply_meta(reply)->version, "1.2.3");
  assert_int_equal(dpc_reply_status(reply), 200);
  assert_memory_equal(dpc_reply_id(reply), id, 16);
  dpc_reply *kept = dpc_reply_ref(reply);
  dpc_reply_unref(reply);
  assert_string_equal(dpc_reply_type(kept), "text/plain");
  dpc_reply_unref(kept);
  dpc_reply_unref(NULL);
}

static void values_stay_whole_beside_them(void **state) {
  (void)state;
  dpc__bytes m = {0};
  dpc_value value, inner;
  size_t length;
  dpc__pack_map(&m, 2);
  dpc__pack_text(&m, "ok");
  dpc__pack_map(&m, 3);
  dpc__pack_text(&m, "type");
  dpc__pack_text(&m, "x/y");
  dpc__pack_text(&m, "body");
  dpc__pack_map(&m, 1);
  dpc__pack_text(&m, "list");
  dpc__pack_array(&m, 2);
  dpc__pack_text(&m, "one");
  dpc__pack_text(&m, "two");
  dpc__pack_text(&m, "headers");
  dpc__pack_map(&m, 1);
  dpc__pack_text(&m, "k");
  dpc__pack_text(&m, "v");
  dpc__pack_text(&m, "v");
  dpc__pack_int(&m, 1);
  dpc_reply *reply = decode(&m);
  assert_true(dpc_reply_value(reply, &value));
  assert_true(dpc_value_get(value, "list", &inner));
  assert_int_equal(dpc_value_count(inner), 2);
  assert_string_equal(dpc_reply_body(reply, &length), "{\"list\":[\"one\",\"two\"]}");
  assert_string_equal(dpc_reply_type(reply), "application/json");
  dpc_reply_unref(reply);
}

static void our_own_errors(void **state) {
  (void)state;
  dpc_error error;
  dpc_reply *reply = dpc__reply_new(id);
  dpc__fail(&error, DPC_TIMEOUT, "deadline", NULL, "too late");
  dpc__reply_fail(reply, &error);
  assert_int_equal(dpc_reply_kind(reply), DPC_TIMEOUT);
  assert_string_equal(dpc_reply_error(reply)->message, "too late");
  assert_string_equal(dpc_reply_body(reply, NULL), "");
  assert_string_equal(dpc_reply_type(reply), "");
  assert_string_equal(dpc_reply_meta(reply)->note, "");
  dpc_reply_unref(reply);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(texts_end_in_nul_in_place),
      cmocka_unit_test(values_stay_whole_beside_them),
      cmocka_unit_test(our_own_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
