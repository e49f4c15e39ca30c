/* readable.h - may another user read a file, by its mode and that of all directories above it. */
#ifndef DPD_READABLE_H
#define DPD_READABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

/* dpd_readable_by - follows symbolic links first. groups: all of the user's. ACLs are not looked
 * at, so it may say no where the kernel would say yes, and never the other way round for plain
 * modes. */
bool dpd_readable_by(const char *path, uid_t uid, const gid_t *groups, size_t group_count);

/* dpd_steady - whether only root can change what stands at path while the service reads it: it is a
 * regular file or a directory, and it and all above it, links included, are root's and writable by
 * nobody else. */
bool dpd_steady(const char *path);

#endif
