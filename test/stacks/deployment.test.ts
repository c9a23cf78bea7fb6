import { App, RemovalPolicy } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '#lib/contracts/errors.ts';
import { isDisposable, readDeployment, removalPolicy } from '#stacks/deployment.ts';
import { temporaryFolder } from '../temporary/folders.ts';
import { config } from './synthesis.ts';

const read = (context: Record<string, unknown>, text = config()) =>
  readDeployment(
    new App({ context, outdir: temporaryFolder('deployment') }),
    text,
    'mine.json',
    () => Code.fromInline('x'),
  );

describe('Function: readDeployment', () => {
  it('names everything after the environment', () => {
    expect(read({}).name).toBe('lea-dev');
    expect(read({ environment: 'prod' }).name).toBe('lea-prod');
  });

  it.each([
    ['dev', {}, false, RemovalPolicy.RETAIN],
    ['devices', {}, false, RemovalPolicy.RETAIN],
    ['prod', { isDisposable: true }, true, RemovalPolicy.DESTROY],
  ])('%s, operations %j: disposable %s', (environment, operations, disposable, policy) => {
    const deployment = read({ environment }, config(operations));
    expect(isDisposable(deployment)).toBe(disposable);
    expect(removalPolicy(deployment)).toBe(policy);
  });

  it.each(['a', 'dev-2', 'a-team-of-20-letters'])('takes the name %s', (environment) => {
    expect(read({ environment }).name).toBe(`lea-${environment}`);
  });

  it('hands the configuration on as written, without white space', () => {
    const text = config({ maxUsdPerRun: 7 });
    expect(JSON.parse(read({}, text).configText)).toStrictEqual(JSON.parse(text));
    expect(read({}, JSON.stringify(JSON.parse(text), null, 8)).configText).toBe(text);
  });

  it.each([
    ['a name with two dashes in a row', { environment: 'dev--2' }, undefined, /environment/],
    ['a name that ends in a dash', { environment: 'dev-' }, undefined, /environment/],
    ['a name of 21 letters', { environment: 'a-team-of-20-letters1' }, undefined, /at most 20/],
    ['an empty image', { trainerImageUri: '' }, undefined, /trainerImageUri/],
    ['text that is not JSON', {}, '{', /mine\.json is not JSON/],
    ['an unknown key', {}, config({ maximumUsd: 1 }), /operations\.maximumUsd: unknown key/],
    [
      'an image for processors on a GPU that is paid for',
      {},
      config({ trainerInstanceTypes: ['ml.g5.xlarge'] }),
      /trainerInstanceTypes has a GPU \(ml\.g5\.xlarge\).*TENSORFLOW_DEVICE=gpu/s,
    ],
    [
      'a GPU that the environment’s image has no code for',
      {},
      config({ environmentInstanceTypes: ['ml.p3.2xlarge'] }),
      /environmentInstanceTypes has a GPU that is too old \(ml\.p3\.2xlarge\).*environmentImageUri/s,
    ],
    [
      'uploads that no function can look through in its time',
      {},
      JSON.stringify({ ...JSON.parse(config()), interactions: { maximumUploadBytes: 8e9 } }),
      /interactions\.maximumUploadBytes is 8000000000; .* at most 7650000000 bytes/,
    ],
    [
      'sources of uploads whose roles’ outputs would have one name',
      {},
      config({ inbox: { sources: [{ name: 'a-b' }, { name: 'ab' }] } }),
      /inbox\.sources.*differ in their dashes alone/,
    ],
    [
      'a configuration that no function can hold',
      {},
      config({ notificationEmails: Array(200).fill('somebody@example.com') }),
      /more than the 3072/,
    ],
  ])('refuses %s', (_, context, text, message) => {
    expect(() => read(context, text)).toThrow(ConfigError);
    expect(() => read(context, text)).toThrow(message);
  });
});
