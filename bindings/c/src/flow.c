/*
 * The life of a call, as events:
 *
 *   admitted    waiting, until the connection is up, its epoch known, and (if the call goes by our
 *               own base URL) a handle is there; then sent
 *   answered    done; unless the handle was lost, or the service drains: then waiting, for a new
 *               one, under the same id
 *   lost        with the connection: what was sent waits again, in its order, with its id and its
 *               first epoch. What was not written whole cannot have been carried out, and counts
 *               as never sent
 *   too late    what the service never had, or only reads: `timeout`; what it may have done:
 *               `unknown_outcome`. The service knows the deadline and answers by itself; a grace
 *               gives it time to
 *   cancelled   what was not sent ends here; what was sent, ends at the service
 */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "core.h"
#include "error.h"
#include "reply.h"

enum {
  ANSWER_GRACE_MS = 2000, /* for the service to say itself that it is too late */
  QUIET_MS = 5000,
  LOSSES_MAX = 8,
  HANDLE_TRIES = 3
};

static bool needs_handle(const dpc_call *call) {
  return call->client->connect_tail && !call->own_profile &&
         (call->role == DPC__ROLE_USER || call->role == DPC__ROLE_BARRIER);
}

static const char *profile_of(const dpc_call *call) {
  if (needs_handle(call))
    return call->client->handle;
  return call->profile ? call->profile : call->client->profile;
}

static void by_deadline(dpc_client *client, const dpc_call *call) {
  if (call->deadline < client->next_deadline)
    client->next_deadline = call->deadline;
}

static void send_call(dpc_call *call) {
  dpc_client *client = call->client;
  int64_t left = call->deadline - dpc__now();
  bool service = call->role != DPC__ROLE_USER;
  bool knows_epoch = call->role != DPC__ROLE_HELLO;
  if (!call->has_epoch && knows_epoch) {
    memcpy(call->epoch, client->epoch, DPC__ID);
    call->has_epoch = true;
  }
  dpc__call_slot(call);
  call->handle_serial = client->handle_serial;
  dpc__head head = {
      .request_id = call->request_id,
      .tail_entries = call->tail_entries,
      .tail_length = call->tail_length,
      .id = call->id,
      .epoch = knows_epoch ? call->epoch : NULL,
      .again = call->again,
      .profile = service ? NULL : profile_of(call),
      .deadline_ms = left < 1                   ? 1
                     : left > DPC__DEADLINE_MAX ? DPC__DEADLINE_MAX
                                                : (uint32_t)left,
  };
  uint8_t bytes[DPC__HEAD_MAX];
  size_t length = dpc__request_head(bytes, &head);
  call->out_at = DPC__HEAD_MAX - length;
  call->out_end = call->frame_size;
  memcpy(call->frame + call->out_at, bytes, length);
  atomic_store(&call->state, DPC__CALL_SENT);
  dpc__call_move(call, &client->sent);
  dpc__link_output(call);
}

static bool send_own(dpc_client *client, dpc__role role, const dpc__bytes *tail, uint32_t entries) {
  bool secret = role == DPC__ROLE_CONNECT;
  dpc_call *call = tail->failed ? NULL : dpc__call_new(client, role);
  if (!call)
    return false;
  call->deadline = dpc__now() + (secret ? client->patience_ms : QUIET_MS);
  bool ok = dpc__call_frame(call, tail->data, tail->length, entries, secret);
  if (ok) {
    by_deadline(client, call);
    send_call(call);
  }
  dpc_call_unref(call);
  return ok;
}

bool dpc__flow_own(dpc_client *client, dpc__role role, const char *operation,
                   const dpc_args *args) {
  dpc__bytes tail = {0};
  uint32_t entries = dpc__request_tail(&tail, operation, args, NULL);
  bool ok = send_own(client, role, &tail, entries);
  dpc__bytes_clear(&tail);
  return ok;
}

/* The call waits for a handle; without memory to ask for one it ends. */
static void await_handle(dpc_call *call) {
  dpc_client *client = call->client;
  dpc__bytes tail = {.data = client->connect_tail, .length = client->connect_length};
  dpc_error error;
  if (client->handle_state == DPC__HANDLE_ASKED)
    return;
  client->handle_state = DPC__HANDLE_ASKED;
  if (send_own(client, DPC__ROLE_CONNECT, &tail, client->connect_entries))
    return;
  client->handle_state = DPC__HANDLE_NONE;
  dpc__no_memory(&error);
  dpc__call_fail(call, &error);
}

static void send_cancel(dpc_call *call) {
  dpc_args *args = dpc_args_new();
  if (args && dpc_args_set_bytes(args, "id", call->id, DPC__ID) == DPC_OK)
    dpc__flow_own(call->client, DPC__ROLE_QUIET, "service.cancel", args);
  dpc_args_free(args);
}

/* The link is up. */
static void release_one(dpc_call *call) {
  dpc_client *client = call->client;
  if (needs_handle(call) && client->handle_state != DPC__HANDLE_KNOWN) {
    await_handle(call);
    return;
  }
  if (call->role == DPC__ROLE_BARRIER) {
    dpc__call_finish(call);
    return;
  }
  send_call(call);
  if (call->cancelled && client->state == DPC__LINK_UP)
    send_cancel(call);
}

void dpc__flow_release(dpc_client *client) {
  dpc_call *last = client->waiting.last;
  for (dpc_call *call = client->waiting.first, *next; call && client->state == DPC__LINK_UP;
       call = next) {
    bool end = call == last;
    next = end ? NULL : call->next;
    release_one(call);
  }
}

void dpc__flow_admit(dpc_call *call) {
  dpc_client *client = call->client;
  by_deadline(client, call);
  dpc__call_move(call, &client->waiting);
  if (client->state == DPC__LINK_UP)
    release_one(call);
}

bool dpc__flow_idle(const dpc_client *client) {
  return !client->waiting.first && !client->sent.first;
}

static void take_handle(dpc_client *client, dpc_call *call) {
  dpc_value body = {NULL, NULL}, handle;
  size_t length = 0;
  const char *text = NULL;
  if (dpc_reply_kind(call->reply) == DPC_OK && dpc_reply_value(call->reply, &body) &&
      dpc_value_get(body, "profile", &handle))
    text = dpc_value_text(handle, &length);
  if (text && length && length <= DPC__PROFILE_MAX) {
    memcpy(client->handle, text, length);
    client->handle[length] = '\0';
    client->handle_state = DPC__HANDLE_KNOWN;
    client->handle_serial++;
    return;
  }
  client->handle_state = DPC__HANDLE_NONE;
  dpc_error error = *dpc_reply_error(call->reply);
  if (error.kind == DPC_OK)
    dpc__fail(&error, DPC_PROTOCOL, "bad_reply", NULL,
              "service.connect answered without a profile");
  for (dpc_call *held = client->waiting.first, *next; held; held = next) {
    next = held->next;
    if (needs_handle(held))
      dpc__call_fail(held, &error);
  }
}

/* The call will be sent again under its id; the reply that it had is given up. */
static bool take_back(dpc_call *call) {
  dpc_reply *reply = call->in_output ? NULL : dpc__reply_new(call->id);
  if (!reply)
    return false;
  dpc_reply_unref(call->reply);
  call->reply = reply;
  atomic_store(&call->state, DPC__CALL_WAITING);
  dpc__call_move(call, &call->client->waiting);
  return true;
}

/* A handle that the service has forgotten is asked for again. */
static bool lost_handle(dpc_call *call) {
  dpc_client *client = call->client;
  if (!needs_handle(call) || call->handle_tries >= HANDLE_TRIES || !take_back(call))
    return false;
  call->handle_tries++;
  if (call->handle_serial == client->handle_serial && client->handle_state == DPC__HANDLE_KNOWN)
    client->handle_state = DPC__HANDLE_NONE;
  if (client->state == DPC__LINK_UP)
    release_one(call);
  return true;
}

/* Answers after which a call goes on. What a draining service refused, it did not begin: the call
 * waits for the connection to close, and goes to the next service. */
static bool goes_on(dpc_call *call) {
  const dpc_error *error = dpc_reply_error(call->reply);
  if (call->role != DPC__ROLE_USER)
    return false;
  if (error->kind == DPC_NOT_FOUND && strcmp(error->code, "no_such_profile") == 0)
    return lost_handle(call);
  return error->kind == DPC_CANCELLED && strcmp(error->code, "draining") == 0 && !call->cancelled &&
         take_back(call);
}

void dpc__flow_answer(dpc_client *client, uint32_t request_id, uint8_t *data, size_t length) {
  dpc_call *call = dpc__call_by_id(client, request_id);
  dpc_call_ref(call);
  if (call && call->no_json)
    dpc__reply_no_json(call->reply);
  if (call)
    dpc__reply_decode(call->reply, data, length, DPC__SP_ID);
  if (!call || goes_on(call)) {
    if (!call)
      free(data); /* nobody waits for it any more */
    dpc_call_unref(call);
    return;
  }
  if (call->role == DPC__ROLE_CONNECT)
    take_handle(client, call);
  dpc__call_finish(call);
  if (call->role == DPC__ROLE_HELLO)
    dpc__link_hello(client, call->reply);
  else if (call->role == DPC__ROLE_CONNECT)
    dpc__flow_release(client);
  dpc_call_unref(call);
}

static void fail_lossy(dpc_call *call) {
  dpc_error error;
  dpc__fail(
      &error, DPC_UNKNOWN_OUTCOME, "service_lost",
      "See the service's log (difypool logs). Look whether it happened before doing it again.",
      "the service's connection was lost %u times while it had the call", call->losses);
  dpc__call_fail(call, &error);
}

/* Back to the front of those that wait, in the order in which they were sent. */
void dpc__flow_lost(dpc_client *client) {
  dpc__list later = client->waiting;
  for (dpc_call *call = later.first; call; call = call->next)
    call->list = NULL;
  client->waiting = (dpc__list){NULL, NULL};
  for (dpc_call *call; (call = client->sent.first);) {
    if (!call->sent_whole)
      call->has_epoch = false;
    call->losses++;
    atomic_store(&call->state, DPC__CALL_WAITING);
    if (call->role == DPC__ROLE_USER && call->losses <= LOSSES_MAX)
      dpc__call_move(call, &client->waiting);
    else if (call->role == DPC__ROLE_USER)
      fail_lossy(call);
    else
      dpc__call_finish(call);
  }
  if (client->handle_state == DPC__HANDLE_ASKED)
    client->handle_state = DPC__HANDLE_NONE;
  for (dpc_call *call = later.first, *next; call; call = next) {
    next = call->next;
    call->prev = call->next = NULL;
    dpc__call_move(call, &client->waiting);
    dpc_call_unref(call); /* it had its reference from the list before */
  }
}

static void fail_by_link(dpc_call *call, const dpc_error *error) {
  dpc_error own;
  if (call->role != DPC__ROLE_USER || !call->sent_whole || error->kind == DPC_CANCELLED) {
    dpc__call_fail(call, error);
    return;
  }
  dpc__fail(&own, DPC_UNKNOWN_OUTCOME, "service_lost",
            "Look whether it happened before doing it again.",
            "the service had the call and is gone: %s", error->message);
  dpc__call_fail(call, &own);
}

void dpc__flow_fail_all(dpc_client *client, const dpc_error *error) {
  dpc_error copy = *error; /* it may be the client's own, which changes on the way */
  while (client->sent.first)
    fail_by_link(client->sent.first, &copy);
  while (client->waiting.first)
    fail_by_link(client->waiting.first, &copy);
}

static void say_late(dpc_call *call) {
  dpc_client *client = call->client;
  dpc_error error;
  if (call->sent_whole && call->role == DPC__ROLE_USER && call->free)
    dpc__fail(&error, DPC_TIMEOUT, "no_answer", "See what the service does (difypool status).",
              "the deadline passed, and the service at %s does not answer", client->place.path);
  else if (call->sent_whole && call->role == DPC__ROLE_USER)
    dpc__fail(&error, DPC_UNKNOWN_OUTCOME, "no_answer",
              "See what the service does (difypool status); ask again with the same id.",
              "the deadline passed, and the service at %s does not answer", client->place.path);
  else if (client->state == DPC__LINK_UP)
    dpc__fail(&error, DPC_TIMEOUT, "deadline", NULL,
              "the deadline passed before the call was sent");
  else
    dpc__fail(&error, DPC_UNREACHABLE, client->trouble.code[0] ? client->trouble.code : "deadline",
              client->trouble.hint, "the deadline passed before there was a connection to %s%s%s",
              client->place.path, client->trouble.message[0] ? ": " : "", client->trouble.message);
  if (call->sent_whole && client->state == DPC__LINK_UP && call->role == DPC__ROLE_USER)
    send_cancel(call);
  if (call->role == DPC__ROLE_CONNECT) {
    dpc__reply_fail(call->reply, &error);
    take_handle(client, call);
    dpc__call_finish(call);
    return;
  }
  dpc__call_fail(call, &error);
}

static int64_t expire_list(dpc__list *list, int64_t now) {
  int64_t next_deadline = DPC__NEVER;
  for (dpc_call *call = list->first, *next; call; call = next) {
    next = call->next;
    bool theirs = call->sent_whole && call->role == DPC__ROLE_USER;
    int64_t until =
        call->deadline == DPC__NEVER ? DPC__NEVER : call->deadline + (theirs ? ANSWER_GRACE_MS : 0);
    if (until <= now)
      say_late(call);
    else if (until < next_deadline)
      next_deadline = until;
  }
  return next_deadline;
}

void dpc__flow_expire(dpc_client *client, int64_t now) {
  if (now < client->next_deadline)
    return;
  client->next_deadline = DPC__NEVER;
  int64_t a = expire_list(&client->waiting, now), b = expire_list(&client->sent, now);
  int64_t earliest = a < b ? a : b;
  if (earliest < client->next_deadline)
    client->next_deadline = earliest;
}

void dpc__flow_cancel(dpc_call *call) {
  dpc_error error;
  if (atomic_load(&call->state) == DPC__CALL_DONE || call->cancelled)
    return;
  call->cancelled = true;
  if (atomic_load(&call->state) == DPC__CALL_SENT) {
    if (call->client->state == DPC__LINK_UP)
      send_cancel(call);
  } else if (!call->sent_whole) {
    dpc__fail(&error, DPC_CANCELLED, "cancelled", NULL, "the caller ended the call");
    dpc__call_fail(call, &error);
  }
}
