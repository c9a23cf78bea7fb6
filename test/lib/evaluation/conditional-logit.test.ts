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
    offsets: Int32Array.from({ length: sets + 1 }, (_, set) => set * candidates),
    values,
    multiplicities: new Float32Array(sets * candidates).fill(1),
    chosen,
  };
}

const all = (choices: ChoiceSets) =>
  Int32Array.from({ length: choices.offsets.length - 1 }, (_, set) => set);

describe('Function: differentiate', () => {
  const drawn = drawChoices([1, -0.5, 0.2], 20, 6);
  const choices = {
    ...drawn,
    multiplicities: drawn.multiplicities.map((_, row) => 1 + (row % 4)),
    // Two choices in one set.
    chosen: drawn.chosen.map((share, row) => (row < 6 ? (row < 2 ? 0.5 : 0) : share)),
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

  it('is that of written-out candidates where one stands for several', () => {
    // Arrange: candidate 1 three times over.
    const values = Float32Array.of(1, 0, 2, 0, 1, 1);
    const short = {
      features,
      offsets: Int32Array.of(0, 2),
      values,
      multiplicities: Float32Array.of(1, 3),
      chosen: Float32Array.of(1, 0),
    };
    const long = {
      features,
      offsets: Int32Array.of(0, 4),
      values: Float32Array.of(...values, 0, 1, 1, 0, 1, 1),
      multiplicities: new Float32Array(4).fill(1),
      chosen: Float32Array.of(1, 0, 0, 0),
    };
    const weights = Float64Array.of(0.3, -1, 0.5);

    // Act and assess
    expect(differentiate(short, [0, 1, 2], 0, all(short), weights).loss).toBeCloseTo(
      differentiate(long, [0, 1, 2], 0, all(long), weights).loss,
      12,
    );
  });
});

describe('Function: fitConditionalLogit', () => {
  it('finds the weights that the choices were drawn with', () => {
    // Arrange
    const truth = [1.5, -1, 0.25];

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
    expect([...weights].every(Number.isFinite)).toBe(true);
    expect(weights[0]).toBeGreaterThan(3);
    expect(weights[1]).toBeCloseTo(weights[2]!, 6);
  });
});
