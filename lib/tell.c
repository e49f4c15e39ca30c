/*
 * Events of compositions.
 *
 * A push of thousands of pages tells of each as it is done, to a reader who may be slow. What it has not
 * taken waits in order; the composition is told when much waits, and stops taking on more. The call's own
 * end comes behind the last event, so that whoever reads to the end has read everything.
 */
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "errors.h"

dp_kind dp__teller_prepare(dp_call *call, const dp_call_options *o, dp_error *err) {
  dp_sink sink = DP_SINK_INIT;
  if (!o->sink)
    return DP_OK;
  if (o->sink->size < sizeof(size_t) || o->sink->size > sizeof sink)
    return dp__fail(err, DP_INVALID_REQUEST, "sink_size", "Start from DP_SINK_INIT.",
                    "the sink has a size that this library does not know");
  memcpy(&sink, o->sink, o->sink->size);
  if (!sink.on_event)
    return dp__fail(err, DP_INVALID_REQUEST, "sink", NULL, "%s: the sink has no on_event",
                    call->request.desc->name);
  dp__teller *t = calloc(1, sizeof *t);
  call->teller = t;
  if (!t || !(t->waiting = json_array()))
    return dp__no_memory(err);
  t->call = call;
  t->sink = sink;
  t->user = sink.user;
  t->opening = sink.on_open != NULL;
  return DP_OK;
}

void dp__teller_free(dp__teller *t) {
  if (!t)
    return;
  json_decref(t->waiting);
  free(t);
}

static size_t count_waiting(const dp__teller *t) {
  return json_array_size(t->waiting) - t->first + t->opening;
}

bool dp__compose_behind(const dp_call *call) {
  return call->teller && count_waiting(call->teller) >= DP__TELL_MANY;
}

static void tell_next(dp_call *call);

/* --- one after another ----------------------------------------------------------------------------- */

void dp__teller_begin(dp_call *call) {
  if (call->teller)
    tell_next(call);
}

static void taken(dp__teller *t) {
  if (t->opening) {
    t->opening = false;
    return;
  }
  t->first++;
  if (t->first == json_array_size(t->waiting)) {
    t->number += t->first;
    json_array_clear(t->waiting);
    t->first = 0;
  }
}

static void take_answer(dp_call *call, dp_flow flow) {
  dp__teller *t = call->teller;
  if (flow == DP_FLOW_CONTINUE)
    taken(t);
  else if (flow == DP_FLOW_PAUSE)
    t->paused = t->resumes == t->resumes_seen;
  else
    dp_call_cancel(call);
}

static void came_back(dp__job *job) {
  dp__teller *t = DP__FROM(dp__teller, back, job);
  dp_call *call = t->call;
  t->away = false;
  if (call->phase == DP__CALL_COMPOSING) {
    take_answer(call, t->flow);
    tell_next(call);
  }
  dp_call_unref(call);
}

static dp_flow ask(const dp__teller *t) {
  static const dp_head head = {.status = 200, .type = "text/event-stream", .length = -1};
  return t->opening ? t->sink.on_open(t->call, &head, t->user)
                    : t->sink.on_event(t->call, &t->event, t->user);
}

/* On the program's thread. */
static void crossed(dp__due *due) {
  dp__teller *t = DP__FROM(dp__teller, due, due);
  t->flow = ask(t);
  t->back.run = came_back;
  dp__engine_post(t->call->client, &t->back);
}

static void offer(dp_call *call) {
  dp__teller *t = call->teller;
  const json_t *text = json_array_get(t->waiting, t->first);
  t->event = (dp_event){.number = t->number + t->first + 1, .type = "message", .id = "",
                        .data = json_string_value(text), .length = json_string_length(text)};
  t->resumes_seen = t->resumes;
  if (call->client->dispatch_fd >= 0 && !call->direct) {
    t->away = true;
    t->due.run = crossed;
    dp_call_ref(call); /* given back when it comes back */
    dp__engine_deliver(call->client, &t->due);
  } else {
    take_answer(call, ask(t));
  }
}

static void tell_next(dp_call *call) {
  dp__teller *t = call->teller;
  bool behind = dp__compose_behind(call);
  while (count_waiting(t) && !t->paused && !t->away && !atomic_load(&call->cancel_posted))
    offer(call);
  if (t->ends && !count_waiting(t))
    dp__call_end(call, t->error.kind == DP_OK ? NULL : &t->error);
  else if (behind && !dp__compose_behind(call) && call->composition->go_on)
    call->composition->go_on(call);
}

void dp__compose_tell(dp_call *call, json_t *event) {
  dp__teller *t = call->teller;
  char *text = t && event ? json_dumps(event, JSON_COMPACT) : NULL;
  json_decref(event);
  if (text && json_array_append_new(t->waiting, json_string(text)) == 0 &&
      call->phase == DP__CALL_COMPOSING)
    tell_next(call);
  else if (t)
    dp__compose_out_of_memory(call);
  free(text);
}

void dp__teller_resume(dp_call *call) {
  dp__teller *t = call->teller;
  t->resumes++;
  t->paused = false;
  if (call->phase == DP__CALL_COMPOSING && !t->away)
    tell_next(call);
}

void dp__teller_end(dp_call *call, const dp_error *error) {
  dp__teller *t = call->teller;
  if (!t || !count_waiting(t) || call->phase != DP__CALL_COMPOSING) {
    dp__call_end(call, error);
    return;
  }
  t->ends = true;
  t->error = error ? *error : (dp_error){.kind = DP_OK};
}
