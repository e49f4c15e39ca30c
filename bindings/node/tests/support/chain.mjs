// The real chain: difypoold ($DIFYPOOL_DAEMON) and the sandbox that plays Dify.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "../../dist/esm/index.js";
import { ownDirectory } from "./fake.mjs";

const TESTS = fileURLToPath(new URL("../../../../tests", import.meta.url));

/** Why the real chain cannot be tested here; false if it can. */
export const missing = !process.env.DIFYPOOL_DAEMON
  ? "DIFYPOOL_DAEMON names no difypoold (./dev test sets it)"
  : !existsSync(join(TESTS, "sandbox/testing.py")) && "tests/sandbox is not there";

/** The sandbox: it ends with this process, also when that is killed. */
export async function startSandbox(t, ...options) {
  const python = process.env.SANDBOX_PYTHON ?? "python3";
  const child = spawn(python, ["-m", "sandbox", "--until-eof", ...options], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, PYTHONPATH: TESTS, PYTHONUNBUFFERED: "1" },
  });
  const ended = once(child, "exit");
  t.after(async () => {
    child.stdin.end();
    await ended;
  });
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const ready = JSON.parse(line);
    if (ready.ready) return new Sandbox(ready);
  }
  throw new Error("the sandbox ended before it was ready");
}

class Sandbox {
  constructor(ready) {
    Object.assign(this, ready);
  }

  async ask(method, path, body) {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(this.control + path, {
      method,
      headers,
      body: body && JSON.stringify(body),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error);
    return told;
  }

  async effects(operation) {
    return (await this.ask("GET", "/counters")).effects?.[operation] ?? 0;
  }

  fault(match, action) {
    return this.ask("POST", "/faults", { match, times: 1, skip: 0, ...action });
  }

  async wait(counter, value) {
    const asked = { counter, is: ">=", value, timeout_s: 20 };
    const found = await this.ask("POST", "/wait", asked);
    if (!found.met) throw new Error(`${counter} was ${found.value} and not ${value}`);
  }
}

/** A client of a private service of the test's own, which ends with the test. */
export function ownClient(t, sandbox, options = {}) {
  const socket = join(ownDirectory(t), "socket");
  const client = new Client({
    socket,
    baseUrl: sandbox.https,
    apiKey: sandbox.key,
    caFile: sandbox.ca_file,
    ...options,
  });
  t.after(async () => {
    const pid = await client.info().then(
      (info) => info.pid,
      () => 0,
    );
    await client.close();
    if (pid > 0) await end(pid, "SIGTERM");
  });
  return { client, socket };
}

/** Waits for what is so sooner or later, with a limit. */
export async function until(condition, what) {
  const limit = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`it did not happen within 20 s: ${what}`);
    await sleep(5);
  }
}

/** Ends a service that a test of ours started, and waits until it is gone. */
export async function end(pid, signal) {
  process.kill(pid, signal);
  await until(() => gone(pid), `process ${pid} ends`);
}

function gone(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].startsWith("Z");
  } catch {
    return true;
  }
}
