/* reply.h - what came of a call, made of a message or of our own knowledge. Internal. */
#ifndef DPC_REPLY_H
#define DPC_REPLY_H

#include <difypool-client/client.h>

#include "request.h"

/* dpc__reply_new - an empty reply for the call of that id. It is made when the call starts, so that
 * there is always one to answer with. NULL when memory is out. */
dpc_reply *dpc__reply_new(const uint8_t id[DPC__ID]);
/* dpc__reply_no_json - make no text of a value that it will hold. */
void dpc__reply_no_json(dpc_reply *reply);
/* dpc__reply_fail - make it that error. */
void dpc__reply_fail(dpc_reply *reply, const dpc_error *error);
/* dpc__reply_decode - make it what the payload says: data is taken over, body_at is where the map
 * begins in it (behind the request id), and a byte is left behind its length. A payload that is no
 * reply makes it a DPC_PROTOCOL error. */
void dpc__reply_decode(dpc_reply *reply, uint8_t *data, size_t length, size_t body_at);
/* dpc__reply_epoch - the service's epoch; NULL if the reply has none. */
const uint8_t *dpc__reply_epoch(const dpc_reply *reply);

#endif
