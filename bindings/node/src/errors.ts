/** What every error of this package has. The classes, one for each kind, are in kinds.ts, which is made of the table. */
import type { Meta } from "./reply.js";

/** What is known of a failure. */
export interface ErrorInit {
  kind?: string;
  code?: string;
  hint?: string;
  status?: number;
  retryable?: boolean;
  retryAfterMs?: number;
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
  pending?: boolean;
  meta?: Meta;
  cause?: unknown;
}

/**
 * A call that did not succeed. It has a subclass for each kind; none holds a secret.
 *
 * @example
 * ```ts
 * try {
 *   await client.datasets.get({ dataset_id: id });
 * } catch (error) {
 *   if (error instanceof NotFoundError) return undefined;
 *   throw error;
 * }
 * ```
 */
export class DifyError extends Error {
  /** One of the protocol's kinds, such as `rate_limited`; of a kind that this version does not know, its own name. */
  readonly kind: string;
  /** Machine-readable detail, Dify's own or difypool's; may be empty. */
  readonly code: string;
  /** What to do about it, for people; may be empty. */
  readonly hint: string;
  /** HTTP status of the answer behind it; 0 where there was none. */
  readonly status: number;
  /** The same call may succeed later without any change. */
  readonly retryable: boolean;
  /** Milliseconds until the earliest useful repeat; undefined where nobody said. */
  readonly retryAfterMs: number | undefined;
  /** The server's error answer: a `Buffer`, or with `decode` a value; empty where there was none. */
  readonly body: unknown;
  /** Content-Type of `body`. */
  readonly type: string;
  /** Those of the server's answer that matter, names in lower case. */
  readonly headers: Record<string, string>;
  /** A write that still runs; the same call with the same `callId` would get its outcome. */
  readonly pending: boolean;
  /** How the call went. */
  readonly meta: Meta;
  /** Of a stream: the ids by which to look for its run, those that are known. */
  run: Record<string, string> = {};

  constructor(message: string, init: ErrorInit & { kind: string; retryable: boolean }) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = new.target.name;
    this.kind = init.kind;
    this.code = init.code ?? "";
    this.hint = init.hint ?? "";
    this.status = init.status ?? 0;
    this.retryable = init.retryable;
    this.retryAfterMs = init.retryAfterMs;
    this.body = init.body ?? Buffer.alloc(0);
    this.type = init.type ?? "";
    this.headers = init.headers ?? {};
    this.pending = init.pending ?? false;
    this.meta = init.meta ?? {};
  }

  /** The server's error answer as a value; throws `SyntaxError` where it is not JSON. */
  json(): any {
    return this.body instanceof Uint8Array
      ? JSON.parse(Buffer.from(this.body).toString())
      : this.body;
  }
}
