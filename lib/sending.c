/*
 * What a call's transfer sends: the body that stands in memory, or a form whose file flows.
 *
 * A file in memory or on this machine's disk is read where libcurl asks, on the engine's thread. A
 * program's own source runs on the thread that its callbacks belong to: where the program dispatches, the
 * transfer pauses, one piece is fetched over there, and the transfer goes on. While a piece is away
 * the form belongs to that thread; what the engine wants of it meanwhile (a new start, a release)
 * crosses in the same order.
 *
 * A resume may arrive while a piece is away and about to say "pause": the transfer then asks in vain,
 * which is noted, and asks again when the piece is back.
 */
#include <stdlib.h>
#include <string.h>

#include "callint.h"
#include "errors.h"
#include "form.h"
#include "transfer.h"

enum { PIECE = 65536 };

struct dp__crossing {
  dp_call *call;
  dp__due due;
  dp__job back;
  bool away;
  bool asked;  /* while it was away */
  bool start;  /* the next piece is the first of a transfer */
  bool used;   /* a piece was ever asked for */
  bool full;   /* data holds something that was not sent yet; its length 0 = the end */
  dp_flow flow;
  dp_error error;
  size_t length, at;
  char data[PIECE];
};

/* --- on the program's thread ------------------------------------------------------------------- */

static void piece_back(dp__job *job);

static void fetch(dp__due *due) {
  struct dp__crossing *c = DP__FROM(struct dp__crossing, due, due);
  dp__form *form = c->call->request.form;
  if (c->start)
    dp__form_start(form);
  c->start = false;
  c->flow = dp__form_read(form, c->call, c->data, sizeof c->data, &c->length, &c->error);
  c->back.run = piece_back;
  dp__engine_post(c->call->client, &c->back);
}

static void release_there(dp__due *due) {
  dp_call *call = DP__FROM(dp_call, release_due, due);
  dp__form_release(call->request.form);
  dp_call_unref(call);
}

/* --- on the engine's ----------------------------------------------------------------------------- */

static void piece_back(dp__job *job) {
  struct dp__crossing *c = DP__FROM(struct dp__crossing, back, job);
  dp_call *call = c->call;
  bool stale = c->start; /* of a transfer that is over */
  c->away = false;
  c->at = 0;
  c->full = c->flow == DP_FLOW_CONTINUE && !stale;
  if (call->exchange && (c->flow != DP_FLOW_PAUSE || c->asked || stale))
    dp__exchange_continue(call->exchange);
  dp_call_unref(call);
}

static dp_flow give_piece(struct dp__crossing *c, void *buffer, size_t capacity, size_t *length) {
  size_t left = c->length - c->at;
  *length = left < capacity ? left : capacity;
  memcpy(buffer, c->data + c->at, *length);
  c->at += *length;
  c->full = c->length == 0 || c->at < c->length;
  return DP_FLOW_CONTINUE;
}

static dp_flow give_fetched(dp_exchange *exchange, struct dp__crossing *c, void *buffer,
                            size_t capacity, size_t *length) {
  c->asked = c->away;
  if (c->away)
    return DP_FLOW_PAUSE;
  if (c->full)
    return give_piece(c, buffer, capacity, length);
  if (c->flow == DP_FLOW_ABORT) {
    exchange->error = c->error;
    return DP_FLOW_ABORT;
  }
  c->away = c->used = true;
  c->flow = DP_FLOW_CONTINUE;
  c->due.run = fetch;
  dp_call_ref(c->call);
  dp__engine_deliver(c->call->client, &c->due);
  return DP_FLOW_PAUSE;
}

static dp_flow give(dp_exchange *exchange, void *buffer, size_t capacity, size_t *length,
                    void *user) {
  dp_call *call = user;
  if (call->exchange != exchange)
    return DP_FLOW_ABORT;
  if (call->crossing)
    return give_fetched(exchange, call->crossing, buffer, capacity, length);
  dp_error error;
  dp_flow flow = dp__form_read(call->request.form, call, buffer, capacity, length, &error);
  if (flow == DP_FLOW_ABORT)
    exchange->error = error;
  return flow;
}

/* Whether its source's callbacks belong to the thread that dispatches. */
static bool runs_elsewhere(const dp_call *call) {
  const dp__form *form = call->request.form;
  return form && dp__form_flows(form) && call->client->dispatch_fd >= 0 && !call->direct;
}

/* A transfer begins: the form from its first byte. False when memory is out. */
static bool start_form(dp_call *call) {
  dp__form *form = call->request.form;
  bool crosses = runs_elsewhere(call);
  if (crosses && !call->crossing) {
    call->crossing = calloc(1, sizeof *call->crossing);
    if (!call->crossing)
      return false;
    call->crossing->call = call;
  }
  if (!crosses) {
    dp__form_start(form);
    return true;
  }
  call->crossing->start = true; /* done over there */
  call->crossing->full = false;
  if (!call->crossing->away)
    call->crossing->flow = DP_FLOW_CONTINUE;
  return true;
}

bool dp__call_body(dp_call *call, dp_exchange_options *o) {
  const dp__request *r = &call->request;
  if (!r->form) {
    o->body = r->body;
    o->body_length = r->body_length;
    return true;
  }
  o->source = give;
  o->source_length = dp__form_length(r->form);
  return start_form(call);
}

bool dp__call_can_send(const dp_call *call) {
  const dp__form *form = call->request.form;
  if (!form)
    return true;
  if (call->crossing)
    return !call->crossing->used || dp__source_can_rewind(form->source);
  return dp__form_can_start(form);
}

void dp__call_release_body(dp_call *call) {
  if (!runs_elsewhere(call)) {
    dp__form_release(call->request.form);
    return;
  }
  call->release_due.run = release_there; /* behind a piece that is on its way there */
  dp_call_ref(call);
  dp__engine_deliver(call->client, &call->release_due);
}
