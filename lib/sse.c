/*
 * Server-sent events to the letter of the specification.
 *
 * It wants the stream decoded as UTF-8 and then taken apart in lines. Here lines come first, which
 * is the same: neither line ends nor colons are ever part of a longer sequence, and the decoder
 * never eats one as the rest of a broken sequence. A line that lies whole in the bytes that came is
 * read where it lies; only what is cut by the edge of a piece is copied.
 *
 * What comes from outside is bounded twice, in one line and in one event, whatever the line is: a
 * comment without end is no more welcome than data without end. Reading stops at each event, so
 * that whoever cannot take one now leaves the rest of the bytes where they are.
 *
 * At the end of a stream nothing is to be done: an event without its blank line is to be thrown
 * away.
 */
#include "sse.h"

#include <string.h>

#include "utf8.h"

enum { KEEP = 16 << 10 }; /* a larger buffer is given back once its event is over */

void dp__sse_deinit(dp__sse *sse) {
  dp__buffer_deinit(&sse->line);
  dp__buffer_deinit(&sse->type);
  dp__buffer_deinit(&sse->data);
  dp__buffer_deinit(&sse->id);
  dp__buffer_deinit(&sse->last_id);
}

static void clear(dp__buffer *buffer) {
  if (buffer->capacity > KEEP)
    dp__buffer_deinit(buffer);
  buffer->length = 0;
  if (buffer->data)
    buffer->data[0] = '\0';
}

static const char *text_of(const dp__buffer *buffer) {
  return buffer->data ? buffer->data : "";
}

const char *dp__sse_type(const dp__sse *sse) {
  return sse->type.length ? sse->type.data : "message";
}

const char *dp__sse_id(const dp__sse *sse) {
  return text_of(&sse->last_id);
}

const char *dp__sse_data(const dp__sse *sse, size_t *length) {
  *length = sse->data.length;
  return text_of(&sse->data);
}

/* --- fields --------------------------------------------------------------------------------- */

/* Append text, decoded: U+FFFD for whatever is not UTF-8. */
static dp__sse_result append(const dp__sse *sse, dp__buffer *out, const char *text, size_t length) {
  static const char replacement[] = "\xef\xbf\xbd";
  for (;;) {
    size_t bad, good = dp__utf8_good(text, length, &bad);
    if (out->length + good > sse->event_max)
      return DP__SSE_EVENT_TOO_LONG;
    if (!dp__buffer_append(out, text, good))
      return DP__SSE_NO_MEMORY;
    if (good == length)
      return DP__SSE_MORE;
    if (out->length + 3 > sse->event_max)
      return DP__SSE_EVENT_TOO_LONG;
    if (!dp__buffer_append(out, replacement, 3))
      return DP__SSE_NO_MEMORY;
    text += good + bad;
    length -= good + bad;
  }
}

static dp__sse_result set_type(dp__sse *sse, const char *value, size_t length) {
  sse->type.length = 0;
  for (const char *nul; (nul = length ? memchr(value, '\0', length) : NULL);) {
    size_t before = (size_t)(nul - value);
    dp__sse_result result = append(sse, &sse->type, value, before);
    if (result ==
        DP__SSE_MORE) /* a byte that is no UTF-8 stands for the NUL, and so becomes U+FFFD */
      result = append(sse, &sse->type, "\xff", 1);
    if (result != DP__SSE_MORE)
      return result;
    value = nul + 1;
    length -= before + 1;
  }
  return append(sse, &sse->type, value, length);
}

static dp__sse_result set_id(dp__sse *sse, const char *value, size_t length) {
  if (length && memchr(value, '\0', length))
    return DP__SSE_MORE;
  sse->id.length = 0;
  return append(sse, &sse->id, value, length);
}

/* Each line's LF goes with it; the last one is taken off at the end, and so may stand over the
 * bound. */
static dp__sse_result add_data(dp__sse *sse, const char *value, size_t length) {
  dp__sse_result result = append(sse, &sse->data, value, length);
  if (result == DP__SSE_MORE && !dp__buffer_append(&sse->data, "\n", 1))
    result = DP__SSE_NO_MEMORY;
  return result;
}

static void set_retry(dp__sse *sse, const char *value, size_t length) {
  uint64_t ms = 0;
  for (size_t i = 0; i < length; i++) {
    if (value[i] < '0' || value[i] > '9')
      return;
    ms = ms > UINT32_MAX ? ms : ms * 10 + (uint64_t)(value[i] - '0');
  }
  if (length)
    sse->retry_ms = ms;
}

static bool is(const char *name, size_t length, const char *wanted) {
  return length == strlen(wanted) && memcmp(name, wanted, length) == 0;
}

static dp__sse_result take_field(dp__sse *sse, const char *line, size_t length) {
  const char *colon = memchr(line, ':', length);
  size_t name = colon ? (size_t)(colon - line) : length;
  const char *value = colon ? colon + 1 : line + length;
  size_t left = (size_t)(line + length - value);
  if (left && *value == ' ')
    value++, left--;
  if (is(line, name, "data"))
    return add_data(sse, value, left);
  if (is(line, name, "event"))
    return set_type(sse, value, left);
  if (is(line, name, "id"))
    return set_id(sse, value, left);
  if (is(line, name, "retry"))
    set_retry(sse, value, left);
  return DP__SSE_MORE; /* comments, whose name is empty, and fields that nobody knows */
}

/* The blank line. */
static dp__sse_result finish_event(dp__sse *sse) {
  sse->last_id.length = 0;
  if (!dp__buffer_append(&sse->last_id, text_of(&sse->id), sse->id.length))
    return DP__SSE_NO_MEMORY;
  if (!sse->data.length) {
    clear(&sse->type);
    return DP__SSE_MORE;
  }
  sse->data.data[--sse->data.length] = '\0';
  sse->complete = true;
  sse->count++;
  return DP__SSE_EVENT;
}

/* --- lines ---------------------------------------------------------------------------------- */

static dp__sse_result take_line(dp__sse *sse, const char *line, size_t length) {
  if (length > sse->line_max)
    return DP__SSE_LINE_TOO_LONG;
  return length ? take_field(sse, line, length) : finish_event(sse);
}

/* The line whose beginning was kept ends with these bytes. */
static dp__sse_result take_kept_line(dp__sse *sse, const char *rest, size_t length) {
  if (sse->line.length + length > sse->line_max)
    return DP__SSE_LINE_TOO_LONG;
  if (!dp__buffer_append(&sse->line, rest, length))
    return DP__SSE_NO_MEMORY;
  dp__sse_result result = take_line(sse, sse->line.data, sse->line.length);
  clear(&sse->line);
  return result;
}

static dp__sse_result keep_line(dp__sse *sse, const char *start, size_t length) {
  if (sse->line.length + length > sse->line_max)
    return DP__SSE_LINE_TOO_LONG;
  return dp__buffer_append(&sse->line, start, length) ? DP__SSE_MORE : DP__SSE_NO_MEMORY;
}

static size_t line_end(const char *bytes, size_t length) {
  size_t at = 0;
  while (at < length && bytes[at] != '\n' && bytes[at] != '\r')
    at++;
  return at;
}

/* A byte order mark at the very start is skipped; one that turns out to be none is a line's
 * beginning. */
static dp__sse_result skip_bom(dp__sse *sse, const char *bytes, size_t length, size_t *at) {
  static const char bom[] = "\xef\xbb\xbf";
  while (sse->bom < 3 && *at < length) {
    if (bytes[*at] != bom[sse->bom]) {
      size_t seen = sse->bom;
      sse->bom = 3;
      return seen ? keep_line(sse, bom, seen) : DP__SSE_MORE;
    }
    sse->bom++;
    ++*at;
  }
  return DP__SSE_MORE;
}

static void forget_event(dp__sse *sse) {
  if (!sse->complete)
    return;
  sse->complete = false;
  clear(&sse->type);
  clear(&sse->data);
}

dp__sse_result dp__sse_feed(dp__sse *sse, const char *bytes, size_t length, size_t *taken) {
  size_t at = 0;
  forget_event(sse);
  dp__sse_result result = skip_bom(sse, bytes, length, &at);
  while (result == DP__SSE_MORE && at < length) {
    if (sse->after_cr && bytes[at] == '\n')
      at++;
    sse->after_cr = false;
    size_t count = line_end(bytes + at, length - at);
    if (at + count == length) {
      result = keep_line(sse, bytes + at, count);
      at = length;
      break;
    }
    sse->after_cr = bytes[at + count] == '\r';
    result = sse->line.length ? take_kept_line(sse, bytes + at, count)
                              : take_line(sse, bytes + at, count);
    at += count + 1;
  }
  *taken = at;
  return result;
}
