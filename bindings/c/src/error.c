/*
 * What a service says is shown to people on terminals and written to logs: control characters are
 * taken out here, once, so that no text of a server can move a cursor or forge a line.
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ROW(number, NAME, name, retryable, exit, text) [number] = {name, text, retryable, exit},
static const struct {
  const char *name, *text;
  uint8_t retryable, exit;
} table[] = {DPC_KIND_LIST(ROW)};
#undef ROW

static bool known(dpc_kind kind) {
  return (unsigned)kind < DPC_KIND_COUNT;
}

const char *dpc_kind_name(dpc_kind kind) {
  return known(kind) ? table[kind].name : "unknown";
}

const char *dpc_kind_text(dpc_kind kind) {
  return known(kind) ? table[kind].text : "";
}

int dpc_kind_exit(dpc_kind kind) {
  return known(kind) ? table[kind].exit : 1;
}

const char *dpc_version(void) {
  return DPC_VERSION;
}

dpc_kind dpc__kind_named(const char *name) {
  for (unsigned i = 0; i < DPC_KIND_COUNT; i++)
    if (strcmp(table[i].name, name) == 0)
      return (dpc_kind)i;
  return DPC_INTERNAL;
}

/* C1 controls are two bytes in UTF-8, 0xc2 0x80..0x9f; terminals obey them as well. */
static size_t clean_one(char *out, const char *in, size_t left) {
  unsigned char c = (unsigned char)in[0];
  if (c == 0xc2 && left > 1 && (unsigned char)in[1] >= 0x80 && (unsigned char)in[1] <= 0x9f) {
    out[0] = out[1] = ' ';
    return 2;
  }
  out[0] = c < 0x20 || c == 0x7f ? ' ' : in[0];
  return 1;
}

void dpc__copy(char *out, size_t size, const char *text, size_t length) {
  if (length >= size) {
    length = size - 1;
    while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
      length--;
  }
  for (size_t i = 0; i < length;)
    i += clean_one(out + i, text + i, length - i);
  out[length] = '\0';
}

dpc_kind dpc__fail(dpc_error *err, dpc_kind kind, const char *code, const char *hint,
                   const char *format, ...) {
  if (!err)
    return kind;
  char text[sizeof err->message * 2];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  *err = (dpc_error){.kind = kind, .retryable = known(kind) ? table[kind].retryable : 0};
  dpc__copy(err->kind_name, sizeof err->kind_name, dpc_kind_name(kind),
            strlen(dpc_kind_name(kind)));
  dpc__copy(err->code, sizeof err->code, code, strlen(code));
  dpc__copy(err->message, sizeof err->message, text, strlen(text));
  if (hint)
    dpc__copy(err->hint, sizeof err->hint, hint, strlen(hint));
  return kind;
}

dpc_kind dpc__no_memory(dpc_error *err) {
  return dpc__fail(err, DPC_INTERNAL, "out_of_memory", "Give the process more memory.",
                   "memory is out");
}
