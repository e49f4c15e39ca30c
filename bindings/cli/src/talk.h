/* talk.h - conversations by name: which one a name means, from one command to the next. */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include "cli.h"

typedef struct cli_talk {
  char id[64];               /* "" = a new one */
  char *path;                /* where it is kept; NULL = it was given as an id, or not at all */
  const char *server, *user; /* whom it is held with, and by whom */
} cli_talk;

/* cli_talk_open - from --conversation. 0, or an exit status after it said why. */
int cli_talk_open(const cli *c, const char *user, cli_talk *talk);
/* cli_talk_keep - the id that the server gave it: written down if it is another. */
void cli_talk_keep(cli_talk *talk, const char *id);
void cli_talk_close(cli_talk *talk);

/* cli_talk_is_id - whether this is an id rather than a name. Pure. */
bool cli_talk_is_id(const char *text);

#endif
