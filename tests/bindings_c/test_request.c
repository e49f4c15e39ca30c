/* A request as it travels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"
#include "mp.h"
#include "request.h"
#include "sp.h"

static const uint8_t id[16] = {1, 2, 3}, epoch[16] = {9};

static char *message(const dpc__head *head, const dpc__bytes *tail) {
  uint8_t bytes[DPC__HEAD_MAX + 1024];
  size_t length = dpc__request_head(bytes, head);
  assert_true(length <= DPC__HEAD_MAX);
  memcpy(bytes + length, tail->data, tail->length);
  size_t body = length + tail->length - 13;
  assert_null(dpc__mp_check(bytes + 13, body));
  uint64_t declared = 0;
  for (int i = 1; i < 9; i++)
    declared = declared << 8 | bytes[i];
  assert_int_equal(declared, body + 4);
  dpc__bytes out = {0};
  dpc__json_write((dpc_value){bytes + 13, bytes + 13 + body}, &out);
  dpc__bytes_append(&out, "", 1);
  return (char *)out.data;
}

static void the_least(void **state) {
  (void)state;
  dpc__bytes tail = {0};
  dpc__head head = {.request_id = 0x80000000, .id = id, .deadline_ms = 1000};
  head.tail_entries = dpc__request_tail(&tail, "service.ping", NULL, NULL);
  head.tail_length = tail.length;
  char *text = message(&head, &tail);
  assert_string_equal(text, "{\"v\":1,\"id\":\"01020300000000000000000000000000\","
                            "\"deadline_ms\":1000,\"op\":\"service.ping\"}");
  free(text);
  dpc__bytes_clear(&tail);
}

static void everything(void **state) {
  (void)state;
  dpc__bytes tail = {0};
  dpc_args *args = dpc_args_new();
  dpc_args_set_int(args, "page", 2);
  dpc_call_options options = DPC_CALL_OPTIONS_INIT;
  options.priority = DPC_PRIORITY_BULK;
  options.cache_ms = 500;
  options.flags = DPC_CALL_NO_VALIDATE | DPC_CALL_WAIT | DPC_CALL_ALLOW_HAZARD | DPC_CALL_BLOCKING;
  char profile[DPC__PROFILE_MAX + 1];
  memset(profile, 'p', DPC__PROFILE_MAX);
  profile[DPC__PROFILE_MAX] = '\0';
  dpc__head head = {.request_id = 0xffffffff,
                    .id = id,
                    .epoch = epoch,
                    .again = true,
                    .profile = profile,
                    .deadline_ms = 86400000};
  head.tail_entries = dpc__request_tail(&tail, "datasets.list", args, &options);
  head.tail_length = tail.length;
  char *text = message(&head, &tail);
  assert_non_null(strstr(text, "\"epoch\":\"09000000000000000000000000000000\",\"again\":true,"));
  assert_non_null(strstr(text,
                         "\"op\":\"datasets.list\",\"args\":{\"page\":2},\"priority\":\"bulk\","
                         "\"cache\":500,\"options\":{\"validate\":false,\"allow_hazard\":true,"
                         "\"wait\":true,\"blocking\":true}}"));
  assert_non_null(strstr(text, profile));
  free(text);
  dpc_args_free(args);
  dpc__bytes_clear(&tail);
}

static void options_out_of_range_are_named(void **state) {
  (void)state;
  dpc_call_options o = DPC_CALL_OPTIONS_INIT;
  char longest[300];
  memset(longest, 'x', sizeof longest);
  longest[299] = '\0';
  assert_null(dpc__request_flaw("a.b", NULL));
  assert_null(dpc__request_flaw("a.b", &o));
  assert_non_null(dpc__request_flaw(NULL, &o));
  assert_non_null(dpc__request_flaw("", &o));
  assert_non_null(dpc__request_flaw(longest, &o));
  assert_non_null(dpc__request_flaw("\xff", &o));
  o.flags = 1u << 31;
  assert_non_null(strstr(dpc__request_flaw("a.b", &o), "flags"));
  o = (dpc_call_options)DPC_CALL_OPTIONS_INIT;
  o.deadline_ms = 86400001;
  assert_non_null(strstr(dpc__request_flaw("a.b", &o), "deadline_ms"));
  o = (dpc_call_options)DPC_CALL_OPTIONS_INIT;
  o.cache_ms = 3600001;
  assert_non_null(strstr(dpc__request_flaw("a.b", &o), "cache_ms"));
  o = (dpc_call_options)DPC_CALL_OPTIONS_INIT;
  o.priority = (dpc_priority)3;
  assert_non_null(strstr(dpc__request_flaw("a.b", &o), "priority"));
  o = (dpc_call_options)DPC_CALL_OPTIONS_INIT;
  o.profile = longest;
  assert_non_null(strstr(dpc__request_flaw("a.b", &o), "profile"));
  o = (dpc_call_options){.size = 0};
  assert_non_null(strstr(dpc__request_flaw("a.b", &o), "size"));
}

static void what_is_free_of_effects(void **state) {
  (void)state;
  static const struct {
    const char *op, *method;
    bool free;
  } rows[] = {{"datasets.list", NULL, true},      {"datasets.retrieve", NULL, true},
              {"service.ping", NULL, true},       {"datasets.create", NULL, false},
              {"datasets.lis", NULL, false},      {"datasets.list", "POST", true},
              {"http.request", NULL, false},      {"http.request", "GET", true},
              {"http.request", "head", true},     {"http.request", "POST", false},
              {"http.request", "GETS", false},    {"http.request", "", false},
              {"datasets.create", "GET", false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    dpc_args *args = rows[i].method ? dpc_args_new() : NULL;
    if (args)
      dpc_args_set_string(args, "method", rows[i].method);
    if (dpc__request_is_free(rows[i].op, args) != rows[i].free)
      fail_msg("%s %s", rows[i].op, rows[i].method ? rows[i].method : "");
    dpc_args_free(args);
  }
  dpc_args *args = dpc_args_new();
  dpc_args_set_int(args, "method", 1);
  assert_false(dpc__request_is_free("http.request", args));
  dpc_args_free(args);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_least),
      cmocka_unit_test(everything),
      cmocka_unit_test(options_out_of_range_are_named),
      cmocka_unit_test(what_is_free_of_effects),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
