import { randomStream } from '#lib/recommender/random.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';

/** What of a data set makes figures look better or worse than they are, all shares 0-1. */
export interface DataAudit {
  /** Test cases whose target has the timestamp of the action before it: their order may be the file's alone. */
  readonly tied: number;
  /** Test cases on an item without a training action. */
  readonly cold: number;
  /** Training transitions to an item of the history. */
  readonly repeats: number;
  /** Test cases on an item of the history. */
  readonly repeatedTargets: number;
  /** Distance (total variation) of the items that are taken in test from those that training has. */
  readonly drift: number;
  /** The same of as many training actions drawn at random: what few actions differ by anyway. */
  readonly driftByChance: number;
}

export function auditData({ itemTable, test, manifest, excluded }: AuditedData): DataAudit {
  const cases = test.targets.length;
  const share = (count: number) => (cases === 0 ? 0 : count / cases);
  let repeated = 0;
  test.targets.forEach((target, index) => {
    const window = test.items.subarray(test.offsets[index]!, test.offsets[index + 1]!);
    const earlier = test.earlierItems.subarray(
      test.earlierOffsets[index]!,
      test.earlierOffsets[index + 1]!,
    );
    if (window.includes(target) || earlier.includes(target)) repeated++;
  });
  const warm = test.targets.filter((target) => target <= manifest.trainItems);
  return {
    tied: share(excluded.tiedTestCases),
    cold: share(cases - warm.length),
    repeats: manifest.repeatShare,
    repeatedTargets: share(repeated),
    drift: distance(itemTable.counts, test.targets),
    driftByChance: distance(itemTable.counts, drawnFrom(itemTable.counts, cases)),
  };
}

type AuditedData = Pick<BuiltSequences, 'itemTable' | 'test' | 'manifest' | 'excluded'>;

/** In plain words, one line each; what is worth a warning says what follows from it. */
export function describeAudit(audit: DataAudit): string[] {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const { tied, cold, repeats, repeatedTargets, drift, driftByChance } = audit;
  return [
    `ties: ${percent(tied)} of the test cases share their time with the action before${tied > 0.05 ? '; the order of the file may give them away: try sequences.ties "shuffled", or baskets' : ''}`,
    `cold: ${percent(cold)} of the test cases are on an item that training never saw${cold > 0.1 ? ', which only texts and fresh counts can rank' : ''}`,
    `repeats: ${percent(repeats)} of the training transitions and ${percent(repeatedTargets)} of the test cases return to an item of the history`,
    `drift: what is taken in test is ${percent(drift)} away from training (${percent(driftByChance)} by chance)${drift > driftByChance + 0.2 ? '; recent popularity is a rival to beat' : ''}`,
  ];
}

/** Half the sum of absolute differences of two distributions over items. */
function distance(counts: Int32Array, targets: Int32Array): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0 || targets.length === 0) return 0;
  const taken = new Map<number, number>();
  for (const target of targets) taken.set(target, (taken.get(target) ?? 0) + 1);
  // What both have, item by item; an item that test never takes shares nothing.
  let common = 0;
  for (const [item, count] of taken) {
    common += Math.min((counts[item - 1] ?? 0) / all, count / targets.length);
  }
  return Math.max(0, 1 - common); // rounding must not leave it below 0
}

function drawnFrom(counts: Int32Array, size: number): Int32Array {
  const actions = Int32Array.from(
    [...counts.entries()].flatMap(([at, count]) => new Array<number>(count).fill(at + 1)),
  );
  const random = randomStream(1, 'drift');
  return Int32Array.from(
    { length: actions.length === 0 ? 0 : size },
    () => actions[random.integer(actions.length)]!,
  );
}
