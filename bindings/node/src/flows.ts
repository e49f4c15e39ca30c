/**
 * Answers that come in pieces: what has arrived, what is to be asked for next, and for whom.
 *
 * All streams of a client share their waiting: readers that need more within one turn of the event loop are asked for by one
 * `stream.next`. What still has unread pieces is not asked for, and so the service, and behind it the server, is held back
 * by a reader that takes its time. `after` tells the service what arrived; a reply that was lost is asked for again with the
 * same number, and pieces that come twice are told by theirs.
 */
import { Call } from "./call.js";
import type { DifyError } from "./errors.js";
import { aborted, twin } from "./failures.js";
import { ProtocolError, UnknownOutcomeError, UnreachableError } from "./kinds.js";
import type { Link } from "./link.js";
import { NO_TAIL, tail } from "./options.js";
import type { Reply } from "./reply.js";
import { FREE } from "./table.js";
import { isError, outcome } from "./wire.js";

const AT_ONCE = 1024; // streams that one request may name
const REQUESTS = 4; // requests under way at once
const WAIT_MS = 20_000; // how long the service waits for the first piece
const CLOSE_MS = 5_000; // how long close() waits for the service's word
/** What the service says of a handle that it does not know. */
export const GONE = new Set(["no_such_stream", "no_such_push"]);

/** One stream: a handle, and what arrived and was not read yet. */
export class Flow {
  readonly op: string;
  readonly head: any;
  readonly handle: Uint8Array;
  readonly kind: string;
  /** Number of the last event, or bytes, that arrived. */
  after = 0;
  queue: unknown[] = [];
  end: Reply | DifyError | undefined;
  run: Record<string, string> = {};
  asked: Flow[] | undefined;
  closed = false;
  /** Lets go of what was kept for it, such as the listener of a signal. */
  release: (() => void) | undefined;
  waiters: (() => void)[] = [];

  constructor(op: string, head: any) {
    this.op = op;
    this.head = head;
    this.handle = head.stream;
    this.kind = head.kind;
  }

  /** Whether a reader need not wait. */
  get ready(): boolean {
    return this.queue.length > 0 || this.end !== undefined || this.closed;
  }

  /** What a reply tells of this stream. */
  feed(told: any): void {
    if (this.end !== undefined) return;
    if (Array.isArray(told.events)) {
      const skip = this.after + 1 - told.first;
      this.#add(skip, told.events.slice(Math.max(skip, 0)), told.events.length - skip);
    } else if (told.bytes instanceof Uint8Array) {
      const skip = this.after - told.offset;
      const rest = told.bytes.subarray(Math.max(skip, 0));
      this.#add(skip, rest.length > 0 ? [rest] : [], rest.length);
    }
    if (told.end !== undefined && this.end === undefined) this.#finish(told.end);
  }

  #add(skip: number, pieces: unknown[], size: number): void {
    if (skip < 0) {
      const message = `${this.op}: the service left pieces of the stream out`;
      this.end = new ProtocolError(message, { code: "stream_gap" });
      return;
    }
    this.queue.push(...pieces);
    this.after += Math.max(size, 0);
  }

  #finish(end: any): void {
    Object.assign(this.run, end.run);
    const result = outcome(end);
    const gone = isError(result) && GONE.has(result.code);
    this.end = gone
      ? this.lost("the difypool service that held it is gone, or gave it up")
      : result;
  }

  /** The request that asked for it failed. */
  fail(error: DifyError): void {
    this.end ??= error.kind === "unreachable" ? this.lost(error.message) : twin(error);
  }

  lost(why: string): DifyError {
    const message = `${this.op}: the stream was lost: ${why}`;
    if (this.op === "pages.push") {
      const hint = "push again: it goes on from what is there";
      return new UnreachableError(message, { code: "service_lost", hint });
    }
    if (FREE.has(this.op)) return new UnreachableError(message, { code: "service_lost" });
    const hint = "the run may have gone on: look by its ids";
    return new UnknownOutcomeError(message, { code: "service_lost", hint });
  }

  wake(): void {
    for (const waiter of this.waiters.splice(0)) waiter();
  }
}

/** The open streams of a client, and who reads them. */
export class Crew {
  readonly #link: Link;
  readonly #flows = new Map<string, Flow>();
  readonly #forgotten = new Set<Uint8Array>(); // handles that the service could not be told of
  #requests = 0;
  #planned = false;
  /** Streams that nobody reads any more and nobody closed. */
  readonly #collected = new FinalizationRegistry<Flow>((flow) => this.leave(flow));

  constructor(link: Link) {
    this.#link = link;
  }

  async open(call: Call, op: string, signal?: AbortSignal): Promise<Flow> {
    const flow = new Flow(op, (await this.#link.run(call, signal)).json());
    this.#tell();
    this.adopt(flow);
    return flow;
  }

  adopt(flow: Flow): void {
    this.#flows.set(key(flow), flow);
  }

  /** Ends the flow with its caller's signal. */
  heed(flow: Flow, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = () => {
      flow.end ??= aborted(flow.op, signal);
      this.leave(flow);
    };
    flow.release = () => signal.removeEventListener("abort", abort);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  }

  /** Closes the flow when `owner` is collected. */
  watch(owner: object, flow: Flow): void {
    this.#collected.register(owner, flow, owner);
  }

  /** Ends when there is something to read, or may be. */
  wait(flow: Flow): Promise<void> {
    if (flow.ready) return Promise.resolve();
    return new Promise((resolve) => {
      flow.waiters.push(resolve);
      if (flow.asked !== undefined || this.#planned) return;
      this.#planned = true;
      setImmediate(() => this.#ask());
    });
  }

  /** All who want to read have said so in this turn of the loop. */
  #ask(): void {
    this.#planned = false;
    // When there would be too many requests, one that names all takes the place of the others.
    const anew = this.#requests >= REQUESTS && this.#flows.size <= AT_ONCE;
    const wanted = [...this.#flows.values()].filter(
      (flow) => !flow.ready && flow.waiters.length > 0 && (anew || flow.asked === undefined),
    );
    for (let at = 0; at < wanted.length; at += AT_ONCE)
      void this.#carry(wanted.slice(at, at + AT_ONCE));
  }

  async #carry(flows: Flow[]): Promise<void> {
    this.#requests += 1;
    for (const flow of flows) flow.asked = flows;
    const streams = flows.map((flow) => ({ stream: flow.handle, after: flow.after }));
    try {
      const call = new Call("stream.next", { streams, wait_ms: WAIT_MS }, NO_TAIL);
      for (const told of (await this.#link.run(call)).json().streams) {
        this.#flows.get(hex(told.stream))?.feed(told);
      }
    } catch (error) {
      for (const flow of flows)
        flow.fail(isError(error as DifyError) ? (error as DifyError) : strange(flow, error));
    }
    this.#requests -= 1;
    for (const flow of flows) {
      if (flow.asked === flows) flow.asked = undefined;
      if (flow.ready || flow.asked === undefined) flow.wake();
    }
  }

  /** Tells the service, without waiting, that nobody reads this any more. */
  leave(flow: Flow): void {
    if (flow.closed) return;
    this.#forget(flow);
    if (!this.#link.post("stream.close", { stream: flow.handle })) this.#forgotten.add(flow.handle);
  }

  /** Closes a stream and waits for the service's word: whether the run was asked to stop. */
  async stop(flow: Flow, keepRun?: boolean): Promise<boolean> {
    if (flow.closed) return false;
    this.#forget(flow);
    const args = { stream: flow.handle, keep_run: keepRun };
    try {
      const call = new Call("stream.close", args, tail({ deadline: CLOSE_MS }));
      return (await this.#link.run(call)).json().stopped === true;
    } catch {
      return false; // it is gone already, or so is the service, which stops what nobody reads
    }
  }

  /** The client is being closed. */
  close(): void {
    for (const flow of [...this.#flows.values()]) this.leave(flow);
    this.#tell();
  }

  #forget(flow: Flow): void {
    flow.closed = true;
    flow.queue = [];
    this.#flows.delete(key(flow));
    flow.release?.();
    flow.wake();
  }

  #tell(): void {
    for (const handle of this.#forgotten) {
      if (this.#link.post("stream.close", { stream: handle })) this.#forgotten.delete(handle);
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

function key(flow: Flow): string {
  return hex(flow.handle);
}

function strange(flow: Flow, error: unknown): ProtocolError {
  return new ProtocolError(`${flow.op}: the service's pieces cannot be read: ${String(error)}`, {
    code: "reply",
  });
}
