/* meter.h - how far something is, on a terminal: one line that is written over. */
#ifndef CLI_METER_H
#define CLI_METER_H

#include "cli.h"

typedef struct cli_meter {
  bool on;
  uint64_t started_ms, shown_ms;
} cli_meter;

/* cli_meter_begin - on where standard error is a terminal, and nobody wants quiet or JSON. */
cli_meter cli_meter_begin(const cli *c);
/* cli_meter_due - whether it is time to show it again; a few times a second. */
bool cli_meter_due(cli_meter *m);
/* cli_meter_show - this line; cli_meter_clear - none. */
void cli_meter_show(cli_meter *m, const char *line);
void cli_meter_clear(cli_meter *m);
/* cli_meter_bytes - "12.3 MiB of 90.0 MiB (13.6 %), 41.0 MiB/s, 2 s left"; total 0 = not known. */
void cli_meter_bytes(cli_meter *m, uint64_t done, uint64_t total);
/* cli_meter_left_us - how long the rest takes at the pace so far; 0 = not known. Pure. */
uint64_t cli_meter_left_us(uint64_t done, uint64_t total, uint64_t passed_ms);
uint64_t cli_meter_passed_ms(const cli_meter *m);

#endif
