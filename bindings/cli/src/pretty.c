/*
 * An answer's JSON is shown, not read: numbers of any size, repeated names and odd escapes must
 * come out as they are. So this moves blanks about and copies everything else.
 */
#include "pretty.h"

#include <stdbool.h>
#include <string.h>

typedef struct printer {
  FILE *out;
  const char *at, *end;
  unsigned depth;
} printer;

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(printer *p) {
  while (p->at < p->end && is_space(*p->at))
    p->at++;
}

static void new_line(printer *p) {
  fputc('\n', p->out);
  for (unsigned i = 0; i < p->depth; i++)
    fputs("  ", p->out);
}

/* U+0080 to U+009F are controls too, and DEL. */
static void put_safe(printer *p) {
  unsigned char c = (unsigned char)*p->at;
  unsigned char next = p->end - p->at > 1 ? (unsigned char)p->at[1] : 0;
  if (c < 0x20 || c == 0x7f) {
    fprintf(p->out, "\\u%04x", c);
  } else if (c == 0xc2 && next >= 0x80 && next <= 0x9f) {
    fprintf(p->out, "\\u%04x", next);
    p->at++;
  } else {
    fputc(c, p->out);
  }
  p->at++;
}

static void put_string(printer *p) {
  put_safe(p); /* the quote */
  while (p->at < p->end && *p->at != '"') {
    if (*p->at == '\\' && p->end - p->at > 1)
      put_safe(p);
    put_safe(p);
  }
  if (p->at < p->end)
    put_safe(p);
}

static void open_container(printer *p, char close) {
  fputc(*p->at++, p->out);
  skip_space(p);
  if (p->at < p->end && *p->at == close) {
    fputc(*p->at++, p->out);
    return;
  }
  p->depth++;
  new_line(p);
}

static void put_one(printer *p) {
  switch (*p->at) {
  case '{':
  case '[':
    open_container(p, *p->at == '{' ? '}' : ']');
    break;
  case '}':
  case ']':
    p->depth -= p->depth > 0;
    new_line(p);
    fputc(*p->at++, p->out);
    break;
  case ',':
    fputc(*p->at++, p->out);
    new_line(p);
    break;
  case ':':
    fputs(": ", p->out);
    p->at++;
    break;
  case '"':
    put_string(p);
    break;
  default:
    put_safe(p);
  }
}

void cli_pretty(FILE *out, const char *json, size_t length) {
  printer p = {out, json, json + length, 0};
  for (skip_space(&p); p.at < p.end; skip_space(&p))
    put_one(&p);
  fputc('\n', out);
}
