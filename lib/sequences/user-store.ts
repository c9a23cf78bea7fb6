import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';
import { ContractError } from '#lib/contracts/errors.ts';
import type { AllItems, RecentHistories } from './everybody.ts';
import { hash32 } from './hash32.ts';

/*
 * Everybody's newest actions once more, so that one of them can be read alone (docs/contracts.md, 3): a part of the users
 * is an object of buckets, a user's bucket follows from his id, and a bucket is a few kilobytes that are read by their
 * offsets.
 *
 *   offsets of the buckets and of the end, `[buckets + 1]` uint32, little-endian | bucket 0 | bucket 1 | ...
 *
 * A bucket is JSON lines, deflated (RFC 1951).
 */

/** Users of a bucket, on average. */
const usersPerBucket = 16;
const bucketSeed = 11;

const count = z.int().min(0);

/** What a night knows of one user, in item ids, the oldest first. */
const storedUser = z.strictObject({
  user_id: z.string(),
  items: z.array(z.string()),
  timestamps: z.array(z.number()),
  /** Taken before those and not among them, each once. */
  earlier: z.array(z.string()),
});

export type StoredUser = z.infer<typeof storedUser>;

/** A part: users from `first` to `last` in the order of their ids (UTF-16 code units). */
export const userStorePart = z.strictObject({
  first: z.string(),
  last: z.string(),
  buckets: count,
});

/** `runs/<run>/everybody/users/manifest.json`: the parts in order. */
export const userStoreManifest = z.strictObject({ parts: z.array(userStorePart) });

export type UserStorePart = z.infer<typeof userStorePart>;

/** A part as it is stored, and what the manifest says of it. */
export interface EncodedUsers {
  readonly bytes: Uint8Array;
  readonly part: UserStorePart;
}

/** What the row of a user says. */
export function userAt(
  histories: RecentHistories,
  row: number,
  { itemIds }: Pick<AllItems, 'itemIds'>,
): StoredUser {
  const { users, offsets, items, times, earlierOffsets, earlierItems } = histories;
  const begin = offsets[row]!;
  const end = offsets[row + 1]!;
  const idOf = (item: number) => itemIds[item - 1]!;
  return {
    user_id: users[row]!,
    items: Array.from(items.subarray(begin, end), idOf),
    timestamps: [...times.subarray(begin, end)],
    earlier: Array.from(earlierItems.subarray(earlierOffsets[row], earlierOffsets[row + 1]), idOf),
  };
}

/** Puts the users of a file of histories into buckets. */
export function encodeUsers(
  histories: RecentHistories,
  items: Pick<AllItems, 'itemIds'>,
): EncodedUsers {
  const { users } = histories;
  const buckets = Math.max(1, Math.ceil(users.length / usersPerBucket));
  const rows = Array.from({ length: buckets }, (): number[] => []);
  users.forEach((user, row) => {
    rows[bucketOf(user, buckets)]!.push(row);
  });
  const blocks = rows.map((own) =>
    own.length === 0
      ? new Uint8Array(0)
      : deflateLines(own.map((row) => userAt(histories, row, items))),
  );
  return {
    bytes: joinBuckets(blocks),
    part: { first: users[0] ?? '', last: users.at(-1) ?? '', buckets },
  };
}

/**
 * Takes users out of a part.
 *
 * @returns the part without them, undefined if none of them is in it
 * @throws ContractError if it is no such part
 */
export function withoutUsers(
  bytes: Uint8Array,
  gone: ReadonlySet<string>,
): { readonly bytes: Uint8Array; readonly users: number } | undefined {
  const buckets = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) / 4 - 1;
  const offsets = decodeBucketOffsets(bytes, buckets);
  let users = 0;
  const blocks = Array.from({ length: buckets }, (_, bucket) => {
    const block = bytes.subarray(offsets[bucket], offsets[bucket + 1]);
    const known = inflateLines(block);
    const left = known.filter(({ user_id }) => !gone.has(user_id));
    users += known.length - left.length;
    if (left.length === known.length) return block;
    return left.length === 0 ? new Uint8Array(0) : deflateLines(left);
  });
  return users === 0 ? undefined : { bytes: joinBuckets(blocks), users };
}

/** The part that a user would be in; undefined where no part reaches that far. */
export function partOfUser(parts: readonly UserStorePart[], user: string): number | undefined {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (user > parts[middle]!.last) low = middle + 1;
    else high = middle;
  }
  return low < parts.length && user >= parts[low]!.first ? low : undefined;
}

/**
 * What the manifest says of parts that users were taken out of: it names users too.
 *
 * @param read the bytes of a part
 */
export async function boundsWithout(
  { parts }: { readonly parts: readonly UserStorePart[] },
  gone: ReadonlySet<string>,
  read: (part: number) => Promise<Uint8Array>,
): Promise<UserStorePart[] | undefined> {
  if (!parts.some(({ first, last }) => gone.has(first) || gone.has(last))) return undefined;
  const bounds: UserStorePart[] = [];
  for (const [number, part] of parts.entries()) {
    const { first, last, buckets } = part;
    if (!gone.has(first) && !gone.has(last)) bounds.push(part);
    else {
      const bytes = await read(number);
      const offsets = decodeBucketOffsets(bytes, buckets);
      const left = Array.from({ length: buckets }, (_, bucket) =>
        inflateLines(bytes.subarray(offsets[bucket], offsets[bucket + 1])),
      )
        .flat()
        .map(({ user_id }) => user_id)
        .filter((user) => !gone.has(user))
        .sort();
      // Of a part without users nobody asks: it reaches no further than the one before it.
      bounds.push({
        first: left[0] ?? '\uffff',
        last: left.at(-1) ?? bounds.at(-1)?.last ?? '',
        buckets,
      });
    }
  }
  return bounds;
}

/** Which of a part's buckets a user is in. */
export const bucketOf = (user: string, buckets: number): number =>
  hash32(user, bucketSeed) % buckets;

/** Bytes at the beginning of a part that say where its buckets are. */
export const bucketOffsetBytes = (buckets: number): number => 4 * (buckets + 1);

/** @throws ContractError unless they ascend from the end of the offsets on */
export function decodeBucketOffsets(bytes: Uint8Array, buckets: number): Uint32Array {
  const length = bucketOffsetBytes(buckets);
  const isWhole = Number.isInteger(buckets) && buckets >= 1 && bytes.byteLength >= length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets = Uint32Array.from({ length: isWhole ? buckets + 1 : 0 }, (_, bucket) =>
    view.getUint32(4 * bucket, true),
  );
  const isOrdered = offsets.every((offset, bucket) => offset >= (offsets[bucket - 1] ?? length));
  if (isWhole && isOrdered) return offsets;
  throw new ContractError(
    `A part of the users' histories does not begin with the offsets of ${buckets} buckets: it is damaged. Run a night.`,
  );
}

/** Finds a user in his bucket. @throws ContractError if the bucket is damaged */
export function findInBucket(block: Uint8Array, user: string): StoredUser | undefined {
  return inflateLines(block).find(({ user_id }) => user_id === user);
}

function joinBuckets(blocks: readonly Uint8Array[]): Uint8Array {
  const offsets = new DataView(new ArrayBuffer(bucketOffsetBytes(blocks.length)));
  let offset = offsets.byteLength;
  blocks.forEach((block, bucket) => {
    offsets.setUint32(4 * bucket, offset, true);
    offset += block.length;
  });
  offsets.setUint32(4 * blocks.length, offset, true);
  return Buffer.concat([new Uint8Array(offsets.buffer), ...blocks]);
}

function deflateLines(users: readonly StoredUser[]): Uint8Array {
  const text = users.map((user) => `${JSON.stringify(user)}\n`).join('');
  return deflateRawSync(text, { level: 1 });
}

function inflateLines(block: Uint8Array): StoredUser[] {
  if (block.length === 0) return [];
  try {
    const text = inflateRawSync(block).toString();
    return text
      .trimEnd()
      .split('\n')
      .map((line) => storedUser.parse(JSON.parse(line)));
  } catch (cause) {
    throw new ContractError(
      "A bucket of users' histories is damaged: it is not what a night writes. Run a night.",
      { cause },
    );
  }
}
