/* error.h - the one shape in which difypool says that something went wrong. */
#ifndef DIFYPOOL_ERROR_H
#define DIFYPOOL_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include <difypool/export.h>
#include <difypool/kinds.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * An error, by value, without pointers: it may be copied, kept and thrown away.
 * All texts are UTF-8, end in NUL, and are cut at a character's edge when they are too long.
 * No text ever holds a key.
 */
typedef struct dp_error {
  dp_kind kind;            /* DP_OK where there is no error */
  int32_t status;          /* HTTP status of the answer behind it; 0 = there was none */
  uint32_t retry_after_ms; /* earliest useful repeat, by the server or the breaker; 0 = not known */
  uint8_t retryable;       /* 1 = the same call may succeed later without any change */
  char code[64];           /* machine-readable detail: Dify's own code, or ours; may be "" */
  char message[512];       /* what happened and where, for people */
  char hint[256];          /* what to do about it, for people; may be "" */
} dp_error;

/* dp_kind_name - the kind's name on the wire ("rate_limited"); "unknown" for a number that is no
 * kind. Any thread. The text is static. Since 0.1. */
DP_EXPORT const char *dp_kind_name(dp_kind kind);

/* dp_kind_text - one sentence on what the kind means. Any thread. Static text. Since 0.1. */
DP_EXPORT const char *dp_kind_text(dp_kind kind);

/* dp_kind_from_name - the kind of that name, DP_INTERNAL if there is none. Since 0.1. */
DP_EXPORT dp_kind dp_kind_from_name(const char *name);

#ifdef __cplusplus
}
#endif
#endif
