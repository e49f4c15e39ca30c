/*
 * difypool push: files, or pages from a crawler, into a knowledge base. Two calls are in flight at
 * a time: one gives pages and is answered when there is room for them, the other waits for what
 * became of them. So a page goes as soon as there is one, and no more are read than are wanted.
 *
 * Ctrl-C gives no further page, and what the service has taken is finished. A push that prunes must
 * not delete what it had not come to: so its last page is one without a key, which fails, and where
 * a page failed nothing is pruned.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <difypool-client/flows.h>

#include "argspec.h"
#include "cli.h"
#include "meter.h"
#include "outcomes.h"
#include "pages.h"
#include "talk.h"
#include "text.h"

enum { BATCH = 64, BATCH_BYTES = 1 << 20, ADD_WAIT_MS = 2000, SHOW_MS = 250 };

typedef struct answer { /* of a call in flight */
  dpc_call *call;
  dpc_reply *reply;
} answer;

typedef struct pusher {
  const cli *c;
  cli_session *session;
  cli_pages *pages;
  dpc_push *push;
  dpc_args *batch[BATCH];
  size_t sizes[BATCH], held, bytes;
  uint64_t given; /* pages that came from the source */
  bool source_ended, stopped, spoiled, finishing, closed;
  answer adding, hearing, closing;
  cli_outcomes outcomes;
  cli_meter meter;
} pusher;

/* ---- What is asked for ----------------------------------------------------------------------- */

static int set_metadata(const cli *c, dpc_args *metadata) {
  for (size_t i = 0; i < c->options.metadata.count; i++) {
    cli_argspec spec;
    const char *flaw = cli_argspec_parse(c->options.metadata.at[i], &spec);
    if (!flaw && spec.kind != CLI_ARG_TEXT && spec.kind != CLI_ARG_JSON)
      flaw = "it is no NAME=VALUE and no NAME:=JSON";
    if (flaw)
      return cli_usage("--metadata %.40s: %s", c->options.metadata.at[i], flaw);
    dpc_kind kind = spec.kind == CLI_ARG_JSON
                        ? dpc_args_set_json(metadata, spec.name, spec.value)
                        : dpc_args_set_string(metadata, spec.name, spec.value);
    if (kind != DPC_OK)
      return cli_usage("--metadata %s: the value cannot be used", spec.name);
  }
  return 0;
}

static bool set_text(dpc_args *args, const char *name, const char *text) {
  return !text || dpc_args_set_string(args, name, text) == DPC_OK;
}

static bool set_flag(dpc_args *args, const char *name, bool flag) {
  return !flag || dpc_args_set_bool(args, name, true) == DPC_OK;
}

static int set_options(const cli *c, dpc_args *args) {
  const cli_options *o = &c->options;
  bool ok =
      set_text(args, cli_talk_is_id(o->kb) ? "dataset_id" : "dataset", o->kb) &&
      set_text(args, "set", o->set) && set_text(args, "preset", o->preset) &&
      set_text(args, "indexing_technique", o->technique) && set_flag(args, "wait", o->wait) &&
      set_flag(args, "prune", o->prune) && set_flag(args, "dry_run", o->dry_run) &&
      (!o->max_delete_given || dpc_args_set_int(args, "max_delete", o->max_delete) == DPC_OK) &&
      (!o->deadline_ms || dpc_args_set_int(args, "total_ms", o->deadline_ms) == DPC_OK);
  return ok ? 0 : cli_usage("--kb, --set, --preset or --technique is not UTF-8");
}

static dpc_push *open_push(pusher *p, int *status) {
  dpc_call_options call = cli_call_options(p->c);
  dpc_call *started = NULL;
  dpc_error error;
  dpc_push *push = NULL;
  call.flags &= ~(uint32_t)DPC_CALL_WAIT; /* --wait means the index here */
  call.deadline_ms = 0;
  dpc_args *args = dpc_args_new();
  *status = args ? set_options(p->c, args) : 1;
  if (!*status) {
    dpc_kind kind = dpc_push_open_start(cli_client(p->session), args, &call, cli_on_done,
                                        p->session, &started, &error);
    const dpc_reply *reply = cli_await(p->session, kind, started, &error);
    *status = cli_interrupted(p->session) ? cli_interrupted(p->session) : 1;
    if (reply && dpc_push_opened(cli_client(p->session), reply, &push, &error) != DPC_OK)
      *status = cli_error(p->c, &error);
  }
  dpc_args_free(args);
  return push;
}

/* ---- Giving pages ---------------------------------------------------------------------------- */

static void on_answer(dpc_call *call, dpc_reply *reply, void *user) {
  (void)call;
  answer *a = user;
  a->reply = dpc_reply_ref(reply);
}

static void forget(answer *a) {
  dpc_reply_unref(a->reply);
  dpc_call_unref(a->call);
  *a = (answer){NULL, NULL};
}

static void drop_batch(pusher *p, size_t count) {
  for (size_t i = 0; i < count; i++) {
    dpc_args_free(p->batch[i]);
    p->bytes -= p->sizes[i];
  }
  p->held -= count;
  memmove(p->batch, p->batch + count, p->held * sizeof *p->batch);
  memmove(p->sizes, p->sizes + count, p->held * sizeof *p->sizes);
}

static void fill(pusher *p) {
  while (!p->source_ended && p->held < BATCH && p->bytes < BATCH_BYTES) {
    dpc_args *page;
    char *flaw;
    size_t size;
    cli_pages_state state = cli_pages_next(p->pages, &page, &flaw, &size);
    p->source_ended = state == CLI_PAGES_END;
    if (state != CLI_PAGES_ONE)
      return;
    cli_outcomes_flaw(&p->outcomes, p->given++, flaw); /* takes it over */
    p->sizes[p->held] = size;
    p->batch[p->held++] = page;
    p->bytes += size;
  }
}

/* Where pages were all given, only the end of the push can stop it from pruning. */
static int close_push(pusher *p) {
  dpc_error error;
  p->closed = true;
  dpc_kind kind = dpc_stream_close_start(dpc_push_stream(p->push), on_answer, &p->closing,
                                         &p->closing.call, &error);
  return kind == DPC_OK ? 0 : cli_error(p->c, &error);
}

/* No further page; and none that lets it prune. */
static void spoil(pusher *p) {
  drop_batch(p, p->held);
  p->spoiled = true;
  p->batch[0] = p->c->options.prune ? dpc_args_new() : NULL;
  if (!p->batch[0])
    return;
  p->sizes[0] = 0;
  p->held = 1;
  p->outcomes.hidden = dpc_push_taken(p->push);
}

/* 0, or an exit status after it said what is wrong. */
static int start_add(pusher *p) {
  dpc_error error;
  if (p->adding.call || p->finishing || p->closed || dpc_push_ended(p->push))
    return 0;
  if (p->stopped && !p->spoiled)
    spoil(p);
  fill(p);
  dpc_kind kind = DPC_OK;
  if (p->held) {
    kind = dpc_push_add_start(p->push, (const dpc_args *const *)p->batch, p->held, ADD_WAIT_MS,
                              on_answer, &p->adding, &p->adding.call, &error);
  } else if (p->spoiled && p->c->options.prune && p->outcomes.hidden == UINT64_MAX) {
    return close_push(p); /* without memory for that page */
  } else if (p->source_ended) {
    p->finishing = true;
    kind = dpc_push_finish_start(p->push, on_answer, &p->adding, &p->adding.call, &error);
  }
  return kind == DPC_OK ? 0 : cli_error(p->c, &error);
}

static int take_add(pusher *p) {
  dpc_error error;
  uint64_t before = dpc_push_taken(p->push);
  if (!p->adding.reply)
    return 0;
  dpc_kind kind = p->finishing ? dpc_reply_kind(p->adding.reply)
                               : dpc_push_added(p->push, p->adding.reply, &error);
  if (p->finishing && kind != DPC_OK)
    error = *dpc_reply_error(p->adding.reply);
  bool finishing = p->finishing;
  forget(&p->adding);
  if (kind != DPC_OK)
    return strcmp(error.code, "no_such_push") == 0 ? 0 : cli_error(p->c, &error); /* its end says */
  if (!finishing)
    drop_batch(p, (size_t)(dpc_push_taken(p->push) - before));
  return 0;
}

/* ---- Hearing --------------------------------------------------------------------------------- */

static int start_next(pusher *p) {
  dpc_error error;
  dpc_stream *stream = dpc_push_stream(p->push);
  if (p->hearing.call)
    return 0;
  dpc_kind kind =
      dpc_stream_next_start(&stream, 1, NULL, on_answer, &p->hearing, &p->hearing.call, &error);
  return kind == DPC_OK ? 0 : cli_error(p->c, &error);
}

static int take_next(pusher *p) {
  dpc_error error;
  dpc_piece piece;
  dpc_stream *stream = dpc_push_stream(p->push);
  if (!p->hearing.reply)
    return 0;
  dpc_kind kind = dpc_stream_take(&stream, 1, p->hearing.reply, &error);
  forget(&p->hearing);
  if (kind != DPC_OK)
    return cli_error(p->c, &error);
  while (dpc_stream_piece(stream, &piece)) {
    if (cli_outcomes_shows(&p->outcomes))
      cli_meter_clear(&p->meter);
    cli_outcomes_event(&p->outcomes, piece.data, piece.length);
  }
  return 0;
}

/* ---- On the way ------------------------------------------------------------------------------ */

static void show(pusher *p) {
  char line[256];
  if (!cli_meter_due(&p->meter))
    return;
  uint64_t total = cli_pages_total(p->pages);
  cli_outcomes_line(&p->outcomes, p->given, total, cli_meter_passed_ms(&p->meter), line,
                    sizeof line);
  cli_meter_show(&p->meter, line);
}

static int stop(pusher *p) {
  cli_meter_clear(&p->meter);
  if (!p->c->options.quiet)
    cli_say("finishing what was taken; once more to leave at once");
  p->stopped = p->source_ended = true;
  return p->finishing && p->c->options.prune ? close_push(p) : 0;
}

static bool done(const pusher *p) {
  return dpc_stream_end(dpc_push_stream(p->push)) || (p->closed && p->closing.reply);
}

static int turn(pusher *p) {
  int status = start_add(p);
  if (!status && !p->closed)
    status = start_next(p);
  int fd = p->adding.call || p->source_ended ? -1 : cli_pages_fd(p->pages);
  if (!status && cli_turn(p->session, fd, p->meter.on ? SHOW_MS : -1))
    cli_pages_read(p->pages);
  if (!status && cli_interrupted(p->session) && !p->stopped)
    status = stop(p);
  if (!status)
    status = take_add(p);
  if (!status)
    status = take_next(p);
  show(p);
  return status;
}

static int run(pusher *p) {
  int status = 0;
  while (!status && !done(p))
    status = turn(p);
  cli_meter_clear(&p->meter);
  return status;
}

static int finish(pusher *p, int status) {
  const dpc_reply *end = status ? NULL : dpc_stream_end(dpc_push_stream(p->push));
  if (end && dpc_reply_kind(end) != DPC_OK)
    status = cli_error(p->c, dpc_reply_error(end));
  else if (end && !p->stopped)
    status = cli_outcomes_totals(&p->outcomes, p->c, end, cli_meter_passed_ms(&p->meter));
  if (p->stopped) {
    status = cli_interrupted(p->session);
    cli_say("stopped after %llu pages; run the same command again to go on: what is unchanged is "
            "not sent",
            (unsigned long long)p->outcomes.pages);
  }
  size_t left_out = cli_pages_left_out(p->pages);
  if (left_out && !p->c->options.quiet && !p->c->options.json)
    cli_say("%zu files were left out: they are no Markdown, text, HTML, PDF or Office files",
            left_out);
  return status;
}

static int push(pusher *p) {
  int status;
  p->push = open_push(p, &status);
  if (!p->push)
    return status;
  status = run(p);
  status = finish(p, status);
  drop_batch(p, p->held);
  dpc_push_free(p->push);
  return status;
}

int cli_cmd_push(cli *c) {
  pusher p = {.c = c};
  int status = 0;
  if (!c->options.kb)
    return cli_usage("--kb NAME says into which knowledge base");
  if (!c->argc)
    return cli_usage("what is to be pushed? Give files and directories, or - for JSON lines");
  dpc_args *metadata = dpc_args_new();
  status = metadata ? set_metadata(c, metadata) : 1;
  if (!status)
    p.pages = cli_pages_open(c->argc, c->argv, dpc_args_count(metadata) ? metadata : NULL, &status);
  if (!status)
    status = cli_outcomes_open(&p.outcomes, c);
  if (!status)
    p.session = cli_open(c, CLI_MAY_START, &status);
  if (!status) {
    p.meter = cli_meter_begin(c);
    status = push(&p);
  }
  cli_close(p.session); /* calls that are still in flight get their replies here */
  forget(&p.adding);
  forget(&p.hearing);
  forget(&p.closing);
  status = cli_outcomes_close(&p.outcomes, status);
  cli_pages_close(p.pages);
  dpc_args_free(metadata);
  return status;
}
