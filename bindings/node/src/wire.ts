/**
 * The wire: SP framing and the msgpack maps of requests and replies, as proto/PROTOCOL.md has them.
 *
 * Bytes in, bytes out; nothing here knows a socket. SP is spoken by hand because it is small (8 bytes of greeting, 13 of
 * header) and a library for it would cost more than a whole call. Arguments are packed once, when the call is made: a
 * resend carries the same bytes, whatever the caller does to its objects meanwhile.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { DifyError } from "./errors.js";
import { fromWire } from "./failures.js";
import { InvalidRequestError, ProtocolError, TooLargeError } from "./kinds.js";
import { type Reply, replyOf } from "./reply.js";
import { MESSAGE_MAX } from "./table.js";

export const GREETING = Buffer.from("0053500000300000", "hex"); // ours: REQ
const PEER = Buffer.from("0053500000310000", "hex"); // the service's: REP
export const REPLY_MAX = 80 << 20;
const HEAD = 13; // bytes of frame type, length and request id
const ENCODER_KEPT = 1 << 20; // an encoder that held more than this gives its memory back
const JOINED = 64 << 10; // messages up to this size are one buffer

const decoder = new Decoder();
let encoder = newEncoder();

function newEncoder(): Encoder {
  return new Encoder({ ignoreUndefined: true, maxDepth: 64 });
}

/** msgpack of a value, in a buffer of its own. InvalidRequestError for what cannot be sent. */
export function pack(value: unknown): Buffer {
  try {
    const shared = encoder.encodeSharedRef(value);
    const packed = Buffer.from(shared);
    if (shared.buffer.byteLength > ENCODER_KEPT) encoder = newEncoder();
    return packed;
  } catch (error) {
    encoder = newEncoder();
    throw new InvalidRequestError(`an argument cannot be sent: ${(error as Error).message}`, {
      code: "not_serializable",
      hint: "arguments are null, booleans, numbers, strings, bytes, arrays and plain objects",
      cause: error,
    });
  }
}

export const NO_ARGS = pack({});
const ARGS = pack("args");

/** The keys of a request but `args`. */
export interface Head {
  id: Uint8Array;
  op: string;
  epoch?: Uint8Array | undefined;
  profile?: string | undefined;
  deadline_ms?: number | undefined;
  [option: string]: unknown;
}

/** The frame of a request, in pieces to be written one after another. `rid` has its top bit set. */
export function request(rid: number, head: Head, args: Buffer): Buffer[] {
  const map = pack({ v: 1, ...head });
  map[0]! += 1; // one more entry: at most 12 keys stand in a request, so that it is a fixmap
  const size = map.length + ARGS.length + args.length;
  if (size > MESSAGE_MAX) {
    throw new TooLargeError(
      `the message of ${head.op} has ${size} bytes; message_max is ${MESSAGE_MAX}`,
      { code: "message_max", hint: "give what is large as a file: it flows in pieces" },
    );
  }
  const start = Buffer.allocUnsafe(HEAD);
  start[0] = 1;
  start.writeBigUInt64BE(BigInt(size + 4), 1);
  start.writeUInt32BE(rid, 9);
  const pieces = [start, map, ARGS, args];
  return size <= JOINED ? [Buffer.concat(pieces)] : pieces;
}

/**
 * Takes a stream apart into the payloads of its frames.
 *
 * Memory follows what really came, never what a header claims.
 */
export class Frames {
  #chunks: Buffer[] = [];
  #held = 0;
  #length = -1; // of the payload that is being read; -1 = its header has not come
  #greeted = false;

  /** The payloads that are whole now. Throws ProtocolError where the peer is no difypool service. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    const payloads: Buffer[] = [];
    if (!this.#greeted && !this.#greet()) return payloads;
    for (;;) {
      if (this.#length < 0 && (this.#held < 9 || !this.#head())) return payloads;
      if (this.#held < this.#length) return payloads;
      payloads.push(this.#take(this.#length));
      this.#length = -1;
    }
  }

  #greet(): boolean {
    const came = this.#peek(Math.min(this.#held, PEER.length));
    if (!PEER.subarray(0, came.length).equals(came)) {
      throw new ProtocolError("what answers on the socket is not a difypool service", {
        code: "greeting",
      });
    }
    if (came.length < PEER.length) return false;
    this.#take(PEER.length);
    this.#greeted = true;
    return true;
  }

  #head(): true {
    const head = this.#take(9);
    const length = head.readBigUInt64BE(1);
    if (head[0] !== 1 || length > REPLY_MAX) {
      throw new ProtocolError(`the service sent a frame of type ${head[0]} and ${length} bytes`, {
        code: "framing",
      });
    }
    this.#length = Number(length);
    return true;
  }

  #peek(size: number): Buffer {
    if (this.#chunks.length > 1 && this.#chunks[0]!.length < size) {
      this.#chunks = [Buffer.concat(this.#chunks)];
    }
    return (this.#chunks[0] ?? Buffer.alloc(0)).subarray(0, size);
  }

  #take(size: number): Buffer {
    const taken = this.#peek(size);
    this.#held -= size;
    const first = this.#chunks[0];
    if (first !== undefined) {
      if (first.length > size) this.#chunks[0] = first.subarray(size);
      else this.#chunks.shift();
    }
    return taken;
  }
}

/** The request id of a reply's payload; 0 where it has none (such a payload is to be dropped). */
export function ridOf(payload: Buffer): number {
  if (payload.length < 4) return 0;
  const rid = payload.readUInt32BE(0);
  return rid >= 0x80000000 ? rid : 0;
}

/** What a reply's payload tells of the call `id`. */
export interface Told {
  epoch?: Uint8Array;
  outcome: Reply | DifyError;
}

export function readReply(payload: Buffer, id: Uint8Array): Told {
  let message: any;
  let result: Reply | DifyError;
  try {
    message = decoder.decode(payload.subarray(4));
    result = outcome(message);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { outcome: unreadable(`the service's reply cannot be read: ${why}`, "reply") };
  }
  const answered: unknown = message.id;
  if (
    answered !== undefined &&
    !(answered instanceof Uint8Array && Buffer.compare(answered, id) === 0)
  ) {
    return { outcome: unreadable("the service answered another call", "reply_id") };
  }
  return {
    epoch: message.epoch instanceof Uint8Array ? message.epoch : undefined,
    outcome: result,
  };
}

function unreadable(message: string, code: string): ProtocolError {
  return new ProtocolError(message, { code });
}

/** What a map with `ok` or `error` tells. Throws where it is neither. */
export function outcome(message: any): Reply | DifyError {
  if (typeof message !== "object" || message === null) throw new TypeError("it is no map");
  if (typeof message.ok === "object" && message.ok !== null) return replyOf(message.ok);
  return fromWire(message.error);
}

export function isError(value: Reply | DifyError): value is DifyError {
  return value instanceof DifyError;
}
