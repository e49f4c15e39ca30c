/*
 * Exchanges as the program sees them: made, started, cancelled and resumed on any thread. Their
 * life on the engine's is in course.c.
 *
 * Whatever can be wrong with the options is said before anything is started. What is sent stands in
 * one allocation with the exchange, since ten thousand may wait at once; the key stays in the
 * profile, where it is wiped.
 */
#include "transfer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "errors.h"
#include "ferry.h"

#define FROM(type, member, pointer) ((type *)((char *)(pointer)-offsetof(type, member)))

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
    return dp__fail(err, DP_INVALID_REQUEST, "method",
                    "Use GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS.",
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

/* What stands behind the exchange in its allocation: nodes of the header list first, for
 * alignment. */
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
  e->share = o->share;
  e->lane = o->lane;
  e->repeatable = o->repeatable && !o->source;
  e->outcome.meta.version = e->outcome.meta.note = "";
  e->parent = o->parent ? dp_exchange_ref(o->parent) : NULL;
}

static dp_kind find_profile(const dp_client *client, const dp_exchange_options *o, dp_profile **out,
                            dp_error *err) {
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

dp_kind dp_exchange_start(dp_client *client, const dp_exchange_options *options, dp_exchange **out,
                          dp_error *err) {
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

/* --- from any thread ------------------------------------------------------------------------- */

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
