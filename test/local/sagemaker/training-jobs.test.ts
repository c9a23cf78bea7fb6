import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bucket, type Machine, startMachine } from '../fixture/machine.ts';
import { eventually, isAlive } from '../fixture/processes.ts';

let machine: Machine;
let number = 0;

beforeAll(async () => {
  machine = await startMachine();
  await machine.put('input/train/a', 'a');
  await machine.put('input/train/deep/b', 'b');
  await machine.put('input/train-other', 'not in the folder');
  await machine.put('single.json', '{}');
});

afterAll(() => machine.stop());

const channel = (ChannelName: string, key: string) => ({
  ChannelName,
  DataSource: {
    S3DataSource: {
      S3DataType: 'S3Prefix',
      S3Uri: `s3://${Bucket}/${key}`,
      S3DataDistributionType: 'FullyReplicated',
    },
  },
});

function request(behave: string, more: object = {}) {
  number += 1;
  return {
    TrainingJobName: `job-${number}`,
    AlgorithmSpecification: {
      TrainingImage: '1.dkr.ecr.us-east-1.amazonaws.com/fixture:tag',
      TrainingInputMode: 'File',
      MetricDefinitions: [{ Name: 'loss', Regex: 'loss=([0-9.]+)' }],
    },
    RoleArn: 'arn:aws:iam::000000000000:role/trainer',
    HyperParameters: { behave },
    InputDataConfig: [channel('train', 'input/train/')],
    OutputDataConfig: { S3OutputPath: `s3://${Bucket}/jobs/`, CompressionType: 'NONE' },
    ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 10 },
    StoppingCondition: { MaxRuntimeInSeconds: 60 },
    ...more,
  };
}

const jobs = () => machine.sagemaker.trainingJobs;

describe('Class: TrainingJobs', () => {
  it('runs a container under the contract and uploads what it leaves as plain files', async () => {
    // Arrange
    const args = request('work', {
      InputDataConfig: [channel('train', 'input/train/'), channel('one', 'single.json')],
      HyperParameters: { behave: 'work', config: '{"a":1}' },
      Environment: { FROM_REQUEST: 'yes' },
    });
    const { TrainingJobName } = args;

    // Act
    const job = await jobs().run(args);

    // Assess
    const output = `jobs/${TrainingJobName}/output/`;
    expect(job).toMatchObject({
      TrainingJobName,
      TrainingJobArn: `arn:aws:sagemaker:us-east-1:000000000000:training-job/${TrainingJobName}`,
      TrainingJobStatus: 'Completed',
      SecondaryStatus: 'Completed',
      ModelArtifacts: { S3ModelArtifacts: `s3://${Bucket}/${output}model/` },
      FinalMetricDataList: [{ MetricName: 'loss', Value: 0.125 }],
    });
    expect(await machine.keys(output)).toEqual([
      `${output}data/log.txt`,
      `${output}model/seen.json`,
      `${output}model/weights.bin`,
    ]);
    const seen = JSON.parse(await machine.get(`${output}model/seen.json`));
    expect(seen.seen).toEqual(['one/single.json', 'train/a', 'train/deep/b']);
    expect(seen.parameters).toEqual({ behave: 'work', config: '{"a":1}' });
    expect(seen.channels.train).toMatchObject({ TrainingInputMode: 'File' });
    expect(seen.environment).toMatchObject({
      FROM_IMAGE: 'yes',
      FROM_REQUEST: 'yes',
      TRAINING_JOB_NAME: TrainingJobName,
    });
  });

  it('reports progress and keeps the log', async () => {
    // Arrange
    const args = request('work');

    // Act
    await jobs().run(args);

    // Assess
    const own = machine.progress.filter((report) => report.name === args.TrainingJobName);
    expect(own).toEqual([
      {
        name: args.TrainingJobName,
        stage: 'epochs',
        progress: 0.5,
        values: { stage: 'epochs', progress: '0.5', loss: '0.25' },
      },
      {
        name: args.TrainingJobName,
        stage: 'epochs',
        progress: 1,
        values: { stage: 'epochs', progress: '1', loss: '0.125' },
      },
    ]);
    const log = readFileSync(join(machine.dir, 'logs', `${args.TrainingJobName}.log`), 'utf8');
    expect(log).toContain('a warning');
    expect(existsSync(join(machine.dir, 'containers/training-jobs', args.TrainingJobName))).toBe(
      false,
    );
  });

  it('fails with what the container wrote to output/failure', async () => {
    // Act
    const job = await jobs().run(request('fail'));

    // Assess
    expect(job).toMatchObject({
      TrainingJobStatus: 'Failed',
      FailureReason: 'AlgorithmError: the data are no good, exit code: 1',
    });
    expect(job.ModelArtifacts).toBeUndefined();
  });

  it('fails with a reason for a channel without objects and a program that is not there', async () => {
    // Act
    const empty = await jobs().run(
      request('work', { InputDataConfig: [channel('train', 'nothing/')] }),
    );
    const missing = await jobs().run(
      request('work', {
        AlgorithmSpecification: { TrainingImage: 'missing', TrainingInputMode: 'File' },
      }),
    );

    // Assess
    expect(empty.FailureReason).toContain('No S3 objects found under S3 URL');
    expect(missing.FailureReason).toContain('could not be started');
    expect(missing.TrainingJobStatus).toBe('Failed');
  });

  it('fails with the cause when a file of its input is damaged, after the other downloads have ended', async () => {
    // Arrange
    await machine.put('damaged/000', 'once upon a time');
    for (let part = 100; part < 140; part++) {
      await machine.put(`damaged/${part}/${part}`, String(part).repeat(200_000));
    }
    await machine.damage('once upon a time');

    // Act
    const job = await jobs().run(
      request('work', { InputDataConfig: [channel('train', 'damaged/')] }),
    );

    // Assess
    expect(job.TrainingJobStatus).toBe('Failed');
    expect(job.FailureReason).toMatch(/checksum/i);
    // Nothing is written any more by downloads that nobody waited for.
    await sleep(200);
    const folder = join(machine.dir, 'containers/training-jobs', job.TrainingJobName);
    expect(existsSync(folder)).toBe(false);
    expect(machine.warnings).toEqual([]);
  });

  it('restores checkpoints and copies them back, deletions too', async () => {
    // Arrange
    const more = { CheckpointConfig: { S3Uri: `s3://${Bucket}/checkpoints/resume` } };

    // Act
    await jobs().run(request('resume', more));
    const first = await machine.keys('checkpoints/resume/');
    await jobs().run(request('resume', more));

    // Assess
    expect(first).toEqual(['old', 'pid', 'step'].map((name) => `checkpoints/resume/${name}`));
    expect(await machine.keys('checkpoints/resume/')).toEqual(
      ['pid', 'step'].map((name) => `checkpoints/resume/${name}`),
    );
    expect(await machine.get('checkpoints/resume/step')).toBe('2');
  });

  it('stops on abort with SIGTERM, saves the last checkpoint, and leaves no process', async () => {
    // Arrange
    const abort = new AbortController();
    const args = request('hang', {
      CheckpointConfig: { S3Uri: `s3://${Bucket}/checkpoints/hang/` },
    });
    const running = jobs().run(args, abort.signal);
    // Checkpoints are copied while the job runs.
    const read = (name: string) =>
      eventually(() => machine.get(`checkpoints/hang/${name}`).catch(() => undefined));
    const pids = [Number(await read('child')), Number(await read('pid'))];

    // Act
    abort.abort();
    const job = await running;

    // Assess
    expect(job.TrainingJobStatus).toBe('Stopped');
    expect(await machine.get('checkpoints/hang/saved')).toBe('on SIGTERM');
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it('stops a job that exceeds its time', async () => {
    // Act
    const job = await jobs().run(
      request('hang', { StoppingCondition: { MaxRuntimeInSeconds: 1 } }),
    );

    // Assess
    expect(job).toMatchObject({
      TrainingJobStatus: 'Stopped',
      SecondaryStatus: 'MaxRuntimeExceeded',
    });
  });

  it('lists jobs by a part of their name', async () => {
    // Arrange
    const first = request('work', { TrainingJobName: 'listed-1' });
    const second = request('work', { TrainingJobName: 'listed-2' });
    await Promise.all([first, second].map((args) => jobs().run(args)));

    // Act
    const found = machine.sagemaker.actions.listTrainingJobs!({
      NameContains: 'listed-',
      SortBy: 'Name',
      SortOrder: 'Ascending',
    });

    // Assess
    const arn = 'arn:aws:sagemaker:us-east-1:000000000000:training-job';
    const summary = (name: string) =>
      expect.objectContaining({
        TrainingJobName: name,
        TrainingJobArn: `${arn}/${name}`,
        TrainingJobStatus: 'Completed',
      });
    expect(found).toEqual({ TrainingJobSummaries: [summary('listed-1'), summary('listed-2')] });
  });

  it('refuses a name that is taken', async () => {
    // Arrange
    const args = request('work');
    await jobs().run(args);

    // Assess
    await expect(jobs().run(args)).rejects.toMatchObject({ code: 'ResourceInUse' });
  });

  it.each([
    ['an unknown key', { Instances: 3 }, 'UnknownField', 'the field Instances is not supported'],
    [
      'an unknown key deep inside',
      {
        ResourceConfig: {
          InstanceType: 'ml.m5.large',
          InstanceCount: 1,
          VolumeSizeInGB: 1,
          Spot: true,
        },
      },
      'UnknownField',
      'the field ResourceConfig.Spot is not supported',
    ],
    [
      'a compressed model',
      { OutputDataConfig: { S3OutputPath: 's3://a/b' } },
      'ValidationException',
      'OutputDataConfig.CompressionType must be NONE here',
    ],
    [
      'a number as hyperparameter',
      { HyperParameters: { epochs: 1 } },
      'ValidationException',
      'HyperParameters.epochs must be text',
    ],
    [
      'a bad name',
      { TrainingJobName: 'a:b' },
      'ValidationException',
      'TrainingJobName must be at most 63',
    ],
    [
      'spot training without a waiting time',
      { EnableManagedSpotTraining: true },
      'ValidationException',
      'MaxWaitTimeInSeconds must be at least MaxRuntimeInSeconds',
    ],
    [
      'a waiting time without spot training',
      { StoppingCondition: { MaxRuntimeInSeconds: 60, MaxWaitTimeInSeconds: 60 } },
      'ValidationException',
      'MaxWaitTimeInSeconds may be given for managed spot training only',
    ],
    [
      'an unknown image',
      { AlgorithmSpecification: { TrainingImage: 'other', TrainingInputMode: 'File' } },
      'ValidationException',
      'No local command stands for the image other',
    ],
  ])('refuses %s', async (_case, more, code, message) => {
    await expect(jobs().run(request('work', more))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});
