import { describe, expect, it } from 'vitest';
import { nativeBackend } from '#lib/graph/tensorflow.ts';
import { datedHistory } from '#lib/recommender/history-arrays.ts';
import { describeNetwork, servedSpecs } from '#lib/recommender/network.ts';
import { networkComponent } from '#lib/recommender/network-component.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import { createScorer } from '#lib/recommender/score.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { resolve, small } from './fixtures.ts';

nativeBackend();
const items = 30;
const window = 6;

/** A network with weights that are larger than they begin, so that differences show. */
function networkOf(backbone: 'sasrec' | 'gru4rec') {
  const network = describeNetwork(resolve({ ...small, backbone }), items, window, undefined);
  const weights = initialise(servedSpecs(network), 2, 'first');
  for (const { values } of weights.values()) values.set(values.map((x) => 3 * x));
  return { backbone, shape: network.shape, excludeHistory: false, weights } as const;
}

/** 300 requests with histories of 0 to 9 items, of which a window holds 6, in no order of length. */
const lengths = Array.from({ length: 300 }, (_, index) => (index * 7) % 10);
const total = lengths.reduce((sum, length) => sum + length, 0);
const cases: EvaluationCases = {
  users: lengths.map((_, index) => `u${index}`),
  requests: Int32Array.from(lengths.keys()),
  times: Float64Array.from(lengths.keys(), (index) => 1000 + index),
  offsets: Int32Array.from({ length: lengths.length + 1 }, (_, end) =>
    lengths.slice(0, end).reduce((sum, length) => sum + length, 0),
  ),
  items: Int32Array.from({ length: total }, (_, at) => 1 + ((at * 11) % items)),
  historyTimes: Float64Array.from({ length: total }, (_, at) => at),
  earlierOffsets: new Int32Array(lengths.length + 1),
  earlierItems: new Int32Array(0),
  targets: new Int32Array(lengths.length).fill(1),
  rewards: new Float32Array(lengths.length).fill(1),
  eventTypes: lengths.map(() => ''),
};

describe('Function: networkComponent', () => {
  it.each(['sasrec', 'gru4rec'] as const)(
    'writes for every request, in whatever order, what its history scores alone: %s',
    (backbone) => {
      // Arrange
      const model = networkOf(backbone);
      const component = networkComponent(model, cases, cases.times);
      const scorer = createScorer(model);
      const scores = new Float64Array(items + 1).fill(-7);

      // Act, assess
      for (const index of [0, 299, 1, 7, 150, 151, 10, 298, 255, 256, 257, 3]) {
        component.write(index, scores);
        const alone = scorer.score([datedHistory(cases, index, window)]);
        expect(scores[0]).toBe(-7);
        alone.forEach((score, at) => {
          expect(scores[at + 1]!, `request ${index}, item ${at + 1}`).toBeCloseTo(score, 5);
        });
      }
      component.dispose();
      scorer.dispose();
    },
  );

  it('names the item and the case of a score that is no number', () => {
    const model = networkOf('sasrec');
    const [name, weights] = [...model.weights].find(([key]) => key === 'item_embedding')!;
    const broken = new Map(model.weights).set(name, {
      ...weights,
      values: (weights.values as Float32Array).map((value, at) =>
        at === 4 * model.shape.dimension ? Number.NaN : value,
      ),
    });
    const component = networkComponent({ ...model, weights: broken }, cases, cases.times);

    expect(() => component.write(0, new Float64Array(items + 1))).toThrowError(
      /scores item 5 with NaN in case 0: its weights are damaged or its training diverged/,
    );
    component.dispose();
  });
});
