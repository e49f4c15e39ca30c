/**
 * Sends a file. A small one goes in the message of its call; a larger one is opened, written in pieces, of which as many are
 * under way as the service has room for, and closed, which gives the operation's reply.
 *
 * At no time is more of it in memory than those pieces. If the service dies meanwhile nothing has been created, and a file
 * that can be read again from where it began is sent once more.
 */
import { now } from "./call.js";
import type { Caller } from "./caller.js";
import { DifyError } from "./errors.js";
import { PIECE, SMALL, Source } from "./files.js";
import { UnknownOutcomeError, UnreachableError } from "./kinds.js";
import { type CallOptions, given, millis } from "./options.js";
import type { Reply } from "./reply.js";

const WINDOW = 1 << 20; // bytes ahead of what was accepted, where the service does not say
const WRITE_MS = 3_600_000; // for one piece: what waits is the server's pace, which the service bounds
const OPEN_MS = 120_000;
const DAY = 86_400_000;
const AT_ONCE = 16; // writes that wait, by the protocol

/** Carries out an operation with a file. */
export async function upload(
  client: Caller,
  op: string,
  param: string,
  args: Record<string, unknown>,
  options: CallOptions,
): Promise<Reply> {
  if (args[param] === undefined || args[param] === null) return client.run(op, args, options);
  const source = await Source.of(args[param], param);
  try {
    if (source.length !== undefined && source.length <= SMALL) {
      return await client.run(op, { ...args, [param]: await source.whole() }, options);
    }
    const plan = new Upload(client, op, param, args, source, options);
    return await plan.carry();
  } finally {
    await source.close();
  }
}

class Upload {
  readonly #client: Caller;
  readonly #op: string;
  readonly #source: Source;
  readonly #options: CallOptions;
  readonly #args: Record<string, unknown>;
  readonly #until: number | undefined;
  #handle: unknown;
  #window = WINDOW;
  #offset = 0; // bytes that were sent
  #accepted = 0;
  #wanted = true; // the call goes on

  constructor(
    client: Caller,
    op: string,
    param: string,
    args: Record<string, unknown>,
    source: Source,
    options: CallOptions,
  ) {
    this.#client = client;
    this.#op = op;
    this.#source = source;
    this.#options = { ...client.defaults, ...given(options) };
    const { [param]: _, ...rest } = args;
    const file = given({
      param,
      name: source.name,
      type: source.type || undefined,
      length: source.length,
    });
    const deadline = this.#options.deadline;
    const total = deadline === undefined ? {} : { total_ms: millis("deadline", deadline) };
    this.#args = { op, args: given(rest), file, ...total };
    this.#until = deadline === undefined ? undefined : now() + deadline;
  }

  async carry(): Promise<Reply> {
    for (let left = 2; ; left -= 1) {
      try {
        return await this.#attempt();
      } catch (error) {
        if (!this.#oncemore(error, left)) throw error;
      }
    }
  }

  async #attempt(): Promise<Reply> {
    const { signal, priority, wait, validate, allowHazard } = this.#options;
    const opening = { signal, priority, wait, validate, allowHazard, ...this.#left(OPEN_MS) };
    const opened = (await this.#client.run("upload.open", this.#args, opening)).json();
    this.#handle = opened.upload;
    this.#window = opened.window || WINDOW;
    this.#offset = this.#accepted = 0;
    this.#wanted = true;
    try {
      await this.#write();
      return await this.#close();
    } catch (error) {
      this.#client.post("upload.close", { upload: this.#handle, abort: true });
      throw error;
    }
  }

  async #close(): Promise<Reply> {
    const { signal, cache, decode, callId, again } = this.#options;
    const closing = { signal, cache, decode, callId, again, ...this.#left(DAY) };
    try {
      return await this.#client.run("upload.close", { upload: this.#handle }, closing);
    } catch (error) {
      if (!isGone(error)) throw error;
      throw new UnknownOutcomeError(
        `${this.#op}: the difypool service was lost after the whole of ${this.#source.name} had been sent`,
        { code: "service_lost", hint: "look before doing it again", cause: error },
      );
    }
  }

  /** Sends all pieces, several at once and in order. */
  async #write(): Promise<void> {
    const flying: Promise<void>[] = [];
    const rest = new AbortController(); // what is under way when one piece fails
    try {
      for (let more = true; this.#wanted; ) {
        const room = Math.min(PIECE, this.#accepted + this.#window - this.#offset);
        const piece = more && room > 0 ? await this.#source.read(room) : undefined;
        if (piece?.length === 0) more = false;
        else if (piece !== undefined) {
          const sent = this.#send(piece, rest.signal);
          sent.catch(() => {}); // it is thrown where it is waited for
          flying.push(sent);
          if (flying.length < AT_ONCE) continue;
        }
        const first = flying.shift();
        if (first === undefined) return;
        await first;
      }
    } finally {
      rest.abort();
    }
  }

  async #send(bytes: Buffer, rest: AbortSignal): Promise<void> {
    const args = { upload: this.#handle, offset: this.#offset, bytes };
    this.#offset += bytes.length;
    const signal = either(this.#options.signal, rest);
    const reply = await this.#client.run("upload.write", args, { signal, ...this.#left(WRITE_MS) });
    const told = reply.json();
    this.#accepted = Math.max(this.#accepted, told.offset);
    if (told.ended === true) this.#wanted = false; // upload.close tells why
  }

  /** The option that bounds one message. */
  #left(most: number): { deadline: number } {
    const left = this.#until === undefined ? most : this.#until - now();
    return { deadline: Math.min(Math.max(left, 1), most) };
  }

  /** Whether to begin anew: the service that held it is gone, and nothing was created. Throws what else it is. */
  #oncemore(error: unknown, left: number): boolean {
    if (!isGone(error)) return false;
    if (left > 1 && this.#source.again()) return true;
    throw new UnreachableError(
      `${this.#op}: the difypool service was lost while ${this.#source.name} was being sent; nothing was created`,
      { code: "service_lost", cause: error },
    );
  }
}

function isGone(error: unknown): error is DifyError {
  return error instanceof DifyError && error.code === "no_such_upload";
}

/** A signal for both; AbortSignal.any is younger than Node 18. */
function either(own: AbortSignal | undefined, rest: AbortSignal): AbortSignal {
  if (own === undefined || own.aborted) return own ?? rest;
  const both = new AbortController();
  const abort = () => both.abort(own.aborted ? own.reason : rest.reason);
  own.addEventListener("abort", abort, { once: true, signal: both.signal });
  rest.addEventListener("abort", abort, { once: true });
  return both.signal;
}
