/* utf8.h - text that may go on the wire. Internal. */
#ifndef DPC_UTF8_H
#define DPC_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* dpc__utf8_valid - whether these bytes are UTF-8: no surrogates, nothing overlong, to U+10FFFF. */
bool dpc__utf8_valid(const void *data, size_t length);
/* dpc__utf8_put - write a code point; returns its bytes, 1 to 4. */
size_t dpc__utf8_put(char out[4], unsigned code);

#endif
