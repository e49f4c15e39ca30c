/* args.h - the named values of one call, in the order in which they were set. */
#ifndef DIFYPOOL_ARGS_H
#define DIFYPOOL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/error.h>

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

/* dp_args_count - how many names are set. */
DP_EXPORT size_t dp_args_count(const dp_args *args);
/* dp_args_has - whether the name is set, also to null. */
DP_EXPORT bool dp_args_has(const dp_args *args, const char *name);

#ifdef __cplusplus
}
#endif
#endif
