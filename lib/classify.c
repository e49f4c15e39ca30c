/*
 * What an answer means.
 *
 * Dify says the same status of things that pass and of things that never will: a 400 may be a typing
 * error, a busy server or a part of the server that is down; a 403 may be a missing right, a full plan
 * or "not so fast". Only the message tells them apart, so here stands, in one table, every message that
 * was seen to matter. What is not in it is taken at its status's word, which is the safe side: not
 * retryable, and a write that did not get a plain refusal is in doubt.
 *
 * A plain refusal (4xx by the application) proves that a write did not happen: Dify checks before it
 * writes. The exceptions are known: tags that are made and then fail the server's check of its own
 * answer, and errors of a part of the server, which may come after the first write.
 */
#include "classify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <curl/curl.h>
#include <jansson.h>

#include "errors.h"
#include "json.h"

uint32_t dp__retry_after_ms(const char *text, const char *date, int64_t now_s) {
  if (!text)
    return 0;
  while (*text == ' ')
    text++;
  if (*text >= '0' && *text <= '9') {
    char *end;
    unsigned long long seconds = strtoull(text, &end, 10);
    if (*end && *end != ' ')
      return 0;
    return seconds > 86400 ? 86400000u : (uint32_t)seconds * 1000u;
  }
  int64_t until = (int64_t)curl_getdate(text, NULL);
  int64_t now = date ? (int64_t)curl_getdate(date, NULL) : -1;
  if (now < 0)
    now = now_s; /* the server's own clock is the better one */
  if (until < 0 || until <= now)
    return 0;
  return until - now > 86400 ? 86400000u : (uint32_t)(until - now) * 1000u;
}

/* --- the envelope of an error ----------------------------------------------------------------- */

typedef struct envelope {
  char code[64];
  char message[480];
  bool json;
} envelope;

static void keep(char *out, size_t size, const json_t *value) {
  if (json_is_string(value))
    dp__copy_text(out, size, json_string_value(value), json_string_length(value));
}

enum { ENVELOPE_MAX = 256 << 10 };

static void read_envelope(const dp__facts *f, envelope *e) {
  *e = (envelope){0};
  if (dp__json_kind(f->body, f->body_length) != '{' || f->body_length > ENVELOPE_MAX)
    return;
  json_t *root = json_loadb(f->body, f->body_length, JSON_ALLOW_NUL, NULL);
  e->json = root != NULL;
  keep(e->code, sizeof e->code, json_object_get(root, "code"));
  keep(e->message, sizeof e->message, json_object_get(root, "message"));
  if (!*e->message)
    keep(e->message, sizeof e->message, json_object_get(root, "error"));
  json_decref(root);
  char *guess = strstr(e->message, " You have requested this URI");
  if (guess)
    *guess = '\0';
}

/* --- the table ------------------------------------------------------------------------------------ */

/* How a kind of refusal is gone on with. */
typedef enum course {
  FINAL,   /* it will be refused again */
  PASSES,  /* nothing was done; later it may work */
  PARTLY,  /* it may work later, and something may have been done already */
} course;

typedef struct rule {
  int32_t status;
  const char *code;   /* NULL = any */
  const char *needle; /* in the message; NULL = any */
  dp_kind kind;
  course course;
  const char *hint;
} rule;

static const char wait_hint[] = "Wait for retry_after_ms, or let the call wait (the wait option).";
static const char plan_hint[] = "The plan does not allow more: delete something, or change the plan.";
static const char load_hint[] = "Send fewer calls at once; it passes by itself.";
static const char part_hint[] =
    "A part of the server is down: ask its operator to look at plugin daemon and vector store.";

static const char model_hint[] =
    "The app's model failed, not this server: its provider's words are in the message. The run is in "
    "the app's history, so look before sending it again.";

static const rule rules[] = {
    {400, NULL, "Too many requests", DP_OVERLOADED, PASSES, load_hint},
    {400, NULL, "Failed to request plugin daemon", DP_SERVER_ERROR, PARTLY, part_hint},
    {400, NULL, "Could not connect to", DP_SERVER_ERROR, PARTLY, part_hint},
    {400, NULL, "Connection to Weaviate failed", DP_SERVER_ERROR, PARTLY, part_hint},
    {400, NULL, "Document is not available", DP_CONFLICT, PASSES,
     "It is being indexed (wait until that is done) or archived."},
    {400, NULL, "doc_form is different", DP_CONFLICT, FINAL,
     "The first document fixed the knowledge base's doc_form: send that one."},
    {400, NULL, "already exists", DP_CONFLICT, FINAL, "Choose another name, or use what is there."},
    {400, NULL, "limit of your subscription", DP_QUOTA, FINAL, plan_hint},
    {400, NULL, "Default model not found for text-embedding", DP_INVALID_REQUEST, FINAL,
     "Send a retrieval_model with search_method keyword_search, or set an embedding model."},
    {400, NULL, "for KnowledgeConfig indexing_technique", DP_INVALID_REQUEST, FINAL,
     "Send indexing_technique (high_quality or economy)."},
    {400, "not_workflow_app", NULL, DP_INVALID_REQUEST, FINAL,
     "The key belongs to an app of another mode; use a workflow's key."},
    {400, "not_chat_app", NULL, DP_INVALID_REQUEST, FINAL,
     "The key belongs to an app of another mode; use a chat app's key."},
    {400, "app_unavailable", NULL, DP_INVALID_REQUEST, FINAL,
     "The app is not published, or has no model; look at it in Dify."},
    {400, "completion_request_error", NULL, DP_SERVER_ERROR, PARTLY, model_hint},
    {400, "provider_quota_exceeded", NULL, DP_QUOTA, FINAL,
     "The workspace has used up what its model provider allows."},
    {403, NULL, "request rate limit", DP_RATE_LIMITED, PASSES, wait_hint},
    {403, NULL, "limit of your subscription", DP_QUOTA, FINAL, plan_hint},
    {403, NULL, "capacity of the", DP_QUOTA, FINAL, plan_hint},
    {403, NULL, "To unlock this feature", DP_QUOTA, FINAL, plan_hint},
    {404, NULL, "Document is not completed", DP_CONFLICT, PASSES,
     "Wait until the document is indexed."},
    {404, NULL, "Document is disabled", DP_CONFLICT, FINAL, "Enable the document first."},
    {429, "rate_limit_error", NULL, DP_QUOTA, FINAL, plan_hint},
    {429, "too_many_requests", NULL, DP_OVERLOADED, PASSES, load_hint},
    {500, NULL, "'score_threshold_enabled'", DP_SERVER_ERROR, FINAL,
     "Send retrieval_model with search_method, score_threshold_enabled and reranking_enable."},
    {500, NULL, "'reranking_enable'", DP_SERVER_ERROR, FINAL,
     "Send retrieval_model with search_method, score_threshold_enabled and reranking_enable."},
    {500, NULL, "'search_method'", DP_SERVER_ERROR, FINAL,
     "Send retrieval_model with search_method, score_threshold_enabled and reranking_enable."},
    {0, NULL, NULL, DP_OK, FINAL, NULL}};

static const rule *find_rule(const dp__facts *f, const envelope *e) {
  for (const rule *r = rules; r->status; r++)
    if (r->status == f->status && (!r->code || strcmp(r->code, e->code) == 0) &&
        (!r->needle || strstr(e->message, r->needle)))
      return r;
  return NULL;
}

/* --- statuses at their word ----------------------------------------------------------------------- */

static rule by_status(const dp__facts *f) {
  switch (f->status) {
  case 401:
    return (rule){401, NULL, NULL, DP_UNAUTHORIZED, FINAL, "Check the profile's key."};
  case 403:
    return (rule){403, NULL, NULL, DP_FORBIDDEN, FINAL,
                  "Ask the workspace's owner for access, or use another key."};
  case 404:
    return (rule){404, NULL, NULL, DP_NOT_FOUND, FINAL,
                  "Check the ids; what another workspace owns is not found either."};
  case 405:
    return (rule){405, NULL, NULL, DP_UNSUPPORTED, FINAL,
                  "This server's version does not have the route; a newer one may."};
  case 408:
    return (rule){408, NULL, NULL, DP_OVERLOADED, PASSES, load_hint};
  case 409:
    return (rule){409, NULL, NULL, DP_CONFLICT, FINAL,
                  "Choose another name, or use what is there."};
  case 413:
  case 414:
  case 431:
    return (rule){f->status, NULL, NULL, DP_TOO_LARGE, FINAL,
                  "Send less, or raise the bound at the server or the proxy before it."};
  case 429:
    return (rule){429, NULL, NULL, f->dify ? DP_OVERLOADED : DP_RATE_LIMITED, PASSES, load_hint};
  case 501:
    return (rule){501, NULL, NULL, DP_UNSUPPORTED, FINAL, NULL};
  case 502:
  case 504:
    return (rule){f->status, NULL, NULL, DP_SERVER_ERROR, PARTLY,
                  "The proxy is there and the server behind it is not; it may be starting."};
  case 503:
    return (rule){503, NULL, NULL, DP_OVERLOADED, PARTLY, load_hint};
  default:
    if (f->status >= 500)
      return (rule){f->status, NULL, NULL, DP_SERVER_ERROR, PARTLY,
                    "Look at the server's log for the reason."};
    return (rule){f->status, NULL, NULL, DP_INVALID_REQUEST, FINAL, NULL};
  }
}

static const char *own_code(const dp__facts *f) {
  switch (f->status) {
  case 502:
    return "bad_gateway";
  case 503:
    return "unavailable";
  case 504:
    return "gateway_timeout";
  case 413:
    return "body_too_large";
  case 429:
    return "proxy_rate_limit";
  case 405:
    return "no_such_route";
  default:
    return f->dify ? "http_error" : "proxy_answer";
  }
}

static dp__next next_of(const dp__facts *f, course how) {
  if (how == FINAL)
    return DP__NEXT_FAIL;
  if (how == PASSES || f->free_of_effect)
    return DP__NEXT_REPEAT;
  return DP__NEXT_DOUBT;
}

static void apply(const dp__facts *f, const envelope *e, const rule *r, dp__verdict *v) {
  const char *message = *e->message ? e->message : e->json ? "The server gave no reason"
                        : f->dify ? "The server answered with a page instead of JSON"
                                  : "A proxy before the server, or another server, answered";
  const char *code = *e->code ? e->code : own_code(f);
  dp__fail(&v->error, r->kind, code, r->hint, "%s (%s, %s, status %d)", message, f->desc->name,
           f->origin, (int)f->status);
  v->error.status = f->status;
  v->error.retryable = r->course == PASSES || (r->course == PARTLY && f->free_of_effect);
  v->error.retry_after_ms = dp__retry_after_ms(f->retry_after, f->date, f->now_s);
  v->next = next_of(f, r->course);
}

/* --- special cases ---------------------------------------------------------------------------------- */

static void no_route(const dp__facts *f, dp__verdict *v) {
  v->next = DP__NEXT_FAIL;
  if (f->ids_ok || f->desc->op == DP_OP_HTTP_REQUEST)
    dp__fail(&v->error, DP_UNSUPPORTED, "no_such_route",
             "A newer version of the server may have it; check the path of an http.request.",
             "%s: this server%s%s does not have the route %s %.200s", f->origin,
             *f->version ? " of version " : "", f->version, f->method, f->path);
  else
    dp__fail(&v->error, DP_NOT_FOUND, "no_such_id", "Give the ids as the server gave them.",
             "%s: an id in %s %.200s does not have an id's shape", f->origin, f->method, f->path);
  v->error.status = f->status;
}

static void not_dify(const dp__facts *f, const char *code, const char *what, dp__verdict *v) {
  dp__fail(&v->error, DP_PROTOCOL, code,
           "Check that base_url points at a Dify server's API, such as https://HOST/v1.",
           "%s: %s (%s, status %d)", f->origin, what, f->desc->name, (int)f->status);
  v->error.status = f->status;
  v->next = DP__NEXT_FAIL;
}

static bool body_says(const dp__facts *f, const char *what) {
  return f->body_length && memmem(f->body, f->body_length, what, strlen(what)) != NULL;
}

/* A 400 as a page: the proxy or the server's HTTP parser did not even read the request. */
static void not_parsed(const dp__facts *f, dp__verdict *v) {
  enum { LINE_MAX_SEEN = 4000 };
  v->next = DP__NEXT_FAIL;
  if (body_says(f, "Too Large") || strlen(f->path) + f->query_length > LINE_MAX_SEEN)
    dp__fail(&v->error, DP_TOO_LARGE, "request_line", "Send less in path, query and headers.",
             "%s: path, query or headers are longer than the server takes (%s)", f->origin,
             f->desc->name);
  else if (body_says(f, "sent to HTTPS port"))
    dp__fail(&v->error, DP_PROTOCOL, "plain_http", "Write base_url with https://.",
             "%s: this port speaks TLS", f->origin);
  else if (*f->version)
    dp__fail(&v->error, DP_INVALID_REQUEST, "bad_request", "Look at how path and query are escaped.",
             "%s: the server could not read the request %s %.200s", f->origin, f->method, f->path);
  else
    not_dify(f, "not_dify", "what answers here is not Dify", v);
  v->error.status = f->status;
}

static bool is_html(const dp__facts *f) {
  return strncasecmp(f->type, "text/html", 9) == 0 || dp__json_kind(f->body, f->body_length) == '<';
}

static bool is_whole_json(const dp__facts *f) {
  char first = dp__json_kind(f->body, f->body_length);
  size_t end = f->body_length;
  while (end && strchr(" \t\r\n", f->body[end - 1]) && f->body[end - 1])
    end--;
  char last = end ? f->body[end - 1] : '\0';
  if (first == '{' || first == '[')
    return last == (first == '{' ? '}' : ']');
  return first && strchr("\"tfn-0123456789", first);
}

/* Whether a 2xx may be what the table says: of an empty answer only that it is not a proxy's page. */
static bool is_as_promised(const dp__facts *f) {
  if (f->raw || f->status == 204)
    return true;
  switch (f->desc->answer) {
  case DP__ANSWER_JSON:
    return is_whole_json(f);
  case DP__ANSWER_EVENTS: /* a blocking answer is JSON */
    return is_whole_json(f) || strncasecmp(f->type, "text/event-stream", 17) == 0;
  case DP__ANSWER_EMPTY:
  case DP__ANSWER_BINARY:
    return f->dify || !is_html(f);
  default:
    return true;
  }
}

/* 2xx. The table says what an answer should be; a page instead is somebody else's. */
static void classify_success(const dp__facts *f, dp__verdict *v) {
  v->health = DP__HEALTH_GOOD;
  v->next = DP__NEXT_DONE;
  if (is_as_promised(f))
    return;
  if (is_html(f))
    not_dify(f, "html", "a web page came where Dify's answer was to come", v);
  else
    not_dify(f, "not_json", "what came is not JSON", v);
  if (!f->free_of_effect)
    v->next = DP__NEXT_DOUBT;
}

static const char app_key_hint[] =
    "This is an app's key (app-…); knowledge bases need a dataset-… key.";
static const char knowledge_key_hint[] =
    "This is a knowledge key (dataset-…); apps need their own app-… key.";

static void classify_401(const dp__facts *f, dp__verdict *v) {
  bool knowledge = strncmp(f->path, "/datasets", 9) == 0 || strncmp(f->path, "/workspaces", 11) == 0;
  if (f->key == 'a' && knowledge)
    dp__copy_text(v->error.hint, sizeof v->error.hint, app_key_hint, sizeof app_key_hint - 1);
  else if (f->key == 'd' && !knowledge && !f->raw)
    dp__copy_text(v->error.hint, sizeof v->error.hint, knowledge_key_hint,
                  sizeof knowledge_key_hint - 1);
}

enum { PLAN_WINDOW_MS = 60000 };

static void classify_refusal(const dp__facts *f, dp__verdict *v) {
  envelope e;
  read_envelope(f, &e);
  const rule *found = e.json ? find_rule(f, &e) : NULL;
  rule at_its_word = by_status(f);
  v->health = f->status >= 500 ? DP__HEALTH_BAD : DP__HEALTH_GOOD;
  if (f->status == 404 && f->dify && is_html(f)) {
    no_route(f, v);
    return;
  }
  if (f->status == 400 && !e.json && !f->dify) {
    not_parsed(f, v);
    return;
  }
  if (f->status == 404 && !e.json && !f->dify) {
    not_dify(f, "not_dify", "what answers here is not Dify", v);
    return;
  }
  apply(f, &e, found ? found : &at_its_word, v);
  if (f->status == 401)
    classify_401(f, v);
  if (found && f->status >= 500 && found->course == FINAL)
    v->health = DP__HEALTH_GOOD; /* the request's own fault, whatever the status says */
  v->overloaded = v->error.kind == DP_OVERLOADED || f->status == 504 || f->status == 502;
  v->plan_refused = v->error.kind == DP_RATE_LIMITED && f->status == 403;
  if (v->plan_refused && !f->desc->paced && !v->error.retry_after_ms)
    v->error.retry_after_ms = PLAN_WINDOW_MS; /* no pacer knows when: the whole window, to be safe */
  v->host_refused = v->error.kind == DP_RATE_LIMITED && f->status == 429;
  v->done_all_the_same = f->status == 400 && strstr(e.message, "validation error for DataSetTag") &&
                         dp__op_defect(f->desc, "done_but_400", f->version);
}

/* No whole answer. What the server may have got decides. */
static void classify_transport(const dp__facts *f, dp__verdict *v) {
  v->error = f->transport;
  v->error.status = f->status;
  dp_kind kind = f->transport.kind;
  bool passing = kind == DP_UNREACHABLE || kind == DP_TIMEOUT;
  bool server = passing || kind == DP_TLS || kind == DP_PROTOCOL;
  v->health = server ? DP__HEALTH_BAD : DP__HEALTH_UNKNOWN;
  v->overloaded = kind == DP_TIMEOUT;
  bool cut_body = !f->sent_all && f->request_length > 0; /* half a request is never carried out */
  /* A 400 without its text may be one that comes after the work. */
  bool refused = f->status >= 400 + !f->free_of_effect && f->status < 500;
  if (!f->started || f->free_of_effect || cut_body || refused)
    v->next = passing ? DP__NEXT_REPEAT : DP__NEXT_FAIL;
  else
    v->next = DP__NEXT_DOUBT;
  if (refused && !f->free_of_effect)
    v->next = DP__NEXT_FAIL;
}

void dp__classify(const dp__facts *f, dp__verdict *v) {
  *v = (dp__verdict){.health = DP__HEALTH_GOOD};
  if (f->transport.kind != DP_OK)
    classify_transport(f, v);
  else if (f->status >= 200 && f->status < 300)
    classify_success(f, v);
  else if (f->status >= 300 && f->status < 400)
    not_dify(f, "redirect", f->location ? "it answers with a redirect, which is not followed"
                                        : "it answers with a redirect", v);
  else
    classify_refusal(f, v);
}
