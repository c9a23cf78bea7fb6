import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf } from '#lib/columns/batches.ts';
import { type SequencesConfig, sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { joinCases, mergeEvents } from '#lib/sequences/buckets/join.ts';
import { planBuckets } from '#lib/sequences/buckets/plan.ts';
import { settle } from '#lib/sequences/buckets/settle.ts';
import { sliceByTime, sortTimes } from '#lib/sequences/buckets/times.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { caseBatches } from '#lib/sequences/evaluation-cases.ts';
import { eventBatches } from '#lib/sequences/interaction-events.ts';
import type { InteractionLog } from '#lib/sequences/interaction-log.ts';
import { judgedClasses } from '#lib/sequences/judged.ts';
import { logOf, type Row, rows } from '../arbitraries.ts';
import { buildInBuckets } from './driver.ts';

const settings = fc
  .record({
    split: fc.constantFrom('global-time', 'leave-one-out', 'by-user'),
    baskets: fc.constantFrom('auto', 'on', 'off'),
    ties: fc.constantFrom('upload-order', 'shuffled'),
    minimumUserInteractions: fc.integer({ min: 1, max: 3 }),
    minimumItemInteractions: fc.integer({ min: 1, max: 4 }),
    window: fc.integer({ min: 2, max: 6 }),
    seed: fc.nat(5),
    excludeHistory: fc.constantFrom(true, false, 'auto'),
    historyDays: fc.constantFrom(null, null, 2, 30),
    maximumInteractions: fc.option(fc.integer({ min: 1, max: 60 })),
    maximumCases: fc.constantFrom(1, 3, 50_000),
  })
  .map((values) => ({ ...sequencesConfig.parse(values), shardItems: 7 }) satisfies SequencesConfig);

const rules = {
  eventRewards: { view: 0, click: 0.25 },
  defaultReward: 1,
  reward: { values: {}, takesBack: { cancel: 'buy' } },
};
const known = { title: 'Known', fields: { genre: 'any' } };
const catalogues = fc.constantFrom(
  undefined,
  new Map(['a', 'b', 'c', 'never'].map((id) => [id, { ...known, hasLeft: id === 'b' }])),
);
const everything = fc
  .array(
    fc.tuple(
      rows,
      fc.constantFrom(null, 'buy', 'buy', 'cancel', 'view', 'click'),
      fc.constantFrom(0, 3600, 86_400 * 3, 86_400 * 40),
    ),
    { minLength: 2, maxLength: 4 },
  )
  .map((all) =>
    all
      .flatMap(([some, event, later]) =>
        some.map((row, at) => ({
          ...row,
          timestamp: row.timestamp + later + (at % 3) / 4,
          event_type: event ?? row.event_type,
        })),
      )
      .map((row, at) => ({ ...row, line: at + 1 })),
  );

/** Logs of the users between bounds, in order. */
function divideUsers(
  all: readonly Row[],
  bounds: readonly string[],
  options: Parameters<typeof logOf>[1],
): InteractionLog[] {
  const inOrder = [...new Set(bounds)].sort();
  const bucketOf = ({ user_id }: Row) => inOrder.filter((bound) => bound <= user_id).length;
  return Array.from({ length: inOrder.length + 1 }, (_, bucket) => {
    const log = logOf(
      all.filter((row) => bucketOf(row) === bucket),
      options,
    );
    log.takeBack();
    return log;
  });
}

describe('A build in buckets', () => {
  it('writes what the build in one process writes, to the last number, whatever the buckets and the order of rows', async () => {
    let built = 0;
    await fc.assert(
      fc.asyncProperty(
        everything,
        settings,
        catalogues,
        fc.array(fc.constantFrom('u1', 'u10', 'u2', 'v', 'w', 'a', 'zz', 'ü'), { maxLength: 5 }),
        fc.option(fc.constantFrom(1_500_000_006, 1_500_003_605, 1_503_000_000), { nil: undefined }),
        async (all, config, catalogue, bounds, since) => {
          const options = { ...rules, ...(catalogue && { catalogue }) };
          const log = logOf(all, options);
          log.takeBack();
          let whole: ReturnType<typeof buildSequences>;
          try {
            whole = buildSequences(log, config, since);
          } catch {
            return; // too little is left
          }
          built++;

          const logs = divideUsers(all.toReversed(), bounds, options);
          const inBuckets = await buildInBuckets(logs, config, since);

          const { manifest, everybody, excluded, ...files } = whole;
          for (const name of Object.keys(files) as (keyof typeof files)[]) {
            expect([name, inBuckets[name]]).toStrictEqual([name, files[name]]);
          }
          for (const cases of [whole.validation, whole.test]) {
            expect(joinCases(batchesOf(cases, { ...caseBatches, size: 3 }))).toStrictEqual(cases);
          }
          const events = batchesOf(whole.events, { ...eventBatches, size: 5 });
          expect(mergeEvents(events)).toStrictEqual(whole.events);
          expect(inBuckets.items).toStrictEqual(everybody.items);
          expect(inBuckets.histories).toStrictEqual(everybody.parts);
          const sum = (name: keyof (typeof inBuckets.sums)[number]) =>
            inBuckets.sums.reduce((total, one) => total + one[name], 0);
          expect({
            users: sum('users'),
            interactions: sum('interactions'),
            trainSequences: sum('trainSequences'),
            trainTransitions: sum('trainTransitions'),
            shards: inBuckets.settlement.parts.train,
            leftOutCases: inBuckets.settlement.judged.leftOut,
            repeatShare: inBuckets.settlement.repeatShare,
            excludeHistory: inBuckets.settlement.excludeHistory,
            duplicates: inBuckets.totals.duplicates,
            newestAction: inBuckets.totals.newestAction,
          }).toStrictEqual({
            users: manifest.users,
            interactions: manifest.interactions,
            trainSequences: manifest.trainSequences,
            trainTransitions: manifest.trainTransitions,
            shards: manifest.shards,
            leftOutCases: manifest.leftOutCases,
            repeatShare: manifest.repeatShare,
            excludeHistory: manifest.excludeHistory,
            duplicates: manifest.duplicates,
            newestAction: manifest.newestAction,
          });
          const { read, notActions, takenBack, unknownItems } = inBuckets.totals;
          expect(excluded).toMatchObject({ read, notActions, takenBack, unknownItems });
          expect(sum('tiedTestCases')).toBe(excluded.tiedTestCases);
          expect(inBuckets.totals.users - sum('users')).toBe(excluded.usersBelowMinimum);
          expect(inBuckets.totals.items - manifest.items).toBe(excluded.itemsBelowMinimum);
        },
      ),
      { numRuns: 1600 },
    );
    expect(built).toBeGreaterThan(150);
  });
});

describe('Function: settle', () => {
  it('refuses more shards than a run may have', () => {
    const measures = {
      train: new Uint8Array(100_001).fill(64),
      allActions: new Uint8Array(0),
      everybody: 1,
      cases: {
        validation: new Array<number>(judgedClasses).fill(0),
        test: new Array<number>(judgedClasses).fill(0),
      },
      repeats: 0,
      transitions: 1,
      arrived: [],
    };
    const config = sequencesConfig.parse({ shardItems: 64 });

    expect(() => settle([measures], config)).toThrow('make 100,001 shards');
    expect(settle([{ ...measures, train: measures.train.slice(1) }], config).parts.train).toBe(
      100_000,
    );
  });
});

describe('Function: planBuckets', () => {
  it('shares out all users, each to one bucket, and about so many rows to each', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ first: fc.string({ maxLength: 2 }), rows: fc.integer({ min: 1, max: 9 }) }),
        ),
        fc.integer({ min: 1, max: 30 }),
        (blocks, most) => {
          const spans = planBuckets(blocks, most);

          expect(spans[0]!.from).toBe('');
          expect(spans.at(-1)!.to).toBeNull();
          for (const [at, { from, to }] of spans.entries()) {
            expect(spans[at + 1]?.from ?? null).toBe(to);
            if (to !== null) expect(from < to).toBe(true);
            const own = blocks.filter(({ first }) => first >= from && (to === null || first < to));
            const rows = own.reduce((sum, block) => sum + block.rows, 0);
            // Blocks that begin with the same user cannot be told apart.
            const isOneUser = new Set(own.map(({ first }) => first)).size === 1;
            if (!isOneUser) expect(rows).toBeLessThanOrEqual(most);
          }
        },
      ),
    );
  });
});

describe('Function: sliceByTime', () => {
  it('has every row of every bucket once, later slices later, and none too long but for one hour', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 30 }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 1, max: 25 }),
        (all, most) => {
          const buckets = all.map((times) => sortTimes(Float64Array.from(times)));

          const slices = [...sliceByTime(buckets, most)];

          const ends = buckets.map(() => 0);
          let latest = -1;
          for (const slice of slices) {
            const times = slice.flatMap(([begin, end], bucket) => {
              expect(begin).toBe(ends[bucket]);
              ends[bucket] = end;
              return [...buckets[bucket]!.times.subarray(begin, end)];
            });
            const hours = times.map((time) => Math.floor(time / 3600));
            expect(times.length > most && new Set(hours).size > 1).toBe(false);
            expect(Math.min(...hours)).toBeGreaterThan(latest);
            latest = Math.max(...hours);
          }
          expect(ends).toStrictEqual(buckets.map(({ times }) => times.length));
        },
      ),
    );
  });
});
