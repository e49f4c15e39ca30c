/*
 * The service's own operations. Each is one function of the same shape; the table at the end is
 * checked against the protocol's list when it is compiled, so none can be forgotten.
 */
#include <stdlib.h>
#include <string.h>

#include <difypool_proto.h>
#include <service_ops.h>

#include "clock.h"
#include "encode.h"
#include "fault.h"
#include "log.h"
#include "service.h"

static void pack_key_uint(msgpack_packer *packer, const char *key, uint64_t value) {
  dpd_pack_text(packer, key);
  msgpack_pack_uint64(packer, value);
}

static void pack_key_text(msgpack_packer *packer, const char *key, const char *value) {
  dpd_pack_text(packer, key);
  dpd_pack_text(packer, value);
}

static bool refuse_args(const dpd_request *request, dp_error *err) {
  if (request->args == NULL || request->args->via.map.size == 0) {
    return false;
  }
  return !dpd_fault(err, DP_INVALID_REQUEST, "unknown_argument", "%s takes no arguments.",
                    request->op);
}

static dpd_answer_when op_ping(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  if (refuse_args(ask->request, err)) {
    return DPD_ANSWER_ERROR;
  }
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  msgpack_pack_map(&packer, 1);
  dpd_pack_text(&packer, DP_KEY_EPOCH);
  dpd_pack_bin(&packer, ask->s->epoch, sizeof(ask->s->epoch));
  return DPD_ANSWER_BODY;
}

static void pack_limits(msgpack_packer *packer, const dpd_bounds *bounds) {
#define ONE(name, value, text) +1
#define PACK(name, value, text) pack_key_uint(packer, #name, bounds->name);
  dpd_pack_text(packer, "limits");
  msgpack_pack_map(packer, 0 DP_BOUND_LIST(ONE));
  DP_BOUND_LIST(PACK)
#undef ONE
#undef PACK
}

static uint32_t operation_count(void) {
  enum { NUMBERS = 1024 };
  uint32_t count = 0;
  for (int number = 1; number < NUMBERS; number++) {
    count += dp_op_name((dp_op)number) != NULL;
  }
  return count;
}

/* The servers, and their versions as they were learnt; "" = not yet. */
static void pack_servers(msgpack_packer *packer, const dp_stats *stats) {
  dpd_pack_text(packer, "servers");
  msgpack_pack_array(packer, stats->host_count);
  for (size_t i = 0; i < stats->host_count; i++) {
    msgpack_pack_map(packer, 2);
    pack_key_text(packer, "origin", stats->hosts[i].origin);
    pack_key_text(packer, "version", stats->hosts[i].version);
  }
}

static dpd_answer_when op_info(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  dpd_service *s = ask->s;
  if (refuse_args(ask->request, err)) {
    return DPD_ANSWER_ERROR;
  }
  pthread_mutex_lock(&s->lock);
  dpd_bounds bounds = s->config.bounds;
  bool private_service = !s->shared;
  pthread_mutex_unlock(&s->lock);
  dp_stats stats = DP_STATS_INIT;
  if (dp_client_stats(s->client, &stats) != DP_OK) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for the list of servers.");
    return DPD_ANSWER_ERROR;
  }
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  msgpack_pack_map(&packer, 13);
  pack_key_text(&packer, "name", "difypoold");
  pack_key_text(&packer, "version", dp_version());
  pack_key_text(&packer, "transport", s->transport->ops->version());
  pack_key_uint(&packer, "protocol", DP_PROTOCOL_VERSION);
  dpd_pack_text(&packer, DP_KEY_EPOCH);
  dpd_pack_bin(&packer, s->epoch, sizeof(s->epoch));
  pack_key_uint(&packer, "pid", s->pid);
  pack_key_uint(&packer, "uid", s->uid);
  dpd_pack_text(&packer, "private");
  if (private_service) {
    msgpack_pack_true(&packer);
  } else {
    msgpack_pack_false(&packer);
  }
  pack_key_text(&packer, "socket", s->socket);
  pack_key_uint(&packer, "started_ms", (uint64_t)s->started_ms);
  pack_key_uint(&packer, "operations", operation_count());
  pack_limits(&packer, &bounds);
  pack_servers(&packer, &stats);
  dp_stats_clear(&stats);
  return DPD_ANSWER_BODY;
}

static dpd_answer_when op_operations(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  if (refuse_args(ask->request, err)) {
    return DPD_ANSWER_ERROR;
  }
  if (!dpd_json_to_msgpack(dp_operations_json, sizeof(dp_operations_json) - 1, out)) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for the table of operations.");
    return DPD_ANSWER_ERROR;
  }
  return DPD_ANSWER_BODY;
}

/* With the lock: the profiles that this caller may name. */
static size_t visible_profiles(dpd_service *s, uint32_t uid, const dpd_profile_entry **out,
                               size_t room) {
  size_t count = 0;
  const dpd_list *lists[] = {&s->profiles.configured, &s->profiles.handles};
  for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
    for (dpd_node *n = lists[l]->next; n != lists[l] && count < room; n = n->next) {
      const dpd_profile_entry *entry = DPD_CONTAINER(n, dpd_profile_entry, all);
      if (!entry->handle || entry->owner == uid) {
        out[count++] = entry;
      }
    }
  }
  return count;
}

static dpd_answer_when op_profiles(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  enum { ROOM = 1024 };
  dpd_service *s = ask->s;
  if (refuse_args(ask->request, err)) {
    return DPD_ANSWER_ERROR;
  }
  const dpd_profile_entry **entries = malloc(ROOM * sizeof(*entries));
  if (entries == NULL) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for the list of profiles.");
    return DPD_ANSWER_ERROR;
  }
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  pthread_mutex_lock(&s->lock);
  size_t count = visible_profiles(s, ask->identity.uid, entries, ROOM);
  msgpack_pack_array(&packer, count);
  for (size_t i = 0; i < count; i++) {
    bool by_default = strcmp(entries[i]->name, s->profiles.default_name) == 0;
    msgpack_pack_map(&packer, 4);
    pack_key_text(&packer, "name", entries[i]->name);
    pack_key_text(&packer, "base_url", entries[i]->base_url);
    dpd_pack_text(&packer, "handle");
    entries[i]->handle ? msgpack_pack_true(&packer) : msgpack_pack_false(&packer);
    dpd_pack_text(&packer, "default");
    by_default ? msgpack_pack_true(&packer) : msgpack_pack_false(&packer);
  }
  pthread_mutex_unlock(&s->lock);
  free(entries);
  return DPD_ANSWER_BODY;
}

static dpd_answer_when pack_flag(dpd_text *out, const char *key, bool value) {
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  msgpack_pack_map(&packer, 1);
  dpd_pack_text(&packer, key);
  value ? msgpack_pack_true(&packer) : msgpack_pack_false(&packer);
  return DPD_ANSWER_BODY;
}

/* The only argument of that name, or NULL with err. */
static const msgpack_object *only_argument(const dpd_request *request, const char *name,
                                           dp_error *err) {
  const msgpack_object *args = request->args;
  bool given = args != NULL && args->via.map.size > 0;
  if (!given || args->via.map.size != 1 || !dpd_key_is(&args->via.map.ptr[0].key, name)) {
    dpd_fault(err, DP_INVALID_REQUEST, given ? "unknown_argument" : "missing_argument",
              "%s takes exactly one argument, \"%s\".", request->op, name);
    return NULL;
  }
  return &args->via.map.ptr[0].val;
}

static dpd_answer_when op_cancel(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  uint8_t id[16];
  const msgpack_object *value = only_argument(ask->request, DP_KEY_ID, err);
  if (value == NULL || !dpd_read_id(DP_KEY_ID, value, id, err)) {
    return DPD_ANSWER_ERROR;
  }
  return pack_flag(out, "running", dpd_carry_cancel(ask->s, ask->identity.uid, id));
}

static dpd_answer_when op_drain(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  dpd_service *s = ask->s;
  if (refuse_args(ask->request, err)) {
    return DPD_ANSWER_ERROR;
  }
  if (!dpd_is_master(s, ask->identity.uid)) {
    dpd_fault(err, DP_DENIED, "drain", "Only root and the service's own user may drain it.");
    return DPD_ANSWER_ERROR;
  }
  pthread_mutex_lock(&s->lock);
  s->drain_wanted = true;
  pthread_mutex_unlock(&s->lock);
  dpd_log(DP_LOG_INFO, "uid %u asks for a drain", ask->identity.uid);
  dpd_service_wake(s);
  return pack_flag(out, "draining", true);
}

static bool read_switches(const dpd_request *request, int32_t values[5], dp_error *err) {
  static const char *const names[] = {[DP_SET_POOLING] = "pooling",
                                      [DP_SET_RETRY] = "retry",
                                      [DP_SET_BREAKER] = "breaker",
                                      [DP_SET_CACHE] = "cache"};
  if (request->args == NULL || request->args->via.map.size == 0) {
    return dpd_fault(err, DP_INVALID_REQUEST, "missing_argument",
                     "service.set takes at least one of pooling, retry, breaker and cache.");
  }
  for (uint32_t i = 0; i < request->args->via.map.size; i++) {
    const msgpack_object_kv *pair = &request->args->via.map.ptr[i];
    int what = DP_SET_POOLING;
    while (what <= DP_SET_CACHE && !dpd_key_is(&pair->key, names[what])) {
      what++;
    }
    if (what > DP_SET_CACHE) {
      int length = pair->key.via.str.size > 64 ? 64 : (int)pair->key.via.str.size;
      dpd_fault(err, DP_INVALID_REQUEST, "unknown_argument",
                "service.set has no argument \"%.*s\".", length, pair->key.via.str.ptr);
      return dpd_fault_hint(err, "Known are pooling, retry, breaker and cache.");
    }
    bool on;
    if (!dpd_read_bool(names[what], &pair->val, &on, err)) {
      return false;
    }
    values[what] = on;
  }
  return true;
}

/* A reference to the profile that a switch or a warm-up is for; NULL with err. */
static dp_profile *profile_of(const dpd_ask *ask, bool to_change, dp_error *err) {
  dpd_service *s = ask->s;
  dp_profile *profile = NULL;
  uint32_t uid = ask->identity.uid;
  pthread_mutex_lock(&s->lock);
  const dpd_profile_entry *entry = dpd_profiles_find(&s->profiles, ask->request->profile, uid, err);
  if (entry != NULL && to_change && !entry->handle && !dpd_is_master(s, uid)) {
    dpd_fault(err, DP_DENIED, "configured_profile",
              "Only root and the service's own user may change a configured profile.");
  } else if (entry != NULL && dpd_may(s, uid, entry->name, entry->handle, ask->request->op, err)) {
    profile = dp_profile_ref(entry->profile);
  }
  pthread_mutex_unlock(&s->lock);
  return profile;
}

static dpd_answer_when op_set(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  int32_t values[5] = {-1, -1, -1, -1, -1};
  bool all = ask->request->profile[0] == '\0' && dpd_is_master(ask->s, ask->identity.uid);
  if (!read_switches(ask->request, values, err)) {
    return DPD_ANSWER_ERROR;
  }
  dp_profile *profile = all ? NULL : profile_of(ask, true, err);
  if (!all && profile == NULL) {
    return DPD_ANSWER_ERROR;
  }
  for (int what = DP_SET_POOLING; what <= DP_SET_CACHE; what++) {
    if (values[what] >= 0 && all) {
      dp_client_set(ask->s->client, (dp_switch)what, values[what]);
    } else if (values[what] >= 0) {
      dp_profile_set(profile, (dp_switch)what, values[what]);
    }
  }
  dp_profile_unref(profile);
  return pack_flag(out, "all", all);
}

/* What a warm-up needs until it is done; the message's own memory is gone by then. */
typedef struct warming {
  dpd_service *s;
  dpd_inquiry *inquiry;
  uint32_t peer;
  uint8_t id[16];
} warming;

static void on_warm(dp_profile *profile, uint32_t ready, void *user) {
  (void)profile;
  warming *w = user;
  dpd_text body = {0};
  msgpack_packer packer;
  dpd_packer_init(&packer, &body);
  msgpack_pack_map(&packer, 1);
  pack_key_uint(&packer, "connections", ready);
  dpd_charge(w->s, w->peer, false);
  if (body.failed) {
    dp_error error;
    dpd_fault(&error, DP_INTERNAL, "memory", "There is no memory for the answer.");
    dpd_answer_error(w->s, w->inquiry, w->id, &error);
  } else {
    dpd_answer_service(w->s, w->inquiry, w->id, &body, NULL);
  }
  dpd_text_free(&body);
  free(w);
}

static dpd_answer_when begin_warm(const dpd_ask *ask, dp_profile *profile, uint32_t connections,
                                  dp_error *err) {
  warming *w = calloc(1, sizeof(*w));
  if (w == NULL) {
    dpd_fault(err, DP_INTERNAL, "memory", "There is no memory to warm up.");
    return DPD_ANSWER_ERROR;
  }
  *w = (warming){.s = ask->s, .inquiry = ask->inquiry, .peer = ask->peer};
  memcpy(w->id, ask->request->id, sizeof(w->id));
  dp_kind kind = dp_profile_warm(profile, connections, on_warm, w);
  if (kind != DP_OK) {
    free(w);
    dpd_fault(err, kind, "warm", "The warm-up could not be started: %s", dp_kind_text(kind));
    return DPD_ANSWER_ERROR;
  }
  return DPD_ANSWER_LATER;
}

static dpd_answer_when op_warm(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  (void)out;
  int64_t connections;
  const msgpack_object *value = only_argument(ask->request, "connections", err);
  if (value == NULL || !dpd_read_range("connections", value, 1, 1024, &connections, err)) {
    return DPD_ANSWER_ERROR;
  }
  dp_profile *profile = profile_of(ask, false, err);
  if (profile == NULL) {
    return DPD_ANSWER_ERROR;
  }
  dpd_answer_when when = begin_warm(ask, profile, (uint32_t)connections, err);
  dp_profile_unref(profile);
  return when;
}

typedef enum own_op {
#define OWN_ENUM(NAME, name, text) OWN_##NAME,
  DP_SERVICE_OP_LIST(OWN_ENUM) OWN_COUNT
#undef OWN_ENUM
} own_op;

typedef enum stream_op {
#define STREAM_ENUM(NAME, name, text) STREAM_##NAME,
  DP_STREAM_OP_LIST(STREAM_ENUM) STREAM_COUNT
#undef STREAM_ENUM
} stream_op;

typedef enum upload_op {
#define UPLOAD_ENUM(NAME, name, text) UPLOAD_##NAME,
  DP_UPLOAD_OP_LIST(UPLOAD_ENUM) UPLOAD_COUNT
#undef UPLOAD_ENUM
} upload_op;

typedef enum push_op {
#define PUSH_ENUM(NAME, name, text) PUSH_##NAME,
  DP_PUSH_OP_LIST(PUSH_ENUM) PUSH_COUNT
#undef PUSH_ENUM
} push_op;

#define OP_NAME(NAME, name, text) name,

static dpd_handler own_handler(const char *op) {
  static const char *const names[] = {DP_SERVICE_OP_LIST(OP_NAME)};
  static const dpd_handler handlers[] = {[OWN_PING] = op_ping,
                                         [OWN_INFO] = op_info,
                                         [OWN_STATS] = dpd_op_stats,
                                         [OWN_PROFILES] = op_profiles,
                                         [OWN_OPERATIONS] = op_operations,
                                         [OWN_CONNECT] = dpd_op_connect,
                                         [OWN_SET] = op_set,
                                         [OWN_CANCEL] = op_cancel,
                                         [OWN_WARM] = op_warm,
                                         [OWN_DRAIN] = op_drain};
  _Static_assert(sizeof(handlers) / sizeof(handlers[0]) == OWN_COUNT,
                 "an operation of the service has no handler");
  for (size_t i = 0; i < OWN_COUNT; i++) {
    if (strcmp(names[i], op) == 0) {
      return handlers[i];
    }
  }
  return NULL;
}

static dpd_handler stream_handler(const char *op) {
  static const char *const names[] = {DP_STREAM_OP_LIST(OP_NAME)};
  static const dpd_handler handlers[] = {[STREAM_OPEN] = dpd_op_stream_open,
                                         [STREAM_NEXT] = dpd_op_stream_next,
                                         [STREAM_CLOSE] = dpd_op_stream_close};
  _Static_assert(sizeof(handlers) / sizeof(handlers[0]) == STREAM_COUNT,
                 "an operation of streams has no handler");
  for (size_t i = 0; i < STREAM_COUNT; i++) {
    if (strcmp(names[i], op) == 0) {
      return handlers[i];
    }
  }
  return NULL;
}

static dpd_handler upload_handler(const char *op) {
  static const char *const names[] = {DP_UPLOAD_OP_LIST(OP_NAME)};
  static const dpd_handler handlers[] = {[UPLOAD_OPEN] = dpd_op_upload_open,
                                         [UPLOAD_WRITE] = dpd_op_upload_write,
                                         [UPLOAD_CLOSE] = dpd_op_upload_close};
  _Static_assert(sizeof(handlers) / sizeof(handlers[0]) == UPLOAD_COUNT,
                 "an operation of uploads has no handler");
  for (size_t i = 0; i < UPLOAD_COUNT; i++) {
    if (strcmp(names[i], op) == 0) {
      return handlers[i];
    }
  }
  return NULL;
}

static dpd_handler push_handler(const char *op) {
  static const char *const names[] = {DP_PUSH_OP_LIST(OP_NAME)};
  static const dpd_handler handlers[] = {[PUSH_OPEN] = dpd_op_push_open,
                                         [PUSH_ADD] = dpd_op_push_add,
                                         [PUSH_NEXT] = dpd_op_stream_next,
                                         [PUSH_FINISH] = dpd_op_push_finish,
                                         [PUSH_CLOSE] = dpd_op_push_close};
  _Static_assert(sizeof(handlers) / sizeof(handlers[0]) == PUSH_COUNT,
                 "an operation of pushes has no handler");
  for (size_t i = 0; i < PUSH_COUNT; i++) {
    if (strcmp(names[i], op) == 0) {
      return handlers[i];
    }
  }
  return NULL;
}

dpd_handler dpd_handler_of(const char *op) {
  if (strncmp(op, "service.", 8) == 0) {
    return own_handler(op);
  }
  if (strncmp(op, "upload.", 7) == 0) {
    return upload_handler(op);
  }
  if (strncmp(op, "push.", 5) == 0) {
    return push_handler(op);
  }
  return strncmp(op, "stream.", 7) == 0 ? stream_handler(op) : NULL;
}
