import type { EvaluationCases } from '#lib/sequences/shard.ts';

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
  const numbers = new Map(to.map((id, index) => [id, index + 1]));
  const translated = [0, ...from.map((id) => numbers.get(id) ?? 0)]; // by item index of `from`
  const offsets = new Int32Array(cases.offsets.length);
  const items = new Int32Array(cases.items.length);
  let end = 0;
  for (let at = 0; at + 1 < offsets.length; at++) {
    for (let index = cases.offsets[at]!; index < cases.offsets[at + 1]!; index++) {
      const item = translated[cases.items[index]!]!;
      if (item > 0) items[end++] = item;
    }
    offsets[at + 1] = end;
  }
  return {
    users: cases.users,
    offsets,
    items: items.slice(0, end),
    targets: cases.targets.map((target) => translated[target]!),
  };
}
