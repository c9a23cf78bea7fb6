import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { cutArrived } from '#lib/sequences/arrived.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import { histories, logOf } from './arbitraries.ts';
import { tableOf } from './tables.ts';

const options = { window: 3, excludeHistory: false, baskets: false };

describe('Function: cutArrived', () => {
  it('has every action after a time, with what was before it', () => {
    // Arrange: times are 0, 10, 20 ... of each user
    const table = tableOf({ u1: [1, 2, 3, 4], u2: [5], u3: [1, 2] }, 10);
    // Act
    const cases = cutArrived(table, 10, options);
    // Assess: nobody without a history, and nothing at the time itself
    expect(cases.users).toEqual(['u1', 'u1']);
    expect([...cases.targets]).toEqual([3, 4]);
    expect([...cases.times]).toEqual([20, 30]);
    expect([...cases.offsets]).toEqual([0, 2, 5]);
  });

  it('leaves whole users out where there are too many, and the same ones whatever the order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (most) => {
        // Arrange: 20 users with two cases each
        const users = Object.fromEntries(
          Array.from({ length: 20 }, (_, user) => [`u${user}`, [1, 2, 3]]),
        );
        const table = tableOf(users, 10);
        // Act
        const cases = cutArrived(table, 0, options, most);
        // Assess
        expect(cases.targets.length).toBe(Math.max(2, 2 * Math.floor(most / 2)));
        const more = cutArrived(table, 0, options, most + 2);
        for (const user of cases.users) expect(more.users).toContain(user);
      }),
    );
  });

  it('is cut of everybody who is judged, as a build has it', () => {
    // Arrange
    const log = logOf(histories({ u1: 'a b c a b', u2: 'b c a b c', u3: 'c a b c a' }));
    const config = sequencesConfig.parse({
      minimumUserInteractions: 1,
      minimumItemInteractions: 1,
      split: 'leave-one-out',
      baskets: 'off',
    });
    // Act
    const first = buildSequences(log, config);
    const { arrived, manifest, test } = buildSequences(
      log,
      config,
      first.manifest.newestAction - 1,
    );
    // Assess
    expect(first.arrived).toBeUndefined();
    expect(first.manifest).toMatchObject({ since: null, arrivedCases: 0 });
    expect(manifest).toMatchObject({ since: first.manifest.newestAction - 1, arrivedCases: 3 });
    expect(arrived).toStrictEqual(test);
    expect(manifest.dataHash).toBe(first.manifest.dataHash);
  });
});
