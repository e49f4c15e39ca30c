/* message.h - a request's map, checked and made into a struct. */
#ifndef DPD_MESSAGE_H
#define DPD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <msgpack.h>

#include <difypool/call.h>

enum { DPD_ID_SIZE = 16, DPD_NAME_MAX = 64, DPD_DEADLINE_DEFAULT_MS = 120000 };

typedef struct dpd_request {
  uint8_t id[DPD_ID_SIZE];
  char op[DPD_NAME_MAX + 1];
  char profile[DPD_NAME_MAX + 1]; /* "" = the default one */
  const msgpack_object *args;     /* a map in the caller's zone; NULL = none */
  uint8_t epoch[DPD_ID_SIZE];
  bool has_epoch;
  bool again;
  bool decode;
  uint32_t deadline_ms;
  bool has_deadline; /* else it is the default */
  uint32_t cache_ms;
  dp_priority priority;
  uint32_t flags; /* DP_CALL_… */
} dpd_request;

/*
 * dpd_request_decode - take a map that passed the guard.
 * What is unknown, missing, of the wrong type or out of range is refused by name: false, and err
 * says which. Nothing is allocated; args points into map's zone.
 */
bool dpd_request_decode(dpd_request *out, const msgpack_object *map, dp_error *err);

/* Readers for one named value, shared with the operations of the service; each refuses by name. */
bool dpd_read_bool(const char *name, const msgpack_object *value, bool *out, dp_error *err);
bool dpd_read_range(const char *name, const msgpack_object *value, int64_t least, int64_t most,
                    int64_t *out, dp_error *err);
/* size counts the NUL; a text that holds NUL, or does not fit, is refused. */
bool dpd_read_text(const char *name, const msgpack_object *value, char *out, size_t size,
                   dp_error *err);
bool dpd_read_id(const char *name, const msgpack_object *value, uint8_t out[DPD_ID_SIZE],
                 dp_error *err);

/* dpd_key_is - whether a map's key is this name. */
bool dpd_key_is(const msgpack_object *key, const char *name);

#endif
