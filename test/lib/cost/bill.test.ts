import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { billedUsd, billOf, type PaidUse } from '#lib/cost/bill.ts';
import { estimateCost } from '#lib/cost/cost.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import throughput from '../../../config/throughput.json' with { type: 'json' };

const tables = parsePrices(prices, throughput);
const config = parseConfig(
  { training: { models: [{ name: 'lea', backbone: 'sasrec', objective: 'snqn', lea: {} }] } },
  'test',
);
const { parts } = estimateCost(
  config,
  { interactions: 1e5, items: 1000, transitions: 1e5, baseModelParameters: 135e6 },
  tables,
);
const list = { ...tables.prices, instanceHour: { a: 1, b: 10 }, lambdaGbSecond: 0.5 };
const use = (kind: PaidUse['kind'], instanceType: string, seconds: number): PaidUse => ({
  kind,
  instanceType,
  seconds,
});

describe('Function: billOf', () => {
  it('puts what was paid beside each part of the estimate', () => {
    // Arrange
    const jobs = [use('train', 'a', 60), use('train', 'b', 60), use('train', 'a', 120)];
    const paid = [use('fit', 'a', 3600), use('ask', 'b', 360), ...jobs];
    // Act
    const bill = billOf(parts, paid, { functions: 2, waiting: 4 }, list);
    const of = (name: string) => bill.find(({ part }) => part.startsWith(name))!;
    // Assess
    expect(bill.map(({ part, estimate }) => [part, estimate])).toStrictEqual(
      parts.map(({ part, usd }) => [part, usd]),
    );
    expect(of('Fit').usd).toBe(1);
    expect(of('Ask').usd).toBe(1);
    expect(of('Train').instances).toStrictEqual([
      { instanceType: 'a', seconds: 180 },
      { instanceType: 'b', seconds: 60 },
    ]);
    expect(of('Train').usd).toBeCloseTo(180 / 3600 + 600 / 3600, 12);
    expect(of('Ingest')).toMatchObject({ gbSeconds: 2, usd: 1, isMeasured: true });
    expect(of('Wait')).toMatchObject({ gbSeconds: 4, usd: 2 });
    expect(of('Keep')).toMatchObject({ isMeasured: false, usd: of('Keep').estimate!.expected });
  });

  it('costs nothing where an environment was used again, and says where a price is missing', () => {
    const bill = billOf(parts, [use('train', 'c', 1)], {}, list);

    expect(bill.find(({ part }) => part.startsWith('Fit'))).toMatchObject({
      usd: 0,
      instances: [],
    });
    expect(bill.find(({ part }) => part.startsWith('Train'))!.usd).toBeUndefined();
    expect(billedUsd(bill)).toBeUndefined();
    expect(billedUsd(billOf(parts, [], {}, list))).toBeGreaterThan(0);
  });

  it('takes the parts of an earlier release for what they were estimated at', () => {
    const earlier = [{ part: 'Fit the environment (a)', usd: { low: 1, expected: 2, high: 3 } }];

    expect(billOf(earlier, [use('fit', 'a', 3600)], {}, list)).toMatchObject([
      { isMeasured: false, usd: 2 },
    ]);
  });
});
