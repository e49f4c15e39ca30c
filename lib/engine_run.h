/* engine_run.h - the engine's thread itself, for client.c; and what it asks of the calls. Internal. */
#ifndef DP_ENGINE_RUN_H
#define DP_ENGINE_RUN_H

#include "engine.h"

/* dp__engine_run - the thread's function; ends when the client is stopping and nothing runs. */
void *dp__engine_run(void *client);

/* dp__engine_finish - the thread is gone: what is left of its work is done here, callbacks included. */
void dp__engine_finish(dp_client *client);

/* dp__calls_cancel_all - end all calls for that reason, late writes included. */
void dp__calls_cancel_all(dp_client *client, const dp_error *error);

#endif
