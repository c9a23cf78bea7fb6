import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import type { Rejection } from '#lib/interactions/reasons.ts';
import { createRowReader } from '#lib/interactions/row-reader.ts';
import type { Interaction, Item } from '#lib/interactions/rows.ts';
import { settingsOf, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { uploadPlan } from './upload-plans.ts';

const plan: UploadPlan = {
  ...uploadPlan,
  settings: { ...uploadPlan.settings, maximumLineBytes: 1024 },
};
const columns = ['user_id', 'item_id', 'timestamp'];
const csv: Partial<UploadPlan> = {
  format: 'csv',
  framing: 'csv',
  columns,
  ranges: [{ start: 0, end: 1000, firstLine: 2 }],
};
const configured = (config: object): Pick<UploadPlan, 'settings'> => ({
  settings: { ...settingsOf(interactionsConfig.parse(config)), maximumLineBytes: 1024 },
});

interface Given {
  readonly change?: Partial<UploadPlan>;
  readonly range?: number;
  readonly known?: readonly string[];
  readonly keeps?: boolean;
}

/** What a reader makes of a file that comes in these chunks. */
function read(chunks: readonly (string | Uint8Array)[], given: Given = {}) {
  const { change = {}, range = 0, known, keeps = true } = given;
  const good: (Interaction | Item)[] = [];
  const bad: (Rejection & { line: number; text: string })[] = [];
  const reader = createRowReader({ ...plan, ...change }, range, known && new Set(known), {
    good: (row) => good.push(row),
    bad(rejection, line, text) {
      bad.push({ ...rejection, line, text });
      return keeps;
    },
  });
  for (const chunk of chunks) reader.push(Buffer.from(chunk as Uint8Array));
  reader.end();
  return { good, bad, tally: reader.tally() };
}

const row = { user_id: 'u', item_id: 'i', timestamp: 1_700_000_000 };
const lines = (...rows: readonly object[]) =>
  rows.map((one) => `${JSON.stringify(one)}\n`).join('');
const usersOf = (rows: readonly (Interaction | Item)[]) =>
  rows.map((one) => ('user_id' in one ? one.user_id : one.item_id));

describe('Function: createRowReader', () => {
  it('gives good rows with their lines, and passes blank ones over', () => {
    const { good, tally } = read([`\n \t\n${lines(row)}\n${lines({ ...row, user_id: 'v' })}`]);

    expect(good).toEqual([
      { ...row, event_type: null, value: null, line: 3 },
      { ...row, user_id: 'v', event_type: null, value: null, line: 5 },
    ]);
    expect(tally).toMatchObject({ read: 2, good: 2, quarantined: 0 });
  });

  it.each([[['hea', 'der\n', lines(row)]], [[`header\n${lines(row)}`]]])(
    'skips what stands before the rows of the first range, in whatever chunks: %j',
    (chunks) => {
      const change = {
        skipBytes: 7,
        ranges: [
          { start: 0, end: 10, firstLine: 2 },
          { start: 10, end: 20, firstLine: 9 },
        ],
      };

      expect(read(chunks, { change }).good).toMatchObject([{ user_id: 'u', line: 2 }]);
      expect(read([lines(row)], { change, range: 1 }).good).toMatchObject([{ line: 9 }]);
    },
  );

  it('tells one row from another by user, item, time and event type; an item by everything', () => {
    const rows = [
      row,
      { ...row, value: 3 },
      { ...row, event_type: 'buy' },
      { ...row, event_type: 'view' },
      { ...row, timestamp: 1_700_000_001 },
    ];
    const items = [
      { item_id: 'a', title: 'A' },
      { item_id: 'a', title: 'B' },
      { item_id: 'a', title: 'A' },
    ];

    expect(read([lines(...rows)]).good.map((one) => 'line' in one && one.line)).toEqual([
      1, 3, 4, 5,
    ]);
    const { good, tally } = read([lines(...items)], { change: { kind: 'catalog' } });
    expect(good).toEqual(items.slice(0, 2).map((item) => ({ ...item, fields: {} })));
    expect(tally).toMatchObject({ read: 3, good: 2, duplicate: 1, items: expect.anything() });
  });

  it('takes a moment up to a day after the upload arrived', () => {
    const { good, bad } = read([
      lines(
        { ...row, timestamp: '2026-11-24T00:00:00Z' },
        { ...row, timestamp: '2026-11-24T00:00:01Z' },
      ),
    ]);

    expect([good.length, bad.map(({ reason }) => reason)]).toEqual([1, ['impossible-timestamp']]);
  });

  it('says what is wrong with a row, where, and how it was', () => {
    const { bad, tally } = read([
      Buffer.concat([
        Buffer.from(`${lines({ ...row, page: 'x'.repeat(1024) })}`),
        Buffer.from('{"user_id":"\xff"}\n', 'latin1'),
        Buffer.from('no row\n'),
      ]),
    ]);

    const { length } = lines({ ...row, page: 'x'.repeat(1024) });
    expect(bad.map(({ reason, line }) => [reason, line])).toEqual([
      ['line-too-long', 1],
      ['not-utf8', 2],
      ['broken-json', 3],
    ]);
    expect(bad[0]!.detail).toBe(`the line has ${length - 1} bytes; at most 1024 are allowed`);
    expect(bad[1]!.detail).toBe('the line has bytes that are not UTF-8');
    expect(bad.map(({ text }) => text.slice(0, 12))).toEqual([
      '{"user_id":"',
      '{"user_id":"',
      'no row',
    ]);
    expect(tally).toMatchObject({ read: 3, quarantined: 3, kept: 3 });
  });

  it('counts the rows that were not kept', () => {
    expect(read(['no row\n'], { keeps: false }).tally).toMatchObject({ quarantined: 1, kept: 0 });
  });

  it('reads CSV with its columns, and says where a quote is not closed', () => {
    const { good, bad } = read(['u,i,1700000000\nv,"i"x,1700000000\nw,i\n'], { change: csv });

    expect(good).toMatchObject([{ ...row, line: 2 }]);
    expect(bad.map(({ reason, detail, line }) => [reason, detail, line])).toEqual([
      ['broken-csv', 'a quoted field is not closed, or text follows its closing quote', 3],
      ['wrong-column-count', expect.any(String), 4],
    ]);
  });

  it('reads CSV with its separator', () => {
    const change = { ...csv, dialect: { separator: '::', quotes: false } };

    expect(read(['"u::i::1700000000\n'], { change }).good).toMatchObject([{ user_id: '"u' }]);
  });

  describe('takes letters of any language', () => {
    const file = Buffer.from(`${lines({ ...row, user_id: 'é' })}\ufeff${lines(row)}`);
    const broken = Buffer.from('{"user_id":"\xff"}\n', 'latin1');

    it('in UTF-8, without a byte order mark in between', () => {
      expect(usersOf(read([file]).good)).toEqual(['é', 'u']);
    });

    it('beside a row that is no UTF-8, and in the chunk after it', () => {
      const { good, bad } = read([Buffer.concat([file, broken]), lines({ ...row, user_id: 'a' })]);

      expect([usersOf(good), bad.length]).toEqual([['é', 'u', 'a'], 1]);
    });

    it('in Latin 1, where it is said', () => {
      const text = Buffer.from(lines({ ...row, user_id: 'é' }), 'latin1');

      const { good } = read([lines(row), text], {
        change: configured({ file: { encoding: 'latin-1' } }),
      });

      expect(usersOf(good)).toEqual(['u', 'é']);
      expect(usersOf(read([text]).good)).toEqual([]);
    });
  });

  it('reads each kind of file with its own layout', () => {
    const config = configured({ items: { columns: { item_id: 'sku' } } });
    const item = { sku: 'a', title: 'A' };

    expect(read([lines(item)], { change: { ...config, kind: 'catalog' } }).good).toEqual([
      { item_id: 'a', title: 'A', fields: {} },
    ]);
    expect(read([lines(row)], { change: config }).good).toHaveLength(1);
  });

  it('counts what the configuration leaves out, and nothing else of it', () => {
    const change = configured({ leaveOut: [{ column: 'page', is: 'x' }] });

    const { good, tally } = read([lines({ ...row, page: 'x', also: 1 }, row)], { change });

    expect(good).toHaveLength(1);
    expect(tally).toMatchObject({ read: 1, omitted: 1, unusedFields: {} });
  });

  it('counts fields that nothing is made of, of logs', () => {
    const change = configured({ columns: { item_id: 'sku' } });

    const { tally } = read([lines({ ...row, sku: 'a', page: 'x' })], { change });

    expect(tally.unusedFields).toEqual({ item_id: 1, page: 1 });
    const catalogue = read([lines({ item_id: 'a', title: 'A', genre: 'x' })], {
      change: { kind: 'catalog' },
    });
    expect(catalogue.tally.unusedFields).toEqual({});
    expect(catalogue.tally.items!.fields).toEqual({ genre: 1 });
  });

  it('names in what it says the columns that a field is made of', () => {
    const change = configured({ columns: { timestamp: { column: 'at', format: 'DD.MM.YYYY' } } });
    const odd = { user_id: '', item_id: 'i', at: '14.11.2023' };
    const mapped = configured({ columns: { user_id: 'who' } });

    expect(read([lines({ ...odd, user_id: 'u', at: 'x' })], { change }).bad[0]!.detail).toMatch(
      /^timestamp \(column "at"\) /,
    );
    expect(read([lines({ ...row, who: '' })], { change: mapped }).bad[0]!.detail).toMatch(
      /^user_id \(column "who"\) /,
    );
  });

  it('gives rows that have no time one by their place behind the header', () => {
    const rowsFrom = '2023-11-14T22:13:20Z';
    const change = {
      ...csv,
      columns: ['user_id', 'item_id'],
      ...configured({ columns: { timestamp: { rowsFrom } } }),
    };

    const { good } = read(['u,i\nv,i\n'], { change });

    expect(good).toMatchObject([{ timestamp: 1_700_000_000 }, { timestamp: 1_700_000_001 }]);
  });

  describe('passes over lines that repeat the header', () => {
    const header = 'User_ID , item_id,timestamp\n';

    it('in whatever case and blanks', () => {
      const { good, tally } = read([`u,i,1700000000\n${header}`], { change: csv });

      expect(good).toHaveLength(1);
      expect(tally).toMatchObject({ read: 1, repeatedHeaders: 1, quarantined: 0 });
    });

    it('where columns without a name have anything', () => {
      const change = { ...csv, columns: ['', 'item_id', 'user_id', 'timestamp', 'Page'] };

      const { tally } = read(['x,item_id,user_id,timestamp,Page\n'], { change });

      expect(tally).toMatchObject({ read: 0, repeatedHeaders: 1 });
      expect(read(['x,item_id,user_id,timestamp,page\n'], { change }).tally.read).toBe(1);
    });

    it('but not where the file has none', () => {
      const { file } = interactionsConfig.parse({
        file: { names: columns, separator: ',' },
      });
      const change = { ...csv, ...configured({ file }) };

      expect(read([header], { change }).bad).toHaveLength(1);
    });

    it('nor in a file without columns', () => {
      expect(
        read([lines({ user_id: 'user_id', item_id: 'item_id', timestamp: 1 })]).tally,
      ).toMatchObject({
        repeatedHeaders: 0,
        read: 1,
      });
    });
  });

  describe('of unknown items', () => {
    it('counts in which other spellings they are known, row by row', () => {
      const rows = ['A', 'A', 'b', '01'].map((item_id, at) => ({
        ...row,
        item_id,
        user_id: `${at}`,
      }));

      const { tally, bad } = read([lines(...rows)], { known: ['a', '1'] });

      expect(bad.map(({ reason }) => reason)).toEqual(Array(4).fill('unknown-item'));
      expect(tally.knownBy).toEqual({ case: 2, zeros: 1 });
    });

    it('notes that their digits were cut, and nothing else of what was not taken', () => {
      const cut = { user_id: ' u', item_id: '8.80E+12', timestamp: '1.70E+12' };

      const { tally } = read([lines(cut)], { known: ['i'] });

      expect(tally).toMatchObject({ good: 0, quarantined: 1 });
      expect(tally.notes).toEqual({ 'shortened-id': 1, 'shortened-time': 1 });
      // A row that is refused for something else says nothing of its ids.
      expect(read([lines({ ...cut, timestamp: '' })], { known: ['i'] }).tally.notes).toEqual({});
    });
  });

  it('notes what good rows have, once for a repeated one, and nothing of the row before', () => {
    const odd = { ...row, user_id: ' u ' };

    const { tally } = read([lines(odd, odd, { ...row, user_id: 'v' })]);

    expect(tally).toMatchObject({ good: 2, duplicate: 1, notes: { 'trimmed-id': 1 } });
  });

  it('counts fields of items that have no plain text', () => {
    const { tally } = read([lines({ item_id: 'a', title: 'A', cast: { first: 'x' } })], {
      change: { kind: 'catalog' },
    });

    expect(tally.items!.leftOut).toEqual({ cast: 1 });
  });

  it('refuses a file that ends within an object', () => {
    const open = () => read(['{"user_id":'], { change: { framing: 'objects' } });

    expect(open).toThrow(ValidationError);
    expect(open).toThrow('object 1 is not closed');
  });
});
