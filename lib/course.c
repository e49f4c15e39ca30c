/*
 * The course of an exchange, on the engine's thread: submitted, waiting for a place, running, ended.
 *
 * Whatever ends it (libcurl, a cancel, a deadline, a stall) ends in finish, and the program is told
 * exactly once, in a turn of its own. A cancel or a deadline is noted in error before libcurl is told, so
 * that the reason is ours and not libcurl's view of it. The place is given back as soon as libcurl is
 * done, even if the program has not yet taken the whole answer.
 */
#include "transfer.h"

#include <string.h>

#include "errors.h"
#include "ferry.h"

#define FROM(type, member, pointer) ((type *)((char *)(pointer) - offsetof(type, member)))

/* --- its family, engine's thread --------------------------------------------------------------- */

static void enlist(dp_exchange *e) {
  e->all_next = e->client->exchanges;
  if (e->all_next)
    e->all_next->all_link = &e->all_next;
  e->all_link = &e->client->exchanges;
  e->client->exchanges = e;
  if (e->parent) {
    e->sibling = e->parent->children;
    e->parent->children = e;
  }
}

static void delist(dp_exchange *e) {
  *e->all_link = e->all_next;
  if (e->all_next)
    e->all_next->all_link = e->all_link;
  if (!e->parent)
    return;
  dp_exchange **link = &e->parent->children;
  while (*link != e)
    link = &(*link)->sibling;
  *link = e->sibling;
}

/* What ended its parent early ends it, too. */
static void end_children(dp_exchange *e) {
  if (e->error.kind != DP_CANCELLED && e->error.kind != DP_TIMEOUT)
    return;
  for (dp_exchange *child = e->children; child; child = child->sibling)
    dp__exchange_end(child, &e->error);
}

/* --- its end ------------------------------------------------------------------------------------- */

static void done_posted(dp__job *job) {
  dp_exchange *e = FROM(dp_exchange, end_job, job);
  dp_client *client = e->client;
  e->state = DP__EXCHANGE_DONE;
  delist(e);
  if (e->host)
    memcpy(e->version, e->host->version, sizeof e->version);
  e->outcome.meta.version = e->version;
  if (e->ferry) {
    dp__host_sample_bare(e);
    dp__ferry_done(e);
    return;
  }
  dp__host_sample_bare(e);
  e->on_done(e, &e->outcome, e->user);
  if (e->host) /* its place, and what the limiter may have learnt from it */
    dp__host_pump_soon(e->host);
  dp_exchange_unref(e);
  dp__engine_end(client);
}

/* The one way to the end. on_done comes in a turn of its own, never inside a call of the program. */
static void finish(dp_exchange *e) {
  dp_client *client = e->client;
  e->finished = true;
  dp__timer_clear(&client->timers, &e->deadline_timer);
  dp__timer_clear(&client->timers, &e->stall_timer);
  e->outcome.meta.total_us = client->now_us - e->accepted_us;
  e->outcome.meta.queued_us = (e->running_us ? e->running_us : client->now_us) - e->accepted_us;
  e->state = DP__EXCHANGE_FINISHED;
  end_children(e);
  e->end_job.run = done_posted;
  dp__engine_post(client, &e->end_job);
}

static void finish_with(dp_exchange *e, const dp_error *error) {
  if (e->error.kind == DP_OK)
    e->error = *error;
  e->outcome.error = e->error;
  finish(e);
}

static void end_posted(dp__job *job) {
  dp_exchange *e = FROM(dp_exchange, end_job, job);
  dp_error error = e->error;
  e->end_posted = false;
  dp__exchange_end(e, &error);
}

void dp__exchange_end(dp_exchange *e, const dp_error *error) {
  if (e->finished)
    return;
  if (e->error.kind == DP_OK)
    e->error = *error;
  if (e->end_posted || e->state == DP__EXCHANGE_NEW) /* a submit that is on its way looks at error */
    return;
  if (e->client->in_curl) { /* its transfer must not be touched now */
    e->end_posted = true;
    e->end_job.run = end_posted;
    dp__engine_post(e->client, &e->end_job);
  } else if (e->state == DP__EXCHANGE_RUNNING) {
    dp__exchange_finished(e, CURLE_ABORTED_BY_CALLBACK);
  } else {
    if (e->state == DP__EXCHANGE_WAITING)
      dp__host_remove(e->host, e);
    finish_with(e, error);
  }
}

static void deadline_passed(dp__timer *timer) {
  dp_exchange *e = FROM(dp_exchange, deadline_timer, timer);
  dp_error error;
  dp__fail(&error, DP_TIMEOUT, "deadline", "Give it more time, or look why the server is slow.",
           "%s: the deadline of %u ms passed %s", e->host->origin, (unsigned)e->deadline_ms,
           dp__transfer_phase(e));
  dp__exchange_end(e, &error);
}

/* --- stalls: no byte either way for four looks in a row ------------------------------------------- */

enum { LOOKS = 4 };

static void stall_looked_at(dp__timer *timer);

static bool watch_stall(dp_exchange *e) {
  uint64_t look_us = 1000ull * e->stall_ms / LOOKS;
  return dp__timer_set(&e->client->timers, &e->stall_timer, e->client->now_us + look_us,
                       stall_looked_at);
}

static void stall_looked_at(dp__timer *timer) {
  dp_exchange *e = FROM(dp_exchange, stall_timer, timer);
  uint64_t moved = dp__transfer_moved(e) + e->starts;
  bool excused = !e->starts || e->paused_head || e->paused_data || e->paused_source;
  e->quiet = moved != e->moved || excused ? 0 : e->quiet + 1;
  e->moved = moved;
  if (e->quiet < LOOKS) {
    watch_stall(e);
    return;
  }
  dp_error error;
  dp__fail(&error, DP_TIMEOUT, "stall", "Look at the server: it took the request and fell silent.",
           "%s: not a byte for %u ms, %s", e->host->origin, (unsigned)e->stall_ms,
           dp__transfer_phase(e));
  dp__exchange_end(e, &error);
}

/* --- its life, engine's thread --------------------------------------------------------------------- */

static bool begin_deadline(dp_exchange *e) {
  uint64_t now = e->client->now_us;
  e->deadline_us = e->deadline_ms ? now + 1000ull * e->deadline_ms : 0;
  uint64_t parent_us = e->parent ? e->parent->deadline_us : 0;
  if (parent_us && (!e->deadline_us || parent_us < e->deadline_us)) {
    e->deadline_us = parent_us;
    e->deadline_ms = parent_us > now ? (uint32_t)((parent_us - now) / 1000) : 0;
  }
  return !e->deadline_us || dp__timer_set(&e->client->timers, &e->deadline_timer, e->deadline_us,
                                          deadline_passed);
}

/* Whether there is a reason not to begin at all; fills error. */
static bool is_refused(dp_exchange *e, dp_error *error) {
  dp_client *client = e->client;
  if (e->error.kind != DP_OK)
    *error = e->error; /* it was cancelled before it began */
  else if (!e->host || !begin_deadline(e))
    dp__no_memory(error);
  else if (client->stopping)
    dp__fail(error, DP_CANCELLED, "stopping", NULL, "the client is being freed");
  else if (e->parent && e->parent->finished && e->parent->error.kind != DP_OK)
    *error = e->parent->error;
  else if (client->waiting >= client->options.wait_queue)
    dp__fail(error, DP_BUSY, "wait_queue", "Send less at once, or raise wait_queue.",
             "%s: %u calls wait for a place already", e->host->origin, (unsigned)client->waiting);
  else
    return false;
  return true;
}

static void submit_posted(dp__job *job) {
  dp__exchange_submit(FROM(dp_exchange, start_job, job));
}

void dp__exchange_submit(dp_exchange *e) {
  dp_client *client = e->client;
  if (client->in_curl) {
    e->start_job.run = submit_posted;
    dp__engine_post(client, &e->start_job);
    return;
  }
  dp_error error;
  e->accepted_us = client->now_us;
  e->host = dp__profile_host(e->profile);
  enlist(e);
  if (is_refused(e, &error)) {
    finish_with(e, &error);
    return;
  }
  e->state = DP__EXCHANGE_WAITING;
  dp__host_enqueue(e->host, e);
  dp__host_pump(e->host);
}

static void count_place(dp_exchange *e) {
  dp__host *host = e->host;
  dp__host_begin(e);
  dp__sockets_make_room(host, e->profile->way, host->bound + host->running[DP_LANE_STREAM]);
  e->profile->way->starting++;
  e->starting = true;
}

void dp__exchange_run(dp_exchange *e) {
  e->state = DP__EXCHANGE_RUNNING;
  e->running_us = e->client->now_us;
  count_place(e);
  if (!dp__transfer_setup(e) || !watch_stall(e) ||
      curl_multi_add_handle(e->client->multi, e->easy) != CURLM_OK) {
    dp__no_memory(&e->error);
    dp__exchange_end(e, &e->error);
  }
}

/* Whether the program has still to take something of an answer that is complete. */
static bool is_held(const dp_exchange *e) {
  return e->outcome.error.kind == DP_OK &&
         (e->paused_head || (e->ferry && dp__ferry_holds_data(e)));
}

void dp__exchange_finished(dp_exchange *e, CURLcode code) {
  dp__host *host = e->host;
  bool ours = e->error.kind != DP_OK;
  if (e->easy)
    dp__transfer_measure(e);
  if (ours)
    e->outcome.error = e->error;
  else
    dp__curl_error(code, e, &e->outcome.error);
  dp__transfer_release(e, !ours && code == CURLE_OK);
  dp__socket_leave(e, false);
  dp__host_end(e);
  e->state = DP__EXCHANGE_FINISHED;
  dp__timer_clear(&e->client->timers, &e->stall_timer);
  if (!is_held(e))
    finish(e);
  /* Else its place is given on when on_done has run, which may have found the server down. */
  if (!e->finished || e->ferry)
    dp__host_pump(host);
}

static void fail_cancelled(dp_exchange *e) {
  dp_error error;
  dp__fail(&error, DP_CANCELLED, "cancelled", NULL, "%s: the caller ended it", e->host->origin);
  dp__exchange_end(e, &error);
}

static void unpause(dp_exchange *e) {
  dp_client *client = e->client;
  if (!e->paused_data && !e->paused_source)
    return;
  e->paused_data = e->paused_source = false;
  e->quiet = 0;
  client->in_curl = true;
  CURLcode code = curl_easy_pause(e->easy, CURLPAUSE_CONT);
  client->in_curl = false;
  /* libcurl calls it a bad argument if the transfer is over already. */
  if (code != CURLE_OK && code != CURLE_BAD_FUNCTION_ARGUMENT)
    dp__exchange_finished(e, code);
}

void dp__exchange_continue(dp_exchange *e) {
  if (e->finished || e->end_posted ||
      (e->state != DP__EXCHANGE_RUNNING && e->state != DP__EXCHANGE_FINISHED))
    return;
  dp_flow flow = e->paused_head ? dp__head_give(e) : DP_FLOW_CONTINUE;
  if (flow == DP_FLOW_ABORT) {
    fail_cancelled(e);
    return;
  }
  if (e->ferry)
    dp__ferry_continue(e);
  if (e->state == DP__EXCHANGE_RUNNING)
    unpause(e);
  else if (!is_held(e))
    finish(e);
}
