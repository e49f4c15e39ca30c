/* keyfile.h - the key of one's own server. */
#ifndef CLI_KEYFILE_H
#define CLI_KEYFILE_H

#include "cli.h"

/* cli_key - from --key-file, else $DIFYPOOL_API_KEY, which is taken out of the environment. *key is
 * NULL where there is none; give it to cli_key_free. 0, or an exit status after it said why. */
int cli_key(const cli *c, char **key);
void cli_key_free(char *key);

#endif
