// Made by proto/gen.py from proto/difypool.toml. Do not edit: change the definition and run it.
import { DifyError, type ErrorInit } from "./errors.js";

/** The call succeeded. */
export class OkError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "ok", retryable: init.retryable ?? false });
  }
}

/** The call itself is wrong: an argument, an option or a message; nothing was sent, or the server refused it for good. */
export class InvalidRequestError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "invalid_request", retryable: init.retryable ?? false });
  }
}

/** The server does not accept this key, or the key is of another kind than the route needs. */
export class UnauthorizedError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "unauthorized", retryable: init.retryable ?? false });
  }
}

/** The key is good but may not do this. */
export class ForbiddenError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "forbidden", retryable: init.retryable ?? false });
  }
}

/** What an id or a name points to does not exist for this key. */
export class NotFoundError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "not_found", retryable: init.retryable ?? false });
  }
}

/** This server's version does not have the route, or cannot do it safely. */
export class UnsupportedError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "unsupported", retryable: init.retryable ?? false });
  }
}

/** It collides with what is there: a name that is taken, a state that forbids it, an id used for another call. */
export class ConflictError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "conflict", retryable: init.retryable ?? false });
  }
}

/** Something is over a size bound, the server's or ours; the message names the bound. */
export class TooLargeError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "too_large", retryable: init.retryable ?? false });
  }
}

/** The plan's rate of calls is used up for now. */
export class RateLimitedError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "rate_limited", retryable: init.retryable ?? true });
  }
}

/** The plan's permanent limit is reached; waiting does not help. */
export class QuotaError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "quota", retryable: init.retryable ?? false });
  }
}

/** The server has too much to do right now. */
export class OverloadedError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "overloaded", retryable: init.retryable ?? true });
  }
}

/** The server failed while it worked on the call. */
export class ServerError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "server_error", retryable: init.retryable ?? true });
  }
}

/** No connection to the server, or to the service, could be made or kept. */
export class UnreachableError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "unreachable", retryable: init.retryable ?? true });
  }
}

/** The server's certificate or the TLS settings do not allow a trusted connection. */
export class TlsError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "tls", retryable: init.retryable ?? false });
  }
}

/**
 * The deadline passed before an answer came; nothing was changed at the server. Of a stream: its time was over, and
 * what it told until then stands.
 */
export class TimeoutError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "timeout", retryable: init.retryable ?? true });
  }
}

/** The caller, or a shutdown, ended the call. */
export class CancelledError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "cancelled", retryable: init.retryable ?? false });
  }
}

/** The server failed so often lately that it is left alone for a moment. */
export class BreakerOpenError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "breaker_open", retryable: init.retryable ?? true });
  }
}

/** The write may have happened and could not be verified; look before doing it again. */
export class UnknownOutcomeError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "unknown_outcome", retryable: init.retryable ?? false });
  }
}

/** Local rules of this machine's service do not allow it. */
export class DeniedError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "denied", retryable: init.retryable ?? false });
  }
}

/** A local bound is reached; the code names it. */
export class BusyError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "busy", retryable: init.retryable ?? true });
  }
}

/** What answered is not a Dify server, or not a difypool service. */
export class ProtocolError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "protocol", retryable: init.retryable ?? false });
  }
}

/** difypool itself failed; please report it. */
export class InternalError extends DifyError {
  constructor(message: string, init: ErrorInit = {}) {
    super(message, { ...init, kind: init.kind ?? "internal", retryable: init.retryable ?? false });
  }
}

/** The class for each kind; an unknown kind is an InternalError that keeps its name. */
export const CLASSES: Record<string, new (message: string, init?: ErrorInit) => DifyError> = {
  ok: OkError,
  invalid_request: InvalidRequestError,
  unauthorized: UnauthorizedError,
  forbidden: ForbiddenError,
  not_found: NotFoundError,
  unsupported: UnsupportedError,
  conflict: ConflictError,
  too_large: TooLargeError,
  rate_limited: RateLimitedError,
  quota: QuotaError,
  overloaded: OverloadedError,
  server_error: ServerError,
  unreachable: UnreachableError,
  tls: TlsError,
  timeout: TimeoutError,
  cancelled: CancelledError,
  breaker_open: BreakerOpenError,
  unknown_outcome: UnknownOutcomeError,
  denied: DeniedError,
  busy: BusyError,
  protocol: ProtocolError,
  internal: InternalError,
};
Object.setPrototypeOf(CLASSES, null);
