import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { createRangeParser } from '#lib/interactions/range-parser.ts';
import { settingsOf } from '#lib/interactions/upload-plan.ts';
import { temporaryFolder } from '../temporary/folders.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const examples = join(root, 'examples');
const readLines = async (path: string) =>
  gunzipSync(await readFile(path))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('Bundled example: MovieTweetings', () => {
  const folder = join(examples, 'movietweetings');

  it('passes ingestion without a single bad row', async () => {
    // Arrange
    const tally = async (name: string, kind: 'logs' | 'catalog', known?: ReadonlySet<string>) => {
      const parser = createRangeParser(
        {
          upload: 'test',
          bucket: 'test',
          key: name,
          etag: 'test',
          bytes: 1,
          arrivedAt: '2014-01-01T00:00:00.000Z',
          kind,
          format: 'jsonl',
          compression: 'gzip',
          dialect: null,
          framing: 'lines',
          carriageReturns: false,
          skipBytes: 0,
          columns: null,
          ranges: [{ start: 0, end: 1, firstLine: 1 }],
          catalogue: [],
          settings: settingsOf(interactionsConfig.parse({})),
        },
        0,
        known,
      );
      parser.push(gunzipSync(await readFile(join(folder, name))));
      parser.end();
      return parser.tally();
    };
    const movies = await readLines(join(folder, 'items.jsonl.gz'));
    const known = new Set(movies.map(({ item_id }) => item_id as string));

    // Act
    const items = await tally('items.jsonl.gz', 'catalog');
    const interactions = await tally('interactions.jsonl.gz', 'logs', known);

    // Assess
    expect(items).toMatchObject({ read: 10_506, good: 10_506 });
    expect(items.items?.fields.year).toBe(10_506);
    expect(interactions).toMatchObject({ read: 100_000, good: 100_000 });
    expect(interactions.interactions?.eventTypes).toStrictEqual({ rating: 100_000 });
  });

  it('has its licence beside it, and no time of compression in it', async () => {
    const licence = await readFile(join(folder, 'LICENSE'), 'utf8');
    const header = (await readFile(join(folder, 'interactions.jsonl.gz'))).subarray(0, 10);

    expect(licence).toContain('MIT');
    expect(header.toString('hex')).toBe('1f8b08000000000002ff');
  });
});

describe('Scripts: convert.ts', () => {
  let folder: string;

  beforeAll(async () => {
    folder = temporaryFolder('convert');
    await mkdir(join(folder, 'source'));
  });

  async function convert(name: string, files: Record<string, string>, ...options: string[]) {
    const source = join(folder, 'source', name);
    const out = join(folder, name);
    await mkdir(source, { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      await writeFile(join(source, file), file.endsWith('.gz') ? gzipSync(text) : text);
    }
    const script = join(examples, name, 'convert.ts');
    const arguments_ = [script, '--source', source, '--out', out, ...options];
    const { stdout } = await run(process.execPath, arguments_);
    return {
      stdout,
      interactions: await readLines(join(out, 'interactions.jsonl.gz')),
      items: await readLines(join(out, 'items.jsonl.gz')),
    };
  }

  it('separates titles and years of MovieTweetings', async () => {
    const { interactions, items } = await convert('movietweetings', {
      'ratings.dat': '1::0012::7::1365029107\n2::0013::10::1365029108\n',
      'movies.dat': '0012::Star Trek: One (1979)::Sci-Fi|Drama\n0013::Goha (1958)::\n',
    });

    expect(interactions).toStrictEqual([
      { user_id: '1', item_id: '0012', timestamp: 1365029107, event_type: 'rating', value: 7 },
      { user_id: '2', item_id: '0013', timestamp: 1365029108, event_type: 'rating', value: 10 },
    ]);
    expect(items).toStrictEqual([
      { item_id: '0012', title: 'Star Trek: One', year: '1979', genres: 'Sci-Fi, Drama' },
      { item_id: '0013', title: 'Goha', year: '1958' },
    ]);
  });

  it('keeps the order of goodbooks as increasing seconds, also in a slice', async () => {
    const { interactions, items } = await convert(
      'goodbooks',
      {
        'ratings.csv.gz': 'user_id,book_id,rating\n5,2,4\n9,1,3\n5,1,5\n',
        'books.csv.gz':
          'book_id,title,authors,original_publication_year,language_code\n' +
          '1,"A, B","X, Y",2008.0,eng\n2,Two,Z,,\n3,Never read,Z,1999.0,\n',
      },
      '--limit-users',
      '1',
    );

    const origin = Date.parse('2017-09-01T00:00:00Z') / 1000;
    expect(
      interactions.map(({ user_id, timestamp }) => [user_id, timestamp - origin]),
    ).toStrictEqual([
      ['5', 0],
      ['5', 2],
    ]);
    expect(items).toStrictEqual([
      { item_id: '1', title: 'A, B', authors: 'X, Y', year: '2008', language: 'eng' },
      { item_id: '2', title: 'Two', authors: 'Z' },
    ]);
  });

  it('tells purchases from cancellations of Online Retail and counts what it leaves out', async () => {
    const header =
      'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
    const { interactions, items, stdout } = await convert('online-retail', {
      '2010-12-02.csv.gz': `${header}\nC7,12345A,MUGS ,-2,2010-12-02 09:00:00,1,17.0,France\n`,
      '2010-12-01.csv.gz': [
        header,
        '6,12345A,"RED, MUG",2,2010-12-01 08:26:00,1,17.0,France',
        '6,22222,BAG,1,2010-12-01 08:26:00,1,17.0,France',
        '6,12345A,"RED,  MUG",2,2010-12-01 08:26:00,1,18.0,France',
        '6,POST,POSTAGE,1,2010-12-01 08:26:00,1,17.0,France',
        '6,22222,BAG,1,2010-12-01 08:26:00,1,,France',
      ].join('\n'),
    });

    expect(stdout).toMatch(/1 rows without a customer, 1 rows that are no product/);
    expect(
      interactions.map(({ user_id, item_id, event_type, value }) => [
        user_id,
        item_id,
        event_type,
        value,
      ]),
    ).toStrictEqual([
      ['17', '12345A', 'purchase', 2],
      ['17', '22222', 'purchase', 1],
      ['18', '12345A', 'purchase', 2],
      ['17', '12345A', 'cancellation', 2],
    ]);
    expect(interactions[0].timestamp).toBe(Date.parse('2010-12-01T08:26:00Z') / 1000);
    expect(items).toStrictEqual([
      { item_id: '12345A', title: 'RED, MUG' },
      { item_id: '22222', title: 'BAG' },
    ]);
  });

  it.each([
    [[]],
    [['--source', 'a']],
    [['--source', 'a', '--out', 'b', '--limit-users', '0']],
    [['--wrong']],
  ])('explains itself when called with %j', async (options) => {
    const script = join(examples, 'goodbooks/convert.ts');

    await expect(run(process.execPath, [script, ...options])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Usage: --source DIR --out DIR [--limit-users N]'),
    });
  });
});
