import type { CountedEvents } from '#lib/popularity/as-of.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';

/**
 * Cases in another vocabulary: items that it does not have are left out of histories, and a target that it does not
 * have becomes 0.
 *
 * @param from item ids of the cases' vocabulary, item `i` at place `i - 1`
 * @param to item ids of the other vocabulary
 */
export function translateCases(
  cases: EvaluationCases,
  from: readonly string[],
  to: readonly string[],
): EvaluationCases {
  const translated = translation(from, to);
  const history = translateLists(cases.offsets, cases.items, translated);
  const earlier = translateLists(cases.earlierOffsets, cases.earlierItems, translated);
  return {
    ...cases,
    offsets: history.offsets,
    items: Int32Array.from(history.kept, (at) => translated[cases.items[at]!]!),
    historyTimes: Float64Array.from(history.kept, (at) => cases.historyTimes[at]!),
    earlierOffsets: earlier.offsets,
    earlierItems: Int32Array.from(earlier.kept, (at) => translated[cases.earlierItems[at]!]!),
    targets: cases.targets.map((target) => translated[target]!),
  };
}

/** Events in another vocabulary; those of items that it does not have are left out. */
export function translateEvents(
  { items, times, isHeldOut, before }: CountedEvents,
  from: readonly string[],
  to: readonly string[],
): CountedEvents {
  const translated = translation(from, to);
  const kept = (_: number, at: number) => translated[items[at]!]! > 0;
  return {
    items: items.filter(kept).map((item) => translated[item]!),
    times: times.filter(kept),
    isHeldOut: isHeldOut.filter(kept),
    ...(before && { before: before.translated(translated, to.length) }),
  };
}

/** By item index of `from`: the index in `to`, 0 for none. */
function translation(from: readonly string[], to: readonly string[]): number[] {
  const numbers = new Map(to.map((id, index) => [id, index + 1]));
  return [0, ...from.map((id) => numbers.get(id) ?? 0)];
}

/** Which places of the lists stay, and where the lists that are left begin. */
function translateLists(offsets: Int32Array, items: Int32Array, translated: readonly number[]) {
  const kept: number[] = [];
  const left = new Int32Array(offsets.length);
  for (let list = 0; list + 1 < offsets.length; list++) {
    for (let at = offsets[list]!; at < offsets[list + 1]!; at++) {
      if (translated[items[at]!]! > 0) kept.push(at);
    }
    left[list + 1] = kept.length;
  }
  return { offsets: left, kept };
}
