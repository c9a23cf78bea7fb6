import type { Reason } from './reasons.ts';
import type { Note } from './rows.ts';
import { createSketch, type SketchSummary } from './sketch.ts';
import { createSpellingCounts, type Spelling } from './spellings.ts';
import {
  countName,
  EXAMPLES_PER_REASON,
  type IdTally,
  sketchSeed,
  sketchSize,
  sortedCounts,
  spellingSize,
  type Tally,
} from './tally.ts';
import { mergeValues, type ValueTally } from './value-counts.ts';

/** What was found in all ranges of an upload together; sketches are summed up. */
export interface MergedTally extends Omit<Tally, 'interactions' | 'items'> {
  readonly interactions: MergedInteractions | undefined;
  readonly items: MergedItems | undefined;
}

/** Ids of one kind in all ranges. */
export interface MergedIds extends SketchSummary {
  /** How many come in more than one spelling, by what those differ in. */
  readonly spelledTwice: Partial<Record<Spelling, number>>;
}

export interface MergedItems {
  readonly items: MergedIds;
  readonly fields: Record<string, number>;
  readonly leftOut: Record<string, number>;
}

export interface MergedInteractions {
  readonly users: MergedIds;
  readonly items: MergedIds;
  readonly eventTypes: Record<string, number>;
  readonly withEventType: number;
  readonly withValue: number;
  readonly values: Readonly<Record<string, ValueTally>>;
  readonly atMidnight: number;
  /** Unix seconds; null when there is no interaction. */
  readonly firstTimestamp: number | null;
  readonly lastTimestamp: number | null;
}

/**
 * Puts the tallies of an upload's ranges together.
 *
 * @param upload the upload's id, which seeds its sketches
 * @param tallies one per range, in the order of the ranges
 */
export function mergeTallies(upload: string, tallies: readonly Tally[]): MergedTally {
  const sum = (value: (tally: Tally) => number) =>
    tallies.reduce((a, tally) => a + value(tally), 0);
  const names = (value: (tally: Tally) => Record<string, number> | undefined) => {
    const counts = new Map<string, number>();
    for (const tally of tallies) {
      for (const [name, count] of Object.entries(value(tally) ?? {}))
        countName(counts, name, count);
    }
    return sortedCounts(counts);
  };
  const numbers = <Name extends string>(value: (tally: Tally) => Partial<Record<Name, number>>) => {
    const counts = new Map<Name, number>();
    for (const [name, count] of tallies.flatMap((tally) =>
      Object.entries<number>(value(tally) as Record<string, number>),
    )) {
      counts.set(name as Name, (counts.get(name as Name) ?? 0) + count);
    }
    return sortedCounts(counts) as Partial<Record<Name, number>>;
  };
  const ids = (value: (tally: Tally) => IdTally | undefined): MergedIds => {
    const all = createSketch(sketchSize(tallies.length), sketchSeed(upload));
    const spelled = createSpellingCounts(spellingSize(tallies.length), sketchSeed(upload));
    for (const stored of tallies.map(value)) {
      if (stored === undefined) continue;
      all.merge(stored.all);
      spelled.merge(stored.spellings);
    }
    return { ...all.summary(), spelledTwice: spelled.count(all) };
  };
  const times = (
    pick: (a: number, b: number) => number,
    field: 'firstTimestamp' | 'lastTimestamp',
  ) =>
    tallies
      .map((tally) => tally.interactions?.[field] ?? null)
      .reduce((a, b) => (a === null || b === null ? (a ?? b) : pick(a, b)), null);

  return {
    read: sum((tally) => tally.read),
    good: sum((tally) => tally.good),
    quarantined: sum((tally) => tally.quarantined),
    duplicate: sum((tally) => tally.duplicate),
    kept: sum((tally) => tally.kept),
    notes: numbers<Note>((tally) => tally.notes),
    knownBy: numbers<Spelling>((tally) => tally.knownBy),
    omitted: sum((tally) => tally.omitted),
    repeatedHeaders: sum((tally) => tally.repeatedHeaders),
    reasons: mergeReasons(tallies),
    unusedFields: names((tally) => tally.unusedFields),
    interactions: tallies.some((tally) => tally.interactions)
      ? {
          users: ids((tally) => tally.interactions?.users),
          items: ids((tally) => tally.interactions?.items),
          eventTypes: names((tally) => tally.interactions?.eventTypes),
          withEventType: sum((tally) => tally.interactions?.withEventType ?? 0),
          withValue: sum((tally) => tally.interactions?.withValue ?? 0),
          values: mergeValues(tallies.map((tally) => tally.interactions?.values ?? {})),
          atMidnight: sum((tally) => tally.interactions?.atMidnight ?? 0),
          firstTimestamp: times(Math.min, 'firstTimestamp'),
          lastTimestamp: times(Math.max, 'lastTimestamp'),
        }
      : undefined,
    items: tallies.some((tally) => tally.items)
      ? {
          items: ids((tally) => tally.items?.items),
          fields: names((tally) => tally.items?.fields),
          leftOut: names((tally) => tally.items?.leftOut),
        }
      : undefined,
  };
}

function mergeReasons(tallies: readonly Tally[]): Tally['reasons'] {
  const merged: Tally['reasons'] = {};
  for (const tally of tallies) {
    for (const [reason, { count, examples }] of Object.entries(tally.reasons)) {
      const entry = merged[reason as Reason] ?? { count: 0, examples: [] };
      merged[reason as Reason] = {
        count: entry.count + count,
        examples: [...entry.examples, ...examples].slice(0, EXAMPLES_PER_REASON),
      };
    }
  }
  return merged;
}
