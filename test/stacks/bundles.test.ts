import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { functionAccess } from '#stacks/access.ts';
import { bundleFunctions, functionNames } from '#stacks/bundles.ts';
import { root, synthesise } from './synthesis.ts';

const bundles = bundleFunctions(root);
const folder = join(root, '.cache/bundles');
const names = functionNames(root);
const serving = ['recommend', 'recommend-batch'];

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
