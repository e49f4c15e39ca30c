/*
 * Base URLs are taken as people write them: with and without /v1, with and without a slash at the
 * end. libcurl's own parser takes them apart, so that what is checked here is what is connected to.
 * What goes behind a base URL never leaves it: a key must not travel to another path of the host
 * because an id held "../".
 */
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

#include "errors.h"

static const char hint[] = "Give it as https://HOST[:PORT][/PREFIX], such as https://api.dify.ai/v1.";

void dp__base_deinit(dp__base *base) {
  free(base->origin);
  free(base->url);
  free(base->prefix);
  *base = (dp__base){0};
}

static bool has_part(CURLU *url, CURLUPart part) {
  char *value = NULL;
  bool there = curl_url_get(url, part, &value, 0) == CURLUE_OK;
  curl_free(value);
  return there;
}

/* The path without slashes at its end, and with /v1 there. */
static char *normal_prefix(const char *path) {
  size_t length = strlen(path);
  while (length && path[length - 1] == '/')
    length--;
  bool versioned = length >= 3 && memcmp(path + length - 3, "/v1", 3) == 0;
  char *prefix = NULL;
  if (asprintf(&prefix, "%.*s%s", (int)length, path, versioned ? "" : "/v1") < 0)
    return NULL;
  return prefix;
}

static dp_kind build(CURLU *url, dp__base *base, dp_error *err) {
  char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL;
  bool ok = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
            curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
            curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
            curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK;
  if (ok)
    for (char *c = host; *c; c++)
      if (*c >= 'A' && *c <= 'Z')
        *c = (char)(*c + 32);
  if (ok && asprintf(&base->origin, "%s://%s:%s", scheme, host, port) < 0)
    base->origin = NULL;
  if (ok && dp__url_path_ok(path, strlen(path)))
    base->prefix = normal_prefix(path);
  if (base->origin && base->prefix &&
      asprintf(&base->url, "%s%s", base->origin, base->prefix) < 0)
    base->url = NULL;
  curl_free(scheme);
  curl_free(host);
  curl_free(port);
  curl_free(path);
  if (base->url)
    return DP_OK;
  dp__base_deinit(base);
  return dp__fail(err, DP_INVALID_REQUEST, "base_url", hint, "base_url cannot be used");
}

dp_kind dp__base_parse(const char *text, dp__base *base, dp_error *err) {
  *base = (dp__base){0};
  if (!text || (strncasecmp(text, "http://", 7) != 0 && strncasecmp(text, "https://", 8) != 0))
    return dp__fail(err, DP_INVALID_REQUEST, "base_url", hint,
                    "base_url does not begin with http:// or https://");
  CURLU *url = curl_url();
  if (!url)
    return dp__no_memory(err);
  dp_kind kind;
  if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
    kind = dp__fail(err, DP_INVALID_REQUEST, "base_url", hint, "base_url is not a URL");
  else if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_QUERY) ||
           has_part(url, CURLUPART_FRAGMENT))
    kind = dp__fail(err, DP_INVALID_REQUEST, "base_url", hint,
                    "base_url holds a user, a query or a fragment");
  else
    kind = build(url, base, err);
  curl_url_cleanup(url);
  return kind;
}

bool dp__url_escape(dp__buffer *out, const char *text, size_t length) {
  static const char hex[] = "0123456789ABCDEF";
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '.' || c == '_' || c == '~';
    char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
    if (!(plain ? dp__buffer_append(out, text + i, 1) : dp__buffer_append(out, escaped, 3)))
      return false;
  }
  return true;
}

static bool escaped(const char *text, size_t length, char high, char low) {
  return length >= 3 && text[0] == '%' && text[1] == high && (text[2] | 32) == low;
}

/* How long the dot at text is, plain or escaped; 0 = it is none. */
static size_t dot(const char *text, size_t length) {
  if (length >= 1 && text[0] == '.')
    return 1;
  return escaped(text, length, '2', 'e') ? 3 : 0;
}

/* How long the separator at text is: many servers unescape before they look for dot segments, and
 * some take a backslash for a slash. */
static size_t separator(const char *text, size_t length) {
  if (length >= 1 && (text[0] == '/' || text[0] == '\\'))
    return 1;
  return escaped(text, length, '2', 'f') || escaped(text, length, '5', 'c') ? 3 : 0;
}

/* Servlet containers drop what stands behind a semicolon before they look. */
static bool begins_parameters(const char *text, size_t length) {
  return (length >= 1 && text[0] == ';') || escaped(text, length, '3', 'b');
}

/* Whether "." or ".." begins here and is a whole segment, to any server. */
static bool is_dot_segment(const char *text, size_t length) {
  size_t dots = dot(text, length);
  if (!dots)
    return false;
  dots += dot(text + dots, length - dots);
  return dots == length || separator(text + dots, length - dots) ||
         begins_parameters(text + dots, length - dots);
}

bool dp__url_path_ok(const char *path, size_t length) {
  if (length == 0 || path[0] != '/')
    return false;
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)path[i];
    if (c <= 0x20 || c >= 0x7f || c == '?' || c == '#' || c == '\\')
      return false;
  }
  for (size_t i = 0; i < length; i++) {
    size_t step = separator(path + i, length - i);
    if (step && is_dot_segment(path + i + step, length - i - step))
      return false;
  }
  return true;
}

bool dp__url_query_ok(const char *query, size_t length) {
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)query[i];
    if (c <= 0x20 || c >= 0x7f || c == '#')
      return false;
  }
  return true;
}
