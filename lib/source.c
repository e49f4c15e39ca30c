/*
 * Why three kinds behind one face: what a request's body needs is bytes from a place on, and whether
 * they can be had again. Content in memory is shared by reference, since a file is often the largest
 * thing a program holds; a file of this machine is read at the place that the transfer has reached, so
 * any number of calls may send it at once. Only a program's own source has a place of its own: it
 * serves one call, and is given back exactly once whatever becomes of that call.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "utf8.h"

enum { NAME_MAX_BYTES = 4096, TYPE_MAX_BYTES = 255 };

typedef enum source_kind { OF_BYTES, OF_PATH, OF_PROGRAM } source_kind;

struct dp__source {
  atomic_uint refs;
  atomic_bool taken, released;
  source_kind kind;
  char *filename, *type;
  int64_t length;
  char *bytes;
  int fd;
  dp_file_source given;
};

/* --- names and types --------------------------------------------------------------------------- */

static bool name_ok(const char *name) {
  size_t length = name ? strlen(name) : 0;
  if (!length || length > NAME_MAX_BYTES || !dp__utf8_ok(name, length))
    return false;
  for (const char *c = name; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7f)
      return false;
  return true;
}

/* It stands in a header: what is no visible ASCII could end it. */
static bool type_ok(const char *type) {
  const char *slash = type ? strchr(type, '/') : NULL;
  if (!type)
    return true;
  if (!slash || slash == type || !slash[1] || strlen(type) > TYPE_MAX_BYTES)
    return false;
  for (const char *c = type; *c; c++)
    if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
      return false;
  return true;
}

/* --- making one -------------------------------------------------------------------------------- */

static void destroy(dp__source *s) {
  free(s->filename);
  free(s->type);
  if (s->bytes)
    explicit_bzero(s->bytes, (size_t)s->length); /* it may be anything, as an argument may */
  free(s->bytes);
  if (s->fd >= 0)
    close(s->fd);
  free(s);
}

static dp_kind make(source_kind kind, const char *filename, const char *type, int64_t length,
                    dp__source **out) {
  if (!name_ok(filename) || !type_ok(type))
    return DP_INVALID_REQUEST;
  dp__source *s = calloc(1, sizeof *s);
  if (!s)
    return DP_INTERNAL;
  atomic_init(&s->refs, 1);
  s->kind = kind;
  s->length = length;
  s->fd = -1;
  s->filename = strdup(filename);
  s->type = type ? strdup(type) : NULL;
  if (!s->filename || (type && !s->type)) {
    destroy(s);
    return DP_INTERNAL;
  }
  *out = s;
  return DP_OK;
}

dp_kind dp__source_of_bytes(const char *filename, const char *type, const void *bytes,
                            size_t length, dp__source **out) {
  dp__source *s = NULL;
  if ((!bytes && length) || length > INT64_MAX / 2)
    return DP_INVALID_REQUEST;
  dp_kind kind = make(OF_BYTES, filename, type, 0, &s);
  if (kind != DP_OK)
    return kind;
  s->bytes = malloc(length + 1);
  if (!s->bytes) {
    destroy(s);
    return DP_INTERNAL;
  }
  if (length)
    memcpy(s->bytes, bytes, length);
  s->length = (int64_t)length;
  *out = s;
  return DP_OK;
}

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

dp_kind dp__source_of_path(const char *path, const char *filename, const char *type,
                           dp__source **out) {
  dp__source *s = NULL;
  struct stat info;
  if (!path || !*path)
    return DP_INVALID_REQUEST;
  dp_kind kind = make(OF_PATH, filename ? filename : last_part(path), type, 0, &s);
  if (kind != DP_OK)
    return kind;
  s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not hold us */
  if (s->fd < 0 || fstat(s->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    destroy(s);
    return DP_INVALID_REQUEST;
  }
  s->length = info.st_size;
  *out = s;
  return DP_OK;
}

dp_kind dp__source_of_program(const dp_file_source *given, dp__source **out) {
  dp__source *s = NULL;
  if (!given || given->size < sizeof(size_t) || given->size > sizeof s->given)
    return DP_INVALID_REQUEST;
  dp_file_source full = DP_FILE_SOURCE_INIT;
  memcpy(&full, given, given->size);
  if (!full.read || full.length < -1)
    return DP_INVALID_REQUEST;
  dp_kind kind = make(OF_PROGRAM, full.filename, full.type, full.length, &s);
  if (kind != DP_OK)
    return kind;
  s->given = full;
  s->given.filename = s->given.type = NULL;
  *out = s;
  return DP_OK;
}

/* --- whose it is --------------------------------------------------------------------------------- */

dp__source *dp__source_ref(dp__source *source) {
  atomic_fetch_add_explicit(&source->refs, 1, memory_order_relaxed);
  return source;
}

void dp__source_unref(dp__source *source) {
  if (!source || atomic_fetch_sub_explicit(&source->refs, 1, memory_order_acq_rel) != 1)
    return;
  dp__source_release(source);
  destroy(source);
}

void dp__source_give_up(dp__source *source) {
  destroy(source);
}

bool dp__source_take(dp__source *source) {
  return source->kind != OF_PROGRAM || !atomic_exchange(&source->taken, true);
}

void dp__source_give_back(dp__source *source) {
  atomic_store(&source->taken, false);
}

void dp__source_release(dp__source *source) {
  if (source->kind == OF_PROGRAM && !atomic_exchange(&source->released, true) &&
      source->given.release)
    source->given.release(source->given.user);
}

/* --- what it says and gives ------------------------------------------------------------------------ */

const char *dp__source_filename(const dp__source *source) {
  return source->filename;
}

const char *dp__source_type(const dp__source *source) {
  return source->type;
}

int64_t dp__source_length(const dp__source *source) {
  return source->length;
}

const char *dp__source_bytes(const dp__source *source) {
  return source->bytes;
}

bool dp__source_is_programs(const dp__source *source) {
  return source->kind == OF_PROGRAM;
}

bool dp__source_can_rewind(const dp__source *source) {
  return source->kind != OF_PROGRAM || source->given.rewind;
}

bool dp__source_rewind(dp__source *source) {
  return source->kind != OF_PROGRAM ||
         (source->given.rewind && source->given.rewind(source->given.user));
}

static dp_flow read_bytes(const dp__source *s, uint64_t at, void *buffer, size_t capacity,
                          size_t *length) {
  uint64_t left = (uint64_t)s->length - at;
  *length = left < capacity ? (size_t)left : capacity;
  memcpy(buffer, s->bytes + at, *length);
  return DP_FLOW_CONTINUE;
}

static dp_flow read_path(const dp__source *s, uint64_t at, void *buffer, size_t capacity,
                         size_t *length) {
  ssize_t got;
  do
    got = pread(s->fd, buffer, capacity, (off_t)at);
  while (got < 0 && errno == EINTR);
  *length = got > 0 ? (size_t)got : 0;
  return got < 0 ? DP_FLOW_ABORT : DP_FLOW_CONTINUE;
}

dp_flow dp__source_read(dp__source *s, struct dp_call *call, uint64_t at, void *buffer,
                        size_t capacity, size_t *length) {
  *length = 0;
  switch (s->kind) {
  case OF_BYTES:
    return read_bytes(s, at, buffer, capacity, length);
  case OF_PATH:
    return read_path(s, at, buffer, capacity, length);
  case OF_PROGRAM:
    return s->given.read(call, buffer, capacity, length, s->given.user);
  }
  return DP_FLOW_ABORT;
}
