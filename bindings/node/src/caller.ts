/** What the generated methods, uploads and pushes stand on: a client as they see it. */
import type { FileArg } from "./files.js";
import type { Crew } from "./flows.js";
import type { CallOptions, PushOptions, StreamOptions } from "./options.js";
import type { PageLike, Push } from "./push.js";
import type { Reply } from "./reply.js";
import type { Download, EventStream } from "./streams.js";

export interface Caller {
  /** Options that hold for all calls of the client. */
  readonly defaults: CallOptions;
  run(op: string, args: object, options: CallOptions): Promise<Reply>;
  upload(op: string, param: string, args: object, options: CallOptions): Promise<Reply>;
  events(op: string, args: object, options: StreamOptions): EventStream;
  download(op: string, args: object, options: StreamOptions): Download;
  pages(
    op: string,
    args: object,
    options: CallOptions,
    cursor: string,
  ): AsyncGenerator<any, void, undefined>;
  push(pages: PageSource | undefined, args: object, options: PushOptions): Push;
  post(op: string, args: object): boolean;
  crew(): Crew;
}

export type PageSource = AsyncIterable<PageLike> | Iterable<PageLike>;
export type { FileArg };
