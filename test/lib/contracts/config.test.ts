import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';

const model = { name: 'sasrec', backbone: 'sasrec', objective: 'supervised' };

function messageOf(value: unknown): string {
  try {
    parseConfig(value, 'my.json');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('the configuration was accepted');
}

describe('Function: parseConfig', () => {
  test('fills in the defaults and keeps what is given', () => {
    const config = parseConfig({ training: { models: [model], seed: 7 } }, 'my.json');

    expect(config.training.seed).toBe(7);
    expect(config.sequences.split).toBe('global-time');
    expect(config.promotion.minimumTestCases).toBe(100);
  });

  test('accepts its own output', () => {
    const config = parseConfig({ training: { models: [model] } }, 'my.json');

    expect(parseConfig(config, 'again')).toEqual(config);
  });

  test('accepts the file that is deployed by default', () => {
    const file = join(import.meta.dirname, '../../../config/pipeline.json');

    expect(() => parseConfig(JSON.parse(readFileSync(file, 'utf8')), file)).not.toThrow();
  });

  test('names unknown keys with their path', () => {
    const message = messageOf({
      training: { models: [{ ...model, learningrate: 1 }] },
      sequence: {},
    });

    expect(message).toContain('my.json');
    expect(message).toContain('training.models[0].learningrate: unknown key');
    expect(message).toContain('sequence: unknown key');
  });

  test('says what was expected of a wrong value', () => {
    const message = messageOf({
      training: { models: [model] },
      sequences: { window: 'long', split: 'random' },
    });

    expect(message).toMatch(/sequences\.window: .*expected number/);
    expect(message).toMatch(/sequences\.split: .*"global-time"\|"leave-one-out"\|"by-user"/);
  });

  test.each([
    ['two models of one name', [model, model], 'two models named "sasrec"'],
    ['a model named champion', [{ ...model, name: 'champion' }], 'named "champion"'],
  ])('refuses %s', (_, models, expected) => {
    expect(messageOf({ training: { models } })).toContain(expected);
  });
});
