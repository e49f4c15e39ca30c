/*
 * epoll under libcurl.
 *
 * curl_multi_poll looks at every transfer in each turn, which some hundred open streams make dear;
 * with curl_multi_socket_action a turn costs what happened in it. A request on a pooled connection
 * would cost two epoll_ctl calls that way, one when libcurl starts to wait for its answer and one
 * when it stops. So a connection stays registered while it is idle, and the next request finds it
 * so. That also tells us at once when a server closes an idle connection.
 *
 * The wake-up is an eventfd, edge-triggered, which nobody needs to read; whoever posts writes to it
 * only if the engine sleeps.
 */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine.h"
#include "sockets.h"
#include "transfer.h"

enum { EVENTS = 64 };

static bool reserve(dp__loop *loop, int fd) {
  size_t need = (size_t)fd + 1, count = loop->count ? loop->count : 64;
  if (need <= loop->count)
    return true;
  while (count < need)
    count *= 2;
  dp__fd *fds = realloc(loop->fds, count * sizeof *fds);
  if (!fds)
    return false;
  memset(fds + loop->count, 0, (count - loop->count) * sizeof *fds);
  loop->fds = fds;
  loop->count = count;
  return true;
}

static void disarm(dp__loop *loop, int fd) {
  if (loop->fds[fd].armed)
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
  loop->fds[fd].armed = 0;
}

static bool arm(dp__loop *loop, int fd, uint32_t events) {
  dp__fd *f = &loop->fds[fd];
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (f->armed == events)
    return true;
  if (epoll_ctl(loop->epoll, f->armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
    return false;
  f->armed = events;
  return true;
}

static uint32_t events_of(int what) {
  return (what & CURL_POLL_IN ? EPOLLIN | EPOLLRDHUP : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
}

static void stop_waiting(dp__loop *loop, int fd) {
  dp__fd *f = &loop->fds[fd];
  f->wanted = 0;
  if (!f->socket || (f->armed & EPOLLOUT)) /* a descriptor of libcurl's own may be closed unseen */
    disarm(loop, fd);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *unused) {
  (void)unused;
  dp_client *client = user;
  dp__loop *loop = &client->loop;
  if (!reserve(loop, fd))
    return 0; /* the stall timer ends the transfer */
  if (what == CURL_POLL_REMOVE) {
    stop_waiting(loop, fd);
    return 0;
  }
  loop->fds[fd].wanted = (uint8_t)what;
  if (!arm(loop, fd, events_of(what)))
    dp__log(client, DP_LOG_ERROR, "epoll: %s", strerror(errno));
  dp_exchange *exchange = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&exchange);
  if (exchange && loop->fds[fd].socket)
    dp__socket_take(loop->fds[fd].socket, exchange);
  return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user) {
  (void)multi;
  dp_client *client = user;
  client->loop.curl_at_us = timeout_ms < 0 ? UINT64_MAX
                                           : (timeout_ms ? dp__now_us() : client->now_us) +
                                                 1000ull * (uint64_t)timeout_ms;
  return 0;
}

bool dp__loop_init(dp_client *client) {
  dp__loop *loop = &client->loop;
  loop->curl_at_us = UINT64_MAX;
  loop->epoll = epoll_create1(EPOLL_CLOEXEC);
  loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (loop->epoll < 0 || loop->wake < 0 || !reserve(loop, loop->wake) ||
      !arm(loop, loop->wake, EPOLLIN | EPOLLET))
    return false;
  curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
  curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
  return true;
}

void dp__loop_deinit(dp__loop *loop) {
  if (loop->epoll >= 0)
    close(loop->epoll);
  if (loop->wake >= 0)
    close(loop->wake);
  free(loop->fds);
  *loop = (dp__loop){.epoll = -1, .wake = -1};
}

void dp__loop_wake(dp__loop *loop) {
  const uint64_t one = 1;
  if (!atomic_load(&loop->asleep))
    return;
  /* It cannot fail: the counter would need 2^64 wake-ups to be full. */
  ssize_t written = write(loop->wake, &one, sizeof one);
  (void)written;
}

static void act(dp_client *client, curl_socket_t fd, int what) {
  int running;
  client->in_curl = true;
  curl_multi_socket_action(client->multi, fd, what, &running);
  client->in_curl = false;
}

static void on_event(dp_client *client, int fd, uint32_t events) {
  dp__loop *loop = &client->loop;
  if (fd == loop->wake || (size_t)fd >= loop->count)
    return;
  if (!loop->fds[fd].wanted) {
    disarm(loop, fd);
    dp__socket *s = loop->fds[fd].socket;
    /* What comes unasked is a farewell: of TLS, which may stand before the end of the
     * connection. */
    bool unasked = s && s->idle_since_us && (events & EPOLLIN);
    if (s && (unasked || (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR))))
      dp__socket_died(s);
    return;
  }
  int what = (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP) ? CURL_CSELECT_IN : 0) |
             (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
             (events & EPOLLERR ? CURL_CSELECT_ERR : 0);
  act(client, fd, what);
}

void dp__loop_wait(dp_client *client, int timeout_ms) {
  struct epoll_event events[EVENTS];
  int count = epoll_wait(client->loop.epoll, events, EVENTS, timeout_ms);
  atomic_store(&client->loop.asleep, false);
  client->now_us = dp__now_us();
  for (int i = 0; i < count; i++)
    on_event(client, events[i].data.fd, events[i].events);
}

void dp__loop_time(dp_client *client) {
  if (client->loop.curl_at_us > client->now_us)
    return;
  client->loop.curl_at_us = UINT64_MAX;
  act(client, CURL_SOCKET_TIMEOUT, 0);
}

bool dp__loop_own(dp__loop *loop, int fd, dp__socket *socket) {
  if (!reserve(loop, fd))
    return false;
  loop->fds[fd] = (dp__fd){.socket = socket};
  return true;
}

void dp__loop_disown(dp__loop *loop, int fd) {
  if ((size_t)fd >= loop->count)
    return;
  disarm(loop, fd);
  loop->fds[fd] = (dp__fd){0};
}

dp__socket *dp__loop_socket(const dp__loop *loop, int fd) {
  return fd >= 0 && (size_t)fd < loop->count ? loop->fds[fd].socket : NULL;
}
