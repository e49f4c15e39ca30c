/* Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it. */
/* kinds.h - the kinds of errors; the same in the library, on the wire and in every binding. */
#ifndef DIFYPOOL_KINDS_H
#define DIFYPOOL_KINDS_H

/* Numbers never change; new kinds are added behind the last. */
typedef enum dp_kind {
  /* The call succeeded. */
  DP_OK = 0,
  /* The call itself is wrong: an argument, an option or a message; nothing was sent, or the
   * server refused it for good. */
  DP_INVALID_REQUEST = 1,
  /* The server does not accept this key, or the key is of another kind than the route needs. */
  DP_UNAUTHORIZED = 2,
  /* The key is good but may not do this. */
  DP_FORBIDDEN = 3,
  /* What an id or a name points to does not exist for this key. */
  DP_NOT_FOUND = 4,
  /* This server's version does not have the route, or cannot do it safely. */
  DP_UNSUPPORTED = 5,
  /* It collides with what is there: a name that is taken, a state that forbids it, an id used
   * for another call. */
  DP_CONFLICT = 6,
  /* Something is over a size bound, the server's or ours; the message names the bound. */
  DP_TOO_LARGE = 7,
  /* The plan's rate of calls is used up for now. */
  DP_RATE_LIMITED = 8,
  /* The plan's permanent limit is reached; waiting does not help. */
  DP_QUOTA = 9,
  /* The server has too much to do right now. */
  DP_OVERLOADED = 10,
  /* The server failed while it worked on the call. */
  DP_SERVER_ERROR = 11,
  /* No connection to the server, or to the service, could be made or kept. */
  DP_UNREACHABLE = 12,
  /* The server's certificate or the TLS settings do not allow a trusted connection. */
  DP_TLS = 13,
  /* The deadline passed before an answer came; nothing was changed at the server. Of a stream:
   * its time was over, and what it told until then stands. */
  DP_TIMEOUT = 14,
  /* The caller, or a shutdown, ended the call. */
  DP_CANCELLED = 15,
  /* The server failed so often lately that it is left alone for a moment. */
  DP_BREAKER_OPEN = 16,
  /* The write may have happened and could not be verified; look before doing it again. */
  DP_UNKNOWN_OUTCOME = 17,
  /* Local rules of this machine's service do not allow it. */
  DP_DENIED = 18,
  /* A local bound is reached; the code names it. */
  DP_BUSY = 19,
  /* What answered is not a Dify server, or not a difypool service. */
  DP_PROTOCOL = 20,
  /* difypool itself failed; please report it. */
  DP_INTERNAL = 21,
  DP_KIND_COUNT = 22
} dp_kind;

/* X(number, NAME, "name", retryable by default, exit status of the command line, "text") */
#define DP_KIND_LIST(X) \
  X(0, OK, "ok", 0, 0, \
    "The call succeeded.") \
  X(1, INVALID_REQUEST, "invalid_request", 0, 1, \
    "The call itself is wrong: an argument, an option or a message; nothing was sent, or the server refused it for good.") \
  X(2, UNAUTHORIZED, "unauthorized", 0, 1, \
    "The server does not accept this key, or the key is of another kind than the route needs.") \
  X(3, FORBIDDEN, "forbidden", 0, 1, \
    "The key is good but may not do this.") \
  X(4, NOT_FOUND, "not_found", 0, 1, \
    "What an id or a name points to does not exist for this key.") \
  X(5, UNSUPPORTED, "unsupported", 0, 1, \
    "This server's version does not have the route, or cannot do it safely.") \
  X(6, CONFLICT, "conflict", 0, 1, \
    "It collides with what is there: a name that is taken, a state that forbids it, an id used for another call.") \
  X(7, TOO_LARGE, "too_large", 0, 1, \
    "Something is over a size bound, the server's or ours; the message names the bound.") \
  X(8, RATE_LIMITED, "rate_limited", 1, 1, \
    "The plan's rate of calls is used up for now.") \
  X(9, QUOTA, "quota", 0, 1, \
    "The plan's permanent limit is reached; waiting does not help.") \
  X(10, OVERLOADED, "overloaded", 1, 3, \
    "The server has too much to do right now.") \
  X(11, SERVER_ERROR, "server_error", 1, 1, \
    "The server failed while it worked on the call.") \
  X(12, UNREACHABLE, "unreachable", 1, 3, \
    "No connection to the server, or to the service, could be made or kept.") \
  X(13, TLS, "tls", 0, 3, \
    "The server's certificate or the TLS settings do not allow a trusted connection.") \
  X(14, TIMEOUT, "timeout", 1, 3, \
    "The deadline passed before an answer came; nothing was changed at the server. Of a stream: its time was over, and what it told until then stands.") \
  X(15, CANCELLED, "cancelled", 0, 1, \
    "The caller, or a shutdown, ended the call.") \
  X(16, BREAKER_OPEN, "breaker_open", 1, 3, \
    "The server failed so often lately that it is left alone for a moment.") \
  X(17, UNKNOWN_OUTCOME, "unknown_outcome", 0, 4, \
    "The write may have happened and could not be verified; look before doing it again.") \
  X(18, DENIED, "denied", 0, 1, \
    "Local rules of this machine's service do not allow it.") \
  X(19, BUSY, "busy", 1, 3, \
    "A local bound is reached; the code names it.") \
  X(20, PROTOCOL, "protocol", 0, 1, \
    "What answered is not a Dify server, or not a difypool service.") \
  X(21, INTERNAL, "internal", 0, 1, \
    "difypool itself failed; please report it.")

#endif
