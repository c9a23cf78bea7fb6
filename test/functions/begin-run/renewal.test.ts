import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { beginRun } from '#functions/begin-run/begin.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { deletions, interactions, runs, serving, uploads } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { renewalPlan } from '#lib/promotion/renewal.ts';
import { evaluationOf } from '../../lib/promotion/evaluations.ts';
import { startBucket } from '../bucket.ts';

const models = [
  { name: 'a', backbone: 'sasrec', objective: 'supervised' },
  { name: 'b', backbone: 'gru4rec', objective: 'supervised' },
];
const configOf = (training: readonly object[] = models, promotion: object = {}) =>
  parseConfig({ training: { models: training }, promotion }, 'test');
const config = configOf();

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.stop());

async function upload(name: string, bytes: number) {
  await bucket.objects.putBytes(interactions.part('2026-11-22', name, 0), 'x'.repeat(bytes));
  await bucket.objects.putJson(uploads.report(name), { status: 'succeeded' });
}

/** A night of which nobody gave the name, on a day of November; it succeeds and has `a` in service afterwards. */
async function night(day: number, own = config) {
  const run = `2026-11-${String(day).padStart(2, '0')}`;
  const startedAt = `${run}T03:30:00Z`;
  const begun = await beginRun(bucket.objects, {
    run,
    execution: run,
    now: new Date(startedAt),
    config: own,
    isRoutine: true,
  });
  if ('unchangedSince' in begun) return begun;
  const { training } = await readRunConfig(bucket.objects, run);
  await bucket.objects.putJson(runs.status(run), { run, status: 'succeeded', startedAt });
  await bucket.objects.putJson(runs.evaluation(run), evaluationOf({}));
  await bucket.objects.putJson(serving.champion, {
    run,
    name: 'a',
    judged: 'j/',
    serving: 's/',
    recipe: recipeOf(own, own.training.models[0]!),
    ndcg10: 0.1,
    promotedAt: startedAt,
  });
  return training.models.map(({ name }) => name);
}

describe('Nights that do only what is new', () => {
  test('train all models first, then the champion alone until enough has come', async () => {
    // Act: 1,000 bytes, then 4 % and once more 4 % of them
    await upload('one', 1000);
    const first = await night(1);
    await upload('two', 40);
    const second = await night(2);
    await upload('three', 40);
    const third = await night(3);
    await upload('four', 10);
    const fourth = await night(4);

    // Assess: growth counts from the last night that trained all
    expect([first, second, third, fourth]).toEqual([['a', 'b'], ['a'], ['a', 'b'], ['a']]);
    const plan = await bucket.objects.getJson(runs.renewal('2026-11-04'), renewalPlan);
    expect(plan).toMatchObject({ since: '2026-11-03', growth: expect.closeTo(10 / 1080) });
  });

  test('train all after promotion.renewalDays, counted from the last that did', async () => {
    // Arrange
    await upload('one', 1000);
    await night(1);
    // Act
    const trained = [];
    for (const day of [4, 7, 8]) {
      await upload(`upload-${day}`, 1);
      trained.push(await night(day));
    }
    // Assess
    expect(trained).toEqual([['a'], ['a'], ['a', 'b']]);
  });

  test('end at once where nothing is new since, whether that night trained all or one', async () => {
    await upload('one', 1000);
    await night(1);
    expect(await night(2)).toEqual({ unchangedSince: '2026-11-01' });
    await upload('two', 1);
    expect(await night(3)).toEqual(['a']);
    expect(await night(4)).toEqual({ unchangedSince: '2026-11-03' });
  });

  test('train all once a model that waits was changed, though nothing else is new', async () => {
    // Arrange
    await upload('one', 1000);
    await night(1);
    await upload('two', 1);
    await night(2);
    // Act
    const changed = await night(3, configOf([models[0]!, { ...models[1], dropout: 0.5 }]));
    // Assess
    expect(changed).toEqual(['a', 'b']);
  });

  test('train all after users were forgotten, whose rows no weights are to know any more', async () => {
    // Arrange
    await upload('one', 1000);
    await night(1);
    await upload('two', 1);
    await bucket.objects.putJson(deletions.progress('x'), {});
    const before = await night(2);
    // Act: the bucket's clock is ahead of these nights'
    await bucket.objects.putJson(deletions.report('x'), {});
    await upload('three', 1);
    // Assess
    expect(before).toEqual(['a']);
    expect(await night(3)).toEqual(['a', 'b']);
  });

  test('hold to what they began with when they are resumed', async () => {
    // Arrange
    await upload('one', 1000);
    await night(1);
    await upload('two', 1);
    const request = { run: 'again', config, isRoutine: false };
    const first = new Date('2026-11-02T03:30:00Z');
    await beginRun(bucket.objects, { ...request, execution: 'x', now: first });
    // Act: long after, and with much more there
    await upload('three', 5000);
    const later = new Date('2026-12-24T03:30:00Z');
    const begun = await beginRun(bucket.objects, { ...request, execution: 'y', now: later });
    // Assess
    expect(begun).toEqual({ attempt: 2 });
    const { training } = await readRunConfig(bucket.objects, 'again');
    expect(training.models.map(({ name }) => name)).toEqual(['a']);
  });
});
