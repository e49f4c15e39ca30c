/* page.h - what a page is, and under which name and mark a knowledge base keeps it. Internal. Pure. */
#ifndef DP_PAGE_H
#define DP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

enum {
  DP__NAME_MAX = 200, /* characters of a document's name that Dify keeps */
  DP__TAG = 12,       /* hex digits of the key's hash that end a name */
  DP__SET_MAX = 64    /* characters of a set's label */
};

/* SHA-256. */
typedef struct dp__sha {
  uint8_t bytes[32];
} dp__sha;

bool dp__sha256(const void *data, size_t length, dp__sha *out);

/* dp__page_key - append what makes a page that page: its id if there is one, else its URL without the
 * fragment, except a fragment that is a route of its own (#/ and #!). False when memory is out. */
bool dp__page_key(const char *id, const char *url, dp__buffer *out);

/* dp__page_blank - whether a text holds nothing but white space (Unicode's, and marks that show
 * nothing). UTF-8. */
bool dp__page_blank(const char *text, size_t length);

/* dp__page_name - append the name of a new document: the title (or, without one, what the key says),
 * one line, without what Dify refuses in names, at most DP__NAME_MAX characters, ending in " [" 12 hex
 * digits "]" and then the extension, which is "" or begins with a dot. False when memory is out. */
bool dp__page_name(const char *title, const char *key, const dp__sha *key_hash,
                   const char *extension, dp__buffer *out);
/* dp__page_tag - the 12 digits; what a look by keyword asks for. */
void dp__page_tag(const dp__sha *key_hash, char out[DP__TAG + 1]);
/* dp__name_tag - where the 12 digits of a name stand that dp__page_name made; NULL = it made it not. */
const char *dp__name_tag(const char *name, size_t length);

/* dp__set_ok - whether a text may be a set's label: 1 to DP__SET_MAX of A-Z a-z 0-9 . _ - */
bool dp__set_ok(const char *set);

/* The value of the metadata field "difypool": 1:SET:TEXT:RULE:UPLOAD. */
typedef struct dp__stamp {
  char set[DP__SET_MAX + 1];
  uint8_t text[16]; /* of the text's SHA-256 */
  uint8_t rule[8];  /* of the SHA-256 of rule, form and technique */
  uint8_t upload[16]; /* the document's upload_file_id when that text was written */
} dp__stamp;

enum { DP__STAMP_TEXT = 2 + DP__SET_MAX + 1 + 32 + 1 + 16 + 1 + 36 + 1 };

void dp__stamp_write(const dp__stamp *stamp, char out[DP__STAMP_TEXT]);
/* dp__stamp_read - false: it is none, or of a later version. */
bool dp__stamp_read(const char *text, size_t length, dp__stamp *out);

/* dp__uuid_read, dp__uuid_write - an id as 16 bytes, and as the 36 characters that Dify writes. */
bool dp__uuid_read(const char *text, size_t length, uint8_t out[16]);
void dp__uuid_write(const uint8_t id[16], char out[37]);

#endif
