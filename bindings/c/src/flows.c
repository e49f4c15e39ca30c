/*
 * Streams, uploads and pushes are no part of the wire: each of their steps is a call like any
 * other, which waits, is sent again over a new connection, expires and is cancelled as calls are.
 * What they add is memory of where they stand, and that is changed only by a reply that was read
 * whole. So a step that failed, or whose reply was lost, can be made again.
 */
#include "flows.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "error.h"
#include "reply.h"

dpc_kind dpc__flows_start(const dpc__start *s, const char *operation, dpc_args *args, bool failed) {
  dpc_call_options options = DPC_CALL_OPTIONS_INIT;
  if (s->call)
    options = *s->call;
  options.flags |= DPC_CALL_NO_JSON;
  dpc_kind kind = !args || failed ? dpc__no_memory(s->err)
                                  : dpc_call_start(s->client, operation, args, &options, s->on_done,
                                                   s->user, s->started, s->err);
  dpc_args_free(args);
  return kind;
}

dpc_reply *dpc__flows_wait(dpc_call *call) {
  dpc_reply *reply = NULL;
  dpc_call_wait(call, &reply);
  dpc_call_unref(call);
  return reply;
}

dpc_kind dpc__flows_odd(dpc_error *err, const char *operation, const char *what) {
  return dpc__fail(err, DPC_PROTOCOL, "bad_reply",
                   "Is what listens there a difypoold of this version?",
                   "the service's answer to %s %s", operation, what);
}

dpc_kind dpc__flows_body(const dpc_reply *reply, const char *operation, dpc_value *body,
                         dpc_error *err) {
  if (!reply)
    return dpc__no_memory(err);
  if (dpc_reply_kind(reply) != DPC_OK) {
    if (err)
      *err = *dpc_reply_error(reply);
    return dpc_reply_kind(reply);
  }
  if (!dpc_reply_value(reply, body) || dpc_value_type(*body) != DPC_TYPE_MAP)
    return dpc__flows_odd(err, operation, "is no map");
  return DPC_OK;
}

bool dpc__flows_handle(dpc_value map, const char *key, uint8_t out[DPC__ID]) {
  dpc_value value;
  size_t length = 0;
  const char *bytes = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  if (!bytes || length != DPC__ID)
    return false;
  memcpy(out, bytes, DPC__ID);
  return true;
}

dpc_reply *dpc__flows_failed(const dpc_error *error) {
  static const uint8_t nobody[DPC__ID];
  dpc_reply *reply = dpc__reply_new(nobody);
  if (reply)
    dpc__reply_fail(reply, error);
  return reply;
}

/* Without memory the service finds out by itself, when its grace is over. */
void dpc__flows_drop(dpc_client *client, const char *operation, const char *key,
                     const uint8_t handle[DPC__ID], bool abort) {
  if (client->pid != getpid())
    return;
  dpc_args *args = dpc_args_new();
  bool ok = args && dpc_args_set_bytes(args, key, handle, DPC__ID) == DPC_OK &&
            (!abort || dpc_args_set_bool(args, "abort", true) == DPC_OK);
  if (ok) {
    pthread_mutex_lock(&client->lock);
    if (client->state == DPC__LINK_UP)
      dpc__flow_own(client, DPC__ROLE_QUIET, operation, args);
    dpc__wait_changed(client);
    pthread_mutex_unlock(&client->lock);
  }
  dpc_args_free(args);
}
