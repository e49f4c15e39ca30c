/* fault.h - fill a dp_error: what happened, where, what to do. */
#ifndef DPD_FAULT_H
#define DPD_FAULT_H

#include <stdbool.h>

#include <difypool/error.h>

/* A false that may go unused, and that the compiler sees through. */
static inline bool dpd_no(void) {
  return false;
}

/* dpd_fault - kind, code and message; retryable as the kind is by default; no hint. err may be
 * NULL. An expression that is false, for `return dpd_fault(…)`. */
#define dpd_fault(...) (dpd_fault_fill(__VA_ARGS__), dpd_no())
/* dpd_fault_hint - what to do about it. False, too. */
#define dpd_fault_hint(...) (dpd_fault_hint_fill(__VA_ARGS__), dpd_no())

void dpd_fault_fill(dp_error *err, dp_kind kind, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void dpd_fault_hint_fill(dp_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
