import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { createColumnMapping, layoutOf } from '#lib/interactions/columns.ts';
import { reject } from '#lib/interactions/reasons.ts';

const logs = (columns: object, leaveOut: readonly object[] = []) =>
  createColumnMapping('logs', layoutOf(interactionsConfig.parse({ columns, leaveOut }), 'logs'));
const items = (layout: object) =>
  createColumnMapping('catalog', layoutOf(interactionsConfig.parse({ items: layout }), 'catalog'));

/** One field of one row. */
const field = (name: string, source: unknown, row: object, line = 0) => {
  const mapped = logs({ [name]: source }).map({ ...row }, line);
  return (mapped as { row: Record<string, unknown> }).row[name];
};

describe('Function: createColumnMapping, logs', () => {
  it('leaves rows as they are where nothing is configured', () => {
    const row = { user_id: 'a', other: 1 };

    expect(logs({}).map(row, 0)).toEqual({ row });
  });

  it('takes fields from other columns, also from objects in rows', () => {
    const mapping = logs({ user_id: 'Item.user.S', item_id: 'sku', timestamp: 'at' });
    const row = { Item: { user: { S: 'u' } }, sku: 5, at: 'now', value: 2, item_id: 'theirs' };

    expect(mapping.map(row, 0)).toEqual({
      row: { user_id: 'u', item_id: 5, timestamp: 'now', value: 2 },
    });
    expect(mapping.needed.toSorted()).toEqual(['Item.user.S', 'at', 'sku']);
    expect(['Item', 'sku', 'at', 'value'].every(mapping.uses)).toBe(true);
    expect(mapping.uses('item_id')).toBe(false);
  });

  it.each([
    ['user_id', { column: 'a', wholeNumber: true }, '17850.0', '17850'],
    ['user_id', { column: 'a', wholeNumber: true }, '178.50', '178.50'],
    ['user_id', { column: 'a', wholeNumber: true }, ' 17.00 ', '17'],
    ['user_id', { column: 'a', wholeNumber: true }, 'a17.0', 'a17.0'],
    ['user_id', { column: 'a', wholeNumber: true }, true, 'true'],
    ['user_id', { column: 'a', wholeNumber: true }, null, null],
    ['user_id', { column: 'a', extract: ' .*' }, ' 17.0 ', ' 17.0 '],
    ['user_id', { column: 'a', extract: '^\\p{L}+' }, 'étage 2', 'étage'],
    ['user_id', { column: 'a', extract: '(x)?\\d' }, 'n7', ''],
    ['user_id', 'a.length', 'text', undefined],
    ['user_id', 'a.b', null, undefined],
    ['user_id', 'a.toString', {}, undefined],
    ['user_id', { column: ['a', 'b'] }, 'x', 'x'],
    ['user_id', { column: 'a', extract: '^customer/(\\d+)$' }, 'customer/12', '12'],
    ['user_id', { column: 'a', extract: '\\d+' }, 'customer/12', '12'],
    ['user_id', { column: 'a', extract: '^\\d+$' }, 'customer', ''],
    ['timestamp', { column: 'a', format: 'DD/MM/YYYY' }, '01/12/2010', 1_291_161_600],
    ['timestamp', { column: 'a', zone: 'Europe/Berlin' }, '2010-12-01 01:00', 1_291_161_600],
    ['timestamp', { column: 'a', zone: 'Europe/Berlin' }, '2010-12-01 00:00Z', 1_291_161_600],
    ['timestamp', { column: 'a', zone: 'Europe/Berlin' }, 1_291_161_600, 1_291_161_600],
    ['timestamp', { column: 'a', zone: 'Europe/Berlin' }, 'never', 'never'],
    ['timestamp', { column: 'a', format: 'DD/MM/YYYY' }, '', ''],
    ['timestamp', { column: 'a', format: 'DD/MM/YYYY' }, ' ', ' '],
    ['timestamp', { column: 'a', format: 'DD/MM/YYYY' }, null, null],
    ['timestamp', { column: 'a', format: 'YYYYMMDD' }, '20101201', 1_291_161_600],
    ['timestamp', { column: 'a', format: 'YYYYMMDD' }, 20_101_201, 1_291_161_600],
    ['timestamp', { column: 'a', zone: 'Europe/Berlin' }, '20101201', '20101201'],
    ['timestamp', { column: 'a', zone: 'Europe/Berlin' }, '2010-12-01 02:00+02:00', 1_291_161_600],
    ['value', { column: 'a', decimal: ',' }, '1.234,50 €', '1234.50'],
    ['value', { column: 'a', decimal: ',' }, 'EUR 12,5', '12.5'],
    ['value', { column: 'a', decimal: '.' }, '$1,234.50', '1234.50'],
    ['value', { column: 'a', decimal: '.' }, "1'234.50", '1234.50'],
    ['value', { column: 'a', decimal: '.' }, 'dear', 'dear'],
    ['value', { column: 'a', absolute: true }, '-2', '2'],
    ['value', { column: 'a', absolute: true }, -2, 2],
    ['value', { column: 'a', absolute: true }, null, null],
    ['value', { column: 'a', absolute: true }, ' -2', '2'],
    ['value', { column: 'a', absolute: true }, 'x-2', 'x-2'],
    ['value', { column: 'a', absolute: true }, '1.234,50 €', '1.234,50 €'],
    ['value', { column: 'a', absolute: true, decimal: ',' }, '-2,5', '2.5'],
    ['event_type', { is: 'rating' }, 'x', 'rating'],
  ])('makes %s by %j from %j', (name, source, value, expected) => {
    expect(field(name, source, { a: value })).toBe(expected);
  });

  it('finds documented names however a file writes them, for readers give those in lower case', () => {
    const mapping = logs({ user_id: 'USER_ID', value: 'Event_Value' });

    expect(mapping.needed.toSorted()).toEqual(['Event_Value', 'item_id', 'timestamp', 'user_id']);
    expect(mapping.map({ user_id: 'u', item_id: 'i', timestamp: 1, Event_Value: 2 }, 0)).toEqual({
      row: { user_id: 'u', item_id: 'i', timestamp: 1, value: 2 },
    });
  });

  it('takes a column that is called so before a field of an object', () => {
    const row = { 'user.id': 7, user: { id: 8 } };

    expect(field('user_id', 'user.id', row)).toBe(7);
    expect(field('user_id', 'user.id', { user: row.user })).toBe(8);
  });

  it('joins a date and a time', () => {
    const source = { column: ['day', 'time'], format: 'DD.MM.YYYY HH:mm' };

    expect(field('timestamp', source, { day: '01.12.2010', time: '01:00' })).toBe(1_291_165_200);
  });

  it('takes a time without a zone for one of UTC, wherever this machine is', () => {
    const { TZ } = process.env;
    process.env.TZ = 'Asia/Tokyo';
    try {
      const source = { column: 'a', format: 'DD/MM/YYYY' };
      expect(field('timestamp', source, { a: '01/12/2010' })).toBe(1_291_161_600);
    } finally {
      if (TZ === undefined) delete process.env.TZ;
      else process.env.TZ = TZ;
    }
  });

  it('counts rows where there are no times', () => {
    expect(field('timestamp', { rowsFrom: '2010-12-01T00:00:00Z' }, {}, 7)).toBe(1_291_161_607);
  });

  it('says that a time is not written as configured, without saying the time', () => {
    const mapping = logs({ timestamp: { column: 'at', format: 'DD/MM/YYYY' } });

    expect(mapping.map({ at: '2010-12-01' }, 0)).toEqual(
      reject(
        'impossible-timestamp',
        'timestamp is not written as "DD/MM/YYYY", or names no existing time',
      ),
    );
  });

  it('decides the event type by rules, the first that holds', () => {
    const source = {
      rules: [
        { when: { column: 'no', startsWith: 'C' }, is: 'cancellation' },
        { when: { column: 'stars', atLeast: 8 }, is: 'like' },
        { when: { column: 'stars', below: 3 }, is: 'dislike' },
        { when: { column: 'kind', is: ['p', 'q'] }, is: 'purchase' },
        { when: { column: 'kind', matches: '^v\\d$' }, is: 'view' },
        { when: { column: 'kind', matches: '^\\p{L}$' }, is: 'letter' },
        { when: { column: 'sold', is: 'true' }, is: 'sale' },
      ],
      otherwise: 'rating',
    };
    const type = (row: object) => field('event_type', source, row);

    expect(type({ no: 'C12', stars: '9' })).toBe('cancellation');
    expect(type({ no: '12', stars: '8' })).toBe('like');
    expect(type({ stars: 2.5 })).toBe('dislike');
    expect(type({ stars: 'many', kind: ' q ' })).toBe('purchase');
    expect(type({ kind: 'v7' })).toBe('view');
    expect(type({ kind: 'é' })).toBe('letter');
    expect(type({ sold: true })).toBe('sale');
    expect(type({ stars: '' })).toBe('rating');
    expect(logs({ event_type: source }).needed).toEqual([
      ...['user_id', 'item_id', 'timestamp', 'no', 'stars', 'kind', 'sold'],
    ]);
    expect(logs({ event_type: { is: 'view' } }).needed).toHaveLength(3);
    expect(field('event_type', { rules: source.rules }, {})).toBeNull();
  });

  it('leaves out rows of which a condition holds', () => {
    const { map } = logs({}, [
      { column: 'user_id', isEmpty: true },
      { column: 'code', matches: '^(?!\\d{5})' },
      { column: 'price', atLeast: 1, below: 2 },
    ]);

    expect(map({ code: '12345', price: 5 }, 0)).toBeUndefined();
    expect(map({ user_id: 'u', code: 'POST', price: 5 }, 0)).toBeUndefined();
    expect(map({ user_id: 'u', code: '12345', price: '1.5' }, 0)).toBeUndefined();
    expect(map({ user_id: 'u', code: '12345', price: 2 }, 0)).toHaveProperty('row');
  });

  it('names the column of a field that is wrong', () => {
    const { explain } = logs({ user_id: 'CustomerID', item_id: 'item_id' });

    expect(explain(reject('missing-field', 'user_id is empty')).detail).toBe(
      'user_id (column "CustomerID") is empty',
    );
    expect(explain(reject('missing-field', 'item_id is empty')).detail).toBe('item_id is empty');
    const made = logs({ event_type: { is: 'view' }, timestamp: { column: ['day', 'time'] } });
    expect(made.explain(reject('wrong-type', 'event_type is odd')).detail).toBe(
      'event_type is odd',
    );
    expect(made.explain(reject('missing-field', 'timestamp is empty')).detail).toBe(
      'timestamp (column "day" and "time") is empty',
    );
  });
});

describe('Function: createColumnMapping, items', () => {
  const row = { id: '7.0', name: 'Heat (1995)', genres: 'Crime| Drama|', price: 3 };
  const columns = {
    item_id: { column: 'id', wholeNumber: true },
    title: { column: 'name', extract: '^(.*?)(?: \\(\\d{4}\\))?$' },
    year: { column: 'name', extract: '\\((\\d{4})\\)$' },
    genres: { column: 'genres', split: '|' },
  };
  const mapped = { item_id: '7', title: 'Heat', year: '1995', genres: 'Crime, Drama' };

  it('makes fields, and keeps other columns, but none twice', () => {
    expect(items({ columns }).map(row, 0)).toEqual({ row: { ...mapped, price: 3 } });
  });

  it('makes text of fields that mean something in logs', () => {
    const layout = {
      columns: {
        timestamp: { column: 'at', extract: '.*' },
        value: { column: 'v', wholeNumber: true },
      },
    };

    expect(items(layout).map({ item_id: 1, title: 't', at: '2010-12-01', v: '7.0' }, 0)).toEqual({
      row: { item_id: 1, title: 't', timestamp: '2010-12-01', value: '7' },
    });
  });

  it('leaves other columns out where that is configured', () => {
    expect(items({ columns, otherColumns: 'leave-out' }).map(row, 0)).toEqual({ row: mapped });
    expect(items({ otherColumns: 'leave-out' }).map({ item_id: 1, title: 't', x: 2 }, 0)).toEqual({
      row: { item_id: 1, title: 't' },
    });
  });
});

describe('Configuration: interactions.columns', () => {
  it.each([
    [{ columns: { user: 'x' } }],
    [{ columns: { timestamp: { column: 'a', format: 'HH:mm' } } }],
    [{ columns: { timestamp: { column: 'a', zone: 'Mars/Base' } } }],
    [{ columns: { user_id: { column: 'a', extract: '(' } } }],
    [{ columns: { event_type: { rules: [{ when: { column: 'a' }, is: 'b' }] } } }],
    [{ leaveOut: [{ column: 'a', contains: 'b' }] }],
    [{ file: { names: ['a'] } }],
    [{ file: { separator: 'long' + 'er' } }],
    [{ file: { encoding: 'ebcdic' } }],
  ])('refuses %j', (section) => {
    expect(interactionsConfig.safeParse(section).success).toBe(false);
  });
});
