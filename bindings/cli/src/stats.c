/*
 * What the counters say in one line is the reason why people look: is the pool worth it, and if it
 * is not, why not. The line is made here, from numbers alone, so that tests can hold it to its
 * word.
 */
#include "stats.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static uint64_t number(dpc_value map, const char *key) {
  dpc_value value;
  return dpc_value_get(map, key, &value) ? dpc_value_uint(value, 0) : 0;
}

uint64_t cli_field(dpc_value map, const char *key) {
  return number(map, key);
}

char *cli_text(dpc_value map, const char *key, char *out, size_t size) {
  dpc_value value;
  size_t length = 0;
  const char *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  snprintf(out, size, "%.*s", (int)length, text ? text : "");
  return out;
}

uint64_t cli_number(dpc_value stats, const char *group, const char *name) {
  dpc_value map;
  return dpc_value_get(stats, group, &map) ? number(map, name) : 0;
}

void cli_host_read(dpc_value host, cli_host *out) {
  *out = (cli_host){
      .opened = number(host, "connections_opened"),
      .reused = number(host, "connections_reused"),
      .open = number(host, "connections_open"),
      .in_use = number(host, "connections_in_use"),
      .bound = number(host, "connections_bound"),
      .waiting = number(host, "waiting"),
      .concurrency = number(host, "concurrency"),
      .calls = number(host, "calls"),
      .transfers = number(host, "transfers"),
      .errors = number(host, "errors"),
      .dns_us = number(host, "dns_us"),
      .connect_us = number(host, "connect_us"),
      .tls_us = number(host, "tls_us"),
      .saved_us = number(host, "saved_us"),
      .p50_us = number(host, "latency_p50_us"),
      .p90_us = number(host, "latency_p90_us"),
      .p99_us = number(host, "latency_p99_us"),
      .max_us = number(host, "latency_max_us"),
      .sent = number(host, "sent"),
      .received = number(host, "received"),
      .wire_us = number(host, "wire_us"),
      .wire_base_us = number(host, "wire_base_us"),
      .repeats = number(host, "repeats"),
  };
  cli_text(host, "origin", out->origin, sizeof out->origin);
  cli_text(host, "version", out->version, sizeof out->version);
  cli_text(host, "breaker", out->breaker, sizeof out->breaker);
  cli_text(host, "concurrency_state", out->state, sizeof out->state);
}

static void add(cli_host *total, const cli_host *host) {
  total->opened += host->opened;
  total->reused += host->reused;
  total->open += host->open;
  total->in_use += host->in_use;
  total->calls += host->calls;
  total->transfers += host->transfers;
  total->errors += host->errors;
  total->dns_us += host->dns_us;
  total->connect_us += host->connect_us;
  total->tls_us += host->tls_us;
  total->saved_us += host->saved_us;
}

void cli_hosts_total(dpc_value stats, cli_host *out) {
  dpc_value hosts, entry;
  *out = (cli_host){.opened = 0};
  if (!dpc_value_get(stats, "hosts", &hosts))
    return;
  dpc_walk walk = dpc_value_walk(hosts);
  while (dpc_walk_next(&walk, NULL, &entry)) {
    cli_host host;
    cli_host_read(entry, &host);
    add(out, &host);
  }
}

static void verdict_on_reuse(const cli_host *total, char *out, size_t size) {
  char opened[CLI_TEXT], calls[CLI_TEXT], percent[CLI_TEXT], saved[CLI_TEXT];
  uint64_t carried = total->reused + total->opened;
  cli_count(opened, total->opened);
  cli_count(calls, total->calls);
  cli_percent(percent, total->reused, carried);
  cli_span_us(saved, total->saved_us);
  if (total->reused * 2 >= carried)
    snprintf(out, size,
             "Pooling works: %s connection%s carried %s calls (%s reused), about %s of handshakes "
             "saved.",
             opened, total->opened == 1 ? "" : "s", calls, percent, saved);
  else
    snprintf(
        out, size,
        "Pooling is on, but only %s of requests found an open connection: calls come too rarely, "
        "or the server closes connections early.",
        percent);
}

void cli_verdict(dpc_value stats, char *out, size_t size) {
  enum { TOO_FEW = 3 };
  dpc_value pool, pooling;
  cli_host total;
  cli_hosts_total(stats, &total);
  bool on = !dpc_value_get(stats, "pool", &pool) || !dpc_value_get(pool, "pooling", &pooling) ||
            (dpc_value_type(pooling) == DPC_TYPE_BOOL ? dpc_value_bool(pooling, true)
                                                      : dpc_value_int(pooling, 1) != 0);
  if (!on)
    snprintf(out, size, "Pooling is off: every call opens a connection of its own.");
  else if (!total.calls)
    snprintf(out, size, "Pooling is on; no calls have been made yet.");
  else if (total.reused + total.opened < TOO_FEW)
    snprintf(out, size, "Pooling is on; too few calls yet to tell what it saves.");
  else
    verdict_on_reuse(&total, out, size);
}
