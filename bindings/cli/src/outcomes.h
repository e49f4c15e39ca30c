/* outcomes.h - what became of the pages of a push: told, counted, reported. */
#ifndef CLI_OUTCOMES_H
#define CLI_OUTCOMES_H

#include <stdio.h>

#include "cli.h"

typedef struct cli_flaw { /* of a page that was wrong before it was given */
  uint64_t index;
  char *why;
} cli_flaw;

typedef struct cli_outcomes {
  const cli *c;
  FILE *report;
  cli_flaw *flaws;
  size_t flaw_count, flaw_room;
  uint64_t pages, failed, told;
  uint64_t hidden; /* index of a page that is none of the source's; UINT64_MAX = there is none */
  char waiting_for[32];
} cli_outcomes;

/* cli_outcomes_open - and the report of --report. 0, or an exit status after it said why. */
int cli_outcomes_open(cli_outcomes *o, const cli *c);
/* cli_outcomes_close - the report appears. The exit status, or 1 after it said why it does not. */
int cli_outcomes_close(cli_outcomes *o, int status);

/* cli_outcomes_flaw - that page is wrong; NULL = it is not. Takes the text over. */
void cli_outcomes_flaw(cli_outcomes *o, uint64_t index, char *why);
/* cli_outcomes_event - one event of the push. cli_outcomes_shows - whether it may say something on
 * standard error. */
void cli_outcomes_event(cli_outcomes *o, const char *json, size_t length);
bool cli_outcomes_shows(const cli_outcomes *o);

/* cli_outcomes_line - how far it is, for a terminal. total: 0 = not known. */
void cli_outcomes_line(const cli_outcomes *o, uint64_t given, uint64_t total, uint64_t passed_ms,
                       char *out, size_t size);
/* cli_outcomes_totals - a push that ended well: its totals to standard output; exit status 0, or 5
 * where a page failed or was not indexed. */
int cli_outcomes_totals(cli_outcomes *o, const cli *c, const dpc_reply *end, uint64_t passed_ms);

#endif
