/** How a connection comes about: look, start the service if it may be started, wait, look again. */
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "./call.js";
import { UnreachableError } from "./kinds.js";
import { locate, NO_SERVICE, type Place, prepare } from "./place.js";

const PATIENCE = 10_000; // that a service which was there is given to come back
const START_LIMIT = 30_000; // that difypoold has to say that it listens
const [PAUSE_FIRST, PAUSE_LONGEST] = [5, 250]; // between two tries
const COMPLAINT_MAX = 4096; // characters that are kept of what the launcher says
const INSTALL_HINT =
  "install difypool's service (`./dev install` in its source tree), or set DIFYPOOL_DAEMON to the program difypoold, " +
  "or DIFYPOOL_SOCKET to the socket of one that runs";

/** What an opening needs to know, and how it connects. */
export interface Opening {
  /** As in {@link locate}. */
  given: string | undefined;
  /** A connection was there before, so the service is expected back. */
  lost: boolean;
  /** Keep trying until then (by {@link now}) whatever the place; 0 = only as long as is usual. */
  until: number;
  /** Connects; throws an UnreachableError where it is worth trying again. */
  attempt(place: Place): Promise<void>;
  /** Whether anybody still wants the connection. */
  wanted(): boolean;
}

/** Ends when there is a connection, or nobody wants one; throws when there is none to be had. */
export async function open(opening: Opening): Promise<void> {
  const begun = now();
  let pause = PAUSE_FIRST;
  let answered = false;
  while (opening.wanted()) {
    const place = locate(opening.given);
    prepare(place);
    let error = await tried(opening, place);
    if (error === undefined) return;
    answered ||= error.code !== NO_SERVICE;
    if (error.code === NO_SERVICE && place.mayStart) {
      error = await started(opening, place);
      if (error === undefined) return;
      answered ||= error.code !== "start" && error.code !== "not_installed";
    }
    if (now() >= limit(place, error, begun, opening.until, opening.lost || answered)) throw error;
    await sleep(pause);
    pause = Math.min(pause * 2, PAUSE_LONGEST);
  }
}

/** The error if it is worth another try; throws any other. */
async function tried(opening: Opening, place: Place): Promise<UnreachableError | undefined> {
  try {
    await opening.attempt(place);
    return undefined;
  } catch (error) {
    if (error instanceof UnreachableError) return error;
    throw error;
  }
}

async function started(opening: Opening, place: Place): Promise<UnreachableError | undefined> {
  try {
    await start(place);
  } catch (error) {
    if (error instanceof UnreachableError) return error;
    throw error;
  }
  return tried(opening, place);
}

/**
 * When to stop trying. A service that was there, or is an operator's, may be restarting; else there is little to wait for,
 * and nothing at all where difypoold is missing or says why it cannot start.
 */
function limit(
  place: Place,
  error: UnreachableError,
  begun: number,
  until: number,
  expected: boolean,
): number {
  if (expected || place.kind === "shared") return Math.max(begun + PATIENCE, until);
  return until > 0 && error.code === NO_SERVICE ? begun + PATIENCE : begun;
}

/** The difypoold that would be started. Throws UnreachableError, whose hint says how to install it. */
export function findDaemon(): string {
  const named = process.env["DIFYPOOL_DAEMON"];
  if (named) return named;
  const prefix = join(process.execPath, "..", "..");
  const folders = (process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(":");
  for (const folder of [
    ...folders,
    join(prefix, "bin"),
    join(prefix, "sbin"),
    join(prefix, "libexec/difypool"),
  ]) {
    const path = join(folder, "difypoold");
    if (isAbsolute(folder) && isProgram(path)) return path;
  }
  throw new UnreachableError("no difypool service runs, and there is no difypoold to start one", {
    code: "not_installed",
    hint: INSTALL_HINT,
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Starts a private service; ends once its launcher said that one answers (whoever started it). */
async function start(place: Place): Promise<void> {
  const daemon = findDaemon();
  // A session of its own keeps a Ctrl-C at the terminal from ending the launcher half-way.
  const child = spawn(daemon, ["--on-demand", "--socket", place.path], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(0, COMPLAINT_MAX);
  });
  const status = await new Promise<number | string>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      resolve(`it did not listen within ${START_LIMIT / 1000} s`);
    }, START_LIMIT);
    child.once("error", (error) => {
      clearTimeout(timer);
      const message = `${daemon} cannot be run: ${error.message}`;
      reject(new UnreachableError(message, { code: "not_installed", hint: INSTALL_HINT }));
    });
    // On success the service has the pipe for as long as it likes: only a failure is waited for to its last word.
    child.once("exit", (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(0);
      else child.once("close", () => resolve(code ?? "it was killed"));
    });
  });
  child.stderr.destroy();
  if (status === 0) return;
  const why = said.trim() || (typeof status === "number" ? `exit status ${status}` : status);
  throw new UnreachableError(`${daemon} could not start a service on ${place.path}: ${why}`, {
    code: "start",
  });
}
