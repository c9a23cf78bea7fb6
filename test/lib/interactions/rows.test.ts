import { describe, expect, it } from 'vitest';
import { parseCsvHeader, parseCsvRow, parseJsonRow } from '#lib/interactions/file-rows.ts';
import { checkInteraction, checkItem, interactionFields } from '#lib/interactions/rows.ts';

const rules = {
  maximumIdLength: 20,
  latestTimestamp: Date.UTC(2026, 10, 24) / 1000,
  knownItems: new Set(['item', '7']),
};
const row = { user_id: 'user', item_id: 'item', timestamp: 1_700_000_000 };
const anyItem = { ...rules, knownItems: undefined };

describe('Function: checkInteraction', () => {
  it.each([
    [{}, {}],
    [
      { user_id: 12, item_id: 7 },
      { user_id: '12', item_id: '7' },
    ],
    [
      { event_type: 'click', value: 4.5 },
      { event_type: 'click', value: 4.5 },
    ],
    [{ event_type: '', value: null }, {}],
    [{ timestamp: '2023-11-14T22:13:20Z' }, {}],
    [{ session: 'not ours' }, {}],
    [{ value: 0 }, { value: 0 }],
  ])('takes %j', (given, expected) => {
    expect(checkInteraction({ ...row, ...given }, rules, 3)).toStrictEqual({
      row: { ...row, event_type: null, value: null, line: 3, ...expected },
    });
  });

  it.each([
    [{ user_id: undefined }, 'missing-field', 'user_id is absent'],
    [{ user_id: null }, 'missing-field', 'user_id is null'],
    [{ item_id: '' }, 'missing-field', 'item_id is empty'],
    [{ item_id: '  ' }, 'missing-field', 'item_id is empty'],
    [{ timestamp: '' }, 'missing-field', 'timestamp is empty'],
    [{ user_id: true }, 'wrong-type', 'user_id must be text or a number, but is of type boolean'],
    [{ item_id: ['a'] }, 'wrong-type', 'item_id must be text or a number, but is a list'],
    [{ timestamp: {} }, 'wrong-type', /timestamp must be a number or an ISO 8601 text/],
    [{ event_type: 3 }, 'wrong-type', 'event_type must be text, but is of type number'],
    [{ event_type: 'x'.repeat(21) }, 'wrong-type', /at most 20 characters/],
    [{ value: '4' }, 'wrong-type', 'value must be a number, but is of type string'],
    [
      { user_id: 'u'.repeat(21) },
      'id-too-long',
      'user_id has 21 characters; at most 20 are allowed',
    ],
    [{ timestamp: 'soon' }, 'impossible-timestamp', /neither/],
    [{ timestamp: 5 }, 'impossible-timestamp', /before 1990/],
    [{ item_id: 'other' }, 'unknown-item', /no catalogue upload/],
    [{ user_id: 'half \ud800' }, 'not-utf8', /lone surrogate/],
  ])('refuses %j as %s', (given, reason, detail) => {
    const refused = checkInteraction({ ...row, ...given }, rules, 3);

    expect(refused).toMatchObject({ reason });
    expect((refused as { detail: string }).detail).toMatch(detail);
  });

  it('knows every item when there is no catalogue', () => {
    expect(checkInteraction({ ...row, item_id: 'other' }, anyItem, 1)).toHaveProperty('row');
  });

  it('quotes no value of the row in what it says', () => {
    const secrets = {
      user_id: 'secret',
      item_id: 'secret',
      timestamp: 'secret',
      event_type: 'secret',
    };

    for (const name of Object.keys(secrets)) {
      const refused = checkInteraction(
        { ...row, ...secrets, [name]: { secret: 'secret' } },
        rules,
        1,
      );
      expect(JSON.stringify(refused)).not.toContain('secret');
    }
  });
});

describe('Function: checkItem', () => {
  it('keeps other fields as text', () => {
    const given = {
      item_id: 7,
      title: 1984,
      authors: ['George Orwell', null, ''],
      pages: 328,
      classic: true,
      note: null,
      blank: '',
    };

    expect(checkItem(given, rules)).toStrictEqual({
      row: {
        item_id: '7',
        title: '1984',
        fields: { authors: 'George Orwell', pages: '328', classic: 'true' },
      },
    });
  });

  it.each([
    [{ title: 'x' }, 'missing-field', 'item_id is absent'],
    [{ item_id: 'a', title: ' ' }, 'missing-field', 'title is empty'],
    [{ item_id: 'a', title: ['x'] }, 'wrong-type', 'title must be text, but is a list'],
    [{ item_id: 'a', title: 'x', size: { h: 1 } }, 'wrong-type', /size must be text/],
    [{ item_id: 'a', title: 'x', tags: [['y']] }, 'wrong-type', /tags must be text/],
    [{ item_id: 'a'.repeat(21), title: 'x' }, 'id-too-long', /21 characters/],
    [{ item_id: 'a', title: 'x\udfff' }, 'not-utf8', /lone surrogate/],
  ])('refuses %j as %s', (given, reason, detail) => {
    const refused = checkItem(given, rules);

    expect(refused).toMatchObject({ reason });
    expect((refused as { detail: string }).detail).toMatch(detail);
  });
});

describe('Function: parseJsonRow', () => {
  it.each(['{"a": 1', '', 'x', '{"a": 1}{"b": 2}', "{'a': 1}"])('refuses %j as broken', (text) => {
    expect(parseJsonRow(text)).toMatchObject({ reason: 'broken-json' });
  });

  it.each(['[]', 'null', '3', '"text"'])('refuses %s, which is no object', (text) => {
    expect(parseJsonRow(text)).toMatchObject({ reason: 'wrong-type' });
  });

  it('keeps all digits of ids that are large numbers', () => {
    const text =
      '{"user_id": 12345678901234567890, "item_id": -9007199254740993, "timestamp": 1e9}';

    expect(parseJsonRow(text)).toStrictEqual({
      row: { user_id: '12345678901234567890', item_id: '-9007199254740993', timestamp: 1e9 },
    });
  });
});

describe('Functions: parseCsvHeader, parseCsvRow', () => {
  it('knows documented columns in any case and leaves the others as they are', () => {
    const header = '\uFEFF User_ID,ITEM_ID ,"Time, local",timestamp';

    expect(parseCsvHeader(header, interactionFields)).toStrictEqual([
      'user_id',
      'item_id',
      'Time, local',
      'timestamp',
    ]);
  });

  it('leaves out empty fields and reads numbers only where one is wanted', () => {
    const columns = ['user_id', 'event_type', 'value'];

    expect(parseCsvRow('007,,4.50', columns)).toStrictEqual({
      row: { user_id: '007', value: 4.5 },
    });
    expect(parseCsvRow('1,click,many', columns)).toStrictEqual({
      row: { user_id: '1', event_type: 'click', value: 'many' },
    });
  });

  it.each(['1,2', '1,2,3,4', ''])('refuses %j for its number of fields', (text) => {
    expect(parseCsvRow(text, ['a', 'b', 'c'])).toMatchObject({ reason: 'wrong-column-count' });
  });
});
