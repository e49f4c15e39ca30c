/*
 * Answers that flow.
 *
 * Until a good answer has begun, a call with a sink is a call like any other: the chain sends,
 * repeats and judges it. From its head on this file carries it: events or bytes go to the sink as
 * they come, and nothing is ever sent again, since the program has seen a part.
 *
 * Back-pressure: what the sink does not take now is kept, the transfer is paused, and so the
 * server. What libcurl had read by then comes all the same and is kept behind it, a few tens of
 * kilobytes at most; it must not stay with libcurl, which throws it away if the connection breaks
 * meanwhile, and with it, perhaps, the run's last event. The end of the transfer waits here, too,
 * until all that is kept was taken, so that on_done cannot overtake a piece. Where the program
 * dispatches, each question crosses to its thread and what follows waits until the answer is back:
 * one event, or one piece of bytes, is under way at a time. The parser is not fed meanwhile, so an
 * event is not copied.
 *
 * A call without a sink whose operation answers in events takes the same way, and its events are
 * put together to one answer, bounded by body_max alone.
 *
 * Inside libcurl's callbacks no call may end. A sink that wants the end has its call cancelled by a
 * job, and an answer that cannot be read ends the transfer, upon which the call ends for the noted
 * reason.
 */
#include "stream.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "callint.h"
#include "compose.h"
#include "errors.h"
#include "json.h"
#include "transfer.h"

enum { PIECE = 16384 };

/* --- whether it flows, any thread ----------------------------------------------------------- */

static dp_kind check_sink(const dp__op_desc *desc, bool blocking, const dp_sink *given,
                          dp_sink *sink, dp_error *err) {
  *sink = (dp_sink)DP_SINK_INIT;
  if (given->size < sizeof(size_t) || given->size > sizeof *sink)
    return dp__fail(err, DP_INVALID_REQUEST, "sink_size", "Start from DP_SINK_INIT.",
                    "the sink has a size that this library does not know");
  memcpy(sink, given, given->size);
  if (blocking)
    return dp__fail(err, DP_INVALID_REQUEST, "sink", "Leave one of them out.",
                    "%s: a blocking answer is one piece, and a sink wants many", desc->name);
  if (dp__tells_events(desc) ? !sink->on_event : !sink->on_data)
    return dp__fail(err, DP_INVALID_REQUEST, "sink", NULL, "%s: the sink has no %s", desc->name,
                    dp__tells_events(desc) ? "on_event" : "on_data");
  return DP_OK;
}

/* The member that says how the answer is to come goes first into the request's object. */
static bool set_mode(dp__request *request, const char *value) {
  dp__buffer body = {0};
  size_t length;
  const char *old = request->body, *rest;
  if (!*request->desc->mode || request->raw || !old ||
      !(rest = memchr(old, '{', request->body_length)))
    return true;
  rest++;
  length = request->body_length - (size_t)(rest - old);
  bool empty = dp__json_kind(rest, length) == '}';
  dp__buffer_text(&body, "{");
  dp__json_string(&body, request->desc->mode, strlen(request->desc->mode));
  dp__buffer_text(&body, ":");
  dp__json_string(&body, value, strlen(value));
  dp__buffer_text(&body, empty ? "" : ",");
  dp__buffer_append(&body, rest, length);
  char *text = dp__buffer_steal(&body, &length);
  if (text)
    dp__request_take_body(request, text, length);
  return text != NULL;
}

static dp__stream *make(dp_call *call, const dp_sink *sink, bool has_sink) {
  const dp_client_options *o = &call->client->options;
  dp__stream *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->call = call;
  s->has_sink = has_sink;
  s->sink = *sink;
  s->assembly.max = o->body_max > SIZE_MAX ? SIZE_MAX : (size_t)o->body_max;
  s->sse.line_max = has_sink ? o->event_line_max : s->assembly.max;
  s->sse.event_max = has_sink ? o->event_max : s->assembly.max;
  s->length = -1;
  atomic_init(&s->resumes, 0);
  return s;
}

/* What the run is known by before any event tells. */
static bool keep_names(dp_call *call, const dp_args *args) {
  dp__stream *s = call->stream;
  size_t length = 0;
  const char *run = dp__request_param(&call->request, "workflow_run_id", &length);
  const char *user = args && !call->request.raw ? dp__args_text(args, "user") : NULL;
  if (run && length < sizeof s->run.ids.workflow_run)
    memcpy(s->run.ids.workflow_run, run, length);
  s->who = user ? strdup(user) : NULL;
  return !user || s->who;
}

dp_kind dp__stream_prepare(dp_call *call, const dp_args *args, const dp_call_options *o,
                           dp_error *err) {
  const dp__op_desc *desc = call->request.desc;
  const char *mode = *desc->mode && args ? dp__args_text(args, desc->mode) : NULL;
  bool blocking = (o->flags & DP_CALL_BLOCKING) || (mode && strcmp(mode, "blocking") == 0);
  bool together = dp__tells_events(desc) && !call->request.raw && !(blocking && *desc->mode);
  dp_sink sink = DP_SINK_INIT;
  dp_kind kind = o->sink ? check_sink(desc, blocking, o->sink, &sink, err) : DP_OK;
  if (kind != DP_OK)
    return kind;
  call->lane = o->sink || dp__tells_events(desc) ? DP_LANE_STREAM : DP_LANE_CALL;
  if ((o->sink || together) &&
      (!(call->stream = make(call, &sink, o->sink != NULL)) || !keep_names(call, args)))
    return dp__no_memory(err);
  if (!set_mode(&call->request, call->stream ? "streaming" : "blocking"))
    return dp__no_memory(err);
  return DP_OK;
}

void dp__stream_free(dp__stream *s) {
  if (!s)
    return;
  dp__sse_deinit(&s->sse);
  dp__run_deinit(&s->run);
  dp__assembly_deinit(&s->assembly);
  dp__buffer_deinit(&s->piece);
  dp__buffer_deinit(&s->kept);
  free(s->who);
  free(s);
}

/* --- asking the sink ------------------------------------------------------------------------ */

static bool crosses(const dp_call *call) {
  return call->client->dispatch_fd >= 0 && !call->direct;
}

static dp_flow call_open(dp_call *call) {
  const dp__stream *s = call->stream;
  const dp__answer *answer = call->answer;
  const dp_head head = {.status = answer->status,
                        .type = answer->type,
                        .length = s->length,
                        .headers = answer->headers,
                        .header_count = answer->header_count};
  return s->sink.on_open(call, &head, s->user);
}

static dp_flow call_sink(dp_call *call, const void *data, size_t length) {
  const dp__stream *s = call->stream;
  switch (s->what) {
  case DP__ASK_OPEN:
    return call_open(call);
  case DP__ASK_EVENT:
    return s->sink.on_event(call, &s->event, s->user);
  case DP__ASK_DATA:
    return s->sink.on_data(call, data, length, s->user);
  }
  return DP_FLOW_ABORT;
}

static void go_on(dp_call *call);

/* The program's answer is back. It may have been asked to go on while its no was under way. */
static void came_back(dp__job *job) {
  dp__stream *s = DP__FROM(dp__stream, back, job);
  dp_call *call = s->call;
  s->away = false;
  s->answered = s->flow != DP_FLOW_PAUSE;
  if (s->answered || s->muted || atomic_load(&s->resumes) != s->resumes_seen)
    go_on(call);
  dp_call_unref(call);
}

/* On the program's thread. */
static void crossed(dp__due *due) {
  dp__stream *s = DP__FROM(dp__stream, due, due);
  s->flow = call_sink(s->call, s->piece.data, s->piece.length);
  s->back.run = came_back;
  dp__engine_post(s->call->client, &s->back);
}

static dp_flow cross(dp_call *call) {
  dp__stream *s = call->stream;
  if (s->answered) {
    s->answered = false;
    return s->flow;
  }
  if (s->away)
    return DP_FLOW_PAUSE;
  s->away = true;
  s->resumes_seen = atomic_load(&s->resumes);
  s->due.run = crossed;
  dp_call_ref(call); /* given back when it comes back */
  dp__engine_deliver(call->client, &s->due);
  return DP_FLOW_PAUSE;
}

/* What the sink says to it; PAUSE also while it has not answered. */
static dp_flow ask(dp_call *call, dp__ask what, const void *data, size_t length) {
  dp__stream *s = call->stream;
  if (!s->away)
    s->what = what;
  dp_flow flow = crosses(call) ? cross(call) : call_sink(call, data, length);
  if (flow == DP_FLOW_CONTINUE || flow == DP_FLOW_PAUSE)
    return flow;
  dp_call_cancel(call);
  return DP_FLOW_PAUSE;
}

/* --- the head ------------------------------------------------------------------------------- */

static bool type_is(const dp_head *head, const char *type) {
  size_t length = strlen(type);
  return strncasecmp(head->type, type, length) == 0 &&
         strchr("; \t", head->type[length]) != NULL; /* a NUL counts as found */
}

/* Whether it is what the table says. A page in its place is somebody else's, and read as an error.
 */
static bool is_promised(const dp_call *call, const dp_head *head) {
  const dp__stream *s = call->stream;
  if (head->status < 200 || head->status > 299 || head->status == 204)
    return false;
  if (call->request.raw)
    return true;
  switch (call->request.desc->answer) {
  case DP__ANSWER_EVENTS: /* some answer with JSON, too */
    return s->events || (s->sink.on_data && type_is(head, "application/json"));
  case DP__ANSWER_JSON:
    return type_is(head, "application/json");
  default:
    return !type_is(head, "text/html") || dp__answer_is_dify(call->answer);
  }
}

static dp_flow give_open(dp_call *call) {
  dp__stream *s = call->stream;
  if (s->open_taken || !s->sink.on_open || s->muted)
    return DP_FLOW_CONTINUE;
  dp_flow flow = ask(call, DP__ASK_OPEN, NULL, 0);
  s->open_taken = flow == DP_FLOW_CONTINUE;
  return flow;
}

void dp__stream_head(dp_call *call, const dp_head *head) {
  dp__stream *s = call->stream;
  bool may_tell = call->request.raw || dp__tells_events(call->request.desc);
  s->events = may_tell && type_is(head, "text/event-stream") && (!s->has_sink || s->sink.on_event);
  if (!is_promised(call, head))
    return; /* on_done tells it */
  s->opened = true;
  s->length = head->length;
  dp__call_breaker_report(call, DP__HEALTH_GOOD);
  dp__call_pace_report(call, true, false);
  s->blocked = give_open(call) != DP_FLOW_CONTINUE;
}

/* --- the body ------------------------------------------------------------------------------- */

static dp_flow give_bytes(dp_call *call, const char *data, size_t length) {
  dp__stream *s = call->stream;
  while (s->skip < length) {
    size_t count = length - s->skip;
    if (crosses(call)) { /* the bytes are libcurl's, and may be gone when it looks at them */
      bool anew = !s->away && !s->answered;
      if (anew) {
        s->piece.length = 0;
        if (!dp__buffer_append(&s->piece, data + s->skip, count < PIECE ? count : PIECE)) {
          dp__no_memory(&s->error);
          return DP_FLOW_ABORT;
        }
      }
      count = s->piece.length;
    }
    dp_flow flow = ask(call, DP__ASK_DATA, data + s->skip, count);
    if (flow != DP_FLOW_CONTINUE)
      return flow;
    s->skip += count;
  }
  return DP_FLOW_CONTINUE;
}

static dp_flow unreadable(dp_call *call, dp__sse_result why) {
  dp__stream *s = call->stream;
  bool line = why == DP__SSE_LINE_TOO_LONG;
  if (why == DP__SSE_NO_MEMORY)
    dp__no_memory(&s->error);
  else if (!s->has_sink)
    dp__fail(&s->error, DP_TOO_LARGE, "body_max", "Raise body_max, or read it as a stream.",
             "%s: the answer is larger than %llu bytes", call->profile->base.origin,
             (unsigned long long)call->client->options.body_max);
  else
    dp__fail(&s->error, DP_TOO_LARGE, line ? "event_line_max" : "event_max",
             line ? "Raise event_line_max, or look at what sends it." : "Raise event_max.",
             "%s: %s of the stream is larger than %llu bytes", call->profile->base.origin,
             line ? "a line" : "an event",
             (unsigned long long)(line ? s->sse.line_max : s->sse.event_max));
  return DP_FLOW_ABORT;
}

/* No sink: the event becomes a part of the one answer. */
static dp_flow put_together(dp_call *call) {
  dp__stream *s = call->stream;
  switch (dp__assemble(&s->assembly, s->event.data, s->event.length)) {
  case DP__ASSEMBLED:
    return DP_FLOW_CONTINUE;
  case DP__ASSEMBLE_TOO_LARGE:
    return unreadable(call, DP__SSE_EVENT_TOO_LONG);
  default:
    return unreadable(call, DP__SSE_NO_MEMORY);
  }
}

/* An event is there: whether it is one for the program. */
static bool note_event(dp_call *call, bool *for_sink) {
  dp__stream *s = call->stream;
  bool ping = false;
  s->event = (dp_event){.type = dp__sse_type(&s->sse), .id = dp__sse_id(&s->sse)};
  s->event.data = dp__sse_data(&s->sse, &s->event.length);
  if (!dp__run_note(&s->run, s->event.data, s->event.length, &ping))
    return false;
  *for_sink = !ping && strcmp(s->event.type, "ping") != 0;
  if (*for_sink)
    s->event.number = ++s->number;
  return true;
}

/* The caller has left. What his thread may still look at is not touched. */
static dp_flow read_unseen(dp__stream *s) {
  s->offering = s->offering && s->away;
  if (s->away)
    return DP_FLOW_PAUSE;
  return *s->run.ids.task ? DP_FLOW_ABORT : DP_FLOW_CONTINUE; /* dp__stream_done stops the run */
}

dp_flow dp__stream_give_event(dp_call *call) {
  dp__stream *s = call->stream;
  dp_flow flow = s->muted      ? read_unseen(s)
                 : s->has_sink ? ask(call, DP__ASK_EVENT, NULL, 0)
                               : put_together(call);
  s->offering = s->offering && flow != DP_FLOW_CONTINUE;
  return flow;
}

static dp_flow give_events(dp_call *call, const char *data, size_t length) {
  dp__stream *s = call->stream;
  for (;;) {
    dp_flow flow = s->offering || s->muted ? dp__stream_give_event(call) : DP_FLOW_CONTINUE;
    if (flow != DP_FLOW_CONTINUE)
      return flow;
    if (s->skip == length)
      return DP_FLOW_CONTINUE;
    size_t taken;
    dp__sse_result result = dp__sse_feed(&s->sse, data + s->skip, length - s->skip, &taken);
    s->skip += taken;
    if (result == DP__SSE_EVENT && !note_event(call, &s->offering))
      result = DP__SSE_NO_MEMORY;
    if (result != DP__SSE_EVENT && result != DP__SSE_MORE)
      return unreadable(call, result);
  }
}

bool dp__stream_opened(const dp_call *call) {
  return call->stream && call->stream->opened;
}

static dp_flow give(dp_call *call, const char *data, size_t length) {
  return call->stream->events ? give_events(call, data, length) : give_bytes(call, data, length);
}

static dp_flow keep(dp__stream *s, const char *data, size_t length) {
  s->blocked = true;
  if (dp__buffer_append(&s->kept, data, length))
    return DP__FLOW_TAKEN_PAUSE;
  dp__no_memory(&s->error);
  return DP_FLOW_ABORT;
}

dp_flow dp__stream_data(dp_call *call, const void *data, size_t length) {
  dp__stream *s = call->stream;
  if (s->blocked)
    return keep(s, data, length);
  dp_flow flow = give(call, data, length);
  size_t taken = s->skip;
  s->skip = 0;
  return flow == DP_FLOW_PAUSE ? keep(s, (const char *)data + taken, length - taken) : flow;
}

bool dp__stream_waits(dp_call *call, const dp_outcome *outcome) {
  dp__stream *s = call->stream;
  if (!s->blocked || s->error.kind != DP_OK)
    return false;
  s->outcome = *outcome;
  s->waits_end = true;
  call->doubt = !call->request.free_of_effect; /* for whoever stops it now */
  return true;
}

/* --- going on, any thread ------------------------------------------------------------------- */

/* All that was kept is taken: the rest may come, or the end. */
static void unblock(dp_call *call) {
  dp__stream *s = call->stream;
  dp__buffer_deinit(&s->kept);
  s->skip = 0;
  s->blocked = false;
  if (s->waits_end)
    dp__stream_done(call, &s->outcome);
  else if (call->exchange)
    dp__exchange_continue(call->exchange);
}

static void go_on(dp_call *call) {
  dp__stream *s = call->stream;
  if (!s || !s->blocked) { /* a pause of its source, or of the event that was read back */
    if (call->exchange)
      dp__exchange_continue(call->exchange);
    else if (call->phase == DP__CALL_PROVING && s && s->offering)
      dp__stream_give_last(call);
    return;
  }
  dp_flow flow = give_open(call);
  if (flow == DP_FLOW_CONTINUE)
    flow = give(call, s->kept.data, s->kept.length);
  if (flow == DP_FLOW_CONTINUE) {
    unblock(call);
  } else if (flow == DP_FLOW_ABORT) { /* it cannot be read, or need not be read any more */
    dp_error error;
    dp__fail(&error, DP_CANCELLED, "cancelled", NULL, "its call ends");
    s->blocked = false;
    if (s->waits_end)
      dp__stream_done(call, &s->outcome);
    else if (call->exchange)
      dp__exchange_end(call->exchange, &error);
  }
}

static void resume_posted(dp__job *job) {
  dp_call *call = DP__FROM(dp_call, resume_job, job);
  atomic_store(&call->resume_posted, false);
  go_on(call);
  if (call->teller)
    dp__teller_resume(call);
  dp_call_unref(call);
}

void dp_call_resume(dp_call *call) {
  if (dp__engine_usable(call->client, NULL) == DP_INVALID_REQUEST)
    return;
  if (call->stream)
    atomic_fetch_add(&call->stream->resumes, 1);
  if (atomic_exchange(&call->resume_posted, true))
    return;
  call->resume_job.run = resume_posted;
  dp__engine_post(call->client, &dp_call_ref(call)->resume_job);
}
