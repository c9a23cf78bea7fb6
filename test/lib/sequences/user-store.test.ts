import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import { gatherEverybody } from '#lib/sequences/everybody.ts';
import { orderHistories } from '#lib/sequences/histories.ts';
import {
  bucketOf,
  decodeBucketOffsets,
  encodeUsers,
  findInBucket,
  partOfUser,
  userAt,
  withoutUsers,
} from '#lib/sequences/user-store.ts';
import { histories, logOf, type Row, rows } from './arbitraries.ts';

/** The parts of a store of everybody, and what they were made of. */
function storeOf(some: readonly Row[], usersPerPart = 3) {
  const log = logOf(some);
  const ordered = orderHistories(log, { policy: 'upload-order', seed: 1 });
  const { items, parts } = gatherEverybody(log, ordered, { window: 2, usersPerPart });
  return { items, parts, stored: parts.map((part) => encodeUsers(part, items)) };
}

type Stored = ReturnType<typeof storeOf>['stored'];

/** Reads no more than serving does. */
function find(stored: Stored, user: string) {
  const number = partOfUser(
    stored.map(({ part }) => part),
    user,
  );
  if (number === undefined) return undefined;
  const { bytes, part } = stored[number]!;
  const offsets = decodeBucketOffsets(bytes.subarray(0, 4 * (part.buckets + 1)), part.buckets);
  const bucket = bucketOf(user, part.buckets);
  return findInBucket(bytes.subarray(offsets[bucket], offsets[bucket + 1]), user);
}

/** A hundred users of one part, so that there are several buckets. */
const many: Row[] = histories(
  Object.fromEntries(Array.from({ length: 100 }, (_, user) => [`u${user}`, `i${user % 7}`])),
);
const userIds = [...new Set(many.map(({ user_id }) => user_id))];

describe('The store of users', () => {
  it('finds everybody as the histories have him, and nobody else', () => {
    fc.assert(
      fc.property(rows, fc.string(), (some, other) => {
        const { items, parts, stored } = storeOf(some);
        for (const part of parts) {
          part.users.forEach((user, row) => {
            expect(find(stored, user)).toEqual(userAt(part, row, items));
          });
        }
        const known = parts.flatMap(({ users }) => users);
        if (!known.includes(other)) expect(find(stored, other)).toBeUndefined();
      }),
    );
  });

  it('reads a sixteenth or so of a hundred users for one', () => {
    const { stored } = storeOf(many, 1000);
    const { bytes, part } = stored[0]!;

    expect(part).toEqual({ first: 'u0', last: 'u99', buckets: 7 });
    const offsets = decodeBucketOffsets(bytes, part.buckets);
    const largest = Math.max(...Array.from(offsets.subarray(1), (end, at) => end - offsets[at]!));
    expect(largest).toBeLessThan(bytes.length / 3);
  });

  it('can do without users, and has nothing of them any more', () => {
    const { stored } = storeOf(many, 1000);
    const { bytes, part } = stored[0]!;

    const rest = withoutUsers(bytes, new Set(['u7', 'u42', 'nobody']))!;

    expect(rest.users).toBe(2);
    const left = [{ bytes: rest.bytes, part }];
    const found = userIds.filter((user) => find(left, user) !== undefined);
    expect(found).toHaveLength(98);
    expect(find(left, 'u7')).toBeUndefined();
    expect(withoutUsers(rest.bytes, new Set(['u7']))).toBeUndefined();
  });

  it('refuses what is no part, and no bucket', () => {
    const { stored } = storeOf(many, 1000);
    const { bytes, part } = stored[0]!;

    expect(() => decodeBucketOffsets(bytes.subarray(0, 8), part.buckets)).toThrow(ContractError);
    expect(() =>
      decodeBucketOffsets(
        bytes.map(() => 0),
        part.buckets,
      ),
    ).toThrow(ContractError);
    expect(() => findInBucket(Uint8Array.of(1, 2, 3), 'u7')).toThrow('A bucket');
  });
});
