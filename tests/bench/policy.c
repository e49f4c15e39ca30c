/* policy.c - what the library's own thinking costs a call, without any I/O and under a fake clock.
 *
 * Build: meson setup -Dtests=enabled …; ninja; run tests/bench/bench_policy. Prints one line for each
 * part: µs a call, the best of seven rounds of 10^6 (or 10^5 where a round would take long). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <difypool/difypool.h>

#include "breaker.h"
#include "classify.h"
#include "joincache.h"
#include "limiter.h"
#include "pacer.h"
#include "request.h"
#include "retry.h"

#define KB "5cd92fac-41b4-4251-acb2-538a2a3a75b8"
#define DOC "07b88b46-0e6b-4f00-bc46-223550de6861"

enum { ROUNDS = 7 };

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void measure(const char *name, unsigned count, void (*run)(unsigned count)) {
  double best = 1e9;
  for (int i = 0; i < ROUNDS; i++) {
    double start = now_s();
    run(count);
    double us = 1e6 * (now_s() - start) / count;
    best = us < best ? us : best;
  }
  printf("%-58s %7.3f us\n", name, best);
}

static volatile unsigned sink;

static void route(unsigned count) {
  static const char path[] = "/v1/datasets/" KB "/documents/" DOC "/segments/" DOC;
  dp__route found;
  for (unsigned i = 0; i < count; i++)
    sink += dp__op_route("POST", path, sizeof path - 1, &found);
}

static void build(dp_op op, const dp_args *args, unsigned count) {
  const dp__op_desc *desc = dp__op_by_number(op);
  dp__request request;
  for (unsigned i = 0; i < count; i++) {
    if (dp__request_build(desc, args, "/v1", 0, &request, NULL) != DP_OK)
      abort();
    sink += (unsigned)request.body_length;
    dp__request_deinit(&request);
  }
}

static void build_list(unsigned count) {
  dp_args *args = dp_args_new();
  dp_args_set_string(args, "dataset_id", KB);
  dp_args_set_int(args, "page", 2);
  dp_args_set_int(args, "limit", 100);
  build(DP_OP_DOCUMENTS_LIST, args, count);
  dp_args_free(args);
}

static void build_create(unsigned count) {
  char text[5001];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  dp_args *args = dp_args_new();
  dp_args_set_string(args, "dataset_id", KB);
  dp_args_set_string(args, "name", "Page one");
  dp_args_set_string(args, "text", text);
  dp_args_set_string(args, "indexing_technique", "economy");
  dp_args_set_json(args, "process_rule", "{\"mode\":\"automatic\"}");
  build(DP_OP_DOCUMENTS_CREATE_BY_TEXT, args, count);
  dp_args_free(args);
}

static void build_raw(unsigned count) {
  dp_args *args = dp_args_new();
  dp_args_set_string(args, "method", "GET");
  dp_args_set_string(args, "path", "/v1/datasets/" KB "/documents");
  dp_args_set_string(args, "query", "page=2&limit=100");
  build(DP_OP_HTTP_REQUEST, args, count);
  dp_args_free(args);
}

/* Everything that a create goes through between its acceptance and its reply, but for the transfer. */
static void chain(unsigned count) {
  static const char answer[] = "{\"document\":{\"id\":\"" DOC "\"},\"batch\":\"20261123\"}";
  static const char path[] = "/datasets/" KB "/document/create-by-text";
  const dp__op_desc *desc = dp__op_by_number(DP_OP_DOCUMENTS_CREATE_BY_TEXT);
  dp__pacer pacer = {.window_us = 1000000, .limit = 1000000, .configured = true};
  static dp__marks marks;
  dp__budget budget = {0};
  dp__breaker breaker = {0};
  dp__limiter limiter;
  dp__limiter_init(&limiter, 4, 20);
  for (unsigned i = 0; i < count; i++) {
    uint64_t now = 1000000 + 1000ull * i, wait;
    dp__route found;
    sink += dp__op_route("POST", path, sizeof path - 1, &found);
    dp__budget_call(&budget, now);
    if (dp__pacer_wait_us(&pacer, 0, now) != 0 || !dp__breaker_admit(&breaker, now, &wait))
      abort();
    dp__pacer_go(&pacer);
    dp__marks_write(&marks, found.params[0].value, found.params[0].value_length);
    dp__facts facts = {.origin = "https://h:443", .desc = desc, .method = "POST", .path = path,
                       .started = true, .sent_all = true, .request_length = 5000, .status = 200,
                       .type = "application/json", .body = answer,
                       .body_length = sizeof answer - 1, .dify = true, .version = "1.12.1"};
    dp__verdict verdict;
    dp__classify(&facts, &verdict);
    dp__marks_write(&marks, found.params[0].value, found.params[0].value_length);
    dp__breaker_report(&breaker, verdict.health, now + 60000);
    dp__pacer_answered(&pacer, now + 60000);
    uint32_t tag = dp__limiter_begin(&limiter, now);
    dp__limiter_end(&limiter, now + 60000);
    dp__sample sample = {.now_us = now + 60000, .latency_us = 60000, .tag = tag,
                         .kind = (uint32_t)desc->op, .good = true};
    dp__limiter_sample(&limiter, &sample);
    sink += (unsigned)verdict.next;
  }
  dp__pacer_deinit(&pacer);
}

static void refusal(unsigned count) {
  static const char body[] = "{\"code\":\"forbidden\",\"message\":\"Sorry, you have reached the "
                             "knowledge base request rate limit of your subscription.\"}";
  for (unsigned i = 0; i < count; i++) {
    dp__facts facts = {.origin = "https://h:443",
                       .desc = dp__op_by_number(DP_OP_DOCUMENTS_CREATE_BY_TEXT), .method = "POST",
                       .path = "/x", .started = true, .sent_all = true, .status = 403,
                       .type = "application/json", .body = body, .body_length = sizeof body - 1,
                       .dify = true, .version = "1.12.1"};
    dp__verdict verdict;
    dp__classify(&facts, &verdict);
    sink += (unsigned)verdict.error.kind;
  }
}

int main(void) {
  measure("route a method and a path by the table", 1000000, route);
  measure("check and write documents.list", 1000000, build_list);
  measure("route, check and write http.request of the same", 1000000, build_raw);
  measure("check and write documents.create_by_text, 5 KB", 100000, build_create);
  measure("the chain of policies, a create that succeeds", 1000000, chain);
  measure("classify a refusal, its JSON read", 100000, refusal);
  return 0;
}
