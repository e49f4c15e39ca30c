/*
 * Why flock, and why the file stays: a lock ends with its process, however that ends, so there is
 * no stale one to judge. Unlinking it would let two services hold "the" lock on two files.
 */
#include "lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "fault.h"
#include "places.h"

int dpd_lock_take(const char *socket, dp_error *err) {
  char path[DPD_PATH_MAX + 8];
  snprintf(path, sizeof(path), "%s.lock", socket);
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    dpd_fault(err, DP_INTERNAL, "lock", "Cannot open %s: %s.", path, strerror(errno));
    dpd_fault_hint(err, "The socket's directory must exist and be writable for this user.");
    return -1;
  }
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
    return fd;
  }
  int saved = errno;
  close(fd);
  if (saved == EWOULDBLOCK) {
    dpd_fault(err, DP_BUSY, "locked", "Another difypoold serves %s.", socket);
  } else {
    dpd_fault(err, DP_INTERNAL, "lock", "Cannot lock %s: %s.", path, strerror(saved));
  }
  return -1;
}
