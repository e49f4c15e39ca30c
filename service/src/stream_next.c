/*
 * stream.next: one request reads many streams.
 *
 * The way of it: all handles are looked up and every "after" is checked before any is acknowledged,
 * so that a request which is refused has changed nothing. Then, if one of its streams has something
 * to tell, it is answered at once with all that they have; else it waits, and the first piece that
 * comes answers it. So a reader that waits gets an event alone and at once; one that is busy finds
 * all that gathered meanwhile in one answer. That, and nothing else, is what coalesces.
 *
 * A reply may be too small for all. It begins with the stream that has been told of least lately,
 * so that none starves behind those that are named before it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "encode.h"
#include "fault.h"
#include "service.h"
#include "streams.h"

enum {
  STREAMS_MOST = 1024,
  WAIT_MOST_MS = 60000,
  WAIT_DEFAULT_MS = 20000,
  BYTES_MOST = 16777216,
  BYTES_DEFAULT = 1048576,
  EVENTS_MOST = 65536,
  EVENTS_DEFAULT = 1024
};

#define FLAT_ARGUMENTS "push, after, wait_ms, max_bytes and max_events"

/* One entry of "streams". */
typedef struct asked {
  uint8_t id[DPD_HANDLE_SIZE];
  int64_t after;
  dpd_stream *stream; /* NULL = there is none of that id */
  dpd_piece *freed;   /* by its acknowledgement */
} asked;

typedef struct inquest {
  asked *entries;
  dpd_telling *tellings; /* room for one an entry */
  uint32_t count;
  uint32_t told;
  int64_t wait_ms;
  int64_t max_bytes;
  int64_t max_events;
  bool flat; /* push.next: of one push, told without a list */
  dpd_list displaced; /* older readers that are left with nothing */
} inquest;

/* --- what is asked
 * -------------------------------------------------------------------------------- */

static bool unknown_key(const char *where, const msgpack_object *key, const char *known,
                        dp_error *err) {
  int length = key->via.str.size > 64 ? 64 : (int)key->via.str.size;
  dpd_fault(err, DP_INVALID_REQUEST, "unknown_argument", "%s has no argument \"%.*s\".", where,
            length, key->via.str.ptr);
  return dpd_fault_hint(err, "Known are %s.", known);
}

static bool read_entry(asked *entry, const msgpack_object *value, dp_error *err) {
  bool has_id = false;
  bool has_after = false;
  if (value->type != MSGPACK_OBJECT_MAP) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type",
                     "\"streams\" must be a list of maps {stream, after}.");
  }
  for (uint32_t i = 0; i < value->via.map.size; i++) {
    const msgpack_object_kv *pair = &value->via.map.ptr[i];
    if (dpd_key_is(&pair->key, "stream")) {
      has_id = dpd_read_id("stream", &pair->val, entry->id, err);
      if (!has_id) {
        return false;
      }
    } else if (dpd_key_is(&pair->key, "after")) {
      has_after = dpd_read_range("after", &pair->val, 0, INT64_MAX, &entry->after, err);
      if (!has_after) {
        return false;
      }
    } else {
      return unknown_key("An entry of \"streams\"", &pair->key, "stream and after", err);
    }
  }
  return (has_id && has_after) ||
         dpd_fault(err, DP_INVALID_REQUEST, "missing_argument",
                   "An entry of \"streams\" needs \"stream\" and \"after\".");
}

static bool make_entries(inquest *q, uint32_t count, dp_error *err) {
  q->count = count;
  q->entries = calloc(count, sizeof(*q->entries));
  q->tellings = calloc(count, sizeof(*q->tellings));
  return (q->entries != NULL && q->tellings != NULL) ||
         dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for this request.");
}

static bool read_streams(inquest *q, const msgpack_object *value, dp_error *err) {
  if (value->type != MSGPACK_OBJECT_ARRAY) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"streams\" must be a list.");
  }
  if (value->via.array.size < 1 || value->via.array.size > STREAMS_MOST) {
    return dpd_fault(err, DP_INVALID_REQUEST, "out_of_range",
                     "\"streams\" must name from 1 to %d streams.", STREAMS_MOST);
  }
  if (!make_entries(q, value->via.array.size, err)) {
    return false;
  }
  for (uint32_t i = 0; i < q->count; i++) {
    if (!read_entry(&q->entries[i], &value->via.array.ptr[i], err)) {
      return false;
    }
  }
  return true;
}

static bool read_argument(inquest *q, const msgpack_object_kv *pair, dp_error *err) {
  const msgpack_object *value = &pair->val;
  if (dpd_key_is(&pair->key, "streams")) {
    return read_streams(q, value, err);
  }
  if (dpd_key_is(&pair->key, "wait_ms")) {
    return dpd_read_range("wait_ms", value, 0, WAIT_MOST_MS, &q->wait_ms, err);
  }
  if (dpd_key_is(&pair->key, "max_bytes")) {
    return dpd_read_range("max_bytes", value, 1, BYTES_MOST, &q->max_bytes, err);
  }
  if (dpd_key_is(&pair->key, "max_events")) {
    return dpd_read_range("max_events", value, 1, EVENTS_MOST, &q->max_events, err);
  }
  return q->flat ? unknown_key("push.next", &pair->key, FLAT_ARGUMENTS, err)
                 : unknown_key("stream.next", &pair->key,
                               "streams, wait_ms, max_bytes and max_events", err);
}

static bool read_flat(inquest *q, const dpd_request *request, dp_error *err) {
  bool has_id = false;
  bool has_after = false;
  if (!make_entries(q, 1, err)) {
    return false;
  }
  for (uint32_t i = 0; request->args != NULL && i < request->args->via.map.size; i++) {
    const msgpack_object_kv *pair = &request->args->via.map.ptr[i];
    bool read;
    if (dpd_key_is(&pair->key, "push")) {
      read = has_id = dpd_read_id("push", &pair->val, q->entries[0].id, err);
    } else if (dpd_key_is(&pair->key, "after")) {
      read = has_after = dpd_read_range("after", &pair->val, 0, INT64_MAX, &q->entries[0].after, err);
    } else if (dpd_key_is(&pair->key, "streams")) {
      read = unknown_key("push.next", &pair->key, FLAT_ARGUMENTS, err);
    } else {
      read = read_argument(q, pair, err);
    }
    if (!read) {
      return false;
    }
  }
  return (has_id && has_after) ||
         dpd_fault(err, DP_INVALID_REQUEST, "missing_argument", "push.next needs \"%s\".",
                   has_id ? "after" : "push");
}

static bool read_request(inquest *q, const dpd_request *request, dp_error *err) {
  if (q->flat) {
    return read_flat(q, request, err);
  }
  for (uint32_t i = 0; request->args != NULL && i < request->args->via.map.size; i++) {
    if (!read_argument(q, &request->args->via.map.ptr[i], err)) {
      return false;
    }
  }
  return q->count > 0 ||
         dpd_fault(err, DP_INVALID_REQUEST, "missing_argument", "stream.next needs \"streams\".");
}

/* --- what there is to tell, with the lock
 * ------------------------------------------------------------ */

static bool has_news(const dpd_stream *stream) {
  return dpd_pieces_any(&stream->pieces) || stream->end != NULL || stream->closed;
}

bool dpd_stream_tell(dpd_stream *stream, size_t max_bytes, uint32_t max_events, bool first,
                     dpd_telling *out) {
  dpd_pieces *pieces = &stream->pieces;
  *out =
      (dpd_telling){.bytes = pieces->bytes, .op = stream->settings.op, .unknown = stream->closed};
  memcpy(out->handle, stream->handle.id, sizeof(out->handle));
  if (stream->closed) {
    return true;
  }
  out->share = dpd_pieces_take(pieces, max_bytes, pieces->bytes ? UINT32_MAX : max_events, first);
  if (stream->end != NULL && dpd_share_end(pieces, &out->share) == pieces->came) {
    out->end = dp_reply_ref(stream->end);
    stream->told = true;
    dpd_stream_settle(stream);
  }
  if (out->share.count == 0 && out->end == NULL) {
    return false;
  }
  stream->told_at = ++stream->service->streaming.replies;
  return true;
}

void dpd_telling_clear(dpd_telling *telling) {
  dpd_piece_release(telling->share.first);
  dp_reply_unref(telling->end);
  *telling = (dpd_telling){0};
}

static bool find_all(dpd_service *s, inquest *q, uint32_t uid, dp_error *err) {
  uint64_t number = ++s->streaming.requests;
  for (uint32_t i = 0; i < q->count; i++) {
    asked *entry = &q->entries[i];
    dpd_handle *handle = dpd_handle_find(&s->streams, entry->id, uid);
    dpd_stream *stream = handle == NULL ? NULL : DPD_CONTAINER(handle, dpd_stream, handle);
    if (stream == NULL || !stream->opened || (q->flat && stream->push == NULL)) {
      continue;
    }
    if (stream->asked == number) {
      return dpd_fault(err, DP_INVALID_REQUEST, "repeated_stream",
                       "\"streams\" names one stream twice.");
    }
    if (!dpd_pieces_may_ack(&stream->pieces, (uint64_t)entry->after)) {
      return dpd_fault(err, DP_INVALID_REQUEST, "after",
                       "\"after\" is %" PRId64 "; of this stream, %" PRIu64
                       " was acknowledged and %" PRIu64 " given.",
                       entry->after, stream->pieces.acked, stream->pieces.given);
    }
    stream->asked = number;
    entry->stream = stream;
  }
  return true;
}

static void displace(dpd_service *s, inquest *q, dpd_waiter *left) {
  if (left != NULL) {
    s->answered++;
    dpd_reader *reader = DPD_CONTAINER(left, dpd_reader, waiter);
    dpd_reader_off(reader);
    dpd_list_append(&q->displaced, &reader->of_peer);
  }
}

static void take_up(dpd_service *s, inquest *q, dpd_peer *peer) {
  for (uint32_t i = 0; i < q->count; i++) {
    asked *entry = &q->entries[i];
    if (entry->stream != NULL) {
      dpd_handle_touch(&entry->stream->handle, peer);
      displace(s, q, dpd_wait_end(&entry->stream->wait));
      entry->freed = dpd_stream_ack(entry->stream, (uint64_t)entry->after);
    }
  }
}

/* The entry to begin with: of those that have something to tell, the one told of least lately. */
static uint32_t fair_start(const inquest *q) {
  uint32_t start = 0;
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < q->count; i++) {
    const dpd_stream *stream = q->entries[i].stream;
    if (stream != NULL && has_news(stream) && stream->told_at < least) {
      least = stream->told_at;
      start = i;
    }
  }
  return start;
}

static void tell_all(inquest *q) {
  size_t bytes = (size_t)q->max_bytes;
  uint32_t events = (uint32_t)q->max_events;
  uint32_t start = fair_start(q);
  for (uint32_t i = 0; i < q->count; i++) {
    const asked *entry = &q->entries[(start + i) % q->count];
    dpd_telling *telling = &q->tellings[q->told];
    if (entry->stream == NULL) {
      telling->unknown = true;
      memcpy(telling->handle, entry->id, sizeof(telling->handle));
      q->told++;
    } else if (has_news(entry->stream) && dpd_stream_tell(entry->stream, bytes, events,
                                                          bytes == (size_t)q->max_bytes, telling)) {
      bytes -= telling->share.bytes < bytes ? telling->share.bytes : bytes;
      events -= telling->bytes ? 0 : telling->share.count;
      q->told++;
    }
  }
}

static bool wait_for_all(const dpd_ask *ask, inquest *q, dpd_peer *peer, dp_error *err) {
  dpd_service *s = ask->s;
  dpd_reader *reader = calloc(1, sizeof(*reader));
  if (reader == NULL) {
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory to wait.");
  }
  reader->inquiry = ask->inquiry;
  reader->max_bytes = (size_t)q->max_bytes;
  reader->max_events = (uint32_t)q->max_events;
  reader->flat = q->flat;
  memcpy(reader->push, q->entries[0].id, sizeof(reader->push));
  memcpy(reader->id, ask->request->id, sizeof(reader->id));
  reader->peer = peer;
  peer->running++;
  dpd_list_append(&peer->readers, &reader->of_peer);
  if (dpd_waiter_begin(&s->streaming.waits, &reader->waiter, dpd_now_ms() + q->wait_ms)) {
    dpd_service_wake(s);
  }
  for (uint32_t i = 0; i < q->count; i++) {
    dpd_wait_take(&q->entries[i].stream->wait, &reader->waiter);
  }
  return true;
}

/* --- readers
 * ------------------------------------------------------------------------------------------ */

void dpd_reader_off(dpd_reader *reader) {
  dpd_waiter_end(&reader->waiter);
  dpd_list_remove(&reader->of_peer);
  reader->peer->running--;
  reader->peer->unread++;
  reader->peer = NULL;
}

dpd_reader *dpd_reader_take(dpd_stream *stream, dpd_telling *out) {
  dpd_waiter *waiter = stream->wait.waiter;
  if (waiter == NULL) {
    return NULL;
  }
  dpd_reader *reader = DPD_CONTAINER(waiter, dpd_reader, waiter);
  if (!dpd_stream_tell(stream, reader->max_bytes, reader->max_events, true, out)) {
    return NULL;
  }
  dpd_reader_off(reader);
  stream->service->answered++;
  return reader;
}

void dpd_readers_gone(dpd_peer *peer, dpd_list *dropped) {
  dpd_node *node;
  while ((node = dpd_list_first(&peer->readers)) != NULL) {
    dpd_reader_off(DPD_CONTAINER(node, dpd_reader, of_peer));
    dpd_list_append(dropped, node);
  }
}

void dpd_readers_drop(dpd_list *dropped) {
  dpd_node *node;
  while ((node = dpd_list_first(dropped)) != NULL) {
    dpd_reader *reader = DPD_CONTAINER(node, dpd_reader, of_peer);
    dpd_list_remove(node);
    dpd_inquiry_drop(reader->inquiry);
    free(reader);
  }
}

/* --- the answer, without the lock
 * ------------------------------------------------------------------- */

static void write_packed(void *user, const void *data, size_t length) {
  dpd_pack_packed(user, data, length);
}

static void pack_share(msgpack_packer *packer, const dpd_telling *telling) {
  const dpd_share *share = &telling->share;
  dpd_pack_text(packer, telling->bytes ? "offset" : "first");
  msgpack_pack_uint64(packer, share->after + (telling->bytes ? 0 : 1));
  dpd_pack_text(packer, telling->bytes ? "bytes" : "events");
  if (telling->bytes) {
    msgpack_pack_bin(packer, share->bytes);
  } else {
    msgpack_pack_array(packer, share->count);
  }
  dpd_share_write(share, write_packed, packer);
}

static void pack_unknown(msgpack_packer *packer) {
  dp_error error;
  dpd_fault(&error, DP_NOT_FOUND, "no_such_stream", "This user has no such stream.");
  dpd_fault_hint(&error, "It was closed, or given up because its connections were gone for "
                         "orphan_grace_ms, or the service was started again.");
  msgpack_pack_map(packer, 1);
  dpd_pack_fault(packer, &error);
}

static void pack_end(msgpack_packer *packer, const dpd_telling *telling) {
  dpd_pack_text(packer, "end");
  if (telling->unknown) {
    pack_unknown(packer);
    return;
  }
  const dpd_answer_style style = {.whole = telling->op == DP_OP_HTTP_REQUEST,
                                  .run = !telling->bytes};
  msgpack_pack_map(packer, 1);
  dpd_pack_outcome(packer, telling->end, &style);
}

static void pack_telling(msgpack_packer *packer, const char *name, const dpd_telling *telling) {
  bool ends = telling->unknown || telling->end != NULL;
  msgpack_pack_map(packer, 1 + (telling->share.count > 0 ? 2u : 0u) + (ends ? 1u : 0u));
  dpd_pack_text(packer, name);
  dpd_pack_bin(packer, telling->handle, sizeof(telling->handle));
  if (telling->share.count > 0) {
    pack_share(packer, telling);
  }
  if (ends) {
    pack_end(packer, telling);
  }
}

/* telling NULL = there is nothing. */
static void pack_flat(dpd_text *out, const uint8_t push[DPD_HANDLE_SIZE],
                      const dpd_telling *telling) {
  dpd_telling nothing = {0};
  msgpack_packer packer;
  memcpy(nothing.handle, push, sizeof(nothing.handle));
  dpd_packer_init(&packer, out);
  pack_telling(&packer, "push", telling != NULL ? telling : &nothing);
}

static void pack_tellings(dpd_text *out, const dpd_telling *tellings, uint32_t count) {
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  msgpack_pack_map(&packer, 1);
  dpd_pack_text(&packer, "streams");
  msgpack_pack_array(&packer, count);
  for (uint32_t i = 0; i < count; i++) {
    pack_telling(&packer, "stream", &tellings[i]);
  }
}

static void no_such_push(dp_error *err) {
  dpd_fault(err, DP_NOT_FOUND, "no_such_push", "This user has no such push.");
  dpd_fault_hint(err, "It was closed, or given up because its connections were gone for "
                      "orphan_grace_ms, or the service was started again: push again.");
}

void dpd_reader_answer(dpd_service *s, dpd_reader *reader, dpd_telling *telling) {
  dpd_text body = {0};
  bool unknown = reader->flat && telling != NULL && telling->unknown;
  dp_error error;
  if (reader->flat) {
    pack_flat(&body, reader->push, telling);
  } else {
    pack_tellings(&body, telling, telling == NULL ? 0 : 1);
  }
  if (unknown) {
    no_such_push(&error);
    dpd_answer_error(s, reader->inquiry, reader->id, &error);
  } else if (body.failed) {
    dpd_fault(&error, DP_INTERNAL, "memory", "There is no memory for the answer.");
    dpd_answer_error(s, reader->inquiry, reader->id, &error);
  } else {
    dpd_answer_service(s, reader->inquiry, reader->id, &body, NULL);
  }
  dpd_text_free(&body);
  if (telling != NULL) {
    dpd_telling_clear(telling);
  }
  free(reader);
}

static void clear(inquest *q) {
  for (uint32_t i = 0; i < q->told; i++) {
    dpd_telling_clear(&q->tellings[i]);
  }
  for (uint32_t i = 0; i < q->count && q->entries != NULL; i++) {
    dpd_piece_release(q->entries[i].freed);
  }
  free(q->entries);
  free(q->tellings);
}

/* With the lock. */
static dpd_answer_when look(const dpd_ask *ask, inquest *q, dp_error *err) {
  dpd_service *s = ask->s;
  dpd_peer *peer = dpd_peers_find(&s->peers, ask->peer);
  if (peer == NULL) {
    dpd_fault(err, DP_CANCELLED, "gone", "The connection is gone.");
    return DPD_ANSWER_ERROR;
  }
  if (peer->running >= s->config.bounds.calls_per_client) {
    dpd_fault(err, DP_BUSY, "calls_per_client",
              "This connection has %zu calls that are not answered.", peer->running);
    dpd_fault_hint(err, "Wait for answers before sending more, or raise calls_per_client.");
    return DPD_ANSWER_ERROR;
  }
  if (!find_all(s, q, ask->identity.uid, err)) {
    return DPD_ANSWER_ERROR;
  }
  if (q->flat && q->entries[0].stream == NULL) {
    no_such_push(err);
    return DPD_ANSWER_ERROR;
  }
  take_up(s, q, peer);
  tell_all(q);
  if (q->told > 0 || q->wait_ms == 0) {
    return DPD_ANSWER_BODY;
  }
  return wait_for_all(ask, q, peer, err) ? DPD_ANSWER_LATER : DPD_ANSWER_ERROR;
}

dpd_answer_when dpd_op_stream_next(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  dpd_service *s = ask->s;
  inquest q = {
      .wait_ms = WAIT_DEFAULT_MS, .max_bytes = BYTES_DEFAULT, .max_events = EVENTS_DEFAULT,
      .flat = strcmp(ask->request->op, "push.next") == 0};
  dpd_list_init(&q.displaced);
  dpd_answer_when when = DPD_ANSWER_ERROR;
  if (read_request(&q, ask->request, err)) {
    pthread_mutex_lock(&s->lock);
    when = look(ask, &q, err);
    pthread_mutex_unlock(&s->lock);
  }
  dpd_node *node;
  while ((node = dpd_list_first(&q.displaced)) != NULL) {
    dpd_list_remove(node);
    dpd_reader_answer(s, DPD_CONTAINER(node, dpd_reader, of_peer), NULL);
  }
  dpd_streams_resume(s);
  if (when == DPD_ANSWER_BODY && q.flat) {
    pack_flat(out, q.entries[0].id, q.told > 0 ? &q.tellings[0] : NULL);
  } else if (when == DPD_ANSWER_BODY) {
    pack_tellings(out, q.tellings, q.told);
  }
  clear(&q);
  return when;
}
