/**
 * The way through a list that comes in pages.
 *
 * Lists are newest first and may grow while they are read: an entry that was pushed onto the next page is not given twice.
 * `has_more` is wrong on some servers, so pages are counted by `total` where the server says it.
 */
import { ProtocolError } from "./kinds.js";
import { given } from "./options.js";

const PAGE = 100; // the most that a Dify server gives at once

export class Walk {
  readonly #args: object;
  readonly #cursor: string;
  readonly #seen = new Set<unknown>();
  #page = 1;
  #last: unknown;
  done = false;

  constructor(args: object, cursor: string) {
    this.#args = given(args);
    this.#cursor = cursor;
  }

  /** Arguments that ask for the next page. */
  args(): object {
    if (this.#cursor === "") return this.#args;
    if (this.#cursor === "page") return { ...this.#args, page: this.#page, limit: PAGE };
    const more = this.#last === undefined ? {} : { [this.#cursor]: this.#last };
    return { ...this.#args, ...more, limit: PAGE };
  }

  /** The new entries of a page; sets `done` after the last one. */
  feed(answer: any): any[] {
    let entries = entriesOf(answer);
    this.done = this.#cursor === "" || entries.length === 0 || this.#ends(answer, entries.length);
    if (this.#cursor === "first_id") entries = [...entries].reverse();
    this.#last = entries.at(-1)?.id ?? this.#last;
    this.#page += 1;
    const fresh = entries.filter((entry) => entry?.id === undefined || !this.#seen.has(entry.id));
    for (const entry of fresh) this.#seen.add(entry?.id);
    // A server that gives the same entries again, whatever it is asked for, would do so for ever.
    if (this.#cursor !== "page" && (fresh.length === 0 || this.#last === undefined))
      this.done = true;
    return fresh;
  }

  #ends(answer: any, count: number): boolean {
    if (this.#cursor === "page" && typeof answer?.total === "number") {
      return this.#page * PAGE >= answer.total;
    }
    return !(answer?.has_more ?? count === PAGE);
  }
}

/** Dify names the list `data` nearly everywhere. */
function entriesOf(answer: any): any[] {
  for (const found of [answer, answer?.data, answer?.doc_metadata, answer?.fields]) {
    if (Array.isArray(found)) return found;
  }
  throw new ProtocolError("the server's answer to a list has no entries in it", { code: "list" });
}
