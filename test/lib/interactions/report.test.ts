import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { createRangeParser } from '#lib/interactions/range-parser.ts';
import {
  explainFailure,
  isUnread,
  reportUpload,
  unreadReport,
  uploadReport,
} from '#lib/interactions/report.ts';
import { settingsOf, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { inFileOrder } from './sorted.ts';
import { interactions, plan, reasonsOnce, report, twenty, type Upload } from './upload-reports.ts';

describe('Function: reportUpload', () => {
  it('describes a good upload and has nothing to remark', () => {
    const {
      status,
      message,
      interactions: found,
      insights,
      badShare,
      quarantine,
    } = report({
      rows: interactions(2000, (i) => ({ event_type: i % 2 ? 'click' : 'buy', value: 1 })),
      known: twenty,
    });

    expect({ status, insights, badShare, quarantine }).toStrictEqual({
      status: 'succeeded',
      insights: [],
      badShare: 0,
      quarantine: null,
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
    expect(beyond.message).toBe(
      '6 of the 100 rows of logs/a.jsonl (6 %) are bad, more than the 5 % that interactions.maximumBadShare allows; ' +
        '6 of them are "broken-json". Nothing of the file is used. Correct it and upload it again.',
    );
    const mixed = report({ rows: reasonsOnce, bad: 1, known: new Set() });
    expect(mixed.message).toContain('1 of them is "broken-json". Nothing');
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

  it('takes an upload with no rows, and says so', () => {
    const { status, message, insights, interactions: found } = report({ rows: [] });

    expect(status).toBe('succeeded');
    expect(found).toMatchObject({ users: 0, firstAt: null, lastAt: null });
    const catalogue = report({ rows: [], change: { kind: 'catalog', key: 'catalog/a.jsonl' } });
    expect(catalogue.insights.map(({ code }) => code)).toEqual(['no-rows']);
    expect(message).toMatch(/has no rows/);
    expect(insights.map(({ code }) => code)).toContain('no-rows');
  });

  it.each([
    [1, 9, 'succeeded'],
    [5, 6, 'succeeded'],
    [5, 5, 'failed'],
    [6, 60, 'failed'],
  ])('with %i bad rows beside %i good ones has %s', (bad, good, status) => {
    expect(report({ rows: interactions(good), bad }).status).toBe(status);
  });

  it('fails a catalogue none of whose items has a title', () => {
    const change = { kind: 'catalog', key: 'catalog/a.jsonl' } as const;
    const rows = [
      { item_id: 1, name: 'One' },
      { item_id: 2, name: 'Two', title: 'nan' },
    ];

    const failed = report({ rows, change });

    expect(failed).toMatchObject({ status: 'failed', good: 2 });
    expect(failed.message).toMatch(/No item of catalog\/a\.jsonl has a title/);
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

  it.each([
    ['without ".0"', (i: number) => `${i}.0`, ['0', '1', '2']],
    ['without zeros at the beginning', (i: number) => i, ['000', '001', '002']],
    ['in another case', (i: number) => `I${i}`, ['i0', 'i1', 'i2']],
    [
      'in another Unicode normal form',
      (i: number) => `cafe\u0301-${i}`,
      ['caf\u00e9-0', 'caf\u00e9-1', 'caf\u00e9-2'],
    ],
    [
      'with their exponents written out',
      (i: number) => `8.8${i}E+12`,
      ['8800000000000', '8810000000000', '8820000000000'],
    ],
    ['without blanks and invisible characters', (i: number) => `a\u200b${i}`, ['a0', 'a1', 'a2']],
  ])('says that all unknown items match %s', (how, item, known) => {
    const { status, insights } = report({
      rows: interactions(60, (i) => ({ item_id: item(i % 3) })),
      known: new Set(known),
    });

    expect(status).toBe('failed');
    expect(insights.map(({ message }) => message)).toContain(
      `All 60 rows of unknown items match an item of the catalogue ${how}.`,
    );
  });

  it('says how many of the unknown items match', () => {
    const { insights } = report({
      rows: interactions(60, (i) => ({ item_id: i % 4 ? `I${i % 20}` : 'nowhere' })),
      known: new Set(Array.from({ length: 20 }, (_, i) => `i${i}`)),
    });

    expect(insights.map(({ message }) => message)).toContain(
      '45 of the 60 rows of unknown items match an item of the catalogue in another case.',
    );
  });

  it.each([
    ['in case', (i: number) => (i % 2 ? `Ann${i >> 1}` : `ann${i >> 1}`)],
    ['in case', (i: number) => (i % 2 ? `ANN${i >> 1}` : `Ann${i >> 1}`)],
    ['in ".0" at the end', (i: number) => (i % 2 ? `17${i >> 1}.0` : `17${i >> 1}`)],
    ['in zeros at the beginning', (i: number) => (i % 2 ? `0${1 + (i >> 1)}` : 1 + (i >> 1))],
    ['in blanks or invisible characters', (i: number) => (i % 2 ? `a b${i >> 1}` : `ab${i >> 1}`)],
  ])('counts users in two spellings that differ %s', (how, user) => {
    const { insights, interactions: found } = report({
      rows: interactions(2000, (i) => ({ user_id: user(i % 62) })),
      known: twenty,
    });

    expect(found?.users).toBe(62);
    expect(insights.map(({ message }) => message)).toContain(
      `31 users appear in two spellings that differ ${how}.`,
    );
  });

  it('counts items in two spellings where no catalogue decides, and in a catalogue', () => {
    const rows = [1, 2].flatMap((i) => [
      { item_id: `i${i}`, title: 'x', user_id: 'u', timestamp: 1_700_000_000 + i },
      { item_id: `I${i}`, title: 'x', user_id: 'u', timestamp: 1_700_000_009 + i },
    ]);
    const change = { kind: 'catalog', key: 'catalog/a.jsonl' } as const;
    const remark = '2 items appear in two spellings that differ in case.';
    const messages = (upload: Upload) => report(upload).insights.map(({ message }) => message);

    expect(messages({ rows })).toContain(remark);
    expect(messages({ rows, known: new Set(['i1', 'i2', 'I1', 'I2']) })).not.toContain(remark);
    expect(messages({ rows, change })).toContain(remark);
  });

  it.each([
    [
      'placeholder-users',
      { user_id: 'NULL' },
      /^400 rows have a word for "nothing" .* as user_id, which counts as one user a word\.$/,
    ],
    ['placeholder-items', { item_id: 'nan' }, /^400 rows have .* as item_id/],
    ['shortened-ids', { user_id: '8.80E+12' }, /^400 rows have an id such as 8\.80E\+12/],
    ['shortened-timestamps', { timestamp: '1.70E+12' }, /^8 rows have a timestamp such as/],
    ['trimmed-ids', { user_id: ' 7\t' }, /around 400 ids were taken off/],
    ['placeholder-fields', { value: 'NULL', event_type: '\\N' }, /^800 optional fields/],
  ])('remarks %s with their number', (code, odd, message) => {
    const { insights } = report({
      rows: interactions(2000, (i) => ({ value: i, ...(i % 5 ? {} : odd) })),
    });

    expect(insights.find((insight) => insight.code === code)?.message).toMatch(message);
  });

  it('says that a spreadsheet has cut the ids of items that no catalogue has', () => {
    const rows = interactions(60, (i) => ({ item_id: i % 2 ? '8.80E+12' : 'null' }));

    const { insights, reasons } = report({ rows, known: twenty });

    expect(insights.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^30 rows have an id such as 8\.80E\+12/),
    );
    // These were not taken, so that they count as no item.
    expect(insights.map(({ code }) => code)).not.toContain('placeholder-items');
    expect(reasons[0]!.examples[0]!.detail).toMatch(
      /^item_id is a word for "nothing" and is in no/,
    );
  });

  it('says which event types have no reward, and which rewards no event type', () => {
    const rows = interactions(2000, (i) => ({ event_type: i % 4 ? 'Buy' : 'view' }));
    const messages = (upload: Upload) =>
      new Map(report(upload).insights.map(({ code, message }) => [code, message]));

    const found = messages({ rows, known: twenty });

    expect(found.get('event-types-without-reward')).toBe(
      'Event types without a reward of their own, which count for interactions.defaultReward (1): ' +
        'Buy (1,500 rows), view (500 rows). Perhaps the same: Buy and buy.',
    );
    expect(found.get('rewards-without-event-type')).toMatch(
      /no row of the upload has: buy, click\./,
    );
  });

  it.each([
    [
      5,
      { as: 'rating', likedFrom: 3 },
      /The value of buy is 1 to 5 in 2,000 rows: it looks like a rating/,
    ],
    [
      200,
      { as: 'amount', full: 200 },
      /The value of buy is 1 to 200 in 2,000 rows: .* a quantity or price/,
    ],
  ])(
    'proposes what values up to %i may mean, and is silent once it is said',
    (most, rule, message) => {
      const rows = interactions(2000, (i) => ({ event_type: 'buy', value: 1 + (i % most) }));
      const find = (settings: UploadPlan['settings']) =>
        report({ rows, change: { settings } }).insights.find(
          ({ code }) => code === 'value-not-counted',
        );

      const proposed = find(plan.settings);

      expect(proposed?.message).toMatch(message);
      expect(proposed?.advice).toContain(
        `interactions.reward.values ${JSON.stringify({ buy: rule })}`,
      );
      const reward = { reward: { values: { buy: rule } } };
      expect(find(settingsOf(interactionsConfig.parse(reward)))).toBeUndefined();
    },
  );

  it('says what became of nameless columns, and of header lines in between', () => {
    const text =
      ',user_id,item_id,timestamp\n0,u,i,1700000000\n,user_id,item_id,timestamp\n1,v,i,1700000000\n';
    const columns = ['', 'user_id', 'item_id', 'timestamp'];
    const change = { format: 'csv', framing: 'csv', columns, skipBytes: 27 } as const;
    const parser = createRangeParser({ ...plan, ...change }, 0, undefined);

    parser.push(Buffer.from(text));
    const { rows } = parser.end();

    expect(inFileOrder(rows).map((row) => row.user_id)).toStrictEqual(['u', 'v']);
    const result = reportUpload({ ...plan, ...change }, [
      { upload: plan.upload, range: 0, tally: parser.tally(), knownItems: null, failure: null },
    ]);
    expect(result).toMatchObject({ read: 2, good: 2 });
    const codes = result.insights.map(({ code }) => code);
    expect(codes).toContain('nameless-columns');
    expect(codes).toContain('repeated-header');
  });

  it('counts event types beyond the first fifty together', () => {
    const { interactions: found, insights } = report({
      rows: interactions(2000, (i) => ({ event_type: `type ${i}` })),
      known: twenty,
    });

    expect(Object.keys(found?.eventTypes ?? {})).toHaveLength(51);
    expect(found?.eventTypes['(other)']).toBe(1950);
    expect(insights.find(({ code }) => code === 'many-event-types')?.message).toContain(
      'more than 50',
    );
    expect(insights.find(({ code }) => code === 'event-types-without-reward')?.message).toMatch(
      /\(other\) \(1,950 rows\), .* and 41 more\./,
    );
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

describe('Function: explainFailure', () => {
  it('tells reasons and remarks, a line each, for somebody at a terminal', () => {
    // Arrange: every third line is no JSON, and one user has all the rest.
    const refused = report({ rows: interactions(20, () => ({ user_id: 1 })), bad: 10 });

    // Act
    const [first, second, ...others] = explainFailure(refused, 'a.jsonl').split('\n');

    // Assess
    expect(refused.status).toBe('failed');
    expect(first).toBe(`a.jsonl was refused: ${refused.message}`);
    const [{ meaning, advice, examples }] = refused.reasons as [(typeof refused.reasons)[number]];
    expect(second).toBe(
      `  broken-json, 10 rows, first in line 21: ${examples[0]!.detail}. ${meaning} ${advice}`,
    );
    expect(others).toEqual(
      refused.insights.map((remark) => `  ${remark.message} ${remark.advice}`),
    );
    expect(others.length).toBeGreaterThan(0);
  });

  it('does without an example where none was kept', () => {
    const refused = report({ rows: interactions(20), bad: 10 });
    const [reason] = refused.reasons;
    const without = { ...refused, insights: [], reasons: [{ ...reason!, examples: [] }] };
    expect(explainFailure(without, 'a.jsonl')).toContain(
      `\n  ${reason!.reason}, 10 rows. ${reason!.meaning}`,
    );
  });
});

describe('Function: unreadReport', () => {
  it('is a whole report of an upload of which nothing was read', () => {
    // Act
    const unread = unreadReport(plan, 'ignored', 'No data.');

    // Assess
    expect(uploadReport.parse(JSON.parse(JSON.stringify(unread)))).toStrictEqual(unread);
    expect(unread).toMatchObject({ status: 'ignored', message: 'No data.', read: 0, badShare: 0 });
    expect([isUnread(unread), isUnread(report({ rows: [] }))]).toEqual([true, false]);
    expect([unread.upload, unread.file, unread.kind]).toEqual([plan.upload, plan.key, plan.kind]);
  });
});
