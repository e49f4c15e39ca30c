/*
 * A line that is written over belongs on a terminal alone. It goes to standard error, is shown a
 * few times a second at most, and is taken away before anything else is said.
 */
#include "meter.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

enum { GAP_MS = 200 };

static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

cli_meter cli_meter_begin(const cli *c) {
  bool on = isatty(STDERR_FILENO) && !c->options.quiet && !c->options.json;
  return (cli_meter){.on = on, .started_ms = now_ms()};
}

bool cli_meter_due(cli_meter *m) {
  uint64_t now = now_ms();
  if (!m->on || now - m->shown_ms < GAP_MS)
    return false;
  m->shown_ms = now;
  return true;
}

void cli_meter_show(cli_meter *m, const char *line) {
  if (m->on)
    fprintf(stderr, "\r\033[K%s", line);
  fflush(stderr);
}

void cli_meter_clear(cli_meter *m) {
  if (m->on && m->shown_ms)
    fputs("\r\033[K", stderr);
  fflush(stderr);
}

uint64_t cli_meter_passed_ms(const cli_meter *m) {
  return now_ms() - m->started_ms;
}

uint64_t cli_meter_left_us(uint64_t done, uint64_t total, uint64_t passed_ms) {
  if (!done || done >= total)
    return 0;
  return (uint64_t)((double)passed_ms * 1000.0 * (double)(total - done) / (double)done);
}

void cli_meter_bytes(cli_meter *m, uint64_t done, uint64_t total) {
  char a[CLI_TEXT], b[CLI_TEXT], part[CLI_TEXT], rate[CLI_TEXT], left[CLI_TEXT], line[256];
  if (!cli_meter_due(m))
    return;
  uint64_t passed = cli_meter_passed_ms(m);
  cli_bytes(rate, passed ? done * 1000 / passed : 0);
  if (total)
    snprintf(line, sizeof line, "%s of %s (%s), %s/s, %s left", cli_bytes(a, done),
             cli_bytes(b, total), cli_percent(part, done, total), rate,
             cli_span_us(left, cli_meter_left_us(done, total, passed)));
  else
    snprintf(line, sizeof line, "%s, %s/s", cli_bytes(a, done), rate);
  cli_meter_show(m, line);
}
