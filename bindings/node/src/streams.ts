/** What a caller reads: the events of a run, and the bytes of a file. Both open when they are first used. */
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { DifyError } from "./errors.js";
import { type RunEvent, readEvent, wordsOf } from "./events.js";
import { ownBytes, twin } from "./failures.js";
import type { Crew, Flow } from "./flows.js";
import { CancelledError } from "./kinds.js";
import { saveTo } from "./landing.js";
import type { Reply } from "./reply.js";

const IDS = ["task_id", "message_id", "conversation_id", "workflow_run_id"];

/** How a stream opens: carried out once, when it is first used. */
export interface Beginning {
  op: string;
  crew: () => Crew;
  open: (crew: Crew) => Promise<Flow>;
  signal: AbortSignal | undefined;
}

/** What streams of both kinds do. */
abstract class Pieces<T> implements AsyncIterable<T> {
  readonly #begin: Beginning;
  #opening: Promise<void> | undefined;
  #crew: Crew | undefined;
  #flow: Flow | undefined;
  #ended = false;

  constructor(begin: Beginning) {
    this.#begin = begin;
  }

  /** The operation. */
  get op(): string {
    return this.#begin.op;
  }

  /** HTTP status of the server's answer; 0 as long as it is not open. */
  get status(): number {
    return this.#flow?.head.status ?? 0;
  }

  /** Content-Type of the server's answer. */
  get type(): string {
    return this.#flow?.head.type ?? "";
  }

  /** Those of the server's answer that matter, names in lower case. */
  get headers(): Record<string, string> {
    return this.#flow?.head.headers ?? {};
  }

  /** How it ended, with `meta` and without a body; undefined as long as it goes on, or where it failed. */
  get reply(): Reply | undefined {
    const end = this.#flow?.end;
    return end instanceof DifyError ? undefined : end;
  }

  /** Opens it: what the server refuses is thrown here, before the first piece is read. */
  async opened(): Promise<this> {
    this.#opening ??= this.#open();
    await this.#opening;
    return this;
  }

  /**
   * Ends it, and stops its run at the server unless `keepRun`; may be repeated. Never throws.
   *
   * @returns whether the run was asked to stop: false where it had ended by itself
   */
  async close(options: { keepRun?: boolean } = {}): Promise<boolean> {
    this.#ended = true;
    await this.#opening?.catch(() => {});
    if (this.#crew === undefined || this.#flow === undefined) return false;
    return this.#crew.stop(this.#flow, options.keepRun);
  }

  /** The pieces as they come. Leaving the loop early closes the stream, which stops its run. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    await this.opened();
    const [crew, flow] = [this.#crew!, this.#flow!];
    try {
      for (;;) {
        const piece = this.take(flow);
        if (piece !== undefined) yield piece;
        else if (this.#over(flow)) return;
        else await crew.wait(flow);
      }
    } finally {
      crew.leave(flow);
    }
  }

  /** The same as a Web stream. Cancelling it closes this one. */
  readable(): ReadableStream<T> {
    const pieces = this[Symbol.asyncIterator]();
    return new ReadableStream<T>({
      pull: async (controller) => {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => {
        await this.close();
      },
    });
  }

  /** The same as a Node stream: of bytes, or of event objects. Destroying it closes this one. */
  nodeStream(): Readable {
    return Readable.from(this, { objectMode: this.objects });
  }

  /** The next piece that has arrived. */
  protected abstract take(flow: Flow): T | undefined;
  protected abstract readonly objects: boolean;
  protected get flow(): Flow | undefined {
    return this.#flow;
  }

  /** The ids of its run that are known. */
  protected ids(flow: Flow): Record<string, string> {
    return { ...flow.run };
  }

  async #open(): Promise<void> {
    const { signal, op } = this.#begin;
    if (this.#ended) throw closed(op);
    const crew = this.#begin.crew();
    const flow = await this.#begin.open(crew);
    this.#crew = crew;
    this.#flow = flow;
    crew.watch(this, flow);
    crew.heed(flow, signal);
  }

  /** Whether all has been read; throws what ended it, if that was no success. */
  #over(flow: Flow): boolean {
    if (flow.end instanceof DifyError) {
      const error = flow.end.name === "AbortError" ? flow.end : twin(flow.end);
      error.run = this.ids(flow);
      throw error;
    }
    if (flow.closed && flow.end === undefined) throw closed(this.op);
    return flow.end !== undefined;
  }
}

function closed(op: string): CancelledError {
  return new CancelledError(`${op}: the stream was closed`, { code: "closed" });
}

/**
 * The events of a run, as they come.
 *
 * @example
 * ```ts
 * for await (const event of client.chat.sendStream({ query: "Hello", user: "me" })) {
 *   process.stdout.write(event.words);
 * }
 * ```
 */
export class EventStream extends Pieces<RunEvent> {
  protected readonly objects = true;
  readonly #known: Record<string, string> = {};
  #given = 0;
  #bytes: Uint8Array[] = [];
  #answer = "";
  #outputs: Record<string, any> = {};

  /** The words of the answer that were read so far. */
  get answer(): string {
    return this.#answer;
  }

  /** What a workflow gave, once it has finished. */
  get outputs(): Record<string, any> {
    return this.#outputs;
  }

  /** Ids of the task, by which it can be stopped; of the message, the conversation and the run, as far as they are known. */
  get run(): {
    task_id?: string;
    message_id?: string;
    conversation_id?: string;
    workflow_run_id?: string;
  } {
    return this.flow === undefined ? {} : this.ids(this.flow);
  }

  /** Reads to the end: all words of the answer. */
  async text(): Promise<string> {
    for await (const _ of this);
    return this.#answer;
  }

  protected override ids(flow: Flow): Record<string, string> {
    return { ...flow.run, ...this.#known };
  }

  protected take(flow: Flow): RunEvent | undefined {
    if (flow.kind !== "events") return this.#whole(flow);
    if (flow.queue.length === 0) return undefined;
    this.#given += 1;
    return this.#note(readEvent(flow.queue.shift(), this.#given));
  }

  /** An operation of events that answered with one JSON text: it is one event without a name. */
  #whole(flow: Flow): RunEvent | undefined {
    this.#bytes.push(...(flow.queue.splice(0) as Uint8Array[]));
    if (flow.end === undefined || flow.end instanceof DifyError || this.#given > 0)
      return undefined;
    this.#given = 1;
    return this.#note(readEvent(Buffer.concat(this.#bytes.splice(0)).toString(), 1));
  }

  #note(event: RunEvent): RunEvent {
    for (const name of IDS) {
      const value = event.data?.[name];
      if (typeof value === "string" && value !== "") this.#known[name] = value;
    }
    if (event.name === "message_replace") this.#answer = String(event.data.answer ?? "");
    else this.#answer += wordsOf(event.name, event.data);
    if (event.name === "workflow_finished") this.#outputs = event.data.data?.outputs ?? {};
    return event;
  }
}

/** A file as it comes: `for await` its pieces, or take it as a Web or Node stream, as a whole, or into a local file. */
export class Download extends Pieces<Buffer> {
  protected readonly objects = false;

  /** As the server calls the file; empty where it does not say, or as long as it is not open. */
  get name(): string {
    return String(this.flow?.head.name ?? "");
  }

  /** In bytes; undefined where the server does not say. */
  get length(): number | undefined {
    return this.flow?.head.length;
  }

  /** All of it, in memory. */
  async bytes(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /**
   * Writes it to a local file, which appears under its name only when it is whole.
   *
   * @param path - of the file; of a directory: the server's name for the file is used in it
   * @returns the file's path
   */
  async save(path: string): Promise<string> {
    await this.opened();
    return saveTo(path, this.name, this);
  }

  protected take(flow: Flow): Buffer | undefined {
    const piece = flow.queue.shift();
    return piece instanceof Uint8Array
      ? ownBytes(piece)
      : piece === undefined
        ? undefined
        : Buffer.from(String(piece));
  }
}
