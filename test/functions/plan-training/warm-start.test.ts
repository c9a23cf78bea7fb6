import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planWarmStarts } from '#functions/plan-training/warm-start.ts';
import type { Champion } from '#lib/contracts/champion.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { deletions, runs } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { startBucket } from '../bucket.ts';

const manifest = smallSequences().manifest;
const configOf = (training: object = { warmStart: 0.05 }, renewalGrowth = 0) =>
  parseConfig(
    {
      promotion: { renewalGrowth },
      training: {
        ...training,
        models: [
          { name: 'a', backbone: 'sasrec', objective: 'supervised' },
          { name: 'b', backbone: 'gru4rec', objective: 'supervised' },
          { name: 'c', backbone: 'sasrec', objective: 'supervised', text: {} },
          { name: 'd', backbone: 'sasrec', objective: 'sa2c' },
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
  for (const [at, { name }] of configOf().training.models.entries()) {
    await putModel(at === 0 ? 'old-name' : name, at);
  }
  await putTransitions('mon', 1000);
  await putTransitions('tue', 1010);
});
afterEach(() => bucket.stop());

/** A model that the champion's run trained, of the recipe of one of tonight's. */
async function putModel(name: string, at: number) {
  const config = configOf();
  await bucket.objects.putBytes(runs.modelParameters('mon', name), 'x');
  await bucket.objects.putJson(runs.modelManifest('mon', name), {
    recipe: recipeOf(config, config.training.models[at]!),
  });
}

const putTransitions = (run: string, trainTransitions: number) =>
  bucket.objects.putJson(runs.sequencesManifest(run), { ...manifest, trainTransitions });

describe('Function: planWarmStarts', () => {
  it("begins with what was judged of the champion, whatever its name, and of its run's other models", async () => {
    const warm = await planWarmStarts(bucket.objects, 'tue', configOf(), championOf(0));

    expect([...warm]).toEqual([
      ['a', runs.modelPrefix('mon', 'old-name')],
      ['b', runs.modelPrefix('mon', 'b')],
    ]);
  });

  it('begins afresh once users were forgotten whose rows the weights may know', async () => {
    const begun = async () => {
      const warm = await planWarmStarts(bucket.objects, 'tue', configOf(), championOf(0));
      return [...warm.keys()];
    };
    await bucket.objects.putJson(deletions.progress('x'), {});
    const warm = await begun();

    await bucket.objects.putJson(deletions.report('x'), {});

    expect([warm, await begun()]).toEqual([['a', 'b'], []]);
  });

  it('with promotion.renewalGrowth begins warm in nights that renew one model alone', async () => {
    // Arrange
    const renewing = configOf({ warmStart: 0.05 }, 0.05);
    const [model] = renewing.training.models;
    const one = { ...renewing, training: { ...renewing.training, models: [model!] } };
    // Act
    const all = await planWarmStarts(bucket.objects, 'tue', renewing, championOf(0));
    await bucket.objects.putJson(runs.renewal('tue'), {
      kind: 'renewal',
      model: 'a',
      since: 'mon',
      growth: 0.01,
      models: renewing.training.models,
    });
    const renewal = await planWarmStarts(bucket.objects, 'tue', one, championOf(0));
    // Assess
    expect([...all.keys()]).toEqual([]);
    expect([...renewal.keys()]).toEqual(['a']);
  });

  it('begins with its own kind where the champion is a rival without a network', async () => {
    const champion = { ...championOf(0), name: 'rules-x-recent', recipe: 'counts' };

    const warm = await planWarmStarts(bucket.objects, 'tue', configOf(), champion);

    expect([...warm.keys()]).toEqual(['b']);
  });

  it.each([
    ['another recipe', () => putModel('b', 0)],
    ['no parameters', () => bucket.objects.remove([runs.modelParameters('mon', 'b')])],
    ['no manifest', () => bucket.objects.remove([runs.modelManifest('mon', 'b')])],
  ])('begins afresh with a model that has %s there', async (_, arrange) => {
    await arrange();

    const warm = await planWarmStarts(bucket.objects, 'tue', configOf(), championOf(0));

    expect([...warm.keys()]).toEqual(['a']);
  });

  it.each([
    ['it is not asked for', () => configOf({ warmStart: 0 }), () => championOf(0)],
    ['nobody is in service', () => configOf(), () => undefined],
  ])('begins afresh where %s', async (_, config, champion) => {
    expect((await planWarmStarts(bucket.objects, 'tue', config(), champion())).size).toBe(0);
  });

  it.each([
    ['has grown by more', () => putTransitions('tue', 1051)],
    ['has shrunk', () => putTransitions('tue', 999)],
    ['is not known any more', () => bucket.objects.remove([runs.sequencesManifest('mon')])],
  ])('begins afresh where the data %s', async (_, arrange) => {
    await arrange();

    expect((await planWarmStarts(bucket.objects, 'tue', configOf(), championOf(0))).size).toBe(0);
  });
});
