/**
 * Where the service is, and whether what stands there may be given a key (PROTOCOL.md, section 2).
 *
 * The protocol asks for the peer's uid by SO_PEERCRED, which plain Node cannot read. In its place stand the owners and
 * modes of the socket file and its directory, looked at before and after connecting: a socket file can only be listened on
 * by who made it, and only its owner could have put it into a directory that nobody else may write.
 */
import { lstatSync, mkdirSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { DifyError } from "./errors.js";
import { DeniedError, InvalidRequestError, UnreachableError } from "./kinds.js";

const PATH_MAX = 107;
export const NO_SERVICE = "no_service";

/** Roots of the search; tests point them elsewhere. */
export const roots = { shared: "/run/difypool", runtime: "/run/user", temporary: "/tmp" };

/** A socket's path and how it was come by: by name, an operator's, or the user's own. */
export interface Place {
  path: string;
  kind: "given" | "shared" | "private";
  mayStart: boolean;
}

const uid = (): number => process.geteuid!();

/** The place to use. `given` goes before `$DIFYPOOL_SOCKET`; both are a path or `ipc://PATH`. */
export function locate(given?: string): Place {
  const start = process.env["DIFYPOOL_AUTOSTART"] !== "0";
  const name = given || process.env["DIFYPOOL_SOCKET"];
  let place: Place;
  if (name) {
    const plain = !name.startsWith("ipc://");
    place = {
      path: resolve(plain ? name : name.slice(6)),
      kind: "given",
      mayStart: start && plain,
    };
  } else if (look(roots.shared, statSync)?.isDirectory()) {
    place = { path: `${roots.shared}/socket`, kind: "shared", mayStart: false };
  } else {
    const runtime = look(`${roots.runtime}/${uid()}`);
    const ours = runtime?.isDirectory() && runtime.uid === uid();
    const folder = ours
      ? `${roots.runtime}/${uid()}/difypool`
      : `${roots.temporary}/difypool-${uid()}`;
    place = { path: `${folder}/socket`, kind: "private", mayStart: start };
  }
  if (Buffer.byteLength(place.path) <= PATH_MAX) return place;
  throw new InvalidRequestError(
    `the socket's path ${place.path} is longer than the ${PATH_MAX} bytes that the system allows`,
    { code: "path_too_long", hint: "set DIFYPOOL_SOCKET to a shorter one" },
  );
}

function look(path: string, how: (path: string) => Stats = lstatSync): Stats | undefined {
  try {
    return how(path);
  } catch {
    return undefined;
  }
}

/** Makes sure that the directory of a private service is a real one, ours alone; makes it where it is absent. */
export function prepare(place: Place): void {
  if (place.kind !== "private") return;
  const directory = dirname(place.path);
  try {
    mkdirSync(directory, 0o700);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") {
      throw new DeniedError(`cannot make the directory ${directory}: ${message}`, {
        code: "directory",
      });
    }
  }
  const found = look(directory);
  if (found?.isDirectory() && found.uid === uid() && (found.mode & 0o7777) === 0o700) return;
  throw new DeniedError(
    `${directory} is not a directory of this user alone (mode 0700); no key is sent there`,
    {
      code: "directory",
      hint: "remove it if it is yours, else set DIFYPOOL_SOCKET to a path of your own",
    },
  );
}

/** What a failed connect means. */
export function refused(place: Place, error: NodeJS.ErrnoException): DifyError {
  const code = error.code ?? "";
  if (["ENOENT", "ECONNREFUSED", "ENOTDIR"].includes(code)) {
    const hint =
      place.kind === "shared"
        ? "is the system's difypoold running? `systemctl status difypoold`"
        : "";
    return new UnreachableError(`no difypool service answers on ${place.path}`, {
      code: NO_SERVICE,
      hint,
    });
  }
  if (code === "EACCES" || code === "EPERM") {
    const hint =
      place.kind === "shared"
        ? "ask for membership of the group difypool: `usermod -aG difypool USER`, then log in again"
        : "set DIFYPOOL_SOCKET to a socket of your own";
    return new DeniedError(`no permission to connect to ${place.path}`, {
      code: "socket_permission",
      hint,
    });
  }
  return new UnreachableError(`cannot connect to ${place.path}: ${error.message}`, {
    code: "connect",
  });
}

/** What must be the same before and after connecting; undefined where no socket file stands. */
export function witness(place: Place): string | undefined {
  const file = look(place.path, statSync);
  return file === undefined ? undefined : `${file.dev}:${file.ino}:${file.uid}`;
}

/** Refuses a server that somebody else may run, before anything secret is sent. */
export function checkPeer(place: Place): void {
  const file = look(place.path, statSync);
  const directory = look(dirname(place.path), statSync);
  const owners = place.kind === "private" ? [uid()] : [uid(), 0];
  const trusted =
    file !== undefined &&
    directory !== undefined &&
    file.isSocket() &&
    (owners.includes(file.uid) || (place.kind !== "private" && guards(file, directory))) &&
    !othersMayWrite(directory);
  if (trusted) return;
  throw new DeniedError(
    `the socket ${place.path} is not one that only this user, root or its guarded owner could have put there`,
    { code: "peer_uid", hint: "set DIFYPOOL_SOCKET to a service that you trust" },
  );
}

/** Whether the socket file is its owner's, in a directory that only that owner and root can write. */
function guards(file: Stats, directory: Stats): boolean {
  return [0, file.uid].includes(directory.uid) && (directory.mode & 0o022) === 0;
}

/** Whether somebody else could replace the file. In a sticky directory only its owner can. */
function othersMayWrite(directory: Stats): boolean {
  if ((directory.mode & 0o1000) !== 0) return false;
  const ownGroup = directory.gid === process.getegid!();
  return (directory.mode & 0o002) !== 0 || ((directory.mode & 0o020) !== 0 && !ownGroup);
}
