/* places.h - where socket, config, lock and log are. */
#ifndef DPD_PLACES_H
#define DPD_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include <difypool/error.h>

enum { DPD_PATH_MAX = 4096 };

/* dpd_place_socket - the default place of the socket, by the order of PROTOCOL.md, section 2. */
bool dpd_place_socket(char out[DPD_PATH_MAX], dp_error *err);
/* dpd_place_config - the config to read when none is named. False: there is none.
 * own_only: the user's own, not the system's. */
bool dpd_place_config(char out[DPD_PATH_MAX], bool own_only);
/* dpd_place_log - $XDG_STATE_HOME/difypool/log, its directory made. */
bool dpd_place_log(char out[DPD_PATH_MAX]);

/*
 * dpd_place_private - the directory of a private service's socket: made with mode 0700 if it is not
 * there; refused unless it is a real directory in which nobody but us (and root) can put or replace
 * a file.
 */
bool dpd_place_private(const char *socket, dp_error *err);

#endif
