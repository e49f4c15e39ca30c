/** Errors made of what the wire tells, and of other errors. */
import type { DifyError, ErrorInit } from "./errors.js";
import { CancelledError, CLASSES, InternalError, InvalidRequestError } from "./kinds.js";

/** The error for the `error` map of a reply. Throws a `TypeError` where it has no kind. */
export function fromWire(told: any): DifyError {
  if (typeof told?.kind !== "string") throw new TypeError("an error without a kind");
  const make = CLASSES[told.kind] ?? InternalError;
  const error = new make(String(told.message ?? ""), {
    kind: told.kind,
    code: String(told.code ?? ""),
    hint: String(told.hint ?? ""),
    status: Number(told.status ?? 0),
    retryable: told.retryable === true,
    retryAfterMs: told.retry_after_ms === undefined ? undefined : Number(told.retry_after_ms),
    body: told.body instanceof Uint8Array ? ownBytes(told.body) : told.body,
    type: String(told.type ?? ""),
    headers: told.headers ?? {},
    pending: told.pending === true,
    meta: told.meta ?? {},
  });
  Object.assign(error.run, told.run);
  return error;
}

/** The same error as another object, for another caller: its stack tells where that one waited. */
export function twin(error: DifyError): DifyError {
  const same: ErrorInit = { ...error, retryAfterMs: error.retryAfterMs, cause: error };
  const make = CLASSES[error.kind] ?? InternalError;
  const copy = new make(error.message, same);
  copy.run = { ...error.run };
  return copy;
}

/** What a caller gets whose `AbortSignal` was fired. Its name is that of the platform's own abort errors. */
export function aborted(what: string, signal: AbortSignal): CancelledError {
  const error = new CancelledError(`${what}: cancelled by its signal`, {
    code: "aborted",
    cause: signal.reason,
  });
  error.name = "AbortError";
  return error;
}

export function badOption(message: string): InvalidRequestError {
  return new InvalidRequestError(message, { code: "bad_option" });
}

export function wrongArgument(message: string, hint = ""): InvalidRequestError {
  return new InvalidRequestError(message, { code: "argument", hint });
}

/** A small part of a large message is copied out, so that it does not hold all of it in memory. */
export function ownBytes(bytes: Uint8Array): Buffer {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.byteLength * 2 < bytes.buffer.byteLength ? Buffer.from(view) : view;
}
