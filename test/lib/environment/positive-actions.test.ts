import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePositiveActions, limitShares } from '#lib/environment/positive-actions.ts';

interface Candidate {
  readonly item: number;
  readonly reward: number;
  readonly spread: number;
}

/** Candidates by transition to the columns of a shard. */
function columnsOf(transitions: readonly (readonly Candidate[])[]) {
  const all = transitions.flat();
  return {
    candidateOffsets: Int32Array.of(
      0,
      ...transitions.map((_, index) => transitions.slice(0, index + 1).flat().length),
    ),
    candidates: Int32Array.from(all, ({ item }) => item),
    candidateRewards: Float32Array.from(all, ({ reward }) => reward),
    candidateRewardSpreads: Float32Array.from(all, ({ spread }) => spread),
    candidateChances: new Float32Array(all.length),
  };
}

const candidates: fc.Arbitrary<Candidate[]> = fc
  .uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 6 })
  .chain((items) =>
    fc.tuple(
      ...items.map((item) =>
        fc.record({
          item: fc.constant(item),
          reward: fc.integer({ min: -4, max: 8 }).map((quarters) => quarters / 4),
          spread: fc.integer({ min: 0, max: 8 }).map((eighths) => eighths / 8),
        }),
      ),
    ),
  );

const optionsOf = fc.record({
  actions: fc.constant('reward' as const),
  minimumMargin: fc.constantFrom(0, 0.5, 1, 2),
  uncertaintyPenalty: fc.constantFrom(0, 0.5, 1),
});

describe('Function: choosePositiveActions', () => {
  it('works as can be worked out by hand', () => {
    // Arrange
    const shard = columnsOf([
      [
        { item: 3, reward: 1, spread: 0.3 },
        { item: 5, reward: 0.5, spread: 0.4 },
        { item: 7, reward: 0.25, spread: 0 },
      ],
      [],
      [
        { item: 9, reward: 1, spread: 0.3 },
        { item: 2, reward: 0.75, spread: 0.4 },
      ],
      [{ item: 4, reward: 0.5, spread: 0 }],
    ]);

    // Act
    const chosen = choosePositiveActions(shard, {
      actions: 'reward',
      minimumMargin: 0.9,
      uncertaintyPenalty: 0,
    });

    // Assess: margins 0.5 and 0.25, spread of the difference 0.5 both times.
    expect([...chosen.actions]).toEqual([3, 0, 0, 4]);
    expect([...chosen.rewards]).toEqual([1, 0, 0, 0.5]);
    expect(chosen.weights[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
    expect([...chosen.weights.subarray(1)]).toEqual([0, 0, 1]);
  });

  it('prefers what is certain when uncertainty is penalised', () => {
    // Arrange
    const shard = columnsOf([
      [
        { item: 1, reward: 1, spread: 1 },
        { item: 2, reward: 0.75, spread: 0.25 },
      ],
    ]);

    // Act
    const bold = choosePositiveActions(shard, {
      actions: 'reward',
      minimumMargin: 0,
      uncertaintyPenalty: 0,
    });
    const careful = choosePositiveActions(shard, {
      actions: 'reward',
      minimumMargin: 0,
      uncertaintyPenalty: 1,
    });

    // Assess
    expect([...bold.actions]).toEqual([1]);
    expect([...careful.actions]).toEqual([2]);
    expect([...careful.rewards]).toEqual([0.5]);
  });

  it('does not depend on the order of candidates', () => {
    fc.assert(
      fc.property(
        candidates.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
          ),
        ),
        optionsOf,
        ([all, shuffled], options) => {
          expect(choosePositiveActions(columnsOf([shuffled]), options)).toEqual(
            choosePositiveActions(columnsOf([all]), options),
          );
        },
      ),
    );
  });

  it('takes the best candidate or none, and keeps less the more margin is asked for', () => {
    fc.assert(
      fc.property(fc.array(candidates, { maxLength: 5 }), optionsOf, (transitions, options) => {
        // Act
        const shard = columnsOf(transitions);
        const chosen = choosePositiveActions(shard, options);
        const stricter = choosePositiveActions(shard, {
          ...options,
          minimumMargin: options.minimumMargin + 1,
        });

        // Assess
        transitions.forEach((all, transition) => {
          const value = ({ reward, spread }: Candidate) =>
            reward - options.uncertaintyPenalty * spread;
          const [best] = all.toSorted((a, b) => value(b) - value(a) || a.item - b.item);
          const action = chosen.actions[transition]!;
          if (action !== 0) {
            expect(action).toBe(best!.item);
            expect(chosen.rewards[transition]).toBeCloseTo(value(best!), 6);
            expect(chosen.weights[transition]).toBeGreaterThanOrEqual(0.5);
            expect(chosen.weights[transition]).toBeLessThanOrEqual(1);
          } else {
            expect(chosen.weights[transition]).toBe(0);
          }
          if (stricter.actions[transition] !== 0) expect(action).not.toBe(0);
        });
      }),
    );
  });
});

describe('Function: choosePositiveActions, by chance', () => {
  const settings = { actions: 'chance', minimumMargin: 0, uncertaintyPenalty: 0.5 } as const;

  it('takes the greatest chance as action and as weight, and nothing where no chance is known', () => {
    // Arrange: rewards would have chosen otherwise
    const shard = {
      ...columnsOf([
        [
          { item: 3, reward: 1, spread: 0 },
          { item: 5, reward: -0.5, spread: 0.5 },
        ],
        [{ item: 7, reward: 1, spread: 0 }],
        [],
        [
          { item: 9, reward: 0, spread: 0 },
          { item: 2, reward: 0.25, spread: 0 },
        ],
      ]),
      candidateChances: Float32Array.of(0.125, 0.25, 0, 0.5, 0.5),
    };

    // Act
    const chosen = choosePositiveActions(shard, settings);

    // Assess: a tie goes to the smaller index
    expect([...chosen.actions]).toEqual([5, 0, 0, 2]);
    expect([...chosen.rewards]).toEqual([-0.75, 0, 0, 0.25]);
    expect([...chosen.weights]).toEqual([0.25, 0, 0, 0.5]);
  });
});

describe('Function: limitShares', () => {
  it('keeps those with the greatest weight of an item that is copied too often', () => {
    // Arrange: item 1 has half of the training actions, item 2 an eighth
    const chosen = {
      actions: Int32Array.of(2, 2, 0, 2, 1, 1, 1, 1, 2),
      rewards: Float32Array.of(1, 1, 0, 1, 1, 1, 1, 1, 1),
      weights: Float32Array.of(0.1, 0.4, 0, 0.3, 1, 1, 1, 1, 0.2),
    };

    // Act: 8 actions, so 2 of item 2 and 8 of item 1
    limitShares(chosen, Int32Array.of(4, 1, 3), 2);

    // Assess
    expect([...chosen.actions]).toEqual([0, 2, 0, 2, 1, 1, 1, 1, 0]);
    expect([...chosen.rewards]).toEqual([0, 1, 0, 1, 1, 1, 1, 1, 0]);
    expect(chosen.weights[0]).toBe(0);
  });

  it('never lets an item have more than its share, and takes nothing away that is within it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }),
        fc.double({ min: 0.5, max: 5, noNaN: true }),
        (actions, limit) => {
          // Arrange
          const counts = Int32Array.of(16, 8, 4, 2, 1);
          const chosen = {
            actions: Int32Array.from(actions),
            rewards: new Float32Array(actions.length).fill(1),
            weights: Float32Array.from(actions, (_, index) => 1 / (1 + index)),
          };
          const given = actions.filter((action) => action > 0).length;

          // Act
          limitShares(chosen, counts, limit);

          // Assess
          for (let item = 1; item <= 5; item++) {
            const before = actions.filter((action) => action === item).length;
            const after = chosen.actions.filter((action) => action === item).length;
            const allowed = Math.max(1, Math.floor((limit * given * counts[item - 1]!) / 31));
            expect(after).toBe(Math.min(before, allowed));
          }
        },
      ),
    );
  });
});
