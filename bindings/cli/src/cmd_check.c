/*
 * difypool check: four steps that prove in under 5 s that pooling works. What it believes is what
 * each answer says of its own connection (meta.reused), since counters are shared with whoever else
 * uses the service. It lists one knowledge base, or asks what an app key's app is, which changes
 * nothing and tells that the key is good; and it goes by a handle of its own, so that switching
 * pooling off is nobody else's business.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "stats.h"
#include "text.h"

enum { CALLS = 10, CALLS_OFF = 3, BUDGET_MS = 4500, LEAST_MS = 300 };

typedef enum result { PASSED, FAILED, SKIPPED } result;

typedef struct check {
  cli *c;
  cli_session *session;
  dpc_args *args;
  const char *operation;
  uint64_t began_us, last_us;
  bool failed, first;
} check;

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint32_t left_ms(const check *k) {
  uint64_t spent = (now_us() - k->began_us) / 1000;
  return spent + LEAST_MS < BUDGET_MS ? (uint32_t)(BUDGET_MS - spent) : LEAST_MS;
}

static bool hurry(const check *k, unsigned part_of_eight) {
  return (now_us() - k->began_us) / 1000 > (uint64_t)BUDGET_MS * part_of_eight / 8;
}

/* ---- Telling --------------------------------------------------------------------------------- */

static void quote(const char *text) {
  for (putchar('"'); *text; text++) {
    if (*text == '"' || *text == '\\')
      putchar('\\');
    putchar(*text);
  }
  putchar('"');
}

static void tell(check *k, result r, const char *step, const char *text, const char *hint) {
  static const char *const marks[] = {"✓", "✗", "–"}, *const words[] = {"passed", "failed",
                                                                        "skipped"};
  k->failed |= r == FAILED;
  if (!k->c->options.json) {
    printf("%s %s\n", marks[r], text);
    if (hint && *hint)
      printf("  %s\n", hint);
    fflush(stdout);
    return;
  }
  printf("%s{\"step\":\"%s\",\"result\":\"%s\",\"text\":", k->first ? "" : ",", step, words[r]);
  quote(text);
  printf(",\"hint\":");
  quote(hint ? hint : "");
  putchar('}');
  k->first = false;
}

static void tell_error(check *k, const char *step, const char *what, const dpc_error *e) {
  char text[1024];
  snprintf(text, sizeof text, "%s: %s: %s", what, e->kind_name, e->message);
  tell(k, FAILED, step, text, e->hint);
}

/* ---- Doing ----------------------------------------------------------------------------------- */

/* One harmless call. */
static const dpc_reply *call(check *k) {
  dpc_call_options options = DPC_CALL_OPTIONS_INIT;
  options.deadline_ms = left_ms(k);
  options.priority = DPC_PRIORITY_INTERACTIVE;
  uint64_t began = now_us();
  const dpc_reply *reply = cli_call(k->session, k->operation, k->args, &options);
  k->last_us = now_us() - began;
  return reply;
}

typedef struct series {
  unsigned calls, opened;
  uint64_t first_us, rest_us;
} series;

static void count(check *k, const dpc_reply *reply, series *s) {
  *(s->calls++ ? &s->rest_us : &s->first_us) += k->last_us;
  s->opened += !dpc_reply_meta(reply)->reused;
}

static bool run_series(check *k, const char *step, unsigned calls, unsigned least, unsigned eighths,
                       series *out) {
  while (out->calls < calls && (out->calls < least || !hurry(k, eighths))) {
    const dpc_reply *reply = call(k);
    if (!reply || dpc_reply_kind(reply) != DPC_OK) {
      if (reply)
        tell_error(k, step, "a call failed", dpc_reply_error(reply));
      return false;
    }
    count(k, reply, out);
  }
  return true;
}

/* The first call finds out what the key is for: knowledge bases, or an app. */
static bool first_call(check *k, series *s) {
  k->operation = "datasets.list";
  const dpc_reply *reply = call(k);
  if (reply && dpc_reply_kind(reply) == DPC_UNAUTHORIZED) {
    count(k, reply, s);
    dpc_args_free(k->args);
    k->args = NULL;
    k->operation = "apps.info";
    reply = call(k);
  }
  if (reply && dpc_reply_kind(reply) == DPC_OK) {
    count(k, reply, s);
    return true;
  }
  if (reply)
    tell_error(k, "pooling", "the server cannot be called", dpc_reply_error(reply));
  return false;
}

static bool read_totals(check *k, cli_host *total) {
  int status;
  dpc_value stats;
  const dpc_reply *reply = cli_ask(k->session, "service.stats", &status);
  if (!reply || !dpc_reply_value(reply, &stats))
    return false;
  cli_hosts_total(stats, total);
  return true;
}

static dpc_kind set_pooling(check *k, bool on, dpc_error *error) {
  dpc_args *args = dpc_args_new();
  dpc_call_options options = DPC_CALL_OPTIONS_INIT;
  options.deadline_ms = 2000;
  dpc_args_set_bool(args, "pooling", on);
  const dpc_reply *reply = cli_call(k->session, "service.set", args, &options);
  dpc_args_free(args);
  if (!reply)
    return DPC_INTERNAL;
  *error = *dpc_reply_error(reply);
  return dpc_reply_kind(reply);
}

/* ---- The steps ------------------------------------------------------------------------------- */

static bool step_service(check *k) {
  char text[320], span[CLI_TEXT];
  int status;
  uint64_t began = now_us();
  if (!cli_ask(k->session, "service.ping", &status))
    return false;
  snprintf(text, sizeof text, "the service at %s answers in %s",
           dpc_client_socket(cli_client(k->session)), cli_span_us(span, now_us() - began));
  tell(k, PASSED, "service", text, NULL);
  return true;
}

static bool step_pooling(check *k, unsigned *calls) {
  char text[256], first[CLI_TEXT], rest[CLI_TEXT];
  series s = {.calls = 0};
  if (!first_call(k, &s) || !run_series(k, "pooling", CALLS, 2, 4, &s))
    return false;
  *calls = s.calls;
  cli_span_us(first, s.first_us);
  cli_span_us(rest, s.rest_us / (s.calls - 1));
  snprintf(text, sizeof text,
           "%u calls one after another opened %u connection%s: %s for the first, %s for each other",
           s.calls, s.opened, s.opened == 1 ? "" : "s", first, rest);
  bool good = s.opened <= 1;
  tell(k, good ? PASSED : FAILED, "pooling", text,
       good ? NULL
            : "Is pooling off (difypool set pooling on)? Or the server, or a proxy, closes "
              "connections "
              "after each answer.");
  return good;
}

static void step_counts(check *k, const cli_host *before, unsigned calls) {
  char text[256];
  cli_host after;
  if (!read_totals(k, &after))
    return;
  uint64_t made = after.calls - before->calls, reused = after.reused - before->reused;
  bool good = made >= calls && reused >= calls - 1;
  snprintf(text, sizeof text,
           "the status counts them: %llu more calls, %llu of them on an open connection",
           (unsigned long long)made, (unsigned long long)reused);
  tell(k, good ? PASSED : FAILED, "counts", text,
       good ? NULL : "Please report this: difypool stats has all counters.");
}

/* Whatever happens between, pooling is on again at the end. */
static void step_switch(check *k) {
  char text[256];
  series off = {.calls = 0}, on = {.calls = 0};
  dpc_error error;
  dpc_kind kind = set_pooling(k, false, &error);
  if (kind == DPC_DENIED) {
    tell(k, SKIPPED, "switch",
         "switching pooling off was not tried: the profile is not yours to switch",
         "With --base-url and a key of your own, the check switches only for itself.");
    return;
  }
  if (kind != DPC_OK) {
    tell_error(k, "switch", "pooling cannot be switched off", &error);
    return;
  }
  bool made_off = run_series(k, "switch", CALLS_OFF, 1, 6, &off);
  kind = set_pooling(k, true, &error);
  if (kind != DPC_OK) {
    tell_error(k, "switch", "pooling cannot be switched on again", &error);
    return;
  }
  if (!made_off || !run_series(k, "switch", 2, 2, 8, &on))
    return;
  bool good = off.opened == off.calls && on.opened <= 1;
  snprintf(text, sizeof text,
           "switched off, %u call%s opened %u; switched on again, 2 calls opened %u", off.calls,
           off.calls == 1 ? "" : "s", off.opened, on.opened);
  tell(k, good ? PASSED : FAILED, "switch", text,
       good ? NULL : "Please report this with the output of difypool stats.");
}

static bool has_default(check *k) {
  int status;
  dpc_value profiles, entry, value;
  if (k->c->options.base_url || k->c->options.profile)
    return true;
  const dpc_reply *reply = cli_ask(k->session, "service.profiles", &status);
  if (!reply || !dpc_reply_value(reply, &profiles))
    return false;
  dpc_walk walk = dpc_value_walk(profiles);
  while (dpc_walk_next(&walk, NULL, &entry))
    if (dpc_value_get(entry, "default", &value) && dpc_value_bool(value, false))
      return true;
  return false;
}

static int run(check *k) {
  cli_host before;
  unsigned calls = 0;
  if (!step_service(k))
    return 3;
  if (!has_default(k)) {
    tell(k, SKIPPED, "pooling", "pooling was not checked: there is no server to call",
         "Give --base-url with a key in $DIFYPOOL_API_KEY, or --profile: then some 15 harmless "
         "calls "
         "show that connections are reused, counted, and really new when pooling is off.");
    return CLI_EXIT_USAGE;
  }
  if (read_totals(k, &before) && step_pooling(k, &calls) && !cli_interrupted(k->session))
    step_counts(k, &before, calls);
  if (calls && !cli_interrupted(k->session))
    step_switch(k);
  return cli_interrupted(k->session) ? cli_interrupted(k->session) : k->failed || !calls ? 1 : 0;
}

static int check_all(check *k) {
  if (k->c->options.json)
    printf("{\"steps\":[");
  int status = run(k);
  if (k->c->options.json)
    printf("],\"ok\":%s}\n", status ? "false" : "true");
  else if (!status)
    printf("pooling works (%.1f s)\n", (double)(now_us() - k->began_us) / 1e6);
  return status;
}

/* A handle that nobody else has: equal ones are shared, and this name is ours alone. */
static void own_handle(cli *c, char *agent, size_t size) {
  snprintf(agent, size, "user_agent=difypool-check/%ld", (long)getpid());
  if (c->options.base_url && c->options.connect.count < CLI_LIST_MAX)
    c->options.connect.at[c->options.connect.count++] = agent;
}

int cli_cmd_check(cli *c) {
  check k = {.c = c, .began_us = now_us(), .first = true};
  char agent[64];
  int status = 1;
  own_handle(c, agent, sizeof agent);
  k.args = dpc_args_new();
  if (k.args && dpc_args_set_int(k.args, "limit", 1) == DPC_OK)
    k.session = cli_open(c, CLI_MAY_START, &status);
  if (k.session)
    status = check_all(&k);
  cli_close(k.session);
  dpc_args_free(k.args);
  return status;
}
