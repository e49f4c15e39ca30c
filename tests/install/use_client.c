/*
 * use_client.c - a program that calls Dify through the installed service, as a user writes it.
 *
 *   use_client SOCKET BASE-URL
 *
 * Starts a private service on SOCKET if none answers there, and lists knowledge bases twice. Exit status
 * 0 means that both answers came, the second over the connection of the first.
 */
#include <stdio.h>
#include <string.h>

#include <difypool-client/client.h>

static int complain(const char *where, const dpc_error *err) {
  fprintf(stderr, "%s: %s: %s (%s)\n", where, dpc_kind_name(err->kind), err->message, err->hint);
  return 1;
}

static int list_once(dpc_client *client, bool expect_reused) {
  dpc_reply *reply = NULL;
  size_t length = 0;
  int failed = 0;

  if (dpc_call_run(client, "datasets.list", NULL, NULL, &reply) != DPC_OK)
    failed = reply == NULL ? 1 : complain("datasets.list", dpc_reply_error(reply));
  else
    failed = strstr(dpc_reply_body(reply, &length), "\"data\"") == NULL ||
             dpc_reply_meta(reply)->reused != expect_reused;
  dpc_reply_unref(reply);
  return failed;
}

int main(int argc, char **argv) {
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  dpc_client *client = NULL;
  dpc_error err;
  int failed;

  if (argc != 3)
    return 2;
  options.socket = argv[1];
  options.base_url = argv[2];
  options.api_key = "dataset-example";
  if (dpc_client_open(&client, &options, &err) != DPC_OK)
    return complain("dpc_client_open", &err);
  failed = list_once(client, false);
  failed += list_once(client, true);
  dpc_client_close(client);
  if (failed != 0)
    fprintf(stderr, "%s: %d call(s) went otherwise than they had to\n", argv[0], failed);
  return failed == 0 ? 0 : 1;
}
