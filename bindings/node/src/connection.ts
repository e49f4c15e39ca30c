/** The bytes of one connection: a socket whose greeting was checked, and the first questions asked on it. */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "./call.js";
import { DifyError } from "./errors.js";
import { ProtocolError, UnreachableError } from "./kinds.js";
import { checkPeer, type Place, refused, witness } from "./place.js";
import { Frames, ridOf } from "./wire.js";

export const HELLO_LIMIT = 5_000; // that a service which took the connection has for its first answer
const PAUSE = 10; // between two tries of a connect whose queue is full

/** Who is told what happens on a connection. */
export interface Listener {
  payload(connection: Connection, rid: number, payload: Buffer): void;
  drained(connection: Connection): void;
  lost(connection: Connection, error: DifyError): void;
}

export class Connection {
  readonly #socket: Socket;
  readonly #frames = new Frames();
  readonly #asked = new Map<number, (answer: Buffer | DifyError) => void>();
  #why: DifyError | undefined;
  lost = false;

  constructor(socket: Socket, listener: Listener) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#take(chunk, listener));
    socket.on("drain", () => listener.drained(this));
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => this.#end(listener));
  }

  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Whether it alone keeps the program running: only while something is waited for. */
  hold(on: boolean): void {
    if (on) this.#socket.ref();
    else this.#socket.unref();
  }

  write(pieces: Buffer[]): void {
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  /** Waits for the answer to a request id that is not a call's. */
  answer(rid: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#asked.set(rid, (answer) =>
        Buffer.isBuffer(answer) ? resolve(answer) : reject(answer),
      );
    });
  }

  /** Lets go of it at once. */
  destroy(why?: DifyError): void {
    this.#why ??= why;
    this.lost = true;
    this.#socket.destroy();
  }

  /** Lets what was written go out first. */
  end(): void {
    this.#socket.unref();
    this.#socket.destroySoon();
  }

  #take(chunk: Buffer, listener: Listener): void {
    if (this.lost) return;
    try {
      for (const payload of this.#frames.push(chunk)) {
        const rid = ridOf(payload);
        const asked = this.#asked.get(rid);
        this.#asked.delete(rid);
        if (asked !== undefined) asked(payload);
        else listener.payload(this, rid, payload);
      }
    } catch (error) {
      this.destroy(error instanceof DifyError ? error : undefined);
      if (!(error instanceof DifyError)) throw error;
    }
  }

  #end(listener: Listener): void {
    this.lost = true;
    const text = "the difypool service closed the connection before it answered";
    const error = this.#why ?? new UnreachableError(text, { code: "lost" });
    for (const asked of this.#asked.values()) asked(error);
    this.#asked.clear();
    listener.lost(this, error);
  }
}

/** A connected socket whose server may be trusted. A listener whose queue is full is tried again for a while. */
export async function dial(place: Place): Promise<Socket> {
  const limit = now() + HELLO_LIMIT;
  for (;;) {
    const before = witness(place);
    const outcome = await connected(place.path);
    if (!(outcome instanceof Error)) {
      // Another service may have come in its place meanwhile: then it is looked at again.
      if (witness(place) === before) return trusted(place, outcome);
      outcome.destroy();
      if (now() > limit) throw refused(place, new Error("the socket file changes all the time"));
    } else if ((outcome as NodeJS.ErrnoException).code !== "EAGAIN" || now() > limit) {
      throw refused(place, outcome);
    }
    await sleep(PAUSE);
  }
}

function trusted(place: Place, socket: Socket): Socket {
  try {
    checkPeer(place);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

function connected(path: string): Promise<Socket | Error> {
  return new Promise((resolve) => {
    const socket = connect({ path, highWaterMark: 1 << 20 } as Parameters<typeof connect>[0] &
      object);
    const failed = (error: Error) => resolve(error);
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

/** Bounds the wait for a first answer. */
export async function withinLimit<T>(answers: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const text = `the difypool service took the connection and said nothing for ${HELLO_LIMIT / 1000} s`;
    timer = setTimeout(() => reject(new UnreachableError(text, { code: "silent" })), HELLO_LIMIT);
  });
  try {
    return await Promise.race([answers, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function noEpoch(): ProtocolError {
  return new ProtocolError("the service's reply lacks its epoch", { code: "reply" });
}
