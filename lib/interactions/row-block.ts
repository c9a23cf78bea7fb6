import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as z from 'zod';
import { decodeColumns, expectSameLengths } from '#lib/columns/arrow-reading.ts';
import {
  encodeColumns,
  float64Values,
  int32Values,
  listColumn,
  utf8Column,
  utf8Values,
} from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { Interaction } from './rows.ts';

/*
 * A block of interactions (docs/contracts.md, 2): an Arrow IPC stream, compressed as a whole (zstd), one row a user. It is
 * read alone, so it names its event types itself.
 */

/** The rows of one user, in the order of their lines. */
export interface UserRows {
  readonly user: string;
  readonly rows: readonly Interaction[];
}

const eventNames = z.array(z.string().nullable());

/** Writes a block; the same rows give the same bytes. */
export function encodeRowBlock(users: readonly UserRows[]): Uint8Array {
  const count = users.reduce((sum, { rows }) => sum + rows.length, 0);
  const offsets = new Int32Array(users.length + 1); // [users + 1]
  const items = new Array<string>(count);
  const timestamps = new Float64Array(count);
  const events = new Int32Array(count);
  const values = new Float64Array(count);
  const lines = new Float64Array(count);
  const names = new Map<string | null, number>();
  let at = 0;
  users.forEach(({ rows }, user) => {
    for (const row of rows) {
      if (!names.has(row.event_type)) names.set(row.event_type, names.size);
      items[at] = row.item_id;
      timestamps[at] = row.timestamp;
      events[at] = names.get(row.event_type)!;
      // No value is NaN: numbers of files are finite.
      values[at] = row.value ?? Number.NaN;
      lines[at] = row.line;
      at++;
    }
    offsets[user + 1] = at;
  });
  const columns = [
    utf8Column(
      'user_id',
      users.map(({ user }) => user),
    ),
    listColumn('items', offsets, utf8Values(items)),
    listColumn('timestamps', offsets, float64Values(timestamps)),
    listColumn('events', offsets, int32Values(events)),
    listColumn('values', offsets, float64Values(values)),
    listColumn('lines', offsets, float64Values(lines)),
  ];
  return zstdCompressSync(
    encodeColumns(columns, { eventTypes: JSON.stringify([...names.keys()]) }),
  );
}

/**
 * Reads a block, row by row.
 *
 * @param where the object's name, for the message
 * @throws ContractError if it is none
 */
export function* readRowBlock(bytes: Uint8Array, where: string): Generator<Interaction> {
  const what = `a block of ${where}`;
  const columns = decodeColumns(unpack(bytes, what), what);
  const users = columns.column('user_id').strings();
  const items = columns.column('items').list();
  const lists = ['timestamps', 'events', 'values', 'lines'].map((name) => {
    const list = columns.column(name).list();
    expectSameLengths(what, ['items', items.offsets], [name, list.offsets]);
    return list.values;
  });
  const ids = items.values.strings();
  const timestamps = lists[0]!.float64();
  const events = lists[1]!.int32();
  const values = lists[2]!.float64();
  const lines = lists[3]!.float64();
  const names = eventNames.parse(JSON.parse(columns.metadata.get('eventTypes') ?? '[]'));
  for (let user = 0; user < users.length; user++) {
    for (let at = items.offsets[user]!; at < items.offsets[user + 1]!; at++) {
      yield {
        user_id: users[user]!,
        item_id: ids[at]!,
        timestamp: timestamps[at]!,
        event_type: names[events[at]!] ?? null,
        value: Number.isNaN(values[at]!) ? null : values[at]!,
        line: lines[at]!,
      };
    }
  }
}

/** @throws ContractError if the bytes are not complete or not compressed */
export function unpack(bytes: Uint8Array, what: string): Uint8Array {
  try {
    return zstdDecompressSync(bytes);
  } catch (error) {
    throw new ContractError(
      `${what} is damaged: ${(error as Error).message}. Upload its file again under another name.`,
      { cause: error },
    );
  }
}
