import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseConfig } from '#lib/contracts/config.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { fitOnTraining } from '#lib/evaluation/rivals/fit-scorers.ts';
import { rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { refitManifest } from '#lib/promotion/refit.ts';
import { countRows } from '#lib/sequences/all-actions.ts';
import { writeSequences } from '#lib/sequences/write.ts';
import { decodeBlend } from '#lib/serving/blend-file.ts';
import { rivalFiles } from '#lib/serving/rival-files.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { context, startHandlerBucket } from '../handlers.ts';

const run = 'tonight';
const built = smallSequences();
const models = [{ name: 'plain', backbone: 'sasrec', objective: 'supervised' }];
const configOf = (training: object) => parseConfig({ training: { models, ...training } }, 'test');

let bucket: Awaited<ReturnType<typeof startHandlerBucket>>;
let plan: () => Promise<{ job: { hyperParameters: Record<string, string> } | null }>;

beforeAll(async () => {
  bucket = await startHandlerBucket();
  const { handler } = await import('#functions/plan-refit/handler.ts');
  plan = () => handler({ run, resource: `lea-dev-${run}-1` }, context);
});
afterAll(() => bucket.stop());

async function arrange(winner: string, training: object = {}): Promise<void> {
  const { objects } = bucket;
  const keys: string[] = [];
  for await (const { key } of objects.list('')) keys.push(key);
  await objects.remove(keys);
  await writeSequences(objects, run, built);
  await objects.putJson(runs.config(run), configOf(training));
  const verdict = { winner, promoted: true, because: 'first', questions: [], reasons: ['x'] };
  await objects.putJson(runs.verdict(run), { ...verdict, diagnosis: [] });
}

const manifestOf = (name: string) =>
  bucket.objects.getVersion(runs.refittedManifest(run, name), refitManifest);

describe('Function: plan-refit', () => {
  it('asks for a job that fits a model on all actions, until it is done', async () => {
    // Arrange
    await arrange('plain');
    // Act
    const { job } = await plan();
    const manifest = { task: 'refit', run, name: 'plain', passes: 4 };
    await bucket.objects.putJson(runs.refittedManifest(run, 'plain'), manifest);
    const again = await plan();
    // Assess
    const config = configOf({});
    const recipe = recipeOf(config, config.training.models[0]!);
    const uri = (key: string) => `s3://${bucket.objects.bucket}/${key}`;
    expect(job).toMatchObject({
      name: 'plain',
      jobName: 'lea-dev-tonight-1-refit',
      hyperParameters: { task: 'refit', run, recipe },
      checkpointUri: uri(runs.checkpointsPrefix(run, 'refit')),
    });
    const channels = (job as unknown as { channels: object[] }).channels;
    expect(JSON.parse(job!.hyperParameters.model!)).toMatchObject({ name: 'plain' });
    expect(
      Object.fromEntries(
        channels.map((channel) => {
          const { ChannelName, DataSource } = channel as {
            ChannelName: string;
            DataSource: { S3DataSource: { S3Uri: string } };
          };
          return [ChannelName, DataSource.S3DataSource.S3Uri];
        }),
      ),
    ).toStrictEqual({
      sequences: uri(runs.sequencesPrefix(run)),
      'all-actions': uri(runs.allActionsPrefix(run)),
      model: uri(runs.modelPrefix(run, 'plain')),
    });
    expect(again).toStrictEqual({ job: null });
  });

  it('hands a model of texts the vectors that it was trained with', async () => {
    // Arrange
    await arrange('plain', { models: [{ ...models[0], text: {} }] });
    // Act
    const { job } = await plan();
    // Assess
    expect(JSON.stringify(job)).toContain(
      `"ChannelName":"vectors","DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://${bucket.objects.bucket}/${runs.itemVectors(run)}"`,
    );
  });

  it.each([
    ['for the models', 'plain', { refitPasses: 0 }],
    ['for this model', 'plain', { models: [{ ...models[0], refitPasses: 0 }] }],
    ['for the models, when a rival wins', 'popularity', { refitPasses: 0 }],
  ])('does nothing when it is switched off %s', async (_, winner, training) => {
    // Arrange
    await arrange(winner, training);
    // Act
    const answer = await plan();
    // Assess
    expect(answer).toStrictEqual({ job: null });
    expect(await manifestOf(winner)).toBeUndefined();
  });

  describe('of a rival', () => {
    const name = 'rules-x-recent';
    beforeEach(async () => {
      await arrange(name);
      const { window, excludeHistory, split, baskets } = built.manifest;
      const settings = { window, excludeHistory, split, asOf: 'request' as const };
      const scorers = fitOnTraining({ ...built, baskets }, built.validation, excludeHistory);
      const rivals = rankRivals({ ...built, ...settings, cases: built, scorers });
      const { model } = rivals.find((rival) => rival.model.name === name)!;
      const files = serving.modelFiles(runs.modelPrefix(run, name));
      const { description, weights } = rivalFiles(model);
      await bucket.objects.putBytes(files.weights, weights);
      await bucket.objects.putJson(files.vocabulary, built.itemTable.itemIds);
      await bucket.objects.putJson(files.description, description);
    });

    it('counts it on all actions at once, twice as well as once', async () => {
      // Act
      const answers = [await plan(), await plan()];
      // Assess
      expect(answers).toStrictEqual([{ job: null }, { job: null }]);
      const { objects } = bucket;
      const files = serving.modelFiles(runs.refittedPrefix(run, name));
      const refitted = decodeBlend(
        await objects.getJson(files.description, z.unknown()),
        await objects.getBytes(files.weights),
      );
      const counts = countRows(built.allActions, built.itemTable.itemIds.length).counts;
      expect(refitted.trainingCounts).toStrictEqual(counts);
      expect(await objects.getJson(files.vocabulary, z.array(z.string()))).toStrictEqual(
        built.itemTable.itemIds,
      );
      expect((await manifestOf(name))?.value).toMatchObject({ run, name, passes: null });
    });

    it('refuses rows of another build, and leaves no manifest', async () => {
      // Arrange
      const key = runs.allActionsManifest(run);
      const manifest = await bucket.objects.getJson(key, z.looseObject({}));
      await bucket.objects.putJson(key, { ...manifest, rows: 1 });
      // Assess
      await expect(plan()).rejects.toThrow(/rows of all actions cannot be used/);
      expect(await manifestOf(name)).toBeUndefined();
    });
  });
});
