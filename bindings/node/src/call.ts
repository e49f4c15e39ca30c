/**
 * A call on its way, and a handle: what must be known to send them, and to send them again to another life of the service.
 *
 * No socket and no timer in here. The rules of ids and epochs (PROTOCOL.md, section 6) stand in {@link Call.frame}: the id
 * is made once, the epoch is the one known when the id was first sent, and only what a resend must change (deadline,
 * handle) changes.
 */
import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { DifyError } from "./errors.js";
import { TimeoutError, UnknownOutcomeError, UnreachableError } from "./kinds.js";
import { NO_TAIL, type Tail } from "./options.js";
import type { Reply } from "./reply.js";
import { FREE } from "./table.js";
import { NO_ARGS, pack, request } from "./wire.js";

export const DEADLINE = 120_000; // the service's default
export const MARGIN = 5_000; // after its deadline a call still waits so long for the service's word on it
const LOSSES = 8; // connections that may break under one call before it is given up: it may be what breaks them
const WITHIN = new Set(["http.request", "stream.open"]); // what they do is said in their arguments
const FILE_REFUSED = new Set(["unsteady_file", "unreadable_file"]);

/** Milliseconds of a clock that never jumps. */
export function now(): number {
  return performance.now();
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}

/**
 * An address with a key of our own, which the service knows by a name (`service.connect`). The name holds for one life of
 * the service: `epoch` says for which.
 */
export class Handle {
  options: Record<string, unknown>;
  packed: Buffer;
  name = "";
  epoch: Uint8Array | undefined;

  constructor(options: Record<string, unknown>) {
    this.options = options;
    this.packed = pack(options);
  }

  /** Switches that were set are kept, so that the next life of the service gets them too. */
  change(options: Record<string, unknown>): void {
    this.options = { ...this.options, ...options };
    this.packed = pack(this.options);
  }

  /** Sends the CA file's text in place of its path, for a service that does not read files of users. */
  async embedCa(): Promise<boolean> {
    const { ca_file: path, ...rest } = this.options;
    if (typeof path !== "string") return "ca_bytes" in this.options;
    try {
      if (!(await stat(path)).isFile()) return false; // opening a pipe could take for ever
      this.options = { ...rest, ca_bytes: await readFile(path) };
    } catch {
      return false;
    }
    this.packed = pack(this.options);
    this.epoch = undefined;
    return true;
  }

  known(reply: Reply, epoch: Uint8Array | undefined): void {
    this.name = String(reply.json().profile);
    this.epoch = epoch;
  }
}

/** One intended call. */
export class Call {
  readonly op: string;
  readonly args: Buffer;
  readonly tail: Tail;
  readonly handle: Handle | undefined;
  readonly id: Uint8Array;
  readonly free: boolean;
  readonly expires: number;
  readonly #profile: string | undefined;
  #epoch: Uint8Array | undefined;
  #losses = 0;
  #reconnects = 0;
  rid = 0;
  /** Its bytes may have reached a service. */
  sent = false;
  /** The connection it was sent on last. */
  carrier: unknown;
  /** Takes the outcome, once; undefined while nobody waits. */
  settle: ((outcome: Reply | DifyError, epoch?: Uint8Array) => void) | undefined;

  constructor(op: string, args: object | Buffer, tail: Tail, handle?: Handle, profile?: string) {
    this.op = op;
    this.args = Buffer.isBuffer(args) ? args : pack(args);
    this.tail = tail;
    this.handle = handle;
    this.#profile = profile;
    this.id = tail.id ?? randomBytes(16);
    this.free = FREE.has(op) || (WITHIN.has(op) && reads(args));
    this.expires = now() + (tail.deadline || DEADLINE) + MARGIN;
  }

  /** The bytes to send; from here on it counts as sent. */
  frame(epoch: Uint8Array | undefined): Buffer[] {
    let deadline = this.tail.deadline;
    if (this.sent) deadline = Math.max(1, Math.round(this.expires - MARGIN - now()));
    else this.#epoch ??= epoch;
    const head = {
      id: this.id,
      op: this.op,
      epoch: this.#epoch,
      profile: this.handle === undefined ? this.#profile : this.handle.name,
      ...this.tail.keys,
      deadline_ms: deadline || undefined,
    };
    const pieces = request(this.rid, head, this.args);
    this.sent = true;
    return pieces;
  }

  /** It is about to be sent on a new connection. Throws where that happened too often. */
  carry(): void {
    if (this.sent) this.#losses += 1;
    if (this.#losses <= LOSSES) return;
    const message = `${this.op}: the connection to the difypool service broke ${LOSSES} times under this call`;
    throw this.failed(new UnreachableError(message, { code: "lost" }));
  }

  /**
   * Whether it is to be sent again because its handle must be made again (at most three times): the service has forgotten
   * it, or does not take the path of its CA file, as a service shared with others does not.
   */
  async lostProfile(error: DifyError): Promise<boolean> {
    const handle = this.handle;
    if (handle === undefined) return false;
    if (error.kind === "not_found" && error.code === "no_such_profile") handle.epoch = undefined;
    else if (
      error.kind !== "denied" ||
      !FILE_REFUSED.has(error.code) ||
      !(await handle.embedCa())
    ) {
      return false;
    }
    this.#reconnects += 1;
    this.carrier = undefined;
    return this.#reconnects <= 3;
  }

  /** The service said nothing, not even that the deadline passed. */
  late(): DifyError {
    const waited = this.tail.deadline || DEADLINE;
    const message = `${this.op}: no word from the difypool service within its deadline of ${waited} ms and ${MARGIN} ms more`;
    if (this.sent && !this.free) {
      const hint = "look before doing it again";
      return new UnknownOutcomeError(message, { code: "no_answer", pending: true, hint });
    }
    const hint = "see the service's log, or `difypool status`";
    return new TimeoutError(message, { code: "no_answer", hint });
  }

  /** What the loss of the service for good means to this call. */
  failed(error: DifyError): DifyError {
    if (!this.sent || this.free) return error;
    return new UnknownOutcomeError(
      `${this.op}: the difypool service was lost while it worked on this, and did not come back: ${error.message}`,
      { code: "service_lost", hint: "look before doing it again", cause: error },
    );
  }
}

function reads(args: any): boolean {
  return FREE.has(args.op) || /^(GET|HEAD|OPTIONS)$/i.test(String(args.method ?? ""));
}

/** The first call on a new connection: it teaches the epoch, and makes a handle where one is needed. */
export function hello(handle?: Handle): Call {
  if (handle === undefined) return new Call("service.ping", NO_ARGS, NO_TAIL);
  return new Call("service.connect", handle.packed, NO_TAIL);
}
