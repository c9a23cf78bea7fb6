import { describe, expect, it } from 'vitest';
import { tf } from '#lib/graph/tensorflow.ts';
import { strictly } from '#lib/recommender/data/batch.ts';
import { objectives } from '#lib/recommender/objectives/index.ts';
import type {
  Bootstrap,
  ObjectiveSettings,
  Places,
  Values,
} from '#lib/recommender/objectives/objective.ts';

const settings: ObjectiveSettings = {
  discount: 0.5,
  negatives: 2,
  conservativeWeight: 0,
  conservativeTemperature: 1,
  advantageRange: [0, 10],
  propensityExponent: 0,
  lea: undefined,
};
const lea = {
  state: 'off',
  stateWeight: 0,
  reward: 'positives',
  actions: 'reward',
  rewardWeight: 0,
  shareLimit: 3,
  augmentedWeight: 1,
  augmentedBootstrap: 'consumed',
  minimumMargin: 0,
  uncertaintyPenalty: 0,
} as const;

/** Two places; the second is the end of its history. */
const columns = (isActing = 0): Partial<Places> => ({
  weights: tf.tensor1d([1, 1]),
  rewards: tf.tensor1d([1, 0.2]),
  continues: tf.tensor1d([1, 0]),
  negativeRewards: tf.tensor2d([
    [0, 0],
    [-1, -1],
  ]),
  augmentedWeights: tf.tensor1d([0.5, 0]),
  augmentedRewards: tf.tensor1d([0.8, 0]),
  historyShares: tf.tensor1d([0.25, 0.5]),
  propensities: tf.tensor1d([0.1, 0.1]),
  isActing: tf.scalar(isActing),
});
const places = (isActing?: number): Places => strictly(columns(isActing));
const bootstrap: Bootstrap = {
  next: () => tf.tensor1d([2, 9]),
  current: () => tf.tensor1d([3, 4]),
  consumed: () => tf.tensor1d([5, 6]),
};
const values: Values = {
  positive: () => tf.tensor1d([1, 2]),
  negatives: () =>
    tf.tensor2d([
      [0, 0.5],
      [5, 2],
    ]),
  augmented: () => tf.tensor1d([2, 0]),
  best: () => tf.tensor1d([3, 5]),
  logProbability: () => tf.tensor1d([Math.log(0.4), Math.log(0.0001)]),
};
const read = (tensor: tf.Tensor | undefined) => Array.from(tensor!.dataSync());

describe('Objectives, by hand', () => {
  it('SNQN: targets', () => {
    // Act
    const targets = objectives.snqn.computeTarget(places(), bootstrap, settings)!;

    // Assess: r + 0.5 Q(s', a*); r alone at the end; r_n + 0.5 Q(s, a*) whether it ends or not
    expect(read(targets.positive)).toEqual([1 + 0.5 * 2, expect.closeTo(0.2)]);
    expect(read(targets.negatives)).toEqual([1.5, 1.5, 1, 1]);
    expect(targets.augmented).toBeUndefined();
  });

  it.each([
    ['consumed', 0.8 + 0.5 * 5],
    ['logged', 0.8 + 0.5 * 2],
    ['none', 0.8],
  ] as const)('LEA: target of an augmented action with bootstrap "%s"', (kind, expected) => {
    // Act
    const targets = objectives.sqn.computeTarget(places(), bootstrap, {
      ...settings,
      lea: { ...lea, augmentedBootstrap: kind },
    })!;

    // Assess
    expect(read(targets.augmented)[0]).toBeCloseTo(expected, 6);
    expect(targets.negatives).toBeUndefined();
  });

  it('SNQN: loss is the sum of half squared errors', () => {
    // Act
    const targets = objectives.snqn.computeTarget(places(), bootstrap, settings);
    const loss = objectives.snqn.computeLoss(places(), values, targets, settings);

    // Assess
    const [first, second] = read(loss.reinforcement);
    expect(first).toBeCloseTo(0.5 * ((2 - 1) ** 2 + 1.5 ** 2 + 1 ** 2), 5);
    expect(second).toBeCloseTo(0.5 * ((0.2 - 2) ** 2 + (1 - 5) ** 2 + (1 - 2) ** 2), 5);
    expect(read(loss.supervised)).toEqual([1, 1]);
  });

  it('CQL: adds tau log sum exp(Q / tau) - Q(a+) over logged, best and negative actions', () => {
    // Arrange
    const own = { ...settings, conservativeWeight: 2, conservativeTemperature: 0.5 };

    // Act
    const targets = objectives.snqn.computeTarget(places(), bootstrap, own);
    const [plain, conservative] = [settings, own].map((each) =>
      read(objectives.snqn.computeLoss(places(), values, targets, each).reinforcement),
    );

    // Assess
    const soft = (q: number[]) => 0.5 * Math.log(q.reduce((sum, x) => sum + Math.exp(x / 0.5), 0));
    expect(conservative![0]! - plain![0]!).toBeCloseTo(2 * (soft([1, 3, 0, 0.5]) - 1), 4);
    expect(conservative![1]! - plain![1]!).toBeCloseTo(2 * (soft([2, 5, 5, 2]) - 2), 4);
  });

  it('SAC: weights cross-entropy by the Q-value after the warm-up', () => {
    // Arrange
    const own = { ...settings, lea };

    // Act
    const targets = objectives.sac.computeTarget(places(), bootstrap, own);
    const warm = objectives.sac.computeLoss(places(0), values, targets, own);
    const acting = objectives.sac.computeLoss(places(1), values, targets, own);

    // Assess
    expect(read(warm.supervised)).toEqual([1, 1]);
    expect(read(acting.supervised)).toEqual([1, 2]);
    expect(read(acting.augmented)).toEqual([0.5 * 2, 0]);
  });

  it('SA2C: weights cross-entropy by the clipped advantage over logged and negatives', () => {
    // Act
    const targets = objectives.sa2c.computeTarget(places(), bootstrap, settings);
    const acting = objectives.sa2c.computeLoss(places(1), values, targets, settings);
    const open = objectives.sa2c.computeLoss(places(1), values, targets, {
      ...settings,
      advantageRange: [null, 0.3],
    });

    // Assess: averages (1 + 0 + 0.5) / 3 and (2 + 5 + 2) / 3
    expect(read(acting.supervised)).toEqual([expect.closeTo(0.5), 0]);
    expect(read(open.supervised)).toEqual([expect.closeTo(0.3), expect.closeTo(-1)]);
  });

  it('SA2C: corrects by the clipped inverse propensity', () => {
    // Arrange: pi / beta = 4, and 0.001 which is clipped to 0.1
    const own = { ...settings, propensityExponent: 0.5, advantageRange: [null, null] as const };

    // Act
    const targets = objectives.sa2c.computeTarget(places(), bootstrap, own as never);
    const acting = objectives.sa2c.computeLoss(places(1), values, targets, own as never);

    // Assess
    expect(read(acting.supervised)[0]).toBeCloseTo(0.5 * 2, 5);
    expect(read(acting.supervised)[1]).toBeCloseTo(-1 * Math.sqrt(0.1), 5);
  });

  it('auxiliary: the share of the history, no reinforcement', () => {
    // Act
    const targets = objectives.auxiliary.computeTarget(places(), bootstrap, settings);
    const loss = objectives.auxiliary.computeLoss(places(), values, targets, settings);

    // Assess
    expect(read(loss.reinforcement)[0]).toBeCloseTo(0.5 * (0.25 - 1) ** 2, 6);
    expect(objectives.auxiliary.usesNextState).toBe(false);
  });

  it.each([
    ['sqn', 'continues'],
    ['snqn', 'negativeRewards'],
    ['sa2c', 'isActing'],
    ['auxiliary', 'historyShares'],
  ] as const)('%s: a batch without "%s" is an error, not zeros', (name, column) => {
    // Arrange
    const { [column]: _, ...others } = columns();
    const batch = strictly<Places>(others);

    // Act
    const compute = () => {
      const targets = objectives[name].computeTarget(batch, bootstrap, settings);
      objectives[name].computeLoss(batch, values, targets, settings);
    };

    // Assess
    expect(compute).toThrow(`The batch has no "${column}"`);
  });

  it.each(Object.keys(objectives) as (keyof typeof objectives)[])(
    '%s: reads nothing of augmented actions where there are none',
    (name) => {
      // Arrange
      const { augmentedWeights: _, augmentedRewards: __, ...others } = columns();
      const batch = strictly<Places>(others);

      // Act
      const targets = objectives[name].computeTarget(batch, bootstrap, settings);
      const loss = objectives[name].computeLoss(batch, values, targets, settings);

      // Assess
      expect(loss.augmented).toBeUndefined();
    },
  );
});
