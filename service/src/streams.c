/*
 * Streams: what the engine brings, kept until its reader says that it arrived.
 *
 * Who touches what: the engine's thread brings pieces and the end; the transport's threads bring
 * readers, acknowledgements and closes; the main thread what is due. All of it meets under the
 * service's lock, which is held for links only: pieces are made before it, copied and freed after
 * it (pieces.c), and the library is called without it.
 *
 * Back-pressure: a piece that does not fit is refused, which pauses the transfer and so the server;
 * an acknowledgement that brings the stream down to half of its buffer lets it go on. Half, because
 * a transfer that goes on for each small piece would stop and start all the time. What all streams
 * hold is bounded, too (stream_bytes). There a stream waits in line, and the line moves on when any
 * reader acknowledges. A stream that holds nothing may always take one piece: so a reader that
 * wakes up gets something, whatever the sleepers hold.
 */
#include "streams.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "encode.h"
#include "log.h"
#include "service.h"

void dpd_streaming_init(dpd_streaming *streaming) {
  *streaming = (dpd_streaming){0};
  dpd_waits_init(&streaming->waits);
  dpd_list_init(&streaming->starved);
  dpd_list_init(&streaming->resumes);
}

/* --- coming and going
 * ----------------------------------------------------------------------------- */

dpd_stream *dpd_stream_new(dpd_service *s, const dpd_stream_settings *settings) {
  dpd_stream *stream = calloc(1, sizeof(*stream));
  if (stream == NULL) {
    return NULL;
  }
  stream->service = s;
  stream->settings = *settings;
  stream->refs = 2;
  dpd_wait_init(&stream->wait);
  dpd_list_init(&stream->starved);
  dpd_list_init(&stream->resume);
  return stream;
}

bool dpd_stream_enter(dpd_stream *stream, dpd_peer *peer, dp_error *err) {
  dpd_service *s = stream->service;
  const dpd_bounds *bounds = &s->config.bounds;
  const dpd_handle_bounds of_streams = {
      .what = "streams", .per_user = bounds->streams_per_user, .most = bounds->streams_max};
  return (stream->push == NULL || dpd_push_may_enter(stream->push, peer, err)) &&
         dpd_handle_open(&s->streams, &stream->handle, peer, &of_streams, err) &&
         (stream->push == NULL || dpd_push_enter(stream->push, stream));
}

void dpd_stream_discard(dpd_stream *stream) {
  if (stream != NULL && stream->handle.table != NULL) {
    dpd_handle_close(&stream->handle);
  }
  dpd_stream_free(stream);
}

void dpd_stream_free(dpd_stream *stream) {
  if (stream != NULL) {
    dpd_push_leave(stream->push);
    free(stream);
  }
}

void dpd_stream_options(const dpd_stream *stream, dp_call_options *options) {
  options->sink = &dpd_stream_sink;
  options->deadline_ms = stream->settings.total_ms;
  options->stall_ms = stream->settings.idle_ms;
  options->cache_ms = 0;
  options->flags |= stream->settings.keep_run ? DP_CALL_KEEP_RUN : 0u;
}

static void unref(dpd_stream *stream) {
  if (--stream->refs == 0) {
    dp_reply_unref(stream->end);
    dpd_push_leave(stream->push);
    free(stream);
  }
}

void dpd_stream_settle(dpd_stream *stream) {
  dpd_service *s = stream->service;
  bool busy = stream->opened && (stream->end == NULL || (!stream->closed && !stream->told));
  if (busy == stream->busy) {
    return;
  }
  stream->busy = busy;
  if (busy) {
    s->streaming.busy++;
  } else if (--s->streaming.busy == 0 && s->draining) {
    dpd_service_wake(s);
  }
}

void dpd_stream_opened(dpd_stream *stream, dp_call *call, bool bytes) {
  dpd_pieces_init(&stream->pieces, bytes, stream->settings.buffer);
  stream->opened = true;
  stream->call = dp_call_ref(call);
  stream->service->streaming.opened++;
  dpd_stream_settle(stream);
}

/* --- back-pressure
 * -------------------------------------------------------------------------------- */

static bool room_for(const dpd_stream *stream, size_t cost) {
  const dpd_service *s = stream->service;
  uint64_t bound = s->config.bounds.stream_bytes;
  return !dpd_pieces_any(&stream->pieces) ||
         (s->streaming.held < bound && cost <= bound - s->streaming.held);
}

static void let_go_on(dpd_stream *stream) {
  stream->paused = false;
  dpd_list_remove(&stream->starved);
  dpd_list_remove(&stream->resume);
  dpd_list_append(&stream->service->streaming.resumes, &stream->resume);
}

/* It waits for its own reader, or, in line, for anybody's. */
static void pause_it(dpd_stream *stream, size_t cost) {
  stream->paused = true;
  stream->wanted = cost;
  if (dpd_pieces_fits(&stream->pieces, cost)) {
    dpd_list_remove(&stream->starved);
    dpd_list_append(&stream->service->streaming.starved, &stream->starved);
  }
}

/* Something was freed: those in line go on, as far as there is room for what each was refused. */
static void move_line(dpd_service *s) {
  uint64_t bound = s->config.bounds.stream_bytes;
  uint64_t promised = s->streaming.held;
  dpd_node *node;
  while ((node = dpd_list_first(&s->streaming.starved)) != NULL) {
    dpd_stream *stream = DPD_CONTAINER(node, dpd_stream, starved);
    promised += stream->wanted;
    if (promised > bound) {
      return;
    }
    let_go_on(stream);
  }
}

dpd_piece *dpd_stream_ack(dpd_stream *stream, uint64_t after) {
  dpd_service *s = stream->service;
  size_t before = stream->pieces.held;
  dpd_piece *freed = dpd_pieces_ack(&stream->pieces, after);
  if (freed == NULL) {
    return NULL;
  }
  s->streaming.held -= before - stream->pieces.held;
  bool half = stream->pieces.held <= stream->pieces.limit / 2 &&
              dpd_pieces_fits(&stream->pieces, stream->wanted);
  if (stream->paused && half && room_for(stream, stream->wanted)) {
    let_go_on(stream);
  } else if (stream->paused && half && dpd_list_empty(&stream->starved)) {
    dpd_list_append(&s->streaming.starved, &stream->starved);
  }
  move_line(s);
  return freed;
}

void dpd_streams_resume(dpd_service *s) {
  for (;;) {
    dp_call *call = NULL;
    pthread_mutex_lock(&s->lock);
    dpd_node *node = dpd_list_first(&s->streaming.resumes);
    if (node != NULL) {
      dpd_list_remove(node);
      call = dp_call_ref(DPD_CONTAINER(node, dpd_stream, resume)->call);
    }
    pthread_mutex_unlock(&s->lock);
    if (call == NULL) {
      return;
    }
    dp_call_resume(call);
    dp_call_unref(call);
  }
}

dp_flow dpd_stream_push(dpd_stream *stream, dpd_piece *piece) {
  dpd_service *s = stream->service;
  size_t cost = dpd_piece_cost(piece);
  dpd_telling telling;
  dpd_reader *reader = NULL;
  pthread_mutex_lock(&s->lock);
  bool closed = stream->closed;
  bool fits = dpd_pieces_fits(&stream->pieces, cost) && room_for(stream, cost);
  if (!closed && fits) {
    dpd_pieces_push(&stream->pieces, piece);
    s->streaming.held += cost;
    s->streaming.pieces++;
    reader = dpd_reader_take(stream, &telling);
  } else if (!closed) {
    pause_it(stream, cost);
  }
  pthread_mutex_unlock(&s->lock);
  if (closed) {
    dpd_piece_release(piece); /* its transfer is being cancelled */
  } else if (!fits) {
    return DP_FLOW_PAUSE;
  }
  if (reader != NULL) {
    dpd_reader_answer(s, reader, &telling);
  }
  return DP_FLOW_CONTINUE;
}

/* --- the end
 * -------------------------------------------------------------------------------------- */

static void answer_closer(dpd_service *s, dpd_closer *closer, bool stopped) {
  dpd_text body = {0};
  msgpack_packer packer;
  dpd_packer_init(&packer, &body);
  msgpack_pack_map(&packer, 2);
  dpd_pack_text(&packer, "stopped");
  dpd_pack_bool(&packer, stopped);
  dpd_pack_text(&packer, "ended");
  dpd_pack_bool(&packer, false);
  dpd_charge(s, closer->peer, false);
  dpd_answer_service(s, closer->inquiry, closer->id, &body, NULL);
  dpd_text_free(&body);
  free(closer);
}

bool dpd_stream_ended(dpd_stream *stream, dp_reply *reply) {
  dpd_service *s = stream->service;
  dpd_telling telling;
  pthread_mutex_lock(&s->lock);
  if (!stream->opened) {
    pthread_mutex_unlock(&s->lock);
    return false;
  }
  bool stopped = dp_reply_run(reply)->stop_asked != 0;
  dp_call *call = stream->call;
  dpd_closer *closer = stream->closer;
  stream->call = NULL;
  stream->closer = NULL;
  stream->end = dp_reply_ref(reply);
  stream->paused = false;
  dpd_list_remove(&stream->starved);
  dpd_list_remove(&stream->resume);
  dpd_reader *reader = dpd_reader_take(stream, &telling);
  if (stream->push != NULL) {
    dpd_push_stir(stream->push);
    dpd_push_log(stream->push, stream->handle.uid, reply);
  }
  dpd_stream_settle(stream);
  unref(stream);
  pthread_mutex_unlock(&s->lock);
  dp_call_unref(call);
  if (reader != NULL) {
    dpd_reader_answer(s, reader, &telling);
  }
  if (closer != NULL) {
    answer_closer(s, closer, stopped);
  }
  return true;
}

void dpd_stream_close(dpd_stream *stream, bool keep_run, dpd_closer *closer, dpd_closing *out) {
  dpd_service *s = stream->service;
  *out = (dpd_closing){.keep_run = keep_run};
  stream->closed = true;
  dpd_handle_close(&stream->handle);
  out->reader = dpd_reader_take(stream, &out->telling);
  s->streaming.held -= stream->pieces.held;
  out->pieces = dpd_pieces_drop(&stream->pieces);
  dpd_list_remove(&stream->starved);
  move_line(s);
  if (stream->push != NULL) {
    dpd_push_stir(stream->push);
  }
  if (stream->end == NULL) {
    out->call = dp_call_ref(stream->call);
    stream->closer = closer;
    stream->settings.keep_run = keep_run;
  }
  dpd_stream_settle(stream);
  unref(stream);
}

void dpd_closing_finish(dpd_service *s, dpd_closing *closing) {
  dpd_piece_release(closing->pieces);
  if (closing->call != NULL) {
    dp_call_keep_run(closing->call, closing->keep_run);
    dp_call_cancel(closing->call);
    dp_call_unref(closing->call);
  }
  if (closing->reader != NULL) {
    dpd_reader_answer(s, closing->reader, &closing->telling);
  }
  dpd_streams_resume(s);
}

/* --- what is due
 * ---------------------------------------------------------------------------------- */

/* One orphan whose grace is over is closed. False: there is none. */
static bool close_orphan(dpd_service *s, int64_t now_ms, int64_t *next) {
  dpd_closing closing = {0};
  pthread_mutex_lock(&s->lock);
  dpd_handle *handle = dpd_handles_due(&s->streams, now_ms, next);
  dpd_stream *stream = handle == NULL ? NULL : DPD_CONTAINER(handle, dpd_stream, handle);
  if (stream != NULL && stream->opened) { /* of one that has not, the call is the orphan: carry.c */
    dpd_log(DP_LOG_DEBUG, "nobody reads the stream of %s of uid %" PRIu32 " any more",
            dp_op_name(stream->settings.op), handle->uid);
    dpd_stream_close(stream, stream->settings.keep_run, NULL, &closing);
  }
  pthread_mutex_unlock(&s->lock);
  dpd_closing_finish(s, &closing);
  return stream != NULL;
}

/* One reader who has waited long enough is told that there is nothing. */
static bool release_reader(dpd_service *s, int64_t now_ms, int64_t *next) {
  dpd_reader *reader = NULL;
  pthread_mutex_lock(&s->lock);
  dpd_waiter *waiter = dpd_waits_due(&s->streaming.waits, now_ms, next);
  if (waiter != NULL) {
    reader = DPD_CONTAINER(waiter, dpd_reader, waiter);
    dpd_reader_off(reader);
    s->answered++;
  }
  pthread_mutex_unlock(&s->lock);
  if (reader != NULL) {
    dpd_reader_answer(s, reader, NULL);
  }
  return reader != NULL;
}

int64_t dpd_streams_tick(dpd_service *s, int64_t now_ms) {
  int64_t next = INT64_MAX;
  while (close_orphan(s, now_ms, &next)) {
  }
  while (release_reader(s, now_ms, &next)) {
  }
  return next;
}

void dpd_streams_stop(dpd_service *s) {
  dpd_node *node;
  while ((node = dpd_list_first(&s->streams.all)) != NULL) {
    dpd_closing closing;
    pthread_mutex_lock(&s->lock);
    dpd_stream_close(DPD_CONTAINER(DPD_CONTAINER(node, dpd_handle, all), dpd_stream, handle), true,
                     NULL, &closing);
    pthread_mutex_unlock(&s->lock);
    dpd_closing_finish(s, &closing);
  }
}
