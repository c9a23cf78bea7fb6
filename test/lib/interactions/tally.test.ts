import { describe, expect, it } from 'vitest';
import { reject } from '#lib/interactions/reasons.ts';
import type { Interaction } from '#lib/interactions/rows.ts';
import { createSketch } from '#lib/interactions/sketch.ts';
import {
  countName,
  createTally,
  sketchSeed,
  sketchSize,
  sortedCounts,
  spellingSize,
  tally as tallySchema,
} from '#lib/interactions/tally.ts';

const upload = '20261123T000000Z-0123456789abcdef';
const row: Interaction = {
  user_id: 'u',
  item_id: 'i',
  timestamp: 1_700_000_000,
  event_type: null,
  value: null,
  line: 1,
};

/** Distinct ids of a stored sketch. */
function distinct(stored: Parameters<ReturnType<typeof createSketch>['merge']>[0]): number {
  const sketch = createSketch(sketchSize(1), sketchSeed(upload));
  sketch.merge(stored);
  return sketch.summary().distinct;
}

describe('Function: createTally', () => {
  it('counts interactions', () => {
    // Arrange
    const tally = createTally('logs', upload, 1);
    const midnight = 1_699_920_000;

    // Act
    tally.interaction({ ...row, event_type: 'view', value: 3 });
    tally.interaction({ ...row, user_id: 'v', event_type: 'buy', timestamp: midnight });
    tally.interaction({ ...row, item_id: 'j', value: 5, timestamp: midnight + 172_800 });
    tally.interaction({ ...row, user_id: 'w', event_type: 'view', timestamp: midnight + 86_400 });

    // Assess
    const { interactions, items, ...counts } = tally.result();
    expect(counts).toEqual({
      read: 4,
      good: 4,
      quarantined: 0,
      duplicate: 0,
      kept: 0,
      reasons: {},
      notes: {},
      knownBy: {},
      omitted: 0,
      repeatedHeaders: 0,
      unusedFields: {},
    });
    expect(items).toBeNull();
    const { users, items: ids, ...rest } = interactions!;
    expect([distinct(users.all), distinct(ids.all)]).toEqual([3, 2]);
    expect(rest).toEqual({
      eventTypes: { buy: 1, view: 2 },
      withEventType: 3,
      withValue: 2,
      values: {
        '*': { rows: 1, lowest: 5, highest: 5, distinct: [5] },
        view: { rows: 1, lowest: 3, highest: 3, distinct: [3] },
      },
      atMidnight: 3,
      firstTimestamp: midnight,
      lastTimestamp: midnight + 172_800,
    });
  });

  it('knows of no time where there is no interaction', () => {
    const { interactions } = createTally('logs', upload, 1).result();

    expect(interactions).toMatchObject({ firstTimestamp: null, lastTimestamp: null });
  });

  it('counts items with their fields, and those left out', () => {
    // Arrange
    const tally = createTally('catalog', upload, 1);

    // Act
    tally.item({ item_id: 'a', title: 'A', fields: { genre: 'x', brand: 'y' } });
    tally.item({ item_id: 'b', title: 'B', fields: { genre: 'x' } });
    tally.leftOut('cast');
    tally.leftOut('cast');
    tally.leftOut('also');

    // Assess
    const { read, good, interactions, items } = tally.result();
    expect([read, good, interactions]).toEqual([2, 2, null]);
    expect(Object.entries(items!.fields)).toEqual(Object.entries({ brand: 1, genre: 2 }));
    expect(Object.entries(items!.leftOut)).toEqual(Object.entries({ also: 1, cast: 2 }));
    expect(distinct(items!.items.all)).toBe(2);
  });

  it('counts what is no good row: each is read, but not what is omitted or a header', () => {
    // Arrange
    const tally = createTally('logs', upload, 1);

    // Act
    tally.duplicate();
    for (const line of [7, 8, 9, 10]) tally.rejection(reject('wrong-type', `at ${line}`), line);
    tally.rejection(reject('broken-json', 'early'), 11);
    tally.kept();
    tally.omitted();
    tally.omitted();
    tally.repeatedHeader();
    tally.note('trimmed-id');
    tally.note('trimmed-id');
    tally.note('absent-title');
    tally.unknownBut('zeros');
    tally.unknownBut('zeros');
    tally.unknownBut('case');
    tally.fields({ user_id: 1, page: 2 }, (name) => name === 'user_id');
    tally.fields({ page: 2, also: 3 }, () => false);

    // Assess
    const found = tally.result();
    expect(found).toMatchObject({ read: 6, good: 0, quarantined: 5, duplicate: 1, kept: 1 });
    expect(found).toMatchObject({ omitted: 2, repeatedHeaders: 1 });
    expect(JSON.stringify(found.reasons)).toBe(
      JSON.stringify({
        'broken-json': { count: 1, examples: [{ line: 11, detail: 'early' }] },
        'wrong-type': {
          count: 4,
          examples: [7, 8, 9].map((line) => ({ line, detail: `at ${line}` })),
        },
      }),
    );
    expect(found.notes).toEqual({ 'trimmed-id': 2, 'absent-title': 1 });
    expect(found.knownBy).toEqual({ zeros: 2, case: 1 });
    expect(found.unusedFields).toEqual({ page: 2, also: 1 });
    expect(tallySchema.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
  });

  it('looks at each id once for its spellings', () => {
    const tally = createTally('logs', upload, 1);
    for (const user_id of ['Ann', 'ann', 'Ann', 'bob']) tally.interaction({ ...row, user_id });

    const { users, items } = tally.result().interactions!;

    expect(Object.keys(users.spellings)).toContain('case');
    expect(Object.keys(items.spellings)).not.toContain('case');
  });
});

describe('Function: countName', () => {
  it('counts the first fifty names apart and all others together', () => {
    // Arrange
    const counts = new Map<string, number>();

    // Act
    for (let at = 0; at < 52; at++) countName(counts, `name ${at}`);
    countName(counts, 'name 49', 5);
    countName(counts, 'name 51', 7);

    // Assess
    expect(counts.size).toBe(51);
    expect(counts.get('name 49')).toBe(6);
    expect(counts.get('(other)')).toBe(9);
  });

  it('leaves room for fifty names beside what was counted together before', () => {
    const counts = new Map([['(other)', 3]]);

    for (let at = 0; at < 50; at++) countName(counts, `name ${at}`);

    expect([counts.size, counts.get('(other)')]).toEqual([51, 3]);
  });
});

describe('What is stored of a range', () => {
  it('is the smaller the more ranges there are, and never too small', () => {
    expect([1, 3, 64, 65, 9999].map(sketchSize)).toEqual([65_536, 21_845, 1024, 1024, 1024]);
    expect([1, 9999].map(spellingSize)).toEqual([16_384, 256]);
  });

  it('has names in the order of UTF-16', () => {
    const counts = sortedCounts(new Map(['b', 'a', 'B', '\uffee', '\u{1f600}'].map((n) => [n, 1])));

    expect(Object.keys(counts)).toEqual(['B', 'a', 'b', '\u{1f600}', '\uffee']);
  });

  it('has hashes of another seed for another upload', () => {
    expect(sketchSeed('a')).toBe(Math.imul(1 ^ 97, 16_777_619));
    expect(sketchSeed('ab')).toBe(Math.imul(sketchSeed('a') ^ 98, 16_777_619));
    expect(sketchSeed('')).toBe(1);
  });
});
