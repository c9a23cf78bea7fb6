import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maximumJobSeconds } from '#lib/contracts/config/operations.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { estimateCost } from '#lib/cost/cost.ts';
import { parsePrices, type Range } from '#lib/cost/prices.ts';
import { checkLimits } from '#lib/cost/refusals.ts';
import { TimeLimitError } from '#lib/cost/times.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import throughput from '../../../config/throughput.json' with { type: 'json' };

const tables = parsePrices(prices, throughput);

const models = (lea: boolean) => [
  { name: 'a', backbone: 'sasrec', objective: 'snqn', ...(lea ? { lea: {} } : {}) },
];
const config = (lea = true, operations: object = {}, training: object = {}) =>
  parseConfig({ training: { models: models(lea), ...training }, operations }, 'test');
const counts = {
  interactions: 1_000_000,
  items: 10_000,
  transitions: 950_000,
  baseModelParameters: 135e6,
};

describe('Function: estimateCost', () => {
  it('counts the work of fitting the environment by hand', () => {
    // Arrange
    const onDemand = config(true, {
      useSpotTraining: false,
      environmentInstanceTypes: ['ml.g5.xlarge'],
    });
    const { environment } = onDemand;
    const textTokens =
      10_000 * environment.itemTokens.maximumTextTokens * environment.itemTokens.epochs;
    // Actions are not read, so negatives are no tokens; LoRA's 4 operations a parameter and token.
    const sequenceTokens = environment.subsetFraction * 950_000 * environment.adapter.epochs;
    const operations = 135e6 * 4 * (textTokens + sequenceTokens);
    const seconds =
      tables.throughput.jobStartSeconds.expected +
      ((textTokens + sequenceTokens) / environment.adapter.batchTokens) *
        tables.throughput.fitStepSeconds.expected +
      operations / (70e12 * tables.throughput.fitUtilisation.expected);
    // Act
    const fit = estimateCost(onDemand, counts, tables).parts.find((part) =>
      part.part.startsWith('Fit'),
    );
    // Assess
    expect(fit?.seconds.expected).toBeCloseTo(seconds, 6);
    expect(fit?.usd.expected).toBeCloseTo((seconds / 3600) * 1.408, 9);
  });

  it('has the passes before the test cases where models are judged as they are served', () => {
    const secondsOf = (evaluation: object, refitPasses = 4) =>
      estimateCost(
        parseConfig(
          {
            training: { models: models(false).map((model) => ({ ...model, refitPasses })) },
            evaluation,
          },
          'test',
        ),
        counts,
        tables,
      ).parts.find(({ part }) => part.startsWith('Train'))!.seconds.expected;

    const epochSeconds = (secondsOf({ asServed: true }) - secondsOf({})) / 4;

    expect(epochSeconds).toBeGreaterThan(0);
    expect(secondsOf({ asServed: true }, 8) - secondsOf({}, 8)).toBeCloseTo(8 * epochSeconds, 6);
    expect(secondsOf({ asServed: true }, 0)).toBe(secondsOf({}, 0));
  });

  it('has no lists for everybody where none are asked for', () => {
    const of = (batchCount: number) =>
      estimateCost(
        parseConfig(
          { training: { models: models(false) }, operations: { serving: { batchCount } } },
          'test',
        ),
        counts,
        tables,
      ).work.find(({ step }) => step === 'Lists for everybody');

    expect(of(20)).toMatchObject({ calls: expect.any(Number) });
    expect(of(0)).toMatchObject({
      calls: 0,
      reads: 0,
      writes: 0,
      objects: 0,
      bytesRead: 0,
      bytesWritten: 0,
    });
  });

  it('asks as many instances as let it be asked within a quarter of the run, and no more than there may be', () => {
    // Arrange
    const one = { environmentInstanceTypes: ['ml.g5.xlarge'] };
    const askedBy = (transitions: number, operations: object) => {
      const many = { ...counts, interactions: transitions, transitions, baseModelParameters: 1e9 };
      const { parts, times } = estimateCost(config(true, { ...one, ...operations }), many, tables);
      const ask = parts.find(({ kind }) => kind === 'ask')!;
      const whole = times.find(({ step }) => step === 'The whole run')!;
      return { ask, run: whole.expectedSeconds };
    };
    const start = tables.throughput.endpointStartSeconds.expected;
    const alone = askedBy(1e8, { environmentInstances: 1 });
    const seconds = alone.ask.seconds.expected - start;
    const needed = Math.ceil(seconds / 7200);

    // Act
    const few = askedBy(1e6, { environmentInstances: 20 });
    const enough = askedBy(1e8, { environmentInstances: 20 });
    const capped = askedBy(1e8, { environmentInstances: 2 });

    // Assess
    expect(needed).toBeGreaterThan(2);
    expect(needed).toBeLessThan(20);
    expect(alone.ask).toMatchObject({ part: 'Ask the environment (ml.g5.xlarge)', instances: 1 });
    expect(few.ask.instances).toBe(1);
    expect(enough.ask).toMatchObject({
      part: `Ask the environment (${needed} x ml.g5.xlarge)`,
      instances: needed,
    });
    expect(capped.ask.instances).toBe(2);
    // Each instance has to start, and is paid for; together they answer as much as one does.
    expect(enough.ask.seconds.expected).toBeCloseTo(seconds + needed * start, 3);
    expect(capped.ask.seconds.expected).toBeCloseTo(seconds + 2 * start, 3);
    expect(alone.run - capped.run).toBeCloseTo(seconds / 2, 3);
  });

  it('has no GPU in it when no model uses the environment', () => {
    // Act
    const { parts } = estimateCost(config(false), counts, tables);
    // Assess
    expect(parts.filter((part) => part.part.includes('nvironment'))).toStrictEqual([]);
  });

  describe('of item vectors', () => {
    const texts = { training: { models: [{ ...models(false)[0], text: {} }] } };
    const partOf = (operations: object, environment: object = {}, more: object = {}) =>
      estimateCost(
        parseConfig(
          { ...texts, environment, operations: { useSpotTraining: false, ...operations } },
          'test',
        ),
        { ...counts, ...more },
        tables,
      ).parts.find(({ part }) => part.startsWith('Item vectors'));
    const start = tables.throughput.jobStartSeconds;
    const tokens = 10_000 * parseConfig(texts, 'test').environment.itemVectors.maximumTextTokens;

    it('counts reading the catalogue on cores, and nothing where no text is new', () => {
      // Act
      const part = partOf({ vectorsInstanceTypes: ['ml.c6i.2xlarge'] });
      // Assess
      const work = (gigaflops: number) => (2 * 135e6 * tokens) / (4 * gigaflops * 1e9);
      const { expected, low } = tables.throughput.coreGigaflops;
      expect(part?.seconds.expected).toBeCloseTo(start.expected + work(expected), 6);
      expect(part?.seconds.high).toBeCloseTo(start.high + work(low), 6);
      expect(part?.seconds.low).toBe(0);
      expect(part?.usd.expected).toBeCloseTo((part!.seconds.expected / 3600) * 0.408, 9);
    });

    it('counts a GPU by the share of its peak that answers reach', () => {
      // Act
      const part = partOf({ vectorsInstanceTypes: ['ml.g5.xlarge'] });
      // Assess
      const work = (2 * 135e6 * tokens) / (70e12 * tables.throughput.askUtilisation.expected);
      expect(part?.seconds.expected).toBeCloseTo(start.expected + work, 6);
    });

    it('counts items that nobody has taken, and no work for words alone', () => {
      // Act
      const wide = partOf({}, {}, { catalogueItems: 20_000 });
      const words = partOf({}, { itemVectors: { encoder: 'tfidf' } });
      // Assess
      const once = partOf({})!.seconds.expected - start.expected;
      expect(wide!.seconds.expected - start.expected).toBeCloseTo(2 * once, 6);
      expect(words?.seconds.expected).toBe(start.expected);
    });

    it('says what to do about a catalogue that no such instance reads in time', () => {
      // Arrange
      const large = parseConfig(texts, 'test');
      // Act
      const { times } = estimateCost(large, { ...counts, catalogueItems: 1e8 }, tables);
      // Assess
      expect(() => checkLimits({ times: times, memory: [], counts: [] })).toThrow(TimeLimitError);
      expect(() => checkLimits({ times: times, memory: [], counts: [] })).toThrow(
        /Item vectors.*GPU \(operations.vectorsInstance/,
      );
    });
  });

  it('is a range that grows with the data, and adds up', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.integer({ min: 1, max: 1e7 }),
        fc.boolean(),
        (interactions, items, lea) => {
          // Act
          const one = { interactions, items, transitions: interactions, baseModelParameters: 1e8 };
          const small = estimateCost(config(lea), one, tables);
          const large = estimateCost(
            config(lea),
            { ...one, interactions: interactions * 2, transitions: interactions * 2 },
            tables,
          );
          // Assess
          for (const { usd } of small.parts) {
            expect(usd.low).toBeGreaterThanOrEqual(0);
            expect(usd.low).toBeLessThanOrEqual(usd.expected);
            expect(usd.expected).toBeLessThanOrEqual(usd.high);
          }
          const total = small.parts.reduce((sum, part) => sum + part.usd.high, 0);
          expect(small.usd.high).toBeCloseTo(total, 9);
          expect(large.usd.expected).toBeGreaterThan(small.usd.expected);
        },
      ),
    );
  });

  it('prices at worst a training job that is stopped at its limit', () => {
    // Act
    const asked = config(false, {}, { refitPasses: 0 });
    const { parts } = estimateCost(asked, { ...counts, transitions: 8e6 }, tables);
    // Assess
    const train = parts.find((part) => part.part.startsWith('Train'))!;
    const limit = maximumJobSeconds(config(false).operations);
    expect(train.seconds.expected).toBeLessThan(limit);
    expect(train.seconds.high).toBe(limit);
  });

  it('counts the passes that fit the winner on all actions, if it is to be fitted', () => {
    // Arrange
    const secondsWith = (refitPasses: number) => {
      const asked = config(false, {}, { refitPasses });
      const { parts } = estimateCost(asked, counts, tables);
      return parts.find((part) => part.part.startsWith('Train'))!.seconds;
    };
    // Act
    const [none, four, eight] = [0, 4, 8].map(secondsWith) as [Range, Range, Range];
    // Assess: a job more, and as much again for as many passes again
    expect(four.low).toBe(none.low);
    const start = tables.throughput.jobStartSeconds.expected;
    const work = four.expected - none.expected - start;
    expect(work).toBeGreaterThan(0);
    expect(eight.expected - none.expected - start).toBeCloseTo(2 * work, 6);
  });

  it('names the table that lacks an instance type', () => {
    // Arrange
    const unknown = config(true, { environmentInstanceTypes: ['ml.x1.huge'] });
    // Assess
    expect(() => estimateCost(unknown, counts, tables)).toThrow(ConfigError);
    expect(() => estimateCost(unknown, counts, tables)).toThrow(/throughput.json.*ml\.x1\.huge/);
  });
});
