import { describe, expect, it } from 'vitest';
import { isRejection } from '#lib/interactions/reasons.ts';
import { checkInteraction, checkItem, isPlaceholder } from '#lib/interactions/rows.ts';

const rules = {
  maximumIdLength: 20,
  latestTimestamp: Date.UTC(2026, 10, 24) / 1000,
  knownItems: new Set(['item', '7']),
};
const row = { user_id: 'user', item_id: 'item', timestamp: 1_700_000_000 };

/** What is told of a row besides what becomes of it. */
function told(check: (tell: Parameters<typeof checkItem>[2]) => unknown): unknown[] {
  const heard: unknown[] = [];
  check({
    note: (note) => heard.push(note),
    leftOut: (field) => heard.push(['left out', field]),
    unknown: (item) => heard.push(['unknown', item]),
  });
  return heard;
}
const ofInteraction = (given: object) =>
  told((tell) => checkInteraction({ ...row, ...given }, rules, 1, tell));
const ofItem = (given: object) =>
  told((tell) => checkItem({ item_id: 'a', ...given }, rules, tell));
const itemOf = (given: object) => {
  const checked = checkItem({ item_id: 'a', title: 'A', ...given }, rules);
  return isRejection(checked) ? [checked.reason, checked.detail] : checked.row;
};
const detailOf = (given: object) => {
  const checked = checkInteraction({ ...row, ...given }, rules, 1);
  return isRejection(checked) ? [checked.reason, checked.detail] : undefined;
};

describe('Function: checkInteraction', () => {
  it.each<[object, unknown[]]>([
    [{}, []],
    [{ user_id: 7, item_id: 7 }, []],
    [{ user_id: ' user ', item_id: 'item\t' }, ['trimmed-id', 'trimmed-id']],
    [{ user_id: 'NULL' }, ['placeholder-user']],
    [{ user_id: ' NULL' }, ['trimmed-id', 'placeholder-user']],
    [{ item_id: 'nan' }, ['placeholder-item', ['unknown', 'nan']]],
    [{ user_id: '8.80E+12' }, ['shortened-id']],
    [{ timestamp: '1.70E+9' }, ['shortened-time']],
    [{ timestamp: '1700000000' }, []],
    [
      { event_type: 'null', value: 'nan', recommendation_id: '-' },
      Array(3).fill('placeholder-field'),
    ],
    [{ event_type: ' null ', value: ' nan ' }, ['placeholder-field', 'placeholder-field']],
    [{ event_type: '', value: '', recommendation_id: ' ' }, []],
    [{ event_type: null, value: null, recommendation_id: null }, []],
    [{ item_id: 'other' }, [['unknown', 'other']]],
    // What is refused for something else is looked at no further.
    [{ item_id: 'other', timestamp: 'never' }, []],
    [{ item_id: 'other', recommendation_id: 'null' }, [['unknown', 'other']]],
  ])('tells of %j', (given, heard) => {
    expect(ofInteraction(given)).toEqual(heard);
  });

  it('tells of no unknown item where there is no catalogue', () => {
    const anyItem = { ...rules, knownItems: undefined };

    expect(told((tell) => checkInteraction({ ...row, item_id: 'x' }, anyItem, 1, tell))).toEqual(
      [],
    );
  });

  it.each<[object, unknown[] | undefined]>([
    [{ event_type: 'x'.repeat(20), recommendation_id: 'y'.repeat(20) }, undefined],
    [
      { event_type: 'x'.repeat(21) },
      ['wrong-type', 'event_type must be a name of at most 20 characters'],
    ],
    [
      { event_type: '\ud800' },
      ['wrong-type', 'event_type must be a name of at most 20 characters'],
    ],
    [
      { recommendation_id: 'y'.repeat(21) },
      ['wrong-type', 'recommendation_id must be a name of at most 20 characters'],
    ],
    [
      { recommendation_id: '__proto__' },
      ['wrong-type', 'recommendation_id must be a name of at most 20 characters'],
    ],
    [{ value: 'many' }, ['wrong-type', 'value must be a number, but is other text']],
    [
      { value: '4,50' },
      [
        'wrong-type',
        'value must be a number, but has a decimal comma; say "decimal": "," in interactions.columns.value',
      ],
    ],
    [
      { item_id: 'other' },
      ['unknown-item', 'item_id is in no catalogue upload that came before this file'],
    ],
    [
      { item_id: 'null' },
      [
        'unknown-item',
        'item_id is a word for "nothing" and is in no catalogue upload that came before this file',
      ],
    ],
    [
      { user_id: undefined, 'User-Id': 'x' },
      ['missing-field', 'user_id is absent; the row has "User-Id"'],
    ],
    [
      { user_id: undefined, 'USER ID': 'x' },
      ['missing-field', 'user_id is absent; the row has "USER ID"'],
    ],
    [{ user_id: undefined, user: 'x' }, ['missing-field', 'user_id is absent']],
    [{ item_id: null }, ['missing-field', 'item_id is null']],
    [{ user_id: Number.NaN }, ['wrong-type', expect.stringMatching(/^user_id must be /)]],
    [
      { timestamp: true },
      ['wrong-type', 'timestamp must be a number or an ISO 8601 text, but is of type boolean'],
    ],
    [{ value: {} }, ['wrong-type', 'value must be a number, but is of type object']],
    [{ value: [1] }, ['wrong-type', 'value must be a number, but is a list']],
    [
      { recommendation_id: {} },
      ['wrong-type', 'recommendation_id must be text, but is of type object'],
    ],
  ])('says what is wrong with %j', (given, detail) => {
    expect(detailOf(given)).toEqual(detail);
  });
});

describe('Function: checkItem', () => {
  it.each<[object, unknown]>([
    [{ title: 7 }, { item_id: 'a', title: '7', fields: {} }],
    [{ title: null }, { item_id: 'a', title: 'a', fields: {} }],
    [{ title: '  ' }, { item_id: 'a', title: 'a', fields: {} }],
    [{ title: 'nan' }, { item_id: 'a', title: 'a', fields: {} }],
    [
      { genre: ['x', ['y', null, ''], 3, true], price: 0, isNew: false },
      { item_id: 'a', title: 'A', fields: { genre: 'x, y, 3, true', price: '0', isNew: 'false' } },
    ],
    [
      { genre: null, brand: '', note: 'NULL', list: [] },
      { item_id: 'a', title: 'A', fields: {} },
    ],
    [
      { genre: ['x', { y: 1 }], cast: {} },
      { item_id: 'a', title: 'A', fields: {} },
    ],
    [{ '': 'x' }, { item_id: 'a', title: 'A', fields: {} }],
    [{ title: '\ud800' }, ['not-utf8', 'a text contains half a character (a lone surrogate)']],
    [{ genre: '\ud800' }, ['not-utf8', 'a text contains half a character (a lone surrogate)']],
    [{ item_id: null }, ['missing-field', 'item_id is null']],
    [{ item_id: '' }, ['missing-field', 'item_id is empty']],
    [{ title: ['x'] }, ['wrong-type', 'title must be text, but is a list']],
  ])('makes of %j', (given, item) => {
    expect(itemOf(given)).toEqual(item);
  });

  it.each<[object, unknown[]]>([
    [{ title: 'A', genre: 'x', brand: '' }, []],
    [{}, ['absent-title']],
    [{ title: 'None' }, ['placeholder-field', 'absent-title']],
    [{ title: 'A', genre: null, brand: undefined }, []],
    [{ title: 'A', genre: 'n/a', brand: '-' }, ['placeholder-field', 'placeholder-field']],
    [
      { title: 'A', cast: { first: 'x' }, genre: [['x', {}]], '': 'y' },
      [
        ['left out', 'cast'],
        ['left out', 'genre'],
        ['left out', ''],
      ],
    ],
    [JSON.parse('{"title":"A","__proto__":"x"}'), [['left out', '__proto__']]],
    [{ item_id: ' a', title: 'A' }, ['trimmed-id']],
    [{ item_id: '8.80E+12', title: 'A' }, ['shortened-id']],
    [{ item_id: 'NULL', title: 'A' }, ['placeholder-item']],
  ])('tells of %j', (given, heard) => {
    expect(ofItem(given)).toEqual(heard);
  });
});

describe('Function: isPlaceholder', () => {
  it('knows what tools write for nothing, letter by letter', () => {
    const words = ['\\N', 'NULL', '(null)', '<NA>', '#N/A', 'NaT', 'undefined', '-', '—'];

    expect(words.filter((word) => !isPlaceholder(word))).toEqual([]);
    expect(words.filter((word) => isPlaceholder(`${word} `) || isPlaceholder(` ${word}`))).toEqual(
      [],
    );
    expect(['', 'nAn', 'nothing', 'undefinedd', 'N'].filter(isPlaceholder)).toEqual([]);
  });
});
