import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { halfLives } from '#lib/contracts/half-lives.ts';
import { chooseHalfLife } from '#lib/evaluation/rivals/recent-popularity.ts';
import { planCounting } from '#lib/popularity/as-of.ts';
import { hash32 } from '#lib/sequences/hash32.ts';
import { sortEvents } from '#lib/sequences/interaction-events.ts';
import { casesOf, type PlainCase } from '../../sequences/cases.ts';

const day = 86_400;
const now = 100 * day;
const items = 6;

/** Item 1 was taken often long ago, 2 and 3 of late; 2 and 3 as often, 4 less. */
const taken = [
  ...Array(9).fill([1, 50 * day]),
  ...Array(4).fill([2, 99 * day]),
  ...Array(4).fill([3, 99 * day]),
  [4, 99 * day],
] as [number, number][];
const events = sortEvents({
  items: Int32Array.from(taken, ([item]) => item),
  times: Float64Array.from(taken, ([, time]) => time),
  isHeldOut: new Uint8Array(taken.length),
});
const allTime = Number.POSITIVE_INFINITY;

function choose(
  plain: readonly PlainCase[],
  tried: readonly number[] = [day, allTime],
  excludeHistory = false,
) {
  const cases = casesOf(plain.map((one) => ({ time: now, ...one })));
  const counting = planCounting(events, cases.times, 'request', 'global-time');
  return chooseHalfLife(cases, counting, items, excludeHistory, tried);
}

/** Users of either half, found by what is chosen for them where the halves disagree. */
const users = Array.from({ length: 12 }, (_, at) => `u${at}`);

describe('Function: chooseHalfLife', () => {
  it('takes the one with which what was taken comes first, the first of equals', () => {
    expect(choose([{ history: [], target: 2 }]).best).toBe(0);
    expect(choose([{ history: [], target: 1 }]).best).toBe(1);
    expect(choose([{ history: [], target: 1 }], [day, allTime, 1e9 * day]).best).toBe(1);
    expect(choose([{ history: [], target: 5 }]).best).toBe(0);
  });

  it('puts the smaller item first of two with the same count', () => {
    const both = (target: number, excludeHistory = false) =>
      choose(
        [
          { history: [2], target, user: 'a', request: 0 },
          { history: [], target: 1, user: 'b', request: 1 },
        ],
        [day, allTime],
        excludeHistory,
      ).best;

    // In place 1 and 3 of late, 2 and 1 of all time; in place 2 and 3, or 3 and 1.
    expect(both(2)).toBe(1);
    expect(both(3)).toBe(1);
  });

  it('leaves the history out of lists that have none', () => {
    // Without item 1, item 2 is first of all time as it is of late; with it, it is so of late alone.
    const cases = [
      { history: [1], target: 2, user: 'a' },
      { history: [1], target: 3, user: 'a' },
    ];

    expect(choose(cases, [allTime, day], true).best).toBe(0);
    expect(choose(cases, [allTime, day], false).best).toBe(1);
    // What is in the history cannot be hit, and what is behind the target takes no place away.
    expect(choose([{ history: [2], target: 2 }], [allTime, day], true).best).toBe(0);
    expect(choose([{ history: [2], target: 2 }], [allTime, day], false).best).toBe(1);
    expect(
      choose(
        [
          { history: [3, 4], target: 2, user: 'a' },
          { history: [3], earlier: [4], target: 2, user: 'a' },
        ],
        [allTime, day],
        true,
      ).best,
    ).toBe(1);
  });

  it('adds the gains of all actions of a request', () => {
    const basket = [
      { history: [], user: 'a', target: 1, request: 0 },
      { history: [], user: 'a', target: 2, request: 0 },
      { history: [], user: 'a', target: 3, request: 0 },
    ];

    // 1 + 1 / log2(3) + 0.5 either way: what was taken of late is in second and third place of all time.
    expect(choose(basket, [allTime, day]).best).toBe(0);
    expect(choose(basket.slice(1), [allTime, day]).best).toBe(1);
    expect(choose(basket.slice(0, 1), [day, allTime]).best).toBe(1);
  });

  it.each([
    ['are behind the target', [14, 15], 9],
    ['come before it', [1, 2], 11],
  ])(
    'knows what is behind the tenth place where items that lists leave out %s',
    (_, history, newest) => {
      // Arrange: of all time, twelve items are ahead of item 13; of late, so many of them.
      const times = (item: number, count: number, at: number) =>
        Array(count).fill([item, at * day]) as [number, number][];
      const log = [
        ...Array.from({ length: 12 }, (_, at) => times(at + 1, 20, 50)).flat(),
        ...Array.from({ length: newest }, (_, at) => times(at + 1, 3, 99)).flat(),
        ...times(13, 1, 99),
      ];
      for (const renamed of [(item: number) => item, (item: number) => 16 - item]) {
        const own = sortEvents({
          items: Int32Array.from(log, ([item]) => renamed(item)),
          times: Float64Array.from(log, ([, time]) => time),
          isHeldOut: new Uint8Array(log.length),
        });
        const cases = casesOf([{ history: history.map(renamed), target: renamed(13), time: now }]);
        const counting = planCounting(own, cases.times, 'request', 'global-time');

        // Act
        const { best } = chooseHalfLife(cases, counting, 15, true, [allTime, day]);

        // Assess: in place 13, or 11, of all time, in place 10 of late.
        expect(best).toBe(1);
      }
    },
  );

  it('passes over targets that the vocabulary does not have', () => {
    const strange = { history: [], target: items + 1 };

    expect(choose([strange, { history: [], target: 1 }]).best).toBe(1);
    expect(choose([strange]).best).toBe(0);
    expect(choose([{ history: [], target: items }]).best).toBe(0);
  });

  it('lets the other half of the users choose for everybody', () => {
    // Arrange: one user's own actions speak for all time, all others' for what is new.
    const of = (loyal: string) =>
      choose(users.map((user) => ({ user, history: [], target: user === loyal ? 1 : 2 })));

    // Assess: nobody's own choice is his, whoever he is.
    for (const user of users) {
      const { best, bestFor } = of(user);
      expect([best, bestFor(user)]).toEqual([0, 0]);
    }
  });

  it('names what all, and what each half would choose, each once and in order', () => {
    // Arrange: the halves, by who chooses for whom.
    const alone = (user: string) => choose([{ user, history: [], target: 1 }]);
    const [one] = users;
    const same = users.filter((user) => alone(one!).bestFor(user) === alone(one!).bestFor(one!));
    const other = users.filter((user) => !same.includes(user));
    expect(same.length * other.length).toBeGreaterThan(0);

    // Act: more users of one half.
    const cases = [
      { user: same[0]!, history: [], target: 1 },
      { user: same[0]!, history: [], target: 1, time: now + 1 },
      { user: other[0]!, history: [], target: 2 },
    ];
    const found = choose(cases, [allTime, day]);

    // Assess
    expect(found.best).toBe(0);
    expect(found.candidates).toEqual([0, 1]);
    expect([found.bestFor(same[0]!), found.bestFor(other[0]!)]).toEqual([1, 0]);
    expect(choose(cases, [day, allTime]).candidates).toEqual([0, 1]);
  });

  it('tries the half-lives that are kept fresh', () => {
    const cases = casesOf([{ history: [], target: 1, time: now }]);
    const counting = planCounting(events, cases.times, 'request', 'global-time');

    const { best } = chooseHalfLife(cases, counting, items, false);

    expect(best).toBe(chooseHalfLife(cases, counting, items, false, halfLives).best);
    expect(halfLives[best]).toBeGreaterThan(day);
  });

  it('chooses by lists that are sorted in full, whoever took what when', () => {
    const item = fc.integer({ min: 1, max: items });
    const some = fc.array(item, { maxLength: 3 });
    const request = fc.record({
      user: fc.constantFrom(...users),
      history: some,
      earlier: some,
      targets: fc.array(fc.integer({ min: 1, max: items + 1 }), { minLength: 1, maxLength: 3 }),
    });
    const log = fc.array(fc.tuple(item, fc.integer({ min: 90, max: 99 })), { maxLength: 12 });
    const tried = [day, 5 * day, allTime];
    fc.assert(
      fc.property(
        log,
        fc.array(request, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (actions, requests, excludeHistory) => {
          // Arrange
          const cases = casesOf(
            requests.flatMap(({ targets, ...rest }, at) =>
              targets.map((target) => ({ ...rest, target, request: at, time: now })),
            ),
          );
          const own = sortEvents({
            items: Int32Array.from(actions, ([taken]) => taken),
            times: Float64Array.from(actions, ([, at]) => at * day),
            isHeldOut: new Uint8Array(actions.length),
          });
          const timesOf = (wanted: number) =>
            actions
              .flatMap(([taken, at]) => (taken === wanted ? [at] : []))
              .sort()
              .join();
          const sums = tried.map((halfLife) => {
            const count = (wanted: number) =>
              actions.reduce(
                (sum, [taken, at]) =>
                  taken === wanted ? sum + 2 ** ((at * day - now) / halfLife) : sum,
                0,
              );
            const gains = [0, 0];
            for (const { user, history, earlier, targets } of requests) {
              const taken = excludeHistory ? [...history, ...earlier] : [];
              const list = Array.from({ length: items }, (_, at) => at + 1)
                .filter((one) => !taken.includes(one))
                .sort((a, b) => {
                  const difference = count(b) - count(a);
                  if (Math.abs(difference) > 1e-9) return difference;
                  // Sums of other actions may be the same but for their rounding.
                  fc.pre(timesOf(a) === timesOf(b) || halfLife === allTime);
                  return a - b;
                });
              for (const target of targets) {
                const place = list.indexOf(target) + 1;
                if (place > 0) gains[hash32(user, 13) & 1]! += 1 / Math.log2(place + 1);
              }
            }
            return [gains[0]!, gains[1]!, gains[0]! + gains[1]!];
          });
          const bestBy = (which: number) =>
            sums.findIndex((sum) => sum[which] === Math.max(...sums.map((all) => all[which]!)));

          // Act
          const counting = planCounting(own, cases.times, 'request', 'global-time');
          const found = chooseHalfLife(cases, counting, items, excludeHistory, tried);

          // Assess
          const halves = [bestBy(1), bestBy(0)];
          expect(found.best).toBe(bestBy(2));
          expect(found.candidates).toEqual([...new Set([bestBy(2), ...halves])].sort());
          expect(users.map(found.bestFor)).toEqual(
            users.map((user) => halves[hash32(user, 13) & 1]),
          );
        },
      ),
    );
  });
});
