/* flow.h - bodies in pieces: what callbacks answer, what the head of an answer says. */
#ifndef DIFYPOOL_FLOW_H
#define DIFYPOOL_FLOW_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dp_flow {
  DP_FLOW_CONTINUE = 0,
  DP_FLOW_PAUSE = 1, /* this piece was not taken; the same one comes again after resume */
  DP_FLOW_ABORT = 2  /* end it: DP_CANCELLED */
} dp_flow;

typedef struct dp_header {
  const char *name;
  const char *value;
} dp_header;

/* The head of an answer. Texts live during the callback. */
typedef struct dp_head {
  int32_t status;
  const char *type; /* Content-Type; "" = none */
  int64_t length;   /* Content-Length; -1 = not said */
  const dp_header *headers;
  size_t header_count;
} dp_head;

#ifdef __cplusplus
}
#endif
#endif
