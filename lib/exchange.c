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

#define FROM(type, member, pointer) ((type *)((char *)(pointer) - offsetof(type, member)))

dp_exchange *dp_exchange_ref(dp_exchange *exchange) {
  atomic_fetch_add_explicit(&exchange->refs, 1, memory_order_relaxed);
  return exchange;
}

void dp_exchange_unref(dp_exchange *e) {
  if (!e || atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != 1)
    return;
  for (struct curl_slist *h = e->headers; h; h = h->next)
    explicit_bzero(h->data, strlen(h->data)); /* one of them holds the key */
  curl_slist_free_all(e->headers);
  free(e->url);
  free(e->body);
  dp__buffer_deinit(&e->head);
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

static dp_kind check(const dp_exchange_options *o, dp_error *err) {
  if (o->size != sizeof *o)
    return dp__fail(err, DP_INVALID_REQUEST, "options_size", "Start from DP_EXCHANGE_OPTIONS_INIT.",
                    "the exchange's options have a size that this library does not know");
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
  if ((unsigned)o->lane >= DP__LANES || (unsigned)o->priority >= DP__PRIORITIES)
    return dp__fail(err, DP_INVALID_REQUEST, "options", NULL, "lane or priority is unknown");
  dp_kind kind = DP_OK;
  for (size_t i = 0; kind == DP_OK && i < o->header_count; i++)
    kind = check_header(&o->headers[i], err);
  return kind;
}

static bool add_header(dp_exchange *e, const char *text) {
  struct curl_slist *list = curl_slist_append(e->headers, text);
  if (list)
    e->headers = list;
  return list != NULL;
}

static bool add_headers(dp_exchange *e, const dp_exchange_options *o) {
  bool type = false;
  dp__buffer line = {0};
  bool ok = add_header(e, "Expect:") && add_header(e, "Accept: */*");
  if (ok && e->profile->authorization)
    ok = add_header(e, e->profile->authorization);
  for (size_t i = 0; ok && i < o->header_count; i++) {
    line.length = 0;
    /* libcurl takes "Name;" for a header without a value. */
    ok = dp__buffer_text(&line, o->headers[i].name) &&
         dp__buffer_text(&line, *o->headers[i].value ? ": " : ";") &&
         dp__buffer_text(&line, o->headers[i].value) && add_header(e, line.data);
    type = type || strcasecmp(o->headers[i].name, "content-type") == 0;
  }
  if (ok && !type) /* else libcurl would say application/x-www-form-urlencoded */
    ok = add_header(e, "Content-Type:");
  dp__buffer_deinit(&line);
  return ok;
}

static bool make_url(dp_exchange *e, const dp_exchange_options *o) {
  dp__buffer url = {0};
  dp__buffer_text(&url, e->profile->base.url);
  dp__buffer_text(&url, o->path);
  if (o->query && *o->query) {
    dp__buffer_text(&url, "?");
    dp__buffer_text(&url, o->query);
  }
  e->url = dp__buffer_steal(&url, NULL);
  return e->url != NULL;
}

static bool copy_body(dp_exchange *e, const dp_exchange_options *o) {
  if (!o->body)
    return true;
  e->body = malloc(o->body_length + 1);
  if (e->body)
    memcpy(e->body, o->body, o->body_length);
  e->body_length = o->body_length;
  return e->body != NULL;
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
  e->outcome.meta.version = "";
  e->outcome.meta.note = "";
}

dp_kind dp__exchange_new(dp_client *client, const dp_exchange_options *o, dp_exchange **out,
                         dp_error *err) {
  dp_kind kind = check(o, err);
  dp_profile *profile = o->profile ? o->profile : client->default_profile;
  if (kind == DP_OK && !profile)
    kind = dp__fail(err, DP_INVALID_REQUEST, "no_profile", "Set options.profile, or give the client a base_url.",
                    "the call names no profile and the client has no default one");
  if (kind != DP_OK)
    return kind;
  dp_exchange *e = calloc(1, sizeof *e);
  if (!e)
    return dp__no_memory(err);
  atomic_init(&e->refs, 1);
  e->client = client;
  e->profile = dp_profile_ref(profile);
  take(e, o);
  if (!make_url(e, o) || !add_headers(e, o) || !copy_body(e, o)) {
    dp_exchange_unref(e);
    return dp__no_memory(err);
  }
  if (o->parent)
    e->parent = dp_exchange_ref(o->parent);
  *out = e;
  return DP_OK;
}

static void start_posted(dp__job *job) {
  dp__exchange_submit(FROM(dp_exchange, start_job, job));
}

dp_kind dp_exchange_start(dp_client *client, const dp_exchange_options *options,
                          dp_exchange **out, dp_error *err) {
  dp_exchange *e = NULL;
  dp_kind kind = dp__engine_usable(client, err);
  if (kind == DP_OK && client->draining)
    kind = dp__fail(err, DP_CANCELLED, "draining", NULL, "the client takes no new work");
  if (kind == DP_OK)
    kind = dp__exchange_new(client, options, &e, err);
  if (kind != DP_OK)
    return kind;
  if (out)
    *out = dp_exchange_ref(e);
  e->start_job.run = start_posted; /* the reference made by new is now the engine's */
  dp__engine_begin(client);
  dp__engine_post(client, &e->start_job);
  return DP_OK;
}

/* --- its life, engine's thread ---------------------------------------------------------------- */

static void enlist(dp_exchange *e) {
  e->all_next = e->client->exchanges;
  if (e->all_next)
    e->all_next->all_link = &e->all_next;
  e->all_link = &e->client->exchanges;
  e->client->exchanges = e;
}

static void delist(dp_exchange *e) {
  if (!e->all_link)
    return;
  *e->all_link = e->all_next;
  if (e->all_next)
    e->all_next->all_link = e->all_link;
  e->all_link = NULL;
}

static void adopt(dp_exchange *e) {
  if (!e->parent)
    return;
  e->sibling = e->parent->children;
  e->parent->children = e;
}

static void orphan(dp_exchange *e) {
  if (!e->parent)
    return;
  for (dp_exchange **link = &e->parent->children; *link; link = &(*link)->sibling)
    if (*link == e) {
      *link = e->sibling;
      break;
    }
  dp_exchange_unref(e->parent);
  e->parent = NULL;
}

static void done_posted(dp__job *job) {
  dp_exchange *e = FROM(dp_exchange, start_job, job);
  e->state = DP__EXCHANGE_DONE;
  dp_client *client = e->client;
  e->outcome.meta.version = e->host ? e->host->version : "";
  e->on_done(e, &e->outcome, e->user);
  delist(e);
  orphan(e);
  dp_exchange_unref(e);
  dp__engine_end(client);
}

static void end_children(dp_exchange *e) {
  for (dp_exchange *child = e->children; child; child = child->sibling)
    dp__exchange_end(child, &e->outcome.error);
}

/* The one way to the end. on_done comes in a turn of its own, never inside a call of the program. */
static void finish(dp_exchange *e) {
  dp__timer_clear(&e->client->timers, &e->deadline_timer);
  dp__timer_clear(&e->client->timers, &e->stall_timer);
  e->outcome.meta.total_us = e->client->now_us - e->accepted_us;
  e->outcome.meta.queued_us = (e->running_us ? e->running_us : e->client->now_us) - e->accepted_us;
  e->state = DP__EXCHANGE_FINISHED;
  end_children(e);
  e->start_job.run = done_posted;
  dp__engine_post(e->client, &e->start_job);
}

static void deadline_passed(dp__timer *timer) {
  dp_exchange *e = FROM(dp_exchange, deadline_timer, timer);
  dp_error error;
  dp__fail(&error, DP_TIMEOUT, "deadline", "Give it more time, or look why the server is slow.",
           "%s: no answer within %u ms", e->host->origin, (unsigned)e->deadline_ms);
  dp__exchange_end(e, &error);
}

static curl_off_t bytes_moved(const dp_exchange *e) {
  curl_off_t up = 0, down = 0;
  curl_easy_getinfo(e->easy, CURLINFO_SIZE_UPLOAD_T, &up);
  curl_easy_getinfo(e->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
  return up + down + (curl_off_t)e->head.length;
}

static void stall_looked_at(dp__timer *timer);

static void watch_stall(dp_exchange *e) {
  e->stall_mark = bytes_moved(e);
  dp__timer_set(&e->client->timers, &e->stall_timer, e->client->now_us + 1000ull * e->stall_ms,
                stall_looked_at);
}

static void stall_looked_at(dp__timer *timer) {
  dp_exchange *e = FROM(dp_exchange, stall_timer, timer);
  if (e->paused_data || e->paused_source || bytes_moved(e) != e->stall_mark) {
    watch_stall(e);
    return;
  }
  dp_error error;
  dp__fail(&error, DP_TIMEOUT, "stall", "Look at the server: it took the request and fell silent.",
           "%s: not a byte for %u ms", e->host->origin, (unsigned)e->stall_ms);
  dp__exchange_end(e, &error);
}

static void fail_at_once(dp_exchange *e) {
  dp__no_memory(&e->outcome.error);
  finish(e);
}

void dp__exchange_submit(dp_exchange *e) {
  dp_client *client = e->client;
  e->accepted_us = client->now_us;
  e->host = dp__profile_host(e->profile);
  enlist(e);
  adopt(e);
  if (!e->host) {
    fail_at_once(e);
    return;
  }
  if (e->error.kind != DP_OK) { /* cancelled before it began */
    e->outcome.error = e->error;
    finish(e);
    return;
  }
  if (client->waiting >= client->options.wait_queue) {
    dp__fail(&e->outcome.error, DP_BUSY, "wait_queue", "Send less at once, or raise wait_queue.",
             "%s: %u calls wait for a place already", e->host->origin, (unsigned)client->waiting);
    finish(e);
    return;
  }
  if (e->deadline_ms)
    dp__timer_set(&client->timers, &e->deadline_timer,
                  client->now_us + 1000ull * e->deadline_ms, deadline_passed);
  e->state = DP__EXCHANGE_WAITING;
  dp__host_enqueue(e->host, e);
  dp__host_pump(e->host);
}

void dp__exchange_run(dp_exchange *e) {
  e->state = DP__EXCHANGE_RUNNING;
  e->running_us = e->client->now_us;
  e->host->running[e->lane]++;
  if (!dp__transfer_setup(e) ||
      curl_multi_add_handle(e->client->multi, e->easy) != CURLM_OK) {
    dp__no_memory(&e->error);
    dp__exchange_finished(e, CURLE_OUT_OF_MEMORY);
    return;
  }
  watch_stall(e);
}

static void note_outcome(dp_exchange *e, CURLcode code) {
  long status = 0;
  if (e->easy) {
    curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
    e->outcome.status = e->head_complete ? (int32_t)status : 0;
    dp__transfer_note_length(e);
    dp__transfer_measure(e);
  }
  if (e->error.kind != DP_OK)
    e->outcome.error = e->error;
  else
    dp__curl_error(code, e, &e->outcome.error);
}

static bool waits_for_head(dp_exchange *e) {
  if (e->outcome.error.kind != DP_OK || e->head_given)
    return false;
  dp_flow flow = dp__transfer_give_head(e);
  if (flow == DP_FLOW_ABORT)
    dp__fail(&e->outcome.error, DP_CANCELLED, "cancelled", NULL, "%s: the caller ended it",
             e->host->origin);
  return flow == DP_FLOW_PAUSE;
}

void dp__exchange_finished(dp_exchange *e, CURLcode code) {
  dp__host *host = e->host;
  note_outcome(e, code);
  host->running[e->lane]--;
  bool waits = waits_for_head(e);
  if (waits)
    e->state = DP__EXCHANGE_FINISHED;
  else
    finish(e);
  dp__transfer_release(e);
  dp__host_pump(host);
}

void dp__exchange_end(dp_exchange *e, const dp_error *error) {
  if (e->error.kind == DP_OK)
    e->error = *error;
  if (e->state == DP__EXCHANGE_WAITING) {
    dp__host_remove(e->host, e);
    e->outcome.error = e->error;
    finish(e);
  } else if (e->state == DP__EXCHANGE_RUNNING) {
    dp__exchange_finished(e, CURLE_ABORTED_BY_CALLBACK);
  } else if (e->state == DP__EXCHANGE_FINISHED && e->start_job.run != done_posted) {
    e->outcome.error = e->error; /* it waited for its head to be taken */
    finish(e);
  }
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

static void resume(dp_exchange *e) {
  bool was_paused = e->paused_data || e->paused_source;
  e->paused_data = e->paused_source = false;
  if (e->state == DP__EXCHANGE_RUNNING && was_paused) {
    curl_easy_pause(e->easy, CURLPAUSE_CONT);
    watch_stall(e);
  } else if (e->state == DP__EXCHANGE_FINISHED && e->start_job.run != done_posted &&
             !e->head_given) {
    if (!waits_for_head(e))
      finish(e);
  }
}

static void resume_posted(dp__job *job) {
  dp_exchange *e = FROM(dp_exchange, resume_job, job);
  atomic_store(&e->resume_posted, false);
  resume(e);
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
