/*
 * difypool logs: the end of the private service's log, and what is added to it. The service renames
 * a full log and begins a new one, so following means to look which file bears the name.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

enum { LINES = 50, CHUNK = 65536 };

static bool installed(const cli *c) {
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  dpc_client *client;
  options.socket = c->options.socket;
  options.lazy = 1;
  if (dpc_client_open(&client, &options, NULL) != DPC_OK)
    return false;
  bool operators = strcmp(dpc_client_socket(client), "/run/difypool/socket") == 0;
  dpc_client_close(client);
  return operators;
}

static void log_path(char *out, size_t size) {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  if (!home || !*home) {
    struct passwd *me = getpwuid(geteuid());
    home = me ? me->pw_dir : "";
  }
  if (state && *state == '/')
    snprintf(out, size, "%s/difypool/log", state);
  else
    snprintf(out, size, "%s/.local/state/difypool/log", home);
}

/* Moves to where the last lines begin, reading backwards. */
static void seek_lines(int fd, uint32_t lines) {
  char chunk[CHUNK];
  off_t at = lseek(fd, 0, SEEK_END);
  off_t end = at;
  while (at > 0) {
    size_t length = at < CHUNK ? (size_t)at : CHUNK;
    at -= (off_t)length;
    if (pread(fd, chunk, length, at) != (ssize_t)length)
      break;
    for (size_t i = length; i-- > 0;) {
      if (chunk[i] != '\n' || at + (off_t)i + 1 == end)
        continue;
      if (--lines == 0) {
        lseek(fd, at + (off_t)i + 1, SEEK_SET);
        return;
      }
    }
  }
  lseek(fd, 0, SEEK_SET);
}

static void copy_rest(int fd) {
  char chunk[CHUNK];
  ssize_t got;
  while ((got = read(fd, chunk, sizeof chunk)) > 0)
    fwrite(chunk, 1, (size_t)got, stdout);
  fflush(stdout);
}

static bool replaced(int fd, const char *path) {
  struct stat open_one, named;
  return fstat(fd, &open_one) == 0 && stat(path, &named) == 0 && open_one.st_ino != named.st_ino;
}

/* Watches the directory: writes to the log, and a new log under its name. Ends with Ctrl-C. */
static int follow(int *fd, const char *path) {
  char directory[4096], events[4096];
  snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path), path);
  int watch = inotify_init1(IN_CLOEXEC);
  if (watch < 0 || inotify_add_watch(watch, directory, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
    cli_say("cannot watch %s: %s", directory, strerror(errno));
    return 1;
  }
  do {
    copy_rest(*fd);
    if (replaced(*fd, path)) {
      close(*fd);
      *fd = open(path, O_RDONLY | O_CLOEXEC);
      copy_rest(*fd);
    }
  } while (!ferror(stdout) && read(watch, events, sizeof events) > 0);
  close(watch);
  return 0;
}

int cli_cmd_logs(cli *c) {
  char path[4096];
  if (installed(c)) {
    puts("the service is an operator's; its log is the journal's: journalctl -u difypoold");
    return 0;
  }
  log_path(path, sizeof path);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    cli_say("there is no log at %s: %s", path, strerror(errno));
    return 1;
  }
  seek_lines(fd, c->options.lines ? c->options.lines : LINES);
  copy_rest(fd);
  int status = c->options.follow ? follow(&fd, path) : 0;
  close(fd);
  return status;
}
