/* text.h - numbers as people read them. Pure. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLI_TEXT = 32 };

/* Each writes into out (CLI_TEXT bytes) and returns it. */
char *cli_count(char *out, uint64_t count); /* 1234567 -> "1,234,567" */
char *cli_span_us(char *out,
                  uint64_t us); /* "0", "850 µs", "12.3 ms", "4.56 s", "2 min 5 s", "3 h 2 min" */
char *cli_bytes(char *out, uint64_t bytes); /* "812 B", "1.4 KiB", "3.2 GiB" */
char *cli_percent(char *out, uint64_t part,
                  uint64_t whole); /* "99.5 %"; never 100 unless it is all */

/* cli_duration - "30" (seconds), "500ms", "30s", "2m", "1h" as milliseconds; false if it is none.
 */
bool cli_duration(const char *text, uint32_t *ms);

#endif
