/*
 * Why: a file named in service.connect is read with the service's rights. Without this check, a
 * user could have the service use a key or certificate that the user may not see. Becoming the user
 * for a moment would need rights that the service does not have, so the modes are read instead.
 *
 * What a stranger could exchange behind the check is refused altogether: a pipe that stands where a
 * certificate stood would hold the thread that opens it, and with it everybody's calls.
 */
#include "readable.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool has_group(gid_t gid, const gid_t *groups, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (groups[i] == gid) {
      return true;
    }
  }
  return false;
}

/* bit: 4 to read, 1 to pass through a directory. */
static bool grants(const struct stat *st, unsigned bit, uid_t uid, const gid_t *groups,
                   size_t group_count) {
  if (uid == 0) {
    return true;
  }
  if (st->st_uid == uid) {
    return (st->st_mode & (bit << 6)) != 0;
  }
  if (has_group(st->st_gid, groups, group_count)) {
    return (st->st_mode & (bit << 3)) != 0;
  }
  return (st->st_mode & bit) != 0;
}

bool dpd_readable_by(const char *path, uid_t uid, const gid_t *groups, size_t group_count) {
  char real[PATH_MAX];
  struct stat st;
  if (realpath(path, real) == NULL || stat(real, &st) != 0) {
    return false;
  }
  unsigned bits = S_ISDIR(st.st_mode) ? 5 : 4;
  if (!grants(&st, 4, uid, groups, group_count) ||
      (bits == 5 && !grants(&st, 1, uid, groups, group_count))) {
    return false;
  }
  char *slash;
  while ((slash = strrchr(real, '/')) != NULL) {
    *slash = '\0';
    if (stat(real[0] == '\0' ? "/" : real, &st) != 0 || !grants(&st, 1, uid, groups, group_count)) {
      return false;
    }
  }
  return true;
}

static bool is_roots_own(const char *path, bool last) {
  struct stat st;
  if (lstat(path, &st) != 0 || st.st_uid != 0) {
    return false;
  }
  if (S_ISLNK(st.st_mode)) { /* its modes say nothing; where it leads is looked at by itself */
    return true;
  }
  bool kind = S_ISDIR(st.st_mode) || (last && S_ISREG(st.st_mode));
  return kind && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool way_is_roots_own(const char *path) {
  char part[PATH_MAX];
  size_t length = strlen(path);
  if (path[0] != '/' || length >= sizeof part || !is_roots_own("/", false)) {
    return false;
  }
  for (size_t end = 1; end <= length; end++) {
    if (path[end] != '/' && path[end] != '\0') {
      continue;
    }
    memcpy(part, path, end);
    part[end] = '\0';
    if (!is_roots_own(part, end == length)) {
      return false;
    }
  }
  return true;
}

bool dpd_steady(const char *path) {
  char real[PATH_MAX];
  return realpath(path, real) != NULL && way_is_roots_own(path) && way_is_roots_own(real);
}
