import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { mergeTallies } from '#lib/interactions/merge.ts';
import { createRangeParser } from '#lib/interactions/range-parser.ts';
import type { Tally } from '#lib/interactions/tally.ts';
import { settingsOf, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { uploadPlan } from './upload-plans.ts';

const upload = '20261123T000000Z-0123456789abcdef';

/** What is found in each range of an upload, one with these rows. */
function talliesOf(kind: UploadPlan['kind'], ranges: readonly (readonly object[])[]): Tally[] {
  const plan: UploadPlan = {
    ...uploadPlan,
    ...{ upload, kind, key: kind === 'logs' ? 'logs/a.jsonl' : 'catalog/a.jsonl' },
    ranges: ranges.map((_, range) => ({ start: range, end: range + 1, firstLine: 1 })),
    settings: settingsOf(interactionsConfig.parse({ eventRewards: { buy: 1, view: 0 } })),
  };
  return ranges.map((rows, range) => {
    const parser = createRangeParser(plan, range, undefined);
    parser.push(Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')));
    parser.end();
    return parser.tally();
  });
}

const merged = (...args: Parameters<typeof talliesOf>) => mergeTallies(upload, talliesOf(...args));

/** The same rows, the cuts somewhere among them; a range may have none. */
function cut<Row>(rows: readonly Row[], cuts: readonly number[]): Row[][] {
  const at = [0, ...cuts.map((place) => Math.min(place, rows.length)), rows.length];
  at.sort((a, b) => a - b);
  return at.slice(1).map((end, range) => rows.slice(at[range]!, end));
}

const cuts = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 4 });
const action = fc.record(
  {
    user_id: fc.integer({ min: 1, max: 9 }),
    item_id: fc.integer({ min: 1, max: 9 }),
    timestamp: fc.integer({ min: 1_600_000_000, max: 1_700_000_000 }),
    event_type: fc.constantFrom('buy', 'view', 'Buy'),
    value: fc.integer({ min: 1, max: 5 }),
    page: fc.constant('x'),
  },
  { requiredKeys: ['user_id', 'item_id', 'timestamp'] },
);
const item = fc.record(
  { item_id: fc.integer({ min: 1, max: 99 }), title: fc.string(), genre: fc.string() },
  { requiredKeys: ['item_id'] },
);

describe('Function: mergeTallies', () => {
  it('finds in an upload of logs what it finds in its rows together, wherever it was cut', () => {
    const key = (row: { timestamp: number }) => row.timestamp;
    fc.assert(
      fc.property(
        fc.uniqueArray(action, { selector: key, maxLength: 40 }),
        cuts,
        (rows, places) => {
          const { interactions, ...counts } = merged('logs', cut(rows, places));

          const { interactions: whole, ...expected } = merged('logs', [rows]);
          expect(counts).toEqual(expected);
          expect(interactions).toEqual(whole);
          expect(interactions).toMatchObject({
            firstTimestamp: rows.length === 0 ? null : Math.min(...rows.map(key)),
            lastTimestamp: rows.length === 0 ? null : Math.max(...rows.map(key)),
          });
        },
      ),
    );
  });

  it('finds in a catalogue what it finds in its rows together, wherever it was cut', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(item, { selector: (row) => row.item_id, maxLength: 40 }),
        cuts,
        (rows, places) => {
          expect(merged('catalog', cut(rows, places))).toEqual(merged('catalog', [rows]));
        },
      ),
    );
  });

  it('counts the rows of all ranges by reason, and keeps three examples of each', () => {
    const bad = { user_id: 1, item_id: 2, timestamp: 'never' };

    const { reasons, read, quarantined } = merged('logs', [[bad, bad], [bad, bad], [bad]]);

    expect([read, quarantined]).toEqual([5, 5]);
    const [[reason, { count, examples }] = ['', { count: 0, examples: [] }]] =
      Object.entries(reasons);
    expect([Object.keys(reasons), count]).toEqual([[reason], 5]);
    expect(examples.map(({ line }) => line)).toEqual([1, 2, 1]);
    expect(Object.values(merged('logs', [[], [bad]]).reasons)[0]!.examples).toHaveLength(1);
  });

  it('adds up what the ranges counted, as counted by hand', () => {
    const row = { user_id: 1, item_id: 2, timestamp: 1_700_000_000, event_type: 'buy', page: 'x' };
    const item = { item_id: 1, title: 'a', genre: 'b', cast: { first: 'c' } };

    const logs = merged('logs', [[row, row], [{ ...row, user_id: 3 }], [{ ...row, value: 4 }]]);
    const catalogue = merged('catalog', [[item], [{ ...item, item_id: 2 }]]);

    expect(logs).toMatchObject({ read: 4, good: 3, duplicate: 1, unusedFields: { page: 4 } });
    expect(logs.interactions).toMatchObject({
      users: { distinct: 2 },
      items: { distinct: 1 },
      eventTypes: { buy: 3 },
      withEventType: 3,
      withValue: 1,
    });
    expect(catalogue.items).toMatchObject({ fields: { genre: 2 } });
    expect(catalogue.items?.leftOut).toEqual({ cast: 2 });
  });

  it('takes ranges of which nothing is known of their kind', () => {
    const row = { user_id: 1, item_id: 2, timestamp: 1_700_000_000, event_type: 'buy' };
    const [logs] = talliesOf('logs', [[row]]);
    const [catalogue] = talliesOf('catalog', [[{ item_id: 2, title: 'b' }]]);

    const both = mergeTallies(upload, [catalogue!, logs!, catalogue!]);

    expect(both.interactions).toEqual(mergeTallies(upload, [logs!]).interactions);
    expect(both.items?.items.distinct).toBe(1);
    expect(mergeTallies(upload, [logs!]).items).toBeUndefined();
    expect(mergeTallies(upload, [catalogue!]).interactions).toBeUndefined();
  });

  it('adds up what is noted of rows, and finds spellings that are in different ranges', () => {
    const row = { user_id: 'Ann', item_id: 2, timestamp: 86_400 * 10_000 };
    const [one, two] = talliesOf('logs', [[row], [{ ...row, user_id: 'ann', item_id: 3 }]]);
    const noted = { kept: 1, omitted: 2, repeatedHeaders: 3 };

    const both = mergeTallies(upload, [
      { ...one!, ...noted, notes: { 'trimmed-id': 4 }, knownBy: { case: 5 } },
      { ...two!, ...noted, notes: { 'trimmed-id': 6, 'shortened-id': 7 }, knownBy: { case: 8 } },
    ]);

    expect(both).toMatchObject({
      kept: 2,
      omitted: 4,
      repeatedHeaders: 6,
      notes: { 'shortened-id': 7, 'trimmed-id': 10 },
      knownBy: { case: 13 },
    });
    expect(both.interactions).toMatchObject({
      atMidnight: 2,
      users: { distinct: 2, spelledTwice: { case: 1 } },
      items: { distinct: 2, spelledTwice: {} },
    });
  });
});
