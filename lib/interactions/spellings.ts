import * as z from 'zod';
import { createHasher, HASH_RANGE, packNumbers, unpackNumbers } from './hash53.ts';
import type { Sketch } from './sketch.ts';

/** A way in which two spellings of one id may differ. Ids are never put together because of it; it is counted. */
export interface Fold {
  /** An id without the difference. */
  fold(id: string): string;
  /** Where two spellings differ: `two spellings that differ ...`. */
  readonly differ: string;
  /** How an unknown item would be known: `match the catalogue ...`. */
  readonly match: string;
}

/** White space, and characters of Unicode's category "format": soft hyphens, zero widths, directions. */
const invisible = /[\s\p{Cf}]/gu;

const folds = {
  case: {
    fold: (id) => id.toLowerCase(),
    differ: 'in case',
    match: 'in another case',
  },
  decimals: {
    fold: (id) => (/^[+-]?\d+\.0+$/.test(id) ? id.slice(0, id.indexOf('.')) : id),
    differ: 'in ".0" at the end',
    match: 'without ".0"',
  },
  zeros: {
    fold: (id) => (/^0\d+$/.test(id) ? id.replace(/^0+(?=\d)/, '') : id),
    differ: 'in zeros at the beginning',
    match: 'without zeros at the beginning',
  },
  exponent: {
    fold: writtenOut,
    differ: 'in an exponent (8.8E+12)',
    match: 'with their exponents written out',
  },
  invisible: {
    fold: (id) => id.replaceAll(invisible, ''),
    differ: 'in blanks or invisible characters',
    match: 'without blanks and invisible characters',
  },
  form: {
    fold: (id) => id.normalize('NFKC'),
    differ: 'in the Unicode normal form of a letter',
    match: 'in another Unicode normal form',
  },
} as const satisfies Record<string, Fold>;

export type Spelling = keyof typeof folds;
export const spellings = Object.keys(folds) as [Spelling, ...Spelling[]];
export const describeSpelling = (spelling: Spelling): Pick<Fold, 'differ' | 'match'> =>
  folds[spelling];

/** Ids that no fold changes, at a glance: small letters and digits. */
const PLAIN = /^(?!0\d|\d+(?:\.\d+)?e)[a-z0-9_:/-]*$/;

/** The folds that change an id, with what it becomes. */
function foldsOf(id: string): (readonly [Spelling, string])[] {
  if (PLAIN.test(id)) return [];
  return spellings
    .map((spelling) => [spelling, folds[spelling].fold(id)] as const)
    .filter(([, folded]) => folded !== id && folded !== '');
}

/** `8.8E+12` as `8800000000000`; anything else as it is. */
function writtenOut(id: string): string {
  const match = /^(\d+)(?:\.(\d+))?e\+?(\d{1,2})$/i.exec(id);
  if (match === null) return id;
  const whole = match[1]!;
  const digits = (match[2] ?? '').replace(/0+$/, '');
  const zeros = Number(match[3]) - digits.length;
  return zeros < 0 ? id : (whole + digits + '0'.repeat(zeros)).replace(/^0+(?=\d)/, '');
}

const indexes = new WeakMap<ReadonlySet<string>, ReadonlyMap<Spelling, ReadonlySet<string>>>();

/** What the known ids become by each fold that changes them; made once for a set. */
function indexOf(known: ReadonlySet<string>): ReadonlyMap<Spelling, ReadonlySet<string>> {
  const made = indexes.get(known);
  if (made !== undefined) return made;
  const index = new Map(spellings.map((spelling) => [spelling, new Set<string>()]));
  for (const id of known) {
    for (const [spelling, folded] of foldsOf(id)) index.get(spelling)!.add(folded);
  }
  indexes.set(known, index);
  return index;
}

/** The folds by which an unknown id is a known one. */
export function knownBy(id: string, known: ReadonlySet<string>): Spelling[] {
  const index = indexOf(known);
  const changed = new Map(foldsOf(id));
  return spellings.filter((spelling) => {
    const folded = changed.get(spelling) ?? id;
    return index.get(spelling)!.has(folded) || known.has(folded);
  });
}

const storedSpelling = z.strictObject({
  below: z.number().min(0).max(HASH_RANGE),
  folded: z.base64(),
  lowest: z.base64(),
  highest: z.base64(),
});

/** Spellings as JSON: hashes of folded ids, and the lowest and highest hash of the ids that became them. */
export const storedSpellings = z.partialRecord(z.enum(spellings), storedSpelling);
export type StoredSpellings = z.infer<typeof storedSpellings>;

interface Folded {
  below: number;
  /** Lowest and highest hash of the ids, by the hash of what they became. */
  readonly ids: Map<number, [lowest: number, highest: number]>;
}

/**
 * Counts ids that come in two spellings, in bounded memory, such that what the ranges of a file counted can be put
 * together: of each fold, it keeps the folded ids with the smallest hashes. An id that a fold does not change costs
 * nothing here; the sketch of all ids has it.
 *
 * @param size folded ids kept for each fold
 * @param seed as of the sketch of all ids
 */
export function createSpellingCounts(size: number, seed: number) {
  const found = new Map<Spelling, Folded>();
  const hash = createHasher(seed);

  function entry(spelling: Spelling): Folded {
    const known = found.get(spelling) ?? { below: HASH_RANGE, ids: new Map() };
    found.set(spelling, known);
    return known;
  }

  function put(into: Folded, folded: number, lowest: number, highest: number) {
    if (folded >= into.below) return;
    const known = into.ids.get(folded);
    if (known === undefined) into.ids.set(folded, [lowest, highest]);
    else {
      known[0] = Math.min(known[0], lowest);
      known[1] = Math.max(known[1], highest);
    }
    if (into.ids.size > 2 * size) prune(into);
  }

  function prune(some: Folded) {
    const hashes = Float64Array.from(some.ids.keys()).sort();
    some.below = hashes[size]!;
    for (const dropped of hashes.subarray(size)) some.ids.delete(dropped);
  }

  return {
    /** Adding an id again changes nothing. */
    add(id: string): void {
      const changed = foldsOf(id);
      if (changed.length === 0) return;
      const own = hash(id);
      for (const [spelling, folded] of changed) put(entry(spelling), hash(folded), own, own);
    },

    /** Adds what another range counted with the same seed. */
    merge(stored: StoredSpellings): void {
      for (const [spelling, { below, folded, lowest, highest }] of Object.entries(stored)) {
        const into = entry(spelling as Spelling);
        into.below = Math.min(into.below, below);
        for (const key of into.ids.keys()) if (key >= into.below) into.ids.delete(key);
        const [lows, highs] = [unpackNumbers(lowest), unpackNumbers(highest)];
        unpackNumbers(folded).forEach((key, i) => {
          put(into, key, lows[i]!, highs[i]!);
        });
      }
    },

    /** The counts as JSON; the same for the same ids in any order. */
    store(): StoredSpellings {
      const entries = [...found].map(([spelling, some]) => {
        if (some.ids.size > size) prune(some);
        const hashes = Float64Array.from(some.ids.keys()).sort();
        const column = (at: 0 | 1) => Float64Array.from(hashes, (key) => some.ids.get(key)![at]);
        return [
          spelling,
          {
            below: some.below,
            folded: packNumbers(hashes),
            lowest: packNumbers(column(0)),
            highest: packNumbers(column(1)),
          },
        ] as const;
      });
      return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    },

    /**
     * How many ids come in more than one spelling, by what those differ in; an estimate where many ids are.
     *
     * @param all the sketch of all ids, of the same seed
     */
    count(all: Sketch): Partial<Record<Spelling, number>> {
      const counts = [...found].map(([spelling, { below, ids }]) => {
        const limit = Math.min(below, all.below());
        let several = 0;
        for (const [folded, [lowest, highest]] of ids) {
          if (folded < limit && (lowest !== highest || all.has(folded))) several++;
        }
        return [spelling, Math.round((several * HASH_RANGE) / limit)] as const;
      });
      return Object.fromEntries(counts.filter(([, several]) => several > 0));
    },
  };
}
