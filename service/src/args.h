/* args.h - a request's "args" map, made into the library's dp_args. */
#ifndef DPD_ARGS_H
#define DPD_ARGS_H

#include <stdbool.h>

#include <msgpack.h>

#include <difypool/args.h>
#include <difypool/ops.h>

#include "text.h"

/*
 * dpd_args_fill - set each entry of a map that passed the guard.
 * A map or a list goes as JSON text, written straight from the message; a bin as bytes; an integer
 * above INT64_MAX as JSON. What op takes for a file may be a map {name, type, data}. op: DP_OP_NONE =
 * nothing is a file. scratch: memory for the JSON, reused from call to call.
 * False: err says which entry and why.
 */
bool dpd_args_fill(dp_args *args, const msgpack_object *map, dp_op op, dpd_text *scratch,
                   dp_error *err);

/* dpd_json_write - one value as JSON (RFC 8259). False: it holds a bin that is not UTF-8. */
bool dpd_json_write(dpd_text *out, const msgpack_object *value);

/* dpd_args_fill_page - the same of a page of a push, whose file is "file"; null is as if not given. */
bool dpd_args_fill_page(dp_args *args, const msgpack_object *map, dpd_text *scratch, dp_error *err);

#endif
