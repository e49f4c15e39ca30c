/*
 * The transport that speaks the Scalability Protocols itself, on epoll.
 *
 * Why not libnng alone: measured, libnng's REP costs some ten futex wake-ups a message, more than the
 * rest of a call together, since every step of its pipeline is handed to another thread. And two of
 * its defects cannot be worked around from outside: before 1.6 a client that connects and closes at
 * once ends the accept loop; up to 1.10 a client that vanishes in the middle of a burst can leave
 * its pipe waiting for ever for a read that was refused to start (ipc_pipe_recv_cb restarts rx_aio
 * after ipc_pipe_close has stopped it), which blocks the one thread that reaps pipes: from then on
 * no disconnect is noticed and none is cleaned up.
 *
 * The way of a message: one of two threads reads a connection and calls on_message; whoever has the
 * answer writes it to the socket right there. Only what the socket does not take at once is queued
 * for the reading thread. So a message costs one wake-up in, and none out.
 *
 * Ownership: a connection's descriptor and input belong to its thread; its output and "closed" are
 * under its lock; the struct lives until the last inquiry that refers to it is gone. The table of
 * connections is under the transport's lock. A connection's lock is the inner one.
 */
#include "transport.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fault.h"
#include "list.h"
#include "log.h"
#include "map.h"
#include "place.h"
#include "sp.h"

enum {
  THREADS = 2,
  READ_SIZE = 65536,
  EVENTS = 64,
  BACKLOG = 1024,
  GREETING_MS = 10000, /* to be greeted back */
  STRANGERS_MAX = 512, /* connections that have not greeted yet */
  RETRY_MS = 100       /* without descriptors: look again */
};

typedef struct own own;

typedef struct worker {
  own *t;
  pthread_t thread;
  bool runs;
  int epoll_fd;
  int wake_fd;
  uint8_t *scratch; /* READ_SIZE */
} worker;

typedef struct connection {
  dpd_map_node node;     /* in t->connections, by id */
  dpd_node stranger;     /* in t->strangers until it has greeted */
  int64_t since_ms;
  own *t;
  worker *w;
  uint32_t id;
  atomic_uint refs;      /* its thread's, and one for each inquiry */
  int fd;
  dpd_peer_identity identity;
  bool known;            /* on_peer took it */
  dpd_sp sp;
  uint8_t *in;           /* what came of a message that is not whole yet */
  size_t in_length;
  size_t in_capacity;
  pthread_mutex_t lock;  /* what follows */
  bool closed;
  dpd_list out;          /* inquiries whose answers wait for the socket */
  size_t out_bytes;
} connection;

typedef struct inquiry {
  dpd_inquiry base;
  dpd_node queued;
  connection *c;
  uint8_t *frame; /* head, trace, answer */
  size_t length;
  size_t sent;
  size_t capacity;
  uint8_t trace[DPD_SP_TRACE_MAX];
  size_t trace_length;
} inquiry;

struct own {
  dpd_transport base;
  dpd_place place;
  size_t message_max;
  dpd_transport_events events;
  void *user;
  worker workers[THREADS];
  atomic_bool stopping;
  atomic_size_t queued;  /* answers that wait for a socket */
  atomic_int paused;     /* descriptors ran out: the listener rests until RETRY_MS have passed */
  pthread_mutex_t lock;  /* what follows */
  pthread_cond_t quiet;
  int listen_fd;
  dpd_map connections;
  dpd_list strangers;    /* oldest first */
  size_t stranger_count;
  uint32_t last_id;
};

static own *of(dpd_transport *t) {
  return DPD_CONTAINER(t, own, base);
}

static uint64_t spread(uint32_t id) {
  return id * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}

static void release(connection *c) {
  if (atomic_fetch_sub(&c->refs, 1) == 1) {
    pthread_mutex_destroy(&c->lock);
    free(c->in);
    free(c);
  }
}

static void free_inquiry(inquiry *q) {
  release(q->c);
  free(q->frame);
  free(q);
}

/* --- answers ----------------------------------------------------------------------------------- */

static uint8_t *own_buffer(dpd_inquiry *base, size_t capacity) {
  inquiry *q = DPD_CONTAINER(base, inquiry, base);
  size_t before = DPD_SP_HEAD + q->trace_length;
  free(q->frame);
  q->frame = malloc(before + capacity);
  q->capacity = capacity;
  return q->frame == NULL ? NULL : q->frame + before;
}

static void own_drop(dpd_inquiry *base) {
  free_inquiry(DPD_CONTAINER(base, inquiry, base));
}

typedef enum written { ALL, SOME, BROKEN } written;

/* With the connection's lock, and not closed. */
static written write_some(connection *c, inquiry *q) {
  while (q->sent < q->length) {
    ssize_t n = send(c->fd, q->frame + q->sent, q->length - q->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return errno == EAGAIN || errno == EWOULDBLOCK ? SOME : BROKEN;
    }
    q->sent += (size_t)n;
  }
  return ALL;
}

static void watch(connection *c, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(c->w->epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

static void one_less_queued(own *t) {
  if (atomic_fetch_sub(&t->queued, 1) == 1) {
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->quiet);
    pthread_mutex_unlock(&t->lock);
  }
}

/* With the connection's lock. The connection's thread closes it, woken by the shutdown. */
static void break_off(connection *c) {
  if (!c->closed) {
    shutdown(c->fd, SHUT_RDWR);
  }
}

/* With the lock: true if it is queued, false if it is done with. */
static bool write_or_queue(own *t, connection *c, inquiry *q) {
  if (c->closed) {
    return false;
  }
  bool first = dpd_list_empty(&c->out);
  written result = first ? write_some(c, q) : SOME;
  if (result != SOME) {
    if (result == BROKEN) {
      break_off(c);
    }
    return false;
  }
  if (!first && c->out_bytes > 4 * t->message_max) {
    dpd_log(DP_LOG_WARNING, "closing a connection whose client leaves %zu bytes of answers unread",
            c->out_bytes);
    break_off(c);
    return false;
  }
  dpd_list_append(&c->out, &q->queued);
  c->out_bytes += q->length;
  atomic_fetch_add(&t->queued, 1);
  if (first) {
    watch(c, EPOLLIN | EPOLLOUT);
  }
  return true;
}

static void own_send(dpd_inquiry *base, size_t length) {
  inquiry *q = DPD_CONTAINER(base, inquiry, base);
  connection *c = q->c;
  own *t = c->t;
  uint32_t peer = c->id;
  dpd_sp_head(q->frame, q->trace_length + length);
  memcpy(q->frame + DPD_SP_HEAD, q->trace, q->trace_length);
  q->length = DPD_SP_HEAD + q->trace_length + length;
  pthread_mutex_lock(&c->lock);
  bool queued = write_or_queue(t, c, q);
  pthread_mutex_unlock(&c->lock);
  if (!queued) {
    t->events.on_sent(t->user, peer);
    free_inquiry(q);
  }
}

static void done_with(own *t, dpd_list *list) {
  dpd_node *node;
  while ((node = dpd_list_first(list)) != NULL) {
    inquiry *q = DPD_CONTAINER(node, inquiry, queued);
    uint32_t peer = q->c->id;
    dpd_list_remove(node);
    one_less_queued(t);
    t->events.on_sent(t->user, peer);
    free_inquiry(q);
  }
}

/* The socket takes more. False: it is broken. */
static bool flush_connection(connection *c) {
  dpd_list done;
  dpd_list_init(&done);
  written result = ALL;
  pthread_mutex_lock(&c->lock);
  dpd_node *node;
  while (result == ALL && (node = dpd_list_first(&c->out)) != NULL) {
    inquiry *q = DPD_CONTAINER(node, inquiry, queued);
    result = write_some(c, q);
    if (result == ALL) {
      c->out_bytes -= q->length;
      dpd_list_remove(node);
      dpd_list_append(&done, node);
    }
  }
  if (dpd_list_empty(&c->out)) {
    watch(c, EPOLLIN);
  }
  pthread_mutex_unlock(&c->lock);
  done_with(c->t, &done);
  return result != BROKEN;
}

/* --- connections ------------------------------------------------------------------------------- */

static void close_connection(connection *c) {
  own *t = c->t;
  dpd_list left;
  dpd_list_init(&left);
  pthread_mutex_lock(&t->lock);
  dpd_map_remove(&t->connections, &c->node);
  if (!c->sp.greeted) {
    dpd_list_remove(&c->stranger);
    t->stranger_count--;
  }
  pthread_mutex_unlock(&t->lock);
  pthread_mutex_lock(&c->lock);
  c->closed = true;
  dpd_list_move(&left, &c->out);
  close(c->fd);
  pthread_mutex_unlock(&c->lock);
  done_with(t, &left);
  if (c->known) {
    t->events.on_gone(t->user, c->id);
  }
  release(c);
}

/* Someone who has connected and says nothing keeps no place from others. With the lock. */
static void expire_strangers(own *t, int64_t now_ms) {
  for (dpd_node *n = t->strangers.next; n != &t->strangers; n = n->next) {
    connection *c = DPD_CONTAINER(n, connection, stranger);
    if (t->stranger_count <= STRANGERS_MAX && now_ms - c->since_ms < GREETING_MS) {
      return;
    }
    pthread_mutex_lock(&c->lock);
    break_off(c);
    pthread_mutex_unlock(&c->lock);
    if (now_ms - c->since_ms < GREETING_MS) {
      return; /* one place is enough for the one who came */
    }
  }
}

static connection *new_connection(own *t, int fd) {
  struct ucred cred;
  socklen_t size = sizeof(cred);
  connection *c = calloc(1, sizeof(*c));
  if (c == NULL || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0) {
    free(c);
    return NULL;
  }
  c->t = t;
  c->fd = fd;
  c->since_ms = dpd_now_ms();
  c->sp.message_max = t->message_max;
  c->identity = (dpd_peer_identity){.uid = cred.uid, .gid = cred.gid, .pid = (uint32_t)cred.pid};
  atomic_init(&c->refs, 1);
  dpd_list_init(&c->out);
  dpd_list_init(&c->stranger);
  pthread_mutex_init(&c->lock, NULL);
  return c;
}

/* In the table and in its thread's epoll; that thread may close it before this returns. */
static bool enroll(own *t, connection *c) {
  pthread_mutex_lock(&t->lock);
  c->id = ++t->last_id;
  c->w = &t->workers[c->id % THREADS];
  bool in = dpd_map_insert(&t->connections, &c->node, spread(c->id));
  if (in) {
    dpd_list_append(&t->strangers, &c->stranger);
    t->stranger_count++;
    expire_strangers(t, c->since_ms);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(c->w->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0) {
      dpd_map_remove(&t->connections, &c->node);
      dpd_list_remove(&c->stranger);
      t->stranger_count--;
      in = false;
    }
  }
  pthread_mutex_unlock(&t->lock);
  return in;
}

static void welcome(own *t, int fd) {
  connection *c = new_connection(t, fd);
  /* Eight bytes always fit into a fresh socket. */
  if (c == NULL || send(fd, dpd_sp_greeting_rep, DPD_SP_GREETING, MSG_NOSIGNAL | MSG_DONTWAIT) !=
                       DPD_SP_GREETING) {
    close(fd);
    if (c != NULL) {
      release(c);
    }
    return;
  }
  if (!enroll(t, c)) {
    close(fd);
    release(c);
  }
}

/* With the lock. data.ptr NULL stands for the listener. */
static void watch_listener(own *t, int how) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (t->listen_fd >= 0) {
    epoll_ctl(t->workers[0].epoll_fd, how, t->listen_fd, &event);
  }
}

static void accept_all(own *t) {
  for (int i = 0; i < EVENTS; i++) {
    pthread_mutex_lock(&t->lock);
    int fd = t->listen_fd < 0
                 ? -1
                 : accept4(t->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
      watch_listener(t, EPOLL_CTL_DEL);
      atomic_store(&t->paused, 1);
    }
    pthread_mutex_unlock(&t->lock);
    if (fd < 0) {
      return;
    }
    welcome(t, fd);
  }
}

/* --- input ------------------------------------------------------------------------------------- */

static bool greeted(connection *c) {
  own *t = c->t;
  pthread_mutex_lock(&t->lock);
  dpd_list_remove(&c->stranger);
  t->stranger_count--;
  pthread_mutex_unlock(&t->lock);
  c->known = t->events.on_peer(t->user, c->id, &c->identity);
  return c->known;
}

static bool deliver(connection *c, const dpd_sp_message *message) {
  own *t = c->t;
  inquiry *q = calloc(1, sizeof(*q));
  if (q == NULL) {
    return false;
  }
  q->base.transport = &t->base;
  q->c = c;
  atomic_fetch_add(&c->refs, 1);
  dpd_list_init(&q->queued);
  memcpy(q->trace, message->trace, message->trace_length);
  q->trace_length = message->trace_length;
  t->events.on_message(t->user, c->id, &q->base, message->body, message->body_length);
  return true;
}

/* Takes what is whole off the bytes. *rest: so many at the end are not. False: close. */
static bool consume(connection *c, const uint8_t *data, size_t length, size_t *rest) {
  for (;;) {
    size_t used;
    size_t wanted;
    dpd_sp_message message;
    dpd_sp_found found = dpd_sp_next(&c->sp, data, length, &used, &wanted, &message);
    if (found == DPD_SP_MORE) {
      *rest = length;
      return true;
    }
    if (found == DPD_SP_WRONG || (found == DPD_SP_GREETED && !greeted(c)) ||
        (found == DPD_SP_MESSAGE && !deliver(c, &message))) {
      return false;
    }
    data += used;
    length -= used;
  }
}

/* Memory for what has come, doubling: what a peer claims reserves nothing. */
static bool keep(connection *c, const uint8_t *data, size_t length) {
  size_t need = c->in_length + length;
  if (need > c->in_capacity) {
    size_t capacity = c->in_capacity * 2 > need ? c->in_capacity * 2 : need;
    uint8_t *in = realloc(c->in, capacity);
    if (in == NULL) {
      return false;
    }
    c->in = in;
    c->in_capacity = capacity;
  }
  memcpy(c->in + c->in_length, data, length);
  c->in_length = need;
  return true;
}

static void forget_input(connection *c) {
  free(c->in);
  c->in = NULL;
  c->in_length = 0;
  c->in_capacity = 0;
}

/* More of a message that began earlier. */
static bool take_more(connection *c, const uint8_t *data, size_t length) {
  size_t rest;
  if (!keep(c, data, length) || !consume(c, c->in, c->in_length, &rest)) {
    return false;
  }
  if (rest == 0) {
    forget_input(c);
  } else if (rest < c->in_length) {
    memmove(c->in, c->in + c->in_length - rest, rest);
    c->in_length = rest;
  }
  return true;
}

static bool take_fresh(connection *c, const uint8_t *data, size_t length) {
  size_t rest;
  return consume(c, data, length, &rest) && (rest == 0 || keep(c, data + length - rest, rest));
}

/* False: the connection has ended, or must. */
static bool read_some(worker *w, connection *c) {
  ssize_t n = recv(c->fd, w->scratch, READ_SIZE, 0);
  if (n < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  if (n == 0) {
    return false;
  }
  return c->in_length > 0 ? take_more(c, w->scratch, (size_t)n)
                          : take_fresh(c, w->scratch, (size_t)n);
}

static void serve_connection(worker *w, connection *c, uint32_t events) {
  bool alive = true;
  if ((events & EPOLLOUT) != 0) {
    alive = flush_connection(c);
  }
  if (alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    alive = read_some(w, c);
  }
  if (!alive) {
    close_connection(c);
  }
}

/* --- threads ----------------------------------------------------------------------------------- */

/* How long to sleep: for ever, unless somebody has yet to greet or descriptors ran out. */
static int patience(worker *w) {
  own *t = w->t;
  if (w != &t->workers[0]) {
    return -1;
  }
  if (atomic_load(&t->paused) != 0) {
    return RETRY_MS;
  }
  pthread_mutex_lock(&t->lock);
  bool strangers = t->stranger_count > 0;
  pthread_mutex_unlock(&t->lock);
  return strangers ? 1000 : -1;
}

static void look_after(own *t) {
  pthread_mutex_lock(&t->lock);
  expire_strangers(t, dpd_now_ms());
  if (atomic_exchange(&t->paused, 0) != 0) {
    watch_listener(t, EPOLL_CTL_ADD);
  }
  pthread_mutex_unlock(&t->lock);
}

static void *work(void *arg) {
  worker *w = arg;
  struct epoll_event events[EVENTS];
  while (!atomic_load(&w->t->stopping)) {
    int count = epoll_wait(w->epoll_fd, events, EVENTS, patience(w));
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == NULL) {
        accept_all(w->t);
      } else if (events[i].data.ptr != w) {
        serve_connection(w, events[i].data.ptr, events[i].events);
      }
    }
    if (w == &w->t->workers[0]) {
      look_after(w->t);
    }
  }
  return NULL;
}

static bool start_worker(own *t, worker *w) {
  w->t = t;
  w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  w->scratch = malloc(READ_SIZE);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = w};
  if (w->epoll_fd < 0 || w->wake_fd < 0 || w->scratch == NULL ||
      epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &event) != 0) {
    return false;
  }
  w->runs = pthread_create(&w->thread, NULL, work, w) == 0;
  if (w->runs) {
    pthread_setname_np(w->thread, "wire");
  }
  return w->runs;
}

/* --- the interface ----------------------------------------------------------------------------- */

static int bind_and_listen(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
                  listen(fd, BACKLOG) != 0)) {
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
  }
  return fd;
}

static bool own_relisten(dpd_transport *base, dp_error *err) {
  own *t = of(base);
  char beside[DPD_SUN_PATH];
  dpd_place_beside(&t->place, beside);
  int fd = bind_and_listen(beside);
  if (fd < 0) {
    return dpd_place_failed(&t->place, strerror(errno), err);
  }
  pthread_mutex_lock(&t->lock);
  bool settled = dpd_place_settle(&t->place, beside, err);
  int old = settled ? t->listen_fd : fd;
  if (settled) {
    t->listen_fd = fd;
    watch_listener(t, EPOLL_CTL_ADD);
  }
  if (old >= 0) {
    close(old);
  }
  pthread_mutex_unlock(&t->lock);
  return settled;
}

static bool own_owns_path(dpd_transport *base) {
  return dpd_place_is_ours(&of(base)->place);
}

static void own_unlisten(dpd_transport *base) {
  own *t = of(base);
  dpd_place_leave(&t->place);
  pthread_mutex_lock(&t->lock);
  if (t->listen_fd >= 0) {
    close(t->listen_fd);
    t->listen_fd = -1;
  }
  pthread_mutex_unlock(&t->lock);
}

static void own_close_peer(dpd_transport *base, uint32_t peer) {
  own *t = of(base);
  pthread_mutex_lock(&t->lock);
  dpd_map_node *node = dpd_map_first(&t->connections, spread(peer));
  for (; node != NULL; node = dpd_map_next(node)) {
    connection *c = DPD_CONTAINER(node, connection, node);
    if (c->id == peer) {
      pthread_mutex_lock(&c->lock);
      break_off(c);
      pthread_mutex_unlock(&c->lock);
      break;
    }
  }
  pthread_mutex_unlock(&t->lock);
}

static bool own_flush(dpd_transport *base, int timeout_ms) {
  own *t = of(base);
  int64_t until_us = dpd_now_us() + (int64_t)timeout_ms * 1000;
  struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
  int rc = 0;
  pthread_mutex_lock(&t->lock);
  while (atomic_load(&t->queued) > 0 && rc == 0) {
    rc = pthread_cond_timedwait(&t->quiet, &t->lock, &until);
  }
  bool quiet = atomic_load(&t->queued) == 0;
  pthread_mutex_unlock(&t->lock);
  return quiet;
}

static void own_trim(dpd_transport *base) {
  (void)base; /* nothing is kept that nobody uses */
}

static void collect(dpd_map_node *node, void *user) {
  connection ***next = user;
  *(*next)++ = DPD_CONTAINER(node, connection, node);
}

/* After the threads have ended: what is still connected goes as if it had closed. */
static void close_all(own *t) {
  size_t count = t->connections.count;
  connection **all = malloc((count + 1) * sizeof(*all));
  connection **next = all;
  if (all == NULL) {
    return; /* the process is about to end; the kernel closes them */
  }
  dpd_map_each(&t->connections, collect, &next);
  for (size_t i = 0; i < count; i++) {
    close_connection(all[i]);
  }
  free(all);
}

static void own_stop(dpd_transport *base) {
  own *t = of(base);
  uint64_t one = 1;
  atomic_store(&t->stopping, true);
  own_unlisten(base);
  for (int i = 0; i < THREADS; i++) {
    worker *w = &t->workers[i];
    if (w->runs && write(w->wake_fd, &one, sizeof(one)) == (ssize_t)sizeof(one)) {
      pthread_join(w->thread, NULL);
    }
  }
  close_all(t);
  for (int i = 0; i < THREADS; i++) {
    worker *w = &t->workers[i];
    if (w->epoll_fd >= 0) {
      close(w->epoll_fd);
    }
    if (w->wake_fd >= 0) {
      close(w->wake_fd);
    }
    free(w->scratch);
  }
  dpd_map_clear(&t->connections);
  pthread_mutex_destroy(&t->lock);
  pthread_cond_destroy(&t->quiet);
  free(t);
}

static own *new_transport(const dpd_transport_options *options) {
  own *t = calloc(1, sizeof(*t));
  if (t == NULL) {
    return NULL;
  }
  t->base.ops = &dpd_transport_own;
  t->message_max = options->message_max;
  t->events = *options->events;
  t->user = options->user;
  t->listen_fd = -1;
  for (int i = 0; i < THREADS; i++) {
    t->workers[i].epoll_fd = -1;
    t->workers[i].wake_fd = -1;
  }
  dpd_list_init(&t->strangers);
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_mutex_init(&t->lock, NULL);
  pthread_cond_init(&t->quiet, &attr);
  pthread_condattr_destroy(&attr);
  return t;
}

static bool own_start(dpd_transport **out, const dpd_transport_options *options, dp_error *err) {
  own *t = new_transport(options);
  if (t == NULL) {
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory to listen.");
  }
  bool started = dpd_place_init(&t->place, options->path, options->mode, options->group, err);
  for (int i = 0; started && i < THREADS; i++) {
    started = start_worker(t, &t->workers[i]) ||
              dpd_fault(err, DP_INTERNAL, "threads", "Cannot start a thread to listen: %s.",
                        strerror(errno));
  }
  *out = &t->base; /* callbacks may look for it from here on */
  if (!started || !own_relisten(&t->base, err)) {
    *out = NULL;
    own_stop(&t->base);
    return false;
  }
  return true;
}

static const char *own_version(void) {
  return "own";
}

static bool own_wedges(void) {
  return false;
}

const dpd_transport_ops dpd_transport_own = {.start = own_start,
                                             .relisten = own_relisten,
                                             .owns_path = own_owns_path,
                                             .unlisten = own_unlisten,
                                             .close_peer = own_close_peer,
                                             .flush = own_flush,
                                             .trim = own_trim,
                                             .stop = own_stop,
                                             .buffer = own_buffer,
                                             .send = own_send,
                                             .drop = own_drop,
                                             .version = own_version,
                                             .wedges = own_wedges};
