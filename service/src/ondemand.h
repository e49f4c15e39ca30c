/* ondemand.h - start a private service unless one answers, from any number of processes at once. */
#ifndef DPD_ONDEMAND_H
#define DPD_ONDEMAND_H

#include <stdbool.h>

#include <difypool/error.h>

typedef enum dpd_launch {
  DPD_LAUNCH_ANSWERS, /* a service answers: the launcher is done */
  DPD_LAUNCH_SERVE,   /* this process is the service: *lock_fd and *report_fd are its */
  DPD_LAUNCH_FAILED   /* err says why */
} dpd_launch;

/*
 * dpd_ondemand_launch - before any thread is made.
 * detach: the service runs in a child, in a session of its own; the parent waits until it answers.
 * The child reports through report_fd: see dpd_ondemand_report; -1 when not detached.
 */
dpd_launch dpd_ondemand_launch(const char *socket, bool detach, int *lock_fd, int *report_fd,
                               dp_error *err);
/* dpd_ondemand_report - tell the launcher that the service answers (err NULL), or why not. Closes.
 */
void dpd_ondemand_report(int report_fd, const dp_error *err);
/* dpd_ondemand_settle - nothing of whoever started us stays: descriptors, directory, proxies. */
void dpd_ondemand_settle(int lock_fd, int report_fd);

#endif
