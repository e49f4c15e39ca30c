/* Bytes that grow by doubling; the one place where lengths are added, so the one that checks them. */
#include "buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void dp__buffer_deinit(dp__buffer *buffer) {
  free(buffer->data);
  *buffer = (dp__buffer){0};
}

bool dp__buffer_reserve(dp__buffer *buffer, size_t more) {
  if (buffer->failed)
    return false;
  if (buffer->capacity - buffer->length > more)
    return true;
  size_t capacity = buffer->capacity ? buffer->capacity : 128;
  while (more < SIZE_MAX / 4 && capacity - buffer->length <= more)
    capacity *= 2;
  char *data = more < SIZE_MAX / 4 ? realloc(buffer->data, capacity) : NULL;
  if (!data) {
    buffer->failed = true;
    return false;
  }
  buffer->data = data;
  buffer->capacity = capacity;
  return true;
}

bool dp__buffer_append(dp__buffer *buffer, const void *data, size_t length) {
  if (!dp__buffer_reserve(buffer, length))
    return false;
  if (length)
    memcpy(buffer->data + buffer->length, data, length);
  buffer->length += length;
  buffer->data[buffer->length] = '\0';
  return true;
}

bool dp__buffer_text(dp__buffer *buffer, const char *text) {
  return dp__buffer_append(buffer, text, strlen(text));
}

char *dp__buffer_steal(dp__buffer *buffer, size_t *length) {
  char *data = NULL;
  if (length)
    *length = buffer->length;
  if (!buffer->failed && dp__buffer_reserve(buffer, 0)) {
    data = buffer->data;
    data[buffer->length] = '\0';
    buffer->data = NULL;
  }
  dp__buffer_deinit(buffer);
  return data;
}
