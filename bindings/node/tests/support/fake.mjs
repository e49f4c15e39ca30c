// A service that does as a test tells it: it speaks the wire, and misbehaves on demand.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode } from "@msgpack/msgpack";

export const PEER = Buffer.from("0053500000310000", "hex");

/** A directory of the test's own, gone when it ends. */
export function ownDirectory(t) {
  const path = mkdtempSync(join(tmpdir(), "dp-node-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function frame(rid, message) {
  const body = Buffer.isBuffer(message) ? message : Buffer.from(encode(message));
  const head = Buffer.alloc(13);
  head[0] = 1;
  head.writeBigUInt64BE(BigInt(body.length + 4), 1);
  head.writeUInt32BE(rid, 9);
  return Buffer.concat([head, body]);
}

export class Fake {
  constructor(path, answer) {
    this.path = path;
    this.answer = answer ?? (() => ({ body: {} }));
    this.epoch = Buffer.alloc(16, 1);
    this.greeting = PEER;
    this.requests = [];
    this.connections = new Set();
    this.count = 0;
    this.waiting = [];
  }

  static async start(t, answer) {
    const fake = new Fake(join(ownDirectory(t), "socket"), answer);
    t.after(() => fake.stop());
    await fake.listen();
    return fake;
  }

  async listen() {
    this.server = createServer((socket) => this.accept(socket));
    this.server.listen(this.path);
    await once(this.server, "listening");
  }

  async stop() {
    for (const socket of this.connections) socket.destroy();
    if (this.server?.listening) {
      this.server.close();
      await once(this.server, "close");
    }
  }

  accept(socket) {
    this.count += 1;
    this.connections.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.connections.delete(socket));
    socket.write(this.greeting);
    let held = Buffer.alloc(0);
    let greeted = false;
    socket.on("data", (chunk) => {
      held = Buffer.concat([held, chunk]);
      if (!greeted && held.length >= 8) {
        greeted = true;
        held = held.subarray(8);
      }
      while (greeted && held.length >= 9) {
        const length = Number(held.readBigUInt64BE(1));
        if (held.length < 9 + length) return;
        this.take(socket, held.readUInt32BE(9), held.subarray(13, 9 + length));
        held = held.subarray(9 + length);
      }
    });
  }

  take(socket, rid, bytes) {
    const request = decode(bytes);
    this.requests.push(request);
    for (const [index, { op, resolve }] of [...this.waiting.entries()].reverse()) {
      if (op === request.op) {
        this.waiting.splice(index, 1);
        resolve(request);
      }
    }
    const reply = (ok) => this.reply(socket, rid, request, ok);
    if (request.op === "service.ping") return reply({ body: {} });
    if (request.op === "service.connect") return reply({ body: { profile: "handle-1" } });
    const ok = this.answer(request, { socket, rid, reply, fake: this });
    if (ok !== undefined) reply(ok);
  }

  reply(socket, rid, request, ok) {
    const message = { v: 1, id: request.id, epoch: this.epoch };
    if (ok.error !== undefined) message.error = ok.error;
    else message.ok = { status: 200, type: "", headers: {}, meta: { op: request.op }, ...ok };
    socket.write(frame(rid, message));
  }

  /** The next request of that operation. */
  next(op) {
    const came = this.requests.find((request) => request.op === op);
    if (came !== undefined) return Promise.resolve(came);
    return new Promise((resolve) => this.waiting.push({ op, resolve }));
  }

  of(op) {
    return this.requests.filter((request) => request.op === op);
  }
}
