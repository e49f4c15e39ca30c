/*
 * The loop of whatever comes in pieces: ask, take in, hand on, until the end. Each ask acknowledges
 * what was handed on before. Where the reader leaves (Ctrl-C, an output that is full) the handle is
 * closed, which stops the run at the server: nobody pays for words that nobody reads.
 */
#include "pieces.h"

#include <stdio.h>
#include <string.h>

dpc_stream *cli_stream_open(const cli *c, cli_session *session, const char *operation,
                            const dpc_args *args, int *status) {
  dpc_call_options call = cli_call_options(c);
  dpc_stream_options options = DPC_STREAM_OPTIONS_INIT;
  dpc_call *started = NULL;
  dpc_error error;
  dpc_stream *stream = NULL;
  options.total_ms = c->options.deadline_ms;
  dpc_kind kind = dpc_stream_open_start(cli_client(session), operation, args, &call, &options,
                                        cli_on_done, session, &started, &error);
  const dpc_reply *reply = cli_await(session, kind, started, &error);
  *status = 1;
  if (reply && dpc_stream_opened(cli_client(session), reply, &stream, &error) != DPC_OK)
    *status = cli_error(c, &error);
  if (!stream && cli_interrupted(session))
    *status = cli_interrupted(session);
  return stream;
}

static void close_now(cli_session *session, dpc_stream *stream) {
  dpc_call *started = NULL;
  dpc_error error;
  dpc_kind kind = dpc_stream_close_start(stream, cli_on_done, session, &started, &error);
  cli_await(session, kind, started, &error);
}

static void say_run(const cli *c, const dpc_run *run) {
  const struct {
    const char *name, *id;
  } ids[] = {{"task", run->task_id},
             {"workflow run", run->workflow_run_id},
             {"conversation", run->conversation_id},
             {"message", run->message_id}};
  bool any = false;
  for (size_t i = 0; i < sizeof ids / sizeof *ids && !c->options.json; i++) {
    if (*ids[i].id)
      fprintf(stderr, "%s%s %s", any ? ", " : "  The run is ", ids[i].name, ids[i].id);
    any |= *ids[i].id != '\0';
  }
  if (any)
    fputc('\n', stderr);
}

static int say_end(const cli *c, const dpc_stream *stream) {
  const dpc_reply *end = dpc_stream_end(stream);
  if (dpc_reply_kind(end) == DPC_OK)
    return 0;
  int status = cli_error(c, dpc_reply_error(end));
  if (dpc_reply_kind(end) == DPC_UNKNOWN_OUTCOME)
    say_run(c, dpc_stream_run(stream));
  return status;
}

/* One question, and what it brought. True: go on. */
static bool turn(const cli *c, cli_session *session, dpc_stream *stream, cli_piece_fn piece,
                 void *user, int *status) {
  dpc_call *started = NULL;
  dpc_error error;
  dpc_piece at;
  dpc_kind kind = dpc_stream_next_start(&stream, 1, NULL, cli_on_done, session, &started, &error);
  const dpc_reply *reply = cli_await(session, kind, started, &error);
  *status = cli_interrupted(session);
  if (*status || !reply) {
    *status = *status ? *status : 1;
    return false;
  }
  kind = dpc_stream_take(&stream, 1, dpc_reply_ref((dpc_reply *)(uintptr_t)reply), &error);
  dpc_reply_unref((dpc_reply *)(uintptr_t)reply); /* the stream has its own */
  if (kind != DPC_OK) {
    *status = cli_error(c, &error);
    return false;
  }
  while (dpc_stream_piece(stream, &at)) {
    if (!piece(&at, user)) {
      *status = 1;
      return false;
    }
  }
  return true;
}

int cli_stream_read(const cli *c, cli_session *session, dpc_stream *stream, cli_piece_fn piece,
                    bool (*batch)(void *user), void *user) {
  int status = 0;
  bool on = true;
  while (on && !dpc_stream_end(stream)) {
    on = turn(c, session, stream, piece, user, &status);
    if (on && batch && !batch(user)) {
      on = false;
      status = 1;
    }
  }
  if (on)
    status = say_end(c, stream);
  else
    close_now(session, stream);
  dpc_stream_free(stream);
  return status;
}
