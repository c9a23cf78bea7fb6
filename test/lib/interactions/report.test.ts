import { describe, expect, it } from 'vitest';
import type { UploadPlan } from '#lib/interactions/plan.ts';
import { createRangeParser } from '#lib/interactions/range-parser.ts';
import { type RangeReport, reportUpload, uploadReport } from '#lib/interactions/report.ts';

const plan: UploadPlan = {
  upload: '20261123T000000Z-0123456789abcdef',
  bucket: 'a-bucket',
  key: 'logs/a.jsonl',
  etag: '"a"',
  bytes: 1000,
  arrivedAt: '2026-11-23T00:00:00.000Z',
  kind: 'logs',
  format: 'jsonl',
  compressed: false,
  columns: null,
  ranges: [{ start: 0, end: 1000, firstLine: 1 }],
  catalogue: [],
  settings: { maximumBadShare: 0.05, maximumIdLength: 256, maximumLineBytes: 2 ** 20 },
};

interface Upload {
  readonly rows: readonly object[];
  readonly bad?: number;
  readonly known?: ReadonlySet<string>;
  readonly change?: Partial<UploadPlan>;
}

/** The report on an upload of these rows and so many lines that are no JSON. */
function report(
  { rows, bad = 0, known, change = {} }: Upload,
  failure: RangeReport['failure'] = null,
) {
  const changed = { ...plan, ...change };
  const parser = createRangeParser(changed, 0, known);
  parser.push(Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')));
  parser.push(Buffer.from('no JSON\n'.repeat(bad)));
  parser.end();
  const { upload } = plan;
  const knownItems = known?.size ?? null;
  const result = reportUpload(changed, [
    { upload, range: 0, tally: parser.tally(), knownItems, failure },
  ]);
  expect(uploadReport.parse(JSON.parse(JSON.stringify(result)))).toStrictEqual(result);
  return result;
}

const interactions = (count: number, row: (i: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, i) => ({
    user_id: i % 40,
    item_id: i % 20,
    timestamp: 1_700_000_000 + i,
    ...row(i),
  }));
const twenty = new Set(Array.from({ length: 20 }, (_, i) => String(i)));

describe('Function: reportUpload', () => {
  it('describes a good upload and has nothing to remark', () => {
    const {
      status,
      message,
      interactions: found,
      insights,
      badShare,
    } = report({
      rows: interactions(2000, (i) => ({ event_type: i % 2 ? 'click' : 'buy', value: 1 })),
      known: twenty,
    });

    expect({ status, insights, badShare }).toStrictEqual({
      status: 'succeeded',
      insights: [],
      badShare: 0,
    });
    expect(message).toBe(
      '2,000 of the 2,000 rows of logs/a.jsonl were taken; 0 are in quarantine, 0 repeat another row.',
    );
    expect(found).toStrictEqual({
      users: 40,
      usersWithSeveral: 40,
      items: 20,
      exact: true,
      firstAt: '2023-11-14T22:13:20.000Z',
      lastAt: '2023-11-14T22:46:39.000Z',
      eventTypes: { buy: 1000, click: 1000 },
      catalogueItems: 20,
    });
  });

  it('succeeds up to the bad share allowed, and fails beyond, saying why', () => {
    const atLimit = report({ rows: interactions(95), bad: 5 });
    const beyond = report({ rows: interactions(94), bad: 6 });

    expect(atLimit).toMatchObject({ status: 'succeeded', badShare: 0.05 });
    expect(beyond).toMatchObject({ status: 'failed', badShare: 0.06 });
    expect(beyond.message).toMatch(
      /6 of the 100 rows of logs\/a\.jsonl \(6 %\) are bad.*5 %.*"broken-json"/,
    );
    expect(beyond.quarantine).toBe(`quarantine/${plan.upload}/`);
  });

  it('explains every reason and gives the first examples', () => {
    const { reasons } = report({
      rows: [
        ...interactions(3, () => ({ timestamp: 1 })),
        ...interactions(1, () => ({ user_id: '' })),
      ],
      bad: 9,
    });

    expect(reasons.map(({ reason, count }) => [reason, count])).toStrictEqual([
      ['broken-json', 9],
      ['impossible-timestamp', 3],
      ['missing-field', 1],
    ]);
    expect(reasons[0]?.examples.map(({ line }) => line)).toStrictEqual([5, 6, 7]);
    for (const { meaning, advice } of reasons) expect(meaning && advice).toBeTruthy();
  });

  it.each([
    ['no rows', { rows: [] }, /has no rows/],
    [
      'only bad rows, were they allowed',
      { rows: [], bad: 3, change: { settings: { ...plan.settings, maximumBadShare: 1 } } },
      /no good rows/,
    ],
  ])('fails an upload with %s', (_, upload, message) => {
    const failed = report(upload);

    expect(failed.status).toBe('failed');
    expect(failed.message).toMatch(message);
    expect(failed.insights).toStrictEqual([]);
  });

  it('fails an upload of which a range could not be read', () => {
    const failed = report(
      { rows: interactions(50) },
      { code: 'ValidationError', message: 'the file ends early.' },
    );

    expect(failed).toMatchObject({ status: 'failed', read: 50, good: 50 });
    expect(failed.message).toContain('the file ends early.');
  });

  it.each([
    ['few-interactions', { rows: interactions(999) }],
    ['few-users', { rows: interactions(2000, (i) => ({ user_id: i % 24 })) }],
    ['few-users', { rows: interactions(2000, (i) => ({ user_id: i })) }],
    [
      'one-user-dominates',
      { rows: interactions(2000, (i) => ({ user_id: i % 8 ? i % 300 : 'robot' })) },
    ],
    [
      'many-duplicates',
      {
        rows: interactions(2000, (i) => ({
          user_id: (i % 1500) % 40,
          timestamp: 1_700_000_000 + (i % 1500),
        })),
      },
    ],
    [
      'one-timestamp',
      {
        rows: interactions(2000, (i) => ({
          user_id: i % 40,
          item_id: i,
          timestamp: 1_700_000_000,
        })),
      },
    ],
    [
      'dates-without-time',
      { rows: interactions(2000, (i) => ({ item_id: i, timestamp: `2023-11-${10 + (i % 5)}` })) },
    ],
    ['many-event-types', { rows: interactions(2000, (i) => ({ event_type: `type ${i % 11}` })) }],
    [
      'incomplete-event-type',
      { rows: interactions(2000, (i) => (i % 3 ? {} : { event_type: 'buy' })) },
    ],
    ['incomplete-value', { rows: interactions(2000, (i) => (i % 3 ? {} : { value: 1 })) }],
    ['unused-fields', { rows: interactions(2000, () => ({ userId: 3 })) }],
    ['no-catalogue', { rows: interactions(2000) }],
    [
      'items-never-seen',
      { rows: interactions(2000), known: new Set(Array.from({ length: 50 }, (_, i) => String(i))) },
    ],
  ])('remarks %s', (code, upload) => {
    const { status, insights } = report(upload);

    expect(status).toBe('succeeded');
    const found = insights.find((insight) => insight.code === code);
    expect(found?.message).toMatch(/^[A-Z0-9].*\.$/);
    expect(found?.advice).toMatch(/\.$/);
  });

  it('counts event types beyond the first fifty together', () => {
    const { interactions: found, insights } = report({
      rows: interactions(2000, (i) => ({ event_type: `type ${i}` })),
      known: twenty,
    });

    expect(Object.keys(found?.eventTypes ?? {})).toHaveLength(51);
    expect(found?.eventTypes['(other)']).toBe(1950);
    expect(insights[0]?.message).toContain('more than 50');
  });

  it('describes a catalogue', () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({
      item_id: i,
      title: `Item ${i}`,
      ...(i < 5 && { brand: 'x' }),
    }));
    const change = { kind: 'catalog', key: 'catalog/items.jsonl' } as const;

    const some = report({ rows, change });
    const titles = report({ rows: rows.slice(5), change });

    expect(some.items).toStrictEqual({ items: 20, exact: true, fields: { brand: 5 } });
    expect(some.interactions).toBeNull();
    expect(some.insights.map(({ code }) => code)).toStrictEqual(['incomplete-fields']);
    expect(titles.insights.map(({ code }) => code)).toStrictEqual(['titles-only']);
  });
});
