/* place.h - a socket file that is complete when it appears, and is known again later. */
#ifndef DPD_PLACE_H
#define DPD_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>
#include <sys/un.h>

#include <difypool/error.h>

enum { DPD_SUN_PATH = sizeof(((struct sockaddr_un *)0)->sun_path) };

typedef struct dpd_place {
  char path[DPD_SUN_PATH];
  mode_t mode;
  gid_t group;  /* (gid_t)-1 = as it comes */
  dev_t device; /* of the file that stands for us at path */
  ino_t inode;
} dpd_place;

/* dpd_place_init - false when the path is too long for a socket. */
bool dpd_place_init(dpd_place *place, const char *path, mode_t mode, gid_t group, dp_error *err);
/* dpd_place_beside - where to bind first: "PATH~", in the same directory. Nothing stands there. */
void dpd_place_beside(const dpd_place *place, char out[DPD_SUN_PATH]);
/* dpd_place_settle - give what was bound beside its mode and group, and move it to the path. */
bool dpd_place_settle(dpd_place *place, const char *beside, dp_error *err);
bool dpd_place_is_ours(const dpd_place *place);
/* dpd_place_leave - remove the path if it is ours. */
void dpd_place_leave(const dpd_place *place);
/* dpd_place_failed - "Cannot listen on PATH: why". False. */
bool dpd_place_failed(const dpd_place *place, const char *why, dp_error *err);

#endif
