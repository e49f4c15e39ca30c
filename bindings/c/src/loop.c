/*
 * A program's own loop gets one descriptor, an epoll set, which polls as readable when anything in
 * it is: the socket, a launcher's end, a timer for deadlines and tries, and a flag for callbacks
 * that are due. The set is kept to what the client wants at the end of everything that may have
 * changed that. Where dispatch is off, none of this exists.
 */
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core.h"

static _Thread_local bool in_callback;

bool dpc__loop_in_callback(void) {
  return in_callback;
}

static bool add(int set, int fd) {
  struct epoll_event event = {.events = EPOLLIN};
  return fd >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool dpc__loop_open(dpc_client *client) {
  client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  client->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  client->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  client->loop_wants = (dpc__wants){.until = DPC__NEVER};
  return client->epoll_fd >= 0 && add(client->epoll_fd, client->ready_fd) &&
         add(client->epoll_fd, client->timer_fd);
}

void dpc__loop_close(dpc_client *client) {
  int *fds[] = {&client->epoll_fd, &client->ready_fd, &client->timer_fd};
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
    if (*fds[i] >= 0)
      close(*fds[i]);
    *fds[i] = -1;
  }
}

static bool same(const dpc__wants *a, const dpc__wants *b) {
  if (a->count != b->count)
    return false;
  for (nfds_t i = 0; i < a->count; i++)
    if (a->fds[i].fd != b->fds[i].fd || a->fds[i].events != b->fds[i].events)
      return false;
  return true;
}

/* A descriptor may have been closed and its number given out again, which takes it out of the set
 * by itself: so take out what is there still, and put in what is wanted. */
static void watch(dpc_client *client, const dpc__wants *wants) {
  for (nfds_t i = 0; i < client->loop_wants.count; i++)
    epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, client->loop_wants.fds[i].fd, NULL);
  for (nfds_t i = 0; i < wants->count; i++) {
    bool out = wants->fds[i].events & POLLOUT;
    struct epoll_event event = {.events = EPOLLIN | (out ? (uint32_t)EPOLLOUT : 0)};
    epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, wants->fds[i].fd, &event);
  }
}

static void set_timer(dpc_client *client, int64_t until) {
  struct itimerspec when = {.it_value = {0}};
  if (until != DPC__NEVER) {
    if (until < 1)
      until = 1; /* long past; 0 would switch it off */
    when.it_value.tv_sec = (time_t)(until / 1000);
    when.it_value.tv_nsec = (long)(until % 1000) * 1000000;
  }
  timerfd_settime(client->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void dpc__loop_sync(dpc_client *client) {
  dpc__wants wants;
  if (client->epoll_fd < 0)
    return;
  dpc__link_wants(client, &wants);
  if (!same(&wants, &client->loop_wants) || client->loop_stale)
    watch(client, &wants);
  if (wants.until != client->loop_wants.until)
    set_timer(client, wants.until);
  client->loop_wants = wants;
  client->loop_stale = false;
}

void dpc__loop_ready(dpc_client *client) {
  if (client->ready_fd >= 0)
    eventfd_write(client->ready_fd, 1);
}

size_t dpc__loop_run_callbacks(dpc_client *client) {
  size_t ran = 0;
  in_callback = true;
  for (dpc_call *call; (call = client->done.first); ran++) {
    dpc_call_ref(call);
    dpc__call_move(call, NULL);
    pthread_mutex_unlock(&client->lock);
    call->on_done(call, call->reply, call->user);
    dpc_call_unref(call);
    pthread_mutex_lock(&client->lock);
  }
  in_callback = false;
  return ran;
}

size_t dpc_client_dispatch(dpc_client *client) {
  eventfd_t count;
  if (!client || client->epoll_fd < 0 || in_callback || client->pid != getpid())
    return 0;
  pthread_mutex_lock(&client->lock);
  dpc__link_step(client, dpc__now());
  eventfd_read(client->ready_fd, &count);
  size_t ran = dpc__loop_run_callbacks(client);
  client->loop_wants.until = DPC__NEVER; /* an expired timer stays readable until it is set again */
  set_timer(client, DPC__NEVER);
  dpc__wait_changed(client);
  pthread_mutex_unlock(&client->lock);
  return ran;
}

int dpc_client_fd(const dpc_client *client) {
  return client && client->pid == getpid() ? client->epoll_fd : -1;
}
