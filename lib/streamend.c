/*
 * How a stream ends.
 *
 * Bytes end where their answer does, and what was cut is an error. A run ends with its last event,
 * whatever its connection does afterwards; and without it nobody knows how it ended, although the
 * connection may have been closed in all politeness. Its failure, told in an event under HTTP 200,
 * is judged as the answer that the server would have given without a stream.
 */
#include "stream.h"

#include <string.h>
#include <strings.h>
#include <jansson.h>

#include "callint.h"
#include "errors.h"
#include "runs.h"

/* The end of bytes: what was cut is an error, however much had come. */
static void end_bytes(dp_call *call, const dp_outcome *outcome) {
  dp__facts facts;
  dp__verdict verdict;
  if (outcome->error.kind == DP_OK) {
    dp__call_end(call, NULL);
    return;
  }
  dp__call_facts(call, outcome, &facts);
  dp__classify(&facts, &verdict);
  if (!call->request.free_of_effect)
    dp__fail(&verdict.error, DP_UNKNOWN_OUTCOME, verdict.error.code,
             "Look at the server before doing it again.",
             "%s: %s was carried out, but its answer broke "
             "off: %.300s",
             call->profile->base.origin, call->request.desc->name, outcome->error.message);
  dp__call_end(call, &verdict.error);
}

/* A workflow's own failure has no HTTP status: its run is told as it ended. */
static void workflow_failure(const dp_call *call, dp_error *error) {
  const dp__run *run = &call->stream->run;
  bool stopped = strcmp(run->outcome, "stopped") == 0;
  json_t *root = json_loadb(run->failure.data, run->failure.length, JSON_ALLOW_NUL, NULL);
  const char *why = json_string_value(json_object_get(root, "message"));
  dp__fail(error, stopped ? DP_CANCELLED : DP_SERVER_ERROR,
           stopped ? "workflow_stopped" : "workflow_failed",
           stopped ? "Somebody stopped the run at the server."
                   : "Look at the run's log in Dify for the node that failed.",
           "%s: the workflow's run %s %s%s%.300s", call->profile->base.origin,
           run->ids.workflow_run, stopped ? "was stopped" : "failed", why && *why ? ": " : "",
           why ? why : "");
  error->status = call->answer->status;
  json_decref(root);
}

/* An error that came as an event is the answer that the server would have given without a stream.
 */
static void event_failure(dp_call *call, const dp_outcome *outcome, dp_error *error) {
  const dp__run *run = &call->stream->run;
  dp__verdict verdict;
  dp__facts facts;
  dp__answer *made = dp__answer_made(run->status, run->failure.data, run->failure.length);
  if (!made) {
    dp__no_memory(error);
    return;
  }
  dp__answer_unref(call->answer);
  call->answer = made;
  dp__call_facts(call, outcome, &facts);
  facts.transport.kind = DP_OK;
  facts.status = run->status;
  facts.dify = true;
  dp__classify(&facts, &verdict);
  *error = verdict.error;
  error->retryable =
      false; /* what was shown was shown, and the model's work is done and paid for */
}

static void cut(const dp_call *call, const dp_outcome *outcome, dp_error *error) {
  const dp__run_ids *ids = &call->stream->run.ids;
  const char *why = outcome->error.kind == DP_OK ? "the stream ended before its last event"
                                                 : outcome->error.message;
  const char *code = outcome->error.kind == DP_TIMEOUT ? outcome->error.code : "stream_cut";
  if (call->request.free_of_effect) {
    dp__fail(error, DP_UNREACHABLE, code, "Ask for the rest.", "%s: %s: %.300s",
             call->profile->base.origin, call->request.desc->name, why);
    return;
  }
  dp__fail(error, DP_UNKNOWN_OUTCOME, code,
           "The run may go on at the server: look there before doing it again.",
           "%s: %s was cut: %.200s (task %s, run %s, message %s)", call->profile->base.origin,
           call->request.desc->name, why, *ids->task ? ids->task : "not told",
           *ids->workflow_run ? ids->workflow_run : "none", *ids->message ? ids->message : "none");
}

/* The answer that was put together, with the head of the one that came. */
static dp__answer *whole_answer(const dp_call *call) {
  const dp__answer *came = call->answer;
  dp_header headers[came->header_count + 1];
  dp_head head = {.status = came->status, .type = "application/json", .headers = headers};
  headers[head.header_count++] = (dp_header){"Content-Type", head.type};
  for (size_t i = 0; i < came->header_count; i++)
    if (strcasecmp(came->headers[i].name, "content-type") != 0 &&
        strcasecmp(came->headers[i].name, "transfer-encoding") != 0)
      headers[head.header_count++] = came->headers[i];
  dp__answer *answer = dp__answer_new(&head);
  if (answer && !dp__assemble_end(&call->stream->assembly, &answer->body)) {
    dp__answer_unref(answer);
    return NULL;
  }
  return answer;
}

static void succeed(dp_call *call) {
  const dp__run *run = &call->stream->run;
  if (strcmp(run->outcome, "partial-succeeded") == 0)
    dp__reply_note(call->reply, "Some nodes of the workflow failed, and it went on without them.");
  if (call->stream->has_sink) {
    dp__call_end(call, NULL);
    return;
  }
  dp__answer *answer = whole_answer(call);
  if (!answer) {
    dp_error error;
    dp__no_memory(&error);
    dp__call_end(call, &error);
    return;
  }
  dp__answer_unref(call->answer);
  call->answer = answer;
  dp__call_succeed(call);
}

/* Whether the last event has come. Of two operations it is not known by its name alone. */
static bool has_ended(const dp_call *call, const dp_outcome *outcome) {
  const dp__stream *s = call->stream;
  switch (call->request.desc->op) {
  case DP_OP_WORKFLOWS_EVENTS: /* of a chatflow's run that is over it tells workflow_finished alone
                                */
    return s->run.ended || *s->run.outcome;
  case DP_OP_PIPELINES_RUN_DATASOURCE:
    return s->run.ended || (outcome->error.kind == DP_OK && s->number > 0);
  default:
    return s->run.ended;
  }
}

static void conclude(dp_call *call, const dp_outcome *outcome) {
  const dp__stream *s = call->stream;
  const dp__run *run = &s->run;
  bool by_workflow = run->failed && strncmp(run->failure.data, "{\"code\":\"workflow_", 18) == 0;
  dp_error error;
  if (!run->failed || (by_workflow && !s->has_sink && !s->assembly.message)) {
    succeed(
        call); /* a blocking answer tells of a failed workflow as of any other: in data.status */
    return;
  } else if (by_workflow) {
    workflow_failure(call, &error);
  } else {
    event_failure(call, outcome, &error);
  }
  dp__call_end(call, &error);
}

static void end_run(dp_call *call, const dp_outcome *outcome) {
  dp_error error;
  if (has_ended(call, outcome)) {
    conclude(call, outcome);
    return;
  }
  cut(call, outcome, &error);
  if (!dp__run_read_back(call, &error))
    dp__call_end(call, &error);
}

void dp__stream_give_last(dp_call *call) {
  dp__stream *s = call->stream;
  dp_flow flow = dp__stream_give_event(call);
  if (flow == DP_FLOW_CONTINUE)
    conclude(call, NULL);
  else if (flow == DP_FLOW_ABORT)
    dp__call_end(call, &s->error);
}

void dp__stream_add_end(dp_call *call) {
  dp__stream *s = call->stream;
  bool ping;
  s->event = (dp_event){.number = ++s->number,
                        .type = "message",
                        .id = dp__sse_id(&s->sse),
                        .data = s->piece.data,
                        .length = s->piece.length};
  s->offering = true;
  if (dp__run_note(&s->run, s->event.data, s->event.length, &ping)) {
    dp__stream_give_last(call);
  } else {
    dp__no_memory(&s->error);
    dp__call_end(call, &s->error);
  }
}

void dp__stream_done(dp_call *call, const dp_outcome *outcome) {
  dp__stream *s = call->stream;
  if (s->muted || s->error.kind != DP_OK)
    dp__run_stop(call);
  if (s->muted || s->error.kind != DP_OK)
    dp__call_end(call, s->muted ? &outcome->error : &s->error);
  else if (s->events && dp__tells_events(call->request.desc))
    end_run(call, outcome);
  else
    end_bytes(call, outcome);
}

bool dp__stream_leave(dp_call *call, const dp_error *why, bool may_stay, dp_error *error) {
  dp__stream *s = call->stream;
  dp__run_ids *ids = &s->run.ids;
  dp__run_stop(call);
  bool stays = may_stay && dp__run_may_stop(call) && !*ids->task && call->exchange;
  ids->stop_asked = ids->stop_asked || stays;
  s->muted = true;
  *error = *why;
  if (ids->stop_asked) {
    const char *hint = why->kind == DP_TIMEOUT ? "Give it more time, or look why the server is "
                                                 "slow. What the run did until now stays done."
                                               : why->hint;
    dp__fail(error, why->kind, why->code, hint, "%s; its run is being stopped", why->message);
  } else if (!s->run.ended && why->kind != DP_CANCELLED) {
    dp__fail(error, DP_UNKNOWN_OUTCOME, why->code,
             "The run may go on at the server: look there before doing it again.", "%s",
             why->message);
  } else if (!s->run.ended) {
    dp__fail(error, why->kind, why->code, why->hint, "%s; what it began may go on at the server",
             why->message);
  }
  return stays;
}
