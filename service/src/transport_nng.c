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
 * Why relisten at all: in libnng before 1.6 a client that connects and closes at once ends the
 * accept loop for good (a negotiation that fails as "closed" is taken for the listener's own end).
 * Only closing the listener frees those who connected since, and that closes its good connections
 * too; callers above therefore never take a lost connection for a lost interest at once.
 *
 * What cannot be mended here: up to 1.10 at least, a client that vanishes in the middle of a burst
 * may block libnng's only reaping thread (see transport_own.c). Hence this is not the default
 * transport.
 *
 * Threads: an inquiry is owned by one party at a time (libnng, the callback, whoever answers), so
 * it has no lock. The list of idle ones does. An aio's callback may begin on another thread before
 * the callback that led to it has returned: nothing touches an inquiry after giving it away.
 */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

#include "transport.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "fault.h"
#include "list.h"
#include "place.h"

enum { RECEIVERS = 4, IDLE_KEPT = 64 };

typedef enum place { IDLE, RECEIVING, HELD, SENDING } place;

typedef struct rep rep;

typedef struct inquiry {
  dpd_inquiry base;
  dpd_node all;  /* in rep->all */
  dpd_node idle; /* in rep->idle while IDLE */
  rep *t;
  nng_ctx context;
  nng_aio *aio;
  nng_msg *answer;
  size_t capacity;
  uint32_t peer;
  place place;
} inquiry;

struct rep {
  dpd_transport base;
  nng_socket socket;
  nng_listener listener;
  bool listening;
  dpd_place where;
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

static rep *of(dpd_transport *t) {
  return DPD_CONTAINER(t, rep, base);
}

static void fill_receivers(rep *t);

static void free_inquiry(inquiry *q) {
  nng_aio_stop(q->aio);
  nng_ctx_close(q->context);
  nng_aio_free(q->aio);
  if (q->answer != NULL) {
    nng_msg_free(q->answer);
  }
  free(q);
}

/* With the lock. The inquiry is in hand: nobody else knows it. */
static void make_idle(rep *t, inquiry *q) {
  q->place = IDLE;
  dpd_list_append(&t->idle, &q->idle);
  t->idle_count++;
}

static void give_back(inquiry *q) {
  rep *t = q->t;
  pthread_mutex_lock(&t->lock);
  make_idle(t, q);
  pthread_mutex_unlock(&t->lock);
  fill_receivers(t);
}

static void received(inquiry *q) {
  rep *t = q->t;
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
  t->events.on_message(t->user, q->peer, &q->base, nng_msg_body(msg), nng_msg_len(msg));
  nng_msg_free(msg);
}

static void sent(inquiry *q) {
  rep *t = q->t;
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
  inquiry *q = arg;
  if (q->place == RECEIVING) {
    received(q);
  } else if (q->place == SENDING) {
    sent(q);
  }
}

static inquiry *open_inquiry(rep *t) {
  inquiry *q = calloc(1, sizeof(*q));
  if (q == NULL) {
    return NULL;
  }
  q->base.transport = &t->base;
  q->t = t;
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
static inquiry *take_idle(rep *t) {
  dpd_node *node = dpd_list_first(&t->idle);
  if (node == NULL) {
    return t->count < t->inquiries_max ? open_inquiry(t) : NULL;
  }
  dpd_list_remove(node);
  t->idle_count--;
  return DPD_CONTAINER(node, inquiry, idle);
}

static void fill_receivers(rep *t) {
  for (;;) {
    pthread_mutex_lock(&t->lock);
    if (t->stopping || t->receiving >= RECEIVERS) {
      pthread_mutex_unlock(&t->lock);
      return;
    }
    inquiry *q = take_idle(t);
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

static uint8_t *rep_buffer(dpd_inquiry *base, size_t capacity) {
  inquiry *q = DPD_CONTAINER(base, inquiry, base);
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

static void rep_send(dpd_inquiry *base, size_t length) {
  inquiry *q = DPD_CONTAINER(base, inquiry, base);
  rep *t = q->t;
  nng_msg_chop(q->answer, q->capacity - length);
  nng_aio_set_msg(q->aio, q->answer);
  q->answer = NULL;
  pthread_mutex_lock(&t->lock);
  q->place = SENDING;
  t->sending++;
  pthread_mutex_unlock(&t->lock);
  nng_ctx_send(q->context, q->aio);
}

static void rep_drop(dpd_inquiry *base) {
  inquiry *q = DPD_CONTAINER(base, inquiry, base);
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
  rep *t = arg;
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

static bool listen_fresh(rep *t, nng_listener *out, dp_error *err) {
  char beside[DPD_SUN_PATH];
  char url[DPD_SUN_PATH + 8];
  dpd_place_beside(&t->where, beside);
  snprintf(url, sizeof(url), "ipc://%s", beside);
  int rv = nng_listener_create(out, t->socket, url);
  if (rv == 0 && (rv = nng_listener_set_int(*out, NNG_OPT_IPC_PERMISSIONS, 0600)) == 0) {
    rv = nng_listener_start(*out, 0);
  }
  if (rv != 0) {
    return dpd_place_failed(&t->where, nng_strerror(rv), err);
  }
  if (!dpd_place_settle(&t->where, beside, err)) {
    nng_listener_close(*out);
    return false;
  }
  return true;
}

static bool rep_relisten(dpd_transport *base, dp_error *err) {
  rep *t = of(base);
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

static bool rep_owns_path(dpd_transport *base) {
  return dpd_place_is_ours(&of(base)->where);
}

/* libnng 1.x closes a listener's connections with it. To keep them, the listener stays, and only
 * its name goes: nobody can find it any more. */
static void rep_unlisten(dpd_transport *base) {
  dpd_place_leave(&of(base)->where);
}

static void rep_close_peer(dpd_transport *base, uint32_t peer) {
  (void)base;
  nng_pipe_close((nng_pipe){.id = peer});
}

static bool rep_flush(dpd_transport *base, int timeout_ms) {
  rep *t = of(base);
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

static void rep_trim(dpd_transport *base) {
  rep *t = of(base);
  for (;;) {
    pthread_mutex_lock(&t->lock);
    dpd_node *node = t->idle_count > IDLE_KEPT ? dpd_list_first(&t->idle) : NULL;
    if (node == NULL) {
      pthread_mutex_unlock(&t->lock);
      return;
    }
    inquiry *q = DPD_CONTAINER(node, inquiry, idle);
    dpd_list_remove(node);
    dpd_list_remove(&q->all);
    t->idle_count--;
    t->count--;
    pthread_mutex_unlock(&t->lock);
    free_inquiry(q);
  }
}

static void init_locks(rep *t) {
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_mutex_init(&t->lock, NULL);
  pthread_cond_init(&t->quiet, &attr);
  pthread_condattr_destroy(&attr);
  dpd_list_init(&t->all);
  dpd_list_init(&t->idle);
}

static bool open_socket(rep *t, size_t message_max, dp_error *err) {
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

static void rep_stop(dpd_transport *base) {
  rep *t = of(base);
  pthread_mutex_lock(&t->lock);
  t->stopping = true;
  pthread_mutex_unlock(&t->lock);
  rep_unlisten(base);
  nng_close(t->socket);
  dpd_node *node;
  while ((node = dpd_list_first(&t->all)) != NULL) {
    inquiry *q = DPD_CONTAINER(node, inquiry, all);
    dpd_list_remove(&q->all);
    free_inquiry(q);
  }
  pthread_mutex_destroy(&t->lock);
  pthread_cond_destroy(&t->quiet);
  free(t);
}

static bool rep_start(dpd_transport **out, const dpd_transport_options *options, dp_error *err) {
  rep *t = calloc(1, sizeof(*t));
  if (t == NULL) {
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory to listen.");
  }
  t->base.ops = &dpd_transport_libnng;
  t->inquiries_max = options->inquiries_max;
  t->events = *options->events;
  t->user = options->user;
  init_locks(t);
  if (!dpd_place_init(&t->where, options->path, options->mode, options->group, err) ||
      !open_socket(t, options->message_max, err)) {
    rep_stop(&t->base);
    return false;
  }
  *out = &t->base; /* callbacks may look for it from here on */
  fill_receivers(t);
  if (!rep_relisten(&t->base, err)) {
    *out = NULL;
    rep_stop(&t->base);
    return false;
  }
  return true;
}

static const char *rep_version(void) {
  return nng_version();
}

static bool rep_wedges(void) {
  int major = 0;
  int minor = 0;
  sscanf(nng_version(), "%d.%d", &major, &minor);
  return major < 1 || (major == 1 && minor < 6);
}

const dpd_transport_ops dpd_transport_libnng = {.start = rep_start,
                                                .relisten = rep_relisten,
                                                .owns_path = rep_owns_path,
                                                .unlisten = rep_unlisten,
                                                .close_peer = rep_close_peer,
                                                .flush = rep_flush,
                                                .trim = rep_trim,
                                                .stop = rep_stop,
                                                .buffer = rep_buffer,
                                                .send = rep_send,
                                                .drop = rep_drop,
                                                .version = rep_version,
                                                .wedges = rep_wedges};
