/* upload.open, upload.write and upload.close: their arguments, and who may. What becomes of an upload is
 * in uploads.c. */
#include <stdlib.h>
#include <string.h>

#include <difypool_proto.h>

#include "args.h"
#include "clock.h"
#include "encode.h"
#include "fault.h"
#include "guard.h"
#include "scratch.h"
#include "service.h"
#include "uploads.h"

enum {
  FILE_NAME_MAX = 4096,
  FILE_TYPE_MAX = 255,
  WRITE_MOST = 4 << 20,
  IDLE_LEAST_MS = 100,
  IDLE_DEFAULT_MS = 60000,
  TIME_MOST_MS = 86400000
};

static bool unknown(const char *where, const msgpack_object *key, const char *known,
                    dp_error *err) {
  int length = key->via.str.size > 64 ? 64 : (int)key->via.str.size;
  dpd_fault(err, DP_INVALID_REQUEST, "unknown_argument", "%s has no argument \"%.*s\".", where,
            length, key->via.str.ptr);
  return dpd_fault_hint(err, "Known are %s.", known);
}

static bool missing(const char *op, const char *name, dp_error *err) {
  return dpd_fault(err, DP_INVALID_REQUEST, "missing_argument", "%s needs \"%s\".", op, name);
}

/* --- upload.open ------------------------------------------------------------------------------- */

typedef struct opening {
  dpd_upload_settings settings;
  char op[DPD_NAME_MAX + 1];
  const msgpack_object *args; /* NULL = none */
  char param[DPD_NAME_MAX + 1];
  char name[FILE_NAME_MAX + 1];
  char type[FILE_TYPE_MAX + 1];
  bool has_file;
} opening;

static bool read_file_key(opening *o, const msgpack_object_kv *pair, dp_error *err) {
  const msgpack_object *value = &pair->val;
  if (dpd_key_is(&pair->key, "param")) {
    return dpd_read_text("param", value, o->param, sizeof(o->param), err);
  }
  if (dpd_key_is(&pair->key, "name")) {
    return dpd_read_text("name", value, o->name, sizeof(o->name), err);
  }
  if (dpd_key_is(&pair->key, "type")) {
    return dpd_read_text("type", value, o->type, sizeof(o->type), err);
  }
  if (dpd_key_is(&pair->key, "length")) {
    return dpd_read_range("length", value, 0, INT64_MAX / 2, &o->settings.length, err);
  }
  return unknown("\"file\"", &pair->key, "param, name, type and length", err);
}

static bool read_file(opening *o, const msgpack_object *value, dp_error *err) {
  if (value->type != MSGPACK_OBJECT_MAP) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"file\" must be a map.");
  }
  for (uint32_t i = 0; i < value->via.map.size; i++) {
    const msgpack_object_kv *pair = &value->via.map.ptr[i];
    if (pair->val.type != MSGPACK_OBJECT_NIL && !read_file_key(o, pair, err)) {
      return false;
    }
  }
  o->has_file = true;
  return o->name[0] != '\0' || missing("\"file\"", "name", err);
}

static bool read_ms(const char *name, const msgpack_object *value, int64_t least, uint32_t *out,
                    dp_error *err) {
  int64_t number;
  if (!dpd_read_range(name, value, least, TIME_MOST_MS, &number, err)) {
    return false;
  }
  *out = (uint32_t)number;
  return true;
}

static bool read_open_argument(opening *o, const msgpack_object_kv *pair, dp_error *err) {
  const msgpack_object *value = &pair->val;
  if (dpd_key_is(&pair->key, "op")) {
    return dpd_read_text("op", value, o->op, sizeof(o->op), err);
  }
  if (dpd_key_is(&pair->key, "args")) {
    o->args = value;
    return value->type == MSGPACK_OBJECT_MAP ||
           dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"args\" must be a map.");
  }
  if (dpd_key_is(&pair->key, "file")) {
    return read_file(o, value, err);
  }
  if (dpd_key_is(&pair->key, "idle_ms")) {
    return read_ms("idle_ms", value, IDLE_LEAST_MS, &o->settings.idle_ms, err);
  }
  if (dpd_key_is(&pair->key, "total_ms")) {
    return read_ms("total_ms", value, 1, &o->settings.total_ms, err);
  }
  return unknown("upload.open", &pair->key, "op, args, file, idle_ms and total_ms", err);
}

/* The operation, and that this is its file. */
static bool resolve(opening *o, dp_error *err) {
  o->settings.op = dp_op_from_name(o->op);
  if (o->settings.op == DP_OP_NONE) {
    dpd_fault(err, DP_UNSUPPORTED, "unknown_operation", "There is no operation \"%s\".", o->op);
    return dpd_fault_hint(err, "service.operations lists them, and so does difypool ops.");
  }
  const char *file = dp_op_file(o->settings.op);
  if (file == NULL) {
    dpd_fault(err, DP_INVALID_REQUEST, "no_file", "%s takes no file.", o->op);
    return dpd_fault_hint(err, "Call it by itself.");
  }
  return o->param[0] == '\0' || strcmp(o->param, file) == 0 ||
         dpd_fault(err, DP_INVALID_REQUEST, "invalid_value",
                   "\"param\" is \"%s\"; the only file of %s is \"%s\".", o->param, o->op, file);
}

static bool read_open(opening *o, const dpd_request *request, dp_error *err) {
  *o = (opening){.settings = {.length = -1, .idle_ms = IDLE_DEFAULT_MS}};
  for (uint32_t i = 0; request->args != NULL && i < request->args->via.map.size; i++) {
    const msgpack_object_kv *pair = &request->args->via.map.ptr[i];
    if (pair->val.type != MSGPACK_OBJECT_NIL && !read_open_argument(o, pair, err)) {
      return false;
    }
  }
  if (o->op[0] == '\0') {
    return missing("upload.open", "op", err);
  }
  return o->has_file ? resolve(o, err) : missing("upload.open", "file", err);
}

static dpd_digest digest_of(const dpd_ask *ask) {
  const uint8_t *args = NULL;
  size_t length = 0;
  dpd_sip sip;
  dpd_guard_find(ask->data, ask->length, DP_KEY_ARGS, &args, &length);
  dpd_sip_init(&sip, ask->s->hash_key);
  dpd_sip_feed(&sip, ask->request->profile, strlen(ask->request->profile) + 1);
  dpd_sip_feed(&sip, args, length);
  return dpd_sip_finish(&sip);
}

static dpd_answer_when answer_opened(const dpd_upload *u, dpd_text *out) {
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  msgpack_pack_map(&packer, 2);
  dpd_pack_text(&packer, "upload");
  dpd_pack_bin(&packer, u->handle.id, sizeof(u->handle.id));
  dpd_pack_text(&packer, "window"); /* see window.h */
  msgpack_pack_uint64(&packer, u->window.size / 2);
  return DPD_ANSWER_BODY;
}

/* With the lock: the profile it goes with, a reference; NULL with err. */
static dp_profile *admit(const dpd_ask *ask, const opening *o, dpd_upload *u, dp_error *err) {
  dpd_service *s = ask->s;
  uint32_t uid = ask->identity.uid;
  dpd_peer *peer = dpd_peers_find(&s->peers, ask->peer);
  if (peer == NULL) {
    dpd_fault(err, DP_CANCELLED, "gone", "The connection is gone.");
    return NULL;
  }
  if (s->draining) {
    dpd_fault(err, DP_CANCELLED, "draining", "The service is ending; nothing was begun.");
    err->retryable = 1;
    dpd_fault_hint(err, "Connect again: another one takes over.");
    return NULL;
  }
  const dpd_profile_entry *entry =
      dpd_profiles_find(&s->profiles, ask->request->profile, uid, err);
  if (entry == NULL || !dpd_may(s, uid, entry->name, entry->handle, o->op, err) ||
      !dpd_upload_enter(u, peer, err)) {
    return NULL;
  }
  memcpy(u->profile, entry->name, sizeof(u->profile));
  return dp_profile_ref(entry->profile);
}

static bool start(const dpd_ask *ask, const opening *o, dpd_upload *u, dp_profile *profile,
                  dp_error *err) {
  dp_call_options options = DP_CALL_OPTIONS_INIT;
  dp_file_source file = DP_FILE_SOURCE_INIT;
  dp_args *args = dp_args_new();
  options.profile = profile;
  options.priority = ask->request->priority;
  options.flags = ask->request->flags;
  file.filename = o->name;
  file.type = o->type[0] != '\0' ? o->type : NULL;
  bool filled = args != NULL && (o->args == NULL || dpd_args_fill(args, o->args, DP_OP_NONE,
                                                                   dpd_scratch_json(), err));
  if (args == NULL) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for this upload.");
  }
  bool started = filled && dpd_upload_start(u, args, &file, &options, err);
  if (!filled) {
    dpd_upload_leave(u);
  }
  dp_args_free(args);
  return started;
}

/* The upload that this very request opened before; false with err: its id stands for another one. */
static bool opened_before(const dpd_ask *ask, const dpd_digest *digest, dpd_upload **out,
                          dp_error *err) {
  *out = dpd_upload_opened_by(ask->s, ask->request->id, ask->identity.uid);
  if (*out == NULL || memcmp(&(*out)->digest, digest, sizeof(*digest)) == 0) {
    return true;
  }
  dpd_fault(err, DP_CONFLICT, "id_reused", "This id stands for another upload of this user.");
  return dpd_fault_hint(err, "Make 16 new random bytes for each intended call.");
}

static dpd_answer_when open_new(const dpd_ask *ask, const opening *o, const dpd_digest *digest,
                                dpd_text *out, dp_error *err) {
  dpd_service *s = ask->s;
  dpd_upload *before = NULL;
  dp_profile *profile = NULL;
  dpd_answer_when when = DPD_ANSWER_ERROR;
  dpd_upload *u = dpd_upload_new(s, &o->settings);
  if (u == NULL) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for this upload.");
    return DPD_ANSWER_ERROR;
  }
  memcpy(u->open_id, ask->request->id, sizeof(u->open_id));
  u->digest = *digest;
  u->pid = ask->identity.pid;
  pthread_mutex_lock(&s->lock);
  bool fine = opened_before(ask, digest, &before, err);
  if (fine && before == NULL) {
    profile = admit(ask, o, u, err);
  }
  pthread_mutex_unlock(&s->lock);
  if (before != NULL && fine) {
    when = answer_opened(before, out);
  } else if (profile != NULL && start(ask, o, u, profile, err)) {
    when = answer_opened(u, out);
  }
  dp_profile_unref(profile);
  dpd_upload_unref(before);
  dpd_upload_unref(u);
  return when;
}

dpd_answer_when dpd_op_upload_open(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  opening *o = malloc(sizeof(*o));
  if (o == NULL) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for this upload.");
    return DPD_ANSWER_ERROR;
  }
  dpd_digest digest = digest_of(ask);
  dpd_answer_when when = read_open(o, ask->request, err) ? open_new(ask, o, &digest, out, err)
                                                         : DPD_ANSWER_ERROR;
  free(o);
  return when;
}

/* --- upload.write and upload.close ------------------------------------------------------------------ */

typedef struct passage {
  uint8_t upload[DPD_HANDLE_SIZE];
  bool has_upload;
  int64_t offset; /* -1 = not given */
  const msgpack_object *bytes;
  bool abort;
} passage;

static bool read_bytes(passage *p, const msgpack_object *value, dp_error *err) {
  if (value->type != MSGPACK_OBJECT_BIN) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"bytes\" must be a bin.");
  }
  if (value->via.bin.size < 1 || value->via.bin.size > WRITE_MOST) {
    return dpd_fault(err, DP_INVALID_REQUEST, "out_of_range",
                     "\"bytes\" holds %u bytes; allowed are 1 to %d.", value->via.bin.size,
                     WRITE_MOST);
  }
  p->bytes = value;
  return true;
}

static bool read_passage_argument(passage *p, const char *op, bool closing,
                                  const msgpack_object_kv *pair, dp_error *err) {
  if (dpd_key_is(&pair->key, "upload")) {
    p->has_upload = dpd_read_id("upload", &pair->val, p->upload, err);
    return p->has_upload;
  }
  if (closing && dpd_key_is(&pair->key, "abort")) {
    return dpd_read_bool("abort", &pair->val, &p->abort, err);
  }
  if (!closing && dpd_key_is(&pair->key, "offset")) {
    return dpd_read_range("offset", &pair->val, 0, INT64_MAX / 2, &p->offset, err);
  }
  if (!closing && dpd_key_is(&pair->key, "bytes")) {
    return read_bytes(p, &pair->val, err);
  }
  return unknown(op, &pair->key, closing ? "upload and abort" : "upload, offset and bytes", err);
}

static bool read_passage(passage *p, const dpd_request *request, bool closing, dp_error *err) {
  *p = (passage){.offset = -1};
  for (uint32_t i = 0; request->args != NULL && i < request->args->via.map.size; i++) {
    if (!read_passage_argument(p, request->op, closing, &request->args->via.map.ptr[i], err)) {
      return false;
    }
  }
  if (!p->has_upload) {
    return missing(request->op, "upload", err);
  }
  if (!closing && p->offset < 0) {
    return missing(request->op, "offset", err);
  }
  return closing || p->bytes != NULL || missing(request->op, "bytes", err);
}

/* The upload, now held by this connection: a reference; NULL with err. */
static dpd_upload *find(const dpd_ask *ask, const uint8_t id[DPD_HANDLE_SIZE], dp_error *err) {
  dpd_service *s = ask->s;
  pthread_mutex_lock(&s->lock);
  dpd_upload *u = dpd_upload_find(s, id, ask->identity.uid);
  dpd_peer *peer = dpd_peers_find(&s->peers, ask->peer);
  if (u != NULL && !u->ended && peer != NULL) {
    dpd_handle_touch(&u->handle, peer);
  }
  pthread_mutex_unlock(&s->lock);
  if (u == NULL) {
    dpd_fault(err, DP_NOT_FOUND, "no_such_upload", "There is no upload of this handle.");
    dpd_fault_hint(err, "Its service is gone, or it was given up and is forgotten. If upload.close "
                        "was sent the outcome is unknown; else begin anew, with a new id.");
  }
  return u;
}

static dpd_upload_asker *asker_of(const dpd_ask *ask, dp_error *err) {
  dpd_upload_asker *asker = calloc(1, sizeof(*asker));
  if (asker == NULL) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for this request.");
    return NULL;
  }
  asker->inquiry = ask->inquiry;
  asker->peer = ask->peer;
  asker->decode = ask->request->decode;
  asker->deadline_ms = dpd_now_ms() + ask->request->deadline_ms;
  memcpy(asker->id, ask->request->id, sizeof(asker->id));
  dpd_list_init(&asker->node);
  return asker;
}

static dpd_answer_when write_to(dpd_upload *u, const passage *p, dpd_upload_asker *asker,
                                dpd_text *out, dp_error *err) {
  uint64_t offset = (uint64_t)p->offset;
  bool ended = false;
  dpd_upload_put put = dpd_upload_write(u, &offset, p->bytes->via.bin.ptr, p->bytes->via.bin.size,
                                        asker, &ended, err);
  if (put == DPD_UPLOAD_WAITS) {
    return DPD_ANSWER_LATER;
  }
  free(asker);
  if (put == DPD_UPLOAD_REFUSED) {
    return DPD_ANSWER_ERROR;
  }
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  dpd_pack_accepted(&packer, offset, ended);
  return DPD_ANSWER_BODY;
}

dpd_answer_when dpd_op_upload_write(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  passage p;
  dpd_upload *u = read_passage(&p, ask->request, false, err) ? find(ask, p.upload, err) : NULL;
  dpd_upload_asker *asker = u != NULL ? asker_of(ask, err) : NULL;
  dpd_answer_when when = asker != NULL ? write_to(u, &p, asker, out, err) : DPD_ANSWER_ERROR;
  dpd_upload_unref(u);
  return when;
}

dpd_answer_when dpd_op_upload_close(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  (void)out;
  passage p;
  dpd_upload *u = read_passage(&p, ask->request, true, err) ? find(ask, p.upload, err) : NULL;
  dpd_upload_asker *asker = u != NULL ? asker_of(ask, err) : NULL;
  if (asker != NULL) {
    asker->abort = p.abort;
    dpd_upload_close(u, asker);
  }
  dpd_upload_unref(u);
  return asker != NULL ? DPD_ANSWER_LATER : DPD_ANSWER_ERROR;
}
