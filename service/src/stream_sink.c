/* Where the library puts what comes of a stream: each event and each run of bytes becomes a piece.
 * All of it runs on the engine's thread, which must not be held up: see streams.c for the lock. */
#include <string.h>
#include <strings.h>

#include <difypool_proto.h>

#include "disposition.h"
#include "encode.h"
#include "service.h"
#include "streams.h"

static const char *header_of(const dp_head *head, const char *name) {
  for (size_t i = 0; i < head->header_count; i++) {
    if (strcasecmp(head->headers[i].name, name) == 0) {
      return head->headers[i].value;
    }
  }
  return "";
}

static bool is_events(dp_op op, const dp_head *head) {
  static const char type[] = "text/event-stream";
  bool may = op == DP_OP_HTTP_REQUEST || dp_op_answer(op) == DP_ANSWER_EVENTS || dpd_is_composed(op);
  return may && strncasecmp(head->type, type, sizeof(type) - 1) == 0 &&
         strchr("; \t", head->type[sizeof(type) - 1]) != NULL; /* its end counts as found */
}

/* The body of stream.open's answer. */
static void pack_opened(dpd_text *out, const dpd_stream *stream, const dp_head *head, bool bytes) {
  char name[DPD_FILE_NAME_SIZE];
  msgpack_packer packer;
  dpd_disposition_name(header_of(head, "content-disposition"), name);
  dpd_packer_init(&packer, out);
  msgpack_pack_map(&packer, head->length >= 0 ? 7 : 6);
  dpd_pack_text(&packer, "stream");
  dpd_pack_bin(&packer, stream->handle.id, sizeof(stream->handle.id));
  dpd_pack_text(&packer, DP_KEY_KIND);
  dpd_pack_text(&packer, bytes ? "bytes" : "events");
  dpd_pack_text(&packer, DP_KEY_STATUS);
  msgpack_pack_int32(&packer, head->status);
  dpd_pack_text(&packer, DP_KEY_TYPE);
  dpd_pack_foreign(&packer, head->type);
  dpd_pack_head_headers(&packer, head);
  dpd_pack_text(&packer, "name");
  dpd_pack_text(&packer, name);
  if (head->length >= 0) {
    dpd_pack_text(&packer, "length");
    msgpack_pack_int64(&packer, head->length);
  }
}

/* The body of push.open's answer. */
static void pack_push(dpd_text *out, const dpd_stream *stream) {
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  msgpack_pack_map(&packer, 2);
  dpd_pack_text(&packer, "push");
  dpd_pack_bin(&packer, stream->handle.id, sizeof(stream->handle.id));
  dpd_pack_text(&packer, "window");
  msgpack_pack_int(&packer, DP_PUSH_WINDOW);
}

static dp_flow on_open(dp_call *handle, const dp_head *head, void *user) {
  dpd_call *call = user;
  bool bytes = !is_events(call->stream->settings.op, head);
  dpd_text body = {0};
  if (call->stream->push != NULL) {
    pack_push(&body, call->stream);
  } else {
    pack_opened(&body, call->stream, head, bytes);
  }
  bool wanted = dpd_carry_opened(call, handle, bytes, &body);
  dpd_text_free(&body);
  return wanted ? DP_FLOW_CONTINUE : DP_FLOW_ABORT;
}

static dp_flow push(dpd_call *call, dpd_piece *piece) {
  if (piece == NULL) {
    return DP_FLOW_ABORT; /* memory is out */
  }
  dp_flow flow = dpd_stream_push(call->stream, piece);
  if (flow == DP_FLOW_PAUSE) {
    dpd_piece_release(piece);
  }
  return flow;
}

static dp_flow on_event(dp_call *handle, const dp_event *event, void *user) {
  (void)handle;
  return push(user, dpd_piece_of_event(event));
}

static dp_flow on_data(dp_call *handle, const void *data, size_t length, void *user) {
  (void)handle;
  return length == 0 ? DP_FLOW_CONTINUE : push(user, dpd_piece_of_bytes(data, length));
}

const dp_sink dpd_stream_sink = {
    .size = sizeof(dp_sink), .on_open = on_open, .on_event = on_event, .on_data = on_data};
