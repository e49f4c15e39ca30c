/*
 * A call: how it begins, is answered, and ends.
 *
 * Everything that can be wrong with a call by itself is said on the caller's thread, before it is
 * accepted; then it belongs to the engine's thread. Whatever happens, it ends in dp__call_end, once.
 *
 * A write whose bytes may have reached the server cannot be taken back. When its deadline passes or
 * its caller gives up, the caller is told so at once (unknown outcome, pending), and the transfer goes
 * on for a grace time, so that what came of it is known to whoever asks for it later.
 */
#include <stdlib.h>
#include <string.h>

#include "callint.h"
#include "compose.h"
#include "engine_run.h"
#include "errors.h"
#include "push.h"
#include "runs.h"
#include "transfer.h"

enum { ALL_FLAGS = DP_CALL_NO_VALIDATE | DP_CALL_ALLOW_HAZARD | DP_CALL_WAIT | DP_CALL_BLOCKING |
                   DP_CALL_MAYBE_DONE | DP_CALL_KEEP_RUN };

/* --- phases ------------------------------------------------------------------------------------- */

static const bool allowed[DP__PHASES][DP__PHASES] = {
    [DP__CALL_POSTED] = {[DP__CALL_HELD] = true, [DP__CALL_DONE] = true},
    [DP__CALL_HELD] = {[DP__CALL_PREPARING] = true, [DP__CALL_FOLLOWING] = true,
                       [DP__CALL_SENT] = true, [DP__CALL_PROVING] = true,
                       [DP__CALL_COMPOSING] = true, [DP__CALL_DONE] = true},
    [DP__CALL_COMPOSING] = {[DP__CALL_DONE] = true},
    [DP__CALL_PREPARING] = {[DP__CALL_HELD] = true, [DP__CALL_DONE] = true},
    [DP__CALL_FOLLOWING] = {[DP__CALL_HELD] = true, [DP__CALL_SENT] = true, [DP__CALL_DONE] = true},
    [DP__CALL_SENT] = {[DP__CALL_HELD] = true, [DP__CALL_PROVING] = true, [DP__CALL_DONE] = true},
    [DP__CALL_PROVING] = {[DP__CALL_HELD] = true, [DP__CALL_DONE] = true},
};

void dp__call_move(dp_call *call, dp__phase phase) {
  if (!allowed[call->phase][phase])
    abort(); /* a state that nobody thought of must not send anything */
  call->phase = phase;
}

/* --- references --------------------------------------------------------------------------------- */

dp_call *dp_call_ref(dp_call *call) {
  atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
  return call;
}

void dp_call_unref(dp_call *call) {
  if (!call || atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) != 1)
    return;
  dp__request_deinit(&call->request);
  dp__mend_deinit(&call->mend);
  dp__stream_free(call->stream);
  if (call->work)
    call->composition->release(call->work);
  dp__teller_free(call->teller);
  dp__answer_unref(call->answer);
  dp_reply_unref(call->reply);
  dp_call_unref(call->parent);
  dp_profile_unref(call->profile);
  free(call->crossing);
  free(call->key);
  free(call);
}

struct dp__policy *dp__policy(dp_client *client) {
  if (!client->policy) {
    client->policy = calloc(1, sizeof *client->policy);
    if (client->policy)
      client->policy->chance.state = dp__now_us() ^ ((uint64_t)client->pid << 32);
  }
  return client->policy;
}

void dp__workspaces_free(dp_client *client) {
  while (client->workspaces) {
    struct dp__workspace *workspace = client->workspaces;
    client->workspaces = workspace->next;
    dp__pacer_deinit(&workspace->pacer);
    free(workspace->name);
    free(workspace);
  }
  dp__kbs_free(client);
  if (client->policy)
    dp__cache_deinit(&client->policy->cache);
  free(client->policy);
  client->policy = NULL;
}

/* --- accepting one, any thread ------------------------------------------------------------------ */

static dp_kind take_options(const dp_client *client, const dp_call_options *given,
                            dp_call_options *o, dp_error *err) {
  *o = (dp_call_options)DP_CALL_OPTIONS_INIT;
  if (given) {
    if (given->size < sizeof(size_t) || given->size > sizeof *o)
      return dp__fail(err, DP_INVALID_REQUEST, "options_size",
                      "Start from DP_CALL_OPTIONS_INIT and link the library of the same version.",
                      "the call's options have a size that this library does not know");
    memcpy(o, given, given->size);
  }
  if (o->flags & ~(uint32_t)ALL_FLAGS)
    return dp__fail(err, DP_INVALID_REQUEST, "flags", NULL, "flags holds unknown bits: 0x%x",
                    (unsigned)(o->flags & ~(uint32_t)ALL_FLAGS));
  if (o->deadline_ms > 86400000)
    return dp__fail(err, DP_INVALID_REQUEST, "deadline_ms", NULL,
                    "deadline_ms is %u; allowed are 1..86400000", (unsigned)o->deadline_ms);
  if (o->stall_ms > 86400000)
    return dp__fail(err, DP_INVALID_REQUEST, "stall_ms", NULL,
                    "stall_ms is %u; allowed are 1..86400000", (unsigned)o->stall_ms);
  if ((unsigned)o->priority >= DP__PRIORITIES)
    return dp__fail(err, DP_INVALID_REQUEST, "priority", NULL, "priority is unknown: %u",
                    (unsigned)o->priority);
  if (!o->profile)
    o->profile = client->default_profile;
  if (!o->profile)
    return dp__fail(err, DP_INVALID_REQUEST, "no_profile",
                    "Set options.profile, or give the client a base_url.",
                    "the call names no profile and the client has no default one");
  if (o->profile->client != client || (o->parent && o->parent->client != client))
    return dp__fail(err, DP_INVALID_REQUEST, "profile", NULL,
                    "the profile or the parent belongs to another client");
  return DP_OK;
}

static dp_kind make(dp_client *client, const dp__op_desc *desc, const dp_args *args,
                    const dp_call_options *o, dp_call **out, dp_error *err) {
  dp_call *call = calloc(1, sizeof *call);
  dp_reply *reply = dp__reply_new();
  if (!call || !reply) {
    free(call);
    dp_reply_unref(reply);
    return dp__no_memory(err);
  }
  atomic_init(&call->refs, 1);
  call->client = client;
  call->reply = reply;
  call->profile = dp_profile_ref(o->profile);
  dp_kind kind = dp__request_build(desc, args, o->profile->base.prefix, o->flags, &call->request,
                                   err);
  call->composition = dp__composition_of(desc->op);
  if (kind == DP_OK)
    kind = call->composition ? dp__compose_prepare(call, o, err)
                             : dp__stream_prepare(call, args, o, err);
  if (kind != DP_OK) {
    dp_call_unref(call);
    return kind;
  }
  call->flags = o->flags;
  call->cache_ms = o->cache_ms;
  call->priority = o->priority;
  call->share = o->share ? o->share : o->parent ? o->parent->share : 0;
  call->accepted_us = dp__now_us();
  call->stall_ms = o->stall_ms;
  atomic_init(&call->keep_run, (o->flags & DP_CALL_KEEP_RUN) != 0);
  uint32_t ms = o->deadline_ms ? o->deadline_ms : client->options.deadline_ms;
  bool flows = call->request.form && dp__form_flows(call->request.form);
  if (flows) /* it takes as long as its source does; silence ends it sooner */
    call->lane = DP_LANE_STREAM;
  call->deadline_us = call->accepted_us + 1000ull * ms;
  bool takes_long = call->composition && call->composition->takes_long;
  if ((flows || takes_long || call->teller || (call->stream && call->stream->has_sink)) &&
      !o->deadline_ms)
    call->deadline_us = UINT64_MAX;
  reply->meta.op = call->request.desc->op;
  *out = call;
  return DP_OK;
}

static void started(dp__job *job);

/* The engine's own reference is the one that make gave; the job holds another until it ran. */
static void post(dp_call *call) {
  atomic_fetch_add(&call->client->open_calls, 1);
  dp__engine_begin(call->client);
  call->job.run = started;
  dp__engine_post(call->client, &dp_call_ref(call)->job);
}

static dp_kind check_usable(dp_client *client, dp_error *err) {
  dp_kind kind = dp__engine_accepts(client, err);
  uint32_t bound = client->options.wait_queue + client->options.concurrency_max;
  uint32_t open = atomic_load(&client->open_calls);
  if (kind == DP_OK && open >= bound)
    kind = dp__fail(err, DP_BUSY, "wait_queue", "Send less at once, or raise wait_queue.",
                    "%u calls run or wait already", (unsigned)open);
  return kind;
}

static dp_kind accept_call(dp_client *client, dp_op op, const dp_args *args,
                           const dp_call_options *options, dp_done_fn on_done, void *user,
                           dp_call **out, dp_error *err) {
  const dp__op_desc *desc = dp__op_by_number(op);
  dp_call_options o;
  dp_kind kind = check_usable(client, err);
  if (kind == DP_OK && !desc)
    kind = dp__fail(err, DP_UNSUPPORTED, "no_such_operation", "Link a newer library.",
                    "there is no operation %d in this library", (int)op);
  if (kind == DP_OK && !on_done)
    kind = dp__fail(err, DP_INVALID_REQUEST, "on_done", NULL, "on_done is not set");
  if (kind == DP_OK)
    kind = take_options(client, options, &o, err);
  if (kind == DP_OK)
    kind = make(client, desc, args, &o, out, err);
  if (kind != DP_OK)
    return kind;
  (*out)->on_done = on_done;
  (*out)->on_late = o.on_late;
  (*out)->user = user;
  if ((*out)->teller && !(*out)->teller->user)
    (*out)->teller->user = user;
  if ((*out)->stream)
    (*out)->stream->user = (*out)->stream->sink.user ? (*out)->stream->sink.user : user;
  if (o.parent)
    (*out)->parent = dp_call_ref(o.parent);
  return DP_OK;
}

dp_kind dp_client_call_async(dp_client *client, dp_op op, const dp_args *args,
                             const dp_call_options *options, dp_done_fn on_done, void *user,
                             dp_call **out, dp_error *err) {
  dp_call *call;
  dp_kind kind = accept_call(client, op, args, options, on_done, user, &call, err);
  if (kind != DP_OK)
    return kind;
  if (out)
    *out = dp_call_ref(call);
  post(call);
  return DP_OK;
}

/* --- waiting for one ------------------------------------------------------------------------------ */

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

static dp_reply *wait_for(dp_call *call, waiter *w) {
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->ready, NULL);
  call->user = w;
  call->direct = true; /* the thread that would dispatch is the one that waits */
  post(call);
  pthread_mutex_lock(&w->lock);
  while (!w->reply)
    pthread_cond_wait(&w->ready, &w->lock);
  pthread_mutex_unlock(&w->lock);
  pthread_mutex_destroy(&w->lock);
  pthread_cond_destroy(&w->ready);
  return w->reply;
}

dp_kind dp_client_call(dp_client *client, dp_op op, const dp_args *args,
                       const dp_call_options *options, dp_reply **out) {
  dp_error err = {.kind = DP_OK};
  dp_call *call = NULL;
  waiter w = {.reply = NULL};
  dp_kind kind = dp__engine_usable(client, &err);
  if (kind == DP_OK && dp__engine_in_callback(client))
    kind = dp__fail(&err, DP_INVALID_REQUEST, "in_callback", "Use dp_client_call_async there.",
                    "a callback must not wait");
  if (kind == DP_OK)
    kind = accept_call(client, op, args, options, wake, NULL, &call, &err);
  dp_reply *reply = kind == DP_OK ? wait_for(call, &w) : dp__reply_new();
  if (kind != DP_OK && reply) {
    reply->error = err;
    reply->meta.op = op;
  }
  if (kind == DP_OK)
    kind = reply->error.kind;
  if (out)
    *out = reply;
  else
    dp_reply_unref(reply);
  return kind;
}

/* --- lists, engine's thread ------------------------------------------------------------------------ */

static void enlist(dp_call *call) {
  call->next = call->client->call_list;
  if (call->next)
    call->next->link = &call->next;
  call->link = &call->client->call_list;
  call->client->call_list = call;
}

static void delist(dp_call *call) {
  if (!call->link)
    return;
  *call->link = call->next;
  if (call->next)
    call->next->link = call->link;
  call->link = NULL;
}

static void adopt(dp_call *call) {
  dp_call *parent = call->parent;
  if (!parent)
    return;
  call->sibling = parent->children;
  parent->children = call;
  if (parent->deadline_us < call->deadline_us)
    call->deadline_us = parent->deadline_us;
}

static void orphan(dp_call *call) {
  if (!call->parent)
    return;
  for (dp_call **link = &call->parent->children; *link; link = &(*link)->sibling)
    if (*link == call) {
      *link = call->sibling;
      break;
    }
}

/* --- beginning, engine's thread --------------------------------------------------------------------- */

static void deadline_passed(dp__timer *timer) {
  dp_call *call = DP__FROM(dp_call, deadline_timer, timer);
  dp_error error;
  const char *last = call->verdict.error.message;
  dp__fail(&error, DP_TIMEOUT, "deadline",
           call->composition && !call->request.free_of_effect
               ? "Give it more time and call it again: it goes on from what it finds."
               : "Give it more time, or look why the server is slow; nothing was changed.",
           "%s: %s was not done within %llu ms%s%.200s", call->profile->base.origin,
           call->request.desc->name,
           (unsigned long long)((call->deadline_us - call->accepted_us) / 1000),
           *last ? "; the last try said: " : "", last);
  dp__call_stop(call, &error, true);
}

static void begin(dp_call *call) {
  dp_client *client = call->client;
  dp_error error = {.kind = DP_OK};
  enlist(call);
  adopt(call);
  call->host = dp__profile_host(call->profile);
  dp__call_move(call, DP__CALL_HELD);
  call->held_us = call->accepted_us;
  if (client->stopping)
    dp__fail(&error, DP_CANCELLED, "stopping", NULL, "the client is being freed");
  else if (call->parent && call->parent->phase == DP__CALL_DONE)
    dp__fail(&error, DP_CANCELLED, "parent", NULL, "the call it belongs to has ended");
  else if (!call->host || !dp__policy(client) ||
           (call->deadline_us != UINT64_MAX &&
            !dp__timer_set(&client->timers, &call->deadline_timer, call->deadline_us,
                           deadline_passed)))
    dp__no_memory(&error);
  if (error.kind != DP_OK) {
    dp__call_end(call, &error);
    return;
  }
  dp__budget_call(&call->host->budget, client->now_us);
  dp__call_step(call);
}

static void started(dp__job *job) {
  dp_call *call = DP__FROM(dp_call, job, job);
  if (call->phase == DP__CALL_POSTED)
    begin(call);
  dp_call_unref(call);
}

bool dp__call_look(dp_call *owner, dp_op op, const dp_args *args, uint32_t flags,
                   dp__look_fn on_look) {
  dp_call_options o = DP_CALL_OPTIONS_INIT;
  dp_call *look;
  o.profile = owner->profile;
  o.priority = owner->priority;
  o.share = owner->share;
  o.flags = flags;
  if (make(owner->client, dp__op_by_number(op), args, &o, &look, NULL) != DP_OK)
    return false;
  look->owner = owner;
  look->on_look = on_look;
  look->deadline_us = owner->deadline_us;
  owner->look = look;
  post(look);
  return true;
}

bool dp__call_detached(dp_client *client, dp_op op, const dp_args *args,
                       const dp_call_options *options, dp_done_fn on_done) {
  dp_call *call;
  if (make(client, dp__op_by_number(op), args, options, &call, NULL) != DP_OK)
    return false;
  call->on_done = on_done;
  call->direct = true;           /* it is nobody's of the program */
  call->lane = DP_LANE_STREAM;   /* and takes no place from what is */
  post(call);
  return true;
}

dp_kind dp__call_child(dp_call *parent, dp_op op, const dp_args *args, const dp_call_options *options,
                       dp__child_fn fn, void *user, dp_error *err) {
  dp_call_options o = *options;
  dp_call *child;
  o.profile = parent->profile;
  o.priority = parent->priority;
  dp_kind kind = make(parent->client, dp__op_by_number(op), args, &o, &child, err);
  if (kind != DP_OK)
    return kind;
  child->parent = dp_call_ref(parent);
  child->on_child = fn;
  child->user = user;
  post(child);
  return DP_OK;
}

/* --- ending, engine's thread ------------------------------------------------------------------------ */

static void tell(dp_call *call, dp_done_fn fn, dp_reply *reply) {
  fn(call, reply, call->user);
  dp_reply_unref(reply);
  dp_call_unref(call);
}

static void due_done(dp__due *due) {
  dp_call *call = DP__FROM(dp_call, due, due);
  tell(call, call->on_done, call->due_reply);
}

static void due_late(dp__due *due) {
  dp_call *call = DP__FROM(dp_call, late_due, due);
  tell(call, call->on_late, call->late_reply);
}

static void count_result(dp_call *call, const dp_reply *reply) {
  dp_client *client = call->client;
  dp_kind kind = reply->error.kind;
  client->calls++;
  client->errors[kind]++;
  if (call->host) {
    call->host->calls++;
    call->host->errors += kind != DP_OK;
    if (!call->composition)
      dp__histogram_add(&call->host->latency, reply->meta.total_us);
  }
  if (client->options.log && client->options.log_level >= DP_LOG_DEBUG)
    dp__log(client, DP_LOG_DEBUG, "%s at %s: %s%s%s, status %d, %u transfers, %llu us",
            call->request.desc->name, call->profile->base.origin, dp_kind_name(kind),
            *reply->error.code ? "/" : "", reply->error.code, (int)dp_reply_status(reply),
            (unsigned)reply->meta.attempts, (unsigned long long)reply->meta.total_us);
}

static void finish_meta(dp_call *call, dp_reply *reply) {
  uint64_t now = call->client->now_us;
  reply->meta.total_us = now > call->accepted_us ? now - call->accepted_us : 0;
  if (call->host && !reply->version[0])
    memcpy(reply->version, call->host->version, sizeof reply->version);
}

static void tell_parent(dp_call *call, dp_reply *reply) {
  dp_call *parent = call->parent;
  dp_meta *all = parent->reply ? &parent->reply->meta : NULL;
  if (all) {
    all->attempts += reply->meta.attempts;
    all->paced_us += reply->meta.paced_us;
    all->sent += reply->meta.sent;
    all->received += reply->meta.received;
  }
  if (!call->answered && parent->phase == DP__CALL_COMPOSING && !parent->ending)
    call->on_child(parent, reply, call->user);
  dp_reply_unref(reply);
}

/* Give a reply to whoever waits for it; takes it over. */
static void deliver(dp_call *call, dp_reply *reply) {
  finish_meta(call, reply);
  if (call->on_look) {
    dp_call *owner = call->owner;
    if (owner) {
      owner->look = NULL;
      call->owner = NULL;
      call->on_look(owner, reply);
    }
    dp_reply_unref(reply);
    return;
  }
  bool late = call->answered;
  if (!late)
    count_result(call, reply);
  if (call->on_child) {
    tell_parent(call, reply);
    return;
  }
  if (late && !call->on_late) {
    dp_reply_unref(reply);
    return;
  }
  dp__due *due = late ? &call->late_due : &call->due;
  *(late ? &call->late_reply : &call->due_reply) = reply;
  due->run = late ? due_late : due_done;
  dp_call_ref(call);
  if (call->direct)
    due->run(due);
  else
    dp__engine_deliver(call->client, due);
}

static void cancel_look(dp_call *call) {
  dp_call *look = call->look;
  if (!look)
    return;
  dp_error error;
  dp__fail(&error, DP_CANCELLED, "cancelled", NULL, "nobody needs it any more");
  call->look = NULL;
  look->owner = NULL;
  dp__call_end(look, &error);
}

static void stop_children(dp_call *call, const dp_error *error) {
  for (dp_call *child = call->children, *next; child; child = next) {
    next = child->sibling;
    if (error)
      dp__call_stop(child, error, true);
  }
}

void dp__call_end(dp_call *call, const dp_error *error) {
  if (call->phase == DP__CALL_DONE || call->ending)
    return;
  call->ending = true;
  dp_client *client = call->client;
  dp_reply *reply = call->reply;
  dp__timer_clear(&client->timers, &call->deadline_timer);
  dp__timer_clear(&client->timers, &call->wait_timer);
  if (error)
    reply->error = *error;
  bool of_this = !(call->stopped && error); /* not what an earlier try was answered */
  if (call->stream)
    dp__reply_set_run(reply, &call->stream->run.ids);
  if (call->answer && !call->exchange && of_this)
    reply->answer = dp__answer_ref(call->answer);
  dp__call_unshare(call, error); /* before the transfer goes: somebody may take it over */
  dp__call_unqueue(call);
  dp__call_leave_gate(call);
  dp__call_drop_exchange(call, error);
  cancel_look(call);
  dp__call_move(call, DP__CALL_DONE);
  if (call->composition && call->composition->end)
    call->composition->end(call);
  dp__call_release_body(call);
  call->reply = NULL;
  atomic_fetch_sub(&client->open_calls, 1); /* who hears of the end may call in the same breath */
  deliver(call, reply);
  stop_children(call, error);
  delist(call);
  orphan(call);
  dp_call_unref(call);
  dp__engine_end(client);
}

/* The copy that a caller gets while his call goes on. */
static bool answer_now(dp_call *call, const dp_error *error, bool wanted) {
  dp_reply *pending = dp__reply_new();
  if (!pending)
    return false;
  pending->error = *error;
  pending->pending = wanted;
  pending->meta = call->reply->meta;
  pending->meta.attempts += call->exchange ? dp__transfer_attempts(call->exchange) : 0;
  pending->meta.version = pending->version;
  pending->meta.note = pending->note;
  if (call->stream)
    dp__reply_set_run(pending, &call->stream->run.ids);
  memcpy(pending->note, call->reply->note, sizeof pending->note);
  deliver(call, pending);
  call->answered = true;
  return true;
}

/* Of a body that flows, half is never carried out. */
static bool is_half_sent(const dp_exchange *e) {
  return e->source && !e->source_ended && e->starts <= 1;
}

static bool may_have_written(const dp_call *call) {
  const dp_exchange *e = call->exchange;
  return !call->request.free_of_effect &&
         (call->doubt || (e && e->starts > 0 && !is_half_sent(e)));
}

static void become_unknown(const dp_call *call, const dp_error *why, bool pending, dp_error *out) {
  bool late = why->kind == DP_TIMEOUT;
  const char *last = late ? call->verdict.error.message : "";
  dp__fail(out, DP_UNKNOWN_OUTCOME, why->code,
           pending ? "Ask again with the same id for what came of it; do not send it anew."
                   : "Look at the server before doing it again.",
           "%s: %s may have been done: %.330s%s%.200s", call->profile->base.origin,
           call->request.desc->name, late ? "its deadline passed after it was sent" : why->message,
           *last ? "; the last try said: " : "", last);
  out->status = why->status;
}

void dp__call_stop(dp_call *call, const dp_error *error, bool grace) {
  dp_client *client = call->client;
  if (call->phase == DP__CALL_DONE || call->ending)
    return;
  call->stopped = true;
  if (!may_have_written(call)) {
    dp__call_end(call, error);
    return;
  }
  bool going = call->phase == DP__CALL_SENT || call->phase == DP__CALL_PROVING;
  bool pending = grace && going && !call->answered && client->options.write_grace_ms > 0;
  bool flows = call->stream && call->stream->has_sink;
  dp_error unknown;
  if (flows)
    pending = dp__stream_leave(call, error, pending, &unknown);
  else
    become_unknown(call, error, pending, &unknown);
  if (!pending) {
    bool told = call->answered && grace && error->kind == DP_CANCELLED;
    if (!told && !flows) /* one answer was wanted, and the grace for it is over */
      dp__run_stop(call);
    if (!told)
      dp__call_end(call, &unknown);
    return;
  }
  call->deadline_us = client->now_us + 1000ull * client->options.write_grace_ms;
  if (!dp__timer_set(&client->timers, &call->deadline_timer, call->deadline_us,
                     deadline_passed) ||
      !answer_now(call, &unknown, !flows)) {
    dp__call_end(call, &unknown);
  } else if (flows) {
    call->on_late = NULL;
    dp_call_resume(call); /* whatever the sink was asked, nobody waits for it */
  }
}

/* --- cancel, any thread ----------------------------------------------------------------------------- */

static void cancel_posted(dp__job *job) {
  dp_call *call = DP__FROM(dp_call, cancel_job, job);
  dp_error error;
  dp__fail(&error, DP_CANCELLED, "cancelled", NULL, "%s: the caller ended it",
           call->request.desc->name);
  dp__call_stop(call, &error, true);
  dp_call_unref(call);
}

void dp_call_keep_run(dp_call *call, int keep) {
  atomic_store(&call->keep_run, keep != 0);
}

void dp_call_cancel(dp_call *call) {
  if (dp__engine_usable(call->client, NULL) == DP_INVALID_REQUEST ||
      atomic_exchange(&call->cancel_posted, true))
    return;
  call->cancel_job.run = cancel_posted;
  dp__engine_post(call->client, &dp_call_ref(call)->cancel_job);
}

void dp__calls_cancel_all(dp_client *client, const dp_error *error) {
  while (client->call_list)
    dp__call_stop(client->call_list, error, false);
}
