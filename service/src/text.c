/* Why: replies of the service, JSON of arguments and lists for people grow to a length nobody knows
 * ahead; one buffer that fails once and quietly spares each writer its own checks. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(dpd_text *text, size_t more) {
  if (text->failed) {
    return false;
  }
  size_t need = text->length + more + 1;
  if (need <= text->capacity) {
    return true;
  }
  size_t capacity = text->capacity < 128 ? 256 : text->capacity * 2;
  if (capacity < need) {
    capacity = need;
  }
  char *data = realloc(text->data, capacity);
  if (data == NULL) {
    text->failed = true;
    return false;
  }
  text->data = data;
  text->capacity = capacity;
  return true;
}

void dpd_text_append(dpd_text *text, const void *data, size_t length) {
  if (reserve(text, length)) {
    if (length > 0) {
      memcpy(text->data + text->length, data, length);
    }
    text->length += length;
    text->data[text->length] = '\0';
  }
}

void dpd_text_puts(dpd_text *text, const char *string) {
  dpd_text_append(text, string, strlen(string));
}

void dpd_text_printf(dpd_text *text, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int length = vsnprintf(NULL, 0, format, list);
  va_end(list);
  if (length < 0 || !reserve(text, (size_t)length)) {
    text->failed = true;
    return;
  }
  va_start(list, format);
  vsnprintf(text->data + text->length, (size_t)length + 1, format, list);
  va_end(list);
  text->length += (size_t)length;
}

void dpd_text_reset(dpd_text *text, size_t keep) {
  if (text->capacity > keep) {
    dpd_text_free(text);
  }
  text->length = 0;
  text->failed = false;
}

void dpd_text_free(dpd_text *text) {
  free(text->data);
  *text = (dpd_text){0};
}
