/* digest.h - SipHash-2-4: a keyed hash for tables, and a 128-bit digest that tells calls apart. */
#ifndef DPD_DIGEST_H
#define DPD_DIGEST_H

#include <stddef.h>
#include <stdint.h>

typedef struct dpd_digest {
  uint8_t bytes[16];
} dpd_digest;

typedef struct dpd_sip {
  uint64_t v[4];
  uint64_t tail;   /* bytes that do not fill a word yet, little-endian */
  uint64_t length; /* of all that was fed */
} dpd_sip;

/* dpd_sip_init - key: 16 bytes, random for each life of the service. */
void dpd_sip_init(dpd_sip *sip, const uint8_t key[16]);
void dpd_sip_feed(dpd_sip *sip, const void *data, size_t length);
/* dpd_sip_finish - the 128-bit result; the state is used up. */
dpd_digest dpd_sip_finish(dpd_sip *sip);

/* dpd_hash - the first 64 bits of the 128-bit result, for hash tables. */
uint64_t dpd_hash(const uint8_t key[16], const void *data, size_t length);

#endif
