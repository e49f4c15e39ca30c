/*
 * Exchanges: accepted on any thread, lived on the engine's.
 *
 * Whatever ends an exchange (libcurl, a cancel, a deadline, a stall) ends in finish, which gives the
 * place back at once, and tells the program exactly once. A cancel or a deadline is noted in error
 * before libcurl is told, so that the reason is ours and not libcurl's view of it.
 */
#include "transfer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "errors.h"
#include "ferry.h"

#define FROM(type, member, pointer) ((type *)((char *)(pointer) - offsetof(type, member)))

dp_exchange *dp_exchange_ref(dp_exchange *exchange) {
  atomic_fetch_add_explicit(&exchange->refs, 1, memory_order_relaxed);
  return exchange;
}

void dp_exchange_unref(dp_exchange *e) {
  if (!e || atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != 1)
    return;
  dp_exchange_unref(e->parent);
  dp__buffer_deinit(&e->head);
  free(e->headers_in);
  dp__ferry_free(e->ferry);
  dp_profile_unref(e->profile);
  free(e);
}

/* --- making one, any thread ------------------------------------------------------------------ */

static bool is_method(const char *method) {
  static const char *const known[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
  for (size_t i = 0; method && i < sizeof known / sizeof *known; i++)
    if (strcmp(method, known[i]) == 0)
      return true;
  return false;
}

static dp_kind check_header(const dp_header *h, dp_error *err) {
  static const char *const ours[] = {"host", "authorization", "content-length", "connection",
                                     "transfer-encoding"};
  if (!h->name || !*h->name || !h->value)
    return dp__fail(err, DP_INVALID_REQUEST, "header", NULL, "a header has no name or no value");
  for (const char *c = h->name; *c; c++)
    if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", *c))
      return dp__fail(err, DP_INVALID_REQUEST, "header", NULL, "a header's name is no token");
  for (const char *c = h->value; *c; c++)
    if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
      return dp__fail(err, DP_INVALID_REQUEST, "header", NULL,
                      "the header %s holds a control character", h->name);
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (strcasecmp(h->name, ours[i]) == 0)
      return dp__fail(err, DP_INVALID_REQUEST, "header", "Leave it out: the profile sets it.",
                      "the header %s cannot be set by a call", h->name);
  return DP_OK;
}

static dp_kind take_options(const dp_exchange_options *given, dp_exchange_options *out,
                            dp_error *err) {
  *out = (dp_exchange_options)DP_EXCHANGE_OPTIONS_INIT;
  if (!given || given->size < sizeof(size_t) || given->size > sizeof *out)
    return dp__fail(err, DP_INVALID_REQUEST, "options_size", "Start from DP_EXCHANGE_OPTIONS_INIT.",
                    "the exchange's options have a size that this library does not know");
  memcpy(out, given, given->size);
  out->size = sizeof *out;
  return DP_OK;
}

static dp_kind check(const dp_exchange_options *o, dp_error *err) {
  if (!is_method(o->method))
    return dp__fail(err, DP_INVALID_REQUEST, "method", "Use GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS.",
                    "the method is none that can be sent");
  if (!o->path || !dp__url_path_ok(o->path, strlen(o->path)))
    return dp__fail(err, DP_INVALID_REQUEST, "path", "Give an escaped path below the base URL.",
                    "the path does not begin with /, is not escaped, or leaves the base URL");
  if (o->query && !dp__url_query_ok(o->query, strlen(o->query)))
    return dp__fail(err, DP_INVALID_REQUEST, "query", "Escape it (RFC 3986).",
                    "the query is not escaped");
  if (!o->on_done || (o->body && o->source))
    return dp__fail(err, DP_INVALID_REQUEST, "options", NULL, "%s",
                    o->on_done ? "both body and source are set" : "on_done is not set");
  if ((o->body || o->source) && strcmp(o->method, "HEAD") == 0)
    return dp__fail(err, DP_INVALID_REQUEST, "body", NULL, "a HEAD request carries no body");
  if (o->source_length < -1 || o->deadline_ms > 86400000 || o->stall_ms > 86400000)
    return dp__fail(err, DP_INVALID_REQUEST, "options", NULL,
                    "source_length, deadline_ms or stall_ms is out of its range");
  if ((unsigned)o->lane >= DP__LANES || (unsigned)o->priority >= DP__PRIORITIES)
    return dp__fail(err, DP_INVALID_REQUEST, "options", NULL, "lane or priority is unknown");
  dp_kind kind = DP_OK;
  for (size_t i = 0; kind == DP_OK && i < o->header_count; i++)
    kind = check_header(&o->headers[i], err);
  return kind;
}

/* What stands behind the exchange in its allocation: nodes of the header list first, for alignment. */
typedef struct tail {
  struct curl_slist *node, *last;
  char *text;
} tail;

static void add_node(dp_exchange *e, tail *t, const char *line) {
  struct curl_slist *node = t->node++;
  /* libcurl only reads the list; its type has no const. */
  node->data = (char *)(uintptr_t)line;
  node->next = NULL;
  if (t->last)
    t->last->next = node;
  else
    e->headers = node;
  t->last = node;
}

static char *add_text(tail *t, const char *text, size_t length) {
  char *start = t->text;
  memcpy(start, text, length);
  t->text += length;
  return start;
}

static void add_headers(dp_exchange *e, const dp_exchange_options *o, tail *t) {
  bool type = false;
  add_node(e, t, "Expect:"); /* no pause before a body */
  if (e->profile->authorization)
    add_node(e, t, e->profile->authorization);
  for (size_t i = 0; i < o->header_count; i++) {
    const dp_header *h = &o->headers[i];
    const char *line = add_text(t, h->name, strlen(h->name));
    /* libcurl takes "Name;" for a header without a value. */
    add_text(t, *h->value ? ": " : ";", *h->value ? 2 : 1);
    add_text(t, h->value, strlen(h->value) + 1);
    add_node(e, t, line);
    type = type || strcasecmp(h->name, "content-type") == 0;
  }
  if (!type) /* else libcurl would say application/x-www-form-urlencoded */
    add_node(e, t, "Content-Type:");
}

static void add_url(dp_exchange *e, const dp_exchange_options *o, tail *t) {
  e->url = add_text(t, e->profile->base.url, strlen(e->profile->base.url));
  add_text(t, o->path, strlen(o->path) + 1);
  if (!o->query || !*o->query)
    return;
  t->text[-1] = '?';
  add_text(t, o->query, strlen(o->query) + 1);
}

static size_t text_size(const dp_profile *profile, const dp_exchange_options *o) {
  size_t size = strlen(profile->base.url) + strlen(o->path) + 1;
  size += o->query ? strlen(o->query) + 1 : 0;
  for (size_t i = 0; i < o->header_count; i++)
    size += strlen(o->headers[i].name) + strlen(o->headers[i].value) + 3;
  return size + (o->body ? o->body_length + 1 : 0);
}

static dp_exchange *allocate(dp_profile *profile, const dp_exchange_options *o) {
  size_t nodes = (o->header_count + 3) * sizeof(struct curl_slist), text = text_size(profile, o);
  dp_exchange *e = malloc(sizeof *e + nodes + text);
  if (!e)
    return NULL;
  memset(e, 0, sizeof *e);
  tail t = {.node = (struct curl_slist *)(e + 1), .text = (char *)(e + 1) + nodes};
  e->profile = dp_profile_ref(profile);
  add_headers(e, o, &t);
  add_url(e, o, &t);
  if (o->body) {
    e->body = add_text(&t, o->body, o->body_length);
    e->body_length = o->body_length;
  }
  return e;
}

static void take(dp_exchange *e, const dp_exchange_options *o) {
  strcpy(e->method, o->method);
  e->source = o->source;
  e->source_length = o->source_length;
  e->on_head = o->on_head;
  e->on_data = o->on_data;
  e->on_done = o->on_done;
  e->user = o->user;
  e->deadline_ms = o->deadline_ms;
  e->stall_ms = o->stall_ms ? o->stall_ms : e->client->options.stall_timeout_ms;
  e->priority = o->priority;
  e->lane = o->lane;
  e->repeatable = o->repeatable && !o->source;
  e->outcome.meta.version = e->outcome.meta.note = "";
  e->parent = o->parent ? dp_exchange_ref(o->parent) : NULL;
}

static dp_kind find_profile(const dp_client *client, const dp_exchange_options *o,
                            dp_profile **out, dp_error *err) {
  *out = o->profile ? o->profile : client->default_profile;
  if (!*out)
    return dp__fail(err, DP_INVALID_REQUEST, "no_profile",
                    "Set options.profile, or give the client a base_url.",
                    "the call names no profile and the client has no default one");
  if ((*out)->client != client || (o->parent && o->parent->client != client))
    return dp__fail(err, DP_INVALID_REQUEST, "profile", "Make it with this client.",
                    "the profile or the parent belongs to another client");
  return DP_OK;
}

dp_kind dp__exchange_new(dp_client *client, const dp_exchange_options *options, dp_exchange **out,
                         dp_error *err) {
  dp_exchange_options o;
  dp_profile *profile = NULL;
  dp_kind kind = take_options(options, &o, err);
  if (kind == DP_OK)
    kind = check(&o, err);
  if (kind == DP_OK)
    kind = find_profile(client, &o, &profile, err);
  if (kind != DP_OK)
    return kind;
  dp_exchange *e = allocate(profile, &o);
  if (!e)
    return dp__no_memory(err);
  atomic_init(&e->refs, 1);
  e->client = client;
  take(e, &o);
  *out = e;
  return DP_OK;
}

static void start_posted(dp__job *job) {
  dp__exchange_submit(FROM(dp_exchange, start_job, job));
}

dp_kind dp_exchange_start(dp_client *client, const dp_exchange_options *options,
                          dp_exchange **out, dp_error *err) {
  dp_exchange *e = NULL;
  dp_kind kind = dp__engine_accepts(client, err);
  if (kind == DP_OK)
    kind = dp__exchange_new(client, options, &e, err);
  if (kind != DP_OK)
    return kind;
  if (!e->deadline_ms && e->lane == DP_LANE_CALL)
    e->deadline_ms = client->options.deadline_ms;
  if (client->dispatch_fd >= 0 && !(e->ferry = dp__ferry_new(e))) {
    dp_exchange_unref(e);
    return dp__no_memory(err);
  }
  if (out)
    *out = dp_exchange_ref(e);
  e->start_job.run = start_posted; /* the reference made by new is now the engine's */
  dp__engine_begin(client);
  dp__engine_post(client, &e->start_job);
  return DP_OK;
}

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
    dp__ferry_done(e);
    return;
  }
  e->on_done(e, &e->outcome, e->user);
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

void dp__exchange_submit(dp_exchange *e) {
  dp_client *client = e->client;
  if (client->in_curl) {
    e->start_job.run = start_posted;
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
  host->running[e->lane]++;
  e->profile->running += e->lane == DP_LANE_CALL;
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
  host->running[e->lane]--;
  e->profile->running -= e->lane == DP_LANE_CALL;
  e->state = DP__EXCHANGE_FINISHED;
  dp__timer_clear(&e->client->timers, &e->stall_timer);
  if (!is_held(e))
    finish(e);
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

/* --- from any thread --------------------------------------------------------------------------- */

static void cancel_posted(dp__job *job) {
  dp_exchange *e = FROM(dp_exchange, cancel_job, job);
  dp_error error;
  dp__fail(&error, DP_CANCELLED, "cancelled", NULL, "the caller ended it");
  dp__exchange_end(e, &error);
  dp_exchange_unref(e);
}

void dp_exchange_cancel(dp_exchange *e) {
  if (dp__engine_usable(e->client, NULL) == DP_INVALID_REQUEST ||
      atomic_exchange(&e->cancel_posted, true))
    return;
  dp_exchange_ref(e);
  e->cancel_job.run = cancel_posted;
  dp__engine_post(e->client, &e->cancel_job);
}

static void resume_posted(dp__job *job) {
  dp_exchange *e = FROM(dp_exchange, resume_job, job);
  atomic_store(&e->resume_posted, false);
  dp__exchange_continue(e);
  dp_exchange_unref(e);
}

void dp_exchange_resume(dp_exchange *e) {
  if (dp__engine_usable(e->client, NULL) == DP_INVALID_REQUEST ||
      atomic_exchange(&e->resume_posted, true))
    return;
  dp_exchange_ref(e);
  e->resume_job.run = resume_posted;
  dp__engine_post(e->client, &e->resume_job);
}
