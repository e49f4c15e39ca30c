/* push.open, push.add, push.finish and push.close: their arguments, and who may. What becomes of
 * pages is in pushes.c; push.next is a stream.next of one (stream_next.c). */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "clock.h"
#include "encode.h"
#include "fault.h"
#include "scratch.h"
#include "service.h"

enum {
  BUFFER_LEAST = 4096,
  BUFFER_MOST = 8388608,
  BUFFER_DEFAULT = 65536,
  IDLE_LEAST_MS = 100,
  TIME_MOST_MS = 86400000,
  PAGES_MOST = 1024,
  WAIT_MOST_MS = 60000,
  WAIT_DEFAULT_MS = 20000,
  KEY_MOST = 8192
};

static bool unknown(const char *op, const msgpack_object *key, const char *known, dp_error *err) {
  int length = key->via.str.size > 64 ? 64 : (int)key->via.str.size;
  dpd_fault(err, DP_INVALID_REQUEST, "unknown_argument", "%s has no argument \"%.*s\".", op, length,
            key->via.str.ptr);
  return dpd_fault_hint(err, "Known are %s.", known);
}

static bool missing(const char *op, const char *name, dp_error *err) {
  return dpd_fault(err, DP_INVALID_REQUEST, "missing_argument", "%s needs \"%s\".", op, name);
}

static dpd_answer_when no_memory(dp_error *err) {
  dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for this push.");
  return DPD_ANSWER_ERROR;
}

/* --- push.open ---------------------------------------------------------------------------------
 */

/* pages.push within, as a request of its own: args are what is left for it. */
typedef struct opening {
  dpd_stream_settings settings;
  uint32_t idle_ms;
  dpd_request inner;
  msgpack_object args;
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

static bool read_open_argument(opening *o, const msgpack_object_kv *pair, dp_error *err) {
  const msgpack_object *value = &pair->val;
  if (dpd_key_is(&pair->key, "buffer")) {
    return read_number("buffer", value, BUFFER_LEAST, BUFFER_MOST, &o->settings.buffer, err);
  }
  if (dpd_key_is(&pair->key, "idle_ms")) {
    return read_number("idle_ms", value, IDLE_LEAST_MS, TIME_MOST_MS, &o->idle_ms, err);
  }
  if (dpd_key_is(&pair->key, "total_ms")) {
    return read_number("total_ms", value, 1, TIME_MOST_MS, &o->settings.total_ms, err);
  }
  if (dpd_key_is(&pair->key, "pages")) {
    return unknown("push.open", &pair->key, "those of pages.push but pages; pages go by push.add",
                   err);
  }
  o->args.via.map.ptr[o->args.via.map.size++] = *pair; /* the library checks it */
  return true;
}

/* entries: room for as many as the request has. */
static bool read_open(opening *o, const dpd_request *request, msgpack_object_kv *entries,
                      dp_error *err) {
  *o = (opening){.settings = {.op = DP_OP_PAGES_PUSH, .buffer = BUFFER_DEFAULT}, .inner = *request};
  o->args.type = MSGPACK_OBJECT_MAP;
  o->args.via.map.ptr = entries;
  for (uint32_t i = 0; request->args != NULL && i < request->args->via.map.size; i++) {
    if (!read_open_argument(o, &request->args->via.map.ptr[i], err)) {
      return false;
    }
  }
  strcpy(o->inner.op, "pages.push");
  o->inner.args = &o->args;
  o->inner.decode = false;
  return true;
}

static dpd_answer_when carry_open(const dpd_ask *ask, const opening *o, dp_error *err) {
  dpd_stream *stream = dpd_stream_new(ask->s, &o->settings);
  dpd_push *push = dpd_push_new(ask->s, o->idle_ms);
  if (stream == NULL || push == NULL) {
    dpd_stream_free(stream);
    dpd_push_unref(push);
    return no_memory(err);
  }
  stream->push = push;
  dpd_ask inner = *ask;
  inner.request = &o->inner;
  dpd_carry(&inner, DP_OP_PAGES_PUSH, stream);
  return DPD_ANSWER_LATER;
}

dpd_answer_when dpd_op_push_open(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  (void)out;
  opening o;
  const msgpack_object *args = ask->request->args;
  size_t count = args == NULL ? 0 : args->via.map.size;
  msgpack_object_kv *entries = calloc(count + 1, sizeof(*entries));
  if (entries == NULL) {
    return no_memory(err);
  }
  dpd_answer_when when =
      read_open(&o, ask->request, entries, err) ? carry_open(ask, &o, err) : DPD_ANSWER_ERROR;
  free(entries);
  return when;
}

/* --- finding one -------------------------------------------------------------------------------
 */

static bool no_such_push(dp_error *err) {
  dpd_fault(err, DP_NOT_FOUND, "no_such_push", "This user has no such push.");
  return dpd_fault_hint(err, "It was closed, or given up because its connections were gone for "
                             "orphan_grace_ms, or the service was started again: push again.");
}

/* A reference; the connection holds it now. */
static dpd_push *find(const dpd_ask *ask, const uint8_t id[DPD_HANDLE_SIZE], dp_error *err) {
  dpd_service *s = ask->s;
  dpd_push *push = NULL;
  pthread_mutex_lock(&s->lock);
  dpd_peer *peer = dpd_peers_find(&s->peers, ask->peer);
  dpd_handle *handle = dpd_handle_find(&s->streams, id, ask->identity.uid);
  dpd_stream *stream = handle == NULL ? NULL : DPD_CONTAINER(handle, dpd_stream, handle);
  if (peer != NULL && stream != NULL && stream->opened && stream->push != NULL) {
    dpd_handle_touch(handle, peer);
    push = stream->push;
    atomic_fetch_add(&push->refs, 1);
  }
  pthread_mutex_unlock(&s->lock);
  if (push == NULL) {
    no_such_push(err);
  }
  return push;
}

/* --- push.add -----------------------------------------------------------------------------------
 */

typedef struct adding {
  uint8_t id[DPD_HANDLE_SIZE];
  bool has_id;
  const msgpack_object *pages;
  int64_t at; /* -1 = not said */
  int64_t wait_ms;
} adding;

static bool read_pages(adding *a, const msgpack_object *value, dp_error *err) {
  if (value->type != MSGPACK_OBJECT_ARRAY) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"pages\" must be a list.");
  }
  if (value->via.array.size < 1 || value->via.array.size > PAGES_MOST) {
    return dpd_fault(err, DP_INVALID_REQUEST, "out_of_range",
                     "\"pages\" must hold from 1 to %d pages.", PAGES_MOST);
  }
  a->pages = value;
  return true;
}

static bool read_add(adding *a, const dpd_request *request, dp_error *err) {
  *a = (adding){.at = -1, .wait_ms = WAIT_DEFAULT_MS};
  for (uint32_t i = 0; request->args != NULL && i < request->args->via.map.size; i++) {
    const msgpack_object_kv *pair = &request->args->via.map.ptr[i];
    bool read;
    if (dpd_key_is(&pair->key, "push")) {
      read = a->has_id = dpd_read_id("push", &pair->val, a->id, err);
    } else if (dpd_key_is(&pair->key, "pages")) {
      read = read_pages(a, &pair->val, err);
    } else if (dpd_key_is(&pair->key, "at")) {
      read = dpd_read_range("at", &pair->val, 0, INT64_MAX / 2, &a->at, err);
    } else if (dpd_key_is(&pair->key, "wait_ms")) {
      read = dpd_read_range("wait_ms", &pair->val, 0, WAIT_MOST_MS, &a->wait_ms, err);
    } else {
      read = unknown("push.add", &pair->key, "push, pages, at and wait_ms", err);
    }
    if (!read) {
      return false;
    }
  }
  const char *lacks = !a->has_id ? "push" : a->pages == NULL ? "pages" : a->at < 0 ? "at" : NULL;
  return lacks == NULL || missing("push.add", lacks, err);
}

/* One that is wrong by its form: told as failed, by the key that it has. */
static bool become_wrong(dpd_page *page, const msgpack_object *given, const dp_error *why) {
  char key[KEY_MOST] = "";
  dp_error ignored;
  for (uint32_t i = 0; given->type == MSGPACK_OBJECT_MAP && i < given->via.map.size; i++) {
    const msgpack_object_kv *pair = &given->via.map.ptr[i];
    bool is_id = dpd_key_is(&pair->key, "id");
    if ((is_id || (key[0] == '\0' && dpd_key_is(&pair->key, "url"))) &&
        !dpd_read_text("key", &pair->val, key, sizeof(key), &ignored)) {
      key[0] = '\0';
    }
  }
  page->key = key[0] == '\0' ? NULL : strdup(key);
  page->why = malloc(sizeof(*why));
  if (page->why == NULL || (key[0] != '\0' && page->key == NULL)) {
    return false;
  }
  *page->why = *why;
  return true;
}

static size_t weight(const msgpack_object *value) {
  size_t all = sizeof(*value);
  switch (value->type) {
  case MSGPACK_OBJECT_STR:
    return all + value->via.str.size;
  case MSGPACK_OBJECT_BIN:
    return all + value->via.bin.size;
  case MSGPACK_OBJECT_ARRAY:
    for (uint32_t i = 0; i < value->via.array.size; i++) {
      all += weight(&value->via.array.ptr[i]);
    }
    return all;
  case MSGPACK_OBJECT_MAP:
    for (uint32_t i = 0; i < value->via.map.size; i++) {
      all += weight(&value->via.map.ptr[i].key) + weight(&value->via.map.ptr[i].val);
    }
    return all;
  default:
    return all;
  }
}

/* NULL when memory is out. */
static dpd_page *make_page(const msgpack_object *given) {
  dpd_page *page = calloc(1, sizeof(*page));
  dp_error why;
  if (page == NULL || (page->args = dp_args_new()) == NULL) {
    dpd_page_free(page);
    return NULL;
  }
  page->bytes = sizeof(*page) + weight(given);
  bool fine = given->type == MSGPACK_OBJECT_MAP
                  ? dpd_args_fill_page(page->args, given, dpd_scratch_json(), &why)
                  : dpd_fault(&why, DP_INVALID_REQUEST, "invalid_type", "A page must be a map.");
  if (fine || (why.kind != DP_INTERNAL && become_wrong(page, given, &why))) {
    return page;
  }
  dpd_page_free(page);
  return NULL;
}

/* Whether pages may be given at that place. With its lock. */
static bool may_add(const dpd_push *push, const adding *a, dp_error *err) {
  uint64_t at = (uint64_t)a->at;
  if (at > push->taken) {
    dpd_fault(err, DP_INVALID_REQUEST, "at",
              "Pages at %llu would leave a gap: %llu were taken so far.", (unsigned long long)at,
              (unsigned long long)push->taken);
    return dpd_fault_hint(err, "Go on at what the last answer told as taken.");
  }
  return !push->finish || at + a->pages->via.array.size <= push->taken + push->page_count ||
         dpd_fault(err, DP_INVALID_REQUEST, "finished",
                   "The push was finished, so it takes no more pages.");
}

/* The next page: given, or, behind one that has to wait, held. False: the last of *kind. */
static bool add_one(dpd_push *push, dp_call *call, const msgpack_object *given, bool may_wait,
                    dp_kind *kind, dp_error *err) {
  dpd_page *page = make_page(given);
  if (page == NULL) {
    *kind = DP_INTERNAL;
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for a page.");
  }
  if (*kind == DP_OK) {
    *kind = dpd_push_give(push, call, page, err);
  }
  if (*kind == DP_BUSY && may_wait) {
    dpd_push_hold(push, page);
    return true;
  }
  dpd_page_free(page);
  return *kind == DP_OK;
}

/* With its lock; DP_BUSY: some wait. */
static dp_kind add_all(dpd_push *push, dp_call *call, const adding *a, dp_error *err) {
  dp_kind kind = DP_OK;
  dpd_service *s = push->service;
  uint64_t skip = push->taken - (uint64_t)a->at;
  for (uint64_t i = skip; i < a->pages->via.array.size; i++) {
    if (kind == DP_BUSY && atomic_load(&s->pushing.held) >= s->config.bounds.push_bytes) {
      dpd_fault(err, DP_BUSY, "push_bytes", "Pages of more than %llu bytes wait to be taken.",
                (unsigned long long)s->config.bounds.push_bytes);
      err->retryable = 1;
      dpd_fault_hint(err, "Give them again in a moment, or raise push_bytes.");
      return DP_TOO_LARGE;
    }
    if (!add_one(push, call, &a->pages->via.array.ptr[i], a->wait_ms > 0, &kind, err)) {
      return kind;
    }
  }
  return kind;
}

/* The newer one takes the place of the older, whose client has heard nothing, or is another that
 * does the same. */
static dpd_answer_when add(const dpd_ask *ask, dpd_push *push, dp_call *call, const adding *a,
                           dpd_given *given, dp_error *err) {
  dpd_push_asker older;
  pthread_mutex_lock(&push->lock);
  bool may = may_add(push, a, err);
  bool displaced = may && dpd_push_displace(push, &older);
  dp_kind kind = !may           ? DP_TOO_LARGE
                 : call == NULL ? DP_INVALID_REQUEST
                                : add_all(push, call, a, err);
  push->waits = kind == DP_BUSY && a->wait_ms > 0;
  if (push->waits) {
    push->asker = (dpd_push_asker){
        .inquiry = ask->inquiry, .peer = ask->peer, .due_ms = dpd_now_ms() + a->wait_ms};
    memcpy(push->asker.id, ask->request->id, sizeof(push->asker.id));
  } else if (may) {
    dpd_push_asker nobody;
    dpd_push_displace(push, &nobody); /* what was held of a list that is refused after all */
  }
  bool waits = push->waits;
  push->given_ms = dpd_now_ms();
  *given = (dpd_given){.taken = push->taken, .ended = kind == DP_INVALID_REQUEST};
  pthread_mutex_unlock(&push->lock);
  if (displaced) {
    dpd_push_answer(ask->s, &older, given);
  }
  if (waits) {
    dpd_service_wake(ask->s); /* its time may be the next that is due */
    return DPD_ANSWER_LATER;
  }
  return kind == DP_TOO_LARGE || kind == DP_INTERNAL ? DPD_ANSWER_ERROR : DPD_ANSWER_BODY;
}

dpd_answer_when dpd_op_push_add(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  adding a;
  dpd_given given;
  if (!read_add(&a, ask->request, err)) {
    return DPD_ANSWER_ERROR;
  }
  dpd_push *push = find(ask, a.id, err);
  if (push == NULL) {
    return DPD_ANSWER_ERROR;
  }
  dp_call *call = dpd_push_call(push);
  dpd_answer_when when = add(ask, push, call, &a, &given, err);
  dp_call_unref(call);
  dpd_push_unref(push);
  if (when == DPD_ANSWER_BODY) {
    msgpack_packer packer;
    dpd_packer_init(&packer, out);
    dpd_pack_given(&packer, &given);
  }
  return when;
}

/* --- push.finish ---------------------------------------------------------------------------------
 */

static bool read_finish(adding *a, const dpd_request *request, dp_error *err) {
  *a = (adding){.at = -1};
  for (uint32_t i = 0; request->args != NULL && i < request->args->via.map.size; i++) {
    const msgpack_object_kv *pair = &request->args->via.map.ptr[i];
    bool read;
    if (dpd_key_is(&pair->key, "push")) {
      read = a->has_id = dpd_read_id("push", &pair->val, a->id, err);
    } else if (dpd_key_is(&pair->key, "at")) {
      read = dpd_read_range("at", &pair->val, 0, INT64_MAX / 2, &a->at, err);
    } else {
      read = unknown("push.finish", &pair->key, "push and at", err);
    }
    if (!read) {
      return false;
    }
  }
  return a->has_id || missing("push.finish", "push", err);
}

/* With its lock. */
static bool finish(dpd_push *push, dp_call *call, const adding *a, dp_error *err) {
  uint64_t count = push->taken + push->page_count;
  if (a->at >= 0 && (uint64_t)a->at != count) {
    dpd_fault(err, DP_INVALID_REQUEST, "at", "%lld pages are said to have been given; %llu were.",
              (long long)a->at, (unsigned long long)count);
    return dpd_fault_hint(err, "Give the others again with push.add; the push is still open.");
  }
  push->finish = true;
  dpd_push_pass(push, call);
  return true;
}

dpd_answer_when dpd_op_push_finish(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  adding a;
  if (!read_finish(&a, ask->request, err)) {
    return DPD_ANSWER_ERROR;
  }
  dpd_push *push = find(ask, a.id, err);
  if (push == NULL) {
    return DPD_ANSWER_ERROR;
  }
  dp_call *call = dpd_push_call(push);
  pthread_mutex_lock(&push->lock);
  bool done = finish(push, call, &a, err);
  pthread_mutex_unlock(&push->lock);
  dp_call_unref(call);
  dpd_push_unref(push);
  if (done) {
    msgpack_packer packer;
    dpd_packer_init(&packer, out);
    msgpack_pack_map(&packer, 0);
  }
  return done ? DPD_ANSWER_BODY : DPD_ANSWER_ERROR;
}

/* --- push.close ----------------------------------------------------------------------------------
 */

dpd_answer_when dpd_op_push_close(const dpd_ask *ask, dpd_text *out, dp_error *err) {
  adding a;
  const msgpack_object *args = ask->request->args;
  for (uint32_t i = 0; args != NULL && i < args->via.map.size; i++) {
    if (!dpd_key_is(&args->via.map.ptr[i].key, "push")) {
      unknown("push.close", &args->via.map.ptr[i].key, "push", err);
      return DPD_ANSWER_ERROR;
    }
  }
  if (args == NULL || args->via.map.size == 0) {
    missing("push.close", "push", err);
    return DPD_ANSWER_ERROR;
  }
  if (!dpd_read_id("push", &args->via.map.ptr[0].val, a.id, err)) {
    return DPD_ANSWER_ERROR;
  }
  dpd_push *push = find(ask, a.id, err);
  if (push == NULL) {
    return DPD_ANSWER_ERROR;
  }
  dpd_push_unref(push);
  return dpd_stream_close_of(ask, a.id, out, err);
}
