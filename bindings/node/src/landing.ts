/** A file that appears under its name only when it is whole: written beside it, then renamed. */
import { randomBytes } from "node:crypto";
import { open, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { wrongArgument } from "./failures.js";

export async function saveTo(
  path: string,
  name: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<string> {
  const whole = (await isDirectory(path)) ? join(path, ownName(path, name)) : path;
  const part = join(
    dirname(whole),
    `.${basename(whole).slice(0, 100)}.${randomBytes(6).toString("hex")}.part`,
  );
  const file = await open(part, "wx", 0o666);
  try {
    try {
      for await (const piece of pieces) await file.writeFile(piece);
    } finally {
      await file.close();
    }
    await rename(part, whole);
  } catch (error) {
    await unlink(part).catch(() => {});
    throw error;
  }
  return whole;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** The last part of the server's name: it must not lead out of the directory. */
function ownName(directory: string, name: string): string {
  const own = basename(name.replaceAll("\\", "/"));
  if (!["", ".", ".."].includes(own) && !own.includes("\0")) return own;
  throw wrongArgument(`${directory} is a directory, and the server gave the file no name`);
}
