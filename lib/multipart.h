/* multipart.h - multipart/form-data (RFC 7578), written and read. Internal. Pure. */
#ifndef DP_MULTIPART_H
#define DP_MULTIPART_H

#include "buffer.h"

enum { DP__BOUNDARY_SIZE = 48 }; /* with its NUL */

/* dp__boundary_new - random, and not in content (length bytes; NULL = it cannot be looked into). False:
 * the kernel gives no random bytes. */
bool dp__boundary_new(char out[DP__BOUNDARY_SIZE], const void *content, size_t length);

/* dp__multipart_text - a whole part of text. name: an argument's, any UTF-8. */
bool dp__multipart_text(dp__buffer *out, const char *boundary, const char *name, const char *text,
                        size_t length);
/* dp__multipart_file - the head of a file's part: its content follows, then dp__multipart_end. */
bool dp__multipart_file(dp__buffer *out, const char *boundary, const char *name,
                        const char *filename, const char *type);
/* dp__multipart_end - what closes a body; behind_content: after a file's content. */
bool dp__multipart_end(dp__buffer *out, const char *boundary, bool behind_content);

/* A part of a body, as it stands there. */
typedef struct dp__part {
  const char *name, *filename; /* escaped as the sender did; filename NULL = it is a text part */
  size_t name_length, filename_length;
  const char *content;
  size_t content_length;
} dp__part;

/*
 * dp__multipart_find - the one part of that name.
 * type: the body's Content-Type. False where the body is none that we understand to its end, or has no
 * part of that name, or several.
 */
bool dp__multipart_find(const char *body, size_t length, const char *type, const char *name,
                        dp__part *out);
/* dp__multipart_unescape - a name or filename as the server reads it. False when memory is out. */
bool dp__multipart_unescape(const char *text, size_t length, dp__buffer *out);

#endif
