import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cloud, startCloud } from '#local/cloud.ts';
import { TaskError } from '#local/state-machine/errors.ts';
import { temporaryFolder } from '../temporary/folders.ts';
import { synthesiseFixture } from './fixture/app.ts';
import { fixtureImage } from './fixture/machine.ts';
import { isAlive } from './fixture/processes.ts';

let folder: string;
let cloud: Cloud;
let Bucket: string;

beforeAll(async () => {
  folder = temporaryFolder('resources');
  synthesiseFixture({ outdir: join(folder, 'cdk.out') });
  cloud = await startCloud({
    assembly: join(folder, 'cdk.out'),
    dir: join(folder, 'cloud'),
    images: [fixtureImage],
    functionConcurrency: 1,
    checkpointSeconds: 0.1,
  });
  Bucket = cloud.outputs.DataBucketName!;
});

afterAll(async () => {
  await cloud.stop();
});

function call(resource: string, args: unknown, signal = new AbortController().signal) {
  const context = { signal, stateName: 'State', executionName: 'execution' };
  return cloud.resources[`arn:aws:states:::${resource}`]!(args, context);
}

/** Error name and cause of a call that fails as a task fails. */
async function failure(resource: string, args: unknown): Promise<[string | undefined, string]> {
  const error: unknown = await call(resource, args).catch((reason) => reason);
  if (!(error instanceof TaskError)) throw new Error(`Not a failed task: ${error}`);
  return [error.error, error.causeText ?? ''];
}

const invoke = (Payload: object, FunctionName = 'fixture-behave') => ({ FunctionName, Payload });

describe('Function: taskResources, functions', () => {
  it('answers as Step Functions’ integration does', async () => {
    expect(await call('lambda:invoke', invoke({ do: 'return', value: 3 }))).toEqual({
      ExecutedVersion: '$LATEST',
      Payload: { value: 3 },
      StatusCode: 200,
    });
  });

  it('names failures for Retry and Catch', async () => {
    // Act
    const [name, cause] = await failure('lambda:invoke', invoke({ do: 'throw' }));
    const [exited] = await failure('lambda:invoke', invoke({ do: 'exit' }));
    const [timedOut] = await failure('lambda:invoke', invoke({ do: 'hang' }, 'fixture-hurried'));
    const [missing] = await failure('lambda:invoke', { FunctionName: 'nobody' });
    const [unknown, explanation] = await failure('lambda:invoke', { ...invoke({}), Colour: 'red' });

    // Assess
    expect(name).toBe('TeapotError');
    expect(JSON.parse(cause)).toMatchObject({
      errorType: 'TeapotError',
      errorMessage: 'I am a teapot',
    });
    expect(exited).toBe('Lambda.Unknown');
    expect(timedOut).toBe('Sandbox.Timedout');
    expect(missing).toBe('Lambda.ResourceNotFoundException');
    expect(unknown).toBe('States.Runtime');
    expect(explanation).toContain('Colour');
  });
});

describe('Function: taskResources, training jobs', () => {
  let number = 0;

  function request(behave: string) {
    number += 1;
    return {
      TrainingJobName: `task-${number}`,
      AlgorithmSpecification: { TrainingImage: 'fixture', TrainingInputMode: 'File' },
      RoleArn: 'arn:aws:iam::000000000000:role/trainer',
      HyperParameters: { behave },
      OutputDataConfig: { S3OutputPath: `s3://${Bucket}/jobs/`, CompressionType: 'NONE' },
      ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 10 },
      StoppingCondition: { MaxRuntimeInSeconds: 60 },
      CheckpointConfig: { S3Uri: `s3://${Bucket}/checkpoints/task-${number}/` },
    };
  }
  const create = 'sagemaker:createTrainingJob.sync';

  it('returns the finished job', async () => {
    // Act
    const job = await call(create, request('work'));

    // Assess
    expect(job).toMatchObject({
      TrainingJobStatus: 'Completed',
      ModelArtifacts: { S3ModelArtifacts: `s3://${Bucket}/jobs/task-${number}/output/model/` },
    });
  });

  it('fails the task with the description of the failed job', async () => {
    // Act
    const [name, cause] = await failure(create, request('fail'));

    // Assess
    expect(name).toBe('States.TaskFailed');
    expect(JSON.parse(cause)).toMatchObject({
      TrainingJobStatus: 'Failed',
      FailureReason: expect.stringContaining('the data are no good'),
    });
  });

  it('names bad requests and names that are taken', async () => {
    // Arrange
    const args = request('work');
    await call(create, args);

    // Assess
    expect((await failure(create, args))[0]).toBe('SageMaker.ResourceInUseException');
    expect((await failure(create, { ...args, TrainingJobName: ':' }))[0]).toBe(
      'SageMaker.AmazonSageMakerException',
    );
    expect((await failure(create, { ...args, Colour: 1 }))[0]).toBe('States.Runtime');
    expect((await failure('aws-sdk:sagemaker:describeEndpoint', { EndpointName: 'no' }))[0]).toBe(
      'SageMaker.SageMakerException',
    );
  });

  it('stops the job when the execution is stopped', async () => {
    // Arrange
    const abort = new AbortController();
    const args = request('hang');
    const running = call(create, args, abort.signal);
    const pid = await readSoon(`checkpoints/task-${number}/pid`);

    // Act
    abort.abort(new Error('stopped'));

    // Assess
    await expect(running).rejects.toThrow('stopped');
    expect(isAlive(Number(pid))).toBe(false);
  });
});

async function readSoon(Key: string): Promise<string> {
  for (;;) {
    const object = await cloud.s3
      .send(new GetObjectCommand({ Bucket, Key }))
      .catch(() => undefined);
    if (object !== undefined) return object.Body!.transformToString();
    await new Promise((done) => setTimeout(done, 50));
  }
}

describe('Function: taskResources, messages', () => {
  it('records what is published, and refuses unknown topics', async () => {
    // Act
    const message = { TopicArn: cloud.outputs.TopicArn, Message: { a: 1 }, Subject: 'Hello' };
    const published = await call('sns:publish', message);

    // Assess
    expect(published).toEqual({ MessageId: expect.any(String) });
    expect(cloud.notifications.at(-1)).toEqual({
      topicArn: cloud.outputs.TopicArn,
      subject: 'Hello',
      message: '{"a":1}',
    });
    const [name] = await failure('sns:publish', { ...message, TopicArn: 'arn:aws:sns:x:0:nobody' });
    expect(name).toBe('SNS.NotFoundException');
    expect((await failure('sns:publish', { ...message, Message: '' }))[0]).toBe(
      'SNS.InvalidParameterException',
    );
  });
});
