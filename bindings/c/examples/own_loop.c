/* own_loop.c - a program with a loop of its own: the client's descriptor is polled beside others,
 * and callbacks run where dispatch is called. Here Ctrl-C cancels the call, at the service too.
 *
 *     ./own_loop [BASE_URL]        with DIFYPOOL_API_KEY set
 */
#include <difypool-client/client.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_done(dpc_call *call, dpc_reply *reply, void *user) {
  (void)call;
  bool *done = user;
  *done = true;
  if (dpc_reply_kind(reply) == DPC_OK)
    printf("status %d, %s\n", dpc_reply_status(reply), dpc_reply_type(reply));
  else
    printf("%s: %s\n", dpc_reply_error(reply)->kind_name, dpc_reply_error(reply)->message);
}

static void run(dpc_client *client, dpc_call *call, const bool *done) {
  sigset_t interrupts;
  sigemptyset(&interrupts);
  sigaddset(&interrupts, SIGINT);
  sigprocmask(SIG_BLOCK, &interrupts, NULL);
  struct pollfd fds[] = {{.fd = dpc_client_fd(client), .events = POLLIN},
                         {.fd = signalfd(-1, &interrupts, SFD_CLOEXEC), .events = POLLIN}};
  struct signalfd_siginfo taken;
  while (!*done && poll(fds, 2, -1) > 0) {
    if (fds[1].revents && read(fds[1].fd, &taken, sizeof taken) > 0)
      dpc_call_cancel(call);
    dpc_client_dispatch(client);
  }
  close(fds[1].fd);
}

int main(int argc, char **argv) {
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.base_url = argc > 1 ? argv[1] : NULL;
  options.api_key = argc > 1 ? getenv("DIFYPOOL_API_KEY") : NULL;
  options.dispatch = 1;
  options.lazy = 1; /* connecting, too, happens in dispatch */

  dpc_client *client;
  dpc_error err;
  bool done = false;
  dpc_call *call;
  if (dpc_client_open(&client, &options, &err) != DPC_OK) {
    fprintf(stderr, "%s: %s\n", err.kind_name, err.message);
    return dpc_kind_exit(err.kind);
  }
  dpc_kind kind = dpc_call_start(client, "datasets.list", NULL, NULL, on_done, &done, &call, &err);
  if (kind == DPC_OK) {
    run(client, call, &done);
    dpc_call_unref(call);
  } else {
    fprintf(stderr, "%s: %s\n", err.kind_name, err.message);
  }
  dpc_client_close(client);
  return dpc_kind_exit(kind);
}
