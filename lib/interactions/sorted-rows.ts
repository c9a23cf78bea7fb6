import { zstdCompressSync } from 'node:zlib';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import {
  encodeColumns,
  float64Column,
  int32Column,
  utf8Column,
} from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { encodeRowBlock, readRowBlock, type UserRows, unpack } from './row-block.ts';
import { createRowTable } from './row-table.ts';
import type { Interaction } from './rows.ts';

/*
 * `interactions/` (docs/contracts.md, 2): the good rows of a range, sorted by user, in small blocks with an index at the
 * end, so that whoever wants some users reads their blocks of every object and nothing else.
 *
 * [block] ... [block] [index] [length of the index, uint32 little-endian] [magic]
 *
 * Blocks come in pieces that are sorted each, so that writing takes the memory of a piece however long the range is.
 */

/** Rows of a piece, at most. */
const rowsOfPiece = 524_288;
/** Rows of a block, at most: what a reader of few users reads too much. */
const rowsOfBlock = 1024;

const magic = 'LEAROWS1';
/** Bytes behind the index. */
export const trailerBytes = 4 + magic.length;

/** Where a block is, and whose rows are in it. */
export interface BlockEntry {
  /** Number of the sorted piece that it belongs to. */
  readonly piece: number;
  /** The first and the last user id. */
  readonly first: string;
  readonly last: string;
  /** Bytes `[start, end)` of the object. */
  readonly start: number;
  readonly end: number;
  readonly rows: number;
}

/** User ids (UTF-16 code units) from `from` on and below `to`; without an end, all that are left. */
export interface UserSpan {
  readonly from: string;
  readonly to: string | null;
}

/**
 * Collects rows, in the order of their lines, into the bytes of an object; the same rows give the same bytes.
 *
 * @param sizes how many rows are sorted together, and how many are a block
 */
export function createSortedRows(sizes = { piece: rowsOfPiece, block: rowsOfBlock }) {
  const index: BlockEntry[] = [];
  const table = createRowTable();
  let piece = 0;
  let written = 0;
  let bytes: Uint8Array[] = [];

  function write(users: readonly UserRows[], order: Int32Array): void {
    if (users.length === 0) return;
    const block = encodeRowBlock(users, table.columns(), order);
    index.push({
      piece,
      first: users[0]!.user,
      last: users.at(-1)!.user,
      start: written,
      end: written + block.length,
      rows: users.reduce((sum, { begin, end }) => sum + end - begin, 0),
    });
    bytes.push(block);
    written += block.length;
  }

  /** Sorts what is there into blocks. */
  function close(): void {
    const { users, offsets, order } = table.sort();
    let block: UserRows[] = [];
    let room = sizes.block;
    users.forEach((user, number) => {
      const end = offsets[number + 1]!;
      for (let at = offsets[number]!; at < end; ) {
        const some = { user, begin: at, end: Math.min(end, at + room) };
        block.push(some);
        room -= some.end - at;
        at = some.end;
        if (room > 0) continue;
        write(block, order);
        block = [];
        room = sizes.block;
      }
    });
    write(block, order);
    table.clear();
    piece++;
  }

  return {
    add(row: Interaction): void {
      table.add(row);
      if (table.length === sizes.piece) close();
    },
    /** Bytes that can be written, since the last call. */
    take(): Uint8Array {
      const ready = Buffer.concat(bytes);
      bytes = [];
      return ready;
    },
    /** Ends the object; of no rows at all there is none. */
    end(): void {
      close();
      if (index.length === 0) return;
      const packed = encodeIndex(index);
      const trailer = Buffer.alloc(trailerBytes);
      trailer.writeUInt32LE(packed.length);
      trailer.write(magic, 4);
      bytes.push(packed, trailer);
    },
  };
}

/** How many bytes at the end of an object are its index and trailer. @param trailer its last `trailerBytes` bytes */
export function indexBytes(trailer: Uint8Array, where: string): number {
  const bytes = Buffer.from(trailer.buffer, trailer.byteOffset, trailer.byteLength);
  if (bytes.toString('latin1', 4) !== magic) {
    throw new ContractError(
      `${where} is not what this release's ingestion writes; an earlier one wrote objects that end in .jsonl.gz. Delete those below interactions/ and upload their files again under other names.`,
    );
  }
  return bytes.readUInt32LE() + trailerBytes;
}

function encodeIndex(index: readonly BlockEntry[]): Uint8Array {
  return zstdCompressSync(
    encodeColumns([
      int32Column(
        'piece',
        Int32Array.from(index, ({ piece }) => piece),
      ),
      utf8Column(
        'first',
        index.map(({ first }) => first),
      ),
      utf8Column(
        'last',
        index.map(({ last }) => last),
      ),
      float64Column(
        'start',
        Float64Array.from(index, ({ start }) => start),
      ),
      float64Column(
        'end',
        Float64Array.from(index, ({ end }) => end),
      ),
      int32Column(
        'rows',
        Int32Array.from(index, ({ rows }) => rows),
      ),
    ]),
  );
}

/**
 * Reads an object's index.
 *
 * @param bytes the last `indexBytes` bytes of the object
 * @param where its name, for the message
 * @throws ContractError if they are no index
 */
export function decodeIndex(bytes: Uint8Array, where: string): BlockEntry[] {
  const what = `the index of ${where}`;
  const columns = decodeColumns(unpack(bytes.subarray(0, -trailerBytes), what), what);
  const pieces = columns.column('piece').int32();
  const first = columns.column('first').strings();
  const last = columns.column('last').strings();
  const start = columns.column('start').float64();
  const end = columns.column('end').float64();
  const rows = columns.column('rows').int32();
  return Array.from(pieces, (piece, at) => ({
    piece,
    first: first[at]!,
    last: last[at]!,
    start: start[at]!,
    end: end[at]!,
    rows: rows[at]!,
  }));
}

/**
 * The rows of a whole object, as they lie in it.
 *
 * @param where its name, for the message
 * @throws ContractError if it is not what ingestion writes
 */
export function* readSortedRows(bytes: Uint8Array, where: string): Generator<Interaction> {
  const index = bytes.subarray(-indexBytes(bytes.subarray(-trailerBytes), where));
  for (const { start, end } of decodeIndex(index, where)) {
    yield* readRowBlock(bytes.subarray(start, end), where);
  }
}

/** The blocks that may have rows of the users, in stretches that follow each other in the object. */
export function stretchesOf(index: readonly BlockEntry[], { from, to }: UserSpan): BlockEntry[][] {
  const stretches: BlockEntry[][] = [];
  for (const block of index) {
    if (block.last < from || (to !== null && block.first >= to)) continue;
    const current = stretches.at(-1);
    if (current?.at(-1)?.end === block.start) current.push(block);
    else stretches.push([block]);
  }
  return stretches;
}
