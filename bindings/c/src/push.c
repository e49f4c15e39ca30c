/*
 * A push is a count of pages that were taken, and a stream of what became of them. The two go side
 * by side: the service holds a window of pages and takes no more while nobody reads events, so a
 * program either reads on another thread or has one call of each kind in flight.
 */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "error.h"
#include "flows.h"

enum { PAGES_MAX = 1024 };

struct dpc_push {
  dpc_client *client;
  uint8_t handle[DPC__ID];
  dpc_stream *stream;
  size_t window;
  uint64_t taken;
  size_t asked; /* pages of the add at hand */
  bool ended;
};

dpc_kind dpc_push_open_start(dpc_client *client, const dpc_args *args, const dpc_call_options *call,
                             dpc_done_fn on_done, void *user, dpc_call **started, dpc_error *err) {
  dpc_call_options options = DPC_CALL_OPTIONS_INIT;
  if (call)
    options = *call;
  options.flags |= DPC_CALL_NO_JSON;
  return dpc_call_start(client, "push.open", args, &options, on_done, user, started, err);
}

dpc_kind dpc_push_opened(dpc_client *client, const dpc_reply *reply, dpc_push **out,
                         dpc_error *err) {
  dpc_value body, window;
  uint8_t handle[DPC__ID];
  *out = NULL;
  dpc_kind kind = dpc__flows_body(reply, "push.open", &body, err);
  if (kind != DPC_OK)
    return kind;
  uint64_t pages = dpc_value_get(body, "window", &window) ? dpc_value_uint(window, 0) : 0;
  if (!dpc__flows_handle(body, "push", handle) || !pages)
    return dpc__flows_odd(err, "push.open", "has no handle, or no window");
  dpc_push *p = calloc(1, sizeof *p);
  if (p)
    p->stream = dpc__stream_of(client, handle);
  if (!p || !p->stream) {
    free(p);
    return dpc__no_memory(err);
  }
  dpc__stream_is_push(p->stream);
  p->client = client;
  p->window = pages < PAGES_MAX ? (size_t)pages : PAGES_MAX;
  memcpy(p->handle, handle, DPC__ID);
  *out = p;
  return DPC_OK;
}

dpc_kind dpc_push_open(dpc_client *client, const dpc_args *args, const dpc_call_options *call,
                       dpc_push **out, dpc_reply **reply) {
  dpc_call *started = NULL;
  dpc_error error;
  dpc_reply *answer = NULL;
  *out = NULL;
  dpc_kind kind = dpc_push_open_start(client, args, call, NULL, NULL, &started, &error);
  if (kind == DPC_OK) {
    answer = dpc__flows_wait(started);
    kind = dpc_push_opened(client, answer, out, &error);
  }
  if (kind != DPC_OK && dpc_reply_kind(answer) == DPC_OK) {
    dpc_reply_unref(answer);
    answer = dpc__flows_failed(&error);
  }
  if (reply)
    *reply = answer;
  else
    dpc_reply_unref(answer);
  return kind;
}

dpc_stream *dpc_push_stream(dpc_push *p) {
  return p->stream;
}

size_t dpc_push_window(const dpc_push *p) {
  return p->window;
}

uint64_t dpc_push_taken(const dpc_push *p) {
  return p->taken;
}

bool dpc_push_ended(const dpc_push *p) {
  return p->ended;
}

static dpc_kind set_pages(dpc_args *args, const dpc_args *const *pages, size_t count) {
  dpc__bytes list = {0};
  dpc__pack_array(&list, count);
  for (size_t i = 0; i < count; i++) {
    dpc__pack_map(&list, dpc__args_count_of(pages[i]));
    dpc__args_put(pages[i], &list);
  }
  return dpc__args_set_packed(args, "pages", &list);
}

static dpc_args *about(const dpc_push *p) {
  dpc_args *args = dpc_args_new();
  if (!args || dpc_args_set_bytes(args, "push", p->handle, DPC__ID) == DPC_OK)
    return args;
  dpc_args_free(args);
  return NULL;
}

dpc_kind dpc_push_add_start(dpc_push *p, const dpc_args *const *pages, size_t count,
                            uint32_t wait_ms, dpc_done_fn on_done, void *user, dpc_call **started,
                            dpc_error *err) {
  if (!pages || !count || count > PAGES_MAX || wait_ms > DPC__WAIT_MAX)
    return dpc__fail(err, DPC_INVALID_REQUEST, "bad_option", NULL,
                     "the number of pages is not in 1..1024, or wait_ms is over 60000");
  dpc_call_options call = DPC_CALL_OPTIONS_INIT;
  call.deadline_ms = wait_ms + DPC__MARGIN_MS;
  p->asked = count;
  dpc_args *args = about(p);
  bool ok = args && dpc_args_set_int(args, "at", (int64_t)p->taken) == DPC_OK &&
            dpc_args_set_int(args, "wait_ms", wait_ms) == DPC_OK &&
            set_pages(args, pages, count) == DPC_OK;
  return dpc__flows_start(&(dpc__start){p->client, &call, on_done, user, started, err}, "push.add",
                          args, !ok);
}

dpc_kind dpc_push_added(dpc_push *p, const dpc_reply *reply, dpc_error *err) {
  dpc_value body, value;
  dpc_kind kind = dpc__flows_body(reply, "push.add", &body, err);
  if (kind != DPC_OK)
    return kind;
  uint64_t taken = dpc_value_get(body, "taken", &value) ? dpc_value_uint(value, 0) : 0;
  bool ended = dpc_value_get(body, "ended", &value) && dpc_value_bool(value, false);
  bool possible = taken >= p->taken && taken - p->taken <= p->asked;
  if (!possible && !ended)
    return dpc__flows_odd(err, "push.add", "takes pages that were not given");
  p->ended = ended;
  if (possible)
    p->taken = taken;
  return DPC_OK;
}

dpc_kind dpc_push_add(dpc_push *p, const dpc_args *const *pages, size_t count, uint32_t wait_ms,
                      dpc_error *err) {
  dpc_call *started;
  dpc_kind kind = dpc_push_add_start(p, pages, count, wait_ms, NULL, NULL, &started, err);
  if (kind != DPC_OK)
    return kind;
  dpc_reply *reply = dpc__flows_wait(started);
  kind = dpc_push_added(p, reply, err);
  dpc_reply_unref(reply);
  return kind;
}

dpc_kind dpc_push_finish_start(dpc_push *p, dpc_done_fn on_done, void *user, dpc_call **started,
                               dpc_error *err) {
  dpc_args *args = about(p);
  bool ok = args && dpc_args_set_int(args, "at", (int64_t)p->taken) == DPC_OK;
  return dpc__flows_start(&(dpc__start){p->client, NULL, on_done, user, started, err},
                          "push.finish", args, !ok);
}

dpc_kind dpc_push_finish(dpc_push *p, dpc_error *err) {
  dpc_call *started;
  dpc_value body;
  dpc_kind kind = dpc_push_finish_start(p, NULL, NULL, &started, err);
  if (kind != DPC_OK)
    return kind;
  dpc_reply *reply = dpc__flows_wait(started);
  kind = dpc__flows_body(reply, "push.finish", &body, err);
  dpc_reply_unref(reply);
  return kind;
}

void dpc_push_free(dpc_push *p) {
  if (!p)
    return;
  dpc__flows_drop(p->client, "push.close", "push", p->handle, false);
  dpc__stream_disown(p->stream);
  free(p);
}
