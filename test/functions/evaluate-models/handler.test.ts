import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseConfig } from '#lib/contracts/config.ts';
import { prequential, runs, serving } from '#lib/contracts/keys.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { encodeInts } from '#lib/evaluation/ranks.ts';
import { prequentialNight } from '#lib/promotion/prequential.ts';
import { verdictFile } from '#lib/promotion/verdict.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { decodeBlend } from '#lib/serving/blend-file.ts';
import { rankWithBlend } from '#lib/serving/rank-blend.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { promoteSmallModel } from '../champion.ts';
import { context, startHandlerBucket } from '../handlers.ts';

const sequences = smallSequences();
/** Of the log. */
const firstTime = 1_600_000_000;
const config = parseConfig(
  {
    training: { models: [{ name: 'plain', backbone: 'sasrec', objective: 'supervised' }] },
    evaluation: { bootstrapSamples: 100 },
    promotion: { minimumTestCases: 1 },
  },
  'test',
);

let bucket: Awaited<ReturnType<typeof startHandlerBucket>>;
let plan: (run: string) => Promise<unknown>;
let evaluateModels: (run: string) => Promise<unknown>;

beforeAll(async () => {
  bucket = await startHandlerBucket();
  const fitted = await import('#functions/fit-rivals/handler.ts');
  const planned = await import('#functions/plan-training/handler.ts');
  const evaluated = await import('#functions/evaluate-models/handler.ts');
  plan = async (run) => {
    for (const step of ['fit', 'rank'] as const) await fitted.handler({ run, step }, context);
    return planned.handler({ run, resource: `lea-dev--${run}-1`, endpoint: null }, context);
  };
  evaluateModels = (run) => evaluated.handler({ run }, context);
});
afterAll(() => bucket.stop());

/** A run whose models have been planned: the target always comes first in their lists. */
let number = 0;
async function train(run: string, built = sequences): Promise<void> {
  const { objects } = bucket;
  await writeSequences(objects, run, built);
  await objects.putJson(runs.config(run), config);
  const inputs = { interactions: [], items: [] };
  const createdAt = `2026-11-${24 + number++}T03:30:00.000Z`;
  await objects.putJson(runs.manifest(run), { run, createdAt, inputs, attempts: [] });
  await plan(run);
  await rank(run, 'plain', 1);
}

async function rank(run: string, name: string, place: number): Promise<void> {
  const { objects } = bucket;
  for (const [split, { targets }] of [
    ['validation', sequences.validation],
    ['test', sequences.test],
  ] as const) {
    const ranks = Buffer.alloc(4 * targets.length);
    targets.forEach((_, index) => {
      ranks.writeInt32LE(place, 4 * index);
    });
    await objects.putBytes(runs.modelRanks(run, name, split), ranks);
    const lists = encodeInts(Int32Array.from({ length: 10 * targets.length }, (_, at) => at % 7));
    if (split === 'test') await objects.putBytes(runs.modelLists(run, name), lists);
  }
  await objects.putJson(runs.modelManifest(run, name), {
    task: 'train',
    recipe: `recipe of ${name}`,
  });
}

const evaluation = (run: string) => bucket.objects.getJson(runs.evaluation(run), evaluationFile);
const verdict = (run: string) => bucket.objects.getJson(runs.verdict(run), verdictFile);

describe('Function: evaluate-models', () => {
  it('compares with the champion that was ranked, whatever is in service by now', async () => {
    // Arrange
    await promoteSmallModel(bucket.objects, 'yesterday', 1);
    await train('a');
    await rank('a', 'champion', 2);
    await promoteSmallModel(bucket.objects, 'meanwhile', 2);
    // Act
    const answer = await evaluateModels('a');
    // Assess
    expect((await evaluation('a')).champion).toMatchObject({ run: 'yesterday', name: 'small' });
    expect(answer).toStrictEqual({ promote: true, winner: 'plain' });
    expect((await verdict('a')).reasons.join(' ')).toContain(
      'better than the champion small of run yesterday',
    );
  });

  it('counts a champion whose model could not be used as none, and says why', async () => {
    // Arrange
    await promoteSmallModel(bucket.objects, 'yesterday', 1);
    await train('b');
    const unusable = 'weights.bin is not the file that model.json describes';
    await bucket.objects.putJson(runs.modelManifest('b', 'champion'), { task: 'score', unusable });
    // Act
    await evaluateModels('b');
    // Assess
    expect((await evaluation('b')).champion).toBeUndefined();
    const { promoted, reasons } = await verdict('b');
    expect(promoted).toBe(true);
    expect(reasons.at(-2)).toBe(
      `The champion small of run yesterday counts as none, because its model cannot be used (${unusable}).`,
    );
    expect(reasons.at(-1)).toContain('plain');
  });

  it('lets a rival become the champion, and renews it with the next night’s data', async () => {
    // Arrange: nothing is in service, and the model never finds a target.
    const { objects } = bucket;
    await objects.remove([serving.champion]);
    await train('c');
    await rank('c', 'plain', 0);
    // Act
    await evaluateModels('c');
    const first = await verdict('c');
    const champion = {
      run: 'c',
      name: first.winner,
      judged: runs.modelPrefix('c', first.winner),
      serving: runs.modelPrefix('c', first.winner),
      recipe: (await evaluation('c')).baselines.find(({ name }) => name === first.winner)!.recipe!,
      ndcg10: 0.1,
      promotedAt: '2026-11-23T05:00:00.000Z',
    };
    await objects.putJson(serving.champion, champion);
    await train('d');
    await rank('d', 'plain', 0);
    await evaluateModels('d');
    const second = await verdict('d');
    // Assess
    const rivals = (await evaluation('c')).baselines.map(({ name }) => name);
    expect(rivals).toContain(first.winner);
    expect(first).toMatchObject({ promoted: true, because: 'first' });
    expect(first.diagnosis[0]).toContain('The best trained model is behind');
    expect(second).toMatchObject({ winner: first.winner, promoted: true, because: 'newer-data' });
    expect(second.questions).toMatchObject([{ difference: 0, word: 'no difference shown' }]);
  });

  describe('scores who was in service on what arrived, before anything learns from it', () => {
    const night = (run: string) => bucket.objects.getJson(prequential.night(run), prequentialNight);
    /** The same log, half of whose time an earlier night has seen. */
    const since = (sequences.manifest.newestAction + firstTime) / 2;
    const later = smallSequences(30, since);
    const targets = later.arrived!.targets.length;

    it('with the files that were served, once for all attempts', async () => {
      // Arrange: a first night, which has nothing to score
      const { objects } = bucket;
      await objects.remove([serving.champion]);
      await train('p1');
      await evaluateModels('p1');
      const [judged, served] = ['item-knn', 'sequential-rules'].map((name) =>
        runs.modelPrefix('p1', name),
      );
      const pointer = { run: 'p1', name: 'item-knn', judged, serving: served };
      const promotedAt = '2026-11-23T05:00:00.000Z';
      await objects.putJson(serving.champion, { ...pointer, ndcg10: 0.1, promotedAt });
      await train('p2', later);
      // Act
      await evaluateModels('p2');
      const first = await night('p2');
      await evaluateModels('p2');
      // Assess
      expect(await night('p1')).toMatchObject({
        since: null,
        champion: null,
        why: 'Nothing was in service before this night.',
        cases: 0,
        ndcg10: null,
      });
      expect(await night('p2')).toStrictEqual(first);
      expect(first).toMatchObject({
        since,
        until: sequences.manifest.newestAction,
        champion: { run: 'p1', name: 'item-knn', refitted: true },
        why: null,
        cases: targets,
      });
      const keys = serving.modelFiles(served!);
      const blend = decodeBlend(
        await objects.getJson(keys.description, z.unknown()),
        await objects.getBytes(keys.weights),
      );
      const { events, itemTable, arrived } = later;
      const ranks = rankWithBlend(blend, itemTable.itemIds, {
        cases: arrived!,
        itemIds: itemTable.itemIds,
        events,
        split: later.manifest.split,
        asOf: 'request',
      });
      expect(first.ndcg10!.champion.value).toBeCloseTo(metricsAt(ranks, 10).ndcg, 9);
    });

    it('with the ranks of its job, if it has a network; and alarms when it lags', async () => {
      // Arrange: never the right item
      const { objects } = bucket;
      await promoteSmallModel(objects, 'yesterday', 1);
      await train('p3', later);
      await rank('p3', 'champion', 2);
      const none = Buffer.alloc(4 * targets);
      await objects.putBytes(runs.modelRanks('p3', 'champion', 'arrived'), none);
      // Act
      await evaluateModels('p3');
      // Assess
      const { ndcg10, champion } = await night('p3');
      expect(champion).toStrictEqual({ run: 'yesterday', name: 'small', refitted: false });
      expect(ndcg10!.champion.value).toBe(0);
      expect(ndcg10!.difference.high).toBeLessThan(0);
    });
  });
});
