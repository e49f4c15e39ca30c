/*
 * difypool chat: a question, and the words of its answer as they come. On a terminal without a
 * question it asks on, in one conversation; there Ctrl-C ends an answer, and at the prompt the
 * command. What is read from a pipe is one question.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "argspec.h"
#include "pieces.h"
#include "talk.h"
#include "words.h"

typedef struct chat {
  const cli *c;
  cli_session *session;
  const char *op;
  char user[128];
  dpc_args *inputs;
  cli_talk talk;
  cli_words words;
} chat;

/* ---- The question ---------------------------------------------------------------------------- */

static int set_input(dpc_args *inputs, const char *word) {
  cli_argspec spec;
  size_t length;
  const char *flaw = cli_argspec_parse(word, &spec);
  if (flaw)
    return cli_usage("--input %.40s: %s", word, flaw);
  if (dpc_args_has(inputs, spec.name))
    return cli_usage("--input %s is given twice", spec.name);
  bool json = spec.kind == CLI_ARG_JSON || spec.kind == CLI_ARG_JSON_FILE;
  bool file = spec.kind == CLI_ARG_FILE || spec.kind == CLI_ARG_JSON_FILE;
  char *content = file ? cli_file_read(spec.value, &length) : NULL;
  if (file && !content)
    return 1;
  const char *value = file ? content : spec.value;
  dpc_kind kind = json ? dpc_args_set_json(inputs, spec.name, value)
                       : dpc_args_set_text(inputs, spec.name, value, file ? length : strlen(value));
  free(content);
  if (kind == DPC_INVALID_REQUEST)
    return cli_usage("--input %s: the value is not %s", spec.name, json ? "JSON" : "UTF-8");
  return kind == DPC_OK ? 0 : 1;
}

static int set_inputs(chat *t) {
  int status = t->inputs ? 0 : 1;
  for (size_t i = 0; i < t->c->options.inputs.count && !status; i++)
    status = set_input(t->inputs, t->c->options.inputs.at[i]);
  return status;
}

static bool is_chat(const chat *t) {
  return strcmp(t->op, "chat.send") == 0;
}

/* A completion app takes its text as the input `query`. A workflow has inputs alone. */
static dpc_kind set_question(const chat *t, dpc_args *args, const char *text) {
  dpc_kind kind = dpc_args_set_string(args, "user", t->user);
  if (kind == DPC_OK && is_chat(t))
    kind = dpc_args_set_string(args, "query", text);
  else if (kind == DPC_OK && text)
    kind = dpc_args_set_string(t->inputs, "query", text);
  if (kind == DPC_OK)
    kind = dpc_args_set_args(args, "inputs", t->inputs);
  if (kind == DPC_OK && *t->talk.id)
    kind = dpc_args_set_string(args, "conversation_id", t->talk.id);
  return kind;
}

/* ---- The answer ------------------------------------------------------------------------------ */

/* One line for each event, whatever line ends its JSON has between its members. */
static void put_line(const dpc_piece *piece) {
  for (size_t i = 0; i < piece->length; i++)
    putchar(piece->data[i] == '\n' || piece->data[i] == '\r' ? ' ' : piece->data[i]);
  putchar('\n');
}

static bool hear(const dpc_piece *piece, void *user) {
  chat *t = user;
  cli_words_event(&t->words, piece->data, piece->length);
  if (t->c->options.json && piece->length)
    put_line(piece);
  if (is_chat(t))
    cli_talk_keep(&t->talk, t->words.conversation);
  return true;
}

static bool show(void *user) {
  (void)user;
  return fflush(stdout) == 0 && !ferror(stdout);
}

/* Remarks belong to people who read words. */
static void begin_words(chat *t) {
  bool json = t->c->options.json;
  t->words = (cli_words){.out = json ? NULL : stdout,
                         .notes = json || t->c->options.quiet ? NULL : stderr,
                         .terminal = isatty(STDOUT_FILENO)};
}

static int listen(chat *t, dpc_stream *stream) {
  begin_words(t);
  int status = cli_stream_read(t->c, t->session, stream, hear, show, t);
  cli_words_end(&t->words);
  fflush(stdout);
  return status;
}

static int ask(chat *t, const char *text) {
  int status = 1;
  dpc_args *args = dpc_args_new();
  dpc_kind kind = args ? set_question(t, args, text) : DPC_INTERNAL;
  if (kind == DPC_INVALID_REQUEST)
    status = cli_usage("the text or --user is not UTF-8");
  else if (kind != DPC_OK)
    cli_say("memory is out");
  dpc_stream *stream =
      kind == DPC_OK ? cli_stream_open(t->c, t->session, t->op, args, &status) : NULL;
  dpc_args_free(args);
  if (stream)
    status = listen(t, stream);
  else if (t->talk.path && *t->talk.id && kind == DPC_OK && !t->c->options.json)
    fprintf(stderr, "  The conversation's id is kept in %s; delete it to begin anew.\n",
            t->talk.path);
  return status;
}

/* ---- From where ------------------------------------------------------------------------------ */

static char *joined(const cli *c) {
  size_t length = 1;
  for (int i = 0; i < c->argc; i++)
    length += strlen(c->argv[i]) + 1;
  char *text = calloc(length, 1), *at = text;
  for (int i = 0; i < c->argc && text; i++)
    at = stpcpy(i ? stpcpy(at, " ") : at, c->argv[i]);
  return text;
}

static char *from_pipe(void) {
  size_t length;
  char *text = cli_file_read("-", &length);
  while (text && length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
    text[--length] = '\0';
  if (text && strlen(text) != length) {
    cli_say("what was read from standard input is no text: it holds a NUL");
    text[0] = '\0';
  }
  return text;
}

static int ask_once(chat *t, char *text) {
  int status = text ? 0 : 1;
  if (text && !*text)
    status = cli_usage("there is nothing to ask: give a text, or one on standard input");
  if (!status)
    status = ask(t, text);
  free(text);
  return status;
}

/* One line, as the terminal gives it; its length, 0 at the end, -1 after Ctrl-C. */
static ssize_t read_line(chat *t, char *line, size_t size) {
  fputs("> ", stderr);
  fflush(stderr);
  if (!cli_await_input(t->session, STDIN_FILENO))
    return -1;
  ssize_t got = read(STDIN_FILENO, line, size - 1);
  if (got <= 0)
    return 0;
  line[got] = '\0';
  line[strcspn(line, "\r\n")] = '\0';
  return got;
}

static int converse(chat *t) {
  char line[8192];
  ssize_t got;
  int status = 0;
  if (!t->c->options.quiet)
    fputs("Ask; Ctrl-C ends an answer, Ctrl-D the conversation.\n", stderr);
  while ((got = read_line(t, line, sizeof line)) > 0) {
    if (!*line)
      continue;
    status = ask(t, line);
    if (cli_interrupted(t->session) == CLI_EXIT_TERMINATED)
      return status;
    if (cli_interrupted(t->session)) {
      fputc('\n', stderr);
      status = 0;
    }
    cli_resume(t->session);
  }
  fputc('\n', stderr);
  return got < 0 ? cli_interrupted(t->session) : status;
}

static int run(chat *t) {
  if (t->c->argc)
    return ask_once(t, joined(t->c));
  if (!is_chat(t) && dpc_args_count(t->inputs))
    return ask(t, NULL);
  if (!isatty(STDIN_FILENO))
    return ask_once(t, from_pipe());
  if (!is_chat(t))
    return cli_usage("%s has no conversation: give its text, or --input", t->op);
  return converse(t);
}

static int check(const chat *t) {
  bool workflow = strcmp(t->op, "workflows.run") == 0;
  if (!is_chat(t) && !workflow && strcmp(t->op, "completion.send") != 0)
    return cli_usage("--op is chat.send, completion.send or workflows.run, not %s", t->op);
  if (workflow && (t->c->argc || !t->c->options.inputs.count))
    return cli_usage("a workflow has no question: give its inputs, with --input NAME=VALUE");
  if (!is_chat(t) && t->c->options.conversation)
    return cli_usage("%s has no conversation", t->op);
  if (t->c->options.user && strpbrk(t->c->options.user, "\r\n"))
    return cli_usage("--user is one line");
  return strlen(t->user) + 1 < sizeof t->user ? 0 : cli_usage("--user is too long");
}

int cli_cmd_chat(cli *c) {
  chat t = {.c = c, .op = c->options.op ? c->options.op : "chat.send", .inputs = dpc_args_new()};
  if (c->options.user)
    snprintf(t.user, sizeof t.user, "%s", c->options.user);
  else
    snprintf(t.user, sizeof t.user, "difypool-%u", (unsigned)getuid());
  if (c->options.priority == DPC_PRIORITY_NORMAL)
    c->options.priority = DPC_PRIORITY_INTERACTIVE;
  int status = check(&t);
  if (!status)
    status = set_inputs(&t);
  if (!status)
    status = cli_talk_open(c, t.user, &t.talk);
  t.session = status ? NULL : cli_open(c, CLI_MAY_START, &status);
  if (t.session)
    status = run(&t);
  cli_close(t.session);
  cli_talk_close(&t.talk);
  dpc_args_free(t.inputs);
  return status;
}
