/*
 * Profiles.
 *
 * A profile is made and freed on any thread, while what it points to on the engine's side (its
 * host, with queues and breakers) belongs to the engine. So the host is looked up when the profile
 * is first used, there, and the last reference, wherever it goes, posts the rest of the work. The
 * key lives in one place, the finished header, and is wiped with it.
 */
#include "profile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca.h"
#include "errors.h"
#include "host.h"

/* Options of an older caller are shorter: what it does not know keeps its default. */
static dp_kind take_options(const dp_profile_options *given, dp_profile_options *out,
                            dp_error *err) {
  *out = (dp_profile_options)DP_PROFILE_OPTIONS_INIT;
  if (!given || given->size < sizeof(size_t) || given->size > sizeof *out)
    return dp__fail(err, DP_INVALID_REQUEST, "options_size",
                    "Start from DP_PROFILE_OPTIONS_INIT and link the library of the same version.",
                    "the profile's options have a size that this library does not know");
  memcpy(out, given, given->size);
  out->size = sizeof *out;
  return DP_OK;
}

static dp_kind check_switch(const char *name, int32_t value, dp_error *err) {
  if (value == 0 || value == 1)
    return DP_OK;
  return dp__fail(err, DP_INVALID_REQUEST, name, NULL, "%s is %d; allowed are 0 and 1", name,
                  (int)value);
}

static dp_kind check_range(const char *name, uint32_t value, uint32_t max, dp_error *err) {
  if (value <= max)
    return DP_OK;
  return dp__fail(err, DP_INVALID_REQUEST, name, NULL, "%s is %u; at most %u is allowed", name,
                  (unsigned)value, (unsigned)max);
}

static dp_kind check_readable(const char *name, const char *path, dp_error *err) {
  if (!path || access(path, R_OK) == 0)
    return DP_OK;
  return dp__fail(err, DP_TLS, name, "Check the path and its permissions.",
                  "%s %s cannot be read: %s", name, path, strerror(errno));
}

static dp_kind check_line(const char *name, const char *text, dp_error *err) {
  for (const char *c = text; c && *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7f)
      return dp__fail(err, DP_INVALID_REQUEST, name, "Look for a line end at its end.",
                      "%s holds a control character", name);
  return DP_OK;
}

static dp_kind check_all(const dp_profile_options *o, dp_error *err) {
  const struct {
    const char *name;
    int32_t value;
  } switches[] = {{"verify", o->verify},
                  {"pooling", o->pooling},
                  {"retry", o->retry},
                  {"breaker", o->breaker},
                  {"cache", o->cache}};
  const struct {
    const char *name;
    uint32_t value, max;
  } ranges[] = {{"retry_attempts", o->retry_attempts, 10},
                {"retry_initial_ms", o->retry_initial_ms, 600000},
                {"retry_max_ms", o->retry_max_ms, 600000},
                {"connections", o->connections, 1024},
                {"warm", o->warm, 1024},
                {"pace_per_minute", o->pace_per_minute, 1000000},
                {"concurrency_max", o->concurrency_max, 1024},
                {"latency_ceiling_ms", o->latency_ceiling_ms, 600000},
                {"pace_window_ms", o->pace_window_ms, 600000}};
  const struct {
    const char *name, *text;
  } lines[] = {{"api_key", o->api_key},
               {"user_agent", o->user_agent},
               {"proxy", o->proxy},
               {"no_proxy", o->no_proxy},
               {"resolve", o->resolve}};
  dp_kind kind = DP_OK;
  for (size_t i = 0; kind == DP_OK && i < sizeof switches / sizeof *switches; i++)
    kind = check_switch(switches[i].name, switches[i].value, err);
  for (size_t i = 0; kind == DP_OK && i < sizeof ranges / sizeof *ranges; i++)
    kind = check_range(ranges[i].name, ranges[i].value, ranges[i].max, err);
  for (size_t i = 0; kind == DP_OK && i < sizeof lines / sizeof *lines; i++)
    kind = check_line(lines[i].name, lines[i].text, err);
  if (kind == DP_OK && (o->ca_file != NULL) + (o->ca_dir != NULL) + (o->ca_bytes != NULL) > 1)
    kind = dp__fail(err, DP_INVALID_REQUEST, "ca_file", "Set one of ca_file, ca_dir, ca_bytes.",
                    "more than one source of CAs is set");
  return kind;
}

static dp_kind check_files(const dp_profile_options *o, dp_error *err) {
  dp_kind kind = check_readable("ca_file", o->ca_file, err);
  if (kind == DP_OK)
    kind = check_readable("ca_dir", o->ca_dir, err);
  if (kind == DP_OK)
    kind = check_readable("client_cert", o->client_cert, err);
  return kind == DP_OK ? check_readable("client_key", o->client_key, err) : kind;
}

/* FNV-1a; the pacer's key must tell keys apart without being one. */
static uint64_t digest_more(uint64_t hash, const void *bytes, size_t length) {
  const unsigned char *byte = bytes;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ byte[i]) * 1099511628211ull;
  return hash;
}

static const uint64_t DIGEST_START = 14695981039346656037ull;

static uint64_t digest(const char *text) {
  return digest_more(DIGEST_START, text ? text : "", text ? strlen(text) : 0);
}

/* What parts connections from one another, as libcurl does it: if it goes wrong here, only the
 * count of idle ones does. */
static uint64_t digest_way(const dp_profile_options *o) {
  const char *const texts[] = {o->ca_file, o->ca_dir,   o->client_cert, o->client_key,
                               o->proxy,   o->no_proxy, o->resolve,     o->verify ? "v" : ""};
  uint64_t hash = digest_more(DIGEST_START, o->ca_bytes, o->ca_bytes ? o->ca_length : 0);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    hash = digest_more(hash, texts[i] ? texts[i] : "\1", texts[i] ? strlen(texts[i]) + 1 : 2);
  return hash;
}

/* --- a name that is pinned to an address ---------------------------------------------------------
 * CURLOPT_RESOLVE would put it into the cache of names that all profiles share, and a connection
 * made under one pin would serve a profile with another. CURLOPT_CONNECT_TO is part of what libcurl
 * compares before it uses a connection again. */

static bool is_address(const char *text, bool *six) {
  char plain[INET6_ADDRSTRLEN];
  unsigned char bytes[16];
  size_t length = strlen(text);
  bool brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';
  if (length >= sizeof plain)
    return false;
  snprintf(plain, sizeof plain, "%.*s", (int)(brackets ? length - 2 : length), text + brackets);
  *six = inet_pton(AF_INET6, plain, bytes) == 1;
  return *six || (!brackets && inet_pton(AF_INET, plain, bytes) == 1);
}

static dp_kind pin(const dp__base *base, const char *text, char **out, dp_error *err) {
  const char *host = strstr(base->origin, "://") + 3, *port = strrchr(base->origin, ':') + 1;
  size_t length = strlen(host);
  bool six = false;
  if (strncasecmp(text, host, length) != 0 || text[length] != ':')
    return dp__fail(err, DP_INVALID_REQUEST, "resolve", "Give it as HOST:PORT:ADDRESS.",
                    "resolve does not begin with %s: as base_url does", host);
  const char *address = text + length + 1;
  if (!is_address(address, &six))
    return dp__fail(err, DP_INVALID_REQUEST, "resolve", "Give it as HOST:PORT:ADDRESS.",
                    "resolve does not end in an IP address");
  bool bare = six && *address != '[';
  if (out &&
      asprintf(out, "%s:%s%s%s:%s", host, bare ? "[" : "", address, bare ? "]" : "", port) < 0)
    return dp__no_memory(err);
  return DP_OK;
}

dp_kind dp__profile_check(const dp_profile_options *options, dp_error *err) {
  dp_profile_options o;
  dp__base base;
  dp_kind kind = take_options(options, &o, err);
  if (kind == DP_OK)
    kind = check_all(&o, err);
  if (kind == DP_OK)
    kind = check_files(&o, err);
  if (kind == DP_OK)
    kind = dp__base_parse(o.base_url, &base, err);
  if (kind != DP_OK)
    return kind;
  if (o.resolve)
    kind = pin(&base, o.resolve, NULL, err);
  dp__base_deinit(&base);
  return kind;
}

static bool copy(char **out, const char *text) {
  *out = text ? strdup(text) : NULL;
  return !text || *out;
}

static bool copy_strings(dp_profile *p, const dp_profile_options *o) {
  bool ok = copy(&p->ca_file, o->ca_file) && copy(&p->ca_dir, o->ca_dir) &&
            copy(&p->client_cert, o->client_cert) && copy(&p->client_key, o->client_key) &&
            copy(&p->proxy, o->proxy) && copy(&p->no_proxy, o->no_proxy) &&
            copy(&p->user_agent, o->user_agent);
  if (ok && o->ca_bytes) {
    p->ca_bytes = malloc(o->ca_length ? o->ca_length : 1);
    ok = p->ca_bytes != NULL;
    if (ok)
      memcpy(p->ca_bytes, o->ca_bytes, p->ca_length = o->ca_length);
  }
  if (ok && o->api_key && asprintf(&p->authorization, "Authorization: Bearer %s", o->api_key) < 0)
    p->authorization = NULL, ok = false;
  if (ok && o->workspace)
    return copy(&p->workspace, o->workspace);
  return ok && asprintf(&p->workspace, "%s#%016llx", p->base.origin,
                        (unsigned long long)digest(o->api_key)) >= 0;
}

static void free_profile(dp_profile *p) {
  if (p->authorization)
    explicit_bzero(p->authorization, strlen(p->authorization));
  dp__base_deinit(&p->base);
  free(p->workspace);
  free(p->authorization);
  free(p->ca_file);
  free(p->ca_dir);
  free(p->ca_bytes);
  free(p->client_cert);
  free(p->client_key);
  free(p->proxy);
  free(p->no_proxy);
  free(p->user_agent);
  curl_slist_free_all(p->connect_to);
  free(p);
}

static void take_settings(dp_profile *p, const dp_profile_options *o) {
  static atomic_uint_fast64_t serials;
  p->serial = atomic_fetch_add(&serials, 1) + 1;
  p->verify = o->verify;
  p->way_key = digest_way(o);
  p->retry_attempts = o->retry_attempts ? o->retry_attempts : 3;
  p->retry_initial_ms = o->retry_initial_ms ? o->retry_initial_ms : 500;
  p->retry_max_ms = o->retry_max_ms ? o->retry_max_ms : 20000;
  if (p->retry_max_ms < p->retry_initial_ms)
    p->retry_max_ms = p->retry_initial_ms;
  p->connections = o->connections;
  p->warm = o->warm;
  p->pace_per_minute = o->pace_per_minute;
  p->concurrency_max = o->concurrency_max;
  p->pace_window_ms = o->pace_window_ms;
  atomic_init(&p->refs, 1);
  atomic_init(&p->pooling, o->pooling);
  atomic_init(&p->retry, o->retry);
  atomic_init(&p->breaker, o->breaker);
  atomic_init(&p->cache, o->cache);
}

static void enlist(dp_client *client, dp_profile *p) {
  p->client = client;
  pthread_mutex_lock(&client->profiles_lock);
  p->next = client->profile_list;
  if (p->next)
    p->next->link = &p->next;
  p->link = &client->profile_list;
  client->profile_list = p;
  pthread_mutex_unlock(&client->profiles_lock);
  atomic_fetch_add(&client->profiles, 1);
}

static void delist(dp_client *client, dp_profile *p) {
  pthread_mutex_lock(&client->profiles_lock);
  *p->link = p->next;
  if (p->next)
    p->next->link = p->link;
  pthread_mutex_unlock(&client->profiles_lock);
  atomic_fetch_sub(&client->profiles, 1);
}

static void begun(dp__job *job) {
  dp_profile *p = (dp_profile *)((char *)job - offsetof(dp_profile, begun));
  dp__ca_preload(p);
  dp_profile_unref(p);
}

/* What the engine does ahead of the first call. */
static void begin(dp_profile *p) {
  if (p->warm) {
    dp_profile_warm(p, p->warm, NULL, NULL);
    return;
  }
  p->begun.run = begun;
  dp__engine_post(p->client, &dp_profile_ref(p)->begun);
}

static dp_kind fill(dp_profile *p, const dp_profile_options *o, dp_error *err) {
  dp_kind kind = dp__base_parse(o->base_url, &p->base, err);
  if (kind == DP_OK && !copy_strings(p, o))
    kind = dp__no_memory(err);
  if (kind != DP_OK || !o->resolve)
    return kind;
  char *target = NULL;
  kind = pin(&p->base, o->resolve, &target, err);
  if (kind == DP_OK && !(p->connect_to = curl_slist_append(NULL, target)))
    kind = dp__no_memory(err);
  free(target);
  return kind;
}

dp_kind dp_profile_new(dp_client *client, const dp_profile_options *options, dp_profile **out,
                       dp_error *err) {
  dp_profile_options o;
  dp_kind kind = dp__engine_usable(client, err);
  if (kind == DP_OK)
    kind = take_options(options, &o, err);
  if (kind == DP_OK)
    kind = check_all(&o, err);
  if (kind == DP_OK)
    kind = check_files(&o, err);
  if (kind != DP_OK)
    return kind;
  dp_profile *p = calloc(1, sizeof *p);
  if (!p)
    return dp__no_memory(err);
  kind = fill(p, &o, err);
  if (kind != DP_OK) {
    free_profile(p);
    return kind;
  }
  take_settings(p, &o);
  enlist(client, p);
  dp__ceiling_init(&p->ceiling, o.latency_ceiling_ms, dp__profile_bound(p));
  *out = p;
  begin(p);
  return DP_OK;
}

dp_profile *dp_profile_ref(dp_profile *profile) {
  atomic_fetch_add_explicit(&profile->refs, 1, memory_order_relaxed);
  return profile;
}

static void gone(dp__job *job) {
  dp_profile *p = (dp_profile *)((char *)job - offsetof(dp_profile, gone));
  delist(p->client, p);
  if (p->host)
    dp__host_put(p->host);
  free_profile(p);
}

void dp_profile_unref(dp_profile *profile) {
  if (!profile || atomic_fetch_sub_explicit(&profile->refs, 1, memory_order_acq_rel) != 1)
    return;
  if (!profile->client) {
    free_profile(profile);
  } else if (dp__engine_here(profile->client)) {
    gone(&profile->gone);
  } else if (dp__engine_usable(profile->client, NULL) != DP_INVALID_REQUEST) {
    profile->gone.run = gone;
    dp__engine_post(profile->client, &profile->gone);
  } /* in a forked child it is the parent's */
}

const char *dp_profile_origin(const dp_profile *profile) {
  return profile->base.origin;
}

uint32_t dp__profile_bound(const dp_profile *profile) {
  return profile->connections ? profile->connections
                              : profile->client->options.connections_per_host;
}

uint32_t dp__profile_concurrency(const dp_profile *profile) {
  uint32_t bound = dp__profile_bound(profile);
  return profile->concurrency_max && profile->concurrency_max < bound ? profile->concurrency_max
                                                                      : bound;
}

struct dp__host *dp__profile_host(dp_profile *profile) {
  if (profile->host)
    return profile->host;
  dp__host *host = dp__host_get(profile->client, profile->base.origin);
  if (!host)
    return NULL;
  profile->way = dp__sockets_way(host, profile->way_key);
  if (!profile->way) {
    dp__host_put(host);
    return NULL;
  }
  dp__host_raise_bound(host, dp__profile_bound(profile));
  profile->host = host;
  return host;
}

void dp__profiles_orphan(dp_client *client) {
  while (client->profile_list) {
    dp_profile *p = client->profile_list;
    delist(client, p);
    if (p->host)
      dp__host_put(p->host);
    p->host = NULL;
    p->client = NULL;
  }
}
