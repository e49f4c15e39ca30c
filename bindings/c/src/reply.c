/*
 * A reply keeps the message that it came as, and points into it. Texts on the wire do not end in
 * NUL, C wants them to: once all views are taken, the byte behind each text is made NUL, in place.
 * That byte is the head of the next entry, which has been read by then (or the spare one behind the
 * message). Values that stay msgpack (service.*) hold their own texts, and are left alone.
 *
 * Unknown keys are ignored, a missing or odd one reads as nothing: a newer service may say more.
 */
#include "reply.h"

#include <difypool_proto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "mp.h"

enum { HEADERS_MAX = 256 };

typedef struct span {
  char *text; /* NULL = absent */
  size_t length;
} span;

typedef struct header {
  span name, value;
} header;

struct dpc_reply {
  atomic_uint refs;
  uint8_t id[DPC__ID];
  uint8_t epoch[DPC__ID];
  bool has_epoch, pending, no_json;
  uint8_t *data; /* the message, everything below points into it */
  dpc_error error;
  int32_t status;
  span type, body;
  dpc_value value; /* at is NULL if the body is bytes */
  uint8_t *json;   /* the value as text */
  header *headers;
  size_t header_count;
  dpc_meta meta;
  span meta_op, meta_version, meta_note;
};

dpc_reply *dpc__reply_new(const uint8_t id[DPC__ID]) {
  dpc_reply *reply = calloc(1, sizeof *reply);
  if (!reply)
    return NULL;
  atomic_init(&reply->refs, 1);
  memcpy(reply->id, id, DPC__ID);
  reply->meta.op = reply->meta.version = reply->meta.note = "";
  return reply;
}

dpc_reply *dpc_reply_ref(dpc_reply *reply) {
  if (reply)
    atomic_fetch_add_explicit(&reply->refs, 1, memory_order_relaxed);
  return reply;
}

void dpc_reply_unref(dpc_reply *reply) {
  if (!reply || atomic_fetch_sub_explicit(&reply->refs, 1, memory_order_acq_rel) != 1)
    return;
  free(reply->data);
  free(reply->json);
  free(reply->headers);
  free(reply);
}

void dpc__reply_no_json(dpc_reply *reply) {
  reply->no_json = true;
}

void dpc__reply_fail(dpc_reply *reply, const dpc_error *error) {
  reply->error = *error;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static bool get(dpc_value map, const char *key, dpc_value *out) {
  return dpc_value_get(map, key, out);
}

static span span_of(dpc_value value) {
  span s = {NULL, 0};
  const char *text = dpc_value_text(value, &s.length);
  s.text = (char *)(uintptr_t)text; /* into reply->data, which is ours to change */
  return s;
}

static span get_span(dpc_value map, const char *key) {
  dpc_value value;
  return get(map, key, &value) ? span_of(value) : (span){NULL, 0};
}

static uint64_t get_uint(dpc_value map, const char *key) {
  dpc_value value;
  return get(map, key, &value) ? dpc_value_uint(value, 0) : 0;
}

static uint32_t get_uint32(dpc_value map, const char *key) {
  uint64_t number = get_uint(map, key);
  return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static bool get_bool(dpc_value map, const char *key) {
  dpc_value value;
  return get(map, key, &value) && dpc_value_bool(value, false);
}

static void get_copy(dpc_value map, const char *key, char *out, size_t size) {
  span s = get_span(map, key);
  dpc__copy(out, size, s.text ? s.text : "", s.length);
}

static void read_meta(dpc_reply *r, dpc_value map) {
  r->meta = (dpc_meta){
      .op = "",
      .version = "",
      .note = "",
      .attempts = get_uint32(map, DP_KEY_ATTEMPTS),
      .reused = get_bool(map, DP_KEY_REUSED),
      .cached = get_bool(map, DP_KEY_CACHED),
      .joined = get_bool(map, DP_KEY_JOINED),
      .verified = get_bool(map, DP_KEY_VERIFIED),
      .resent = get_bool(map, DP_KEY_RESENT),
      .queued_us = get_uint(map, DP_KEY_QUEUED_US),
      .paced_us = get_uint(map, DP_KEY_PACED_US),
      .dns_us = get_uint(map, DP_KEY_DNS_US),
      .connect_us = get_uint(map, DP_KEY_CONNECT_US),
      .tls_us = get_uint(map, DP_KEY_TLS_US),
      .server_us = get_uint(map, DP_KEY_SERVER_US),
      .total_us = get_uint(map, DP_KEY_TOTAL_US),
      .sent = get_uint(map, DP_KEY_SENT),
      .received = get_uint(map, DP_KEY_RECEIVED),
  };
  r->meta_op = get_span(map, DP_KEY_OP);
  r->meta_version = get_span(map, DP_KEY_VERSION);
  r->meta_note = get_span(map, DP_KEY_NOTE);
}

static bool read_headers(dpc_reply *r, dpc_value map) {
  size_t count = dpc_value_type(map) == DPC_TYPE_MAP ? dpc_value_count(map) : 0;
  if (!count)
    return true;
  if (count > HEADERS_MAX)
    count = HEADERS_MAX;
  r->headers = calloc(count, sizeof *r->headers);
  if (!r->headers)
    return false;
  dpc_walk walk = dpc_value_walk(map);
  dpc_value key, value;
  while (r->header_count < count && dpc_walk_next(&walk, &key, &value)) {
    header h = {span_of(key), span_of(value)};
    if (h.name.text && h.value.text)
      r->headers[r->header_count++] = h;
  }
  return true;
}

static bool read_value(dpc_reply *r, dpc_value value) {
  r->value = value;
  if (r->no_json)
    return true;
  dpc__bytes json = {0};
  dpc__json_write(value, &json);
  size_t length = json.length;
  dpc__bytes_append(&json, "", 1);
  if (json.failed) {
    dpc__bytes_clear(&json);
    return false;
  }
  r->json = json.data;
  r->body = (span){(char *)json.data, length};
  return true;
}

/* status, type, headers, body and meta stand in `ok` and in `error` alike. */
static bool read_answer(dpc_reply *r, dpc_value map) {
  dpc_value value;
  uint64_t status = get_uint(map, DP_KEY_STATUS);
  r->status = status <= 999 ? (int32_t)status : 0;
  r->type = get_span(map, DP_KEY_TYPE);
  if (get(map, DP_KEY_META, &value))
    read_meta(r, value);
  if (get(map, DP_KEY_HEADERS, &value) && !read_headers(r, value))
    return false;
  if (!get(map, DP_KEY_BODY, &value))
    return true;
  if (dpc_value_type(value) != DPC_TYPE_BYTES)
    return read_value(r, value);
  r->body = span_of(value);
  return true;
}

static void read_error(dpc_reply *r, dpc_value map) {
  dpc_error *e = &r->error;
  get_copy(map, DP_KEY_KIND, e->kind_name, sizeof e->kind_name);
  get_copy(map, DP_KEY_CODE, e->code, sizeof e->code);
  get_copy(map, DP_KEY_MESSAGE, e->message, sizeof e->message);
  get_copy(map, DP_KEY_HINT, e->hint, sizeof e->hint);
  e->kind = dpc__kind_named(e->kind_name);
  if (e->kind == DPC_OK)
    e->kind = DPC_INTERNAL;
  e->retryable = get_bool(map, DP_KEY_RETRYABLE);
  e->retry_after_ms = get_uint32(map, DP_KEY_RETRY_AFTER_MS);
  e->status = r->status;
  r->pending = get_bool(map, DP_KEY_PENDING);
}

static const char *terminate(span s, const char *absent) {
  if (!s.text)
    return absent;
  s.text[s.length] = '\0';
  return s.text;
}

/* After this no map of the message can be walked again, but for r->value. */
static void terminate_all(dpc_reply *r) {
  terminate(r->type, "");
  if (!r->value.at)
    terminate(r->body, "");
  for (size_t i = 0; i < r->header_count; i++) {
    terminate(r->headers[i].name, "");
    terminate(r->headers[i].value, "");
  }
  r->meta.op = terminate(r->meta_op, "");
  r->meta.version = terminate(r->meta_version, "");
  r->meta.note = terminate(r->meta_note, "");
}

static const char *read_map(dpc_reply *r, dpc_value map) {
  dpc_value value, error;
  bool ok = get(map, DP_KEY_OK, &value), failed = get(map, DP_KEY_ERROR, &error);
  span epoch = get_span(map, DP_KEY_EPOCH), id = get_span(map, DP_KEY_ID);
  if (get_uint(map, DP_KEY_V) != DP_PROTOCOL_VERSION)
    return "it is of another version of the protocol";
  if (ok == failed)
    return "it has both ok and error, or neither";
  if (dpc_value_type(ok ? value : error) != DPC_TYPE_MAP)
    return "its ok or error is no map";
  if (failed && !get_span(error, DP_KEY_KIND).text)
    return "its error has no kind";
  if (id.text && (id.length != DPC__ID || memcmp(id.text, r->id, DPC__ID) != 0))
    return "it is for another call";
  r->has_epoch = epoch.text && epoch.length == DPC__ID;
  if (r->has_epoch)
    memcpy(r->epoch, epoch.text, DPC__ID);
  if (!read_answer(r, ok ? value : error)) {
    dpc__no_memory(&r->error);
    return NULL;
  }
  if (failed)
    read_error(r, error);
  return NULL;
}

void dpc__reply_decode(dpc_reply *r, uint8_t *data, size_t length, size_t body_at) {
  r->data = data;
  const char *flaw = dpc__mp_check(data + body_at, length - body_at);
  if (!flaw)
    flaw = read_map(r, (dpc_value){data + body_at, data + length});
  if (flaw)
    dpc__fail(&r->error, DPC_PROTOCOL, "bad_reply",
              "Is what listens there a difypoold of this version?",
              "the service's reply cannot be read: %s", flaw);
  else
    terminate_all(r);
}

const uint8_t *dpc__reply_epoch(const dpc_reply *reply) {
  return reply->has_epoch ? reply->epoch : NULL;
}

/* ---- What a caller asks --------------------------------------------------------------------- */

dpc_kind dpc_reply_kind(const dpc_reply *reply) {
  return reply ? reply->error.kind : DPC_INTERNAL;
}

const dpc_error *dpc_reply_error(const dpc_reply *reply) {
  return &reply->error;
}

int32_t dpc_reply_status(const dpc_reply *reply) {
  return reply->status;
}

const char *dpc_reply_type(const dpc_reply *reply) {
  if (reply->value.at)
    return "application/json";
  return reply->type.text ? reply->type.text : "";
}

const void *dpc_reply_body(const dpc_reply *reply, size_t *length) {
  if (length)
    *length = reply->body.length;
  return reply->body.text ? reply->body.text : "";
}

bool dpc_reply_value(const dpc_reply *reply, dpc_value *value) {
  *value = reply->value;
  return reply->value.at;
}

const char *dpc_reply_header(const dpc_reply *reply, const char *name) {
  for (size_t i = 0; i < reply->header_count; i++)
    if (strcmp(reply->headers[i].name.text, name) == 0)
      return reply->headers[i].value.text;
  return NULL;
}

bool dpc_reply_header_at(const dpc_reply *reply, size_t index, const char **name,
                         const char **value) {
  if (index >= reply->header_count)
    return false;
  *name = reply->headers[index].name.text;
  *value = reply->headers[index].value.text;
  return true;
}

bool dpc_reply_is_pending(const dpc_reply *reply) {
  return reply->pending;
}

const uint8_t *dpc_reply_id(const dpc_reply *reply) {
  return reply->id;
}

const dpc_meta *dpc_reply_meta(const dpc_reply *reply) {
  return &reply->meta;
}
