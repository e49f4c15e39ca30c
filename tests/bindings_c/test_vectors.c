/* The vectors of proto/: bytes of replies and of services, with what must come of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "json.h"
#include "reply.h"
#include "sp.h"

static const char *directory;
enum { LINE = 1 << 20 };

static void hex_to(const char *hex, size_t length, dpc__bytes *out) {
  for (size_t i = 0; i + 1 < length; i += 2) {
    char pair[3] = {hex[i], hex[i + 1], '\0'};
    uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);
    dpc__bytes_append(out, &byte, 1);
  }
}

static void get_hex(dpc_value map, const char *key, dpc__bytes *out) {
  dpc_value value;
  size_t length;
  if (!dpc_value_get(map, key, &value))
    return;
  const char *hex = dpc_value_text(value, &length);
  assert_non_null(hex);
  hex_to(hex, length, out);
}

/* `hex`, then `fill`, then `tail`. */
static void row_bytes(dpc_value row, dpc__bytes *out) {
  dpc_value fill, times;
  get_hex(row, "hex", out);
  if (dpc_value_get(row, "fill", &fill) && dpc_value_get(fill, "times", &times))
    for (uint64_t i = dpc_value_uint(times, 0); i > 0; i--)
      get_hex(fill, "hex", out);
  get_hex(row, "tail", out);
}

static void text_of(dpc_value map, const char *key, char *out, size_t size) {
  dpc_value value;
  size_t length = 0;
  const char *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  snprintf(out, size, "%.*s", (int)length, text ? text : "");
}

static uint64_t number_of(dpc_value map, const char *key) {
  dpc_value value;
  return dpc_value_get(map, key, &value) ? dpc_value_uint(value, 0) : 0;
}

static bool flag_of(dpc_value map, const char *key) {
  dpc_value value;
  return dpc_value_get(map, key, &value) && dpc_value_bool(value, false);
}

static void for_each_row(const char *file, void (*check)(dpc_value row)) {
  char path[4096];
  char *line = malloc(LINE);
  unsigned rows = 0;
  snprintf(path, sizeof path, "%s/%s", directory, file);
  FILE *in = fopen(path, "r");
  assert_non_null(in);
  while (fgets(line, LINE, in)) {
    dpc__bytes row = {0};
    assert_null(dpc__json_read(line, strlen(line), &row));
    check((dpc_value){row.data, row.data + row.length});
    dpc__bytes_clear(&row);
    rows++;
  }
  fclose(in);
  free(line);
  assert_true(rows > 5);
}

static dpc_reply *decode(const dpc__bytes *message) {
  uint8_t id[16];
  for (uint8_t i = 0; i < 16; i++)
    id[i] = (uint8_t)(0x10 + i);
  dpc_reply *reply = dpc__reply_new(id);
  uint8_t *data = malloc(4 + message->length + 1);
  memset(data, 0x80, 4);
  if (message->length)
    memcpy(data + 4, message->data, message->length);
  dpc__reply_decode(reply, data, 4 + message->length, 4);
  return reply;
}

/* Bytes within a value read as hex: {"$bin":"00ff"} becomes "00ff". */
static void bytes_as_hex(dpc__bytes *json) {
  static const char before[] = "{\"$bin\":";
  size_t length = 0, skip = sizeof before - 1;
  bool inside = false;
  for (size_t i = 0; i < json->length; i++) {
    if (json->length - i > skip && memcmp(json->data + i, before, skip) == 0) {
      i += skip;
      inside = true;
    }
    if (inside && json->data[i] == '}')
      inside = false;
    else
      json->data[length++] = json->data[i];
  }
  json->length = length;
}

static void expect_body(const dpc_reply *reply, dpc_value answer) {
  dpc_value body, bin, value;
  size_t length;
  const char *has = dpc_reply_body(reply, &length);
  dpc__bytes expected = {0};
  assert_int_equal(has[length], '\0');
  if (!dpc_value_get(answer, "body", &body))
    return;
  if (dpc_value_get(body, "$bin", &bin)) {
    assert_false(dpc_reply_value(reply, &value));
    get_hex(body, "$bin", &expected);
  } else {
    assert_true(dpc_reply_value(reply, &value));
    dpc__json_write(body, &expected);
  }
  bytes_as_hex(&expected);
  assert_int_equal(length, expected.length);
  if (length)
    assert_memory_equal(has, expected.data, length);
  dpc__bytes_clear(&expected);
}

static void expect_headers(const dpc_reply *reply, dpc_value answer) {
  dpc_value headers, key, value;
  if (!dpc_value_get(answer, "headers", &headers))
    return;
  dpc_walk walk = dpc_value_walk(headers);
  while (dpc_walk_next(&walk, &key, &value)) {
    size_t name_length, length;
    const char *name = dpc_value_text(key, &name_length), *text = dpc_value_text(value, &length);
    char copy[64];
    snprintf(copy, sizeof copy, "%.*s", (int)name_length, name);
    const char *has = dpc_reply_header(reply, copy);
    assert_non_null(has);
    assert_int_equal(strlen(has), length);
    assert_memory_equal(has, text, length);
  }
}

static void expect_meta(const dpc_reply *reply, dpc_value answer) {
  dpc_value meta;
  char text[64];
  const dpc_meta *has = dpc_reply_meta(reply);
  if (!dpc_value_get(answer, "meta", &meta))
    meta = (dpc_value){NULL, NULL};
  text_of(meta, "op", text, sizeof text);
  assert_string_equal(has->op, text);
  text_of(meta, "version", text, sizeof text);
  assert_string_equal(has->version, text);
  assert_int_equal(has->attempts, number_of(meta, "attempts"));
  assert_int_equal(has->server_us, number_of(meta, "server_us"));
  assert_int_equal(has->total_us, number_of(meta, "total_us"));
  assert_int_equal(has->received, number_of(meta, "received"));
  assert_int_equal(has->reused, flag_of(meta, "reused"));
  assert_int_equal(has->resent, flag_of(meta, "resent"));
}

static void expect_answer(const dpc_reply *reply, dpc_value answer) {
  char type[64];
  text_of(answer, "type", type, sizeof type);
  assert_int_equal(dpc_reply_status(reply), number_of(answer, "status"));
  dpc_value ignored;
  if (!dpc_reply_value(reply, &ignored))
    assert_string_equal(dpc_reply_type(reply), type);
  expect_headers(reply, answer);
  expect_body(reply, answer);
  expect_meta(reply, answer);
}

static void expect_error(const dpc_reply *reply, dpc_value error) {
  char text[128];
  const dpc_error *has = dpc_reply_error(reply);
  text_of(error, "kind", text, sizeof text);
  assert_string_equal(has->kind_name, text);
  text_of(error, "code", text, sizeof text);
  assert_string_equal(has->code, text);
  text_of(error, "message", text, sizeof text);
  assert_string_equal(has->message, text);
  text_of(error, "hint", text, sizeof text);
  assert_string_equal(has->hint, text);
  assert_int_equal(has->retryable, flag_of(error, "retryable"));
  assert_int_equal(has->retry_after_ms, number_of(error, "retry_after_ms"));
  assert_int_equal(dpc_reply_is_pending(reply), flag_of(error, "pending"));
  expect_answer(reply, error);
}

static void check_reply(dpc_value row) {
  dpc__bytes message = {0};
  dpc_value expect, ok, error;
  char class[64];
  row_bytes(row, &message);
  assert_true(dpc_value_get(row, "expect", &expect));
  dpc_reply *reply = decode(&message);
  text_of(expect, "class", class, sizeof class);
  if (dpc_value_get(expect, "ok", &ok)) {
    assert_int_equal(dpc_reply_kind(reply), DPC_OK);
    expect_answer(reply, ok);
  } else {
    assert_string_equal(dpc_kind_name(dpc_reply_kind(reply)), class);
    if (dpc_value_get(expect, "error", &error))
      expect_error(reply, error);
  }
  dpc_reply_unref(reply);
  dpc__bytes_clear(&message);
}

static void replies(void **state) {
  (void)state;
  for_each_row("replies.jsonl", check_reply);
}

/* Feeds in pieces of that size; says whether the awaited answer came, and whether it must close. */
static void feed(const dpc__bytes *stream, uint32_t awaited, size_t piece, bool *came,
                 bool *close) {
  dpc__sp_reader r = {.max = 80u << 20};
  *came = *close = false;
  for (size_t at = 0, used, end; at < stream->length && !*close; at += used) {
    end = stream->length - at < piece ? stream->length - at : piece;
    dpc__sp_result result = dpc__sp_feed(&r, stream->data + at, end, &used);
    if (result == DPC__SP_MESSAGE) {
      size_t length;
      uint32_t id;
      free(dpc__sp_take(&r, &length, &id));
      *came |= id == awaited;
    } else {
      *close = result != DPC__SP_MORE && result != DPC__SP_DROPPED;
    }
    assert_true(r.capacity <= (1u << 20));
  }
  dpc__sp_reset(&r);
}

static void check_stream(dpc_value row) {
  dpc__bytes stream = {0};
  dpc_value expect, id = {NULL, NULL};
  bool came, close;
  get_hex(row, "greeting", &stream);
  row_bytes(row, &stream);
  assert_true(dpc_value_get(row, "expect", &expect) && dpc_value_get(row, "request_id", &id));
  uint32_t awaited = (uint32_t)dpc_value_uint(id, 0);
  if (!awaited) { /* it may be given as hex */
    size_t length;
    const char *hex = dpc_value_text(id, &length);
    awaited = hex ? (uint32_t)strtoul(hex, NULL, 16) : 0;
  }
  for (size_t piece = 1; piece < 64; piece += 7) {
    feed(&stream, awaited, piece, &came, &close);
    assert_int_equal(came, flag_of(expect, "reply"));
    assert_int_equal(close, flag_of(expect, "close"));
  }
  dpc__bytes_clear(&stream);
}

static void service_streams(void **state) {
  (void)state;
  for_each_row("service_streams.jsonl", check_stream);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(replies),
      cmocka_unit_test(service_streams),
  };
  directory = argc > 1 ? argv[1] : "proto/vectors";
  return cmocka_run_group_tests(tests, NULL, NULL);
}
