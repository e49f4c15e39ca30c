/*
 * Replies.
 *
 * A reply is made by the engine and read on any thread, so nothing in it changes once it was given
 * away. The answer's bytes stand apart: they are what is large, and what joined calls and the cache
 * share, while each caller's own story (how long it took, whether it waited) is his.
 */
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- answers ------------------------------------------------------------------------------------ */

static char *put_text(char **at, const char *text) {
  char *start = *at;
  size_t length = strlen(text) + 1;
  memcpy(start, text, length);
  *at += length;
  return start;
}

static bool copy_head(dp__answer *answer, const dp_head *head) {
  size_t size = strlen(head->type) + 1;
  for (size_t i = 0; i < head->header_count; i++)
    size += strlen(head->headers[i].name) + strlen(head->headers[i].value) + 2;
  char *at = answer->texts = malloc(size);
  answer->headers = calloc(head->header_count + 1, sizeof *answer->headers);
  if (!at || !answer->headers)
    return false;
  answer->status = head->status;
  answer->type = put_text(&at, head->type);
  for (size_t i = 0; i < head->header_count; i++) {
    answer->headers[i].name = put_text(&at, head->headers[i].name);
    answer->headers[i].value = put_text(&at, head->headers[i].value);
  }
  answer->header_count = head->header_count;
  return true;
}

dp__answer *dp__answer_new(const dp_head *head) {
  dp__answer *answer = calloc(1, sizeof *answer);
  if (!answer)
    return NULL;
  atomic_init(&answer->refs, 1);
  answer->type = "";
  if (head && !copy_head(answer, head)) {
    dp__answer_unref(answer);
    return NULL;
  }
  return answer;
}

dp__answer *dp__answer_made(int32_t status, const char *json, size_t length) {
  static const dp_header type = {"Content-Type", "application/json"};
  dp_head head = {.status = status, .type = type.value, .headers = &type, .header_count = 1};
  dp__answer *answer = dp__answer_new(&head);
  if (answer && !dp__buffer_append(&answer->body, json, length)) {
    dp__answer_unref(answer);
    return NULL;
  }
  return answer;
}

dp__answer *dp__answer_ref(dp__answer *answer) {
  atomic_fetch_add_explicit(&answer->refs, 1, memory_order_relaxed);
  return answer;
}

void dp__answer_unref(dp__answer *answer) {
  if (!answer || atomic_fetch_sub_explicit(&answer->refs, 1, memory_order_acq_rel) != 1)
    return;
  dp__buffer_deinit(&answer->body);
  free(answer->headers);
  free(answer->texts);
  free(answer);
}

const char *dp__answer_header(const dp__answer *answer, const char *name) {
  for (size_t i = answer ? answer->header_count : 0; i > 0; i--)
    if (strcasecmp(answer->headers[i - 1].name, name) == 0)
      return answer->headers[i - 1].value;
  return NULL;
}

bool dp__answer_is_dify(const dp__answer *answer) {
  return dp__answer_header(answer, "x-version") != NULL;
}

/* --- replies ------------------------------------------------------------------------------------ */

void dp__reply_set_run(dp_reply *reply, const dp__run_ids *ids) {
  reply->run = *ids;
  dp__run_show(&reply->run, &reply->shown_run);
}

dp_reply *dp__reply_new(void) {
  dp_reply *reply = calloc(1, sizeof *reply);
  if (!reply)
    return NULL;
  atomic_init(&reply->refs, 1);
  reply->meta.version = reply->version;
  reply->meta.note = reply->note;
  dp__reply_set_run(reply, &(dp__run_ids){.stop_asked = false});
  return reply;
}

void dp__reply_note(dp_reply *reply, const char *format, ...) {
  size_t used = strlen(reply->note);
  if (used && used + 1 < sizeof reply->note)
    reply->note[used++] = ' ', reply->note[used] = '\0';
  va_list args;
  va_start(args, format);
  vsnprintf(reply->note + used, sizeof reply->note - used, format, args);
  va_end(args);
}

dp_reply *dp_reply_ref(dp_reply *reply) {
  atomic_fetch_add_explicit(&reply->refs, 1, memory_order_relaxed);
  return reply;
}

void dp_reply_unref(dp_reply *reply) {
  if (!reply || atomic_fetch_sub_explicit(&reply->refs, 1, memory_order_acq_rel) != 1)
    return;
  dp__answer_unref(reply->answer);
  free(reply);
}

dp_kind dp_reply_kind(const dp_reply *reply) {
  return reply->error.kind;
}

const dp_error *dp_reply_error(const dp_reply *reply) {
  return &reply->error;
}

int32_t dp_reply_status(const dp_reply *reply) {
  return reply->answer ? reply->answer->status : 0;
}

const char *dp_reply_type(const dp_reply *reply) {
  return reply->answer ? reply->answer->type : "";
}

const void *dp_reply_body(const dp_reply *reply, size_t *length) {
  const dp__buffer *body = reply->answer ? &reply->answer->body : NULL;
  if (length)
    *length = body ? body->length : 0;
  return body && body->data ? body->data : "";
}

const char *dp_reply_header(const dp_reply *reply, const char *name) {
  return name ? dp__answer_header(reply->answer, name) : NULL;
}

bool dp_reply_header_at(const dp_reply *reply, size_t index, const char **name,
                        const char **value) {
  if (!reply->answer || index >= reply->answer->header_count)
    return false;
  *name = reply->answer->headers[index].name;
  *value = reply->answer->headers[index].value;
  return true;
}

bool dp_reply_is_pending(const dp_reply *reply) {
  return reply->pending;
}

const dp_meta *dp_reply_meta(const dp_reply *reply) {
  return &reply->meta;
}

const dp_run *dp_reply_run(const dp_reply *reply) {
  return &reply->shown_run;
}
