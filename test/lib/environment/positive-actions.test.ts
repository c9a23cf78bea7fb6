import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePositiveActions } from '#lib/environment/positive-actions.ts';

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
    const chosen = choosePositiveActions(shard, { minimumMargin: 0.9, uncertaintyPenalty: 0 });

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
    const bold = choosePositiveActions(shard, { minimumMargin: 0, uncertaintyPenalty: 0 });
    const careful = choosePositiveActions(shard, { minimumMargin: 0, uncertaintyPenalty: 1 });

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
