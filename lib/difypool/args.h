/* args.h - the named values of one call, in the order in which they were set. */
#ifndef DIFYPOOL_ARGS_H
#define DIFYPOOL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/error.h>
#include <difypool/flow.h>
#include <difypool/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * dp_args is an ordered set of named values. The operation's table entry says where each goes: into
 * the path, the query, the JSON body or a part of a multipart body. Setting a name again replaces
 * its value and keeps its place. An args object belongs to one thread at a time; a call copies what
 * it needs before the function that starts it returns, so it may be reused or freed at once.
 *
 * Every setter copies. Each returns DP_OK, DP_INVALID_REQUEST (no name, text that is not UTF-8, JSON
 * that is not JSON) or DP_INTERNAL (out of memory); on an error nothing was changed.
 */
typedef struct dp_args dp_args;

/* dp_args_new - an empty set; NULL when memory is out. Free with dp_args_free. Since 0.1. */
DP_EXPORT dp_args *dp_args_new(void);
DP_EXPORT void dp_args_free(dp_args *args); /* NULL is allowed */

DP_EXPORT dp_kind dp_args_set_null(dp_args *args, const char *name);
DP_EXPORT dp_kind dp_args_set_bool(dp_args *args, const char *name, bool value);
DP_EXPORT dp_kind dp_args_set_int(dp_args *args, const char *name, int64_t value);
/* value: finite; NaN and infinities are DP_INVALID_REQUEST, since JSON has none (RFC 8259). */
DP_EXPORT dp_kind dp_args_set_double(dp_args *args, const char *name, double value);
/* value: UTF-8, ends in NUL. */
DP_EXPORT dp_kind dp_args_set_string(dp_args *args, const char *name, const char *value);
/* value: UTF-8 of length bytes; may hold NUL. */
DP_EXPORT dp_kind dp_args_set_text(dp_args *args, const char *name, const char *value,
                                   size_t length);
/* json: one JSON text (RFC 8259), passed on as it is; ends in NUL. */
DP_EXPORT dp_kind dp_args_set_json(dp_args *args, const char *name, const char *json);
/* bytes: for binary members (http.request's body, a file's content); NULL only with length 0. */
DP_EXPORT dp_kind dp_args_set_bytes(dp_args *args, const char *name, const void *bytes,
                                    size_t length);

/*
 * Files, for parameters that are a part of a multipart body (RFC 7578). filename: as the server shall
 * see it, any UTF-8 without control characters; type: its media type, NULL = by the name's extension.
 */
/* dp_args_set_file - content in memory, copied. Since 0.2. */
DP_EXPORT dp_kind dp_args_set_file(dp_args *args, const char *name, const char *filename,
                                   const char *type, const void *bytes, size_t length);

struct dp_call;

/* Content that flows through. read is called on the engine's thread (where the program dispatches, on
 * its) and gives up to capacity bytes; *length = 0 with DP_FLOW_CONTINUE is the end; DP_FLOW_PAUSE =
 * nothing yet, call me after dp_call_resume. */
typedef struct dp_file_source {
  size_t size;          /* sizeof(dp_file_source); set by DP_FILE_SOURCE_INIT */
  const char *filename; /* as in dp_args_set_file; copied */
  const char *type;
  int64_t length;       /* bytes it will give; -1 = not known, then the body is sent in chunks */
  dp_flow (*read)(struct dp_call *call, void *buffer, size_t capacity, size_t *length, void *user);
  bool (*rewind)(void *user); /* start again from the first byte; NULL = it cannot, and what began to
                                 be sent is never sent again */
  void (*release)(void *user); /* it is needed no longer, whatever came of the call; exactly once for
                                  each successful dp_args_set_source, on the thread of read, or where
                                  the args are freed if no call had it; NULL = nothing to do */
  void *user;
} dp_file_source;

#define DP_FILE_SOURCE_INIT { .size = sizeof(dp_file_source), .length = -1 }

/* dp_args_set_source - the args then belong to one call: a second one gets DP_INVALID_REQUEST. Since
 * 0.2. */
DP_EXPORT dp_kind dp_args_set_source(dp_args *args, const char *name, const dp_file_source *source);
/* dp_args_set_path - a file of this machine, opened now, read in pieces. filename: NULL = the path's
 * last part. DP_INVALID_REQUEST (code file) where it cannot be opened or is no regular file. Since
 * 0.2. */
DP_EXPORT dp_kind dp_args_set_path(dp_args *args, const char *name, const char *path,
                                   const char *filename, const char *type);

/* dp_op_file - the parameter of an operation that is a file; NULL = it takes none. Static text. Any thread.
 * Since 0.2. */
DP_EXPORT const char *dp_op_file(dp_op op);

/* dp_args_count - how many names are set. */
DP_EXPORT size_t dp_args_count(const dp_args *args);
/* dp_args_has - whether the name is set, also to null. */
DP_EXPORT bool dp_args_has(const dp_args *args, const char *name);

#ifdef __cplusplus
}
#endif
#endif
