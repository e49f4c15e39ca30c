/* errors.h - how an error is filled in. Internal. */
#ifndef DP_ERRORS_H
#define DP_ERRORS_H

#include <stdarg.h>

#include <difypool/error.h>

/* dp__fail - fill err (may be NULL) and return kind, so that a function can `return dp__fail(…)`.
 * retryable is the kind's default; hint may be NULL. */
dp_kind dp__fail(dp_error *err, dp_kind kind, const char *code, const char *hint,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* dp__copy_text - copy UTF-8 into a bound place, cut at a character's edge, control characters
 * turned into spaces. */
void dp__copy_text(char *out, size_t size, const char *text, size_t length);

/* dp__no_memory - the error of a failed allocation. */
dp_kind dp__no_memory(dp_error *err);

#endif
