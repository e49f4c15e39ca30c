/* sse.h - server-sent events, from bytes as they come to events (WHATWG HTML, 9.2.5 and 9.2.6).
 * Internal. Pure. */
#ifndef DP_SSE_H
#define DP_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

typedef enum dp__sse_result {
  DP__SSE_MORE,          /* all bytes were taken; no event is complete */
  DP__SSE_EVENT,         /* one is; bytes may be left */
  DP__SSE_LINE_TOO_LONG, /* the stream cannot be read any further, as from here on */
  DP__SSE_EVENT_TOO_LONG,
  DP__SSE_NO_MEMORY
} dp__sse_result;

/* Zeroed, with line_max and event_max set = at the start of a stream. */
typedef struct dp__sse {
  size_t line_max;  /* bytes of one line */
  size_t event_max; /* bytes of an event's data, and of its type and id */
  dp__buffer line;  /* the beginning of a line whose end has not come */
  dp__buffer type, data, id;
  dp__buffer last_id; /* the id that is in force */
  uint64_t retry_ms;  /* what the server asked for last; 0 = nothing */
  uint64_t count;     /* events so far */
  uint8_t bom;        /* bytes of a byte order mark seen at the start; 3 = that is over */
  bool after_cr;      /* the last line ended in CR: an LF now belongs to it */
  bool complete;      /* type and data are an event that was given out */
} dp__sse;

/* dp__sse_feed - read bytes up to the end of the next event; *taken = how many were read. After
 * DP__SSE_EVENT the event stands until the next feed. */
dp__sse_result dp__sse_feed(dp__sse *sse, const char *bytes, size_t length, size_t *taken);
/* dp__sse_type, dp__sse_id, dp__sse_data - of the event that was just given; a NUL follows each. In
 * the type, which is a C string, U+FFFD stands for a NUL. */
const char *dp__sse_type(const dp__sse *sse);
const char *dp__sse_id(const dp__sse *sse);
const char *dp__sse_data(const dp__sse *sse, size_t *length);
void dp__sse_deinit(dp__sse *sse);

#endif
