/* remember.h - which calls run or ran, by (uid, id), so that no message is carried out twice. */
#ifndef DPD_REMEMBER_H
#define DPD_REMEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"

typedef struct dpd_remember dpd_remember;

typedef struct dpd_call_key {
  uint32_t uid;
  uint8_t id[16];
} dpd_call_key;

typedef enum dpd_recall {
  DPD_RECALL_NEW,       /* never heard of */
  DPD_RECALL_RUNNING,   /* *what is the running call */
  DPD_RECALL_ANSWERED,  /* *what is the remembered answer */
  DPD_RECALL_FORGOTTEN, /* it was carried out; its answer had to go */
  DPD_RECALL_MISMATCH   /* the id stands for another call */
} dpd_recall;

typedef struct dpd_remember_bounds {
  size_t bytes;    /* of answers and of what it takes to know them */
  int64_t keep_ms; /* how long after its end a write is known */
} dpd_remember_bounds;

/* dpd_remember_new - release: gives an answer back. NULL when memory is out. */
dpd_remember *dpd_remember_new(const dpd_remember_bounds *bounds, const uint8_t hash_key[16],
                               void (*release)(void *answer));
void dpd_remember_free(dpd_remember *r);
/* dpd_remember_set_bounds - from the next change on. */
void dpd_remember_set_bounds(dpd_remember *r, const dpd_remember_bounds *bounds);

/* dpd_remember_find - what is known of a key. digest NULL = whatever it stands for. */
dpd_recall dpd_remember_find(const dpd_remember *r, const dpd_call_key *key,
                             const dpd_digest *digest, void **what);
/* dpd_remember_begin - a call of a new key runs. False: no memory, or, of a write, no room to know
 * it afterwards: everything within the bound is already the least that can be kept. */
bool dpd_remember_begin(dpd_remember *r, const dpd_call_key *key, const dpd_digest *digest,
                        bool write, void *call);
/* dpd_remember_end - the call of this key ended. A write's answer is kept (and owned) if there is
 * room, size bytes of it charged; a read's, or NULL, is not: false, and the answer stays the
 * caller's. */
bool dpd_remember_end(dpd_remember *r, const dpd_call_key *key, void *answer, size_t size,
                      int64_t now_ms);
/* dpd_remember_abort - the call of this key could not be started after all: nothing is known of it.
 */
void dpd_remember_abort(dpd_remember *r, const dpd_call_key *key);
/* dpd_remember_tick - drop what is past its time. */
void dpd_remember_tick(dpd_remember *r, int64_t now_ms);

size_t dpd_remember_count(const dpd_remember *r);
size_t dpd_remember_bytes(const dpd_remember *r);

#endif
