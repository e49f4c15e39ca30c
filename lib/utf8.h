/* utf8.h - UTF-8, as RFC 3629 has it. Internal. Pure. */
#ifndef DP_UTF8_H
#define DP_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* dp__utf8_ok - whether the bytes are UTF-8: no overlong forms, no surrogates, none over U+10FFFF. */
bool dp__utf8_ok(const char *text, size_t length);
/* dp__utf8_good - how many bytes from the start are UTF-8. *bad: how many of those behind them one U+FFFD
 * stands for (WHATWG Encoding); 0 = all are good. */
size_t dp__utf8_good(const char *text, size_t length, size_t *bad);
/* dp__utf8_count - how many code points valid UTF-8 holds. */
size_t dp__utf8_count(const char *text, size_t length);

#endif
