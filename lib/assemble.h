/* assemble.h - one answer out of the events of a stream, as the server's own blocking answer would
 * have been. Internal. Pure. */
#ifndef DP_ASSEMBLE_H
#define DP_ASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

typedef enum dp__assembled {
  DP__ASSEMBLED,
  DP__ASSEMBLE_TOO_LARGE, /* what is kept would be larger than max */
  DP__ASSEMBLE_NO_MEMORY
} dp__assembled;

/* Zeroed, with max set = nothing came yet. What is kept stands as the JSON that came. */
typedef struct dp__assembly {
  size_t max;        /* bytes kept in all */
  dp__buffer answer; /* the inside of a JSON string */
  dp__buffer task_id, run_id, message_id, conversation_id, created_at, metadata, files;
  dp__buffer data; /* of the event that ends a workflow */
  bool message; /* it is a message's stream: a chat's, an agent's, a chatflow's, a completion's */
  bool agent, workflow, paused;
} dp__assembly;

/* dp__assemble - take one event's data. Events that nobody knows, or that are no JSON, change
 * nothing. */
dp__assembled dp__assemble(dp__assembly *assembly, const char *data, size_t length);
/* dp__assemble_end - append the answer to out; false = memory is out. */
bool dp__assemble_end(const dp__assembly *assembly, dp__buffer *out);
void dp__assembly_deinit(dp__assembly *assembly);

#endif
