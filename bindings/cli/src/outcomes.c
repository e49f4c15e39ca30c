/*
 * Of thousands of pages a person wants the sum and the first failures, a program all of them: so
 * the page that a terminal shows is short, and the report is whole, one event a line as the service
 * told it. It is flushed as it grows, and what is there after an end that nobody foresaw is true.
 */
#include "outcomes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "meter.h"
#include "text.h"

enum { TELL_MOST = 20 };

static int fail(const char *path) {
  cli_say("cannot write %s: %s", path, strerror(errno));
  return 1;
}

int cli_outcomes_open(cli_outcomes *o, const cli *c) {
  *o = (cli_outcomes){.c = c, .hidden = UINT64_MAX};
  if (!c->options.report)
    return 0;
  o->report = fopen(c->options.report, "we");
  return o->report ? 0 : fail(c->options.report);
}

int cli_outcomes_close(cli_outcomes *o, int status) {
  for (size_t i = 0; i < o->flaw_count; i++)
    free(o->flaws[i].why);
  free(o->flaws);
  if (!o->report)
    return status;
  bool bad = ferror(o->report);
  if (fclose(o->report) != 0 || bad) {
    fail(o->c->options.report);
    status = status ? status : 1;
  }
  return status;
}

/* Without memory the service's own words have to do. */
void cli_outcomes_flaw(cli_outcomes *o, uint64_t index, char *why) {
  if (!why)
    return;
  if (o->flaw_count == o->flaw_room) {
    size_t room = o->flaw_room ? 2 * o->flaw_room : 16;
    cli_flaw *flaws = reallocarray(o->flaws, room, sizeof *flaws);
    if (!flaws) {
      free(why);
      return;
    }
    o->flaws = flaws;
    o->flaw_room = room;
  }
  o->flaws[o->flaw_count++] = (cli_flaw){index, why};
}

static int by_index(const void *a, const void *b) {
  uint64_t wanted = *(const uint64_t *)a, at = ((const cli_flaw *)b)->index;
  return (wanted > at) - (wanted < at);
}

static const char *flaw_of(const cli_outcomes *o, uint64_t index) {
  const cli_flaw *flaw =
      o->flaw_count ? bsearch(&index, o->flaws, o->flaw_count, sizeof *o->flaws, by_index) : NULL;
  return flaw ? flaw->why : NULL;
}

static bool get_text(dpc_value map, const char *key, char *out, size_t size) {
  dpc_value value;
  size_t length = 0;
  const char *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), text ? text : "");
  for (char *at = out; *at; at++)
    if ((unsigned char)*at < 0x20 || *at == 0x7f)
      *at = ' ';
  return text;
}

static uint64_t get_count(dpc_value map, const char *key) {
  dpc_value value;
  return dpc_value_get(map, key, &value) ? dpc_value_uint(value, 0) : 0;
}

static void tell_failed(cli_outcomes *o, dpc_value event) {
  dpc_value error = {NULL, NULL};
  char key[256], kind[40], message[400];
  if (o->c->options.json || ++o->told > TELL_MOST)
    return;
  dpc_value_get(event, "error", &error);
  get_text(event, "key", key, sizeof key);
  get_text(error, "kind", kind, sizeof kind);
  get_text(error, "message", message, sizeof message);
  const char *flaw = flaw_of(o, get_count(event, "index"));
  cli_say("%s%s%s",
          flaw   ? ""
          : *key ? key
                 : "a page without a key",
          flaw ? "" : ": ", flaw ? flaw : message);
  if (o->told == TELL_MOST)
    cli_say("further failures are in the report alone (--report FILE)");
}

static void put_string(FILE *out, const char *text) {
  fputc('"', out);
  for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
    if (*at == '"' || *at == '\\')
      fprintf(out, "\\%c", *at);
    else if (*at < 0x20)
      fprintf(out, "\\u%04x", *at);
    else
      fputc(*at, out);
  }
  fputc('"', out);
}

/* The event as it came, on one line; and what this side knows of a failure, as its last member. */
static void report(cli_outcomes *o, const char *json, size_t length, const char *flaw) {
  if (!o->report || !length)
    return;
  size_t end = flaw && json[length - 1] == '}' ? length - 1 : length;
  for (size_t i = 0; i < end; i++)
    fputc(json[i] == '\n' ? ' ' : json[i], o->report);
  if (end < length) {
    fputs(", \"reason\": ", o->report);
    put_string(o->report, flaw);
    fputc('}', o->report);
  }
  fputc('\n', o->report);
  fflush(o->report);
}

bool cli_outcomes_shows(const cli_outcomes *o) {
  return !o->c->options.json;
}

static void take(cli_outcomes *o, dpc_value event, const char *json, size_t length) {
  char name[32], outcome[32];
  get_text(event, "event", name, sizeof name);
  if (strcmp(name, "progress") == 0) {
    get_text(event, "waiting_for", o->waiting_for, sizeof o->waiting_for);
    return;
  }
  bool page = strcmp(name, "page") == 0;
  if (page && get_count(event, "index") == o->hidden)
    return;
  get_text(event, "outcome", outcome, sizeof outcome);
  bool failed = page && strcmp(outcome, "failed") == 0;
  o->pages += page;
  o->failed += failed;
  if (failed)
    tell_failed(o, event);
  report(o, json, length, failed ? flaw_of(o, get_count(event, "index")) : NULL);
}

void cli_outcomes_event(cli_outcomes *o, const char *json, size_t length) {
  dpc_value event;
  void *memory = dpc_value_parse(json, length, &event);
  if (memory)
    take(o, event, json, length);
  free(memory);
}

/* ---- How far --------------------------------------------------------------------------------- */

static const char *waits(const char *name) {
  static const char *const texts[][2] = {{"list", "the list of what is there"},
                                         {"server", "the server"},
                                         {"metadata", "metadata"},
                                         {"pages", "pages"},
                                         {"pace", "the plan's pace"},
                                         {"indexing", "indexing"},
                                         {"prune", "deletions"}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (strcmp(texts[i][0], name) == 0)
      return texts[i][1];
  return name;
}

static void bar(char *out, size_t width, uint64_t done, uint64_t total) {
  size_t full = total ? (size_t)(done * width / total) : 0;
  memset(out, '-', width);
  memset(out, '#', full < width ? full : width);
  out[width] = '\0';
}

void cli_outcomes_line(const cli_outcomes *o, uint64_t given, uint64_t total, uint64_t passed_ms,
                       char *out, size_t size) {
  char marks[25], left[CLI_TEXT];
  double rate = passed_ms ? (double)o->pages * 1000.0 / (double)passed_ms : 0;
  const char *what = *o->waiting_for ? waits(o->waiting_for) : "the server";
  bar(marks, sizeof marks - 1, o->pages, total);
  if (total && o->pages < total)
    snprintf(out, size, "[%s] %llu of %llu pages, %.1f/s, %s left, waiting for %s", marks,
             (unsigned long long)o->pages, (unsigned long long)total, rate,
             o->pages ? cli_span_us(left, cli_meter_left_us(o->pages, total, passed_ms)) : "?",
             what);
  else
    snprintf(out, size, "%llu of %llu pages so far, %.1f/s, waiting for %s",
             (unsigned long long)o->pages, (unsigned long long)given, rate, what);
}

/* ---- The sum --------------------------------------------------------------------------------- */

static void put_totals(dpc_value totals, uint64_t passed_ms) {
  static const char *const names[] = {"created", "updated",    "adopted", "unchanged",
                                      "deleted", "duplicates", "skipped", "failed",
                                      "indexed", "not_indexed"};
  char count[CLI_TEXT], span[CLI_TEXT];
  dpc_value dry;
  bool any = false;
  if (dpc_value_get(totals, "dry_run", &dry) && dpc_value_bool(dry, false))
    fputs("Nothing was written. It would be: ", stdout);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    uint64_t number = get_count(totals, names[i]);
    if (!number)
      continue;
    printf("%s%s %s", any ? ", " : "", cli_count(count, number),
           strcmp(names[i], "not_indexed") == 0 ? "not indexed" : names[i]);
    any = true;
  }
  printf("%s (%s pages in %s)\n", any ? "" : "nothing to do",
         cli_count(count, get_count(totals, "pages")), cli_span_us(span, passed_ms * 1000));
}

int cli_outcomes_totals(cli_outcomes *o, const cli *c, const dpc_reply *end, uint64_t passed_ms) {
  size_t length;
  const char *body = dpc_reply_body(end, &length);
  dpc_value totals;
  void *memory = dpc_value_parse(body, length, &totals);
  if (!memory) {
    cli_say("the service's totals cannot be read");
    return 1;
  }
  uint64_t bad = get_count(totals, "failed") + get_count(totals, "not_indexed");
  if (c->options.json)
    printf("%.*s\n", (int)length, body);
  else
    put_totals(totals, passed_ms);
  const char *note = dpc_reply_meta(end)->note;
  if (*note && !c->options.quiet && !c->options.json)
    cli_say("note: %s", note);
  free(memory);
  o->failed = bad;
  return bad ? CLI_EXIT_PARTLY : 0;
}
