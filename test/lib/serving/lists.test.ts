import { describe, expect, it } from 'vitest';
import { csvFields } from '#lib/interactions/csv.ts';
import { listHeader, listRows } from '#lib/serving/lists.ts';

describe('Function: listRows', () => {
  it('has a row for every place, whose fields are read as they are meant', () => {
    // Arrange
    const titles: Readonly<Record<string, string>> = {
      a: 'The Way, Way Back',
      b: 'It said "no"',
      c: ' blank',
      d: '',
    };
    const source = 'model' as const;

    // Act
    const rows = listRows(
      {
        user_id: 'u,1',
        source,
        unknownItems: [],
        items: [
          { item_id: 'a', score: 2, source },
          { item_id: 'b', score: -0.00004, source: 'cold item' },
          { item_id: 'c', source: 'popularity' },
          { item_id: 'd', score: 1 / 3, source },
        ],
      },
      (item) => titles[item]!,
    );

    // Assess
    expect(rows.split('\n').map((row) => csvFields(row))).toEqual([
      ['u,1', '1', 'a', 'The Way, Way Back', '2.0000', 'model'],
      ['u,1', '2', 'b', 'It said "no"', '-0.0000', 'cold item'],
      ['u,1', '3', 'c', ' blank', '', 'popularity'],
      ['u,1', '4', 'd', '', '0.3333', 'model'],
      [''],
    ]);
    expect(listHeader.trimEnd().split(',')).toHaveLength(6);
  });
});
