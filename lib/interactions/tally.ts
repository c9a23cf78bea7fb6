import * as z from 'zod';
import type { Reason, Rejection } from './reasons.ts';
import { reasons } from './reasons.ts';
import { type Interaction, type Item, type Note, notes } from './rows.ts';
import { createSketch, storedSketch } from './sketch.ts';
import { createSpellingCounts, type Spelling, spellings, storedSpellings } from './spellings.ts';
import { DAY_SECONDS } from './timestamps.ts';
import type { UploadKind } from './upload-plan.ts';
import { createValueCounts, valueTally } from './value-counts.ts';

/** Counts by name, with names beyond the first so many counted together. */
const counts = z.record(z.string(), z.int().min(0));

const example = z.strictObject({ line: z.int().min(1), detail: z.string() });

export const reasonTally = z.strictObject({
  count: z.int().min(1),
  /** The first ones. */
  examples: z.array(example),
});

const reasonTallies = z.partialRecord(
  z.enum(Object.keys(reasons) as [Reason, ...Reason[]]),
  reasonTally,
);

/** Ids of one kind in a range. */
const idTally = z.strictObject({ all: storedSketch, spellings: storedSpellings });

/** What was found in the interactions of a range. */
const interactionTally = z.strictObject({
  users: idTally,
  items: idTally,
  eventTypes: counts,
  withEventType: z.int().min(0),
  withValue: z.int().min(0),
  /** By event type, `*` for none. */
  values: z.record(z.string(), valueTally),
  /** Interactions at exactly 00:00:00 UTC, as dates without a time are read. */
  atMidnight: z.int().min(0),
  firstTimestamp: z.number().nullable(),
  lastTimestamp: z.number().nullable(),
});

/** What was found in the items of a range. */
const itemTally = z.strictObject({
  items: idTally,
  /** How many rows have each field besides the named ones. */
  fields: counts,
  /** Fields without plain text, and how many rows lost them. */
  leftOut: counts,
});

/** What was found in a range. Every row that was read is good, quarantined or a duplicate. */
export const tally = z.strictObject({
  read: z.int().min(0),
  good: z.int().min(0),
  quarantined: z.int().min(0),
  duplicate: z.int().min(0),
  /** Quarantined rows that were kept; the others are only counted. */
  kept: z.int().min(0),
  reasons: reasonTallies,
  /** Good rows by what was noted of them; with them, those of unknown items whose ids or times a spreadsheet has cut. */
  notes: z.partialRecord(z.enum(notes), z.int().min(1)),
  /** Rows of unknown items that are known in another spelling, by what that differs in. */
  knownBy: z.partialRecord(z.enum(spellings), z.int().min(1)),
  /** Rows that the configuration leaves out; they are not among those read. */
  omitted: z.int().min(0),
  /** Lines that repeat the header line, as files that were put together have them; they are no rows. */
  repeatedHeaders: z.int().min(0),
  /** Fields of interactions that the pipeline does not use, and how many rows have them. */
  unusedFields: counts,
  interactions: interactionTally.nullable(),
  items: itemTally.nullable(),
});

export type Tally = z.infer<typeof tally>;
export type IdTally = z.infer<typeof idTally>;

export const EXAMPLES_PER_REASON = 3;
const NAMES = 50;
/** Under this name the ones beyond the first 50 are counted. */
const OTHER_NAMES = '(other)';
/** All ranges' sketches together hold about this many hashes of users, and as many of items. */
const SKETCHED = 65_536;
const SMALLEST_SKETCH = 1024;

/** How many users, or items, one of so many ranges keeps count of. */
export const sketchSize = (ranges: number): number =>
  Math.max(SMALLEST_SKETCH, Math.floor(SKETCHED / ranges));

/** How many ids that a fold changes one of so many ranges keeps. */
export const spellingSize = (ranges: number): number => sketchSize(ranges) / 4;

/** Adds to a count by name. */
export function countName(counts: Map<string, number>, name: string, times = 1): void {
  const named = counts.has(OTHER_NAMES) ? counts.size - 1 : counts.size;
  const key = counts.has(name) || named < NAMES ? name : OTHER_NAMES;
  counts.set(key, (counts.get(key) ?? 0) + times);
}

/** Names in a fixed order, so that equal tallies are equal bytes. */
export const sortedCounts = <Name extends string>(
  counts: ReadonlyMap<Name, number>,
): Record<Name, number> =>
  Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))) as Record<Name, number>;

/** Counts the ids of one kind. */
function createIdCounts(upload: string, ranges: number) {
  const all = createSketch(sketchSize(ranges), sketchSeed(upload));
  const spelled = createSpellingCounts(spellingSize(ranges), sketchSeed(upload));
  return {
    add(id: string): void {
      if (all.add(id)) spelled.add(id);
    },
    store: (): IdTally => ({ all: all.store(), spellings: spelled.store() }),
  };
}

/**
 * Counts the rows of one range.
 *
 * @param upload seeds the hashes of ids, so that they cannot be matched between uploads
 * @param ranges how many ranges the upload has
 */
export function createTally(kind: UploadKind, upload: string, ranges: number) {
  const total = { read: 0, good: 0, quarantined: 0, duplicate: 0, kept: 0 };
  const found = new Map<Reason, { count: number; examples: z.infer<typeof example>[] }>();
  const noted = new Map<Note, number>();
  const knownBy = new Map<Spelling, number>();
  const unusedFields = new Map<string, number>();
  const eventTypes = new Map<string, number>();
  const fields = new Map<string, number>();
  const leftOut = new Map<string, number>();
  const users = createIdCounts(upload, ranges);
  const items = createIdCounts(upload, ranges);
  const values = createValueCounts();
  let repeatedHeaders = 0;
  let omitted = 0;
  let withEventType = 0;
  let withValue = 0;
  let atMidnight = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;

  return {
    interaction(row: Interaction): void {
      total.read++;
      total.good++;
      users.add(row.user_id);
      items.add(row.item_id);
      if (row.event_type !== null) {
        withEventType++;
        countName(eventTypes, row.event_type);
      }
      if (row.value !== null) {
        withValue++;
        values.add(row.event_type, row.value);
      }
      if (row.timestamp % DAY_SECONDS === 0) atMidnight++;
      if (row.timestamp < first) first = row.timestamp;
      if (row.timestamp > last) last = row.timestamp;
    },
    item(row: Item): void {
      total.read++;
      total.good++;
      items.add(row.item_id);
      for (const name of Object.keys(row.fields)) countName(fields, name);
    },
    duplicate(): void {
      total.read++;
      total.duplicate++;
    },
    rejection({ reason, detail }: Rejection, line: number): void {
      total.read++;
      total.quarantined++;
      const entry = found.get(reason) ?? { count: 0, examples: [] };
      found.set(reason, entry);
      entry.count++;
      if (entry.examples.length < EXAMPLES_PER_REASON) entry.examples.push({ line, detail });
    },
    kept(): void {
      total.kept++;
    },
    note(note: Note): void {
      noted.set(note, (noted.get(note) ?? 0) + 1);
    },
    leftOut(field: string): void {
      countName(leftOut, field);
    },
    unknownBut(spelling: Spelling): void {
      knownBy.set(spelling, (knownBy.get(spelling) ?? 0) + 1);
    },
    repeatedHeader(): void {
      repeatedHeaders++;
    },
    omitted(): void {
      omitted++;
    },
    /** Notes the fields that an interaction has besides those of which something is made. */
    fields(row: object, isUsed: (name: string) => boolean): void {
      for (const name in row) {
        if (!isUsed(name)) countName(unusedFields, name);
      }
    },
    result(): Tally {
      return {
        ...total,
        reasons: Object.fromEntries(
          [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)),
        ) as Tally['reasons'],
        notes: sortedCounts(noted),
        knownBy: sortedCounts(knownBy),
        omitted,
        repeatedHeaders,
        unusedFields: sortedCounts(unusedFields),
        interactions:
          kind === 'logs'
            ? {
                users: users.store(),
                items: items.store(),
                eventTypes: sortedCounts(eventTypes),
                withEventType,
                withValue,
                values: values.store(),
                atMidnight,
                firstTimestamp: Number.isFinite(first) ? first : null,
                lastTimestamp: Number.isFinite(last) ? last : null,
              }
            : null,
        items:
          kind === 'catalog'
            ? {
                items: items.store(),
                fields: sortedCounts(fields),
                leftOut: sortedCounts(leftOut),
              }
            : null,
      };
    },
  };
}

/** The seed of an upload's sketches: all its ranges use the same one. */
export function sketchSeed(upload: string): number {
  return [...upload].reduce((seed, letter) => Math.imul(seed ^ letter.charCodeAt(0), 16777619), 1);
}
