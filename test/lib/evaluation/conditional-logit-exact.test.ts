import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChoiceSets,
  differentiate,
  fitConditionalLogit,
} from '#lib/evaluation/conditional-logit.ts';
import { randomStream } from '#lib/recommender/random.ts';

interface Candidate {
  readonly x: readonly number[];
  readonly chosen: number;
  readonly proposers: number;
}
type Sets = readonly (readonly Candidate[])[];

const features = 3;
const choicesOf = (sets: Sets, signed = features): ChoiceSets => ({
  features,
  signed,
  offsets: Int32Array.from([0, ...sets.map((_, at) => sets.slice(0, at + 1).flat().length)]),
  values: Float32Array.from(sets.flat().flatMap(({ x }) => x)),
  proposers: Int32Array.from(sets.flat(), ({ proposers }) => proposers),
  chosen: Float32Array.from(sets.flat(), ({ chosen }) => chosen),
});

/** `mean over sets of -log P(chosen) + ridge / 2 |w|^2`, word by word. */
function lossOf(sets: Sets, signed: number, columns: readonly number[], ridge: number) {
  return (weights: readonly number[]) => {
    const score = ({ x }: Candidate) =>
      columns.reduce((sum, column) => sum + weights[column]! * x[column]!, 0);
    const isKnown = ({ proposers }: Candidate) =>
      columns.some((column) => column < signed && (proposers & (1 << column)) !== 0);
    const losses = sets.map((candidates) => {
      const known = candidates.filter(isKnown);
      const total = known.reduce((sum, one) => sum + Math.exp(score(one)), 0);
      return known.reduce(
        (sum, one) => sum - one.chosen * Math.log(Math.exp(score(one)) / total),
        0,
      );
    });
    const squares = columns.reduce((sum, column) => sum + weights[column]! ** 2, 0);
    return losses.reduce((sum, loss) => sum + loss, 0) / sets.length + (ridge / 2) * squares;
  };
}

const eighth = fc.integer({ min: -16, max: 16 }).map((value) => value / 8);
const candidate = fc.record({
  x: fc.array(eighth, { minLength: features, maxLength: features }),
  chosen: fc.constantFrom(0, 0, 0.25, 0.5),
  proposers: fc.integer({ min: 0, max: 7 }),
});
const sets = fc.array(fc.array(candidate, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 5,
});
const columns = fc.subarray([0, 1, 2], { minLength: 1 });
const signed = fc.constantFrom(1, 2, 3);
const point = fc.array(eighth, { minLength: features, maxLength: features });
const everySet = (all: Sets) => Int32Array.from(all.keys());

describe('Function: differentiate', () => {
  it('has the loss of the formula, its gradient and its Hessian', () => {
    fc.assert(
      fc.property(sets, columns, signed, point, (all, own, from, weights) => {
        // Arrange
        const ridge = 0.25;
        const loss = lossOf(all, from, own, ridge);
        const moved = (...steps: readonly (readonly [k: number, by: number])[]) =>
          loss(
            weights.map((weight, column) =>
              steps.reduce((sum, [k, by]) => (own[k] === column ? sum + by : sum), weight),
            ),
          );
        // Act
        const found = differentiate(
          choicesOf(all, from),
          own,
          ridge,
          everySet(all),
          Float64Array.from(weights),
        );
        // Assess
        expect(found.loss).toBeCloseTo(loss(weights), 10);
        const h = 1e-3;
        own.forEach((_, k) => {
          const slope = (moved([k, h]) - moved([k, -h])) / (2 * h);
          expect(found.gradient[k]).toBeCloseTo(slope, 4);
          own.forEach((_, l) => {
            const [up, down] = [h, -h].map(
              (by) => moved([k, by], [l, h]) - moved([k, by], [l, -h]),
            );
            expect(found.hessian[k]![l]).toBeCloseTo((up! - down!) / (4 * h * h), 4);
          });
        });
      }),
      { numRuns: 60 },
    );
  });

  it('looks at the sets that are asked for, and divides by their number', () => {
    fc.assert(
      fc.property(sets, point, (all, weights) => {
        const asked = [...all.keys()].filter((at) => at % 2 === 0);

        const { loss } = differentiate(
          choicesOf(all),
          [0, 2],
          0,
          Int32Array.from(asked),
          Float64Array.from(weights),
        );

        const expected = lossOf(
          asked.map((at) => all[at]!),
          features,
          [0, 2],
          0,
        );
        expect(loss).toBeCloseTo(expected(weights), 10);
      }),
      { numRuns: 20 },
    );
  });

  it('keeps to numbers where scores are far too large for exp', () => {
    const far = [3000, 2999, 0].map((x, at) => ({
      x: [x, 0, 0],
      chosen: at === 1 ? 1 : 0,
      proposers: 7,
    }));

    const { loss, gradient } = differentiate(
      choicesOf([far]),
      [0],
      0,
      Int32Array.of(0),
      Float64Array.of(1),
    );

    expect(loss).toBeCloseTo(1 + Math.log1p(Math.exp(-1)), 9);
    expect(gradient[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 9);
  });
});

describe('Function: fitConditionalLogit', () => {
  it('ends where nothing makes the choices more likely: no slope, but towards weights below 0', () => {
    fc.assert(
      fc.property(sets, columns, signed, point, (all, own, from, start) => {
        // Arrange
        const choices = choicesOf(all, from);
        const begin = Float64Array.from(start, (value, column) =>
          column < from ? Math.abs(value) : value,
        );
        // Act
        const fits = [
          fitConditionalLogit(choices, own, 0.125),
          fitConditionalLogit(choices, own, 0.125, everySet(all), begin),
        ];
        // Assess
        for (const weights of fits) {
          const { gradient } = differentiate(choices, own, 0.125, everySet(all), weights);
          own.forEach((column, k) => {
            const weight = weights[column]!;
            if (column < from) expect(weight).toBeGreaterThanOrEqual(0);
            if (column >= from || weight > 0) expect(gradient[k]).toBeCloseTo(0, 3);
            else expect(gradient[k]).toBeGreaterThan(-1e-3);
          });
          [0, 1, 2].forEach((column) => {
            if (!own.includes(column)) expect(weights[column]).toBe(0);
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('finds the weights of which the shares are those of the model, also where features nearly go together', () => {
    // Arrange: a step that is not Newton's would take thousands of them.
    const truth = [1, 0.5, -0.5];
    const random = randomStream(5, 'nearly together');
    const all = Array.from({ length: 40 }, () => {
      const candidates = Array.from({ length: 4 }, () => {
        const [a, b, c] = [random.normal(), random.normal(), random.normal()];
        return [a, a + b / 20, a + c].map(Math.fround);
      });
      const masses = candidates.map((x) =>
        Math.exp(x.reduce((sum, value, k) => sum + truth[k]! * value, 0)),
      );
      const total = masses.reduce((sum, mass) => sum + mass, 0);
      return candidates.map((x, at) => ({ x, chosen: masses[at]! / total, proposers: 1 }));
    });

    // Act
    const weights = fitConditionalLogit(choicesOf(all, 1), [0, 1, 2], 0);

    // Assess
    expect([...weights]).toEqual(truth.map((value) => expect.closeTo(value, 3)));
  });

  it('finds the weight of a choice between two by hand, below 0 where it may be', () => {
    // Arrange: `log(3)` makes three of four choices as likely as they are.
    const pair = (first: number) =>
      [first, 1 - first].map((chosen, at) => ({ x: [at, 0, 1], chosen, proposers: 4 | 1 }));
    const all = [pair(0.75)];

    // Act
    const free = fitConditionalLogit(choicesOf(all, 0), [0], 0);
    const bound = fitConditionalLogit(choicesOf(all, 3), [0], 0);
    const mirrored = fitConditionalLogit(choicesOf([pair(0.25)], 3), [0], 0);

    // Assess: signed features put nobody forward, so that there is nothing to learn from.
    expect([...free]).toEqual([0, 0, 0]);
    expect([...bound]).toEqual([0, 0, 0]);
    expect(mirrored[0]).toBeCloseTo(Math.log(3), 4);
    const [signedWeight] = fitConditionalLogit(
      choicesOf(
        all.map((two) => two.map((one) => ({ ...one, x: [1, one.x[0]!, 0] }))),
        1,
      ),
      [0, 1],
      0,
    ).subarray(1);
    expect(signedWeight).toBeCloseTo(-Math.log(3), 4);
  });

  it('begins where it is told, and stays there when that is the best already', () => {
    const pair = [0.25, 0.75].map((chosen, at) => ({ x: [at, 0, 0], chosen, proposers: 1 }));
    const start = Float64Array.of(Math.log(3), 5, 7);

    const weights = fitConditionalLogit(choicesOf([pair]), [0], 0, Int32Array.of(0), start);

    expect([...weights]).toEqual([Math.log(3), 0, 0]);
    expect([...fitConditionalLogit(choicesOf([pair]), [], 0, Int32Array.of(0), start)]).toEqual([
      0, 0, 0,
    ]);
    expect([...fitConditionalLogit(choicesOf([pair]), [0], 0, Int32Array.of(), start)]).toEqual([
      Math.log(3),
      0,
      0,
    ]);
  });

  it('shortens steps that lead too far', () => {
    // Arrange: from far away there is next to no curvature, so that Newton would leap.
    const pair = [0.25, 0.75].map((chosen, at) => ({ x: [at, 0, 0], chosen, proposers: 1 }));

    const [weight] = fitConditionalLogit(
      choicesOf([pair]),
      [0],
      1e-6,
      Int32Array.of(0),
      Float64Array.of(8),
    );

    expect(weight).toBeCloseTo(Math.log(3), 3);
  });
});
