/*
 * Answers go to standard output, everything else to standard error, so that a pipe gets nothing but
 * the answer. On a terminal JSON is indented and control characters are shown; in a pipe the bytes
 * are those that came. What could not be written is an error: a script must not take half an answer
 * for a whole one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli.h"
#include "pretty.h"

void cli_say(const char *format, ...) {
  va_list list;
  fputs("difypool: ", stderr);
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputc('\n', stderr);
}

int cli_usage(const char *format, ...) {
  va_list list;
  fputs("difypool: ", stderr);
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputs("\nTry: difypool help\n", stderr);
  return CLI_EXIT_USAGE;
}

static void put_json_string(FILE *out, const char *text) {
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\')
      fputc('\\', out);
    fputc(*text, out); /* the library's texts hold no control characters */
  }
  fputc('"', out);
}

static void put_error_json(const dpc_error *e) {
  const struct {
    const char *name, *value;
  } texts[] = {
      {"kind", e->kind_name}, {"code", e->code}, {"message", e->message}, {"hint", e->hint}};
  fputs("{\"error\":{", stderr);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    fprintf(stderr, "\"%s\":", texts[i].name);
    put_json_string(stderr, texts[i].value);
    fputc(',', stderr);
  }
  fprintf(stderr, "\"status\":%d,\"retryable\":%s,\"retry_after_ms\":%u}}\n", e->status,
          e->retryable ? "true" : "false", e->retry_after_ms);
}

int cli_error(const cli *c, const dpc_error *e) {
  if (c->options.json) {
    put_error_json(e);
    return dpc_kind_exit(e->kind);
  }
  char code[80] = "", after[64] = "";
  if (e->code[0] && strcmp(e->code, e->kind_name) != 0)
    snprintf(code, sizeof code, " (%s)", e->code);
  if (e->retry_after_ms)
    snprintf(after, sizeof after, " Useful again in %.1f s.", e->retry_after_ms / 1000.0);
  cli_say("%s: %s%s", e->kind_name, e->message[0] ? e->message : dpc_kind_text(e->kind), code);
  if (e->hint[0] || after[0])
    fprintf(stderr, "  %s%s\n", e->hint, after);
  return dpc_kind_exit(e->kind);
}

bool cli_is_json(const char *type) {
  size_t length = strcspn(type, "; ");
  return (length == 16 && strncasecmp(type, "application/json", 16) == 0) ||
         (length > 5 && strncasecmp(type + length - 5, "+json", 5) == 0);
}

static bool is_text(const char *type) {
  return strncasecmp(type, "text/", 5) == 0 || !*type;
}

static void put_times(const dpc_meta *m) {
  printf("attempts: %u\nconnection: %s\n", m->attempts,
         m->cached   ? "none, from the cache"
         : m->reused ? "reused"
                     : "new");
  printf("total: %.2f ms (queued %.2f, DNS %.2f, TCP %.2f, TLS %.2f, server %.2f)\n",
         (double)m->total_us / 1e3, (double)m->queued_us / 1e3, (double)m->dns_us / 1e3,
         (double)m->connect_us / 1e3, (double)m->tls_us / 1e3, (double)m->server_us / 1e3);
  if (m->note[0])
    printf("note: %s\n", m->note);
}

static void put_head(const dpc_reply *reply) {
  const char *name, *value;
  printf("status: %d\n", dpc_reply_status(reply));
  if (*dpc_reply_type(reply) && !dpc_reply_header(reply, "content-type"))
    printf("content-type: %s\n", dpc_reply_type(reply));
  for (size_t i = 0; dpc_reply_header_at(reply, i, &name, &value); i++)
    printf("%s: %s\n", name, value);
  put_times(dpc_reply_meta(reply));
  putchar('\n');
}

int cli_answer(const cli *c, const dpc_reply *reply) {
  size_t length;
  const char *body = dpc_reply_body(reply, &length), *type = dpc_reply_type(reply);
  bool terminal = isatty(STDOUT_FILENO) && !c->options.json;
  if (c->options.include)
    put_head(reply);
  if (terminal && cli_is_json(type) && length)
    cli_pretty(stdout, body, length);
  else if (terminal && length && !is_text(type) && !c->options.output)
    cli_say("the answer is %zu bytes of %s; give --output FILE, or a pipe", length, type);
  else
    fwrite(body, 1, length, stdout);
  dpc_value value;
  if (!terminal && dpc_reply_value(reply, &value))
    putchar('\n'); /* our own JSON is a line; the server's bytes are left alone */
  if (terminal && is_text(type) && length && body[length - 1] != '\n')
    putchar('\n');
  return 0;
}

int cli_finish(int status) {
  if (fflush(stdout) == 0 && !ferror(stdout))
    return status;
  cli_say("cannot write the answer: %s", strerror(errno));
  return status ? status : 1;
}
