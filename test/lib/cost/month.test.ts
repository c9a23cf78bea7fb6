import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { estimateCost } from '#lib/cost/cost.ts';
import { monthOf } from '#lib/cost/month.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { exactly } from '#lib/cost/range.ts';
import { changedShare, firstNight } from '#lib/cost/reuse.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import throughput from '../../../config/throughput.json' with { type: 'json' };

const tables = parsePrices(prices, throughput);
const plain = { name: 'plain', backbone: 'sasrec', objective: 'supervised' };
const lea = { name: 'lea', backbone: 'sasrec', objective: 'snqn', lea: {} };
const configOf = (settings: object = {}, models: object[] = [plain, lea]) =>
  parseConfig({ training: { models }, ...settings }, 'test');
const counts = {
  interactions: 1e6,
  items: 20_000,
  transitions: 1e6,
  baseModelParameters: 135e6,
};
const month = 365.25 / 12;

/** Nights by what they do, without those of which there are none. */
const nightsOf = (config = configOf(), newShare = 0.01) =>
  Object.fromEntries(
    monthOf(config, counts, tables, newShare)!
      .filter(({ nights }) => nights > 0)
      .map(({ what, nights }) => [what, nights]),
  );
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('Function: monthOf', () => {
  it('has as many nights as the schedule, most of which renew a model', () => {
    const nights = nightsOf();

    expect(sum(Object.values(nights))).toBeCloseTo(month, 1);
    const ofAll = Object.entries(nights).filter(([what]) => what.startsWith('trains all'));
    // Five nights of a hundredth each, and the sixth has grown by more than a twentieth.
    expect(sum(ofAll.map(([, count]) => count))).toBeCloseTo(month / 6, 0);
    const fits = Object.entries(nights).filter(([what]) => what.endsWith('fits the environment'));
    // Fitted in the middle of a night, it is not quite seven days old in the seventh after it.
    expect(sum(fits.map(([, count]) => count))).toBeCloseTo(month / 8, 0);
  });

  it.each([
    ['a log that grows fast', {}, 0.06, /^trains all models/],
    ['renewals that are off', { promotion: { renewalGrowth: 0 } }, 0.01, /^trains all models/],
    [
      'nights that are far apart',
      { operations: { schedule: 'rate(8 days)' } },
      0.001,
      /^trains all models, fits/,
    ],
    [
      'environments that live for a night',
      { environment: { maximumAgeDays: 0 } },
      0.01,
      /fits the environment$/,
    ],
    ['nights that find nothing', {}, 0, /^finds nothing new$/],
  ])('has nights of one sort alone with %s', (_, settings, newShare, expected) => {
    const kinds = Object.keys(nightsOf(configOf(settings), newShare));

    expect(kinds.length).toBeGreaterThan(0);
    for (const kind of kinds) expect(kind).toMatch(expected);
  });

  it('speaks of no environment where no model has one', () => {
    expect(Object.keys(nightsOf(configOf({}, [plain]))).sort()).toEqual([
      'renews one model',
      'trains all models',
    ]);
  });

  it('prices a renewal below a full night, and a night that finds nothing below a cent', () => {
    const kinds = monthOf(configOf(), counts, tables, 0.01)!;
    const usdOf = (what: string) => kinds.find((kind) => kind.what === what)!.usd;
    const first = estimateCost(configOf(), counts, tables).usd;

    const all = usdOf('trains all models, fits the environment').expected;
    const kept = usdOf('trains all models, asks about changed rows').expected;
    const renewal = usdOf('renews one model, asks about changed rows').expected;
    // Rows were read when they were uploaded.
    expect(all).toBeLessThan(first.expected);
    expect(all).toBeGreaterThan(0.95 * first.expected);
    expect(kept).toBeLessThan(all);
    expect(renewal).toBeLessThan(0.6 * kept);
    expect(usdOf('finds nothing new').expected).toBeLessThan(0.001);
  });

  it('says nothing of a schedule that it cannot read', () => {
    const config = configOf({ operations: { schedule: 'sometimes' } });

    expect(monthOf(config, counts, tables, 0.01)).toBeUndefined();
  });
});

describe('A night that takes something from earlier ones', () => {
  const partsOf = (reuse = firstNight) =>
    new Map(
      estimateCost(configOf(), counts, tables, reuse).parts.map((part) => [part.kind, part.usd]),
    );
  const first = partsOf();

  it('fits no environment that has been fitted', () => {
    expect(partsOf({ ...firstNight, environmentIsFitted: true }).has('fit')).toBe(false);
  });

  it('pays for the endpoint’s start and for what is asked', () => {
    const none = partsOf({ ...firstNight, asked: exactly(0) });
    const some = partsOf({ ...firstNight, asked: exactly(0.1) });

    expect(none.get('ask')!.high).toBe(0);
    expect(none.get('waiting')!.high).toBe(0);
    expect(some.get('waiting')!.expected).toBeCloseTo(0.1 * first.get('waiting')!.expected, 9);
    expect(some.get('ask')!.expected).toBeGreaterThan(0);
    expect(some.get('ask')!.expected).toBeLessThan(first.get('ask')!.expected);
  });

  it('reads what is new alone', () => {
    const later = partsOf({ ...firstNight, newShare: 0.01 });
    const parsing = (throughput.parseSecondsPerMillion * 1769) / 1024;

    const saved = first.get('functions')!.expected - later.get('functions')!.expected;
    expect(saved).toBeCloseTo(0.99 * parsing * prices.lambdaGbSecond, 5);
  });

  it('trains for a few epochs where it begins from earlier weights, as far as a model may', () => {
    const trainOf = (models: object[], beginsWarm: boolean) =>
      estimateCost(configOf({}, models), counts, tables, { ...firstNight, beginsWarm }).times.find(
        ({ step }) => step.startsWith('Training'),
      )!.expectedSeconds;
    const start = throughput.jobStartSeconds.expected;

    // Two epochs in place of 25, and none of a refit.
    expect((trainOf([plain], true) - start) / (trainOf([plain], false) - start)).toBeCloseTo(
      2 / 25,
      6,
    );
    const others = [
      { ...plain, warmStart: 0 },
      { ...plain, objective: 'sa2c' },
      { ...plain, text: {} },
    ];
    for (const model of others) expect(trainOf([model], true)).toBe(trainOf([model], false));
  });
});

describe('Function: changedShare', () => {
  it('is that of the rows of all users who acted, at most all', () => {
    expect(changedShare(0.01, counts)).toEqual({ low: 0.01, expected: 0.1, high: 0.1 });
    expect(changedShare(0.01, { ...counts, users: 1000 }).expected).toBe(1);
    expect(changedShare(0, counts)).toEqual(exactly(0));
  });
});
