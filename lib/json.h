/* json.h - JSON as it is written and checked without building it (RFC 8259). Internal. Pure. */
#ifndef DP_JSON_H
#define DP_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

enum { DP__JSON_DEPTH = 64 };

/* dp__json_string - append a string with its quotes; text is UTF-8. */
bool dp__json_string(dp__buffer *out, const char *text, size_t length);
/* dp__json_double - append a number so that it reads back the same; false for NaN and infinities. */
bool dp__json_double(dp__buffer *out, double value);
/* dp__json_ok - whether the bytes are one JSON text: syntax, UTF-8, at most DP__JSON_DEPTH deep. */
bool dp__json_ok(const char *text, size_t length);
/* dp__json_member - where in an object's text the value of that member stands; of duplicates the last,
 * as Dify reads it. False if the text is no object or has no such member. Names that are written with
 * escapes are not recognised. */
bool dp__json_member(const char *text, size_t length, const char *name, const char **value,
                     size_t *value_length);

typedef struct dp__json_field {
  const char *name;
  const char *value; /* NULL = there is none */
  size_t length;
} dp__json_field;

/* dp__json_fields - the same for several members in one pass. False if the text is no object, or breaks
 * off: what stands before that has been found all the same. */
bool dp__json_fields(const char *text, size_t length, dp__json_field *fields, size_t count);
/* dp__json_kind - the first character that is no white space: one of { [ " t f n - 0..9; 0 = none. */
char dp__json_kind(const char *text, size_t length);

#endif
