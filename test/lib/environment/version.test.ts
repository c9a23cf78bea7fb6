import { describe, expect, test } from 'vitest';
import { environmentConfig } from '#lib/contracts/config/environment.ts';
import {
  chooseEnvironment,
  type EnvironmentMakeup,
  environmentFingerprint,
} from '#lib/environment/version.ts';

const config = environmentConfig.parse({});
const now = new Date('2026-11-23T03:30:00Z');
const makeup: EnvironmentMakeup = {
  config,
  window: 50,
  excludeHistory: true,
  baseModel: [['model.safetensors', '"a"']],
};
const fingerprint = environmentFingerprint(makeup);
const wanted = { run: 'tonight', fingerprint, maximumAgeDays: 7 };
const fitted = (daysAgo: number, print = fingerprint) => ({
  version: 'before-1',
  fingerprint: print,
  run: 'before',
  fittedAt: new Date(now.getTime() - daysAgo * 86_400_000).toISOString(),
});

describe('Function: environmentFingerprint', () => {
  test.each<[string, Partial<EnvironmentMakeup>]>([
    ['the settings', { config: { ...config, seed: 2 } }],
    ['the number of candidates, which answers have', { config: { ...config, candidates: 9 } }],
    ['the window', { window: 51 }],
    ['what lists leave out', { excludeHistory: false }],
    ['the content of the base model', { baseModel: [['model.safetensors', '"b"']] }],
    ['the files of the base model', { baseModel: [] }],
  ])('depends on %s', (_, change) => {
    expect(environmentFingerprint({ ...makeup, ...change })).not.toBe(fingerprint);
  });

  test.each([
    [
      'how items get vectors, which needs no fit',
      { itemVectors: { ...config.itemVectors, layers: 2 } },
    ],
    ['how long it is used', { maximumAgeDays: 14, maximumNewShare: 0.5 }],
    ['where a fit begins', { warmStart: true }],
  ])('does not depend on %s', (_, change) => {
    expect(environmentFingerprint({ ...makeup, config: { ...config, ...change } })).toBe(
      fingerprint,
    );
  });
});

describe('Function: chooseEnvironment', () => {
  test('takes a young one with the same fingerprint', () => {
    expect(chooseEnvironment(fitted(3), wanted, now)).toEqual({ version: 'before-1', fresh: true });
  });

  test.each([
    ['there is none', undefined],
    ['it is too old', fitted(8)],
    ['it is made otherwise', fitted(1, 'other')],
  ])('wants a new version of its own when %s', (_, latest) => {
    const chosen = chooseEnvironment(latest, wanted, now);

    expect(chosen).toEqual({ version: `tonight-${fingerprint.slice(0, 12)}`, fresh: false });
  });

  test('a run that is resumed uses the environment that it fitted itself', () => {
    const own = { ...fitted(30), version: `tonight-${fingerprint.slice(0, 12)}` };

    expect(chooseEnvironment(own, wanted, now).fresh).toBe(true);
  });
});
