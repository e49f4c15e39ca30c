/* value.h - look into the values that service.* operations answer, without a parser of one's own.
 */
#ifndef DIFYPOOL_CLIENT_VALUE_H
#define DIFYPOOL_CLIENT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DPC_EXPORT __attribute__((visibility("default")))
#else
#define DPC_EXPORT
#endif

/*
 * A view of one msgpack value inside a reply, by value: it owns nothing and is good for as long as
 * the reply. Its members are private. A zeroed one is a null. Any thread. Since 0.1.
 */
typedef struct dpc_value {
  const uint8_t *at;
  const uint8_t *end;
} dpc_value;

typedef enum dpc_type {
  DPC_TYPE_NULL,
  DPC_TYPE_BOOL,
  DPC_TYPE_INT, /* fits int64_t or uint64_t */
  DPC_TYPE_DOUBLE,
  DPC_TYPE_TEXT,
  DPC_TYPE_BYTES,
  DPC_TYPE_LIST,
  DPC_TYPE_MAP
} dpc_type;

DPC_EXPORT dpc_type dpc_value_type(dpc_value value);
/* dpc_value_count - entries of a list or a map; 0 for anything else. */
DPC_EXPORT size_t dpc_value_count(dpc_value value);
/* dpc_value_get - the entry of a map under that key; false, and *out null, if there is none. */
DPC_EXPORT bool dpc_value_get(dpc_value map, const char *key, dpc_value *out);

/* The functions below give the fallback where the value is of another type. */
DPC_EXPORT bool dpc_value_bool(dpc_value value, bool fallback);
DPC_EXPORT int64_t dpc_value_int(dpc_value value, int64_t fallback); /* capped at its range */
DPC_EXPORT uint64_t dpc_value_uint(dpc_value value,
                                   uint64_t fallback);                /* a negative one: fallback */
DPC_EXPORT double dpc_value_double(dpc_value value, double fallback); /* of an int too */
/* dpc_value_text - text or bytes; NULL for anything else. No NUL follows it. */
DPC_EXPORT const char *dpc_value_text(dpc_value value, size_t *length);

/* dpc_value_json - as JSON text, where bytes stand as lower-case hex; ends in NUL, to be freed with
 * free(). NULL when memory is out. length may be NULL. */
DPC_EXPORT char *dpc_value_json(dpc_value value, size_t *length);

/* dpc_value_parse - read one JSON text, such as an event's data. Its values lie in what is returned,
 * to be freed with free(). NULL: it is no JSON, nests deeper than 20, holds an integer of more than
 * 64 bits, or memory is out. Since 0.1. */
DPC_EXPORT void *dpc_value_parse(const char *json, size_t length, dpc_value *out);

/* A walk over a list or a map; of anything else it ends at once. */
typedef struct dpc_walk {
  dpc_value rest;
  size_t left;
  bool keyed;
} dpc_walk;

DPC_EXPORT dpc_walk dpc_value_walk(dpc_value value);
/* dpc_walk_next - the next entry; key is a null for a list; key may be NULL. False at the end. */
DPC_EXPORT bool dpc_walk_next(dpc_walk *walk, dpc_value *key, dpc_value *value);

#ifdef __cplusplus
}
#endif
#endif
