import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeColumns, int32Values, listColumn, utf8Column } from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import {
  decodeSequenceShard,
  encodeSequenceShard,
  type SequenceShard,
} from '#lib/sequences/shard.ts';

const shards: fc.Arbitrary<SequenceShard> = fc
  .array(
    fc.record({
      user: fc.string({ unit: 'grapheme' }),
      start: fc.nat(),
      actions: fc.array(
        fc.record({
          item: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
          timestamp: fc.double({ noNaN: true, noDefaultInfinity: true }),
          reward: fc.float({ min: 0, max: 1, noNaN: true }),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    }),
    { maxLength: 12 },
  )
  .map((rows) => {
    const actions = rows.flatMap((row) => row.actions);
    const ends = rows.map((_, row) =>
      rows.slice(0, row + 1).reduce((sum, one) => sum + one.actions.length, 0),
    );
    return {
      users: rows.map((row) => row.user),
      starts: Int32Array.from(rows, (row) => row.start),
      offsets: Int32Array.of(0, ...ends),
      items: Int32Array.from(actions, (action) => action.item),
      timestamps: Float64Array.from(actions, (action) => action.timestamp),
      rewards: Float32Array.from(actions, (action) => action.reward),
    };
  });

const shard: SequenceShard = {
  users: ['u1', 'ü2'],
  starts: Int32Array.of(0, 4),
  offsets: Int32Array.of(0, 2, 3),
  items: Int32Array.of(5, 6, 7),
  timestamps: Float64Array.of(1.5, 2.5, 3.5),
  rewards: Float32Array.of(1, 0.25, 0.5),
};

describe('Function: encodeSequenceShard, decodeSequenceShard', () => {
  it('gives back what went in, whatever it is', () => {
    fc.assert(
      fc.property(shards, (original) => {
        // Act
        const decoded = decodeSequenceShard(encodeSequenceShard(original));

        // Assess
        expect(decoded).toEqual(original);
      }),
    );
  });

  it('reads a stream that does not begin at an aligned address', () => {
    // Arrange
    const bytes = encodeSequenceShard(shard);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);

    // Act
    const decoded = decodeSequenceShard(shifted.subarray(3));

    // Assess
    expect(decoded).toEqual(shard);
  });

  it('names the column whose lists have another length', () => {
    // Arrange
    const bytes = encodeColumns([
      utf8Column('user_id', ['u']),
      listColumn('items', Int32Array.of(0, 2), int32Values(Int32Array.of(1, 2))),
      listColumn('timestamps', Int32Array.of(0, 1), int32Values(Int32Array.of(1))),
      listColumn('rewards', Int32Array.of(0, 2), int32Values(Int32Array.of(1, 1))),
    ]);

    // Act
    const read = () => decodeSequenceShard(bytes);

    // Assess
    expect(read).toThrow(ContractError);
    expect(read).toThrow('row 0 has 1 values in column "timestamps" but 2 in "items"');
  });

  it('says which type a column has and which one is expected', () => {
    // Arrange
    const offsets = Int32Array.of(0, 1);
    const bytes = encodeColumns([
      utf8Column('user_id', ['u']),
      listColumn('items', offsets, int32Values(Int32Array.of(1))),
      listColumn('timestamps', offsets, int32Values(Int32Array.of(1))),
      listColumn('rewards', offsets, int32Values(Int32Array.of(1))),
      { ...utf8Column('start', ['0']) },
    ]);

    // Act
    const read = () => decodeSequenceShard(bytes);

    // Assess
    expect(read).toThrow('column "start" is Utf8, expected int32');
  });

  it('lists the columns there are when one is missing', () => {
    // Arrange
    const bytes = encodeColumns([utf8Column('user', ['u'])]);

    // Act
    const read = () => decodeSequenceShard(bytes);

    // Assess
    expect(read).toThrow('has no column "items"; it has "user"');
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', Buffer.from('{"items": [1, 2]}')],
    ['a stream that is cut off', encodeSequenceShard(shard).slice(0, 700)],
  ])('says that %s is no Arrow stream', (_, bytes) => {
    // Act
    const read = () => decodeSequenceShard(bytes);

    // Assess
    expect(read).toThrow(ContractError);
    expect(read).toThrow('not a readable Arrow IPC stream');
  });

  it('refuses padding and empty rows', () => {
    // Arrange
    const padded = encodeSequenceShard({ ...shard, items: Int32Array.of(5, 0, 7) });
    const empty = encodeSequenceShard({ ...shard, offsets: Int32Array.of(0, 0, 3) });

    // Act and assess
    expect(() => decodeSequenceShard(padded)).toThrow('row 0, column "items": 0 is no item index');
    expect(() => decodeSequenceShard(empty)).toThrow('row 0, column "items" has 0 items');
  });
});
