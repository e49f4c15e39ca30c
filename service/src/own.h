/* own.h - what the files of the own transport share: a connection, an inquiry, the whole. */
#ifndef DPD_OWN_H
#define DPD_OWN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "map.h"
#include "place.h"
#include "sp.h"
#include "transport.h"

enum { DPD_OWN_THREADS = 2, DPD_OWN_READ_SIZE = 65536 };

typedef struct dpd_own dpd_own;

typedef struct dpd_own_worker {
  dpd_own *t;
  pthread_t thread;
  bool runs;
  int epoll_fd;
  int wake_fd;
  uint8_t *scratch; /* DPD_OWN_READ_SIZE bytes */
} dpd_own_worker;

typedef struct dpd_connection {
  dpd_map_node node; /* in t->connections, by id */
  dpd_node stranger; /* in t->strangers until it has greeted */
  int64_t since_ms;
  dpd_own *t;
  dpd_own_worker *w;
  uint32_t id;
  atomic_uint refs; /* its thread's, and one for each inquiry */
  int fd;
  dpd_peer_identity identity;
  bool known; /* on_peer took it */
  dpd_sp sp;
  uint8_t *in; /* what came of a message that is not whole yet */
  size_t in_length;
  size_t in_capacity;
  pthread_mutex_t lock; /* what follows */
  bool closed;
  dpd_list out; /* inquiries whose answers wait for the socket */
  size_t out_bytes;
} dpd_connection;

typedef struct dpd_own_inquiry {
  dpd_inquiry base;
  dpd_node queued;
  dpd_connection *c;
  uint8_t *frame; /* head, trace, answer */
  size_t length;
  size_t sent;
  size_t capacity;
  uint8_t trace[DPD_SP_TRACE_MAX];
  size_t trace_length;
} dpd_own_inquiry;

struct dpd_own {
  dpd_transport base;
  dpd_place place;
  size_t message_max;
  dpd_transport_events events;
  void *user;
  dpd_own_worker workers[DPD_OWN_THREADS];
  atomic_bool stopping;
  atomic_size_t queued; /* answers that wait for a socket */
  atomic_int paused;    /* descriptors ran out: the listener rests until RETRY_MS have passed */
  pthread_mutex_t lock; /* what follows */
  pthread_cond_t quiet;
  int listen_fd;
  dpd_map connections;
  dpd_list strangers; /* oldest first */
  size_t stranger_count;
  uint32_t last_id;
};

/* own_answers.c: what goes out. */
uint8_t *dpd_own_buffer(dpd_inquiry *base, size_t capacity);
void dpd_own_send(dpd_inquiry *base, size_t length);
void dpd_own_drop(dpd_inquiry *base);
/* dpd_own_done_with - inquiries whose answers have left, or never will. No lock is held. */
void dpd_own_done_with(dpd_own *t, dpd_list *list);
/* dpd_own_flush_connection - the socket takes more. False: it is broken. */
bool dpd_own_flush_connection(dpd_connection *c);
/* dpd_own_break_off - have its thread close it. With the connection's lock. */
void dpd_own_break_off(dpd_connection *c);
/* dpd_own_release - one reference less. */
void dpd_own_release(dpd_connection *c);

/* own_input.c: what comes in. False: the connection has ended, or must. */
bool dpd_own_read(dpd_connection *c, uint8_t *scratch);

/* own_connections.c: who comes and goes. */
static inline uint64_t dpd_own_hash(uint32_t id) {
  return id * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}
void dpd_own_accept_all(dpd_own *t);
/* dpd_own_close_connection - only its own thread, or one after that has ended. */
void dpd_own_close_connection(dpd_connection *c);
/* dpd_own_greeted - it is no stranger any more. False: turned away. */
bool dpd_own_greeted(dpd_connection *c);
/* dpd_own_expire_strangers, dpd_own_watch_listener - with the transport's lock. */
void dpd_own_expire_strangers(dpd_own *t, int64_t now_ms);
void dpd_own_watch_listener(dpd_own *t, int how);

#endif
