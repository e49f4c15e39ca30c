/* peers.h - who is connected, and what is charged to whom. Pure: time and identities go in. */
#ifndef DPD_PEERS_H
#define DPD_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include "list.h"
#include "map.h"
#include "transport.h"

enum { DPD_GROUPS_MAX = 64 };

/* A user: all connections of one uid. Known while one is open, or handles of it are kept. */
typedef struct dpd_user {
  dpd_map_node node;
  uint32_t uid;
  size_t connections;
  int64_t gone_ms;              /* since when there is none */
  size_t handles;               /* of service.connect */
  gid_t groups[DPD_GROUPS_MAX]; /* for rules; filled when there are any */
  size_t group_count;
} dpd_user;

/* A connection. */
typedef struct dpd_peer {
  dpd_map_node node;
  uint32_t id;
  dpd_peer_identity identity;
  dpd_user *user;
  bool own;         /* our own question to ourselves: counts for nothing */
  size_t running;   /* calls that are not answered */
  size_t unread;    /* answers that have not left */
  dpd_list askers;  /* of calls; see calls.h */
  dpd_list holds;   /* of handles; see handles.h */
  dpd_list readers; /* of streams; see streams.h */
} dpd_peer;

typedef struct dpd_peers {
  dpd_map peers;
  dpd_map users;
  size_t clients;         /* without our own questions */
  size_t own;             /* our own questions */
  int64_t alone_since_ms; /* when the last client went; while there is one it means nothing */
} dpd_peers;

void dpd_peers_init(dpd_peers *peers, int64_t now_ms);
void dpd_peers_clear(dpd_peers *peers);

/* dpd_peers_add - NULL when memory is out, or (busy) when clients_max are connected. */
dpd_peer *dpd_peers_add(dpd_peers *peers, uint32_t id, const dpd_peer_identity *identity,
                        uint32_t own_pid, size_t clients_max);
dpd_peer *dpd_peers_find(const dpd_peers *peers, uint32_t id);
/* dpd_peers_remove - its askers, readers and holds must have been taken off. */
void dpd_peers_remove(dpd_peers *peers, dpd_peer *peer, int64_t now_ms);

dpd_user *dpd_peers_user(const dpd_peers *peers, uint32_t uid);
/* dpd_peers_forget_user - once it has neither connections nor handles; else nothing happens. */
void dpd_peers_forget_user(dpd_peers *peers, dpd_user *user);
/* dpd_peers_least_read - who holds the most answers unread; NULL = nobody holds any. */
dpd_peer *dpd_peers_least_read(dpd_peers *peers);

#endif
