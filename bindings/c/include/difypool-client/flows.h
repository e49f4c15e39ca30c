/* flows.h - what comes or goes in pieces: streams and downloads, uploads, pushes. */
#ifndef DIFYPOOL_CLIENT_FLOWS_H
#define DIFYPOOL_CLIENT_FLOWS_H

#include <difypool-client/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Each of these is a handle that the service knows, and calls on it. Every step comes twice. One
 * function waits. The other starts a dpc_call (dpc_call_start's rules: on_done only with
 * options.dispatch, else dpc_call_wait) and a second function takes its reply in; so a program with
 * a loop of its own never waits, and one that waits may be cancelled (dpc_call_cancel). `_start`
 * returns DPC_OK, or what dpc_call_start does and then calls nothing back.
 *
 * A lost connection is made again by the call at hand, under its id, and loses or doubles nothing.
 * A service that died takes its handles along: that is said where the outcome is asked for.
 *
 * A handle belongs to one thread at a time; different ones of one client to any threads at once.
 * Free them before the client is closed. In a child of fork() all of them return "forked", and
 * freeing sends nothing. Where a function takes `call`, it is read during the call and may be NULL.
 * All of it since 0.1.
 */

/* ---- Streams and downloads ------------------------------------------------------------------ */

typedef struct dpc_stream dpc_stream;

typedef struct dpc_stream_options {
  size_t size;      /* sizeof(dpc_stream_options); set by DPC_STREAM_OPTIONS_INIT */
  uint32_t buffer;  /* 4096..8388608 bytes held at the service before the server waits; 0 = 65536 */
  uint32_t idle_ms; /* 1..86400000 of silence that end it; 0 = the pool's stall timeout */
  uint32_t total_ms; /* 1..86400000 for all of it; 0 = no bound */
  bool keep_run;     /* leave the run going at the server when the stream ends before it */
} dpc_stream_options;

#define DPC_STREAM_OPTIONS_INIT                                                                    \
  { .size = sizeof(dpc_stream_options) }

/*
 * dpc_stream_open - carry out an operation whose answer comes in pieces, and wait for its head.
 * operation, args, call: as of dpc_call_run; call->deadline_ms is for the opening alone.
 * options: may be NULL.
 * out:     the stream on DPC_OK, to be freed with dpc_stream_free; else NULL.
 * reply:   as of dpc_call_run: what failed before the first piece is here; NULL = not wanted.
 * Returns the reply's kind; DPC_PROTOCOL where the service's reply opens nothing.
 */
DPC_EXPORT dpc_kind dpc_stream_open(dpc_client *client, const char *operation, const dpc_args *args,
                                    const dpc_call_options *call, const dpc_stream_options *options,
                                    dpc_stream **out, dpc_reply **reply);
DPC_EXPORT dpc_kind dpc_stream_open_start(dpc_client *client, const char *operation,
                                          const dpc_args *args, const dpc_call_options *call,
                                          const dpc_stream_options *options, dpc_done_fn on_done,
                                          void *user, dpc_call **started, dpc_error *err);
DPC_EXPORT dpc_kind dpc_stream_opened(dpc_client *client, const dpc_reply *reply, dpc_stream **out,
                                      dpc_error *err);

/* The head of the answer; texts live as long as the stream. */
DPC_EXPORT bool dpc_stream_is_bytes(const dpc_stream *stream);    /* else it has events */
DPC_EXPORT int32_t dpc_stream_status(const dpc_stream *stream);   /* HTTP */
DPC_EXPORT const char *dpc_stream_type(const dpc_stream *stream); /* Content-Type; "" = none */
DPC_EXPORT const char *dpc_stream_name(const dpc_stream *stream); /* of a file; "" = none */
DPC_EXPORT int64_t dpc_stream_length(const dpc_stream *stream);   /* bytes; -1 = not said */
/* dpc_stream_handle - its 16 bytes on the wire, for calls of one's own. */
DPC_EXPORT const uint8_t *dpc_stream_handle(const dpc_stream *stream);

typedef struct dpc_next_options {
  size_t size;         /* sizeof(dpc_next_options); set by DPC_NEXT_OPTIONS_INIT */
  uint32_t wait_ms;    /* 0..60000 for the first piece; 0 = what is there */
  uint32_t max_bytes;  /* 1..16777216 of pieces at a time; 0 = 1 MiB */
  uint32_t max_events; /* 1..65536; 0 = 1024 */
} dpc_next_options;

#define DPC_NEXT_OPTIONS_INIT                                                                      \
  { .size = sizeof(dpc_next_options), .wait_ms = 20000 }

/*
 * dpc_stream_next - wait until one of count (1..1024) streams has something to tell. DPC_OK also
 * when wait_ms passed and none has. Then go through dpc_stream_piece and dpc_stream_end of each.
 * What dpc_stream_piece gave before is acknowledged by this, and the service forgets it; what it
 * did not give is asked for again. A failed call loses nothing: ask again.
 */
DPC_EXPORT dpc_kind dpc_stream_next(dpc_stream *const *streams, size_t count,
                                    const dpc_next_options *options, dpc_error *err);
DPC_EXPORT dpc_kind dpc_stream_next_start(dpc_stream *const *streams, size_t count,
                                          const dpc_next_options *options, dpc_done_fn on_done,
                                          void *user, dpc_call **started, dpc_error *err);
/* dpc_stream_take - take in what was asked for with the same streams. It keeps a reference to
 * the reply where it holds pieces. */
DPC_EXPORT dpc_kind dpc_stream_take(dpc_stream *const *streams, size_t count, dpc_reply *reply,
                                    dpc_error *err);

typedef struct dpc_piece {
  uint64_t at;      /* the event's number, from 1; or how many bytes came before these */
  const char *data; /* the event's data, UTF-8; or bytes. No NUL follows it */
  size_t length;
  const char *event; /* the event's name where the server gave one; NULL = message */
  size_t event_length;
  const char *id; /* the event's id; NULL = none */
  size_t id_length;
} dpc_piece;

/* dpc_stream_piece - the next piece that is here; false if there is none. It points into the stream
 * and is good until the next dpc_stream_take, dpc_stream_next or dpc_stream_free. */
DPC_EXPORT bool dpc_stream_piece(dpc_stream *stream, dpc_piece *piece);

/* dpc_stream_end - how it ended, as a reply of the operation; NULL before its last piece was given.
 * Lives as long as the stream. A stream whose service died ends with DPC_UNKNOWN_OUTCOME (a run may
 * go on at the server) or, of a download or a push, DPC_UNREACHABLE; code "service_lost". */
DPC_EXPORT const dpc_reply *dpc_stream_end(const dpc_stream *stream);

/* What the server calls the run, to look at it or to go on; "" = not known. */
typedef struct dpc_run {
  char task_id[64], workflow_run_id[64], conversation_id[64], message_id[64];
} dpc_run;

/* dpc_stream_run - empty before the end. */
DPC_EXPORT const dpc_run *dpc_stream_run(const dpc_stream *stream);

/*
 * dpc_stream_close - end it now; the run is stopped at the server unless the stream was opened with
 * keep_run. stopped: whether the server was asked to stop it; may be NULL. DPC_NOT_FOUND where it
 * was gone. After it only dpc_stream_free makes sense.
 */
DPC_EXPORT dpc_kind dpc_stream_close(dpc_stream *stream, bool *stopped, dpc_error *err);
DPC_EXPORT dpc_kind dpc_stream_close_start(dpc_stream *stream, dpc_done_fn on_done, void *user,
                                           dpc_call **started, dpc_error *err);
/* dpc_stream_free - a stream that was not closed is, without waiting. NULL is allowed. */
DPC_EXPORT void dpc_stream_free(dpc_stream *stream);

/* ---- Uploads -------------------------------------------------------------------------------- */

typedef struct dpc_upload dpc_upload;

typedef struct dpc_upload_options {
  size_t size;       /* sizeof(dpc_upload_options); set by DPC_UPLOAD_OPTIONS_INIT */
  const char *param; /* which file of the operation; NULL = its only one */
  const char *name;  /* the file's name; required */
  const char *type;  /* media type; NULL = by the name */
  int64_t length;    /* bytes; -1 = not known */
  uint32_t idle_ms;  /* 100..86400000 in which nothing is written; 0 = 60000 */
  uint32_t total_ms; /* 1..86400000 for all of it; 0 = no bound */
} dpc_upload_options;

#define DPC_UPLOAD_OPTIONS_INIT                                                                    \
  { .size = sizeof(dpc_upload_options), .length = -1 }

/* dpc_upload_open - begin an operation with a file. args: its other arguments. out, reply, result:
 * as of dpc_stream_open. call->deadline_ms is for the opening, and again for the close. */
DPC_EXPORT dpc_kind dpc_upload_open(dpc_client *client, const char *operation, const dpc_args *args,
                                    const dpc_call_options *call, const dpc_upload_options *options,
                                    dpc_upload **out, dpc_reply **reply);
DPC_EXPORT dpc_kind dpc_upload_open_start(dpc_client *client, const char *operation,
                                          const dpc_args *args, const dpc_call_options *call,
                                          const dpc_upload_options *options, dpc_done_fn on_done,
                                          void *user, dpc_call **started, dpc_error *err);
DPC_EXPORT dpc_kind dpc_upload_opened(dpc_client *client, const dpc_call_options *call,
                                      const dpc_reply *reply, dpc_upload **out, dpc_error *err);

/* dpc_upload_window - how many bytes go in one write at most: a good size to read from a file. */
DPC_EXPORT size_t dpc_upload_window(const dpc_upload *upload);
/* dpc_upload_offset - bytes that were accepted so far. */
DPC_EXPORT uint64_t dpc_upload_offset(const dpc_upload *upload);
/* dpc_upload_ended - the call has ended, nothing more is wanted; dpc_upload_close tells why. */
DPC_EXPORT bool dpc_upload_ended(const dpc_upload *upload);

/* dpc_upload_write - wait until all of these bytes were accepted, or the upload has ended (DPC_OK
 * too). DPC_UNREACHABLE, code "service_lost", where the service died: nothing was created, the
 * upload can begin anew. */
DPC_EXPORT dpc_kind dpc_upload_write(dpc_upload *upload, const void *bytes, size_t length,
                                     dpc_error *err);
/* dpc_upload_write_start - the first window of these bytes; dpc_upload_wrote adds those that were
 * accepted to the offset. Go on behind them. */
DPC_EXPORT dpc_kind dpc_upload_write_start(dpc_upload *upload, const void *bytes, size_t length,
                                           dpc_done_fn on_done, void *user, dpc_call **started,
                                           dpc_error *err);
DPC_EXPORT dpc_kind dpc_upload_wrote(dpc_upload *upload, const dpc_reply *reply, dpc_error *err);

/* dpc_upload_close - the file is complete: the operation's own reply. May be asked again where the
 * reply is pending. A service that died is DPC_UNKNOWN_OUTCOME, code "service_lost". */
DPC_EXPORT dpc_kind dpc_upload_close(dpc_upload *upload, dpc_reply **reply);
/* dpc_upload_close_start - abort: cut it at the server instead; nothing is created. */
DPC_EXPORT dpc_kind dpc_upload_close_start(dpc_upload *upload, bool abort, dpc_done_fn on_done,
                                           void *user, dpc_call **started, dpc_error *err);
/* dpc_upload_free - an upload that was not closed is aborted, without waiting. NULL is allowed. */
DPC_EXPORT void dpc_upload_free(dpc_upload *upload);

/* ---- Pushes --------------------------------------------------------------------------------- */

typedef struct dpc_push dpc_push;

/* dpc_push_open - make a knowledge base hold pages that are given one by one. args: those of
 * pages.push but pages; and buffer, idle_ms, total_ms. out, reply, result: as of dpc_stream_open.
 */
DPC_EXPORT dpc_kind dpc_push_open(dpc_client *client, const dpc_args *args,
                                  const dpc_call_options *call, dpc_push **out, dpc_reply **reply);
DPC_EXPORT dpc_kind dpc_push_open_start(dpc_client *client, const dpc_args *args,
                                        const dpc_call_options *call, dpc_done_fn on_done,
                                        void *user, dpc_call **started, dpc_error *err);
DPC_EXPORT dpc_kind dpc_push_opened(dpc_client *client, const dpc_reply *reply, dpc_push **out,
                                    dpc_error *err);

/* dpc_push_stream - its events and its end, for dpc_stream_next and those that follow from it. It
 * is the push's: do not close or free it. A push whose events nobody reads takes no more pages. */
DPC_EXPORT dpc_stream *dpc_push_stream(dpc_push *push);
/* dpc_push_window - pages that the service holds at a time. */
DPC_EXPORT size_t dpc_push_window(const dpc_push *push);
/* dpc_push_taken - how many pages were taken in all. */
DPC_EXPORT uint64_t dpc_push_taken(const dpc_push *push);
/* dpc_push_ended - nothing more is wanted; the stream's end tells why. */
DPC_EXPORT bool dpc_push_ended(const dpc_push *push);

/* dpc_push_add - give count (1..1024) pages, and wait until they were taken, for wait_ms (0..60000)
 * at most. Go on behind what dpc_push_taken tells. Each page is a set of values: url or id, title,
 * name, text or file (dpc_args_set_file), metadata. */
DPC_EXPORT dpc_kind dpc_push_add(dpc_push *push, const dpc_args *const *pages, size_t count,
                                 uint32_t wait_ms, dpc_error *err);
DPC_EXPORT dpc_kind dpc_push_add_start(dpc_push *push, const dpc_args *const *pages, size_t count,
                                       uint32_t wait_ms, dpc_done_fn on_done, void *user,
                                       dpc_call **started, dpc_error *err);
DPC_EXPORT dpc_kind dpc_push_added(dpc_push *push, const dpc_reply *reply, dpc_error *err);

/* dpc_push_finish - all pages were given; what is left to do is done, and the stream's end comes.
 * Twice is harmless. */
DPC_EXPORT dpc_kind dpc_push_finish(dpc_push *push, dpc_error *err);
DPC_EXPORT dpc_kind dpc_push_finish_start(dpc_push *push, dpc_done_fn on_done, void *user,
                                          dpc_call **started, dpc_error *err);
/* dpc_push_free - what was not begun is cancelled, without waiting. NULL is allowed. */
DPC_EXPORT void dpc_push_free(dpc_push *push);

#ifdef __cplusplus
}
#endif
#endif
