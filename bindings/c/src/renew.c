/*
 * A private service outlives the upgrade of the program that it was started from. The first client
 * of the newer version lets it drain, and starts the newer one. What is installed is asked only
 * when what runs is older than this library, so that it costs nothing otherwise.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "core.h"

enum { RENEW_MS = 5000 };

/* -1, 0, 1 by MAJOR.MINOR.PATCH; what is no version is the oldest. */
static int compare(const char *a, const char *b) {
  unsigned x[3] = {0}, y[3] = {0};
  sscanf(a, "%u.%u.%u", &x[0], &x[1], &x[2]);
  sscanf(b, "%u.%u.%u", &y[0], &y[1], &y[2]);
  for (int i = 0; i < 3; i++)
    if (x[i] != y[i])
      return x[i] < y[i] ? -1 : 1;
  return 0;
}

static void read_version(dpc_client *client, dpc_value info) {
  dpc_value value;
  size_t length;
  const char *text = dpc_value_get(info, "version", &value) ? dpc_value_text(value, &length) : NULL;
  snprintf(client->running, sizeof client->running, "%.*s", text ? (int)length : 0,
           text ? text : "");
}

bool dpc__renew_begin(dpc_client *client, const dpc_reply *reply) {
  dpc_value info, value;
  char program[4096];
  if (client->renewed || !dpc_reply_value(reply, &info))
    return false;
  client->renewed = true;
  read_version(client, info);
  client->is_private = dpc_value_get(info, "private", &value) && dpc_value_bool(value, false);
  if (!client->autostart || !client->is_private || !client->running[0] ||
      client->place.kind == DPC__PLACE_NAMED_URL || compare(client->running, dpc_version()) >= 0 ||
      dpc__launch_find(client->program, program, sizeof program, NULL) != DPC_OK ||
      dpc__launch_version(&client->launch, program, NULL) != DPC_OK)
    return false;
  client->state = DPC__LINK_RENEWING;
  client->loop_stale = true;
  client->state_until = dpc__now() + RENEW_MS;
  return true;
}

void dpc__renew_step(dpc_client *client) {
  if (!client->launch.pid) /* it was asked to drain; its end of the connection will close */
    return;
  dpc__launch_state state = dpc__launch_step(&client->launch);
  if (state == DPC__LAUNCH_RUNS)
    return;
  const char *number = strpbrk(client->launch.text, "0123456789");
  if (state == DPC__LAUNCH_DONE && number && compare(client->running, number) < 0)
    dpc__flow_own(client, DPC__ROLE_QUIET, "service.drain", NULL);
  else
    dpc__link_up(client);
}
