/* The engine's pulse stops while a callback holds the engine, and comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <semaphore.h>
#include <sys/poll.h>

#include <cmocka.h>

#include "clock.h"
#include "pulse.h"

enum { EVERY_MS = 5, LONG_MS = 300, PATIENCE_MS = 20000 };

typedef struct hold {
  sem_t held, release;
} hold;

static void hold_the_engine(dp_call *call, dp_reply *reply, void *user) {
  hold *h = user;
  (void)call;
  (void)reply;
  sem_post(&h->held);
  sem_wait(&h->release);
}

/* Waits until the pulse is missing, or there. */
static void await_pulse(dpd_pulse *pulse, bool there) {
  int64_t until = dpd_now_ms() + PATIENCE_MS;
  while ((dpd_pulse_silent_ms(pulse, dpd_now_ms()) < LONG_MS) != there) {
    assert_true(dpd_now_ms() < until);
    poll(NULL, 0, 5);
  }
}

static void test_a_held_engine_has_no_pulse(void **state) {
  (void)state;
  dp_client_options options = DP_CLIENT_OPTIONS_INIT;
  dp_client *client;
  dp_error err;
  hold h;
  options.base_url = "http://127.0.0.1:1";
  sem_init(&h.held, 0, 0);
  sem_init(&h.release, 0, 0);
  assert_int_equal(dp_client_new(&client, &options, &err), DP_OK);
  dpd_pulse *pulse = dpd_pulse_start(client, EVERY_MS);
  assert_non_null(pulse);
  dp_call_options at_once = DP_CALL_OPTIONS_INIT;
  at_once.deadline_ms = 50;
  assert_int_equal(dp_client_call_async(client, DP_OP_DATASETS_LIST, NULL, &at_once,
                                        hold_the_engine, &h, NULL, &err),
                   DP_OK);
  sem_wait(&h.held);
  await_pulse(pulse, false);
  sem_post(&h.release);
  await_pulse(pulse, true);
  dpd_pulse_stop(pulse);
  dp_client_free(client);
  sem_destroy(&h.held);
  sem_destroy(&h.release);
}

static void test_none_is_never_silent(void **state) {
  (void)state;
  assert_int_equal(dpd_pulse_silent_ms(NULL, dpd_now_ms()), 0);
  dpd_pulse_stop(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_held_engine_has_no_pulse),
                                     cmocka_unit_test(test_none_is_never_silent)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
