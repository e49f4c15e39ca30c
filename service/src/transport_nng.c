/*
 * The transport on libnng's REP socket.
 *
 * Why contexts and not the raw socket: a raw REP socket drops replies silently once 64 wait for one
 * pipe, while the send succeeds. A context holds one request and waits for a slow reader. So one
 * context, with its aio, is an inquiry; they are opened as messages come, up to a bound, and kept.
 *
 * Why a few receive at once: the callback of one message runs while the next is taken by another of
 * libnng's threads.
 *
 * Why listen beside the path and rename: libnng makes its socket file with bind, chmod and listen in
 * turn, and closing a listener unlinks its path, whoever has made the file there since. A listener
 * on "PATH~" that is renamed to PATH is complete when it appears, replaces an older one without a
 * gap, and never takes a successor's file away.
 *
 * Why relisten at all: in libnng before 1.6 a client that connects and closes at once ends the
 * accept loop for good (a negotiation that fails as "closed" is taken for the listener's own end).
 * Only closing the listener frees those who connected since, and that closes its good connections
 * too; callers above therefore never take a lost connection for a lost interest at once.
 *
 * Threads: an inquiry is owned by one party at a time (libnng, the callback, whoever answers), so it
 * has no lock. The list of idle ones does. An aio's callback may begin on another thread before the
 * callback that led to it has returned: nothing touches an inquiry after giving it away.
 */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

#include "transport.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "fault.h"
#include "list.h"

enum { RECEIVERS = 4, IDLE_KEPT = 64 };

typedef enum place { IDLE, RECEIVING, HELD, SENDING } place;

struct dpd_inquiry {
  dpd_node all;  /* in transport->all */
  dpd_node idle; /* in transport->idle while IDLE */
  dpd_transport *transport;
  nng_ctx context;
  nng_aio *aio;
  nng_msg *answer;
  size_t capacity;
  uint32_t peer;
  place place;
};

struct dpd_transport {
  nng_socket socket;
  nng_listener listener;
  bool listening;
  char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
  dev_t device; /* of the socket file that we made */
  ino_t inode;
  mode_t mode;
  gid_t group;
  size_t inquiries_max;
  dpd_transport_events events;
  void *user;

  pthread_mutex_t lock; /* what follows */
  pthread_cond_t quiet; /* an answer has left */
  dpd_list all;
  dpd_list idle;
  size_t count;
  size_t idle_count;
  size_t receiving;
  size_t sending;
  bool stopping;
};

static void fill_receivers(dpd_transport *t);

static void free_inquiry(dpd_inquiry *q) {
  nng_aio_stop(q->aio);
  nng_ctx_close(q->context);
  nng_aio_free(q->aio);
  if (q->answer != NULL) {
    nng_msg_free(q->answer);
  }
  free(q);
}

/* With the lock. The inquiry is in hand: nobody else knows it. */
static void make_idle(dpd_transport *t, dpd_inquiry *q) {
  q->place = IDLE;
  dpd_list_append(&t->idle, &q->idle);
  t->idle_count++;
}

static void give_back(dpd_inquiry *q) {
  dpd_transport *t = q->transport;
  pthread_mutex_lock(&t->lock);
  make_idle(t, q);
  pthread_mutex_unlock(&t->lock);
  fill_receivers(t);
}

static void received(dpd_inquiry *q) {
  dpd_transport *t = q->transport;
  int rv = nng_aio_result(q->aio);
  nng_msg *msg = rv == 0 ? nng_aio_get_msg(q->aio) : NULL;
  pthread_mutex_lock(&t->lock);
  t->receiving--;
  bool stopping = t->stopping;
  q->place = HELD;
  pthread_mutex_unlock(&t->lock);
  if (msg == NULL || stopping) {
    if (msg != NULL) {
      nng_msg_free(msg);
    }
    if (rv != NNG_ECLOSED) {
      give_back(q);
    }
    return;
  }
  fill_receivers(t);
  nng_pipe pipe = nng_msg_get_pipe(msg);
  q->peer = (uint32_t)nng_pipe_id(pipe);
  t->events.on_message(t->user, q->peer, q, nng_msg_body(msg), nng_msg_len(msg));
  nng_msg_free(msg);
}

static void sent(dpd_inquiry *q) {
  dpd_transport *t = q->transport;
  if (nng_aio_result(q->aio) != 0) {
    nng_msg *msg = nng_aio_get_msg(q->aio);
    if (msg != NULL) {
      nng_msg_free(msg);
    }
  }
  uint32_t peer = q->peer;
  pthread_mutex_lock(&t->lock);
  if (--t->sending == 0) {
    pthread_cond_broadcast(&t->quiet);
  }
  make_idle(t, q);
  pthread_mutex_unlock(&t->lock);
  t->events.on_sent(t->user, peer);
  fill_receivers(t);
}

static void on_aio(void *arg) {
  dpd_inquiry *q = arg;
  if (q->place == RECEIVING) {
    received(q);
  } else if (q->place == SENDING) {
    sent(q);
  }
}

static dpd_inquiry *open_inquiry(dpd_transport *t) {
  dpd_inquiry *q = calloc(1, sizeof(*q));
  if (q == NULL) {
    return NULL;
  }
  q->transport = t;
  if (nng_aio_alloc(&q->aio, on_aio, q) != 0) {
    free(q);
    return NULL;
  }
  if (nng_ctx_open(&q->context, t->socket) != 0) {
    nng_aio_free(q->aio);
    free(q);
    return NULL;
  }
  dpd_list_init(&q->idle);
  dpd_list_append(&t->all, &q->all);
  t->count++;
  return q;
}

/* With the lock: an idle inquiry, or a new one, or NULL. */
static dpd_inquiry *take_idle(dpd_transport *t) {
  dpd_node *node = dpd_list_first(&t->idle);
  if (node == NULL) {
    return t->count < t->inquiries_max ? open_inquiry(t) : NULL;
  }
  dpd_list_remove(node);
  t->idle_count--;
  return DPD_CONTAINER(node, dpd_inquiry, idle);
}

static void fill_receivers(dpd_transport *t) {
  for (;;) {
    pthread_mutex_lock(&t->lock);
    if (t->stopping || t->receiving >= RECEIVERS) {
      pthread_mutex_unlock(&t->lock);
      return;
    }
    dpd_inquiry *q = take_idle(t);
    bool exhausted = q == NULL && t->receiving == 0;
    if (q != NULL) {
      q->place = RECEIVING;
      t->receiving++;
    }
    pthread_mutex_unlock(&t->lock);
    if (q == NULL) {
      if (exhausted) {
        t->events.on_exhausted(t->user);
      }
      return;
    }
    nng_ctx_recv(q->context, q->aio);
  }
}

uint8_t *dpd_inquiry_buffer(dpd_inquiry *q, size_t capacity) {
  if (q->answer != NULL) {
    nng_msg_free(q->answer);
    q->answer = NULL;
  }
  if (nng_msg_alloc(&q->answer, capacity) != 0) {
    q->answer = NULL;
    return NULL;
  }
  q->capacity = capacity;
  return nng_msg_body(q->answer);
}

void dpd_inquiry_send(dpd_inquiry *q, size_t length) {
  dpd_transport *t = q->transport;
  nng_msg_chop(q->answer, q->capacity - length);
  nng_aio_set_msg(q->aio, q->answer);
  q->answer = NULL;
  pthread_mutex_lock(&t->lock);
  q->place = SENDING;
  t->sending++;
  pthread_mutex_unlock(&t->lock);
  nng_ctx_send(q->context, q->aio);
}

void dpd_inquiry_drop(dpd_inquiry *q) {
  if (q->answer != NULL) {
    nng_msg_free(q->answer);
    q->answer = NULL;
  }
  give_back(q);
}

static uint32_t pipe_number(nng_pipe pipe, const char *name) {
  uint64_t value;
  return nng_pipe_get_uint64(pipe, name, &value) == 0 ? (uint32_t)value : UINT32_MAX;
}

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg) {
  dpd_transport *t = arg;
  uint32_t peer = (uint32_t)nng_pipe_id(pipe);
  if (event == NNG_PIPE_EV_REM_POST) {
    t->events.on_gone(t->user, peer);
    return;
  }
  dpd_peer_identity identity = {.uid = pipe_number(pipe, NNG_OPT_IPC_PEER_UID),
                                .gid = pipe_number(pipe, NNG_OPT_IPC_PEER_GID),
                                .pid = pipe_number(pipe, NNG_OPT_IPC_PEER_PID)};
  if (identity.uid == UINT32_MAX || !t->events.on_peer(t->user, peer, &identity)) {
    nng_pipe_close(pipe);
  }
}

static bool listen_failed(const char *path, const char *why, dp_error *err) {
  dpd_fault(err, DP_INTERNAL, "listen", "Cannot listen on %s: %s.", path, why);
  return dpd_fault_hint(err, "The directory must exist and be writable for this user.");
}

/* "PATH~"; where that is too long for a socket, PATH with another last letter. */
static void beside(const char *path, char *out, size_t size) {
  size_t length = strlen(path);
  if (length + 2 <= size) {
    snprintf(out, size, "%s~", path);
    return;
  }
  memcpy(out, path, length + 1);
  out[length - 1] = out[length - 1] == '~' ? '_' : '~';
}

/* Makes the file at temporary what path shall be, and puts it there. */
static bool settle(dpd_transport *t, const char *temporary, dp_error *err) {
  struct stat st;
  if (t->group != (gid_t)-1 && chown(temporary, (uid_t)-1, t->group) != 0) {
    return listen_failed(t->path, strerror(errno), err);
  }
  if (chmod(temporary, t->mode) != 0 || stat(temporary, &st) != 0 ||
      rename(temporary, t->path) != 0) {
    return listen_failed(t->path, strerror(errno), err);
  }
  t->device = st.st_dev;
  t->inode = st.st_ino;
  return true;
}

static bool listen_fresh(dpd_transport *t, nng_listener *out, dp_error *err) {
  char temporary[sizeof(t->path)];
  char url[sizeof(t->path) + 8];
  beside(t->path, temporary, sizeof(temporary));
  snprintf(url, sizeof(url), "ipc://%s", temporary);
  unlink(temporary);
  int rv = nng_listener_create(out, t->socket, url);
  if (rv == 0 && (rv = nng_listener_set_int(*out, NNG_OPT_IPC_PERMISSIONS, 0600)) == 0) {
    rv = nng_listener_start(*out, 0);
  }
  if (rv != 0) {
    return listen_failed(t->path, nng_strerror(rv), err);
  }
  if (!settle(t, temporary, err)) {
    nng_listener_close(*out);
    return false;
  }
  return true;
}

bool dpd_transport_relisten(dpd_transport *t, dp_error *err) {
  nng_listener old = t->listener;
  if (!listen_fresh(t, &t->listener, err)) {
    t->listener = old;
    return false;
  }
  if (t->listening) {
    nng_listener_close(old);
  }
  t->listening = true;
  return true;
}

bool dpd_transport_owns_path(dpd_transport *t) {
  struct stat st;
  return stat(t->path, &st) == 0 && st.st_dev == t->device && st.st_ino == t->inode;
}

/* libnng 1.x closes a listener's connections with it. To keep them, the listener stays, and only
 * its name goes: nobody can find it any more. */
void dpd_transport_unlisten(dpd_transport *t) {
  if (dpd_transport_owns_path(t)) {
    unlink(t->path);
  }
}

void dpd_transport_close_peer(dpd_transport *t, uint32_t peer) {
  (void)t;
  nng_pipe_close((nng_pipe){.id = peer});
}

bool dpd_transport_flush(dpd_transport *t, int timeout_ms) {
  int64_t until_us = dpd_now_us() + (int64_t)timeout_ms * 1000;
  struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
  int rc = 0;
  pthread_mutex_lock(&t->lock);
  while (t->sending > 0 && rc == 0) {
    rc = pthread_cond_timedwait(&t->quiet, &t->lock, &until);
  }
  bool quiet = t->sending == 0;
  pthread_mutex_unlock(&t->lock);
  return quiet;
}

void dpd_transport_trim(dpd_transport *t) {
  for (;;) {
    pthread_mutex_lock(&t->lock);
    dpd_node *node = t->idle_count > IDLE_KEPT ? dpd_list_first(&t->idle) : NULL;
    if (node == NULL) {
      pthread_mutex_unlock(&t->lock);
      return;
    }
    dpd_inquiry *q = DPD_CONTAINER(node, dpd_inquiry, idle);
    dpd_list_remove(node);
    dpd_list_remove(&q->all);
    t->idle_count--;
    t->count--;
    pthread_mutex_unlock(&t->lock);
    free_inquiry(q);
  }
}

static void init_locks(dpd_transport *t) {
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_mutex_init(&t->lock, NULL);
  pthread_cond_init(&t->quiet, &attr);
  pthread_condattr_destroy(&attr);
  dpd_list_init(&t->all);
  dpd_list_init(&t->idle);
}

static bool open_socket(dpd_transport *t, size_t message_max, dp_error *err) {
  int rv = nng_rep0_open(&t->socket);
  /* Unlimited by default, and memory is reserved on the announced length alone. */
  if (rv == 0) {
    rv = nng_socket_set_size(t->socket, NNG_OPT_RECVMAXSZ, message_max + sizeof(uint32_t));
  }
  if (rv == 0) {
    rv = nng_pipe_notify(t->socket, NNG_PIPE_EV_ADD_PRE, on_pipe, t);
  }
  if (rv == 0) {
    rv = nng_pipe_notify(t->socket, NNG_PIPE_EV_REM_POST, on_pipe, t);
  }
  if (rv != 0) {
    return dpd_fault(err, DP_INTERNAL, "nng", "libnng cannot open a REP socket: %s.",
                     nng_strerror(rv));
  }
  return true;
}

bool dpd_transport_start(dpd_transport **out, const dpd_transport_options *options,
                         dp_error *err) {
  dpd_transport *t = calloc(1, sizeof(*t));
  if (t == NULL) {
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory to listen.");
  }
  if (strlen(options->path) >= sizeof(t->path)) {
    free(t);
    return dpd_fault(err, DP_INVALID_REQUEST, "path_too_long",
                     "The socket's path is longer than the 107 bytes that a Unix socket takes: %s",
                     options->path);
  }
  snprintf(t->path, sizeof(t->path), "%s", options->path);
  t->mode = options->mode;
  t->group = options->group;
  t->inquiries_max = options->inquiries_max;
  t->events = *options->events;
  t->user = options->user;
  init_locks(t);
  if (!open_socket(t, options->message_max, err)) {
    dpd_transport_stop(t);
    return false;
  }
  *out = t; /* callbacks may look for it from here on */
  fill_receivers(t);
  if (!dpd_transport_relisten(t, err)) {
    *out = NULL;
    dpd_transport_stop(t);
    return false;
  }
  return true;
}

void dpd_transport_stop(dpd_transport *t) {
  if (t == NULL) {
    return;
  }
  pthread_mutex_lock(&t->lock);
  t->stopping = true;
  pthread_mutex_unlock(&t->lock);
  dpd_transport_unlisten(t);
  nng_close(t->socket);
  dpd_node *node;
  while ((node = dpd_list_first(&t->all)) != NULL) {
    dpd_inquiry *q = DPD_CONTAINER(node, dpd_inquiry, all);
    dpd_list_remove(&q->all);
    free_inquiry(q);
  }
  pthread_mutex_destroy(&t->lock);
  pthread_cond_destroy(&t->quiet);
  free(t);
}

const char *dpd_transport_version(void) {
  return nng_version();
}

bool dpd_transport_wedges(void) {
  int major = 0;
  int minor = 0;
  sscanf(nng_version(), "%d.%d", &major, &minor);
  return major < 1 || (major == 1 && minor < 6);
}
