/* optable.h - the operation table: what Dify's routes take, and what may be done with a failed call.
 * The data is generated (optable_data.c); these are the types and the look-ups. Pure; any thread. */
#ifndef DP_OPTABLE_H
#define DP_OPTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/ops.h>

typedef enum dp__where {
  DP__IN_PATH,
  DP__IN_QUERY,
  DP__IN_BODY, /* a member of the JSON object that is the body */
  DP__IN_LOCAL /* for us, not sent under this name */
} dp__where;

typedef enum dp__type {
  DP__TYPE_STRING,
  DP__TYPE_INTEGER,
  DP__TYPE_NUMBER,
  DP__TYPE_BOOLEAN,
  DP__TYPE_UUID,
  DP__TYPE_OBJECT,
  DP__TYPE_ARRAY,
  DP__TYPE_ANY,
  DP__TYPE_BYTES
} dp__type;

typedef enum dp__answer {
  DP__ANSWER_JSON,
  DP__ANSWER_EVENTS,
  DP__ANSWER_BINARY,
  DP__ANSWER_EMPTY,
  DP__ANSWER_ANY
} dp__answer;

typedef enum dp__retry_rule {
  DP__RETRY_FREE,   /* repeat at will */
  DP__RETRY_VERIFY, /* look whether it happened before repeating */
  DP__RETRY_NEVER   /* only if no byte can have reached the server */
} dp__retry_rule;

/* The groups of operations whose failures are counted together; as the original class had them. */
typedef enum dp__circuit {
  DP__CIRCUIT_KB_CREATION,
  DP__CIRCUIT_DOC_CREATION,
  DP__CIRCUIT_METADATA,
  DP__CIRCUIT_RETRIEVAL,
  DP__CIRCUIT_APP,
  DP__CIRCUIT_COUNT
} dp__circuit;

typedef struct dp__param_desc {
  const char *name;
  dp__where where;
  dp__type type;
  uint8_t required;
  int64_t min; /* of a number, or of a length in characters or bytes; INT64_MIN = none */
  int64_t max; /* INT64_MAX = none */
  const char *const *values; /* what a string may be, ends in NULL; NULL = anything */
} dp__param_desc;

typedef struct dp__op_desc {
  dp_op op;
  const char *name;   /* "documents.create_by_text" */
  const char *method; /* "" for http.request */
  const char *path;   /* template below the base URL: "/datasets/{dataset_id}" */
  dp__answer answer;
  dp__retry_rule retry;
  uint8_t paced; /* a plan's rate limit counts it */
  dp__circuit circuit;
  const char *harmless_since; /* server version from which a repeat is harmless; "" = none */
  const char *const *aliases; /* other templates of the same route, ends in NULL; NULL = none */
  const dp__param_desc *params;
  size_t param_count;
} dp__op_desc;

extern const dp__op_desc dp__optable[]; /* sorted by name */
extern const size_t dp__optable_count;

/* dp__op_by_number, dp__op_by_name - NULL if there is no such operation. */
const dp__op_desc *dp__op_by_number(dp_op op);
const dp__op_desc *dp__op_by_name(const char *name);

/* dp__op_param - the parameter of that name, or NULL. */
const dp__param_desc *dp__op_param(const dp__op_desc *desc, const char *name);

enum { DP__ROUTE_PARAMS_MAX = 6 };

/* Where in a path the values of its parameters stand, still escaped. */
typedef struct dp__route {
  const dp__op_desc *desc;
  size_t count;
  struct {
    const char *name; /* in the template, name_length bytes */
    size_t name_length;
    const char *value; /* in the path that was given */
    size_t value_length;
  } params[DP__ROUTE_PARAMS_MAX];
} dp__route;

/*
 * dp__op_route - the operation that a method and a path are.
 * path: below the base URL ("/datasets/…"), escaped, without query; length bytes of it are read. A
 * trailing slash is not ignored, as Dify does not. Literal segments win over parameters
 * ("/datasets/tags" is no knowledge base). Returns false if the table has no such route.
 */
bool dp__op_route(const char *method, const char *path, size_t length, dp__route *route);

#endif
