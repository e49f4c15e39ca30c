/* url.h - base URLs and what is put behind them. Internal. Pure. */
#ifndef DP_URL_H
#define DP_URL_H

#include <stdbool.h>
#include <stddef.h>

#include <difypool/error.h>

#include "buffer.h"

/* A base URL, taken apart. All three are malloc'ed. */
typedef struct dp__base {
  char *origin; /* "https://host:port"; the port is always there */
  char *url;    /* origin and path, ends in "/v1" */
  char *prefix; /* the path alone: "/v1", "/dify/v1" */
} dp__base;

/* dp__base_parse - http(s)://host[:port][/prefix][/v1][/]. On error nothing is to be freed. */
dp_kind dp__base_parse(const char *text, dp__base *base, dp_error *err);
void dp__base_deinit(dp__base *base);

/* dp__url_escape - append with all but RFC 3986's unreserved characters as %XX. */
bool dp__url_escape(dp__buffer *out, const char *text, size_t length);

/* dp__url_path_ok - whether an escaped path may go behind a base URL: begins with "/", printable
 * ASCII, no "?", "#", whitespace or backslash, and no dot segment: a path must not leave the base
 * URL. Escaped dots and separators (%2e, %2f, %5c) count as what they stand for, and parameters
 * behind the dots ("..;x") do not hide them. */
bool dp__url_path_ok(const char *path, size_t length);

/* dp__url_query_ok - whether an escaped query may be sent: printable ASCII without "#". */
bool dp__url_query_ok(const char *query, size_t length);

#endif
