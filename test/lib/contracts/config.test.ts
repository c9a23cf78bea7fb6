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

  test('says what is wrong in a value that may be written in several ways', () => {
    const columns = {
      user_id: { column: 'a', wholenumber: true },
      timestamp: { column: 'b', format: 'HH:mm' },
      event_type: { rules: [{ when: { column: 'c' }, is: 'x' }] },
      item_id: 7,
    };

    const message = messageOf({ interactions: { columns }, training: { models: [model] } });

    expect(message).toContain('interactions.columns.user_id.wholenumber: unknown key');
    expect(message).toContain('interactions.columns.timestamp.format: needs YYYY or YY');
    expect(message).toContain('interactions.columns.event_type.rules[0].when: asks for nothing');
    expect(message).toContain('interactions.columns.item_id: Invalid input');
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

  test.each([
    ['interactions.eventRewards.__proto__', '{"eventRewards": {"__proto__": 1}}'],
    ['interactions.reward.values.__proto__', '{"reward": {"values": {"__proto__": {}}}}'],
    ['interactions.items.columns.__proto__', '{"items": {"columns": {"__proto__": "a"}}}'],
    ['interactions.leaveOut.0.__proto__', '{"leaveOut": [{"__proto__": 1}]}'],
  ])('refuses the name %s, which would be lost', (path, interactions) => {
    const message = messageOf({
      interactions: JSON.parse(interactions),
      training: { models: [model] },
    });

    expect(message).toContain(`my.json: ${path} cannot be a name`);
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

describe('Function: parseConfig, what models take from the environment', () => {
  const configOf = (lea: object, environment: object, preset = 'sound') =>
    parseConfig(
      {
        environment,
        training: {
          preset,
          models: [{ name: 'm', backbone: 'sasrec', objective: 'snqn', lea }],
        },
      },
      'file',
    );
  const published = { reward: 'likelihood', readActions: true, proposals: 'similarity' };

  test.each([
    [
      'a preference of a likelihood',
      {},
      { reward: 'likelihood' },
      /lea.reward "preference", which needs environment.reward "preference"/,
    ],
    [
      'a factor of a preference',
      { reward: 'positives' },
      {},
      /lea.reward "positives", which needs environment.reward "likelihood"/,
    ],
    [
      'chances of what is near',
      {},
      { proposals: 'similarity' },
      /lea.actions "chance", which needs environment.proposals "chance"/,
    ],
    [
      'rewards of what is likely',
      { actions: 'reward' },
      {},
      /lea.actions "reward", which needs environment.proposals "similarity"/,
    ],
  ])('refuses %s', (_, lea, environment, message) => {
    expect(() => configOf(lea, environment)).toThrow(message);
  });

  test('refuses anything of an environment beside actions of neighbours, which do without one', () => {
    const off = { actions: 'neighbours', state: 'off', reward: 'off' };
    expect(() => configOf(off, published)).not.toThrow();
    for (const more of [{ state: 'q_only' }, { reward: 'preference' }, { stateWeight: 0.1 }]) {
      expect(() => configOf({ ...off, ...more }, {})).toThrow(
        /model ".*" has lea.actions "neighbours".*set lea.state "off", lea.stateWeight 0/,
      );
    }
  });

  test('takes what fits, and what is not used need not fit', () => {
    expect(() => configOf({}, {})).not.toThrow();
    expect(() => configOf({}, published, 'paper')).not.toThrow();
    expect(() => configOf({ reward: 'off', augmentedWeight: 0 }, published)).not.toThrow();
    expect(() => configOf({}, {}, 'paper')).toThrow('preset "paper"');
  });
});
