/* argspec.h - NAME=VALUE, NAME:=JSON, NAME@FILE and NAME:=@FILE. */
#ifndef CLI_ARGSPEC_H
#define CLI_ARGSPEC_H

#include <stdbool.h>
#include <stddef.h>

typedef enum cli_argkind {
  CLI_ARG_TEXT,
  CLI_ARG_JSON,
  CLI_ARG_FILE,
  CLI_ARG_JSON_FILE
} cli_argkind;

typedef struct cli_argspec {
  char name[128];
  cli_argkind kind;
  const char *value; /* into the word */
} cli_argspec;

/* cli_argspec_parse - NULL, or what is wrong with the word. Pure. */
const char *cli_argspec_parse(const char *word, cli_argspec *out);

/* cli_looks_typed - whether a text might be meant as a number, a boolean, a list or an object: only
 * then is the operation's table asked which it is. Pure. */
bool cli_looks_typed(const char *value);

/* cli_file_read - a whole file (- = standard input), ends in NUL, to be freed; NULL after it said
 * why. Bound: what a message may hold. */
char *cli_file_read(const char *path, size_t *length);

#endif
