/*
 * What makes a page that page, and how a document shows whose it is.
 *
 * A knowledge base has one place that is written in the same moment as the text: the document's name. So
 * the name bears the page's key, as twelve digits of its hash: a second crawl finds its document with one
 * look by keyword, two pages of one title do not overwrite one another, and a crash between text and
 * metadata leaves no document of unknown origin. What else is to be known (which text, by which rule)
 * stands in one metadata field, whose value also names the upload that it speaks of: a text that was
 * written after it has another one, so an old stamp never vouches for a new text.
 */
#include "page.h"

#include <stdio.h>
#include <string.h>
#include <openssl/evp.h>

#include "utf8.h"

bool dp__sha256(const void *data, size_t length, dp__sha *out) {
  return EVP_Digest(data, length, out->bytes, NULL, EVP_sha256(), NULL) == 1;
}

/* --- keys ---------------------------------------------------------------------------------------- */

bool dp__page_key(const char *id, const char *url, dp__buffer *out) {
  if (id && *id)
    return dp__buffer_text(out, id);
  const char *fragment = strchr(url, '#');
  bool routed = fragment && (fragment[1] == '/' || fragment[1] == '!');
  return dp__buffer_append(out, url, fragment && !routed ? (size_t)(fragment - url) : strlen(url));
}

/* --- texts --------------------------------------------------------------------------------------- */

/* One character of valid UTF-8; returns its bytes. */
static size_t next_point(const char *text, uint32_t *point) {
  const unsigned char *b = (const unsigned char *)text;
  if (b[0] < 0x80)
    return *point = b[0], 1;
  if (b[0] < 0xe0)
    return *point = (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu), 2;
  if (b[0] < 0xf0)
    return *point = (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu), 3;
  *point = (b[0] & 0x07u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 | (b[3] & 0x3fu);
  return 4;
}

static bool is_space(uint32_t point) {
  return point <= 0x20 || (point >= 0x7f && point <= 0xa0) || point == 0x1680 ||
         (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
         point == 0x202f || point == 0x205f || point == 0x3000;
}

/* Marks that show nothing: zero-width ones, direction, the byte order mark. */
static bool is_invisible(uint32_t point) {
  return (point >= 0x200b && point <= 0x200f) || (point >= 0x202a && point <= 0x202e) ||
         (point >= 0x2060 && point <= 0x2069) || point == 0xfeff || point == 0xad;
}

bool dp__page_blank(const char *text, size_t length) {
  for (size_t i = 0; i < length;) {
    uint32_t point;
    i += next_point(text + i, &point);
    if (!is_space(point) && !is_invisible(point))
      return false;
  }
  return true;
}

/* --- names --------------------------------------------------------------------------------------- */

void dp__page_tag(const dp__sha *key_hash, char out[DP__TAG + 1]) {
  for (int i = 0; i < DP__TAG / 2; i++)
    snprintf(out + 2 * i, 3, "%02x", key_hash->bytes[i]);
}

/* What a title becomes: one line, single spaces, and a space for what Dify refuses in a file's name.
 * Returns how many characters stand there. */
static size_t add_clean(const char *title, size_t most, dp__buffer *out) {
  size_t count = 0, length = strlen(title);
  bool gap = false;
  for (size_t i = 0; i < length && count < most;) {
    uint32_t point;
    size_t bytes = next_point(title + i, &point);
    bool refused = point < 0x80 && strchr("/\\:*?\"<>|", (int)point) != NULL;
    if (is_space(point) || refused) {
      gap = count > 0;
    } else if (!is_invisible(point)) {
      if (gap && count + 2 <= most) {
        dp__buffer_append(out, " ", 1);
        count++;
      }
      gap = false;
      dp__buffer_append(out, title + i, bytes);
      count++;
    }
    i += bytes;
  }
  return count;
}

bool dp__page_name(const char *title, const char *key, const dp__sha *key_hash,
                   const char *extension, dp__buffer *out) {
  char tag[DP__TAG + 1];
  size_t room = DP__NAME_MAX - DP__TAG - 3 - dp__utf8_count(extension, strlen(extension));
  dp__page_tag(key_hash, tag);
  if (!title || add_clean(title, room, out) == 0) {
    const char *host = strstr(key, "://");
    if (add_clean(host ? host + 3 : key, room, out) == 0)
      dp__buffer_text(out, "page");
  }
  dp__buffer_text(out, " [");
  dp__buffer_text(out, tag);
  dp__buffer_text(out, "]");
  dp__buffer_text(out, extension);
  return !out->failed;
}

static int hex_value(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *dp__name_tag(const char *name, size_t length) {
  const char *bracket = length ? memrchr(name, ']', length) : NULL;
  if (!bracket || bracket - name < DP__TAG + 2)
    return NULL;
  const char *tag = bracket - DP__TAG;
  if (tag[-1] != '[' || tag[-2] != ' ')
    return NULL;
  for (int i = 0; i < DP__TAG; i++)
    if (hex_value(tag[i]) < 0)
      return NULL;
  size_t after = (size_t)(name + length - bracket) - 1;
  return after == 0 || bracket[1] == '.' ? tag : NULL;
}

/* --- stamps -------------------------------------------------------------------------------------- */

static bool is_label(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool dp__set_ok(const char *set) {
  size_t length = strlen(set);
  for (size_t i = 0; i < length; i++)
    if (!is_label(set[i]))
      return false;
  return length >= 1 && length <= DP__SET_MAX;
}

static char *write_hex(const uint8_t *bytes, size_t count, char *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < count; i++) {
    *out++ = digits[bytes[i] >> 4];
    *out++ = digits[bytes[i] & 15];
  }
  *out = '\0';
  return out;
}

static bool read_hex(const char *text, size_t count, uint8_t *out) {
  for (size_t i = 0; i < count; i++) {
    int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    out[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}

void dp__uuid_write(const uint8_t id[16], char out[37]) {
  static const size_t groups[] = {4, 2, 2, 2, 6};
  for (size_t i = 0, at = 0; i < 5; at += groups[i++]) {
    out = write_hex(id + at, groups[i], out);
    if (i < 4)
      *out++ = '-';
  }
}

bool dp__uuid_read(const char *text, size_t length, uint8_t out[16]) {
  static const size_t groups[] = {4, 2, 2, 2, 6};
  if (length != 36)
    return false;
  for (size_t i = 0, at = 0; i < 5; at += groups[i++]) {
    if ((i > 0 && *text++ != '-') || !read_hex(text, groups[i], out + at))
      return false;
    text += 2 * groups[i];
  }
  return true;
}

void dp__stamp_write(const dp__stamp *stamp, char out[DP__STAMP_TEXT]) {
  char text[33], rule[17], upload[37];
  write_hex(stamp->text, sizeof stamp->text, text);
  write_hex(stamp->rule, sizeof stamp->rule, rule);
  dp__uuid_write(stamp->upload, upload);
  snprintf(out, DP__STAMP_TEXT, "1:%s:%s:%s:%s", stamp->set, text, rule, upload);
}

bool dp__stamp_read(const char *text, size_t length, dp__stamp *out) {
  enum { AFTER_SET = 1 + 32 + 1 + 16 + 1 + 36 };
  *out = (dp__stamp){0};
  if (length < 2 + 1 + AFTER_SET || length > 2 + DP__SET_MAX + AFTER_SET || memcmp(text, "1:", 2))
    return false;
  size_t set = length - 2 - AFTER_SET;
  memcpy(out->set, text + 2, set);
  const char *rest = text + 2 + set;
  return dp__set_ok(out->set) && rest[0] == ':' && rest[33] == ':' && rest[50] == ':' &&
         read_hex(rest + 1, 16, out->text) && read_hex(rest + 34, 8, out->rule) &&
         dp__uuid_read(rest + 51, 36, out->upload);
}
