/*
 * What a call waits for before it may be sent: an earlier write that touches the same, a host that
 * refuses everybody, the pace, the budget of repeats, the breaker. Nothing here is counted before the
 * call really goes.
 *
 * A pace is waited for: it says when it ends, and who fails at once only comes back to refusals, which
 * the server counts. Callers take turns there (line.c), within one caller the nearer deadline first, and
 * every other turn goes to a deadline that is near. An open breaker is an answer, at once, that says when
 * to come back, unless the call has the wait option. Both are waited for only if that can end before the
 * deadline: a wait that cannot is told at once too.
 */
#include <stdlib.h>
#include <string.h>

#include "callint.h"
#include "errors.h"
#include "json.h"
#include "transfer.h"

static uint32_t to_ms(uint64_t us) {
  return us / 1000 >= UINT32_MAX ? UINT32_MAX : (uint32_t)(us / 1000) + 1;
}

static const char too_long_hint[] =
    "The wait would end after the call's deadline; give it more time.";

/* Wait that long, or end with error if it may not or cannot wait. */
static void wait_or_end(dp_call *call, bool may_wait, uint64_t wait_us, dp_error *error) {
  uint64_t now = call->client->now_us;
  bool too_long = now + wait_us >= call->deadline_us;
  error->retry_after_ms = to_ms(wait_us);
  if (may_wait && too_long)
    dp__copy_text(error->hint, sizeof error->hint, too_long_hint, sizeof too_long_hint - 1);
  if (!may_wait || too_long) {
    call->gave_up_us = now + wait_us;
    call->gave_up_for_option = !may_wait;
    dp__call_end(call, error);
  } else {
    dp__call_hold(call, wait_us);
  }
}

/* --- the gate --------------------------------------------------------------------------------------- */

/* The gate that it must pass, and in touch what it holds there; NULL = it tramples on nothing. */
static dp__gate *gate_of(dp_call *call) {
  dp__gate *gates = dp__policy(call->client)->gates;
  const dp__request *r = &call->request;
  const char *name, *scope;
  size_t length, scope_length = 0;
  switch (r->desc->op) {
  case DP_OP_METADATA_ASSIGN:
    if (r->body)
      dp__touch_documents(&call->touch, r->body, r->body_length);
    return r->body ? &gates[0] : NULL;
  case DP_OP_DATASETS_CREATE:
  case DP_OP_DOCUMENTS_CREATE_BY_TEXT:
  case DP_OP_METADATA_CREATE:
  case DP_OP_TAGS_CREATE:
    if (!dp__json_member(r->body, r->body_length, "name", &name, &length))
      return NULL;
    scope = dp__request_param(r, "dataset_id", &scope_length);
    return &gates[1 + dp__touch_name(&call->touch, r->desc->op, scope, scope_length, name, length) %
                          (DP__GATES - 1)];
  default:
    return NULL;
  }
}

/* A document is the same by whatever name its server is called; a name is not. */
static bool is_blocked(const dp_call *call) {
  bool documents = call->request.desc->op == DP_OP_METADATA_ASSIGN;
  for (const dp_call *c = call->gate->first; c != call; c = c->gate_next)
    if ((documents || c->host == call->host) && dp__touch_meets(&c->touch, &call->touch))
      return true;
  return false;
}

static bool gate_holds(dp_call *call) {
  if (!call->gate) {
    call->gate = gate_of(call);
    if (!call->gate)
      return false;
    *(call->gate->first ? call->gate->last : &call->gate->first) = call;
    call->gate->last = &call->gate_next;
  }
  call->at_gate = is_blocked(call);
  return call->at_gate;
}

void dp__call_leave_gate(dp_call *call) {
  dp__gate *gate = call->gate;
  if (!gate)
    return;
  dp_call **link = &gate->first;
  while (*link != call)
    link = &(*link)->gate_next;
  *link = call->gate_next;
  if (gate->last == &call->gate_next)
    gate->last = link;
  call->gate = NULL;
  for (dp_call *c = *link, *next; c; c = next) {
    next = c->gate_next;
    if (c->at_gate && !is_blocked(c)) {
      c->at_gate = false;
      dp__call_hold(c, 0);
    }
  }
}

/* --- the host --------------------------------------------------------------------------------------- */

static bool host_holds(dp_call *call) {
  uint64_t now = call->client->now_us;
  if (call->host->held_until_us <= now)
    return false;
  uint64_t wait = call->host->held_until_us - now;
  dp_error error;
  dp__fail(&error, DP_RATE_LIMITED, "proxy_rate_limit", "Wait for retry_after_ms.",
           "%s: a proxy before the server refuses all calls for now", call->profile->base.origin);
  wait_or_end(call, call->flags & DP_CALL_WAIT, wait, &error);
  return true;
}

static bool budget_holds(dp_call *call) {
  if (!call->repeating)
    return false;
  uint64_t wait = dp__budget_take(&call->host->budget, call->client->now_us);
  if (wait == 0) {
    call->repeating = false;
    return false;
  }
  /* Those that meet here come back spread over the second. */
  wait += dp__chance_between(&dp__policy(call->client)->chance, 0, 300000);
  dp_error error = call->verdict.error;
  wait_or_end(call, true, wait, &error);
  return true;
}

/* --- the breaker --------------------------------------------------------------------------------------- */

static const char *name_of_circuit(dp__circuit circuit) {
  static const char *const names[DP__CIRCUIT_COUNT] = {"kb_creation", "doc_creation", "metadata",
                                                       "retrieval", "app"};
  return names[circuit];
}

static dp__breaker *breaker_of(const dp_call *call) {
  return &call->host->breakers[call->request.desc->circuit];
}

/* Calls that the breaker let pass and that still wait for a place would go out one by one, each to the
 * server that is down. */
void dp__host_withdraw(dp__host *host, dp__circuit circuit) {
  for (dp_call *call = host->client->call_list, *next; call; call = next) {
    next = call->next;
    if (call->host == host && call->phase == DP__CALL_SENT && call->exchange &&
        call->exchange->state == DP__EXCHANGE_WAITING &&
        (circuit == DP__CIRCUIT_COUNT ||
         (call->breaker_asked && call->request.desc->circuit == circuit)))
      dp__call_withdraw(call);
  }
}

/* The server is back: who waits for it asks again, a little spread, rather than when the pause that it
 * was told of is over. */
static void wake_waiting(dp__host *host) {
  dp_client *client = host->client;
  for (unsigned i = 0; i < DP__CIRCUIT_COUNT; i++)
    if (host->breakers[i].state == DP__BREAKER_OPEN)
      host->breakers[i].open_until_us = client->now_us;
  for (dp_call *call = client->call_list, *next; call; call = next) {
    next = call->next;
    if (call->host == host && call->at_breaker && call->phase == DP__CALL_HELD)
      dp__call_hold(call, dp__chance_between(&dp__policy(client)->chance, 0, 100000));
  }
}

static void report(dp__host *host, dp__circuit circuit, dp__health health) {
  dp_client *client = host->client;
  dp__breaker *breaker = &host->breakers[circuit];
  dp__breaker_state before = breaker->state;
  dp__breaker_report(breaker, health, client->now_us);
  if (before == DP__BREAKER_HALF_OPEN) /* what one group's probe found holds for the others' */
    host->probe_after_us =
        health == DP__HEALTH_BAD ? client->now_us + 1000ull * breaker->pause_ms : 0;
  if (breaker->state == before)
    return;
  bool open = breaker->state == DP__BREAKER_OPEN;
  dp__log(client, open ? DP_LOG_WARNING : DP_LOG_INFO, "%s: the breaker of %s is %s", host->origin,
          name_of_circuit(circuit), dp__breaker_name(breaker->state));
  if (open)
    dp__host_withdraw(host, circuit);
  else if (breaker->state == DP__BREAKER_CLOSED)
    wake_waiting(host);
}

void dp__call_breaker_report(dp_call *call, dp__health health) {
  if (!call->breaker_asked)
    return;
  call->breaker_asked = false;
  report(call->host, call->request.desc->circuit, health);
}

/* A cheap read in the place of a write: a breaker's probe may fail, and a write must not. */
typedef struct probe {
  dp_profile *profile;
  dp__circuit circuit;
} probe;

static void probe_done(dp_exchange *exchange, const dp_outcome *outcome, void *user) {
  (void)exchange;
  probe *p = user;
  dp__health health = outcome->error.kind == DP_CANCELLED ? DP__HEALTH_UNKNOWN
                      : outcome->error.kind != DP_OK || outcome->status >= 500 ? DP__HEALTH_BAD
                                                                               : DP__HEALTH_GOOD;
  report(p->profile->host, p->circuit, health);
  dp_profile_unref(p->profile);
  free(p);
}

static bool start_probe(const dp_call *call) {
  dp_client *client = call->client;
  dp_exchange_options o = DP_EXCHANGE_OPTIONS_INIT;
  dp_exchange *exchange;
  probe *p = malloc(sizeof *p);
  if (!p)
    return false;
  *p = (probe){call->profile, call->request.desc->circuit};
  o.profile = call->profile;
  o.method = "GET";
  o.path = "/";
  o.on_done = probe_done;
  o.user = p;
  o.deadline_ms = client->options.connect_timeout_ms;
  o.repeatable = 1;
  if (dp__exchange_new(client, &o, &exchange, NULL) != DP_OK) {
    free(p);
    return false;
  }
  dp_profile_ref(p->profile);
  dp__engine_begin(client);
  dp__exchange_submit(exchange);
  return true;
}

/* One probe at a time for all groups of a server: it is the same server. */
static bool is_probing(const dp__host *host) {
  for (unsigned i = 0; i < DP__CIRCUIT_COUNT; i++)
    if (host->breakers[i].state == DP__BREAKER_HALF_OPEN)
      return true;
  return false;
}

static bool breaker_holds(dp_call *call) {
  uint64_t now = call->client->now_us, wait;
  call->at_breaker = false;
  if (!DP__ON(call->profile, breaker) || call->breaker_asked)
    return false;
  dp__breaker *breaker = breaker_of(call);
  bool due = breaker->state == DP__BREAKER_OPEN && now >= breaker->open_until_us;
  if (due && now < call->host->probe_after_us) {
    wait = call->host->probe_after_us - now;
  } else if (due && is_probing(call->host)) {
    wait = dp__chance_between(&dp__policy(call->client)->chance, 50000, 250000);
  } else if (dp__breaker_admit(breaker, now, &wait)) {
    if (!due || call->request.free_of_effect || !start_probe(call)) {
      call->breaker_asked = true;
      call->probing = false;
      return false;
    }
    call->probing = true;
    wait = 20000;
  }
  bool half_open = breaker->state == DP__BREAKER_HALF_OPEN;
  if (half_open && !call->probing) /* the probe's answer decides; come back spread */
    wait = dp__chance_between(&dp__policy(call->client)->chance, 50000, 250000);
  dp_error error;
  dp__fail(&error, DP_BREAKER_OPEN, "breaker_open",
           "Wait for retry_after_ms, or let the call wait (the wait option); look at the server.",
           "%s: it failed so often lately that it is left alone for a moment%s%.200s",
           call->profile->base.origin, *call->verdict.error.message ? "; last: " : "",
           call->verdict.error.message);
  bool may_wait = (call->flags & DP_CALL_WAIT) || (half_open && call->probing);
  call->at_breaker = true;
  wait_or_end(call, may_wait, wait, &error);
  return true;
}

/* --- the pace -------------------------------------------------------------------------------------------- */

static struct dp__workspace *workspace_of(const dp_call *call) {
  dp_client *client = call->client;
  struct dp__workspace *w = client->workspaces;
  while (w && strcmp(w->name, call->profile->workspace) != 0)
    w = w->next;
  if (w)
    return w;
  w = calloc(1, sizeof *w);
  char *name = strdup(call->profile->workspace);
  if (!w || !name) {
    free(w);
    free(name);
    return NULL;
  }
  w->client = client;
  w->name = name;
  w->next = client->workspaces;
  client->workspaces = w;
  return w;
}

static void take_limit(struct dp__workspace *w, const dp_profile *profile) {
  if (profile->pace_per_minute) {
    w->pacer.limit = profile->pace_per_minute;
    w->pacer.configured = true;
  }
  if (profile->pace_window_ms)
    w->pacer.window_us = 1000ull * profile->pace_window_ms;
}

static dp_call *call_of(const dp__fair_item *item) {
  return DP__FROM(dp_call, turn, (uintptr_t)item);
}

/* Within one share: the nearer deadline, then who came first. */
static bool is_nearer(const dp__fair_item *a, const dp__fair_item *b) {
  return call_of(a)->deadline_us < call_of(b)->deadline_us;
}

/* How many go before it, at least. */
static uint32_t count_ahead(const struct dp__workspace *w, const dp_call *call) {
  const dp__flow *own = dp__fair_flow(&w->line.by[call->priority], call->share);
  uint32_t position = own ? own->count : 0;
  for (const dp__fair_item *i = own ? own->last : NULL; i && is_nearer(&call->turn, i);
       i = i->before)
    position--;
  return dp__line_ahead(&w->line, call->priority, call->share, position);
}

static void turn_came(dp__timer *timer);

static void set_timer(struct dp__workspace *w) {
  dp_client *client = w->client;
  if (dp__line_count(&w->line) == 0)
    return;
  uint64_t wait = dp__pacer_wait_us(&w->pacer, 0, client->now_us);
  dp__timer_set(&client->timers, &w->timer, client->now_us + wait, turn_came);
}

static void enqueue(struct dp__workspace *w, dp_call *call) {
  dp__fair_add(&w->line.by[call->priority], &call->turn, call->share, is_nearer);
  call->workspace = w;
  call->pace_held_us = call->client->now_us;
  set_timer(w);
}

static void left(dp_call *call) {
  call->workspace = NULL;
  call->reply->meta.paced_us += call->client->now_us - call->pace_held_us;
}

void dp__call_unqueue(dp_call *call) {
  struct dp__workspace *w = call->workspace;
  if (!w)
    return;
  dp__fair_remove(&w->line.by[call->priority], &call->turn);
  left(call);
}

/* The first of some share that would not live through another window. */
static dp__fair_item *find_urgent(const dp__fair *fair, uint64_t until_us) {
  dp__fair_item *nearest = NULL;
  for (const dp__flow *flow = fair->first; flow; flow = flow->next)
    if (flow->first && call_of(flow->first)->deadline_us < until_us &&
        (!nearest || is_nearer(flow->first, nearest)))
      nearest = flow->first;
  return nearest;
}

/* Every other turn goes to the nearest deadline, if one is near: short deadlines help whoever sets them,
 * and cost nobody his turn. */
static dp_call *take_next(struct dp__workspace *w) {
  dp_priority priority;
  dp__fair_item *item = dp__line_next(&w->line, NULL, &priority);
  if (!item)
    return NULL;
  uint64_t until_us = w->client->now_us + dp__pacer_window_us(&w->pacer);
  dp__fair_item *urgent = w->urgent ? find_urgent(&w->line.by[priority], until_us) : NULL;
  w->urgent = !w->urgent;
  item = urgent ? urgent : item;
  dp__line_take(&w->line, item, priority);
  left(call_of(item));
  return call_of(item);
}

static void turn_came(dp__timer *timer) {
  struct dp__workspace *w = DP__FROM(struct dp__workspace, timer, timer);
  dp_call *call;
  while (dp__pacer_wait_us(&w->pacer, 0, w->client->now_us) == 0 && (call = take_next(w))) {
    call->pace_turn = true;
    dp__call_step(call);
    if (call->phase == DP__CALL_HELD && !call->workspace)
      break; /* something else keeps it: the place is still free, in the next turn */
  }
  set_timer(w);
}

static bool pace_holds(dp_call *call) {
  if (!call->request.desc->paced)
    return false;
  struct dp__workspace *w = workspace_of(call);
  if (!w)
    return false;
  take_limit(w, call->profile);
  uint64_t now = call->client->now_us;
  uint64_t wait = dp__pacer_wait_us(&w->pacer, call->pace_turn ? 0 : count_ahead(w, call), now);
  call->pace_turn = false;
  if (wait == 0)
    return false;
  if (now + wait < call->deadline_us) {
    enqueue(w, call);
    return true;
  }
  dp_error error;
  dp__fail(&error, DP_RATE_LIMITED, "pace",
           "Give the call more time than retry_after_ms, or come back then.",
           "%s: the plan allows %u calls in %u s, which are used up for longer than the call's "
           "deadline",
           call->profile->base.origin, (unsigned)w->pacer.limit,
           (unsigned)(dp__pacer_window_us(&w->pacer) / 1000000));
  error.retry_after_ms = to_ms(wait);
  dp__call_end(call, &error);
  return true;
}

/* Calls that were let go before a refusal taught the pace, and still wait for a place, would be refused
 * one by one, each of them counted. */
static void take_back(struct dp__workspace *w) {
  for (dp_call *call = w->client->call_list, *next; call; call = next) {
    next = call->next;
    if (call->paced && call->phase == DP__CALL_SENT && call->exchange &&
        call->exchange->state == DP__EXCHANGE_WAITING &&
        strcmp(call->profile->workspace, w->name) == 0)
      dp__call_withdraw(call);
  }
}

void dp__call_pace_report(dp_call *call, bool reached, bool refused) {
  /* Not the loop's time, which is that of its turn's beginning: the server may have counted it since. */
  uint64_t now = dp__now_us();
  if (!call->paced)
    return;
  call->paced = false;
  struct dp__workspace *w = workspace_of(call);
  if (!w)
    return;
  if (reached)
    dp__pacer_answered(&w->pacer, now);
  else
    dp__pacer_unsent(&w->pacer);
  if (refused) {
    dp__pacer_refused(&w->pacer, now);
    uint64_t wait = dp__pacer_wait_us(&w->pacer, 0, now);
    if (to_ms(wait) > call->verdict.error.retry_after_ms)
      call->verdict.error.retry_after_ms = to_ms(wait);
    dp__log(call->client, DP_LOG_WARNING, "%s: the plan allows %u calls in %u s; pacing",
            call->profile->base.origin, (unsigned)w->pacer.limit,
            (unsigned)(dp__pacer_window_us(&w->pacer) / 1000000));
    take_back(w);
  }
  set_timer(w);
}

bool dp__call_may_go(dp_call *call) {
  if (gate_holds(call) || host_holds(call) || pace_holds(call) || budget_holds(call) || breaker_holds(call))
    return false;
  struct dp__workspace *w = call->request.desc->paced ? workspace_of(call) : NULL;
  if (w) {
    dp__pacer_go(&w->pacer);
    call->paced = true;
  }
  return true;
}
