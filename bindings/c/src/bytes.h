/* bytes.h - bytes that grow, and msgpack written into them. Internal. */
#ifndef DPC_BYTES_H
#define DPC_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed = empty. A failed append sets failed and every later one does nothing, so that a writer
 * checks once, at its end. */
typedef struct dpc__bytes {
  uint8_t *data;
  size_t length, capacity;
  bool failed;
} dpc__bytes;

void dpc__bytes_clear(dpc__bytes *bytes);
/* dpc__bytes_wipe - the same, and nothing of it stays in memory. */
void dpc__bytes_wipe(dpc__bytes *bytes);
void dpc__bytes_append(dpc__bytes *bytes, const void *data, size_t length);
void dpc__bytes_text(dpc__bytes *bytes, const char *text);

void dpc__pack_nil(dpc__bytes *out);
void dpc__pack_bool(dpc__bytes *out, bool value);
void dpc__pack_int(dpc__bytes *out, int64_t value);
void dpc__pack_uint(dpc__bytes *out, uint64_t value);
void dpc__pack_double(dpc__bytes *out, double value);
void dpc__pack_str(dpc__bytes *out, const char *text, size_t length);
void dpc__pack_text(dpc__bytes *out, const char *text);
void dpc__pack_bin(dpc__bytes *out, const void *data, size_t length);
void dpc__pack_map(dpc__bytes *out, size_t count);
void dpc__pack_array(dpc__bytes *out, size_t count);

#endif
