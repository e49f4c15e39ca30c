/*
 * A stream is the count of what its reader was given. What comes is taken in whole or not at all,
 * stays in the reply that it came in, and is given out from there: no piece is copied. Asking again
 * names that count, which acknowledges what was given and asks for the rest; so a reply that was
 * lost, or taken in and not read, comes again. What overlaps with what was given is stepped over,
 * and a gap is an error: no event is ever doubled or missed in silence.
 */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "error.h"
#include "flows.h"
#include "reply.h"

enum {
  STREAMS_MAX = 1024,
  BUFFER_MIN = 4096,
  BUFFER_MAX = 8 << 20,
  BYTES_MAX = 16 << 20,
  EVENTS_MAX = 65536
};

struct dpc_stream {
  dpc_client *client;
  uint8_t handle[DPC__ID];
  bool is_bytes, is_push, closed;
  int32_t status;
  int64_t length;
  char type[128], name[1024];
  uint64_t given;  /* events, or bytes, that the reader has */
  dpc_reply *held; /* what is below points into it */
  dpc_walk events;
  dpc_value bytes; /* at is NULL where there are none */
  uint64_t number; /* of the next in events; of the first of bytes */
  dpc_reply *end;
  dpc_run run;
};

/* ---- Opening -------------------------------------------------------------------------------- */

static const char *flaw_of(const dpc_stream_options *o) {
  if (o->size != sizeof *o)
    return "size is not set; begin them with DPC_STREAM_OPTIONS_INIT";
  if (o->buffer && (o->buffer < BUFFER_MIN || o->buffer > BUFFER_MAX))
    return "buffer is not in 4096..8388608";
  if (o->idle_ms > DPC__DEADLINE_MAX || o->total_ms > DPC__DEADLINE_MAX)
    return "idle_ms or total_ms is over 86400000";
  return NULL;
}

static bool set_number(dpc_args *args, const char *name, uint32_t number) {
  return !number || dpc_args_set_int(args, name, number) == DPC_OK;
}

static bool set_options(dpc_args *args, const dpc_stream_options *o) {
  return set_number(args, "buffer", o->buffer) && set_number(args, "idle_ms", o->idle_ms) &&
         set_number(args, "total_ms", o->total_ms) &&
         (!o->keep_run || dpc_args_set_bool(args, "keep_run", true) == DPC_OK);
}

static dpc_kind open_start(const dpc__start *s, const char *operation, const dpc_args *args,
                           const dpc_stream_options *o) {
  const char *flaw = o ? flaw_of(o) : NULL;
  if (!flaw && (!operation || !*operation))
    flaw = "the operation has no name";
  if (flaw)
    return dpc__fail(s->err, DPC_INVALID_REQUEST, "bad_option", NULL, "stream options: %s", flaw);
  dpc_args *outer = dpc_args_new();
  bool ok = outer && dpc_args_set_string(outer, "op", operation) == DPC_OK &&
            (!args || dpc_args_set_args(outer, "args", args) == DPC_OK) &&
            (!o || set_options(outer, o));
  return dpc__flows_start(s, "stream.open", outer, !ok);
}

dpc_kind dpc_stream_open_start(dpc_client *client, const char *operation, const dpc_args *args,
                               const dpc_call_options *call, const dpc_stream_options *options,
                               dpc_done_fn on_done, void *user, dpc_call **started,
                               dpc_error *err) {
  return open_start(&(dpc__start){client, call, on_done, user, started, err}, operation, args,
                    options);
}

static bool get_text(dpc_value map, const char *key, char *out, size_t size) {
  dpc_value value;
  size_t length = 0;
  const char *text = dpc_value_get(map, key, &value) ? dpc_value_text(value, &length) : NULL;
  dpc__copy(out, size, text ? text : "", length);
  return text;
}

static int64_t get_length(dpc_value map) {
  dpc_value value;
  return dpc_value_get(map, "length", &value) ? dpc_value_int(value, -1) : -1;
}

dpc_stream *dpc__stream_of(dpc_client *client, const uint8_t handle[DPC__ID]) {
  dpc_stream *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->client = client;
  s->length = -1;
  memcpy(s->handle, handle, DPC__ID);
  return s;
}

void dpc__stream_is_push(dpc_stream *s) {
  s->is_push = true;
}

dpc_kind dpc_stream_opened(dpc_client *client, const dpc_reply *reply, dpc_stream **out,
                           dpc_error *err) {
  dpc_value body, status;
  uint8_t handle[DPC__ID];
  char kind_name[16];
  *out = NULL;
  dpc_kind kind = dpc__flows_body(reply, "stream.open", &body, err);
  if (kind != DPC_OK)
    return kind;
  if (!dpc__flows_handle(body, "stream", handle) ||
      !get_text(body, "kind", kind_name, sizeof kind_name))
    return dpc__flows_odd(err, "stream.open", "has no handle, or no kind");
  dpc_stream *s = dpc__stream_of(client, handle);
  if (!s)
    return dpc__no_memory(err);
  s->is_bytes = strcmp(kind_name, "bytes") == 0;
  int64_t code = dpc_value_get(body, "status", &status) ? dpc_value_int(status, 0) : 0;
  s->status = code > 0 && code < 1000 ? (int32_t)code : 0;
  s->length = get_length(body);
  get_text(body, "type", s->type, sizeof s->type);
  get_text(body, "name", s->name, sizeof s->name);
  *out = s;
  return DPC_OK;
}

dpc_kind dpc_stream_open(dpc_client *client, const char *operation, const dpc_args *args,
                         const dpc_call_options *call, const dpc_stream_options *options,
                         dpc_stream **out, dpc_reply **reply) {
  dpc_call *started = NULL;
  dpc_error error;
  dpc_reply *answer = NULL;
  *out = NULL;
  dpc_kind kind =
      dpc_stream_open_start(client, operation, args, call, options, NULL, NULL, &started, &error);
  if (kind == DPC_OK) {
    answer = dpc__flows_wait(started);
    kind = dpc_stream_opened(client, answer, out, &error);
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

/* ---- Asking --------------------------------------------------------------------------------- */

static const char *next_flaw(size_t count, const dpc_next_options *o) {
  if (!count || count > STREAMS_MAX)
    return "the number of streams is not in 1..1024";
  if (o->size != sizeof *o)
    return "size is not set; begin them with DPC_NEXT_OPTIONS_INIT";
  if (o->wait_ms > DPC__WAIT_MAX || o->max_bytes > BYTES_MAX || o->max_events > EVENTS_MAX)
    return "wait_ms is over 60000, max_bytes over 16777216 or max_events over 65536";
  return NULL;
}

static dpc_kind set_streams(dpc_args *args, dpc_stream *const *streams, size_t count) {
  dpc__bytes list = {0};
  dpc__pack_array(&list, count);
  for (size_t i = 0; i < count; i++) {
    dpc__pack_map(&list, 2);
    dpc__pack_text(&list, "stream");
    dpc__pack_bin(&list, streams[i]->handle, DPC__ID);
    dpc__pack_text(&list, "after");
    dpc__pack_uint(&list, streams[i]->given);
  }
  return dpc__args_set_packed(args, "streams", &list);
}

dpc_kind dpc_stream_next_start(dpc_stream *const *streams, size_t count,
                               const dpc_next_options *options, dpc_done_fn on_done, void *user,
                               dpc_call **started, dpc_error *err) {
  static const dpc_next_options defaults = DPC_NEXT_OPTIONS_INIT;
  const dpc_next_options *o = options ? options : &defaults;
  const char *flaw = next_flaw(count, o);
  if (flaw)
    return dpc__fail(err, DPC_INVALID_REQUEST, "bad_option", NULL, "next options: %s", flaw);
  dpc_call_options call = DPC_CALL_OPTIONS_INIT;
  call.deadline_ms = o->wait_ms + DPC__MARGIN_MS;
  call.priority = DPC_PRIORITY_INTERACTIVE;
  dpc_args *args = dpc_args_new();
  bool ok = args && set_streams(args, streams, count) == DPC_OK &&
            dpc_args_set_int(args, "wait_ms", o->wait_ms) == DPC_OK &&
            set_number(args, "max_bytes", o->max_bytes) &&
            set_number(args, "max_events", o->max_events);
  return dpc__flows_start(&(dpc__start){streams[0]->client, &call, on_done, user, started, err},
                          "stream.next", args, !ok);
}

/* ---- Taking in ------------------------------------------------------------------------------ */

static dpc_kind gap(dpc_error *err) {
  return dpc__fail(err, DPC_PROTOCOL, "stream_gap", NULL,
                   "the service left pieces of the stream out");
}

/* Steps over what the reader has already. */
static dpc_kind take_events(dpc_stream *s, dpc_value list, uint64_t first, dpc_error *err) {
  dpc_value skipped;
  if (dpc_value_type(list) != DPC_TYPE_LIST || !first)
    return dpc__flows_odd(err, "stream.next", "has events that are no list, or no number for them");
  if (first > s->given + 1)
    return gap(err);
  s->events = dpc_value_walk(list);
  s->number = first;
  while (s->number <= s->given && dpc_walk_next(&s->events, NULL, &skipped))
    s->number++;
  return DPC_OK;
}

static dpc_kind take_bytes(dpc_stream *s, dpc_value bytes, uint64_t offset, dpc_error *err) {
  size_t length;
  if (!dpc_value_text(bytes, &length))
    return dpc__flows_odd(err, "stream.next", "has bytes that are none");
  if (offset > s->given)
    return gap(err);
  s->bytes = bytes;
  s->number = offset;
  return DPC_OK;
}

static void read_run(dpc_run *run, dpc_value map) {
  get_text(map, "task_id", run->task_id, sizeof run->task_id);
  get_text(map, "workflow_run_id", run->workflow_run_id, sizeof run->workflow_run_id);
  get_text(map, "conversation_id", run->conversation_id, sizeof run->conversation_id);
  get_text(map, "message_id", run->message_id, sizeof run->message_id);
}

/* Its service died, and what it held is gone. */
static void say_lost(const dpc_stream *s, dpc_reply *end) {
  dpc_error error;
  if (strcmp(dpc_reply_error(end)->code, "no_such_stream") != 0)
    return;
  if (s->is_push)
    dpc__fail(&error, DPC_UNREACHABLE, "service_lost",
              "Push the same pages again: what stands is not sent.",
              "the service that carried the push is gone, or gave it up");
  else if (s->is_bytes)
    dpc__fail(&error, DPC_UNREACHABLE, "service_lost", "Ask for it again.",
              "the service that held the stream is gone, or gave it up");
  else
    dpc__fail(&error, DPC_UNKNOWN_OUTCOME, "service_lost",
              "Look by the ids that its events named before doing it again.",
              "the service that held the stream is gone, or gave it up; the run may go on");
  dpc__reply_fail(end, &error);
}

/* An end is a reply without its frame: it is given one, and read as replies are. */
static dpc_kind take_end(dpc_stream *s, dpc_value map, dpc_error *err) {
  static const uint8_t nobody[DPC__ID];
  dpc_value outcome, run;
  bool ok = dpc_value_get(map, "ok", &outcome);
  if (!ok && !dpc_value_get(map, "error", &outcome))
    return dpc__flows_odd(err, "stream.next", "has an end with neither ok nor error");
  dpc__bytes message = {0};
  dpc__pack_map(&message, 2);
  dpc__pack_text(&message, "v");
  dpc__pack_uint(&message, 1);
  dpc__pack_text(&message, ok ? "ok" : "error");
  dpc__bytes_append(&message, outcome.at, (size_t)(outcome.end - outcome.at));
  dpc__bytes_append(&message, "", 1);
  dpc_reply *end = message.failed ? NULL : dpc__reply_new(nobody);
  if (!end) {
    dpc__bytes_clear(&message);
    return dpc__no_memory(err);
  }
  dpc__reply_decode(end, message.data, message.length - 1, 0);
  say_lost(s, end);
  dpc_reply_unref(s->end);
  s->end = end;
  if (dpc_value_get(outcome, "run", &run))
    read_run(&s->run, run);
  return DPC_OK;
}

static void let_go(dpc_stream *s) {
  dpc_reply_unref(s->held);
  s->held = NULL;
  s->events = (dpc_walk){.left = 0};
  s->bytes = (dpc_value){NULL, NULL};
}

static dpc_kind take_one(dpc_stream *s, dpc_value entry, dpc_reply *reply, dpc_error *err) {
  dpc_value pieces, at, end;
  dpc_kind kind = DPC_OK;
  let_go(s);
  if (dpc_value_get(entry, s->is_bytes ? "bytes" : "events", &pieces)) {
    bool numbered = dpc_value_get(entry, s->is_bytes ? "offset" : "first", &at);
    uint64_t number = numbered ? dpc_value_uint(at, 0) : 0;
    kind = s->is_bytes ? take_bytes(s, pieces, number, err) : take_events(s, pieces, number, err);
  }
  if (kind == DPC_OK && dpc_value_get(entry, "end", &end))
    kind = take_end(s, end, err);
  if (kind == DPC_OK && (s->events.left || s->bytes.at))
    s->held = dpc_reply_ref(reply);
  else if (kind != DPC_OK)
    let_go(s);
  return kind;
}

/* They mostly come in the order in which they were named. */
static dpc_stream *find(dpc_stream *const *streams, size_t count, size_t *from,
                        const uint8_t handle[DPC__ID]) {
  for (size_t i = 0; i < count; i++) {
    size_t at = (*from + i) % count;
    if (memcmp(streams[at]->handle, handle, DPC__ID) == 0) {
      *from = at + 1;
      return streams[at];
    }
  }
  return NULL;
}

dpc_kind dpc_stream_take(dpc_stream *const *streams, size_t count, dpc_reply *reply,
                         dpc_error *err) {
  dpc_value body, list, entry;
  dpc_kind kind = dpc__flows_body(reply, "stream.next", &body, err);
  if (kind != DPC_OK)
    return kind;
  if (!dpc_value_get(body, "streams", &list) || dpc_value_type(list) != DPC_TYPE_LIST)
    return dpc__flows_odd(err, "stream.next", "has no streams");
  dpc_walk walk = dpc_value_walk(list);
  size_t from = 0;
  while (kind == DPC_OK && dpc_walk_next(&walk, NULL, &entry)) {
    uint8_t handle[DPC__ID];
    dpc_stream *s =
        dpc__flows_handle(entry, "stream", handle) ? find(streams, count, &from, handle) : NULL;
    kind = s ? take_one(s, entry, reply, err)
             : dpc__flows_odd(err, "stream.next", "names a stream that was not asked for");
  }
  return kind;
}

dpc_kind dpc_stream_next(dpc_stream *const *streams, size_t count, const dpc_next_options *options,
                         dpc_error *err) {
  dpc_call *started;
  dpc_kind kind = dpc_stream_next_start(streams, count, options, NULL, NULL, &started, err);
  if (kind != DPC_OK)
    return kind;
  dpc_reply *reply = dpc__flows_wait(started);
  kind = dpc_stream_take(streams, count, reply, err);
  dpc_reply_unref(reply);
  return kind;
}

/* ---- Giving out ----------------------------------------------------------------------------- */

static void read_event(dpc_value event, dpc_piece *piece) {
  dpc_value member;
  if (dpc_value_type(event) != DPC_TYPE_MAP) {
    piece->data = dpc_value_text(event, &piece->length);
    return;
  }
  if (dpc_value_get(event, "event", &member))
    piece->event = dpc_value_text(member, &piece->event_length);
  if (dpc_value_get(event, "id", &member))
    piece->id = dpc_value_text(member, &piece->id_length);
  if (dpc_value_get(event, "data", &member))
    piece->data = dpc_value_text(member, &piece->length);
}

static bool give_bytes(dpc_stream *s, dpc_piece *piece) {
  size_t length, known = (size_t)(s->given - s->number);
  const char *data = dpc_value_text(s->bytes, &length);
  if (!data || known >= length)
    return false;
  piece->at = s->given;
  piece->data = data + known;
  piece->length = length - known;
  s->given += piece->length;
  return true;
}

bool dpc_stream_piece(dpc_stream *s, dpc_piece *piece) {
  dpc_value event;
  *piece = (dpc_piece){.at = 0};
  if (s->is_bytes)
    return s->bytes.at && give_bytes(s, piece);
  if (!dpc_walk_next(&s->events, NULL, &event))
    return false;
  piece->at = s->given = s->number++;
  read_event(event, piece);
  if (!piece->data)
    piece->data = "";
  return true;
}

static bool holds_pieces(const dpc_stream *s) {
  size_t length = 0;
  if (s->is_bytes && s->bytes.at)
    dpc_value_text(s->bytes, &length);
  return s->is_bytes ? s->bytes.at && s->given < s->number + length : s->events.left > 0;
}

const dpc_reply *dpc_stream_end(const dpc_stream *s) {
  return holds_pieces(s) ? NULL : s->end;
}

bool dpc_stream_is_bytes(const dpc_stream *s) {
  return s->is_bytes;
}

int32_t dpc_stream_status(const dpc_stream *s) {
  return s->status;
}

const char *dpc_stream_type(const dpc_stream *s) {
  return s->type;
}

const char *dpc_stream_name(const dpc_stream *s) {
  return s->name;
}

int64_t dpc_stream_length(const dpc_stream *s) {
  return s->length;
}

const uint8_t *dpc_stream_handle(const dpc_stream *s) {
  return s->handle;
}

const dpc_run *dpc_stream_run(const dpc_stream *s) {
  return &s->run;
}

/* ---- Closing -------------------------------------------------------------------------------- */

dpc_kind dpc_stream_close_start(dpc_stream *s, dpc_done_fn on_done, void *user, dpc_call **started,
                                dpc_error *err) {
  dpc_args *args = dpc_args_new();
  bool ok = args && dpc_args_set_bytes(args, "stream", s->handle, DPC__ID) == DPC_OK;
  dpc_kind kind = dpc__flows_start(&(dpc__start){s->client, NULL, on_done, user, started, err},
                                   "stream.close", args, !ok);
  s->closed |= kind == DPC_OK;
  return kind;
}

dpc_kind dpc_stream_close(dpc_stream *s, bool *stopped, dpc_error *err) {
  dpc_call *started;
  dpc_value body, value;
  if (stopped)
    *stopped = false;
  dpc_kind kind = dpc_stream_close_start(s, NULL, NULL, &started, err);
  if (kind != DPC_OK)
    return kind;
  dpc_reply *reply = dpc__flows_wait(started);
  kind = dpc__flows_body(reply, "stream.close", &body, err);
  if (kind == DPC_OK && stopped && dpc_value_get(body, "stopped", &value))
    *stopped = dpc_value_bool(value, false);
  dpc_reply_unref(reply);
  return kind;
}

void dpc__stream_disown(dpc_stream *s) {
  if (!s)
    return;
  let_go(s);
  dpc_reply_unref(s->end);
  free(s);
}

void dpc_stream_free(dpc_stream *s) {
  if (s && !s->closed)
    dpc__flows_drop(s->client, "stream.close", "stream", s->handle, false);
  dpc__stream_disown(s);
}
