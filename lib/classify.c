/*
 * Classification.
 *
 * Dify's status codes do not say what happened: a plan's limit and a missing right are both 403, a
 * passing overload is a 400, a quota that never passes is a 429, and what stands in front of the
 * server answers in HTML. So status, type, the presence of X-Version (on every answer of the
 * application, on none of a proxy) and the message are read together. What is not known falls to the
 * side that repeats nothing: an unknown 4xx is the caller's mistake, an unknown 5xx the server's.
 *
 * "done" says whether the server may have done the work. A 4xx was refused before; a 5xx may have
 * come in the middle.
 */
#include "classify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <jansson.h>

#include "errors.h"

enum { LOOK_AT = 8192, HOUR_MS = 3600000, WINDOW_MS = 60000, PROXY_MS = 30000 };

/* --- reading ------------------------------------------------------------------------------------ */

typedef struct envelope {
  char code[64];
  char message[400];
} envelope;

static void copy_member(const json_t *object, const char *name, char *out, size_t size) {
  const char *text = json_string_value(json_object_get(object, name));
  dp__copy_text(out, size, text ? text : "", text ? strlen(text) : 0);
}

static void read_envelope(const dp__answer_facts *facts, envelope *e) {
  *e = (envelope){"", ""};
  if (facts->body_length == 0 || facts->body_length > LOOK_AT || !strstr(facts->type, "json"))
    return;
  json_t *object = json_loadb(facts->body, facts->body_length, JSON_ALLOW_NUL, NULL);
  copy_member(object, "code", e->code, sizeof e->code);
  copy_member(object, "message", e->message, sizeof e->message);
  json_decref(object);
}

static bool holds(const char *text, const char *part) {
  return strcasestr(text, part) != NULL;
}

static bool is_html(const dp__answer_facts *facts) {
  return strncasecmp(facts->type, "text/html", 9) == 0;
}

static bool from_dify(const dp__answer_facts *facts) {
  return facts->version[0] != '\0';
}

uint32_t dp__retry_after_ms(const char *value, int64_t now_s) {
  if (!value)
    return 0;
  char *end;
  long long seconds = strtoll(value, &end, 10);
  if (end == value || *end != '\0') {
    struct tm when = {0};
    const char *rest = strptime(value, "%a, %d %b %Y %H:%M:%S", &when);
    if (!rest)
      return 0;
    seconds = (long long)timegm(&when) - now_s;
  }
  if (seconds <= 0)
    return 0;
  return seconds > HOUR_MS / 1000 ? HOUR_MS : (uint32_t)(seconds * 1000);
}

/* --- saying ------------------------------------------------------------------------------------- */

static void say(const dp__answer_facts *facts, const envelope *e, dp__verdict *v, dp_kind kind,
                const char *code, const char *hint) {
  const char *message = e->message[0] ? e->message
                        : is_html(facts) ? "an HTML page instead of an answer"
                                         : "no reason given";
  dp__fail(&v->error, kind, e->code[0] ? e->code : code, hint, "%s answered %d: %s",
           facts->desc->name, (int)facts->status, message);
  v->error.status = facts->status;
  v->error.retry_after_ms = dp__retry_after_ms(facts->retry_after, facts->now_s);
  v->done = DP__DONE_NO;
  v->health = DP__HEALTH_GOOD;
}

/* A passing state: worth another try after at least wait_ms. */
static void passes(dp__verdict *v, uint32_t wait_ms) {
  v->again = true;
  v->error.retryable = 1;
  if (v->error.retry_after_ms < wait_ms)
    v->error.retry_after_ms = wait_ms;
}

static void bad_request(const dp__answer_facts *facts, const envelope *e, dp__verdict *v) {
  if (holds(e->message, "too many requests")) {
    say(facts, e, v, DP_OVERLOADED, "too_many_requests", "The app runs as many calls at once as it may.");
    v->overloaded = true;
    passes(v, 0);
  } else if (holds(e->message, "plugin daemon") || holds(e->message, "could not connect to")) {
    say(facts, e, v, DP_SERVER_ERROR, "dependency_down", "A part of the Dify server is down; look at its containers.");
    passes(v, 0);
  } else if (holds(e->message, "document is not available") || holds(e->message, "is being indexed") ||
             holds(e->message, "is not completed")) {
    say(facts, e, v, DP_CONFLICT, "document_indexing", "Wait until the document is indexed.");
    v->error.retryable = 1; /* in seconds or minutes: the caller's to wait for */
  } else if (holds(e->message, "doc_form is different")) {
    say(facts, e, v, DP_CONFLICT, "doc_form", "The first document fixed the knowledge base's doc_form; use that one, or another knowledge base.");
  } else {
    say(facts, e, v, DP_INVALID_REQUEST, "bad_request", NULL);
  }
}

static void forbidden(const dp__answer_facts *facts, const envelope *e, dp__verdict *v) {
  static const char *const plan[] = {"subscription", "unlock this feature", "vector space",
                                     "document upload limit", "number of documents", "upgrade your plan",
                                     "has reached", "capacity"};
  if (!from_dify(facts) && is_html(facts)) {
    say(facts, e, v, DP_FORBIDDEN, "proxy", "A proxy or firewall in front of the server refused it.");
    return;
  }
  if (holds(e->message, "rate limit")) {
    say(facts, e, v, DP_RATE_LIMITED, "rate_limited", "The plan's calls a minute are used up; refused calls count, too.");
    snprintf(v->error.code, sizeof v->error.code, "rate_limited");
    passes(v, 1000);
    return;
  }
  for (size_t i = 0; i < sizeof plan / sizeof *plan; i++)
    if (holds(e->message, plan[i])) {
      say(facts, e, v, DP_QUOTA, "quota", "The plan's limit is reached; delete something or change the plan.");
      return;
    }
  say(facts, e, v, DP_FORBIDDEN, "forbidden", NULL);
}

static void too_many(const dp__answer_facts *facts, const envelope *e, dp__verdict *v) {
  if (strcmp(e->code, "rate_limit_error") == 0) {
    say(facts, e, v, DP_QUOTA, "rate_limit_error", "The plan's quota is used up; waiting for a minute does not help.");
  } else if (strstr(facts->type, "json") && from_dify(facts)) {
    say(facts, e, v, DP_OVERLOADED, "too_many_requests", "The app runs as many calls at once as it may.");
    v->overloaded = true;
    passes(v, 0);
  } else { /* what stands in front of the server */
    say(facts, e, v, DP_RATE_LIMITED, "proxy_rate_limit", "A proxy in front of the server limits this machine's calls.");
    v->overloaded = true;
    passes(v, PROXY_MS);
  }
}

static void missing(const dp__answer_facts *facts, const envelope *e, dp__verdict *v) {
  if (!from_dify(facts) && is_html(facts)) {
    say(facts, e, v, DP_PROTOCOL, "not_dify", "Check that base_url points at a Dify server, /v1 included.");
  } else if (is_html(facts) || facts->status == 405) {
    say(facts, e, v, DP_UNSUPPORTED, "no_such_route", NULL);
    snprintf(v->error.message, sizeof v->error.message,
             "%s: this server (version %s) does not have the route", facts->desc->name, facts->version);
    snprintf(v->error.hint, sizeof v->error.hint, "A newer Dify may have it.");
  } else {
    say(facts, e, v, DP_NOT_FOUND, "not_found", NULL);
  }
}

static void client_error(const dp__answer_facts *facts, const envelope *e, dp__verdict *v) {
  switch (facts->status) {
  case 400:
    bad_request(facts, e, v);
    return;
  case 401:
    say(facts, e, v, DP_UNAUTHORIZED, "unauthorized", "Check the key, and its kind: knowledge routes need a knowledge API key, app routes the app's own.");
    return;
  case 403:
    forbidden(facts, e, v);
    return;
  case 404:
  case 405:
    missing(facts, e, v);
    return;
  case 408:
    say(facts, e, v, DP_OVERLOADED, "request_timeout", NULL);
    passes(v, 0);
    return;
  case 409:
    say(facts, e, v, DP_CONFLICT, "conflict", NULL);
    return;
  case 413:
    say(facts, e, v, DP_TOO_LARGE, from_dify(facts) ? "too_large" : "proxy_body_limit",
        from_dify(facts) ? NULL : "The proxy in front of the server bounds bodies (client_max_body_size in nginx).");
    return;
  case 429:
    too_many(facts, e, v);
    return;
  default:
    say(facts, e, v, DP_INVALID_REQUEST, "refused", NULL);
  }
}

static void server_failed(const dp__answer_facts *facts, const envelope *e, dp__verdict *v) {
  switch (facts->status) {
  case 502:
    say(facts, e, v, DP_UNREACHABLE, "bad_gateway", "The proxy in front of Dify answers, Dify itself does not: it is down, starting, or was killed.");
    break;
  case 503:
    say(facts, e, v, DP_OVERLOADED, "unavailable", NULL);
    v->overloaded = true;
    break;
  case 504:
    say(facts, e, v, DP_TIMEOUT, "gateway_timeout", "The proxy in front of Dify gave up waiting; raise its read timeout.");
    v->overloaded = true;
    break;
  default:
    say(facts, e, v, DP_SERVER_ERROR, "server_error", "The server's own log says why.");
  }
  v->done = DP__DONE_MAYBE;
  v->health = DP__HEALTH_BAD;
  passes(v, 0);
}

static void transport_failed(const dp__answer_facts *facts, dp__verdict *v) {
  v->error = *facts->transport;
  v->error.status = facts->status;
  v->done = facts->started ? DP__DONE_MAYBE : DP__DONE_NO;
  bool network = v->error.kind == DP_UNREACHABLE ||
                 (v->error.kind == DP_TIMEOUT && strcmp(v->error.code, "deadline") != 0);
  v->health = network ? DP__HEALTH_BAD : DP__HEALTH_UNKNOWN;
  v->overloaded = v->error.kind == DP_TIMEOUT;
  v->again = network;
}

static void succeeded(const dp__answer_facts *facts, dp__verdict *v) {
  v->done = DP__DONE_YES;
  v->health = DP__HEALTH_GOOD;
  if (!is_html(facts) || from_dify(facts) || facts->desc->answer != DP__ANSWER_JSON)
    return;
  envelope none = {"", ""};
  say(facts, &none, v, DP_PROTOCOL, "not_dify", "Check that base_url points at a Dify server, /v1 included.");
}

static void redirected(const dp__answer_facts *facts, dp__verdict *v) {
  envelope none = {"", ""};
  say(facts, &none, v, DP_PROTOCOL, "redirect", "Set base_url to where it points, if you trust it with the key.");
  if (facts->location)
    snprintf(v->error.message, sizeof v->error.message, "%s answered %d: moved to %.200s",
             facts->desc->name, (int)facts->status, facts->location);
}

void dp__classify(const dp__answer_facts *facts, dp__verdict *v) {
  *v = (dp__verdict){.error.kind = DP_OK};
  envelope e;
  if (facts->transport->kind != DP_OK) {
    transport_failed(facts, v);
    return;
  }
  if (facts->status < 300) {
    succeeded(facts, v);
    return;
  }
  read_envelope(facts, &e);
  if (facts->status < 400)
    redirected(facts, v);
  else if (facts->status < 500)
    client_error(facts, &e, v);
  else
    server_failed(facts, &e, v);
}
