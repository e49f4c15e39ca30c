/* scratch.h - memory that each of the transport's threads reuses from message to message. */
#ifndef DPD_SCRATCH_H
#define DPD_SCRATCH_H

#include <stdbool.h>

#include <msgpack.h>

#include "text.h"

/* All of this thread's own; what one of them held is gone with the next message. NULL from the zone
 * when memory is out; the texts fail by themselves. */
msgpack_zone *dpd_scratch_zone(void);
dpd_text *dpd_scratch_json(void);
dpd_text *dpd_scratch_body(void);

/* dpd_scratch_init, dpd_scratch_free - once a process, and for the thread that calls it last. */
bool dpd_scratch_init(void);
void dpd_scratch_free(void);

#endif
