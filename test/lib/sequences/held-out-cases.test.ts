import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { ActionTable } from '#lib/sequences/actions.ts';
import { cutCases } from '#lib/sequences/cases.ts';
import { historyOf, takenBefore } from '#lib/sequences/evaluation-cases.ts';
import { build, histories, rows } from './arbitraries.ts';

/** One user's actions, `[item, time]`. */
function tableOf(actions: readonly (readonly [number, number])[]): ActionTable {
  return {
    userIds: ['u'],
    offsets: Int32Array.of(0, actions.length),
    items: Int32Array.from(actions, ([item]) => item),
    timestamps: Float64Array.from(actions, ([, time]) => time),
    rewards: new Float32Array(actions.length).fill(0.5),
    events: new Int32Array(actions.length),
    eventTypes: ['buy'],
    rows: Int32Array.from(actions.keys()),
  };
}

const splitAt = (trainEnd: number, validationEnd: number) => ({
  trainEnds: Int32Array.of(trainEnd),
  validationEnds: Int32Array.of(validationEnd),
});

describe('Function: cutCases', () => {
  it('keeps the times, and what was taken before the window begins', () => {
    // Arrange
    const actions = tableOf([
      [4, 10],
      [3, 11],
      [4, 12],
      [5, 13],
      [3, 14],
      [6, 15],
    ]);

    // Act
    const cases = cutCases(actions, splitAt(4, 5), 'test', {
      window: 2,
      excludeHistory: true,
      baskets: false,
    });

    // Assess
    expect(cases).toEqual({
      users: ['u'],
      requests: Int32Array.of(0),
      times: Float64Array.of(15),
      offsets: Int32Array.of(0, 2),
      items: Int32Array.of(5, 3),
      historyTimes: Float64Array.of(13, 14),
      earlierOffsets: Int32Array.of(0, 1),
      earlierItems: Int32Array.of(4),
      targets: Int32Array.of(6),
      rewards: Float32Array.of(0.5),
      eventTypes: ['buy'],
    });
  });

  it('keeps nothing of before the window where lists may hold the history', () => {
    // Arrange
    const actions = tableOf([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
    ]);

    // Act
    const cases = cutCases(actions, splitAt(3, 3), 'test', {
      window: 1,
      excludeHistory: false,
      baskets: false,
    });

    // Assess
    expect([...cases.earlierOffsets]).toEqual([0, 0]);
  });

  it('makes one request of a basket, its history what came before the basket', () => {
    // Arrange
    const actions = tableOf([
      [1, 10],
      [2, 20],
      [3, 20],
      [4, 20],
      [5, 30],
    ]);

    // Act
    const cases = cutCases(actions, splitAt(1, 1), 'test', {
      window: 9,
      excludeHistory: false,
      baskets: true,
    });

    // Assess
    expect([...cases.targets]).toEqual([2, 3, 4, 5]);
    expect([...cases.requests]).toEqual([0, 0, 0, 1]);
    expect(cases.users.map((_, index) => [...historyOf(cases, index)])).toEqual([
      [1],
      [1],
      [1],
      [1, 2, 3, 4],
    ]);
  });

  it('makes no case of a basket that nothing came before', () => {
    // Arrange
    const actions = tableOf([
      [1, 10],
      [2, 10],
      [3, 20],
    ]);

    // Act
    const cases = cutCases(actions, splitAt(0, 0), 'test', {
      window: 9,
      excludeHistory: false,
      baskets: true,
    });

    // Assess
    expect([...cases.targets]).toEqual([3]);
    expect([...cases.requests]).toEqual([0]);
  });

  it('leaves out the whole history, however long, where lists leave it out', () => {
    fc.assert(
      fc.property(rows, (all) => {
        // Arrange
        const settings = { excludeHistory: true, window: 2 };
        let short: ReturnType<typeof build>;
        try {
          short = build(all, settings);
        } catch (error) {
          expect(error).toBeInstanceOf(ValidationError);
          return;
        }

        // Act
        const long = build(all, { ...settings, window: 100 });

        // Assess
        const taken = (built: ReturnType<typeof build>) =>
          built.test.users.map((_, index) => takenBefore(built.test, index));
        expect(taken(short)).toEqual(taken(long));
      }),
    );
  });
});

describe('Events of buildSequences', () => {
  it('are of everybody, in time order, with a flag on what is held out', () => {
    // Arrange: w is outside the core, and e occurs there alone.
    const all = histories({ u: 'a b a b', v: 'b a b a', w: 'a e' });

    // Act
    const { events, itemTable } = build(all, {
      minimumUserInteractions: 3,
      split: 'leave-one-out',
    });

    // Assess
    const named = Array.from(events.items, (item, at) => [
      itemTable.itemIds[item - 1],
      events.times[at]! - 1_500_000_000,
      events.isHeldOut[at],
    ]);
    expect(named).toEqual([
      ['a', 0, 0],
      ['a', 0, 0],
      ['b', 0, 0],
      ['a', 1, 0],
      ['b', 1, 0],
      ['a', 2, 1],
      ['b', 2, 1],
      ['a', 3, 1],
      ['b', 3, 1],
    ]);
  });
});
