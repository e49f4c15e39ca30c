/* transport.h - messages in, answers out, peers that come and go; nothing of what they mean. */
#ifndef DPD_TRANSPORT_H
#define DPD_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include <difypool/error.h>

/* A message that waits for its answer. It is given up by exactly one dpd_inquiry_send or _drop. */
typedef struct dpd_inquiry dpd_inquiry;
typedef struct dpd_transport dpd_transport;

typedef struct dpd_peer_identity {
  uint32_t uid;
  uint32_t gid;
  uint32_t pid;
} dpd_peer_identity;

/*
 * Callbacks run on the transport's threads, several at once, and must not block. For one peer:
 * on_peer first; then messages; on_gone last (a message may still slip in behind it). sent runs on
 * whatever thread sends. They may call any function below except dpd_transport_stop; none is called
 * with a lock of the transport held.
 */
typedef struct dpd_transport_events {
  /* False turns the peer away: its connection is closed. on_gone may follow all the same. */
  bool (*on_peer)(void *user, uint32_t peer, const dpd_peer_identity *identity);
  void (*on_gone)(void *user, uint32_t peer);
  /* data lives during the callback. */
  void (*on_message)(void *user, uint32_t peer, dpd_inquiry *inquiry, const uint8_t *data,
                     size_t length);
  /* An answer of this peer has left us, or its peer is gone. */
  void (*on_sent)(void *user, uint32_t peer);
  /* All places for messages are held by answers that nobody reads: close a peer to free some. */
  void (*on_exhausted)(void *user);
} dpd_transport_events;

typedef struct dpd_transport_options {
  const char *path;     /* of the socket */
  mode_t mode;          /* of the socket file */
  gid_t group;          /* of the socket file; (gid_t)-1 = as it comes */
  size_t message_max;   /* bytes of one message; a peer that announces more is closed */
  size_t inquiries_max; /* messages at once, from receipt until their answer has left */
  const dpd_transport_events *events;
  void *user;
} dpd_transport_options;

/* What an implementation gives. The meaning of each is that of the function of its name below. */
typedef struct dpd_transport_ops {
  bool (*start)(dpd_transport **out, const dpd_transport_options *options, dp_error *err);
  bool (*relisten)(dpd_transport *transport, dp_error *err);
  bool (*owns_path)(dpd_transport *transport);
  void (*unlisten)(dpd_transport *transport);
  void (*close_peer)(dpd_transport *transport, uint32_t peer);
  bool (*flush)(dpd_transport *transport, int timeout_ms);
  void (*trim)(dpd_transport *transport);
  void (*stop)(dpd_transport *transport);
  uint8_t *(*buffer)(dpd_inquiry *inquiry, size_t capacity);
  void (*send)(dpd_inquiry *inquiry, size_t length);
  void (*drop)(dpd_inquiry *inquiry);
  const char *(*version)(void);
  bool (*wedges)(void);
} dpd_transport_ops;

extern const dpd_transport_ops dpd_transport_own;    /* transport_own.c */
extern const dpd_transport_ops dpd_transport_libnng; /* transport_nng.c */

/* Both begin every transport and every inquiry. */
struct dpd_transport {
  const dpd_transport_ops *ops;
};

struct dpd_inquiry {
  dpd_transport *transport;
};

/* dpd_transport_relisten - a fresh listener takes over the path, then the old one is closed: heals
 * a listener that stopped accepting. libnng's closes its connections with it. */
static inline bool dpd_transport_relisten(dpd_transport *t, dp_error *err) {
  return t->ops->relisten(t, err);
}

/* dpd_transport_owns_path - whether the file at path is still the socket that we made. */
static inline bool dpd_transport_owns_path(dpd_transport *t) {
  return t->ops->owns_path(t);
}

/* dpd_transport_unlisten - take no new connections, and remove the path if it is ours. Those who
 * are connected stay. */
static inline void dpd_transport_unlisten(dpd_transport *t) {
  t->ops->unlisten(t);
}

/* dpd_transport_close_peer - end a connection; on_gone follows. */
static inline void dpd_transport_close_peer(dpd_transport *t, uint32_t peer) {
  t->ops->close_peer(t, peer);
}

/* dpd_transport_flush - wait until all answers have left, at most timeout_ms. */
static inline bool dpd_transport_flush(dpd_transport *t, int timeout_ms) {
  return t->ops->flush(t, timeout_ms);
}

/* dpd_transport_trim - give back what a past rush needed. */
static inline void dpd_transport_trim(dpd_transport *t) {
  t->ops->trim(t);
}

/* dpd_transport_stop - close everything; no callback runs after it. Not in a callback. */
static inline void dpd_transport_stop(dpd_transport *t) {
  t->ops->stop(t);
}

/* dpd_inquiry_buffer - memory for an answer of up to capacity bytes; NULL when memory is out. */
static inline uint8_t *dpd_inquiry_buffer(dpd_inquiry *inquiry, size_t capacity) {
  return inquiry->transport->ops->buffer(inquiry, capacity);
}

/* dpd_inquiry_send - the first length bytes of the buffer are the answer. Any thread. */
static inline void dpd_inquiry_send(dpd_inquiry *inquiry, size_t length) {
  inquiry->transport->ops->send(inquiry, length);
}

/* dpd_inquiry_drop - there will be no answer. */
static inline void dpd_inquiry_drop(dpd_inquiry *inquiry) {
  inquiry->transport->ops->drop(inquiry);
}

#endif
