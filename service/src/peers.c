/*
 * Why users beside peers: what a caller holds for longer than one connection (handles of
 * service.connect, calls it may take up again) belongs to the uid that the kernel vouches for, not
 * to a descriptor.
 */
#include "peers.h"

#include <stdlib.h>

void dpd_peers_init(dpd_peers *peers, int64_t now_ms) {
  *peers = (dpd_peers){.alone_since_ms = now_ms};
}

static void free_peer(dpd_map_node *node, void *user) {
  (void)user;
  free(DPD_CONTAINER(node, dpd_peer, node));
}

static void free_user(dpd_map_node *node, void *user) {
  (void)user;
  free(DPD_CONTAINER(node, dpd_user, node));
}

void dpd_peers_clear(dpd_peers *peers) {
  dpd_map_each(&peers->peers, free_peer, NULL);
  dpd_map_each(&peers->users, free_user, NULL);
  dpd_map_clear(&peers->peers);
  dpd_map_clear(&peers->users);
}

/* Numbers that the kernel and libnng give: spread them, nobody picks them. */
static uint64_t spread(uint32_t number) {
  return number * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}

dpd_user *dpd_peers_user(const dpd_peers *peers, uint32_t uid) {
  dpd_map_node *node = dpd_map_first(&peers->users, spread(uid));
  while (node != NULL && DPD_CONTAINER(node, dpd_user, node)->uid != uid) {
    node = dpd_map_next(node);
  }
  return node == NULL ? NULL : DPD_CONTAINER(node, dpd_user, node);
}

static dpd_user *user_of(dpd_peers *peers, uint32_t uid) {
  dpd_user *user = dpd_peers_user(peers, uid);
  if (user != NULL) {
    return user;
  }
  user = calloc(1, sizeof(*user));
  if (user == NULL) {
    return NULL;
  }
  user->uid = uid;
  if (!dpd_map_insert(&peers->users, &user->node, spread(uid))) {
    free(user);
    return NULL;
  }
  return user;
}

dpd_peer *dpd_peers_find(const dpd_peers *peers, uint32_t id) {
  dpd_map_node *node = dpd_map_first(&peers->peers, spread(id));
  while (node != NULL && DPD_CONTAINER(node, dpd_peer, node)->id != id) {
    node = dpd_map_next(node);
  }
  return node == NULL ? NULL : DPD_CONTAINER(node, dpd_peer, node);
}

dpd_peer *dpd_peers_add(dpd_peers *peers, uint32_t id, const dpd_peer_identity *identity,
                        uint32_t own_pid, size_t clients_max) {
  bool own = identity->pid == own_pid;
  if (!own && peers->clients >= clients_max) {
    return NULL;
  }
  dpd_peer *peer = calloc(1, sizeof(*peer));
  if (peer == NULL) {
    return NULL;
  }
  *peer = (dpd_peer){.id = id, .identity = *identity, .own = own};
  dpd_list_init(&peer->askers);
  dpd_list_init(&peer->holds);
  dpd_list_init(&peer->readers);
  peer->user = user_of(peers, identity->uid);
  if (peer->user == NULL || !dpd_map_insert(&peers->peers, &peer->node, spread(id))) {
    free(peer);
    return NULL;
  }
  if (own) {
    peers->own++;
  } else {
    peer->user->connections++;
    peers->clients++;
  }
  return peer;
}

void dpd_peers_remove(dpd_peers *peers, dpd_peer *peer, int64_t now_ms) {
  dpd_user *user = peer->user;
  if (peer->own) {
    peers->own--;
  } else {
    if (--user->connections == 0) {
      user->gone_ms = now_ms;
    }
    if (--peers->clients == 0) {
      peers->alone_since_ms = now_ms;
    }
  }
  dpd_map_remove(&peers->peers, &peer->node);
  free(peer);
  dpd_peers_forget_user(peers, user);
}

static void look_for_users_peer(dpd_map_node *node, void *arg) {
  dpd_user **user = arg;
  if (*user != NULL && DPD_CONTAINER(node, dpd_peer, node)->user == *user) {
    *user = NULL;
  }
}

void dpd_peers_forget_user(dpd_peers *peers, dpd_user *user) {
  if (user->connections > 0 || user->handles > 0) {
    return;
  }
  dpd_user *unused = user; /* our own questions point to a user without being counted */
  dpd_map_each(&peers->peers, look_for_users_peer, &unused);
  if (unused != NULL) {
    dpd_map_remove(&peers->users, &user->node);
    free(user);
  }
}

static void compare_unread(dpd_map_node *node, void *arg) {
  dpd_peer **most = arg;
  dpd_peer *peer = DPD_CONTAINER(node, dpd_peer, node);
  if (peer->unread > (*most == NULL ? 0 : (*most)->unread)) {
    *most = peer;
  }
}

dpd_peer *dpd_peers_least_read(dpd_peers *peers) {
  dpd_peer *most = NULL;
  dpd_map_each(&peers->peers, compare_unread, &most);
  return most;
}
