/* flows.h - what streams, uploads and pushes share. Internal. */
#ifndef DPC_FLOWS_H
#define DPC_FLOWS_H

#include <difypool-client/flows.h>

#include "core.h"

enum {
  DPC__MARGIN_MS = 30000, /* for a request to be answered, over what it may wait */
  DPC__WAIT_MAX = 60000
};

/* Where a step is started: as dpc_call_start takes it. */
typedef struct dpc__start {
  dpc_client *client;
  const dpc_call_options *call;
  dpc_done_fn on_done;
  void *user;
  dpc_call **started;
  dpc_error *err;
} dpc__start;

/* dpc__flows_start - start the operation with args, which are freed whatever comes of it; a NULL
 * means that memory was out, as does failed. No JSON is made of the reply's value. */
dpc_kind dpc__flows_start(const dpc__start *s, const char *operation, dpc_args *args, bool failed);

/* dpc__flows_wait - for a call that was started without a callback, and give it back. NULL: memory
 * is out. */
dpc_reply *dpc__flows_wait(dpc_call *call);

/* dpc__flows_body - the map that a good reply holds. DPC_OK, or the reply's error (a NULL reply:
 * memory is out), or DPC_PROTOCOL. */
dpc_kind dpc__flows_body(const dpc_reply *reply, const char *operation, dpc_value *body,
                         dpc_error *err);

/* dpc__flows_handle - 16 bytes under that key; false where there are none. */
bool dpc__flows_handle(dpc_value map, const char *key, uint8_t out[DPC__ID]);

/* dpc__flows_odd - the service answered what cannot be. Returns DPC_PROTOCOL. */
dpc_kind dpc__flows_odd(dpc_error *err, const char *operation, const char *what);

/* dpc__flows_failed - a reply of an error, for what could not be started; NULL: memory is out. */
dpc_reply *dpc__flows_failed(const dpc_error *error);

/* dpc__flows_drop - tell the service, without waiting, that a handle is not wanted any more. */
void dpc__flows_drop(dpc_client *client, const char *operation, const char *key,
                     const uint8_t handle[DPC__ID], bool abort);

/* dpc__stream_of - a stream of events over a handle that came otherwise. NULL: memory is out. */
dpc_stream *dpc__stream_of(dpc_client *client, const uint8_t handle[DPC__ID]);
/* dpc__stream_is_push - its end is one of a push. */
void dpc__stream_is_push(dpc_stream *stream);
/* dpc__stream_disown - free it, and leave the handle to who has it. */
void dpc__stream_disown(dpc_stream *stream);

#endif
