import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRowTable } from '#lib/interactions/row-table.ts';
import type { Interaction } from '#lib/interactions/rows.ts';

const row = (user_id: string, line: number): Interaction => ({
  user_id,
  item_id: `item ${line}`,
  timestamp: 1_700_000_000.5 + line,
  event_type: [null, 'view', 'buy'][line % 3]!,
  value: line % 4 === 0 ? null : line / 8,
  ...(line % 5 === 0 && { recommendation_id: `answer ${line}` }),
  line,
});

/** The rows of a table, as they came. */
function rowsOf(table: ReturnType<typeof createRowTable>): Interaction[] {
  const { users, offsets, order } = table.sort();
  const columns = table.columns();
  const userOf = new Map(
    users.flatMap((user, at) =>
      [...order.subarray(offsets[at]!, offsets[at + 1]!)].map((place) => [place, user] as const),
    ),
  );
  return Array.from({ length: table.length }, (_, at) => {
    const value = columns.values[at]!;
    const answer = columns.recommendations.get(at);
    return {
      user_id: userOf.get(at)!,
      item_id: columns.items[at]!,
      timestamp: columns.timestamps[at]!,
      event_type: columns.eventTypes[columns.events[at]!]!,
      value: Number.isNaN(value) ? null : value,
      ...(answer !== undefined && { recommendation_id: answer }),
      line: columns.lines[at]!,
    };
  });
}

describe('Function: createRowTable', () => {
  it('has every row as it came, also beyond its first size and twice that', () => {
    const table = createRowTable();
    const rows = Array.from({ length: 2049 }, (_, at) => row(`user ${at % 7}`, at + 1));

    for (const one of rows) table.add(one);

    expect(table.length).toBe(2049);
    expect(rowsOf(table)).toEqual(rows);
  });

  it('sorts the rows by user and leaves those of a user in their order', () => {
    const id = fc.constantFrom('b', 'a', 'B', '\uffee', '\u{1f600}', 'aa');
    fc.assert(
      fc.property(fc.array(id, { maxLength: 30 }), (ids) => {
        const table = createRowTable();
        ids.forEach((user, at) => {
          table.add(row(user, at + 1));
        });

        const { users, offsets, order } = table.sort();

        const expected = [...new Set(ids)].sort();
        expect(users).toEqual(expected);
        expect([...offsets]).toEqual([
          0,
          ...expected.map((last) => ids.filter((user) => user <= last).length),
        ]);
        expect([...order]).toEqual(
          expected.flatMap((user) => [...ids.keys()].filter((at) => ids[at] === user)),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('knows nothing of earlier rows once it is cleared', () => {
    const table = createRowTable();
    for (let line = 1; line <= 30; line++) table.add(row(`early ${line}`, line));

    table.clear();

    expect(table.length).toBe(0);
    expect(rowsOf(table)).toEqual([]);
    const later = [row('z', 1), row('y', 2), row('z', 5)];
    for (const one of later) table.add(one);
    expect(rowsOf(table)).toEqual(later);
    expect(table.columns().eventTypes).toEqual(['view', 'buy']);
    expect(table.columns().recommendations).toEqual(new Map([[2, 'answer 5']]));
    expect(table.sort().users).toEqual(['y', 'z']);
  });
});
