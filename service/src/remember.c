/*
 * Why: REQ sockets send a request again by themselves, and a client that lost its connection must
 * be able to ask for the outcome of a write without causing it twice. So a write is known by its id
 * from its start until keep_ms after its end; a read only while it runs, to be joined.
 *
 * Ended writes stand in the order of their end, which is the order of their expiry. When bytes run
 * out, the oldest answer goes and its entry stays as a tombstone: forgetting *what* came of a write
 * is allowed, forgetting *that* it was done is not. When nothing but tombstones is left, new writes
 * are refused instead.
 *
 * Pure: time goes in, answers are opaque.
 */
#include "remember.h"

#include <stdlib.h>
#include <string.h>

#include "map.h"

typedef enum phase { RUNNING, ANSWERED, TOMBSTONE } phase;

typedef struct entry {
  dpd_map_node node;
  dpd_node ended; /* in r->answered or r->tombstones */
  dpd_call_key key;
  dpd_digest digest;
  phase phase;
  bool write;
  void *what; /* the call, then the answer */
  size_t size;
  int64_t expires_ms;
} entry;

struct dpd_remember {
  dpd_map entries;
  dpd_list answered;   /* oldest first */
  dpd_list tombstones; /* nearly oldest first: one may wait for another, at most keep_ms more */
  dpd_remember_bounds bounds;
  uint8_t hash_key[16];
  void (*release)(void *answer);
  size_t bytes;
  size_t remembered;
};

dpd_remember *dpd_remember_new(const dpd_remember_bounds *bounds, const uint8_t hash_key[16],
                               void (*release)(void *answer)) {
  dpd_remember *r = calloc(1, sizeof(*r));
  if (r == NULL) {
    return NULL;
  }
  r->bounds = *bounds;
  r->release = release;
  memcpy(r->hash_key, hash_key, sizeof(r->hash_key));
  dpd_list_init(&r->answered);
  dpd_list_init(&r->tombstones);
  return r;
}

static void free_entry(dpd_map_node *node, void *user) {
  dpd_remember *r = user;
  entry *e = DPD_CONTAINER(node, entry, node);
  if (e->phase == ANSWERED) {
    r->release(e->what);
  }
  free(e);
}

void dpd_remember_free(dpd_remember *r) {
  if (r == NULL) {
    return;
  }
  dpd_map_each(&r->entries, free_entry, r);
  dpd_map_clear(&r->entries);
  free(r);
}

void dpd_remember_set_bounds(dpd_remember *r, const dpd_remember_bounds *bounds) {
  r->bounds = *bounds;
}

static uint64_t hash_of(const dpd_remember *r, const dpd_call_key *key) {
  uint8_t bytes[sizeof(key->uid) + sizeof(key->id)];
  memcpy(bytes, &key->uid, sizeof(key->uid));
  memcpy(bytes + sizeof(key->uid), key->id, sizeof(key->id));
  return dpd_hash(r->hash_key, bytes, sizeof(bytes));
}

static entry *look_up(const dpd_remember *r, const dpd_call_key *key) {
  dpd_map_node *node = dpd_map_first(&r->entries, hash_of(r, key));
  for (; node != NULL; node = dpd_map_next(node)) {
    entry *e = DPD_CONTAINER(node, entry, node);
    if (e->key.uid == key->uid && memcmp(e->key.id, key->id, sizeof(key->id)) == 0) {
      return e;
    }
  }
  return NULL;
}

dpd_recall dpd_remember_find(const dpd_remember *r, const dpd_call_key *key,
                             const dpd_digest *digest, void **what) {
  static const dpd_recall of_phase[] = {DPD_RECALL_RUNNING, DPD_RECALL_ANSWERED,
                                        DPD_RECALL_FORGOTTEN};
  const entry *e = look_up(r, key);
  *what = NULL;
  if (e == NULL) {
    return DPD_RECALL_NEW;
  }
  if (digest != NULL && memcmp(digest, &e->digest, sizeof(*digest)) != 0) {
    return DPD_RECALL_MISMATCH;
  }
  *what = e->what;
  return of_phase[e->phase];
}

static void bury(dpd_remember *r, entry *e) {
  r->release(e->what);
  r->bytes -= e->size;
  e->what = NULL;
  e->size = 0;
  e->phase = TOMBSTONE;
  dpd_list_remove(&e->ended);
  dpd_list_append(&r->tombstones, &e->ended);
}

/* Makes room for so many bytes by burying the oldest answers. */
static bool make_room(dpd_remember *r, size_t bytes) {
  if (bytes > r->bounds.bytes) {
    return false;
  }
  while (r->bytes > r->bounds.bytes - bytes) {
    dpd_node *oldest = dpd_list_first(&r->answered);
    if (oldest == NULL) {
      return false;
    }
    bury(r, DPD_CONTAINER(oldest, entry, ended));
  }
  return true;
}

bool dpd_remember_begin(dpd_remember *r, const dpd_call_key *key, const dpd_digest *digest,
                        bool write, void *call) {
  if (write && !make_room(r, sizeof(entry))) {
    return false;
  }
  entry *e = calloc(1, sizeof(*e));
  if (e == NULL) {
    return false;
  }
  *e = (entry){.key = *key, .digest = *digest, .phase = RUNNING, .write = write, .what = call};
  dpd_list_init(&e->ended);
  if (!dpd_map_insert(&r->entries, &e->node, hash_of(r, key))) {
    free(e);
    return false;
  }
  r->bytes += write ? sizeof(entry) : 0;
  r->remembered += write;
  return true;
}

static void drop(dpd_remember *r, entry *e) {
  dpd_map_remove(&r->entries, &e->node);
  dpd_list_remove(&e->ended);
  r->bytes -= e->size + (e->write ? sizeof(entry) : 0);
  r->remembered -= e->write;
  free_entry(&e->node, r);
}

bool dpd_remember_end(dpd_remember *r, const dpd_call_key *key, void *answer, size_t size,
                      int64_t now_ms) {
  entry *e = look_up(r, key);
  if (e == NULL || e->phase != RUNNING) {
    return false;
  }
  e->what = NULL;
  if (!e->write) {
    drop(r, e);
    return false;
  }
  e->expires_ms = now_ms + r->bounds.keep_ms;
  if (answer == NULL || !make_room(r, size)) {
    e->phase = TOMBSTONE;
    dpd_list_append(&r->tombstones, &e->ended);
    return false;
  }
  e->phase = ANSWERED;
  e->what = answer;
  e->size = size;
  r->bytes += size;
  dpd_list_append(&r->answered, &e->ended);
  return true;
}

void dpd_remember_abort(dpd_remember *r, const dpd_call_key *key) {
  entry *e = look_up(r, key);
  if (e != NULL && e->phase == RUNNING) {
    drop(r, e);
  }
}

static void expire(dpd_remember *r, dpd_list *list, int64_t now_ms) {
  dpd_node *node;
  while ((node = dpd_list_first(list)) != NULL) {
    entry *e = DPD_CONTAINER(node, entry, ended);
    if (e->expires_ms > now_ms) {
      return;
    }
    drop(r, e);
  }
}

void dpd_remember_tick(dpd_remember *r, int64_t now_ms) {
  expire(r, &r->answered, now_ms);
  expire(r, &r->tombstones, now_ms);
}

size_t dpd_remember_count(const dpd_remember *r) {
  return r->remembered;
}

size_t dpd_remember_bytes(const dpd_remember *r) {
  return r->bytes;
}
