/*
 * The connection, as states. Nothing here waits; each step does what can be done now.
 *
 *   DOWN       a call wants it, and it is time to try       -> connect: HELLO, LAUNCHING or DOWN
 *   LAUNCHING  the launcher exited well                     -> DOWN, try at once
 *              the launcher exited ill                      -> DOWN, calls fail with its words
 *   HELLO      greeting, then service.info answered         -> RENEWING or UP
 *   RENEWING   the old service closed the connection        -> DOWN, try at once
 *              it is not older, or takes too long           -> UP
 *   UP         the connection closed                        -> DOWN, try at once
 *
 * Tries are repeated, with growing gaps, until patience ends; then every call fails with what the
 * last try said. Patience begins with the first try and ends well in UP. A connection is not made
 * again while nobody calls.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core.h"
#include "error.h"
#include "reply.h"

enum {
  SCRATCH = 65536,
  READS_A_STEP = 16, /* then others get the lock */
  HELLO_MS = 3000,   /* a service that takes longer is asked again over a new connection */
  GOOD_MS = 1000,    /* a connection that held so long was a good one */
  GAP_FIRST_MS = 5,
  GAP_LAST_MS = 500
};

/* ---- Ending --------------------------------------------------------------------------------- */

static void clear_output(dpc_client *client) {
  for (dpc_call *call; (call = client->out_first);) {
    client->out_first = call->out_next;
    call->in_output = false;
    dpc_call_unref(call);
  }
  client->out_last = NULL;
}

void dpc__link_close(dpc_client *client) {
  clear_output(client);
  dpc__sp_reset(&client->reader);
  if (client->fd >= 0)
    close(client->fd);
  client->fd = -1;
  client->broken = false;
  client->loop_stale = true;
  client->state = DPC__LINK_DOWN;
  client->state_until = DPC__NEVER;
}

static int64_t gap(uint32_t failures) {
  if (!failures)
    return 0;
  int64_t ms = GAP_FIRST_MS;
  for (uint32_t i = 1; i < failures && ms < GAP_LAST_MS; i++)
    ms *= 2;
  return ms < GAP_LAST_MS ? ms : GAP_LAST_MS;
}

void dpc__link_lost(dpc_client *client) {
  int64_t now = dpc__now();
  bool was_good = client->state == DPC__LINK_UP && now - client->up_since >= GOOD_MS;
  client->failures = was_good ? 0 : client->failures + 1;
  client->retry_at = now + (client->failures ? gap(client->failures) : 0);
  dpc__link_close(client);
  dpc__flow_lost(client);
}

void dpc__link_ends(dpc_client *client) {
  dpc__link_close(client);
  client->patience_until = DPC__NEVER;
  client->retry_at = 0;
  client->failures = 0;
  client->launched = false;
  dpc__flow_fail_all(client, &client->trouble);
}

/* ---- Connecting ----------------------------------------------------------------------------- */

static bool may_start(const dpc_client *client) {
  return client->autostart && !client->launched &&
         (client->place.kind == DPC__PLACE_PRIVATE || client->place.kind == DPC__PLACE_NAMED);
}

static void launch(dpc_client *client) {
  char program[4096];
  bool ok =
      dpc__launch_find(client->program, program, sizeof program, &client->trouble) == DPC_OK &&
      dpc__launch_service(&client->launch, program, client->place.path, &client->trouble) == DPC_OK;
  if (!ok) {
    dpc__link_ends(client);
    return;
  }
  client->launched = client->loop_stale = true;
  client->state = DPC__LINK_LAUNCHING;
}

static void nobody_there(dpc_client *client, int error) {
  const char *hint = client->place.kind == DPC__PLACE_INSTALLED
                         ? "Start it: systemctl start difypoold."
                     : client->autostart ? NULL
                                         : "Start difypoold; a client that may start one does so "
                                           "with its first call.";
  dpc__fail(&client->trouble, DPC_UNREACHABLE, "no_service", hint, "no service answers at %s: %s",
            client->place.path, strerror(error));
  if (may_start(client))
    launch(client);
  else
    dpc__link_lost(client);
}

static void connect_failed(dpc_client *client, int error) {
  dpc__link_close(client);
  if (error == ENOENT || error == ECONNREFUSED) {
    nobody_there(client, error);
  } else if (error == EACCES || error == EPERM) {
    dpc__fail(&client->trouble, DPC_DENIED, "no_permission",
              client->place.kind == DPC__PLACE_INSTALLED
                  ? "Have yourself added to the group difypool, and log in again."
                  : "See who owns the socket.",
              "no permission to connect to %s", client->place.path);
    dpc__link_ends(client);
  } else if (error == EAGAIN || error == EINTR) { /* its queue of connections is full */
    dpc__fail(&client->trouble, DPC_UNREACHABLE, "service_busy", NULL,
              "the service at %s takes no more connections right now", client->place.path);
    dpc__link_lost(client);
  } else {
    dpc__fail(&client->trouble, DPC_UNREACHABLE, "no_connection", NULL, "cannot connect to %s: %s",
              client->place.path, strerror(error));
    dpc__link_ends(client);
  }
}

static bool is_trusted(dpc_client *client) {
  struct ucred peer = {.uid = (uid_t)-1};
  socklen_t length = sizeof peer;
  getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
  return dpc__place_check_peer(&client->place, client->uid, peer.uid, &client->trouble) == DPC_OK;
}

/* Both sides greet at once, so the first question follows without waiting for their greeting. Only
 * service.info tells a private service's age; an operator's is asked the cheaper thing. */
static void say_hello(dpc_client *client) {
  ssize_t sent = send(client->fd, dpc__sp_greeting, DPC__SP_GREETING, MSG_NOSIGNAL);
  bool old_enough = client->place.kind == DPC__PLACE_INSTALLED || client->renewed;
  client->state = DPC__LINK_HELLO;
  client->state_until = dpc__now() + HELLO_MS;
  if (sent == DPC__SP_GREETING &&
      dpc__flow_own(client, DPC__ROLE_HELLO, old_enough ? "service.ping" : "service.info", NULL))
    return;
  dpc__fail(&client->trouble, DPC_UNREACHABLE, "no_hello", NULL,
            "cannot speak to the service at %s", client->place.path);
  dpc__link_lost(client);
}

static void try_connect(dpc_client *client) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (dpc__place_check_dir(&client->place, client->uid, may_start(client), &client->trouble) !=
      DPC_OK) {
    dpc__link_ends(client);
    return;
  }
  memcpy(address.sun_path, client->place.path, strlen(client->place.path));
  client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof address) != 0)
    connect_failed(client, errno);
  else if (!is_trusted(client))
    dpc__link_ends(client);
  else
    say_hello(client);
}

static void launch_step(dpc_client *client) {
  dpc__launch_state state = dpc__launch_step(&client->launch);
  if (state == DPC__LAUNCH_RUNS)
    return;
  client->state = DPC__LINK_DOWN;
  client->retry_at = 0;
  if (state == DPC__LAUNCH_DONE)
    return;
  dpc__fail(&client->trouble, DPC_UNREACHABLE, "start_failed",
            "Run it by hand to see more: difypoold --on-demand --socket PATH.",
            "difypoold could not be started: %s",
            client->launch.length ? client->launch.text : "it said nothing");
  dpc__link_ends(client);
}

/* ---- Speaking -------------------------------------------------------------------------------- */

void dpc__link_up(dpc_client *client) {
  client->state = DPC__LINK_UP;
  client->state_until = client->patience_until = DPC__NEVER;
  client->up_since = dpc__now();
  client->launched = false;
  dpc__flow_release(client);
}

void dpc__link_hello(dpc_client *client, const dpc_reply *reply) {
  const uint8_t *epoch = dpc__reply_epoch(reply);
  dpc_kind kind = dpc_reply_kind(reply);
  if (client->state != DPC__LINK_HELLO)
    return;
  if (kind != DPC_OK || !epoch) {
    client->trouble = *dpc_reply_error(reply);
    if (kind == DPC_OK)
      dpc__fail(&client->trouble, DPC_PROTOCOL, "no_epoch", NULL,
                "the service at %s answers without an epoch", client->place.path);
    if (client->trouble.retryable)
      dpc__link_lost(client);
    else
      dpc__link_ends(client);
    return;
  }
  memcpy(client->epoch, epoch, DPC__ID);
  client->trouble = (dpc_error){.kind = DPC_OK};
  if (!dpc__renew_begin(client, reply))
    dpc__link_up(client);
}

static void write_output(dpc_client *client) {
  for (dpc_call *call; !client->broken && (call = client->out_first);) {
    ssize_t sent = send(client->fd, call->frame + call->out_at, call->out_end - call->out_at,
                        MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      client->broken = errno != EAGAIN && errno != EINTR;
      return;
    }
    call->out_at += (size_t)sent;
    if (call->out_at < call->out_end)
      continue;
    call->sent_whole = true;
    call->in_output = false;
    client->out_first = call->out_next;
    if (!client->out_first)
      client->out_last = NULL;
    dpc_call_unref(call);
  }
}

void dpc__link_output(dpc_call *call) {
  dpc_client *client = call->client;
  bool alone = !client->out_first;
  call->in_output = true;
  call->out_next = NULL;
  dpc_call_ref(call);
  *(alone ? &client->out_first : &client->out_last->out_next) = call;
  client->out_last = call;
  if (alone)
    write_output(client);
}

static void take_message(dpc_client *client) {
  size_t length;
  uint32_t request_id;
  uint8_t *data = dpc__sp_take(&client->reader, &length, &request_id);
  dpc__flow_answer(client, request_id, data, length);
}

static void refuse(dpc_client *client, dpc__sp_result result) {
  const char *hint = "Is what listens there a difypoold? DIFYPOOL_SOCKET names another path.";
  const char *what = result == DPC__SP_STRANGER    ? "it does not greet as a REP socket"
                     : result == DPC__SP_BAD_FRAME ? "a message does not begin as one"
                     : result == DPC__SP_TOO_LONG  ? "a reply is longer than reply_max"
                                                   : "memory is out";
  dpc_kind kind = result == DPC__SP_NO_MEMORY ? DPC_INTERNAL : DPC_PROTOCOL;
  dpc__fail(&client->trouble, kind, "bad_frame", hint, "the service at %s cannot be understood: %s",
            client->place.path, what);
  if (result == DPC__SP_STRANGER)
    dpc__link_ends(client);
  else
    dpc__link_lost(client);
}

/* False: the connection is gone. */
static bool take_bytes(dpc_client *client, size_t length) {
  for (size_t at = 0, used; at < length; at += used) {
    dpc__sp_result result = dpc__sp_feed(&client->reader, client->scratch + at, length - at, &used);
    if (result == DPC__SP_MESSAGE)
      take_message(client);
    else if (result != DPC__SP_MORE && result != DPC__SP_DROPPED) {
      refuse(client, result);
      return false;
    }
    if (client->fd < 0)
      return false;
  }
  return true;
}

static void read_input(dpc_client *client) {
  for (int i = 0; i < READS_A_STEP; i++) {
    ssize_t got = recv(client->fd, client->scratch, SCRATCH, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (got <= 0) {
      dpc__fail(&client->trouble, DPC_UNREACHABLE, "service_closed", NULL,
                "the service at %s closed the connection%s%s", client->place.path,
                got < 0 ? ": " : "", got < 0 ? strerror(errno) : "");
      dpc__link_lost(client);
      return;
    }
    if (!take_bytes(client, (size_t)got) || (size_t)got < SCRATCH)
      return;
  }
}

/* Nothing can be written any more; what was answered before may still be read. */
static void last_words(dpc_client *client) {
  read_input(client);
  if (client->fd < 0)
    return;
  dpc__fail(&client->trouble, DPC_UNREACHABLE, "service_closed", NULL,
            "the service at %s takes no more requests on its connection", client->place.path);
  dpc__link_lost(client);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static void check_patience(dpc_client *client, int64_t now) {
  if (client->state == DPC__LINK_UP)
    return;
  if (dpc__flow_idle(client)) {
    client->patience_until = DPC__NEVER;
    return;
  }
  if (client->patience_until == DPC__NEVER)
    client->patience_until = now + client->patience_ms;
  if (now < client->patience_until)
    return;
  if (client->trouble.kind == DPC_OK)
    dpc__fail(&client->trouble, DPC_UNREACHABLE, "no_service", NULL,
              "the service at %s did not answer in time", client->place.path);
  if (client->state == DPC__LINK_LAUNCHING) { /* it goes on; the next call looks again */
    dpc__launch_clear(&client->launch);
    client->launch.pid = 0;
  }
  dpc__link_ends(client);
}

static void state_timeout(dpc_client *client) {
  if (client->state == DPC__LINK_RENEWING) {
    dpc__link_up(client);
    return;
  }
  dpc__fail(&client->trouble, DPC_UNREACHABLE, "no_hello",
            "It may be stuck: difypool restart, or systemctl restart difypoold.",
            "the service at %s takes connections and does not answer", client->place.path);
  dpc__link_lost(client);
}

void dpc__link_step(dpc_client *client, int64_t now) {
  check_patience(client, now);
  if (client->state == DPC__LINK_LAUNCHING)
    launch_step(client);
  if (client->state == DPC__LINK_RENEWING)
    dpc__renew_step(client);
  if (client->state == DPC__LINK_DOWN && !dpc__flow_idle(client) && now >= client->retry_at)
    try_connect(client);
  if (client->fd >= 0)
    read_input(client);
  if (client->fd >= 0)
    write_output(client);
  if (client->broken)
    last_words(client);
  if (client->fd >= 0 && now >= client->state_until)
    state_timeout(client);
  dpc__flow_expire(client, now);
}

static void want(dpc__wants *wants, int fd, short events) {
  if (fd >= 0)
    wants->fds[wants->count++] = (struct pollfd){.fd = fd, .events = events};
}

static void want_until(dpc__wants *wants, int64_t until) {
  if (until < wants->until)
    wants->until = until;
}

void dpc__link_wants(const dpc_client *client, dpc__wants *wants) {
  enum { ASK_AGAIN_MS = 5 };
  *wants = (dpc__wants){.until = client->next_deadline};
  want(wants, client->fd, client->out_first ? POLLIN | POLLOUT : POLLIN);
  want_until(wants, client->state_until);
  if (client->launch.pid) {
    want(wants, client->launch.text_fd, POLLIN);
    want(wants, client->launch.exit_fd, POLLIN);
    if (client->launch.exit_fd < 0)
      want_until(wants, dpc__now() + ASK_AGAIN_MS);
  }
  if (client->state == DPC__LINK_DOWN && !dpc__flow_idle(client))
    want_until(wants, client->retry_at);
  if (client->state != DPC__LINK_UP && !dpc__flow_idle(client))
    want_until(wants, client->patience_until == DPC__NEVER ? 0 : client->patience_until);
  if (client->broken)
    want_until(wants, 0);
}
