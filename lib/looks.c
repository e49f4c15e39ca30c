/*
 * Looks: reads that a call makes for itself, before its request goes out (a way round a known defect)
 * or after it (did the write happen?).
 *
 * They are calls like any other, with their own repeats, so that a server which is just coming back can
 * be asked. They never share another call's answer: a proof must be younger than what it proves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

#include "callint.h"
#include "errors.h"
#include "json.h"

/* --- ids that were given to somebody ------------------------------------------------------------------ */

static uint64_t hash_of(const char *id, size_t length) {
  uint64_t hash = 14695981039346656037ull;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)id[i]) * 1099511628211ull;
  return hash;
}

static bool taken(void *user, const char *id) {
  const dp_client *client = user;
  uint64_t hash = hash_of(id, strlen(id));
  for (size_t i = 0; i < DP__CLAIMS; i++)
    if (client->policy->claims[i] == hash)
      return true;
  return false;
}

static bool member_at(const char *const *path, const char **value, size_t *length) {
  for (; *path; path++)
    if (!dp__json_member(*value, *length, *path, value, length))
      return false;
  return true;
}

/* What a create makes that is never made again: a document may be an old one, its upload is not. */
void dp__claim(dp_call *call) {
  static const char *const thing[] = {"id", NULL};
  static const char *const upload[] = {"document", "data_source_info", "upload_file_id", NULL};
  const char *const *path;
  switch (call->request.desc->op) {
  case DP_OP_DATASETS_CREATE:
  case DP_OP_METADATA_CREATE:
  case DP_OP_TAGS_CREATE:
    path = thing;
    break;
  case DP_OP_DOCUMENTS_CREATE_BY_TEXT:
  case DP_OP_DOCUMENTS_CREATE_BY_FILE:
  case DP_OP_DOCUMENTS_UPDATE_BY_TEXT:
  case DP_OP_DOCUMENTS_UPDATE_BY_FILE:
  case DP_OP_DOCUMENTS_UPDATE:
    path = upload;
    break;
  default:
    return;
  }
  struct dp__policy *policy = dp__policy(call->client);
  const char *id = call->answer ? call->answer->body.data : NULL;
  size_t length = call->answer ? call->answer->body.length : 0;
  if (id && member_at(path, &id, &length) && length > 2)
    policy->claims[policy->claim++ % DP__CLAIMS] = hash_of(id + 1, length - 2);
}

/* --- techniques, remembered ------------------------------------------------------------------------------ */

enum { TECHNIQUE_AGE_US = 600000000 };

static dp__technique *find_technique(const dp_call *call) {
  struct dp__policy *policy = dp__policy(call->client);
  size_t length = 0;
  const char *dataset = dp__call_dataset(call, &length);
  for (size_t i = 0; dataset && i < DP__TECHNIQUES; i++) {
    dp__technique *t = &policy->techniques[i];
    if (t->profile == call->profile->serial && strlen(t->dataset) == length &&
        memcmp(t->dataset, dataset, length) == 0)
      return t;
  }
  return NULL;
}

static void remember_technique(const dp_call *call) {
  struct dp__policy *policy = dp__policy(call->client);
  size_t length = 0;
  const char *dataset = dp__call_dataset(call, &length);
  dp__technique *t = find_technique(call);
  if (!call->mend.technique || !dataset || length >= sizeof t->dataset)
    return;
  if (!t)
    t = &policy->techniques[policy->technique++ % DP__TECHNIQUES];
  *t = (dp__technique){.profile = call->profile->serial, .seen_us = call->client->now_us};
  memcpy(t->dataset, dataset, length);
  snprintf(t->name, sizeof t->name, "%s", call->mend.technique);
}

/* Give the mend what is known of the knowledge base, in place of the look. */
static dp_kind use_technique(dp_call *call, dp_error *error) {
  const dp__technique *t = find_technique(call);
  char seen[64];
  if (call->mend.kind != DP__MEND_TECHNIQUE || !t ||
      t->seen_us + TECHNIQUE_AGE_US < call->client->now_us)
    return DP_OK;
  int length = snprintf(seen, sizeof seen, "{\"indexing_technique\":\"%s\"}", t->name);
  return dp__mend_seen(&call->request, &call->mend, call->profile->base.origin, seen,
                       (size_t)length, call->reply->note, error);
}

/* --- before: mending ------------------------------------------------------------------------------------- */

static void mend_seen(dp_call *call, dp_reply *reply) {
  dp_error error = *dp_reply_error(reply);
  size_t length;
  const char *body = dp_reply_body(reply, &length);
  if (error.kind == DP_OK)
    dp__mend_seen(&call->request, &call->mend, call->profile->base.origin, body, length,
                  call->reply->note, &error);
  if (error.kind != DP_OK) {
    dp__call_end(call, &error);
    return;
  }
  if (call->mend.looks == 0)
    remember_technique(call);
  call->reply->meta.op = call->request.desc->op;
  call->held_us = call->client->now_us;
  dp__call_move(call, DP__CALL_HELD);
  dp__call_step(call);
}

static void end_without_memory(dp_call *call) {
  dp_error error;
  dp__no_memory(&error);
  dp__call_end(call, &error);
}

static bool look_for_mend(dp_call *call) {
  dp_args *args = dp_args_new();
  dp_op op = DP_OP_NONE;
  bool ok = args && dp__mend_look(&call->request, &call->mend, &op, args) &&
            dp__call_look(call, op, args, call->flags & DP_CALL_WAIT, mend_seen);
  dp_args_free(args);
  return ok;
}

/* Whatever it answered, the head of that answer has told the version, or there is none to be told. */
static void version_seen(dp_call *call, dp_reply *reply) {
  (void)reply;
  call->held_us = call->client->now_us;
  dp__call_move(call, DP__CALL_HELD);
  dp__call_step(call);
}

/* The first call that a defect may concern asks for the server's version, once: every answer of the
 * application bears it, also the one to GET /v1/, which is a page of 404 on 1.12.1. */
static bool ask_version(dp_call *call) {
  dp_args *args = dp_args_new();
  call->host->version_asked = true;
  bool ok = args && dp_args_set_string(args, "method", "GET") == DP_OK &&
            dp_args_set_string(args, "path", "/") == DP_OK;
  if (ok) {
    dp__mend_deinit(&call->mend);
    call->reply->meta.queued_us += call->client->now_us - call->held_us;
    dp__call_move(call, DP__CALL_PREPARING);
    ok = dp__call_look(call, DP_OP_HTTP_REQUEST, args, 0, version_seen);
  }
  dp_args_free(args);
  if (!ok)
    end_without_memory(call);
  return true;
}

bool dp__call_prepare(dp_call *call) {
  dp_error error = {.kind = DP_OK};
  if (!call->mend.decided) {
    dp__mend_decide(&call->request, call->host->version, call->flags, &call->mend, &error);
    bool concerned = call->mend.kind != DP__MEND_NONE || error.kind != DP_OK;
    if (concerned && !*call->host->version && !call->host->version_asked)
      return ask_version(call);
    if (error.kind == DP_OK && call->mend.looks)
      use_technique(call, &error);
    if (error.kind == DP_OK && call->request.desc->op == DP_OP_DATASETS_UPDATE) {
      dp__technique *t = find_technique(call);
      if (t)
        *t = (dp__technique){0};
    }
  }
  if (error.kind != DP_OK) {
    dp__call_end(call, &error);
    return true;
  }
  if (!call->mend.looks)
    return false;
  call->reply->meta.queued_us += call->client->now_us - call->held_us;
  dp__call_move(call, DP__CALL_PREPARING);
  if (!look_for_mend(call))
    end_without_memory(call);
  return true;
}

/* --- after: proof ------------------------------------------------------------------------------------------ */

static bool repeat_is_harmless(const dp_call *call) {
  const char *since = call->request.desc->harmless_since, *version = call->host->version;
  return *since && *version && dp__version_compare(version, since) >= 0;
}

/* Nothing proved it, and that proves nothing. */
static void unproven(dp_call *call) {
  dp__verdict *v = &call->verdict;
  dp_error error;
  bool first = call->asked_first && !call->doubt;
  if (repeat_is_harmless(call) && !call->answered) {
    if (first) {
      call->held_us = call->client->now_us;
      dp__call_move(call, DP__CALL_HELD);
      dp__call_step(call);
    } else {
      v->error.retryable = 1;
      dp__call_repeat(call, &v->error);
    }
    return;
  }
  bool whole = v->error.kind != DP_UNREACHABLE && v->error.kind != DP_TIMEOUT;
  bool answered = whole && v->error.status >= 400 && v->error.status != 502 &&
                  v->error.status != 504;
  if (!first && answered) {
    static const char partly[] =
        "A part of it may have been done: look at the server before doing it again.";
    v->error.retryable = 0;
    dp__copy_text(v->error.hint, sizeof v->error.hint,
                  partly, sizeof partly - 1);
    dp__call_end(call, &v->error);
    return;
  }
  dp__fail(&error, DP_UNKNOWN_OUTCOME, first ? "service_restarted" : "unverified",
           "Look at the server before doing it again.", "%s: %s may have been done%s%.300s",
           call->profile->base.origin, call->request.desc->name,
           first ? ": it was sent before, and nothing proves what came of it" : ": ",
           first ? "" : v->error.message);
  error.status = v->error.status;
  dp__call_end(call, &error);
}

static void proven(dp_call *call, dp__proven *found) {
  dp__answer *made = dp__answer_made(found->status, found->json ? found->json : "", found->length);
  free(found->json);
  if (!made) {
    end_without_memory(call);
    return;
  }
  dp__answer_unref(call->answer);
  call->answer = made;
  call->reply->meta.verified = 1;
  dp__reply_note(call->reply, "The answer was lost; a look at the server proved that it was done.");
  dp__call_succeed(call);
}

/* The server's clock at the time of the write, a little early; taken from the look's own answer. */
static int64_t written_at(const dp_call *call, const dp_reply *look) {
  const char *date = dp_reply_header(look, "date");
  time_t now = date ? curl_getdate(date, NULL) : (time_t)-1;
  if (now == (time_t)-1)
    return INT64_MIN;
  if (!call->first_sent_us)
    return (int64_t)now - 600; /* an earlier life sent it; clients give up long before */
  return (int64_t)now - (int64_t)((call->client->now_us - call->first_sent_us) / 1000000) - 2;
}

static void look_again(dp_call *call);

/* Whether another look may show more. */
static bool may_pass(dp_kind kind) {
  return kind == DP_OK || kind == DP_NOT_FOUND || kind == DP_UNREACHABLE || kind == DP_TIMEOUT ||
         kind == DP_SERVER_ERROR || kind == DP_OVERLOADED || kind == DP_BREAKER_OPEN ||
         kind == DP_BUSY || kind == DP_RATE_LIMITED;
}

/* How long looks are worth it: what the server itself answered it has done by then, or not at all. */
static uint32_t window_ms(const dp_call *call) {
  uint32_t window = call->client->options.verify_window_ms;
  bool answered = call->verdict.error.status == 500 || call->verdict.error.status == 400;
  return answered && window > DP__VERIFY_WINDOW_ANSWERED_MS ? DP__VERIFY_WINDOW_ANSWERED_MS : window;
}

static void proof_seen(dp_call *call, dp_reply *reply) {
  size_t length;
  const char *body = dp_reply_body(reply, &length);
  dp_kind kind = dp_reply_kind(reply);
  dp__claim_facts claim = {.request = &call->request, .since_s = written_at(call, reply),
                           .taken = taken, .user = call->client};
  dp__proven found;
  if (call->prover->judge(&claim, kind, body, length, &found)) {
    proven(call, &found);
    return;
  }
  uint64_t now = call->client->now_us;
  bool answered = kind == DP_OK || kind == DP_NOT_FOUND;
  if (answered && !call->prove_until_us) { /* a server that is away is waited for */
    call->prove_until_us = now + 1000ull * window_ms(call);
  }
  bool first = call->asked_first && !call->doubt;
  bool over = call->prove_until_us && now >= call->prove_until_us;
  if (over || (answered && first && repeat_is_harmless(call)) || !may_pass(kind))
    unproven(call);
  else
    look_again(call);
}

static void look_now(dp__timer *timer) {
  dp_call *call = DP__FROM(dp_call, wait_timer, timer);
  dp_args *args = dp_args_new();
  dp_op op = args ? call->prover->look(&call->request, args) : DP_OP_NONE;
  if (op == DP_OP_NONE)
    unproven(call);
  else if (!dp__call_look(call, op, args, DP_CALL_WAIT, proof_seen))
    end_without_memory(call);
  dp_args_free(args);
}

static void look_again(dp_call *call) {
  dp_client *client = call->client;
  uint64_t gap = dp__look_gap_us(call->looks++);
  if (!dp__timer_set(&client->timers, &call->wait_timer, client->now_us + gap, look_now))
    end_without_memory(call);
}

void dp__call_prove(dp_call *call) {
  if (call->phase == DP__CALL_HELD)
    call->reply->meta.queued_us += call->client->now_us - call->held_us;
  dp__call_move(call, DP__CALL_PROVING);
  call->prover = dp__prover_for(call->request.desc->op);
  call->looks = 0;
  call->prove_until_us = 0;
  if (call->prover && call->request.desc->retry == DP__RETRY_VERIFY)
    look_again(call);
  else
    unproven(call);
}
