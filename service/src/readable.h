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

#endif
