/*
 * Why the launcher takes the lock and the child inherits it: between "nobody answers" and "I
 * listen" no second service can slip in, however many start at once. Those who do not get the lock
 * wait for the one who did. If that one dies before it listens, the lock is free again and one of
 * them goes.
 *
 * Why descriptors are closed: the caller may be anything, and a service that holds its pipe open
 * keeps that caller's caller waiting for ever.
 */
#include "ondemand.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fault.h"
#include "lockfile.h"
#include "places.h"
#include "probe.h"

enum { START_MS = 10000, RETRY_MS = 15, ANSWER_MS = 2000 };

static void pause_ms(long ms) {
  struct timespec t = {.tv_nsec = ms * 1000000};
  nanosleep(&t, NULL);
}

/* Waits for the lock, or for the service of whoever has it. -1: *answers, or err. */
static int lock_or_answer(const char *socket, bool *answers, dp_error *err) {
  int64_t until = dpd_now_ms() + START_MS;
  for (;;) {
    *answers = dpd_probe_path(socket, ANSWER_MS);
    if (*answers) {
      return -1;
    }
    int fd = dpd_lock_take(socket, err);
    if (fd >= 0 || err->kind != DP_BUSY || dpd_now_ms() >= until) {
      return fd;
    }
    pause_ms(RETRY_MS);
  }
}

void dpd_ondemand_report(int report_fd, const dp_error *err) {
  if (report_fd < 0) {
    return;
  }
  static const dp_error ok = {.kind = DP_OK};
  ssize_t written = write(report_fd, err != NULL ? err : &ok, sizeof(ok));
  (void)written; /* a launcher that is gone does not mind */
  close(report_fd);
}

static dpd_launch wait_for_child(int fd, pid_t child, dp_error *err) {
  dp_error report;
  size_t got = 0;
  while (got < sizeof(report)) {
    ssize_t n = read(fd, (char *)&report + got, sizeof(report) - got);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      break;
    }
    got += (size_t)n;
  }
  close(fd);
  if (got == sizeof(report) && report.kind == DP_OK) {
    return DPD_LAUNCH_ANSWERS;
  }
  waitpid(child, NULL, 0);
  if (got == sizeof(report)) {
    *err = report;
  } else {
    dpd_fault(err, DP_INTERNAL, "start", "The service ended before it answered; see its log.");
  }
  return DPD_LAUNCH_FAILED;
}

static dpd_launch detach_child(int *report_fd, dp_error *err) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    dpd_fault(err, DP_INTERNAL, "start", "Cannot make a pipe: %s.", strerror(errno));
    return DPD_LAUNCH_FAILED;
  }
  pid_t child = fork();
  if (child < 0) {
    dpd_fault(err, DP_INTERNAL, "start", "Cannot fork: %s.", strerror(errno));
    close(ends[0]);
    close(ends[1]);
    return DPD_LAUNCH_FAILED;
  }
  if (child > 0) {
    close(ends[1]);
    return wait_for_child(ends[0], child, err);
  }
  close(ends[0]);
  setsid();
  *report_fd = ends[1];
  return DPD_LAUNCH_SERVE;
}

dpd_launch dpd_ondemand_launch(const char *socket, bool detach, int *lock_fd, int *report_fd,
                               dp_error *err) {
  bool answers;
  *report_fd = -1;
  if (!dpd_place_private(socket, err)) {
    return DPD_LAUNCH_FAILED;
  }
  *lock_fd = lock_or_answer(socket, &answers, err);
  if (*lock_fd < 0) {
    return answers ? DPD_LAUNCH_ANSWERS : DPD_LAUNCH_FAILED;
  }
  /* Between the last look and the lock its holder may have come up and gone on without it. */
  if (dpd_probe_path(socket, ANSWER_MS)) {
    close(*lock_fd);
    return DPD_LAUNCH_ANSWERS;
  }
  dpd_launch launch = detach ? detach_child(report_fd, err) : DPD_LAUNCH_SERVE;
  if (launch != DPD_LAUNCH_SERVE) {
    close(*lock_fd); /* the child has its own */
  }
  return launch;
}

/* Both are open, and above the standard three. */
static void close_all_but(int lock_fd, int report_fd) {
  unsigned low = (unsigned)(lock_fd < report_fd ? lock_fd : report_fd);
  unsigned high = (unsigned)(lock_fd < report_fd ? report_fd : lock_fd);
  if (low > 3) {
    close_range(3, low - 1, 0);
  }
  if (high > low + 1) {
    close_range(low + 1, high - 1, 0);
  }
  close_range(high + 1, ~0u, 0);
}

void dpd_ondemand_settle(int lock_fd, int report_fd) {
  static const char *const proxies[] = {"http_proxy", "https_proxy", "all_proxy",
                                        "no_proxy",   "HTTP_PROXY",  "HTTPS_PROXY",
                                        "ALL_PROXY",  "NO_PROXY",    "NOTIFY_SOCKET"};
  for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
    unsetenv(proxies[i]);
  }
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
  }
  close_all_but(lock_fd, report_fd);
  if (chdir("/") != 0) {
    return; /* then some directory stays busy; nothing else depends on it */
  }
}
