/*
 * Why: a file named in service.connect is read with the service's rights. Without this check, a
 * user could have the service use a key or certificate that the user may not see. Becoming the user
 * for a moment would need rights that the service does not have, so the modes are read instead.
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
