/*
 * A stream of events from a hostile server, through all that reads it: the parser, what its events
 * tell of a run, the one answer that is put together of them. The promises under test: however the
 * bytes are cut into pieces, the events are those of a second parser, which is written as the
 * specification is, slowly and over the whole text at once; and what is made of them is JSON.
 *
 * The first byte of the input says how the rest is cut. With -DREPLAY it has a main of its own,
 * which changes sound streams by a fixed sequence; that is what the ordinary tests run, under the
 * sanitizers.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "json.h"
#include "run.h"
#include "sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BOUND = 1 << 20 };

/* Events one behind the other, each text with its length. */
typedef struct list {
  char *bytes;
  size_t length, capacity;
} list;

static void put(list *l, const void *bytes, size_t length) {
  if (l->length + length + sizeof length > l->capacity) {
    l->capacity = 2 * (l->length + length + 64);
    l->bytes = realloc(l->bytes, l->capacity);
    if (!l->bytes)
      abort();
  }
  memcpy(l->bytes + l->length, bytes, length);
  l->length += length;
}

static void put_text(list *l, const void *bytes, size_t length) {
  put(l, &length, sizeof length);
  put(l, bytes, length);
}

/* --- the second parser ---------------------------------------------------------------------- */

/* The decoder of the Encoding standard, state by state. */
static void decode(const uint8_t *in, size_t size, list *out) {
  uint32_t needed = 0, seen = 0, low = 0x80, high = 0xbf;
  size_t start = 0;
  for (size_t i = 0; i < size; i++) {
    uint8_t b = in[i];
    if (needed == 0) {
      start = i;
      if (b < 0x80) {
        put(out, &b, 1);
      } else if (b >= 0xc2 && b <= 0xf4) {
        needed = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
        low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
        high = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
      } else {
        put(out, "\xef\xbf\xbd", 3);
      }
      continue;
    }
    if (b < low || b > high) {
      needed = seen = 0;
      low = 0x80, high = 0xbf;
      put(out, "\xef\xbf\xbd", 3);
      i--; /* the byte is read again */
      continue;
    }
    low = 0x80, high = 0xbf;
    if (++seen == needed) {
      put(out, in + start, needed + 1);
      needed = seen = 0;
    }
  }
  if (needed)
    put(out, "\xef\xbf\xbd", 3);
}

typedef struct model {
  list type, data, id, last_id, events;
} model;

static void set(list *l, const char *text, size_t length) {
  l->length = 0;
  put(l, text, length);
}

static void model_dispatch(model *m) {
  set(&m->last_id, m->id.bytes, m->id.length);
  if (m->data.length) {
    put_text(&m->events, m->type.length ? m->type.bytes : "message",
             m->type.length ? m->type.length : 7);
    put_text(&m->events, m->last_id.bytes, m->last_id.length);
    put_text(&m->events, m->data.bytes, m->data.length - 1);
  }
  m->type.length = m->data.length = 0;
}

static bool named(const char *line, size_t length, const char *name) {
  return length == strlen(name) && memcmp(line, name, length) == 0;
}

static void model_line(model *m, const char *line, size_t length) {
  if (length == 0) {
    model_dispatch(m);
    return;
  }
  const char *colon = memchr(line, ':', length);
  size_t name = colon ? (size_t)(colon - line) : length;
  const char *value = colon ? colon + 1 : line + length;
  size_t left = length - (size_t)(value - line);
  if (left && *value == ' ')
    value++, left--;
  if (named(line, name, "data")) {
    put(&m->data, value, left);
    put(&m->data, "\n", 1);
  } else if (named(line, name, "event")) {
    m->type.length = 0;
    for (size_t i = 0; i < left; i++) /* our own: a C string cannot hold a NUL */
      put(&m->type, value[i] ? &value[i] : "\xef\xbf\xbd", value[i] ? 1 : 3);
  } else if (named(line, name, "id") && !memchr(value, '\0', left)) {
    set(&m->id, value, left);
  }
}

static void model_read(model *m, const uint8_t *data, size_t size) {
  list text = {0};
  put(&text, "", 0); /* there is a buffer, whatever comes */
  decode(data, size, &text);
  size_t at = text.length >= 3 && memcmp(text.bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  for (size_t end = at; end < text.length; end++) {
    if (text.bytes[end] != '\n' && text.bytes[end] != '\r')
      continue;
    model_line(m, text.bytes + at, end - at);
    if (text.bytes[end] == '\r' && end + 1 < text.length && text.bytes[end + 1] == '\n')
      end++;
    at = end + 1;
  }
  free(text.bytes);
}

static void model_free(model *m) {
  free(m->type.bytes);
  free(m->data.bytes);
  free(m->id.bytes);
  free(m->last_id.bytes);
  free(m->events.bytes);
}

/* --- the real one --------------------------------------------------------------------------- */

typedef struct reader {
  dp__sse sse;
  dp__run run;
  dp__assembly assembly;
  list events;
} reader;

static void take(reader *r) {
  size_t length;
  bool ping;
  const char *data = dp__sse_data(&r->sse, &length);
  put_text(&r->events, dp__sse_type(&r->sse), strlen(dp__sse_type(&r->sse)));
  put_text(&r->events, dp__sse_id(&r->sse), strlen(dp__sse_id(&r->sse)));
  put_text(&r->events, data, length);
  char *exact = malloc(length ? length : 1); /* so that a read past the end is seen */
  if (!exact)
    abort();
  memcpy(exact, data, length);
  if (!dp__run_note(&r->run, exact, length, &ping) ||
      dp__assemble(&r->assembly, exact, length) != DP__ASSEMBLED)
    abort();
  free(exact);
}

static void feed(reader *r, const uint8_t *data, size_t size) {
  char *exact = malloc(size ? size : 1);
  if (!exact)
    abort();
  memcpy(exact, data, size);
  for (size_t at = 0, taken;; at += taken) {
    dp__sse_result result = dp__sse_feed(&r->sse, exact + at, size - at, &taken);
    if (at + taken > size || (result != DP__SSE_EVENT && result != DP__SSE_MORE))
      abort();
    if (result == DP__SSE_MORE)
      break;
    take(r);
  }
  free(exact);
}

/* What is put together is as deep as its deepest part and a little more. */
static bool is_shallow(const uint8_t *data, size_t size) {
  size_t open = 0;
  for (size_t i = 0; i < size; i++)
    open += data[i] == '{' || data[i] == '[';
  return open < DP__JSON_DEPTH - 3;
}

static void check_made(reader *r, const uint8_t *data, size_t size) {
  dp__buffer out = {0};
  if (!dp__assemble_end(&r->assembly, &out))
    abort();
  if (is_shallow(data, size) && !dp__json_ok(out.data, out.length))
    abort();
  if (is_shallow(data, size) && r->run.failed &&
      !dp__json_ok(r->run.failure.data, r->run.failure.length))
    abort();
  dp__buffer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  uint32_t cut = *data++;
  size--;
  model m = {0};
  put(&m.id, "", 0);
  put(&m.type, "", 0);
  model_read(&m, data, size);
  reader r = {.sse = {.line_max = BOUND, .event_max = BOUND}, .assembly = {.max = BOUND}};
  for (size_t at = 0; at < size;) {
    size_t length = cut == 0 ? size : 1 + cut % 7;
    length = length > size - at ? size - at : length;
    feed(&r, data + at, length);
    at += length;
    cut = cut ? cut * 5 + 1 : 0;
  }
  if (r.events.length != m.events.length ||
      (r.events.length && memcmp(r.events.bytes, m.events.bytes, r.events.length) != 0))
    abort();
  check_made(&r, data, size);
  model_free(&m);
  free(r.events.bytes);
  dp__sse_deinit(&r.sse);
  dp__run_deinit(&r.run);
  dp__assembly_deinit(&r.assembly);
  return 0;
}

#ifdef REPLAY
static uint64_t state = 88172645463325252u;

static uint32_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 16);
}

#define SEED(bytes)                                                                                \
  { (bytes), sizeof(bytes) - 1 }
static const struct {
  const char *data;
  size_t size;
} seeds[] = {
    SEED("\0\xef\xbb\xbf"
         "event: x\r\nid: 1\r\ndata: caf\xc3\xa9\rdata: \xe2\x98\x83\n\n: c\ndata\n\n"),
    SEED("\1data: {\"event\":\"message\",\"message_id\":\"m\",\"answer\":\"a\\n\"}\n\nevent: "
         "ping\n\n"
         "data: {\"event\":\"message_end\",\"metadata\":{\"usage\":[1,2]},\"files\":[{}]}\n\n"),
    SEED("\2data: {\"event\":\"workflow_started\",\"task_id\":\"t\",\"workflow_run_id\":\"w\"}\n\n"
         "data: "
         "{\"event\":\"workflow_finished\",\"data\":{\"status\":\"failed\",\"error\":\"e\","
         "\"outputs\":{}}}\n\n"),
    SEED("\3data: {\"event\":\"error\",\"code\":\"c\",\"status\":400,\"message\":\"m\"}\n\nretry: "
         "5\nid\0: 7\n\n"),
    SEED("\4data: \xf0\x9f\x98\x80\xed\xa0\x80\xc0\xaf\n\nid: \xff\nevent: a\0b\ndata: x\n\ndata: "
         "y"),
};

static void change(uint8_t *data, size_t *size) {
  static const char interesting[] = "\r\n:{}[]\",\\ \0\xef\xbb\xbf\xe2\xf0\x80";
  for (uint32_t times = 1 + next_random() % 6; times > 0 && *size > 1; times--) {
    size_t at = next_random() % *size;
    switch (next_random() % 4) {
    case 0:
      memmove(data + at, data + at + 1, --*size - at);
      break;
    case 1:
      data[at] ^= (uint8_t)(1u << (next_random() % 8));
      break;
    default:
      data[at] = (uint8_t)interesting[next_random() % (sizeof interesting - 1)];
      break;
    }
  }
}

int main(void) {
  enum { ROUNDS = 60000, ROOM = 512 };
  for (int i = 0; i < ROUNDS; i++) {
    size_t seed = (size_t)i % (sizeof seeds / sizeof *seeds), size = seeds[seed].size;
    uint8_t copy[ROOM];
    memcpy(copy, seeds[seed].data, size);
    if ((size_t)i >= sizeof seeds / sizeof *seeds) /* first as they are */
      change(copy, &size);
    copy[0] = (uint8_t)next_random();
    LLVMFuzzerTestOneInput(copy, size);
  }
  printf("%d streams\n", ROUNDS);
  return 0;
}
#endif
