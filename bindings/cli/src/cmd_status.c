/* difypool status: what somebody looks at to see that pooling works. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "stats.h"
#include "text.h"

enum { INTERVAL_MS = 2000 };

/* Nothing where there never was one: most programs have no streams. */
static void show_streams(dpc_value stats) {
  char pieces[CLI_TEXT], held[CLI_TEXT];
  uint64_t open = cli_number(stats, "service", "streams");
  if (cli_number(stats, "service", "streams_opened") == 0)
    return;
  printf("%llu stream%s open, %s pieces came, %s held for readers\n", (unsigned long long)open,
         open == 1 ? "" : "s", cli_count(pieces, cli_number(stats, "service", "stream_pieces")),
         cli_bytes(held, cli_number(stats, "service", "stream_held")));
}

static void show_service(const cli_session *session, dpc_value stats) {
  char version[64], up[CLI_TEXT], calls[CLI_TEXT], running[CLI_TEXT], remembered[CLI_TEXT],
      bytes[CLI_TEXT];
  dpc_value service = {NULL, NULL};
  dpc_value_get(stats, "service", &service);
  uint64_t clients = cli_number(stats, "service", "clients");
  printf("difypoold %s at %s (%s, pid %llu), up %s\n",
         cli_text(service, "version", version, sizeof version),
         dpc_client_socket(cli_client(session)),
         dpc_client_is_private(cli_client(session)) ? "private" : "shared",
         (unsigned long long)cli_number(stats, "service", "pid"),
         cli_span_us(up, cli_number(stats, "service", "uptime_ms") * 1000));
  printf("%llu client%s, %s calls running, %s answered; %s writes remembered (%s)\n",
         (unsigned long long)clients, clients == 1 ? "" : "s",
         cli_count(running, cli_number(stats, "service", "calls_running")),
         cli_count(calls, cli_number(stats, "service", "calls")),
         cli_count(remembered, cli_number(stats, "service", "remembered")),
         cli_bytes(bytes, cli_number(stats, "service", "remembered_bytes")));
  show_streams(stats);
  printf("\n");
}

static void show_connections(const cli_host *h) {
  char opened[CLI_TEXT], reused[CLI_TEXT], percent[CLI_TEXT];
  printf("  connections  %s opened, %s reused (%s); now %llu open, %llu in use, bound %llu\n",
         cli_count(opened, h->opened), cli_count(reused, h->reused),
         cli_percent(percent, h->reused, h->reused + h->opened), (unsigned long long)h->open,
         (unsigned long long)h->in_use, (unsigned long long)h->bound);
}

static void show_calls(const cli_host *h) {
  char calls[CLI_TEXT], transfers[CLI_TEXT], errors[CLI_TEXT], waiting[CLI_TEXT];
  printf("  calls        %s in %s requests, %s failed; %s waiting, %llu at once allowed\n",
         cli_count(calls, h->calls), cli_count(transfers, h->transfers),
         cli_count(errors, h->errors), cli_count(waiting, h->waiting),
         (unsigned long long)h->concurrency);
}

/* How the number of calls at once was come by, once there is something to say of it. */
static void show_concurrency(const cli_host *h) {
  char wire[CLI_TEXT], base[CLI_TEXT];
  if (!h->state[0])
    return;
  printf("  concurrency  %llu, %s", (unsigned long long)h->concurrency, h->state);
  if (h->wire_us)
    printf("; a call takes %s there, %s where none waits", cli_span_us(wire, h->wire_us),
           cli_span_us(base, h->wire_base_us));
  if (h->repeats)
    printf("; %llu repeats in 10 s", (unsigned long long)h->repeats);
  printf("\n");
}

static void show_times(const cli_host *h) {
  char dns[CLI_TEXT], tcp[CLI_TEXT], tls[CLI_TEXT], saved[CLI_TEXT];
  char p50[CLI_TEXT], p90[CLI_TEXT], p99[CLI_TEXT], max[CLI_TEXT];
  printf("  handshakes   DNS %s, TCP %s, TLS %s; saved by reuse: %s\n", cli_span_us(dns, h->dns_us),
         cli_span_us(tcp, h->connect_us), cli_span_us(tls, h->tls_us),
         cli_span_us(saved, h->saved_us));
  printf("  latency      median %s, 90 %% %s, 99 %% %s, longest %s\n", cli_span_us(p50, h->p50_us),
         cli_span_us(p90, h->p90_us), cli_span_us(p99, h->p99_us), cli_span_us(max, h->max_us));
}

static void show_host(dpc_value entry) {
  char sent[CLI_TEXT], received[CLI_TEXT];
  cli_host h;
  cli_host_read(entry, &h);
  printf("\n%s%s%s%s\n", h.origin, h.version[0] ? " (Dify " : "", h.version,
         h.version[0] ? ")" : "");
  show_connections(&h);
  show_calls(&h);
  show_concurrency(&h);
  show_times(&h);
  printf("  bodies       %s sent, %s received\n", cli_bytes(sent, h.sent),
         cli_bytes(received, h.received));
  printf("  breaker      %s%s\n", h.breaker[0] ? h.breaker : "closed",
         strcmp(h.breaker, "open") == 0 ? ": calls fail until the server answers again" : "");
}

static void show_pace(dpc_value pace) {
  char workspace[256], window[CLI_TEXT];
  dpc_value learnt;
  uint64_t limit = cli_field(pace, "limit"), others = cli_field(pace, "others");
  cli_text(pace, "workspace", workspace, sizeof workspace);
  if (!limit)
    return;
  printf("\npace of %s: %llu of %llu calls used in %s%s", workspace,
         (unsigned long long)cli_field(pace, "used"), (unsigned long long)limit,
         cli_span_us(window, 1000 * cli_field(pace, "window_ms")),
         dpc_value_get(pace, "learnt", &learnt) && dpc_value_bool(learnt, false)
             ? ", as refusals told"
             : "");
  if (others)
    printf("; others used %llu", (unsigned long long)others);
  printf("; %llu waiting\n", (unsigned long long)cli_field(pace, "waiting"));
}

static void show_paces(dpc_value stats) {
  dpc_value paces, pace;
  if (!dpc_value_get(stats, "paces", &paces))
    return;
  dpc_walk walk = dpc_value_walk(paces);
  while (dpc_walk_next(&walk, NULL, &pace))
    show_pace(pace);
}

static void show_errors(dpc_value stats) {
  dpc_value pool, errors, kind, count;
  bool any = false;
  if (!dpc_value_get(stats, "pool", &pool) || !dpc_value_get(pool, "errors", &errors))
    return;
  dpc_walk walk = dpc_value_walk(errors);
  while (dpc_walk_next(&walk, &kind, &count)) {
    char number[CLI_TEXT];
    size_t length;
    const char *name = dpc_value_text(kind, &length);
    if (!name || !dpc_value_uint(count, 0) || (length == 2 && memcmp(name, "ok", 2) == 0))
      continue;
    printf("%s %.*s %s", any ? "," : "\nErrors:", (int)length, name,
           cli_count(number, dpc_value_uint(count, 0)));
    any = true;
  }
  if (any)
    putchar('\n');
}

static void show(const cli_session *session, dpc_value stats) {
  char verdict[256];
  dpc_value hosts, host;
  show_service(session, stats);
  cli_verdict(stats, verdict, sizeof verdict);
  puts(verdict);
  dpc_value_get(stats, "hosts", &hosts);
  dpc_walk walk = dpc_value_walk(hosts);
  while (dpc_walk_next(&walk, NULL, &host))
    show_host(host);
  show_paces(stats);
  show_errors(stats);
}

static int show_once(const cli *c, cli_session *session) {
  int status;
  dpc_value stats;
  const dpc_reply *reply = cli_ask(session, "service.stats", &status);
  if (!reply)
    return status;
  if (c->options.watch && isatty(STDOUT_FILENO))
    fputs("\033[H\033[2J", stdout);
  if (c->options.json)
    return cli_answer(c, reply);
  if (dpc_reply_value(reply, &stats))
    show(session, stats);
  return 0;
}

static int watch(const cli *c, cli_session *session) {
  uint32_t interval = c->options.interval_ms ? c->options.interval_ms : INTERVAL_MS;
  int status;
  do {
    status = show_once(c, session);
    if (!isatty(STDOUT_FILENO) && !c->options.json)
      putchar('\n');
  } while (fflush(stdout) == 0 && !status && cli_pause(session, interval));
  return status;
}

static int no_service(const cli *c) {
  cli_say("no service is running%s", c->options.socket ? " there" : "");
  fputs("  The first call starts one: difypool call, or a client in any language.\n", stderr);
  return dpc_kind_exit(DPC_UNREACHABLE);
}

int cli_cmd_status(cli *c) {
  int status;
  cli_session *session = cli_open(c, CLI_NO_SERVER | CLI_MAY_LACK, &status);
  if (!session)
    return status == -1 ? no_service(c) : status;
  status = c->options.watch ? watch(c, session) : show_once(c, session);
  cli_close(session);
  return status;
}

int cli_cmd_stats(cli *c) {
  int status;
  cli_session *session = cli_open(c, CLI_NO_SERVER, &status);
  const dpc_reply *reply = session ? cli_ask(session, "service.stats", &status) : NULL;
  if (reply)
    status = cli_answer(c, reply);
  cli_close(session);
  return status;
}
