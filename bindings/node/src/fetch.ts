/**
 * A `fetch` whose requests go through the service: the pool, the pace and the repeats of what is safe to repeat.
 *
 * Only what `http.request` can carry is carried: paths under the base URL. Anything else is refused and never sent past the
 * service. Answers are read whole.
 */
import { Call, Handle } from "./call.js";
import { DifyError } from "./errors.js";
import { badOption, wrongArgument } from "./failures.js";
import type { Link } from "./link.js";
import { type CallOptions, tail } from "./options.js";

const NO_BODY = new Set([101, 204, 205, 304]);
/** What the profile and the connection set; a call may not. */
const OURS = new Set([
  ...["host", "authorization", "content-length", "connection", "transfer-encoding", "expect", "te"],
  ...["trailer", "upgrade", "keep-alive", "proxy-authorization", "proxy-connection"],
]);
const KEYS_MAX = 64; // keys of requests whose handles are kept

/** What of a client fetch needs. */
export interface Fetching {
  link: Link;
  base: URL | undefined;
  profile: string | undefined;
  handle: Handle | undefined;
  defaults: CallOptions;
}

export function makeFetch(client: Fetching): typeof fetch {
  const keys = new Map<string, Handle>();
  return async (input, init) => {
    const request = new Request(absolute(client.base, input), init);
    request.signal.throwIfAborted();
    const call = await carried(client, keys, request);
    try {
      const reply = await client.link.run(call, request.signal);
      return response(reply.status, reply.headers, reply.type, reply.bytes, request.url);
    } catch (error) {
      request.signal.throwIfAborted();
      if (!(error instanceof DifyError)) throw error;
      if (error.status >= 200 && error.body instanceof Uint8Array) {
        return response(error.status, error.headers, error.type, error.body, request.url);
      }
      throw new TypeError(`fetch failed: ${error.message}`, { cause: error });
    }
  };
}

/** A relative address is one of the client's server. */
function absolute(base: URL | undefined, input: string | URL | Request): string | URL | Request {
  if (input instanceof Request) return input;
  return new URL(input, base ?? "http://difypool.invalid/");
}

async function carried(
  client: Fetching,
  keys: Map<string, Handle>,
  request: Request,
): Promise<Call> {
  const url = new URL(request.url);
  if (url.origin !== (client.base?.origin ?? "http://difypool.invalid")) {
    const hint = "only the client's own server is reached through it";
    throw new TypeError("fetch failed", {
      cause: wrongArgument(`${url.origin} is not the server of this client`, hint),
    });
  }
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
  const headers = Object.fromEntries([...request.headers].filter(([name]) => !OURS.has(name)));
  const args = {
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1) || undefined,
    headers,
    body,
  };
  const handle = handleFor(client, keys, request.headers.get("authorization"));
  return new Call("http.request", args, tail(client.defaults), handle, client.profile);
}

/** A request with a key of its own is carried with that key. */
function handleFor(
  client: Fetching,
  keys: Map<string, Handle>,
  authorization: string | null,
): Handle | undefined {
  if (authorization === null) return client.handle;
  const key = /^bearer\s+(\S+)$/i.exec(authorization)?.[1];
  if (key === undefined || client.handle === undefined) {
    const error = badOption(
      "authorization: only a bearer key, and only at a client with a baseUrl",
    );
    throw new TypeError("fetch failed", { cause: error });
  }
  if (key === client.handle.options["api_key"]) return client.handle;
  let handle = keys.get(key);
  if (handle === undefined) {
    if (keys.size >= KEYS_MAX) keys.delete(keys.keys().next().value as string);
    handle = new Handle({ ...client.handle.options, api_key: key });
    keys.set(key, handle);
  }
  return handle;
}

function response(
  status: number,
  headers: Record<string, string>,
  type: string,
  body: Uint8Array,
  url: string,
): Response {
  const { "content-encoding": _, "content-length": __, ...rest } = headers; // the body is decoded already
  const all = new Headers(rest);
  if (type !== "" && !all.has("content-type")) all.set("content-type", type);
  const answer = new Response(NO_BODY.has(status) ? null : body, { status, headers: all });
  Object.defineProperty(answer, "url", { value: url });
  return answer;
}
