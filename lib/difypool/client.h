/* client.h - the engine: one pool of connections, one thread, many profiles. */
#ifndef DIFYPOOL_CLIENT_H
#define DIFYPOOL_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <difypool/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A dp_client is the engine. It owns one thread, which owns all state of calls: connections, timers,
 * limits. Every function here may be called from any thread unless it says otherwise. In a child of
 * fork() every function returns DP_INVALID_REQUEST with code "forked" at once; make a new client
 * there. Callbacks run on the engine's thread (or in dp_client_dispatch, if asked for) and must not
 * block: a waiting function called in one returns DP_INVALID_REQUEST with code "in_callback".
 */
typedef struct dp_client dp_client;

/*
 * A dp_profile is an address with a key: base URL, key, TLS settings, workspace. Connections, breaker
 * and limiter are kept by origin and shared by the profiles that have it; the pacer is kept by
 * workspace. Reference counted; a call holds a reference for as long as it runs.
 */
typedef struct dp_profile dp_profile;

typedef enum dp_log_level {
  DP_LOG_ERROR = 0,
  DP_LOG_WARNING = 1,
  DP_LOG_INFO = 2,
  DP_LOG_DEBUG = 3
} dp_log_level;

/* Runs on the engine's thread; text is one line of UTF-8 without a line end and without secrets. */
typedef void (*dp_log_fn)(dp_log_level level, const char *text, void *user);

typedef struct dp_profile_options {
  size_t size;              /* sizeof(dp_profile_options); set by DP_PROFILE_OPTIONS_INIT */
  const char *base_url;     /* http(s)://host[:port][/prefix][/v1][/]; no user, query or fragment */
  const char *api_key;      /* sent as "Authorization: Bearer KEY"; NULL = no such header */
  const char *workspace;    /* name for the pacer; NULL = made of origin and key */
  const char *ca_file;      /* PEM file of CAs; NULL = the system's store */
  const char *ca_dir;       /* hashed directory of CAs (openssl rehash); NULL = none */
  const void *ca_bytes;     /* PEM text of CAs; NULL = none; at most one of the three ca_ is set.
                               Read anew for each connection: a large bundle is better a file */
  size_t ca_length;         /* bytes at ca_bytes */
  const char *client_cert;  /* PEM file with the client's certificate; NULL = none */
  const char *client_key;   /* PEM file with its key; NULL = in client_cert */
  const char *proxy;        /* http://, https://, socks5h://…; NULL = none: environment is not read */
  const char *no_proxy;     /* hosts that go past the proxy, comma-separated; NULL = none */
  const char *user_agent;   /* NULL = "difypool/VERSION" */
  const char *resolve;      /* HOST:PORT:ADDRESS pins base_url's name to an IP address; NULL = DNS */
  int32_t verify;           /* 1 = check the server's certificate (default), 0 = do not */
  int32_t pooling;          /* 1 = reuse connections (default), 0 = a new one for every call */
  int32_t retry;            /* 1 = repeat what is safe to repeat (default), 0 = never */
  int32_t breaker;          /* 1 = stop calling a server that is down (default), 0 = keep calling */
  int32_t cache;            /* 1 = join equal reads and honour cache_ms (default), 0 = neither */
  uint32_t retry_attempts;  /* 1..10 tries in all; 0 = 3 */
  uint32_t retry_initial_ms; /* 1..600000; 0 = 500: first pause before a repeat */
  uint32_t retry_max_ms;    /* 1..600000; 0 = 20000: longest pause */
  uint32_t connections;     /* 1..1024 connections for this profile's calls; 0 = the client's bound.
                               The host's bound is the largest of its profiles' */
  uint32_t warm;            /* 0..1024 connections opened ahead; 0 = none */
  uint32_t pace_per_minute; /* knowledge-base calls a minute that the plan allows; 0 = learnt */
  uint32_t concurrency_max; /* 1..1024 calls of this profile at once; 0 = what connections allows */
  uint32_t latency_ceiling_ms; /* 1..600000: bulk calls of this profile run so few at once that half
                                  of them are answered within that time; 0 = no such bound */
  uint32_t pace_window_ms;  /* 1000..600000 of the server's window for pace_per_minute, which then is a
                               number of calls a window; 0 = 60000, a minute, as Dify Cloud has it */
} dp_profile_options;

#define DP_PROFILE_OPTIONS_INIT                                                                    \
  { .size = sizeof(dp_profile_options), .verify = 1, .pooling = 1, .retry = 1, .breaker = 1,       \
    .cache = 1 }

typedef struct dp_client_options {
  size_t size;              /* sizeof(dp_client_options); set by DP_CLIENT_OPTIONS_INIT */
  const char *base_url;     /* default profile, short form; NULL = see profile */
  const char *api_key;      /* default profile, short form */
  const dp_profile_options *profile; /* default profile, long form; not with the short one.
                                        Neither = each call names its profile */
  int32_t pooling;          /* 1 = on (default); 0 = a new connection for every call */
  int32_t dispatch;         /* 1 = callbacks wait for dp_client_dispatch; 0 = engine's thread */
  uint32_t connections_per_host; /* 1..1024; 0 = 20 */
  uint32_t streams_per_host;     /* 1..4096 connections for streams and transfers; 0 = 256 */
  uint32_t connections_total;    /* 1..16384 idle connections kept, all hosts; 0 = 512 */
  uint32_t concurrency_max;      /* 1..1024 calls at once per host; 0 = the host's bound. What is in force
                               below that is found out by trying */
  uint32_t idle_age_ms;     /* 100..3600000 an idle connection is kept; 0 = 60000 */
  uint32_t wait_queue;      /* 1..1000000 calls waiting for a place, all hosts; 0 = 10000 */
  uint32_t deadline_ms;     /* 1..86400000 default for a call, all of it; 0 = 120000 */
  uint32_t connect_timeout_ms; /* 1..600000 for name, TCP and TLS; 0 = 10000 */
  uint32_t stall_timeout_ms;   /* 1..86400000 without a byte either way; 0 = 60000 */
  uint32_t write_grace_ms;  /* 0..600000 a late write may still finish; UINT32_MAX = 60000 */
  uint32_t verify_window_ms; /* 1..600000 that a write in doubt is looked for; 0 = 10000 */
  uint64_t body_max;        /* bytes of an answer held in memory; 0 = 64 MiB */
  uint64_t header_max;      /* bytes of an answer's headers; 0 = 256 KiB */
  dp_log_fn log;            /* NULL = silent */
  void *log_user;
  dp_log_level log_level;   /* the most detailed level that reaches log */
  uint32_t concurrency_start; /* 1..1024 calls at once to begin with at a host; 0 = 4 */
  uint32_t event_line_max;  /* 1024..2^30 bytes of one line of a stream of events; 0 = 8 MiB */
  uint32_t event_max;       /* 1024..2^30 bytes of one event's data; 0 = 8 MiB */
  uint32_t breaker_failures; /* 1..10000 within ten seconds, and half of all or without a success
                                between, open a breaker; 0 = 5 */
  uint32_t breaker_pause_ms; /* 10..600000 that it opens for; doubles with each probe that fails …;
                                0 = 1000 */
  uint32_t breaker_pause_max_ms; /* … up to this, which is no less; 0 = 2500 */
  uint32_t retry_percent;   /* 1..100 repeats for a hundred calls of the last ten seconds; 0 = 10 */
  uint32_t retry_per_s;     /* 1..10000 repeats that each second allows in any case; 0 = 3 */
} dp_client_options;

#define DP_CLIENT_OPTIONS_INIT                                                                     \
  { .size = sizeof(dp_client_options), .pooling = 1, .write_grace_ms = UINT32_MAX,                 \
    .log_level = DP_LOG_INFO }

/*
 * dp_client_options_fill - put the defaults in the place of what is 0, and check the ranges.
 * concurrency_max stays 0, since it follows the bound of each host. Any thread; no I/O.
 * Returns DP_OK, or DP_INVALID_REQUEST, whose message names the option and what is allowed. Since 0.1.
 */
DP_EXPORT dp_kind dp_client_options_fill(dp_client_options *options, dp_error *err);

/*
 * dp_client_new - start an engine.
 * out:     receives the client; free with dp_client_free. Untouched on error.
 * options: read during the call only.
 * err:     filled on error; may be NULL.
 * Returns DP_OK; DP_INVALID_REQUEST (an option out of its range, a base URL that is none; the message
 * names it); DP_TLS (a CA or certificate that cannot be read); DP_INTERNAL (no memory, no thread).
 * Does no network I/O unless warm is set. Since 0.1.
 */
DP_EXPORT dp_kind dp_client_new(dp_client **out, const dp_client_options *options, dp_error *err);

/*
 * dp_client_free - cancel what runs, run all callbacks that are due, end the thread, free.
 * Not in a callback, not twice. With dispatch on, callbacks run inside this call. NULL is allowed.
 * Since 0.1.
 */
DP_EXPORT void dp_client_free(dp_client *client);

/*
 * dp_client_drain - start nothing new, wait until nothing runs or timeout_ms passed.
 * Calls started after it get DP_CANCELLED with code "draining". Calls that wait for a place are
 * carried out. Returns DP_OK or DP_TIMEOUT (something still runs). Since 0.1.
 */
DP_EXPORT dp_kind dp_client_drain(dp_client *client, uint32_t timeout_ms);

/*
 * dp_client_fd, dp_client_dispatch - for programs with a loop of their own (options.dispatch = 1).
 * The descriptor becomes readable (POLLIN) when callbacks are due; dispatch runs them on the calling
 * thread and returns how many ran. The descriptor stays the client's. -1 where dispatch is off.
 * Since 0.1.
 */
DP_EXPORT int dp_client_fd(const dp_client *client);
DP_EXPORT size_t dp_client_dispatch(dp_client *client);

/* What dp_client_set and dp_profile_set can switch at run time, for calls that start afterwards. */
typedef enum dp_switch {
  DP_SET_POOLING = 1, /* 0, 1; off also closes what is idle */
  DP_SET_RETRY = 2,   /* 0, 1 */
  DP_SET_BREAKER = 3, /* 0, 1 */
  DP_SET_CACHE = 4    /* 0, 1 */
} dp_switch;

/* dp_client_set - switch for all profiles: a thing is on where client and profile both say so.
 * Returns DP_OK or DP_INVALID_REQUEST (unknown switch or value). Since 0.1. */
DP_EXPORT dp_kind dp_client_set(dp_client *client, dp_switch what, int32_t value);
/* dp_profile_set - the same for one profile. Since 0.1. */
DP_EXPORT dp_kind dp_profile_set(dp_profile *profile, dp_switch what, int32_t value);

/* dp_profile_new - as dp_client_new, for one more profile. It keeps no reference to the client's
 * user; free with dp_profile_unref before or after dp_client_free. Since 0.1. */
DP_EXPORT dp_kind dp_profile_new(dp_client *client, const dp_profile_options *options,
                                 dp_profile **out, dp_error *err);
DP_EXPORT dp_profile *dp_profile_ref(dp_profile *profile);
DP_EXPORT void dp_profile_unref(dp_profile *profile); /* NULL is allowed */

/* How a warm-up ended: so many connections were opened or found open. Engine's thread. */
typedef void (*dp_warm_fn)(dp_profile *profile, uint32_t ready, void *user);

/*
 * dp_profile_warm - open connections ahead of the calls that will need them.
 * Sends that many cheap reads of the base URL's root at once (`GET /v1/`, whose answer's X-Version
 * tells the server's version), so that each needs a connection of its own.
 * connections: 1..1024; those over the host's bound are left out.
 * on_done: runs exactly once if DP_OK was returned; may be NULL.
 * Returns DP_OK, or as dp_client_call_async. Any thread, callbacks included. Since 0.1.
 */
DP_EXPORT dp_kind dp_profile_warm(dp_profile *profile, uint32_t connections, dp_warm_fn on_done,
                                  void *user);

/* dp_profile_origin - "https://host:port", for messages; lives as long as the profile. */
DP_EXPORT const char *dp_profile_origin(const dp_profile *profile);

/* dp_version - "MAJOR.MINOR.PATCH" of the library that runs. Static text. Since 0.1. */
DP_EXPORT const char *dp_version(void);

#ifdef __cplusplus
}
#endif
#endif
