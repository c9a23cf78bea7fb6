import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { estimateCost } from '#lib/cost/cost.ts';
import { planTable } from '#lib/cost/cost-table.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { checkLimits, refusalsOf } from '#lib/cost/refusals.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import throughput from '../../../config/throughput.json' with { type: 'json' };

/*
 * Where a night ends that is configured as it comes, 20,000 items and ten actions a user: what was measured of each step, and
 * reasoned from the code where it was not.
 */

const tables = parsePrices(prices, throughput);
const configOf = (changes: object = {}) =>
  parseConfig(
    {
      training: {
        models: [
          { name: 'plain', backbone: 'sasrec', objective: 'supervised' },
          { name: 'lea', backbone: 'sasrec', objective: 'snqn', lea: {} },
        ],
      },
      ...changes,
    },
    'test',
  );
const million = 1e6;

const estimateOf = (interactions: number, items = 20_000, config = configOf()) =>
  estimateCost(
    config,
    { interactions, items, transitions: interactions, baseModelParameters: 135e6 },
    tables,
  );

/** Millions of interactions at which something is refused for the first time, to three digits. */
function endOf(message: RegExp, config = configOf()): number {
  let [low, high] = [0.1, 10_000];
  while (high / low > 1.001) {
    const middle = Math.sqrt(low * high);
    const refused = refusalsOf(estimateOf(middle * million, 20_000, config));
    if (refused.some((error) => message.test(error.message))) high = middle;
    else low = middle;
  }
  return high;
}

describe('A night as it comes ends', () => {
  it.each([
    // 376 µs of a core a transition, 25 epochs, four cores, four hours
    ['with TrainRecommenders, at its time limit', /^Training lea .* to take/, 6, 6.1],
    // 60 bytes a transition and 224 of the environment's answer in 16 GiB
    ['with the trainer, at its memory', /^Training \(.* to need/, 51, 53],
    // 2.8 s a million, and six passes over shards of 2,048 transitions, 32 requests at the same time
    // 60 bytes an action, and the pairs of FitRivals
    ['with RefitWinner, at its memory', /^RefitWinner \(.* to need/, 198, 204],
    ['with FitRivals, at its time limit', /^FitRivals .* to take/, 170, 190],
    ['with the numbers of shards', /^BuildSequences .*training shards/, 204, 205.5],
    // Train, all actions and answers of an old night, looked through twice and deleted, a thousand keys in 0.3 s
    ['with expire-runs, at its time limit', /^expire-runs/, 650, 690],
  ])('%s', (_, message, least, most) => {
    const end = endOf(message);

    expect(end).toBeGreaterThan(least);
    expect(end).toBeLessThan(most);
  });

  it('with the trainer at its memory only from 240 million on where no model asks an environment', () => {
    const models = [{ name: 'plain', backbone: 'sasrec', objective: 'supervised' }];
    const end = endOf(/^Training \(.* to need/, configOf({ training: { models } }));

    expect(end).toBeGreaterThan(240);
    expect(end).toBeLessThan(250);
  });

  it('with FitRivals at its memory for no log, however long, but for wide catalogues', () => {
    const memoryOf = (interactions: number, items: number) =>
      estimateOf(interactions, items).memory.find(({ step }) => step === 'FitRivals')!;

    const [tens, thousands] = [10, 10_000].map((count) => memoryOf(count * million, 20_000));
    expect(thousands!.expectedMegabytes).toBe(tens!.expectedMegabytes);
    expect(thousands!.expectedMegabytes).toBeLessThan(thousands!.limitMegabytes);
    expect(memoryOf(million, 500_000).expectedMegabytes).toBeGreaterThan(thousands!.limitMegabytes);
  });

  it('with none of these where only the newest five million are learned from', () => {
    const config = configOf({ sequences: { maximumInteractions: 5 * million } });

    const refused = refusalsOf(estimateOf(1000 * million, 20_000, config));

    expect(refused.map(({ message }) => message).join('\n')).not.toMatch(
      /Training|FitRivals|RankRivals|EvaluateModels|training shards/,
    );
    expect(planTable({ interactions: 1e9, items: 20_000 }, config, tables)).toContain(
      'learned from: the newest 5,000,000:',
    );
  });

  it('with a catalogue of a million items, of which the trainer has 3.7 GB', () => {
    const memory = estimateOf(million, million).memory.find(({ step }) => /^Training/.test(step));

    expect(memory?.expectedMegabytes).toBeCloseTo(3700 + 600 + 285, -1);
  });
});

describe('Asking about a hundred million transitions', () => {
  const hoursOf = (environment: object) => {
    const { parts } = estimateOf(100 * million, 20_000, configOf({ environment }));
    const ask = parts.find(({ part }) => part.startsWith('Ask'))!;
    return (ask.seconds.expected - throughput.endpointStartSeconds.expected) / 3600;
  };

  it('takes six and a half hours where the language model reads eight candidates of each', () => {
    expect(hoursOf({ readActions: true })).toBeCloseTo(6.4, 1);
  });

  it('takes a ninth of that where it reads none', () => {
    expect(hoursOf({ readActions: false })).toBeCloseTo(6.43 / 9, 2);
  });
});

describe('Training on a wide catalogue', () => {
  const secondsOf = (items: number, loss: string) => {
    const config = parseConfig(
      { training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised', loss }] } },
      'test',
    );
    return estimateOf(million, items, config).times.find(({ step }) => step.startsWith('Training'))!
      .expectedSeconds;
  };

  it('takes no longer with a sampled loss, whatever the catalogue', () => {
    expect(secondsOf(10 * million, 'auto')).toBe(secondsOf(million, 'auto'));
    expect(secondsOf(10 * million, 'auto')).toBe(secondsOf(10 * million, 'sampled-softmax'));
    expect(secondsOf(50_000, 'auto')).toBe(secondsOf(50_000, 'cross-entropy'));
    expect(secondsOf(60_000, 'auto')).toBeLessThan(secondsOf(50_000, 'auto'));
    expect(secondsOf(million, 'cross-entropy')).toBeGreaterThan(10 * secondsOf(million, 'auto'));
  });
});

describe('Function: planTable', () => {
  const question = { interactions: 1e9, users: 1e8, items: 1e7, baseModelParameters: 135e6 };

  it('shows every step of a billion interactions, and marks those that are refused', () => {
    // Act
    const table = planTable(question, configOf(), tables);
    // Assess
    expect(table).toContain('1,000,000,000 interactions of 100,000,000 users and 10,000,000 items');
    expect(table).toMatch(/\| AugmentSequences \| 122,071 \|/);
    expect(table).toMatch(
      /\| BuildSequences, training shards \| 488,282 \| 100,000 \| \*\*refused/,
    );
    expect(table).toMatch(/Refused: \d+ limits, see below\.$/);
  });

  it('prices what is refused as if it could end, with the time of instances', () => {
    // Act
    const table = planTable(question, configOf(), tables);
    // Assess: 25 epochs of 376 µs a transition on four cores for the one, as long for the other, and the refit.
    const [, hours] = /\| Train 2 recommenders.*? \| (\d+) h \|/.exec(table) ?? [];
    expect(Number(hours)).toBeGreaterThan(2 * 150);
    expect(table).toMatch(/\| \*\*Total\*\* \| {2}\| \$[\d.]+ \| \$[\d.]+ \| \$[\d.]+ \|/);
  });

  it('counts what every bucket reads of every object, and what models weigh', () => {
    const { work } = estimateOf(1000 * million, 10 * million);
    const of = (name: string) => work.find(({ step }) => step.startsWith(name))!;

    // 250 buckets, 5,961 objects: an index and the users' rows of each.
    expect(of('BuildSequences').reads).toBeGreaterThan(2 * 250 * 5961);
    // Two models and the refit: six tables of ten million items and 64 numbers of four bytes.
    expect(of('TrainRecommenders').bytesWritten).toBe(3 * 6 * 4 * 64 * 10 * million);
  });

  it('refuses a vocabulary that RankRivals cannot have in memory, and more cases than it can rank', () => {
    const refused = (items: number, maximumCases: number) =>
      refusalsOf(
        estimateOf(10 * million, items, configOf({ sequences: { maximumCases } })),
      ).flatMap(({ message }) => /^RankRivals is expected to (need|take)/.exec(message)?.[1] ?? []);

    // 120 MB, 6 MB a thousand cases, 10 MB a thousand items; 0.2 ms a case and a thousand items.
    expect(refused(20_000, 25_000)).toEqual([]);
    expect(refused(20_000, 500_000)).toEqual(['take', 'need']);
    expect(refused(300_000, 1000)).toEqual(['need']);
  });

  it('refuses a catalogue that recommend cannot have in memory', () => {
    const refused = (items: number) =>
      refusalsOf(estimateOf(million, items)).some(({ message }) => /^recommend/.test(message));

    expect(refused(2 * million)).toBe(false);
    expect(refused(3 * million)).toBe(true);
  });

  it('says that nothing is refused', () => {
    const small = { ...question, interactions: 1e5, users: 1e4, items: 1e3 };

    expect(planTable(small, configOf(), tables)).toMatch(/No step is refused\.$/);
    expect(planTable(small, configOf(), tables)).not.toContain('**refused**');
  });
});

describe('Function: checkLimits', () => {
  it('names everything that is refused, one a line', () => {
    const estimate = estimateOf(1000 * million);

    expect(() => checkLimits(estimate)).toThrow(/\nFitRivals is expected to take/);
    expect(() => checkLimits(estimate)).toThrow(
      /\nBuildSequences .*training shards.* Raise sequences\.shardItems/,
    );
  });
});

it('BuildSequences ends where each of its functions has too many objects to ask for its users', () => {
  // 15 minutes less what four million rows take, two requests of 20 ms for each object of 16 MiB.
  const end = endOf(/^BuildSequences is expected to (need|take)|users in the table/);

  expect(end).toBeGreaterThan(3500);
  expect(end).toBeLessThan(3800);
});
