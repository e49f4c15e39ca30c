/* What those who asked for a call are told. Of one outcome each may hear something else: who joined
 * it, who came after nobody wanted it any more, who allowed it too little time. */
#include <stdlib.h>

#include "carry.h"
#include "encode.h"
#include "fault.h"

void dpd_send_reply(dpd_service *s, dpd_inquiry *inquiry, const uint8_t id[16],
                    const dp_reply *reply, const dpd_answer_style *style) {
  dpd_envelope envelope = {.id = id, .epoch = s->epoch};
  dpd_text decoded = {0};
  bool is_decoded = style->decode && dpd_decode_body(reply, &decoded);
  size_t bound = dpd_encode_bound(reply, is_decoded ? &decoded : NULL);
  dpd_out out = {.data = dpd_inquiry_buffer(inquiry, bound), .capacity = bound};
  if (out.data != NULL) {
    dpd_encode_reply(&out, &envelope, reply, is_decoded ? &decoded : NULL, style);
  }
  dpd_text_free(&decoded);
  if (out.data != NULL && !out.failed) {
    dpd_inquiry_send(inquiry, out.length);
    return;
  }
  dp_error error;
  dpd_fault(&error, DP_INTERNAL, "memory", "There is no memory for the answer of %zu bytes.",
            bound);
  dpd_answer_error(s, inquiry, id, &error);
}

/* It was asked for again just as it was being dropped: no reason to tell of a cancel that the asker
 * knows nothing of. */
static void say_dropped(dp_error *error) {
  dpd_fault(error, DP_BUSY, "orphaned",
            "Nobody had asked for this call for orphan_grace_ms, so it was ended without effect.");
  dpd_fault_hint(error, "Ask again.");
}

/* A stream is cancelled also in the middle of its request, since nobody could stop its run later
 * on. So what it may have begun has to be told. */
static void say_not_opened(dp_error *error, const dpd_asker *asker, const dp_reply *reply) {
  bool begun = !dp_op_is_free(asker->call->op) && dp_reply_meta(reply)->attempts > 0;
  if (begun) {
    dpd_fault(
        error, DP_UNKNOWN_OUTCOME, "opening",
        "The server had not begun to answer when the stream was given up; the run may go on.");
    dpd_fault_hint(error, "Look at the server before doing it again.");
  } else if (asker->after_drop) {
    say_dropped(error);
  } else {
    dpd_fault(error, DP_TIMEOUT, "opening",
              "No answer had begun within deadline_ms, so the stream was not opened.");
    dpd_fault_hint(error, "Allow it more time; what bounds the whole of a stream is total_ms.");
  }
}

/* Whether a cancel is to be told as what led to it. */
static bool translate(const dpd_asker *asker, const dp_reply *reply, dp_error *error) {
  if (reply == NULL || dp_reply_kind(reply) != DP_CANCELLED) {
    return false;
  }
  bool unopened = asker->call->stream != NULL && (asker->call->timed_out || asker->after_drop);
  if (unopened) {
    say_not_opened(error, asker, reply);
  } else if (asker->after_drop) {
    say_dropped(error);
  }
  return unopened || asker->after_drop;
}

void dpd_askers_answer(dpd_service *s, dpd_list *askers, const dp_reply *reply,
                       const dp_error *error, bool whole) {
  dpd_node *node;
  while ((node = dpd_list_first(askers)) != NULL) {
    dpd_asker *asker = DPD_CONTAINER(node, dpd_asker, of_call);
    dp_error cancelled;
    dpd_list_remove(node);
    if (translate(asker, reply, &cancelled)) {
      dpd_answer_error(s, asker->inquiry, asker->id, &cancelled);
    } else if (reply != NULL) {
      dpd_answer_style style = {.decode = asker->decode, .joined = asker->joined, .whole = whole};
      dpd_send_reply(s, asker->inquiry, asker->id, reply, &style);
    } else {
      dpd_answer_error(s, asker->inquiry, asker->id, error);
    }
    free(asker);
  }
}

void dpd_askers_detach(dpd_service *s, dpd_call *call, bool last, dpd_list *out) {
  dpd_node *next;
  dpd_list_init(out);
  for (dpd_node *n = call->askers.next; n != &call->askers; n = next) {
    next = n->next;
    dpd_asker *asker = DPD_CONTAINER(n, dpd_asker, of_call);
    if (last || !asker->after_drop) {
      dpd_list_remove(n);
      dpd_list_append(out, n);
      dpd_asker_detach(asker);
      s->answered++;
    }
  }
}
