import { describe, expect, test } from 'vitest';
import { environmentConfig } from '#lib/contracts/config/environment.ts';
import { chooseEnvironment, environmentFingerprint } from '#lib/environment/version.ts';

const config = environmentConfig.parse({});
const now = new Date('2026-11-23T03:30:00Z');
const fingerprint = environmentFingerprint(config, 50, ['a', 'b']);
const wanted = { run: 'tonight', fingerprint, maximumAgeDays: 7 };
const fitted = (daysAgo: number, print = fingerprint) => ({
  version: 'before-1',
  fingerprint: print,
  run: 'before',
  fittedAt: new Date(now.getTime() - daysAgo * 86_400_000).toISOString(),
});

describe('Function: environmentFingerprint', () => {
  test.each([
    ['the settings', environmentFingerprint({ ...config, seed: 2 }, 50, ['a', 'b'])],
    ['the window', environmentFingerprint(config, 51, ['a', 'b'])],
    ['the order of the vocabulary', environmentFingerprint(config, 50, ['b', 'a'])],
    ['how ids are cut', environmentFingerprint(config, 50, ['ab'])],
  ])('depends on %s', (_, other) => {
    expect(other).not.toBe(fingerprint);
  });

  test('does not depend on how items get vectors, which needs no fit', () => {
    const itemVectors = { ...config.itemVectors, layers: 2 };

    expect(environmentFingerprint({ ...config, itemVectors }, 50, ['a', 'b'])).toBe(fingerprint);
  });
});

describe('Function: chooseEnvironment', () => {
  test('takes a young one with the same fingerprint', () => {
    expect(chooseEnvironment(fitted(3), wanted, now)).toEqual({ version: 'before-1', fresh: true });
  });

  test.each([
    ['there is none', undefined],
    ['it is too old', fitted(8)],
    ['it is of another vocabulary', fitted(1, 'other')],
  ])('wants a new version of its own when %s', (_, latest) => {
    const chosen = chooseEnvironment(latest, wanted, now);

    expect(chosen).toEqual({ version: `tonight-${fingerprint.slice(0, 12)}`, fresh: false });
  });

  test('a run that is resumed uses the environment that it fitted itself', () => {
    const own = { ...fitted(30), version: `tonight-${fingerprint.slice(0, 12)}` };

    expect(chooseEnvironment(own, wanted, now).fresh).toBe(true);
  });
});
