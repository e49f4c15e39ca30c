/* request.h - from an operation and its arguments to what goes over HTTP. Internal. Pure. */
#ifndef DP_REQUEST_H
#define DP_REQUEST_H

#include <difypool/exchange.h>

#include "arglist.h"
#include "optable.h"

typedef struct dp__request {
  const dp__op_desc *desc; /* what it is carried as; http.request's own where the table has no route */
  char method[8];
  char *path;  /* below the base URL, escaped */
  char *query; /* escaped; NULL = none */
  char *body;  /* NULL = none */
  size_t body_length;
  bool json;   /* the body is JSON of ours or says so */
  dp_header *headers; /* those that http.request brought */
  size_t header_count;
  bool raw;    /* came as http.request: answers are handed on whole */
  bool free_of_effect; /* GET, HEAD, or free by the table */
} dp__request;

/*
 * dp__request_build - check the arguments and write the request.
 * prefix: the path of the profile's base URL ("/v1"), which http.request's path may bring along.
 * flags:  DP_CALL_NO_VALIDATE is looked at.
 * Returns DP_OK or DP_INVALID_REQUEST, whose message names the argument and what is allowed; on an
 * error there is nothing to free.
 */
dp_kind dp__request_build(const dp__op_desc *desc, const dp_args *args, const char *prefix,
                          uint32_t flags, dp__request *request, dp_error *err);
void dp__request_deinit(dp__request *request);

/* dp__request_param - the value of a path parameter ("dataset_id") of a request that the table knows,
 * as it stands in the path; length 0 = there is none. */
const char *dp__request_param(const dp__request *request, const char *name, size_t *length);

#endif
