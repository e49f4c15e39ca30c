/*
 * The connections to one host.
 *
 * libcurl owns them and decides which one a request takes. It tells us when it opens and closes a
 * socket, and when it waits on one for a transfer: that is the only true count of what is open, in
 * use and idle.
 *
 * libcurl looks at the age of an idle connection only when it next needs one, and in whole seconds.
 * So we end them ourselves, by shutting the socket down: libcurl finds it dead before it would use
 * it, and drops it. It is used for connections that idled for too long, for all idle ones when
 * pooling is switched off, and for those that would exceed the bound while belonging to another
 * profile's TLS settings. libcurl's own bound on connections (CURLMOPT_MAX_HOST_CONNECTIONS) is not
 * used: behind it is a queue that knows neither priorities nor deadlines, and it counts a proxy as
 * one host.
 */
#include "sockets.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"
#include "transfer.h"

#define FROM(type, member, pointer) ((type *)((char *)(pointer)-offsetof(type, member)))

static void watch_age(dp__host *host);

static void stop_idling(dp__socket *s) {
  if (!s->idle_since_us)
    return;
  dp__sockets *all = &s->host->sockets;
  *s->idle_link = s->idle_next;
  if (s->idle_next)
    s->idle_next->idle_link = s->idle_link;
  else
    all->idle_last = s->idle_link;
  s->idle_since_us = 0;
  all->idle--;
  s->way->idle--;
}

static void begin_idling(dp__socket *s) {
  dp__sockets *all = &s->host->sockets;
  s->idle_next = NULL;
  s->idle_link = all->idle_first ? all->idle_last : &all->idle_first;
  *s->idle_link = s;
  all->idle_last = &s->idle_next;
  s->idle_since_us = s->host->client->now_us;
  all->idle++;
  s->way->idle++;
}

static void uncount(dp__socket *s) {
  if (s->gone)
    return;
  stop_idling(s);
  s->gone = true;
  s->host->sockets.open--;
}

/* End an idle connection; libcurl still holds the descriptor and closes it when it next looks. */
static void shut(dp__socket *s) {
  uncount(s);
  char unasked[256];
  while (recv(s->fd, unasked, sizeof unasked, MSG_DONTWAIT) > 0)
    ; /* with bytes to be read, libcurl would take it for alive */
  shutdown(s->fd, SHUT_RDWR);
}

void dp__socket_died(dp__socket *s) {
  if (s->idle_since_us)
    shut(s);
}

static void forget_user(dp__socket *s) {
  if (s->user)
    s->user->socket = NULL;
  s->user = NULL;
}

void dp__socket_take(dp__socket *s, dp_exchange *e) {
  if (e->socket == s)
    return;
  if (e->socket) /* libcurl tries two addresses at once */
    e->socket->user = NULL;
  else if (e->profile->way->starting && e->starting) {
    e->profile->way->starting--;
    e->starting = false;
  }
  forget_user(s);
  stop_idling(s);
  s->way = e->profile->way;
  s->user = e;
  e->socket = s;
}

static int port_of(curl_socket_t fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } address;
  socklen_t size = sizeof address;
  if (getsockname(fd, &address.any, &size) != 0)
    return 0;
  return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

void dp__socket_reused(dp_exchange *e, int port) {
  const dp__sockets *all = &e->host->sockets;
  for (dp__socket *s = port > 0 ? all->idle_first : NULL; s && !e->socket; s = s->idle_next)
    if (s->port == port && s->way == e->profile->way) {
      dp__socket_take(s, e);
      return;
    }
}

void dp__socket_leave(dp_exchange *e, bool reusable) {
  dp__socket *s = e->socket;
  if (e->starting)
    e->profile->way->starting--;
  e->starting = false;
  if (!s)
    return;
  forget_user(s);
  if (s->gone)
    return;
  if (!reusable) {
    uncount(s);
    return;
  }
  if (!s->port)
    s->port = port_of(s->fd);
  begin_idling(s);
  watch_age(s->host);
}

/* --- age ------------------------------------------------------------------------------------- */

static void aged(dp__timer *timer) {
  dp__host *host = FROM(dp__host, age_timer, timer);
  uint64_t age = 1000ull * host->idle_age_ms, now = host->client->now_us;
  while (host->sockets.idle_first && host->sockets.idle_first->idle_since_us + age <= now)
    shut(host->sockets.idle_first);
  watch_age(host);
}

static void watch_age(dp__host *host) {
  const dp__socket *oldest = host->sockets.idle_first;
  if (oldest && !host->age_timer.place)
    dp__timer_set(&host->client->timers, &host->age_timer,
                  oldest->idle_since_us + 1000ull * host->idle_age_ms, aged);
}

void dp__sockets_close_idle(dp__host *host) {
  while (host->sockets.idle_first)
    shut(host->sockets.idle_first);
  dp__timer_clear(&host->client->timers, &host->age_timer);
}

void dp__sockets_trim(dp__host *host, uint32_t keep) {
  while (host->sockets.open > keep && host->sockets.idle_first)
    shut(host->sockets.idle_first);
}

/* --- ways and room --------------------------------------------------------------------------- */

dp__way *dp__sockets_way(dp__host *host, uint64_t key) {
  for (dp__way *way = host->sockets.ways; way; way = way->next)
    if (way->key == key)
      return way;
  dp__way *way = calloc(1, sizeof *way);
  if (!way)
    return NULL;
  way->key = key;
  way->next = host->sockets.ways;
  host->sockets.ways = way;
  return way;
}

/* Connections that there will be once all that have started got theirs. */
static uint32_t expected(const dp__sockets *all) {
  uint32_t count = all->open;
  for (const dp__way *way = all->ways; way; way = way->next)
    count += way->starting > way->idle ? way->starting - way->idle : 0;
  return count;
}

void dp__sockets_make_room(dp__host *host, const dp__way *way, uint32_t bound) {
  dp__sockets *all = &host->sockets;
  uint32_t more = way->starting >= way->idle; /* it finds no idle one that is not spoken for */
  if (expected(all) + more <= bound)
    return;
  for (dp__socket *s = all->idle_first, *next; s && expected(all) + more > bound; s = next) {
    next = s->idle_next;
    if (s->way->idle > s->way->starting + (s->way == way))
      shut(s);
  }
}

/* --- libcurl's reports ----------------------------------------------------------------------- */

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)purpose;
  dp__host *host = user;
  dp__socket *s = calloc(1, sizeof *s);
  if (!s)
    return CURL_SOCKET_BAD;
  s->fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (s->fd < 0 || !dp__loop_own(&host->client->loop, s->fd, s)) {
    if (s->fd >= 0)
      close(s->fd);
    free(s);
    return CURL_SOCKET_BAD;
  }
  s->host = host;
  s->next = host->sockets.first;
  s->link = &host->sockets.first;
  if (s->next)
    s->next->link = &s->next;
  host->sockets.first = s;
  host->sockets.open++;
  return s->fd;
}

static void drop(dp__socket *s) {
  uncount(s);
  forget_user(s);
  *s->link = s->next;
  if (s->next)
    s->next->link = s->link;
  free(s);
}

static int on_close(void *user, curl_socket_t fd) {
  dp__host *host = user;
  dp__socket *s = dp__loop_socket(&host->client->loop, fd);
  dp__loop_disown(&host->client->loop, fd);
  if (s)
    drop(s);
  int result = close(fd);
  dp__host_free_if_unused(host);
  return result;
}

void dp__sockets_watch(dp__host *host, CURL *easy) {
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, host);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, host);
}

void dp__sockets_free(dp__host *host) {
  while (host->sockets.first)
    drop(host->sockets.first);
  while (host->sockets.ways) {
    dp__way *way = host->sockets.ways;
    host->sockets.ways = way->next;
    free(way);
  }
}
