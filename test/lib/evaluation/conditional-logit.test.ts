import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChoiceSets,
  differentiate,
  fitConditionalLogit,
} from '#lib/evaluation/conditional-logit.ts';
import { randomStream } from '#lib/recommender/random.ts';

const features = 3;

/** Choices drawn from the model itself with the given weights. */
function drawChoices(weights: readonly number[], sets: number, candidates: number): ChoiceSets {
  const random = randomStream(1, 'choices', sets);
  const values = Float32Array.from({ length: sets * candidates * features }, () => random.normal());
  const chosen = new Float32Array(sets * candidates);
  for (let set = 0; set < sets; set++) {
    const scores = Array.from({ length: candidates }, (_, row) => {
      const at = (set * candidates + row) * features;
      return weights.reduce((sum, weight, k) => sum + weight * values[at + k]!, 0);
    });
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    let left = random.uniform() * total;
    const row = scores.findIndex((score) => {
      left -= Math.exp(score);
      return left < 0;
    });
    chosen[set * candidates + Math.max(0, row)] = 1;
  }
  return {
    features,
    signed: features,
    offsets: Int32Array.from({ length: sets + 1 }, (_, set) => set * candidates),
    values,
    proposers: new Int32Array(sets * candidates).fill(7),
    chosen,
  };
}

const all = (choices: ChoiceSets) =>
  Int32Array.from({ length: choices.offsets.length - 1 }, (_, set) => set);

describe('Function: differentiate', () => {
  const drawn = drawChoices([1, -0.5, 0.2], 20, 6);
  const choices = {
    ...drawn,
    // Two choices in one set, and a set of which one choice fell on no candidate.
    chosen: drawn.chosen.map((share, row) => {
      if (row < 6) return row < 2 ? 0.5 : 0;
      return row < 12 ? share / 2 : share;
    }),
  };
  const number = fc.double({ min: -2, max: 2, noNaN: true });

  it('has the gradient and Hessian of finite differences', () => {
    fc.assert(
      fc.property(fc.tuple(number, number, number), (point) => {
        // Arrange
        const columns = [0, 1, 2];
        const at = (moved: readonly number[]) =>
          differentiate(choices, columns, 0.1, all(choices), Float64Array.from(moved));
        const shifted = (k: number, by: number) => at(point.map((x, l) => (l === k ? x + by : x)));

        // Act
        const { gradient, hessian } = at(point);

        // Assess
        for (const k of columns) {
          const [up, down] = [shifted(k, 1e-4), shifted(k, -1e-4)];
          expect(gradient[k]).toBeCloseTo((up.loss - down.loss) / 2e-4, 6);
          for (const l of columns) {
            expect(hessian[k]![l]).toBeCloseTo((up.gradient[l]! - down.gradient[l]!) / 2e-4, 6);
          }
        }
      }),
    );
  });

  it('knows only candidates that a feature which takes part put forward', () => {
    // Arrange: the last candidate of each set is put forward by feature 2 alone.
    const isLast = (row: number) => row % 6 === 5;
    const marked = {
      ...drawn,
      proposers: drawn.proposers.map((_, row) => (isLast(row) ? 4 : 3)),
    };
    const kept = Array.from(drawn.chosen.keys()).filter((row) => !isLast(row));
    const without = {
      ...drawn,
      offsets: drawn.offsets.map((offset) => (offset / 6) * 5),
      values: Float32Array.from(
        kept.flatMap((row) => [...drawn.values.subarray(row * features, (row + 1) * features)]),
      ),
      chosen: Float32Array.from(kept, (row) => drawn.chosen[row]!),
      proposers: new Int32Array(kept.length).fill(7),
    };
    const weights = Float64Array.of(0.3, 1, 0);

    // Act and assess
    const known = differentiate(marked, [0, 1], 0, all(drawn), weights);
    expect(known).toEqual(differentiate(without, [0, 1], 0, all(drawn), weights));
    expect(known).not.toEqual(differentiate(drawn, [0, 1], 0, all(drawn), weights));
  });

  it('takes no signed feature for a proposer, however many there are', () => {
    // Arrange: feature 32 would be bit 0 of an integer, which is that of feature 0.
    const wide = 40;
    const spread = {
      ...drawn,
      features: wide,
      signed: 2,
      values: Float32Array.from({ length: drawn.proposers.length * wide }, (_, at) => at % 7),
      proposers: drawn.proposers.map((_, row) => (row % 6 === 5 ? 1 : 2)),
    };
    const loss = (columns: readonly number[]) =>
      differentiate(spread, columns, 0, all(drawn), new Float64Array(wide)).loss;

    // Act and assess: candidates of feature 0 stay unknown.
    expect(loss([1, 32])).toBe(loss([1]));
    expect(loss([1, 32])).not.toBe(loss([0, 1]));
  });
});

describe('Function: fitConditionalLogit', () => {
  it('finds the weights that the choices were drawn with', () => {
    // Arrange
    const truth = [1.5, 0.6, 0.25];

    // Act
    const weights = fitConditionalLogit(drawChoices(truth, 4000, 8), [0, 1, 2], 0);

    // Assess: the standard error is about 0.03.
    truth.forEach((value, k) => {
      expect(Math.abs(weights[k]! - value)).toBeLessThan(0.1);
    });
  });

  it('leaves features that take no part at 0, and learns nothing from nothing', () => {
    // Arrange
    const choices = drawChoices([1, 1, 1], 200, 5);

    // Act
    const one = fitConditionalLogit(choices, [1], 0.01);

    // Assess
    expect([...one].map((weight) => weight !== 0)).toEqual([false, true, false]);
    expect([...fitConditionalLogit(choices, [0, 1], 0.01, new Int32Array(0))]).toEqual([0, 0, 0]);
  });

  it('gives no weight below 0, and the best of those that are left', () => {
    // Arrange: the second feature speaks against a choice.
    const choices = drawChoices([1, -0.7, 0.3], 3000, 8);

    // Act
    const weights = fitConditionalLogit(choices, [0, 1, 2], 1e-3);

    // Assess: as if the second took no part, up to where the search stops.
    const others = fitConditionalLogit(choices, [0, 2], 1e-3);
    expect(weights[1]).toBe(0);
    expect(weights[0]).toBeCloseTo(others[0]!, 3);
    expect(weights[2]).toBeCloseTo(others[2]!, 3);
    const { gradient } = differentiate(choices, [0, 1, 2], 1e-3, all(choices), weights);
    expect(gradient[1]).toBeGreaterThan(0);
  });

  it('stays finite where one feature decides every choice, and where two are the same', () => {
    // Arrange
    const drawn = drawChoices([0, 0, 0], 50, 4);
    const values = drawn.values.map((value, at) => {
      const row = Math.floor(at / features);
      if (at % features === 0) return drawn.chosen[row]!;
      return at % features === 2 ? drawn.values[at - 1]! : value;
    });

    // Act
    const weights = fitConditionalLogit({ ...drawn, values }, [0, 1, 2], 1e-3);

    // Assess
    expect([...weights].every((weight) => Number.isFinite(weight) && weight >= 0)).toBe(true);
    expect(weights[0]).toBeGreaterThan(3);
    expect(weights[1]).toBeCloseTo(weights[2]!, 6);
  });
});
