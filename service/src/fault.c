/*
 * Why: an error leaves the service as kind, code, message and hint, and every module makes some.
 * One place cuts texts at a character's edge and knows which kinds are worth a repeat.
 */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

static bool kind_retryable(dp_kind kind) {
#define ROW(number, NAME, name, retryable, exit_status, text) [number] = retryable,
  static const bool table[DP_KIND_COUNT] = {DP_KIND_LIST(ROW)};
#undef ROW
  return (unsigned)kind < DP_KIND_COUNT && table[kind];
}

static void print(char *out, size_t size, const char *format, va_list list) {
  char text[1024];
  vsnprintf(text, sizeof(text), format, list);
  size_t length = dpd_utf8_cut(text, size - 1);
  memcpy(out, text, length);
  out[length] = '\0';
}

void dpd_fault_fill(dp_error *err, dp_kind kind, const char *code, const char *format, ...) {
  if (err == NULL) {
    return;
  }
  *err = (dp_error){.kind = kind, .retryable = kind_retryable(kind)};
  snprintf(err->code, sizeof(err->code), "%s", code);
  va_list list;
  va_start(list, format);
  print(err->message, sizeof(err->message), format, list);
  va_end(list);
}

void dpd_fault_hint_fill(dp_error *err, const char *format, ...) {
  if (err == NULL) {
    return;
  }
  va_list list;
  va_start(list, format);
  print(err->hint, sizeof(err->hint), format, list);
  va_end(list);
}
