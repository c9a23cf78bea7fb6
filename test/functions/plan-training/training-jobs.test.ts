import { describe, expect, test } from 'vitest';
import { planTraining, type TrainingPlan } from '#functions/plan-training/training-jobs.ts';
import type { Champion } from '#lib/contracts/champion.ts';
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
  champion: undefined,
  warm: new Map(),
  done: new Set(),
};
const champion: Champion = {
  run: 'before',
  name: 'plain',
  judged: 'runs/before/models/plain/',
  serving: 'runs/before/models/plain/',
  ndcg10: 0.1,
  promotedAt: '2026-11-23T05:00:00.000Z',
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

  test('what is joined gets what the night has fitted; whoever is judged as served, the rows before the test cases', () => {
    const [plain, joined, frozen] = [{}, { prior: {} }, { prior: {}, refitPasses: 0 }].map(
      (settings, at) => ({
        name: `m${at}`,
        backbone: 'sasrec',
        objective: 'supervised',
        ...settings,
      }),
    );
    const channels = (evaluation: object) =>
      planTraining({
        ...plan,
        config: parseConfig({ training: { models: [plain, joined, frozen] }, evaluation }, 'test'),
      }).map(channelsOf);

    expect(channels({})).toEqual([['sequences'], ['sequences', 'rivals'], ['sequences', 'rivals']]);
    expect(channels({ asServed: true })).toEqual([
      ['sequences', 'before-test'],
      ['sequences', 'rivals', 'before-test'],
      ['sequences', 'rivals'],
    ]);
  });

  test('a model that may begins from weights of an earlier night', () => {
    const jobs = planTraining({ ...plan, warm: new Map([['plain', 'runs/before/models/plain/']]) });

    expect(jobs.map(channelsOf)).toEqual([
      ['sequences', 'warm'],
      ['sequences', 'augmented'],
      ['sequences', 'vectors'],
    ]);
  });

  test('the champion is ranked on the same cases', () => {
    const jobs = planTraining({ ...plan, champion });

    const job = jobs.at(-1)!;
    expect(job.name).toBe('champion');
    expect(job.hyperParameters.task).toBe('score');
    expect(JSON.stringify(job.channels)).toContain('s3://data/runs/before/models/plain/');
  });

  test('what was in service is ranked on what arrived with the files that were served', () => {
    const serving = 'runs/before/refitted/plain/';
    const same = planTraining({ ...plan, champion }).at(-1);
    const other = planTraining({ ...plan, champion: { ...champion, serving } }).at(-1);

    expect(channelsOf(same!)).toEqual(['sequences', 'model']);
    expect(channelsOf(other!)).toEqual(['sequences', 'model', 'serving']);
    expect(JSON.stringify(other!.channels)).toContain(`s3://data/${serving}`);
  });

  test('every job has a name that SageMaker takes', () => {
    const long = { ...plan, resource: `lea-production1-${'a'.repeat(24)}-12` };

    const jobs = planTraining({ ...long, champion });

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
