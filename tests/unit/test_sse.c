/* Server-sent events: the specification sentence by sentence, each text cut at every place, bounds,
 * and memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scarce.h"
#include "sse.h"

/* A text, and its events as "type|id|data" with ; behind each. */
typedef struct sample {
  const char *text;
  size_t length;
  const char *events;
} sample;

#define S(text, events)                                                                            \
  { text, sizeof(text) - 1, events }
#define FFFD "\xef\xbf\xbd"

static const sample samples[] = {
    S("", ""),
    S("\n\n\n", ""),
    S("data: a\n\n", "message||a;"),
    S("data:a\n\n", "message||a;"),
    S("data:  a\n\n", "message|| a;"), /* one space goes, no more */
    S("data:\ta\n\n", "message||\ta;"),
    S("data\n\n", "message||;"), /* a field without a colon is a field without a value */
    S("data:\n\n", "message||;"),
    S("data: \n\n", "message||;"),
    S("data\ndata\n\n", "message||\n;"),
    S("data: a\ndata:\ndata: b\n\n", "message||a\n\nb;"),
    S("data: a:b: c\n\n", "message||a:b: c;"),
    /* line ends */
    S("data: a\r\rdata: b\r\r", "message||a;message||b;"),
    S("data: a\r\n\r\ndata: b\r\n\r\n", "message||a;message||b;"),
    S("data: a\ndata: b\rdata: c\r\ndata: d\n\r", "message||a\nb\nc\nd;"),
    S("data: a\r\n\n", "message||a;"),
    S("data: a\n\r\n", "message||a;"),
    S("data: a\r\n\rdata: b\n\n", "message||a;message||b;"),
    S("\r\n\r\ndata: a\r\n\r\n", "message||a;"),
    /* an end without a blank line throws the event away */
    S("data: a", ""),
    S("data: a\n", ""),
    S("data: a\n\ndata: b\n", "message||a;"),
    S("data: a\n\ndata: b\n:", "message||a;"),
    /* comments, and fields that nobody knows */
    S(":\n\n", ""),
    S(": ping\n: pong\n\ndata: a\n:x\n\n", "message||a;"),
    S("dat: a\ndataa: b\nDATA: c\n data: d\ndata : e\n\n", ""),
    S("foo\nfoo: bar\n: \ndata: a\n\n", "message||a;"),
    /* event */
    S("event: x\ndata: a\n\ndata: b\n\n", "x||a;message||b;"), /* it does not last */
    S("event: x\nevent: y\ndata: a\n\n", "y||a;"),
    S("event: x\nevent\ndata: a\n\n", "message||a;"),
    S("event: ping\n\ndata: a\n\n", "message||a;"), /* no data, no event, and its type is gone */
    S("data: a\nevent: late\n\n", "late||a;"),
    S("event: a\0b\ndata: a\n\n", "a" FFFD "b||a;"),
    S("event: \0\ndata: a\n\n", FFFD "||a;"),
    /* id */
    S("id: 1\ndata: a\n\ndata: b\n\n", "message|1|a;message|1|b;"), /* it lasts */
    S("id: 1\n\ndata: b\n\n", "message|1|b;"),
    S("id: 1\ndata: a\n\nid\ndata: b\n\n", "message|1|a;message||b;"),
    S("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n", "message|1|a;message|1|b;"), /* a NUL spoils it */
    S("id: \0\ndata: a\n\n", "message||a;"),
    S("id:1\nid: 2\ndata: a\n\n", "message|2|a;"),
    /* retry is no event */
    S("retry: 10\n\nretry: x\n\nretry\n\ndata: a\n\n", "message||a;"),
    /* byte order mark: one, at the very start */
    S("\xef\xbb\xbf"
      "data: a\n\n",
      "message||a;"),
    S("\xef\xbb\xbf\xef\xbb\xbf"
      "data: a\n\ndata: b\n\n",
      "message||b;"),
    S("\xef\xbb"
      "data: a\n\ndata: b\n\n",
      "message||b;"),
    S("\xef"
      "data: a\n\ndata: b\n\n",
      "message||b;"),
    S("\xef\xbb\n\ndata: b\n\n", "message||b;"),
    S("\xef\xbb\xbf\ndata: b\n\n", "message||b;"),
    S("data: a\n\n\xef\xbb\xbf"
      "data: b\n\n",
      "message||a;"),
    S("data: \xef\xbb\xbf"
      "a\n\n",
      "message||\xef\xbb\xbf"
      "a;"),
    S("\xef\xbb\xbf", ""),
    /* UTF-8 and what is none */
    S("data: caf\xc3\xa9 \xe2\x98\x83 \xf0\x9f\x98\x80\n\n",
      "message||caf\xc3\xa9 \xe2\x98\x83 \xf0\x9f\x98\x80;"),
    S("data: \xff\n\n", "message||" FFFD ";"),
    S("data: \x80\xbf\n\n", "message||" FFFD FFFD ";"),
    S("data: \xc3\n\n", "message||" FFFD ";"), /* a sequence that the line's end breaks off */
    S("data: \xe2\x98\n\n", "message||" FFFD ";"),
    S("data: \xe2\x98z\n\n", "message||" FFFD "z;"),
    S("data: \xf0\x9f\x98\r\n\n", "message||" FFFD ";"),
    S("data: \xf0\x9f\x98\x80\x80\n\n", "message||\xf0\x9f\x98\x80" FFFD ";"),
    S("data: \xc0\xaf\n\n", "message||" FFFD FFFD ";"), /* overlong */
    S("data: \xe0\x80\xaf\n\n", "message||" FFFD FFFD FFFD ";"),
    S("data: \xf0\x80\x80\xaf\n\n", "message||" FFFD FFFD FFFD FFFD ";"),
    S("data: \xed\xa0\x80\n\n", "message||" FFFD FFFD FFFD ";"),          /* a surrogate */
    S("data: \xf4\x90\x80\x80\n\n", "message||" FFFD FFFD FFFD FFFD ";"), /* over U+10FFFF */
    S("data: \xf5\x80\n\n", "message||" FFFD FFFD ";"),
    S("data: \xe1\x80\xe2\x98\x83\n\n", "message||" FFFD "\xe2\x98\x83;"),
    S("event: \xff\nid: \xfe\ndata: a\n\n", FFFD "|" FFFD "|a;"),
    S("data\xff: a\n\n", ""),
    /* the specification's own examples */
    S("data: YHOO\ndata: +2\ndata: 10\n\n", "message||YHOO\n+2\n10;"),
    S(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
      "message|1|first event;message||second event;"),
    S("data\n\ndata\ndata\n\ndata:\n", "message||;message||\n;"),
    S("data:test\n\ndata: test\n\n", "message||test;message||test;"),
    S("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n",
      "add||73857293;remove||2153;add||113411;"),
};

typedef struct seen {
  char text[4096];
  size_t length;
  dp__sse_result last;
} seen;

static void note(seen *out, const dp__sse *sse) {
  size_t length;
  const char *data = dp__sse_data(sse, &length);
  assert_int_equal(data[length], '\0');
  assert_true(out->length + length + 200 < sizeof out->text);
  out->length +=
      (size_t)sprintf(out->text + out->length, "%s|%s|", dp__sse_type(sse), dp__sse_id(sse));
  memcpy(out->text + out->length, data, length);
  out->length += length;
  out->text[out->length++] = ';';
}

/* One piece; false when it cannot be read any further. The piece stands alone in memory, so that a
 * reader of what is behind it is caught. */
static bool feed(dp__sse *sse, const char *text, size_t length, seen *out) {
  char *piece = malloc(length ? length : 1);
  if (!piece)
    return false;
  memcpy(piece, text, length);
  bool good = true;
  for (size_t at = 0; good;) {
    size_t taken;
    out->last = dp__sse_feed(sse, piece + at, length - at, &taken);
    at += taken;
    assert_true(at <= length);
    if (out->last == DP__SSE_EVENT)
      note(out, sse);
    else if (out->last == DP__SSE_MORE)
      break;
    else
      good = false;
  }
  free(piece);
  return good;
}

static dp__sse fresh(void) {
  return (dp__sse){.line_max = 4096, .event_max = 4096};
}

static void check(const sample *s, const seen *out, size_t first, size_t second) {
  if (out->length != strlen(s->events) || memcmp(out->text, s->events, out->length) != 0)
    fail_msg("\"%s\" cut at %zu and %zu: \"%.*s\" instead of \"%s\"", s->text, first, second,
             (int)out->length, out->text, s->events);
}

/* Every pair of places. */
static void test_every_cut(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
    for (size_t first = 0; first <= samples[i].length; first++)
      for (size_t second = first; second <= samples[i].length; second++) {
        const sample *s = &samples[i];
        dp__sse sse = fresh();
        seen out = {.length = 0};
        assert_true(feed(&sse, s->text, first, &out));
        assert_true(feed(&sse, s->text + first, second - first, &out));
        assert_true(feed(&sse, s->text + second, s->length - second, &out));
        check(s, &out, first, second);
        dp__sse_deinit(&sse);
      }
}

static void test_byte_by_byte(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
    const sample *s = &samples[i];
    dp__sse sse = fresh();
    seen out = {.length = 0};
    for (size_t at = 0; at < s->length; at++)
      assert_true(feed(&sse, s->text + at, 1, &out));
    check(s, &out, 0, 0);
    dp__sse_deinit(&sse);
  }
}

/* It stops behind each event, and the rest is not touched. */
static void test_stops(void **state) {
  (void)state;
  static const char text[] = "data: a\r\n\r\ndata: b\n\nx";
  dp__sse sse = fresh();
  size_t taken, length;
  assert_int_equal(dp__sse_feed(&sse, text, sizeof text - 1, &taken), DP__SSE_EVENT);
  assert_int_equal(taken, 10); /* behind the CR that ends the blank line */
  assert_string_equal(dp__sse_data(&sse, &length), "a");
  assert_int_equal(dp__sse_feed(&sse, text + taken, sizeof text - 1 - taken, &taken),
                   DP__SSE_EVENT);
  assert_int_equal(taken, 10);
  assert_string_equal(dp__sse_data(&sse, &length), "b");
  assert_int_equal(dp__sse_feed(&sse, text + 20, 1, &taken), DP__SSE_MORE);
  assert_int_equal(sse.count, 2);
  dp__sse_deinit(&sse);
}

static void test_retry(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t ms;
  } cases[] = {{"retry: 1500\n", 1500}, {"retry:0\n", 0},  {"retry: 1x\n", 0},
               {"retry: -1\n", 0},      {"retry: \n", 0},  {"retry: 5\nretry: z\n", 5},
               {"retry:  5\n", 0},      {"retry: +5\n", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    dp__sse sse = fresh();
    seen out = {.length = 0};
    assert_true(feed(&sse, cases[i].text, strlen(cases[i].text), &out));
    assert_int_equal(sse.retry_ms, cases[i].ms);
    dp__sse_deinit(&sse);
  }
}

static dp__sse_result feed_all(const char *text, size_t line_max, size_t event_max, size_t step) {
  dp__sse sse = {.line_max = line_max, .event_max = event_max};
  seen out = {.length = 0};
  size_t length = strlen(text);
  for (size_t at = 0; at < length; at += step)
    if (!feed(&sse, text + at, length - at < step ? length - at : step, &out))
      break;
  dp__sse_deinit(&sse);
  return out.last;
}

static void test_bounds(void **state) {
  (void)state;
  for (size_t step = 1; step < 20; step++) {
    /* a line, with its end and without */
    assert_int_equal(feed_all("data: 7890\n\n", 10, 100, step), DP__SSE_MORE);
    assert_int_equal(feed_all("data: 78901\n\n", 10, 100, step), DP__SSE_LINE_TOO_LONG);
    assert_int_equal(feed_all("data: 78901", 10, 100, step), DP__SSE_LINE_TOO_LONG);
    assert_int_equal(feed_all(": 345678901", 10, 100, step), DP__SSE_LINE_TOO_LONG);
    assert_int_equal(feed_all("\xef\xbb\xbf"
                              "data: 7890\n\n",
                              10, 100, step),
                     DP__SSE_MORE);
    /* an event, in one line or many */
    assert_int_equal(feed_all("data: 12345\n\n", 99, 5, step), DP__SSE_MORE);
    assert_int_equal(feed_all("data: 123456\n\n", 99, 5, step), DP__SSE_EVENT_TOO_LONG);
    assert_int_equal(feed_all("data: 12\ndata: 34\n\n", 99, 5, step), DP__SSE_MORE);
    assert_int_equal(feed_all("data: 12\ndata: 345\n\n", 99, 5, step), DP__SSE_EVENT_TOO_LONG);
    assert_int_equal(feed_all("data\ndata\ndata\ndata\ndata\ndata\n\n", 99, 5, step), DP__SSE_MORE);
    assert_int_equal(feed_all("data\ndata\ndata\ndata\ndata\ndata\ndata\n\n", 99, 5, step),
                     DP__SSE_EVENT_TOO_LONG);
    assert_int_equal(feed_all("event: 123456\n", 99, 5, step), DP__SSE_EVENT_TOO_LONG);
    assert_int_equal(feed_all("id: 123456\n", 99, 5, step), DP__SSE_EVENT_TOO_LONG);
    assert_int_equal(feed_all("data: \xff\xff\n\n", 99, 5, step), DP__SSE_EVENT_TOO_LONG);
    assert_int_equal(feed_all("data: 12345\n\ndata: 12345\n\n", 99, 5, step), DP__SSE_MORE);
  }
}

/* A large event is not held once it is over. */
static void test_gives_back(void **state) {
  (void)state;
  enum { SIZE = 1 << 20 };
  char *text = malloc(SIZE);
  dp__sse sse = {.line_max = SIZE, .event_max = SIZE};
  seen out = {.length = 0};
  size_t taken;
  memset(text, 'x', SIZE);
  memcpy(text, "data: ", 6);
  memcpy(text + SIZE - 2, "\n\n", 2);
  assert_int_equal(dp__sse_feed(&sse, text, SIZE / 2, &taken), DP__SSE_MORE);
  assert_int_equal(dp__sse_feed(&sse, text + SIZE / 2, SIZE / 2, &taken), DP__SSE_EVENT);
  assert_true(feed(&sse, "data: a\n\n", 9, &out));
  assert_true(sse.line.capacity + sse.data.capacity < 1 << 16);
  dp__sse_deinit(&sse);
  free(text);
}

static void test_memory(void **state) {
  (void)state;
  static const char text[] = "\xef\xbb"
                             "x\nid: 1\nevent: e\0\xff\ndata: a\ndata: \xff\n\ndata: b\n\n";
  dp__sse sse;
  seen out;
  bool good;
  EACH_ALLOCATION_FAILS(
      (sse = fresh(), out.length = 0),
      (good = feed(&sse, text, 9, &out) && feed(&sse, text + 9, sizeof text - 10, &out)),
      (assert_int_equal(good, !scarce_failed), dp__sse_deinit(&sse)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_cut), cmocka_unit_test(test_byte_by_byte),
      cmocka_unit_test(test_stops),     cmocka_unit_test(test_retry),
      cmocka_unit_test(test_bounds),    cmocka_unit_test(test_gives_back),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
