/*
 * The engine: one thread that owns all state of calls.
 *
 * The loop reads as its list of phases. Everything else in the library is called from one of them,
 * so nothing needs a lock and the order of things is plain: what other threads sent, what time has
 * come for, what libcurl did, what ended. Whoever asks from another thread costs one wake-up here
 * and, if he waits, one there.
 *
 * What the engine posts to itself stands in a list of its own. It runs in the same turn, outside of
 * libcurl and of whatever function posted it, which is how callbacks are never run inside a call of
 * the program and how transfers are ended that libcurl is working on.
 */
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ca.h"
#include "engine_run.h"
#include "errors.h"
#include "transfer.h"

/* Whose engine this thread is, and whose callbacks it runs in dp_client_dispatch. */
static _Thread_local const dp_client *engine_of, *dispatching;

static atomic_uint generation;

static void count_generation(void) {
  atomic_fetch_add(&generation, 1);
}

static void init_once(void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  pthread_atfork(NULL, NULL, count_generation);
}

void dp__process_init(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, init_once);
}

unsigned dp__process_generation(void) {
  return atomic_load_explicit(&generation, memory_order_relaxed);
}

uint64_t dp__now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

bool dp__engine_here(const dp_client *client) {
  return engine_of == client && client->generation == dp__process_generation();
}

bool dp__engine_in_callback(const dp_client *client) {
  return engine_of == client || dispatching == client;
}

dp_kind dp__engine_usable(const dp_client *client, dp_error *err) {
  if (client->generation != dp__process_generation())
    return dp__fail(err, DP_INVALID_REQUEST, "forked", "Make a new client in the child.",
                    "this client belongs to the process that forked");
  if (client->stopping && !dp__engine_here(client))
    return dp__fail(err, DP_CANCELLED, "stopping", NULL, "the client is being freed");
  return DP_OK;
}

dp_kind dp__engine_accepts(const dp_client *client, dp_error *err) {
  dp_kind kind = dp__engine_usable(client, err);
  if (kind != DP_OK)
    return kind;
  if (client->stopping)
    return dp__fail(err, DP_CANCELLED, "stopping", NULL, "the client is being freed");
  if (client->draining)
    return dp__fail(err, DP_CANCELLED, "draining", NULL, "the client takes no new work");
  return DP_OK;
}

void dp__engine_post(dp_client *client, dp__job *job) {
  if (dp__engine_here(client)) {
    job->next = NULL;
    *client->soon_last = job;
    client->soon_last = &job->next;
  } else if (dp__mailbox_post(&client->mailbox, job)) {
    dp__loop_wake(&client->loop);
  }
}

static void signal_dispatch(const dp_client *client) {
  const uint64_t one = 1;
  if (write(client->dispatch_fd, &one, sizeof one) < 0)
    dp__log(client, DP_LOG_ERROR, "dispatch: %s", strerror(errno));
}

void dp__engine_begin(dp_client *client) {
  atomic_fetch_add(&client->running, 1);
}

void dp__engine_end(dp_client *client) {
  if (atomic_fetch_sub(&client->running, 1) != 1)
    return;
  pthread_mutex_lock(&client->idle_lock);
  pthread_cond_broadcast(&client->idle);
  pthread_mutex_unlock(&client->idle_lock);
  if (client->dispatch_fd >= 0 && client->draining)
    signal_dispatch(client);
}

void dp__log(const dp_client *client, dp_log_level level, const char *format, ...) {
  if (!client->options.log || level > client->options.log_level)
    return;
  char text[512], line[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  dp__copy_text(line, sizeof line, text, strlen(text)); /* one line, whatever a server said */
  client->options.log(level, line, client->options.log_user);
}

/* --- callbacks on the program's thread ------------------------------------------------------- */

void dp__engine_deliver(dp_client *client, dp__due *due) {
  if (client->dispatch_fd < 0) {
    due->run(due);
    return;
  }
  due->next = NULL;
  pthread_mutex_lock(&client->due_lock);
  bool was_empty = client->due_first == NULL;
  *client->due_last = due;
  client->due_last = &due->next;
  pthread_mutex_unlock(&client->due_lock);
  if (was_empty)
    signal_dispatch(client);
}

int dp_client_fd(const dp_client *client) {
  return client->dispatch_fd;
}

size_t dp_client_dispatch(dp_client *client) {
  if (client->dispatch_fd < 0 || client->generation != dp__process_generation())
    return 0;
  uint64_t count;
  if (read(client->dispatch_fd, &count, sizeof count) < 0 && errno != EAGAIN)
    return 0;
  pthread_mutex_lock(&client->due_lock);
  dp__due *due = client->due_first;
  client->due_first = NULL;
  client->due_last = &client->due_first;
  pthread_mutex_unlock(&client->due_lock);
  const dp_client *outer = dispatching;
  dispatching = client;
  size_t ran = 0;
  for (dp__due *next; due; due = next, ran++) {
    next = due->next;
    due->run(due);
  }
  dispatching = outer;
  return ran;
}

/* --- the loop -------------------------------------------------------------------------------- */

/* Jobs that these post wait for the next turn, so that none can hold the loop. */
static void run_soon(dp_client *client) {
  dp__job *job = client->soon_first;
  client->soon_first = NULL;
  client->soon_last = &client->soon_first;
  for (dp__job *next; job; job = next) {
    next = job->next; /* run may free the job */
    job->run(job);
  }
}

static void collect_finished(dp_client *client) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(client->multi, &left))) {
    if (message->msg != CURLMSG_DONE)
      continue;
    dp_exchange *exchange = NULL;
    CURLcode code = message->data.result;
    if (dp__ca_loaded(client, message->easy_handle))
      continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
    dp__exchange_finished(exchange, code);
  }
}

/* How long to sleep, or 0 if there is something to do. From the moment that asleep is set, whoever
 * posts writes to the wake-up; what was posted before is seen here. */
static int timeout_ms(dp_client *client) {
  uint64_t next = dp__timers_next_us(&client->timers);
  if (client->loop.curl_at_us < next)
    next = client->loop.curl_at_us;
  if (client->soon_first)
    return 0;
  atomic_store(&client->loop.asleep, true);
  if (!dp__mailbox_is_empty(&client->mailbox))
    return 0;
  if (next == UINT64_MAX)
    return -1;
  uint64_t now = dp__now_us();
  if (next <= now)
    return 0;
  uint64_t ms = (next - now + 999) / 1000;
  return ms > 3600000 ? 3600000 : (int)ms;
}

/* What others sent, behind what came over the sockets before they sent it: a farewell on an idle
 * connection must be known before a call takes that connection, or the call dies with it. */
static void take_mail(dp_client *client) {
  dp__job *first = dp__mailbox_take(&client->mailbox);
  if (!first)
    return;
  dp__loop_wait(client, 0);
  collect_finished(client);
  dp__jobs_run(first);
}

/* What time has come for in libcurl, and what it did. */
static void drive(dp_client *client) {
  dp__loop_time(client);
  collect_finished(client);
}

static void end_everything(dp_client *client) {
  dp_error error;
  dp__fail(&error, DP_CANCELLED, "stopping", NULL, "the client is being freed");
  dp__calls_cancel_all(client, &error);
  for (dp_exchange *e = client->exchanges, *next; e; e = next) {
    next = e->all_next;
    dp__exchange_end(e, &error);
  }
}

/* libcurl's part ends on this thread, where SIGPIPE is blocked: it says goodbye on TLS
 * connections. */
static void end_curl(dp_client *client) {
  dp__ca_forget(client);
  while (client->spare_count)
    curl_easy_cleanup(client->spare[--client->spare_count].easy);
  curl_multi_cleanup(client->multi);
  client->multi = NULL;
}

void *dp__engine_run(void *user) {
  dp_client *client = user;
  bool ended = false;
  engine_of = client;
  pthread_setname_np(pthread_self(), "difypool");
  for (;;) {
    client->now_us = dp__now_us();
    collect_finished(client);
    take_mail(client);
    dp__timers_run(&client->timers, client->now_us);
    drive(client);
    run_soon(client);
    drive(client); /* what has just been started is sent before we sleep */
    if (client->stopping && !ended) {
      ended = true;
      end_everything(client);
    }
    if (ended && !client->soon_first && !client->exchanges && !client->call_list)
      break;
    dp__loop_wait(client, timeout_ms(client));
  }
  end_curl(client);
  return NULL; /* the thread that frees the client does what is left */
}

void dp__engine_finish(dp_client *client) {
  const dp_client *outer = engine_of;
  engine_of = client;
  bool any;
  do {
    any = dp_client_dispatch(client) > 0;
    any = dp__mailbox_run(&client->mailbox) || any;
    any = client->soon_first || any;
    run_soon(client);
  } while (any);
  engine_of = outer;
}
