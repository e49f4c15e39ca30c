/* launch.h - start a private service, without waiting for it. Internal. */
#ifndef DPC_LAUNCH_H
#define DPC_LAUNCH_H

#include <sys/types.h>

#include <difypool-client/client.h>

/* A difypoold that was started and has not exited yet. Zeroed but for the descriptors, which are -1
 * where there are none. */
typedef struct dpc__launch {
  pid_t pid;   /* 0 = none runs */
  int exit_fd; /* readable when it has exited; -1 = ask now and then */
  int text_fd; /* what it says: standard error, or standard output of --version */
  char text[512];
  size_t length;
} dpc__launch;

#define DPC__LAUNCH_INIT                                                                           \
  { .exit_fd = -1, .text_fd = -1 }

typedef enum dpc__launch_state {
  DPC__LAUNCH_RUNS,
  DPC__LAUNCH_DONE,
  DPC__LAUNCH_FAILED
} dpc__launch_state;

/* dpc__launch_find - the program: wish, else $DIFYPOOL_DAEMON, else in $PATH, else where this
 * library was installed to. DPC_UNREACHABLE: there is none; the hint says how to install it. */
dpc_kind dpc__launch_find(const char *wish, char *out, size_t size, dpc_error *err);
/* dpc__launch_service - program --on-demand --socket path. */
dpc_kind dpc__launch_service(dpc__launch *launch, const char *program, const char *path,
                             dpc_error *err);
/* dpc__launch_version - program --version, whose text will be the launch's text. */
dpc_kind dpc__launch_version(dpc__launch *launch, const char *program, dpc_error *err);
/* dpc__launch_step - read what it says and see whether it has exited, without waiting. */
dpc__launch_state dpc__launch_step(dpc__launch *launch);
/* dpc__launch_clear - close what it holds; idempotent. The process goes on. */
void dpc__launch_clear(dpc__launch *launch);

#endif
