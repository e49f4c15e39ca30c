/* notify.h - tell systemd how we are (sd_notify's protocol, without its library). */
#ifndef DPD_NOTIFY_H
#define DPD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* dpd_notify_wanted - whether somebody listens. */
bool dpd_notify_wanted(void);
/* dpd_notify - send lines such as "READY=1\nSTATUS=…"; does nothing without $NOTIFY_SOCKET. */
void dpd_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* dpd_notify_reloading - RELOADING=1 with the time that systemd asks for beside it. */
void dpd_notify_reloading(void);

#endif
