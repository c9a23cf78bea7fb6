import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Column,
  encodeColumns,
  float64Values,
  int32Values,
  listColumn,
  utf8Column,
  utf8Values,
} from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { readRowBlock } from '#lib/interactions/row-block.ts';
import type { Interaction } from '#lib/interactions/rows.ts';
import {
  createSortedRows,
  decodeIndex,
  indexBytes,
  stretchesOf,
  trailerBytes,
} from '#lib/interactions/sorted-rows.ts';
import { indexOf, inFileOrder, sorted, stored } from './sorted.ts';

const id = fc.oneof(
  fc.constantFrom('a', 'b', 'é', '\u{1f600}', '\uffee', 'aa'),
  fc.string({ unit: 'grapheme', minLength: 1 }),
);
const rows: fc.Arbitrary<Interaction[]> = fc
  .array(
    fc.record(
      {
        user_id: id,
        item_id: id,
        timestamp: fc.double({ noNaN: true, noDefaultInfinity: true }),
        event_type: fc.constantFrom('click', 'é', null),
        value: fc.oneof(fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true })),
        recommendation_id: fc.constantFrom('r1', 'ü'),
      },
      {
        noNullPrototype: true,
        requiredKeys: ['user_id', 'item_id', 'timestamp', 'event_type', 'value'],
      },
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((all) => all.map((row, at) => ({ ...row, line: at * 3 + 1 })));
const sizes = fc.record({
  piece: fc.integer({ min: 1, max: 40 }),
  block: fc.integer({ min: 1, max: 9 }),
});

describe('Functions: createSortedRows, readRowBlock', () => {
  it('give back every row as it was, to the bit, in blocks and pieces of any size', () => {
    fc.assert(
      fc.property(rows, sizes, (all, cut) => {
        const bytes = sorted(all, cut);

        expect(inFileOrder(bytes)).toStrictEqual(all);
        expect(sorted(all, cut).equals(bytes)).toBe(true);
      }),
    );
  });

  it('sort the rows of a piece by user, and the index says where who is', () => {
    fc.assert(
      fc.property(rows, sizes, (all, cut) => {
        const bytes = sorted(all, cut);

        const index = indexOf(bytes);

        for (const [at, block] of index.entries()) {
          const own = [...readRowBlock(bytes.subarray(block.start, block.end), 'it')];
          expect(own.length).toBe(block.rows);
          expect(own.length).toBeLessThanOrEqual(cut.block);
          expect([own[0]!.user_id, own.at(-1)!.user_id]).toEqual([block.first, block.last]);
          const before = index[at - 1];
          expect(block.start).toBe(before?.end ?? 0);
          if (before?.piece === block.piece) expect(block.first >= before.last).toBe(true);
        }
        for (const piece of new Set(index.map((block) => block.piece))) {
          const own = index.filter((block) => block.piece === piece);
          expect(own.reduce((sum, block) => sum + block.rows, 0)).toBeLessThanOrEqual(cut.piece);
        }
      }),
    );
  });

  it('are nothing without a row', () => {
    expect(sorted([])).toHaveLength(0);
  });

  it('fill blocks with rows of users that follow each other, and pieces with rows as they come', () => {
    const ofUser = (user_id: string, line: number): Interaction => ({
      ...{ user_id, item_id: 'i', timestamp: line, event_type: null, value: null, line },
    });
    const users = ['b', 'a', 'a', 'a', 'a', 'a', 'c', 'a', 'b', 'a'];

    const index = indexOf(sorted(users.map(ofUser), { piece: 7, block: 3 }));

    expect(index.map(({ piece, first, last, rows }) => [piece, first, last, rows])).toEqual([
      [0, 'a', 'a', 3],
      [0, 'a', 'b', 3],
      [0, 'c', 'c', 1],
      [1, 'a', 'b', 3],
    ]);
    const whole = createSortedRows({ piece: 3, block: 3 });
    const parts = users.map((user, line) => {
      whole.add(ofUser(user, line));
      return whole.take();
    });
    // A piece is handed on once, when it is full.
    expect(parts.map(({ length }) => length > 0)).toEqual(users.map((_, at) => at % 3 === 2));
    whole.end();
    const bytes = Buffer.concat([...parts, whole.take()]);
    expect(inFileOrder(bytes).map(({ user_id }) => user_id)).toEqual(users);
    expect(indexOf(bytes).map(({ piece }) => piece)).toEqual([0, 1, 2, 3]);
  });
});

describe('Function: stretchesOf', () => {
  it('finds the blocks of some users: all of their rows, and no block without one of the span', () => {
    fc.assert(
      fc.property(rows, sizes, id, fc.option(id), (all, cut, from, to) => {
        const bytes = sorted(all, cut);
        const isIn = ({ user_id }: Interaction) => user_id >= from && (to === null || user_id < to);

        const stretches = stretchesOf(indexOf(bytes), { from, to });

        const found = stretches
          .flat()
          .flatMap(({ start, end }) => [...readRowBlock(bytes.subarray(start, end), 'it')]);
        expect(found.filter(isIn)).toStrictEqual(stored(bytes).filter(isIn));
        for (const stretch of stretches) {
          for (let at = 1; at < stretch.length; at++) {
            expect(stretch[at]!.start).toBe(stretch[at - 1]!.end);
          }
        }
        const taken = stretches.flat().length;
        const needed = indexOf(bytes).filter(
          ({ first, last }) => last >= from && (to === null || first < to),
        ).length;
        expect(taken).toBe(needed);
      }),
    );
  });
});

describe('Function: stretchesOf, of blocks that follow each other', () => {
  const block = (first: string, last: string, start: number) => ({
    ...{ piece: 0, first, last, start, end: start + 10, rows: 1 },
  });
  const index = [
    block('a', 'c', 0),
    block('c', 'd', 10),
    block('x', 'z', 20),
    block('a', 'b', 30),
    block('b', 'd', 40),
    block('d', 'x', 50),
  ];
  const starts = (from: string, to: string | null) =>
    stretchesOf(index, { from, to }).map((blocks) => blocks.map(({ start }) => start));

  it('puts these together, and no others', () => {
    expect(starts('a', 'd')).toEqual([
      [0, 10],
      [30, 40],
    ]);
    expect(starts('d', null)).toEqual([
      [10, 20],
      [40, 50],
    ]);
    expect(starts('', 'a')).toEqual([]);
    expect(starts('', null)).toEqual([[0, 10, 20, 30, 40, 50]]);
  });
});

describe('What is no object of interactions/', () => {
  const row = { user_id: 'u', item_id: 'i', timestamp: 1, event_type: null, value: null, line: 1 };
  const good = sorted([row]);

  it.each([
    ['JSON lines of an earlier release', Buffer.from('{"user_id":"a","item_id":"b"}\n')],
    ['nothing', Buffer.alloc(0)],
    ['cut off at its end', good.subarray(0, -1)],
  ])('is refused with what to do: %s', (_, bytes) => {
    const read = () => indexBytes(bytes.subarray(-trailerBytes), 'interactions/a');

    expect(read).toThrow(ContractError);
    expect(read).toThrow('interactions/a is not what this release');
    expect(read).toThrow('Delete those below interactions/ and upload their files again');
  });

  it('is refused where its index is damaged', () => {
    const damaged = Buffer.from(
      good.subarray(-indexBytes(good.subarray(-trailerBytes), 'it')),
    ).fill(0, 9, 20);

    expect(() => decodeIndex(damaged, 'interactions/a')).toThrow(
      /^the index of interactions\/a is damaged: /,
    );
  });

  it('is refused where a block is damaged', () => {
    const { start, end } = indexOf(good)[0]!;
    const damaged = Buffer.from(good.subarray(start, end - 3));

    expect(() => [...readRowBlock(damaged, 'interactions/a')]).toThrow(
      'a block of interactions/a is damaged',
    );
    expect(() => [...readRowBlock(damaged, 'interactions/a')]).toThrow(
      expect.objectContaining({ cause: expect.any(Error) }),
    );
  });
});

describe('Function: readRowBlock', () => {
  const offsets = Int32Array.of(0, 2);
  const two = Float64Array.of(1, 2);
  /** A block of two rows of one user, with these columns in place of its own. */
  const block = (...changed: Column[]) => {
    const columns = [
      utf8Column('user_id', ['u']),
      listColumn('items', offsets, utf8Values(['i', 'j'])),
      listColumn('timestamps', offsets, float64Values(two)),
      listColumn('events', offsets, int32Values(Int32Array.of(0, 0))),
      listColumn('values', offsets, float64Values(two)),
      listColumn('lines', offsets, float64Values(two)),
      ...changed,
    ];
    const names = changed.map(({ name }) => name);
    const others = columns.slice(0, 6).filter(({ name }) => !names.includes(name));
    return zstdCompressSync(encodeColumns([...others, ...changed], {}));
  };

  it('reads a block that knows no types of events', () => {
    expect([...readRowBlock(block(), 'a')]).toEqual([
      { user_id: 'u', item_id: 'i', timestamp: 1, event_type: null, value: 1, line: 1 },
      { user_id: 'u', item_id: 'j', timestamp: 2, event_type: null, value: 2, line: 2 },
    ]);
  });

  it.each([
    ['timestamps', float64Values(Float64Array.of(1))],
    ['recommendations', utf8Values(['r'])],
  ])('refuses a block whose %s are fewer than its items', (name, values) => {
    const short = block(listColumn(name, Int32Array.of(0, 1), values));

    expect(() => [...readRowBlock(short, 'a')]).toThrow(
      `a block of a: row 0 has 1 values in column "${name}" but 2 in "items"; they must be as many.`,
    );
  });
});
