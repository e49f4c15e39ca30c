/* utf8.h - is it UTF-8 (RFC 3629), and where may a text be cut. */
#ifndef DPD_UTF8_H
#define DPD_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* dpd_utf8_valid - no overlong forms, no surrogates, nothing above U+10FFFF; NUL is a character. */
bool dpd_utf8_valid(const void *text, size_t length);
/* dpd_utf8_cut - the greatest length up to limit that does not split a character of valid UTF-8. */
size_t dpd_utf8_cut(const char *text, size_t limit);

#endif
