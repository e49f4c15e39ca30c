/* runs.h - what a call does at the server for the run that it began: stop it, read it back.
 * Internal, engine's thread. */
#ifndef DP_RUNS_H
#define DP_RUNS_H

#include "stream.h"

/* dp__run_may_stop - whether the server can be asked to stop the run, once its id is known. */
bool dp__run_may_stop(const struct dp_call *call);
/* dp__run_stop - ask the server to stop the run if it goes on, in a call of its own that outlives
 * this one by the write grace at most. Whether it was asked stands in dp_reply_run. */
void dp__run_stop(struct dp_call *call);

/* dp__run_read_back - the stream was cut for the reason in why: read what the run came to, as long
 * as the call may be silent. False: that cannot be read. Else the call ends later, in
 * dp__stream_conclude, or with error where the run's end was not to be had. */
bool dp__run_read_back(struct dp_call *call, const dp_error *why);

#endif
