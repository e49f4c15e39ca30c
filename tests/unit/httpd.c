/*
 * A thread a connection, since what it plays are servers that block, stall and die, one connection
 * at a time. Whatever waits does so on one condition with the counters, so that a test can wait for
 * what the server has seen instead of sleeping.
 */
#include "httpd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "httpd_tls.h"

enum { HEAD_MAX = 65536, WAIT_S = 10, BIG = 8 << 20 };

typedef struct connection {
  struct connection *next;
  httpd *server;
  pthread_t thread;
  int fd;
  void *tls; /* NULL = plain */
  uint32_t requests;
  char head[HEAD_MAX];
  size_t head_length, used; /* of head: what stands in it, and the head's own length */
  char *body;
  size_t body_length;
} connection;

struct httpd {
  int listener, stop_fd;
  uint16_t port;
  char url[64];
  void *tls;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  httpd_counts counts;
  uint32_t busy;
  bool released, stopping;
  connection *connections;
  char *last;
};

/* --- bytes ----------------------------------------------------------------------------------- */

static ssize_t get(connection *c, void *data, size_t length) {
  return c->tls ? httpd_tls_read(c->tls, data, length) : recv(c->fd, data, length, 0);
}

static bool put(connection *c, const void *data, size_t length) {
  const char *at = data;
  while (length) {
    ssize_t sent =
        c->tls ? httpd_tls_write(c->tls, at, length) : send(c->fd, at, length, MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    at += sent;
    length -= (size_t)sent;
  }
  return true;
}

static bool say(connection *c, const char *text) {
  return put(c, text, strlen(text));
}

static bool answer(connection *c, const char *status, const char *extra, const void *body,
                   size_t length) {
  char head[512];
  snprintf(head, sizeof head,
           "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nX-Version: 1.2.3\r\n%sContent-Length: "
           "%zu\r\n\r\n",
           status, extra, length);
  bool none = strncmp(c->head, "HEAD ", 5) == 0;
  return say(c, head) && (none || put(c, body, length));
}

/* --- waiting --------------------------------------------------------------------------------- */

static struct timespec deadline(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += WAIT_S;
  return until;
}

static bool wait_for(httpd *server, const uint32_t *counter, uint32_t count) {
  struct timespec until = deadline();
  pthread_mutex_lock(&server->lock);
  int result = 0;
  while (*counter < count && result == 0)
    result = pthread_cond_timedwait(&server->changed, &server->lock, &until);
  pthread_mutex_unlock(&server->lock);
  return result == 0;
}

bool httpd_wait_connections(httpd *server, uint32_t count) {
  return wait_for(server, &server->counts.connections, count);
}

bool httpd_wait_requests(httpd *server, uint32_t count) {
  return wait_for(server, &server->counts.requests, count);
}

bool httpd_wait_bodies(httpd *server, uint32_t count) {
  return wait_for(server, &server->counts.bodies, count);
}

bool httpd_wait_ended(httpd *server, uint32_t count) {
  return wait_for(server, &server->counts.ended, count);
}

void httpd_release(httpd *server) {
  pthread_mutex_lock(&server->lock);
  server->released = true;
  pthread_cond_broadcast(&server->changed);
  pthread_mutex_unlock(&server->lock);
}

static void await_release(httpd *server) {
  pthread_mutex_lock(&server->lock);
  while (!server->released && !server->stopping)
    pthread_cond_wait(&server->changed, &server->lock);
  pthread_mutex_unlock(&server->lock);
}

static void count(httpd *server, uint32_t *counter, int more) {
  pthread_mutex_lock(&server->lock);
  *counter += (uint32_t)more;
  if (server->busy > server->counts.most)
    server->counts.most = server->busy;
  pthread_cond_broadcast(&server->changed);
  pthread_mutex_unlock(&server->lock);
}

httpd_counts httpd_count(httpd *server) {
  pthread_mutex_lock(&server->lock);
  httpd_counts counts = server->counts;
  pthread_mutex_unlock(&server->lock);
  return counts;
}

char *httpd_last(httpd *server) {
  pthread_mutex_lock(&server->lock);
  char *last = strdup(server->last ? server->last : "");
  pthread_mutex_unlock(&server->lock);
  return last;
}

/* --- a request ------------------------------------------------------------------------------- */

static bool read_head(connection *c) {
  memmove(c->head, c->head + c->used, c->head_length - c->used);
  c->head_length -= c->used;
  c->used = 0;
  for (;;) {
    c->head[c->head_length] = '\0';
    char *end = strstr(c->head, "\r\n\r\n");
    if (end) {
      c->used = (size_t)(end + 4 - c->head);
      break;
    }
    if (c->head_length >= HEAD_MAX - 1)
      return false;
    ssize_t got = get(c, c->head + c->head_length, HEAD_MAX - 1 - c->head_length);
    if (got <= 0)
      return false;
    c->head_length += (size_t)got;
  }
  pthread_mutex_lock(&c->server->lock);
  free(c->server->last);
  c->server->last = strndup(c->head, c->used);
  pthread_mutex_unlock(&c->server->lock);
  c->requests++;
  return true;
}

/* The next byte of the body, first from what came with the head. */
static int next_byte(connection *c) {
  unsigned char byte;
  if (c->used < c->head_length)
    return (unsigned char)c->head[c->used++];
  return get(c, &byte, 1) == 1 ? byte : -1;
}

static bool take_bytes(connection *c, size_t length) {
  char *body = realloc(c->body, c->body_length + length + 1);
  assert(body);
  c->body = body;
  size_t there = c->head_length - c->used < length ? c->head_length - c->used : length;
  memcpy(body + c->body_length, c->head + c->used, there);
  c->used += there;
  for (size_t at = there; at < length;) {
    ssize_t got = get(c, body + c->body_length + at, length - at);
    if (got <= 0)
      return false;
    at += (size_t)got;
  }
  c->body_length += length;
  return true;
}

static bool read_chunks(connection *c) {
  for (;;) {
    char line[32] = "";
    size_t length = 0;
    for (int byte; length < sizeof line - 1 && (byte = next_byte(c)) != '\n';) {
      if (byte < 0)
        return false;
      line[length++] = (char)byte;
    }
    size_t chunk = strtoul(line, NULL, 16);
    if (chunk && !take_bytes(c, chunk))
      return false;
    if (next_byte(c) != '\r' || next_byte(c) != '\n')
      return false;
    if (!chunk)
      return true;
  }
}

static bool read_body(connection *c) {
  c->body_length = 0;
  char head[HEAD_MAX];
  snprintf(head, sizeof head, "%.*s", (int)c->used, c->head);
  const char *length = strcasestr(head, "\r\nContent-Length:");
  bool chunked = strcasestr(head, "\r\nTransfer-Encoding: chunked") != NULL;
  bool ok = chunked ? read_chunks(c) : !length || take_bytes(c, strtoul(length + 17, NULL, 10));
  if (ok) {
    count(c->server, &c->server->counts.bodies, 1);
    pthread_mutex_lock(&c->server->lock);
    c->server->counts.body_bytes += c->body_length;
    pthread_mutex_unlock(&c->server->lock);
  }
  return ok;
}

/* --- what it plays: true = the connection stays ---------------------------------------------- */

static bool ok(connection *c) {
  return answer(c, "200 OK", "", "ok", 2);
}

static bool root(connection *c) {
  return answer(c, "404 NOT FOUND", "", "<html>", 6);
}

static bool echo(connection *c) {
  return answer(c, "200 OK", "", c->body, c->body_length);
}

static bool big(connection *c) {
  char *body = malloc(BIG);
  assert(body);
  for (size_t i = 0; i < BIG; i++)
    body[i] = (char)(i * 7 + i / 4096);
  bool done = answer(c, "200 OK", "", body, BIG);
  free(body);
  return done;
}

static bool close_after(connection *c) {
  answer(c, "200 OK", "Connection: close\r\n", "ok", 2);
  return false;
}

static bool closing(connection *c) {
  ok(c);
  return false;
}

static bool interim(connection *c) {
  return say(c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n") &&
         ok(c);
}

static bool second(connection *c) {
  return c->requests == 1 && ok(c);
}

static bool work(connection *c) {
  await_release(c->server);
  return ok(c);
}

static bool die(connection *c) {
  (void)c;
  return false;
}

static bool reset(connection *c) {
  struct linger hard = {1, 0};
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  return false;
}

static bool cut(connection *c) {
  say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
  return false;
}

static bool stall_head(connection *c) {
  say(c, "HTTP/1.1 200 OK\r\nX-Half");
  await_release(c->server);
  return false;
}

static bool stall_body(connection *c) {
  say(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
  await_release(c->server);
  return false;
}

static bool heads(connection *c) {
  say(c, "HTTP/1.1 200 OK\r\n");
  while (say(c, "X-More: 0123456789012345678901234567890123456789\r\n"))
    ;
  return false;
}

static bool line(connection *c) {
  say(c, "HTTP/1.1 200 OK\r\nX-Long: ");
  while (say(c, "0123456789012345678901234567890123456789"))
    ;
  return false;
}

static bool interims(connection *c) {
  while (say(c, "HTTP/1.1 103 Early Hints\r\nLink: <012345678901234567890123456789>\r\n\r\n"))
    ;
  return false;
}

static bool garbage(connection *c) {
  say(c, "SSH-2.0-OpenSSH_9.2\r\n");
  return false;
}

static const struct {
  const char *path;
  bool (*play)(connection *c);
} plays[] = {{"/ok", ok},
             {"/echo", echo},
             {"/big", big},
             {"/close", close_after},
             {"/closing", closing},
             {"/interim", interim},
             {"/second", second},
             {"/work", work},
             {"/die", die},
             {"/reset", reset},
             {"/cut", cut},
             {"/stallhead", stall_head},
             {"/stallbody", stall_body},
             {"/heads", heads},
             {"/line", line},
             {"/interims", interims},
             {"/garbage", garbage},
             {"/", root}};

/* Whether the request's path is /v1 and that. */
static bool is_path(const connection *c, const char *path) {
  const char *at = strstr(c->head, " /v1");
  size_t length = strlen(path);
  return at && strncmp(at + 4, path, length) == 0 && strchr(" ?", at[4 + length]);
}

static bool serve(connection *c) {
  if (is_path(c, "/early")) {
    answer(c, "413 TOO LARGE", "Connection: close\r\n", "no", 2);
    return false;
  }
  if (is_path(c, "/deaf"))
    await_release(c->server);
  if (!read_body(c))
    return false;
  for (size_t i = 0; i < sizeof plays / sizeof *plays; i++)
    if (is_path(c, plays[i].path))
      return plays[i].play(c);
  return ok(c);
}

static void *serve_connection(void *user) {
  connection *c = user;
  httpd *server = c->server;
  if (server->tls)
    c->tls = httpd_tls_accept(server->tls, c->fd);
  bool stays = !server->tls || c->tls;
  while (stays && read_head(c)) {
    count(server, &server->busy, 1);
    count(server, &server->counts.requests, 1);
    stays = serve(c);
    count(server, &server->busy, -1);
  }
  if (c->tls)
    httpd_tls_close(c->tls);
  pthread_mutex_lock(&server->lock);
  close(c->fd);
  c->fd = -1;
  server->counts.open--;
  server->counts.ended++;
  pthread_cond_broadcast(&server->changed);
  pthread_mutex_unlock(&server->lock);
  return NULL;
}

/* --- the server ------------------------------------------------------------------------------ */

static void accept_one(httpd *server) {
  int fd = accept(server->listener, NULL, NULL);
  if (fd < 0)
    return;
  int on = 1; /* heads and bodies go out in two parts */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection *c = calloc(1, sizeof *c);
  assert(c);
  c->server = server;
  c->fd = fd;
  pthread_mutex_lock(&server->lock);
  c->next = server->connections;
  server->connections = c;
  server->counts.connections++;
  server->counts.open++;
  pthread_cond_broadcast(&server->changed);
  int failed = pthread_create(&c->thread, NULL, serve_connection, c);
  assert(!failed);
  (void)failed;
  pthread_mutex_unlock(&server->lock);
}

static void *serve_all(void *user) {
  httpd *server = user;
  for (;;) {
    struct pollfd fds[] = {{server->listener, POLLIN, 0}, {server->stop_fd, POLLIN, 0}};
    poll(fds, 2, -1);
    if (fds[1].revents)
      return NULL;
    if (fds[0].revents)
      accept_one(server);
  }
}

httpd *httpd_start(const char *pem_cert, const char *pem_key) {
  httpd *server = calloc(1, sizeof *server);
  assert(server);
  pthread_mutex_init(&server->lock, NULL);
  pthread_cond_init(&server->changed, NULL);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  server->stop_fd = eventfd(0, EFD_CLOEXEC);
  if (bind(server->listener, (struct sockaddr *)&address, length) != 0 ||
      listen(server->listener, 1024) != 0 ||
      getsockname(server->listener, (struct sockaddr *)&address, &length) != 0)
    abort();
  server->port = ntohs(address.sin_port);
  if (pem_cert)
    server->tls = httpd_tls_new(pem_cert, pem_key);
  snprintf(server->url, sizeof server->url, "http%s://127.0.0.1:%u/v1", pem_cert ? "s" : "",
           (unsigned)server->port);
  if (pthread_create(&server->thread, NULL, serve_all, server) != 0)
    abort();
  return server;
}

void httpd_stop(httpd *server) {
  uint64_t one = 1;
  if (write(server->stop_fd, &one, sizeof one) < 0)
    abort();
  pthread_join(server->thread, NULL);
  pthread_mutex_lock(&server->lock);
  server->stopping = true;
  for (connection *c = server->connections; c; c = c->next)
    if (c->fd >= 0)
      shutdown(c->fd, SHUT_RDWR);
  pthread_cond_broadcast(&server->changed);
  pthread_mutex_unlock(&server->lock);
  while (server->connections) {
    connection *c = server->connections;
    server->connections = c->next;
    pthread_join(c->thread, NULL);
    free(c->body);
    free(c);
  }
  close(server->listener);
  close(server->stop_fd);
  if (server->tls)
    httpd_tls_free(server->tls);
  pthread_mutex_destroy(&server->lock);
  pthread_cond_destroy(&server->changed);
  free(server->last);
  free(server);
}

uint16_t httpd_port(const httpd *server) {
  return server->port;
}

const char *httpd_url(const httpd *server) {
  return server->url;
}
