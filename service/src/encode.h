/* encode.h - replies as bytes. */
#ifndef DPD_ENCODE_H
#define DPD_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <msgpack.h>

#include <difypool/call.h>

#include "text.h"

/* What stands around every answer. */
typedef struct dpd_envelope {
  const uint8_t *id;    /* 16 bytes; NULL = the request's could not be read */
  const uint8_t *epoch; /* 16 bytes */
} dpd_envelope;

typedef struct dpd_answer_style {
  bool decode; /* a JSON body goes as a msgpack value */
  bool whole;  /* http.request: all headers, the whole error body */
  bool resent; /* from memory */
  bool joined; /* it shared another request's call */
  bool run;    /* what is known of the run at the server, also if it went well, or if that is nothing */
} dpd_answer_style;

/* Where bytes go: memory of the caller, bounded; it never grows. */
typedef struct dpd_out {
  uint8_t *data;
  size_t length;
  size_t capacity;
  bool failed; /* it did not fit */
} dpd_out;

/* dpd_encode_bound - no reply made of this one, in this style, is longer. decoded: see below. */
size_t dpd_encode_bound(const dp_reply *reply, const dpd_text *decoded);

/*
 * dpd_encode_reply - the whole message for a library's reply, success or failure.
 * decoded: the body as one msgpack value, from dpd_decode_body; NULL = the bytes as they came.
 */
void dpd_encode_reply(dpd_out *out, const dpd_envelope *envelope, const dp_reply *reply,
                      const dpd_text *decoded, const dpd_answer_style *style);

/* dpd_encode_error - the whole message for an error of our own. At most DPD_ERROR_BOUND bytes. */
enum { DPD_ERROR_BOUND = 2048, DPD_SERVICE_BOUND = 256 };
void dpd_encode_error(dpd_out *out, const dpd_envelope *envelope, const dp_error *error);

/* dpd_encode_service - the whole message for an operation of the service: body is one msgpack
 * value; style: joined, resent. At most body_length + DPD_SERVICE_BOUND bytes. */
void dpd_encode_service(dpd_out *out, const dpd_envelope *envelope, const void *body,
                        size_t body_length, const dpd_answer_style *style);

/* dpd_pack_outcome - the key "ok" or "error" with its map, as a reply of the operation has it, and
 * in it the run that the style asks for. */
void dpd_pack_outcome(msgpack_packer *packer, const dp_reply *reply, const dpd_answer_style *style);

/* dpd_pack_fault - the same for an error of our own. */
void dpd_pack_fault(msgpack_packer *packer, const dp_error *error);
/* dpd_pack_head_headers - the key "headers" with those that matter. */
void dpd_pack_head_headers(msgpack_packer *packer, const dp_head *head);

/* dpd_decode_body - the reply's JSON body as a msgpack value. False: there is no JSON body, it is
 * over 1 MiB, or holds what msgpack or jansson cannot: then the bytes go as they came. */
bool dpd_decode_body(const dp_reply *reply, dpd_text *out);

/* dpd_json_to_msgpack - append one JSON text as a msgpack value. False: it is no JSON that fits. */
bool dpd_json_to_msgpack(const void *json, size_t length, dpd_text *out);

/* msgpack-c's packer over a dpd_text; for bodies of the service's own operations. */
void dpd_packer_init(msgpack_packer *packer, dpd_text *out);
/* dpd_packer_init_out - the same over memory that is there already. */
void dpd_packer_init_out(msgpack_packer *packer, dpd_out *out);
void dpd_pack_text(msgpack_packer *packer, const char *text);
/* dpd_pack_foreign - what a server wrote may be Latin-1, and a str must be UTF-8: foreign bytes
 * become "?". */
void dpd_pack_foreign(msgpack_packer *packer, const char *text);
void dpd_pack_bin(msgpack_packer *packer, const void *data, size_t length);
void dpd_pack_bool(msgpack_packer *packer, bool value);
/* dpd_pack_packed - bytes that are msgpack already. */
void dpd_pack_packed(msgpack_packer *packer, const void *data, size_t length);

#endif
