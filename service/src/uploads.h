/* uploads.h - files that come in pieces: what is open, what is held, what came of those that ended. */
#ifndef DPD_UPLOADS_H
#define DPD_UPLOADS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <msgpack.h>

#include <difypool/call.h>

#include "digest.h"
#include "handles.h"
#include "list.h"
#include "transport.h"
#include "window.h"

typedef struct dpd_service dpd_service;

/* What upload.open asks for, besides the operation's own arguments. */
typedef struct dpd_upload_settings {
  dp_op op;
  int64_t length; /* -1 = not known */
  uint32_t idle_ms;
  uint32_t total_ms; /* 0 = no bound */
} dpd_upload_settings;

/* A request of an upload that is answered later. */
typedef struct dpd_upload_asker {
  dpd_node node;
  dpd_inquiry *inquiry;
  uint32_t peer;
  uint8_t id[16];
  bool decode;         /* of upload.close */
  bool abort;          /* of upload.close */
  int64_t deadline_ms; /* of upload.close; monotonic */
} dpd_upload_asker;

/*
 * In service->uploads while its call runs, then in uploading.past until it is forgotten.
 * Counted references: the table's or the past's, the call's source, whoever handles a request of it.
 */
typedef struct dpd_upload {
  dpd_handle handle;
  dpd_node past;
  atomic_uint refs;
  dpd_service *service;
  dpd_upload_settings settings;
  uint8_t open_id[16]; /* of the request that opened it */
  dpd_digest digest;   /* of what that asked for */
  uint32_t pid;
  char profile[65];

  /* Under the service's lock. */
  dp_call *call;    /* a reference, until its end */
  bool ended;
  bool faulted;     /* what it is told of is fault, not what the call ended with */
  dp_error fault;
  dp_reply *reply;  /* what came of it; NULL = none, or too large to be kept */
  int64_t expires_ms;
  dpd_list closers;
  size_t closer_count;

  /* Under its own: the engine's thread takes bytes while clients bring more. */
  pthread_mutex_t lock;
  dpd_window window;
  bool complete;       /* upload.close came */
  bool stopped;        /* its source is to give up */
  bool starving;       /* its transfer waits for bytes */
  int64_t starving_ms; /* since then */
  dpd_list writers;    /* upload.write's that wait for room */
  size_t writer_count;
} dpd_upload;

/* Part of the service, under its lock. */
typedef struct dpd_uploading {
  dpd_list past; /* in the order of their ends */
  size_t past_count;
  size_t past_bytes;
  size_t busy;     /* calls that have not ended: a drain waits for them */
  uint64_t opened; /* ever */
} dpd_uploading;

void dpd_uploading_init(dpd_uploading *uploading);

/* dpd_upload_new - one reference; NULL when memory is out. */
dpd_upload *dpd_upload_new(dpd_service *s, const dpd_upload_settings *settings);
dpd_upload *dpd_upload_ref(dpd_upload *upload);
void dpd_upload_unref(dpd_upload *upload);

/* dpd_upload_enter - into the table, held by peer. False: busy or internal. With the lock. */
bool dpd_upload_enter(dpd_upload *upload, dpd_peer *peer, dp_error *err);
/* dpd_upload_leave - out of it again, before anything was started. No lock. */
void dpd_upload_leave(dpd_upload *upload);
/* dpd_upload_start - its call, with these arguments and this name and type of the file. False: err says
 * why, and it is out of the table. No lock. */
bool dpd_upload_start(dpd_upload *upload, dp_args *args, const dp_file_source *file,
                      const dp_call_options *options, dp_error *err);

/* dpd_upload_find - one that runs, or has ended and is not forgotten: a reference; NULL = neither. With
 * the lock. */
dpd_upload *dpd_upload_find(dpd_service *s, const uint8_t id[DPD_HANDLE_SIZE], uint32_t uid);
/* dpd_upload_opened_by - the one that this request of this user opened: a reference, or NULL. */
dpd_upload *dpd_upload_opened_by(dpd_service *s, const uint8_t open_id[16], uint32_t uid);

/* What may be said of bytes that came. */
typedef enum dpd_upload_put {
  DPD_UPLOAD_TAKEN,  /* answer at once */
  DPD_UPLOAD_WAITS,  /* asker was taken over: it is answered when there is room */
  DPD_UPLOAD_REFUSED /* err says why */
} dpd_upload_put;

/* dpd_upload_write - bytes at offset. *offset becomes what was accepted so far, *ended whether the call
 * has ended. No lock. */
dpd_upload_put dpd_upload_write(dpd_upload *upload, uint64_t *offset, const void *bytes,
                                size_t length, dpd_upload_asker *asker, bool *ended,
                                dp_error *err);
/* dpd_upload_close - the file is complete, or to be given up; asker is taken over and answered once the
 * call has ended. No lock. */
void dpd_upload_close(dpd_upload *upload, dpd_upload_asker *asker);

/* dpd_pack_accepted - the body of upload.write's answer. */
void dpd_pack_accepted(msgpack_packer *packer, uint64_t offset, bool ended);

/* dpd_uploads_tick - orphans, idle ones, askers whose deadline passed, what is to be forgotten. Returns
 * ms until the next. No lock. */
int64_t dpd_uploads_tick(dpd_service *s, int64_t now_ms);
/* dpd_uploads_stop - forget what ended; the engine has. */
void dpd_uploads_stop(dpd_service *s);

#endif
