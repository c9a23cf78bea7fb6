import type { Readable } from 'node:stream';
import { ContractError } from '#lib/contracts/errors.ts';
import { readRowBlock } from '#lib/interactions/row-block.ts';
import type { Interaction } from '#lib/interactions/rows.ts';
import {
  type BlockEntry,
  decodeIndex,
  indexBytes,
  stretchesOf,
  trailerBytes,
  type UserSpan,
} from '#lib/interactions/sorted-rows.ts';
import type { Objects } from '#platform/objects.ts';

/** One version of an object that ingestion wrote. */
export interface IngestedObject {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
}

/** Nearly every index is within the last bytes of its object. */
const tailBytes = 64 * 1024;

const everybody: UserSpan = { from: '', to: null };

/** Which blocks an object of `interactions/` has. @throws ContractError if it is not what ingestion writes */
export async function readIndex(
  objects: Objects,
  { key, etag, size }: IngestedObject,
): Promise<BlockEntry[]> {
  const last = (bytes: number) =>
    objects.getBytes(key, { etag, range: { start: Math.max(0, size - bytes), end: size } });
  const tail = await last(tailBytes);
  const bytes = indexBytes(tail.subarray(-trailerBytes), key);
  return decodeIndex(bytes <= tail.length ? tail.subarray(-bytes) : await last(bytes), key);
}

/** The rows of an object of `interactions/`, or those of some users, block by block; the snapshot's version, or an error. */
export async function* readRows(
  objects: Objects,
  object: IngestedObject,
  span: UserSpan = everybody,
): AsyncGenerator<Iterable<Interaction>> {
  const { key, etag } = object;
  for (const stretch of stretchesOf(await readIndex(objects, object), span)) {
    const range = { start: stretch[0]!.start, end: stretch.at(-1)!.end };
    const stream = await objects.getStream(key, { etag, range });
    for await (const block of blocksOf(stream, stretch, key)) yield rowsOf(block, key, span);
  }
}

function* rowsOf(block: Uint8Array, key: string, { from, to }: UserSpan): Generator<Interaction> {
  for (const row of readRowBlock(block, key)) {
    if (row.user_id >= from && (to === null || row.user_id < to)) yield row;
  }
}

/** Cuts a stretch of an object into its blocks as it comes. */
async function* blocksOf(
  stream: Readable,
  stretch: readonly BlockEntry[],
  key: string,
): AsyncGenerator<Uint8Array> {
  const left = stretch.map(({ start, end }) => end - start);
  let pending: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    pending.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    if (left.length === 0 || bytes < left[0]!) continue;
    const all = Buffer.concat(pending);
    let at = 0;
    for (; left.length > 0 && at + left[0]! <= all.length; left.shift()) {
      yield all.subarray(at, at + left[0]!);
      at += left[0]!;
    }
    pending = [all.subarray(at)];
    bytes = all.length - at;
  }
  if (left.length > 0) throw new ContractError(`${key} ended in the middle of a block.`);
}
