/* mp.h - msgpack that came from outside: checked once, then read in place. Internal. */
#ifndef DPC_MP_H
#define DPC_MP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool-client/value.h>

enum { DPC__DEPTH_MAX = 24, DPC__ELEMENTS_MAX = 1000000 };

/* One value without what it holds. */
typedef struct dpc__token {
  dpc_type type;
  bool is_unsigned;    /* of an int: number.u counts, not number.i */
  uint32_t size;       /* bytes of text, entries of a list or map */
  const uint8_t *data; /* of text: its bytes; of anything else: what follows the token */
  union {
    int64_t i;
    uint64_t u;
    double d;
    bool b;
  } number;
} dpc__token;

/* dpc__mp_token - the token at at; false where there is none, or one that difypool does not use. */
bool dpc__mp_token(const uint8_t *at, const uint8_t *end, dpc__token *token);

/* dpc__mp_check - NULL where data is exactly one map by the rules of PROTOCOL.md, section 3; else
 * what is wrong with it, static text. Allocates nothing. */
const char *dpc__mp_check(const uint8_t *data, size_t length);

#endif
