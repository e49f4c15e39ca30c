/* arglist.h - the inside of dp_args. Internal. */
#ifndef DP_ARGLIST_H
#define DP_ARGLIST_H

#include <difypool/args.h>

#include "source.h"

typedef enum dp__arg_kind {
  DP__ARG_NULL,
  DP__ARG_BOOL,
  DP__ARG_INT,
  DP__ARG_DOUBLE,
  DP__ARG_TEXT,
  DP__ARG_JSON,
  DP__ARG_BYTES,
  DP__ARG_FILE
} dp__arg_kind;

typedef struct dp__arg {
  char *name;
  dp__arg_kind kind;
  union {
    bool truth;
    int64_t integer;
    double real;
  } value;
  char *data; /* of text, JSON and bytes; a NUL follows */
  size_t length;
  dp__source *source; /* of a file; shared with the calls made of it */
} dp__arg;

struct dp_args {
  dp__arg *list;
  size_t count, capacity;
};

/* dp__args_find - the argument of that name, or NULL. */
const dp__arg *dp__args_find(const dp_args *args, const char *name);
/* dp__args_text - the text of that name; NULL if it is not there or is no text. */
const char *dp__args_text(const dp_args *args, const char *name);
/* dp__args_copy - a copy; NULL when memory is out. */
dp_args *dp__args_copy(const dp_args *args);
/* dp__args_remove - harmless if it is not there. */
void dp__args_remove(dp_args *args, const char *name);

#endif
