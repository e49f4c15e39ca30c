/* place.h - where the service is, and whether what listens there may be trusted. Internal. */
#ifndef DPC_PLACE_H
#define DPC_PLACE_H

#include <sys/types.h>

#include <difypool-client/client.h>

enum { DPC__PATH_MAX = 107 }; /* bytes of sun_path, without the NUL */

typedef enum dpc__place_kind {
  DPC__PLACE_NAMED,     /* the caller or $DIFYPOOL_SOCKET said so, as a plain path */
  DPC__PLACE_NAMED_URL, /* the same as ipc://PATH: nothing is started there */
  DPC__PLACE_INSTALLED, /* an operator's */
  DPC__PLACE_PRIVATE    /* this user's own, in a directory of its own */
} dpc__place_kind;

typedef struct dpc__place {
  dpc__place_kind kind;
  char path[DPC__PATH_MAX + 1];
} dpc__place;

/* What the look-up reads of the world; tests give another one. */
typedef struct dpc__world {
  const char *socket; /* the caller's wish, else $DIFYPOOL_SOCKET; NULL or "" = none */
  const char *run;    /* "/run" */
  const char *tmp;    /* "/tmp" */
  uid_t uid;          /* effective */
} dpc__world;

/* dpc__place_find - the first that applies of PROTOCOL.md, section 2. DPC_INVALID_REQUEST: the path
 * is too long. */
dpc_kind dpc__place_find(const dpc__world *world, dpc__place *place, dpc_error *err);

/* dpc__place_check_dir - of a private place: make its directory where it is missing and create is
 * set; DPC_DENIED where something else than a directory of ours, mode 0700, stands there. A missing
 * one without create is no error. */
dpc_kind dpc__place_check_dir(const dpc__place *place, uid_t uid, bool create, dpc_error *err);

/* dpc__place_check_peer - may a key be sent to a server of that uid? DPC_DENIED if not. */
dpc_kind dpc__place_check_peer(const dpc__place *place, uid_t uid, uid_t peer, dpc_error *err);

#endif
