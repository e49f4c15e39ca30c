/*
 * Why: libnng before 1.6 can stop accepting for good, and a service that hangs for any other reason
 * looks alive from inside as well. Only a fresh connection that gets an answer proves that others
 * get one. It is spoken by hand: a libnng socket would share the threads that are being asked
 * about.
 */
#include "probe.h"

#include <errno.h>
#include <sys/poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

enum { HEAD = 8, FRAME = 9, REQUEST_ID = 4 };

/* Greeting of a REQ socket, then one frame: id 0x80000001, {v: 1, id: 16 zero bytes, op: ping}. */
static const uint8_t question[] = {
    0,   'S',  'P', 0,   0,   0x30, 0,    0,   1,   0,    0,   0,   0,    0,  0,    0,
    45,  0x80, 0,   0,   1,   0x83, 0xa1, 'v', 1,   0xa2, 'i', 'd', 0xc4, 16, 0,    0,
    0,   0,    0,   0,   0,   0,    0,    0,   0,   0,    0,   0,   0,    0,  0xa2, 'o',
    'p', 0xac, 's', 'e', 'r', 'v',  'i',  'c', 'e', '.',  'p', 'i', 'n',  'g'};

static const uint8_t greeting[HEAD] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
  }
  return fd;
}

void dpd_probe_end(dpd_probe *probe) {
  if (probe->fd >= 0) {
    close(probe->fd);
  }
  *probe = (dpd_probe)DPD_PROBE_INIT;
}

static void fail(dpd_probe *probe) {
  int64_t asked_ms = probe->asked_ms;
  dpd_probe_end(probe);
  probe->state = DPD_PROBE_FAILED;
  probe->asked_ms = asked_ms;
}

void dpd_probe_ask(dpd_probe *probe, const char *path, int64_t now_ms) {
  dpd_probe_end(probe);
  probe->asked_ms = now_ms;
  probe->state = DPD_PROBE_ASKING;
  probe->fd = connect_to(path);
  /* So short a message always fits into a fresh socket's buffer. */
  if (probe->fd < 0 ||
      send(probe->fd, question, sizeof(question), MSG_NOSIGNAL) != (ssize_t)sizeof(question)) {
    fail(probe);
  }
}

void dpd_probe_read(dpd_probe *probe) {
  ssize_t got = recv(probe->fd, probe->in + probe->got, sizeof(probe->in) - probe->got, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (got <= 0) {
    fail(probe);
    return;
  }
  probe->got += (size_t)got;
  if (probe->got >= HEAD && memcmp(probe->in, greeting, HEAD) != 0) {
    fail(probe);
  } else if (probe->got >= HEAD + FRAME + REQUEST_ID) {
    probe->state = probe->in[HEAD] == 1 ? DPD_PROBE_ANSWERED : DPD_PROBE_FAILED;
  }
}

bool dpd_probe_path(const char *path, int timeout_ms) {
  dpd_probe probe = DPD_PROBE_INIT;
  int64_t until = dpd_now_ms() + timeout_ms;
  dpd_probe_ask(&probe, path, dpd_now_ms());
  while (probe.state == DPD_PROBE_ASKING) {
    int64_t left = until - dpd_now_ms();
    struct pollfd p = {.fd = probe.fd, .events = POLLIN};
    if (left <= 0 || poll(&p, 1, (int)left) <= 0) {
      break;
    }
    dpd_probe_read(&probe);
  }
  bool answered = probe.state == DPD_PROBE_ANSWERED;
  dpd_probe_end(&probe);
  return answered;
}

bool dpd_path_refused(const char *path) {
  int fd = connect_to(path);
  if (fd >= 0) {
    close(fd);
    return false;
  }
  return errno == ECONNREFUSED;
}
