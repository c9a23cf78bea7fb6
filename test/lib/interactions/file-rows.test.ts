import { describe, expect, it } from 'vitest';
import { parseCsvHeader, parseCsvRow, parseJsonRow } from '#lib/interactions/file-rows.ts';

describe('Function: parseJsonRow, digits', () => {
  it.each<[string, object]>([
    [
      '{"a": {"b": 9007199254740993}, "c": [1, [-9007199254740993]]}',
      { a: { b: '9007199254740993' }, c: [1, ['-9007199254740993']] },
    ],
    ['{"a": null, "b": 9007199254740993}', { a: null, b: '9007199254740993' }],
    ['{"a": 9007199254740991, "b": 1.5e300}', { a: 9007199254740991, b: 1.5e300 }],
    ['{"a": 9007199254740992.0}', { a: 9007199254740992 }],
    [' {"a": "9007199254740993"}', { a: '9007199254740993' }],
  ])('of %s are kept', (text, row) => {
    expect(parseJsonRow(text)).toStrictEqual({ row });
  });
});

describe('Function: parseJsonRow, names', () => {
  it.each<[string, object]>([
    ['{"USER_ID": 1, "Item_Id": 2}', { user_id: 1, item_id: 2 }],
    ['{"user_id": 1, "Item_Id": 2, "Other": 3}', { user_id: 1, item_id: 2, Other: 3 }],
    ['{"user_id": 1, "USER_ID": 2}', { user_id: 1, USER_ID: 2 }],
    ['{"Other": 3}', { Other: 3 }],
  ])('of %s are the documented ones, if only their case differs', (text, row) => {
    expect(parseJsonRow(text, ['user_id', 'item_id'])).toStrictEqual({ row });
  });
});

describe('Function: parseJsonRow, what is no row', () => {
  const type = 'the line must be one JSON object, {...}';
  const nan = 'the line has NaN or Infinity where a value belongs';
  const python = "the line is in Python's notation, with single quotes";
  const broken = 'the line is not one complete JSON value';

  it.each([
    ['1', 'wrong-type', type],
    ['9007199254740993', 'wrong-type', type],
    ['null', 'wrong-type', type],
    ['true', 'wrong-type', type],
    ['"text"', 'wrong-type', type],
    ['[{"a": 9007199254740993}]', 'wrong-type', type],
    ['{"a": NaN}', 'nan-in-json', nan],
    ['{"a": [1, -Infinity], "b": "c"}', 'nan-in-json', nan],
    ['{"a": "say \\"NaN\\"", "b": NaN}', 'nan-in-json', nan],
    ['NaN', 'nan-in-json', nan],
    ['{"a": NaN', 'broken-json', broken],
    ['{"a": "NaN", b}', 'broken-json', broken],
    ['{"a": xNaN}', 'broken-json', broken],
    ["{'a': 1}", 'broken-json', python],
    ["  { 'a': 1}", 'broken-json', python],
    ["x {'a': 1}", 'broken-json', broken],
    ['{"a": 1,}', 'broken-json', broken],
    ['user,item', 'broken-json', broken],
  ])('says of %s what it is', (text, reason, detail) => {
    expect(parseJsonRow(text)).toStrictEqual({ reason, detail });
  });
});

describe('Function: parseCsvRow', () => {
  it.each([
    ['1,2,3', 3],
    ['1,2,3,', 4],
    ['1', 1],
  ])('says how many fields %j has, and how many there should be', (text, fields) => {
    expect(parseCsvRow(text, ['a', 'b'])).toStrictEqual({
      reason: 'wrong-column-count',
      detail: `the line has ${fields} fields; there are 2 columns`,
    });
  });

  it('leaves out empty fields, and columns without a name', () => {
    expect(parseCsvRow('1,,3', ['', 'a', 'b'])).toStrictEqual({ row: { b: '3' } });
  });

  it.each([
    ['1,2,', { a: '1', b: '2' }],
    ['1,2,,,', { a: '1', b: '2' }],
    ['1,,', { a: '1' }],
  ])('takes the commas that end each row of %j for no fields', (text, row) => {
    expect(parseCsvRow(text, ['a', 'b'])).toStrictEqual({ row });
  });
});

describe('Function: parseCsvHeader', () => {
  it('gives names without blanks around them, and the documented ones as they are documented', () => {
    expect(parseCsvHeader(' User_ID ,"Some Name ",user-id', ['user_id'])).toStrictEqual([
      'user_id',
      'Some Name',
      'user-id',
    ]);
  });
});
