/*
 * Warming: connections opened before the calls that will need them.
 *
 * libcurl has no way to put a bare connection into its pool, so each is opened by a request that
 * costs the server next to nothing: the base URL's root, which Dify answers at once with a 404 that
 * carries X-Version. They are all accepted before the first is answered, so each gets a connection
 * of its own.
 */
#include <stdlib.h>

#include "engine.h"
#include "errors.h"
#include "profile.h"
#include "transfer.h"

typedef struct warming {
  dp__job job;
  dp_profile *profile;
  dp_warm_fn on_done;
  void *user;
  uint32_t wanted, left, ready;
} warming;

static void one_less(warming *w) {
  if (--w->left > 0)
    return;
  if (w->on_done)
    w->on_done(w->profile, w->ready, w->user);
  dp_client *client = w->profile->client;
  dp_profile_unref(w->profile);
  free(w);
  dp__engine_end(client);
}

static void one_done(dp_exchange *exchange, const dp_outcome *outcome, void *user) {
  (void)exchange;
  warming *w = user;
  w->ready += outcome->status != 0;
  one_less(w);
}

static void start_one(warming *w) {
  dp_client *client = w->profile->client;
  dp_exchange_options options = DP_EXCHANGE_OPTIONS_INIT;
  options.profile = w->profile;
  options.method = "GET";
  options.path = "/";
  options.on_done = one_done;
  options.user = w;
  options.deadline_ms = client->options.connect_timeout_ms;
  options.repeatable = 1;
  dp_exchange *exchange;
  if (dp__exchange_new(client, &options, &exchange, NULL) != DP_OK)
    return;
  exchange->warming = true;
  w->left++;
  dp__engine_begin(client);
  dp__exchange_submit(exchange);
}

static void start_all(dp__job *job) {
  warming *w = (warming *)job;
  w->left = 1; /* ours, so that none of the others is the last before all have started */
  for (uint32_t i = 0; i < w->wanted; i++)
    start_one(w);
  one_less(w);
}

dp_kind dp_profile_warm(dp_profile *profile, uint32_t connections, dp_warm_fn on_done, void *user) {
  dp_client *client = profile->client;
  if (!client || connections < 1 || connections > 1024)
    return DP_INVALID_REQUEST;
  dp_kind kind = dp__engine_accepts(client, NULL);
  if (kind != DP_OK)
    return kind;
  uint32_t bound =
      profile->connections ? profile->connections : client->options.connections_per_host;
  warming *w = calloc(1, sizeof *w);
  if (!w)
    return DP_INTERNAL;
  w->job.run = start_all;
  w->profile = dp_profile_ref(profile);
  w->on_done = on_done;
  w->user = user;
  w->wanted = connections < bound ? connections : bound;
  dp__engine_begin(client);
  dp__engine_post(client, &w->job);
  return DP_OK;
}
