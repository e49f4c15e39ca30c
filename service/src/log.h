/* log.h - one line an event, for people or for machines; never a key, never a body. */
#ifndef DPD_LOG_H
#define DPD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/client.h>

/* dpd_log_open - to standard error until dpd_log_to_file. Level and form may change at any time. */
void dpd_log_set(dp_log_level level, bool json);
/* dpd_log_to_file - append to path; at half of max_bytes it becomes PATH.old and a new one begins,
 * so that both together stay within the bound. False with errno set: nothing changed. */
bool dpd_log_to_file(const char *path, size_t max_bytes);
void dpd_log_close(void);

bool dpd_log_wants(dp_log_level level);
/* dpd_log_level_from - "error", "warning", "info", "debug". */
bool dpd_log_level_from(const char *name, dp_log_level *out);
const char *dpd_log_level_name(dp_log_level level);

void dpd_log(dp_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the line of a call says. */
typedef struct dpd_log_call {
  const char *op;
  const char *profile; /* "" = the default one */
  uint32_t uid;
  uint32_t pid;
  int32_t status;
  const char *kind;
  const char *code;
  int64_t took_us;
  uint32_t attempts;
  uint64_t sent;     /* bytes of the caller's message */
  uint64_t received; /* bytes of the server's body */
} dpd_log_call;

/* dpd_log_of_call - at debug. */
void dpd_log_of_call(const dpd_log_call *call);

#endif
