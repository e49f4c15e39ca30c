/* text.h - a growing text, always ended by NUL, that remembers a failed allocation until asked. */
#ifndef DPD_TEXT_H
#define DPD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct dpd_text {
  char *data; /* NULL while empty */
  size_t length;
  size_t capacity;
  bool failed; /* memory was out; all later appends do nothing */
} dpd_text;

void dpd_text_append(dpd_text *text, const void *data, size_t length);
void dpd_text_puts(dpd_text *text, const char *string);
void dpd_text_printf(dpd_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* dpd_text_reset - empty it and keep its memory, up to keep bytes. */
void dpd_text_reset(dpd_text *text, size_t keep);
void dpd_text_free(dpd_text *text);

#endif
