/* transfer.h - an exchange, and its life as a libcurl transfer. Internal. */
#ifndef DP_TRANSFER_H
#define DP_TRANSFER_H

#include <stdatomic.h>
#include <stdbool.h>

#include <difypool/exchange.h>

#include "buffer.h"
#include "engine.h"
#include "host.h"
#include "profile.h"

/*
 *   new --submit--> waiting --place--> running --libcurl is done--> finished --on_done ran--> done
 *                      \___cancel, deadline___________________________/
 * finished is where an answer waits whose head or data the program has not taken yet (it paused).
 */
typedef enum dp__exchange_state {
  DP__EXCHANGE_NEW,
  DP__EXCHANGE_WAITING,
  DP__EXCHANGE_RUNNING,
  DP__EXCHANGE_FINISHED,
  DP__EXCHANGE_DONE
} dp__exchange_state;

/* What on_data of the library's own exchanges may answer besides: the piece was taken, and nothing more
 * is wanted for now. */
#define DP__FLOW_TAKEN_PAUSE ((dp_flow)100)

/* One allocation holds the exchange and all that it sends: URL, headers and body stand behind
 * it. */
struct dp_exchange {
  atomic_uint refs;
  dp_client *client;
  dp_profile *profile;
  struct dp__host *host;
  dp__exchange_state state;

  /* What is sent. */
  char method[8];
  const char *url;
  struct curl_slist *headers; /* nodes of our own, which libcurl only reads */
  const char *body;           /* NULL = none, or source */
  size_t body_length;
  dp_source_fn source;
  int64_t source_length;

  dp_head_fn on_head;
  dp_data_fn on_data;
  dp_outcome_fn on_done;
  void *user;
  uint32_t deadline_ms, stall_ms;
  dp_priority priority;
  uint64_t share;
  dp_lane lane;
  bool repeatable;
  bool warming;            /* opens a connection: not held by the limiter */
  bool judged;             /* a call's: it tells the limiter what came of it */
  struct dp__ferry *ferry; /* carries callbacks to dp_client_dispatch; NULL = they run here */

  /* Family: a parent's cancel and deadline reach its children. */
  struct dp_exchange *parent, *children, *sibling;

  /* Places in lists of the engine. */
  dp__fair_item turn;                            /* where it waits at the host */
  struct dp_exchange *all_next, **all_link;      /* the client's list */
  dp__job start_job, end_job, cancel_job, resume_job;
  bool end_posted;
  atomic_bool cancel_posted, resume_posted;
  dp__timer deadline_timer, stall_timer;

  /* How it goes. */
  CURL *easy;
  dp__socket *socket; /* its connection, once libcurl waits on one for it */
  bool starting;      /* counted in its way's starting */
  uint32_t tag, ceiling_tag; /* of the limits that it began under */
  uint32_t starts;    /* how often libcurl began to send it */
  bool second_start;  /* libcurl wanted to send it again and was not let */
  bool head_complete; /* the blank line after the final head came */
  bool head_given;    /* on_head took it */
  bool finished;      /* finish ran: on_done is on its way */
  bool paused_head, paused_source, paused_data;
  bool source_ended;
  uint64_t given;      /* bytes that source gave */
  dp__buffer head;     /* the raw head of the answer, NULs in it once it was taken apart */
  uint64_t head_bytes; /* of all heads and trailers so far */
  dp_header *headers_in;
  size_t header_count;
  char version[32]; /* the server's, as it was known at the end */
  uint64_t accepted_us, running_us, deadline_us;
  uint64_t moved; /* a count of bytes and events, when the stall timer looked last */
  uint32_t quiet; /* how many looks ago that changed */
  dp_error error; /* the reason we ended it, before libcurl tells its own */
  dp_outcome outcome;
  char detail[CURL_ERROR_SIZE]; /* libcurl's own words */
};

/* dp__exchange_new - an exchange that has not started; checks all options. deadline_ms 0 is none
 * here, since a call has a timer of its own. Any thread. */
dp_kind dp__exchange_new(dp_client *client, const dp_exchange_options *options, dp_exchange **out,
                         dp_error *err);
/* dp__exchange_submit - start it (course.c, as all that follows), which takes over a reference and
 * is matched by dp__engine_begin. Engine's thread; on_done comes in a later turn of the loop. */
void dp__exchange_submit(dp_exchange *exchange);
/* dp__exchange_end - end it now, for the reason in error. Engine's thread; on_done comes later. */
void dp__exchange_end(dp_exchange *exchange, const dp_error *error);
/* dp__exchange_run - it has a place: hand it to libcurl. Engine's thread. */
void dp__exchange_run(dp_exchange *exchange);
/* dp__exchange_finished - libcurl is done with it. Engine's thread. */
void dp__exchange_finished(dp_exchange *exchange, CURLcode code);
/* dp__exchange_continue - what was paused goes on. Engine's thread. */
void dp__exchange_continue(dp_exchange *exchange);

/* dp__transfer_setup - make an easy handle of an exchange. False when memory is out. */
bool dp__transfer_setup(dp_exchange *exchange);
/* dp__transfer_attempts - how often its request began to go out, libcurl's own repeats included. */
uint32_t dp__transfer_attempts(const dp_exchange *exchange);
/* dp__transfer_set_tls - what a profile says of TLS. */
void dp__transfer_set_tls(const dp_profile *profile, CURL *easy);
/* dp__transfer_measure - take times, bytes and connection counts from libcurl into the outcome. */
void dp__transfer_measure(dp_exchange *exchange);
/* dp__transfer_moved - a number that changes with every byte, either way. */
uint64_t dp__transfer_moved(const dp_exchange *exchange);
/* dp__transfer_release - take the easy handle out of the multi and keep it for another. reusable:
 * the exchange went to its end, so that libcurl may have kept its connection. */
void dp__transfer_release(dp_exchange *exchange, bool reusable);
/* dp__transfer_phase - what it is at, for messages: "while the name was looked up". */
const char *dp__transfer_phase(const dp_exchange *exchange);

/* dp__head_line - one line of an answer's head from libcurl; how many bytes were taken. head.c */
size_t dp__head_line(dp_exchange *exchange, const char *line, size_t length);
/* dp__head_give - show the head to the program, if it is there and was not taken yet. head.c */
dp_flow dp__head_give(dp_exchange *exchange);
/* dp__head_call - run on_head, on whatever thread it belongs to. head.c */
dp_flow dp__head_call(dp_exchange *exchange);

/* dp__curl_error - what a CURLcode means for us; the only place where one is looked at.
 * curlerr.c */
void dp__curl_error(CURLcode code, const dp_exchange *exchange, dp_error *err);

#endif
