import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { buildTime, MemoryLimitError, memoryOf } from '#lib/cost/memory.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { checkLimits } from '#lib/cost/refusals.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import throughput from '../../../config/throughput.json' with { type: 'json' };

const tables = parsePrices(prices, {
  ...throughput,
  buildSequencesSecondsPerMillion: 4,
  buildSequencesMegabytes: { base: 100, perMillion: 100 },
  trainerMegabytes: { base: 500, perMillionTransitions: 400, perMillionItems: 7000 },
  instanceMegabytes: { 'ml.c6i.2xlarge': 16_000 },
});
const model = { name: 'a', backbone: 'sasrec', objective: 'supervised' };
/** One function sorts everything, unless a bucket is told to be smaller. */
const configOf = (operations: object = {}, dimension = 64, bucketInteractions = 1e9) =>
  parseConfig(
    {
      training: { models: [{ ...model, dimension }] },
      operations,
      sequences: { bucketInteractions },
    },
    'test',
  );
const million = 1e6;
const check = (interactions: number, items: number, config = configOf()) =>
  checkLimits({
    times: [],
    memory: memoryOf(config, { interactions, transitions: interactions, items }, tables),
    counts: [],
  });

describe('Function: memoryOf', () => {
  it('adds up what a million of each takes', () => {
    const counts = { interactions: 2 * million, transitions: million, items: million / 2 };

    const [build, train] = memoryOf(configOf({}, 32), counts, tables);

    expect(build!.expectedMegabytes).toBe(100 + 2 * 100);
    expect(train!.expectedMegabytes).toBe(500 + 400 + (7000 / 2) * (32 / 64));
  });

  it('counts the codes of items that are made of parts', () => {
    const counts = { interactions: 1, transitions: 1, items: 10 * million };
    const coded = parseConfig(
      { training: { models: [{ ...model, itemCodes: { codebooks: 8 } }] } },
      'test',
    );

    const [, train] = memoryOf({ ...coded, operations: configOf().operations }, counts, tables);

    expect(train!.expectedMegabytes).toBe(500 + 1 + (10 * 7000 * 4) / 64);
  });

  it('counts what a model keeps of answers, the most of any model', () => {
    const counts = { interactions: 1, transitions: 10 * million, items: 1 };
    const megabytesOf = (...models: object[]) =>
      memoryOf(
        {
          ...parseConfig(
            {
              training: {
                models: models.map((more, at) => ({ ...model, name: `m${at}`, ...more })),
              },
              environment: { stateDimension: 100, candidates: 4 },
            },
            'test',
          ),
          operations: configOf().operations,
        },
        counts,
        tables,
      )[1]!.expectedMegabytes;

    const plain = megabytesOf({});
    expect(plain).toBe(500 + 4000 + 1);
    // A state of 100 halves after each of 1.12 items, 17 bytes, and four candidates with their rewards.
    expect(megabytesOf({}, { lea: {} }) - plain).toBeCloseTo(10 * (224 + 17 + 32), 6);
    const copied = { actions: 'neighbours', state: 'off', stateWeight: 0, reward: 'off' };
    expect(megabytesOf({ lea: copied }, {}) - plain).toBe(2000);
  });

  it('counts for the winner all actions, and what is fitted beside it on them; nothing where none is fitted', () => {
    const counts = {
      interactions: 9 * million,
      learned: 3 * million,
      transitions: million,
      items: 1,
    };
    const refitOf = (refitPasses: number) =>
      memoryOf(
        {
          ...parseConfig({ training: { models: [model], refitPasses } }, 'test'),
          operations: configOf().operations,
        },
        counts,
        tables,
      ).find(({ step }) => step.startsWith('RefitWinner'))?.expectedMegabytes;

    const { base, perMillion } = throughput.fitRivalsMegabytes;
    expect(refitOf(4)).toBeCloseTo(500 + 3 * 400 + base + 3 * perMillion, -1);
    expect(refitOf(0)).toBeUndefined();
  });

  it('counts a bucket of users, however many interactions there are', () => {
    const counts = { interactions: 900 * million, transitions: million, items: 1 };
    const config = configOf({}, 64, 4 * million);

    expect(memoryOf(config, counts, tables)[0]!.expectedMegabytes).toBe(100 + 4 * 100);
    // Four million rows, and two requests of each of 5,365 objects.
    const question = { ...counts, baseModelParameters: 0 };
    expect(buildTime(config, question, tables).expectedSeconds).toBeCloseTo(
      16 + 2 * 5365 * throughput.requestSeconds,
      6,
    );
  });

  it('knows no instance type that nobody has looked up', () => {
    const config = configOf({ trainerInstanceTypes: ['ml.m5.xlarge'] });

    expect(() => memoryOf(config, { interactions: 1, transitions: 1, items: 1 }, tables)).toThrow(
      ConfigError,
    );
  });
});

describe('Function: checkLimits, of memory', () => {
  it('lets through what fits', () => {
    expect(() => check(29 * million, 10_000)).not.toThrow();
  });

  it.each([
    [
      'more than the function has been given',
      30 * million,
      10_000,
      'BuildSequences is expected to need 3,100 MB, more than the 3,008 MB that operations.buildSequencesMegabytes gives it, and would be ended. Raise operations.buildSequencesMegabytes to 3100 or more, or lower sequences.bucketInteractions.',
    ],
    [
      'more than any function can have',
      110 * million,
      10_000,
      'No function can have more than 10240 MB: lower sequences.bucketInteractions.',
    ],
    [
      'a catalogue too wide for the instance',
      million,
      3 * million,
      'Training (ml.c6i.2xlarge) is expected to need 21,900 MB, more than the 16,000 MB that the instance has, and would be ended. Take a larger instance (operations.trainerInstanceTypes)',
    ],
  ])('refuses %s, with the number and the setting', (_, interactions, items, message) => {
    expect(() => check(interactions, items)).toThrow(MemoryLimitError);
    expect(() => check(interactions, items)).toThrow(message);
  });

  it('names a setting that does suffice', () => {
    const config = configOf({ buildSequencesMegabytes: 3100 });

    expect(() => check(30 * million, 10_000, config)).not.toThrow();
  });
});

describe('Function: buildTime', () => {
  it('grows with the log, and is refused beyond what a function may take', () => {
    const counts = { interactions: 10 * million, items: 1, transitions: 1, baseModelParameters: 0 };
    const requests = 2 * 60 * throughput.requestSeconds;

    expect(buildTime(configOf(), counts, tables)).toMatchObject({
      expectedSeconds: expect.closeTo(40 + requests, 6),
      limitSeconds: 900,
    });
  });
});
