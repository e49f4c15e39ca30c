/* ferry.h - an exchange's callbacks, carried to dp_client_dispatch and back. Internal. */
#ifndef DP_FERRY_H
#define DP_FERRY_H

#include <difypool/exchange.h>

#include "engine.h"

typedef struct dp__ferry dp__ferry;

/* dp__ferry_new - for an exchange of a client whose program dispatches. NULL = no memory. */
dp__ferry *dp__ferry_new(dp_exchange *exchange);
void dp__ferry_free(dp__ferry *ferry); /* NULL is allowed */

/* All on the engine's thread; their results are those of the callbacks that they stand for. PAUSE
 * means that the program has been asked; dp__exchange_continue is called once it has answered. */
dp_flow dp__ferry_head(dp_exchange *exchange);
dp_flow dp__ferry_data(dp_exchange *exchange, const void *data, size_t length);
dp_flow dp__ferry_source(dp_exchange *exchange, void *buffer, size_t capacity, size_t *length);
/* dp__ferry_continue - offer again what the program did not take. */
void dp__ferry_continue(dp_exchange *exchange);
/* dp__ferry_holds_data - whether a piece of the answer is still on its way to the program. */
bool dp__ferry_holds_data(const dp_exchange *exchange);
/* dp__ferry_done - have on_done run, behind all that was carried before. */
void dp__ferry_done(dp_exchange *exchange);

#endif
