/* error.h - how an error is filled in. Internal. */
#ifndef DPC_ERROR_H
#define DPC_ERROR_H

#include <difypool-client/client.h>

/* dpc__fail - fill err (may be NULL) and return kind, so that a function can `return dpc__fail(…)`.
 * hint may be NULL. */
dpc_kind dpc__fail(dpc_error *err, dpc_kind kind, const char *code, const char *hint,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));
dpc_kind dpc__no_memory(dpc_error *err);
/* dpc__copy - text into a bound place, cut at a character's edge, control characters made spaces.
 */
void dpc__copy(char *out, size_t size, const char *text, size_t length);
/* dpc__kind_named - the kind of that name; DPC_INTERNAL if this build has none. */
dpc_kind dpc__kind_named(const char *name);

#endif
