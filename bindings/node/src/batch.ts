/** Many calls in one message: what goes in, and what came of each. */
import type { DifyError } from "./errors.js";
import { fromWire } from "./failures.js";
import { ProtocolError } from "./kinds.js";
import { Reply } from "./reply.js";

/** One call of a batch. */
export interface BatchCall {
  op: string;
  args?: object;
}

/** What came of one call of a batch, in the form of `Promise.allSettled`. */
export type BatchResult =
  | { status: "fulfilled"; value: Reply }
  | { status: "rejected"; reason: DifyError };

export function batchResults(answer: any, calls: BatchCall[]): BatchResult[] {
  const told: unknown = answer?.results;
  if (!Array.isArray(told) || told.length !== calls.length) {
    throw new ProtocolError(`a batch of ${calls.length} calls has other results`, {
      code: "batch",
    });
  }
  return told.map((one, index) => result(one, calls[index]!.op));
}

function result(told: any, op: string): BatchResult {
  if (told.error !== undefined) return { status: "rejected", reason: fromWire(told.error) };
  const { status = 200, type = "", body = "" } = told.ok ?? {};
  // JSON answers stand in the batch's JSON as values, others as texts.
  const content = typeof body === "string" && !type.includes("json") ? Buffer.from(body) : body;
  return { status: "fulfilled", value: new Reply(status, type, {}, content, { op }) };
}
