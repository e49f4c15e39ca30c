/*
 * One poll on four things: a signalfd, the service's eventfd, the question to ourselves, and the
 * time until whatever is due next. Nothing here carries calls; while this thread sleeps, all else
 * runs.
 *
 * The question is asked about once a second. That it is taken at all (the listener lives) must show
 * soon where libnng is known to stop listening; that it is answered may take longer under load, and
 * then only the watchdog waits. It also waits while the engine, which that question does not pass,
 * takes no turns: then systemd starts the service anew.
 */
#include "loop.h"

#include <errno.h>
#include <sys/poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "notify.h"
#include "probe.h"
#include "pulse.h"

enum {
  ASK_EVERY_MS = 1000,
  ASK_AFTER_HEAL_MS = 200, /* who wedged the listener may still be at it */
  WEDGED_MS = 600,         /* libnng before 1.6: no sign of our connection for so long */
  STUCK_MS = 5000,
  HELD_MS = 5000 /* an engine without a turn for so long is held */
};

typedef struct loop {
  dpd_service *s;
  const dpd_loop_options *options;
  int signal_fd;
  dpd_probe probe;
  dpd_pulse *pulse; /* NULL = nobody watches us */
  bool held;
  int64_t ask_at_ms;
  bool ending;
  bool at_once;
} loop;

static sigset_t handled_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

void dpd_loop_block_signals(void) {
  sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
}

static void reload(loop *l) {
  dpd_config config;
  dp_error err;
  dpd_notify_reloading();
  if (l->options->load(&config, &err, l->options->user) &&
      dpd_service_reload(l->s, &config, &err)) {
    dpd_log(DP_LOG_INFO, "reloaded the config");
    dpd_notify("READY=1\nSTATUS=reloaded");
    return;
  }
  dpd_log(DP_LOG_ERROR, "the config was not reloaded, the old one stays: %s %s", err.message,
          err.hint);
  dpd_notify("READY=1\nSTATUS=the last reload failed, the old config is in force");
}

static void end(loop *l, const char *why) {
  if (l->ending) {
    return;
  }
  l->ending = true;
  dpd_log(DP_LOG_INFO, "ending: %s", why);
  dpd_notify("STOPPING=1\nSTATUS=finishing what runs");
  dpd_service_drain(l->s);
}

static void take_signals(loop *l) {
  struct signalfd_siginfo info;
  while (read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
    if (info.ssi_signo == SIGHUP) {
      reload(l);
    } else if (l->ending) {
      l->at_once = true;
    } else {
      end(l, info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
    }
  }
}

static bool own_peer_is_there(dpd_service *s) {
  pthread_mutex_lock(&s->lock);
  bool there = s->peers.own > 0;
  pthread_mutex_unlock(&s->lock);
  return there;
}

static void feed_watchdog(loop *l, int64_t now_ms) {
  bool held = dpd_pulse_silent_ms(l->pulse, now_ms) >= HELD_MS;
  if (held && !l->held) {
    dpd_log(DP_LOG_ERROR, "the engine does not answer; the watchdog is left to act");
  } else if (!held && l->held) {
    dpd_log(DP_LOG_INFO, "the engine answers again");
  }
  l->held = held;
  if (!held) {
    dpd_notify("WATCHDOG=1");
  }
}

/* What the question has come to, and when to ask the next. */
static void mind_probe(loop *l, int64_t now_ms) {
  dpd_probe *probe = &l->probe;
  int64_t waited = now_ms - probe->asked_ms;
  bool seen = probe->state == DPD_PROBE_ASKING && own_peer_is_there(l->s);
  int64_t bound = l->s->transport->ops->wedges() && !seen ? WEDGED_MS : STUCK_MS;
  if (probe->state == DPD_PROBE_ANSWERED) {
    dpd_probe_end(probe);
    feed_watchdog(l, now_ms);
    l->ask_at_ms = now_ms + ASK_EVERY_MS;
  } else if (probe->state == DPD_PROBE_FAILED ||
             (probe->state == DPD_PROBE_ASKING && waited >= bound)) {
    dpd_probe_end(probe);
    dpd_log(DP_LOG_WARNING, "the socket does not answer; listening again");
    dpd_service_relisten(l->s);
    l->ask_at_ms = now_ms + ASK_AFTER_HEAL_MS;
  } else if (probe->state == DPD_PROBE_IDLE && now_ms >= l->ask_at_ms) {
    dpd_probe_ask(probe, l->s->socket, now_ms);
  }
}

static void mind_life(loop *l, int64_t now_ms) {
  if (dpd_service_drain_wanted(l->s)) {
    end(l, "service.drain");
  } else if (l->options->on_demand &&
             dpd_service_idle_ms(l->s, now_ms) >= (int64_t)l->options->idle_exit_ms) {
    end(l, "nobody has been connected for a while");
  } else if (l->options->on_demand && !dpd_transport_owns_path(l->s->transport)) {
    end(l, "the socket's path is no longer ours");
  }
}

static int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static void wait_for_something(loop *l, int64_t next_ms) {
  struct pollfd fds[] = {{.fd = l->signal_fd, .events = POLLIN},
                         {.fd = l->s->wake_fd, .events = POLLIN},
                         {.fd = l->probe.fd, .events = POLLIN}};
  int timeout = next_ms < 0 ? 0 : (int)least(next_ms, ASK_EVERY_MS);
  if (poll(fds, sizeof(fds) / sizeof(fds[0]), timeout) <= 0) {
    return;
  }
  if (fds[0].revents != 0) {
    take_signals(l);
  }
  if (fds[1].revents != 0) {
    uint64_t count;
    ssize_t got = read(l->s->wake_fd, &count, sizeof(count));
    (void)got; /* the count says nothing: all that is due is looked at */
  }
  if (l->probe.fd >= 0 && fds[2].revents != 0) {
    dpd_probe_read(&l->probe);
  }
}

static int64_t until_probe(const loop *l, int64_t now_ms) {
  if (l->probe.state == DPD_PROBE_ASKING) {
    return least(l->probe.asked_ms + WEDGED_MS, now_ms + ASK_EVERY_MS) - now_ms;
  }
  return l->ask_at_ms - now_ms;
}

static void live(loop *l) {
  while (!l->ending) {
    int64_t now = dpd_now_ms();
    int64_t next = dpd_service_tick(l->s, now);
    mind_probe(l, now);
    mind_life(l, now);
    if (l->ending) {
      return;
    }
    int64_t probe_in = until_probe(l, now);
    wait_for_something(l, least(next, probe_in > 0 ? probe_in : 50));
  }
}

/* What runs may finish, within the bound; a second signal ends that. */
static void finish(loop *l) {
  int64_t until = dpd_now_ms() + l->options->stop_ms;
  while (!l->at_once && dpd_service_running(l->s) > 0) {
    int64_t now = dpd_now_ms();
    if (now >= until) {
      dpd_log(DP_LOG_WARNING, "%zu calls did not finish within stop_ms; they are cancelled",
              dpd_service_running(l->s));
      return;
    }
    wait_for_something(l, least(dpd_service_tick(l->s, now), until - now));
  }
}

void dpd_loop_run(dpd_service *s, const dpd_loop_options *options) {
  sigset_t set = handled_signals();
  loop l = {.s = s,
            .options = options,
            .signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
            .probe = DPD_PROBE_INIT,
            .pulse = dpd_notify_wanted() ? dpd_pulse_start(s->client, ASK_EVERY_MS) : NULL,
            .ask_at_ms = dpd_now_ms() + ASK_EVERY_MS};
  live(&l);
  dpd_probe_end(&l.probe);
  finish(&l);
  dpd_pulse_stop(l.pulse);
  close(l.signal_fd);
}
