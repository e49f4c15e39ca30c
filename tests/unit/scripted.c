/* A thread for each connection, one lock for the counts. What a test waits for is counted here, so that
 * nothing needs a sleep. */
#include "scripted.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STEPS_MAX = 32, CONNECTIONS_MAX = 512, REQUEST_MAX = 24 << 20 };

typedef struct connection {
  script *server;
  pthread_t thread;
  int fd;
} connection;

struct script {
  int listener;
  char url[64];
  const char *version;
  script_step steps[STEPS_MAX];
  size_t count;
  unsigned hits[STEPS_MAX];
  char *bodies[STEPS_MAX];
  bool released, stopping;
  unsigned go, gone;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  connection connections[CONNECTIONS_MAX];
  size_t connection_count;
};

/* --- one request ---------------------------------------------------------------------------------- */

typedef struct request {
  char *text; /* head and body */
  size_t length, head;
  char method[16], target[2048];
} request;

static size_t content_length(const char *head) {
  const char *at = strcasestr(head, "\r\ncontent-length:");
  return at ? strtoul(at + 17, NULL, 10) : 0;
}

static bool read_head(int fd, request *r) {
  r->length = 0;
  for (;;) {
    r->text[r->length] = '\0';
    char *end = strstr(r->text, "\r\n\r\n");
    if (end) {
      r->head = (size_t)(end - r->text) + 4;
      return sscanf(r->text, "%15s %2047s", r->method, r->target) == 2;
    }
    ssize_t got = recv(fd, r->text + r->length, REQUEST_MAX - r->length, 0);
    if (got <= 0)
      return false;
    r->length += (size_t)got;
  }
}

/* Chunks stay as they came: enough to see what was sent, and that it was all. */
static bool read_chunks(int fd, request *r) {
  static const char last[] = "0\r\n\r\n";
  const size_t size = sizeof last - 1;
  while (r->length < r->head + size || memcmp(r->text + r->length - size, last, size) != 0) {
    ssize_t got = recv(fd, r->text + r->length, REQUEST_MAX - r->length, 0);
    if (got <= 0)
      return false;
    r->length += (size_t)got;
  }
  r->text[r->length] = '\0';
  return true;
}

static bool read_body(int fd, request *r) {
  if (strcasestr(r->text, "\r\nTransfer-Encoding: chunked"))
    return read_chunks(fd, r);
  size_t want = r->head + content_length(r->text);
  while (r->length < want && want < REQUEST_MAX) {
    ssize_t got = recv(fd, r->text + r->length, REQUEST_MAX - r->length, 0);
    if (got <= 0)
      return false;
    r->length += (size_t)got;
  }
  r->text[r->length] = '\0';
  return true;
}

static int find_step(script *server, const request *r) {
  for (size_t i = 0; i < server->count; i++) {
    const script_step *s = &server->steps[i];
    if ((!s->method || strcmp(s->method, r->method) == 0) &&
        strncmp(s->target, r->target, strlen(s->target)) == 0 &&
        (s->times == 0 || server->hits[i] < s->times))
      return (int)i;
  }
  return -1;
}

static void reset(int fd) {
  struct linger now = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static bool answer(script *server, int fd, const script_step *step, bool cut) {
  static const char *const body_default = "{}";
  char date[64], head[1024];
  time_t now = time(NULL);
  struct tm tm;
  const char *body = step->body ? step->body : body_default;
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
  int length = snprintf(head, sizeof head,
                        "HTTP/1.1 %d X\r\nDate: %s\r\n%s%s%sContent-Length: %zu\r\n%s%s\r\n",
                        step->status, date, server->version ? "X-Version: " : "",
                        server->version ? server->version : "", server->version ? "\r\n" : "",
                        strlen(body) + (cut ? 100 : 0),
                        step->headers && strstr(step->headers, "Content-Type")
                            ? ""
                            : "Content-Type: application/json\r\n",
                        step->headers ? step->headers : "");
  return send(fd, head, (size_t)length, MSG_NOSIGNAL) == length &&
         send(fd, body, strlen(body), MSG_NOSIGNAL) == (ssize_t)strlen(body) && !cut;
}

/* False = the server stops. */
static bool await_go(script *server) {
  pthread_mutex_lock(&server->lock);
  while (server->go == 0 && !server->stopping)
    pthread_cond_wait(&server->changed, &server->lock);
  bool go = server->go > 0;
  server->go -= go;
  pthread_mutex_unlock(&server->lock);
  return go;
}

static bool send_all(int fd, const char *text, size_t length) {
  while (length) {
    ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    text += sent;
    length -= (size_t)sent;
  }
  return true;
}

static bool send_chunk(int fd, const char *text, size_t length) {
  char size[24];
  int digits = snprintf(size, sizeof size, "%zx\r\n", length);
  return length == 0 || (send_all(fd, size, (size_t)digits) && send_all(fd, text, length) &&
                         send_all(fd, "\r\n", 2));
}

static bool stream(script *server, int fd, const script_step *step) {
  char head[1024];
  int length = snprintf(head, sizeof head,
                        "HTTP/1.1 %d X\r\n%s%s%sTransfer-Encoding: chunked\r\n%s%s\r\n",
                        step->status, server->version ? "X-Version: " : "",
                        server->version ? server->version : "", server->version ? "\r\n" : "",
                        step->headers && strstr(step->headers, "Content-Type")
                            ? ""
                            : "Content-Type: text/event-stream\r\n",
                        step->headers ? step->headers : "");
  if (!send_all(fd, head, (size_t)length))
    return false;
  for (const char *at = step->body;;) {
    size_t plain = strcspn(at, "\1\2\3");
    if (!send_chunk(fd, at, plain))
      return false;
    at += plain;
    if (!*at)
      return send_all(fd, "0\r\n\r\n", 5);
    if (*at == '\3' || (*at == '\1' && !await_go(server)))
      return false;
    at++;
  }
}

static void take(script *server, int step, const request *r) {
  server->hits[step]++;
  free(server->bodies[step]);
  server->bodies[step] = strdup(r->text + r->head);
  pthread_cond_broadcast(&server->changed);
}

/* Carry out the step; false = the connection ends. */
static bool perform(script *server, int fd, int index) {
  static const script_step missing = {.status = 404, .body = "{\"code\":\"not_found\",\"message\":"
                                                             "\"no step fits\",\"status\":404}"};
  const script_step *step = index < 0 ? &missing : &server->steps[index];
  switch (step->what) {
  case SCRIPT_ANSWER:
    return answer(server, fd, step, false);
  case SCRIPT_HANG:
    pthread_mutex_lock(&server->lock);
    while (!server->released && !server->stopping)
      pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    return answer(server, fd, step, false);
  case SCRIPT_CUT:
    return answer(server, fd, step, true);
  case SCRIPT_STREAM:
    return stream(server, fd, step);
  case SCRIPT_RESET:
  case SCRIPT_HALF:
    reset(fd);
    return false;
  case SCRIPT_EARLY:
    answer(server, fd, step, false);
    pthread_mutex_lock(&server->lock);
    while (!server->released && !server->stopping)
      pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    return false;
  case SCRIPT_CLOSE:
    return false;
  }
  return false;
}

static bool serve_one(script *server, int fd, request *r) {
  if (!read_head(fd, r))
    return false;
  pthread_mutex_lock(&server->lock);
  int index = find_step(server, r);
  pthread_mutex_unlock(&server->lock);
  bool half = index >= 0 && (server->steps[index].what == SCRIPT_HALF ||
                             server->steps[index].what == SCRIPT_EARLY);
  if (!half && !read_body(fd, r))
    return false;
  pthread_mutex_lock(&server->lock);
  if (index >= 0)
    take(server, index, r);
  pthread_mutex_unlock(&server->lock);
  return perform(server, fd, index);
}

static void *serve(void *user) {
  connection *c = user;
  request r = {.text = malloc(REQUEST_MAX + 1)};
  while (r.text && serve_one(c->server, c->fd, &r))
    ;
  free(r.text);
  pthread_mutex_lock(&c->server->lock);
  close(c->fd);
  c->fd = -1;
  c->server->gone++;
  pthread_cond_broadcast(&c->server->changed);
  pthread_mutex_unlock(&c->server->lock);
  return NULL;
}

/* --- the server ------------------------------------------------------------------------------------- */

static void *accept_all(void *user) {
  script *server = user;
  for (;;) {
    int fd = accept(server->listener, NULL, NULL);
    if (fd < 0)
      return NULL;
    int on = 1; /* head and body are two writes */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    pthread_mutex_lock(&server->lock);
    bool full = server->stopping || server->connection_count == CONNECTIONS_MAX;
    if (!full) {
      connection *c = &server->connections[server->connection_count];
      *c = (connection){.server = server, .fd = fd};
      full = pthread_create(&c->thread, NULL, serve, c) != 0;
      server->connection_count += !full;
    }
    pthread_mutex_unlock(&server->lock);
    if (full)
      close(fd);
  }
}

script *script_start(const script_step *steps, size_t count, const char *version) {
  script *server = calloc(1, sizeof *server);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (!server || count > STEPS_MAX)
    abort();
  memcpy(server->steps, steps, count * sizeof *steps);
  server->count = count;
  server->version = version;
  pthread_mutex_init(&server->lock, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&server->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(server->listener, (struct sockaddr *)&address, size) != 0 ||
      listen(server->listener, 128) != 0 ||
      getsockname(server->listener, (struct sockaddr *)&address, &size) != 0 ||
      pthread_create(&server->thread, NULL, accept_all, server) != 0)
    abort();
  snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u", ntohs(address.sin_port));
  return server;
}

void script_stop(script *server) {
  pthread_mutex_lock(&server->lock);
  server->stopping = true;
  pthread_cond_broadcast(&server->changed);
  for (size_t i = 0; i < server->connection_count; i++)
    if (server->connections[i].fd >= 0)
      shutdown(server->connections[i].fd, SHUT_RDWR);
  pthread_mutex_unlock(&server->lock);
  shutdown(server->listener, SHUT_RDWR);
  pthread_join(server->thread, NULL);
  close(server->listener);
  for (size_t i = 0; i < server->connection_count; i++)
    pthread_join(server->connections[i].thread, NULL);
  for (size_t i = 0; i < server->count; i++)
    free(server->bodies[i]);
  pthread_mutex_destroy(&server->lock);
  pthread_cond_destroy(&server->changed);
  free(server);
}

const char *script_url(const script *server) {
  return server->url;
}

unsigned script_hits(script *server, size_t step) {
  pthread_mutex_lock(&server->lock);
  unsigned hits = server->hits[step];
  pthread_mutex_unlock(&server->lock);
  return hits;
}

unsigned script_connections(script *server) {
  pthread_mutex_lock(&server->lock);
  size_t count = server->connection_count;
  pthread_mutex_unlock(&server->lock);
  return (unsigned)count;
}

bool script_wait_hits(script *server, size_t step, unsigned hits) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += 10;
  pthread_mutex_lock(&server->lock);
  int result = 0;
  while (server->hits[step] < hits && result == 0)
    result = pthread_cond_timedwait(&server->changed, &server->lock, &until);
  bool reached = server->hits[step] >= hits;
  pthread_mutex_unlock(&server->lock);
  return reached;
}

bool script_wait_gone(script *server, unsigned count) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += 10;
  pthread_mutex_lock(&server->lock);
  int result = 0;
  while (server->gone < count && result == 0)
    result = pthread_cond_timedwait(&server->changed, &server->lock, &until);
  bool reached = server->gone >= count;
  pthread_mutex_unlock(&server->lock);
  return reached;
}

void script_go(script *server, unsigned count) {
  pthread_mutex_lock(&server->lock);
  server->go += count;
  pthread_cond_broadcast(&server->changed);
  pthread_mutex_unlock(&server->lock);
}

void script_release(script *server) {
  pthread_mutex_lock(&server->lock);
  server->released = true;
  pthread_cond_broadcast(&server->changed);
  pthread_mutex_unlock(&server->lock);
}

char *script_body(script *server, size_t step) {
  pthread_mutex_lock(&server->lock);
  char *copy = server->bodies[step] ? strdup(server->bodies[step]) : NULL;
  pthread_mutex_unlock(&server->lock);
  return copy;
}
