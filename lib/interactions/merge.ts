import type { Reason } from './reasons.ts';
import { createSketch, type SketchSummary, type StoredSketch } from './sketch.ts';
import {
  countName,
  EXAMPLES_PER_REASON,
  sketchSeed,
  sketchSize,
  sortedCounts,
  type Tally,
} from './tally.ts';

/** What was found in all ranges of an upload together; sketches are summed up. */
export interface MergedTally
  extends Pick<Tally, 'read' | 'good' | 'quarantined' | 'duplicate' | 'reasons' | 'unusedFields'> {
  readonly interactions: MergedInteractions | undefined;
  readonly items:
    | { readonly items: SketchSummary; readonly fields: Record<string, number> }
    | undefined;
}

export interface MergedInteractions {
  readonly users: SketchSummary;
  readonly items: SketchSummary;
  readonly eventTypes: Record<string, number>;
  readonly withEventType: number;
  readonly withValue: number;
  readonly atMidnight: number;
  /** Unix seconds; null when there is no interaction. */
  readonly firstTimestamp: number | null;
  readonly lastTimestamp: number | null;
}

/**
 * Puts the tallies of an upload's ranges together.
 *
 * @param upload the upload's id, which seeds its sketches
 * @param tallies one a range, in the order of the ranges
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
  const sketch = (value: (tally: Tally) => StoredSketch | undefined) => {
    const merged = createSketch(sketchSize(tallies.length), sketchSeed(upload));
    for (const stored of tallies.map(value)) if (stored) merged.merge(stored);
    return merged.summary();
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
    reasons: mergeReasons(tallies),
    unusedFields: names((tally) => tally.unusedFields),
    interactions: tallies.some((tally) => tally.interactions)
      ? {
          users: sketch((tally) => tally.interactions?.users),
          items: sketch((tally) => tally.interactions?.items),
          eventTypes: names((tally) => tally.interactions?.eventTypes),
          withEventType: sum((tally) => tally.interactions?.withEventType ?? 0),
          withValue: sum((tally) => tally.interactions?.withValue ?? 0),
          atMidnight: sum((tally) => tally.interactions?.atMidnight ?? 0),
          firstTimestamp: times(Math.min, 'firstTimestamp'),
          lastTimestamp: times(Math.max, 'lastTimestamp'),
        }
      : undefined,
    items: tallies.some((tally) => tally.items)
      ? {
          items: sketch((tally) => tally.items?.items),
          fields: names((tally) => tally.items?.fields),
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
