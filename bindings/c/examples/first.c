/* first.c - the first knowledge bases of the server. Run it with DIFYPOOL_API_KEY set:
 *
 *     cc first.c $(pkg-config --cflags --libs difypool-client) -o first
 *     ./first https://api.dify.ai/v1
 */
#include <difypool-client/client.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.base_url = argc > 1 ? argv[1] : NULL;
  options.api_key = argc > 1 ? getenv("DIFYPOOL_API_KEY") : NULL;

  dpc_client *client;
  dpc_error err;
  if (dpc_client_open(&client, &options, &err) != DPC_OK) {
    fprintf(stderr, "%s: %s %s\n", err.kind_name, err.message, err.hint);
    return dpc_kind_exit(err.kind);
  }

  dpc_args *args = dpc_args_new();
  dpc_args_set_int(args, "limit", 5);
  dpc_reply *reply;
  dpc_kind kind = dpc_call_run(client, "datasets.list", args, NULL, &reply);
  if (kind == DPC_OK) {
    puts(dpc_reply_body(reply, NULL));
  } else if (reply) {
    const dpc_error *why = dpc_reply_error(reply);
    fprintf(stderr, "%s: %s %s\n", why->kind_name, why->message, why->hint);
  }

  dpc_reply_unref(reply);
  dpc_args_free(args);
  dpc_client_close(client);
  return dpc_kind_exit(kind);
}
