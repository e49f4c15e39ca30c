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
 * finished is where an answer waits whose head the program has not taken yet (it paused).
 */
typedef enum dp__exchange_state {
  DP__EXCHANGE_NEW,
  DP__EXCHANGE_WAITING,
  DP__EXCHANGE_RUNNING,
  DP__EXCHANGE_FINISHED,
  DP__EXCHANGE_DONE
} dp__exchange_state;

struct dp_exchange {
  atomic_uint refs;
  dp_client *client;
  dp_profile *profile;
  struct dp__host *host;
  dp__exchange_state state;

  /* What is sent. */
  char method[8];
  char *url;
  struct curl_slist *headers;
  char *body;
  size_t body_length;
  dp_source_fn source;
  int64_t source_length;

  dp_head_fn on_head;
  dp_data_fn on_data;
  dp_outcome_fn on_done;
  void *user;
  uint32_t deadline_ms, stall_ms;
  dp_priority priority;
  dp_lane lane;
  bool repeatable;

  /* Family: a parent's cancel and deadline reach its children. */
  struct dp_exchange *parent, *children, *sibling;

  /* Places in lists of the engine. */
  struct dp_exchange *queue_next;          /* the host's queue */
  struct dp_exchange *all_next, **all_link; /* the client's list */
  dp__job start_job, cancel_job, resume_job;
  atomic_bool cancel_posted, resume_posted;
  dp__timer deadline_timer, stall_timer;

  /* How it goes. */
  CURL *easy;
  uint32_t starts;     /* how often libcurl began to send it */
  bool second_start;   /* libcurl wanted to send it again and was not let */
  bool head_complete;  /* the blank line after the final head came */
  bool head_given;     /* on_head took it */
  bool paused_source, paused_data;
  dp__buffer head;     /* the raw head of the answer */
  int64_t content_length; /* of the answer; -1 = not said */
  uint64_t accepted_us, running_us;
  curl_off_t stall_mark; /* bytes moved when the stall timer was set */
  dp_error error;      /* the reason we ended it, before libcurl tells its own */
  dp_outcome outcome;
};

/* dp__exchange_new - an exchange that has not started; checks all options. Any thread. */
dp_kind dp__exchange_new(dp_client *client, const dp_exchange_options *options,
                         dp_exchange **out, dp_error *err);
/* dp__exchange_submit - start it. Engine's thread; on_done comes in a later turn of the loop. */
void dp__exchange_submit(dp_exchange *exchange);
/* dp__exchange_end - end it now, for the reason in error. Engine's thread; on_done comes later. */
void dp__exchange_end(dp_exchange *exchange, const dp_error *error);
/* dp__exchange_run - it has a place: hand it to libcurl. Engine's thread. */
void dp__exchange_run(dp_exchange *exchange);
/* dp__exchange_finished - libcurl is done with it. Engine's thread. */
void dp__exchange_finished(dp_exchange *exchange, CURLcode code);

/* dp__transfer_setup - make an easy handle of an exchange. False when memory is out. */
bool dp__transfer_setup(dp_exchange *exchange);
/* dp__transfer_measure - take times, bytes and connection counts from libcurl into the outcome. */
void dp__transfer_measure(dp_exchange *exchange);
/* dp__transfer_note_length - keep what Content-Length said, before the handle goes. */
void dp__transfer_note_length(dp_exchange *exchange);
/* dp__transfer_release - take the easy handle out of the multi and keep it for another. */
void dp__transfer_release(dp_exchange *exchange);
/* dp__transfer_give_head - show the head to the program, if it is there and was not taken yet. */
dp_flow dp__transfer_give_head(dp_exchange *exchange);

/* dp__curl_error - what a CURLcode means for us; the only place where one is looked at. */
void dp__curl_error(CURLcode code, const dp_exchange *exchange, dp_error *err);

#endif
