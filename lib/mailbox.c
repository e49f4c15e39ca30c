/*
 * The way from any thread to the engine's.
 *
 * A lock is an exception in this library; here it is the cheap choice. It is held for two pointer
 * writes, and the reader takes the whole list at once, so at ten thousand calls a second it is all
 * but never contended. A lock-free list would save nothing that a measurement could show and would
 * have to be proven. Whoever posts into a box that holds something need not wake the reader:
 * whoever filled it first has done so.
 */
#include "mailbox.h"

#include <stddef.h>

void dp__mailbox_init(dp__mailbox *box) {
  pthread_mutex_init(&box->lock, NULL);
  box->first = NULL;
  box->last = &box->first;
}

void dp__mailbox_deinit(dp__mailbox *box) {
  pthread_mutex_destroy(&box->lock);
}

bool dp__mailbox_post(dp__mailbox *box, dp__job *job) {
  job->next = NULL;
  pthread_mutex_lock(&box->lock);
  bool was_empty = box->first == NULL;
  *box->last = job;
  box->last = &job->next;
  pthread_mutex_unlock(&box->lock);
  return was_empty;
}

dp__job *dp__mailbox_take(dp__mailbox *box) {
  pthread_mutex_lock(&box->lock);
  dp__job *first = box->first;
  box->first = NULL;
  box->last = &box->first;
  pthread_mutex_unlock(&box->lock);
  return first;
}

void dp__jobs_run(dp__job *job) {
  while (job) {
    dp__job *next = job->next; /* run may free the job */
    job->run(job);
    job = next;
  }
}

bool dp__mailbox_run(dp__mailbox *box) {
  dp__job *first = dp__mailbox_take(box);
  dp__jobs_run(first);
  return first != NULL;
}

bool dp__mailbox_is_empty(dp__mailbox *box) {
  pthread_mutex_lock(&box->lock);
  bool empty = box->first == NULL;
  pthread_mutex_unlock(&box->lock);
  return empty;
}
