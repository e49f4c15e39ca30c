/* words.h - the words within the events of a run. Pure but for where they are written. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct cli_words {
  FILE *out, *notes; /* notes: what is no answer; NULL = nowhere, as out */
  bool terminal;     /* nothing that moves a cursor is written */
  bool wrote;
  char last; /* the last byte that was written; 0 = none */
  char conversation[64], message[64], task[64];
} cli_words;

/* cli_words_event - one event's data: what it adds to the answer is written, ids are kept. What is
 * no event of Dify is stepped over. */
void cli_words_event(cli_words *w, const char *data, size_t length);
/* cli_words_end - end the last line. */
void cli_words_end(cli_words *w);

#endif
