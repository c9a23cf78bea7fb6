import { type BeforeTestOptions, cutterBeforeTest } from '#lib/sequences/before-test.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { fitOn } from '#lib/sequences/passes.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

/** What `cutterBeforeTest` makes of rows that are in memory. */
export function rowsBeforeTest(
  shards: readonly SequenceShard[],
  test: Pick<EvaluationCases, 'users' | 'times'>,
  options: BeforeTestOptions,
): SequenceShard[] {
  const cutter = fitOn(shards, cutterBeforeTest(test, options));
  return [...shards.flatMap((shard) => cutter.cut(shard)), ...cutter.end()];
}
