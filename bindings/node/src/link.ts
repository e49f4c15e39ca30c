/**
 * A client's one connection to the service, with many calls in flight.
 *
 * Connecting is one task, shared by all calls that need it. When the connection is lost its calls stay: they are sent again
 * on the next one, with the ids and epochs that they had, after a first question there has taught the epoch (PROTOCOL.md,
 * section 6). An idle connection does not keep the program running.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Call, type Handle, hello, MARGIN, now, sameBytes } from "./call.js";
import { Connection, dial, type Listener, noEpoch, withinLimit } from "./connection.js";
import { DifyError } from "./errors.js";
import { aborted, twin } from "./failures.js";
import {
  CancelledError,
  InternalError,
  InvalidRequestError,
  ProtocolError,
  UnreachableError,
} from "./kinds.js";
import { open } from "./opening.js";
import { NO_TAIL } from "./options.js";
import type { Place } from "./place.js";
import type { Reply } from "./reply.js";
import { GREETING, isError, readReply } from "./wire.js";

const RETRY = 10; // milliseconds before calls that wait for the service try again

export class Link implements Listener {
  readonly #given: string | undefined;
  readonly #calls = new Map<number, Call>();
  readonly #introductions = new Map<Handle, Promise<void>>();
  #outbox: Call[] = [];
  #connection: Connection | undefined;
  #opening = false;
  #known = false;
  #closed = false;
  #rid = randomBytes(4).readUInt32BE() & 0x7fffffff;
  #epoch: Uint8Array | undefined;

  constructor(given?: string) {
    this.#given = given;
  }

  /** Ends the connection; calls under way end as CancelledError. */
  close(): void {
    this.#closed = true;
    for (const call of [...this.#calls.values()]) {
      this.#hand(call, new CancelledError(`${call.op}: the client was closed`, { code: "closed" }));
    }
    this.#connection?.end();
    this.#connection = undefined;
  }

  /** Carries a call out and waits for its reply. */
  async run(call: Call, signal?: AbortSignal): Promise<Reply> {
    for (;;) {
      const outcome = await this.#once(call, signal);
      if (!isError(outcome)) return outcome;
      if (!(await call.lostProfile(outcome))) throw outcome;
    }
  }

  /** Sends a request whose answer nobody waits for; false if there is no connection. */
  post(op: string, args: object): boolean {
    const connection = this.#connection;
    if (connection === undefined || connection.lost) return false;
    const call = new Call(op, args, NO_TAIL);
    call.rid = this.#nextRid();
    connection.write(call.frame(this.#epoch));
    return true;
  }

  async #once(call: Call, signal?: AbortSignal): Promise<Reply | DifyError> {
    const handle = call.handle;
    while (this.#connection && handle && !sameBytes(handle.epoch, this.#epoch) && !this.#closed) {
      if (signal?.aborted) break;
      await this.#introduce(handle);
    }
    if (this.#closed) return new InvalidRequestError("this client was closed", { code: "closed" });
    if (signal?.aborted) return aborted(call.op, signal);
    return new Promise((resolve) => this.#begin(call, signal, resolve));
  }

  #begin(call: Call, signal: AbortSignal | undefined, done: (o: Reply | DifyError) => void): void {
    const late = () => this.#hand(call, call.late());
    const timer = setTimeout(late, Math.min(2 ** 31 - 1, Math.max(0, call.expires - now())));
    const abort = () => this.#abandon(call, aborted(call.op, signal!));
    call.settle = (outcome) => {
      call.settle = undefined;
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      this.#calls.delete(call.rid);
      if (this.#calls.size === 0) this.#connection?.hold(false);
      done(outcome);
    };
    signal?.addEventListener("abort", abort);
    call.rid = this.#nextRid();
    this.#calls.set(call.rid, call);
    const connection = this.#connection;
    if (connection === undefined) this.#open();
    else {
      connection.hold(true);
      this.#send(connection, call);
    }
  }

  #nextRid(): number {
    do this.#rid = (this.#rid + 1) & 0x7fffffff;
    while (this.#calls.has(this.#rid + 0x80000000));
    return this.#rid + 0x80000000;
  }

  #hand(call: Call, outcome: Reply | DifyError): void {
    call.settle?.(outcome);
  }

  /** The caller gave it up: tell the service, without waiting. */
  #abandon(call: Call, error: DifyError): void {
    this.#hand(call, error);
    if (call.sent) this.post("service.cancel", { id: call.id });
  }

  /** Gives a handle to the service of the connection that stands; once, however many calls wait for it. */
  #introduce(handle: Handle): Promise<void> {
    let task = this.#introductions.get(handle);
    if (task === undefined) {
      task = this.#introduceNow(handle).finally(() => this.#introductions.delete(handle));
      this.#introductions.set(handle, task);
    }
    return task.catch((error) => {
      throw error instanceof DifyError ? twin(error) : error;
    });
  }

  async #introduceNow(handle: Handle): Promise<void> {
    const call = hello(handle);
    const packed = handle.packed;
    const outcome = await new Promise<Reply | DifyError>((resolve) =>
      this.#begin(call, undefined, resolve),
    );
    if (isError(outcome)) throw outcome;
    if (packed === handle.packed) handle.known(outcome, this.#epoch);
  }

  // ---- what happens on the connection ----------------------------------------------------------

  payload(_connection: Connection, rid: number, payload: Buffer): void {
    const call = this.#calls.get(rid);
    if (call === undefined) return;
    this.#hand(call, readReply(payload, call.id).outcome);
  }

  drained(connection: Connection): void {
    if (connection !== this.#connection) return;
    const waiting = this.#outbox;
    this.#outbox = [];
    for (const call of waiting) this.#send(connection, call);
  }

  /** This connection is over. Its calls stay, unless the peer does not speak the protocol. */
  lost(connection: Connection, error: DifyError): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#outbox = [];
    if (error instanceof ProtocolError) {
      for (const call of [...this.#calls.values()]) {
        if (call.carrier === connection) this.#hand(call, call.failed(twin(error)));
      }
    }
    if (this.#calls.size > 0) this.#open();
  }

  #send(connection: Connection, call: Call): void {
    if (call.carrier === connection || call.settle === undefined) return;
    if (connection.full) {
      this.#outbox.push(call);
      return;
    }
    try {
      const frame = call.frame(this.#epoch);
      call.carrier = connection;
      connection.write(frame);
    } catch (error) {
      this.#hand(call, error instanceof DifyError ? error : failedWithin(call, error));
    }
  }

  // ---- connecting ------------------------------------------------------------------------------

  #open(): void {
    if (this.#opening || this.#closed) return;
    this.#opening = true;
    this.#connect()
      .catch((error: unknown) => {
        for (const call of [...this.#calls.values()]) this.#hand(call, failedWithin(call, error));
      })
      .finally(() => {
        this.#opening = false;
        if (this.#calls.size > 0 && this.#connection === undefined) this.#open();
      });
  }

  /** Makes a connection and sends on it whatever waits, for as long as anything does. */
  async #connect(): Promise<void> {
    while (this.#calls.size > 0 && this.#connection === undefined) {
      const patient = [...this.#calls.values()].filter((call) => call.tail.wait);
      try {
        await open({
          given: this.#given,
          lost: this.#known,
          until: Math.max(0, ...patient.map((call) => call.expires - MARGIN)),
          attempt: (place) => this.#attempt(place),
          wanted: () => this.#calls.size > 0,
        });
        return;
      } catch (error) {
        if (!(error instanceof DifyError)) throw error;
        for (const call of [...this.#calls.values()]) {
          if (call.tail.wait && call.expires - MARGIN > now()) continue;
          this.#hand(call, call.failed(twin(error)));
        }
      }
      await sleep(RETRY);
    }
  }

  async #attempt(place: Place): Promise<void> {
    const connection = new Connection(await dial(place), this);
    try {
      const epoch = await withinLimit(this.#greet(connection));
      if (connection.lost) {
        throw new UnreachableError("the connection to the difypool service was lost", {
          code: "lost",
        });
      }
      if (this.#closed) throw new CancelledError("the client was closed", { code: "closed" });
      this.#connection = connection;
      this.#epoch = epoch;
      this.#known = true;
    } catch (error) {
      connection.destroy();
      throw error;
    }
    connection.hold(this.#calls.size > 0);
    for (const call of [...this.#calls.values()]) this.#resend(connection, call);
  }

  /** The first questions on a new connection: they teach the epoch, and make the handles that calls wait with. */
  async #greet(connection: Connection): Promise<Uint8Array> {
    connection.write([GREETING]);
    let epoch = await this.#ask(connection, undefined);
    while (this.#strange(epoch).length > 0) epoch = await this.#ask(connection, epoch);
    return epoch;
  }

  /** Handles that calls wait with and that this life of the service does not know. */
  #strange(epoch: Uint8Array | undefined): Handle[] {
    const handles = new Set<Handle>();
    for (const call of this.#calls.values()) {
      if (call.handle && !sameBytes(call.handle.epoch, epoch)) handles.add(call.handle);
    }
    return [...handles];
  }

  async #ask(connection: Connection, known: Uint8Array | undefined): Promise<Uint8Array> {
    const handles: (Handle | undefined)[] = this.#strange(known);
    if (handles.length === 0) handles.push(undefined);
    let epoch = known;
    const answers = handles.map(async (handle, number) => {
      const call = hello(handle);
      call.rid = 0x80000001 + number;
      const answer = connection.answer(call.rid);
      connection.write(call.frame(undefined));
      const told = readReply(await answer, call.id);
      epoch = told.epoch ?? epoch;
      if (isError(told.outcome)) this.#refuse(handle, told.outcome);
      else handle?.known(told.outcome, told.epoch);
    });
    await Promise.all(answers);
    if (epoch === undefined) throw noEpoch();
    return epoch;
  }

  /** The service will not have this handle: that ends the calls that name it, not those of others. */
  #refuse(handle: Handle | undefined, error: DifyError): void {
    if (handle === undefined) throw error;
    for (const call of [...this.#calls.values()]) {
      if (call.handle === handle) this.#hand(call, twin(error));
    }
  }

  #resend(connection: Connection, call: Call): void {
    try {
      call.carry();
    } catch (error) {
      this.#hand(call, error as DifyError);
      return;
    }
    this.#send(connection, call);
  }
}

function failedWithin(call: Call, error: unknown): InternalError {
  return new InternalError(`${call.op}: ${String(error)}`, { cause: error });
}
