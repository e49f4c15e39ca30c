/* filerules.h - which files Dify takes where, and as what. Internal. Pure. */
#ifndef DP_FILERULES_H
#define DP_FILERULES_H

#include <stdint.h>

#include <difypool/error.h>

#include "optable.h"

/* dp__file_type - the media type that Dify wants of a file of that name. Static text. */
const char *dp__file_type(const char *filename);

/* dp__file_bound - the most bytes that the operation takes of a file of that name. *name: the bound's
 * ("image_size"). INT64_MAX = none is known. */
int64_t dp__file_bound(const dp__op_desc *desc, const dp__param_desc *param, const char *filename,
                       const char **name);

/*
 * dp__file_check - name, type and length (-1 = not known) against what servers are known to refuse.
 * type: as it will be sent. DP_INVALID_REQUEST names what is allowed, DP_TOO_LARGE the bound and its size.
 */
dp_kind dp__file_check(const dp__op_desc *desc, const dp__param_desc *param, const char *filename,
                       const char *type, int64_t length, dp_error *err);

/* dp__file_kept_name - the name that a document made of such a file bears: over 200 characters the
 * server cuts it. out: holds length + 1 bytes of filename or more; returns how many were written. */
size_t dp__file_kept_name(const char *filename, size_t length, char *out);

#endif
