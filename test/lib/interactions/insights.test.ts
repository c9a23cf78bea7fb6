import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { interactionInsights, itemInsights } from '#lib/interactions/insights.ts';
import {
  type MergedInteractions,
  type MergedItems,
  type MergedTally,
  mergeTallies,
} from '#lib/interactions/merge.ts';
import { createTally } from '#lib/interactions/tally.ts';
import { settingsOf } from '#lib/interactions/upload-plan.ts';

const settings = settingsOf(interactionsConfig.parse({}));
const nothing = mergeTallies('u', [createTally('logs', 'u', 1).result()]);
/** Just so that nothing is to be remarked. */
const usual: MergedTally = { ...nothing, read: 1250, good: 1000, duplicate: 250 };
const found: MergedInteractions = {
  ...nothing.interactions!,
  users: { ...nothing.interactions!.users, distinct: 60, repeated: 25, largest: 100 },
  items: { ...nothing.interactions!.items, distinct: 20 },
  eventTypes: { buy: 700 },
  withEventType: 700,
  withValue: 700,
  atMidnight: 900,
  firstTimestamp: 1_600_000_000,
  lastTimestamp: 1_700_000_000,
};
const types = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`type ${at}`, 1]));

interface Change {
  readonly tally?: Partial<MergedTally>;
  readonly found?: Partial<MergedInteractions>;
  readonly users?: Partial<MergedInteractions['users']>;
  readonly known?: number | undefined;
}

function remarks(change: Change) {
  const users = { ...found.users, ...change.users };
  const known = 'known' in change ? change.known : 40;
  const insights = interactionInsights(
    { ...usual, ...change.tally },
    { ...found, users, ...change.found },
    known,
    settings,
  );
  for (const { advice } of insights) expect(advice).toMatch(/^[A-Z].*\.$/);
  return insights.map(({ code, message }) => [code, message]);
}

describe('Function: interactionInsights', () => {
  it('has nothing to say of what is just enough', () => {
    expect(remarks({})).toEqual([]);
  });

  it.each<[string, Change, string]>([
    [
      'few-interactions',
      { tally: { good: 999 }, found: { atMidnight: 0 }, users: { largest: 99 } },
      'The upload has 999 interactions; fewer than 1,000 are too few to learn from alone.',
    ],
    [
      'few-users',
      { users: { repeated: 24 } },
      'Only 24 users have two or more interactions; sequences need at least 25 such users.',
    ],
    [
      'few-users',
      { users: { repeated: 1 } },
      'Only 1 user has two or more interactions; sequences need at least 25 such users.',
    ],
    [
      'few-users',
      { users: { repeated: 0 } },
      'No user has two or more interactions; sequences need at least 25 such users.',
    ],
    ['one-user-dominates', { users: { largest: 101 } }, 'One user has 10.1 % of the interactions.'],
    [
      'many-duplicates',
      { tally: { duplicate: 251 } },
      '20.1 % of the rows repeat another row (same user, item, timestamp and event type).',
    ],
    [
      'one-timestamp',
      { found: { firstTimestamp: 1_600_000_000, lastTimestamp: 1_600_000_000, atMidnight: 1000 } },
      'All interactions have the same timestamp, so nothing tells what came after what.',
    ],
    [
      'dates-without-time',
      { found: { atMidnight: 901 } },
      '90.1 % of the interactions are at exactly 00:00:00 UTC, so their order within a day is that of the file.',
    ],
    [
      'incomplete-event-type',
      { found: { withEventType: 699 } },
      'Only 69.9 % of the interactions have an event_type; the others are rewarded with interactions.defaultReward.',
    ],
    [
      'incomplete-value',
      { found: { withValue: 1 } },
      'Only 0.1 % of the interactions have a value.',
    ],
    [
      'unused-fields',
      { tally: { unusedFields: { page: 3, userId: 4 } } },
      'Fields that the pipeline does not use: page, userId.',
    ],
    [
      'no-catalogue',
      { known: undefined },
      'There is no catalogue yet, so every item counts as known and has no text.',
    ],
    [
      'items-never-seen',
      { known: 41 },
      "51.2 % of the catalogue's 41 items are in no interaction of this upload.",
    ],
  ])('remarks %s', (code, change, message) => {
    expect(remarks(change)).toEqual([[code, message]]);
  });

  it.each<[string, Change]>([
    ['of one user only, that he has all of it', { users: { distinct: 1, largest: 1000 } }],
    ['of event types and values that no row has', { found: { withEventType: 0, withValue: 0 } }],
    ['of more items than the catalogue has by now', { known: 3 }],
  ])('has nothing to say %s', (_, change) => {
    expect(remarks(change)).toEqual([]);
  });

  it('does not say of a single interaction that all have the same timestamp', () => {
    const change = {
      tally: { good: 1, read: 1, duplicate: 0 },
      found: { ...found, firstTimestamp: 5, lastTimestamp: 5, atMidnight: 0, users: found.users },
    };

    expect(remarks(change).map(([code]) => code)).not.toContain('one-timestamp');
  });

  it.each([
    [10, undefined],
    [11, 'The upload has 11 event types.'],
    [50, 'The upload has 50 event types.'],
    [51, 'The upload has more than 50 event types.'],
  ])('remarks of %i event types: %s', (count, message) => {
    const many = remarks({ found: { eventTypes: types(count) } });

    expect(many.find(([code]) => code === 'many-event-types')?.[1]).toBe(message);
  });

  it('says what the interactions will count for', () => {
    expect(remarks({ found: { eventTypes: types(2) } }).map(([code]) => code)).toEqual([
      'event-types-without-reward',
    ]);
  });
});

describe('Function: itemInsights', () => {
  const items: MergedItems = {
    items: found.items,
    fields: { brand: 700, genre: 1000 },
    leftOut: {},
  };
  const of = (change: Partial<MergedItems>, tally: Partial<MergedTally> = {}) =>
    itemInsights({ ...usual, ...tally }, { ...items, ...change }).map(
      ({ code, message, advice }) => {
        expect(advice).toMatch(/^[A-Z].*\.$/);
        return [code, message];
      },
    );

  it('has nothing to say of items that are just complete', () => {
    expect(of({})).toEqual([]);
  });

  it('counts items without a title', () => {
    expect(of({}, { notes: { 'absent-title': 1000 } })[0]![1]).toBe(
      '1,000 of the 1,000 items have no title; their id stands for it.',
    );
    expect(of({}, { notes: { 'absent-title': 1 } })).toEqual([
      ['items-without-title', '1 of the 1,000 items has no title; its id stands for it.'],
    ]);
  });

  it('names nested fields, and of how many items they were left out at most', () => {
    expect(of({ leftOut: { cast: 3, crew: 1200, sets: 7 } })).toEqual([
      [
        'nested-fields',
        'Fields that are objects, or have some in them, are left out: cast, crew, sets (of up to 1,200 items).',
      ],
    ]);
  });

  it('says that there are titles only', () => {
    expect(of({ fields: {} })).toEqual([
      ['titles-only', 'The items have no text besides their titles.'],
    ]);
  });

  it('names the fields that too few items have', () => {
    expect(of({ fields: { brand: 699, genre: 1000, size: 1 } })).toEqual([
      ['incomplete-fields', 'Fields that fewer than 70 % of the items have: brand, size.'],
    ]);
  });
});
