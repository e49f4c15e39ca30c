/*
 * Why bind beside the path and rename: bind, chmod and listen come one after the other, so a client
 * could meet a socket that nobody listens on yet, or that has the wrong mode. A file that is
 * renamed to its place is complete when it appears, and it replaces an older one without a gap. It
 * is known by device and inode: a path that somebody else has taken is left alone.
 */
#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"

bool dpd_place_init(dpd_place *place, const char *path, mode_t mode, gid_t group, dp_error *err) {
  if (strlen(path) >= sizeof(place->path)) {
    return dpd_fault(err, DP_INVALID_REQUEST, "path_too_long",
                     "The socket's path is longer than the 107 bytes that a Unix socket takes: %s",
                     path);
  }
  *place = (dpd_place){.mode = mode, .group = group};
  snprintf(place->path, sizeof(place->path), "%s", path);
  return true;
}

/* Where "PATH~" is too long for a socket: PATH with another last letter. */
void dpd_place_beside(const dpd_place *place, char out[DPD_SUN_PATH]) {
  size_t length = strlen(place->path);
  memcpy(out, place->path, length + 1);
  if (length + 2 <= DPD_SUN_PATH) {
    out[length] = '~';
    out[length + 1] = '\0';
  } else {
    out[length - 1] = out[length - 1] == '~' ? '_' : '~';
  }
  unlink(out);
}

bool dpd_place_failed(const dpd_place *place, const char *why, dp_error *err) {
  dpd_fault(err, DP_INTERNAL, "listen", "Cannot listen on %s: %s.", place->path, why);
  return dpd_fault_hint(err, "The directory must exist and be writable for this user.");
}

bool dpd_place_settle(dpd_place *place, const char *beside, dp_error *err) {
  struct stat st;
  if ((place->group != (gid_t)-1 && chown(beside, (uid_t)-1, place->group) != 0) ||
      chmod(beside, place->mode) != 0 || stat(beside, &st) != 0 ||
      rename(beside, place->path) != 0) {
    return dpd_place_failed(place, strerror(errno), err);
  }
  place->device = st.st_dev;
  place->inode = st.st_ino;
  return true;
}

bool dpd_place_is_ours(const dpd_place *place) {
  struct stat st;
  return stat(place->path, &st) == 0 && st.st_dev == place->device && st.st_ino == place->inode;
}

void dpd_place_leave(const dpd_place *place) {
  if (dpd_place_is_ours(place)) {
    unlink(place->path);
  }
}
