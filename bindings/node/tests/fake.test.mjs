// A service that misbehaves, and one that comes and goes.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  BusyError,
  CancelledError,
  Client,
  DeniedError,
  DifyError,
  InternalError,
  InvalidRequestError,
  ProtocolError,
  TooLargeError,
  UnknownOutcomeError,
  UnreachableError,
} from "../dist/esm/index.js";
import { Fake, frame, ownDirectory } from "./support/fake.mjs";

process.env.DIFYPOOL_AUTOSTART = "0";

function clientOf(t, fake, options = {}) {
  const client = new Client({ socket: fake.path, ...options });
  t.after(() => client.close());
  return client;
}

test("a thousand calls at once share one connection, and answers may come in any order", async (t) => {
  const held = [];
  const fake = await Fake.start(t, (request, { reply }) => {
    held.push(() => reply({ body: request.args.number }));
    if (held.length === 1000) for (const answer of held.reverse()) answer();
  });
  const client = clientOf(t, fake);
  const calls = Array.from({ length: 1000 }, (_, number) =>
    client.call("datasets.list", { number }),
  );
  const got = (await Promise.all(calls)).map((reply) => reply.json());
  assert.deepEqual(
    got,
    Array.from({ length: 1000 }, (_, number) => number),
  );
  assert.equal(fake.count, 1);
});

test("the epoch is learnt before the first call, and goes with it", async (t) => {
  const fake = await Fake.start(t);
  await clientOf(t, fake).call("datasets.create", { name: "x" });
  assert.deepEqual(
    fake.requests.map((request) => request.op),
    ["service.ping", "datasets.create"],
  );
  assert.deepEqual(Buffer.from(fake.requests[1].epoch), fake.epoch);
  assert.equal(fake.requests[0].epoch, undefined);
});

test("an address of its own is given to the service once, and named by its handle", async (t) => {
  const fake = await Fake.start(t);
  const client = clientOf(t, fake, { baseUrl: "https://dify.test/v1", apiKey: "k", retryMaxMs: 7 });
  await Promise.all([client.datasets.list(), client.models.list({ model_type: "llm" })]);
  const [connect] = fake.of("service.connect");
  assert.deepEqual(connect.args, {
    base_url: "https://dify.test/v1",
    api_key: "k",
    retry_max_ms: 7,
  });
  assert.equal(fake.of("service.connect").length, 1);
  assert.equal(fake.of("datasets.list")[0].profile, "handle-1");
});

test("a service that forgot the handle gets it again, and the call keeps its id", async (t) => {
  let refusals = 1;
  const fake = await Fake.start(t, () =>
    refusals-- > 0
      ? { error: { kind: "not_found", code: "no_such_profile", message: "", retryable: false } }
      : { body: { data: [] } },
  );
  await clientOf(t, fake, { baseUrl: "http://d.test/v1", apiKey: "k" }).datasets.list();
  const [first, second] = fake.of("datasets.list");
  assert.deepEqual(first.id, second.id);
  assert.equal(fake.of("service.connect").length, 2);
});

test("a lost connection: the same id and first epoch go again, after a ping", async (t) => {
  let drop = true;
  const fake = await Fake.start(t, (_request, { socket }) => {
    if (!drop) return { body: { id: "d" } };
    drop = false;
    fake.epoch = Buffer.alloc(16, 2);
    socket.destroy();
    return undefined;
  });
  const reply = await clientOf(t, fake).call("datasets.create", { name: "x" });
  assert.deepEqual(reply.json(), { id: "d" });
  assert.deepEqual(
    fake.requests.map((request) => request.op),
    ["service.ping", "datasets.create", "service.ping", "datasets.create"],
  );
  const [first, second] = fake.of("datasets.create");
  assert.deepEqual(first.id, second.id);
  assert.deepEqual(Buffer.from(second.epoch), Buffer.alloc(16, 1));
  assert(second.deadline_ms > 0 && second.deadline_ms <= 120_000);
});

test("a connection that breaks again and again ends the call, as an unknown outcome for a write", async (t) => {
  const fake = await Fake.start(t, (_, { socket }) => {
    socket.destroy();
  });
  const client = clientOf(t, fake);
  await assert.rejects(client.call("datasets.create", { name: "x" }), UnknownOutcomeError);
  await assert.rejects(client.call("datasets.list"), UnreachableError);
  assert.equal(fake.of("datasets.create").length, 9);
});

test("nothing there, and nothing to start: unreachable at once", async (t) => {
  const client = new Client({ socket: join(ownDirectory(t), "socket") });
  const error = await client.datasets.list().catch((error) => error);
  assert(error instanceof UnreachableError);
  assert.equal(error.code, "no_service");
  assert.equal(error.retryable, true);
});

for (const [what, bytes] of [
  ["another greeting", Buffer.from("0053500000300000", "hex")],
  ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
]) {
  test(`${what} is no difypool service`, async (t) => {
    const fake = await Fake.start(t);
    fake.greeting = bytes;
    await assert.rejects(clientOf(t, fake).datasets.list(), ProtocolError);
  });
}

for (const [what, bytes] of [
  ["a frame of another type", Buffer.from("02000000000000000480000001", "hex")],
  ["a frame of 2^60 bytes", Buffer.from("01100000000000000080000001", "hex")],
]) {
  test(`${what}: the connection is given up, a write is unknown, and the next call goes on anew`, async (t) => {
    let broken = true;
    const fake = await Fake.start(t, (_, { socket }) => {
      if (!broken) return { body: {} };
      socket.write(bytes);
      return undefined;
    });
    const client = clientOf(t, fake);
    await assert.rejects(client.call("datasets.create", { name: "x" }), UnknownOutcomeError);
    await assert.rejects(client.call("datasets.list"), ProtocolError);
    broken = false;
    await client.call("datasets.list");
    assert.equal(fake.count, 3);
  });
}

test("answers that nobody waits for, that are too short, or come twice are dropped", async (t) => {
  const fake = await Fake.start(t, (request, { socket, rid, reply }) => {
    socket.write(
      frame(0x80000000 + ((rid + 77) & 0x7fffffff), { v: 1, ok: { body: "another's" } }),
    );
    socket.write(frame(0x00000005, { v: 1, ok: { body: "no request id" } }));
    const short = Buffer.from("01000000000000000280ff", "hex");
    socket.write(short);
    reply({ body: request.args.n });
    reply({ body: "twice" });
  });
  const client = clientOf(t, fake);
  for (const n of [1, 2, 3]) assert.equal((await client.call("datasets.list", { n })).json(), n);
  assert.equal(fake.count, 1);
});

test("an answer that is no reply, or another call's, is this call's protocol error and nobody else's", async (t) => {
  const answers = {
    garbage: (rid) => frame(rid, Buffer.from("c1", "hex")),
    nothing: (rid) => frame(rid, { v: 1 }),
    another: (rid) => frame(rid, { v: 1, id: Buffer.alloc(16, 9), ok: { body: 1 } }),
  };
  const fake = await Fake.start(t, (request, { socket, rid }) => {
    const bad = answers[request.args.how];
    if (bad === undefined) return { body: "good" };
    socket.write(bad(rid));
    return undefined;
  });
  const client = clientOf(t, fake);
  for (const how of Object.keys(answers)) {
    await assert.rejects(client.call("datasets.list", { how }), ProtocolError, how);
  }
  assert.equal((await client.call("datasets.list")).json(), "good");
  assert.equal(fake.count, 1);
});

test("an error has its class, and all that was told of it; an unknown kind keeps its name", async (t) => {
  const told = {
    kind: "busy",
    code: "calls_max",
    message: "m",
    hint: "h",
    status: 503,
    retryable: true,
    retry_after_ms: 1500,
  };
  const fake = await Fake.start(t, (request) => ({ error: { ...told, kind: request.args.kind } }));
  const client = clientOf(t, fake);
  const busy = await client.call("datasets.list", { kind: "busy" }).catch((error) => error);
  assert(busy instanceof BusyError && busy instanceof DifyError && busy instanceof Error);
  assert.deepEqual(
    [
      busy.kind,
      busy.code,
      busy.message,
      busy.hint,
      busy.status,
      busy.retryable,
      busy.retryAfterMs,
      busy.name,
    ],
    ["busy", "calls_max", "m", "h", 503, true, 1500, "BusyError"],
  );
  const unknown = await client.call("datasets.list", { kind: "astral" }).catch((error) => error);
  assert(unknown instanceof InternalError);
  assert.equal(unknown.kind, "astral");
});

test("a signal ends the call at once, and the service is told by service.cancel", async (t) => {
  const fake = await Fake.start(t, () => undefined);
  const client = clientOf(t, fake);
  const controller = new AbortController();
  const call = client.call("datasets.create", { name: "x" }, { signal: controller.signal });
  const sent = await fake.next("datasets.create");
  controller.abort(new Error("no more"));
  const error = await call.catch((error) => error);
  assert(error instanceof CancelledError);
  assert.equal(error.name, "AbortError");
  assert.equal(error.cause.message, "no more");
  const cancel = await fake.next("service.cancel");
  assert.deepEqual(cancel.args.id, sent.id);
  await assert.rejects(client.datasets.list({}, { signal: controller.signal }), CancelledError);
  assert.equal(fake.of("datasets.list").length, 0);
});

test("options stand in the request as the protocol has them", async (t) => {
  const fake = await Fake.start(t);
  const id = Buffer.alloc(16, 7);
  const options = {
    deadline: 1500,
    priority: "bulk",
    cache: 3000,
    decode: true,
    callId: id,
    again: true,
    wait: true,
    allowHazard: true,
  };
  await clientOf(t, fake).call("datasets.list", { page: undefined, keyword: null }, options);
  const [sent] = fake.of("datasets.list");
  assert.deepEqual(sent.args, { keyword: null });
  assert.deepEqual(Buffer.from(sent.id), id);
  assert.deepEqual(
    [sent.deadline_ms, sent.priority, sent.cache, sent.decode, sent.again, sent.options],
    [1500, "bulk", 3000, true, true, { wait: true, allow_hazard: true }],
  );
});

test("what cannot be sent is refused here, by name", async (t) => {
  const fake = await Fake.start(t);
  const client = clientOf(t, fake);
  await assert.rejects(client.datasets.list({}, { deadline: 0 }), /deadline/);
  await assert.rejects(client.datasets.list({}, { prority: "bulk" }), /prority/);
  await assert.rejects(client.call("datasets.list", { n: 1n }), InvalidRequestError);
  await assert.rejects(client.call("datasets.list", { n: () => 1 }), InvalidRequestError);
  await assert.rejects(
    client.call("datasets.create", { name: Buffer.alloc(68 << 20) }),
    TooLargeError,
  );
  assert.throws(() => new Client({ apiKey: "k" }), /baseUrl/);
  assert.equal(fake.of("datasets.list").length + fake.of("datasets.create").length, 0);
});

test("arguments are those of the moment of the call, also when it is sent again", async (t) => {
  let drop = true;
  const fake = await Fake.start(t, (_, { socket }) => {
    if (!drop) return { body: {} };
    drop = false;
    socket.destroy();
    return undefined;
  });
  const args = { name: "first" };
  const call = clientOf(t, fake).call("datasets.create", args);
  await fake.next("datasets.create");
  args.name = "changed";
  await call;
  assert.deepEqual(
    fake.of("datasets.create").map((request) => request.args.name),
    ["first", "first"],
  );
});

test("closing ends calls under way, and later ones", async (t) => {
  const fake = await Fake.start(t, () => undefined);
  const client = clientOf(t, fake);
  const call = client.datasets.list();
  await fake.next("datasets.list");
  await client.close();
  await assert.rejects(call, CancelledError);
  await assert.rejects(client.datasets.list(), InvalidRequestError);
  await client.close();
});

test("a socket in a directory that others may write is given no key", async (t) => {
  const { chmodSync } = await import("node:fs");
  const { dirname } = await import("node:path");
  const fake = await Fake.start(t);
  chmodSync(dirname(fake.path), 0o777);
  await assert.rejects(
    clientOf(t, fake, { baseUrl: "http://d.test/v1", apiKey: "secret" }).datasets.list(),
    DeniedError,
  );
  assert.equal(fake.requests.length, 0);
});

test("a program that cannot start the service says why, and the key goes nowhere", async (t) => {
  const directory = ownDirectory(t);
  const daemon = join(directory, "difypoold");
  writeFileSync(daemon, "#!/bin/sh\necho 'the disk is full' >&2\nexit 3\n", { mode: 0o755 });
  mkdirSync(join(directory, "run"), { mode: 0o700 });
  Object.assign(process.env, { DIFYPOOL_AUTOSTART: "1", DIFYPOOL_DAEMON: daemon });
  t.after(() => {
    process.env.DIFYPOOL_AUTOSTART = "0";
    delete process.env.DIFYPOOL_DAEMON;
  });
  const client = new Client({ socket: join(directory, "run", "socket") });
  await assert.rejects(
    client.datasets.list(),
    (error) => error.code === "start" && /the disk is full/.test(error.message),
  );
});

test("events: pieces that come twice are given once, a gap is an error, and leaving the loop closes", async (t) => {
  let asked = 0;
  const stream = Buffer.alloc(16, 5);
  const fake = await Fake.start(t, (request) => {
    if (request.op === "stream.open")
      return { body: { stream, kind: "events", status: 200, type: "text/event-stream" } };
    if (request.op !== "stream.next") return { body: {} };
    asked += 1;
    const event = (answer) => JSON.stringify({ event: "message", answer, task_id: "t1" });
    if (asked === 1)
      return { body: { streams: [{ stream, first: 1, events: [event("a"), event("b")] }] } };
    if (asked === 2)
      return { body: { streams: [{ stream, first: 2, events: [event("b"), event("c")] }] } };
    return { body: { streams: [{ stream, first: 9, events: [event("z")] }] } };
  });
  const client = clientOf(t, fake);
  const run = client.chat.sendStream(
    { query: "q", user: "u", inputs: {} },
    { idle: 5000, keepRun: true },
  );
  const words = [];
  await assert.rejects(async () => {
    for await (const event of run) words.push(event.words);
  }, ProtocolError);
  assert.deepEqual(words, ["a", "b", "c"]);
  assert.equal(run.answer, "abc");
  assert.equal(run.run.task_id, "t1");
  const [open] = fake.of("stream.open");
  assert.deepEqual(
    [open.args.op, open.args.idle_ms, open.args.keep_run],
    ["chat.send", 5000, true],
  );
  assert.equal(fake.of("stream.next")[1].args.streams[0].after, 2);
  const close = await fake.next("stream.close");
  assert.deepEqual(Buffer.from(close.args.stream), stream);
});

test("an idle client does not keep the program running", async (t) => {
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  const fake = await Fake.start(t);
  const code = `import { Client } from ${JSON.stringify(new URL("../dist/esm/index.js", import.meta.url).href)};
    const client = new Client({ socket: ${JSON.stringify(fake.path)} });
    console.log((await client.datasets.list()).status);`;
  const done = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
    timeout: 30_000,
  });
  assert.equal(done.stdout, "200\n");
});

test("nothing stays at a signal when its calls and streams are over", async (t) => {
  const stream = Buffer.alloc(16, 6);
  const fake = await Fake.start(t, (request) => {
    if (request.op === "stream.open") return { body: { stream, kind: "events", status: 200 } };
    if (request.op !== "stream.next") return { body: {} };
    const event = JSON.stringify({ event: "message", answer: "a" });
    const end = { ok: { status: 200 }, run: { task_id: "t9" } };
    return { body: { streams: [{ stream, first: 1, events: [event], end }] } };
  });
  const client = clientOf(t, fake);
  const { signal } = new AbortController();
  await client.datasets.list({}, { signal });
  const run = client.chat.sendStream({ query: "q", user: "u", inputs: {} }, { signal });
  await run.opened();
  assert.equal(getEventListeners(signal, "abort").length, 1);
  assert.equal(await run.text(), "a");
  assert.equal(run.run.task_id, "t9");
  assert.equal(getEventListeners(signal, "abort").length, 0);
});
