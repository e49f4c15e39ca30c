/* run.h - what the events of a run tell: its ids, and how it ended. Internal. Pure. */
#ifndef DP_RUN_H
#define DP_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/call.h>

#include "buffer.h"

enum { DP__RUN_ID_SIZE = 72 };

typedef struct dp__run_ids {
  char task[DP__RUN_ID_SIZE], workflow_run[DP__RUN_ID_SIZE];
  char conversation[DP__RUN_ID_SIZE], message[DP__RUN_ID_SIZE];
  bool stop_asked;
} dp__run_ids;

/* Zeroed = nothing was told yet. */
typedef struct dp__run {
  dp__run_ids ids;
  bool ended;       /* its last event was there; what comes behind it (speech) may be missing */
  bool failed;      /* and it did not end well */
  int32_t status;   /* the HTTP status that a failure was given */
  char outcome[24]; /* what a workflow's end says: "succeeded", "failed", "stopped" … */
  dp__buffer
      failure; /* an envelope of an error as Dify would have sent it: code, message, status */
} dp__run;

void dp__run_deinit(dp__run *run);

/* dp__run_note - one event's data. False = memory is out. *ping: it was only a sign of life. */
bool dp__run_note(dp__run *run, const char *data, size_t length, bool *ping);

/* dp__run_show - the ids as the public header has them; they live as ids does. */
void dp__run_show(const dp__run_ids *ids, dp_run *out);

#endif
