/* What comes in. Most messages are read whole and looked at where they lie; of what is not whole,
 * the bytes that have come are kept, never the bytes that were promised. */
#include "own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool deliver(dpd_connection *c, const dpd_sp_message *message) {
  dpd_own *t = c->t;
  dpd_own_inquiry *q = calloc(1, sizeof(*q));
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
static bool consume(dpd_connection *c, const uint8_t *data, size_t length, size_t *rest) {
  for (;;) {
    size_t used;
    size_t wanted;
    dpd_sp_message message;
    dpd_sp_found found = dpd_sp_next(&c->sp, data, length, &used, &wanted, &message);
    if (found == DPD_SP_MORE) {
      *rest = length;
      return true;
    }
    if (found == DPD_SP_WRONG || (found == DPD_SP_GREETED && !dpd_own_greeted(c)) ||
        (found == DPD_SP_MESSAGE && !deliver(c, &message))) {
      return false;
    }
    data += used;
    length -= used;
  }
}

/* Memory for what has come, doubling: what a peer claims reserves nothing. */
static bool keep(dpd_connection *c, const uint8_t *data, size_t length) {
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

static void forget_input(dpd_connection *c) {
  free(c->in);
  c->in = NULL;
  c->in_length = 0;
  c->in_capacity = 0;
}

/* More of a message that began earlier. */
static bool take_more(dpd_connection *c, const uint8_t *data, size_t length) {
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

static bool take_fresh(dpd_connection *c, const uint8_t *data, size_t length) {
  size_t rest;
  return consume(c, data, length, &rest) && (rest == 0 || keep(c, data + length - rest, rest));
}

bool dpd_own_read(dpd_connection *c, uint8_t *scratch) {
  ssize_t n = recv(c->fd, scratch, DPD_OWN_READ_SIZE, 0);
  if (n < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  if (n == 0) {
    return false;
  }
  return c->in_length > 0 ? take_more(c, scratch, (size_t)n) : take_fresh(c, scratch, (size_t)n);
}
