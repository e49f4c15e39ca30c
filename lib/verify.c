/*
 * Looking whether a write happened.
 *
 * A write that an earlier life of the service may have carried out is not carried out again blindly.
 * Deleting by id is the one kind that needs no look: the second time finds nothing and changes
 * nothing, so it is simply done, and "not found" is then the proof that it is gone. Of everything
 * else the caller is told that its outcome is not known.
 */
#include "calls.h"

#include <string.h>

#include "errors.h"

static void gone_is_done(dp_call *call) {
  dp_reply *reply = call->answered ? call->late_reply : call->reply;
  if (reply->error.kind != DP_NOT_FOUND)
    return;
  reply->error = (dp_error){.kind = DP_OK};
  reply->meta.verified = 1;
  reply->status = 204;
  dp__reply_note(reply, "it was gone already: an earlier call deleted it");
}

bool dp__verify_before(dp_call *call) {
  if (strcmp(call->request.method, "DELETE") == 0 && call->request.desc->op != DP_OP_HTTP_REQUEST &&
      !call->request.body) {
    call->finishing = gone_is_done;
    return false;
  }
  dp_error error;
  dp__fail(&error, DP_UNKNOWN_OUTCOME, "service_restarted",
           "Look at the server whether it took effect before you do it again.",
           "%s: it was sent to a service that has ended, and may have taken effect",
           call->request.desc->name);
  dp__call_fail(call, &error);
  return true;
}
