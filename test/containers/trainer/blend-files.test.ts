import { describe, expect, it } from 'vitest';
import { priorConfig } from '#lib/contracts/config/training.ts';
import { halfLives } from '#lib/contracts/half-lives.ts';
import { judgeNetwork, rankNetwork } from '#lib/evaluation/network-blend.ts';
import { networkHistories } from '#lib/evaluation/network-histories.ts';
import { EvidenceWriter, historyComponent } from '#lib/evaluation/rivals/evidence.ts';
import type { TrainingData } from '#lib/evaluation/rivals/history-scorer.ts';
import { sequentialRules } from '#lib/evaluation/rivals/pair-scorer.ts';
import { nativeBackend } from '#lib/graph/tensorflow.ts';
import { DecayedCounts } from '#lib/popularity/decayed-counts.ts';
import { noCounts } from '#lib/popularity/fresh-counts.ts';
import { describeNetwork, servedSpecs } from '#lib/recommender/network.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import { historyOf } from '#lib/sequences/evaluation-cases.ts';
import { encodeBlend } from '#lib/serving/blend-file.ts';
import { Recommender } from '#lib/serving/recommender.ts';
import { decodeNetwork, encodeNetwork } from '../../../containers/trainer/blend-files.ts';
import { resolve, small } from '../../lib/recommender/fixtures.ts';
import { smallSequences } from './job-folder.ts';

const built = smallSequences();
const withBaskets = { ...built, baskets: built.manifest.baskets };
const { items, window } = built.manifest;
const { itemIds } = built.itemTable;
nativeBackend();

const rulesAlone = priorConfig.parse({ histories: ['sequential-rules'] });
const fitted = (prior = priorConfig.parse({}), data: TrainingData = withBaskets) =>
  networkHistories(data, built.validation, true, prior)!;
const rulesOf = () => fitted(rulesAlone);

/** As if nobody had taken the last three items in training. */
function withUnseen() {
  const rules = rulesOf();
  const seen = rules.trainingCounts.map((count, row) => (row < items - 3 ? count : 0));
  return { ...rules, trainingCounts: seen };
}

function joined(prior: object, rules = rulesOf()) {
  const network = describeNetwork(resolve(small), items, window, undefined);
  const weights = initialise(servedSpecs(network), 2, 'first');
  for (const { values } of weights.values()) values.set(values.map((x) => 3 * x));
  const model = {
    backbone: 'sasrec',
    shape: network.shape,
    excludeHistory: true,
    weights,
  } as const;
  const world = { events: built.events, split: built.manifest.split };
  const judged = judgeNetwork(model, rules, priorConfig.parse(prior), world, built);
  return { ...judged, world };
}

describe('Functions: encodeNetwork, decodeNetwork', () => {
  it.each([
    ['', rulesOf()],
    [', with all that knows histories', fitted()],
    [', with items that training never saw', withUnseen()],
  ])('give the same ranks back%s', (_, rules) => {
    // Arrange
    const { served, test, world } = joined({ asOf: 'night' }, rules);

    // Act
    const { description, weights } = encodeNetwork(served);
    const read = decodeNetwork(JSON.parse(JSON.stringify(description)), weights);

    // Assess
    expect(read.blend).toEqual(served.blend);
    expect(read.blend!.components.includes('unseen')).toBe(rules.trainingCounts.includes(0));
    expect(rankNetwork(read, world, built.test)).toEqual(test);
  });

  it.each([
    ['', rulesOf()],
    [', with all that knows histories', fitted()],
    [', with items that training never saw', withUnseen()],
  ])(
    'are what serving loads: with counts as of the request it shows the lists that were judged%s',
    (_, rules) => {
      // Arrange
      const { served, test } = joined({}, rules);
      const { description, weights } = encodeNetwork(served);
      const { times, offsets, historyTimes } = built.test;
      let compared = 0;

      for (const index of [0, 7, 30, 61]) {
        const time = times[index]!;
        const known = new DecayedCounts(items, halfLives);
        const before = [...built.events.times.keys()].filter(
          (at) => built.events.isHeldOut[at] === 0 && built.events.times[at]! < time,
        );
        for (const at of before) known.add(built.events.items[at]!, built.events.times[at]!);
        const byItem = new Map(
          itemIds.map((id, place) => [
            id,
            Float64Array.from(halfLives, (_, which) => {
              const { values, factor } = known.at(which, time);
              return values[place + 1]! * factor;
            }),
          ]),
        );
        const counts = { ...noCounts, counts: { asOf: time, counts: byItem } };
        const recommender = new Recommender(
          { description, weights, vocabulary: itemIds },
          { counts },
        );

        // Act
        const list = recommender.recommend(
          {
            history: [...historyOf(built.test, index)].map((item) => itemIds[item - 1]!),
            time,
            lastActionTime: historyTimes[offsets[index + 1]! - 1],
          },
          10,
        );

        // Assess: serving lets counts stand still for a minute, so near ties may change places
        const judgedList = [...test.lists.subarray(index * 10, index * 10 + 10)].map(
          (item) => itemIds[item - 1]!,
        );
        const shown = list.items.map((item) => item.item_id);
        expect(shown.slice(0, 3)).toEqual(judgedList.slice(0, 3));
        expect(shown.filter((id) => judgedList.includes(id)).length).toBeGreaterThanOrEqual(9);
        recommender.dispose();
        compared++;
      }
      expect(compared).toBe(4);
    },
  );

  it.each([false, true])(
    'keep what rules say to the bit: among the rivals, beside the network, and served (baskets: %s)',
    (baskets) => {
      // Arrange: actions of one half-minute share their time
      const rounded = (times: Float64Array) => times.map((time) => time - (time % 300));
      const shards = built.shards.map((shard) => {
        return { ...shard, timestamps: rounded(shard.timestamps) };
      });
      const cases = { ...built.test, historyTimes: rounded(built.test.historyTimes) };
      const data = { itemTable: built.itemTable, shards, baskets };
      const rival = new EvidenceWriter(built.itemTable.counts);
      const histories = fitted(rulesAlone, data);
      const rules = sequentialRules(data, histories.scorers[0]!.parameters as { decay: number });
      const { served } = joined({}, histories);
      const { description, weights } = encodeNetwork(served);
      const read = decodeNetwork(JSON.parse(JSON.stringify(description)), weights).histories!;
      const beside = historyComponent(read.scorers[0]!, 'lift', read.trainingCounts, cases);
      const alone = encodeBlend({
        items,
        window,
        excludeHistory: false,
        trainingCounts: read.trainingCounts,
        components: [{ kind: 'history', weight: 1, scale: 'lift', scorer: read.scorers[0]! }],
        counts: { epsilon: 1, terms: [] },
      });
      const recommender = new Recommender({ ...alone, vocabulary: itemIds });
      const nothing = new Float64Array(items + 1);
      let said = 0;

      for (let index = 0; index < cases.targets.length; index++) {
        // Act
        const range = cases.offsets.subarray(index, index + 2);
        const history = {
          items: cases.items.subarray(...range),
          times: cases.historyTimes.subarray(...range),
        };
        const [among, judged] = [nothing.slice(), nothing.slice()];
        rival.write(rules, history, { lift: among });
        beside.write(index, judged);
        const list = recommender.recommend(
          {
            history: Array.from(history.items, (item) => itemIds[item - 1]!),
            historyTimes: [...history.times],
          },
          items,
        );

        // Assess
        const scores = new Map(list.items.map(({ item_id, score }) => [item_id, score!]));
        expect(judged).toEqual(among);
        expect(itemIds.map((id) => scores.get(id))).toEqual([...among.subarray(1)]);
        said += among.some((lift) => lift > 0) ? 1 : 0;
      }
      expect(said).toBeGreaterThan(cases.targets.length / 2);
    },
  );

  it('refuse a rival beside a network', () => {
    // Arrange
    const { description, weights } = encodeNetwork(joined({}).served);
    const other = structuredClone(description) as { components: { scale?: string }[] };
    other.components[1]!.scale = 'evidence';

    // Act & Assess
    expect(() => decodeNetwork(other, weights)).toThrow(
      'beyond popularity (lift), not with the evidence of sequential-rules',
    );
  });

  it('refuse a moderator whose weights are not there', () => {
    // Arrange
    const { description, weights } = encodeNetwork(joined({}, fitted(rulesAlone)).served);
    const damaged = structuredClone(description) as { moderators: { weights: number[] }[] };
    damaged.moderators[0]!.weights.pop();

    // Act & Assess
    expect(() => decodeNetwork(damaged, weights)).toThrow(
      'moderator "absence" needs 3 weights, those of 2 components and 1 half-lives',
    );
  });
});
