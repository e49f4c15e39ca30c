/* cli.h - the command difypool: what its parts share.
 *
 *   main.c        commands and help           options.c    the command line
 *   session.c     a client, calls, Ctrl-C     output.c     answers and errors, as text or JSON
 *   pieces.c      answers in pieces           words.c      the words within events
 *   talk.c        conversations by name       carry.c      large files, downloads, events of a call
 *   pages.c       where pages come from       outcomes.c   what became of them
 *   meter.c       how far something is
 *   argspec.c     NAME=VALUE                  cmd_*.c      one family of commands each
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <difypool-client/client.h>

enum { CLI_EXIT_USAGE = 2, CLI_EXIT_INTERRUPTED = 130, CLI_EXIT_TERMINATED = 143 };
enum { CLI_EXIT_PARTLY = 5, CLI_LIST_MAX = 64 };

typedef struct cli_list { /* of an option that may be given again */
  const char *at[CLI_LIST_MAX];
  size_t count;
} cli_list;

typedef struct cli_options {
  const char *profile, *socket, *base_url, *key_file, *output;
  const char *conversation, *user, *op;               /* chat */
  const char *kb, *set, *preset, *technique, *report; /* push */
  cli_list connect, inputs, metadata; /* NAME=VALUE of service.connect, of a run, of every page */
  uint32_t deadline_ms, cache_ms, interval_ms, lines, max_delete;
  dpc_priority priority;
  bool json, quiet, include, watch, follow, help, version;
  bool no_validate, allow_hazard, wait, blocking, names;
  bool stream, dry_run, prune, max_delete_given;
} cli_options;

typedef struct cli {
  cli_options options;
  int argc; /* what is neither the command nor an option */
  char **argv;
} cli;

typedef struct cli_command {
  const char *name;
  const char *args; /* as the usage shows them */
  const char *text; /* one line on what it does */
  int least, most;  /* arguments; most -1 = any */
  int (*run)(cli *c);
} cli_command;

/* options.c: takes options out of argv. 0, or an exit status after it said what is wrong. */
int cli_options_parse(cli_options *o, int *argc, char **argv);
void cli_options_help(void);

/* output.c: to standard error */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2))); /* exit status 2 */
/* cli_error - say what went wrong, as text or (--json) as JSON; its exit status. */
int cli_error(const cli *c, const dpc_error *error);
/* cli_answer - a reply's body to standard output, indented on a terminal; an exit status. */
int cli_answer(const cli *c, const dpc_reply *reply);
/* cli_finish - end of output: status, or 1 with a message if something could not be written. */
int cli_finish(int status);
bool cli_is_json(const char *type);

/* session.c */
typedef struct cli_session cli_session;
enum { CLI_MAY_START = 1, CLI_NO_SERVER = 2, CLI_MAY_LACK = 4 };
/* cli_open - NULL after it said why, with the exit status in *status. Without CLI_MAY_START no
 * service is started; with CLI_NO_SERVER base URL and profile are left out; with CLI_MAY_LACK
 * nothing is said where no service runs, and *status is -1. */
cli_session *cli_open(const cli *c, unsigned flags, int *status);
void cli_close(cli_session *session);
dpc_client *cli_client(const cli_session *session);
/* cli_call - waits; Ctrl-C or SIGTERM cancels the call at the service, and a second one ends the
 * program. The reply is the session's until the next call; NULL after it said why: memory is out,
 * or the service did not answer the cancel within 2 s. */
const dpc_reply *cli_call(cli_session *session, const char *operation, const dpc_args *args,
                          const dpc_call_options *options);
/* cli_await - the same for a step that was started with cli_on_done and the session as its user:
 * give it what starting it returned. */
const dpc_reply *cli_await(cli_session *session, dpc_kind started, dpc_call *call,
                           const dpc_error *error);
void cli_on_done(dpc_call *call, dpc_reply *reply, void *session);
/* cli_turn - wait for an answer, a signal or something to read on fd (-1 = none), and run the
 * callbacks that are due. Whether there is something on fd. */
bool cli_turn(cli_session *session, int fd, int timeout_ms);
/* cli_await_input - until there is something to read, or Ctrl-C came: then false. */
bool cli_await_input(cli_session *session, int fd);
/* cli_resume - forget a Ctrl-C that was answered. */
void cli_resume(cli_session *session);
/* cli_interrupted - the exit status if Ctrl-C (130) or SIGTERM (143) came; else 0. */
int cli_interrupted(const cli_session *session);
/* cli_pause - wait, or until Ctrl-C: then false. */
bool cli_pause(cli_session *session, uint32_t ms);
/* cli_call_options - deadline, priority, cache and switches as the command line has them. */
dpc_call_options cli_call_options(const cli *c);
/* cli_ask - cli_call of a service operation without arguments; NULL after it said why. */
const dpc_reply *cli_ask(cli_session *session, const char *operation, int *status);

/* The commands. */
int cli_cmd_call(cli *c);
int cli_cmd_chat(cli *c);
int cli_cmd_push(cli *c);
int cli_cmd_ops(cli *c);
int cli_cmd_ping(cli *c);
int cli_cmd_status(cli *c);
int cli_cmd_stats(cli *c);
int cli_cmd_set(cli *c);
int cli_cmd_check(cli *c);
int cli_cmd_stop(cli *c);
int cli_cmd_restart(cli *c);
int cli_cmd_logs(cli *c);
int cli_cmd_version(cli *c);
int cli_cmd_help(cli *c);
int cli_cmd_completion(cli *c);

#endif
