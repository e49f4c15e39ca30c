/* compose.h - calls that are made of calls: ensure, wait, batch, push. Internal, engine's thread. */
#ifndef DP_COMPOSE_H
#define DP_COMPOSE_H

#include <jansson.h>

#include "callint.h"

/*
 * A composition carries one operation of the table that no server has. begin runs once, when the call's
 * arguments are in call->request.args, and may end the call at once; it makes call->work. From then on
 * everything comes through what it asked for: children, turns, timers. end runs when the call ends, for
 * whatever reason, and takes back timers and turns; release frees the work, when no child needs it.
 */
typedef struct dp__composition {
  dp_op op;
  /* Checks what the table cannot, and may make call->work; on any thread, before the call is accepted. NULL =
   * there is nothing to check. */
  dp_kind (*prepare)(struct dp_call *call, dp_error *err);
  void (*begin)(struct dp_call *call);
  void (*end)(struct dp_call *call);  /* NULL = there is nothing to take back */
  void (*go_on)(struct dp_call *call); /* the reader of its events has room again; NULL = it never waits */
  void (*release)(void *work);
  bool takes_long; /* no deadline unless one is given: what it asks for has stall limits of its own */
} dp__composition;

/* dp__composition_of - NULL = the operation is a server's. */
const dp__composition *dp__composition_of(dp_op op);

extern const dp__composition dp__datasets_ensure, dp__metadata_ensure, dp__tags_ensure,
    dp__documents_wait, dp__pages_push, dp__batch_of_calls;

/* dp__compose_prepare - before the call is accepted, on any thread. */
dp_kind dp__compose_prepare(struct dp_call *call, const dp_call_options *options, dp_error *err);
/* dp__compose - the call's turn has come: begin. */
void dp__compose(struct dp_call *call);

/* dp__compose_call - carry out an operation as a child: its deadline and cancel, its profile and priority.
 * Its waits for the pace and an open breaker are its parent's. False: it could not be started, and the
 * parent has ended with the reason. */
bool dp__compose_call(struct dp_call *parent, dp_op op, const dp_args *args, uint32_t flags,
                      dp__child_fn fn, void *user);

/* dp__compose_read - the same with a read whose answer may be so old, and is shared with all who ask. */
bool dp__compose_read(struct dp_call *parent, dp_op op, const dp_args *args, uint32_t cache_ms,
                      dp__child_fn fn, void *user);

/* dp__compose_done - success; body becomes the reply's, and is given away. */
void dp__compose_done(struct dp_call *call, json_t *body);
/* dp__compose_out_of_memory - the end for that reason. */
void dp__compose_out_of_memory(struct dp_call *call);
/* dp__compose_fail - the end, with an error like dp__fail's. */
void dp__compose_fail(struct dp_call *call, dp_kind kind, const char *code, const char *hint,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));
/* dp__compose_fail_as - the end, for the reason that a child gives; what: the composition's own words. */
void dp__compose_fail_as(struct dp_call *call, const dp_reply *reply, const char *what);

/* dp__compose_body - a child's answer as JSON, a reference; NULL = it is none, and the parent has ended. */
json_t *dp__compose_body(struct dp_call *call, const dp_reply *reply, const char *what);

/* Turns: of all that hold the same key, one at a time, in the order in which they came. */
typedef struct dp__turn {
  struct dp__turn *next;
  char *key; /* NULL = it is not in the queue */
  struct dp_call *call;
  void (*come)(struct dp__turn *turn); /* its turn has come */
} dp__turn;

/* dp__turn_take - wait for the turn of what, within the call's workspace; come may run at once. False:
 * the call has ended, for memory. */
bool dp__turn_take(dp__turn *turn, struct dp_call *call, const char *kind, const char *what,
                   void (*come)(dp__turn *turn));
/* dp__turn_give - pass it on; harmless where it was not taken. */
void dp__turn_give(dp__turn *turn);

/*
 * Events: a composition that is read as a stream tells what it does as events whose data is JSON. What the
 * reader does not take yet waits here; the call ends when all were taken.
 */
typedef struct dp__teller {
  struct dp_call *call;
  dp_sink sink;
  void *user;
  json_t *waiting; /* texts */
  size_t first;    /* of them, the one that is told next */
  dp_event event;  /* it, while it is told */
  uint64_t number;
  bool opening; /* on_open is told before the first event */
  bool paused, away, ends; /* ends: the call is over as soon as all were taken */
  dp_error error;          /* how it ends then */
  dp__due due;             /* one event that crosses to the program's thread */
  dp__job back;
  dp_flow flow;
  unsigned resumes, resumes_seen;
} dp__teller;

enum { DP__TELL_MANY = 256 }; /* events that wait, from which on a composition is to pause */

/* dp__teller_prepare - check the sink, if there is one, and make the teller. Any thread. */
dp_kind dp__teller_prepare(struct dp_call *call, const dp_call_options *options, dp_error *err);
void dp__teller_free(dp__teller *teller); /* NULL is allowed */
/* dp__teller_begin - the composition begins: tell that its answer is open. */
void dp__teller_begin(struct dp_call *call);
void dp__teller_resume(struct dp_call *call);
/* dp__teller_end - end the call with that error (NULL = success) once all was told. */
void dp__teller_end(struct dp_call *call, const dp_error *error);

/* dp__compose_tell - an event; it is given away. Does nothing where nobody reads. */
void dp__compose_tell(struct dp_call *call, json_t *event);
/* dp__compose_behind - so many events wait that the composition should pause; its go_on is called when
 * there is room again. */
bool dp__compose_behind(const struct dp_call *call);

#endif
