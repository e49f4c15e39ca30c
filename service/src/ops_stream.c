/* stream.open and stream.close: their arguments, and who may. What follows an opening is carried
 * like the operation itself (carry.c); reading is in stream_next.c. */
#include <stdlib.h>
#include <string.h>

#include "encode.h"
#include "fault.h"
#include "service.h"
#include "streams.h"

enum {
  BUFFER_LEAST = 4096,
  BUFFER_MOST = 8388608,
  BUFFER_DEFAULT = 65536,
  TIME_MOST_MS = 86400000
};

/* The operation within, as a request of its own. */
typedef struct opening {
  dpd_stream_settings settings;
  dpd_request inner;
} opening;

static bool read_number(const char *name, const msgpack_object *value, int64_t least, int64_t most,
                        uint32_t *out, dp_error *err) {
  int64_t number;
  if (!dpd_read_range(name, value, least, most, &number, err)) {
    return false;
  }
  *out = (uint32_t)number;
  return true;
}

static bool read_inner_args(dpd_request *inner, const msgpack_object *value, dp_error *err) {
  if (value->type != MSGPACK_OBJECT_MAP) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"args\" must be a map.");
  }
  inner->args = value;
  return true;
}

static bool unknown_argument(const char *op, const msgpack_object *key, const char *known,
                             dp_error *err) {
  int length = key->via.str.size > 64 ? 64 : (int)key->via.str.size;
  dpd_fault(err, DP_INVALID_REQUEST, "unknown_argument", "%s has no argument \"%.*s\".", op, length,
            key->via.str.ptr);
  return dpd_fault_hint(err, "Known are %s.", known);
}

static bool read_open_argument(opening *o, const msgpack_object_kv *pair, dp_error *err) {
  dpd_stream_settings *settings = &o->settings;
  const msgpack_object *value = &pair->val;
  if (dpd_key_is(&pair->key, "op")) {
    return dpd_read_text("op", value, o->inner.op, sizeof(o->inner.op), err);
  }
  if (dpd_key_is(&pair->key, "args")) {
    return read_inner_args(&o->inner, value, err);
  }
  if (dpd_key_is(&pair->key, "buffer")) {
    return read_number("buffer", value, BUFFER_LEAST, BUFFER_MOST, &settings->buffer, err);
  }
  if (dpd_key_is(&pair->key, "idle_ms")) {
    return read_number("idle_ms", value, 1, TIME_MOST_MS, &settings->idle_ms, err);
  }
  if (dpd_key_is(&pair->key, "total_ms")) {
    return read_number("total_ms", value, 1, TIME_MOST_MS, &settings->total_ms, err);
  }
  if (dpd_key_is(&pair->key, "keep_run")) {
    return dpd_read_bool("keep_run", value, &settings->keep_run, err);
  }
  return unknown_argument("stream.open", &pair->key,
                          "op, args, buffer, idle_ms, total_ms and keep_run", err);
}

/* Only what is read, or is known to come in pieces: a write's short answer is worth an id that is
 * remembered with it. */
static bool may_flow(opening *o, dp_error *err) {
  o->settings.op = dp_op_from_name(o->inner.op);
  dp_op op = o->settings.op;
  if (op == DP_OP_NONE) {
    dpd_fault(err, DP_UNSUPPORTED, "unknown_operation", "There is no operation \"%s\".",
              o->inner.op);
    return dpd_fault_hint(err, "service.operations lists them, and so does difypool ops.");
  }
  dp_answer_form form = dp_op_answer(op);
  if (op == DP_OP_PAGES_PUSH && dpd_argument_of(&o->inner, "pages") == NULL) {
    dpd_fault(err, DP_INVALID_REQUEST, "missing_argument", "pages.push needs \"pages\".");
    return dpd_fault_hint(err, "For pages that come one by one there is push.open.");
  }
  if (form == DP_ANSWER_EVENTS || form == DP_ANSWER_BINARY || dpd_is_composed(op) ||
      !dpd_is_write(&o->inner, op)) {
    return true;
  }
  dpd_fault(err, DP_INVALID_REQUEST, "no_stream", "The answer of %s does not come in pieces.",
            o->inner.op);
  return dpd_fault_hint(err, "Call it by itself. Streams are for answers of events or bytes, and "
                             "for reads.");
}

static bool read_open(opening *o, const dpd_request *request, dp_error *err) {
  *o = (opening){.settings = {.buffer = BUFFER_DEFAULT}, .inner = *request};
  o->inner.op[0] = '\0';
  o->inner.args = NULL;
  o->inner.decode = false;
  for (uint32_t i = 0; request->args != NULL && i < request->args->via.map.size; i++) {
    if (!read_open_argument(o, &request->args->via.map.ptr[i], err)) {
      return false;
    }
  }
  if (o->inner.op[0] == '\0') {
    return dpd_fault(err, DP_INVALID_REQUEST, "missing_argument", "stream.open needs \"op\".");
  }
  return may_flow(o, err);
}

dpd_answer_when dpd_op_stream_open(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  (void)out;
  opening o;
  if (!read_open(&o, ask->request, err)) {
    return DPD_ANSWER_ERROR;
  }
  dpd_stream *stream = dpd_stream_new(ask->s, &o.settings);
  if (stream == NULL) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for a stream.");
    return DPD_ANSWER_ERROR;
  }
  dpd_ask inner = *ask;
  inner.request = &o.inner;
  dpd_carry(&inner, o.settings.op, stream);
  return DPD_ANSWER_LATER;
}

/* --- closing
 * ---------------------------------------------------------------------------------------- */

typedef struct close_request {
  uint8_t id[DPD_HANDLE_SIZE];
  bool has_id;
  bool keep_run;
  bool says_keep;
} close_request;

static bool read_close(close_request *c, const dpd_request *request, dp_error *err) {
  for (uint32_t i = 0; request->args != NULL && i < request->args->via.map.size; i++) {
    const msgpack_object_kv *pair = &request->args->via.map.ptr[i];
    bool read = false;
    if (dpd_key_is(&pair->key, "stream")) {
      read = c->has_id = dpd_read_id("stream", &pair->val, c->id, err);
    } else if (dpd_key_is(&pair->key, "keep_run")) {
      read = c->says_keep = dpd_read_bool("keep_run", &pair->val, &c->keep_run, err);
    } else {
      unknown_argument("stream.close", &pair->key, "stream and keep_run", err);
    }
    if (!read) {
      return false;
    }
  }
  return c->has_id ||
         dpd_fault(err, DP_INVALID_REQUEST, "missing_argument", "stream.close needs \"stream\".");
}

static void pack_closed(dpd_text *out) {
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  msgpack_pack_map(&packer, 2);
  dpd_pack_text(&packer, "stopped");
  dpd_pack_bool(&packer, false);
  dpd_pack_text(&packer, "ended");
  dpd_pack_bool(&packer, true);
}

/* False: there is no such stream. *closer is taken over if it is still to be answered. */
static bool close_by_id(const dpd_ask *ask, const close_request *c, dpd_closer **closer,
                        dp_error *err) {
  dpd_service *s = ask->s;
  dpd_closing closing = {0};
  pthread_mutex_lock(&s->lock);
  dpd_handle *handle = dpd_handle_find(&s->streams, c->id, ask->identity.uid);
  dpd_stream *stream = handle == NULL ? NULL : DPD_CONTAINER(handle, dpd_stream, handle);
  bool found = stream != NULL && stream->opened;
  if (found) {
    bool keep = c->says_keep ? c->keep_run : stream->settings.keep_run;
    dpd_stream_close(stream, keep, *closer, &closing);
    *closer = closing.call != NULL ? NULL : *closer;
  }
  pthread_mutex_unlock(&s->lock);
  dpd_closing_finish(s, &closing);
  if (!found) {
    dpd_fault(err, DP_NOT_FOUND, "no_such_stream", "This user has no such stream.");
    dpd_fault_hint(err, "It was closed already, or given up because its connections were gone.");
  }
  return found;
}

static dpd_answer_when close_it(const dpd_ask *ask, const close_request *c, dpd_text *out,
                                dp_error *err) {
  dpd_closer *closer = calloc(1, sizeof(*closer));
  if (closer == NULL) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory to close a stream.");
    return DPD_ANSWER_ERROR;
  }
  *closer = (dpd_closer){.inquiry = ask->inquiry, .peer = ask->peer};
  memcpy(closer->id, ask->request->id, sizeof(closer->id));
  bool found = close_by_id(ask, c, &closer, err);
  bool later = found && closer == NULL;
  free(closer);
  if (later) {
    return DPD_ANSWER_LATER;
  }
  if (found) {
    pack_closed(out);
  }
  return found ? DPD_ANSWER_BODY : DPD_ANSWER_ERROR;
}

dpd_answer_when dpd_op_stream_close(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  close_request c = {0};
  return read_close(&c, ask->request, err) ? close_it(ask, &c, out, err) : DPD_ANSWER_ERROR;
}

dpd_answer_when dpd_stream_close_of(const dpd_ask *ask, const uint8_t id[DPD_HANDLE_SIZE],
                                    dpd_text *out, dp_error *err) {
  close_request c = {.has_id = true};
  memcpy(c.id, id, sizeof(c.id));
  return close_it(ask, &c, out, err);
}
