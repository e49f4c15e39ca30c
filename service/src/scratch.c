/*
 * Why per thread: unpacking a message takes a zone, JSON a buffer, an answer of our own another. A
 * handful of threads carries all messages, so each keeps its three, and a call allocates none. A
 * pthread key frees them when libnng ends its threads.
 */
#include "scratch.h"

#include <pthread.h>
#include <stdlib.h>

enum { ZONE_CHUNK = 4096, TEXT_KEPT = 65536 };

typedef struct scratch {
  msgpack_zone zone;
  bool has_zone;
  dpd_text json;
  dpd_text body;
} scratch;

static pthread_key_t key;
static scratch fallback; /* when not even this much memory is there: empty, and all of it fails */

static void destroy(void *value) {
  scratch *own = value;
  if (own->has_zone) {
    msgpack_zone_destroy(&own->zone);
  }
  dpd_text_free(&own->json);
  dpd_text_free(&own->body);
  free(own);
}

bool dpd_scratch_init(void) {
  fallback.json.failed = true;
  fallback.body.failed = true;
  return pthread_key_create(&key, destroy) == 0;
}

void dpd_scratch_free(void) {
  scratch *own = pthread_getspecific(key);
  if (own != NULL) {
    destroy(own);
  }
  pthread_key_delete(key);
}

static scratch *mine(void) {
  scratch *own = pthread_getspecific(key);
  if (own != NULL) {
    return own;
  }
  own = calloc(1, sizeof(*own));
  if (own == NULL || pthread_setspecific(key, own) != 0) {
    free(own);
    return &fallback;
  }
  return own;
}

msgpack_zone *dpd_scratch_zone(void) {
  scratch *own = mine();
  if (own == &fallback) {
    return NULL;
  }
  if (!own->has_zone) {
    own->has_zone = msgpack_zone_init(&own->zone, ZONE_CHUNK);
  } else {
    msgpack_zone_clear(&own->zone);
  }
  return own->has_zone ? &own->zone : NULL;
}

static dpd_text *emptied(dpd_text *text, const scratch *own) {
  if (own != &fallback) {
    dpd_text_reset(text, TEXT_KEPT);
  }
  return text;
}

dpd_text *dpd_scratch_json(void) {
  scratch *own = mine();
  return emptied(&own->json, own);
}

dpd_text *dpd_scratch_body(void) {
  scratch *own = mine();
  return emptied(&own->body, own);
}
