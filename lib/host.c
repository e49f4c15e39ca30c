/*
 * One origin: its places, its queue, its sockets.
 *
 * All programs of the machine that talk to a server share this, whatever their profiles. A place is
 * the right to have one exchange on the wire; there are as many as the limiter allows and never more
 * than connections. Who finds none waits here, by priority and then in order. libcurl's own queue is
 * never used: it knows neither priorities nor deadlines.
 *
 * libcurl owns the sockets. It tells us when it opens and closes one, which is the only true count of
 * connections, and lets idle ones be shut down when pooling is switched off: libcurl then finds them
 * dead and drops them.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transfer.h"

enum { IDLE_AGE_MIN_MS = 1000 };

dp__host *dp__host_get(dp_client *client, const char *origin) {
  for (dp__host *host = client->hosts; host; host = host->next)
    if (strcmp(host->origin, origin) == 0) {
      host->profiles++;
      return host;
    }
  dp__host *host = calloc(1, sizeof *host);
  if (!host)
    return NULL;
  host->origin = strdup(origin);
  if (!host->origin) {
    free(host);
    return NULL;
  }
  host->client = client;
  host->profiles = 1;
  host->idle_age_ms = client->options.idle_age_ms;
  dp__limiter_init(&host->limiter, client->options.concurrency_max);
  host->next = client->hosts;
  client->hosts = host;
  return host;
}

static void free_host(dp__host *host) {
  dp__host **link = &host->client->hosts;
  while (*link != host)
    link = &(*link)->next;
  *link = host->next;
  free(host->origin);
  free(host);
}

static void free_if_unused(dp__host *host) {
  if (host->profiles == 0 && host->socket_count == 0)
    free_host(host);
}

void dp__host_put(dp__host *host) {
  host->profiles--;
  if (host->profiles == 0)
    dp__host_close_idle(host);
  free_if_unused(host);
}

void dp__hosts_free(dp_client *client) {
  while (client->hosts)
    free_host(client->hosts);
}

void dp__host_enqueue(dp__host *host, dp_exchange *exchange) {
  dp__queue *queue = &host->waiting[exchange->lane][exchange->priority];
  exchange->queue_next = NULL;
  if (queue->last)
    queue->last->queue_next = exchange;
  else
    queue->first = exchange;
  queue->last = exchange;
  host->waiting_count++;
  host->client->waiting++;
}

static void unlink_after(dp__queue *queue, dp_exchange *before, dp_exchange *exchange) {
  if (before)
    before->queue_next = exchange->queue_next;
  else
    queue->first = exchange->queue_next;
  if (queue->last == exchange)
    queue->last = before;
}

void dp__host_remove(dp__host *host, dp_exchange *exchange) {
  dp__queue *queue = &host->waiting[exchange->lane][exchange->priority];
  dp_exchange *before = NULL;
  for (dp_exchange *e = queue->first; e; before = e, e = e->queue_next)
    if (e == exchange) {
      unlink_after(queue, before, exchange);
      host->waiting_count--;
      host->client->waiting--;
      return;
    }
}

static bool has_place(const dp__host *host, const dp_exchange *exchange) {
  const dp_client_options *options = &host->client->options;
  if (exchange->lane == DP_LANE_STREAM)
    return host->running[DP_LANE_STREAM] < options->streams_per_host;
  uint32_t bound = exchange->profile->connections;
  uint32_t limit = bound ? bound : host->limiter.limit;
  return host->running[DP_LANE_CALL] < limit;
}

/* The next that may go: interactive before normal before bulk. */
static dp_exchange *next(const dp__host *host, dp_lane lane) {
  static const dp_priority order[] = {DP_PRIORITY_INTERACTIVE, DP_PRIORITY_NORMAL,
                                      DP_PRIORITY_BULK};
  for (size_t i = 0; i < DP__PRIORITIES; i++)
    if (host->waiting[lane][order[i]].first)
      return host->waiting[lane][order[i]].first;
  return NULL;
}

void dp__host_pump(dp__host *host) {
  for (dp_lane lane = 0; lane <= DP_LANE_STREAM; lane++)
    for (dp_exchange *e = next(host, lane); e && has_place(host, e); e = next(host, lane)) {
      dp__host_remove(host, e);
      dp__exchange_run(e);
    }
}

void dp__host_found_dead(dp__host *host) {
  host->idle_age_ms /= 2;
  if (host->idle_age_ms < IDLE_AGE_MIN_MS)
    host->idle_age_ms = IDLE_AGE_MIN_MS;
}

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)purpose;
  dp__host *host = user;
  dp__socket *s = malloc(sizeof *s);
  if (!s)
    return CURL_SOCKET_BAD;
  s->fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (s->fd < 0) {
    free(s);
    return CURL_SOCKET_BAD;
  }
  s->host = host;
  s->next = host->sockets;
  host->sockets = s;
  host->socket_count++;
  return s->fd;
}

static int on_close(void *user, curl_socket_t fd) {
  dp__host *host = user;
  for (dp__socket **link = &host->sockets; *link; link = &(*link)->next)
    if ((*link)->fd == fd) {
      dp__socket *s = *link;
      *link = s->next;
      host->socket_count--;
      free(s);
      break;
    }
  int result = close(fd);
  free_if_unused(host);
  return result;
}

void dp__host_watch(dp__host *host, CURL *easy) {
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, host);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, host);
}

static bool carries_something(const dp__host *host, curl_socket_t fd) {
  for (const dp_exchange *e = host->client->exchanges; e; e = e->all_next) {
    curl_socket_t active = CURL_SOCKET_BAD;
    if (e->host == host && e->easy &&
        curl_easy_getinfo(e->easy, CURLINFO_ACTIVESOCKET, &active) == CURLE_OK && active == fd)
      return true;
  }
  return false;
}

void dp__host_close_idle(dp__host *host) {
  for (dp__socket *s = host->sockets; s; s = s->next)
    if (!carries_something(host, s->fd))
      shutdown(s->fd, SHUT_RDWR);
}
