/* Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it. */
/* difypool_proto.h - version, message keys, bounds and service operations of the wire; see PROTOCOL.md. */
#ifndef DIFYPOOL_PROTO_H
#define DIFYPOOL_PROTO_H

#define DP_PROTOCOL_VERSION 1

/* Keys of the maps in messages. */
#define DP_KEY_V "v"
#define DP_KEY_ID "id"
#define DP_KEY_OP "op"
#define DP_KEY_ARGS "args"
#define DP_KEY_EPOCH "epoch"
#define DP_KEY_AGAIN "again"
#define DP_KEY_PROFILE "profile"
#define DP_KEY_DEADLINE_MS "deadline_ms"
#define DP_KEY_PRIORITY "priority"
#define DP_KEY_DECODE "decode"
#define DP_KEY_CACHE "cache"
#define DP_KEY_OPTIONS "options"
#define DP_KEY_VALIDATE "validate"
#define DP_KEY_ALLOW_HAZARD "allow_hazard"
#define DP_KEY_WAIT "wait"
#define DP_KEY_BLOCKING "blocking"
#define DP_KEY_OK "ok"
#define DP_KEY_ERROR "error"
#define DP_KEY_STATUS "status"
#define DP_KEY_TYPE "type"
#define DP_KEY_HEADERS "headers"
#define DP_KEY_BODY "body"
#define DP_KEY_META "meta"
#define DP_KEY_KIND "kind"
#define DP_KEY_CODE "code"
#define DP_KEY_MESSAGE "message"
#define DP_KEY_HINT "hint"
#define DP_KEY_RETRYABLE "retryable"
#define DP_KEY_RETRY_AFTER_MS "retry_after_ms"
#define DP_KEY_PENDING "pending"
#define DP_KEY_ATTEMPTS "attempts"
#define DP_KEY_REUSED "reused"
#define DP_KEY_CACHED "cached"
#define DP_KEY_JOINED "joined"
#define DP_KEY_VERIFIED "verified"
#define DP_KEY_RESENT "resent"
#define DP_KEY_QUEUED_US "queued_us"
#define DP_KEY_PACED_US "paced_us"
#define DP_KEY_DNS_US "dns_us"
#define DP_KEY_CONNECT_US "connect_us"
#define DP_KEY_TLS_US "tls_us"
#define DP_KEY_SERVER_US "server_us"
#define DP_KEY_TOTAL_US "total_us"
#define DP_KEY_SENT "sent"
#define DP_KEY_RECEIVED "received"
#define DP_KEY_VERSION "version"
#define DP_KEY_NOTE "note"

/* X(NAME, "name"): the keys that each map may hold. */
#define DP_KEYS_REQUEST(X) \
  X(V, "v") \
  X(ID, "id") \
  X(OP, "op") \
  X(ARGS, "args") \
  X(EPOCH, "epoch") \
  X(AGAIN, "again") \
  X(PROFILE, "profile") \
  X(DEADLINE_MS, "deadline_ms") \
  X(PRIORITY, "priority") \
  X(DECODE, "decode") \
  X(CACHE, "cache") \
  X(OPTIONS, "options")

#define DP_KEYS_OPTIONS(X) \
  X(VALIDATE, "validate") \
  X(ALLOW_HAZARD, "allow_hazard") \
  X(WAIT, "wait") \
  X(BLOCKING, "blocking")

#define DP_KEYS_REPLY(X) \
  X(V, "v") \
  X(ID, "id") \
  X(EPOCH, "epoch") \
  X(OK, "ok") \
  X(ERROR, "error")

#define DP_KEYS_OK(X) \
  X(STATUS, "status") \
  X(TYPE, "type") \
  X(HEADERS, "headers") \
  X(BODY, "body") \
  X(META, "meta")

#define DP_KEYS_ERROR(X) \
  X(KIND, "kind") \
  X(CODE, "code") \
  X(MESSAGE, "message") \
  X(HINT, "hint") \
  X(RETRYABLE, "retryable") \
  X(STATUS, "status") \
  X(RETRY_AFTER_MS, "retry_after_ms") \
  X(TYPE, "type") \
  X(HEADERS, "headers") \
  X(BODY, "body") \
  X(PENDING, "pending") \
  X(META, "meta")

#define DP_KEYS_META(X) \
  X(OP, "op") \
  X(ATTEMPTS, "attempts") \
  X(REUSED, "reused") \
  X(CACHED, "cached") \
  X(JOINED, "joined") \
  X(VERIFIED, "verified") \
  X(RESENT, "resent") \
  X(QUEUED_US, "queued_us") \
  X(PACED_US, "paced_us") \
  X(DNS_US, "dns_us") \
  X(CONNECT_US, "connect_us") \
  X(TLS_US, "tls_us") \
  X(SERVER_US, "server_us") \
  X(TOTAL_US, "total_us") \
  X(SENT, "sent") \
  X(RECEIVED, "received") \
  X(VERSION, "version") \
  X(NOTE, "note")

/* X(name, default, "text"): what the service bounds; a refusal bears the name as its code. */
#define DP_BOUND_LIST(X) \
  X(message_max, 67174400, "Bytes of one message, without its request id.") \
  X(calls_per_client, 4096, "Calls of one connection that are not answered.") \
  X(calls_max, 16384, "Calls in all that are not answered.") \
  X(unread_per_client, 16384, "Answers that wait for a client to read them; one that has more is disconnected.") \
  X(clients_max, 4096, "Connections.") \
  X(remember_bytes, 67108864, "Bytes of remembered answers to writes.") \
  X(remember_ms, 120000, "How long an answer to a write is remembered.") \
  X(profiles_per_user, 256, "Handles of service.connect that one user holds.") \
  X(streams_per_user, 256, "Open streams of one user.") \
  X(streams_max, 1024, "Open streams in all.") \
  X(stream_bytes, 67108864, "Bytes held for the readers of all streams.") \
  X(uploads_per_user, 64, "Open uploads of one user.") \
  X(uploads_max, 256, "Open uploads in all.") \
  X(upload_window, 1048576, "Bytes of one upload held for the transfer.") \
  X(pushes_per_user, 64, "Open pushes of one user.") \
  X(pushes_max, 256, "Open pushes in all.") \
  X(push_bytes, 67108864, "Bytes of the pages of all pushes that wait to be taken.") \
  X(orphan_grace_ms, 5000, "How long a call outlives its connection before interest in it is dropped.") \
  X(write_grace_ms, 60000, "How long a late or cancelled write may still finish.") \
  X(restart_guard_ms, 120000, "How long, after an unclean end, a write without an epoch is not carried out.")

/* The defaults alone. */
#define DP_BOUND_MESSAGE_MAX 67174400
#define DP_BOUND_CALLS_PER_CLIENT 4096
#define DP_BOUND_CALLS_MAX 16384
#define DP_BOUND_UNREAD_PER_CLIENT 16384
#define DP_BOUND_CLIENTS_MAX 4096
#define DP_BOUND_REMEMBER_BYTES 67108864
#define DP_BOUND_REMEMBER_MS 120000
#define DP_BOUND_PROFILES_PER_USER 256
#define DP_BOUND_STREAMS_PER_USER 256
#define DP_BOUND_STREAMS_MAX 1024
#define DP_BOUND_STREAM_BYTES 67108864
#define DP_BOUND_UPLOADS_PER_USER 64
#define DP_BOUND_UPLOADS_MAX 256
#define DP_BOUND_UPLOAD_WINDOW 1048576
#define DP_BOUND_PUSHES_PER_USER 64
#define DP_BOUND_PUSHES_MAX 256
#define DP_BOUND_PUSH_BYTES 67108864
#define DP_BOUND_ORPHAN_GRACE_MS 5000
#define DP_BOUND_WRITE_GRACE_MS 60000
#define DP_BOUND_RESTART_GUARD_MS 120000

/* X(NAME, "group.name", "text"): what the service answers by itself. */
#define DP_SERVICE_OP_LIST(X) \
  X(PING, "service.ping", \
    "Answers with the service's epoch; the cheapest call there is.") \
  X(INFO, "service.info", \
    "Build, protocol, epoch, process and bounds of the service.") \
  X(STATS, "service.stats", \
    "Counters of the service, the pool and each host.") \
  X(PROFILES, "service.profiles", \
    "The profiles that the caller may use, without their keys.") \
  X(OPERATIONS, "service.operations", \
    "The table of operations, as a list of maps.") \
  X(CONNECT, "service.connect", \
    "Bring a base URL and a key of your own; answers with a handle to be named in `profile`. Equal ones of a user share one.") \
  X(SET, "service.set", \
    "Switch pooling, retry, breaker or cache for the request's profile.") \
  X(CANCEL, "service.cancel", \
    "Drop interest in a call: what has sent nothing, or only reads, ends as cancelled; a write in flight is finished within its grace.") \
  X(WARM, "service.warm", \
    "Open connections to the profile's server ahead of the calls that will need them.") \
  X(DRAIN, "service.drain", \
    "Finish what runs and end; for root and the service's own user.")

#define DP_STREAM_OP_LIST(X) \
  X(OPEN, "stream.open", \
    "Begins an operation whose answer comes in pieces; answers with a handle once a good answer has begun.") \
  X(NEXT, "stream.next", \
    "Waits for pieces of one or many streams and acknowledges those that arrived; asked twice it gives the same pieces twice.") \
  X(CLOSE, "stream.close", \
    "Gives a handle up; a run that still goes on is stopped at the server.")

#define DP_UPLOAD_OP_LIST(X) \
  X(OPEN, "upload.open", \
    "Begins an operation whose file comes in pieces; arguments, size and type are checked now. Nothing is created before the file is complete.") \
  X(WRITE, "upload.write", \
    "Answers once the bytes fit, which is the back-pressure; bytes that were accepted before are skipped.") \
  X(CLOSE, "upload.close", \
    "Says that the file is complete and answers as the operation does, or cuts it off.")

#define DP_PUSH_OP_LIST(X) \
  X(OPEN, "push.open", \
    "Begins a push whose pages come one by one; answers with a handle at once. Its arguments are those of `pages.push` but `pages`.") \
  X(ADD, "push.add", \
    "Answers once the pages were taken, which is the back-pressure; pages that were taken before are skipped. One that is wrong is taken too, and told as failed.") \
  X(NEXT, "push.next", \
    "Waits for events of one push and acknowledges those that arrived; asked twice it gives the same events twice. The last of them come with `end`, which has the totals.") \
  X(FINISH, "push.finish", \
    "Answers at once; what was asked for of waiting and pruning follows, and then the end, which `push.next` tells.") \
  X(CLOSE, "push.close", \
    "Gives a handle up; what was not begun is cancelled, and nothing is pruned.")

#endif
