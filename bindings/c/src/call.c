/*
 * A call lives in at most one list (waiting, sent, done) and, while its bytes are written, in the
 * output; each holds a reference. Its reply object is made at the start, so that "memory is out"
 * can always be said at the end.
 *
 * Request ids count up, and a call's slot is its id modulo the number of slots. There are twice as
 * many slots as calls may be, so the next free one is near, and an answer finds its call at once.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core.h"
#include "error.h"
#include "reply.h"
#include "secret.h"

int64_t dpc__now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

dpc_call *dpc__call_new(dpc_client *client, dpc__role role) {
  dpc_call *call = calloc(1, sizeof *call);
  if (!call)
    return NULL;
  atomic_init(&call->refs, 1);
  atomic_init(&call->state, DPC__CALL_WAITING);
  call->client = client;
  call->role = role;
  call->deadline = DPC__NEVER;
  if (getrandom(call->id, DPC__ID, 0) == DPC__ID)
    call->reply = dpc__reply_new(call->id);
  if (call->reply)
    return call;
  free(call);
  return NULL;
}

bool dpc__call_rename(dpc_call *call, const uint8_t id[DPC__ID]) {
  dpc_reply *reply = dpc__reply_new(id);
  if (!reply)
    return false;
  dpc_reply_unref(call->reply);
  call->reply = reply;
  memcpy(call->id, id, DPC__ID);
  return true;
}

bool dpc__call_frame(dpc_call *call, const uint8_t *tail, size_t length, uint32_t entries,
                     bool secret) {
  size_t size = DPC__HEAD_MAX + length;
  uint8_t *frame = secret ? dpc__secret_alloc(size) : malloc(size);
  if (!frame)
    return false;
  memcpy(frame + DPC__HEAD_MAX, tail, length);
  call->frame = frame;
  call->frame_size = size;
  call->secret = secret;
  call->tail_length = length;
  call->tail_entries = entries;
  return true;
}

static void drop_frame(dpc_call *call) {
  if (call->secret)
    dpc__secret_free(call->frame, call->frame_size);
  else
    free(call->frame);
  call->frame = NULL;
}

dpc_call *dpc_call_ref(dpc_call *call) {
  if (call)
    atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
  return call;
}

void dpc_call_unref(dpc_call *call) {
  if (!call || atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) != 1)
    return;
  drop_frame(call);
  dpc_reply_unref(call->reply);
  free(call->profile);
  free(call);
}

const uint8_t *dpc_call_id(const dpc_call *call) {
  return call->id;
}

static void unlink_call(dpc_call *call) {
  dpc__list *list = call->list;
  *(call->prev ? &call->prev->next : &list->first) = call->next;
  *(call->next ? &call->next->prev : &list->last) = call->prev;
  call->prev = call->next = NULL;
  call->list = NULL;
}

void dpc__call_move(dpc_call *call, dpc__list *to) {
  bool was_in = call->list;
  if (was_in)
    unlink_call(call);
  if (to) {
    call->list = to;
    call->prev = to->last;
    *(to->last ? &to->last->next : &to->first) = call;
    to->last = call;
  }
  if (to && !was_in)
    dpc_call_ref(call);
  else if (!to && was_in)
    dpc_call_unref(call);
}

void dpc__call_slot(dpc_call *call) {
  dpc_client *client = call->client;
  while (!call->request_id) {
    uint32_t id = client->next_request_id++ | UINT32_C(0x80000000);
    if (client->slots[id & client->slot_mask])
      continue;
    client->slots[id & client->slot_mask] = call;
    call->request_id = id;
  }
}

dpc_call *dpc__call_by_id(dpc_client *client, uint32_t request_id) {
  dpc_call *call = client->slots[request_id & client->slot_mask];
  return call && call->request_id == request_id ? call : NULL;
}

static void give_back(dpc_call *call) {
  dpc_client *client = call->client;
  if (call->request_id)
    client->slots[call->request_id & client->slot_mask] = NULL;
  call->request_id = 0;
  if (call->role == DPC__ROLE_USER) {
    client->calls--;
    client->held -= call->frame_size;
  }
  if (!call->in_output)
    drop_frame(call);
}

void dpc__call_finish(dpc_call *call) {
  dpc_client *client = call->client;
  dpc_call_ref(call);
  give_back(call);
  atomic_store(&call->state, DPC__CALL_DONE);
  if (call->on_done) {
    dpc__call_move(call, &client->done);
    dpc__loop_ready(client);
  } else {
    dpc__call_move(call, NULL);
    dpc__wait_done(client, call);
  }
  dpc_call_unref(call);
}

void dpc__call_fail(dpc_call *call, const dpc_error *error) {
  dpc__reply_fail(call->reply, error);
  dpc__call_finish(call);
}
