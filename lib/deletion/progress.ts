import * as z from 'zod';
import type { Stored } from './objects.ts';

const versions = z.record(z.string(), z.string());

/** `deletions/<deletion>/progress.json`: what a deletion that was cut short need not look at again. */
export const deletionProgress = z.strictObject({
  /** Objects without any row of these users, and the version of each. */
  clean: versions,
  /** Objects that the search at the end has gone through without finding anything. */
  searched: versions,
});

/** Versions of objects that have been gone through. */
export class Seen {
  readonly #versions: Map<string, string>;

  constructor(seen: Readonly<Record<string, string>> = {}) {
    this.#versions = new Map(Object.entries(seen));
  }

  has({ key, etag }: Stored): boolean {
    return this.#versions.get(key) === etag;
  }

  add({ key, etag }: Stored): void {
    this.#versions.set(key, etag);
  }

  toJSON(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#versions);
  }
}

/** What one attempt hands to the next. */
export interface Progress {
  readonly clean: Seen;
  readonly searched: Seen;
}

export const emptyProgress = (): Progress => ({ clean: new Seen(), searched: new Seen() });
