/** The answer to a call, as the server gave it and as difypool carried it. */
import { ownBytes } from "./failures.js";

/** How a call went; what is 0, false or empty may be left out. */
export interface Meta {
  /** The operation it was carried as. */
  op?: string;
  attempts?: number;
  /** It went over a connection that stood already. */
  reused?: boolean;
  cached?: boolean;
  joined?: boolean;
  verified?: boolean;
  /** Answered from the service's memory. */
  resent?: boolean;
  queued_us?: number;
  paced_us?: number;
  dns_us?: number;
  connect_us?: number;
  tls_us?: number;
  server_us?: number;
  total_us?: number;
  sent?: number;
  received?: number;
  /** Of the Dify server. */
  version?: string;
  /** What was done differently from what was asked, and why. */
  note?: string;
  [more: string]: unknown;
}

/** A success. */
export class Reply {
  /** HTTP status; 200 for what the service answers by itself. */
  readonly status: number;
  /** Content-Type; empty if there was none. */
  readonly type: string;
  /** Those that matter, names in lower case; all but hop-by-hop ones for `client.request` and `client.fetch`. */
  readonly headers: Record<string, string>;
  readonly meta: Meta;
  readonly #body: unknown;

  constructor(
    status: number,
    type: string,
    headers: Record<string, string>,
    body: unknown,
    meta: Meta,
  ) {
    this.status = status;
    this.type = type;
    this.headers = headers;
    this.meta = meta;
    this.#body = body instanceof Uint8Array ? ownBytes(body) : body;
  }

  /** The server's bytes as they came. Where `decode` was asked for: its value as JSON. */
  get bytes(): Buffer {
    return Buffer.isBuffer(this.#body) ? this.#body : Buffer.from(JSON.stringify(this.#body));
  }

  /** The content as text, by the charset of its type, else UTF-8; what cannot be decoded is replaced. */
  text(): string {
    const charset = /;\s*charset="?([^";\s]+)/i.exec(this.type)?.[1] ?? "utf-8";
    try {
      return new TextDecoder(charset).decode(this.bytes);
    } catch {
      return new TextDecoder().decode(this.bytes);
    }
  }

  /** The content as a value; throws `SyntaxError` where it is not JSON. Free of cost where `decode` was asked for. */
  json(): any {
    return Buffer.isBuffer(this.#body) ? JSON.parse(this.#body.toString()) : this.#body;
  }
}

/** The reply in an `ok` map. */
export function replyOf(ok: any): Reply {
  const { status = 200, type = "", headers = {}, body = Buffer.alloc(0), meta = {} } = ok;
  if (typeof status !== "number" || typeof type !== "string")
    throw new TypeError("an ok of other types");
  return new Reply(status, type, headers, body, meta);
}
