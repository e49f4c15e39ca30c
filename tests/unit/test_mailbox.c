/* The mailbox: order, wake-ups, and jobs that post jobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "mailbox.h"

typedef struct note {
  dp__job job;
  int number;
} note;

static int seen[64], count;
static dp__mailbox box;

static void run_note(dp__job *job) {
  seen[count++] = ((note *)job)->number;
}

static void run_again(dp__job *job) {
  run_note(job);
  job->run = run_note;
  dp__mailbox_post(&box, job);
}

static void run_freed(dp__job *job) {
  run_note(job);
  free(job);
}

static int start(void **state) {
  (void)state;
  count = 0;
  dp__mailbox_init(&box);
  return 0;
}

static int end(void **state) {
  (void)state;
  dp__mailbox_deinit(&box);
  return 0;
}

static void test_order(void **state) {
  (void)state;
  note notes[5];
  assert_false(dp__mailbox_run(&box));
  assert_true(dp__mailbox_is_empty(&box));
  for (int i = 0; i < 5; i++) {
    notes[i] = (note){{.run = run_note}, i};
    assert_int_equal(dp__mailbox_post(&box, &notes[i].job), i == 0); /* one wake-up is enough */
  }
  assert_false(dp__mailbox_is_empty(&box));
  assert_true(dp__mailbox_run(&box));
  assert_int_equal(count, 5);
  for (int i = 0; i < 5; i++)
    assert_int_equal(seen[i], i);
  assert_true(dp__mailbox_post(&box, &notes[0].job)); /* empty again: the next wakes */
}

static void test_posted_while_running(void **state) {
  (void)state;
  note n = {{.run = run_again}, 7};
  dp__mailbox_post(&box, &n.job);
  dp__mailbox_run(&box);
  assert_int_equal(count, 1); /* the second run is a turn of its own */
  dp__mailbox_run(&box);
  assert_int_equal(count, 2);
  assert_false(dp__mailbox_run(&box));
}

static void test_jobs_may_free_themselves(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    note *n = malloc(sizeof *n);
    *n = (note){{.run = run_freed}, i};
    dp__mailbox_post(&box, &n->job);
  }
  dp__mailbox_run(&box);
  assert_int_equal(count, 3);
}

enum { THREADS = 4, EACH = 10000 };
static int total, last[THREADS];

typedef struct numbered {
  dp__job job;
  int thread, number;
} numbered;

static void run_numbered(dp__job *job) {
  numbered *n = (numbered *)job;
  assert_int_equal(n->number, last[n->thread]); /* each thread's jobs come in its order */
  last[n->thread]++;
  total++;
}

static numbered all[THREADS][EACH];

static void *post_all(void *user) {
  numbered *mine = user;
  for (int i = 0; i < EACH; i++)
    dp__mailbox_post(&box, &mine[i].job);
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  for (int t = 0; t < THREADS; t++) {
    for (int i = 0; i < EACH; i++)
      all[t][i] = (numbered){{.run = run_numbered}, t, i};
    pthread_create(&threads[t], NULL, post_all, all[t]);
  }
  while (total < THREADS * EACH)
    dp__mailbox_run(&box);
  for (int t = 0; t < THREADS; t++)
    pthread_join(threads[t], NULL);
  assert_true(dp__mailbox_is_empty(&box));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_order),
      TEST(test_posted_while_running),
      TEST(test_jobs_may_free_themselves),
      TEST(test_threads),
  };
  return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
