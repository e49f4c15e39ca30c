/**
 * Files to send: what a caller may give, and how it is read in pieces.
 *
 * A text is never taken for a path: that would open whatever a page happens to name.
 */
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { wrongArgument } from "./failures.js";

/** Bytes in any of the forms that JavaScript has them. */
export type Content =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array>;

/**
 * A file to send: a local one by its path; content with a name (a `Buffer`, a `Blob`, a Web or Node stream, any async iterable
 * of bytes); or something that has a name itself, a `File` or an `fs.ReadStream`.
 */
export type FileArg =
  | { path: string; name?: string; type?: string }
  | { name: string; data: Content; type?: string; length?: number }
  | (Blob & { readonly name: string })
  | (AsyncIterable<Uint8Array | string> & { readonly path: string | Buffer });

export const SMALL = 256 << 10; // bytes that go in one message
export const PIECE = 256 << 10;

/** A file to send, read from its beginning. To be closed. */
export class Source {
  readonly name: string;
  readonly type: string;
  length: number | undefined;
  readonly #content: Content | undefined;
  readonly #path: string | undefined;
  #file: FileHandle | undefined;
  #reader: AsyncIterator<Uint8Array | string> | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #at = 0;

  private constructor(value: any, param: string) {
    const bare = value instanceof Blob || isStream(value);
    this.#content = bare ? value : value.data;
    this.#path = bare || value.data !== undefined ? undefined : value.path;
    const named =
      value.name ?? (value.path === undefined ? undefined : basename(String(value.path)));
    if (typeof named !== "string" || named === "") {
      throw wrongArgument(
        `${param}: the file has no name, which the server needs`,
        "give { name, data }",
      );
    }
    this.name = named;
    this.type = typeof value.type === "string" ? value.type : "";
    const content = this.#content;
    if (content instanceof Uint8Array || content instanceof ArrayBuffer)
      this.length = content.byteLength;
    else if (content instanceof Blob) this.length = content.size;
    else if (typeof value.length === "number") this.length = value.length;
  }

  /** Throws InvalidRequestError for what is no file, and what the system says of a path. */
  static async of(value: unknown, param: string): Promise<Source> {
    if (!isFile(value)) {
      throw wrongArgument(
        `${param} is no file`,
        "a file is { path }, { name, data } with bytes, a Blob or a stream as data, or a File",
      );
    }
    const source = new Source(value, param);
    await source.#begin();
    return source;
  }

  /** The next bytes, as many as asked for unless the end has come; empty at the end. */
  async read(size: number): Promise<Buffer> {
    if (this.#file !== undefined) {
      const { bytesRead, buffer } = await this.#file.read(
        Buffer.allocUnsafe(size),
        0,
        size,
        this.#at,
      );
      this.#at += bytesRead;
      return buffer.subarray(0, bytesRead);
    }
    if (this.#reader === undefined) {
      const piece = await this.#slice(size);
      this.#at += piece.length;
      return piece;
    }
    const chunks = [this.#rest];
    let held = this.#rest.length;
    while (held < size) {
      const { done, value } = await this.#reader.next();
      if (done) break;
      const chunk = bytesOf(value, this.name);
      chunks.push(chunk);
      held += chunk.length;
    }
    const all = chunks.length === 1 ? this.#rest : Buffer.concat(chunks);
    this.#rest = all.subarray(size);
    return all.subarray(0, size);
  }

  /** Goes back to where it began; false where that cannot be done. */
  again(): boolean {
    if (this.#reader !== undefined) return false;
    this.#at = 0;
    return true;
  }

  /** What is small, or all that there is: as an argument. */
  async whole(): Promise<{ name: string; data: Buffer; type?: string }> {
    const pieces: Buffer[] = [];
    for (;;) {
      const piece = await this.read(PIECE);
      if (piece.length === 0) break;
      pieces.push(piece);
    }
    const type = this.type === "" ? {} : { type: this.type };
    return { name: this.name, data: Buffer.concat(pieces), ...type };
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    await this.#reader?.return?.();
  }

  async #begin(): Promise<void> {
    if (this.#path !== undefined) {
      this.#file = await open(this.#path, "r");
      const found = await this.#file.stat();
      if (found.isFile()) this.length = found.size;
      else {
        await this.#file.close();
        this.#file = undefined;
        throw wrongArgument(
          `${this.#path} is no regular file`,
          "give it as a stream: { name, data }",
        );
      }
      return;
    }
    const content: any = this.#content;
    if (content instanceof Uint8Array || content instanceof ArrayBuffer || content instanceof Blob)
      return;
    this.#reader = (content[Symbol.asyncIterator] ?? content[Symbol.iterator]).call(content);
  }

  async #slice(size: number): Promise<Buffer> {
    const content = this.#content as Uint8Array | ArrayBuffer | Blob;
    if (content instanceof Blob) {
      return Buffer.from(await content.slice(this.#at, this.#at + size).arrayBuffer());
    }
    const whole = content instanceof Uint8Array ? content : new Uint8Array(content);
    return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).subarray(
      this.#at,
      this.#at + size,
    );
  }
}

function isStream(value: any): boolean {
  return typeof value?.[Symbol.asyncIterator] === "function";
}

function isFile(value: any): boolean {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false;
  if (value instanceof Blob || isStream(value)) return true;
  if (value.data === undefined) return typeof value.path === "string";
  return isContent(value.data);
}

function isContent(data: any): boolean {
  if (data instanceof Uint8Array || data instanceof ArrayBuffer || data instanceof Blob)
    return true;
  return (
    isStream(data) || (typeof data === "object" && typeof data?.[Symbol.iterator] === "function")
  );
}

function bytesOf(value: unknown, name: string): Buffer {
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === "string") return Buffer.from(value);
  throw wrongArgument(`${name}: reading it gave ${typeof value}, not bytes`);
}
