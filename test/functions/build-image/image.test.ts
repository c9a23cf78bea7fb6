import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildEnded, resourceRequest } from '#functions/build-image/events.ts';
import { finishImage, startImage } from '#functions/build-image/image.ts';
import { createJsonService } from '#platform/json-service.ts';

interface Seen {
  readonly method: string;
  readonly contentType: string | undefined;
  readonly body: Record<string, unknown>;
}

/** CodeBuild at `/` and CloudFormation's answer box at `/answer`. */
let url: string;
let builds: Seen[] = [];
let answers: Seen[] = [];
let codebuildFailure: string | undefined;
/** The variables of a build that ended; by default those of the build that was started last. */
let buildVariables: object[] | undefined;

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const seen = {
    method: String(request.method),
    contentType: request.headers['content-type'],
    body: JSON.parse(Buffer.concat(chunks).toString()),
  };
  if (request.url === '/answer') {
    answers.push(seen);
    return response.end();
  }
  if (codebuildFailure !== undefined) {
    return response.writeHead(400).end(JSON.stringify({ __type: 'X', message: codebuildFailure }));
  }
  if (request.headers['x-amz-target'] !== 'CodeBuild_20161006.BatchGetBuilds') {
    builds.push(seen);
    return response.end('{}');
  }
  const environmentVariables = buildVariables ?? builds.at(-1)!.body.environmentVariablesOverride;
  const build = { environment: { environmentVariables }, logs: { deepLink: 'https://logs' } };
  return response.end(JSON.stringify({ builds: [build] }));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  builds = [];
  answers = [];
  codebuildFailure = undefined;
  buildVariables = undefined;
});

const codebuild = () =>
  createJsonService('codebuild', {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL: url,
  });

const request = (type: string) =>
  resourceRequest.parse({
    RequestType: type,
    ServiceToken: 'arn',
    ResponseURL: `${url}/answer`,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Image',
    ResourceType: 'Custom::ContainerImage',
    ResourceProperties: { ServiceToken: 'arn', ProjectName: 'project', ImageUri: 'repository:tag' },
  });

/** The event of the end of a build, without anything that an event may or may not repeat of the build. */
const ended = (status: string) =>
  buildEnded.parse({
    'detail-type': 'CodeBuild Build State Change',
    detail: { 'build-id': 'arn:build/1', 'build-status': status },
  });

describe('Functions: startImage, finishImage', () => {
  it.each(['Create', 'Update'])('starts a build on %s and answers nothing yet', async (type) => {
    // Act
    await startImage(codebuild(), request(type));
    // Assess
    expect(builds[0]!.body).toMatchObject({ projectName: 'project', idempotencyToken: 'request' });
    expect(answers).toStrictEqual([]);
  });

  it.each([
    ['SUCCEEDED', 'SUCCESS', /succeeded/],
    ['FAILED', 'FAILED', /FAILED.*https:\/\/logs/],
    ['TIMED_OUT', 'FAILED', /TIMED_OUT/],
  ])('passes the end of a build on: %s', async (status, wanted, reason) => {
    // Arrange
    await startImage(codebuild(), request('Create'));
    // Act
    await finishImage(codebuild(), ended(status));
    // Assess
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({
      method: 'PUT',
      body: {
        Status: wanted,
        PhysicalResourceId: 'repository:tag',
        StackId: 'stack',
        RequestId: 'request',
        LogicalResourceId: 'Image',
        Reason: expect.stringMatching(reason),
      },
    });
    expect(answers[0]!.contentType ?? '').toBe('');
  });

  it('says at once that a build could not be started', async () => {
    // Arrange
    codebuildFailure = 'no such project';
    // Act
    await startImage(codebuild(), request('Create'));
    // Assess
    expect(answers[0]!.body).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('no such project'),
    });
  });

  it.each([0, 1])('says what to ask for when the account may have %i builds', async (quota) => {
    // Arrange
    codebuildFailure = `Cannot have more than ${quota} builds in queue for the account`;
    // Act
    await startImage(codebuild(), request('Create'));
    // Assess
    expect(answers[0]!.body).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(
        /Ask for at least 1 .*Concurrently running builds for Linux\/Large/,
      ),
    });
  });

  it('lets go of an image without a build', async () => {
    // Act
    await startImage(codebuild(), request('Delete'));
    // Assess
    expect(builds).toStrictEqual([]);
    expect(answers[0]!.body).toMatchObject({ Status: 'SUCCESS' });
  });

  it('leaves alone what somebody built by hand', async () => {
    // Arrange
    buildVariables = [];
    // Act
    await finishImage(codebuild(), ended('SUCCEEDED'));
    // Assess
    expect(answers).toStrictEqual([]);
  });
});
