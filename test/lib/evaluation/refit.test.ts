import { describe, expect, it } from 'vitest';
import type { BlendedNetwork } from '#lib/evaluation/network-blend.ts';
import { refitHistories } from '#lib/evaluation/refit.ts';
import { fitAllAnew } from '#lib/evaluation/rivals/fit-scorers.ts';
import { pairScorer } from '#lib/evaluation/rivals/pair-scorer.ts';
import { dataOf } from './rivals/rows.ts';

/** Rules of a night on which item 1 was followed by item 2. */
const rules = pairScorer(
  'sequential-rules',
  {
    offsets: Int32Array.of(0, 0, 1, 1, 1),
    items: Int32Array.of(2),
    strengths: Float32Array.of(0.5),
  },
  { decay: 0.6, baskets: 0 },
);
const network = { shape: { items: 5 } } as BlendedNetwork['network'];
const blend = { components: ['network', 'sequential-rules'] } as unknown as BlendedNetwork['blend'];
/** Since then, item 3 follows. */
const all = dataOf(
  [
    [1, 3],
    [1, 3],
    [2, 1],
  ],
  3,
);

describe('Function: refitHistories', () => {
  it('counts rules on all actions, for the items of the network, and leaves all else as it was', () => {
    const model = {
      network,
      blend,
      histories: { scorers: [rules], trainingCounts: Int32Array.of(1, 1, 0) },
    };

    const refitted = refitHistories(model, all);

    expect([refitted.network, refitted.blend]).toEqual([network, blend]);
    const { scorers, trainingCounts } = refitted.histories!;
    expect([...trainingCounts]).toEqual([3, 1, 2, 0, 0]);
    const [anew] = fitAllAnew([rules], all).scorers;
    expect(scorers.map(({ kind, parameters }) => [kind, parameters])).toEqual([
      ['sequential-rules', rules.parameters],
    ]);
    expect(scorers[0]!.arrays.items).toEqual(anew!.arrays.items);
    expect(scorers[0]!.arrays.offsets).toHaveLength(7);
  });

  it('gives back as it is a network that is joined with no histories', () => {
    const model = { network, blend, histories: undefined };

    expect(refitHistories(model, all)).toBe(model);
  });
});
