/*
 * One client, and a loop of its own: while a call runs the program also listens for Ctrl-C, which
 * cancels the call at the service (a write in flight is not cut off half way: the service finishes
 * it). A service that hangs answers no cancel either, so the wait for it is bound. Whoever presses
 * Ctrl-C again wants to be gone at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "argspec.h"
#include "cli.h"
#include "keyfile.h"

enum {
  QUICK_MS = 1000, /* patience where nothing is started */
  CANCEL_MS = 2000 /* how long an interrupted call may take to end */
};

struct cli_session {
  dpc_client *client;
  dpc_reply *reply;
  int signals;
  int interrupted;   /* the exit status that the first signal asks for; 0 = none came */
  uint64_t leave_at; /* ms; with interrupted: then nothing is waited for any more */
  const cli *c;
};

/* ---- Opening --------------------------------------------------------------------------------- */

/* The service needs absolute paths, people type relative ones. */
static bool is_path(const char *name) {
  static const char *const names[] = {"ca_file", "ca_dir", "client_cert", "client_key"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0)
      return true;
  return false;
}

static dpc_kind set_path(dpc_args *args, const char *name, const char *path) {
  char *whole = realpath(path, NULL);
  dpc_kind kind = dpc_args_set_string(args, name, whole ? whole : path);
  free(whole);
  return kind;
}

static dpc_kind set_connect(dpc_args *args, const cli_argspec *spec) {
  size_t length;
  if (spec->kind == CLI_ARG_JSON)
    return dpc_args_set_json(args, spec->name, spec->value);
  if (spec->kind == CLI_ARG_TEXT && is_path(spec->name))
    return set_path(args, spec->name, spec->value);
  if (spec->kind == CLI_ARG_TEXT && cli_looks_typed(spec->value) &&
      dpc_args_set_json(args, spec->name, spec->value) == DPC_OK)
    return DPC_OK;
  if (spec->kind == CLI_ARG_TEXT)
    return dpc_args_set_string(args, spec->name, spec->value);
  char *text = cli_file_read(spec->value, &length);
  dpc_kind kind = text ? dpc_args_set_bytes(args, spec->name, text, length) : DPC_INVALID_REQUEST;
  free(text);
  return kind;
}

static int connect_args(const cli *c, dpc_args *args) {
  for (size_t i = 0; i < c->options.connect.count; i++) {
    cli_argspec spec;
    const char *flaw = cli_argspec_parse(c->options.connect.at[i], &spec);
    if (flaw)
      return cli_usage("--connect %s: %s", c->options.connect.at[i], flaw);
    if (set_connect(args, &spec) != DPC_OK)
      return cli_usage("--connect %s: the value cannot be used", spec.name);
  }
  return 0;
}

static int open_client(const cli *c, unsigned flags, cli_session *s, dpc_args *connect,
                       const char *key) {
  const cli_options *o = &c->options;
  bool server = !(flags & CLI_NO_SERVER);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  dpc_error error;
  options.socket = o->socket;
  options.profile = server ? o->profile : NULL;
  options.base_url = server ? o->base_url : NULL;
  options.api_key = options.base_url ? key : NULL;
  options.connect = options.base_url ? connect : NULL;
  options.autostart = (flags & CLI_MAY_START) != 0;
  options.dispatch = 1;
  if (!options.autostart)
    options.patience_ms = QUICK_MS;
  if (dpc_client_open(&s->client, &options, &error) == DPC_OK)
    return 0;
  if ((flags & CLI_MAY_LACK) && strcmp(error.code, "no_service") == 0)
    return -1;
  return cli_error(c, &error);
}

static int open_with_key(const cli *c, unsigned flags, cli_session *s) {
  char *key = NULL;
  dpc_args *connect = dpc_args_new();
  bool own_server = c->options.base_url && !(flags & CLI_NO_SERVER);
  int status = connect ? connect_args(c, connect) : 1;
  if (!status && own_server)
    status = cli_key(c, &key);
  if (!status)
    status = open_client(c, flags, s, connect, key);
  cli_key_free(key);
  dpc_args_free(connect);
  return status;
}

static int catch_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

cli_session *cli_open(const cli *c, unsigned flags, int *status) {
  cli_session *s = calloc(1, sizeof *s);
  *status = 1;
  if (!s) {
    cli_say("memory is out");
    return NULL;
  }
  s->c = c;
  s->signals = -1;
  *status = open_with_key(c, flags, s);
  if (*status) {
    cli_close(s);
    return NULL;
  }
  s->signals = catch_signals();
  return s;
}

void cli_close(cli_session *s) {
  if (!s)
    return;
  dpc_client_close(s->client); /* a call that was given up gets its reply here */
  dpc_reply_unref(s->reply);
  if (s->signals >= 0)
    close(s->signals);
  free(s);
}

dpc_client *cli_client(const cli_session *s) {
  return s->client;
}

int cli_interrupted(const cli_session *s) {
  return s->interrupted;
}

/* ---- Calling --------------------------------------------------------------------------------- */

void cli_on_done(dpc_call *call, dpc_reply *reply, void *user) {
  (void)call;
  cli_session *s = user;
  if (!s->reply) /* else several calls that were given up end as the client is closed */
    s->reply = dpc_reply_ref(reply);
}

static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void take_signals(cli_session *s, dpc_call *call) {
  struct signalfd_siginfo info;
  while (read(s->signals, &info, sizeof info) == sizeof info) {
    int status = info.ssi_signo == SIGTERM ? CLI_EXIT_TERMINATED : CLI_EXIT_INTERRUPTED;
    if (s->interrupted)
      _exit(status);
    s->interrupted = status;
    s->leave_at = now_ms() + CANCEL_MS;
    if (call && !s->c->options.quiet && isatty(STDERR_FILENO))
      cli_say("cancelling; once more to leave at once");
    dpc_call_cancel(call);
  }
}

static void turn(cli_session *s, dpc_call *call, int timeout_ms) {
  struct pollfd fds[] = {{.fd = dpc_client_fd(s->client), .events = POLLIN},
                         {.fd = s->signals, .events = POLLIN}};
  poll(fds, 2, timeout_ms);
  if (fds[1].revents)
    take_signals(s, call);
  dpc_client_dispatch(s->client);
}

/* How long to sleep for the reply: -1 = until it comes, 0 = it is given up. */
static int patience(const cli_session *s) {
  uint64_t now = s->interrupted ? now_ms() : 0;
  return !s->interrupted ? -1 : s->leave_at > now ? (int)(s->leave_at - now) : 0;
}

static void say_given_up(const cli_session *s) {
  dpc_error error = {.kind = DPC_CANCELLED, .kind_name = "cancelled", .code = "no_answer"};
  snprintf(error.message, sizeof error.message,
           "interrupted, and the service does not answer; it may still carry the call out");
  snprintf(error.hint, sizeof error.hint, "See what it does: difypool status, difypool logs.");
  cli_error(s->c, &error);
}

const dpc_reply *cli_await(cli_session *s, dpc_kind started, dpc_call *call,
                           const dpc_error *error) {
  dpc_reply_unref(s->reply); /* no callback runs before we turn the loop */
  s->reply = NULL;
  if (started != DPC_OK) {
    cli_error(s->c, error);
    return NULL;
  }
  for (int wait; !s->reply && (wait = patience(s)) != 0;)
    turn(s, call, wait);
  dpc_call_unref(call);
  if (!s->reply)
    say_given_up(s);
  return s->reply;
}

const dpc_reply *cli_call(cli_session *s, const char *operation, const dpc_args *args,
                          const dpc_call_options *options) {
  dpc_call *call = NULL;
  dpc_error error;
  dpc_kind kind =
      dpc_call_start(s->client, operation, args, options, cli_on_done, s, &call, &error);
  return cli_await(s, kind, call, &error);
}

bool cli_await_input(cli_session *s, int fd) {
  struct pollfd fds[] = {{.fd = s->signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
  while (!s->interrupted) {
    if (poll(fds, 2, -1) > 0 && fds[0].revents)
      take_signals(s, NULL);
    else if (fds[1].revents)
      return true;
  }
  return false;
}

bool cli_turn(cli_session *s, int fd, int timeout_ms) {
  struct pollfd fds[] = {{.fd = dpc_client_fd(s->client), .events = POLLIN},
                         {.fd = s->signals, .events = POLLIN},
                         {.fd = fd, .events = POLLIN}};
  poll(fds, 3, timeout_ms);
  if (fds[1].revents)
    take_signals(s, NULL);
  dpc_client_dispatch(s->client);
  return fds[2].revents;
}

void cli_resume(cli_session *s) {
  s->interrupted = 0;
}

bool cli_pause(cli_session *s, uint32_t ms) {
  struct pollfd fd = {.fd = s->signals, .events = POLLIN};
  if (poll(&fd, 1, (int)ms) > 0)
    take_signals(s, NULL);
  return !s->interrupted;
}

dpc_call_options cli_call_options(const cli *c) {
  const cli_options *o = &c->options;
  dpc_call_options out = DPC_CALL_OPTIONS_INIT;
  out.deadline_ms = o->deadline_ms;
  out.priority = o->priority;
  out.cache_ms = o->cache_ms;
  out.flags = (o->no_validate ? DPC_CALL_NO_VALIDATE : 0u) |
              (o->allow_hazard ? DPC_CALL_ALLOW_HAZARD : 0u) | (o->wait ? DPC_CALL_WAIT : 0u) |
              (o->blocking ? DPC_CALL_BLOCKING : 0u);
  return out;
}

const dpc_reply *cli_ask(cli_session *s, const char *operation, int *status) {
  dpc_call_options options = DPC_CALL_OPTIONS_INIT;
  options.deadline_ms = s->c->options.deadline_ms ? s->c->options.deadline_ms : 10000;
  const dpc_reply *reply = cli_call(s, operation, NULL, &options);
  *status = s->interrupted;
  if (!reply && !*status)
    *status = 1;
  if (!reply || dpc_reply_kind(reply) == DPC_OK)
    return reply;
  int exit = cli_error(s->c, dpc_reply_error(reply));
  if (!*status)
    *status = exit;
  return NULL;
}
