/*
 * The transport that speaks the Scalability Protocols itself, on epoll.
 *
 * Why not libnng alone: measured, libnng's REP costs some ten futex wake-ups a message, more than
 * the rest of a call together, since every step of its pipeline is handed to another thread. And
 * two of its defects cannot be worked around from outside: before 1.6 a client that connects and
 * closes at once ends the accept loop; up to 1.10 a client that vanishes in the middle of a burst
 * can leave its pipe waiting for ever for a read that was refused to start (ipc_pipe_recv_cb
 * restarts rx_aio after ipc_pipe_close has stopped it), which blocks the one thread that reaps
 * pipes: from then on no disconnect is noticed and none is cleaned up.
 *
 * The way of a message: one of two threads reads a connection and calls on_message; whoever has the
 * answer writes it to the socket right there. Only what the socket does not take at once is queued
 * for the reading thread. So a message costs one wake-up in, and none out.
 *
 * Ownership: a connection's descriptor and input belong to its thread; its output and "closed" are
 * under its lock; the struct lives until the last inquiry that refers to it is gone. The table of
 * connections is under the transport's lock. A connection's lock is the inner one.
 */
#include "own.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fault.h"

enum {
  EVENTS = 64,
  BACKLOG = 1024,
  RETRY_MS = 100 /* without descriptors: look again */
};

static dpd_own *of(dpd_transport *t) {
  return DPD_CONTAINER(t, dpd_own, base);
}

static void serve_connection(dpd_own_worker *w, dpd_connection *c, uint32_t events) {
  bool alive = true;
  if ((events & EPOLLOUT) != 0) {
    alive = dpd_own_flush_connection(c);
  }
  if (alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    alive = dpd_own_read(c, w->scratch);
  }
  if (!alive) {
    dpd_own_close_connection(c);
  }
}

/* How long to sleep: for ever, unless somebody has yet to greet or descriptors ran out. */
static int patience(dpd_own_worker *w) {
  dpd_own *t = w->t;
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

static void look_after(dpd_own *t) {
  pthread_mutex_lock(&t->lock);
  dpd_own_expire_strangers(t, dpd_now_ms());
  if (atomic_exchange(&t->paused, 0) != 0) {
    dpd_own_watch_listener(t, EPOLL_CTL_ADD);
  }
  pthread_mutex_unlock(&t->lock);
}

static void *work(void *arg) {
  dpd_own_worker *w = arg;
  struct epoll_event events[EVENTS];
  while (!atomic_load(&w->t->stopping)) {
    int count = epoll_wait(w->epoll_fd, events, EVENTS, patience(w));
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == NULL) {
        dpd_own_accept_all(w->t);
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

static bool start_worker(dpd_own *t, dpd_own_worker *w) {
  w->t = t;
  w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  w->scratch = malloc(DPD_OWN_READ_SIZE);
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
  dpd_own *t = of(base);
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
    dpd_own_watch_listener(t, EPOLL_CTL_ADD);
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
  dpd_own *t = of(base);
  dpd_place_leave(&t->place);
  pthread_mutex_lock(&t->lock);
  if (t->listen_fd >= 0) {
    close(t->listen_fd);
    t->listen_fd = -1;
  }
  pthread_mutex_unlock(&t->lock);
}

static void own_close_peer(dpd_transport *base, uint32_t peer) {
  dpd_own *t = of(base);
  pthread_mutex_lock(&t->lock);
  dpd_map_node *node = dpd_map_first(&t->connections, dpd_own_hash(peer));
  for (; node != NULL; node = dpd_map_next(node)) {
    dpd_connection *c = DPD_CONTAINER(node, dpd_connection, node);
    if (c->id == peer) {
      pthread_mutex_lock(&c->lock);
      dpd_own_break_off(c);
      pthread_mutex_unlock(&c->lock);
      break;
    }
  }
  pthread_mutex_unlock(&t->lock);
}

static bool own_flush(dpd_transport *base, int timeout_ms) {
  dpd_own *t = of(base);
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
  dpd_connection ***next = user;
  *(*next)++ = DPD_CONTAINER(node, dpd_connection, node);
}

/* After the threads have ended: what is still connected goes as if it had closed. */
static void close_all(dpd_own *t) {
  size_t count = t->connections.count;
  dpd_connection **all = malloc((count + 1) * sizeof(*all));
  dpd_connection **next = all;
  if (all == NULL) {
    return; /* the process is about to end; the kernel closes them */
  }
  dpd_map_each(&t->connections, collect, &next);
  for (size_t i = 0; i < count; i++) {
    dpd_own_close_connection(all[i]);
  }
  free(all);
}

static void own_stop(dpd_transport *base) {
  dpd_own *t = of(base);
  uint64_t one = 1;
  atomic_store(&t->stopping, true);
  own_unlisten(base);
  for (int i = 0; i < DPD_OWN_THREADS; i++) {
    dpd_own_worker *w = &t->workers[i];
    if (w->runs && write(w->wake_fd, &one, sizeof(one)) == (ssize_t)sizeof(one)) {
      pthread_join(w->thread, NULL);
    }
  }
  close_all(t);
  for (int i = 0; i < DPD_OWN_THREADS; i++) {
    dpd_own_worker *w = &t->workers[i];
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

static dpd_own *new_transport(const dpd_transport_options *options) {
  dpd_own *t = calloc(1, sizeof(*t));
  if (t == NULL) {
    return NULL;
  }
  t->base.ops = &dpd_transport_own;
  t->message_max = options->message_max;
  t->events = *options->events;
  t->user = options->user;
  t->listen_fd = -1;
  for (int i = 0; i < DPD_OWN_THREADS; i++) {
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
  dpd_own *t = new_transport(options);
  if (t == NULL) {
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory to listen.");
  }
  bool started = dpd_place_init(&t->place, options->path, options->mode, options->group, err);
  for (int i = 0; started && i < DPD_OWN_THREADS; i++) {
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
                                             .buffer = dpd_own_buffer,
                                             .send = dpd_own_send,
                                             .drop = dpd_own_drop,
                                             .version = own_version,
                                             .wedges = own_wedges};
