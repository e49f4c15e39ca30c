/*
 * What programs call. Options are checked whole before anything is made, so that a wrong one costs
 * nothing; after that only the world can be at fault.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "args.h"
#include "core.h"
#include "error.h"
#include "reply.h"
#include "secret.h"
#include "utf8.h"

enum {
  CALLS_MAX = 4096, /* calls_per_client of the service */
  DEADLINE_MS = 120000,
  PATIENCE_MS = 10000,
  PATIENCE_MAX = 600000,
  SCRATCH = 65536,
  MESSAGE_MAX = (64 << 20) + (64 << 10) /* message_max of the service */
};
#define HELD_MAX (UINT64_C(256) << 20)
#define REPLY_MAX (UINT64_C(80) << 20)

/* ---- Options -------------------------------------------------------------------------------- */

static const char *flaw_of(const dpc_client_options *o) {
  if (o->size != sizeof *o)
    return "size is not set; begin them with DPC_CLIENT_OPTIONS_INIT";
  if (o->base_url && o->profile)
    return "profile and base_url are both set; a client has one or the other";
  if (o->api_key && !o->base_url)
    return "api_key is set without base_url";
  if (o->connect && !o->base_url)
    return "connect is set without base_url";
  if (o->profile && (!*o->profile || strlen(o->profile) > DPC__PROFILE_MAX))
    return "profile is empty or longer than 255 bytes";
  if ((o->profile && !dpc__utf8_valid(o->profile, strlen(o->profile))) ||
      (o->base_url && !dpc__utf8_valid(o->base_url, strlen(o->base_url))) ||
      (o->api_key && !dpc__utf8_valid(o->api_key, strlen(o->api_key))))
    return "profile, base_url or api_key is not UTF-8";
  if (o->deadline_ms > DPC__DEADLINE_MAX || o->patience_ms > PATIENCE_MAX)
    return "deadline_ms or patience_ms is over its bound";
  if (o->calls_max > CALLS_MAX)
    return "calls_max is over 4096";
  return NULL;
}

/* The message of service.connect is packed once; all copies of the key but that one are wiped. */
static bool keep_connect(dpc_client *client, const dpc_client_options *o) {
  dpc__bytes tail = {0};
  dpc__pack_text(&tail, "op");
  dpc__pack_text(&tail, "service.connect");
  dpc__pack_text(&tail, "args");
  dpc__pack_map(&tail, (o->api_key ? 2u : 1u) + dpc__args_count_of(o->connect));
  dpc__pack_text(&tail, "base_url");
  dpc__pack_text(&tail, o->base_url);
  if (o->api_key) {
    dpc__pack_text(&tail, "api_key");
    dpc__pack_text(&tail, o->api_key);
  }
  dpc__args_put(o->connect, &tail);
  client->connect_tail = tail.failed ? NULL : dpc__secret_alloc(tail.length);
  if (client->connect_tail)
    memcpy(client->connect_tail, tail.data, tail.length);
  client->connect_length = tail.length;
  client->connect_entries = 2;
  dpc__bytes_wipe(&tail);
  return client->connect_tail;
}

static bool keep_text(char **out, const char *text) {
  *out = text ? strdup(text) : NULL;
  return *out || !text;
}

static bool autostart_allowed(void) {
  const char *said = secure_getenv("DIFYPOOL_AUTOSTART");
  return !said || strcmp(said, "0") != 0;
}

static bool keep_options(dpc_client *client, const dpc_client_options *o) {
  client->autostart = o->autostart && autostart_allowed();
  client->deadline_ms = o->deadline_ms ? o->deadline_ms : DEADLINE_MS;
  client->patience_ms = o->patience_ms ? o->patience_ms : PATIENCE_MS;
  client->calls_max = o->calls_max ? o->calls_max : CALLS_MAX;
  client->held_max = o->held_max ? o->held_max : HELD_MAX;
  client->reader.max = o->reply_max ? o->reply_max : REPLY_MAX;
  return keep_text(&client->program, o->program) && keep_text(&client->profile, o->profile) &&
         (!o->base_url || keep_connect(client, o));
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static void init_idle(dpc_client *client) {
  pthread_mutex_init(&client->lock, NULL);
  client->pid = getpid();
  client->uid = geteuid();
  client->fd = client->kick_fd = client->epoll_fd = client->ready_fd = client->timer_fd = -1;
  client->launch = (dpc__launch)DPC__LAUNCH_INIT;
  client->state_until = client->patience_until = client->next_deadline = DPC__NEVER;
}

static bool init_memory(dpc_client *client) {
  uint32_t slots = 64;
  while (slots < 2 * client->calls_max + 64) /* 64 for the client's own */
    slots *= 2;
  client->slot_mask = slots - 1;
  client->slots = calloc(slots, sizeof *client->slots);
  client->scratch = malloc(SCRATCH);
  client->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return client->slots && client->scratch && client->kick_fd >= 0 &&
         getrandom(&client->next_request_id, sizeof client->next_request_id, 0) ==
             sizeof client->next_request_id;
}

static void close_descriptors(dpc_client *client) {
  if (client->fd >= 0)
    close(client->fd);
  if (client->kick_fd >= 0)
    close(client->kick_fd);
  dpc__launch_clear(&client->launch);
  dpc__loop_close(client);
}

static void destroy(dpc_client *client) {
  close_descriptors(client);
  dpc__sp_reset(&client->reader);
  dpc__secret_free(client->connect_tail, client->connect_length);
  free(client->slots);
  free(client->scratch);
  free(client->program);
  free(client->profile);
  pthread_mutex_destroy(&client->lock);
  free(client);
}

static dpc_kind make(dpc_client **out, const dpc_client_options *o, dpc_error *err) {
  dpc_client *client = calloc(1, sizeof *client);
  if (!client)
    return dpc__no_memory(err);
  init_idle(client);
  dpc__world world = {
      .socket = o->socket && *o->socket ? o->socket : secure_getenv("DIFYPOOL_SOCKET"),
      .run = "/run",
      .tmp = "/tmp",
      .uid = client->uid,
  };
  dpc_kind kind = dpc__place_find(&world, &client->place, err);
  if (kind == DPC_OK && (!keep_options(client, o) || !init_memory(client) ||
                         (o->dispatch && !dpc__loop_open(client))))
    kind = dpc__fail(err, DPC_INTERNAL, "no_resources", NULL,
                     "there is no memory, or there are no descriptors, for a client");
  if (kind != DPC_OK)
    destroy(client);
  else
    *out = client;
  return kind;
}

/* Waits until the client is ready for calls, or says why it will not be. */
static dpc_kind await_ready(dpc_client *client, dpc_error *err) {
  dpc_call *barrier = dpc__call_new(client, DPC__ROLE_BARRIER);
  if (!barrier)
    return dpc__no_memory(err);
  pthread_mutex_lock(&client->lock);
  dpc__flow_admit(barrier);
  dpc__wait_for(barrier);
  pthread_mutex_unlock(&client->lock);
  dpc_kind kind = dpc_reply_kind(barrier->reply);
  if (err)
    *err = *dpc_reply_error(barrier->reply);
  dpc_call_unref(barrier);
  return kind;
}

dpc_kind dpc_client_open(dpc_client **out, const dpc_client_options *options, dpc_error *err) {
  static const dpc_client_options defaults = DPC_CLIENT_OPTIONS_INIT;
  const dpc_client_options *o = options ? options : &defaults;
  const char *flaw = out ? flaw_of(o) : "there is no place for the client";
  dpc_client *client = NULL;
  if (flaw)
    return dpc__fail(err, DPC_INVALID_REQUEST, "bad_option", NULL, "client options: %s", flaw);
  dpc_kind kind = make(&client, o, err);
  if (kind != DPC_OK)
    return kind;
  if (!o->lazy)
    kind = await_ready(client, err);
  if (kind != DPC_OK) {
    dpc_client_close(client);
    return kind;
  }
  if (err)
    *err = (dpc_error){.kind = DPC_OK};
  *out = client;
  return DPC_OK;
}

void dpc_client_close(dpc_client *client) {
  dpc_error error;
  if (!client || dpc__loop_in_callback())
    return;
  if (client->pid != getpid()) { /* the parent's state, perhaps in the middle of a change */
    close_descriptors(client);
    return;
  }
  dpc__fail(&error, DPC_CANCELLED, "closed", NULL, "the client was closed");
  pthread_mutex_lock(&client->lock);
  dpc__link_close(client);
  dpc__flow_fail_all(client, &error);
  dpc__loop_run_callbacks(client);
  pthread_mutex_unlock(&client->lock);
  destroy(client);
}

const char *dpc_client_socket(const dpc_client *client) {
  return client->place.path;
}

bool dpc_client_is_private(const dpc_client *client) {
  return client->place.kind == DPC__PLACE_PRIVATE || client->is_private;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

static dpc_kind forked(dpc_error *err) {
  return dpc__fail(err, DPC_INVALID_REQUEST, "forked", "Open a client of its own in the child.",
                   "this client was opened before fork()");
}

static dpc_kind refuse_start(const dpc_client *client, const char *operation,
                             const dpc_call_options *options, dpc_done_fn on_done, dpc_error *err) {
  const char *flaw = dpc__request_flaw(operation, options);
  if (client->pid != getpid())
    return forked(err);
  if (flaw)
    return dpc__fail(err, DPC_INVALID_REQUEST, "bad_option", NULL, "%s", flaw);
  if (on_done && client->epoll_fd < 0)
    return dpc__fail(err, DPC_INVALID_REQUEST, "no_dispatch",
                     "Open the client with dispatch = 1, or use dpc_call_wait.",
                     "a callback was given, and nobody would run it");
  return DPC_OK;
}

static void apply_options(dpc_call *call, const dpc_call_options *o) {
  uint32_t deadline = o && o->deadline_ms ? o->deadline_ms : call->client->deadline_ms;
  call->deadline = dpc__now() + deadline;
  if (!o)
    return;
  call->again = o->flags & DPC_CALL_MAYBE_DONE;
  call->own_profile = o->profile;
  call->no_json = o->flags & DPC_CALL_NO_JSON;
}

static bool make_frame(dpc_call *call, const char *operation, const dpc_args *args,
                       const dpc_call_options *options) {
  dpc__bytes tail = {0};
  uint32_t entries = dpc__request_tail(&tail, operation, args, options);
  bool ok = !tail.failed && dpc__call_frame(call, tail.data, tail.length, entries, false);
  dpc__bytes_clear(&tail);
  return ok;
}

static dpc_call *make_call(dpc_client *client, const char *operation, const dpc_args *args,
                           const dpc_call_options *options) {
  dpc_call *call = dpc__call_new(client, DPC__ROLE_USER);
  if (!call)
    return NULL;
  apply_options(call, options);
  call->free = dpc__request_is_free(operation, args);
  if (options && options->id && !dpc__call_rename(call, options->id)) {
    dpc_call_unref(call);
    return NULL;
  }
  if (keep_text(&call->profile, options ? options->profile : NULL) &&
      make_frame(call, operation, args, options))
    return call;
  dpc_call_unref(call);
  return NULL;
}

static dpc_kind check_bounds(const dpc_client *client, const dpc_call *call, dpc_error *err) {
  if (call->frame_size > MESSAGE_MAX)
    return dpc__fail(err, DPC_TOO_LARGE, "message_max", NULL,
                     "the call's arguments have %zu bytes, a message may have %d",
                     call->tail_length, MESSAGE_MAX);
  if (client->calls >= client->calls_max)
    return dpc__fail(err, DPC_BUSY, "calls_max", "Wait for some of them first.",
                     "%u calls of this client are not answered yet", client->calls);
  if (call->frame_size > client->held_max || client->held > client->held_max - call->frame_size)
    return dpc__fail(err, DPC_BUSY, "held_max", "Wait for some calls first, or raise it.",
                     "requests that are not answered yet hold %llu bytes",
                     (unsigned long long)client->held);
  return DPC_OK;
}

static dpc_kind admit(dpc_call *call, dpc_error *err) {
  dpc_client *client = call->client;
  dpc_kind kind = check_bounds(client, call, err);
  if (kind == DPC_OK) {
    client->calls++;
    client->held += call->frame_size;
    dpc__flow_admit(call);
  }
  return kind;
}

dpc_kind dpc_call_start(dpc_client *client, const char *operation, const dpc_args *args,
                        const dpc_call_options *options, dpc_done_fn on_done, void *user,
                        dpc_call **out, dpc_error *err) {
  dpc_kind kind = refuse_start(client, operation, options, on_done, err);
  if (kind != DPC_OK)
    return kind;
  dpc_call *call = make_call(client, operation, args, options);
  if (!call)
    return dpc__no_memory(err);
  call->on_done = on_done;
  call->user = user;
  pthread_mutex_lock(&client->lock);
  kind = admit(call, err);
  dpc__wait_changed(client);
  pthread_mutex_unlock(&client->lock);
  if (kind == DPC_OK && out)
    *out = dpc_call_ref(call);
  dpc_call_unref(call);
  return kind;
}

/* A reply without a call, for what cannot even be started. */
static dpc_kind answer_error(dpc_reply **reply, const dpc_error *error) {
  static const uint8_t nobody[DPC__ID];
  *reply = dpc__reply_new(nobody);
  if (*reply)
    dpc__reply_fail(*reply, error);
  return error->kind;
}

static dpc_kind refuse_wait(const dpc_client *client, dpc_error *err) {
  if (client->pid != getpid())
    return forked(err);
  if (dpc__loop_in_callback())
    return dpc__fail(err, DPC_INVALID_REQUEST, "in_callback",
                     "Start the call and let it call back.", "a callback may not wait for a call");
  return DPC_OK;
}

dpc_kind dpc_call_run(dpc_client *client, const char *operation, const dpc_args *args,
                      const dpc_call_options *options, dpc_reply **reply) {
  dpc_error error;
  dpc_kind kind = refuse_wait(client, &error);
  if (kind == DPC_OK)
    kind = refuse_start(client, operation, options, NULL, &error);
  if (kind != DPC_OK)
    return answer_error(reply, &error);
  dpc_call *call = make_call(client, operation, args, options);
  if (!call)
    return answer_error(reply, (dpc__no_memory(&error), &error));
  pthread_mutex_lock(&client->lock);
  kind = admit(call, &error);
  if (kind == DPC_OK) {
    dpc__wait_changed(client);
    dpc__wait_for(call);
  }
  pthread_mutex_unlock(&client->lock);
  if (kind != DPC_OK)
    dpc__reply_fail(call->reply, &error);
  *reply = dpc_reply_ref(call->reply);
  dpc_call_unref(call);
  return dpc_reply_kind(*reply);
}

dpc_kind dpc_call_wait(dpc_call *call, dpc_reply **reply) {
  dpc_error error;
  if (atomic_load(&call->state) != DPC__CALL_DONE) {
    if (refuse_wait(call->client, &error) != DPC_OK)
      return answer_error(reply, &error);
    if (call->on_done) {
      dpc__fail(&error, DPC_INVALID_REQUEST, "has_callback", NULL, "the call has a callback");
      return answer_error(reply, &error);
    }
    dpc_client *client = call->client;
    pthread_mutex_lock(&client->lock);
    dpc__wait_for(call);
    pthread_mutex_unlock(&client->lock);
  }
  *reply = dpc_reply_ref(call->reply);
  return dpc_reply_kind(*reply);
}

void dpc_call_cancel(dpc_call *call) {
  if (!call || atomic_load(&call->state) == DPC__CALL_DONE || call->client->pid != getpid())
    return;
  dpc_client *client = call->client;
  pthread_mutex_lock(&client->lock);
  dpc__flow_cancel(call);
  dpc__wait_changed(client);
  pthread_mutex_unlock(&client->lock);
}
