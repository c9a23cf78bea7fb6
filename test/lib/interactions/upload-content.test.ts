import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { type ContentFacts, canBeCut, contentOf } from '#lib/interactions/upload-content.ts';
import { settingsOf } from '#lib/interactions/upload-plan.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const golden = join(import.meta.dirname, '../../reference/golden/parquet');
const settings = (config: object) => settingsOf(interactionsConfig.parse(config));
const facts = (change: Partial<ContentFacts> = {}, config: object = {}): ContentFacts => ({
  key: 'logs/a.csv',
  kind: 'logs',
  format: 'csv',
  compression: null,
  settings: settings(config),
  ...change,
});

/** What is read of a file, and the limits that it was read with. */
async function read(bytes: Uint8Array, about: ContentFacts, isLimited = true) {
  const asked: unknown[] = [];
  const file = {
    async *content(...how: unknown[]) {
      asked.push(...how);
      yield bytes;
    },
    random: () => ({
      byteLength: bytes.byteLength,
      slice: async (start: number, end?: number) =>
        new Uint8Array(bytes.subarray(start, end)).buffer,
    }),
  };
  const chunks: Uint8Array[] = [];
  for await (const chunk of contentOf(file, about, isLimited)) chunks.push(chunk);
  return { text: Buffer.concat(chunks).toString(), asked };
}

describe('Function: canBeCut', () => {
  it.each([
    ['a plain table', {}, {}, true],
    ['what is compressed', { compression: 'gzip' }, {}, false],
    ['Parquet', { format: 'parquet' }, {}, false],
    ['logs in UTF-16', {}, { file: { encoding: 'utf-16' } }, false],
    ['logs in Latin-1', {}, { file: { encoding: 'latin-1' } }, true],
    ['logs beside a catalogue in UTF-16', {}, { items: { file: { encoding: 'utf-16' } } }, true],
    [
      'a catalogue in UTF-16',
      { kind: 'catalog' },
      { items: { file: { encoding: 'utf-16' } } },
      false,
    ],
  ] as const)('%s: %j %j %s', (_, change, config, expected) => {
    expect(canBeCut(facts(change, config))).toBe(expected);
  });
});

describe('Function: contentOf', () => {
  it('hands text on as it is stored, with limits for functions and without for commands', async () => {
    const about = facts({ compression: 'gzip' });

    expect(await read(Buffer.from('a,b\n'), about)).toEqual({
      text: 'a,b\n',
      asked: ['gzip', about.settings],
    });
    expect((await read(Buffer.from('a,b\n'), about, false)).asked).toEqual(['gzip', undefined]);
  });

  it('makes UTF-8 of UTF-16 where the configuration says that it is that', async () => {
    const bytes = Buffer.from('\ufeffnaïve 木\n', 'utf16le');

    const { text } = await read(bytes, facts({}, { file: { encoding: 'utf-16' } }));

    expect(text.replace(/^\ufeff/, '')).toBe('naïve 木\n');
  });

  it.each([
    ['logs: what rows are made of', 'logs', {}, ['user_id', 'item_id', 'timestamp', 'value']],
    [
      'logs whose item is in another column',
      'logs',
      { columns: { item_id: 'day' } },
      ['user_id', 'timestamp', 'value', 'day'],
    ],
    [
      'a catalogue: everything',
      'catalog',
      {},
      ['user_id', 'item_id', 'timestamp', 'value', 'day', 'tags'],
    ],
    [
      'a catalogue of named columns',
      'catalog',
      { items: { otherColumns: 'leave-out', columns: { title: 'day' } } },
      ['item_id', 'day'],
    ],
  ] as const)('reads of Parquet, %s', async (_, kind, config, columns) => {
    const bytes = readFileSync(join(golden, 'none.parquet'));

    const { text } = await read(bytes, facts({ kind, format: 'parquet' }, config));

    expect(Object.keys(JSON.parse(text.split('\n')[0]!))).toEqual(columns);
  });

  it('reads of Parquet the columns that are named in capitals', async () => {
    const path = join(temporaryFolder('parquet'), 'a.parquet');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(
      `COPY (SELECT 'u' AS "USER_ID", 'i' AS item_id, 1 AS "Timestamp", 2 AS "Day", 3 AS "day of") TO '${path}' (FORMAT parquet)`,
    );
    connection.closeSync();
    const about = facts({ format: 'parquet' }, { columns: { value: 'Day' } });

    const { text } = await read(readFileSync(path), about);

    expect(JSON.parse(text)).toEqual({ USER_ID: 'u', item_id: 'i', Timestamp: 1, Day: 2 });
  });

  it('limits Parquet for functions alone', async () => {
    const bytes = readFileSync(join(golden, 'none.parquet'));
    const about = facts({ format: 'parquet' });
    const tight = { ...about, settings: { ...about.settings, maximumRowGroupBytes: 1 } };

    await expect(read(bytes, tight)).rejects.toThrow('maximumRowGroupBytes');
    expect((await read(bytes, tight, false)).text).not.toBe('');
  });
});
