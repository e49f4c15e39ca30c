/*
 * There is no thread that reads. Of the threads that wait for a reply one leads: it polls and reads
 * for all, and wakes those whose reply came. When its own is there it hands over. So a program with
 * one thread pays for no switch between threads, and one with fifty reads each byte once.
 *
 * What another thread changes (a new connection to be made, an earlier deadline, output that the
 * socket did not take) may be more than the leader polls for; then it is kicked.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core.h"

static int timeout_ms(int64_t until) {
  enum { LONGEST = 3600000 };
  if (until == DPC__NEVER)
    return LONGEST;
  int64_t left = until - dpc__now();
  return left < 0 ? 0 : left > LONGEST ? LONGEST : (int)left;
}

static void drain_kicks(dpc_client *client) {
  eventfd_t count;
  while (eventfd_read(client->kick_fd, &count) == 0)
    continue;
}

/* One turn of the leader: act, then poll without the lock. */
static void turn(dpc_client *client, const dpc_call *call) {
  dpc__link_step(client, dpc__now());
  if (atomic_load(&call->state) == DPC__CALL_DONE)
    return;
  dpc__link_wants(client, &client->leader_wants);
  struct pollfd fds[4];
  nfds_t count = client->leader_wants.count;
  memcpy(fds, client->leader_wants.fds, count * sizeof *fds);
  fds[count++] = (struct pollfd){.fd = client->kick_fd, .events = POLLIN};
  int timeout = timeout_ms(client->leader_wants.until);
  pthread_mutex_unlock(&client->lock);
  poll(fds, count, timeout);
  pthread_mutex_lock(&client->lock);
  if (fds[count - 1].revents)
    drain_kicks(client);
}

static void lead(dpc_client *client, const dpc_call *call) {
  client->led = true;
  while (atomic_load(&call->state) != DPC__CALL_DONE)
    turn(client, call);
  client->led = false;
  dpc__loop_sync(client);
  if (client->followers)
    pthread_cond_signal(&client->followers->wake);
}

static void follow(dpc_client *client, const dpc_call *call) {
  dpc__follower self = {.wake = PTHREAD_COND_INITIALIZER, .call = call, .next = client->followers};
  if (self.next)
    self.next->prev = &self;
  client->followers = &self;
  while (client->led && atomic_load(&call->state) != DPC__CALL_DONE)
    pthread_cond_wait(&self.wake, &client->lock);
  *(self.prev ? &self.prev->next : &client->followers) = self.next;
  if (self.next)
    self.next->prev = self.prev;
  pthread_cond_destroy(&self.wake);
}

void dpc__wait_for(dpc_call *call) {
  dpc_client *client = call->client;
  while (atomic_load(&call->state) != DPC__CALL_DONE) {
    if (client->led)
      follow(client, call);
    else
      lead(client, call);
  }
  /* A leader's hand-over may have met a follower that was about to leave: pass it on. */
  if (!client->led && client->followers)
    pthread_cond_signal(&client->followers->wake);
}

void dpc__wait_done(dpc_client *client, const dpc_call *call) {
  for (dpc__follower *f = client->followers; f; f = f->next)
    if (f->call == call)
      pthread_cond_signal(&f->wake);
}

static bool polls_enough(const dpc__wants *has, const dpc__wants *needs) {
  if (has->count != needs->count || needs->until < has->until)
    return false;
  for (nfds_t i = 0; i < has->count; i++)
    if (has->fds[i].fd != needs->fds[i].fd || (needs->fds[i].events & ~has->fds[i].events))
      return false;
  return true;
}

void dpc__wait_changed(dpc_client *client) {
  dpc__wants needs;
  if (client->led) {
    dpc__link_wants(client, &needs);
    if (!polls_enough(&client->leader_wants, &needs))
      eventfd_write(client->kick_fd, 1);
  }
  dpc__loop_sync(client);
}
