/*
 * msgpack-c packs into a callback and leaves the error to its caller at each step; here it packs
 * into bytes that remember that they failed, so that code which writes a message reads like the
 * message.
 */
#include "bytes.h"

#include <msgpack/pack.h>
#include <stdlib.h>
#include <string.h>

void dpc__bytes_clear(dpc__bytes *bytes) {
  free(bytes->data);
  *bytes = (dpc__bytes){0};
}

void dpc__bytes_wipe(dpc__bytes *bytes) {
  if (bytes->data)
    explicit_bzero(bytes->data, bytes->capacity);
  dpc__bytes_clear(bytes);
}

/* Not realloc: what these bytes held may be wiped later, and a copy left behind could not. */
static bool grow(dpc__bytes *bytes, size_t need) {
  size_t capacity = bytes->capacity ? bytes->capacity : 64;
  while (capacity < need && capacity <= SIZE_MAX / 2)
    capacity *= 2;
  uint8_t *data = capacity >= need ? malloc(capacity) : NULL;
  if (!data)
    return false;
  if (bytes->length)
    memcpy(data, bytes->data, bytes->length);
  if (bytes->data)
    explicit_bzero(bytes->data, bytes->length);
  free(bytes->data);
  bytes->data = data;
  bytes->capacity = capacity;
  return true;
}

void dpc__bytes_append(dpc__bytes *bytes, const void *data, size_t length) {
  if (bytes->failed || !length)
    return;
  if (length > SIZE_MAX - bytes->length ||
      (bytes->length + length > bytes->capacity && !grow(bytes, bytes->length + length))) {
    bytes->failed = true;
    return;
  }
  memcpy(bytes->data + bytes->length, data, length);
  bytes->length += length;
}

void dpc__bytes_text(dpc__bytes *bytes, const char *text) {
  dpc__bytes_append(bytes, text, strlen(text));
}

static int write_packed(void *out, const char *data, size_t length) {
  dpc__bytes_append(out, data, length);
  return 0;
}

static msgpack_packer packer(dpc__bytes *out) {
  return (msgpack_packer){.data = out, .callback = write_packed};
}

void dpc__pack_nil(dpc__bytes *out) {
  msgpack_packer p = packer(out);
  msgpack_pack_nil(&p);
}

void dpc__pack_bool(dpc__bytes *out, bool value) {
  msgpack_packer p = packer(out);
  if (value)
    msgpack_pack_true(&p);
  else
    msgpack_pack_false(&p);
}

void dpc__pack_int(dpc__bytes *out, int64_t value) {
  msgpack_packer p = packer(out);
  msgpack_pack_int64(&p, value);
}

void dpc__pack_uint(dpc__bytes *out, uint64_t value) {
  msgpack_packer p = packer(out);
  msgpack_pack_uint64(&p, value);
}

void dpc__pack_double(dpc__bytes *out, double value) {
  msgpack_packer p = packer(out);
  msgpack_pack_double(&p, value);
}

void dpc__pack_str(dpc__bytes *out, const char *text, size_t length) {
  msgpack_packer p = packer(out);
  out->failed |= length > UINT32_MAX;
  msgpack_pack_str(&p, length);
  msgpack_pack_str_body(&p, text, length);
}

void dpc__pack_text(dpc__bytes *out, const char *text) {
  dpc__pack_str(out, text, strlen(text));
}

void dpc__pack_bin(dpc__bytes *out, const void *data, size_t length) {
  msgpack_packer p = packer(out);
  out->failed |= length > UINT32_MAX;
  msgpack_pack_bin(&p, length);
  msgpack_pack_bin_body(&p, data, length);
}

void dpc__pack_map(dpc__bytes *out, size_t count) {
  msgpack_packer p = packer(out);
  msgpack_pack_map(&p, count);
}

void dpc__pack_array(dpc__bytes *out, size_t count) {
  msgpack_packer p = packer(out);
  msgpack_pack_array(&p, count);
}
