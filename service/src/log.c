/*
 * Why a lock: lines come from libnng's threads, the engine's and the main one, and a file may
 * change under them when it is full. The line is made outside, written with one write(2) inside.
 *
 * Under systemd standard error is the journal, which takes the level as "<N>" in front of a line.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "clock.h"
#include "text.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = STDERR_FILENO;
static char log_path[4096];
static size_t log_half; /* of the bound on both files */
static size_t log_size;
static atomic_int log_level = DP_LOG_INFO;
static atomic_bool log_json;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void dpd_log_set(dp_log_level level, bool json) {
  atomic_store(&log_level, (int)level);
  atomic_store(&log_json, json);
}

bool dpd_log_wants(dp_log_level level) {
  return (int)level <= atomic_load(&log_level);
}

bool dpd_log_level_from(const char *name, dp_log_level *out) {
  for (unsigned i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
    if (strcmp(name, level_names[i]) == 0) {
      *out = (dp_log_level)i;
      return true;
    }
  }
  return false;
}

const char *dpd_log_level_name(dp_log_level level) {
  return level_names[level];
}

static int open_log(const char *path) {
  return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

bool dpd_log_to_file(const char *path, size_t max_bytes) {
  if (strlen(path) + sizeof(".old") > sizeof(log_path)) {
    errno = ENAMETOOLONG;
    return false;
  }
  int fd = open_log(path);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0) {
    return false;
  }
  pthread_mutex_lock(&lock);
  snprintf(log_path, sizeof(log_path), "%s", path);
  log_fd = fd;
  log_half = max_bytes / 2;
  log_size = (size_t)st.st_size;
  pthread_mutex_unlock(&lock);
  return true;
}

void dpd_log_close(void) {
  pthread_mutex_lock(&lock);
  if (log_fd != STDERR_FILENO) {
    close(log_fd);
    log_fd = STDERR_FILENO;
  }
  pthread_mutex_unlock(&lock);
}

/* With the lock. If the new file cannot be made, the old one goes on growing: better than silence.
 */
static void rotate(void) {
  char old[sizeof(log_path) + 8];
  snprintf(old, sizeof(old), "%s.old", log_path);
  if (rename(log_path, old) != 0) {
    return;
  }
  int fd = open_log(log_path);
  if (fd >= 0) {
    close(log_fd);
    log_fd = fd;
    log_size = 0;
  }
}

static void put_line(const dpd_text *line) {
  if (line->failed) {
    return;
  }
  pthread_mutex_lock(&lock);
  if (log_fd != STDERR_FILENO && log_size + line->length > log_half) {
    rotate();
  }
  ssize_t written = write(log_fd, line->data, line->length);
  log_size += written > 0 ? (size_t)written : 0;
  pthread_mutex_unlock(&lock);
}

static void put_string(dpd_text *line, const char *text) {
  msgpack_object value = {.type = MSGPACK_OBJECT_STR};
  value.via.str.ptr = text;
  value.via.str.size = (uint32_t)strlen(text);
  dpd_json_write(line, &value);
}

static void put_time(dpd_text *line) {
  int64_t now = dpd_wall_ms();
  time_t seconds = (time_t)(now / 1000);
  struct tm tm;
  char text[40];
  gmtime_r(&seconds, &tm);
  strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
  dpd_text_printf(line, "%s.%03dZ", text, (int)(now % 1000));
}

static void begin_line(dpd_text *line, dp_log_level level) {
  static const int syslog_levels[] = {3, 4, 6, 7};
  if (atomic_load(&log_json)) {
    dpd_text_puts(line, "{\"time\":\"");
    put_time(line);
    dpd_text_printf(line, "\",\"level\":\"%s\"", level_names[level]);
  } else if (log_fd == STDERR_FILENO && getenv("JOURNAL_STREAM") != NULL) {
    dpd_text_printf(line, "<%d>", syslog_levels[level]);
  } else {
    put_time(line);
    dpd_text_printf(line, " %s ", level_names[level]);
  }
}

static void end_line(dpd_text *line) {
  dpd_text_puts(line, atomic_load(&log_json) ? "}\n" : "\n");
  put_line(line);
  dpd_text_free(line);
}

void dpd_log(dp_log_level level, const char *format, ...) {
  if (!dpd_log_wants(level)) {
    return;
  }
  char text[1024];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof(text), format, list);
  va_end(list);
  dpd_text line = {0};
  begin_line(&line, level);
  if (atomic_load(&log_json)) {
    dpd_text_puts(&line, ",\"message\":");
    put_string(&line, text);
  } else {
    for (char *c = text; *c != '\0'; c++) {
      *c = (unsigned char)*c < 0x20 ? ' ' : *c; /* one event, one line */
    }
    dpd_text_puts(&line, text);
  }
  end_line(&line);
}

static void call_as_json(dpd_text *line, const dpd_log_call *call) {
  dpd_text_puts(line, ",\"message\":\"call\",\"op\":");
  put_string(line, call->op);
  dpd_text_puts(line, ",\"profile\":");
  put_string(line, call->profile);
  dpd_text_puts(line, ",\"code\":");
  put_string(line, call->code);
  dpd_text_printf(line,
                  ",\"uid\":%" PRIu32 ",\"pid\":%" PRIu32 ",\"status\":%" PRId32
                  ",\"kind\":\"%s\",\"ms\":%.3f,\"attempts\":%" PRIu32 ",\"sent\":%" PRIu64
                  ",\"received\":%" PRIu64,
                  call->uid, call->pid, call->status, call->kind, (double)call->took_us / 1000.0,
                  call->attempts, call->sent, call->received);
}

void dpd_log_of_call(const dpd_log_call *call) {
  if (!dpd_log_wants(DP_LOG_DEBUG)) {
    return;
  }
  dpd_text line = {0};
  begin_line(&line, DP_LOG_DEBUG);
  if (atomic_load(&log_json)) {
    call_as_json(&line, call);
  } else {
    dpd_text_printf(&line,
                    "call op=%s profile=%s uid=%" PRIu32 " pid=%" PRIu32 " status=%" PRId32
                    " kind=%s code=%s ms=%.3f attempts=%" PRIu32 " sent=%" PRIu64
                    " received=%" PRIu64,
                    call->op, call->profile[0] != '\0' ? call->profile : "-", call->uid, call->pid,
                    call->status, call->kind, call->code[0] != '\0' ? call->code : "-",
                    (double)call->took_us / 1000.0, call->attempts, call->sent, call->received);
  }
  end_line(&line);
}
