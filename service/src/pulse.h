/* pulse.h - whether the engine still takes turns. */
#ifndef DPD_PULSE_H
#define DPD_PULSE_H

#include <stdint.h>

#include <difypool/difypool.h>

typedef struct dpd_pulse dpd_pulse;

/* dpd_pulse_start - ask the client's engine every so often. NULL: no memory, or no thread. */
dpd_pulse *dpd_pulse_start(dp_client *client, int every_ms);
/* dpd_pulse_silent_ms - for how long it has not answered. NULL = nobody asks: 0. Any thread. */
int64_t dpd_pulse_silent_ms(dpd_pulse *pulse, int64_t now_ms);
/* dpd_pulse_stop - before the client is freed; waits for the answer to the last question. */
void dpd_pulse_stop(dpd_pulse *pulse);

#endif
