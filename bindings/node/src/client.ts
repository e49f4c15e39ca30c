/** The client. */
import { resolve } from "node:path";
import { type BatchCall, type BatchResult, batchResults } from "./batch.js";
import { Call, Handle } from "./call.js";
import type { Caller, PageSource } from "./caller.js";
import { badOption } from "./failures.js";
import { makeFetch } from "./fetch.js";
import { Crew } from "./flows.js";
import { Link } from "./link.js";
import { Groups } from "./methods.js";
import {
  type CallOptions,
  given,
  millis,
  type PushOptions,
  type StreamOptions,
  tail,
} from "./options.js";
import { Push } from "./push.js";
import type { Reply } from "./reply.js";
import { Download, EventStream } from "./streams.js";
import { BINARY, FILES } from "./table.js";
import { upload } from "./upload.js";
import { Walk } from "./walk.js";

/** Where the calls of a client go, and how. Without a `baseUrl` a profile of the service's configuration is used. */
export interface ClientOptions {
  /** A profile of the service's configuration, with its key; the default one where neither this nor `baseUrl` is given. */
  profile?: string;
  /** Of the Dify server, such as `https://dify.example.org/v1`. */
  baseUrl?: string;
  apiKey?: string;
  /** What shares one plan's pace; by default the key. */
  workspace?: string;
  /** A file of CA certificates; or a directory of them; or their text. */
  caFile?: string;
  caDir?: string;
  caBytes?: Uint8Array;
  clientCert?: string;
  clientKey?: string;
  proxy?: string;
  noProxy?: string;
  userAgent?: string;
  resolve?: string;
  verify?: boolean;
  pooling?: boolean;
  retry?: boolean;
  breaker?: boolean;
  cache?: boolean;
  retryAttempts?: number;
  retryInitialMs?: number;
  retryMaxMs?: number;
  connections?: number;
  warm?: number;
  pacePerMinute?: number;
  paceWindowMs?: number;
  concurrencyMax?: number;
  latencyCeilingMs?: number;
  /** Path of the service's socket; by default it is found, and a private service started where there is none. */
  socket?: string;
  /** Options for every call that does not give its own. */
  deadline?: number;
  priority?: "interactive" | "normal" | "bulk";
  wait?: boolean;
}

const FILE_OPTIONS = new Set(["caFile", "caDir", "clientCert", "clientKey"]);
const OWN = new Set(["profile", "socket", "deadline", "priority", "wait"]);
const OF_A_PROFILE = new Set(["service.set", "service.warm"]);
const TIMES: Record<string, string> = { idle: "idle_ms", total: "total_ms" };
const DOWNLOAD_BUFFER = 256 << 10; // bytes the service holds of a download

/**
 * A client of the machine's difypool service. Any number of calls may be under way on its one connection, which is made when
 * it is first needed and does not keep the program running.
 *
 * @example
 * ```ts
 * const client = new Client({ baseUrl: process.env.DIFY_URL, apiKey: process.env.DIFY_KEY });
 * const reply = await client.datasets.list({ limit: 20 });
 * console.log(reply.json().data);
 * ```
 */
export class Client extends Groups {
  readonly #link: Link;
  readonly #profile: string | undefined;
  readonly #handle: Handle | undefined;
  readonly #defaults: CallOptions;
  readonly #caller: Caller;
  #crew: Crew | undefined;

  /**
   * As the global `fetch`, for any path under the base URL, through the service. `const { fetch } = client` works.
   * Answers are read whole; a request may carry another bearer key than the client's.
   */
  readonly fetch: typeof globalThis.fetch;

  constructor(options: ClientOptions = {}) {
    const caller: Partial<Caller> = {};
    super(caller as Caller);
    const { profile, socket, deadline, priority, wait } = options;
    const sent = connecting(options);
    if (sent !== undefined && profile !== undefined) {
      throw badOption("profile and baseUrl: give one of them");
    }
    this.#link = new Link(socket);
    this.#profile = profile;
    this.#handle = sent && new Handle(sent);
    this.#defaults = given({ deadline, priority, wait });
    tail(this.#defaults);
    this.#caller = Object.assign(caller, this.#ways()) as Caller;
    this.fetch = makeFetch({
      link: this.#link,
      base: options.baseUrl === undefined ? undefined : new URL(options.baseUrl),
      profile,
      handle: this.#handle,
      defaults: this.#defaults,
    });
  }

  /** Carries out an operation by its name; arguments that are undefined are not sent, null is. */
  async call(
    op: string,
    args: Record<string, unknown> = {},
    options: CallOptions = {},
  ): Promise<Reply> {
    const file = FILES[op];
    if (file !== undefined) return this.#caller.upload(op, file, args, options);
    return this.#caller.run(op, args, options);
  }

  /** Any operation as a stream by its name: of events, or of the bytes of its answer. */
  stream(op: string, args: object = {}, options: StreamOptions = {}): EventStream | Download {
    return BINARY.has(op)
      ? this.#caller.download(op, args, options)
      : this.#caller.events(op, args, options);
  }

  /** Any request under the base URL: a known one is carried as its operation, with its rules. */
  request(
    method: string,
    path: string,
    parts: {
      query?: string | object;
      headers?: Record<string, string>;
      body?: Uint8Array | string;
    } = {},
    options: CallOptions = {},
  ): Promise<Reply> {
    return this.#caller.run("http.request", { method, path, ...parts }, options);
  }

  /** Many calls of any operations in one message. One that fails harms no other. */
  async batch(
    calls: BatchCall[],
    options: CallOptions & { concurrency?: number } = {},
  ): Promise<BatchResult[]> {
    const { concurrency, ...rest } = options;
    const sent = calls.map(({ op, args = {} }) => ({ op, args: given(args) }));
    return batchResults(
      (await this.#caller.run("batch", { calls: sent, concurrency }, rest)).json(),
      calls,
    );
  }

  /** The service: name, version, protocol, epoch, pid, bounds. */
  info(options: CallOptions = {}): Promise<any> {
    return this.#value("service.info", {}, options);
  }

  /** Counters of the service, the pool and each host; `hosts` shows that pooling works. */
  stats(options: CallOptions = {}): Promise<any> {
    return this.#value("service.stats", {}, options);
  }

  /** The profiles of the service's configuration that this user may use, without their keys. */
  profiles(options: CallOptions = {}): Promise<any[]> {
    return this.#value("service.profiles", {}, options);
  }

  /** All operations: name, method, path, parameters. */
  operations(options: CallOptions = {}): Promise<any[]> {
    return this.#value("service.operations", {}, options);
  }

  /** Switches the client's address; of a configured profile, or all of the service: its owner and root only. */
  async set(switches: {
    pooling?: boolean;
    retry?: boolean;
    breaker?: boolean;
    cache?: boolean;
  }): Promise<void> {
    await this.#value("service.set", given(switches), {});
    this.#handle?.change(given(switches));
  }

  /** Opens so many connections (1..1024) to the server and waits for them; how many are open. */
  async warm(connections: number, options: CallOptions = {}): Promise<number> {
    return (await this.#value("service.warm", { connections }, options)).connections;
  }

  /** Ends its streams and its connection. Calls under way end as CancelledError. May be repeated. */
  async close(): Promise<void> {
    this.#crew?.close();
    this.#link.close();
  }

  async #value(op: string, args: object, options: CallOptions): Promise<any> {
    return (await this.#caller.run(op, args, options)).json();
  }

  #make(op: string, args: object, options: CallOptions): Call {
    const rules = tail({ ...this.#defaults, ...given(options) });
    if (op.startsWith("service.") && !OF_A_PROFILE.has(op)) return new Call(op, given(args), rules);
    return new Call(op, given(args), rules, this.#handle, this.#profile);
  }

  #ways(): Caller {
    const crew = () => {
      this.#crew ??= new Crew(this.#link);
      return this.#crew;
    };
    return {
      defaults: this.#defaults,
      crew,
      post: (op, args) => this.#link.post(op, args),
      run: async (op, args, options) =>
        this.#link.run(this.#make(op, args, options), options.signal),
      upload: (op, param, args, options) =>
        upload(this.#caller, op, param, args as Record<string, unknown>, options),
      events: (op, args, options) => new EventStream(this.#beginning(op, args, options, crew)),
      download: (op, args, options) =>
        new Download(
          this.#beginning(op, args, { buffer: DOWNLOAD_BUFFER, ...given(options) }, crew),
        ),
      pages: (op, args, options, cursor) => this.#pages(op, args, options, cursor),
      push: (pages: PageSource | undefined, args: object, options: PushOptions) =>
        new Push(this.#caller, pages, args, options),
    };
  }

  #beginning(op: string, args: object, options: StreamOptions, crew: () => Crew) {
    const { idle, total, keepRun, buffer, ...rest } = options;
    const opening: Record<string, unknown> = { op, args: given(args), keep_run: keepRun, buffer };
    for (const [name, value] of Object.entries({ idle, total })) {
      if (value !== undefined) opening[TIMES[name]!] = millis(name, value);
    }
    const open = (crew: Crew) =>
      crew.open(this.#make("stream.open", opening, rest), op, options.signal);
    return { op, crew, open, signal: options.signal };
  }

  async *#pages(
    op: string,
    args: object,
    options: CallOptions,
    cursor: string,
  ): AsyncGenerator<any, void, undefined> {
    for (const walk = new Walk(args, cursor); !walk.done; ) {
      yield* walk.feed((await this.#caller.run(op, walk.args(), options)).json());
    }
  }
}

/** The arguments of `service.connect`; undefined for a profile of the service's own. */
function connecting(options: ClientOptions): Record<string, unknown> | undefined {
  const entries = Object.entries(options).filter(
    ([name, value]) => value !== undefined && !OWN.has(name),
  );
  if (entries.length === 0) return undefined;
  if (options.baseUrl === undefined) {
    const names = entries.map(([name]) => name).join(", ");
    throw badOption(`${names}: only together with baseUrl; a profile has its own`);
  }
  const sent = entries.map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    // The service stands elsewhere: a path is made absolute.
    FILE_OPTIONS.has(name) ? resolve(value as string) : value,
  ]);
  return Object.fromEntries(sent);
}
