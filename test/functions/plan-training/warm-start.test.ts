import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planWarmStarts } from '#functions/plan-training/warm-start.ts';
import type { Champion } from '#lib/contracts/champion.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { startBucket } from '../bucket.ts';

const manifest = smallSequences().manifest;
const configOf = (training: object = { warmStart: 0.05 }) =>
  parseConfig(
    {
      training: {
        ...training,
        models: [
          { name: 'a', backbone: 'sasrec', objective: 'supervised' },
          { name: 'b', backbone: 'gru4rec', objective: 'supervised' },
          { name: 'c', backbone: 'sasrec', objective: 'supervised', text: {} },
        ],
      },
    },
    'test',
  );
const championOf = (model: number, config = configOf()): Champion => ({
  run: 'mon',
  name: 'old-name',
  judged: runs.modelPrefix('mon', 'old-name'),
  serving: runs.refittedPrefix('mon', 'old-name'),
  recipe: recipeOf(config, config.training.models[model]!),
  ndcg10: 0.1,
  promotedAt: '2026-11-23T05:00:00.000Z',
});

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
  await bucket.objects.putBytes(runs.modelParameters('mon', 'old-name'), 'x');
  await putTransitions('mon', 1000);
  await putTransitions('tue', 1010);
});
afterEach(() => bucket.stop());

const putTransitions = (run: string, trainTransitions: number) =>
  bucket.objects.putJson(runs.sequencesManifest(run), { ...manifest, trainTransitions });

describe('Function: planWarmStarts', () => {
  it('begins with what was judged of the champion, the model of its recipe alone, whatever its name', async () => {
    const warm = await planWarmStarts(bucket.objects, 'tue', configOf(), championOf(0));

    expect([...warm]).toEqual([['a', runs.modelPrefix('mon', 'old-name')]]);
  });

  it.each([
    ['it is not asked for', () => configOf({}), () => championOf(0)],
    ['nobody is in service', () => configOf(), () => undefined],
    [
      'the champion is of no recipe of tonight',
      () => configOf(),
      () => ({ ...championOf(0), recipe: 'x' }),
    ],
    ['the model knows its items by texts', () => configOf(), () => championOf(2)],
  ])('begins afresh where %s', async (_, config, champion) => {
    expect((await planWarmStarts(bucket.objects, 'tue', config(), champion())).size).toBe(0);
  });

  it.each([
    ['has grown by more', () => putTransitions('tue', 1051)],
    ['has shrunk', () => putTransitions('tue', 999)],
    ['is not known any more', () => bucket.objects.remove([runs.sequencesManifest('mon')])],
    [
      'has left no parameters',
      () => bucket.objects.remove([runs.modelParameters('mon', 'old-name')]),
    ],
  ])('begins afresh where the data, or the model, %s', async (_, arrange) => {
    await arrange();

    expect((await planWarmStarts(bucket.objects, 'tue', configOf(), championOf(0))).size).toBe(0);
  });
});
