/*
 * use_library.c - a program as a user writes it: it knows the installed headers and pkg-config.
 *
 * With a base URL it lists knowledge bases twice and says what came and how many connections were
 * opened; the server must be there. With "--nobody URL" there must be nobody, and the error must say
 * so. Exit status 0 means that what happened is what had to happen.
 */
#include <stdio.h>
#include <string.h>

#include <difypool/difypool.h>

static int complain(const char *where, const dp_error *err) {
  fprintf(stderr, "%s: %s: %s (%s)\n", where, dp_kind_name(err->kind), err->message, err->hint);
  return 1;
}

static int list_once(dp_client *client, dp_kind expected) {
  dp_args *args = dp_args_new();
  dp_reply *reply = NULL;
  size_t length = 0;
  int failed = 0;

  if (args == NULL || dp_args_set_int(args, "limit", 1) != DP_OK)
    return 1;
  if (dp_client_call(client, DP_OP_DATASETS_LIST, args, NULL, &reply) != expected || reply == NULL)
    failed = reply == NULL ? 1 : complain("datasets.list", dp_reply_error(reply));
  else if (expected == DP_OK)
    failed = dp_reply_status(reply) != 200 ||
             strstr(dp_reply_body(reply, &length), "\"data\"") == NULL;
  else
    failed = dp_reply_error(reply)->message[0] == '\0';
  dp_reply_unref(reply);
  dp_args_free(args);
  return failed;
}

int main(int argc, char **argv) {
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  dp_client *client = NULL;
  dp_error err;
  int nobody = argc == 3 && strcmp(argv[1], "--nobody") == 0;
  int failed;

  if (argc != 2 && !nobody)
    return 2;
  options.base_url = argv[argc - 1];
  options.api_key = "dataset-example";
  options.deadline_ms = 20000;
  if (dp_client_new(&client, &options, &err) != DP_OK)
    return complain("dp_client_new", &err);
  if (nobody) {
    failed = list_once(client, DP_UNREACHABLE);
  } else {
    failed = list_once(client, DP_OK);
    failed += list_once(client, DP_OK);
  }
  dp_client_free(client);
  if (failed != 0)
    fprintf(stderr, "%s: %d call(s) went otherwise than they had to\n", argv[0], failed);
  return failed == 0 ? 0 : 1;
}
