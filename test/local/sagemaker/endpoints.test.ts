import {
  InvokeEndpointCommand,
  ModelError,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SageMakerServer, startSageMakerServer } from '#local/sagemaker/http-server.ts';
import { Bucket, type Machine, startMachine } from '../fixture/machine.ts';
import {
  eventually,
  isAlive,
  listeningAddresses,
  loopbackInHexadecimal,
} from '../fixture/processes.ts';

const begun = Date.now();
let machine: Machine;
let server: SageMakerServer;
/** The same endpoints, but nobody waits long for an answer. */
let hasty: SageMakerServer;
let client: SageMakerRuntimeClient;

beforeAll(async () => {
  machine = await startMachine();
  await machine.put('good/weights', 'w');
  await machine.put('broken/broken', 'yes');
  const serve = (invocationTimeoutSeconds: number) =>
    startSageMakerServer({
      sagemaker: machine.sagemaker,
      account: '000000000000',
      credentials: machine.credentials,
      invocationTimeoutSeconds,
    });
  [server, hasty] = await Promise.all([serve(60), serve(1)]);
  client = clientOf(server);
});

afterAll(async () => {
  client.destroy();
  await Promise.all([server.stop(), hasty.stop()]);
  await machine.stop();
});

const call = (action: string, args: unknown) =>
  Promise.resolve().then(
    () => machine.sagemaker.actions[action]!(args) as Promise<Record<string, unknown>>,
  );

async function create(name: string, prefix = 'good/', more: object = {}): Promise<void> {
  await call('createModel', {
    ModelName: name,
    ExecutionRoleArn: 'arn:aws:iam::000000000000:role/r',
    PrimaryContainer: {
      Image: 'fixture:1',
      ModelDataSource: {
        S3DataSource: {
          S3Uri: `s3://${Bucket}/${prefix}`,
          S3DataType: 'S3Prefix',
          CompressionType: 'None',
        },
      },
    },
  });
  await call('createEndpointConfig', {
    EndpointConfigName: name,
    ProductionVariants: [
      {
        VariantName: 'all',
        ModelName: name,
        InitialInstanceCount: 1,
        InstanceType: 'ml.g5.xlarge',
        ...more,
      },
    ],
  });
  await call('createEndpoint', { EndpointName: name, EndpointConfigName: name });
}

const describeEndpoint = (EndpointName: string) => call('describeEndpoint', { EndpointName });

const settled = (name: string) =>
  eventually(async () => {
    const endpoint = await describeEndpoint(name);
    return endpoint.EndpointStatus !== 'Creating' && endpoint;
  });

function clientOf({ endpoint }: SageMakerServer): SageMakerRuntimeClient {
  const { credentials } = machine;
  return new SageMakerRuntimeClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}

async function invoke(EndpointName: string, Body: string | Uint8Array, by = client) {
  const answer = await by.send(
    new InvokeEndpointCommand({ EndpointName, Body, ContentType: 'application/x-test' }),
  );
  return { ...answer, text: Buffer.from(answer.Body!).toString() };
}

describe('Class: Endpoints', () => {
  it('answers with one process for as many instances as are asked for', async () => {
    // Arrange
    await create('several', 'good/', { InitialInstanceCount: 3 });

    // Act
    const endpoint = await settled('several');
    const pids = new Set<string>();
    for (let number = 0; number < 4; number++) pids.add((await invoke('several', 'pid')).text);

    // Assess
    expect(endpoint).toMatchObject({
      EndpointStatus: 'InService',
      ProductionVariants: [{ VariantName: 'all', CurrentInstanceCount: 3 }],
    });
    expect(pids.size).toBe(1);
    await call('deleteEndpoint', { EndpointName: 'several' });
  });

  it('serves once /ping answers, and is gone when it is deleted', async () => {
    // Arrange
    await create('serving');
    const before = await describeEndpoint('serving');
    const tooEarly = call('deleteEndpoint', { EndpointName: 'serving' });
    await expect(tooEarly).rejects.toThrow('Cannot update in-progress endpoint');

    // Act
    const after = await settled('serving');
    const answer = await invoke('serving', new Uint8Array([1, 2, 0, 255]));
    const pid = Number((await invoke('serving', 'pid')).text);
    await call('deleteEndpoint', { EndpointName: 'serving' });

    // Assess
    expect(before.EndpointStatus).toBe('Creating');
    expect(after).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: 'serving',
      ProductionVariants: [{ VariantName: 'all', CurrentInstanceCount: 1 }],
    });
    expect([...answer.Body!]).toEqual([255, 0, 2, 1]);
    expect(answer).toMatchObject({
      ContentType: 'application/x-test',
      InvokedProductionVariant: 'all',
    });
    expect(isAlive(pid)).toBe(false);
    await expect(describeEndpoint('serving')).rejects.toThrow('Could not find endpoint');
    await call('deleteEndpointConfig', { EndpointConfigName: 'serving' });
    await call('deleteModel', { ModelName: 'serving' });
    await expect(call('deleteModel', { ModelName: 'serving' })).rejects.toMatchObject({
      code: 'ValidationException',
    });
  });

  it('hands the model’s errors on as the service does', async () => {
    // Arrange
    await create('errors');
    await settled('errors');
    const impatient = clientOf(hasty);
    const failure = (body: string, by = client) =>
      invoke('errors', body, by).catch((error) => error);

    // Act
    const bad = await failure('bad');
    const busy = await failure('busy');
    const slow = await failure('slow', impatient);
    impatient.destroy();
    const unknown = await invoke('nobody', 'x').catch((error) => error);

    // Assess
    expect(bad).toBeInstanceOf(ModelError);
    expect(bad).toMatchObject({
      OriginalStatusCode: 400,
      OriginalMessage: 'row 3: unknown item',
      message: 'Received client error (400) from primary with message "row 3: unknown item".',
      $metadata: { httpStatusCode: 424 },
    });
    expect(busy).toMatchObject({ name: 'ModelError', OriginalStatusCode: 503 });
    expect(slow).toMatchObject({ name: 'ModelError', OriginalStatusCode: 0 });
    expect(slow.message).toContain('timed out');
    expect(unknown).toMatchObject({
      name: 'ValidationError',
      message: 'Endpoint nobody of account 000000000000 not found.',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('starts a container again that died in service', async () => {
    // Arrange
    await create('restart');
    await settled('restart');
    const pid = (await invoke('restart', 'pid')).text;

    // Act
    const failure = await invoke('restart', 'die').catch((error) => error);
    const again = await eventually(() => invoke('restart', 'pid').catch(() => undefined));

    // Assess
    expect(failure.$metadata.httpStatusCode).toBe(503);
    expect(again.text).not.toBe(pid);
    expect(machine.warnings.at(-1)).toContain('restart');
  });

  it('fails with a reason when the container ends, and when there is no model', async () => {
    // Arrange
    await create('broken', 'broken/');
    await create('empty', 'empty/');

    // Assess
    expect(await settled('broken')).toMatchObject({
      EndpointStatus: 'Failed',
      FailureReason: expect.stringContaining(
        'did not pass the ping health check: it ended (exit code 1)',
      ),
    });
    expect(await settled('empty')).toMatchObject({
      EndpointStatus: 'Failed',
      FailureReason: expect.stringContaining('Could not find model data'),
    });
  });

  it('has its container listen on the loopback interface only', async () => {
    // Arrange
    await create('local-only');
    await settled('local-only');

    // Act
    const pid = Number((await invoke('local-only', 'pid')).text);

    // Assess
    expect(listeningAddresses(pid)).toEqual([loopbackInHexadecimal]);
  });

  it('does not serve from a container that others could reach', async () => {
    // Arrange
    await machine.put('careless/careless', 'yes');

    // Act
    await create('careless', 'careless/');
    const endpoint = await settled('careless');

    // Assess
    expect(endpoint.EndpointStatus).toBe('Failed');
    expect(endpoint.FailureReason).toMatch(/listens on [\d.]+, too.*must listen on BIND_TO_HOST/);
  });

  it('fails with the cause when a file of its model is damaged', async () => {
    // Arrange
    await machine.put('damaged/a', 'once upon a time');
    for (const name of ['b', 'c', 'd', 'e']) {
      await machine.put(`damaged/${name}`, name.repeat(8_000_000));
    }
    await machine.damage('once upon a time');

    // Act
    await create('damaged', 'damaged/');
    const endpoint = await settled('damaged');

    // Assess
    expect(endpoint.EndpointStatus).toBe('Failed');
    expect(endpoint.FailureReason).toMatch(/checksum/i);
    await call('deleteEndpoint', { EndpointName: 'damaged' });
  });

  it('wants unique names and known parts', async () => {
    // Arrange
    await create('unique');

    // Assess
    await expect(create('unique')).rejects.toThrow('Cannot create already existing model');
    const config = await call('describeEndpointConfig', { EndpointConfigName: 'unique' });
    const { CreationTime: _, EndpointConfigArn, ...again } = config;
    await expect(call('createEndpointConfig', again)).rejects.toMatchObject({
      code: 'ValidationException',
      message: `Cannot create already existing endpoint configuration "${EndpointConfigArn}".`,
    });
    await expect(
      call('createEndpoint', { EndpointName: 'unique', EndpointConfigName: 'unique' }),
    ).rejects.toThrow('Cannot create already existing endpoint "arn:aws:sagemaker');
    await expect(
      call('createEndpoint', { EndpointName: 'other', EndpointConfigName: 'nothing' }),
    ).rejects.toThrow('Could not find endpoint configuration');
    await expect(
      call('createEndpoint', { EndpointName: 'other', Async: {} }),
    ).rejects.toMatchObject({
      code: 'UnknownField',
    });
  });

  it('lists endpoints, configurations and models in pages, over the protocol of the service', async () => {
    // Arrange
    await create('listed-1');
    await create('listed-2');
    const api = async (operation: string, body: object) => {
      const response = await fetch(server.endpoint, {
        method: 'POST',
        headers: {
          'x-amz-target': `SageMaker.${operation}`,
          authorization: `AWS4-HMAC-SHA256 Credential=${machine.credentials.accessKeyId}/`,
        },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const sorted = { NameContains: 'listed', SortBy: 'Name', SortOrder: 'Ascending' };

    // Act
    const first = await api('ListEndpoints', { ...sorted, MaxResults: 1 });
    const second = await api('ListEndpoints', { ...sorted, NextToken: first.body.NextToken });
    const models = await api('ListModels', sorted);
    const configs = await api('ListEndpointConfigs', sorted);
    const model = await api('DescribeModel', { ModelName: 'listed-1' });
    const gone = await api('DescribeModel', { ModelName: 'nobody' });
    const missing = await api('DeleteEndpoint', { EndpointName: 'nobody' });
    const unknown = await api('CreateHyperParameterTuningJob', {});

    // Assess
    const [endpoint] = first.body.Endpoints as { EndpointName: string; CreationTime: number }[];
    expect(endpoint!.EndpointName).toBe('listed-1');
    // Unix seconds, not milliseconds as Step Functions has them.
    expect(endpoint!.CreationTime).toBeGreaterThan(begun / 1000 - 1);
    expect(endpoint!.CreationTime).toBeLessThanOrEqual(Date.now() / 1000);
    expect(second.body).toEqual({
      Endpoints: [expect.objectContaining({ EndpointName: 'listed-2' })],
    });
    expect(models.body.Models).toHaveLength(2);
    expect(configs.body.EndpointConfigs).toHaveLength(2);
    expect(model.body).toMatchObject({
      ModelName: 'listed-1',
      PrimaryContainer: { ModelDataSource: { S3DataSource: { S3Uri: `s3://${Bucket}/good/` } } },
    });
    expect(gone.body.message).toContain('Could not find model');
    expect(missing).toMatchObject({
      status: 400,
      body: { __type: 'ValidationException', message: expect.stringContaining('Could not find') },
    });
    expect(unknown.status).toBe(501);
  });
});
