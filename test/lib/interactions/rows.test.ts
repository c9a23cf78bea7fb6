import fc from 'fast-check';
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
    [
      { event_type: 3, value: '2' },
      { event_type: '3', value: 2 },
    ],
    [
      { event_type: ' buy ', value: ' 4.50 ' },
      { event_type: 'buy', value: 4.5 },
    ],
    [{ event_type: 'NULL', value: 'nan' }, {}],
    [{ event_type: '\\N', value: '' }, {}],
    [{ value: '1e3' }, { value: 1000 }],
    [{ recommendation_id: ' 1f-2 ' }, { recommendation_id: '1f-2' }],
    [{ recommendation_id: 17 }, { recommendation_id: '17' }],
    [{ recommendation_id: 'null' }, {}],
    [{ recommendation_id: null }, {}],
    [{ user_id: '\u0000 user\t', item_id: ' item\u00a0' }, {}],
    [{ user_id: 'us\u0000er' }, { user_id: 'us\u0000er' }],
    [{ user_id: 'NULL' }, { user_id: 'NULL' }],
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
    [{ event_type: true }, 'wrong-type', 'event_type must be text, but is of type boolean'],
    [{ event_type: '__proto__' }, 'wrong-type', /event_type must be a name/],
    [{ user_id: 2 ** 53 }, 'wrong-type', /more digits than can be kept; write it as text/],
    [
      { user_id: undefined, userId: 'x' },
      'missing-field',
      'user_id is absent; the row has "userId"',
    ],
    [{ item_id: '\t\u0000' }, 'missing-field', 'item_id is empty'],
    [{ event_type: 'x'.repeat(21) }, 'wrong-type', /at most 20 characters/],
    [
      { value: '$12.99' },
      'wrong-type',
      'value must be a number, but is an amount; say "decimal": "." in interactions.columns.value',
    ],
    [
      { value: '1,234.50' },
      'wrong-type',
      'value must be a number, but is an amount; say "decimal": "." in interactions.columns.value',
    ],
    [
      { value: '1.234,50' },
      'wrong-type',
      'value must be a number, but has a decimal comma; say "decimal": "," in interactions.columns.value',
    ],
    [{ value: '12 or so' }, 'wrong-type', 'value must be a number, but is other text'],
    [{ value: '0x10' }, 'wrong-type', 'value must be a number, but is other text'],
    [{ value: '1e999' }, 'wrong-type', 'value must be a number, but is other text'],
    [{ value: true }, 'wrong-type', 'value must be a number, but is of type boolean'],
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

  it('gives a reason for whatever a field may be that is neither text nor a number', () => {
    const value = fc.oneof(
      fc.anything(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, undefined, null, 1n, [], 'item'),
    );
    const some = fc.record({
      user_id: value,
      item_id: value,
      timestamp: value,
      event_type: value,
      value,
    });
    fc.assert(
      fc.property(some, (own) => {
        const checked = checkInteraction({ ...row, ...own }, anyItem, 1);

        const isRow = 'row' in checked;
        const hasIds = [own.user_id, own.item_id].every(
          (id) => typeof id === 'string' || Number.isFinite(id),
        );
        expect(isRow || checked.reason.length > 0).toBe(true);
        if (!hasIds) expect(isRow).toBe(false);
      }),
    );
  });

  it.each([
    [{ timestamp: Number.NaN }, 'timestamp'],
    [{ value: Number.POSITIVE_INFINITY }, 'value'],
    [{ event_type: true }, 'event_type'],
  ])('takes %j for no text and no number', (own, name) => {
    const checked = checkInteraction({ ...row, ...own }, rules, 1);

    expect(checked).toMatchObject({ reason: 'wrong-type', detail: expect.stringContaining(name) });
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

  it.each([{}, { title: null }, { title: ' ' }, { title: 'nan' }])(
    'lets the id stand for a title that is %j',
    (given) => {
      const noted: string[] = [];
      const tell = { note: (note: string) => noted.push(note), leftOut() {}, unknown() {} };

      const checked = checkItem({ item_id: 'a', ...given }, rules, tell);

      expect(checked).toStrictEqual({ row: { item_id: 'a', title: 'a', fields: {} } });
      expect(noted).toContain('absent-title');
    },
  );

  it('joins lists in lists, and leaves out what has no plain text, saying so', () => {
    // Arrange
    const left: string[] = [];
    const tell = { note() {}, leftOut: (field: string) => left.push(field), unknown() {} };
    const given = JSON.parse(
      '{"item_id": "a", "title": "x", "categories": [["Home", "Lamps"], ["Garden"]], "brand": "\\\\N",' +
        '"details": {"weight": "2 kg"}, "images": [{"url": "y"}], "__proto__": "p", "": "nameless"}',
    );

    // Act
    const checked = checkItem(given, rules, tell);

    // Assess
    expect(checked).toStrictEqual({
      row: { item_id: 'a', title: 'x', fields: { categories: 'Home, Lamps, Garden' } },
    });
    expect(left).toStrictEqual(['details', 'images', '__proto__', '']);
  });

  it.each([
    [{ title: 'x' }, 'missing-field', 'item_id is absent'],
    [{ item_id: 'a', title: ['x'] }, 'wrong-type', 'title must be text, but is a list'],
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

  it.each([
    ['{"value": NaN}', 'nan-in-json'],
    ['{"value": [1, -Infinity]}', 'nan-in-json'],
    ['{"title": "NaN", "value": Infinity}', 'nan-in-json'],
    ['{"title": "NaN"', 'broken-json'],
    ['{"value": NaNs}', 'broken-json'],
  ])('tells NaN from other breakage in %s', (text, reason) => {
    expect(parseJsonRow(text)).toMatchObject({ reason });
  });

  it('recognises the notation of Python', () => {
    expect(parseJsonRow("{'item_id': 'i0'}")).toMatchObject({
      reason: 'broken-json',
      detail: expect.stringMatching(/Python/),
    });
  });

  it('knows documented names in any case, and no others', () => {
    const text = '{"USER_ID": 12345678901234567890, "Item_Id": "i", "timestamp": 1, "Note": 2}';

    expect(parseJsonRow(text, interactionFields)).toStrictEqual({
      row: { user_id: '12345678901234567890', item_id: 'i', timestamp: 1, Note: 2 },
    });
    expect(parseJsonRow('{"user_id": "a", "USER_ID": "b"}', interactionFields)).toStrictEqual({
      row: { user_id: 'a', USER_ID: 'b' },
    });
  });

  it.each(['[]', 'null', '3', '"text"'])('refuses %s, which is no object', (text) => {
    expect(parseJsonRow(text)).toMatchObject({ reason: 'wrong-type' });
  });

  it('keeps all digits of ids and times that are large numbers', () => {
    const text =
      '{"user_id": 12345678901234567890, "item_id": -9007199254740993, "timestamp": 1365029107250000001}';

    expect(parseJsonRow(text)).toStrictEqual({
      row: {
        user_id: '12345678901234567890',
        item_id: '-9007199254740993',
        timestamp: '1365029107250000001',
      },
    });
  });
});

describe('Functions: parseCsvHeader, parseCsvRow', () => {
  it('knows documented columns in any case and leaves the others as they are', () => {
    const header = ' User_ID,ITEM_ID ,"Time, local",timestamp';

    expect(parseCsvHeader(header, interactionFields)).toStrictEqual([
      'user_id',
      'item_id',
      'Time, local',
      'timestamp',
    ]);
  });

  it('leaves out empty fields and columns without a name', () => {
    const columns = ['', 'user_id', 'event_type', 'value', ''];

    expect(parseCsvRow('0,007,,4.50,x', columns)).toStrictEqual({
      row: { user_id: '007', value: '4.50' },
    });
  });

  it.each(['1,2', '1,2,3,4', ''])('refuses %j for its number of fields', (text) => {
    expect(parseCsvRow(text, ['a', 'b', 'c'])).toMatchObject({ reason: 'wrong-column-count' });
  });
});
