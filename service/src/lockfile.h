/* lockfile.h - one service a socket. */
#ifndef DPD_LOCKFILE_H
#define DPD_LOCKFILE_H

#include <difypool/error.h>

/* dpd_lock_take - a descriptor that holds the lock beside a socket, "PATH.lock", until it and all
 * its copies are closed. -1 with err: busy when another holds it. Never waits. */
int dpd_lock_take(const char *socket, dp_error *err);

#endif
