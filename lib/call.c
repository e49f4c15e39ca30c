/*
 * The way of a call.
 *
 *   start (any thread): arguments checked, request written
 *   begin:   deadline set; a mend or a look for proof may come first
 *   go:      pace -> breaker -> exchange (which waits for its place at the host)
 *   decide:  classify -> repeat after a pause, or end
 *   end:     on_done, once, in a turn of the loop of its own
 *
 * One rule stands above the others: a write whose first byte may have reached the server is not sent
 * again and not cut. If its time is up or its caller loses interest, the caller hears at once that the
 * outcome is not known, and the transfer goes on for the write grace; what came of it arrives at
 * on_late.
 */
#include "calls.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "engine_run.h"
#include "errors.h"

#define FROM(type, member, pointer) ((type *)((char *)(pointer) - offsetof(type, member)))

static void go(dp_call *call);
static void end(dp_call *call);

/* --- the object ------------------------------------------------------------------------------------ */

dp_call *dp_call_ref(dp_call *call) {
  atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
  return call;
}

void dp_call_unref(dp_call *call) {
  if (!call || atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) != 1)
    return;
  dp__request_deinit(&call->request);
  dp__buffer_deinit(&call->body);
  dp_reply_unref(call->reply);
  dp_reply_unref(call->late_reply);
  dp_exchange_unref(call->exchange);
  dp_profile_unref(call->profile);
  free(call);
}

static void enlist(dp_call *call) {
  dp_client *client = call->client;
  call->all_next = client->call_list;
  if (call->all_next)
    call->all_next->all_link = &call->all_next;
  call->all_link = &client->call_list;
  client->call_list = call;
}

static void delist(dp_call *call) {
  *call->all_link = call->all_next;
  if (call->all_next)
    call->all_next->all_link = call->all_link;
}

static void orphan(dp_call *call) {
  if (!call->parent)
    return;
  for (dp_call **link = &call->parent->children; *link; link = &(*link)->sibling)
    if (*link == call) {
      *link = call->sibling;
      break;
    }
  dp_call_unref(call->parent);
  call->parent = NULL;
}

dp__workspace *dp__workspace_of(dp_profile *profile) {
  dp_client *client = profile->client;
  for (dp__workspace *w = client->workspaces; w; w = w->next)
    if (strcmp(w->name, profile->workspace) == 0)
      return w;
  dp__workspace *w = calloc(1, sizeof *w);
  if (!w)
    return NULL;
  w->name = strdup(profile->workspace);
  if (!w->name) {
    free(w);
    return NULL;
  }
  w->pacer.limit = profile->pace_per_minute;
  w->next = client->workspaces;
  client->workspaces = w;
  return w;
}

void dp__workspaces_free(dp_client *client) {
  while (client->workspaces) {
    dp__workspace *w = client->workspaces;
    client->workspaces = w->next;
    free(w->name);
    free(w);
  }
}

/* --- the end ----------------------------------------------------------------------------------------- */

static void fill_meta(const dp_call *call, dp_reply *reply) {
  dp_meta *meta = &reply->meta;
  const dp__host *host = call->profile->host;
  meta->op = call->request.desc->op;
  meta->attempts = call->attempts;
  meta->queued_us += call->queued_us;
  meta->paced_us = call->paced_us;
  meta->sent = call->sent;
  meta->received = call->received;
  meta->total_us = call->client->now_us - call->accepted_us;
  dp__copy_text(reply->version, sizeof reply->version, host ? host->version : "",
                host ? strlen(host->version) : 0);
  meta->version = reply->version;
  meta->note = reply->note;
}

static void count(const dp_call *call, dp_kind kind) {
  dp_client *client = call->client;
  dp__host *host = call->profile->host;
  client->calls++;
  client->errors[kind]++;
  if (!host)
    return;
  host->calls++;
  host->errors += kind != DP_OK;
  dp__histogram_add(&host->latency, client->now_us - call->accepted_us);
}

static void let_go(dp_call *call) {
  dp_client *client = call->client;
  delist(call);
  orphan(call);
  dp_call_unref(call);
  dp__engine_end(client);
}

/* Delivery: the object lives until its last callback ran; the engine's side is left before, on the
 * engine's thread, so that a program which dispatches cannot delay it. */
static void run_done(dp__due *due) {
  dp_call *call = FROM(dp_call, due, due);
  call->on_done(call, call->reply, call->user);
  dp_call_unref(call);
}

static void run_late(dp__due *due) {
  dp_call *call = FROM(dp_call, late_due, due);
  call->on_late(call, call->late_reply, call->user);
  dp_call_unref(call);
}

static void deliver(dp_call *call, dp__due *due, void (*run)(dp__due *due)) {
  due->run = run;
  dp_call_ref(call);
  if (call->direct)
    run(due);
  else
    dp__engine_deliver(call->client, due);
}

static void end_posted(dp__job *job) {
  dp_call *call = FROM(dp_call, job, job);
  if (!call->answered)
    deliver(call, &call->due, run_done);
  else if (call->on_late)
    deliver(call, &call->late_due, run_late);
  let_go(call);
}

static void cancel_children(dp_call *call, const dp_error *error);

/* The one way to the end; call->reply, or the late one, says what came of it. */
static void end(dp_call *call) {
  if (call->state == DP__CALL_ENDING)
    return;
  call->state = DP__CALL_ENDING;
  dp__timer_clear(&call->client->timers, &call->deadline_timer);
  dp__timer_clear(&call->client->timers, &call->wait_timer);
  dp_reply *reply = call->answered ? call->late_reply : call->reply;
  fill_meta(call, reply);
  if (!call->answered)
    count(call, reply->error.kind);
  dp_error gone;
  dp__fail(&gone, DP_CANCELLED, "parent", NULL, "the call that it belonged to ended");
  cancel_children(call, &gone);
  call->job.run = end_posted;
  dp__engine_post(call->client, &call->job);
}

static dp_reply *reply_of(dp_call *call) {
  return call->answered ? call->late_reply : call->reply;
}

void dp__call_fail(dp_call *call, const dp_error *error) {
  reply_of(call)->error = *error;
  end(call);
}

/* Tell the caller that the outcome is not known yet, and let the write go on. */
static void answer_pending(dp_call *call, const char *why) {
  dp_reply *late = dp__reply_new();
  dp_error error;
  dp__fail(&error, DP_UNKNOWN_OUTCOME, why,
           "Ask for its outcome, or look at the server, before you do it again.",
           "%s: the request was sent and no answer came yet; it may take effect",
           call->request.desc->name);
  if (!late) { /* then there is no second answer to wait for */
    dp__exchange_end(call->exchange, &error);
    return;
  }
  call->late_reply = call->reply; /* what the transfer fills */
  call->reply = late;
  call->reply->error = error;
  call->reply->pending = true;
  fill_meta(call, call->reply);
  count(call, DP_UNKNOWN_OUTCOME);
  deliver(call, &call->due, run_done);
  call->answered = true;
  call->stopping = true;
}

static bool is_write_in_flight(const dp_call *call) {
  return call->state == DP__CALL_RUNNING && call->exchange && call->exchange->outcome.started &&
         !call->request.free_of_effect;
}

static void grace_over(dp__timer *timer) {
  dp_call *call = FROM(dp_call, deadline_timer, timer);
  dp_error error;
  dp__fail(&error, DP_TIMEOUT, "write_grace", NULL, "%s: no answer within the write grace",
           call->request.desc->name);
  dp__exchange_end(call->exchange, &error);
}

/* Stop it early, for the reason in error: what is safe to cut is cut, a write in flight goes on. */
static void stop(dp_call *call, const dp_error *error, bool now) {
  if (call->state == DP__CALL_ENDING || (call->answered && !now))
    return;
  call->stopping = true;
  if (is_write_in_flight(call) && !now) {
    answer_pending(call, error->code);
    if (call->answered)
      dp__timer_set(&call->client->timers, &call->deadline_timer,
                    call->client->now_us + 1000ull * call->client->options.write_grace_ms,
                    grace_over);
  } else if (call->state == DP__CALL_RUNNING) {
    dp__exchange_end(call->exchange, error);
  } else {
    dp__call_fail(call, error);
  }
}

static void cancel_children(dp_call *call, const dp_error *error) {
  for (dp_call *child = call->children, *next; child; child = next) {
    next = child->sibling;
    stop(child, error, false);
  }
}

void dp__calls_cancel_all(dp_client *client, const dp_error *error) {
  for (dp_call *call = client->call_list, *next; call; call = next) {
    next = call->all_next;
    stop(call, error, true);
  }
}

static void deadline_passed(dp__timer *timer) {
  dp_call *call = FROM(dp_call, deadline_timer, timer);
  dp_error error;
  dp__fail(&error, DP_TIMEOUT, "deadline", "Give it more time, or look why the server is slow.",
           "%s: not done within %u ms", call->request.desc->name, (unsigned)call->deadline_ms);
  stop(call, &error, false);
}

/* --- waiting ------------------------------------------------------------------------------------------ */

static void waited(dp__timer *timer) {
  dp_call *call = FROM(dp_call, wait_timer, timer);
  call->queued_us += call->client->now_us - call->waiting_since_us;
  go(call);
}

/* Try again in wait_us; if the deadline comes first, fail now and say so with that error. */
static void wait_or_fail(dp_call *call, uint64_t wait_us, const dp_error *error) {
  uint64_t at = call->client->now_us + wait_us;
  if (at >= call->deadline_us || call->stopping) {
    dp__call_fail(call, error);
    return;
  }
  call->state = DP__CALL_WAITING;
  call->waiting_since_us = call->client->now_us;
  if (!dp__timer_set(&call->client->timers, &call->wait_timer, at, waited)) {
    dp_error memory;
    dp__no_memory(&memory);
    dp__call_fail(call, &memory);
  }
}

static bool passes_pacer(dp_call *call) {
  if (!call->request.desc->paced || call->paced)
    return true;
  dp__workspace *w = dp__workspace_of(call->profile);
  uint64_t wait_us;
  if (!w || dp__pacer_admit(&w->pacer, call->client->now_us, &wait_us)) {
    call->paced = true;
    return true;
  }
  dp_error error;
  dp__fail(&error, DP_RATE_LIMITED, "pace", "Wait, spread the calls, or give them a longer deadline.",
           "%s: the plan's calls a minute are used up; the next may go in %u ms",
           call->request.desc->name, (unsigned)(wait_us / 1000));
  error.retry_after_ms = (uint32_t)(wait_us / 1000) + 1;
  uint64_t before = call->queued_us;
  wait_or_fail(call, wait_us, &error);
  call->paced_us += call->state == DP__CALL_WAITING ? wait_us : call->queued_us - before;
  return false;
}

static bool passes_breaker(dp_call *call, dp__host *host) {
  uint64_t wait_us;
  dp__breaker *breaker = &host->breakers[call->request.desc->circuit];
  if (!DP__ON(call->profile, breaker))
    return true;
  if (dp__breaker_admit(breaker, call->client->now_us, &wait_us)) {
    call->admitted = true;
    return true;
  }
  dp_error error;
  dp__fail(&error, DP_BREAKER_OPEN, "breaker_open", "Look at the server; calls go out again when it answers.",
           "%s: %s failed so often that it is left alone for another %u ms",
           call->request.desc->name, host->origin, (unsigned)(wait_us / 1000));
  error.retry_after_ms = (uint32_t)(wait_us / 1000) + 1;
  if (call->flags & DP_CALL_WAIT)
    wait_or_fail(call, wait_us, &error);
  else
    dp__call_fail(call, &error);
  return false;
}

/* --- the answer ------------------------------------------------------------------------------------------ */

static dp_flow on_head(dp_exchange *exchange, const dp_head *head, void *user) {
  (void)exchange;
  dp_call *call = user;
  return dp__reply_take_head(reply_of(call), head) ? DP_FLOW_CONTINUE : DP_FLOW_ABORT;
}

static dp_flow on_data(dp_exchange *exchange, const void *data, size_t length, void *user) {
  dp_call *call = user;
  uint64_t bound = call->client->options.body_max;
  if (call->body.length + length > bound) {
    dp__fail(&exchange->error, DP_TOO_LARGE, "body_max", "Raise body_max, or ask for less.",
             "%s: the answer is larger than %llu bytes", call->request.desc->name,
             (unsigned long long)bound);
    return DP_FLOW_ABORT;
  }
  return dp__buffer_append(&call->body, data, length) ? DP_FLOW_CONTINUE : DP_FLOW_ABORT;
}

static void judge(dp_call *call, const dp_outcome *outcome, dp__verdict *verdict) {
  const dp_reply *reply = reply_of(call);
  const char *version = dp_reply_header(reply, "x-version");
  dp__answer_facts facts = {.origin = call->profile->base.origin, .desc = call->request.desc};
  facts.transport = &outcome->error;
  facts.started = outcome->started;
  facts.status = outcome->status;
  facts.type = dp_reply_type(reply);
  facts.version = version ? version : "";
  facts.retry_after = dp_reply_header(reply, "retry-after");
  facts.location = dp_reply_header(reply, "location");
  facts.body = call->body.data;
  facts.body_length = call->body.length;
  facts.now_s = (int64_t)time(NULL);
  dp__classify(&facts, verdict);
}

static void report(dp_call *call, const dp_outcome *outcome, const dp__verdict *verdict) {
  dp__host *host = call->profile->host;
  uint64_t now = call->client->now_us;
  if (call->admitted)
    dp__breaker_report(&host->breakers[call->request.desc->circuit], verdict->health, now);
  call->admitted = false;
  call->paced = false;
  if (verdict->error.kind == DP_RATE_LIMITED && call->request.desc->paced) {
    dp__workspace *w = dp__workspace_of(call->profile);
    if (w)
      dp__pacer_refused(&w->pacer, now);
  }
  dp__sample sample = {.now_us = now, .latency_us = outcome->meta.server_us};
  sample.in_flight = host->running[DP_LANE_CALL] + 1;
  sample.overloaded = verdict->overloaded;
  if (outcome->started)
    dp__limiter_sample(&host->limiter, &sample);
}

static uint64_t random_bits(void) {
  uint64_t bits = 0;
  if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != sizeof bits)
    bits = dp__now_us() * 6364136223846793005u;
  return bits;
}

static bool may_repeat(const dp_call *call, const dp__verdict *verdict) {
  return verdict->again && !call->stopping && DP__ON(call->profile, retry) &&
         call->attempts < call->profile->retry_attempts &&
         (call->request.free_of_effect || verdict->done == DP__DONE_NO);
}

/* How long to wait before the next try; 0 = there is no point. */
static uint64_t pause_before_repeat(dp_call *call, const dp__verdict *verdict) {
  dp__workspace *w = dp__workspace_of(call->profile);
  uint64_t pause = dp__backoff_next(&call->backoff, random_bits()), wait_us = 0;
  uint64_t told = 1000ull * verdict->error.retry_after_ms;
  if (told > pause)
    pause = told;
  if (w && !dp__budget_spend(&w->budget, call->client->now_us + pause, &wait_us))
    pause += wait_us;
  return pause;
}

/* A write that may have happened is no plain failure. */
static void doubt(const dp_call *call, dp__verdict *verdict) {
  dp_error *error = &verdict->error;
  if (call->request.free_of_effect || verdict->done != DP__DONE_MAYBE)
    return;
  error->retryable = 0;
  if (error->kind == DP_SERVER_ERROR || error->kind == DP_INTERNAL)
    return; /* the application itself answered that it failed */
  dp_error seen = *error;
  dp__fail(error, DP_UNKNOWN_OUTCOME, seen.code,
           "Look at the server whether it took effect before you do it again.",
           "%s: it may have taken effect: %s", call->request.desc->name, seen.message);
  error->status = seen.status;
}

static void drop_answer(dp_call *call) {
  dp_reply *fresh = dp__reply_new();
  if (!fresh)
    return; /* the next head replaces what is there */
  snprintf(fresh->note, sizeof fresh->note, "%s", reply_of(call)->note);
  dp_reply **place = call->answered ? &call->late_reply : &call->reply;
  dp_reply_unref(*place);
  *place = fresh;
  dp__buffer_deinit(&call->body);
}

static void conclude(dp_call *call, const dp__verdict *verdict) {
  dp_reply *reply = reply_of(call);
  reply->error = verdict->error;
  if (!dp__reply_set_body(reply, &call->body))
    dp__no_memory(&reply->error);
  if (call->finishing)
    call->finishing(call);
  end(call);
}

static void on_outcome(dp_exchange *exchange, const dp_outcome *outcome, void *user) {
  dp_call *call = user;
  dp_exchange_unref(exchange);
  call->exchange = NULL;
  call->attempts += outcome->started;
  call->sent += outcome->meta.sent;
  call->received += outcome->meta.received;
  call->queued_us += outcome->meta.queued_us;
  dp_reply *reply = reply_of(call);
  reply->meta = outcome->meta;
  reply->meta.queued_us = 0; /* summed up in the call */
  dp__verdict verdict;
  judge(call, outcome, &verdict);
  report(call, outcome, &verdict);
  if (verdict.error.kind != DP_OK)
    dp__mend_after(call, &verdict);
  if (verdict.error.kind != DP_OK && may_repeat(call, &verdict)) {
    dp_error error = verdict.error;
    uint64_t pause = pause_before_repeat(call, &verdict);
    if (call->client->now_us + pause < call->deadline_us) {
      dp__log(call->client, DP_LOG_INFO, "%s: attempt %u failed (%s), again in %u ms",
              call->request.desc->name, (unsigned)call->attempts, error.message,
              (unsigned)(pause / 1000));
      drop_answer(call);
      wait_or_fail(call, pause, &error);
      return;
    }
  }
  doubt(call, &verdict);
  conclude(call, &verdict);
}

/* --- going ---------------------------------------------------------------------------------------------- */

static dp_kind make_exchange(dp_call *call, dp_error *err) {
  dp_exchange_options options = DP_EXCHANGE_OPTIONS_INIT;
  const dp_header json = {"Content-Type", "application/json"};
  options.profile = call->profile;
  options.method = call->request.method;
  options.path = call->request.path;
  options.query = call->request.query;
  options.headers = call->request.raw ? call->request.headers : &json;
  options.header_count = call->request.raw ? call->request.header_count : call->request.json;
  options.body = call->request.body;
  options.body_length = call->request.body_length;
  options.on_head = on_head;
  options.on_data = on_data;
  options.on_done = on_outcome;
  options.user = call;
  options.priority = call->priority;
  options.repeatable = call->request.free_of_effect;
  return dp__exchange_new(call->client, &options, &call->exchange, err);
}

static void go(dp_call *call) {
  dp_error error;
  dp__host *host = dp__profile_host(call->profile);
  if (!host) {
    dp__no_memory(&error);
    dp__call_fail(call, &error);
    return;
  }
  if (!passes_pacer(call) || !passes_breaker(call, host))
    return;
  if (make_exchange(call, &error) != DP_OK) {
    if (call->admitted)
      dp__breaker_report(&host->breakers[call->request.desc->circuit], DP__HEALTH_UNKNOWN,
                         call->client->now_us);
    dp__call_fail(call, &error);
    return;
  }
  call->state = DP__CALL_RUNNING;
  dp__workspace *w = dp__workspace_of(call->profile);
  if (w)
    dp__budget_call(&w->budget);
  dp__engine_begin(call->client);
  dp__exchange_submit(dp_exchange_ref(call->exchange));
}

void dp__call_go(dp_call *call) {
  if (call->state != DP__CALL_ENDING)
    go(call);
}

static void begin(dp__job *job) {
  dp_call *call = FROM(dp_call, job, job);
  dp_client *client = call->client;
  call->accepted_us = client->now_us;
  call->deadline_us = client->now_us + 1000ull * call->deadline_ms;
  enlist(call);
  if (call->parent) {
    call->sibling = call->parent->children;
    call->parent->children = call;
    if (call->parent->deadline_us && call->parent->deadline_us < call->deadline_us)
      call->deadline_us = call->parent->deadline_us;
  }
  dp__timer_set(&client->timers, &call->deadline_timer, call->deadline_us, deadline_passed);
  call->state = DP__CALL_PREPARING;
  if ((call->flags & DP_CALL_MAYBE_DONE) && !call->request.free_of_effect &&
      dp__verify_before(call))
    return;
  if (!dp__mend_before(call))
    go(call);
}

/* --- from any thread -------------------------------------------------------------------------------------- */

static dp_kind check_options(const dp_call_options *o, dp_error *err) {
  const uint32_t known = DP_CALL_NO_VALIDATE | DP_CALL_ALLOW_HAZARD | DP_CALL_WAIT |
                         DP_CALL_BLOCKING | DP_CALL_MAYBE_DONE;
  if (o->size != sizeof *o)
    return dp__fail(err, DP_INVALID_REQUEST, "options_size", "Start from DP_CALL_OPTIONS_INIT.",
                    "the call's options have a size that this library does not know");
  if (o->flags & ~known)
    return dp__fail(err, DP_INVALID_REQUEST, "flags", NULL, "unknown flags 0x%x",
                    (unsigned)(o->flags & ~known));
  if ((unsigned)o->priority >= DP__PRIORITIES || o->deadline_ms > 86400000)
    return dp__fail(err, DP_INVALID_REQUEST, "options", NULL, "priority or deadline_ms is out of range");
  return DP_OK;
}

static void take(dp_call *call, const dp_call_options *o, dp_done_fn on_done, void *user) {
  const dp_profile *profile = call->profile;
  call->flags = o->flags;
  call->priority = o->priority;
  call->deadline_ms = o->deadline_ms ? o->deadline_ms : call->client->options.deadline_ms;
  call->on_done = on_done;
  call->on_late = o->on_late;
  call->user = user;
  call->backoff.initial_ms = profile->retry_initial_ms;
  call->backoff.max_ms = profile->retry_max_ms;
  if (o->parent)
    call->parent = dp_call_ref(o->parent);
}

static dp_kind make(dp_client *client, dp_op op, const dp_args *args, const dp_call_options *o,
                    dp_call **out, dp_error *err) {
  const dp__op_desc *desc = dp__op_by_number(op);
  dp_profile *profile = o->profile ? o->profile : client->default_profile;
  if (!desc)
    return dp__fail(err, DP_UNSUPPORTED, "operation", NULL, "there is no operation number %d", (int)op);
  if (!profile)
    return dp__fail(err, DP_INVALID_REQUEST, "no_profile", "Set options.profile, or give the client a base_url.",
                    "%s names no profile and the client has no default one", desc->name);
  dp_call *call = calloc(1, sizeof *call);
  if (!call)
    return dp__no_memory(err);
  atomic_init(&call->refs, 1);
  call->client = client;
  call->profile = dp_profile_ref(profile);
  call->reply = dp__reply_new();
  dp_kind kind = call->reply ? DP_OK : dp__no_memory(err);
  if (kind == DP_OK)
    kind = dp__request_build(desc, args, profile->base.prefix, o->flags, &call->request, err);
  if (kind != DP_OK) {
    dp_call_unref(call);
    return kind;
  }
  *out = call;
  return DP_OK;
}

static dp_kind start(dp_client *client, dp_op op, const dp_args *args, const dp_call_options *o,
                     dp_done_fn on_done, void *user, bool direct, dp_call **out, dp_error *err) {
  const dp_call_options defaults = DP_CALL_OPTIONS_INIT;
  dp_call *call = NULL;
  o = o ? o : &defaults;
  dp_kind kind = dp__engine_usable(client, err);
  if (kind == DP_OK && client->draining && !o->parent)
    kind = dp__fail(err, DP_CANCELLED, "draining", NULL, "the client takes no new work");
  if (kind == DP_OK)
    kind = check_options(o, err);
  if (kind == DP_OK)
    kind = make(client, op, args, o, &call, err);
  if (kind != DP_OK)
    return kind;
  take(call, o, on_done, user);
  call->direct = direct;
  if (out)
    *out = dp_call_ref(call);
  call->job.run = begin;
  dp__engine_begin(client);
  dp__engine_post(client, &call->job);
  return DP_OK;
}

dp_kind dp_client_call_async(dp_client *client, dp_op op, const dp_args *args,
                             const dp_call_options *options, dp_done_fn on_done, void *user,
                             dp_call **call, dp_error *err) {
  if (!on_done)
    return dp__fail(err, DP_INVALID_REQUEST, "options", NULL, "on_done is not set");
  return start(client, op, args, options, on_done, user, false, call, err);
}

void dp__call_child(dp_call *parent, dp_op op, dp_args *args, dp_done_fn on_done) {
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  dp_error error;
  options.profile = parent->profile;
  options.priority = parent->priority;
  options.parent = parent;
  options.flags = parent->flags & DP_CALL_WAIT;
  options.deadline_ms = parent->deadline_ms;
  dp_kind kind = args ? start(parent->client, op, args, &options, on_done, parent, true, NULL, &error)
                      : dp__no_memory(&error);
  dp_args_free(args);
  if (kind != DP_OK)
    dp__call_fail(parent, &error);
}

static void cancel_posted(dp__job *job) {
  dp_call *call = FROM(dp_call, cancel_job, job);
  dp_error error;
  dp__fail(&error, DP_CANCELLED, "cancelled", NULL, "%s: the caller ended it",
           call->request.desc->name);
  stop(call, &error, false);
  dp_call_unref(call);
}

void dp_call_cancel(dp_call *call) {
  if (dp__engine_usable(call->client, NULL) == DP_INVALID_REQUEST ||
      atomic_exchange(&call->cancel_posted, true))
    return;
  dp_call_ref(call);
  call->cancel_job.run = cancel_posted;
  dp__engine_post(call->client, &call->cancel_job);
}

/* --- waiting for one ---------------------------------------------------------------------------------------- */

typedef struct waiter {
  pthread_mutex_t lock;
  pthread_cond_t ready;
  dp_reply *reply;
} waiter;

static void wake(dp_call *call, dp_reply *reply, void *user) {
  (void)call;
  waiter *w = user;
  pthread_mutex_lock(&w->lock);
  w->reply = dp_reply_ref(reply);
  pthread_cond_signal(&w->ready);
  pthread_mutex_unlock(&w->lock);
}

static dp_kind failed_reply(const dp_error *err, dp_reply **reply) {
  *reply = dp__reply_new();
  if (!*reply)
    return DP_INTERNAL;
  (*reply)->error = *err;
  (*reply)->meta.version = (*reply)->version;
  (*reply)->meta.note = (*reply)->note;
  return err->kind;
}

dp_kind dp_client_call(dp_client *client, dp_op op, const dp_args *args,
                       const dp_call_options *options, dp_reply **reply) {
  dp_error err;
  if (dp__engine_here(client)) {
    dp__fail(&err, DP_INVALID_REQUEST, "in_callback", "Use dp_client_call_async there.",
             "a callback must not wait");
    return failed_reply(&err, reply);
  }
  waiter w = {.reply = NULL};
  pthread_mutex_init(&w.lock, NULL);
  pthread_cond_init(&w.ready, NULL);
  dp_kind kind = start(client, op, args, options, wake, &w, true, NULL, &err);
  if (kind == DP_OK) {
    pthread_mutex_lock(&w.lock);
    while (!w.reply)
      pthread_cond_wait(&w.ready, &w.lock);
    pthread_mutex_unlock(&w.lock);
    *reply = w.reply;
    kind = w.reply->error.kind;
  } else {
    kind = failed_reply(&err, reply);
  }
  pthread_mutex_destroy(&w.lock);
  pthread_cond_destroy(&w.ready);
  return kind;
}
