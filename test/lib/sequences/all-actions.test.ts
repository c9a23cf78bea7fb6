import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import { countActions, expectWhole } from '#lib/sequences/all-actions.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

const dataHash = 'a'.repeat(64);

/** Rows of which only the user, where they start in the history, and their items matter here. */
const shardOf = (rows: readonly { user: string; start: number; items: readonly number[] }[]) =>
  ({
    users: rows.map(({ user }) => user),
    starts: Int32Array.from(rows, ({ start }) => start),
    items: Int32Array.from(rows.flatMap(({ items }) => items)),
  }) as unknown as SequenceShard;

// Ann's second row begins with the last item of her first.
const shards = [
  shardOf([
    { user: 'ann', start: 0, items: [1, 2, 3] },
    { user: 'ann', start: 2, items: [3, 4] },
  ]),
  shardOf([{ user: 'bob', start: 0, items: [2] }]),
];

describe('Function: countActions', () => {
  it('counts the item by which two rows of a history overlap once', () => {
    expect(countActions(shards)).toBe(5);
  });
});

describe('Function: expectWhole', () => {
  const manifest = { parts: 2, rows: 3, actions: 5, dataHash };

  it('takes all parts of the build that the sequences are of', () => {
    expect(() => expectWhole(3, manifest, dataHash, 'Run r')).not.toThrow();
  });

  it.each([
    [
      'fewer rows than were written',
      2,
      dataHash,
      'Run r: the rows of all actions cannot be used, there are 2 rows, but their manifest says 3.',
    ],
    [
      'rows of another build',
      3,
      'b'.repeat(64),
      'Run r: the rows of all actions cannot be used, they are of another build than its sequences.',
    ],
  ])('refuses %s', (_, rows, hash, message) => {
    expect(() => expectWhole(rows, manifest, hash, 'Run r')).toThrow(new ContractError(message));
  });
});
