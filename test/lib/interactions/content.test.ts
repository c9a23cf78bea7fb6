import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { layoutOf } from '#lib/interactions/columns.ts';
import { headBytes, holdsInteractions, inspectContent } from '#lib/interactions/content.ts';
import type { UploadKind } from '#lib/interactions/upload-plan.ts';

const row = '{"user_id": "a", "item_id": "b", "timestamp": 1700000000}';
const header = 'user_id,item_id,timestamp';

const inspect = (
  text: string | Uint8Array,
  format: 'jsonl' | 'csv',
  isWhole = true,
  section: object = {},
  kind: UploadKind = 'logs',
) =>
  inspectContent(typeof text === 'string' ? Buffer.from(text) : text, isWhole, {
    key: `logs/a.${format}`,
    kind,
    format,
    layout: layoutOf(interactionsConfig.parse(section), kind),
  });

describe('Function: inspectContent, JSON', () => {
  it.each([
    ['one object per line', `${row}\n${row}\n`, 'lines'],
    ['one object', row, 'lines'],
    ['a broken first line', `{"user_id": \n${row}\n`, 'lines'],
    ['a first line that is cut in two', `${row.replace(',', ',\n')}\n${row}\n${row}\n`, 'lines'],
    ['a line that is no JSON', 'x\n', 'lines'],
    ['an array on one line', `[${row}, ${row}]`, 'objects'],
    ['an array over lines', `\n [\n${row},\n${row}\n]\n`, 'objects'],
    ['objects without line breaks', `${row}${row}\n`, 'objects'],
    ['objects with blanks between', `${row} \t${row}\n`, 'objects'],
    ['objects with blanks and commas between', `${row}\t ,${row}\n`, 'objects'],
    ['objects with commas between', `${row},\n${row}\n`, 'objects'],
    ['an object over lines', JSON.stringify(JSON.parse(row), null, 2), 'objects'],
    ['objects over lines', `{\n"user_id": 1}\n{\n"user_id": 2}\n`, 'objects'],
    ['an array behind a byte order mark', `\uFEFF[${row}]`, 'objects'],
  ])('tells the framing of %s', (_, text, framing) => {
    expect(inspect(text, 'jsonl')?.framing).toBe(framing);
  });

  it('passes a byte order mark, and takes carriage returns for line ends where nothing else is', () => {
    expect(inspect(`\uFEFF${row}\n`, 'jsonl')).toMatchObject({
      skipBytes: 3,
      carriageReturns: false,
    });
    expect(inspect(`${row}\r${row}\r`, 'jsonl')).toMatchObject({
      framing: 'lines',
      carriageReturns: true,
    });
    expect(inspect(`${row}\r\n${row}\r\n`, 'jsonl')).toMatchObject({ carriageReturns: false });
    // Lines do not count in a series of objects.
    expect(inspect(`[${row},\r${row}]`, 'jsonl')).toMatchObject({ carriageReturns: false });
  });

  it('says that a CSV file is named otherwise', () => {
    expect(() => inspect(`${header}\na,b,1\n`, 'jsonl')).toThrow(/header line of a CSV.*\.csv/);
  });
});

describe('Function: inspectContent, CSV', () => {
  it.each([
    ['nothing above', header, 1],
    ['a byte order mark', `\uFEFF${header}`, 1],
    ['blank lines', `\n\r\n${header}`, 3],
    ['comments', `# a "quote\n#\n${header}`, 3],
    ['a separator line', `sep=,\n${header}`, 2],
    ['a quoted separator line', `"sep=,"\r\n${header}`, 2],
    ['a separator line that names none', `sep=\n${header}`, 2],
    ['blanks before a separator line', ` SEP=;\n${header.replaceAll(',', ';')}`, 2],
    ['a name over two lines', `${header},"a\nb"`, 2],
  ])('finds the header line with %s', (_, above, lines) => {
    const content = inspect(`${above}\na,b,1700000000\n`, 'csv');

    expect(content).toMatchObject({
      framing: 'csv',
      skipBytes: Buffer.byteLength(above) + 1,
      firstLine: lines + 1,
      carriageReturns: false,
    });
    expect(content?.columns?.slice(0, 3)).toStrictEqual(['user_id', 'item_id', 'timestamp']);
  });

  it('lets columns without a name be', () => {
    expect(inspect(`,${header},\n0,a,b,1,\n`, 'csv')?.columns).toStrictEqual([
      '',
      'user_id',
      'item_id',
      'timestamp',
      '',
    ]);
  });

  it.each<[string, RegExp]>([
    [
      'user_id,item_id\n1,2\n',
      /has no timestamp; it needs user_id, item_id, timestamp\. Its columns are user_id, item_id\. If they are called otherwise here, interactions\.columns/,
    ],
    // Also of a line that is all there is.
    ['user_id,item_id', /has no timestamp; .* Its columns are user_id, item_id\./],
    [',a1,,1b,1.5c\n', / Its columns are a1, 1b, 1\.5c\. If/],
    ...['17,a,b', 'a,1.55,b', 'a,b,3'].map((line): [string, RegExp] => [
      line,
      /The first line looks like a row/,
    ]),
    [
      `${Array.from({ length: 40 }, (_, at) => `c${at}`).join(',')}\n`,
      / Its columns are c0, c1, .*, c28, c29\. If/,
    ],
    ['user_id item_id timestamp\n1 2 3\n', /Only one column .* interactions\.file\.separator/],
    ['1::1::3::1700000001\n', /The first line looks like a row/],
    ['sep=;\nuser_id,item_id,timestamp\n', /Line 2 looks like the header line/],
    [
      '1,1,3,1700000001\n',
      /looks like a row; write a header line above it, or name its columns in interactions\.file\.names\.$/,
    ],
    [`Report of November\n\n${header}\n1,2,3\n`, /Line 3 looks like the header line/],
    [`${header},item_id\n1,2,3,4\n`, /names the column "item_id" twice/],
    [`[${row}]`, /holds JSON.*\.jsonl/],
    [`\n${row}\n`, /holds JSON.*\.jsonl/],
  ])('says what is the matter with %j', (text, message) => {
    expect(() => inspect(text, 'csv')).toThrow(message);
  });

  it.each([';', '\t', '|', '::'])('finds columns that %j separates', (separator) => {
    const text = `\uFEFF${header.replaceAll(',', separator)}\nx`;

    expect(inspect(text, 'csv')).toMatchObject({
      columns: ['user_id', 'item_id', 'timestamp'],
      dialect: { separator, quotes: separator !== '::' },
    });
  });

  it('takes the separator that a spreadsheet names', () => {
    const text = 'sep=;\nuser_id;"item_id";timestamp;a,b\nx';

    expect(inspect(text, 'csv')).toMatchObject({
      columns: ['user_id', 'item_id', 'timestamp', 'a,b'],
      skipBytes: text.length - 1,
      firstLine: 3,
    });
  });

  it.each([`sep=,${header}`, `sep=ab,${header}`, `${header},sep=`])(
    'takes what begins or ends like a separator line for columns: %s',
    (columns) => {
      expect(inspect(`${columns}\nx`, 'csv')?.columns).toStrictEqual(columns.split(','));
    },
  );

  it('takes the separator that is configured, whatever a spreadsheet says', () => {
    const text = 'sep=,\nuser_id;item_id;timestamp\nx';

    expect(inspect(text, 'csv', true, { file: { separator: ';' } })?.columns).toHaveLength(3);
  });

  it.each<[string, object]>([
    [`${header}\nx`, { separator: ';' }],
    [`# a\n${header}\nx`, { separator: ';' }],
    ['"user_id","item_id","timestamp"\nx', { quotes: false }],
  ])('says that the settings are for another header line than that of %j', (text, file) => {
    expect(() => inspect(text, 'csv', true, { file })).toThrow(
      /needs user_id, item_id, timestamp\. It would have all of them if it were read as UTF-8 with "," between columns and with quotes; interactions\.file says otherwise\.$/,
    );
  });

  it('says so also of a separator of two letters, which knows no quotes', () => {
    const text = `sep=,\n${header.replaceAll(',', '::')}\nx`;

    expect(() => inspect(text, 'csv', true, { file: { separator: ';' } })).toThrow(
      'read as UTF-8 with "::" between columns and without quotes; interactions.file says otherwise.',
    );
  });

  it('names the settings of catalogues for catalogues', () => {
    const of = (text: string | Uint8Array) => inspect(text, 'csv', true, {}, 'catalog');

    expect(() => of('id,name\n1,2\n')).toThrow(/here, interactions\.items\.columns says/);
    expect(() => of('17,name\n')).toThrow(/in interactions\.items\.file\.names\.$/);
    expect(() => of(Buffer.from('item_id,titr\xe9\n', 'latin1'))).toThrow(
      'The header line of logs/a.csv is not UTF-8 text. Save it as UTF-8, or set interactions.items.file.encoding (latin-1, utf-16).',
    );
  });

  it('takes the columns that are configured where there is no header line', () => {
    const content = inspect('1::2::3\n', 'csv', true, {
      file: { names: ['USER_ID', 'item_id', 'timestamp'], separator: '::' },
    });

    expect(content).toMatchObject({
      columns: ['user_id', 'item_id', 'timestamp'],
      skipBytes: 0,
      firstLine: 1,
    });
    const names = ['user_id', 'item_id', 'timestamp', '"x"'];
    expect(
      inspect('1,2,3,4\n', 'csv', true, { file: { names, separator: ',' } })?.columns,
    ).toStrictEqual(names);
    expect(() =>
      inspect('1,2\n', 'csv', true, { file: { names: ['user_id', 'x'], separator: ',' } }),
    ).toThrow('interactions.file.names, the columns of logs/a.csv, lack item_id, timestamp.');
  });

  it('asks for the columns that are mapped, and says which there are', () => {
    const layout = { columns: { user_id: 'Customer', timestamp: { column: ['day', 'time'] } } };

    expect(inspect('Customer,item_id,day,time\nx', 'csv', true, layout)?.columns).toHaveLength(4);
    expect(() => inspect('customer,item_id,day,clock\nx', 'csv', true, layout)).toThrow(
      /has no Customer, time; .* Its columns are customer, item_id, day, clock\./,
    );
  });

  it('refuses a header line in another encoding, or without end', () => {
    expect(() => inspect(Buffer.from(`${header},qualit\xe9\n1,2,3,4\n`, 'latin1'), 'csv')).toThrow(
      /header line of .* is not UTF-8/,
    );
    expect(
      inspect(Buffer.from(`${header},qualit\xe9\n1,2,3,4\n`, 'latin1'), 'csv', true, {
        file: { encoding: 'latin-1' },
      })?.columns?.[3],
    ).toBe('qualité');
    for (const text of ['x', '#', '\n']) {
      expect(() => inspect(text.repeat(1000), 'csv', false)).toThrow(
        'logs/a.csv has no header line in its first 1000 bytes.',
      );
    }
  });
});

describe('Function: inspectContent', () => {
  it.each([
    ['jsonl', ''],
    ['jsonl', ' \r\n\t\n'],
    ['jsonl', '\uFEFF'],
    ['csv', '\n# nothing\n'],
    ['csv', header],
    ['csv', `${header}\r\n \n`],
  ] as const)('finds no rows in %s %j', (format, text) => {
    expect(inspect(text, format)).toBeUndefined();
  });

  it.each([
    ['compressed twice', gzipSync('x')],
    ['UTF-16', Buffer.from('\uFEFFuser_id', 'utf16le')],
    ['UTF-16', Buffer.from(header, 'utf16le')],
    ['UTF-16', Buffer.from(header, 'utf16le').swap16()],
    ['UTF-32', Buffer.from('fffe000075000000', 'hex')],
    ['UTF-32', Buffer.from('75000000730000006500000072000000', 'hex')],
    ['zip', Buffer.from('504b0304140000', 'hex')],
    ['Parquet', Buffer.from('50415231150000', 'hex')],
    ['ORC', Buffer.from('4f52431208', 'hex')],
    ['Avro', Buffer.from('4f626a0104', 'hex')],
    ['Excel', Buffer.from('d0cf11e0a1b11ae1', 'hex')],
    ['compressed twice', Buffer.from('28b52ffd00', 'hex')],
    ['bzip2', Buffer.from('425a6839314159265359ff00', 'hex')],
    ['xz', Buffer.from('fd377a585a0000', 'hex')],
    ['LZ4', Buffer.from('04224d1859', 'hex')],
    ['Snappy', Buffer.from('ff060000734e61507059', 'hex')],
    [
      'tar',
      Buffer.concat([Buffer.from('a.jsonl'), Buffer.alloc(250), Buffer.from('ustar\0' + '00')]),
    ],
    ['HTML', Buffer.from('<!DOCTYPE html><html><body>AccessDenied')],
    ['XML', Buffer.from('\n<?xml version="1.0"?><Error>')],
  ])('names a file that is %s', (what, bytes) => {
    for (const format of ['jsonl', 'csv'] as const) {
      expect(() => inspect(bytes, format)).toThrow(new RegExp(`^logs/a\\.${format} .*${what}`));
    }
  });

  it('takes a header line for what it is, though a format begins likewise', () => {
    expect(inspect(`ORC_ID,${header}\nx,1,2,3\n`, 'csv')?.columns?.[0]).toBe('ORC_ID');
    expect(inspect(`BZh,${header}\nx,1,2,3\n`, 'csv')?.columns?.[0]).toBe('BZh');
  });
});

describe('Function: holdsInteractions', () => {
  it.each([
    ['u1 i1 i2\n', undefined],
    ['1,2,3\n', undefined],
    ['u1 [i1] {i2}\n', undefined],
    ['user_id,item_id,x\n', undefined],
    [`\uFEFF\n${row}\n`, 'JSON'],
    ['[\n', 'JSON'],
    ['USER_ID,ITEM_ID,TIMESTAMP\n1,2,3\n', 'CSV with a header line'],
  ])('says what %j holds', (text, held) => {
    expect(holdsInteractions(Buffer.from(text))).toBe(held);
  });
});

describe('Function: headBytes', () => {
  it('is the longest line that is read, and 64 KiB for what stands above it', () => {
    expect(headBytes(1_000_000)).toBe(1_065_536);
  });
});
