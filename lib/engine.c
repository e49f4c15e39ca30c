/*
 * The engine: one thread that owns all state of calls.
 *
 * The loop reads as its list of phases. Everything else in the library is called from one of them, so
 * nothing needs a lock and the order of things is plain: what other threads sent, what time has come
 * for, what libcurl did, what ended. Whoever asks from another thread costs one wake-up here and, if
 * he waits, one there.
 */
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "engine_run.h"
#include "errors.h"
#include "transfer.h"

uint64_t dp__now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

bool dp__engine_here(const dp_client *client) {
  return pthread_equal(client->thread, pthread_self()) && client->pid == getpid();
}

dp_kind dp__engine_usable(const dp_client *client, dp_error *err) {
  if (client->pid != getpid())
    return dp__fail(err, DP_INVALID_REQUEST, "forked", "Make a new client in the child.",
                    "this client belongs to the process that forked");
  if (client->stopping && !dp__engine_here(client))
    return dp__fail(err, DP_CANCELLED, "stopping", NULL, "the client is being freed");
  return DP_OK;
}

void dp__engine_post(dp_client *client, dp__job *job) {
  bool was_empty = dp__mailbox_post(&client->mailbox, job);
  if (dp__engine_here(client))
    client->posted_here = true; /* the loop looks again before it sleeps */
  else if (was_empty)
    curl_multi_wakeup(client->multi);
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
}

void dp__log(const dp_client *client, dp_log_level level, const char *format, ...) {
  if (!client->options.log || level > client->options.log_level)
    return;
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  client->options.log(level, text, client->options.log_user);
}

/* --- callbacks on the program's thread ---------------------------------------------------------- */

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
  uint64_t one = 1;
  if (was_empty && write(client->dispatch_fd, &one, sizeof one) < 0)
    dp__log(client, DP_LOG_ERROR, "dispatch: %s", strerror(errno));
}

int dp_client_fd(const dp_client *client) {
  return client->dispatch_fd;
}

size_t dp_client_dispatch(dp_client *client) {
  if (client->dispatch_fd < 0 || client->pid != getpid())
    return 0;
  uint64_t count;
  if (read(client->dispatch_fd, &count, sizeof count) < 0 && errno != EAGAIN)
    return 0;
  pthread_mutex_lock(&client->due_lock);
  dp__due *due = client->due_first;
  client->due_first = NULL;
  client->due_last = &client->due_first;
  pthread_mutex_unlock(&client->due_lock);
  size_t ran = 0;
  for (dp__due *next; due; due = next, ran++) {
    next = due->next;
    due->run(due);
  }
  return ran;
}

/* --- the loop ------------------------------------------------------------------------------------ */

static void collect_finished(dp_client *client) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(client->multi, &left))) {
    if (message->msg != CURLMSG_DONE)
      continue;
    dp_exchange *exchange = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
    dp__exchange_finished(exchange, message->data.result);
  }
}

static int timeout_ms(dp_client *client) {
  uint64_t next = dp__timers_next_us(&client->timers);
  if (next == UINT64_MAX)
    return 60000;
  uint64_t now = dp__now_us();
  if (next <= now)
    return 0;
  uint64_t ms = (next - now + 999) / 1000;
  return ms > 60000 ? 60000 : (int)ms;
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

void *dp__engine_run(void *user) {
  dp_client *client = user;
  pthread_setname_np(pthread_self(), "difypool");
  int still = 0;
  bool ended = false;
  for (;;) {
    client->now_us = dp__now_us();
    client->posted_here = false;
    dp__mailbox_run(&client->mailbox);
    dp__timers_run(&client->timers, client->now_us);
    curl_multi_perform(client->multi, &still);
    client->now_us = dp__now_us();
    collect_finished(client);
    if (client->stopping && !ended) {
      ended = true;
      end_everything(client);
    }
    if (client->posted_here)
      continue;
    if (client->stopping && atomic_load(&client->running) == 0)
      return NULL;
    curl_multi_poll(client->multi, NULL, 0, timeout_ms(client), NULL);
  }
}
