/*
 * service.connect: a caller brings a base URL and a key of its own.
 *
 * Why a shared service is narrow by default: it runs with its own rights and stands in its own
 * place of the network. A caller who could send it anywhere would borrow both. So there it goes
 * only where a configured profile goes, and not by another way (proxy, resolve). The private
 * service has but one user, who could go anywhere without it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "encode.h"
#include "fault.h"
#include "readable.h"
#include "service.h"

enum { TEXT_MAX = 8192, BYTES_MAX = 1048576 };

static bool set_text(dpd_spec *spec, const dpd_spec_row *row, const msgpack_object *value,
                     dp_error *err) {
  char text[TEXT_MAX];
  bool set = dpd_read_text(row->name, value, text, sizeof(text), err);
  if (set && text[0] == '\0') {
    dpd_fault(err, DP_INVALID_REQUEST, "invalid_argument", "\"%s\" is empty.", row->name);
    set = false;
  } else if (set && !dpd_spec_set_text(spec, row, text)) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for \"%s\".", row->name);
    set = false;
  }
  explicit_bzero(text, sizeof(text)); /* it may have been the key */
  return set;
}

static bool set_bytes(dpd_spec *spec, const dpd_spec_row *row, const msgpack_object *value,
                      dp_error *err) {
  if (value->type != MSGPACK_OBJECT_BIN || value->via.bin.size > BYTES_MAX) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type",
                     "\"%s\" must be a bin of at most 1 MiB.", row->name);
  }
  return dpd_spec_set_bytes(spec, row, value->via.bin.ptr, value->via.bin.size) ||
         dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for \"%s\".", row->name);
}

static bool set_number(dpd_spec *spec, const dpd_spec_row *row, const msgpack_object *value,
                       dp_error *err) {
  bool on;
  int64_t number;
  if (row->type == DPD_SPEC_SWITCH) {
    return dpd_read_bool(row->name, value, &on, err) && dpd_spec_set_number(spec, row, on);
  }
  return dpd_read_range(row->name, value, row->least, row->most, &number, err) &&
         dpd_spec_set_number(spec, row, number);
}

static bool set_entry(dpd_spec *spec, const msgpack_object_kv *entry, dp_error *err) {
  for (size_t i = 0; i < dpd_spec_row_count; i++) {
    const dpd_spec_row *row = &dpd_spec_rows[i];
    if (!dpd_key_is(&entry->key, row->name)) {
      continue;
    }
    switch (row->type) {
    case DPD_SPEC_TEXT:
    case DPD_SPEC_FILE:
      return set_text(spec, row, &entry->val, err);
    case DPD_SPEC_BYTES:
      return set_bytes(spec, row, &entry->val, err);
    default:
      return set_number(spec, row, &entry->val, err);
    }
  }
  int length = entry->key.via.str.size > 64 ? 64 : (int)entry->key.via.str.size;
  dpd_fault(err, DP_INVALID_REQUEST, "unknown_argument",
            "service.connect has no argument \"%.*s\".", length, entry->key.via.str.ptr);
  return dpd_fault_hint(err, "Known are %s.", dpd_spec_names());
}

static bool read_spec(dpd_spec *spec, const dpd_request *request, dp_error *err) {
  for (uint32_t i = 0; request->args != NULL && i < request->args->via.map.size; i++) {
    const msgpack_object_kv *entry = &request->args->via.map.ptr[i];
    if (entry->val.type != MSGPACK_OBJECT_NIL && !set_entry(spec, entry, err)) {
      return false;
    }
  }
  return spec->options.base_url != NULL || dpd_fault(err, DP_INVALID_REQUEST, "missing_argument",
                                                     "service.connect needs \"base_url\".");
}

static bool files_readable(const dpd_spec *spec, uint32_t uid, const gid_t *groups, size_t count,
                           dp_error *err) {
  for (size_t i = 0; i < dpd_spec_row_count; i++) {
    const char *path =
        dpd_spec_rows[i].type == DPD_SPEC_FILE ? dpd_spec_text(spec, &dpd_spec_rows[i]) : NULL;
    if (path == NULL) {
      continue;
    }
    if (path[0] != '/') {
      return dpd_fault(err, DP_INVALID_REQUEST, "relative_path",
                       "\"%s\" must be an absolute path: the service reads it.",
                       dpd_spec_rows[i].name);
    }
    if (groups != NULL && !dpd_readable_by(path, uid, groups, count)) {
      return dpd_fault(err, DP_DENIED, "unreadable_file",
                       "\"%s\" names a file that this user (uid %" PRIu32 ") cannot read.",
                       dpd_spec_rows[i].name, uid);
    }
    if (groups != NULL && !dpd_steady(path)) {
      dpd_fault(err, DP_DENIED, "unsteady_file",
                "\"%s\" names a file that others than root could change while the service reads it.",
                dpd_spec_rows[i].name);
      return dpd_fault_hint(err, "Send a CA as ca_bytes, or have root keep the file, as in /etc/ssl.");
    }
  }
  return true;
}

/* With the lock. */
static bool allowed(dpd_service *s, const dpd_spec *spec, uint32_t uid, dp_error *err) {
  if (!dpd_may(s, uid, "", true, "service.connect", err)) {
    return false;
  }
  if (!s->config.shared || s->config.connect_anywhere || dpd_is_master(s, uid)) {
    return true;
  }
  if (!dpd_profiles_knows(&s->profiles, spec->options.base_url)) {
    dpd_fault(err, DP_DENIED, "base_url",
              "This shared service goes only to the base URLs of its own profiles.");
    return dpd_fault_hint(err, "Its operator can add a profile, or set connect_anywhere.");
  }
  if (spec->options.proxy != NULL || spec->options.resolve != NULL) {
    return dpd_fault(err, DP_DENIED, "proxy",
                     "This shared service does not take \"proxy\" or \"resolve\" from its users.");
  }
  return true;
}

static bool connect_locked(const dpd_ask *ask, const dpd_spec *spec, char name[65], dp_error *err) {
  dpd_service *s = ask->s;
  const dpd_peer *peer = dpd_peers_find(&s->peers, ask->peer);
  if (peer == NULL) {
    return dpd_fault(err, DP_CANCELLED, "gone", "The connection is gone.");
  }
  if (!allowed(s, spec, ask->identity.uid, err)) {
    return false;
  }
  bool strange = !dpd_is_master(s, ask->identity.uid);
  if (!files_readable(spec, ask->identity.uid, strange ? peer->user->groups : NULL,
                      peer->user->group_count, err)) {
    return false;
  }
  const dpd_profile_entry *entry =
      dpd_profiles_connect(&s->profiles, peer->user, spec, s->config.bounds.profiles_per_user, err);
  if (entry != NULL) {
    memcpy(name, entry->name, sizeof(entry->name));
  }
  return entry != NULL;
}

dpd_answer_when dpd_op_connect(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  dpd_spec spec;
  char name[65];
  dpd_spec_init(&spec);
  bool connected = read_spec(&spec, ask->request, err);
  if (connected) {
    pthread_mutex_lock(&ask->s->lock);
    connected = connect_locked(ask, &spec, name, err);
    pthread_mutex_unlock(&ask->s->lock);
  }
  dpd_spec_clear(&spec);
  if (!connected) {
    return DPD_ANSWER_ERROR;
  }
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  msgpack_pack_map(&packer, 1);
  dpd_pack_text(&packer, "profile");
  dpd_pack_text(&packer, name);
  return DPD_ANSWER_BODY;
}
