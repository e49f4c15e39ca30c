/*
 * Bodies of multipart/form-data, as browsers write them.
 *
 * The server's parser (werkzeug) takes names in quotes, raw UTF-8, and undoes %22 for a quote, which is
 * what the WHATWG's form encoding makes of one; the backslash of older mail standards it undoes only
 * partly, and RFC 5987's filename* is forbidden here by RFC 7578. So: raw UTF-8, and %22, %0D, %0A.
 *
 * The boundary is 128 random bits, and is looked for in content that is at hand. In content that flows
 * it cannot be looked for, nor could whoever made that content have known it.
 *
 * Reading serves proof only: what file did a body bring that a program wrote itself? It understands
 * what the common libraries write, to the letter, and says no to anything else.
 */
#include "multipart.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

/* --- writing --------------------------------------------------------------------------------------- */

static bool random_boundary(char out[DP__BOUNDARY_SIZE]) {
  uint8_t bytes[16];
  ssize_t got;
  do
    got = getrandom(bytes, sizeof bytes, 0);
  while (got < 0 && errno == EINTR);
  if (got != (ssize_t)sizeof bytes)
    return false;
  strcpy(out, "difypool-");
  for (size_t i = 0; i < sizeof bytes; i++)
    snprintf(out + 9 + 2 * i, 3, "%02x", bytes[i]);
  return true;
}

bool dp__boundary_new(char out[DP__BOUNDARY_SIZE], const void *content, size_t length) {
  bool made;
  do
    made = random_boundary(out);
  while (made && content && memmem(content, length, out, strlen(out)));
  return made;
}

static bool write_quoted(dp__buffer *out, const char *text) {
  dp__buffer_text(out, "\"");
  while (*text) {
    size_t plain = strcspn(text, "\"\r\n");
    dp__buffer_append(out, text, plain);
    text += plain;
    if (*text)
      dp__buffer_text(out, *text == '"' ? "%22" : *text == '\r' ? "%0D" : "%0A");
    text += *text != '\0';
  }
  return dp__buffer_text(out, "\"");
}

static void begin_part(dp__buffer *out, const char *boundary, const char *name) {
  dp__buffer_text(out, "--");
  dp__buffer_text(out, boundary);
  dp__buffer_text(out, "\r\nContent-Disposition: form-data; name=");
  write_quoted(out, name);
}

bool dp__multipart_text(dp__buffer *out, const char *boundary, const char *name, const char *text,
                        size_t length) {
  begin_part(out, boundary, name);
  dp__buffer_text(out, "\r\n\r\n");
  dp__buffer_append(out, text, length);
  return dp__buffer_text(out, "\r\n");
}

bool dp__multipart_file(dp__buffer *out, const char *boundary, const char *name,
                        const char *filename, const char *type) {
  begin_part(out, boundary, name);
  dp__buffer_text(out, "; filename=");
  write_quoted(out, filename);
  dp__buffer_text(out, "\r\nContent-Type: ");
  dp__buffer_text(out, type);
  return dp__buffer_text(out, "\r\n\r\n");
}

bool dp__multipart_end(dp__buffer *out, const char *boundary, bool behind_content) {
  dp__buffer_text(out, behind_content ? "\r\n--" : "--");
  dp__buffer_text(out, boundary);
  return dp__buffer_text(out, "--\r\n");
}

/* --- reading --------------------------------------------------------------------------------------- */

typedef struct span {
  const char *at;
  size_t length;
} span;

static bool same(span a, const char *text) {
  return a.length == strlen(text) && memcmp(a.at, text, a.length) == 0;
}

/* The value of a parameter ("boundary", "name") in a header's text, quotes taken off. */
static bool find_param(span header, const char *name, span *out) {
  const char *end = header.at + header.length;
  for (const char *c = memchr(header.at, ';', header.length); c && c < end;) {
    c++;
    while (c < end && *c == ' ')
      c++;
    const char *equals = c < end ? memchr(c, '=', (size_t)(end - c)) : NULL;
    if (!equals)
      return false;
    bool wanted = (size_t)(equals - c) == strlen(name) &&
                  strncasecmp(c, name, strlen(name)) == 0;
    bool quoted = equals + 1 < end && equals[1] == '"';
    const char *from = equals + 1 + quoted, *to = from;
    while (to < end && *to != (quoted ? '"' : ';'))
      to += to + 1 < end && quoted && *to == '\\' ? 2 : 1;
    if (to > end || (quoted && to == end))
      return false;
    if (wanted) {
      *out = (span){from, (size_t)(to - from)};
      return true;
    }
    c = memchr(to, ';', (size_t)(end - to));
  }
  return false;
}

static bool boundary_of(const char *type, char out[80]) {
  static const char form[] = "multipart/form-data";
  span value;
  if (!type || strncasecmp(type, form, sizeof form - 1) != 0 ||
      !find_param((span){type, strlen(type)}, "boundary", &value) || value.length == 0 ||
      value.length > 70)
    return false;
  snprintf(out, 80, "\r\n--%.*s", (int)value.length, value.at);
  return true;
}

/* The lines of a part's head up to the empty one: name and filename. */
static bool read_head(span head, dp__part *part) {
  static const char key[] = "Content-Disposition:";
  span value, name, filename;
  const char *at = head.at, *end = head.at + head.length;
  while (at < end) {
    const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
    size_t length = (size_t)((line_end ? line_end : end) - at);
    if (length > sizeof key - 1 && strncasecmp(at, key, sizeof key - 1) == 0) {
      value = (span){at, length};
      if (!find_param(value, "name", &name))
        return false;
      bool is_file = find_param(value, "filename", &filename);
      *part = (dp__part){.name = name.at, .name_length = name.length,
                         .filename = is_file ? filename.at : NULL,
                         .filename_length = is_file ? filename.length : 0};
      return !find_param(value, "filename*", &filename);
    }
    at += length + 2;
  }
  return false;
}

/* The part at *at, which stands behind its boundary's line; *at moves behind the next boundary. */
static bool next_part(const char **at, const char *end, const char *boundary, dp__part *part) {
  const char *blank = memmem(*at, (size_t)(end - *at), "\r\n\r\n", 4);
  if (!blank || !read_head((span){*at, (size_t)(blank - *at)}, part))
    return false;
  part->content = blank + 4;
  const char *next = memmem(part->content, (size_t)(end - part->content), boundary, strlen(boundary));
  if (!next)
    return false;
  part->content_length = (size_t)(next - part->content);
  *at = next + strlen(boundary);
  return true;
}

bool dp__multipart_find(const char *body, size_t length, const char *type, const char *name,
                        dp__part *out) {
  char boundary[80];
  const char *end = body + length, *at = body;
  dp__part part;
  unsigned found = 0;
  if (!body || !boundary_of(type, boundary))
    return false;
  size_t first = strlen(boundary) - 2; /* the first one has no line before it */
  if (length < first || memcmp(body, boundary + 2, first) != 0)
    return false;
  for (at += first; end - at >= 2 && memcmp(at, "\r\n", 2) == 0;) {
    at += 2;
    if (!next_part(&at, end, boundary, &part))
      return false;
    if (same((span){part.name, part.name_length}, name)) {
      *out = part;
      found++;
    }
  }
  return found == 1 && end - at >= 2 && memcmp(at, "--", 2) == 0;
}

bool dp__multipart_unescape(const char *text, size_t length, dp__buffer *out) {
  for (size_t i = 0; i < length; i++) {
    const char *left = text + i;
    size_t more = length - i;
    if (more >= 3 && memcmp(left, "%22", 3) == 0) {
      dp__buffer_text(out, "\"");
      i += 2;
    } else if (more >= 2 && left[0] == '\\' && (left[1] == '\\' || left[1] == '"')) {
      dp__buffer_append(out, left + 1, 1);
      i++;
    } else {
      dp__buffer_append(out, left, 1);
    }
  }
  return !out->failed;
}
