/* buffer.h - bytes that grow. Internal. */
#ifndef DP_BUFFER_H
#define DP_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed = empty. A failed append sets failed and changes nothing more, so that a writer may check
 * once at its end. Where there is data, a NUL follows it. */
typedef struct dp__buffer {
  char *data;
  size_t length, capacity;
  bool failed;
} dp__buffer;

void dp__buffer_deinit(dp__buffer *buffer);
bool dp__buffer_reserve(dp__buffer *buffer, size_t more);
bool dp__buffer_append(dp__buffer *buffer, const void *data, size_t length);
bool dp__buffer_text(dp__buffer *buffer, const char *text);
/* dp__buffer_steal - the bytes, now the caller's to free; the buffer is empty. NULL if it failed. */
char *dp__buffer_steal(dp__buffer *buffer, size_t *length);

#endif
