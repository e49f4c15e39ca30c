/* core.h - the state of a client, and who does what to it. Internal.
 *
 *   client.c  what programs call: options, open, close, start, run
 *   call.c    one call: its frame, its place in a list, its end
 *   flow.c    calls as they wait, go out, are answered, expire and are cancelled
 *   link.c    the connection: connect, start a service, say hello, read, write, lose
 *   wait.c    who reads the socket while several threads wait
 *   loop.c    a descriptor for programs with a loop of their own
 *
 * One mutex guards all of it. It is never held while anything waits: sockets are non-blocking, and
 * poll runs without it. Functions named dpc__… that take a client expect it held.
 */
#ifndef DPC_CORE_H
#define DPC_CORE_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include <difypool-client/client.h>

#include "launch.h"
#include "place.h"
#include "request.h"
#include "sp.h"

#define DPC__NEVER INT64_MAX

typedef enum dpc__role {
  DPC__ROLE_USER,    /* somebody asked for it */
  DPC__ROLE_BARRIER, /* no message: it is done when the client is ready for calls */
  DPC__ROLE_HELLO,   /* learns the epoch, first on each connection */
  DPC__ROLE_CONNECT, /* service.connect: learns the handle */
  DPC__ROLE_QUIET    /* nobody waits for its reply: service.cancel, service.drain */
} dpc__role;

typedef enum dpc__call_state { DPC__CALL_WAITING, DPC__CALL_SENT, DPC__CALL_DONE } dpc__call_state;

typedef struct dpc__list {
  dpc_call *first, *last;
} dpc__list;

struct dpc_call {
  atomic_uint refs; /* one for each list and each user that has it */
  dpc_client *client;
  dpc__role role;
  atomic_int state; /* dpc__call_state; written under the lock */
  uint8_t id[DPC__ID];
  uint8_t epoch[DPC__ID]; /* of the first send */
  bool has_epoch;
  bool sent_whole; /* some connection took all of it: the service may have it */
  bool cancelled;
  bool again;
  bool no_json;                         /* its reply needs no text of a value */
  bool free;                            /* of effects: it may be repeated at will */
  bool own_profile;                     /* profile is the caller's choice for this call */
  char *profile;                        /* NULL = the client's */
  uint32_t request_id;                  /* 0 = has no slot */
  uint32_t handle_serial, handle_tries; /* which handle it went out with; how often it was lost */
  uint32_t losses;                      /* connections that were lost under it */
  uint8_t *frame; /* DPC__HEAD_MAX bytes of room, then the tail; NULL for a barrier */
  size_t frame_size, tail_length;
  uint32_t tail_entries;
  bool secret;            /* the frame holds a key */
  size_t out_at, out_end; /* what is left to write of the frame */
  bool in_output;
  int64_t deadline; /* ms, monotonic */
  dpc_reply *reply; /* made at the start, filled in at the end */
  dpc_done_fn on_done;
  void *user;
  dpc_call *prev, *next; /* waiting, sent or done */
  dpc_call *out_next;
  dpc__list *list;
};

typedef enum dpc__link_state {
  DPC__LINK_DOWN,      /* no connection; made when there is a call */
  DPC__LINK_LAUNCHING, /* a difypoold was started and has not exited yet */
  DPC__LINK_HELLO,     /* connected; greeting and epoch are to come */
  DPC__LINK_RENEWING,  /* an old service: asking for a newer one, or waiting for it to drain */
  DPC__LINK_UP
} dpc__link_state;

typedef enum dpc__handle_state {
  DPC__HANDLE_NONE,
  DPC__HANDLE_ASKED,
  DPC__HANDLE_KNOWN
} dpc__handle_state;

/* What to poll for, and until when. */
typedef struct dpc__wants {
  struct pollfd fds[3];
  nfds_t count;
  int64_t until;
} dpc__wants;

typedef struct dpc__follower {
  pthread_cond_t wake;
  const dpc_call *call;
  struct dpc__follower *prev, *next;
} dpc__follower;

struct dpc_client {
  pthread_mutex_t lock;
  pid_t pid; /* a forked child has another */
  uid_t uid;

  /* options */
  dpc__place place;
  char *program;
  char *profile;
  bool autostart;
  uint32_t deadline_ms, patience_ms, calls_max;
  uint64_t held_max;

  /* the connection */
  dpc__link_state state;
  int fd;
  int64_t state_until;    /* when the state has lasted too long */
  int64_t retry_at;       /* of DOWN: next try */
  int64_t patience_until; /* of DOWN, LAUNCHING, HELLO: then every call fails; NEVER = not begun */
  int64_t up_since;
  uint32_t failures; /* tries since the last connection that was good for a while */
  bool launched;     /* a service was started since the last good connection */
  bool renewed;      /* the service's age was looked at; once a client */
  bool is_private;
  char running[32];  /* the service's version, while renewing */
  dpc_error trouble; /* why there is no connection */
  dpc__launch launch;
  dpc__sp_reader reader;
  uint8_t *scratch;
  uint8_t epoch[DPC__ID];
  dpc_call *out_first, *out_last;
  bool broken; /* a write failed: the next step takes the connection down */

  /* service.connect; its tail holds a key and lies in memory of its own */
  dpc__handle_state handle_state;
  uint8_t *connect_tail;
  size_t connect_length;
  uint32_t connect_entries;
  char handle[DPC__PROFILE_MAX + 1];
  uint32_t handle_serial;

  /* calls */
  dpc_call **slots; /* by request id; a power of two of them */
  uint32_t slot_mask, next_request_id;
  dpc__list waiting, sent, done;
  uint32_t calls;
  uint64_t held;
  int64_t next_deadline; /* not after the earliest one */

  /* who reads */
  bool led;
  dpc__wants leader_wants;
  int kick_fd;
  dpc__follower *followers;

  /* a program's own loop */
  int epoll_fd, ready_fd, timer_fd; /* -1 = dispatch is off */
  bool loop_stale; /* a descriptor was closed, and its number may mean another now */
  dpc__wants loop_wants;
};

int64_t dpc__now(void);

/* call.c */
dpc_call *dpc__call_new(dpc_client *client, dpc__role role);
/* dpc__call_rename - under an id that was given before. False: no memory. */
bool dpc__call_rename(dpc_call *call, const uint8_t id[DPC__ID]);
/* dpc__call_frame - take over the tail, or copy it into secret memory. False: no memory. */
bool dpc__call_frame(dpc_call *call, const uint8_t *tail, size_t length, uint32_t entries,
                     bool secret);
void dpc__call_move(dpc_call *call, dpc__list *to); /* NULL = out of any list */
/* dpc__call_finish - its reply is filled in: tell whoever waits. */
void dpc__call_finish(dpc_call *call);
void dpc__call_fail(dpc_call *call, const dpc_error *error);
/* dpc__call_slot - give it a request id; dpc__call_by_id - the call that has it, or NULL. */
void dpc__call_slot(dpc_call *call);
dpc_call *dpc__call_by_id(dpc_client *client, uint32_t request_id);

/* flow.c */
void dpc__flow_admit(dpc_call *call);       /* a new call: send it, or let it wait */
void dpc__flow_release(dpc_client *client); /* send what waits and may go */
void dpc__flow_answer(dpc_client *client, uint32_t request_id, uint8_t *data, size_t length);
void dpc__flow_lost(dpc_client *client); /* the connection is gone: take back what was sent */
void dpc__flow_fail_all(dpc_client *client, const dpc_error *error);
void dpc__flow_expire(dpc_client *client, int64_t now);
void dpc__flow_cancel(dpc_call *call);
bool dpc__flow_idle(const dpc_client *client); /* no call needs a connection */
/* dpc__flow_own - send a service operation on the client's own behalf; false: no memory. */
bool dpc__flow_own(dpc_client *client, dpc__role role, const char *operation, const dpc_args *args);

/* link.c */
void dpc__link_step(dpc_client *client, int64_t now);
void dpc__link_wants(const dpc_client *client, dpc__wants *wants);
void dpc__link_output(dpc_call *call); /* its frame is ready: write what goes now, never fails */
void dpc__link_close(dpc_client *client);
/* dpc__link_lost - the connection, or the try for one, is over: why is in client->trouble. */
void dpc__link_lost(dpc_client *client);
void dpc__link_up(dpc_client *client);
/* dpc__link_ends - it cannot be mended by trying again: every call fails with client->trouble. */
void dpc__link_ends(dpc_client *client);
/* dpc__link_hello - the hello was answered. */
void dpc__link_hello(dpc_client *client, const dpc_reply *reply);

/* renew.c: an older private service gives way to the newer one that we would start */
bool dpc__renew_begin(dpc_client *client, const dpc_reply *info);
void dpc__renew_step(dpc_client *client);

/* wait.c */
void dpc__wait_for(dpc_call *call);
void dpc__wait_done(dpc_client *client, const dpc_call *call); /* wake who waits for it */
void dpc__wait_changed(dpc_client *client); /* at the end of whatever changed what to poll for */

/* loop.c */
bool dpc__loop_open(dpc_client *client);
void dpc__loop_close(dpc_client *client);
void dpc__loop_sync(dpc_client *client);
void dpc__loop_ready(dpc_client *client); /* a callback is due */
size_t dpc__loop_run_callbacks(dpc_client *client);
bool dpc__loop_in_callback(void);

#endif
