/* guard.h - is this a message that msgpack-c may safely unpack? Bytes in, a verdict out. */
#ifndef DPD_GUARD_H
#define DPD_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DPD_DEPTH_MAX = 24, DPD_ELEMENTS_MAX = 1000000 };

/* X(NAME, "code", "text for people") */
#define DPD_FLAWS(X)                                                                               \
  X(NONE, "", "")                                                                                  \
  X(EMPTY, "empty", "The message is empty.")                                                       \
  X(NOT_A_MAP, "not_a_map", "The message is not a msgpack map.")                                   \
  X(TRUNCATED, "truncated",                                                                        \
    "A length or count in the message is greater than what is left of it.")                        \
  X(TRAILING, "trailing_bytes", "Something follows the map.")                                      \
  X(DEPTH, "depth", "The message nests deeper than 24 levels.")                                    \
  X(ELEMENTS, "elements", "The message has more than 1000000 elements.")                           \
  X(UTF8, "utf8", "A string in the message is not UTF-8.")                                         \
  X(KEY, "key_type", "A map key in the message is not a string.")                                  \
  X(REPEATED, "repeated_key", "A map in the message has a key twice.")                             \
  X(EXT, "ext", "The message has an ext type, which difypool does not use.")                       \
  X(FLOAT, "not_finite", "A float in the message is not finite.")                                  \
  X(RESERVED, "reserved_byte", "The message has the byte 0xc1 where a type should stand.")         \
  X(MEMORY, "memory", "There is no memory to check the message.")

typedef enum dpd_flaw {
#define DPD_FLAW_ENUM(NAME, code, text) DPD_FLAW_##NAME,
  DPD_FLAWS(DPD_FLAW_ENUM)
#undef DPD_FLAW_ENUM
} dpd_flaw;

const char *dpd_flaw_code(dpd_flaw flaw);
const char *dpd_flaw_text(dpd_flaw flaw);

/* dpd_guard_check - DPD_FLAW_NONE: one map and nothing behind it, by every rule above. */
dpd_flaw dpd_guard_check(const uint8_t *data, size_t length);

/* dpd_guard_find - the bytes of the value under a key of the outermost map, as far as the message
 * is readable up to there; also in a message that failed the check. */
bool dpd_guard_find(const uint8_t *data, size_t length, const char *key, const uint8_t **value,
                    size_t *value_length);

/* dpd_guard_id - the 16 bytes under "id", to answer even a message that failed the check. */
bool dpd_guard_id(const uint8_t *data, size_t length, uint8_t id[16]);

#endif
