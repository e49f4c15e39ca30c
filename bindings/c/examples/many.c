/* many.c - twenty calls at once over one connection, without a thread: start them all, then wait.
 * The server and its key are those of the service's default profile, or of the arguments:
 *
 *     ./many [BASE_URL]        with DIFYPOOL_API_KEY set
 */
#include <difypool-client/client.h>
#include <stdio.h>
#include <stdlib.h>

enum { CALLS = 20 };

static int start_all(dpc_client *client, dpc_call **calls) {
  dpc_args *args = dpc_args_new();
  dpc_call_options options = DPC_CALL_OPTIONS_INIT;
  dpc_error err;
  int started = 0;
  options.deadline_ms = 30000;
  for (int page = 1; page <= CALLS; page++) {
    dpc_args_set_int(args, "page", page); /* a call copies its arguments: they may be set anew */
    if (dpc_call_start(client, "datasets.list", args, &options, NULL, NULL, &calls[started],
                       &err) == DPC_OK)
      started++;
    else
      fprintf(stderr, "%s: %s\n", err.kind_name, err.message);
  }
  dpc_args_free(args);
  return started;
}

int main(int argc, char **argv) {
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.base_url = argc > 1 ? argv[1] : NULL;
  options.api_key = argc > 1 ? getenv("DIFYPOOL_API_KEY") : NULL;
  dpc_client *client;
  dpc_error err;
  if (dpc_client_open(&client, &options, &err) != DPC_OK) {
    fprintf(stderr, "%s: %s\n", err.kind_name, err.message);
    return dpc_kind_exit(err.kind);
  }

  dpc_call *calls[CALLS];
  int started = start_all(client, calls), good = 0;
  for (int i = 0; i < started; i++) {
    dpc_reply *reply;
    if (dpc_call_wait(calls[i], &reply) == DPC_OK)
      good++;
    dpc_reply_unref(reply);
    dpc_call_unref(calls[i]);
  }
  printf("%d of %d calls answered\n", good, CALLS);
  dpc_client_close(client);
  return good == CALLS ? 0 : 1;
}
