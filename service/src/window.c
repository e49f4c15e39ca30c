/*
 * Why a ring and not the messages themselves: a message may be as large as message_max and lives only
 * while it is handled. Of what an upload's client sends, exactly the window is held, whatever it sends;
 * the rest it is told to send again, by the offset that was reached.
 *
 * Why half a window is room: a client that sends half a window at a time, and waits for each answer, has
 * one half under way to the server while the next one arrives.
 */
#include "window.h"

#include <stdlib.h>
#include <string.h>

bool dpd_window_open(dpd_window *window, size_t size) {
  *window = (dpd_window){.ring = malloc(size), .size = size};
  return window->ring != NULL;
}

void dpd_window_close(dpd_window *window) {
  free(window->ring);
  window->ring = NULL;
}

bool dpd_window_put(dpd_window *window, uint64_t offset, const void *data, size_t length) {
  if (offset > window->end) {
    return false;
  }
  uint64_t known = window->end - offset;
  if (window->ring == NULL || known >= length) {
    return true;
  }
  const uint8_t *from = (const uint8_t *)data + known;
  size_t more = length - (size_t)known;
  size_t room = window->size - dpd_window_held(window);
  more = more < room ? more : room;
  size_t at = (size_t)(window->end % window->size);
  size_t first = more < window->size - at ? more : window->size - at;
  memcpy(window->ring + at, from, first);
  memcpy(window->ring, from + first, more - first);
  window->end += more;
  return true;
}

size_t dpd_window_take(dpd_window *window, void *out, size_t capacity) {
  size_t held = dpd_window_held(window);
  size_t length = window->ring == NULL ? 0 : held < capacity ? held : capacity;
  size_t at = (size_t)(window->begin % window->size);
  size_t first = length < window->size - at ? length : window->size - at;
  if (length > 0) {
    memcpy(out, window->ring + at, first);
    memcpy((uint8_t *)out + first, window->ring, length - first);
  }
  window->begin += length;
  return length;
}
