/*
 * The chain: one operation through cache, pace, breaker and exchange to a verdict, and around again.
 *
 * A call that may be sent stands in held; dp__call_step asks everything that may keep it back, in an
 * order in which nothing is counted that is not sent. When the transfer ends, its facts go to every
 * policy that learns from them, and the verdict says what may be done. The rule that stands above all
 * others: a write is sent again only if nothing of it can have taken effect, or the table calls its
 * repeat harmless at this server's version.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "callint.h"
#include "compose.h"
#include "errors.h"
#include "json.h"
#include "transfer.h"

const char *dp__call_dataset(const dp_call *call, size_t *length) {
  return dp__request_param(&call->request, "dataset_id", length);
}

/* --- holding --------------------------------------------------------------------------------------- */

static void wait_over(dp__timer *timer) {
  dp__call_step(DP__FROM(dp_call, wait_timer, timer));
}

void dp__call_hold(dp_call *call, uint64_t wait_us) {
  dp_client *client = call->client;
  if (call->phase != DP__CALL_HELD) {
    call->held_us = client->now_us;
    dp__call_move(call, DP__CALL_HELD);
  }
  dp_error error;
  if (!dp__timer_set(&client->timers, &call->wait_timer, client->now_us + wait_us, wait_over)) {
    dp__no_memory(&error);
    dp__call_end(call, &error);
  }
}

/* Waiting is for what says itself that it passes: a pace, a full server. A server that cannot be
 * reached costs tries like any failure, or a call to a dead port would go on until its deadline; a
 * breaker that opens over it is waited for. */
static bool would_be_patient(const dp_call *call) {
  const dp__verdict *v = &call->verdict;
  return v->plan_refused || v->host_refused || v->error.kind == DP_OVERLOADED;
}

static bool has_patience(const dp_call *call) {
  return call->verdict.plan_refused || ((call->flags & DP_CALL_WAIT) && would_be_patient(call));
}

/* By the rule `never` once a byte may have reached the server it is its caller who sends it again. */
static bool only_once(const dp_call *call) {
  return call->request.desc->retry == DP__RETRY_NEVER && !call->request.free_of_effect &&
         call->reply->meta.attempts > 0;
}

/* A composition of hundreds of calls meets each rare failure: its reads, which cost nothing to repeat, have
 * more tries than a call by itself. */
static uint32_t attempts_of(const dp_call *call) {
  uint32_t attempts = call->profile->retry_attempts;
  return call->on_child && call->request.free_of_effect && attempts > 1 ? 3 * attempts : attempts;
}

void dp__call_repeat(dp_call *call, const dp_error *error) {
  dp_client *client = call->client;
  dp_profile *profile = call->profile;
  bool patient = has_patience(call);
  bool allowed = DP__ON(profile, retry) && (patient || call->tries < attempts_of(call)) &&
                 !call->answered && !call->stopped && !only_once(call) && dp__call_can_send(call);
  call->pause_ms = dp__retry_pause_ms(&dp__policy(client)->chance, call->pause_ms,
                                      profile->retry_initial_ms, profile->retry_max_ms);
  uint64_t pause_us = 1000ull * call->pause_ms;
  if (1000ull * error->retry_after_ms > pause_us)
    pause_us = 1000ull * error->retry_after_ms;
  call->repeating = true;
  if (!allowed || client->now_us + pause_us >= call->deadline_us) {
    call->gave_up_for_option =
        !allowed && !patient && would_be_patient(call) && DP__ON(profile, retry);
    call->gave_up_us = allowed || call->gave_up_for_option ? client->now_us + pause_us : 0;
    dp__call_end(call, error);
    return;
  }
  dp__call_hold(call, pause_us);
}

/* --- sending --------------------------------------------------------------------------------------- */

static dp_flow on_head(dp_exchange *exchange, const dp_head *head, void *user) {
  dp_call *call = user;
  if (call->exchange != exchange) /* it has ended; its transfer is about to */
    return DP_FLOW_ABORT;
  dp__answer_unref(call->answer);
  call->answer = dp__answer_new(head);
  if (!call->answer)
    return DP_FLOW_ABORT;
  if (call->stream)
    dp__stream_head(call, head);
  call->body_too_large = !dp__stream_opened(call) && strcmp(call->request.method, "HEAD") != 0 &&
                         head->length > 0 &&
                         (uint64_t)head->length > call->client->options.body_max;
  return call->body_too_large ? DP_FLOW_ABORT : DP_FLOW_CONTINUE;
}

static dp_flow on_data(dp_exchange *exchange, const void *data, size_t length, void *user) {
  dp_call *call = user;
  if (call->exchange != exchange || !call->answer)
    return DP_FLOW_ABORT;
  if (dp__stream_opened(call))
    return dp__stream_data(call, data, length);
  dp__buffer *body = &call->answer->body;
  call->body_too_large = body->length + length > call->client->options.body_max;
  if (call->body_too_large || !dp__buffer_append(body, data, length))
    return DP_FLOW_ABORT;
  return DP_FLOW_CONTINUE;
}

static void on_done(dp_exchange *exchange, const dp_outcome *outcome, void *user);

static dp_kind make_exchange(dp_call *call, dp_exchange **out, dp_error *error) {
  const dp__request *r = &call->request;
  dp_header headers[r->header_count + 1];
  size_t count = r->header_count;
  if (count)
    memcpy(headers, r->headers, count * sizeof *headers);
  if (r->json)
    headers[count++] = (dp_header){"Content-Type", "application/json"};
  dp_exchange_options o = DP_EXCHANGE_OPTIONS_INIT;
  o.profile = call->profile;
  o.method = r->method;
  o.path = r->path;
  o.query = r->query;
  o.headers = headers;
  o.header_count = count;
  o.on_head = on_head;
  o.on_data = on_data;
  o.on_done = on_done;
  o.user = call; /* no deadline: the call's own timer knows what a write may do after it */
  o.priority = call->priority;
  o.share = call->share;
  o.lane = call->lane;
  o.stall_ms = call->stall_ms;
  o.repeatable = r->free_of_effect && DP__ON(call->profile, retry) &&
                 call->tries + 1 < attempts_of(call); /* libcurl's own repeat is a try */
  if (!dp__call_body(call, &o))
    return dp__no_memory(error);
  return dp__exchange_new(call->client, &o, out, error);
}

static void use_known_spelling(dp_call *call);

static void send_now(dp_call *call) {
  dp_client *client = call->client;
  dp_error error;
  dp_exchange *exchange;
  dp__answer_unref(call->answer);
  call->answer = NULL;
  use_known_spelling(call);
  if (make_exchange(call, &exchange, &error) != DP_OK) {
    dp__call_end(call, &error);
    return;
  }
  dp__call_move(call, DP__CALL_SENT);
  call->reply->meta.queued_us += client->now_us - call->held_us;
  call->tries++;
  call->sent_us = client->now_us;
  if (!call->first_sent_us)
    call->first_sent_us = client->now_us;
  dp__call_mark_write(call);
  call->exchange = dp_exchange_ref(exchange);
  exchange->judged = true;
  dp_call_ref(call); /* given back in on_done */
  dp__engine_begin(client);
  dp__exchange_submit(exchange);
}

void dp__call_step(dp_call *call) {
  if (call->phase != DP__CALL_HELD)
    return;
  bool write = !call->request.free_of_effect;
  if (call->composition) {
    dp__compose(call);
    return;
  }
  if (dp__call_share(call) || dp__call_prepare(call))
    return;
  if (write && (call->flags & DP_CALL_MAYBE_DONE) && !call->asked_first) {
    call->asked_first = true;
    dp__call_prove(call);
    return;
  }
  if (dp__call_may_go(call))
    send_now(call);
}

/* --- what came of it --------------------------------------------------------------------------------- */

static void add_meta(dp_call *call, const dp_meta *one) {
  dp_meta *all = &call->reply->meta;
  all->attempts += one->attempts;
  all->reused = one->reused;
  all->queued_us += one->queued_us;
  all->dns_us = one->dns_us;
  all->connect_us = one->connect_us;
  all->tls_us = one->tls_us;
  all->server_us = one->server_us;
  all->sent += one->sent;
  all->received += one->received;
}

static char kind_of_key(const dp_profile *profile) {
  static const char bearer[] = "Authorization: Bearer ";
  const char *key = profile->authorization;
  if (!key || strncmp(key, bearer, sizeof bearer - 1) != 0)
    return 0;
  key += sizeof bearer - 1;
  return strncmp(key, "app-", 4) == 0 ? 'a' : strncmp(key, "dataset-", 8) == 0 ? 'd' : 0;
}

void dp__call_facts(dp_call *call, const dp_outcome *outcome, dp__facts *f) {
  const dp__answer *answer = call->answer;
  const dp__request *r = &call->request;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *f = (dp__facts){.origin = call->profile->base.origin, .desc = r->desc, .method = r->method,
                   .path = r->path, .free_of_effect = r->free_of_effect, .ids_ok = r->ids_ok,
                   .raw = r->raw, .key = kind_of_key(call->profile), .transport = outcome->error,
                   .started = outcome->started, .sent_all = outcome->sent_all,
                   .request_length = dp__request_length(r),
                   .query_length = r->query ? strlen(r->query) : 0, .status = outcome->status, .type = "",
                   .body = "", .version = call->host->version, .now_s = now.tv_sec};
  if (call->body_too_large)
    dp__fail(&f->transport, DP_TOO_LARGE, "body_max", "Raise body_max, or ask for less at once.",
             "%s: the answer is larger than %llu bytes", f->origin,
             (unsigned long long)call->client->options.body_max);
  if (!answer)
    return;
  f->type = answer->type;
  f->body = answer->body.data ? answer->body.data : "";
  f->body_length = answer->body.length;
  f->dify = dp__answer_is_dify(answer);
  f->retry_after = dp__answer_header(answer, "retry-after");
  f->date = dp__answer_header(answer, "date");
  f->location = dp__answer_header(answer, "location");
}

static void teach(dp_call *call, const dp_exchange *exchange, const dp_outcome *outcome,
                  const dp__verdict *v) {
  dp__host *host = call->host;
  uint64_t now = call->client->now_us;
  dp__call_breaker_report(call, v->health);
  dp__call_pace_report(call, outcome->started, v->plan_refused);
  if (v->host_refused) {
    uint64_t pause = v->error.retry_after_ms ? v->error.retry_after_ms : 10000;
    host->held_until_us = now + 1000 * pause;
    dp__host_withdraw(host, DP__CIRCUIT_COUNT);
  }
  if (!outcome->started || call->lane != DP_LANE_CALL)
    return;
  dp__sample sample = {.now_us = now, .latency_us = outcome->meta.server_us,
                       .kind = (uint32_t)call->request.desc->op,
                       .good = outcome->error.kind == DP_OK && outcome->status < 400,
                       .overloaded = v->overloaded};
  dp__host_sample(exchange, &sample);
}

/* A tag that was made, and whose answer the server then found wrong by its own rules. */
static void succeed_with_tag(dp_call *call) {
  size_t length = 0;
  char *json = dp__mend_tag_answer(&call->request, &length);
  dp__answer *made = json ? dp__answer_made(200, json, length) : NULL;
  dp_error error;
  free(json);
  if (!made) {
    dp__no_memory(&error);
    dp__call_end(call, &error);
    return;
  }
  dp__answer_unref(call->answer);
  call->answer = made;
  dp__reply_note(call->reply,
                 "The server did it and then refused its own answer with a 400, as version %s does; "
                 "this answer was made of the request.",
                 *call->host->version ? call->host->version : "1.12.1");
  dp__call_succeed(call);
}

void dp__call_succeed(dp_call *call) {
  dp__call_keep_answer(call);
  dp__claim(call);
  dp__call_end(call, NULL);
}

static void in_doubt(dp_call *call) {
  call->doubt = true;
  dp__call_prove(call);
}

/* --- what old servers call it ---------------------------------------------------------------------- */

static uint64_t *spelling_bit(dp_call *call, uint64_t *bit) {
  unsigned number = (unsigned)call->request.desc->op & 127u;
  *bit = 1ull << (number & 63u);
  return &call->host->old_spelling[number >> 6];
}

static bool may_respell(const dp_call *call) {
  const dp__op_desc *desc = call->request.desc;
  return desc->aliases && desc->aliases[0] && !call->respelled && !call->request.raw;
}

/* A server that does not know the route has done nothing, so another spelling may be tried; what it
 * knows is remembered. True: the call goes on. */
static bool respell(dp_call *call) {
  if (call->verdict.error.kind != DP_UNSUPPORTED || !may_respell(call) || call->stopped || call->answered ||
      !dp__request_respell(&call->request, call->request.desc->aliases[0]))
    return false;
  call->respelled = true;
  dp__call_hold(call, 0);
  return true;
}

static void learn_spelling(dp_call *call) {
  uint64_t bit, *place = spelling_bit(call, &bit);
  if (call->respelled && call->answer && dp__answer_is_dify(call->answer) &&
      call->verdict.error.kind != DP_UNSUPPORTED)
    *place |= bit;
}

static void use_known_spelling(dp_call *call) {
  uint64_t bit, *place = spelling_bit(call, &bit);
  if ((*place & bit) && may_respell(call))
    call->respelled = dp__request_respell(&call->request, call->request.desc->aliases[0]);
}

static void judge(dp_call *call) {
  const dp__verdict *v = &call->verdict;
  learn_spelling(call);
  if (v->next == DP__NEXT_FAIL && respell(call))
    return;
  switch (v->next) {
  case DP__NEXT_DONE:
    dp__call_succeed(call);
    return;
  case DP__NEXT_FAIL:
    if (v->done_all_the_same)
      succeed_with_tag(call);
    else
      dp__call_end(call, &v->error);
    return;
  case DP__NEXT_REPEAT:
    dp__call_repeat(call, &v->error);
    return;
  case DP__NEXT_DOUBT:
    in_doubt(call);
    return;
  }
}

static void on_done(dp_exchange *exchange, const dp_outcome *outcome, void *user) {
  dp_call *call = user;
  if (call->exchange == exchange) { /* else the call has ended, and nobody asks */
    dp__facts facts;
    call->exchange = NULL;
    add_meta(call, &outcome->meta);
    if (outcome->meta.attempts > 1)
      call->tries += outcome->meta.attempts - 1;
    dp__call_mark_write(call);
    if (dp__stream_opened(call)) {
      if (!dp__stream_waits(call, outcome))
        dp__stream_done(call, outcome);
    } else {
      dp__call_facts(call, outcome, &facts);
      dp__classify(&facts, &call->verdict);
      teach(call, exchange, outcome, &call->verdict);
      judge(call);
    }
    dp_exchange_unref(exchange);
  }
  dp_call_unref(call);
}

void dp__call_drop_exchange(dp_call *call, const dp_error *why) {
  dp_exchange *exchange = call->exchange;
  bool late = why && (why->kind == DP_TIMEOUT || why->kind == DP_UNKNOWN_OUTCOME);
  bool reached = exchange && exchange->starts > 0;
  dp__call_breaker_report(call, late && reached && strcmp(why->code, "cancelled") != 0
                                    ? DP__HEALTH_BAD
                                    : DP__HEALTH_UNKNOWN);
  dp__call_pace_report(call, reached, false);
  if (!exchange)
    return;
  if (late && reached && strcmp(why->code, "cancelled") != 0)
    dp__host_sample(exchange, &(dp__sample){.now_us = call->client->now_us, .overloaded = true});
  dp_error error;
  dp__fail(&error, DP_CANCELLED, "cancelled", NULL, "its call has ended");
  call->exchange = NULL; /* on_done will find that nobody asks */
  call->reply->meta.attempts += dp__transfer_attempts(exchange);
  dp__call_mark_write(call);
  dp__exchange_end(exchange, &error);
  dp_exchange_unref(exchange);
}

void dp__call_withdraw(dp_call *call) {
  dp_exchange *exchange = call->exchange;
  uint64_t since = call->sent_us;
  dp_error error;
  dp__fail(&error, DP_CANCELLED, "withdrawn", NULL, "its call waits again");
  call->exchange = NULL; /* on_done will find that nobody asks */
  call->breaker_asked = false;
  if (--call->tries == 0)
    call->first_sent_us = 0;
  dp__call_pace_report(call, false, false);
  dp__call_mark_write(call);
  dp__exchange_end(exchange, &error);
  dp_exchange_unref(exchange);
  dp__call_hold(call, 0);
  call->held_us = since;
}

void dp__call_adopt_exchange(dp_call *call, dp_call *from) {
  call->exchange = from->exchange;
  call->answer = from->answer;
  call->body_too_large = from->body_too_large;
  call->breaker_asked = from->breaker_asked;
  call->paced = from->paced;
  call->tries = from->tries;
  call->sent_us = from->sent_us;
  call->first_sent_us = from->first_sent_us;
  call->exchange->user = dp_call_ref(call);
  from->exchange = NULL;
  from->answer = NULL;
  from->breaker_asked = from->paced = false;
  dp__call_move(call, DP__CALL_SENT);
  dp_call_unref(from); /* the reference that its transfer held */
}
