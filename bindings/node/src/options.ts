/** What a caller may ask of a call, and how it stands in a request. All times are in milliseconds. */
import { badOption } from "./failures.js";

/** Options of one call; all may be left out. */
export interface CallOptions {
  /** Ends the call: what sent nothing, or only reads, stops; a write in flight is finished within its grace. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for all of it, waiting included, 1..86400000; 120000 by default. */
  deadline?: number | undefined;
  /** `interactive` goes first, `bulk` last; `normal` by default. */
  priority?: "interactive" | "normal" | "bulk" | undefined;
  /** An answer up to so many milliseconds old will do, 0..3600000. */
  cache?: number | undefined;
  /** The service decodes a JSON answer of up to 1 MiB, so that `reply.json()` costs nothing. */
  decode?: boolean | undefined;
  /** Wait for an open breaker, a full server and a restart of the service instead of failing. */
  wait?: boolean | undefined;
  /** Refuse unknown and ill-formed arguments before anything is sent; on by default. */
  validate?: boolean | undefined;
  /** Carry out what is known to break this version of the server. */
  allowHazard?: boolean | undefined;
  /** Ask the server for one answer rather than a stream. */
  blocking?: boolean | undefined;
  /**
   * 16 random bytes that stand for this intended call; by default made here. A program that writes it down before it
   * calls can ask again after a crash of its own: the service joins, or answers from memory.
   */
  callId?: Uint8Array | undefined;
  /** This call may have been carried out already: a write is looked for before it is done. */
  again?: boolean | undefined;
}

/** Options of a stream: those of every call, where `deadline` is for the opening, and these. */
export interface StreamOptions extends Omit<CallOptions, "blocking"> {
  /** Milliseconds of silence that end it, 1..86400000; pings count as life. */
  idle?: number | undefined;
  /** Milliseconds for all of it, 1..86400000; no bound by default. */
  total?: number | undefined;
  /** Leave the run going at the server when the stream is closed or abandoned; stopped by default. */
  keepRun?: boolean | undefined;
  /** Bytes that the service holds for a reader that takes its time, 4096..8388608. */
  buffer?: number | undefined;
}

/** Options of a push. */
export interface PushOptions {
  /** Ends the push: what was not begun is not begun any more. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for all of it, 1..86400000; no bound by default. */
  deadline?: number | undefined;
  /** Milliseconds in which no page comes although there is room, 100..86400000; no bound by default. */
  idle?: number | undefined;
  priority?: "interactive" | "normal" | "bulk" | undefined;
  validate?: boolean | undefined;
}

export const DAY = 86_400_000;
const FLAGS: Record<string, string> = {
  validate: "validate",
  allowHazard: "allow_hazard",
  wait: "wait",
  blocking: "blocking",
};
const KNOWN = new Set([
  ...["signal", "deadline", "priority", "cache", "decode", "callId", "again"],
  ...Object.keys(FLAGS),
]);

/** The options of a call as its request has them, and what the client itself must know of them. */
export interface Tail {
  keys: Record<string, unknown>;
  deadline: number; // milliseconds; 0 = the service's default
  wait: boolean;
  id: Uint8Array | undefined;
}

/** Throws InvalidRequestError for an unknown option, or a value out of its range; the message names it. */
export function tail(options: CallOptions): Tail {
  const keys: Record<string, unknown> = {};
  const flags: Record<string, boolean> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!KNOWN.has(name)) throw badOption(`there is no call option ${name}`);
    const flag = FLAGS[name];
    if (flag !== undefined) flags[flag] = boolean(name, value);
    else if (name === "decode" || name === "again") keys[name] = boolean(name, value);
    else if (name === "cache") keys["cache"] = millis(name, value, 0, 3_600_000);
    else if (name === "priority") keys["priority"] = priority(value);
  }
  if (Object.keys(flags).length > 0) keys["options"] = flags;
  const deadline = options.deadline === undefined ? 0 : millis("deadline", options.deadline);
  return { keys, deadline, wait: flags["wait"] === true, id: ident(options.callId) };
}

export const NO_TAIL = tail({});

function priority(value: unknown): unknown {
  if (["interactive", "normal", "bulk"].includes(value as string)) return value;
  throw badOption(`priority is ${String(value)}; it is one of interactive, normal, bulk`);
}

function boolean(name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw badOption(`option ${name} is ${String(value)}; it is true or false`);
}

function ident(value: Uint8Array | undefined): Uint8Array | undefined {
  if (value === undefined || (value instanceof Uint8Array && value.length === 16)) return value;
  throw badOption("option callId is 16 random bytes, made once for each intended call");
}

/** A number of whole milliseconds. */
export function millis(name: string, value: unknown, low = 1, high = DAY): number {
  if (typeof value === "number" && value >= low && value <= high) return Math.round(value);
  throw badOption(`option ${name} is ${String(value)}; it is milliseconds, ${low}..${high}`);
}

/** What is not undefined. */
export function given<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
