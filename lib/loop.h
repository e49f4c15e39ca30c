/* loop.h - what the engine sleeps on: libcurl's sockets, its timer, and the wake-up. Internal. */
#ifndef DP_LOOP_H
#define DP_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_client;
struct dp__socket;

/* What is known of one descriptor. */
typedef struct dp__fd {
  struct dp__socket *socket; /* a connection of ours; NULL = one of libcurl's own (its resolver) */
  uint32_t armed;            /* the epoll events it is registered for; 0 = it is not */
  uint8_t wanted;            /* what libcurl waits for: CURL_POLL_… bits; 0 = nothing */
} dp__fd;

typedef struct dp__loop {
  int epoll, wake;
  dp__fd *fds; /* by number */
  size_t count;
  uint64_t curl_at_us; /* when libcurl wants to be called; UINT64_MAX = not */
  atomic_bool asleep;  /* the engine waits, or is about to */
} dp__loop;

/* dp__loop_init - make it and tie the client's multi handle to it. False with errno set. */
bool dp__loop_init(struct dp_client *client);
void dp__loop_deinit(dp__loop *loop);
/* dp__loop_wake - end the engine's wait, if it waits. Any thread. */
void dp__loop_wake(dp__loop *loop);
/* dp__loop_wait - sleep until something happens or timeout_ms passed, and let libcurl act on it. */
void dp__loop_wait(struct dp_client *client, int timeout_ms);
/* dp__loop_time - let libcurl act on its timer, if it is due. */
void dp__loop_time(struct dp_client *client);
/* dp__loop_own - fd is a connection of ours; it stays registered while it is idle. False = no
 * memory. */
bool dp__loop_own(dp__loop *loop, int fd, struct dp__socket *socket);
/* dp__loop_disown - fd is about to be closed. */
void dp__loop_disown(dp__loop *loop, int fd);
/* dp__loop_socket - the connection behind fd; NULL = none of ours. */
struct dp__socket *dp__loop_socket(const dp__loop *loop, int fd);

#endif
