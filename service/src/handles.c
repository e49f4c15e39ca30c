/*
 * Why handles are no part of a connection: a client whose connection broke goes on over a new one,
 * and a program may open a stream in one thread's connection and read it in another's. So a handle
 * belongs to the uid that the kernel vouches for; connections only hold it, by having named it, and
 * when the last of them is gone its grace begins.
 *
 * Why a handle knows but four of its connections: nobody needs more, and with places in the handle
 * itself naming one can never fail for want of memory. Of a fifth the one that came first gives way; it
 * takes its place again as soon as it names the handle again.
 */
#include "handles.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "fault.h"

void dpd_handles_init(dpd_handles *handles) {
  *handles = (dpd_handles){.count = 0};
  dpd_list_init(&handles->all);
  dpd_list_init(&handles->orphans);
}

void dpd_handles_clear(dpd_handles *handles) {
  dpd_node *node;
  while ((node = dpd_list_first(&handles->all)) != NULL) {
    dpd_handle_close(DPD_CONTAINER(node, dpd_handle, all));
  }
  dpd_map_clear(&handles->map);
}

/* The ids are ours and random: their bytes are as good as any hash of them. */
static uint64_t hash_of(const uint8_t id[DPD_HANDLE_SIZE]) {
  uint64_t hash;
  memcpy(&hash, id, sizeof(hash));
  return hash;
}

static size_t count_of(const dpd_handles *handles, uint32_t uid) {
  size_t count = 0;
  for (const dpd_node *n = handles->all.next; n != &handles->all; n = n->next) {
    count += DPD_CONTAINER(n, const dpd_handle, all)->uid == uid;
  }
  return count;
}

static bool within_bounds(const dpd_handles *handles, uint32_t uid,
                          const dpd_handle_bounds *bounds, dp_error *err) {
  char code[32];
  if (handles->count >= bounds->most) {
    snprintf(code, sizeof(code), "%s_max", bounds->what);
    dpd_fault(err, DP_BUSY, code, "The service has %zu open %s.", handles->count, bounds->what);
    return dpd_fault_hint(err, "Try again in a moment, or raise %s.", code);
  }
  if (count_of(handles, uid) >= bounds->per_user) {
    snprintf(code, sizeof(code), "%s_per_user", bounds->what);
    dpd_fault(err, DP_BUSY, code, "This user has %zu open %s.", bounds->per_user, bounds->what);
    return dpd_fault_hint(err, "Close some of them, or raise %s.", code);
  }
  return true;
}

bool dpd_handle_open(dpd_handles *handles, dpd_handle *handle, dpd_peer *peer,
                     const dpd_handle_bounds *bounds, dp_error *err) {
  if (!within_bounds(handles, peer->identity.uid, bounds, err)) {
    return false;
  }
  *handle = (dpd_handle){.table = handles, .uid = peer->identity.uid};
  if (getrandom(handle->id, sizeof(handle->id), 0) != (ssize_t)sizeof(handle->id)) {
    return dpd_fault(err, DP_INTERNAL, "random", "The kernel gives no random bytes: %s.",
                     strerror(errno));
  }
  if (!dpd_map_insert(&handles->map, &handle->node, hash_of(handle->id))) {
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for one more of the %s.",
                     bounds->what);
  }
  for (size_t i = 0; i < DPD_HOLDERS; i++) {
    dpd_list_init(&handle->holds[i].of_peer);
    handle->holds[i].handle = handle;
  }
  dpd_list_init(&handle->orphan);
  dpd_list_append(&handles->all, &handle->all);
  handles->count++;
  dpd_handle_touch(handle, peer);
  return true;
}

dpd_handle *dpd_handle_find(const dpd_handles *handles, const uint8_t id[DPD_HANDLE_SIZE],
                            uint32_t uid) {
  dpd_map_node *node = dpd_map_first(&handles->map, hash_of(id));
  for (; node != NULL; node = dpd_map_next(node)) {
    dpd_handle *handle = DPD_CONTAINER(node, dpd_handle, node);
    if (handle->uid == uid && memcmp(handle->id, id, sizeof(handle->id)) == 0) {
      return handle;
    }
  }
  return NULL;
}

static void let_go(dpd_hold *hold) {
  dpd_list_remove(&hold->of_peer);
  hold->peer = NULL;
}

static dpd_hold *place_for(dpd_handle *handle) {
  for (size_t i = 0; i < DPD_HOLDERS; i++) {
    if (handle->holds[i].peer == NULL) {
      return &handle->holds[i];
    }
  }
  dpd_hold *oldest = &handle->holds[handle->turn++ % DPD_HOLDERS];
  let_go(oldest);
  return oldest;
}

void dpd_handle_touch(dpd_handle *handle, dpd_peer *peer) {
  for (size_t i = 0; i < DPD_HOLDERS; i++) {
    if (handle->holds[i].peer == peer) {
      return;
    }
  }
  dpd_hold *hold = place_for(handle);
  hold->peer = peer;
  dpd_list_append(&peer->holds, &hold->of_peer);
  dpd_list_remove(&handle->orphan);
}

void dpd_handle_close(dpd_handle *handle) {
  for (size_t i = 0; i < DPD_HOLDERS; i++) {
    let_go(&handle->holds[i]);
  }
  dpd_list_remove(&handle->orphan);
  dpd_list_remove(&handle->all);
  dpd_map_remove(&handle->table->map, &handle->node);
  handle->table->count--;
}

static bool is_held(const dpd_handle *handle) {
  for (size_t i = 0; i < DPD_HOLDERS; i++) {
    if (handle->holds[i].peer != NULL) {
      return true;
    }
  }
  return false;
}

bool dpd_handles_gone(dpd_peer *peer, int64_t now_ms, int64_t grace_ms) {
  bool orphans = false;
  dpd_node *node;
  while ((node = dpd_list_first(&peer->holds)) != NULL) {
    dpd_hold *hold = DPD_CONTAINER(node, dpd_hold, of_peer);
    dpd_handle *handle = hold->handle;
    let_go(hold);
    if (!is_held(handle)) {
      handle->orphan_due_ms = now_ms + grace_ms;
      dpd_list_append(&handle->table->orphans, &handle->orphan);
      orphans = true;
    }
  }
  return orphans;
}

dpd_handle *dpd_handles_due(dpd_handles *handles, int64_t now_ms, int64_t *next) {
  dpd_node *node = dpd_list_first(&handles->orphans);
  if (node == NULL) {
    return NULL;
  }
  dpd_handle *handle = DPD_CONTAINER(node, dpd_handle, orphan);
  if (handle->orphan_due_ms > now_ms) {
    int64_t wait = handle->orphan_due_ms - now_ms;
    *next = wait < *next ? wait : *next;
    return NULL;
  }
  dpd_list_remove(node);
  return handle;
}
