import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as z from 'zod';
import { type Columns, decodeColumns, expectSameLengths } from '#lib/columns/arrow-reading.ts';
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

/** Rows as columns. */
export interface RowColumns {
  readonly items: readonly string[];
  /** Unix seconds, `[rows]`. */
  readonly timestamps: Float64Array;
  /** Places in `eventTypes`, `[rows]`. */
  readonly events: Int32Array;
  readonly eventTypes: readonly (string | null)[];
  /** NaN for none, `[rows]`. */
  readonly values: Float64Array;
  readonly lines: Float64Array;
  /** The answers that rows followed, by row; most follow none that is known. */
  readonly recommendations: ReadonlyMap<number, string>;
}

/** Some rows of one user: `[begin, end)` of an order of rows. */
export interface UserRows {
  readonly user: string;
  readonly begin: number;
  readonly end: number;
}

const eventNames = z.array(z.string().nullable());

/**
 * Writes a block; the same rows give the same bytes.
 *
 * @param order places in the columns
 */
export function encodeRowBlock(
  users: readonly UserRows[],
  rows: RowColumns,
  order: Int32Array,
): Uint8Array {
  const count = users.reduce((sum, { begin, end }) => sum + end - begin, 0);
  const offsets = new Int32Array(users.length + 1); // [users + 1]
  const items = new Array<string>(count);
  const timestamps = new Float64Array(count);
  const events = new Int32Array(count);
  const values = new Float64Array(count);
  const lines = new Float64Array(count);
  const answers = new Array<string>(count).fill('');
  let hasAnswers = false;
  // A block is read alone, so it numbers its event types itself.
  const names = new Map<number, number>();
  let at = 0;
  users.forEach(({ begin, end }, user) => {
    for (let place = begin; place < end; place++) {
      const row = order[place]!;
      const event = rows.events[row]!;
      if (!names.has(event)) names.set(event, names.size);
      items[at] = rows.items[row]!;
      timestamps[at] = rows.timestamps[row]!;
      events[at] = names.get(event)!;
      values[at] = rows.values[row]!;
      lines[at] = rows.lines[row]!;
      const answer = rows.recommendations.get(row);
      if (answer !== undefined) {
        answers[at] = answer;
        hasAnswers = true;
      }
      at++;
    }
    offsets[user + 1] = at;
  });
  const eventTypes = Array.from(names.keys(), (event) => rows.eventTypes[event]!);
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
    ...(hasAnswers ? [listColumn('recommendations', offsets, utf8Values(answers))] : []),
  ];
  return zstdCompressSync(encodeColumns(columns, { eventTypes: JSON.stringify(eventTypes) }));
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
  const answers = answersOf(columns, items.offsets, what);
  const names = eventNames.parse(JSON.parse(columns.metadata.get('eventTypes') ?? '[]'));
  for (let user = 0; user < users.length; user++) {
    for (let at = items.offsets[user]!; at < items.offsets[user + 1]!; at++) {
      const answer = answers?.[at] ?? '';
      yield {
        user_id: users[user]!,
        item_id: ids[at]!,
        timestamp: timestamps[at]!,
        event_type: names[events[at]!] ?? null,
        value: Number.isNaN(values[at]!) ? null : values[at]!,
        ...(answer !== '' && { recommendation_id: answer }),
        line: lines[at]!,
      };
    }
  }
}

/** By row, empty for none; undefined where no row of the block names one. */
function answersOf(
  columns: Columns,
  offsets: Int32Array,
  what: string,
): readonly string[] | undefined {
  if (!columns.has('recommendations')) return undefined;
  const list = columns.column('recommendations').list();
  expectSameLengths(what, ['items', offsets], ['recommendations', list.offsets]);
  return list.values.strings();
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
