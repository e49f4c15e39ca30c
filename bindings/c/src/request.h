/* request.h - a request as it travels: a tail that never changes, a head for each send. Internal.
 */
#ifndef DPC_REQUEST_H
#define DPC_REQUEST_H

#include <difypool-client/client.h>

#include "bytes.h"

enum {
  DPC__ID = 16,
  DPC__PROFILE_MAX = 255, /* bytes of a profile's name or handle */
  DPC__HEAD_MAX = 512,    /* room for the head, with a profile of that length */
  DPC__DEADLINE_MAX = 86400000,
  DPC__CACHE_MAX = 3600000
};

/* dpc__request_tail - append what is the same in every send: op, args, priority, cache, options.
 * options may be NULL. Returns how many entries of the message's map these are. */
uint32_t dpc__request_tail(dpc__bytes *out, const char *operation, const dpc_args *args,
                           const dpc_call_options *options);

/* dpc__request_is_free - whether it may be repeated at will, so that silence leaves no doubt. */
bool dpc__request_is_free(const char *operation, const dpc_args *args);

/* What differs from send to send. */
typedef struct dpc__head {
  uint32_t request_id;
  uint32_t tail_entries;
  uint64_t tail_length;
  const uint8_t *id;    /* 16 bytes */
  const uint8_t *epoch; /* 16 bytes; NULL = not known yet */
  const char *profile;  /* NULL = the default one */
  uint32_t deadline_ms;
  bool again;
} dpc__head;

/* dpc__request_head - SP frame and the map up to the tail. Returns its length. */
size_t dpc__request_head(uint8_t out[DPC__HEAD_MAX], const dpc__head *head);

/* dpc__request_flaw - NULL if these options may travel; else what is wrong with them. */
const char *dpc__request_flaw(const char *operation, const dpc_call_options *options);

#endif
