/* ping, version, set, stop and restart: about the service itself. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "text.h"

enum { STOP_MS = 120000, LOOK_AGAIN_MS = 100 };

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- ping, version, set ---------------------------------------------------------------------- */

static int ping(const cli *c, cli_session *session) {
  char span[CLI_TEXT];
  int status;
  uint64_t began = now_us();
  const dpc_reply *reply = cli_ask(session, "service.ping", &status);
  if (!reply)
    return status;
  if (c->options.json)
    return cli_answer(c, reply);
  printf("the service at %s answers in %s\n", dpc_client_socket(cli_client(session)),
         cli_span_us(span, now_us() - began));
  return 0;
}

int cli_cmd_ping(cli *c) {
  int status;
  cli_session *session = cli_open(c, CLI_NO_SERVER, &status);
  if (session)
    status = ping(c, session);
  cli_close(session);
  return status;
}

static int text_of(dpc_value map, const char *key, const char **text) {
  dpc_value value;
  size_t length = 0;
  *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  return *text ? (int)length : 0;
}

int cli_cmd_version(cli *c) {
  int status, length;
  const char *text;
  dpc_value info;
  printf("difypool %s\n", dpc_version());
  cli_session *session = cli_open(c, CLI_NO_SERVER | CLI_MAY_LACK, &status);
  const dpc_reply *reply = session ? cli_ask(session, "service.info", &status) : NULL;
  if (reply && dpc_reply_value(reply, &info)) {
    length = text_of(info, "version", &text);
    printf("difypoold %.*s at %s\n", length, text, dpc_client_socket(cli_client(session)));
  }
  cli_close(session);
  return status == -1 ? 0 : status; /* no service is no failure of this question */
}

static int parse_switch(const cli *c, dpc_args *args) {
  static const char *const switches[] = {"pooling", "retry", "breaker", "cache"};
  bool on = strcmp(c->argv[1], "on") == 0;
  if (!on && strcmp(c->argv[1], "off") != 0)
    return cli_usage("%s is switched on or off, not %s", c->argv[0], c->argv[1]);
  for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
    if (strcmp(c->argv[0], switches[i]) == 0)
      return dpc_args_set_bool(args, switches[i], on) == DPC_OK ? 0 : 1;
  return cli_usage("pooling, retry, breaker and cache can be switched, not %s", c->argv[0]);
}

/* Whom it was switched for, as the service says: its own user switches all of it without a profile.
 */
static const char *whom(const cli *c, const dpc_reply *reply) {
  dpc_value body, all;
  if (dpc_reply_value(reply, &body) && dpc_value_get(body, "all", &all) &&
      dpc_value_bool(all, false))
    return "the whole service";
  return c->options.base_url  ? c->options.base_url
         : c->options.profile ? c->options.profile
                              : "the default profile";
}

static int set(const cli *c, const dpc_args *args) {
  int status;
  cli_session *session = cli_open(c, c->options.base_url ? CLI_MAY_START : 0, &status);
  dpc_call_options options = cli_call_options(c);
  const dpc_reply *reply = session ? cli_call(session, "service.set", args, &options) : NULL;
  if (reply && dpc_reply_kind(reply) != DPC_OK)
    status = cli_error(c, dpc_reply_error(reply));
  else if (session && !reply)
    status = cli_interrupted(session) ? cli_interrupted(session) : 1;
  else if (reply && !c->options.quiet)
    printf("%s is %s for %s\n", c->argv[0], c->argv[1], whom(c, reply));
  cli_close(session);
  return status;
}

int cli_cmd_set(cli *c) {
  dpc_args *args = dpc_args_new();
  int status = args ? parse_switch(c, args) : 1;
  if (!status)
    status = set(c, args);
  dpc_args_free(args);
  return status;
}

/* ---- stop, restart --------------------------------------------------------------------------- */

/* Waits until that process is gone; a descriptor of it tells at once where the kernel gives one. */
static int await_end(cli_session *session, pid_t pid, uint32_t patience_ms) {
  uint64_t until = now_us() + (uint64_t)patience_ms * 1000;
  int fd = pidfd_open(pid, 0);
  bool gone = fd < 0 && errno == ESRCH;
  while (!gone && now_us() < until && cli_pause(session, fd < 0 ? LOOK_AGAIN_MS : 0)) {
    struct pollfd end = {.fd = fd, .events = POLLIN};
    gone = fd >= 0 ? poll(&end, 1, LOOK_AGAIN_MS) > 0 : kill(pid, 0) != 0 && errno == ESRCH;
  }
  if (fd >= 0)
    close(fd);
  if (gone)
    return 0;
  if (cli_interrupted(session))
    return cli_interrupted(session);
  cli_say("timeout: the service still finishes calls; it ends when they are done");
  return dpc_kind_exit(DPC_TIMEOUT);
}

static int not_ours(const cli_session *session) {
  cli_say("denied: the service at %s is an operator's, not a private one",
          dpc_client_socket(cli_client(session)));
  fputs("  systemctl stop difypoold, or systemctl restart difypoold.\n", stderr);
  return dpc_kind_exit(DPC_DENIED);
}

static int drain(const cli *c, cli_session *session) {
  int status;
  dpc_value info, value;
  const dpc_reply *reply = cli_ask(session, "service.info", &status);
  if (!reply || !dpc_reply_value(reply, &info))
    return status;
  bool private = dpc_value_get(info, "private", &value) && dpc_value_bool(value, false);
  pid_t pid = dpc_value_get(info, "pid", &value) ? (pid_t)dpc_value_int(value, 0) : 0;
  if (!private)
    return not_ours(session);
  reply = cli_ask(session, "service.drain", &status);
  if (!reply)
    return status;
  return pid > 0
             ? await_end(session, pid, c->options.deadline_ms ? c->options.deadline_ms : STOP_MS)
             : 0;
}

/* 0: none runs any more; *ran says whether one did. */
static int stop(const cli *c, bool *ran) {
  int status;
  cli_session *session = cli_open(c, CLI_NO_SERVER | CLI_MAY_LACK, &status);
  *ran = session;
  if (session)
    status = drain(c, session);
  cli_close(session);
  return status == -1 ? 0 : status;
}

int cli_cmd_stop(cli *c) {
  bool ran;
  int status = stop(c, &ran);
  if (!status && !c->options.quiet)
    puts(ran ? "the service has ended" : "no service was running");
  return status;
}

int cli_cmd_restart(cli *c) {
  bool ran;
  int status = stop(c, &ran);
  cli_session *session = status ? NULL : cli_open(c, CLI_MAY_START | CLI_NO_SERVER, &status);
  if (session && !c->options.quiet)
    printf("%s at %s\n",
           ran ? "the service was restarted" : "no service was running; one was started",
           dpc_client_socket(cli_client(session)));
  cli_close(session);
  return status;
}
