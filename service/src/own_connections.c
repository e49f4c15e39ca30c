/* Who comes and goes. A connection is a stranger until it has greeted: strangers are few, and for a
 * short time, so that whoever connects and says nothing keeps no place from others. */
#include "own.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

enum {
  AT_ONCE = 64,        /* connections accepted before others are looked at */
  GREETING_MS = 10000, /* to be greeted back */
  STRANGERS_MAX = 512  /* connections that have not greeted yet */
};

void dpd_own_close_connection(dpd_connection *c) {
  dpd_own *t = c->t;
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
  dpd_own_done_with(t, &left);
  if (c->known) {
    t->events.on_gone(t->user, c->id);
  }
  dpd_own_release(c);
}

/* Someone who has connected and says nothing keeps no place from others. With the lock. */
void dpd_own_expire_strangers(dpd_own *t, int64_t now_ms) {
  for (dpd_node *n = t->strangers.next; n != &t->strangers; n = n->next) {
    dpd_connection *c = DPD_CONTAINER(n, dpd_connection, stranger);
    if (t->stranger_count <= STRANGERS_MAX && now_ms - c->since_ms < GREETING_MS) {
      return;
    }
    pthread_mutex_lock(&c->lock);
    dpd_own_break_off(c);
    pthread_mutex_unlock(&c->lock);
    if (now_ms - c->since_ms < GREETING_MS) {
      return; /* one place is enough for the one who came */
    }
  }
}

static dpd_connection *new_connection(dpd_own *t, int fd) {
  struct ucred cred;
  socklen_t size = sizeof(cred);
  dpd_connection *c = calloc(1, sizeof(*c));
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
static bool enroll(dpd_own *t, dpd_connection *c) {
  pthread_mutex_lock(&t->lock);
  c->id = ++t->last_id;
  c->w = &t->workers[c->id % DPD_OWN_THREADS];
  bool in = dpd_map_insert(&t->connections, &c->node, dpd_own_hash(c->id));
  if (in) {
    dpd_list_append(&t->strangers, &c->stranger);
    t->stranger_count++;
    dpd_own_expire_strangers(t, c->since_ms);
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

static void welcome(dpd_own *t, int fd) {
  dpd_connection *c = new_connection(t, fd);
  /* Eight bytes always fit into a fresh socket. */
  if (c == NULL || send(fd, dpd_sp_greeting_rep, DPD_SP_GREETING, MSG_NOSIGNAL | MSG_DONTWAIT) !=
                       DPD_SP_GREETING) {
    close(fd);
    if (c != NULL) {
      dpd_own_release(c);
    }
    return;
  }
  if (!enroll(t, c)) {
    close(fd);
    dpd_own_release(c);
  }
}

/* With the lock. data.ptr NULL stands for the listener. */
void dpd_own_watch_listener(dpd_own *t, int how) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (t->listen_fd >= 0) {
    epoll_ctl(t->workers[0].epoll_fd, how, t->listen_fd, &event);
  }
}

void dpd_own_accept_all(dpd_own *t) {
  for (int i = 0; i < AT_ONCE; i++) {
    pthread_mutex_lock(&t->lock);
    int fd =
        t->listen_fd < 0 ? -1 : accept4(t->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
      dpd_own_watch_listener(t, EPOLL_CTL_DEL);
      atomic_store(&t->paused, 1);
    }
    pthread_mutex_unlock(&t->lock);
    if (fd < 0) {
      return;
    }
    welcome(t, fd);
  }
}

bool dpd_own_greeted(dpd_connection *c) {
  dpd_own *t = c->t;
  pthread_mutex_lock(&t->lock);
  dpd_list_remove(&c->stranger);
  t->stranger_count--;
  pthread_mutex_unlock(&t->lock);
  c->known = t->events.on_peer(t->user, c->id, &c->identity);
  return c->known;
}
