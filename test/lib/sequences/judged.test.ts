import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { build, type Row } from './arbitraries.ts';

/** Many users with a few actions each, some at the same time. */
const users = fc.array(
  fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat({ max: 8 })), {
    minLength: 1,
    maxLength: 12,
  }),
  { minLength: 20, maxLength: 60 },
);
const settings = fc.record({
  split: fc.constantFrom('global-time', 'leave-one-out', 'by-user'),
  baskets: fc.constantFrom('on', 'off'),
});

const logOfUsers = (all: readonly (readonly (readonly [string, number])[])[]): Row[] =>
  all
    .flatMap((actions, user) =>
      actions.map(([item_id, time]) => ({
        user_id: `u${user}`,
        item_id,
        timestamp: 1_500_000_000 + time,
        event_type: null,
        key: 'interactions/1',
        line: 0,
      })),
    )
    .map((row, at) => ({ ...row, line: at + 1 }) as unknown as Row);

/** The cases of each user, without the numbers that depend on who else is there. */
function casesOf({ users, times, targets, offsets, items }: EvaluationCases) {
  const all = users.map((user, at) => ({
    user,
    time: times[at]!,
    target: targets[at]!,
    history: [...items.subarray(offsets[at]!, offsets[at + 1]!)],
  }));
  return Map.groupBy(all, ({ user }) => user);
}

function built(rows: Row[], values: Record<string, unknown>): BuiltSequences | undefined {
  try {
    return build(rows, values);
  } catch {
    return undefined; // too little is left
  }
}

describe('sequences.maximumCases', () => {
  it('leaves out whole users and changes nothing else: all of it is accounted for', () => {
    let left = 0;
    fc.assert(
      fc.property(users, settings, fc.integer({ min: 1, max: 40 }), (all, values, most) => {
        const rows = logOfUsers(all);
        const [whole, some] = [built(rows, values), built(rows, { ...values, maximumCases: most })];
        if (whole === undefined || some === undefined) return;

        for (const part of ['validation', 'test'] as const) {
          const [before, after] = [casesOf(whole[part]), casesOf(some[part])];
          for (const [user, own] of after) expect(own).toStrictEqual(before.get(user));
          const ofUser = [...before.values()].map((own) => own.length);
          const count = some[part].targets.length;
          if (whole[part].targets.length <= most) expect(count).toBe(whole[part].targets.length);
          else expect(count).toBeLessThanOrEqual(Math.max(most, ...ofUser));
        }
        const { validationCases, testCases, leftOutCases } = some.manifest;
        expect(validationCases + testCases + leftOutCases).toBe(
          whole.manifest.validationCases + whole.manifest.testCases,
        );
        expect(whole.manifest.leftOutCases).toBe(0);
        if (leftOutCases > 0) left++;
        const { validation: _v, test: _t, manifest: _m, excluded: own, ...files } = some;
        const { validation: _w, test: _u, manifest: _n, excluded, ...others } = whole;
        expect([files, own]).toStrictEqual([others, excluded]);
      }),
    );
    expect(left).toBeGreaterThan(20);
  });
});
