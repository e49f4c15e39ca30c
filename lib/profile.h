/* profile.h - an address with a key, as the engine sees it. Internal. */
#ifndef DP_PROFILE_H
#define DP_PROFILE_H

#include <stdatomic.h>
#include <curl/curl.h>

#include "ceiling.h"
#include "engine.h"
#include "url.h"

struct dp_profile {
  atomic_uint refs;
  uint64_t serial;                 /* no two profiles of a process have the same */
  dp_client *client;               /* NULL once the client is gone */
  struct dp_profile *next, **link; /* the client's list; guarded by its profiles_lock */
  dp__job begun, gone;

  dp__base base;
  char *workspace;     /* the pacer's key: a name, or made of origin and key's digest */
  char *authorization; /* the whole header; wiped when freed */
  char *ca_file, *ca_dir, *client_cert, *client_key, *proxy, *no_proxy, *user_agent;
  struct curl_slist *connect_to; /* the address that a name was pinned to */
  void *ca_bytes;
  size_t ca_length;
  bool verify;
  uint32_t retry_attempts, retry_initial_ms, retry_max_ms;
  uint32_t connections; /* 0 = the client's bound */
  uint32_t warm, pace_per_minute, pace_window_ms, concurrency_max;
  atomic_int pooling, retry, breaker, cache;

  uint64_t way_key; /* a digest of what makes its connections unlike others */

  /* Engine's thread; NULL until first used. */
  struct dp__host *host;
  struct dp__way *way;
  uint32_t running;    /* exchanges of the lane for calls */
  dp__ceiling ceiling; /* on the time on the wire of its bulk calls */
};

/* dp__profile_bound - how many connections it may use for calls. */
uint32_t dp__profile_bound(const dp_profile *profile);

/* dp__profile_concurrency - how many of its calls may run at once. */
uint32_t dp__profile_concurrency(const dp_profile *profile);

/* dp__profile_host - its host, found or made. Engine's thread. NULL = no memory. */
struct dp__host *dp__profile_host(dp_profile *profile);

/* dp__profiles_orphan - the client goes: what is left is freed by its last owner. */
void dp__profiles_orphan(dp_client *client);

/* Whether a thing is on for a profile, which it is where client and profile both say so. */
#define DP__ON(profile, what)                                                                      \
  (atomic_load_explicit(&(profile)->client->what, memory_order_relaxed) &&                         \
   atomic_load_explicit(&(profile)->what, memory_order_relaxed))

/* dp__profile_check - a profile's options, ranges and all, without making one. */
dp_kind dp__profile_check(const dp_profile_options *options, dp_error *err);

#endif
