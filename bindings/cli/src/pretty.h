/* pretty.h - JSON with line ends and indents, its values as they came. Pure. */
#ifndef CLI_PRETTY_H
#define CLI_PRETTY_H

#include <stddef.h>
#include <stdio.h>

/* cli_pretty - write one JSON text indented by two. What is no JSON comes out with odd gaps, but
 * whole: only blanks outside of strings are touched. Control characters that JSON should not hold
 * are shown as \u escapes, since a terminal would obey them. */
void cli_pretty(FILE *out, const char *json, size_t length);

#endif
