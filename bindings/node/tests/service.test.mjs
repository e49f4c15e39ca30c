// The real difypoold with the sandbox: what a program does with this package.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  CancelledError,
  Client,
  NotFoundError,
  TimeoutError,
  UnauthorizedError,
} from "../dist/esm/index.js";
import { end, missing, ownClient, startSandbox, until } from "./support/chain.mjs";
import { ownDirectory } from "./support/fake.mjs";

const ECONOMY = { indexing_technique: "economy", process_rule: { mode: "automatic" } };
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

process.env.DIFYPOOL_AUTOSTART = "1";
const real = { skip: missing };

test(
  "it starts a service, whose answers are the server's, and several clients share it",
  real,
  async (t) => {
    const sandbox = await startSandbox(t);
    const { client, socket } = ownClient(t, sandbox);
    const id = (await client.datasets.create({ name: "First" })).json().id;
    await client.documents.createByText({ dataset_id: id, name: "d", text: "t", ...ECONOMY });
    const names = [];
    for await (const found of client.documents.iterate({ dataset_id: id })) names.push(found.name);
    assert.deepEqual(names, ["d"]);
    const missed = await client.datasets
      .get({ dataset_id: "00000000-0000-4000-8000-000000000000" })
      .catch((error) => error);
    assert(missed instanceof NotFoundError);
    assert.equal(missed.status, 404);
    const others = [1, 2].map(
      () =>
        new Client({ socket, baseUrl: sandbox.https, apiKey: "wrong", caFile: sandbox.ca_file }),
    );
    t.after(() => Promise.all(others.map((other) => other.close())));
    const infos = await Promise.all([client, ...others].map((one) => one.info()));
    assert.equal(new Set(infos.map((info) => info.pid)).size, 1);
    await assert.rejects(others[0].datasets.list(), UnauthorizedError);
    assert.equal((await client.stats()).hosts.length, 1);
  },
);

test("a page of many lists is walked to its end, each entry once", real, async (t) => {
  const sandbox = await startSandbox(t);
  const { client } = ownClient(t, sandbox);
  const id = (await client.datasets.create({ name: "Many" })).json().id;
  await sandbox.ask("POST", `/datasets/${id}/fill`, { count: 250, text: "x" });
  const seen = new Set();
  for await (const found of client.documents.iterate({ dataset_id: id })) seen.add(found.id);
  assert.equal(seen.size, 250);
});

test(
  "killed with a write under way: the client goes on with a new service, and nothing is doubled",
  real,
  async (t) => {
    const sandbox = await startSandbox(t);
    const { client } = ownClient(t, sandbox);
    const id = (await client.datasets.create({ name: "Killed" })).json().id;
    const { pid } = await client.info();
    await sandbox.fault({ operation: "documents.create_by_text" }, { stall: "headers" });
    const call = client.documents.createByText({
      dataset_id: id,
      name: "once",
      text: "t",
      ...ECONOMY,
    });
    await sandbox.wait("effects/documents.create_by_text", 1);
    await end(pid, "SIGKILL");
    const reply = await call;
    assert.equal(reply.json().document.name, "once");
    assert.equal(reply.meta.verified, true);
    assert.equal(await sandbox.effects("documents.create_by_text"), 1);
    assert.notEqual((await client.info()).pid, pid);
  },
);

test("a deadline, and a signal, end a call that waits for the server", real, async (t) => {
  const sandbox = await startSandbox(t);
  const { client } = ownClient(t, sandbox);
  await client.datasets.list();
  await sandbox.fault({ operation: "datasets.list" }, { stall: "before" });
  await assert.rejects(client.datasets.list({}, { deadline: 150 }), TimeoutError);
  await sandbox.fault({ operation: "datasets.list" }, { stall: "before" });
  const controller = new AbortController();
  const call = client.datasets.list({ page: 1 }, { signal: controller.signal });
  await client.info();
  controller.abort();
  await assert.rejects(call, CancelledError);
  await until(async () => (await client.stats()).service.calls_running <= 1, "the call ends");
});

test("the events of a run, its words, and leaving the loop stops it", real, async (t) => {
  const sandbox = await startSandbox(t);
  const { client } = ownClient(t, sandbox, { apiKey: sandbox.keys.chatflow });
  const run = client.chat.sendStream({ query: "Hello", user: "me", inputs: {} });
  const names = new Set();
  for await (const event of run) names.add(event.name);
  assert(names.has("message") && names.has("message_end"));
  assert(run.answer.length > 0);
  assert(run.run.conversation_id);
  const blocking = await client.chat.send({ query: "Hello", user: "me", inputs: {} });
  assert(blocking.json().answer.length > 0);

  const slow = ownClient(t, sandbox, { apiKey: sandbox.keys.chat }).client;
  await sandbox.ask("POST", "/scripts", {
    match: {},
    times: null,
    skip: 0,
    count: 1000,
    hold_after: 2,
  });
  const left = slow.chat.sendStream({ query: "Hello", user: "me", inputs: {} });
  for await (const _ of left) break;
  await sandbox.wait("runs/stopped", 1);
  const again = slow.chat.sendStream({ query: "Hello", user: "me", inputs: {} });
  const reader = again.readable().getReader();
  assert((await reader.read()).value.name);
  await reader.cancel();
  await sandbox.wait("runs/stopped", 2);
  const controller = new AbortController();
  const aborted = slow.chat.sendStream(
    { query: "Hi", user: "me", inputs: {} },
    { signal: controller.signal },
  );
  await assert.rejects(async () => {
    for await (const _ of aborted) controller.abort();
  }, CancelledError);
  await sandbox.wait("runs/stopped", 3);
});

test("files of every form go up, large ones in pieces, and come down again", real, async (t) => {
  const sandbox = await startSandbox(t);
  const { client } = ownClient(t, sandbox, { apiKey: sandbox.keys.chat });
  const large = randomBytes(5_000_000);
  const path = join(ownDirectory(t), "local.bin");
  writeFileSync(path, large);
  const pieces = () => [large.subarray(0, 1_000_001), large.subarray(1_000_001)];
  const files = {
    buffer: { name: "a.bin", data: large },
    blob: { name: "b.bin", data: new Blob([large]) },
    node: { name: "c.bin", data: Readable.from(pieces()) },
    web: { name: "d.bin", data: new Blob([large]).stream(), length: large.length },
    path: { path },
    small: { name: "s.txt", data: Buffer.from("small") },
  };
  for (const [form, file] of Object.entries(files)) {
    const reply = await client.files.upload({ file, user: "me" });
    assert.equal(reply.json().size, form === "small" ? 5 : large.length, form);
  }
  const { uploads } = await sandbox.ask("GET", "/uploads");
  const sums = uploads.map((one) => [one.name, one.sha256, one.whole]);
  const name = (file) => file.name ?? "local.bin";
  assert.deepEqual(
    sums,
    Object.values(files).map((f) => [name(f), sha256(name(f) === "s.txt" ? "small" : large), true]),
  );
  const made = await sandbox.ask("POST", "/files", {
    size: 3_000_000,
    key: "chat",
    name: "down.bin",
    mime_type: "application/octet-stream",
  });
  await sandbox.ask("PATCH", `/files/${made.id}`, { in_messages: true });
  const args = { file_id: made.id, user: "me" };
  assert.equal(sha256(await client.files.previewStream(args).bytes()), made.sha256);
  assert.equal(sha256((await client.files.preview(args)).bytes), made.sha256);
  const hash = createHash("sha256");
  for await (const piece of client.files.previewStream(args).nodeStream()) hash.update(piece);
  assert.equal(hash.digest("hex"), made.sha256);
  const saved = join(ownDirectory(t), "saved");
  mkdirSync(saved);
  const target = await client.files.previewStream(args).save(join(saved, "x.bin"));
  assert.equal(sha256(readFileSync(target)), made.sha256);
  assert.deepEqual(readdirSync(saved), ["x.bin"]);
});

test(
  "an upload whose source fails creates nothing, and its error is the caller's",
  real,
  async (t) => {
    const sandbox = await startSandbox(t);
    const { client } = ownClient(t, sandbox, { apiKey: sandbox.keys.chat });
    async function* broken() {
      yield randomBytes(700_000);
      throw new Error("the disk is gone");
    }
    await assert.rejects(
      client.files.upload({ file: { name: "x.bin", data: broken() }, user: "me" }),
      /the disk is gone/,
    );
    assert.equal(await sandbox.effects("files.upload"), 0);
    await assert.rejects(client.files.upload({ file: "name.txt", user: "me" }), /is no file/);
  },
);

test(
  "pages are pushed from an async iterable while results are read, and again changes nothing",
  real,
  async (t) => {
    const sandbox = await startSandbox(t, "--indexing-interval", "0.01");
    const { client } = ownClient(t, sandbox);
    async function* crawl() {
      for (let n = 0; n < 40; n += 1) {
        yield { url: `https://site.test/${n}`, title: `Page ${n}`, text: `The text of page ${n}.` };
      }
      yield {
        url: "https://site.test/file",
        title: "File",
        file: { path: "/nonexistent/file.md" },
      };
    }
    const options = { dataset: "Pushed", indexing_technique: "economy" };
    const push = client.pages.push(crawl(), options);
    const outcomes = [];
    let failure;
    for await (const result of push) {
      outcomes.push(result.outcome);
      if (result.outcome === "failed") failure = result;
    }
    assert.equal(outcomes.filter((outcome) => outcome === "created").length, 40);
    assert.match(failure.error.message, /cannot be read/);
    assert.equal(failure.index, 40);
    const summary = await push.summary();
    assert.deepEqual(summary.counts, { created: 40, failed: 1 });
    const again = await client.pages.push(crawl(), options).summary();
    assert.deepEqual(again.counts, { unchanged: 40, failed: 1 });
    assert.equal(again.datasetId, summary.datasetId);

    const session = client.pages.session(options);
    assert.equal(
      await session.add({ url: "https://site.test/0", title: "Page 0", text: "Changed." }),
      true,
    );
    await session.add({ url: "https://site.test/1", title: "Page 1", text: "Changed, too." });
    const results = session[Symbol.asyncIterator]();
    const read = [await results.next(), await results.next()].map(({ value }) => value.outcome);
    assert.deepEqual(read, ["updated", "updated"]); // before the session is finished
    await session.finish();
    assert.equal((await results.next()).done, true);
    assert.deepEqual((await session.summary()).counts, { updated: 2 });
    await assert.rejects(session.add({ url: "https://late.test/", text: "x" }), /finished/);
  },
);

test("an iterable that fails ends the push, and leaving the loop does", real, async (t) => {
  const sandbox = await startSandbox(t);
  const { client } = ownClient(t, sandbox);
  async function* broken() {
    yield { url: "https://site.test/a", title: "A", text: "a" };
    throw new Error("the crawler broke");
  }
  const options = { dataset: "Broken", indexing_technique: "economy" };
  await assert.rejects(client.pages.push(broken(), options).summary(), /the crawler broke/);
  async function* endless() {
    for (let n = 0; ; n += 1)
      yield { url: `https://site.test/${n}`, title: `P ${n}`, text: `t ${n}` };
  }
  for await (const result of client.pages.push(endless(), options)) {
    assert.equal(result.outcome, "created");
    break;
  }
  await until(async () => (await client.stats()).service.pushes === 0, "the push ends");
});

test("a batch: each call's outcome in its place", real, async (t) => {
  const sandbox = await startSandbox(t);
  const { client } = ownClient(t, sandbox);
  const [made, missed, listed] = await client.batch(
    [
      { op: "datasets.create", args: { name: "In a batch" } },
      { op: "datasets.get", args: { dataset_id: "00000000-0000-4000-8000-000000000000" } },
      { op: "datasets.list" },
    ],
    { concurrency: 1 },
  );
  assert.equal(made.value.json().name, "In a batch");
  assert(missed.reason instanceof NotFoundError);
  assert.equal(listed.value.json().data.length, 1);
});

test(
  "fetch goes through the service: known paths, others, errors, keys, signals",
  real,
  async (t) => {
    const sandbox = await startSandbox(t);
    const { client } = ownClient(t, sandbox);
    const { fetch } = client;
    const made = await fetch(`${sandbox.https}/datasets`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "By fetch" }),
    });
    assert.equal(made.status, 200);
    const { id } = await made.json();
    const listed = await fetch(new URL("/v1/datasets?limit=5", sandbox.https));
    assert.deepEqual(
      (await listed.json()).data.map((one) => one.id),
      [id],
    );
    assert.match(listed.headers.get("content-type"), /json/);
    const missed = await fetch("/v1/datasets/00000000-0000-4000-8000-000000000000");
    assert.equal(missed.status, 404);
    assert.equal((await missed.json()).code, "not_found");
    const gone = await fetch(`/v1/datasets/${id}`, { method: "DELETE" });
    assert(gone.ok);
    const denied = await fetch("/v1/datasets", { headers: { Authorization: "Bearer wrong" } });
    assert.equal(denied.status, 401);
    const controller = new AbortController();
    controller.abort(new Error("stop"));
    await assert.rejects(fetch("/v1/datasets", { signal: controller.signal }), /stop/);
    await assert.rejects(fetch("https://elsewhere.test/v1/datasets"), TypeError);
    assert(((await client.stats()).pool.calls ?? (await client.stats()).service.calls) > 0);
  },
);
