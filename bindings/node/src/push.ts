/**
 * PageSource in, results out: a push session.
 *
 * What the service does with pages is its own affair; here they are numbered, cut into messages, and their results gathered.
 * PageSource go as soon as there is room for them: the first at once, by itself, and while it is on its way others gather. Giving
 * waits for the service's room, and the service for whoever reads results, so neither side runs ahead.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "./call.js";
import type { Caller, PageSource } from "./caller.js";
import { DifyError } from "./errors.js";
import { readEvent } from "./events.js";
import { fromWire, twin, wrongArgument } from "./failures.js";
import { type FileArg, Source } from "./files.js";
import { type Crew, Flow, GONE } from "./flows.js";
import { BusyError, CancelledError, InvalidRequestError } from "./kinds.js";
import { given, millis, type PushOptions } from "./options.js";

const PAGES_AT_ONCE = 64; // pages in one message
const BYTES_AT_ONCE = 1 << 20; // and what they may hold, unless one alone holds more
const BUFFER = 1 << 20; // bytes of results that the service holds for us
const PAGE_OVERHEAD = 256; // bytes of a page beside its text and file
const BUSY_MS = 1_000; // before an add is repeated that other pushes left no room for

/** A page to push: its text, or its file. Its key is `id`, else `url` without the fragment. */
export interface PageLike {
  url?: string;
  id?: string;
  title?: string;
  /** Name of its document; made of the title by default. */
  name?: string;
  text?: string;
  file?: FileArg;
  metadata?: Record<string, unknown>;
}

/** What became of a page, or of a document that was pruned. */
export interface PageResult {
  /** The page's number, from 0, in the order they were given; -1 for a document that was deleted. */
  index: number;
  key: string;
  /** `created`, `updated`, `adopted`, `unchanged`, `duplicate`, `skipped`, `failed`, `deleted`. */
  outcome: string;
  documentId: string;
  name: string;
  /** Why it was skipped. */
  code: string;
  /** Why it failed. */
  error?: DifyError;
}

/** What a push has done. */
export interface Summary {
  datasetId: string;
  /** How many pages came to each outcome. */
  counts: Record<string, number>;
  /** All that the service tells at the end. */
  totals: Record<string, any>;
  /** How long it took. */
  milliseconds: number;
}

interface Waiting {
  size: number;
  page: Record<string, unknown>;
}

/**
 * A push under way: `for await` its results, or await {@link Push.summary}. Made by `client.pages.push` from any iterable of
 * pages, or by `client.pages.session`, to which pages are given one by one.
 *
 * @example
 * ```ts
 * const push = client.pages.push(crawl("https://example.org"), { dataset: "Guides" });
 * for await (const result of push) console.log(result.outcome, result.key);
 * console.log((await push.summary()).counts);
 * ```
 */
export class Push implements AsyncIterable<PageResult> {
  readonly #client: Caller;
  readonly #opening: Record<string, unknown>;
  readonly #options: PushOptions;
  readonly #opened: Promise<void>;
  readonly #began = now();
  readonly #counts: Record<string, number> = {};
  readonly #unread = new Map<number, DifyError>(); // files of ours that could not be read, by their page's index
  #crew: Crew | undefined;
  #flow: Flow | undefined;
  #waiting: Waiting[] = []; // pages that the service has not taken
  #size = 0;
  #given = 0; // pages, by the caller
  #taken = 0; // of them, by the service
  #over = false; // the push wants no more
  #events = 0;
  #sending: Promise<void> | undefined;
  #pumping = false;
  #walked: Promise<void> | undefined; // until its results were read
  #finished: Promise<void> | undefined;
  #failure: unknown;
  #reading: Promise<Summary> | undefined;

  /** @internal */
  constructor(client: Caller, pages: PageSource | undefined, args: object, options: PushOptions) {
    this.#client = client;
    this.#options = options;
    this.#opening = { ...given(args), ...opening(options) };
    this.#opened = this.#open();
    if (pages === undefined)
      this.#opened.catch(() => {}); // it is thrown where it is used
    else this.#giveAll(pages).catch((error) => this.#break(error));
  }

  /**
   * Gives one page; ends when there is room for the next, so that awaiting it is the back-pressure. PageSource that are given
   * meanwhile gather and go together. False: the push has ended and wants no more; its end tells why.
   */
  async add(page: PageLike): Promise<boolean> {
    await this.#opened;
    if (this.#finished !== undefined) throw finished();
    await this.#take(page);
    this.#pump();
    while (this.#full && !this.#over) await this.#send();
    return !this.#over;
  }

  /** Says that this was all; then what waits is taken, waited for and pruned. May be repeated. */
  finish(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  /** Ends it: what was not begun is not begun any more. May be repeated; never throws. */
  async close(): Promise<void> {
    await this.#opened.catch(() => {});
    if (this.#flow !== undefined) this.#crew?.leave(this.#flow);
    this.#over = true;
  }

  /** The results, as pages are done. Leaving the loop early closes the push. Results are given once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<PageResult, void, undefined> {
    await this.#opened;
    const [crew, flow] = [this.#crew!, this.#flow!];
    let walked = () => {};
    this.#walked ??= new Promise((resolve) => {
      walked = resolve;
    });
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure;
        const piece = flow.queue.shift();
        if (piece !== undefined) {
          const result = this.#hear(piece);
          if (result !== undefined) yield result;
        } else if (flow.end !== undefined || flow.closed) break;
        else await crew.wait(flow);
      }
      this.#end();
    } finally {
      this.#over = true;
      crew.leave(flow);
      walked();
    }
  }

  /**
   * What the push has done, once its results were read; reads them where nobody does. Throws what ended it, if that was no
   * success.
   */
  summary(): Promise<Summary> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  async #read(): Promise<Summary> {
    await this.#opened;
    if (this.#walked !== undefined) await this.#walked;
    else for await (const _ of this);
    const totals = this.#end();
    return {
      datasetId: String(totals?.dataset_id ?? ""),
      counts: { ...this.#counts },
      totals,
      milliseconds: now() - this.#began,
    };
  }

  // ---- pages ---------------------------------------------------------------------------------------

  async #open(): Promise<void> {
    const { signal, priority, validate } = this.#options;
    const reply = await this.#client.run("push.open", this.#opening, {
      signal,
      priority,
      validate,
    });
    this.#crew = this.#client.crew();
    const flow = new Flow("pages.push", { stream: reply.json().push, kind: "events" });
    this.#flow = flow;
    this.#crew.adopt(flow);
    this.#crew.heed(flow, signal);
  }

  async #giveAll(pages: PageSource): Promise<void> {
    await this.#opened;
    for await (const page of pages) if (!(await this.add(page))) return;
    await this.finish();
  }

  async #take(page: PageLike): Promise<void> {
    if (typeof page !== "object" || page === null) {
      throw wrongArgument(
        `page ${this.#given} is ${typeof page}; it is an object with a url or an id`,
      );
    }
    const { file, ...sent } = given(page) as PageLike & Record<string, unknown>;
    // A page whose file cannot be read is sent without one all the same, so that the service counts it as failed.
    const read = file === undefined ? undefined : await wholeFile(file).catch(unread);
    if (read instanceof DifyError) this.#unread.set(this.#given, read);
    else if (read !== undefined) sent["file"] = read;
    const held = read instanceof DifyError ? 0 : (read?.data.length ?? 0);
    const size = (page.text?.length ?? 0) + held + PAGE_OVERHEAD;
    // Pages that are given at once are numbered as their files have been read.
    this.#given += 1;
    this.#waiting.push({ size, page: sent });
    this.#size += size;
  }

  get #full(): boolean {
    return this.#waiting.length >= PAGES_AT_ONCE || this.#size >= BYTES_AT_ONCE;
  }

  /** Sends what waits, by itself: nobody need wait for it, and its failure is the push's. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#drain().catch((error) => this.#break(error));
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#over) await this.#send();
    } finally {
      this.#pumping = false;
    }
  }

  /** One message of pages; at most one is under way. */
  #send(): Promise<void> {
    this.#sending ??= this.#sendNow().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendNow(): Promise<void> {
    const pages = this.#next();
    if (pages.length === 0 || this.#over) return;
    const at = this.#taken;
    const args = { push: this.#flow!.handle, pages, at };
    let told: any;
    try {
      told = (await this.#client.run("push.add", args, { signal: this.#options.signal })).json();
    } catch (error) {
      if (!(error instanceof BusyError) || error.code !== "push_bytes") throw this.#meaning(error);
      await sleep(BUSY_MS);
      return;
    }
    const count = Math.max(told.taken - at, 0);
    for (const { size } of this.#waiting.splice(0, count)) this.#size -= size;
    this.#taken += count;
    this.#over ||= told.ended === true;
  }

  #next(): Record<string, unknown>[] {
    const pages: Record<string, unknown>[] = [];
    let held = 0;
    for (const { size, page } of this.#waiting.slice(0, PAGES_AT_ONCE)) {
      if (pages.length > 0 && held + size > BYTES_AT_ONCE) break;
      pages.push(page);
      held += size;
    }
    return pages;
  }

  async #finish(): Promise<void> {
    await this.#opened;
    while (this.#waiting.length > 0 && !this.#over) await this.#send();
    if (this.#over || this.#flow?.end !== undefined) return;
    const args = { push: this.#flow!.handle, at: this.#given };
    try {
      await this.#client.run("push.finish", args, { signal: this.#options.signal });
    } catch (error) {
      throw this.#meaning(error);
    }
  }

  /** What went wrong while pages were given ends the push for its reader, too. */
  #break(error: unknown): void {
    this.#failure ??= error;
    this.#over = true;
    if (this.#flow !== undefined) this.#crew?.leave(this.#flow);
  }

  #meaning(error: unknown): unknown {
    const gone = error instanceof DifyError && GONE.has(error.code);
    return gone ? (this.#flow?.lost(error.message) ?? error) : error;
  }

  // ---- results -------------------------------------------------------------------------------------

  #hear(piece: unknown): PageResult | undefined {
    this.#events += 1;
    const { name, data } = readEvent(piece, this.#events);
    if (name !== "page" && name !== "deleted") return undefined;
    const index = name === "page" ? Number(data.index ?? -1) : -1;
    const outcome = name === "page" ? String(data.outcome ?? "") : "deleted";
    this.#counts[outcome] = (this.#counts[outcome] ?? 0) + 1;
    const failure = data.error ? fromWire({ kind: "internal", ...data.error }) : undefined;
    const error = this.#unread.get(index) ?? failure;
    return {
      index,
      key: String(data.key ?? ""),
      outcome,
      documentId: String(data.document_id ?? ""),
      name: String(data.name ?? ""),
      code: String(data.code ?? ""),
      ...(error === undefined ? {} : { error }),
    };
  }

  /** The totals; throws what ended it, if that was no success. */
  #end(): any {
    if (this.#failure !== undefined) throw this.#failure;
    const end = this.#flow?.end;
    if (end === undefined)
      throw new CancelledError("pages.push: the push was closed", { code: "closed" });
    if (end instanceof DifyError) throw end.name === "AbortError" ? end : twin(end);
    return end.json();
  }
}

function opening(options: PushOptions): Record<string, unknown> {
  const { deadline, idle } = options;
  return {
    buffer: BUFFER,
    ...(deadline === undefined ? {} : { total_ms: millis("deadline", deadline) }),
    ...(idle === undefined ? {} : { idle_ms: millis("idle", idle, 100) }),
  };
}

async function wholeFile(file: FileArg): Promise<{ data: Buffer }> {
  const source = await Source.of(file, "file");
  try {
    return await source.whole();
  } finally {
    await source.close();
  }
}

function unread(error: unknown): DifyError {
  if (error instanceof DifyError) return error;
  const message = `its file cannot be read: ${(error as Error).message}`;
  return new InvalidRequestError(message, { code: "file", cause: error });
}

function finished(): InvalidRequestError {
  return new InvalidRequestError("pages.push: it was finished, and takes no more pages", {
    code: "finished",
  });
}
