/* stats.h - the counters of service.stats as C has them. Pure. */
#ifndef CLI_STATS_H
#define CLI_STATS_H

#include <difypool-client/client.h>

typedef struct cli_host {
  char origin[256], version[64], breaker[16], state[16];
  uint64_t opened, reused, open, in_use, bound, waiting, concurrency;
  uint64_t calls, transfers, errors;
  uint64_t dns_us, connect_us, tls_us, saved_us;
  uint64_t p50_us, p90_us, p99_us, max_us;
  uint64_t sent, received;
  uint64_t wire_us, wire_base_us, repeats;
} cli_host;

/* cli_host_read - one entry of `hosts`; what is not there is 0. */
void cli_host_read(dpc_value host, cli_host *out);
/* cli_hosts_total - the sums over all hosts (counts and times only). */
void cli_hosts_total(dpc_value stats, cli_host *out);
/* cli_number - the number under stats[group][name]; 0 if it is not there. */
uint64_t cli_number(dpc_value stats, const char *group, const char *name);
/* cli_field - the number under map[key]; 0 if it is not there. */
uint64_t cli_field(dpc_value map, const char *key);
/* cli_text - the text under map[key], "" if it is not there. */
char *cli_text(dpc_value map, const char *key, char *out, size_t size);

/* cli_verdict - one line on what the pool did, for people. */
void cli_verdict(dpc_value stats, char *out, size_t size);

#endif
