import { describe, expect, it } from 'vitest';
import { historyKind, priorConfig } from '#lib/contracts/config/training.ts';
import { judgeNetwork, rankNetwork, rankNetworkAbroad } from '#lib/evaluation/network-blend.ts';
import { networkHistories } from '#lib/evaluation/network-histories.ts';
import { fitAllAnew } from '#lib/evaluation/rivals/fit-scorers.ts';
import { chooseHalfLife } from '#lib/evaluation/rivals/recent-popularity.ts';
import { nativeBackend, tf } from '#lib/graph/tensorflow.ts';
import { planCounting } from '#lib/popularity/as-of.ts';
import { describeNetwork, servedSpecs } from '#lib/recommender/network.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import { excludedPlaces, metricsAt, rankCases } from '#lib/recommender/ranking.ts';
import { loadModel } from '#lib/recommender/score.ts';
import { takenBefore } from '#lib/sequences/evaluation-cases.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { resolve, small } from '../recommender/fixtures.ts';
import { createRanker } from '../recommender/model-ranker.ts';

const built = smallSequences();
const { items, window, split, baskets } = built.manifest;
const data = { ...built, baskets };
nativeBackend();

function untrained(seed = 2) {
  const network = describeNetwork(resolve(small), items, window, undefined);
  const weights = initialise(servedSpecs(network), seed, 'first');
  for (const { values } of weights.values()) values.set(values.map((x) => 3 * x));
  return { backbone: 'sasrec', shape: network.shape, excludeHistory: true, weights } as const;
}

const world = { events: built.events, split };

describe('Function: judgeNetwork', () => {
  it('ranks a network without a prior as the ranker of training does', () => {
    // Arrange
    const model = untrained();
    const loaded = loadModel(model);

    // Act
    const judged = judgeNetwork(model, undefined, undefined, world, built);

    // Assess
    const ranker = createRanker(loaded, excludedPlaces(built.test));
    expect(judged.test.ranks).toEqual(rankCases(ranker, built.test));
    expect(judged.served.blend).toBeUndefined();
    loaded.dispose();
  });

  it('answers test cases, and serves, with what was fitted on more; validation with what was trained', () => {
    // Arrange
    const model = untrained();
    const prior = priorConfig.parse({ halfLives: [0.25, null], histories: ['sequential-rules'] });
    const rules = networkHistories(data, built.validation, true, prior)!;
    const known = fitAllAnew(rules.scorers, { ...data, shards: built.allActions });
    const network = untrained(3);

    // Act
    const [usual, asServed] = [undefined, { network, histories: known }].map((forTest) =>
      judgeNetwork(model, rules, prior, world, built, forTest),
    );

    // Assess
    expect(asServed!.validation.ranks).toEqual(usual!.validation.ranks);
    expect(asServed!.served).toMatchObject({ network, blend: usual!.served.blend });
    expect(asServed!.served.histories!.trainingCounts).toEqual(known.trainingCounts);
    expect(asServed!.test.ranks).not.toEqual(usual!.test.ranks);
    expect(asServed!.test.ranks).toEqual(rankNetwork(asServed!.served, world, built.test).ranks);
    const alone = judgeNetwork(model, undefined, undefined, world, built, {
      network,
      histories: undefined,
    });
    expect(alone.served.network).toBe(network);
    expect(alone.test.ranks).toEqual(rankNetwork(alone.served, world, built.test).ranks);
  });

  it('makes up for a network that knows nothing', () => {
    // Arrange: in this world the next item follows from the last one
    const model = untrained();
    const prior = priorConfig.parse({ halfLives: [0.25, null], histories: ['sequential-rules'] });

    // Act
    const rules = networkHistories(data, built.validation, true, prior);
    const judged = judgeNetwork(model, rules, prior, world, built);

    // Assess
    const alone = judgeNetwork(model, undefined, undefined, world, built);
    const [joined, plain] = [judged, alone].map(({ test }) => metricsAt(test.ranks, 10).ndcg);
    expect(joined).toBeGreaterThan(plain! + 0.1);
    expect(judged.served.blend).toMatchObject({
      components: ['network', 'sequential-rules'],
      asOf: 'request',
    });
    expect(judged.served.blend!.weights.map(({ length }) => length)).toEqual([3, 3, 3]);
    expect(rankNetwork(judged.served, world, built.test)).toEqual(judged.test);
    // What each part added begins with the network alone and ends with what is served.
    expect(judged.parts.map(({ added }) => added)).toEqual([
      'network',
      'histories',
      'counts',
      'moderators',
    ]);
    expect(judged.parts[0]!.ranks).toEqual(alone.test.ranks);
    expect(judged.parts.at(-1)!.ranks).toEqual(judged.test.ranks);
    expect(metricsAt(judged.parts[1]!.ranks, 10).ndcg).toBeGreaterThan(plain!);
    expect(alone.parts).toEqual([]);
  });

  it.each([true, false])(
    'is joined with all that the rivals are made of, as one part (history left out: %s)',
    (excludeHistory) => {
      // Arrange
      const model = { ...untrained(), excludeHistory };
      const prior = priorConfig.parse({});

      // Act
      const histories = networkHistories(data, built.validation, excludeHistory, prior);
      const judged = judgeNetwork(model, histories, prior, world, built);

      // Assess: where lists leave the history out, repeating it says nothing
      const kinds = historyKind.options.filter((kind) => !excludeHistory || kind !== 'repeat-last');
      expect(judged.served.blend!.components).toEqual(['network', ...kinds]);
      expect(judged.parts.map(({ added }) => added)).toEqual([
        'network',
        'histories',
        'counts',
        'moderators',
      ]);
      expect(rankNetwork(judged.served, world, built.test)).toEqual(judged.test);
    },
  );

  it('leaves recent popularity the share that it is to keep, and all else as it was', () => {
    // Arrange
    const model = untrained();
    const weightsWith = (countsShare: number) => {
      const prior = priorConfig.parse({ countsShare, halfLives: [null] });
      return judgeNetwork(model, undefined, prior, world, built).served.blend!.weights;
    };

    // Act
    const [whole, half, none] = [1, 0.5, 0].map(weightsWith);

    // Assess: network, counts
    expect(half).toEqual(whole!.map(([network, counts]) => [network, counts! / 2]));
    expect(none!.map((row) => Math.abs(row[1]!))).toEqual([0, 0, 0]);
    expect(whole!.some((row) => row[1] !== 0)).toBe(true);
  });

  it('counts with the half-life that counting alone makes the most of, in seconds', () => {
    // Arrange
    const model = untrained();
    const times = built.validation.times;
    const counting = planCounting(world.events, times, 'request', split);
    const seconds = [0.25 * 86_400, Number.POSITIVE_INFINITY];
    const { best } = chooseHalfLife(built.validation, counting, items, true, seconds);
    const halfLivesOf = (...halfLives: (number | null)[]) => {
      const prior = priorConfig.parse({ halfLives, histories: [], moderators: [] });
      return judgeNetwork(model, undefined, prior, world, built).served.blend!.halfLives;
    };

    // Act and assess
    expect(halfLivesOf(0.25, null)).toEqual([seconds[best]]);
    expect(halfLivesOf(null, 0.25)).toEqual([seconds[best]]);
    expect(halfLivesOf(0.25)).toEqual([21_600]);
    expect(halfLivesOf(null)).toEqual([Number.POSITIVE_INFINITY]);
  });

  it('follows the moderators that it is to follow, by their names', () => {
    const model = untrained();
    const weightsOf = (...moderators: string[]) => {
      const prior = priorConfig.parse({ halfLives: [null], histories: [], moderators });
      return judgeNetwork(model, undefined, prior, world, built).served.blend!.weights;
    };

    const [absence, recency] = [weightsOf('absence'), weightsOf('recency')];
    const both = weightsOf('absence', 'recency');
    const turned = weightsOf('recency', 'absence');

    expect([absence.length, recency.length, both.length]).toEqual([2, 2, 3]);
    expect(absence[1]).not.toEqual(recency[1]);
    const close = (row: readonly number[]) => row.map((weight) => expect.closeTo(weight, 3));
    expect([turned[0], turned[2], turned[1]]).toEqual(both.map(close));
  });

  it('moderates by what the name says: those who were away long see the popular first, the others last', () => {
    // Arrange: nothing but counts, as much as somebody was away longer than usual.
    const prior = priorConfig.parse({ halfLives: [null], histories: [], moderators: ['absence'] });
    const { served } = judgeNetwork(untrained(), undefined, prior, world, built);
    const listsOf = (cases: typeof built.test, ...weights: number[][]) =>
      rankNetwork({ ...served, blend: { ...served.blend!, weights } }, world, cases).lists;
    const { historyTimes } = built.test;
    const awayFor = (days: number) => ({
      ...built.test,
      historyTimes: historyTimes.map((time) => time - days * 86_400),
    });

    // Act
    const [soon, late] = [0, 60].map((days) => listsOf(awayFor(days), [0, 0], [0, 1]));

    // Assess
    const [popular, unpopular] = [1, -1].map((weight) => listsOf(built.test, [0, weight], [0, 0]));
    expect(popular).not.toEqual(unpopular);
    expect(soon).toEqual(unpopular);
    expect(late).toEqual(popular);
  });

  it('finds the scorers of its components by their kinds, and marks items that training never saw', () => {
    // Arrange
    const prior = priorConfig.parse({
      halfLives: [null],
      histories: ['sequential-rules', 'item-knn'],
      moderators: [],
    });
    const fitted = networkHistories(data, built.validation, true, prior)!;
    const trainingCounts = fitted.trainingCounts.map((count, at) => (at % 3 === 0 ? 0 : count));
    const model = untrained();

    // Act
    const { served, test } = judgeNetwork(
      model,
      { ...fitted, trainingCounts },
      prior,
      world,
      built,
    );

    // Assess
    expect(served.blend!.components).toEqual(['network', 'sequential-rules', 'item-knn', 'unseen']);
    const turned = { ...served.histories!, scorers: served.histories!.scorers.toReversed() };
    expect(rankNetwork({ ...served, histories: turned }, world, built.test)).toEqual(test);
    const weights = [[0, 0, 0, 1, 0]];
    const marked = { ...served, blend: { ...served.blend!, weights } };
    const { lists, listLength } = rankNetwork(marked, world, built.test);
    const neverSeen = [...trainingCounts.keys()].filter((at) => at % 3 === 0).map((at) => at + 1);
    for (let index = 0; index < built.test.targets.length; index++) {
      expect(neverSeen).toContain(lists[index * listLength]);
    }
  });

  it('leaves no tensor behind', () => {
    const model = untrained();
    const before = tf.memory().numTensors;

    judgeNetwork(model, undefined, undefined, world, built);

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('Function: rankNetworkAbroad', () => {
  const network = untrained();
  const ids = Array.from({ length: items }, (_, at) => `i${at + 1}`);
  const alone = { network, blend: undefined, histories: undefined };
  const prior = priorConfig.parse({ halfLives: [null], histories: [], moderators: [] });
  const { served } = judgeNetwork(network, undefined, prior, world, built);

  it('ranks as at home where the vocabulary is the same', () => {
    for (const model of [alone, served]) {
      expect(rankNetworkAbroad(model, world, built.test, ids, ids)).toEqual(
        rankNetwork(model, world, built.test).ranks,
      );
    }
  });

  it('shows items that have come since where counts have a say, and no others', () => {
    // Arrange: to the network, the targets of half of the cases are new.
    const isNew = (item: number) => item % 2 === 0;
    const night = ids.map((id, at) => (isNew(at + 1) ? `new ${id}` : id));
    const ranksOf = (model: typeof served) => [
      ...rankNetworkAbroad(model, world, built.test, night, ids),
    ];
    const ofNew = (ranks: readonly number[]) =>
      ranks.filter((_, index) => {
        const target = built.test.targets[index]!;
        return isNew(target) && !takenBefore(built.test, index).has(target);
      });

    // Act
    const [known, shown] = [ranksOf(alone), ranksOf(served)];

    // Assess
    expect(ofNew(known).length).toBeGreaterThan(0);
    expect(Math.max(...ofNew(known))).toBe(0);
    expect(Math.min(...ofNew(shown))).toBeGreaterThan(0);
    const without = { ...served, blend: { ...served.blend!, halfLives: [], weights: [[1]] } };
    expect(ranksOf(without)).toEqual(known);
  });
});
