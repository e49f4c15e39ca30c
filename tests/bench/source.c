/*
 * A source of event streams that costs next to nothing: for whatever POST comes it answers with a
 * stream of events, so many a second, until it has sent them all. Five hundred of them in one
 * process of C, so that what is measured is not the source.
 *
 *   source PORT_FILE RATE COUNT [CERT KEY]
 *
 * Each event is one of a chat's, with its number within the stream and the monotonic clock's
 * nanoseconds at which it was written: {"event":"message","task_id":"…","n":3,"ns":…,"answer":"…"}.
 * One chunk an event, as Dify sends them. The streams of different connections are out of step with
 * each other. With CERT and KEY it speaks TLS 1.3.
 *
 * It writes its port to PORT_FILE and ends when its standard input does.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum { MOST = 4096, EVENTS = 256, REQUEST = 16384, TICK_NS = 1000000 };

typedef struct client {
  int fd;
  SSL *ssl;
  bool streams; /* it was answered, and is sent events */
  int64_t due_ns;
  uint64_t sent;
  size_t got;
  char request[REQUEST];
} client;

static client *clients[MOST]; /* by descriptor */
static int epoll_fd;
static SSL_CTX *tls;
static int64_t interval_ns;
static uint64_t count;
static uint64_t opened;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void drop(client *c) {
  clients[c->fd] = NULL;
  SSL_free(c->ssl);
  close(c->fd);
  free(c);
}

/* A reader of ours takes what is sent; a socket that is full would be a bench gone wrong. */
static bool put(client *c, const char *data, size_t length) {
  if (c->ssl != NULL) {
    return SSL_write(c->ssl, data, (int)length) == (int)length;
  }
  return send(c->fd, data, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static bool put_chunk(client *c, const char *data, size_t length) {
  char chunk[1024];
  int size = snprintf(chunk, sizeof(chunk), "%zx\r\n%.*s\r\n", length, (int)length, data);
  return put(c, chunk, (size_t)size);
}

static bool put_event(client *c) {
  char event[768];
  bool last = c->sent + 1 == count;
  int size = snprintf(event, sizeof(event),
                      "data: {\"event\": \"%s\", \"task_id\": \"0b6c5d4e-1111-4222-8333-%012d\", "
                      "\"message_id\": \"5cd92fac-41b4-4251-acb2-538a2a3a75b8\", "
                      "\"conversation_id\": \"9d7c0e52-7f0b-4a7e-9d1c-2f8c6c7f5b1a\", \"n\": %llu, "
                      "\"ns\": %lld, \"created_at\": 1795400000, \"answer\": \"some words\"}\n\n",
                      last ? "message_end" : "message", c->fd, (unsigned long long)++c->sent,
                      (long long)now_ns());
  return put_chunk(c, event, (size_t)size) && (!last || put(c, "0\r\n\r\n", 5));
}

static void begin(client *c) {
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                             "Transfer-Encoding: chunked\r\nX-Version: 1.12.1\r\n\r\n";
  if (!put(c, head, sizeof(head) - 1)) {
    drop(c);
    return;
  }
  c->streams = true;
  c->sent = 0;
  c->got = 0;
  c->due_ns = now_ns() + interval_ns / 16 * (int64_t)(opened++ % 16) + interval_ns;
}

/* Whether all of a request is there; what it asks for does not matter. */
static bool whole(const client *c) {
  const char *end = strstr(c->request, "\r\n\r\n");
  const char *length = strcasestr(c->request, "content-length:");
  size_t body = length != NULL && length < end ? strtoul(length + 15, NULL, 10) : 0;
  return end != NULL && c->got >= (size_t)(end + 4 - c->request) + body;
}

static bool again(const client *c, int result) {
  if (c->ssl == NULL) {
    return result < 0 && errno == EAGAIN;
  }
  int error = SSL_get_error(c->ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void take(client *c) {
  for (;;) {
    char *at = c->request + c->got;
    size_t room = sizeof(c->request) - 1 - c->got;
    int n = c->ssl != NULL ? SSL_read(c->ssl, at, (int)room) : (int)recv(c->fd, at, room, 0);
    if (n <= 0) {
      if (!again(c, n)) {
        drop(c);
      }
      return;
    }
    c->got += (size_t)n;
    c->request[c->got] = '\0';
    if (!c->streams && whole(c)) {
      begin(c);
      return;
    }
  }
}

static void welcome(int listener) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    int one = 1;
    client *c = fd < MOST ? calloc(1, sizeof(*c)) : NULL;
    if (c == NULL) {
      close(fd);
      continue;
    }
    c->fd = fd;
    clients[fd] = c;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (tls != NULL) {
      c->ssl = SSL_new(tls);
      SSL_set_fd(c->ssl, fd);
      SSL_set_accept_state(c->ssl);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
  }
}

static void tick(int timer) {
  uint64_t missed;
  int64_t now = now_ns();
  if (read(timer, &missed, sizeof(missed)) < 0) {
    return;
  }
  for (int fd = 0; fd < MOST; fd++) {
    client *c = clients[fd];
    if (c == NULL || !c->streams || c->due_ns > now) {
      continue;
    }
    c->due_ns += interval_ns;
    if (!put_event(c)) {
      drop(c);
    } else if (c->sent == count) {
      c->streams = false;
    }
  }
}

static int listen_on_loopback(const char *port_file) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof(address);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) != 0 || listen(fd, 1024) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
    die("source: listen");
  }
  FILE *file = fopen(port_file, "w");
  if (file == NULL || fprintf(file, "%d\n", ntohs(address.sin_port)) < 0 || fclose(file) != 0) {
    die(port_file);
  }
  return fd;
}

static void prepare_tls(const char *cert, const char *key) {
  tls = SSL_CTX_new(TLS_server_method());
  if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1 ||
      SSL_CTX_use_certificate_chain_file(tls, cert) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
    fprintf(stderr, "source: certificate or key cannot be used\n");
    exit(1);
  }
}

static int watch_timer(void) {
  struct itimerspec every = {.it_interval.tv_nsec = TICK_NS, .it_value.tv_nsec = TICK_NS};
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0 || timerfd_settime(fd, 0, &every, NULL) != 0) {
    die("source: timer");
  }
  return fd;
}

static void watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
    die("source: epoll");
  }
}

static void serve(int listener, int timer) {
  struct epoll_event events[EVENTS];
  for (;;) {
    int n = epoll_wait(epoll_fd, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == STDIN_FILENO) {
        return;
      }
      if (fd == listener) {
        welcome(listener);
      } else if (fd == timer) {
        tick(timer);
      } else if (clients[fd] != NULL) {
        take(clients[fd]);
      }
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 6) {
    fprintf(stderr, "usage: source PORT_FILE RATE COUNT [CERT KEY]\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files = {.rlim_cur = MOST, .rlim_max = MOST};
  setrlimit(RLIMIT_NOFILE, &files);
  interval_ns = INT64_C(1000000000) / strtol(argv[2], NULL, 10);
  count = strtoull(argv[3], NULL, 10);
  if (argc == 6) {
    prepare_tls(argv[4], argv[5]);
  }
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  int listener = listen_on_loopback(argv[1]);
  int timer = watch_timer();
  watch(listener);
  watch(timer);
  watch(STDIN_FILENO);
  serve(listener, timer);
  return 0;
}
