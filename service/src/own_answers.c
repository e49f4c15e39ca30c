/* What goes out. Whoever has an answer writes it to the socket right there; only what the socket
 * does not take at once is queued, for the thread that reads the connection. */
#include "own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "log.h"

void dpd_own_release(dpd_connection *c) {
  if (atomic_fetch_sub(&c->refs, 1) == 1) {
    pthread_mutex_destroy(&c->lock);
    free(c->in);
    free(c);
  }
}

static void free_inquiry(dpd_own_inquiry *q) {
  dpd_own_release(q->c);
  free(q->frame);
  free(q);
}

uint8_t *dpd_own_buffer(dpd_inquiry *base, size_t capacity) {
  dpd_own_inquiry *q = DPD_CONTAINER(base, dpd_own_inquiry, base);
  size_t before = DPD_SP_HEAD + q->trace_length;
  free(q->frame);
  q->frame = malloc(before + capacity);
  q->capacity = capacity;
  return q->frame == NULL ? NULL : q->frame + before;
}

void dpd_own_drop(dpd_inquiry *base) {
  free_inquiry(DPD_CONTAINER(base, dpd_own_inquiry, base));
}

typedef enum written { ALL, SOME, BROKEN } written;

/* With the connection's lock, and not closed. */
static written write_some(dpd_connection *c, dpd_own_inquiry *q) {
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

static void watch(dpd_connection *c, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(c->w->epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

static void one_less_queued(dpd_own *t) {
  if (atomic_fetch_sub(&t->queued, 1) == 1) {
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->quiet);
    pthread_mutex_unlock(&t->lock);
  }
}

/* With the connection's lock. The connection's thread closes it, woken by the shutdown. */
void dpd_own_break_off(dpd_connection *c) {
  if (!c->closed) {
    shutdown(c->fd, SHUT_RDWR);
  }
}

/* With the lock: true if it is queued, false if it is done with. */
static bool write_or_queue(dpd_own *t, dpd_connection *c, dpd_own_inquiry *q) {
  if (c->closed) {
    return false;
  }
  bool first = dpd_list_empty(&c->out);
  written result = first ? write_some(c, q) : SOME;
  if (result != SOME) {
    if (result == BROKEN) {
      dpd_own_break_off(c);
    }
    return false;
  }
  if (!first && c->out_bytes > 4 * t->message_max) {
    dpd_log(DP_LOG_WARNING, "closing a connection whose client leaves %zu bytes of answers unread",
            c->out_bytes);
    dpd_own_break_off(c);
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

void dpd_own_send(dpd_inquiry *base, size_t length) {
  dpd_own_inquiry *q = DPD_CONTAINER(base, dpd_own_inquiry, base);
  dpd_connection *c = q->c;
  dpd_own *t = c->t;
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

void dpd_own_done_with(dpd_own *t, dpd_list *list) {
  dpd_node *node;
  while ((node = dpd_list_first(list)) != NULL) {
    dpd_own_inquiry *q = DPD_CONTAINER(node, dpd_own_inquiry, queued);
    uint32_t peer = q->c->id;
    dpd_list_remove(node);
    one_less_queued(t);
    t->events.on_sent(t->user, peer);
    free_inquiry(q);
  }
}

/* The socket takes more. False: it is broken. */
bool dpd_own_flush_connection(dpd_connection *c) {
  dpd_list done;
  dpd_list_init(&done);
  written result = ALL;
  pthread_mutex_lock(&c->lock);
  dpd_node *node;
  while (result == ALL && (node = dpd_list_first(&c->out)) != NULL) {
    dpd_own_inquiry *q = DPD_CONTAINER(node, dpd_own_inquiry, queued);
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
  dpd_own_done_with(c->t, &done);
  return result != BROKEN;
}
