import { describe, expect, it } from 'vitest';
import { championPointer } from '#lib/contracts/champion.ts';
import { promotionConfig } from '#lib/contracts/config/promotion.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { promoteByHand } from '#lib/promotion/by-hand.ts';
import { promote, rollBack } from '#lib/promotion/champion.ts';
import { decide } from '#lib/promotion/verdict.ts';
import { evaluationOf, worse } from './evaluations.ts';
import { MemoryObjects } from './memory-objects.ts';

const now = new Date('2026-11-24T09:00:00.000Z');
const asked = { run: 'tonight', now };

/** A night whose verdict was to keep who was in service, of run `before`. */
async function nightNotPromoted(): Promise<MemoryObjects> {
  const objects = new MemoryObjects();
  const prefixes = [
    runs.modelPrefix('before', 'old'),
    runs.modelPrefix('tonight', 'new'),
    runs.modelPrefix('tonight', 'other'),
  ];
  for (const prefix of prefixes) {
    for (const key of Object.values(serving.modelFiles(prefix))) objects.put(key, 'x');
  }
  const [judged] = prefixes;
  const old = {
    run: 'before',
    name: 'old',
    judged: judged!,
    serving: judged!,
    ndcg10: 0.1,
    promotedAt: '2026-11-23T03:30:00.000Z',
  };
  await promote(objects, old, null);
  const evaluation = evaluationOf({ champion: worse });
  const verdict = decide(evaluation, promotionConfig.parse({ minimumTestCases: 1 }));
  objects.put(runs.evaluation('tonight'), JSON.stringify(evaluation));
  objects.put(runs.verdict('tonight'), JSON.stringify(verdict));
  expect(verdict.promoted).toBe(false);
  return objects;
}

const served = async (objects: MemoryObjects) =>
  (await objects.getVersion(serving.champion, championPointer))?.value;

describe('Function: promoteByHand', () => {
  it('puts the winner into service although the verdict was not to, and a rollback undoes it', async () => {
    const objects = await nightNotPromoted();

    const first = await promoteByHand(objects, asked);
    const second = await promoteByHand(objects, asked);

    expect([first.changed, second.changed]).toEqual([true, false]);
    expect(await served(objects)).toMatchObject({
      run: 'tonight',
      name: 'new',
      recipe: 'new',
      ndcg10: 0.15,
    });
    await rollBack(objects, { now });
    expect(await served(objects)).toMatchObject({ run: 'before', name: 'old' });
  });

  it('takes another model of the night', async () => {
    const objects = await nightNotPromoted();

    await promoteByHand(objects, { ...asked, model: 'other' });

    expect(await served(objects)).toMatchObject({ run: 'tonight', name: 'other' });
  });

  it('serves what was fitted on all actions, where it was', async () => {
    const objects = await nightNotPromoted();
    const fitted = runs.refittedPrefix('tonight', 'new');
    for (const key of Object.values(serving.modelFiles(fitted))) objects.put(key, 'x');
    const manifest = { task: 'refit', run: 'tonight', name: 'new', passes: 4 };
    objects.put(runs.refittedManifest('tonight', 'new'), JSON.stringify(manifest));

    await promoteByHand(objects, asked);

    expect(await served(objects)).toMatchObject({
      judged: runs.modelPrefix('tonight', 'new'),
      serving: fitted,
      promotedAt: now.toISOString(),
    });
  });

  it('puts a first champion into service', async () => {
    const objects = await nightNotPromoted();
    await objects.remove([serving.champion]);

    await promoteByHand(objects, asked);

    expect(await served(objects)).toMatchObject({ run: 'tonight', name: 'new' });
  });

  it.each(['verdict', 'evaluation'] as const)('refuses a run without its %s', async (file) => {
    const objects = await nightNotPromoted();
    await objects.remove([runs[file]('tonight')]);

    const promoted = promoteByHand(objects, asked);

    await expect(promoted).rejects.toThrow(MissingArtefactError);
    await expect(promoted).rejects.toThrow('Run tonight has not judged anything');
    expect(await served(objects)).toMatchObject({ run: 'before' });
  });

  it('says what there is to choose from, and changes nothing', async () => {
    const objects = await nightNotPromoted();

    await expect(promoteByHand(objects, { ...asked, model: 'none' })).rejects.toThrow(
      /Run tonight has no "none" that can be served; it has .*new, other/,
    );
    await expect(promoteByHand(objects, { run: 'never', now })).rejects.toThrow(
      MissingArtefactError,
    );
    // A rival without files.
    await expect(promoteByHand(objects, { ...asked, model: 'popularity' })).rejects.toThrow(
      'cannot be put into service',
    );
    expect(await served(objects)).toMatchObject({ run: 'before' });
  });
});
