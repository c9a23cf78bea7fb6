import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import { readRowBlock } from '#lib/interactions/row-block.ts';
import type { Interaction } from '#lib/interactions/rows.ts';
import { indexBytes, stretchesOf, trailerBytes } from '#lib/interactions/sorted-rows.ts';
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

  it('is refused where a block is damaged', () => {
    const { start, end } = indexOf(good)[0]!;
    const damaged = Buffer.from(good.subarray(start, end - 3));

    expect(() => [...readRowBlock(damaged, 'interactions/a')]).toThrow(
      'a block of interactions/a is damaged',
    );
  });
});
