/*
 * The service's life: start, what is due, reload, drain, stop. What happens to a message is in
 * dispatch.c and carry.c; signals, systemd and the process are in main.c and loop.c.
 *
 * Order of the end: no new connections, no new calls; what runs finishes or is cancelled; the
 * engine ends, which answers everybody; the answers leave; only then the transport closes.
 */
#include "service.h"

#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "fault.h"
#include "kept.h"
#include "log.h"

static void release_kept(void *answer) {
  dpd_kept_unref(answer);
}

static void on_library_log(dp_log_level level, const char *text, void *user) {
  (void)user;
  dpd_log(level, "pool: %s", text);
}

static bool randomize(dpd_service *s, dp_error *err) {
  if (getrandom(s->epoch, sizeof(s->epoch), 0) != (ssize_t)sizeof(s->epoch) ||
      getrandom(s->hash_key, sizeof(s->hash_key), 0) != (ssize_t)sizeof(s->hash_key)) {
    return dpd_fault(err, DP_INTERNAL, "random", "The kernel gives no random bytes: %s.",
                     strerror(errno));
  }
  return true;
}

static dpd_remember_bounds remember_bounds(const dpd_config *config) {
  return (dpd_remember_bounds){.bytes = config->bounds.remember_bytes,
                               .keep_ms = (int64_t)config->bounds.remember_ms};
}

static bool start_engine(dpd_service *s, dp_error *err) {
  dp_client_options options = s->config.pool;
  options.write_grace_ms = (uint32_t)s->config.bounds.write_grace_ms;
  if (options.wait_queue == 0) {
    options.wait_queue = (uint32_t)s->config.bounds.calls_max; /* calls_max is the bound here */
  }
  options.log = on_library_log;
  options.log_level = DP_LOG_DEBUG; /* dpd_log decides: its level may change */
  return dp_client_new(&s->client, &options, err) == DP_OK;
}

static bool group_id(const dpd_config *config, gid_t *out, dp_error *err) {
  *out = (gid_t)-1;
  if (config->group == NULL) {
    return true;
  }
  const struct group *entry = getgrnam(config->group);
  if (entry == NULL) {
    return dpd_fault(err, DP_INVALID_REQUEST, "config", "There is no group \"%s\".", config->group);
  }
  *out = entry->gr_gid;
  return true;
}

static bool start_transport(dpd_service *s, dp_error *err) {
  gid_t group;
  if (!group_id(&s->config, &group, err)) {
    return false;
  }
  const dpd_transport_options options = {
      .path = s->socket,
      .mode = s->config.shared ? 0660 : 0600,
      .group = group,
      .message_max = s->config.bounds.message_max,
      .inquiries_max = 2 * s->config.bounds.calls_max + 64,
      .events = &dpd_dispatch_events,
      .user = s,
  };
  const dpd_transport_ops *ops = s->config.libnng ? &dpd_transport_libnng : &dpd_transport_own;
  return ops->start(&s->transport, &options, err);
}

static bool start_parts(dpd_service *s, dp_error *err) {
  const dpd_remember_bounds bounds = remember_bounds(&s->config);
  if (!randomize(s, err) || !start_engine(s, err)) {
    return false;
  }
  s->remember = dpd_remember_new(&bounds, s->hash_key, release_kept);
  if (s->remember == NULL) {
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory to start.");
  }
  dpd_profiles_init(&s->profiles, s->client, s->hash_key);
  return dpd_profiles_configure(&s->profiles, &s->config, err) && start_transport(s, err);
}

bool dpd_service_start(dpd_service **out, dpd_config *config, const char *socket, int lock_fd,
                       bool unclean, dp_error *err) {
  dpd_service *s = calloc(1, sizeof(*s));
  if (s == NULL) {
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory to start.");
  }
  snprintf(s->socket, sizeof(s->socket), "%s", socket);
  s->uid = geteuid();
  s->pid = (uint32_t)getpid();
  s->started_ms = dpd_wall_ms();
  s->began_ms = dpd_now_ms();
  s->unclean = unclean;
  s->lock_fd = lock_fd;
  s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pthread_mutex_init(&s->lock, NULL);
  dpd_peers_init(&s->peers, s->began_ms);
  dpd_calls_init(&s->calls);
  dpd_handles_init(&s->streams);
  dpd_handles_init(&s->uploads);
  dpd_streaming_init(&s->streaming);
  dpd_uploading_init(&s->uploading);
  dpd_pushing_init(&s->pushing);
  dpd_list_init(&s->profiles.configured);
  dpd_list_init(&s->profiles.handles);
  s->config = *config;
  s->shared = config->shared;
  dpd_config_init(config);
  if (!start_parts(s, err)) {
    dpd_service_stop(s, 0);
    return false;
  }
  *out = s;
  return true;
}

void dpd_service_wake(dpd_service *s) {
  uint64_t one = 1;
  ssize_t written = write(s->wake_fd, &one, sizeof(one));
  (void)written; /* full means that it is awake already */
}

static bool same_text(const char *a, const char *b) {
  return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static void say_what_waits(const dpd_config *old, const dpd_config *new_) {
  if (!same_text(old->socket, new_->socket) || !same_text(old->group, new_->group) ||
      old->shared != new_->shared || old->libnng != new_->libnng ||
      old->bounds.message_max != new_->bounds.message_max ||
      old->bounds.write_grace_ms != new_->bounds.write_grace_ms ||
      old->bounds.calls_max != new_->bounds.calls_max ||
      memcmp(&old->pool, &new_->pool, sizeof(old->pool)) != 0) {
    dpd_log(DP_LOG_WARNING,
            "reload: socket, transport, group, shared, message_max, calls_max, write_grace_ms "
            "and the pool's settings take effect with a restart");
  }
}

/* What was decided at start stays, whatever the new file says. */
static void keep_fixed(dpd_config *new_, dpd_config *old) {
  char *socket = new_->socket;
  char *group = new_->group;
  new_->socket = old->socket;
  new_->group = old->group;
  old->socket = socket;
  old->group = group;
  new_->shared = old->shared;
  new_->libnng = old->libnng;
  new_->pool = old->pool;
  new_->bounds.message_max = old->bounds.message_max;
  new_->bounds.calls_max = old->bounds.calls_max;
  new_->bounds.write_grace_ms = old->bounds.write_grace_ms;
}

bool dpd_service_reload(dpd_service *s, dpd_config *config, dp_error *err) {
  pthread_mutex_lock(&s->lock);
  bool done = dpd_profiles_configure(&s->profiles, config, err);
  dpd_config old = s->config;
  if (done) {
    say_what_waits(&old, config);
    keep_fixed(config, &old);
    s->config = *config;
    const dpd_remember_bounds bounds = remember_bounds(config);
    dpd_remember_set_bounds(s->remember, &bounds);
  }
  pthread_mutex_unlock(&s->lock);
  if (done) {
    dpd_config_clear(&old);
    dpd_config_init(config);
    dpd_log_set(s->config.log_level, s->config.log_json);
  } else {
    dpd_config_clear(config);
  }
  return done;
}

/* Once nothing runs, what a rush left behind goes back to the system. */
static void tidy(dpd_service *s) {
  dpd_transport_trim(s->transport);
  malloc_trim(65536);
}

/* With the lock: whatever a drain waits for. */
static size_t busy(const dpd_service *s) {
  return s->calls.running + s->streaming.busy + s->uploading.busy;
}

int64_t dpd_service_tick(dpd_service *s, int64_t now_ms) {
  enum { TIDY_MS = 10000 };
  static int64_t tidied_ms;
  int64_t next = dpd_carry_tick(s, now_ms);
  int64_t streams = dpd_streams_tick(s, now_ms);
  next = streams < next ? streams : next;
  int64_t uploads = dpd_uploads_tick(s, now_ms);
  next = uploads < next ? uploads : next;
  int64_t pushes = dpd_pushes_tick(s, now_ms);
  next = pushes < next ? pushes : next;
  pthread_mutex_lock(&s->lock);
  dpd_remember_tick(s->remember, now_ms);
  dpd_profiles_expire(&s->profiles, &s->peers, now_ms);
  bool quiet = busy(s) == 0;
  pthread_mutex_unlock(&s->lock);
  if (quiet && now_ms - tidied_ms >= TIDY_MS) {
    tidied_ms = now_ms;
    tidy(s);
  }
  return next;
}

static void release_lock(dpd_service *s) {
  if (s->lock_fd >= 0) {
    close(s->lock_fd);
    s->lock_fd = -1;
  }
}

void dpd_service_drain(dpd_service *s) {
  pthread_mutex_lock(&s->lock);
  s->draining = true;
  pthread_mutex_unlock(&s->lock);
  dpd_transport_unlisten(s->transport);
  dpd_pushes_drain(s);
  release_lock(s); /* a successor may take the path while we finish */
}

size_t dpd_service_running(dpd_service *s) {
  pthread_mutex_lock(&s->lock);
  size_t running = busy(s);
  pthread_mutex_unlock(&s->lock);
  return running;
}

int64_t dpd_service_idle_ms(dpd_service *s, int64_t now_ms) {
  pthread_mutex_lock(&s->lock);
  bool idle = s->peers.clients == 0 && busy(s) == 0;
  int64_t since = s->peers.alone_since_ms;
  pthread_mutex_unlock(&s->lock);
  return idle ? now_ms - since : 0;
}

bool dpd_service_drain_wanted(dpd_service *s) {
  pthread_mutex_lock(&s->lock);
  bool wanted = s->drain_wanted;
  pthread_mutex_unlock(&s->lock);
  return wanted;
}

bool dpd_service_relisten(dpd_service *s) {
  dp_error err;
  pthread_mutex_lock(&s->lock);
  s->relistens++;
  pthread_mutex_unlock(&s->lock);
  if (!dpd_transport_relisten(s->transport, &err)) {
    dpd_log(DP_LOG_ERROR, "%s %s", err.message, err.hint);
    return false;
  }
  return true;
}

void dpd_service_stop(dpd_service *s, int flush_ms) {
  dp_client_free(s->client); /* answers every call that still runs */
  if (s->transport != NULL) {
    dpd_transport_flush(s->transport, flush_ms);
    dpd_transport_stop(s->transport);
  }
  release_lock(s);
  dpd_profiles_clear(&s->profiles);
  dpd_remember_free(s->remember);
  dpd_streams_stop(s);
  dpd_pushes_stop(s);
  dpd_uploads_stop(s);
  dpd_handles_clear(&s->streams); /* before the connections that hold them */
  dpd_handles_clear(&s->uploads);
  dpd_peers_clear(&s->peers);
  dpd_config_clear(&s->config);
  pthread_mutex_destroy(&s->lock);
  if (s->wake_fd >= 0) {
    close(s->wake_fd);
  }
  free(s);
}

bool dpd_may(dpd_service *s, uint32_t uid, const char *profile, bool own, const char *op,
             dp_error *err) {
  const dpd_user *user = dpd_peers_user(&s->peers, uid);
  dpd_caller caller = {.uid = uid};
  if (user != NULL) {
    caller.groups = user->groups;
    caller.group_count = user->group_count;
  }
  if (dpd_is_master(s, uid) || dpd_rules_allow(s->config.rules, s->config.rule_count, &caller,
                                               own ? DPD_RULE_OWN : profile, op)) {
    return true;
  }
  dpd_fault(err, DP_DENIED, "not_allowed",
            "No rule of the service lets this user (uid %u) call %s with %s.", uid, op,
            own ? "a profile of its own" : profile);
  return dpd_fault_hint(err, "The operator adds an [allow NAME] section to the service's config.");
}
