/*
 * What an operation that is made of calls may do for its caller.
 *
 * A rule that allows `batch` allows many calls in one message, not other calls than it allows by
 * themselves; so each call of a batch is looked at here, before the engine has any of them. The
 * other compositions are names of their own: whoever may `pages.push` may have documents listed,
 * created, updated and given metadata by it, since that is what a push is. Deleting is the
 * exception, for it is what an operator takes away first: a push that prunes needs the right to
 * `documents.delete`.
 *
 * Nothing is guessed: what cannot be read here is refused, for the library might read it otherwise.
 */
#include <limits.h>
#include <string.h>

#include "fault.h"
#include "service.h"

bool dpd_is_composed(dp_op op) {
  return op == DP_OP_DATASETS_ENSURE || op == DP_OP_METADATA_ENSURE || op == DP_OP_TAGS_ENSURE ||
         op == DP_OP_DOCUMENTS_WAIT || op == DP_OP_PAGES_PUSH || op == DP_OP_BATCH;
}

bool dpd_takes_long(dp_op op) {
  return op == DP_OP_DOCUMENTS_WAIT || op == DP_OP_PAGES_PUSH || op == DP_OP_BATCH;
}

static const msgpack_object *member(const msgpack_object *map, const char *name) {
  for (uint32_t i = 0; map != NULL && map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size;
       i++) {
    if (dpd_key_is(&map->via.map.ptr[i].key, name)) {
      return &map->via.map.ptr[i].val;
    }
  }
  return NULL;
}

const msgpack_object *dpd_argument_of(const dpd_request *request, const char *name) {
  return member(request->args, name);
}

/* Who asks, and with what. */
typedef struct wish {
  dpd_service *s;
  uint32_t uid;
  const char *profile;
  bool own;
} wish;

static bool may(const wish *w, const char *op, dp_error *err) {
  return dpd_may(w->s, w->uid, w->profile, w->own, op, err);
}

static bool may_prune(const wish *w, const msgpack_object *args, dp_error *err) {
  const msgpack_object *prune = member(args, "prune");
  bool off = prune == NULL || prune->type == MSGPACK_OBJECT_NIL ||
             (prune->type == MSGPACK_OBJECT_BOOLEAN && !prune->via.boolean);
  return off || may(w, "documents.delete", err);
}

enum { OPS = 1024 }; /* the numbers of operations are below it */

/* seen: operations that were asked for before, so that a long batch costs one look at the rules
 * each. */
static bool may_one(const wish *w, const msgpack_object *call, bool seen[OPS], dp_error *err) {
  char name[DPD_NAME_MAX + 1] = "";
  const msgpack_object *given = member(call, "op");
  if (given == NULL) {
    return dpd_fault(err, DP_INVALID_REQUEST, "argument",
                     "batch: a call is no map with an operation \"op\".");
  }
  if (!dpd_read_text("op", given, name, sizeof(name), err)) {
    return false;
  }
  dp_op op = dp_op_from_name(name);
  if (op == DP_OP_NONE) {
    return true; /* its place in the results says so */
  }
  if ((int)op >= OPS || !seen[op]) {
    if (!may(w, dp_op_name(op), err)) {
      return false;
    }
    if ((int)op < OPS) {
      seen[op] = true;
    }
  }
  return op != DP_OP_PAGES_PUSH || may_prune(w, member(call, "args"), err);
}

static bool may_all(const wish *w, const msgpack_object *calls, dp_error *err) {
  bool seen[OPS] = {false};
  if (calls == NULL || calls->type != MSGPACK_OBJECT_ARRAY) {
    return dpd_fault(err, DP_INVALID_REQUEST, "argument", "batch: \"calls\" must be a list.");
  }
  for (uint32_t i = 0; i < calls->via.array.size; i++) {
    if (!may_one(w, &calls->via.array.ptr[i], seen, err)) {
      return false;
    }
  }
  return true;
}

bool dpd_may_within(dpd_service *s, uint32_t uid, const char *profile, bool own, dp_op op,
                    const msgpack_object *args, dp_error *err) {
  const wish w = {.s = s, .uid = uid, .profile = profile, .own = own};
  if (op == DP_OP_PAGES_PUSH) {
    return may_prune(&w, args, err);
  }
  return op != DP_OP_BATCH || may_all(&w, member(args, "calls"), err);
}
