import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { costTable } from '#lib/cost/cost-table.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { TimeLimitError } from '#lib/cost/times.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import throughput from '../../../config/throughput.json' with { type: 'json' };

const tables = parsePrices(prices, throughput);

const models = (lea: boolean) => [
  { name: 'a', backbone: 'sasrec', objective: 'snqn', ...(lea ? { lea: {} } : {}) },
];
const config = (lea = true) => parseConfig({ training: { models: models(lea) } }, 'test');

describe('Function: costTable', () => {
  const deployed = { alarmMetrics: 21, customMetrics: 2, polledQueues: 3 };

  it('shows every part, the total, and where the figures are from', () => {
    // Act
    const table = costTable({ interactions: 1e6, items: 1e4 }, config(), tables, deployed);
    // Assess
    expect(table).toContain('1,000,000 interactions of 10,000 items');
    expect(table).toMatch(/\| \*\*Total\*\* \| {2}\| \$\d/);
    expect(table).toContain(tables.prices.asOf);
    expect(table).toMatch(/\$[\d.]+ per million transitions/);
    expect(table).toContain('a month in which nothing runs');
    expect(table).toContain('| Alarms (on 21 metrics) | $2.10 |');
  });

  it.each([
    [{ historyDays: 30 }, 'those of 30 days, which this does not know the number of:'],
    [
      { historyDays: 30, maximumInteractions: 500_000 },
      'the newest 500,000 and those of 30 days, which this does not know the number of:',
    ],
  ])('says what is learned from where that is limited (%o)', (sequences, expected) => {
    const limited = parseConfig({ training: { models: models(false) }, sequences }, 'test');

    expect(costTable({ interactions: 1e6, items: 1e4 }, limited, tables, deployed)).toContain(
      `, learned from: ${expected}`,
    );
  });

  it('has no price for a job that would be stopped before its end', () => {
    // Arrange
    const table = (environment: object, interactions: number, operations = {}) => {
      const settings = {
        training: { models: models(true) },
        environment,
        operations,
      };
      const question = { interactions, items: 1e4 };
      return costTable(question, parseConfig(settings, 'test'), tables, deployed);
    };
    // Assess
    expect(() => table({ adapter: { epochs: 200 } }, 2e6)).toThrow(TimeLimitError);
    expect(() => table({ adapter: { epochs: 200 } }, 2e6)).toThrow(
      /^Fit the environment \(ml\.g5\.xlarge\) is expected to take [\d.]+ h, longer than the 4\.0 h that a training job may take \(half of operations\.maximumRunHours\), and would be stopped\. Raise operations\.maximumRunHours to \d+ or more, or lower environment\.subsetFraction/,
    );
    expect(() => table({ baseModel: 'small-1m' }, 1.1e8, { maximumRunHours: 72 })).toThrow(
      /^Training a \(ml\.c6i\.2xlarge\) .*more than the 72 hours that a run may be given: lower training\.maximumEpochs/,
    );
    expect(() => table({ baseModel: 'large-70b' }, 2e6)).toThrow(
      /^The whole run is expected to take [\d.]+ h/,
    );
  });

  it('asks for larger shards where there would be more than have keys', () => {
    // Arrange
    const small = parseConfig(
      { training: { models: models(false) }, sequences: { shardItems: 64 } },
      'test',
    );
    // Assess
    expect(() => costTable({ interactions: 1e7, items: 1000 }, small, tables, deployed)).toThrow(
      'BuildSequences is expected to have 156,250 training shards, more than the 100,000 that it can have. Raise sequences.shardItems from 64 to 1024 or more.',
    );
  });

  it('asks for the size of a base model whose name does not tell it', () => {
    // Arrange
    const unnamed = parseConfig(
      { training: { models: models(true) }, environment: { baseModel: 'gpt2' } },
      'test',
    );
    // Assess
    expect(() => costTable({ interactions: 1, items: 1 }, unnamed, tables, deployed)).toThrow(
      ValidationError,
    );
  });
});
