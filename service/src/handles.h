/* handles.h - what a user holds for longer than one message: streams, uploads. Pure: time goes in. */
#ifndef DPD_HANDLES_H
#define DPD_HANDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/error.h>

#include "list.h"
#include "map.h"
#include "peers.h"

enum { DPD_HANDLE_SIZE = 16, DPD_HOLDERS = 4 };

typedef struct dpd_handle dpd_handle;
typedef struct dpd_handles dpd_handles;

/* A connection that opened or named a handle. In the peer's list while it is there. */
typedef struct dpd_hold {
  dpd_node of_peer;
  dpd_peer *peer; /* NULL = this place is free */
  dpd_handle *handle;
} dpd_hold;

/* First or last in what it stands for (DPD_CONTAINER leads there). All of it is private to handles.c,
 * but for id and uid. */
struct dpd_handle {
  dpd_map_node node;
  dpd_node all;
  dpd_node orphan; /* in its table's orphans while no connection holds it */
  dpd_handles *table;
  int64_t orphan_due_ms;
  uint8_t id[DPD_HANDLE_SIZE];
  uint32_t uid;
  unsigned turn; /* which hold gives way next */
  dpd_hold holds[DPD_HOLDERS];
};

/* One table a sort of thing: streams, uploads. Under the service's lock. */
struct dpd_handles {
  dpd_map map;
  dpd_list all;
  dpd_list orphans; /* in the order of their due times, for the grace is one for all */
  size_t count;
};

/* The bounds of a table, with the names that errors tell. */
typedef struct dpd_handle_bounds {
  const char *what; /* "streams" */
  size_t per_user;  /* uploads_per_user */
  size_t most;      /* uploads_max */
} dpd_handle_bounds;

void dpd_handles_init(dpd_handles *handles);
/* dpd_handles_clear - forget all of them; what they stand for is the caller's. */
void dpd_handles_clear(dpd_handles *handles);

/* dpd_handle_open - give it an id that nobody can guess, for this uid, held by peer. False: busy
 * (codes <what>_per_user, <what>_max) or internal, and nothing changed. */
bool dpd_handle_open(dpd_handles *handles, dpd_handle *handle, dpd_peer *peer,
                     const dpd_handle_bounds *bounds, dp_error *err);
/* dpd_handle_find - NULL: there is none of that id, or it is another user's, which is the same. */
dpd_handle *dpd_handle_find(const dpd_handles *handles, const uint8_t id[DPD_HANDLE_SIZE],
                            uint32_t uid);
/* dpd_handle_touch - this connection named it: it holds it now, and it is no orphan. */
void dpd_handle_touch(dpd_handle *handle, dpd_peer *peer);
/* dpd_handle_close - out of its table and off its holders; its memory is the caller's. */
void dpd_handle_close(dpd_handle *handle);

/* dpd_handles_gone - this connection holds nothing any more. What nobody else holds becomes an
 * orphan. True: there is one now, so the next due time may have changed. */
bool dpd_handles_gone(dpd_peer *peer, int64_t now_ms, int64_t grace_ms);
/* dpd_handles_due - an orphan whose grace is over, off the list of orphans and still open; NULL = none,
 * and *next is lowered to the ms until there is one. */
dpd_handle *dpd_handles_due(dpd_handles *handles, int64_t now_ms, int64_t *next);

#endif
