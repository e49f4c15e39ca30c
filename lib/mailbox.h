/* mailbox.h - jobs from any thread to the engine's. Internal. */
#ifndef DP_MAILBOX_H
#define DP_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>

/* Embedded in what it is about; belongs to the mailbox from post until run. */
typedef struct dp__job {
  struct dp__job *next;
  void (*run)(struct dp__job *job);
} dp__job;

typedef struct dp__mailbox {
  pthread_mutex_t lock;
  dp__job *first, **last;
} dp__mailbox;

void dp__mailbox_init(dp__mailbox *box);
void dp__mailbox_deinit(dp__mailbox *box);
/* dp__mailbox_post - true if the box was empty: only then does its reader need waking. Any
 * thread. */
bool dp__mailbox_post(dp__mailbox *box, dp__job *job);
/* dp__mailbox_take - all that stands in the box, oldest first; NULL = nothing. Its one reader. */
dp__job *dp__mailbox_take(dp__mailbox *box);
/* dp__jobs_run - run a list of jobs. */
void dp__jobs_run(dp__job *first);
/* dp__mailbox_run - run what stands in the box, oldest first; jobs posted meanwhile wait for the
 * next turn. Returns whether there was any. The reader's thread. */
bool dp__mailbox_run(dp__mailbox *box);
/* dp__mailbox_is_empty - any thread. */
bool dp__mailbox_is_empty(dp__mailbox *box);

#endif
