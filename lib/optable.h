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
  DP__IN_QUERY, /* an array is repeated: tag_ids=a&tag_ids=b */
  DP__IN_BODY,  /* a member of the JSON object that is the body */
  DP__IN_PART,  /* a text part of a multipart body */
  DP__IN_FILE,  /* a file part of a multipart body; such a parameter is of DP__TYPE_FILE */
  DP__IN_DATA,  /* a member of the JSON object in the text part "data" of a multipart body */
  DP__IN_LOCAL  /* for us, not sent under this name */
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
  DP__TYPE_BYTES,
  DP__TYPE_FILE /* content with a name and a media type; max is in bytes */
} dp__type;

typedef enum dp__answer_form {
  DP__ANSWER_JSON,
  DP__ANSWER_EVENTS,
  DP__ANSWER_BINARY,
  DP__ANSWER_EMPTY,
  DP__ANSWER_ANY
} dp__answer_form;

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
  int64_t min; /* of a number, or of a length in characters, bytes or entries; INT64_MIN = none */
  int64_t max; /* INT64_MAX = none */
  const char *const *values; /* what a string may be, ends in NULL; NULL = anything */
  uint8_t nullable; /* null is a value of its own, such as "withdraw the rating" */
} dp__param_desc;

/* Something that some versions of the server are known to do wrong on this operation. */
typedef struct dp__defect_desc {
  const char *id;    /* "retrieval_switches" */
  const char *first; /* first version that has it; "" = since ever */
  const char *last;  /* last version that is known to have it; "" = not mended yet */
  const char *text;  /* what happens, and what we do about it */
} dp__defect_desc;

/* An operation that has body parameters always sends a JSON object, an empty one if none is given:
 * Dify wants it, of DELETE too. One that has a file parameter sends multipart/form-data; where it has
 * data parameters, their object goes before the file, an empty one if none is given. One that has
 * neither sends no body. */
typedef struct dp__op_desc {
  dp_op op;
  const char *name;   /* "documents.create_by_text" */
  const char *method; /* "" for http.request */
  const char *path;   /* template below the base URL: "/datasets/{dataset_id}" */
  dp__answer_form answer;
  dp__retry_rule retry;
  uint8_t paced; /* a plan's rate limit counts it */
  dp__circuit circuit;
  const char *harmless_since; /* server version from which a repeat is harmless; "" = none */
  const char *const *aliases; /* other templates of the same route, ends in NULL; NULL = none */
  const dp__param_desc *params;
  size_t param_count;
  const char *absent_until; /* last server version known to lack the route; "" = none */
  const dp__defect_desc *defects;
  size_t defect_count;
  dp_op stop;       /* ends the run that its events tell of: takes the ids in its path from them and
                       "user" from the call; DP_OP_NONE = nothing does */
  dp_op read_back;  /* reads the outcome of such a run, ids likewise; DP_OP_NONE = nothing does */
  const char *mode; /* member of the body that says "streaming" or "blocking", and a local parameter
                       of that name. The library alone writes it; "" = none */
} dp__op_desc;

extern const dp__op_desc dp__optable[]; /* sorted by name */
extern const size_t dp__optable_count;

/* A method with a template, for routing; aliases have rows of their own. */
typedef struct dp__route_desc {
  const char *method;
  uint8_t segments; /* "/datasets/{dataset_id}" has 2 */
  uint8_t index;    /* of its operation in dp__optable */
  const char *path;
} dp__route_desc;

/* Sorted by method, then segments, then from the most literal template to the least. */
extern const dp__route_desc dp__routes[];
extern const size_t dp__route_count;

/* [number] = 1 + the index in dp__optable; 0 = no such operation. */
extern const uint8_t dp__op_index[];
extern const size_t dp__op_index_count;

/* dp__op_by_number, dp__op_by_name - NULL if there is no such operation. name may be NULL. */
const dp__op_desc *dp__op_by_number(dp_op op);
const dp__op_desc *dp__op_by_name(const char *name);

/* dp__op_takes - whether some parameter of it goes there. */
bool dp__op_takes(const dp__op_desc *desc, dp__where where);

/* dp__op_param - the parameter of that name, or NULL. */
const dp__param_desc *dp__op_param(const dp__op_desc *desc, const char *name);

/*
 * dp__op_defect - the defect of that id, if a server of this version has it; else NULL.
 * version: as in X-Version ("1.12.1"); "" or NULL = not known, then the defect is taken to be there,
 * since each has a way around it that does no harm on a sound server.
 */
const dp__defect_desc *dp__op_defect(const dp__op_desc *desc, const char *id, const char *version);

/* dp__op_is_absent - whether a server of this version is known to lack the route. */
bool dp__op_is_absent(const dp__op_desc *desc, const char *version);

/* dp__version_compare - <0, 0, >0, number by number: "1.9.0" < "1.12.1"; a suffix ("-beta.1") makes
 * a version older than the same without it. Missing numbers are 0. */
int dp__version_compare(const char *a, const char *b);

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
 * method: in capitals. path: below the base URL ("/datasets/…"), escaped, without query; length
 * bytes of it are read. A leading "/v1" is skipped, since people write it on either side of the
 * border. A trailing slash is not ignored, as Dify does not. Literal segments win over parameters
 * ("/datasets/tags" is no knowledge base). Values are not unescaped and may not be empty.
 * Returns false if the table has no such route; then *route is untouched. Well under 1 µs.
 */
bool dp__op_route(const char *method, const char *path, size_t length, dp__route *route);

#endif
