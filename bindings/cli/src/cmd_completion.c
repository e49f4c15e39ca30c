/*
 * The completion scripts are files of their own, kept in this program so that a copy of it alone
 * can give them: eval "$(difypool completion bash)". Packages install the same files.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "completion_data.h"

int cli_cmd_completion(cli *c) {
  if (strcmp(c->argv[0], "bash") == 0)
    fputs(completion_bash, stdout);
  else if (strcmp(c->argv[0], "zsh") == 0)
    fputs(completion_zsh, stdout);
  else
    return cli_usage("there is completion for bash and zsh, not for %s", c->argv[0]);
  return 0;
}
