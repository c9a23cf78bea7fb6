import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { functionAccess } from '#stacks/access.ts';
import { bundleFunctions, functionNames } from '#stacks/bundles.ts';
import { buildTensorflowLayer } from '../../layers/tensorflow/layer.ts';
import { config, root, synthesise } from './synthesis.ts';

const bundles = bundleFunctions(root);
const folder = join(root, '.cache/bundles');
const names = functionNames(root);
const serving = ['recommend', 'recommend-batch'];

/** Everything that functions read when they start; nobody answers at the endpoint. */
const environment = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
  POWERTOOLS_SERVICE_NAME: 'test',
  POWERTOOLS_METRICS_NAMESPACE: 'test',
  BUCKET: 'data',
  OPT_ROOT: buildTensorflowLayer(root),
  PIPELINE_CONFIG: config(),
  PARSE_QUEUE_URL: 'http://127.0.0.1:9/queue',
  BATCH_QUEUE_URL: 'http://127.0.0.1:9/queue',
  COUNT: '20',
  RUN_DAYS: '30',
  CHAMPIONS: '5',
  EVENT_BUS: 'bus',
  DEPLOYMENT: 'lea-dev',
  TIME_ZONE: 'UTC',
  EXECUTION_ARN: 'arn:aws:states:eu-west-1:123456789012:execution:lea-dev-nightly',
};

describe('Function: bundleFunctions', () => {
  it('bundles a function for every one that a stack has', () => {
    // Arrange
    const synthesis = synthesise();
    // Act
    const deployed = (['data', 'environment', 'retraining', 'serving'] as const).flatMap((part) =>
      Object.values(synthesis.template(part).findResources('AWS::Lambda::Function')).flatMap(
        ({ Properties }) => Properties.FunctionName?.replace('lea-dev-', '') ?? [],
      ),
    );
    // Assess
    expect(deployed.sort()).toStrictEqual(names);
    expect(Object.keys(functionAccess).filter((name) => !names.includes(name))).toStrictEqual([]);
    expect(() => bundles('no-such-function')).toThrow(/no-such-function.*does not exist/);
  });

  it('removes from a function’s folder what is not its bundle, all of which would be deployed', () => {
    // Arrange: what a synthesis that was killed, or an older release, may have left
    writeFileSync(join(folder, names[0]!, 'handler.mjs.4711'), 'half of it');
    // Act
    bundleFunctions(root);
    // Assess
    expect(readdirSync(join(folder, names[0]!)).sort()).toEqual(['handler.mjs', 'handler.mjs.map']);
  });

  it.each(names)('%s: small, whole, and nothing else in its folder', (name) => {
    // Act
    const code = readFileSync(join(folder, name, 'handler.mjs'));
    const compressed = gzipSync(code).length;
    // Assess
    expect(readdirSync(join(folder, name)).sort()).toStrictEqual([
      'handler.mjs',
      'handler.mjs.map',
    ]);
    expect(compressed).toBeLessThan(serving.includes(name) ? 2 ** 20 * 2 : 2 ** 20);
    expect(code.toString()).not.toMatch(/^import .* from ["'](?!node:)[^"']*["'];?$/m);
  });

  it.each(names)(
    '%s: starts in a process of its own, with TensorFlow.js on WebAssembly',
    async (name) => {
      // Arrange
      const script = `await import(${JSON.stringify(join(folder, name, 'handler.mjs'))});`;
      const args = ['--input-type=module', '--eval', script];
      // Act
      const start = promisify(execFile)(process.execPath, args, { env: environment });
      // Assess
      await expect(start).resolves.toMatchObject({ stderr: '' });
    },
  );

  it.each(['recommend', 'end-run'])(
    '%s: starts without the schemas of a configuration that it never reads',
    (name) => {
      // Act
      const map = readFileSync(join(folder, name, 'handler.mjs.map'), 'utf8');
      // Assess
      const sources: string[] = JSON.parse(map).sources;
      expect(sources.filter((source) => source.endsWith('lib/contracts/keys.ts'))).toHaveLength(1);
      expect(sources.filter((source) => source.endsWith('lib/contracts/config.ts'))).toEqual([]);
    },
  );

  it('touches no file when nothing has changed', () => {
    // Arrange
    const path = join(folder, names[0]!, 'handler.mjs');
    const before = statSync(path).mtimeMs;
    // Act
    bundleFunctions(root);
    // Assess
    expect(statSync(path).mtimeMs).toBe(before);
  });
});
