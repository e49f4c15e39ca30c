/* json.h - between JSON text and msgpack. Pure. Internal. */
#ifndef DPC_JSON_H
#define DPC_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include <difypool-client/value.h>

enum { DPC__JSON_DEPTH_MAX = 20 };

/* dpc__json_read - append one JSON text (RFC 8259, length bytes) as msgpack. Returns NULL, or what
 * is wrong with the text; running out of memory shows in out->failed. */
const char *dpc__json_read(const char *text, size_t length, dpc__bytes *out);

/* dpc__json_write - append a value as JSON; bytes stand as a string of lower-case hex. */
void dpc__json_write(dpc_value value, dpc__bytes *out);

#endif
