/* Requests from maps, arguments to JSON, replies to bytes. The vectors of proto/ are run against
 * the service itself (test_hostile.py); here are the parts that show only inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

#include "args.h"
#include "encode.h"
#include "fault.h"
#include "message.h"
#include "utf8.h"

typedef struct unpacked {
  msgpack_zone zone;
  msgpack_object object;
} unpacked;

static void unpack(unpacked *out, const char *bytes, size_t length) {
  size_t offset = 0;
  assert_true(msgpack_zone_init(&out->zone, 1024));
  assert_int_equal(msgpack_unpack(bytes, length, &offset, &out->zone, &out->object),
                   MSGPACK_UNPACK_SUCCESS);
}

#define UNPACK(out, bytes) unpack(out, bytes, sizeof(bytes) - 1)
#define HEAD                                                                                       \
  "\xa1v\x01\xa2id\xc4\x10"                                                                        \
  "0123456789abcdef\xa2op\xacservice.ping"

static void test_defaults(void **state) {
  (void)state;
  unpacked u;
  dpd_request request;
  dp_error error;
  UNPACK(&u, "\x83" HEAD);
  assert_true(dpd_request_decode(&request, &u.object, &error));
  assert_string_equal(request.op, "service.ping");
  assert_string_equal(request.profile, "");
  assert_memory_equal(request.id, "0123456789abcdef", 16);
  assert_int_equal(request.deadline_ms, DPD_DEADLINE_DEFAULT_MS);
  assert_null(request.args);
  assert_false(request.has_epoch);
  assert_int_equal(request.flags, 0);
  msgpack_zone_destroy(&u.zone);
}

static void test_flags(void **state) {
  (void)state;
  unpacked u;
  dpd_request request;
  dp_error error;
  UNPACK(&u, "\x85" HEAD "\xa7options\x82\xa8validate\xc2\xa4wait\xc3\xa8priority\xa4"
             "bulk");
  assert_true(dpd_request_decode(&request, &u.object, &error));
  assert_int_equal(request.flags, DP_CALL_NO_VALIDATE | DP_CALL_WAIT);
  assert_int_equal(request.priority, DP_PRIORITY_BULK);
  msgpack_zone_destroy(&u.zone);
}

static void test_unknown_is_named_with_what_is_known(void **state) {
  (void)state;
  unpacked u;
  dpd_request request;
  dp_error error;
  UNPACK(&u, "\x84" HEAD "\xa5"
             "color\xc0");
  assert_false(dpd_request_decode(&request, &u.object, &error));
  assert_int_equal(error.kind, DP_INVALID_REQUEST);
  assert_string_equal(error.code, "unknown_key");
  assert_non_null(strstr(error.message, "\"color\""));
  assert_non_null(strstr(error.hint, "deadline_ms"));
  msgpack_zone_destroy(&u.zone);
}

static void json_is(const char *bytes, size_t length, const char *json) {
  unpacked u;
  dpd_text text = {0};
  unpack(&u, bytes, length);
  assert_true(dpd_json_write(&text, &u.object));
  assert_string_equal(text.data, json);
  dpd_text_free(&text);
  msgpack_zone_destroy(&u.zone);
}

#define JSON_IS(bytes, json) json_is(bytes, sizeof(bytes) - 1, json)

static void test_json(void **state) {
  (void)state;
  JSON_IS("\xc0", "null");
  JSON_IS("\x92\xc2\xc3", "[false,true]");
  JSON_IS("\x93\x07\xff\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "[7,-1,18446744073709551615]");
  JSON_IS("\xd3\x80\0\0\0\0\0\0\0", "-9223372036854775808");
  JSON_IS("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", "0.1");
  JSON_IS("\xcb\x40\x08\0\0\0\0\0\0", "3.0");
  JSON_IS("\xcb\x7f\xef\xff\xff\xff\xff\xff\xff", "1.7976931348623157e+308");
  JSON_IS("\xa6\"\\\n\x01\xc3\xbc", "\"\\\"\\\\\\n\\u0001\xc3\xbc\"");
  JSON_IS("\xa1\0", "\"\\u0000\"");
  JSON_IS("\x82\xa1"
          "a\x90\xa1"
          "b\x80",
          "{\"a\":[],\"b\":{}}");
  JSON_IS("\xc4\x02hi", "\"hi\"");
}

static void test_json_refuses_bytes_that_are_no_text(void **state) {
  (void)state;
  unpacked u;
  dpd_text text = {0};
  UNPACK(&u, "\x91\xc4\x01\xff");
  assert_false(dpd_json_write(&text, &u.object));
  dpd_text_free(&text);
  msgpack_zone_destroy(&u.zone);
}

static void test_an_error_fits_its_bound(void **state) {
  (void)state;
  uint8_t bytes[DPD_ERROR_BOUND];
  uint8_t id[16] = {0};
  dpd_out out = {.data = bytes, .capacity = sizeof(bytes)};
  dpd_envelope envelope = {.id = id, .epoch = id};
  char long_text[2000];
  memset(long_text, 'x', sizeof(long_text) - 1);
  long_text[sizeof(long_text) - 1] = '\0';
  dp_error error;
  dpd_fault(&error, DP_UNKNOWN_OUTCOME, long_text, "%s", long_text);
  dpd_fault_hint(&error, "%s", long_text);
  error.status = -1;
  error.retry_after_ms = UINT32_MAX;
  dpd_encode_error(&out, &envelope, &error);
  assert_false(out.failed);
  unpacked u;
  unpack(&u, (const char *)bytes, out.length);
  assert_int_equal(u.object.type, MSGPACK_OBJECT_MAP);
  assert_int_equal(u.object.via.map.size, 4);
  msgpack_zone_destroy(&u.zone);
}

static void test_texts_are_cut_at_a_character(void **state) {
  (void)state;
  char text[1200];
  for (size_t i = 0; i + 3 < sizeof(text); i += 3) {
    memcpy(text + i, "\xe2\x98\x83", 4);
  }
  for (int shift = 0; shift < 3; shift++) {
    dp_error error;
    dpd_fault(&error, DP_BUSY, "c", "%.*s%s", shift, "ab", text);
    assert_true(dpd_utf8_valid(error.message, strlen(error.message)));
    assert_true(strlen(error.message) > sizeof(error.message) - 4);
    assert_int_equal(error.retryable, 1);
  }
}

static void test_utf8(void **state) {
  (void)state;
  static const char *const good[] = {"",
                                     "plain ascii, and long enough for words",
                                     "\xc3\xbc",
                                     "\xed\x9f\xbf",
                                     "\xee\x80\x80",
                                     "\xf4\x8f\xbf\xbf"};
  static const char *const bad[] = {"\x80",
                                    "\xc0\x80",
                                    "\xc1\xbf",
                                    "\xe0\x9f\xbf",
                                    "\xed\xa0\x80",
                                    "\xf0\x8f\xbf\xbf",
                                    "\xf4\x90\x80\x80",
                                    "\xf5\x80\x80\x80",
                                    "abcdefgh\xe2\x98",
                                    "\xff"};
  for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    assert_true(dpd_utf8_valid(good[i], strlen(good[i])));
  }
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    assert_false(dpd_utf8_valid(bad[i], strlen(bad[i])));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_flags),
      cmocka_unit_test(test_unknown_is_named_with_what_is_known),
      cmocka_unit_test(test_json),
      cmocka_unit_test(test_json_refuses_bytes_that_are_no_text),
      cmocka_unit_test(test_an_error_fits_its_bound),
      cmocka_unit_test(test_texts_are_cut_at_a_character),
      cmocka_unit_test(test_utf8),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
