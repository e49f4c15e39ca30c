/* client.h - call Dify through difypoold: a thin client over the service's socket. */
#ifndef DIFYPOOL_CLIENT_CLIENT_H
#define DIFYPOOL_CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool-client/kinds.h>
#include <difypool-client/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The shape of a call is that of libdifypool: arguments, options, a reply that is set on failure
 * too. What differs: operations are named by text, as on the wire, and there is no thread. Whoever
 * waits for a reply reads the socket, for all other callers too; a program with a loop of its own
 * polls dpc_client_fd and calls dpc_client_dispatch.
 *
 * Every function may be called from any thread unless it says otherwise. In a child of fork()
 * functions that take a client or a call return DPC_INVALID_REQUEST with code "forked" at once (and
 * dpc_client_close only closes descriptors); open a new client there.
 */
typedef struct dpc_client dpc_client; /* one connection to the service */
typedef struct dpc_args dpc_args;     /* the named values of one call */
typedef struct dpc_call dpc_call;     /* a call that was started; reference counted */
typedef struct dpc_reply dpc_reply;   /* what came of it; immutable, reference counted */

/*
 * An error, by value, without pointers. All texts are UTF-8 without control characters, end in NUL,
 * and are cut at a character's edge when they are too long. No text ever holds a key.
 */
typedef struct dpc_error {
  dpc_kind kind;           /* DPC_OK where there is no error */
  int32_t status;          /* HTTP status of the answer behind it; 0 = there was none */
  uint32_t retry_after_ms; /* earliest useful repeat; 0 = not known */
  uint8_t retryable;       /* 1 = the same call may succeed later without any change */
  char kind_name[32];      /* as it came; kinds that this build does not know are DPC_INTERNAL */
  char code[64];           /* machine-readable detail; may be "" */
  char message[512];       /* what happened and where, for people */
  char hint[256];          /* what to do about it, for people; may be "" */
} dpc_error;

/* dpc_kind_name, dpc_kind_text - the kind's name on the wire; one sentence on what it means. Static
 * texts; "unknown" and "" for a number that is no kind. Since 0.1. */
DPC_EXPORT const char *dpc_kind_name(dpc_kind kind);
DPC_EXPORT const char *dpc_kind_text(dpc_kind kind);
/* dpc_kind_exit - what a command that failed with it should exit with. Since 0.1. */
DPC_EXPORT int dpc_kind_exit(dpc_kind kind);
/* dpc_version - "MAJOR.MINOR.PATCH" of the library that runs. Static text. Since 0.1. */
DPC_EXPORT const char *dpc_version(void);

/* ---- Arguments ---------------------------------------------------------------------------- */

/*
 * An ordered set of named values. Setting a name again replaces its value and keeps its place. An
 * args object belongs to one thread at a time; a call copies what it needs before the function that
 * starts it returns, so it may be reused or freed at once. Every setter copies, and returns DPC_OK,
 * DPC_INVALID_REQUEST (no name, text that is not UTF-8, JSON that is not JSON or nests deeper than
 * 20) or DPC_INTERNAL (out of memory); on an error nothing was changed. Since 0.1.
 */
DPC_EXPORT dpc_args *dpc_args_new(void);       /* NULL when memory is out */
/* dpc_args_copy - of NULL: an empty one; NULL when memory is out. */
DPC_EXPORT dpc_args *dpc_args_copy(const dpc_args *args);
DPC_EXPORT void dpc_args_free(dpc_args *args); /* wipes what it held; NULL is allowed */
DPC_EXPORT dpc_kind dpc_args_set_null(dpc_args *args, const char *name);
DPC_EXPORT dpc_kind dpc_args_set_bool(dpc_args *args, const char *name, bool value);
DPC_EXPORT dpc_kind dpc_args_set_int(dpc_args *args, const char *name, int64_t value);
/* value: finite. */
DPC_EXPORT dpc_kind dpc_args_set_double(dpc_args *args, const char *name, double value);
/* value: UTF-8, ends in NUL. */
DPC_EXPORT dpc_kind dpc_args_set_string(dpc_args *args, const char *name, const char *value);
/* value: UTF-8 of length bytes; may hold NUL. */
DPC_EXPORT dpc_kind dpc_args_set_text(dpc_args *args, const char *name, const char *value,
                                      size_t length);
/* json: one JSON text (RFC 8259), ends in NUL. Integers of up to 64 bits stay exact; a longer one
 * is refused rather than rounded. */
DPC_EXPORT dpc_kind dpc_args_set_json(dpc_args *args, const char *name, const char *json);
/* bytes: for binary members (http.request's body, a file's content); NULL only with length 0. */
DPC_EXPORT dpc_kind dpc_args_set_bytes(dpc_args *args, const char *name, const void *bytes,
                                       size_t length);
/* file_name: as the server shall see it. type: media type; NULL = by the name. data: its content.
 * For files that fit a message; larger ones go by dpc_upload_open. */
DPC_EXPORT dpc_kind dpc_args_set_file(dpc_args *args, const char *name, const char *file_name,
                                      const char *type, const void *data, size_t length);
/* inner: a map of values, which are copied; another object than args. */
DPC_EXPORT dpc_kind dpc_args_set_args(dpc_args *args, const char *name, const dpc_args *inner);
DPC_EXPORT size_t dpc_args_count(const dpc_args *args);
DPC_EXPORT bool dpc_args_has(const dpc_args *args, const char *name);

/* ---- The client --------------------------------------------------------------------------- */

typedef struct dpc_client_options {
  size_t size;             /* sizeof(dpc_client_options); set by DPC_CLIENT_OPTIONS_INIT */
  const char *socket;      /* path or ipc://PATH; NULL = look for it as PROTOCOL.md, section 2 */
  const char *profile;     /* a profile of the service's config; NULL = the default one */
  const char *base_url;    /* a server of our own, in place of profile; NULL = none */
  const char *api_key;     /* its key; only with base_url; NULL = no key is sent */
  const dpc_args *connect; /* more of service.connect's arguments: ca_file, …; NULL = none */
  const char *program;     /* the difypoold to start; NULL = $DIFYPOOL_DAEMON, $PATH, our prefix */
  int32_t autostart;       /* 1 = start a private service if none answers (default) */
  int32_t dispatch;        /* 1 = there will be dpc_client_fd and callbacks */
  int32_t lazy;            /* 1 = dpc_client_open does no I/O; the first call connects */
  uint32_t deadline_ms;    /* 1..86400000 default for a call; 0 = 120000 */
  uint32_t patience_ms;    /* 1..600000 to get a connection to the service; 0 = 10000 */
  uint32_t calls_max;      /* 1..4096 calls that are not answered; 0 = 4096 */
  uint64_t held_max;       /* bytes of requests held until they are answered; 0 = 256 MiB */
  uint64_t reply_max;      /* bytes of one reply; 0 = 80 MiB */
} dpc_client_options;

#define DPC_CLIENT_OPTIONS_INIT                                                                    \
  { .size = sizeof(dpc_client_options), .autostart = 1 }

/*
 * dpc_client_open - find the service, start a private one if there is none, and connect to it.
 * out:     receives the client; close with dpc_client_close. Untouched on error.
 * options: read during the call only; NULL = all defaults.
 * err:     filled on error; may be NULL.
 * Returns DPC_OK; DPC_INVALID_REQUEST (an option out of its range, a path that is too long);
 * DPC_UNREACHABLE (no service, and none could be started; the message says why); DPC_DENIED (no
 * permission, or a server that is not ours); DPC_PROTOCOL (what answers is no difypoold); what
 * service.connect says of base_url; DPC_INTERNAL. Waits up to patience_ms unless lazy. Since 0.1.
 */
DPC_EXPORT dpc_kind dpc_client_open(dpc_client **out, const dpc_client_options *options,
                                    dpc_error *err);

/* dpc_client_close - end all calls with DPC_CANCELLED, run the callbacks that are due, free. Not in
 * a callback, not while another thread is in a function of this client. NULL is allowed. */
DPC_EXPORT void dpc_client_close(dpc_client *client);

/* dpc_client_socket - the path in use; lives as long as the client. */
DPC_EXPORT const char *dpc_client_socket(const dpc_client *client);
/* dpc_client_is_private - whether the service there is one that a client of this user may start. */
DPC_EXPORT bool dpc_client_is_private(const dpc_client *client);

/*
 * dpc_client_fd, dpc_client_dispatch - for programs with a loop of their own (options.dispatch =
 * 1). The descriptor becomes readable (POLLIN) when there is something to do; dispatch does it
 * without waiting, runs the callbacks that are due on the calling thread, and returns how many ran.
 * The descriptor stays the client's. -1 and 0 where dispatch is off. Dispatch on one thread at a
 * time, not in a callback. Since 0.1.
 */
DPC_EXPORT int dpc_client_fd(const dpc_client *client);
DPC_EXPORT size_t dpc_client_dispatch(dpc_client *client);

/* ---- Calls -------------------------------------------------------------------------------- */

typedef enum dpc_priority {
  DPC_PRIORITY_NORMAL = 0,
  DPC_PRIORITY_INTERACTIVE = 1, /* somebody waits: goes first */
  DPC_PRIORITY_BULK = 2         /* a crawl: goes last */
} dpc_priority;

enum {
  DPC_CALL_NO_VALIDATE = 1u << 0,  /* send the arguments as they are */
  DPC_CALL_ALLOW_HAZARD = 1u << 1, /* carry out what is known to break this server's version */
  DPC_CALL_WAIT = 1u << 2,         /* wait for an open breaker, a full server, instead of failing */
  DPC_CALL_BLOCKING = 1u << 3,     /* ask the server for a blocking answer */
  DPC_CALL_MAYBE_DONE = 1u << 4,   /* an earlier life may have sent this id: verify first */
  DPC_CALL_NO_JSON = 1u << 5       /* dpc_reply_value is enough: make no text of it */
};

typedef struct dpc_call_options {
  size_t size;          /* sizeof(dpc_call_options); set by DPC_CALL_OPTIONS_INIT */
  const char *profile;  /* for this call; NULL = the client's */
  uint32_t deadline_ms; /* 1..86400000 for all of it, waiting included; 0 = the client's default */
  dpc_priority priority;
  uint32_t cache_ms; /* 0..3600000: an answer up to so old will do; 0 = ask the server */
  uint32_t flags;    /* DPC_CALL_… ; unknown bits are refused */
  const uint8_t *id; /* 16 bytes of an earlier call, to ask for its outcome; NULL = a new one */
} dpc_call_options;

#define DPC_CALL_OPTIONS_INIT                                                                      \
  { .size = sizeof(dpc_call_options) }

/*
 * dpc_call_run - carry out an operation and wait for its reply.
 * operation: "documents.create_by_text"; see difypool-operations(7).
 * args:      may be NULL where nothing is required.
 * options:   may be NULL.
 * reply:     always receives a reply, on failure too (NULL only when memory is out); unref it.
 * Returns the reply's kind. Not in a callback (code "in_callback"). A connection that is lost on
 * the way is made again, and the call goes on under its id. Since 0.1.
 */
DPC_EXPORT dpc_kind dpc_call_run(dpc_client *client, const char *operation, const dpc_args *args,
                                 const dpc_call_options *options, dpc_reply **reply);

/* Runs exactly once for a call that was started, in dpc_client_dispatch or dpc_client_close, never
 * inside the function that started it. The reply belongs to the library; dpc_reply_ref keeps it. */
typedef void (*dpc_done_fn)(dpc_call *call, dpc_reply *reply, void *user);

/*
 * dpc_call_start - the same without waiting.
 * on_done: may be NULL: then dpc_call_wait gets the reply. Not NULL only with options.dispatch.
 * call:    receives a reference, to be given back with dpc_call_unref; may be NULL if on_done is
 *          given.
 * err:     filled when the call could not be started; may be NULL.
 * Returns DPC_OK: on_done will run. Else it never will: DPC_INVALID_REQUEST (a wrong option),
 * DPC_TOO_LARGE (over message_max), DPC_BUSY (calls_max or held_max), DPC_INTERNAL. Does not block:
 * what the socket does not take now goes out when somebody waits or dispatches. Since 0.1.
 */
DPC_EXPORT dpc_kind dpc_call_start(dpc_client *client, const char *operation, const dpc_args *args,
                                   const dpc_call_options *options, dpc_done_fn on_done, void *user,
                                   dpc_call **call, dpc_error *err);

/* dpc_call_wait - wait for a call that was started without on_done; as dpc_call_run. May be called
 * again and from several threads: all get the same reply. */
DPC_EXPORT dpc_kind dpc_call_wait(dpc_call *call, dpc_reply **reply);

/* dpc_call_cancel - ask for an early end, at the service too. What has sent nothing, or only reads,
 * ends with DPC_CANCELLED; a write in flight with DPC_UNKNOWN_OUTCOME or its result. Does not wait;
 * after the end it does nothing. */
DPC_EXPORT void dpc_call_cancel(dpc_call *call);
/* dpc_call_id - the 16 bytes under which the service knows it; live as long as the call. */
DPC_EXPORT const uint8_t *dpc_call_id(const dpc_call *call);
DPC_EXPORT dpc_call *dpc_call_ref(dpc_call *call);
/* dpc_call_unref - also after the client was closed. NULL is allowed. */
DPC_EXPORT void dpc_call_unref(dpc_call *call);

/* ---- Replies ------------------------------------------------------------------------------ */

/* What the way of a call was like. Times in µs; 0 = did not happen. */
typedef struct dpc_meta {
  const char *op;      /* the operation it was carried as (http.request may match one); or "" */
  const char *version; /* the server's X-Version; "" = not known */
  const char *note;    /* what was done differently from what was asked, and why; "" = nothing */
  uint32_t attempts;   /* transfers that were started for it */
  bool reused;         /* the last one went over a connection that was open already */
  bool cached;         /* the answer came from the cache */
  bool joined;         /* it shared an equal call's transfer */
  bool verified;       /* success was proven by looking */
  bool resent;         /* the service answered from memory */
  uint64_t queued_us;  /* waited for a place, the pace or the breaker */
  uint64_t paced_us;   /* of that, for the pace */
  uint64_t dns_us, connect_us, tls_us; /* last transfer */
  uint64_t server_us;      /* last transfer: request sent until first byte of the answer */
  uint64_t total_us;       /* the whole call, in the service */
  uint64_t sent, received; /* bytes of bodies, all attempts */
} dpc_meta;

DPC_EXPORT dpc_reply *dpc_reply_ref(dpc_reply *reply);
DPC_EXPORT void dpc_reply_unref(dpc_reply *reply); /* NULL is allowed */

/* All texts and bytes below live as long as the reply. */
DPC_EXPORT dpc_kind dpc_reply_kind(const dpc_reply *reply);          /* DPC_OK on success */
DPC_EXPORT const dpc_error *dpc_reply_error(const dpc_reply *reply); /* kind DPC_OK on success */
DPC_EXPORT int32_t dpc_reply_status(const dpc_reply *reply);         /* HTTP; 0 = no answer */
DPC_EXPORT const char *dpc_reply_type(const dpc_reply *reply);       /* Content-Type; "" = none */
/* dpc_reply_body - the server's bytes as they came; of service.* operations their value as JSON
 * text, where bytes stand as lower-case hex (nothing, with DPC_CALL_NO_JSON). A NUL follows it. */
DPC_EXPORT const void *dpc_reply_body(const dpc_reply *reply, size_t *length);
/* dpc_reply_value - the value that a service.* operation answered; false if there is none. */
DPC_EXPORT bool dpc_reply_value(const dpc_reply *reply, dpc_value *value);
/* dpc_reply_header - by its lower-case name; NULL if there is none. */
DPC_EXPORT const char *dpc_reply_header(const dpc_reply *reply, const char *name);
/* dpc_reply_header_at - the index-th header; false past the end. */
DPC_EXPORT bool dpc_reply_header_at(const dpc_reply *reply, size_t index, const char **name,
                                    const char **value);
/* dpc_reply_is_pending - the write still runs: call again with the same id for its outcome. */
DPC_EXPORT bool dpc_reply_is_pending(const dpc_reply *reply);
/* dpc_reply_id - the 16 bytes of the call's id. */
DPC_EXPORT const uint8_t *dpc_reply_id(const dpc_reply *reply);
DPC_EXPORT const dpc_meta *dpc_reply_meta(const dpc_reply *reply);

#ifdef __cplusplus
}
#endif
#endif
