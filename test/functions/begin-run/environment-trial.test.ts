import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginRun } from '#functions/begin-run/begin.ts';
import { recordTrial } from '#functions/evaluate-models/trial.ts';
import { planEnvironment } from '#functions/plan-environment/decide.ts';
import { planTraining } from '#functions/plan-training/training-jobs.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { environments, interactions, runs, trials, uploads } from '#lib/contracts/keys.ts';
import { environmentTrial, trialPlan } from '#lib/promotion/environment-trial.ts';
import { encodeItemTable } from '#lib/sequences/item-table.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { startBucket } from '../bucket.ts';

const lea = { name: 'lea', backbone: 'sasrec', objective: 'snqn', lea: { stateWeight: 0.1 } };
const plain = { name: 'plain', backbone: 'sasrec', objective: 'snqn' };
const other = { name: 'other', backbone: 'sasrec', objective: 'supervised' };
const configOf = (models: readonly object[], environmentTrialDays = 30) =>
  parseConfig({ training: { models }, promotion: { environmentTrialDays } }, 'test');
const configured = configOf([lea, other]);
const built = smallSequences();

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
  await bucket.objects.putBytes(interactions.part('2026-11-22', 'a', 0), 'x');
  await bucket.objects.putJson(uploads.report('a'), { status: 'succeeded' });
});
afterEach(() => bucket.stop());

/** Begins a night and plans it as the state machine does. */
async function plan(run: string, date: string, config = configured) {
  const { objects } = bucket;
  const now = new Date(`${date}T03:30:00Z`);
  await beginRun(objects, { run, execution: `${run}-${date}`, now, config, isRoutine: false });
  await objects.putBytes(runs.itemTable(run), encodeItemTable(built.itemTable));
  await objects.putJson(runs.cost(run), {
    parts: [
      ['Ingest and build sequences (Lambda)', 1],
      ['Fit the environment (ml.g5.xlarge)', 0.5],
      ['Ask the environment (ml.g5.xlarge)', 0.25],
      ['Wait for its answers (Lambda)', 0.125],
      ['Train 4 recommenders (ml.c6i.2xlarge)', 1],
    ].map(([part, expected]) => ({ part, usd: { expected } })),
  });
  const tonight = await readRunConfig(objects, run);
  const environment = await planEnvironment(objects, run, tonight, built.manifest, now);
  const place = { run, resource: 'r', bucket: 'b', champion: undefined, done: new Set<string>() };
  const jobs = planTraining({ ...place, config: tonight });
  return {
    asks: environment.augmentationNeeded,
    models: jobs.map(({ name }) => name),
    reading: jobs.flatMap(({ name, channels }) =>
      JSON.stringify(channels).includes(runs.augmentedPrefix(run)) ? [name] : [],
    ),
    leaOf: (name: string) => tonight.training.models.find((model) => model.name === name)?.lea,
    tonight,
  };
}

/** Evaluates a night with these NDCG@10 on validation. */
async function evaluate(run: string, date: string, ndcg: Readonly<Record<string, number>>) {
  const models = Object.entries(ndcg).map(([name, value]) => ({
    name,
    validation: { 'ndcg@10': { value, low: 0, high: 1 } },
  }));
  const config = await readRunConfig(bucket.objects, run);
  const now = new Date(`${date}T04:30:00Z`);
  return recordTrial(bucket.objects, run, config, { models } as never, now);
}

describe('Nights that try the environment now and then', () => {
  it('try it first, let it rest after both twins were better, and try it again', async () => {
    // Act: a trial that is lost
    const first = await plan('one', '2026-11-01');
    const found = await evaluate('one', '2026-11-01', {
      lea: 0.1,
      other: 0.2,
      'lea-alone': 0.11,
      'lea-neighbours': 0.12,
    });
    const second = await plan('two', '2026-11-02');
    const notTried = await evaluate('two', '2026-11-02', { lea: 0.12, other: 0.2 });
    const third = await plan('three', '2026-12-02');

    // Assess: beside the model, the same without and with actions of neighbours, which need no environment
    expect(first).toMatchObject({
      asks: true,
      models: ['lea', 'other', 'lea-alone', 'lea-neighbours'],
      reading: ['lea'],
    });
    expect(first.leaOf('lea-alone')).toBeUndefined();
    expect(first.leaOf('lea-neighbours')).toEqual({
      state: 'off',
      stateWeight: 0,
      reward: 'off',
      actions: 'neighbours',
    });
    expect(found).toMatchObject({
      run: 'one',
      pays: false,
      models: [{ name: 'lea', ndcg10: 0.1, alone: 0.11, neighbours: 0.12 }],
      usd: 0.875,
    });
    expect(await bucket.objects.getJson(trials.environment, environmentTrial)).toEqual(found);
    // Neither fitted nor asked: the better twin is trained under the model's name.
    expect(second).toMatchObject({ asks: false, models: ['lea', 'other'], reading: [] });
    expect(second.leaOf('lea')).toEqual(first.leaOf('lea-neighbours'));
    expect(await bucket.objects.getJson(runs.trial('two'), trialPlan)).toMatchObject({
      kind: 'rest',
      because: found,
    });
    expect(notTried).toBeUndefined();
    // 31 days later
    expect(third).toMatchObject({ asks: true, reading: ['lea'] });
    expect(third.models).toHaveLength(4);
  });

  it('go on with an environment that is behind one twin only', async () => {
    // Arrange
    await plan('one', '2026-11-01');
    const scores = { lea: 0.11, other: 0.2, 'lea-alone': 0.1, 'lea-neighbours': 0.12 };
    const found = await evaluate('one', '2026-11-01', scores);

    // Act
    const second = await plan('two', '2026-11-02');

    // Assess
    expect(found!.pays).toBe(true);
    expect(second).toMatchObject({ asks: true, models: ['lea', 'other'], reading: ['lea'] });
    expect(second.tonight).toEqual(configured);
  });

  it('are left out after a trial that was won where nothing is new, and not after one that was lost', async () => {
    // Arrange
    const { objects } = bucket;
    const routine = (run: string, config = configured) => {
      const now = new Date('2026-11-02T03:30:00Z');
      return beginRun(objects, { run, execution: run, now, config, isRoutine: true });
    };
    const scores = { other: 0.2, 'lea-alone': 0.1, 'lea-neighbours': 0.12 };
    await plan('2026-11-01', '2026-11-01');
    await objects.putJson(runs.status('2026-11-01'), {
      run: '2026-11-01',
      status: 'succeeded',
      startedAt: '2026-11-01T03:30:00Z',
    });

    // Act
    await evaluate('2026-11-01', '2026-11-01', { ...scores, lea: 0.13 });
    const afterWon = await routine('2026-11-02');
    await evaluate('2026-11-01', '2026-11-01', { ...scores, lea: 0.09 });
    const afterLost = await routine('2026-11-03');

    // Assess
    expect(afterWon).toEqual({ unchangedSince: '2026-11-01' });
    expect(afterLost).toEqual({ attempt: 1 });
  });

  it('try other settings anew, and train no twin that is configured anyway', async () => {
    // Arrange: lost
    await plan('one', '2026-11-01');
    const scores = { lea: 0.1, other: 0.2, 'lea-alone': 0.11, 'lea-neighbours': 0.12 };
    await evaluate('one', '2026-11-01', scores);

    // Act
    const changed = { ...lea, lea: { stateWeight: 0.2 } };
    const second = await plan('two', '2026-11-02', configOf([changed, plain]));

    // Assess
    expect(second).toMatchObject({
      asks: true,
      models: ['lea', 'plain', 'lea-neighbours'],
      reading: ['lea'],
    });
    const twins = await bucket.objects.getJson(runs.trial('two'), trialPlan);
    expect(twins).toMatchObject({ models: [{ name: 'lea', alone: 'plain' }] });

    // Act: that one is lost too, and the twin that was better is there anyway
    await evaluate('two', '2026-11-02', { lea: 0.1, plain: 0.13, 'lea-neighbours': 0.12 });
    const third = await plan('three', '2026-11-03', configOf([changed, plain]));

    // Assess
    expect(third).toMatchObject({ asks: false, models: ['plain'], reading: [] });
  });

  it('keep in all attempts what the first one planned', async () => {
    // Arrange: an attempt that was evaluated, and failed later
    const first = await plan('one', '2026-11-01');
    const scores = { lea: 0.1, other: 0.2, 'lea-alone': 0.11, 'lea-neighbours': 0.12 };
    await evaluate('one', '2026-11-01', scores);

    // Act
    const again = await plan('one', '2026-11-02');

    // Assess
    expect(again.models).toEqual(first.models);
    expect(again.tonight).toEqual(first.tonight);
  });

  it('do nothing of the kind unless they are told to, or without an environment', async () => {
    expect((await plan('one', '2026-11-01', configOf([lea, other], 0))).models).toEqual([
      'lea',
      'other',
    ]);
    expect((await plan('two', '2026-11-01', configOf([plain, other]))).models).toEqual([
      'plain',
      'other',
    ]);
    expect(await bucket.objects.head(environments.latest)).toBeUndefined();
  });
});
