/* difypool: the table of commands, and the way to one of them. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "suggest.h"

static const cli_command commands[] = {
    {"call", "OPERATION [NAME=VALUE | NAME:=JSON | NAME@FILE | NAME:=@FILE]…",
     "carry out one operation", 1, -1, cli_cmd_call},
    {"chat", "[TEXT]…", "ask an app, and see its words as they come", 0, -1, cli_cmd_chat},
    {"push", "--kb NAME PATH… | -", "make a knowledge base hold files, or pages from a crawler", 0,
     -1, cli_cmd_push},
    {"ops", "[OPERATION | GROUP]", "what operations there are, and what one takes", 0, 1,
     cli_cmd_ops},
    {"status", "", "see that pooling works: connections, reuse, times, errors", 0, 0,
     cli_cmd_status},
    {"check", "", "prove in under 5 s that pooling works, with a few harmless calls", 0, 0,
     cli_cmd_check},
    {"ping", "", "does the service answer, and how fast", 0, 0, cli_cmd_ping},
    {"stats", "", "all counters as they are, as JSON", 0, 0, cli_cmd_stats},
    {"set", "pooling|retry|breaker|cache on|off",
     "switch something for a profile or a server of your own", 2, 2, cli_cmd_set},
    {"stop", "", "end the private service when its calls are done", 0, 0, cli_cmd_stop},
    {"restart", "", "end the private service and start it again", 0, 0, cli_cmd_restart},
    {"logs", "", "what the private service has logged", 0, 0, cli_cmd_logs},
    {"version", "", "versions of this command and of the service", 0, 0, cli_cmd_version},
    {"completion", "bash|zsh", "a completion script, to be sourced by the shell", 1, 1,
     cli_cmd_completion},
    {"help", "[COMMAND]", "this page, or a command's", 0, 1, cli_cmd_help},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static const cli_command *find(const char *name) {
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0)
      return &commands[i];
  return NULL;
}

static int unknown(const char *name) {
  cli_nearest nearest = {.wanted = name};
  for (size_t i = 0; i < COMMANDS; i++)
    cli_nearest_feed(&nearest, commands[i].name);
  const char *found = cli_nearest_found(&nearest);
  if (strchr(name, '.'))
    return cli_usage("there is no command %s; an operation goes with call: difypool call %s", name,
                     name);
  return cli_usage("there is no command %s%s%s%s", name, found ? "; is " : "", found ? found : "",
                   found ? " meant?" : "");
}

static int help_page(void) {
  puts("difypool - call Dify through one pool of connections, shared by all programs\n\n"
       "  difypool COMMAND [OPTION]… [ARGUMENT]…\n\nCommands:");
  for (size_t i = 0; i < COMMANDS; i++)
    printf("  %-12s %s\n", commands[i].name, commands[i].text);
  puts("\nOptions:");
  cli_options_help();
  puts("\nExit status: 0 done, 2 usage, 3 unreachable, TLS, timeout, overloaded, busy or breaker "
       "open,\n"
       "4 unknown outcome of a write, 5 part of it failed, 130 interrupted, 143 terminated, 1 "
       "anything else.\n"
       "More: man difypool");
  return 0;
}

static int help_of(const char *name) {
  const cli_command *command = find(name);
  if (!command)
    return unknown(name);
  printf("difypool %s %s\n\n  %s\n\nOptions:\n", command->name, command->args, command->text);
  cli_options_help();
  return 0;
}

int cli_cmd_help(cli *c) {
  return c->argc ? help_of(c->argv[0]) : help_page();
}

static int run(cli *c) {
  if (c->options.version)
    return cli_cmd_version(c);
  if (!c->argc) {
    help_page();
    return c->options.help ? 0 : CLI_EXIT_USAGE;
  }
  const char *name = c->argv[0];
  const cli_command *command = find(name);
  if (!command)
    return unknown(name);
  c->argc--;
  c->argv++;
  if (c->options.help)
    return help_of(name);
  if (c->argc < command->least || (command->most >= 0 && c->argc > command->most))
    return cli_usage("usage: difypool %s %s", command->name, command->args);
  return command->run(c);
}

/* A standard stream that is closed would be given out again, to a socket, and an answer written
 * into it. What is opened in its place cannot be written to, so that the loss is noticed. */
static void keep_standard_streams(void) {
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
      _exit(1);
}

int main(int argc, char **argv) {
  keep_standard_streams();
  cli c = {.argc = argc - 1, .argv = argv + 1};
  signal(SIGPIPE, SIG_DFL); /* whoever reads us may stop: then so do we, without a word */
  int status = cli_options_parse(&c.options, &c.argc, c.argv);
  if (!status)
    status = run(&c);
  return cli_finish(status);
}
