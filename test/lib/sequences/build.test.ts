import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { countActions, countRows } from '#lib/sequences/all-actions.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { build, histories, logOf, type Row, rows, rowsOf } from './arbitraries.ts';

const splits = ['leave-one-out', 'by-user', 'global-time'] as const;

/** Cases as plain values with item ids. */
function casesOf(cases: EvaluationCases, itemIds: readonly string[]) {
  return cases.users.map((user, index) => ({
    user,
    history: [...cases.items.subarray(cases.offsets[index]!, cases.offsets[index + 1]!)]
      .map((item) => itemIds[item - 1])
      .join(' '),
    target: itemIds[cases.targets[index]! - 1],
  }));
}

/** Items by user in time order, each action once: slow and plain. */
function plainHistories(all: readonly Row[]): Record<string, string[]> {
  const seen = new Set<string>();
  const result: Record<string, string[]> = {};
  for (const row of all.toSorted(
    (a, b) =>
      a.timestamp - b.timestamp || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.line - b.line),
  )) {
    const action = `${row.user_id} ${row.timestamp} ${row.item_id} ${row.event_type}`;
    if (seen.has(action)) continue;
    seen.add(action);
    result[row.user_id] = [...(result[row.user_id] ?? []), row.item_id];
  }
  return result;
}

/** When there was something, each action once, ascending. */
function actionTimes(all: readonly Row[]): number[] {
  const times = new Map(
    all.map((row) => [
      `${row.user_id} ${row.timestamp} ${row.item_id} ${row.event_type}`,
      row.timestamp,
    ]),
  );
  return [...times.values()].sort((a, b) => a - b);
}

/** Undefined for what is too little to train and compare on. */
function buildUnlessRefused(all: readonly Row[], settings: Record<string, unknown>) {
  try {
    return build(all, settings);
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return undefined;
  }
}

describe('Function: buildSequences', () => {
  it.each(splits)('lays out all actions of the core, held-out ones included: %s', (split) => {
    fc.assert(
      fc.property(rows, (all) => {
        const built = buildUnlessRefused(all, { split, window: 3 });
        if (built === undefined) return;
        // Act
        const { itemIds } = built.itemTable;
        const counts = countRows(built.allActions, itemIds.length).counts;
        // Assess: each action once, however the histories are cut
        const expected = new Map<string, number>();
        for (const item of Object.values(plainHistories(all)).flat()) {
          expected.set(item, (expected.get(item) ?? 0) + 1);
        }
        expect(countActions(built.allActions)).toBe(counts.reduce((sum, count) => sum + count, 0));
        itemIds.forEach((id, at) => {
          expect(counts[at]).toBe(expected.get(id));
        });
      }),
    );
  });

  it('builds what can be worked out by hand', () => {
    // Arrange: counts in training are a 3, b 2, c 1; d is held out only.
    const all = histories({ u2: 'b a c d', u1: 'a b a c a' });

    // Act
    const built = build(all, { window: 2 });

    // Assess
    const { itemIds, counts } = built.itemTable;
    expect(itemIds).toEqual(['a', 'b', 'c', 'd']);
    expect([...counts]).toEqual([3, 2, 0, 0]);
    expect(built.shards.flatMap(rowsOf)).toEqual([
      { user: 'u1', start: 0, items: [1, 2, 1] },
      { user: 'u2', start: 0, items: [2, 1] },
    ]);
    expect(casesOf(built.validation, itemIds)).toEqual([
      { user: 'u1', history: 'b a', target: 'c' },
      { user: 'u2', history: 'b a', target: 'c' },
    ]);
    expect(casesOf(built.test, itemIds)).toEqual([
      { user: 'u1', history: 'a c', target: 'a' },
      { user: 'u2', history: 'a c', target: 'd' },
    ]);
    expect(built.manifest).toMatchObject({
      users: 2,
      items: 4,
      interactions: 9,
      duplicates: 0,
      trainSequences: 2,
      trainTransitions: 3,
      validationCases: 2,
      testCases: 2,
      shards: 1,
      window: 2,
      split: 'leave-one-out',
    });
  });

  it('accounts for every row that was read', () => {
    fc.assert(
      fc.property(
        rows,
        fc.constantFrom(...splits),
        fc.nat({ max: 3 }),
        fc.constantFrom('on', 'off'),
        fc.option(fc.integer({ min: 1, max: 40 })),
        (all, split, minimum, baskets, maximumInteractions) => {
          // Arrange
          const config = sequencesConfig.parse({
            split,
            baskets,
            maximumInteractions,
            minimumUserInteractions: Math.max(1, minimum),
            minimumItemInteractions: Math.max(1, minimum),
          });
          const log = logOf(all, { eventRewards: { click: 0 } });

          // Act
          let built: ReturnType<typeof buildSequences>;
          try {
            built = buildSequences(log, config);
          } catch (error) {
            expect(error).toBeInstanceOf(ValidationError);
            return;
          }

          // Assess
          const { read, notActions, takenBack, unknownItems, duplicates, tooOld, belowMinimum } =
            built.excluded;
          expect(read).toBe(all.length);
          expect(
            notActions +
              takenBack +
              unknownItems +
              duplicates +
              tooOld +
              belowMinimum +
              built.manifest.interactions,
          ).toBe(read);
        },
      ),
    );
  });

  it('learns from the newest actions as if there were no others, and serves everybody all the same', () => {
    let built = 0;
    const limits = fc.oneof(
      fc.record({ maximumInteractions: fc.integer({ min: 3, max: 40 }) }),
      fc.record({ historyDays: fc.constantFrom(3 / 86_400, 8 / 86_400, 3) }),
    );
    fc.assert(
      fc.property(rows, fc.constantFrom(...splits), limits, (all, split, limit) => {
        // Arrange
        const settings = { split, baskets: 'off', window: 3, shardItems: 64 } as const;
        const newest = Math.max(...all.map(({ timestamp }) => timestamp));
        const isNewer = (after: number) => all.filter(({ timestamp }) => timestamp > after);
        let some: typeof all;
        if ('historyDays' in limit) some = isNewer(newest - limit.historyDays * 86_400);
        else {
          const times = actionTimes(all).reverse();
          some = isNewer(times[limit.maximumInteractions] ?? Number.NEGATIVE_INFINITY);
        }
        const config = sequencesConfig.parse({
          ...settings,
          minimumUserInteractions: 1,
          minimumItemInteractions: 1,
        });
        let alone: ReturnType<typeof buildSequences>;
        try {
          alone = buildSequences(logOf(some), config);
        } catch {
          return; // too little is left
        }
        built++;

        // Act
        const limited = buildSequences(logOf(all), { ...config, ...limit });

        // Assess
        expect(limited.manifest.dataHash).toBe(alone.manifest.dataHash);
        expect(limited.allActions).toStrictEqual(alone.allActions);
        expect(limited.excluded.tooOld).toBe(actionTimes(all).length - actionTimes(some).length);
        const users = limited.everybody.parts.flatMap((part) => part.users);
        expect(users).toStrictEqual([...new Set(all.map(({ user_id }) => user_id))].sort());
        expect(limited.everybody.actions.times.length).toBe(actionTimes(some).length);
      }),
      { numRuns: 900 },
    );
    expect(built).toBeGreaterThan(60);
  });

  it('says what to do where all of the newest actions are at one time', () => {
    const row = { item_id: 'a', timestamp: 1e9, event_type: null, key: 'interactions/1' };
    const all = Array.from({ length: 5 }, (_, at) => ({ ...row, user_id: `${at}`, line: at + 1 }));
    const config = sequencesConfig.parse({ maximumInteractions: 4 });

    expect(() => buildSequences(logOf(all), config)).toThrow(
      'More than sequences.maximumInteractions (4) actions have the time of the newest one',
    );
  });

  it('loses no transition and no held-out action, and shows training no held-out one', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(...splits), (all, split) => {
        // Arrange
        const window = 3;
        let built: ReturnType<typeof build>;
        try {
          built = build(all, { split, window, shardItems: 64 });
        } catch (error) {
          expect(error).toBeInstanceOf(ValidationError);
          return;
        }

        // Act: put the histories together again from the training rows.
        const trained = new Map<string, number[]>();
        for (const { user, start, items } of built.shards.flatMap(rowsOf)) {
          const history = trained.get(user) ?? [];
          // A row begins with the last item of the one before it.
          if (start > 0) expect(history[start]).toBe(items[0]);
          history.splice(start, history.length, ...items);
          trained.set(user, history);
        }

        // Assess: positions of a user are those trained, then validation's, then test's; all of them.
        const { itemIds, counts } = built.itemTable;
        const cases = {
          validation: casesOf(built.validation, itemIds),
          test: casesOf(built.test, itemIds),
        };
        let trainedActions = 0;
        for (const [user, history] of Object.entries(plainHistories(all))) {
          const known = (trained.get(user) ?? []).map((item) => itemIds[item - 1]!);
          expect(known).toEqual(history.slice(0, known.length));
          trainedActions += known.length;
          const held = [...cases.validation, ...cases.test].filter((one) => one.user === user);
          const first = Math.max(1, known.length);
          expect(held).toEqual(
            history.slice(first).map((target, index) => ({
              user,
              history: history.slice(Math.max(0, first + index - window), first + index).join(' '),
              target,
            })),
          );
        }
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(trainedActions);
      }),
    );
  });

  it('gives the same data hash whatever the order of rows, and another for other data', () => {
    // Arrange
    const all = histories({ u1: 'a b c d', u2: 'b c d a', u3: 'd c b a' });

    // Act
    const hash = build(all).manifest.dataHash;

    // Assess
    expect(build(all.toReversed()).manifest.dataHash).toBe(hash);
    expect(
      build(all.map((row) => ({ ...row, timestamp: row.timestamp + 1 }))).manifest.dataHash,
    ).not.toBe(hash);
  });

  it('closes a shard before it gets too long, and never cuts a row for it', () => {
    // Arrange
    const all = histories(
      Object.fromEntries(
        Array.from({ length: 30 }, (_, user) => [`u${user}`, 'a b c d e f g h i j k l']),
      ),
    );

    // Act
    const { shards, manifest } = build(all, { shardItems: 64 });

    // Assess: rows of 10 items, six to a shard.
    expect(shards.map((shard) => shard.items.length)).toEqual([60, 60, 60, 60, 60]);
    expect(manifest).toMatchObject({ shards: 5, trainSequences: 30, trainTransitions: 270 });
  });

  it('orders the vocabulary by training counts alone', () => {
    // Arrange: z is the most frequent item, but only where it is held out.
    const all = histories({ u1: 'a b z z', u2: 'a c z z', u3: 'a b z z' });

    // Act
    const { itemIds, counts } = build(all).itemTable;

    // Assess
    expect(itemIds).toEqual(['a', 'b', 'c', 'z']);
    expect([...counts]).toEqual([3, 2, 1, 0]);
  });

  it('holds users out whole, each of their actions but the first a case', () => {
    // Arrange
    const all = histories(
      Object.fromEntries(Array.from({ length: 200 }, (_, user) => [`u${user}`, 'a b c'])),
    );

    // Act
    const built = build(all, { split: 'by-user' });

    // Assess
    const users = (cases: EvaluationCases) => new Set(cases.users);
    const training = new Set(built.shards.flatMap((shard) => shard.users));
    const [validation, test] = [users(built.validation), users(built.test)];
    expect(training.size + validation.size + test.size).toBe(200);
    expect([...validation].some((user) => training.has(user) || test.has(user))).toBe(false);
    expect([...test].some((user) => training.has(user))).toBe(false);
    expect(built.test.targets.length).toBe(2 * test.size);
  });

  it('takes titles and fields from the catalogue, and the id where there is none', () => {
    // Arrange
    const all = histories({ u1: 'a b a b', u2: 'b a b a' });
    const catalogue = new Map([
      ['a', { title: 'Alien', fields: { genre: 'horror' } }],
      ['b', { title: 'Brazil', fields: {} }],
    ]);
    const config = sequencesConfig.parse({
      minimumUserInteractions: 1,
      minimumItemInteractions: 1,
      split: 'leave-one-out',
    });

    // Act
    const with_ = buildSequences(logOf(all, { catalogue }), config).itemTable;
    const without = build(all).itemTable;

    // Assess
    expect(with_.titles).toEqual(['Alien', 'Brazil']);
    expect(with_.fields).toEqual([{ genre: 'horror' }, {}]);
    expect(without.titles).toEqual(['a', 'b']);
  });

  it("counts test cases whose order is the tie policy's", () => {
    // Arrange
    const tied = histories({ u1: 'a b c d', u2: 'd c b a' }).map((row) =>
      row.user_id === 'u1' ? { ...row, timestamp: 1_500_000_000 } : row,
    );

    // Act and assess
    expect(build(tied).excluded.tiedTestCases).toBe(1);
  });

  it.each([
    ['nothing was ingested', [], {}, 'There are no interactions to build sequences from'],
    [
      'the filter leaves nothing',
      histories({ u1: 'a b', u2: 'c d' }),
      { minimumUserInteractions: 5 },
      'Lower sequences.minimumUserInteractions or sequences.minimumItemInteractions',
    ],
    [
      'nobody has enough actions for the split',
      histories({ u1: 'a b', u2: 'a b' }),
      {},
      'leaves no validation case and no test case',
    ],
  ])('says what to change when %s', (_, all, settings, message) => {
    expect(() => build(all, settings)).toThrow(ValidationError);
    expect(() => build(all, settings)).toThrow(message);
  });

  it('says why no row is an action', () => {
    // Arrange
    const log = logOf(histories({ u: 'a b c' }), {
      catalogue: new Map([['z', { title: 'Z', fields: {} }]]),
    });

    // Act and assess
    expect(() => buildSequences(log, sequencesConfig.parse({}))).toThrow(
      'None of the 3 interactions is an action: 3 are of items that the catalogue does not have',
    );
  });

  it('in a split by time, lets nothing that comes later decide who is trained on', () => {
    // Arrange: by the cut, user v has three actions and item c two; later they have more.
    const early = histories({ u: 'a b a b a b a', v: 'a b c', w: 'b c a b a b' });
    const late = [
      { user_id: 'v', item_id: 'c' },
      { user_id: 'v', item_id: 'd' },
      { user_id: 'x', item_id: 'c' },
      { user_id: 'x', item_id: 'a' },
    ].map((row, at) => ({
      ...row,
      timestamp: 1_600_000_000 + at,
      event_type: null,
      line: 100 + at,
      key: 'interactions/2',
    })) as Row[];
    const settings = {
      split: 'global-time',
      minimumUserInteractions: 4,
      minimumItemInteractions: 3,
    };

    // Act
    const built = build([...early, ...late], settings);

    // Assess: u and w train, on a and b; the rest is judged, d and c as cold items, v by a history that did not train.
    const { itemIds, counts } = built.itemTable;
    expect(new Set(built.shards.flatMap(({ users }) => users))).toEqual(new Set(['u', 'w']));
    expect(Object.fromEntries(itemIds.map((id, at) => [id, counts[at]]))).toEqual({
      a: 6,
      b: 6,
      c: 0,
      d: 0,
    });
    expect(built.manifest.trainItems).toBe(2);
    expect(casesOf(built.validation, itemIds)).toEqual([
      { user: 'v', history: 'a b c', target: 'c' },
      { user: 'v', history: 'a b c c', target: 'd' },
    ]);
    expect(casesOf(built.test, itemIds)).toEqual([{ user: 'x', history: 'c', target: 'a' }]);
  });

  it('with baskets, depends on no order of lines inside one', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(...splits), fc.func(fc.nat()), (all, split, lineOf) => {
        // Arrange: the same rows, in lines and objects of another order.
        const settings = { split, baskets: 'on' };
        const attempt = (some: readonly Row[]) => {
          try {
            return build(some, settings);
          } catch (error) {
            expect(error).toBeInstanceOf(ValidationError);
            return undefined;
          }
        };
        const moved = all.map((row, at) => ({
          ...row,
          line: lineOf(at) as number,
          key: (lineOf(at, 'key') as number) % 2 === 0 ? 'interactions/1' : 'interactions/2',
        }));

        // Act
        const [before, after] = [attempt(all), attempt(moved)];

        // Assess: duplicates aside, of which another one may be kept, all is the same.
        expect(after).toEqual(before);
      }),
    );
  });
});
