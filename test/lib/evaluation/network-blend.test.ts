import { describe, expect, it } from 'vitest';
import { historyKind, priorConfig } from '#lib/contracts/config/training.ts';
import { judgeNetwork, rankNetwork } from '#lib/evaluation/network-blend.ts';
import { networkHistories } from '#lib/evaluation/network-histories.ts';
import { fitAllAnew } from '#lib/evaluation/rivals/fit-scorers.ts';
import { nativeBackend } from '#lib/graph/tensorflow.ts';
import { describeNetwork, servedSpecs } from '#lib/recommender/network.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import { excludedPlaces, metricsAt, rankCases } from '#lib/recommender/ranking.ts';
import { loadModel } from '#lib/recommender/score.ts';
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
});
