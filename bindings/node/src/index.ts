/**
 * One careful, pooled way to a Dify server, shared by every process of a machine: the client of difypoold.
 *
 * @packageDocumentation
 */
export type { BatchCall, BatchResult } from "./batch.js";
export { Client, type ClientOptions } from "./client.js";
export { DifyError } from "./errors.js";
export type { RunEvent } from "./events.js";
export type { Content, FileArg } from "./files.js";
export * from "./kinds.js";
export type * from "./methods.js";
export type { CallOptions, PushOptions, StreamOptions } from "./options.js";
export { type PageLike, type PageResult, Push, type Summary } from "./push.js";
export { type Meta, Reply } from "./reply.js";
export { Download, EventStream } from "./streams.js";
