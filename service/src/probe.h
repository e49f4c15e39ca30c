/* probe.h - a question to ourselves, through our own socket, as any client would ask it. */
#ifndef DPD_PROBE_H
#define DPD_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum dpd_probe_state {
  DPD_PROBE_IDLE,
  DPD_PROBE_ASKING,
  DPD_PROBE_ANSWERED,
  DPD_PROBE_FAILED
} dpd_probe_state;

typedef struct dpd_probe {
  int fd; /* to poll for POLLIN while asking; -1 else */
  dpd_probe_state state;
  int64_t asked_ms;
  uint8_t in[64];
  size_t got;
} dpd_probe;

#define DPD_PROBE_INIT                                                                             \
  { .fd = -1 }

/* dpd_probe_ask - connect and send a service.ping; never waits. */
void dpd_probe_ask(dpd_probe *probe, const char *path, int64_t now_ms);
/* dpd_probe_read - the descriptor is readable. */
void dpd_probe_read(dpd_probe *probe);
/* dpd_probe_end - close; back to idle. */
void dpd_probe_end(dpd_probe *probe);

/* dpd_probe_path - does a service answer there, within timeout_ms? */
bool dpd_probe_path(const char *path, int timeout_ms);

/* dpd_path_refused - there is a socket file, and nobody listens on it: its service died. */
bool dpd_path_refused(const char *path);

#endif
