/* The ring of an upload: against a file that stands in memory, with pieces of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "window.h"

enum { FILE_SIZE = 5000 };

static void fill(uint8_t file[FILE_SIZE]) {
  for (size_t i = 0; i < FILE_SIZE; i++) {
    file[i] = (uint8_t)(i * 31 + i / 256);
  }
}

/* All of a file through a ring of that size, given and taken in such pieces. */
static void pass(size_t size, size_t given, size_t taken) {
  uint8_t file[FILE_SIZE];
  uint8_t out[FILE_SIZE];
  size_t done = 0;
  dpd_window window;
  fill(file);
  assert_true(dpd_window_open(&window, size));
  while (done < FILE_SIZE) {
    size_t at = (size_t)window.end;
    size_t length = FILE_SIZE - at < given ? FILE_SIZE - at : given;
    assert_true(dpd_window_put(&window, at, file + at, length));
    assert_true(dpd_window_held(&window) <= size);
    assert_int_equal(dpd_window_has_room(&window), dpd_window_held(&window) <= size / 2);
    size_t got = dpd_window_take(&window, out + done, taken);
    assert_true(got <= taken);
    assert_true(got > 0);
    done += got;
    assert_int_equal(window.begin, done);
  }
  assert_memory_equal(out, file, FILE_SIZE);
  assert_int_equal(dpd_window_take(&window, out, 1), 0);
  dpd_window_close(&window);
}

static void test_pieces_of_every_size(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 2, 3, 7, 64, 1000, 4999, 5000, 6000};
  const size_t count = sizeof(sizes) / sizeof(sizes[0]);
  for (size_t s = 0; s < count; s++) {
    for (size_t g = 0; g < count; g++) {
      for (size_t t = 0; t < count; t++) {
        pass(sizes[s], sizes[g], sizes[t]);
      }
    }
  }
}

static void test_repeats_are_skipped_and_gaps_refused(void **state) {
  (void)state;
  uint8_t out[8] = {0};
  dpd_window window;
  assert_true(dpd_window_open(&window, 8));
  assert_true(dpd_window_put(&window, 0, "abcd", 4));
  assert_true(dpd_window_put(&window, 0, "XXXX", 4)); /* the same bytes again, so they say */
  assert_true(dpd_window_put(&window, 2, "YYef", 4)); /* half of it is new */
  assert_int_equal(window.end, 6);
  assert_false(dpd_window_put(&window, 7, "h", 1));
  assert_false(dpd_window_put(&window, UINT64_MAX, "h", 1));
  assert_int_equal(window.end, 6);
  assert_true(dpd_window_put(&window, 6, "ghijkl", 6)); /* two of them fit */
  assert_int_equal(window.end, 8);
  assert_true(dpd_window_put(&window, 8, "i", 1)); /* none */
  assert_int_equal(window.end, 8);
  assert_int_equal(dpd_window_take(&window, out, sizeof(out)), 8);
  assert_memory_equal(out, "abcdefgh", 8);
  dpd_window_close(&window);
}

static void test_one_that_is_closed_takes_nothing(void **state) {
  (void)state;
  uint8_t out[8];
  dpd_window window;
  assert_true(dpd_window_open(&window, 8));
  assert_true(dpd_window_put(&window, 0, "abcd", 4));
  dpd_window_close(&window);
  assert_true(dpd_window_put(&window, 4, "efgh", 4));
  assert_int_equal(window.end, 4);
  assert_int_equal(dpd_window_take(&window, out, sizeof(out)), 0);
  dpd_window_close(&window);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pieces_of_every_size),
      cmocka_unit_test(test_repeats_are_skipped_and_gaps_refused),
      cmocka_unit_test(test_one_that_is_closed_takes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
