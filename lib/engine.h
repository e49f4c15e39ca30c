/* engine.h - what the rooms of the library share on the engine's thread. Internal.
 *
 * Everything here is touched by the engine's thread alone unless it says otherwise, so nothing is
 * locked. Other threads reach it by dp__engine_post. */
#ifndef DP_ENGINE_H
#define DP_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <curl/curl.h>

#include <difypool/difypool.h>

#include "mailbox.h"
#include "timer.h"

struct dp__host;
struct dp__workspace;

/* The client, as the engine sees it. */
struct dp_client {
  dp_client_options options; /* defaults filled in; pointers of it are not valid after new */
  CURLM *multi;
  CURLSH *share; /* TLS sessions; no locks, one thread */
  pthread_t thread;
  dp__mailbox mailbox;
  dp__timers timers;
  uint64_t now_us; /* CLOCK_MONOTONIC, read once a turn of the loop */
  uint64_t started_us;
  pid_t pid; /* a forked child has another */

  struct dp__host *hosts;           /* list; freed when the last profile and socket are gone */
  struct dp__workspace *workspaces; /* list; pacers */
  dp_profile *default_profile;
  pthread_mutex_t profiles_lock; /* guards the list below: profiles come and go on any thread */
  dp_profile *profile_list;
  CURL *spare[64]; /* easy handles to use again */
  size_t spare_count;

  atomic_int pooling, retry, breaker, cache; /* switches; written by any thread */
  atomic_bool stopping;                      /* free was called */
  atomic_bool draining;
  atomic_uint running;  /* calls and exchanges that were accepted and not answered */
  atomic_uint profiles; /* alive */
  bool posted_here;     /* the engine posted to itself in this turn */
  uint32_t waiting;     /* exchanges without a place */
  struct dp_exchange *exchanges; /* all that are not done, for free */
  struct dp_call *call_list;     /* the same for calls */

  uint64_t calls;
  uint64_t errors[DP_KIND_COUNT];

  /* Callbacks for dp_client_dispatch; the lock guards the list, taken only where dispatch is on. */
  int dispatch_fd;
  pthread_mutex_t due_lock;
  struct dp__due *due_first, **due_last;

  /* Waiters of drain. */
  pthread_mutex_t idle_lock;
  pthread_cond_t idle;
};

/* One callback that is due on the program's thread. */
typedef struct dp__due {
  struct dp__due *next;
  void (*run)(struct dp__due *due);
} dp__due;

/* dp__engine_post - have job run on the engine's thread, in the order posted. Any thread. */
void dp__engine_post(dp_client *client, dp__job *job);

/* dp__engine_here - whether the calling thread is the engine's. Any thread. */
bool dp__engine_here(const dp_client *client);

/* dp__engine_usable - DP_OK, or fills err: forked child, draining, being freed. Any thread. */
dp_kind dp__engine_usable(const dp_client *client, dp_error *err);

/* dp__engine_deliver - run due->run now, or in dp_client_dispatch where the program asked for it. */
void dp__engine_deliver(dp_client *client, dp__due *due);

/* dp__engine_begin, dp__engine_end - count something that drain and free must wait for. Any thread. */
void dp__engine_begin(dp_client *client);
void dp__engine_end(dp_client *client);

/* dp__log - one line to the program's log function. The text must not hold a secret. */
void dp__log(const dp_client *client, dp_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* dp__workspaces_free - the pacers, at the end. */
void dp__workspaces_free(dp_client *client);

/* dp__curl_global - curl_global_init, once for the process. */
void dp__curl_global(void);

/* dp__now_us - CLOCK_MONOTONIC in µs. Any thread. */
uint64_t dp__now_us(void);

#endif
