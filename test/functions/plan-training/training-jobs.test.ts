import { describe, expect, test } from 'vitest';
import { planTraining, type TrainingPlan } from '#functions/plan-training/training-jobs.ts';
import { parseConfig } from '#lib/contracts/config.ts';

const config = parseConfig(
  {
    training: {
      models: [
        { name: 'plain', backbone: 'sasrec', objective: 'supervised' },
        { name: 'with-lea', backbone: 'sasrec', objective: 'snqn', lea: {} },
        { name: 'with-texts', backbone: 'sasrec', objective: 'supervised', text: {} },
      ],
    },
  },
  'test',
);
const plan: TrainingPlan = {
  run: 'night',
  resource: 'lea-dev--night-1',
  bucket: 'data',
  config,
  championPrefix: undefined,
  done: new Set(),
};
const channelsOf = (job: { channels: readonly object[] }) =>
  job.channels.map((channel) => (channel as { ChannelName: string }).ChannelName);

describe('Function: planTraining', () => {
  test('one job a model; augmented shards go to those that use the LE only, vectors to those that use texts', () => {
    const jobs = planTraining(plan);

    expect(jobs.map((job) => [job.name, channelsOf(job)])).toEqual([
      ['plain', ['sequences']],
      ['with-lea', ['sequences', 'augmented']],
      ['with-texts', ['sequences', 'vectors']],
    ]);
    expect(JSON.stringify(jobs[2]!.channels)).toContain('s3://data/runs/night/item-vectors.arrow"');
  });

  test('the champion is ranked on the same cases', () => {
    const jobs = planTraining({ ...plan, championPrefix: 'runs/before/models/plain/' });

    const job = jobs.at(-1)!;
    expect(job.name).toBe('champion');
    expect(job.hyperParameters.task).toBe('score');
    expect(JSON.stringify(job.channels)).toContain('s3://data/runs/before/models/plain/');
  });

  test('every job has a name that SageMaker takes', () => {
    const long = { ...plan, resource: `lea-production1-${'a'.repeat(24)}-12` };

    const jobs = planTraining({ ...long, championPrefix: 'runs/before/models/plain/' });

    expect(new Set(jobs.map(({ jobName }) => jobName)).size).toBe(4);
    for (const { jobName } of jobs) expect(`${jobName}-10`.length).toBeLessThanOrEqual(63);
  });

  test('what an earlier attempt finished is left out', () => {
    const jobs = planTraining({ ...plan, done: new Set(['plain']) });

    expect(jobs.map((job) => job.name)).toEqual(['with-lea', 'with-texts']);
  });

  test('hyperparameters are strings within the limit of SageMaker', () => {
    for (const { hyperParameters } of planTraining(plan)) {
      for (const value of Object.values(hyperParameters)) {
        expect(typeof value).toBe('string');
        expect(value.length).toBeLessThanOrEqual(2500);
      }
    }
  });
});
