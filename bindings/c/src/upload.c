/*
 * An upload is an offset: bytes that the service has accepted. A write sends at most a window, and
 * the service answers when it has room, so whoever waits for each answer holds one window and keeps
 * the transfer busy. What was accepted before is skipped by the service; so a write whose answer
 * was lost with the connection is simply sent again.
 */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "error.h"
#include "flows.h"
#include "reply.h"

enum { WRITE_MAX = 4 << 20, WRITE_MS = 600000, IDLE_MIN = 100 };

struct dpc_upload {
  dpc_client *client;
  uint8_t handle[DPC__ID];
  size_t window;
  uint64_t offset;
  size_t asked; /* bytes of the write at hand */
  uint32_t deadline_ms;
  bool ended, closed;
};

/* ---- Opening -------------------------------------------------------------------------------- */

static const char *flaw_of(const char *operation, const dpc_upload_options *o) {
  if (!operation || !*operation)
    return "the operation has no name";
  if (!o || o->size != sizeof *o)
    return "size is not set; begin them with DPC_UPLOAD_OPTIONS_INIT";
  if (!o->name || !*o->name)
    return "the file has no name";
  if (o->length < -1)
    return "length is negative";
  if (o->idle_ms > DPC__DEADLINE_MAX || o->total_ms > DPC__DEADLINE_MAX ||
      (o->idle_ms && o->idle_ms < IDLE_MIN))
    return "idle_ms is not in 100..86400000, or total_ms over 86400000";
  return NULL;
}

static bool set_text(dpc_args *args, const char *name, const char *text) {
  return !text || dpc_args_set_string(args, name, text) == DPC_OK;
}

static bool set_number(dpc_args *args, const char *name, uint32_t number) {
  return !number || dpc_args_set_int(args, name, number) == DPC_OK;
}

static bool set_file(dpc_args *outer, const dpc_upload_options *o) {
  dpc_args *file = dpc_args_new();
  bool ok = file && set_text(file, "param", o->param) && set_text(file, "name", o->name) &&
            set_text(file, "type", o->type) &&
            (o->length < 0 || dpc_args_set_int(file, "length", o->length) == DPC_OK) &&
            dpc_args_set_args(outer, "file", file) == DPC_OK;
  dpc_args_free(file);
  return ok;
}

static bool is_utf8(const char *text) {
  dpc_args *probe = dpc_args_new();
  bool ok = !text || !probe || dpc_args_set_string(probe, "text", text) != DPC_INVALID_REQUEST;
  dpc_args_free(probe);
  return ok;
}

dpc_kind dpc_upload_open_start(dpc_client *client, const char *operation, const dpc_args *args,
                               const dpc_call_options *call, const dpc_upload_options *o,
                               dpc_done_fn on_done, void *user, dpc_call **started,
                               dpc_error *err) {
  const char *flaw = flaw_of(operation, o);
  if (!flaw && (!is_utf8(o->name) || !is_utf8(o->type) || !is_utf8(o->param)))
    flaw = "param, name or type is not UTF-8";
  if (flaw)
    return dpc__fail(err, DPC_INVALID_REQUEST, "bad_option", NULL, "upload options: %s", flaw);
  dpc_args *outer = dpc_args_new();
  bool ok = outer && set_text(outer, "op", operation) &&
            (!args || dpc_args_set_args(outer, "args", args) == DPC_OK) && set_file(outer, o) &&
            set_number(outer, "idle_ms", o->idle_ms) && set_number(outer, "total_ms", o->total_ms);
  return dpc__flows_start(&(dpc__start){client, call, on_done, user, started, err}, "upload.open",
                          outer, !ok);
}

dpc_kind dpc_upload_opened(dpc_client *client, const dpc_call_options *call, const dpc_reply *reply,
                           dpc_upload **out, dpc_error *err) {
  dpc_value body, window;
  uint8_t handle[DPC__ID];
  *out = NULL;
  dpc_kind kind = dpc__flows_body(reply, "upload.open", &body, err);
  if (kind != DPC_OK)
    return kind;
  uint64_t bytes = dpc_value_get(body, "window", &window) ? dpc_value_uint(window, 0) : 0;
  if (!dpc__flows_handle(body, "upload", handle) || !bytes)
    return dpc__flows_odd(err, "upload.open", "has no handle, or no window");
  dpc_upload *u = calloc(1, sizeof *u);
  if (!u)
    return dpc__no_memory(err);
  u->client = client;
  u->window = bytes < WRITE_MAX ? (size_t)bytes : WRITE_MAX;
  u->deadline_ms = call ? call->deadline_ms : 0;
  memcpy(u->handle, handle, DPC__ID);
  *out = u;
  return DPC_OK;
}

dpc_kind dpc_upload_open(dpc_client *client, const char *operation, const dpc_args *args,
                         const dpc_call_options *call, const dpc_upload_options *options,
                         dpc_upload **out, dpc_reply **reply) {
  dpc_call *started = NULL;
  dpc_error error;
  dpc_reply *answer = NULL;
  *out = NULL;
  dpc_kind kind =
      dpc_upload_open_start(client, operation, args, call, options, NULL, NULL, &started, &error);
  if (kind == DPC_OK) {
    answer = dpc__flows_wait(started);
    kind = dpc_upload_opened(client, call, answer, out, &error);
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

size_t dpc_upload_window(const dpc_upload *u) {
  return u->window;
}

uint64_t dpc_upload_offset(const dpc_upload *u) {
  return u->offset;
}

bool dpc_upload_ended(const dpc_upload *u) {
  return u->ended;
}

/* ---- Writing -------------------------------------------------------------------------------- */

dpc_kind dpc_upload_write_start(dpc_upload *u, const void *bytes, size_t length,
                                dpc_done_fn on_done, void *user, dpc_call **started,
                                dpc_error *err) {
  if (!bytes || !length)
    return dpc__fail(err, DPC_INVALID_REQUEST, "bad_option", NULL, "there are no bytes to write");
  dpc_call_options call = DPC_CALL_OPTIONS_INIT;
  call.deadline_ms = WRITE_MS;
  u->asked = length < u->window ? length : u->window;
  dpc_args *args = dpc_args_new();
  bool ok = args && dpc_args_set_bytes(args, "upload", u->handle, DPC__ID) == DPC_OK &&
            dpc_args_set_int(args, "offset", (int64_t)u->offset) == DPC_OK &&
            dpc_args_set_bytes(args, "bytes", bytes, u->asked) == DPC_OK;
  return dpc__flows_start(&(dpc__start){u->client, &call, on_done, user, started, err},
                          "upload.write", args, !ok);
}

static bool is_gone(const dpc_error *error) {
  return error->kind == DPC_NOT_FOUND && strcmp(error->code, "no_such_upload") == 0;
}

static dpc_kind say_gone(dpc_error *err) {
  return dpc__fail(err, DPC_UNREACHABLE, "service_lost", "Begin it anew: nothing was created.",
                   "the service that carried the upload is gone, or gave it up");
}

dpc_kind dpc_upload_wrote(dpc_upload *u, const dpc_reply *reply, dpc_error *err) {
  dpc_value body, value;
  dpc_kind kind = dpc__flows_body(reply, "upload.write", &body, err);
  if (kind != DPC_OK && reply && is_gone(dpc_reply_error(reply)))
    return say_gone(err);
  if (kind != DPC_OK)
    return kind;
  uint64_t offset = dpc_value_get(body, "offset", &value) ? dpc_value_uint(value, 0) : 0;
  bool ended = dpc_value_get(body, "ended", &value) && dpc_value_bool(value, false);
  if (!ended && (offset < u->offset || offset - u->offset > u->asked))
    return dpc__flows_odd(err, "upload.write", "accepts bytes that were not sent");
  u->ended = ended;
  if (offset >= u->offset && offset - u->offset <= u->asked)
    u->offset = offset;
  return DPC_OK;
}

dpc_kind dpc_upload_write(dpc_upload *u, const void *bytes, size_t length, dpc_error *err) {
  const uint8_t *at = bytes;
  uint64_t from = u->offset;
  while (length > u->offset - from && !u->ended) {
    dpc_call *started;
    size_t done = (size_t)(u->offset - from);
    dpc_kind kind = dpc_upload_write_start(u, at + done, length - done, NULL, NULL, &started, err);
    if (kind != DPC_OK)
      return kind;
    dpc_reply *reply = dpc__flows_wait(started);
    kind = dpc_upload_wrote(u, reply, err);
    dpc_reply_unref(reply);
    if (kind != DPC_OK)
      return kind;
  }
  return DPC_OK;
}

/* ---- Closing -------------------------------------------------------------------------------- */

dpc_kind dpc_upload_close_start(dpc_upload *u, bool abort, dpc_done_fn on_done, void *user,
                                dpc_call **started, dpc_error *err) {
  dpc_call_options call = DPC_CALL_OPTIONS_INIT;
  call.deadline_ms = u->deadline_ms;
  dpc_args *args = dpc_args_new();
  bool ok = args && dpc_args_set_bytes(args, "upload", u->handle, DPC__ID) == DPC_OK &&
            (!abort || dpc_args_set_bool(args, "abort", true) == DPC_OK);
  dpc_kind kind = dpc__flows_start(&(dpc__start){u->client, &call, on_done, user, started, err},
                                   "upload.close", args, !ok);
  u->closed |= kind == DPC_OK;
  return kind;
}

static dpc_reply *say_unknown(dpc_reply *reply) {
  dpc_error error;
  dpc__fail(&error, DPC_UNKNOWN_OUTCOME, "service_lost",
            "Look whether it happened before doing it again.",
            "the service that carried the upload is gone; all of the file had been sent");
  dpc_reply_unref(reply);
  return dpc__flows_failed(&error);
}

dpc_kind dpc_upload_close(dpc_upload *u, dpc_reply **reply) {
  dpc_call *started;
  dpc_error error;
  dpc_kind kind = dpc_upload_close_start(u, false, NULL, NULL, &started, &error);
  *reply = kind == DPC_OK ? dpc__flows_wait(started) : dpc__flows_failed(&error);
  if (*reply && is_gone(dpc_reply_error(*reply)))
    *reply = say_unknown(*reply);
  return dpc_reply_kind(*reply);
}

void dpc_upload_free(dpc_upload *u) {
  if (u && !u->closed)
    dpc__flows_drop(u->client, "upload.close", "upload", u->handle, true);
  free(u);
}
