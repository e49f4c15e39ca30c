/*
 * Why so particular about a directory: whoever can replace the socket file gets the keys that
 * clients send. In /tmp anybody may have made "difypool-UID" before us, so a directory is taken
 * only if lstat says that it is a directory, ours, and closed to others.
 */
#include "places.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"

static bool fill(char out[DPD_PATH_MAX], const char *head, const char *tail) {
  return snprintf(out, DPD_PATH_MAX, "%s%s", head, tail) < DPD_PATH_MAX;
}

static bool is_own_directory(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

bool dpd_place_socket(char out[DPD_PATH_MAX], dp_error *err) {
  const char *named = getenv("DIFYPOOL_SOCKET");
  if (named != NULL && named[0] != '\0') {
    named += strncmp(named, "ipc://", 6) == 0 ? 6 : 0;
    return (named[0] == '/' && fill(out, named, "")) ||
           dpd_fault(err, DP_INVALID_REQUEST, "socket",
                     "$DIFYPOOL_SOCKET is not an absolute path: %s", named);
  }
  if (access("/run/difypool", W_OK) == 0) {
    return fill(out, "/run/difypool/socket", "");
  }
  char directory[64];
  snprintf(directory, sizeof(directory), "/run/user/%u", (unsigned)geteuid());
  if (is_own_directory(directory)) {
    return fill(out, directory, "/difypool/socket");
  }
  snprintf(directory, sizeof(directory), "/tmp/difypool-%u", (unsigned)geteuid());
  return fill(out, directory, "/socket");
}

static bool home(char out[DPD_PATH_MAX]) {
  const char *named = getenv("HOME");
  if (named != NULL && named[0] == '/') {
    return fill(out, named, "");
  }
  const struct passwd *entry = getpwuid(geteuid());
  return entry != NULL && entry->pw_dir != NULL && entry->pw_dir[0] == '/' &&
         fill(out, entry->pw_dir, "");
}

/* $VARIABLE, if it is an absolute path, else ~/fallback; then "/tail". */
static bool xdg(char out[DPD_PATH_MAX], const char *variable, const char *fallback,
                const char *tail) {
  char base[DPD_PATH_MAX];
  char whole[DPD_PATH_MAX];
  const char *named = getenv(variable);
  if (named != NULL && named[0] == '/') {
    return fill(out, named, tail);
  }
  return home(base) && fill(whole, base, fallback) && fill(out, whole, tail);
}

bool dpd_place_config(char out[DPD_PATH_MAX], bool own_only) {
  if (!own_only && access("/etc/difypool/difypool.ini", F_OK) == 0) {
    return fill(out, "/etc/difypool/difypool.ini", "");
  }
  return xdg(out, "XDG_CONFIG_HOME", "/.config", "/difypool/difypool.ini") &&
         access(out, F_OK) == 0;
}

static bool make_parents(const char *path) {
  char directory[DPD_PATH_MAX];
  snprintf(directory, sizeof(directory), "%s", path);
  for (char *slash = strchr(directory + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
      return false;
    }
    *slash = '/';
  }
  return true;
}

bool dpd_place_log(char out[DPD_PATH_MAX]) {
  return xdg(out, "XDG_STATE_HOME", "/.local/state", "/difypool/log") && make_parents(out);
}

static bool closed_to_others(const struct stat *st) {
  if (!S_ISDIR(st->st_mode)) {
    return false;
  }
  if (st->st_uid == 0 && (st->st_mode & S_ISVTX) != 0) {
    return true; /* as /tmp: nobody can take away or replace another's file */
  }
  return (st->st_uid == geteuid() || st->st_uid == 0) && (st->st_mode & 0022) == 0;
}

/* One of the default places has to be ours and nobody else's at all. */
static bool is_default_place(const char *directory) {
  char expected[64];
  snprintf(expected, sizeof(expected), "/tmp/difypool-%u", (unsigned)geteuid());
  char expected_run[64];
  snprintf(expected_run, sizeof(expected_run), "/run/user/%u/difypool", (unsigned)geteuid());
  return strcmp(directory, expected) == 0 || strcmp(directory, expected_run) == 0;
}

bool dpd_place_private(const char *socket, dp_error *err) {
  char directory[DPD_PATH_MAX];
  struct stat st;
  snprintf(directory, sizeof(directory), "%s", socket);
  char *slash = strrchr(directory, '/');
  if (slash == NULL || slash == directory) {
    return dpd_fault(err, DP_INVALID_REQUEST, "socket",
                     "A private service's socket needs a directory of its own: %s", socket);
  }
  *slash = '\0';
  if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
    return dpd_fault(err, DP_INVALID_REQUEST, "socket", "Cannot make the directory %s: %s.",
                     directory, strerror(errno));
  }
  if (lstat(directory, &st) != 0 || !closed_to_others(&st) ||
      (is_default_place(directory) && (st.st_uid != geteuid() || (st.st_mode & 0777) != 0700))) {
    dpd_fault(err, DP_DENIED, "socket",
              "%s is not a directory of this user's that is closed to others, so no key is safe "
              "behind a socket in it.",
              directory);
    return dpd_fault_hint(err, "Remove it, or chmod 0700 it if it is yours.");
  }
  return true;
}
