// The project's vectors: bytes with what a client must make of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import * as kinds from "../dist/esm/kinds.js";
import { Frames, isError, pack, readReply, request, ridOf } from "../dist/esm/wire.js";

const ID = Buffer.from("101112131415161718191a1b1c1d1e1f", "hex");

function rows(name) {
  const path = new URL(`../../../proto/vectors/${name}`, import.meta.url);
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function bytes(row) {
  const fill = row.fill === undefined ? "" : row.fill.hex.repeat(row.fill.times);
  return Buffer.from(row.hex + fill + (row.tail ?? ""), "hex");
}

/** The meaning of a vector as JavaScript has it. */
function meant(value) {
  if (Array.isArray(value)) return value.map(meant);
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$bin === "string") return Buffer.from(value.$bin, "hex");
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, meant(inner)]));
}

/** Bytes as Buffers all over, so that they compare by content. */
function plain(value) {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (value === 0) return 0; // there is no integer -0
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

function same(got, expected, what) {
  assert.deepEqual(plain(got), meant(expected), what);
}

function checkOk(outcome, ok) {
  assert(!isError(outcome), String(outcome));
  assert.equal(outcome.status, ok.status ?? 0);
  assert.equal(outcome.type, ok.type ?? "");
  same(outcome.headers, ok.headers ?? {}, "headers");
  same(outcome.meta, ok.meta ?? {}, "meta");
  if (ok.body?.$bin !== undefined) same(outcome.bytes, ok.body, "body");
  else if (ok.body !== undefined) same(outcome.json(), ok.body, "body");
}

function checkError(outcome, error) {
  assert.equal(outcome.kind, error.kind);
  assert.equal(outcome.code, error.code ?? "");
  assert.equal(outcome.message, error.message ?? "");
  assert.equal(outcome.hint, error.hint ?? "");
  assert.equal(outcome.status, error.status ?? 0);
  assert.equal(outcome.retryable, error.retryable ?? false);
  assert.equal(outcome.pending, error.pending ?? false);
  assert.equal(outcome.retryAfterMs ?? 0, error.retry_after_ms ?? 0);
}

for (const row of rows("replies.jsonl")) {
  test(`reply ${row.name}: ${row.text}`, () => {
    const { outcome } = readReply(Buffer.concat([Buffer.alloc(4), bytes(row)]), ID);
    if (row.expect.ok !== undefined) return checkOk(outcome, row.expect.ok);
    assert(isError(outcome), "it was taken for a success");
    if (row.expect.error !== undefined) checkError(outcome, row.expect.error);
    assert(
      outcome instanceof kinds.CLASSES[row.expect.class],
      `${outcome.name}: ${outcome.message}`,
    );
  });
}

for (const size of [1, 7, Number.POSITIVE_INFINITY]) {
  for (const row of rows("service_streams.jsonl")) {
    test(`stream ${row.name} in pieces of ${size}: ${row.text}`, () => {
      const all = Buffer.concat([Buffer.from(row.greeting, "hex"), bytes(row)]);
      const frames = new Frames();
      const read = () => {
        const payloads = [];
        for (let at = 0; at < all.length; at += Math.min(size, all.length)) {
          payloads.push(...frames.push(all.subarray(at, Math.min(at + size, all.length))));
        }
        return payloads.filter((payload) => ridOf(payload) === row.request_id);
      };
      if (row.expect.close) return assert.throws(read, kinds.ProtocolError);
      const answers = read();
      assert(answers.length >= 1);
      assert.equal(readReply(answers[0], ID).outcome.status, 200);
    });
  }
}

for (const row of rows("requests.jsonl").filter((row) => row.expect.accept && row.meaning)) {
  test(`request ${row.name} as we write it means the same: ${row.text}`, () => {
    const { v, args = {}, ...head } = meant(row.meaning);
    const written = Buffer.concat(request(0x80000001, head, pack(args)));
    assert.equal(Number(written.readBigUInt64BE(1)), written.length - 9);
    assert.equal(written.readUInt32BE(9), 0x80000001);
    assert.deepEqual(plain(decode(written.subarray(13))), plain({ v, ...head, args }));
  });
}
