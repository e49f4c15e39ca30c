/* window.h - the bytes of an upload between its client and its transfer: a ring. Pure; no lock. */
#ifndef DPD_WINDOW_H
#define DPD_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offsets count from the file's first byte: begin..end stand in the ring. */
typedef struct dpd_window {
  uint8_t *ring; /* NULL once nothing more is wanted */
  size_t size;
  uint64_t begin; /* taken by the transfer, so far */
  uint64_t end;   /* accepted from the client, so far */
} dpd_window;

/* dpd_window_open - false when memory is out. */
bool dpd_window_open(dpd_window *window, size_t size);
void dpd_window_close(dpd_window *window);

static inline size_t dpd_window_held(const dpd_window *window) {
  return (size_t)(window->end - window->begin);
}

/* dpd_window_has_room - whether a client that keeps to half of it may go on. */
static inline bool dpd_window_has_room(const dpd_window *window) {
  return dpd_window_held(window) <= window->size / 2;
}

/* dpd_window_put - those of the bytes at offset that are new and fit; the first of them must stand
 * at end or before it (else nothing happens: false). */
bool dpd_window_put(dpd_window *window, uint64_t offset, const void *data, size_t length);
/* dpd_window_take - up to capacity bytes, in order; returns how many. */
size_t dpd_window_take(dpd_window *window, void *out, size_t capacity);

#endif
