/*
 * difypool call: one operation. Everything that can be wrong with the command itself (arguments,
 * files, where the answer should go) is found before anything is sent: a write whose answer has no
 * place to go should not be made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "argspec.h"
#include "carry.h"
#include "cli.h"
#include "suggest.h"

/* ---- Where the answer goes ------------------------------------------------------------------- */

/* A regular file appears whole or not at all: it is written beside its place, and renamed. */
typedef struct sink {
  char *part; /* NULL = standard output was opened as it is */
  const char *path;
} sink;

static int sink_fail(const char *path) {
  cli_say("cannot write %s: %s", path, strerror(errno));
  return 1;
}

static int sink_open(sink *out, const char *path) {
  struct stat st;
  *out = (sink){.path = path};
  if (!path || strcmp(path, "-") == 0)
    return 0;
  bool special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
  if (!special && asprintf(&out->part, "%s.part", path) < 0)
    return sink_fail(path);
  int fd = open(special ? path : out->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    return sink_fail(path);
  dup2(fd, STDOUT_FILENO);
  close(fd);
  return 0;
}

static int sink_close(sink *out, int status, bool keep) {
  if (out->part) {
    if (keep && !cli_finish(0) && rename(out->part, out->path) != 0)
      status = sink_fail(out->path);
    if (!keep || status)
      unlink(out->part);
  }
  free(out->part);
  return status;
}

/* ---- Arguments ------------------------------------------------------------------------------- */

static int no_such_op(const char *wanted, dpc_value table) {
  cli_nearest nearest = {.wanted = wanted};
  dpc_walk walk = dpc_value_walk(table);
  dpc_value op, name;
  while (dpc_walk_next(&walk, NULL, &op)) {
    char copy[64];
    size_t length;
    const char *text = dpc_value_get(op, "name", &name) ? dpc_value_text(name, &length) : NULL;
    if (text && length < sizeof copy) {
      snprintf(copy, sizeof copy, "%.*s", (int)length, text);
      cli_nearest_feed(&nearest, copy);
    }
  }
  const char *found = cli_nearest_found(&nearest);
  if (found)
    cli_say("there is no operation %s; is %s meant?", wanted, found);
  else
    cli_say("there is no operation %s; difypool ops lists them", wanted);
  return CLI_EXIT_USAGE;
}

static bool text_is(dpc_value map, const char *key, const char *wanted) {
  dpc_value value;
  size_t length;
  const char *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  return text && strlen(wanted) == length && memcmp(text, wanted, length) == 0;
}

static bool find_named(dpc_value list, const char *name, dpc_value *out) {
  dpc_walk walk = dpc_value_walk(list);
  while (dpc_walk_next(&walk, NULL, out))
    if (text_is(*out, "name", name))
      return true;
  return false;
}

/* Whether the operation wants something else than text under that name. */
static bool wants_json(dpc_value op, const char *name) {
  static const char *const types[] = {"integer", "number", "boolean", "array", "object"};
  dpc_value params, param;
  if (!dpc_value_get(op, "params", &params) || !find_named(params, name, &param))
    return false;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (text_is(param, "type", types[i]))
      return true;
  return false;
}

/* Text where it is text; what is not UTF-8 can only be meant as bytes. */
static dpc_kind set_content(dpc_args *args, const char *name, const char *text, size_t length) {
  dpc_kind kind = dpc_args_set_text(args, name, text, length);
  return kind == DPC_INVALID_REQUEST ? dpc_args_set_bytes(args, name, text, length) : kind;
}

static dpc_kind set_file(dpc_args *args, const cli_argspec *spec) {
  size_t length;
  char *text = cli_file_read(spec->value, &length);
  if (!text)
    return DPC_INTERNAL;
  dpc_kind kind = spec->kind == CLI_ARG_JSON_FILE ? dpc_args_set_json(args, spec->name, text)
                                                  : set_content(args, spec->name, text, length);
  free(text);
  return kind;
}

static int set_arg(const cli *c, dpc_args *args, cli_upload *upload, const char *word) {
  cli_argspec spec;
  dpc_kind kind;
  const char *flaw = cli_argspec_parse(word, &spec);
  if (flaw)
    return cli_usage("%.40s: %s", word, flaw);
  if (dpc_args_has(args, spec.name) || (upload->path && strcmp(upload->param, spec.name) == 0))
    return cli_usage("%s is given twice", spec.name);
  if (spec.kind == CLI_ARG_FILE && cli_takes_file(c->argv[0], spec.name))
    return cli_upload_set(upload, args, &spec);
  if (spec.kind == CLI_ARG_TEXT)
    kind = dpc_args_set_string(args, spec.name, spec.value);
  else if (spec.kind == CLI_ARG_JSON)
    kind = dpc_args_set_json(args, spec.name, spec.value);
  else
    kind = set_file(args, &spec);
  if (kind == DPC_INVALID_REQUEST)
    return cli_usage("%s: the value is not %s", spec.name,
                     spec.kind == CLI_ARG_TEXT ? "UTF-8" : "JSON, or nests deeper than 20");
  return kind == DPC_OK ? 0 : 1;
}

static int set_args(const cli *c, dpc_args *args, cli_upload *upload) {
  for (int i = 1; i < c->argc; i++) {
    int status = set_arg(c, args, upload, c->argv[i]);
    if (status)
      return status;
  }
  return 0;
}

/* limit=20: text or a number? The operation's table knows; it is asked only where that matters. */
static int give_types(const cli *c, cli_session *session, dpc_args *args) {
  cli_argspec spec;
  dpc_value table, op;
  bool asks = false;
  int status;
  for (int i = 1; i < c->argc; i++)
    asks |= !cli_argspec_parse(c->argv[i], &spec) && spec.kind == CLI_ARG_TEXT &&
            cli_looks_typed(spec.value);
  if (!asks)
    return 0;
  const dpc_reply *reply = cli_ask(session, "service.operations", &status);
  if (!reply || !dpc_reply_value(reply, &table))
    return status ? status : 1;
  if (!find_named(table, c->argv[0], &op))
    return no_such_op(c->argv[0], table);
  for (int i = 1; i < c->argc; i++)
    if (!cli_argspec_parse(c->argv[i], &spec) && spec.kind == CLI_ARG_TEXT &&
        cli_looks_typed(spec.value) && wants_json(op, spec.name))
      dpc_args_set_json(args, spec.name,
                        spec.value); /* what is no JSON stays text: the service says so */
  return 0;
}

/* ---- The call -------------------------------------------------------------------------------- */

static bool op_is_unknown(const dpc_reply *reply) {
  return strcmp(dpc_reply_error(reply)->code, "unknown_operation") == 0;
}

static int fail(const cli *c, cli_session *session, const dpc_reply *reply) {
  dpc_value table;
  int status;
  if (op_is_unknown(reply) && !c->options.json) {
    reply = cli_ask(session, "service.operations", &status);
    return reply && dpc_reply_value(reply, &table) ? no_such_op(c->argv[0], table) : status;
  }
  status = cli_error(c, dpc_reply_error(reply));
  if (dpc_reply_is_pending(reply) && !c->options.json)
    fputs("  The write still runs.\n", stderr);
  if (c->options.include)
    cli_answer(c, reply);
  return cli_interrupted(session) ? cli_interrupted(session) : status;
}

static int answer(const cli *c, cli_session *session, const dpc_reply *reply, bool *answered) {
  if (!reply)
    return cli_interrupted(session) ? cli_interrupted(session) : 1;
  if (dpc_reply_kind(reply) != DPC_OK)
    return fail(c, session, reply);
  *answered = true;
  const char *note = dpc_reply_meta(reply)->note;
  if (*note && !c->options.quiet && !c->options.include)
    cli_say("note: %s", note);
  return cli_answer(c, reply);
}

static int carry_out(cli *c, cli_session *session, dpc_args *args, const cli_upload *upload,
                     bool *answered) {
  dpc_call_options options = cli_call_options(c);
  const dpc_reply *reply = NULL;
  int status = give_types(c, session, args);
  if (status)
    return status;
  if (c->options.stream || cli_is_binary(c->argv[0]))
    return cli_carry_pieces(c, session, args, answered);
  if (upload->path)
    status = cli_carry_file(c, session, args, upload, &reply);
  else
    reply = cli_call(session, c->argv[0], args, &options);
  return status ? status : answer(c, session, reply, answered);
}

/* What would be lost, or harm a terminal, is refused before anything is sent. */
static int check(const cli *c, const cli_upload *upload) {
  bool pieces = c->options.stream || cli_is_binary(c->argv[0]);
  bool terminal = isatty(STDOUT_FILENO) && !c->options.output;
  if (upload->path && pieces)
    return cli_usage("%s is larger than a message, and the answer comes in pieces", upload->path);
  if (terminal && cli_is_binary(c->argv[0]))
    return cli_usage("the answer of %s is no text; give --output FILE, or a pipe", c->argv[0]);
  return 0;
}

int cli_cmd_call(cli *c) {
  sink out = {NULL, NULL};
  cli_upload upload = {.path = NULL};
  bool answered = false;
  dpc_args *args = dpc_args_new();
  int status = args ? set_args(c, args, &upload) : 1;
  if (!status)
    status = check(c, &upload);
  if (!status)
    status = sink_open(&out, c->options.output);
  cli_session *session = status ? NULL : cli_open(c, CLI_MAY_START, &status);
  if (session)
    status = carry_out(c, session, args, &upload, &answered);
  status = sink_close(&out, status, answered);
  cli_close(session);
  cli_upload_clear(&upload);
  dpc_args_free(args);
  return status;
}
