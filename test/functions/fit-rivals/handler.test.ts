import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { rankedRivals } from '#functions/shared/ranked-rivals.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { decodeLists, decodeRanks } from '#lib/evaluation/ranks.ts';
import { allActionsManifest, countActions } from '#lib/sequences/all-actions.ts';
import { decodeSequenceShard } from '#lib/sequences/shard.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { decodeBlend } from '#lib/serving/blend-file.ts';
import { rankWithBlend } from '#lib/serving/rank-blend.ts';
import { decodeScorers } from '#lib/serving/scorers-file.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { context, startHandlerBucket } from '../handlers.ts';

const built = smallSequences();
const models = [{ name: 'plain', backbone: 'sasrec', objective: 'supervised' }];

let bucket: Awaited<ReturnType<typeof startHandlerBucket>>;
let fitRivals: (run: string) => Promise<unknown>;
let rank: (run: string) => Promise<unknown>;

beforeAll(async () => {
  bucket = await startHandlerBucket();
  const { handler } = await import('#functions/fit-rivals/handler.ts');
  fitRivals = (run) => handler({ run, step: 'fit' }, context);
  rank = (run) => handler({ run, step: 'rank' }, context);
});
afterAll(() => bucket.stop());

async function arrange(run: string, settings: object): Promise<void> {
  await writeSequences(bucket.objects, run, built);
  await bucket.objects.putJson(runs.config(run), parseConfig(settings, 'test'));
}

const scorersOf = async (run: string, on: 'training' | 'before-test') => {
  const { description, weights } = runs.fittedRivals(run, on);
  const { objects } = bucket;
  return decodeScorers(
    await objects.getJson(description, z.unknown()),
    await objects.getBytes(weights),
  );
};
const chosenFile = z.looseObject({
  components: z.array(
    z.looseObject({ scorer: z.string(), parameters: z.record(z.string(), z.number()) }),
  ),
});
const sum = (counts: Int32Array) => counts.reduce((total, count) => total + count, 0);

describe('Function: fit-rivals', () => {
  it('fits what knows histories once, on training actions', async () => {
    // Arrange
    await arrange('plain', { training: { models } });
    // Act
    await fitRivals('plain');
    const first = await bucket.objects.head(runs.fittedRivalsManifest('plain'));
    await fitRivals('plain');
    // Assess
    const { scorers, trainingCounts } = await scorersOf('plain', 'training');
    expect(scorers.map(({ kind }) => kind)).toContain('sequential-rules');
    expect(trainingCounts).toEqual(built.itemTable.counts);
    expect(await bucket.objects.head(runs.fittedRivalsManifest('plain'))).toEqual(first);
    expect(await bucket.objects.head(runs.beforeTestManifest('plain'))).toBeUndefined();
  });

  it('keeps the settings of the last full night in one that renews a model, and fits anew', async () => {
    // Arrange: the full night chose what nobody would
    const { objects } = bucket;
    await arrange('full', { training: { models } });
    await fitRivals('full');
    const { description } = runs.fittedRivals('full', 'training');
    const file = await objects.getJson(description, chosenFile);
    for (const { parameters } of file.components) parameters.decay = 0.123;
    await objects.putJson(description, file);
    const plan = { kind: 'renewal', model: 'plain', since: 'full', growth: 0.01, models };
    for (const run of ['renewal', 'other-lists', 'gone']) {
      await arrange(run, { training: { models } });
      await objects.putJson(runs.renewal(run), { ...plan, ...(run === 'gone' && { since: 'x' }) });
    }
    const lists = { ...built.manifest, excludeHistory: !built.manifest.excludeHistory };
    await objects.putJson(runs.sequencesManifest('other-lists'), lists);
    // Act
    for (const run of ['renewal', 'other-lists', 'gone']) await fitRivals(run);
    // Assess
    const decaysOf = async (run: string) => {
      const { scorers } = await scorersOf(run, 'training');
      return scorers.flatMap(({ parameters }) => parameters.decay ?? []);
    };
    const { scorers, trainingCounts } = await scorersOf('renewal', 'training');
    expect(scorers.map(({ kind }) => kind)).toEqual(file.components.map(({ scorer }) => scorer));
    expect(new Set(await decaysOf('renewal'))).toEqual(new Set([0.123]));
    expect(trainingCounts).toEqual(built.itemTable.counts);
    expect(await decaysOf('other-lists')).not.toContain(0.123);
    expect(await decaysOf('gone')).not.toContain(0.123);
  });

  it('fits the same once more on validation’s actions where test cases are answered as served', async () => {
    // Arrange
    await arrange('served', { training: { models }, evaluation: { asServed: true } });
    // Act
    await fitRivals('served');
    // Assess
    const [training, beforeTest] = await Promise.all([
      scorersOf('served', 'training'),
      scorersOf('served', 'before-test'),
    ]);
    expect(beforeTest.scorers.map(({ kind, parameters }) => [kind, parameters])).toEqual(
      training.scorers.map(({ kind, parameters }) => [kind, parameters]),
    );
    expect(sum(beforeTest.trainingCounts)).toBe(
      sum(training.trainingCounts) + built.validation.targets.length,
    );
    const manifest = await bucket.objects.getJson(
      runs.beforeTestManifest('served'),
      allActionsManifest,
    );
    const parts = await Promise.all(
      Array.from({ length: manifest.parts }, async (_, part) =>
        decodeSequenceShard(await bucket.objects.getBytes(runs.beforeTest('served', part))),
      ),
    );
    expect(countActions(parts)).toBe(manifest.actions);
    expect(manifest.actions).toBe(sum(beforeTest.trainingCounts));
  });

  it('fits nothing twice where nothing is fitted again before it is served', async () => {
    await arrange('judged', {
      training: { models, refitPasses: 0 },
      evaluation: { asServed: true },
    });
    await fitRivals('judged');
    expect(await bucket.objects.head(runs.beforeTestManifest('judged'))).toBeUndefined();
  });

  describe('ranks the held-out cases with all rivals', () => {
    const ranksOf = async (run: string, name: string, split: 'validation' | 'test') =>
      decodeRanks(
        await bucket.objects.getBytes(runs.modelRanks(run, name, split)),
        built[split].targets.length,
        name,
      );

    it('as their files would be served, and leaves of each what a job leaves of a model', async () => {
      // Arrange
      const { objects } = bucket;
      await arrange('ranked', { training: { models } });
      await fitRivals('ranked');
      // Act
      await rank('ranked');
      // Assess
      const { rivals, made } = await objects.getJson(runs.rankedRivals('ranked'), rankedRivals);
      expect(made.dataHash).toBe(built.manifest.dataHash);
      const { itemTable, events, manifest } = built;
      expect(rivals.map(({ name }) => name)).toContain('all-x-recent');
      for (const { name, components } of rivals) {
        const files = serving.modelFiles(runs.modelPrefix('ranked', name));
        const blend = decodeBlend(
          await objects.getJson(files.description, z.unknown()),
          await objects.getBytes(files.weights),
        );
        expect(blend.components.length + blend.counts.terms.length).toBe(components);
        expect(await objects.getJson(files.vocabulary, z.unknown())).toEqual(itemTable.itemIds);
        const task = {
          ...{ cases: built.test, itemIds: itemTable.itemIds, events, split: manifest.split },
          asOf: 'request' as const,
        };
        expect(await ranksOf('ranked', name, 'test')).toEqual(
          rankWithBlend(blend, itemTable.itemIds, task),
        );
        const lists = await objects.getBytes(runs.modelLists('ranked', name));
        const { items, listLength } = decodeLists(lists, built.test.targets.length, name);
        const ranks = await ranksOf('ranked', name, 'test');
        const shown = Array.from(ranks.keys()).filter((index) => ranks[index]! > 0);
        const first = shown.filter((index) => ranks[index]! <= listLength);
        expect(first.map((index) => items[index * listLength + ranks[index]! - 1])).toEqual(
          first.map((index) => built.test.targets[index]),
        );
      }
    });

    it('once for all attempts, unless they are to rank in another way', async () => {
      // Arrange
      const { objects } = bucket;
      const heads = () => objects.head(runs.rankedRivals('again'));
      await arrange('again', { training: { models } });
      await fitRivals('again');
      await rank('again');
      const first = await heads();
      const before = await ranksOf('again', 'all-x-recent', 'validation');
      // Act
      await rank('again');
      const second = await heads();
      const evaluation = { rivalCountsShare: 0.1 };
      await arrange('again', { training: { models }, evaluation });
      await rank('again');
      // Assess
      expect(second).toEqual(first);
      expect(await ranksOf('again', 'all-x-recent', 'validation')).not.toEqual(before);
    });
  });
});
