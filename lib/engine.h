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
#include "loop.h"
#include "timer.h"

struct dp__host;
struct dp__workspace;
struct dp__policy;

enum { DP__SPARES = 64 };

/* An easy handle that is out of use, and for whom it was set up last. */
typedef struct dp__spare {
  CURL *easy;
  uint64_t profile; /* its serial */
} dp__spare;

/* The client, as the engine sees it. */
struct dp_client {
  dp_client_options options; /* defaults filled in; pointers of it are not valid after new */
  CURLM *multi;
  CURLSH *share; /* TLS sessions; no locks, one thread */
  pthread_t thread;
  dp__mailbox mailbox;              /* jobs from other threads */
  dp__job *soon_first, **soon_last; /* jobs from the engine to itself */
  dp__job stop_job;
  dp__timers timers;
  dp__loop loop;
  bool in_curl;    /* libcurl is calling us: its transfers must be neither added nor removed now */
  uint64_t now_us; /* CLOCK_MONOTONIC, read once a turn of the loop */
  uint64_t started_us;
  unsigned generation; /* of the process; a forked child has another */
  pid_t pid;           /* of the process that made it */

  CURL *ca_easy; /* reads the CAs ahead; NULL = nothing does */
  int ca_peer;   /* where it connects to; -1 = none */
  bool ca_asked;

  struct dp__host *hosts;           /* list; freed when the last profile and socket are gone */
  struct dp__workspace *workspaces; /* list; pacers */
  struct dp__policy *policy;        /* what calls share across hosts; made by the first one */
  dp_profile *default_profile;
  pthread_mutex_t profiles_lock; /* guards the list below: profiles come and go on any thread */
  dp_profile *profile_list;
  dp__spare spare[DP__SPARES]; /* easy handles to use again */
  size_t spare_count;

  atomic_int pooling, retry, breaker, cache; /* switches; written by any thread */
  atomic_bool stopping;                      /* free was called */
  atomic_bool draining;
  atomic_uint running;           /* calls and exchanges that were accepted and not answered */
  atomic_uint profiles;          /* alive */
  atomic_uint open_calls;        /* calls that were accepted and have not ended */
  uint32_t waiting;              /* exchanges without a place */
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

/* dp__engine_post - have job run on the engine's thread, never inside this call, after those that
 * the same thread posted before. Any thread. */
void dp__engine_post(dp_client *client, dp__job *job);

/* dp__engine_here - whether the calling thread is the engine's. Any thread. */
bool dp__engine_here(const dp_client *client);

/* dp__engine_in_callback - whether the calling thread runs a callback of this client, on the
 * engine's thread or in dp_client_dispatch: then it must not wait for the client. Any thread. */
bool dp__engine_in_callback(const dp_client *client);

/* dp__engine_usable - DP_OK, or fills err: forked child, being freed. Any thread. */
dp_kind dp__engine_usable(const dp_client *client, dp_error *err);

/* dp__engine_accepts - whether new work may begin: as dp__engine_usable, and neither draining nor
 * being freed, callbacks included. Any thread. */
dp_kind dp__engine_accepts(const dp_client *client, dp_error *err);

/* dp__engine_deliver - run due->run now, or in dp_client_dispatch where the program asked for
 * it. */
void dp__engine_deliver(dp_client *client, dp__due *due);

/* dp__engine_begin, dp__engine_end - count something that drain and free must wait for. Any
 * thread. */
void dp__engine_begin(dp_client *client);
void dp__engine_end(dp_client *client);

/* dp__log - one line to the program's log function. The text must not hold a secret. */
void dp__log(const dp_client *client, dp_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* dp__workspaces_free - the pacers and what calls share, at the end. */
void dp__workspaces_free(dp_client *client);

/* dp__process_init - what a process does once: libcurl, and a mark for forked children. Any
 * thread. */
void dp__process_init(void);
/* dp__process_generation - grows by one in each forked child. Any thread. */
unsigned dp__process_generation(void);

/* dp__now_us - CLOCK_MONOTONIC in µs. Any thread. */
uint64_t dp__now_us(void);

#endif
