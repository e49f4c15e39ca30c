/* Replies are made on the engine's thread and never change after a program has seen one, so any
 * thread may read them. The body is the server's bytes as they came. */
#include "replies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

dp_reply *dp__reply_new(void) {
  dp_reply *reply = calloc(1, sizeof *reply);
  if (reply)
    atomic_init(&reply->refs, 1);
  return reply;
}

static void drop_head(dp_reply *reply) {
  for (size_t i = 0; i < reply->header_count; i++) {
    free((char *)(uintptr_t)reply->headers[i].name);
    free((char *)(uintptr_t)reply->headers[i].value);
  }
  free(reply->headers);
  free(reply->type);
  reply->headers = NULL;
  reply->header_count = 0;
  reply->type = NULL;
}

dp_reply *dp_reply_ref(dp_reply *reply) {
  atomic_fetch_add_explicit(&reply->refs, 1, memory_order_relaxed);
  return reply;
}

void dp_reply_unref(dp_reply *reply) {
  if (!reply || atomic_fetch_sub_explicit(&reply->refs, 1, memory_order_acq_rel) != 1)
    return;
  drop_head(reply);
  free(reply->body);
  free(reply);
}

bool dp__reply_take_head(dp_reply *reply, const dp_head *head) {
  drop_head(reply);
  reply->status = head->status;
  reply->type = strdup(head->type);
  reply->headers = calloc(head->header_count ? head->header_count : 1, sizeof *reply->headers);
  if (!reply->type || !reply->headers)
    return false;
  for (size_t i = 0; i < head->header_count; i++) {
    dp_header *h = &reply->headers[reply->header_count++];
    h->name = strdup(head->headers[i].name);
    h->value = strdup(head->headers[i].value);
    if (!h->name || !h->value)
      return false;
  }
  return true;
}

bool dp__reply_set_body(dp_reply *reply, dp__buffer *body) {
  free(reply->body);
  reply->body = dp__buffer_steal(body, &reply->body_length);
  return reply->body != NULL;
}

void dp__reply_note(dp_reply *reply, const char *text) {
  size_t length = strlen(reply->note);
  snprintf(reply->note + length, sizeof reply->note - length, "%s%s", length ? "; " : "", text);
}

dp_kind dp_reply_kind(const dp_reply *reply) {
  return reply->error.kind;
}

const dp_error *dp_reply_error(const dp_reply *reply) {
  return &reply->error;
}

int32_t dp_reply_status(const dp_reply *reply) {
  return reply->status;
}

const char *dp_reply_type(const dp_reply *reply) {
  return reply->type ? reply->type : "";
}

const void *dp_reply_body(const dp_reply *reply, size_t *length) {
  if (length)
    *length = reply->body ? reply->body_length : 0;
  return reply->body ? reply->body : "";
}

const char *dp_reply_header(const dp_reply *reply, const char *name) {
  for (size_t i = 0; i < reply->header_count; i++)
    if (strcasecmp(reply->headers[i].name, name) == 0)
      return reply->headers[i].value;
  return NULL;
}

bool dp_reply_header_at(const dp_reply *reply, size_t index, const char **name,
                        const char **value) {
  if (index >= reply->header_count)
    return false;
  *name = reply->headers[index].name;
  *value = reply->headers[index].value;
  return true;
}

bool dp_reply_is_pending(const dp_reply *reply) {
  return reply->pending;
}

const dp_meta *dp_reply_meta(const dp_reply *reply) {
  return &reply->meta;
}
