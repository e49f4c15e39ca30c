/* request.h - from an operation and its arguments to what goes over HTTP. Internal. Pure. */
#ifndef DP_REQUEST_H
#define DP_REQUEST_H

#include <difypool/exchange.h>

#include "arglist.h"
#include "buffer.h"
#include "form.h"
#include "optable.h"

typedef struct dp__request {
  const dp__op_desc *desc; /* what it is carried as; http.request's own where the table has no route */
  char method[8];
  char *path;  /* below the base URL, escaped */
  char *query; /* escaped; NULL = none */
  char *body;  /* NULL = none */
  size_t body_length;
  dp__form *form; /* the body of an operation that takes a file; NULL = none */
  bool json;   /* the body is JSON, which nothing in headers says yet */
  dp_header *headers; /* those that http.request brought; names and values are malloc'ed */
  size_t header_count;
  bool raw;    /* came as http.request */
  dp_args *args; /* of a composition, which sends nothing by itself; NULL of all others */
  bool free_of_effect; /* GET, HEAD, or free by the table */
  bool ids_ok; /* every id in the path has the shape of one: a 404 page then means "no such route" */
} dp__request;

/*
 * dp__request_build - check the arguments and write the request.
 * prefix: the path of the profile's base URL ("/v1"), which http.request's path may bring along.
 * flags:  DP_CALL_NO_VALIDATE is looked at.
 * Returns DP_OK, DP_INVALID_REQUEST (the message names the argument and what is allowed) or
 * DP_INTERNAL (memory); on an error there is nothing to free.
 */
dp_kind dp__request_build(const dp__op_desc *desc, const dp_args *args, const char *prefix,
                          uint32_t flags, dp__request *request, dp_error *err);
void dp__request_deinit(dp__request *request);

/* dp__request_length - bytes of its body; at least 1 where there is one of unknown length. */
uint64_t dp__request_length(const dp__request *request);

/* The file that a request brings, by its form or in the raw bytes of an http.request. */
typedef struct dp__sent_file {
  char *name; /* malloc'ed; as the server reads it */
  size_t name_length;
  int64_t length; /* -1 = not known */
} dp__sent_file;

/* dp__request_file - false: it brings none, or one that we do not understand. */
bool dp__request_file(const dp__request *request, dp__sent_file *out);

/* dp__request_take_body - put another body, malloc'ed, in the place of the request's. */
void dp__request_take_body(dp__request *request, char *body, size_t length);

/* dp__request_respell - write the path by another template of the same route. False: memory is out. */
bool dp__request_respell(dp__request *request, const char *template);

/* dp__request_param - the value of a path parameter ("dataset_id") of a request that the table knows,
 * as it stands in the path, escaped; NULL = there is none. */
const char *dp__request_param(const dp__request *request, const char *name, size_t *length);

/* dp__uuid_ok - whether the text has the shape that Dify's routes take for an id. */
bool dp__uuid_ok(const char *text, size_t length);

/* dp__names_id - whether a path parameter is an id of the server's making, which has that shape. */
bool dp__names_id(const dp__param_desc *param);

/* dp__argument_check - one argument against its parameter: type, bounds, allowed values. */
dp_kind dp__argument_check(const dp__op_desc *desc, const dp__param_desc *param,
                           const dp__arg *arg, dp_error *err);

/* dp__raw_build - the part of dp__request_build that makes http.request's. */
dp_kind dp__raw_build(const dp__op_desc *desc, const dp_args *args, const char *prefix,
                      dp__request *request, dp_error *err);

/* dp__query_add - append NAME=VALUE, with an & before it if something stands there; an array becomes
 * one pair for each entry, null nothing. False when memory is out or the value cannot stand in a
 * query (an object, bytes). */
bool dp__query_add(dp__buffer *query, const char *name, const dp__arg *arg);

/* dp__arg_json - a value as JSON; false if it cannot be (bytes, a file) or memory is out (out->failed). */
bool dp__arg_json(dp__buffer *out, const dp__arg *arg);
/* dp__arg_member - the same as a member of an object that was begun with "{". */
bool dp__arg_member(dp__buffer *object, const dp__arg *arg);

#endif
