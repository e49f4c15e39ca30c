/* streams.h - answers that come in pieces: what is open, what is held, who reads it. */
#ifndef DPD_STREAMS_H
#define DPD_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/call.h>

#include "calls.h"
#include "handles.h"
#include "list.h"
#include "pieces.h"
#include "pushes.h"
#include "text.h"
#include "transport.h"
#include "waits.h"

typedef struct dpd_service dpd_service;

/* What stream.open asks for. */
typedef struct dpd_stream_settings {
  dp_op op;
  uint32_t buffer;
  uint32_t idle_ms;  /* 0 = the pool's */
  uint32_t total_ms; /* 0 = no bound */
  bool keep_run;
} dpd_stream_settings;

/* A stream.close that waits until the engine has let go. */
typedef struct dpd_closer {
  dpd_inquiry *inquiry;
  uint32_t peer;
  uint8_t id[16];
} dpd_closer;

/* Under the service's lock, but for what never changes: handle.id, service, settings. */
typedef struct dpd_stream {
  dpd_handle handle;
  dpd_service *service;
  dpd_stream_settings settings;
  dpd_pieces pieces;
  dpd_wait wait;
  dpd_node starved; /* paused for stream_bytes */
  dpd_node resume;  /* its transfer is to go on */
  dp_call *call;    /* a reference, from its opening until its end */
  dp_reply *end;    /* how it ended; NULL = it has not */
  dpd_closer *closer;
  dpd_push *push; /* its intake, of a push whose pages come one by one; NULL = it is none */
  unsigned refs;    /* its table's, and the engine's */
  uint64_t asked;   /* the request that named it last */
  uint64_t told_at; /* the reply that it stood in last */
  size_t wanted;    /* the cost of the piece that was refused */
  bool opened;
  bool closed; /* out of its table */
  bool paused;
  bool told; /* its end stood in a reply */
  bool busy; /* counted in streaming.busy */
} dpd_stream;

/* What one stream tells in one reply. */
typedef struct dpd_telling {
  uint8_t handle[16];
  bool bytes;
  bool unknown; /* there is no such stream */
  dp_op op;
  dpd_share share;
  dp_reply *end; /* a reference; NULL = it goes on */
} dpd_telling;

/* Part of the service, under its lock. */
typedef struct dpd_streaming {
  dpd_waits waits;
  dpd_list starved; /* first come, first served */
  dpd_list resumes;
  size_t held;     /* bytes for the readers of all streams */
  size_t busy;     /* those that are not over for engine and reader: a drain waits for them */
  uint64_t opened; /* ever */
  uint64_t pieces; /* that ever came */
  uint64_t requests;
  uint64_t replies;
} dpd_streaming;

void dpd_streaming_init(dpd_streaming *streaming);

/* dpd_stream_new - in no table yet. NULL when memory is out. */
dpd_stream *dpd_stream_new(dpd_service *s, const dpd_stream_settings *settings);
/* dpd_stream_discard - one that never opened: out of the table if it is in, and freed. With the
 * lock if it is. */
void dpd_stream_discard(dpd_stream *stream);
/* dpd_stream_free - the same for one that is in no table. NULL is allowed. */
void dpd_stream_free(dpd_stream *stream);
/* dpd_stream_enter - into the table, held by peer. False: busy or internal. With the lock. */
bool dpd_stream_enter(dpd_stream *stream, dpd_peer *peer, dp_error *err);
/* dpd_stream_options - what it adds to those of its call. */
void dpd_stream_options(const dpd_stream *stream, dp_call_options *options);

/* dpd_stream_opened - a good answer has begun. With the lock. */
void dpd_stream_opened(dpd_stream *stream, dp_call *call, bool bytes);
/* dpd_stream_ended - on_done of its call. False: it never opened, and is the caller's to discard.
 * Else it may be gone afterwards. No lock. */
bool dpd_stream_ended(dpd_stream *stream, dp_reply *reply);

/* dpd_stream_push - a piece came; taken over unless the answer is PAUSE. No lock. */
dp_flow dpd_stream_push(dpd_stream *stream, dpd_piece *piece);
/* dpd_stream_ack - so much arrived; what is no longer held is the caller's to release. With the
 * lock; dpd_streams_resume must follow without it. */
dpd_piece *dpd_stream_ack(dpd_stream *stream, uint64_t after);
/* dpd_streams_resume - let those go on that may. No lock. */
void dpd_streams_resume(dpd_service *s);
/* dpd_stream_settle - whether a drain waits for it has changed. With the lock. */
void dpd_stream_settle(dpd_stream *stream);

/* What is to be done without the lock once a stream was closed. */
typedef struct dpd_closing {
  dp_call *call; /* to be cancelled; NULL = it had ended */
  bool keep_run;
  dpd_piece *pieces;
  struct dpd_reader *reader;
  dpd_telling telling;
} dpd_closing;

/* dpd_stream_close - its handle is gone, its transfer ends, its run is stopped unless keep_run.
 * closer, if not NULL, is taken over and answered once it has ended, unless it had: then call is
 * NULL. With the lock; the stream may be gone afterwards. */
void dpd_stream_close(dpd_stream *stream, bool keep_run, dpd_closer *closer, dpd_closing *out);
/* dpd_closing_finish - the rest of it. No lock. */
void dpd_closing_finish(dpd_service *s, dpd_closing *closing);
/* dpd_streams_tick - orphans and readers that are due. Returns ms until the next. No lock. */
int64_t dpd_streams_tick(dpd_service *s, int64_t now_ms);
/* dpd_streams_stop - what is left once the engine has ended. */
void dpd_streams_stop(dpd_service *s);

/* stream_sink.c: where the library puts what comes; user is the dpd_call. */
extern const dp_sink dpd_stream_sink;

/* --- stream_next.c: readers
 * ----------------------------------------------------------------------- */

/* One stream.next that waits. */
typedef struct dpd_reader {
  dpd_waiter waiter;
  dpd_node of_peer;
  dpd_peer *peer;
  dpd_inquiry *inquiry;
  uint8_t id[16];
  size_t max_bytes;
  uint32_t max_events;
  bool flat; /* a push.next, and this is its push */
  uint8_t push[DPD_HANDLE_SIZE];
} dpd_reader;

/* dpd_reader_off - it waits no more and is its peer's no longer. With the lock. */
void dpd_reader_off(dpd_reader *reader);
/* dpd_stream_tell - what it has to tell now, within the bounds; false: nothing. With the lock. */
bool dpd_stream_tell(dpd_stream *stream, size_t max_bytes, uint32_t max_events, bool first,
                     dpd_telling *out);
/* dpd_telling_clear - its references. No lock needed. */
void dpd_telling_clear(dpd_telling *telling);
/* dpd_reader_answer - tell it, and it is gone. It was taken off. telling NULL = nothing. No lock.
 */
void dpd_reader_answer(dpd_service *s, dpd_reader *reader, dpd_telling *telling);
/* dpd_reader_take - whoever waits for this stream, taken off, with what it has to tell; NULL =
 * nobody. With the lock. */
dpd_reader *dpd_reader_take(dpd_stream *stream, dpd_telling *out);
/* dpd_readers_gone - those of a peer, moved to dropped; dpd_readers_drop without the lock. */
void dpd_readers_gone(dpd_peer *peer, dpd_list *dropped);
void dpd_readers_drop(dpd_list *dropped);

#endif
