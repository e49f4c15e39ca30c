/*
 * Callbacks with an answer, across threads.
 *
 * Where the program dispatches, on_head, on_data and source must run on its thread, yet libcurl
 * wants their answer now, on ours. So the transfer is told to pause, one piece goes over, and the
 * program's answer comes back as a job, upon which the transfer goes on. One piece each way is ever
 * under way: a program that dispatches slowly slows the server, and memory stays at two pieces an
 * exchange.
 */
#include "ferry.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "transfer.h"

#define FROM(type, member, pointer) ((type *)((char *)(pointer)-offsetof(type, member)))

enum { PIECE = 16384 };

/* One direction. While it is away, all but exchange belongs to the program's thread. */
typedef struct crossing {
  dp__due due;
  dp__job back;
  dp_exchange *exchange;
  bool away;
  bool full; /* data holds something that was not taken yet */
  bool over; /* the source has ended */
  dp_flow flow;
  char *data;
  size_t length, at, capacity, asked;
} crossing;

struct dp__ferry {
  crossing in, out;
  bool head_taken, head_away;
  dp__due done;
  dp_exchange *exchange;
};

dp__ferry *dp__ferry_new(dp_exchange *exchange) {
  dp__ferry *ferry = calloc(1, sizeof *ferry);
  if (ferry)
    ferry->exchange = ferry->in.exchange = ferry->out.exchange = exchange;
  return ferry;
}

void dp__ferry_free(dp__ferry *ferry) {
  if (!ferry)
    return;
  free(ferry->in.data);
  free(ferry->out.data);
  free(ferry);
}

static void send_over(crossing *c, void (*run)(dp__due *due)) {
  c->away = true;
  c->due.run = run;
  dp_exchange_ref(c->exchange);
  dp__engine_deliver(c->exchange->client, &c->due);
}

static bool reserve(crossing *c, size_t length) {
  if (length <= c->capacity)
    return true;
  size_t capacity = length > PIECE ? length : PIECE;
  char *data = realloc(c->data, capacity);
  if (!data)
    return false;
  c->data = data;
  c->capacity = capacity;
  return true;
}

/* --- back on the engine's thread ------------------------------------------------------------- */

static void answered(crossing *c) {
  dp_exchange *e = c->exchange;
  c->away = false;
  if (!e->finished && c->flow == DP_FLOW_CONTINUE) {
    dp__exchange_continue(e);
  } else if (!e->finished && c->flow != DP_FLOW_PAUSE) {
    dp_error error;
    dp__fail(&error, DP_CANCELLED, "cancelled", NULL, "%s: the caller ended it", e->host->origin);
    dp__exchange_end(e, &error);
  }
  dp_exchange_unref(e);
}

static void in_answered(dp__job *job) {
  dp__ferry *ferry = FROM(dp__ferry, in.back, job);
  bool took = ferry->in.flow == DP_FLOW_CONTINUE;
  if (ferry->head_away)
    ferry->head_taken = took;
  else if (took)
    ferry->in.full = false;
  ferry->head_away = false;
  answered(&ferry->in);
}

static void out_answered(dp__job *job) {
  dp__ferry *ferry = FROM(dp__ferry, out.back, job);
  crossing *c = &ferry->out;
  c->at = 0;
  c->full = c->flow == DP_FLOW_CONTINUE;
  c->over = c->full && c->length == 0;
  answered(c);
}

/* --- on the program's thread ----------------------------------------------------------------- */

static void go_back(crossing *c, void (*run)(dp__job *job)) {
  c->back.run = run;
  dp__engine_post(c->exchange->client, &c->back);
}

static void run_head(dp__due *due) {
  dp__ferry *ferry = FROM(dp__ferry, in.due, due);
  ferry->in.flow = dp__head_call(ferry->exchange);
  go_back(&ferry->in, in_answered);
}

static void run_data(dp__due *due) {
  dp__ferry *ferry = FROM(dp__ferry, in.due, due);
  dp_exchange *e = ferry->exchange;
  ferry->in.flow = e->on_data(e, ferry->in.data, ferry->in.length, e->user);
  go_back(&ferry->in, in_answered);
}

static void run_source(dp__due *due) {
  dp__ferry *ferry = FROM(dp__ferry, out.due, due);
  dp_exchange *e = ferry->exchange;
  crossing *c = &ferry->out;
  c->length = 0;
  c->flow = e->source(e, c->data, c->asked, &c->length, e->user);
  if (c->length > c->asked)
    c->flow = DP_FLOW_ABORT;
  go_back(c, out_answered);
}

static void run_done(dp__due *due) {
  dp_exchange *e = FROM(dp__ferry, done, due)->exchange;
  dp_client *client = e->client;
  e->on_done(e, &e->outcome, e->user);
  dp_exchange_unref(e);
  dp__engine_end(client);
}

/* --- what stands for the callbacks ----------------------------------------------------------- */

dp_flow dp__ferry_head(dp_exchange *e) {
  dp__ferry *ferry = e->ferry;
  if (ferry->head_taken)
    return DP_FLOW_CONTINUE;
  if (!ferry->in.away) {
    ferry->head_away = true;
    send_over(&ferry->in, run_head);
  }
  return DP_FLOW_PAUSE;
}

dp_flow dp__ferry_data(dp_exchange *e, const void *data, size_t length) {
  crossing *c = &e->ferry->in;
  if (c->away || c->full)
    return DP_FLOW_PAUSE;
  if (!reserve(c, length)) {
    dp__no_memory(&e->error);
    return DP_FLOW_ABORT;
  }
  memcpy(c->data, data, length);
  c->length = length;
  c->full = true;
  send_over(c, run_data);
  return DP_FLOW_CONTINUE;
}

dp_flow dp__ferry_source(dp_exchange *e, void *buffer, size_t capacity, size_t *length) {
  crossing *c = &e->ferry->out;
  if (c->away)
    return DP_FLOW_PAUSE;
  if (!c->full && !reserve(c, PIECE)) {
    dp__no_memory(&e->error);
    return DP_FLOW_ABORT;
  }
  if (!c->full) {
    c->asked = capacity < c->capacity ? capacity : c->capacity;
    send_over(c, run_source);
    return DP_FLOW_PAUSE;
  }
  size_t left = c->length - c->at;
  *length = left < capacity ? left : capacity;
  memcpy(buffer, c->data + c->at, *length);
  c->at += *length;
  c->full = c->over || c->at < c->length;
  return DP_FLOW_CONTINUE;
}

void dp__ferry_continue(dp_exchange *e) {
  crossing *c = &e->ferry->in;
  if (c->full && !c->away && !e->paused_head)
    send_over(c, run_data);
}

bool dp__ferry_holds_data(const dp_exchange *e) {
  return e->ferry->in.away || e->ferry->in.full;
}

void dp__ferry_done(dp_exchange *e) {
  e->ferry->done.run = run_done;
  dp__engine_deliver(e->client, &e->ferry->done);
}
