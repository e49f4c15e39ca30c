/*
 * Why SipHash: ids, handles and names in our tables come from outside, so the tables need a keyed
 * hash, and "the same id with other arguments" needs a digest that nobody can make collide on
 * purpose within one life of the service. SipHash-2-4 with 128 bits of result is both, in fifty
 * lines and without a library. It follows the authors' reference; the tests hold its vectors.
 */
#include "digest.h"

#include <string.h>

static uint64_t rotl(uint64_t x, int b) {
  return (x << b) | (x >> (64 - b));
}

static uint64_t load64(const uint8_t *p) {
  uint64_t x = 0;
  for (int i = 7; i >= 0; i--) {
    x = (x << 8) | p[i];
  }
  return x;
}

static void store64(uint8_t *p, uint64_t x) {
  for (int i = 0; i < 8; i++) {
    p[i] = (uint8_t)(x >> (8 * i));
  }
}

static void rounds(uint64_t v[4], int count) {
  for (int i = 0; i < count; i++) {
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
  }
}

static void absorb(dpd_sip *sip, uint64_t word) {
  sip->v[3] ^= word;
  rounds(sip->v, 2);
  sip->v[0] ^= word;
}

void dpd_sip_init(dpd_sip *sip, const uint8_t key[16]) {
  uint64_t k0 = load64(key);
  uint64_t k1 = load64(key + 8);
  sip->v[0] = UINT64_C(0x736f6d6570736575) ^ k0;
  sip->v[1] = UINT64_C(0x646f72616e646f6d) ^ k1 ^ 0xee; /* 0xee: the 128-bit variant */
  sip->v[2] = UINT64_C(0x6c7967656e657261) ^ k0;
  sip->v[3] = UINT64_C(0x7465646279746573) ^ k1;
  sip->tail = 0;
  sip->length = 0;
}

void dpd_sip_feed(dpd_sip *sip, const void *data, size_t length) {
  const uint8_t *p = data;
  while (length > 0 && sip->length % 8 != 0) {
    sip->tail |= (uint64_t)*p++ << (8 * (sip->length % 8));
    length--;
    if (++sip->length % 8 == 0) {
      absorb(sip, sip->tail);
      sip->tail = 0;
    }
  }
  for (; length >= 8; length -= 8, p += 8, sip->length += 8) {
    absorb(sip, load64(p));
  }
  for (; length > 0; length--, sip->length++) {
    sip->tail |= (uint64_t)*p++ << (8 * (sip->length % 8));
  }
}

dpd_digest dpd_sip_finish(dpd_sip *sip) {
  dpd_digest out;
  absorb(sip, sip->tail | (sip->length << 56));
  sip->v[2] ^= 0xee;
  rounds(sip->v, 4);
  store64(out.bytes, sip->v[0] ^ sip->v[1] ^ sip->v[2] ^ sip->v[3]);
  sip->v[1] ^= 0xdd;
  rounds(sip->v, 4);
  store64(out.bytes + 8, sip->v[0] ^ sip->v[1] ^ sip->v[2] ^ sip->v[3]);
  return out;
}

uint64_t dpd_hash(const uint8_t key[16], const void *data, size_t length) {
  dpd_sip sip;
  dpd_sip_init(&sip, key);
  dpd_sip_feed(&sip, data, length);
  dpd_digest digest = dpd_sip_finish(&sip);
  return load64(digest.bytes);
}
