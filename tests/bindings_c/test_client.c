/* Calls against a fake that behaves: waiting, many at once, callbacks, cancel, bounds, fork. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <poll.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"

static int before;

static int count_descriptors(void **state) {
  (void)state;
  before = open_descriptors();
  return 0;
}

static int same_descriptors(void **state) {
  (void)state;
  assert_int_equal(open_descriptors(), before);
  return 0;
}

static void a_call_and_its_reply(void **state) {
  (void)state;
  fake *f = fake_start(NULL, NULL);
  dpc_client *client = fake_client(f, NULL);
  for (int i = 0; i < 100; i++) {
    dpc_reply *reply;
    assert_int_equal(dpc_call_run(client, "datasets.list", NULL, NULL, &reply), DPC_OK);
    assert_string_equal(dpc_reply_body(reply, NULL), "{\"op\": \"datasets.list\"}");
    dpc_reply_unref(reply);
  }
  assert_int_equal(fake_connections(f), 1);
  assert_string_equal(dpc_client_socket(client), fake_path(f));
  dpc_client_close(client);
  fake_stop(f);
}

typedef struct seen {
  uint8_t epoch[16];
  bool has_epoch, again;
  char profile[64];
} seen;

static bool look(fake *f, const fake_request *r, void *user) {
  (void)f;
  seen *s = user;
  if (strncmp(r->op, "service.", 8) != 0) {
    memcpy(s->epoch, r->epoch, 16);
    s->has_epoch = r->has_epoch;
    s->again = r->again;
    snprintf(s->profile, sizeof s->profile, "%s", r->profile);
  }
  return false;
}

static void what_a_request_carries(void **state) {
  (void)state;
  seen s = {.again = false};
  uint8_t epoch[16];
  memset(epoch, 'a', sizeof epoch);
  fake *f = fake_start(look, &s);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.profile = "work";
  dpc_client *client = fake_client(f, &options);
  dpc_call_options call = DPC_CALL_OPTIONS_INIT;
  static const uint8_t id[16] = {4, 2};
  call.id = id;
  call.flags = DPC_CALL_MAYBE_DONE;
  dpc_reply *reply;
  assert_int_equal(dpc_call_run(client, "documents.delete", NULL, &call, &reply), DPC_OK);
  assert_memory_equal(dpc_reply_id(reply), id, 16);
  dpc_reply_unref(reply);
  dpc_client_close(client);
  fake_stop(f);
  assert_true(s.has_epoch && s.again);
  assert_memory_equal(s.epoch, epoch, 16);
  assert_string_equal(s.profile, "work");
}

/* Keeps requests and answers them in the reverse of their order once there are enough. */
typedef struct backwards {
  fake_request kept[50];
  size_t count;
} backwards;

static bool answer_backwards(fake *f, const fake_request *r, void *user) {
  backwards *b = user;
  if (strncmp(r->op, "service.", 8) == 0)
    return false;
  b->kept[b->count++] = *r;
  if (b->count == 50)
    while (b->count--)
      fake_ok(f, &b->kept[b->count], b->kept[b->count].op, strlen(b->kept[b->count].op));
  return true;
}

static void replies_come_in_any_order(void **state) {
  (void)state;
  backwards b = {.count = 0};
  fake *f = fake_start(answer_backwards, &b);
  dpc_client *client = fake_client(f, NULL);
  dpc_call *calls[50];
  char op[32];
  dpc_error err;
  for (int i = 0; i < 50; i++) {
    snprintf(op, sizeof op, "test.number_%d", i);
    assert_int_equal(dpc_call_start(client, op, NULL, NULL, NULL, NULL, &calls[i], &err), DPC_OK);
  }
  for (int i = 0; i < 50; i++) {
    dpc_reply *reply, *again;
    snprintf(op, sizeof op, "test.number_%d", i);
    assert_int_equal(dpc_call_wait(calls[i], &reply), DPC_OK);
    assert_string_equal(dpc_reply_body(reply, NULL), op);
    assert_int_equal(dpc_call_wait(calls[i], &again), DPC_OK);
    assert_ptr_equal(reply, again);
    dpc_reply_unref(again);
    dpc_reply_unref(reply);
    dpc_call_unref(calls[i]);
  }
  dpc_client_close(client);
  fake_stop(f);
}

static void own_base_url_goes_by_a_handle(void **state) {
  (void)state;
  seen s = {.again = false};
  fake *f = fake_start(look, &s);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  dpc_args *more = dpc_args_new();
  dpc_args_set_bool(more, "pooling", false);
  options.base_url = "https://dify.example";
  options.api_key = "dataset-example";
  options.connect = more;
  dpc_client *client = fake_client(f, &options);
  dpc_args_free(more);
  dpc_reply *reply;
  assert_int_equal(dpc_call_run(client, "datasets.list", NULL, NULL, &reply), DPC_OK);
  dpc_reply_unref(reply);
  assert_int_equal(fake_count(f, "service.connect"), 1);
  dpc_client_close(client);
  fake_stop(f);
  assert_string_equal(s.profile, "h-1");
}

/* The first two calls are told that their handle is lost. */
static bool lose_handles(fake *f, const fake_request *r, void *user) {
  unsigned *left = user;
  if (strncmp(r->op, "service.", 8) == 0 || !*left)
    return false;
  --*left;
  fake_error(f, r, "not_found", "no_such_profile");
  return true;
}

static void a_lost_handle_is_asked_for_again(void **state) {
  (void)state;
  unsigned left = 2;
  fake *f = fake_start(lose_handles, &left);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.base_url = "https://dify.example";
  dpc_client *client = fake_client(f, &options);
  dpc_reply *reply;
  assert_int_equal(dpc_call_run(client, "datasets.list", NULL, NULL, &reply), DPC_OK);
  dpc_reply_unref(reply);
  assert_int_equal(fake_count(f, "service.connect"), 3);
  assert_int_equal(fake_count(f, "datasets.list"), 3);
  dpc_client_close(client);
  fake_stop(f);
}

static void a_handle_that_is_lost_each_time_is_an_error(void **state) {
  (void)state;
  unsigned left = 1000;
  fake *f = fake_start(lose_handles, &left);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.base_url = "https://dify.example";
  dpc_client *client = fake_client(f, &options);
  dpc_reply *reply;
  assert_int_equal(dpc_call_run(client, "datasets.list", NULL, NULL, &reply), DPC_NOT_FOUND);
  assert_string_equal(dpc_reply_error(reply)->code, "no_such_profile");
  dpc_reply_unref(reply);
  dpc_client_close(client);
  fake_stop(f);
}

static bool refuse_connect(fake *f, const fake_request *r, void *user) {
  (void)user;
  if (strcmp(r->op, "service.connect") != 0)
    return false;
  fake_error(f, r, "denied", "base_url");
  return true;
}

static void open_says_what_connect_says(void **state) {
  (void)state;
  fake *f = fake_start(refuse_connect, NULL);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  dpc_client *client = NULL;
  dpc_error err;
  options.socket = fake_path(f);
  options.base_url = "https://dify.example";
  assert_int_equal(dpc_client_open(&client, &options, &err), DPC_DENIED);
  assert_string_equal(err.message, "the fake says no");
  assert_null(client);
  fake_stop(f);
}

/* ---- Loops ---- */

typedef struct counted {
  unsigned ran;
  dpc_kind last;
  bool inside, refused_inside;
  dpc_client *client;
} counted;

static void on_done(dpc_call *call, dpc_reply *reply, void *user) {
  (void)call;
  counted *c = user;
  assert_false(c->inside);
  c->ran++;
  c->last = dpc_reply_kind(reply);
  dpc_reply *mine;
  c->refused_inside = dpc_call_run(c->client, "a.b", NULL, NULL, &mine) == DPC_INVALID_REQUEST &&
                      strcmp(dpc_reply_error(mine)->code, "in_callback") == 0;
  dpc_reply_unref(mine);
}

static void turn_until(dpc_client *client, const unsigned *count, unsigned wanted) {
  while (*count < wanted) {
    struct pollfd fd = {.fd = dpc_client_fd(client), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 20000), 1);
    dpc_client_dispatch(client);
  }
}

static void callbacks_run_in_dispatch_only(void **state) {
  (void)state;
  fake *f = fake_start(NULL, NULL);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  counted c = {.inside = true};
  options.dispatch = options.lazy = 1;
  dpc_client *client = fake_client(f, &options);
  c.client = client;
  for (int i = 0; i < 10; i++)
    assert_int_equal(dpc_call_start(client, "a.b", NULL, NULL, on_done, &c, NULL, NULL), DPC_OK);
  c.inside = false;
  turn_until(client, &c.ran, 10);
  assert_int_equal(c.last, DPC_OK);
  assert_true(c.refused_inside);
  struct pollfd fd = {.fd = dpc_client_fd(client), .events = POLLIN};
  assert_int_equal(poll(&fd, 1, 0), 0); /* nothing to do: it does not spin */
  dpc_client_close(client);
  fake_stop(f);
  assert_int_equal(c.ran, 10);
}

static bool silent(fake *f, const fake_request *r, void *user) {
  (void)f;
  (void)user;
  return strcmp(r->op, "test.silent") == 0;
}

static void close_ends_what_runs(void **state) {
  (void)state;
  fake *f = fake_start(silent, NULL);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  counted c = {.inside = true};
  options.dispatch = 1;
  dpc_client *client = fake_client(f, &options);
  c.client = client;
  dpc_call *call;
  assert_int_equal(dpc_call_start(client, "test.silent", NULL, NULL, on_done, &c, &call, NULL),
                   DPC_OK);
  fake_await(f, "test.silent", 1);
  c.inside = false;
  dpc_client_close(client);
  assert_int_equal(c.ran, 1);
  assert_int_equal(c.last, DPC_CANCELLED);
  dpc_call_cancel(call); /* after the end it does nothing */
  dpc_call_unref(call);
  fake_stop(f);
}

static void a_callback_needs_dispatch(void **state) {
  (void)state;
  fake *f = fake_start(NULL, NULL);
  dpc_client *client = fake_client(f, NULL);
  dpc_error err;
  counted c = {.inside = true};
  assert_int_equal(dpc_call_start(client, "a.b", NULL, NULL, on_done, &c, NULL, &err),
                   DPC_INVALID_REQUEST);
  assert_string_equal(err.code, "no_dispatch");
  assert_int_equal(dpc_client_fd(client), -1);
  assert_int_equal(dpc_client_dispatch(client), 0);
  dpc_client_close(client);
  fake_stop(f);
}

/* ---- Cancel and deadlines ---- */

typedef struct cancelled {
  fake_request kept;
} cancelled;

static bool answer_when_cancelled(fake *f, const fake_request *r, void *user) {
  cancelled *c = user;
  if (strcmp(r->op, "test.long") == 0) {
    c->kept = *r;
    return true;
  }
  if (strcmp(r->op, "service.cancel") != 0)
    return false;
  dpc_value args, id = {NULL, NULL};
  size_t length;
  assert_true(dpc_value_get(r->message, "args", &args) && dpc_value_get(args, "id", &id));
  assert_memory_equal(dpc_value_text(id, &length), c->kept.id, 16);
  fake_error(f, &c->kept, "cancelled", "");
  return false;
}

static void cancel_reaches_the_service(void **state) {
  (void)state;
  cancelled c;
  fake *f = fake_start(answer_when_cancelled, &c);
  dpc_client *client = fake_client(f, NULL);
  dpc_call *call;
  dpc_reply *reply;
  assert_int_equal(dpc_call_start(client, "test.long", NULL, NULL, NULL, NULL, &call, NULL),
                   DPC_OK);
  fake_await(f, "test.long", 1);
  dpc_call_cancel(call);
  dpc_call_cancel(call);
  assert_int_equal(dpc_call_wait(call, &reply), DPC_CANCELLED);
  fake_await(f, "service.cancel", 1);
  dpc_reply_unref(reply);
  dpc_call_unref(call);
  dpc_client_close(client);
  fake_stop(f);
}

static void a_service_that_keeps_silent_is_an_unknown_outcome(void **state) {
  (void)state;
  fake *f = fake_start(silent, NULL);
  dpc_client *client = fake_client(f, NULL);
  dpc_call_options options = DPC_CALL_OPTIONS_INIT;
  dpc_reply *reply;
  options.deadline_ms = 50;
  assert_int_equal(dpc_call_run(client, "test.silent", NULL, &options, &reply),
                   DPC_UNKNOWN_OUTCOME);
  assert_string_equal(dpc_reply_error(reply)->code, "no_answer");
  dpc_reply_unref(reply);
  fake_await(f, "service.cancel", 1);
  assert_int_equal(dpc_call_run(client, "a.b", NULL, NULL, &reply), DPC_OK); /* others go on */
  dpc_reply_unref(reply);
  dpc_client_close(client);
  fake_stop(f);
}

static bool silent_on_reads(fake *f, const fake_request *r, void *user) {
  (void)f;
  (void)user;
  return strcmp(r->op, "datasets.list") == 0 || strcmp(r->op, "http.request") == 0;
}

static void silence_about(dpc_client *client, const char *op, const char *method, dpc_kind kind) {
  dpc_args *args = dpc_args_new();
  dpc_call_options options = DPC_CALL_OPTIONS_INIT;
  dpc_reply *reply;
  options.deadline_ms = 50;
  if (method)
    assert_int_equal(dpc_args_set_string(args, "method", method), DPC_OK);
  assert_int_equal(dpc_call_run(client, op, args, &options, &reply), kind);
  assert_string_equal(dpc_reply_error(reply)->code, "no_answer");
  dpc_reply_unref(reply);
  dpc_args_free(args);
}

static void a_service_that_keeps_silent_about_a_read_is_a_timeout(void **state) {
  (void)state;
  fake *f = fake_start(silent_on_reads, NULL);
  dpc_client *client = fake_client(f, NULL);
  silence_about(client, "datasets.list", NULL, DPC_TIMEOUT);
  silence_about(client, "http.request", "GET", DPC_TIMEOUT);
  silence_about(client, "http.request", "POST", DPC_UNKNOWN_OUTCOME);
  dpc_client_close(client);
  fake_stop(f);
}

/* ---- Bounds ---- */

static void bounds_are_named(void **state) {
  (void)state;
  fake *f = fake_start(silent, NULL);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.calls_max = 2;
  options.held_max = 100000;
  dpc_client *client = fake_client(f, &options);
  dpc_call *calls[2];
  dpc_error err;
  for (int i = 0; i < 2; i++)
    assert_int_equal(dpc_call_start(client, "test.silent", NULL, NULL, NULL, NULL, &calls[i], &err),
                     DPC_OK);
  assert_int_equal(dpc_call_start(client, "test.silent", NULL, NULL, NULL, NULL, NULL, &err),
                   DPC_BUSY);
  assert_string_equal(err.code, "calls_max");
  dpc_client_close(client);
  for (int i = 0; i < 2; i++)
    dpc_call_unref(calls[i]);

  client = fake_client(f, &options);
  dpc_args *args = dpc_args_new();
  char *text = calloc(1, 70u << 20);
  memset(text, 'x', (70u << 20) - 1);
  dpc_args_set_text(args, "text", text, 100001);
  assert_int_equal(dpc_call_start(client, "a.b", args, NULL, NULL, NULL, NULL, &err), DPC_BUSY);
  assert_string_equal(err.code, "held_max");
  dpc_args_set_string(args, "text", text);
  assert_int_equal(dpc_call_start(client, "a.b", args, NULL, NULL, NULL, NULL, &err),
                   DPC_TOO_LARGE);
  assert_string_equal(err.code, "message_max");
  free(text);
  dpc_args_free(args);
  dpc_client_close(client);
  fake_stop(f);
}

static bool echo_length(fake *f, const fake_request *r, void *user) {
  (void)user;
  dpc_value args, text = {NULL, NULL};
  size_t length = 0;
  if (strncmp(r->op, "service.", 8) == 0)
    return false;
  assert_true(dpc_value_get(r->message, "args", &args) && dpc_value_get(args, "text", &text));
  const char *bytes = dpc_value_text(text, &length);
  fake_ok(f, r, bytes, length);
  return true;
}

static void megabytes_both_ways(void **state) {
  (void)state;
  enum { LENGTH = 8 << 20 };
  fake *f = fake_start(echo_length, NULL);
  dpc_client *client = fake_client(f, NULL);
  dpc_args *args = dpc_args_new();
  char *bytes = malloc(LENGTH);
  for (size_t i = 0; i < LENGTH; i++)
    bytes[i] = (char)(i * 7);
  dpc_args_set_bytes(args, "text", bytes, LENGTH);
  dpc_call *calls[3];
  for (int i = 0; i < 3; i++)
    assert_int_equal(dpc_call_start(client, "a.b", args, NULL, NULL, NULL, &calls[i], NULL),
                     DPC_OK);
  for (int i = 0; i < 3; i++) {
    dpc_reply *reply;
    size_t length;
    assert_int_equal(dpc_call_wait(calls[i], &reply), DPC_OK);
    const void *body = dpc_reply_body(reply, &length);
    assert_int_equal(length, LENGTH);
    assert_memory_equal(body, bytes, LENGTH);
    dpc_reply_unref(reply);
    dpc_call_unref(calls[i]);
  }
  free(bytes);
  dpc_args_free(args);
  dpc_client_close(client);
  fake_stop(f);
}

static void wrong_options_are_named(void **state) {
  (void)state;
  dpc_client_options options = {.size = 0};
  dpc_client *client = NULL;
  dpc_error err;
  assert_int_equal(dpc_client_open(&client, &options, &err), DPC_INVALID_REQUEST);
  options = (dpc_client_options)DPC_CLIENT_OPTIONS_INIT;
  options.api_key = "dataset-example";
  assert_int_equal(dpc_client_open(&client, &options, &err), DPC_INVALID_REQUEST);
  assert_non_null(strstr(err.message, "base_url"));
  assert_null(strstr(err.message, "dataset-example"));
  options = (dpc_client_options)DPC_CLIENT_OPTIONS_INIT;
  options.calls_max = 4097;
  assert_int_equal(dpc_client_open(&client, &options, &err), DPC_INVALID_REQUEST);
  assert_null(client);
}

static void a_forked_child_is_told(void **state) {
  (void)state;
  fake *f = fake_start(NULL, NULL);
  dpc_client_options options = DPC_CLIENT_OPTIONS_INIT;
  options.dispatch = 1;
  dpc_client *client = fake_client(f, &options);
  pid_t child = fork();
  if (child == 0) {
    dpc_reply *reply;
    dpc_error err;
    bool ok =
        dpc_call_run(client, "a.b", NULL, NULL, &reply) == DPC_INVALID_REQUEST &&
        strcmp(dpc_reply_error(reply)->code, "forked") == 0 && dpc_client_fd(client) == -1 &&
        dpc_client_dispatch(client) == 0 &&
        dpc_call_start(client, "a.b", NULL, NULL, NULL, NULL, NULL, &err) == DPC_INVALID_REQUEST;
    dpc_client_close(client);
    _exit(ok ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  dpc_reply *reply; /* the parent's connection is as it was */
  assert_int_equal(dpc_call_run(client, "a.b", NULL, NULL, &reply), DPC_OK);
  dpc_reply_unref(reply);
  assert_int_equal(fake_connections(f), 1);
  dpc_client_close(client);
  fake_stop(f);
}

int main(void) {
#define CLEAN(test) cmocka_unit_test_setup_teardown(test, count_descriptors, same_descriptors)
  const struct CMUnitTest tests[] = {
      CLEAN(a_call_and_its_reply),
      CLEAN(what_a_request_carries),
      CLEAN(replies_come_in_any_order),
      CLEAN(own_base_url_goes_by_a_handle),
      CLEAN(a_lost_handle_is_asked_for_again),
      CLEAN(a_handle_that_is_lost_each_time_is_an_error),
      CLEAN(open_says_what_connect_says),
      CLEAN(callbacks_run_in_dispatch_only),
      CLEAN(close_ends_what_runs),
      CLEAN(a_callback_needs_dispatch),
      CLEAN(cancel_reaches_the_service),
      CLEAN(a_service_that_keeps_silent_is_an_unknown_outcome),
      CLEAN(a_service_that_keeps_silent_about_a_read_is_a_timeout),
      CLEAN(bounds_are_named),
      CLEAN(megabytes_both_ways),
      CLEAN(wrong_options_are_named),
      CLEAN(a_forked_child_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
