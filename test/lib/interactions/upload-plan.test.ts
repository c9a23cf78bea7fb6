import { describe, expect, it } from 'vitest';
import { formatOf, kindOf, leftoverOf, rowsKey, uploadId } from '#lib/interactions/upload-plan.ts';

const version = {
  bucket: 'a-bucket',
  key: 'logs/a.jsonl',
  etag: '"abc"',
  lastModified: new Date('2026-11-23T17:53:25.900Z'),
};

describe('Function: uploadId', () => {
  it('is the same for the same version, however its ETag is quoted and its time rounded', () => {
    const id = uploadId(version);

    expect(id).toMatch(/^20261123T175325Z-[0-9a-f]{16}$/);
    expect(uploadId({ ...version, etag: 'abc' })).toBe(id);
    expect(uploadId({ ...version, lastModified: new Date('2026-11-23T17:53:25Z') })).toBe(id);
  });

  it.each([
    { bucket: 'another-bucket' },
    { key: 'logs/b.jsonl' },
    { etag: '"abd"' },
    { lastModified: new Date('2026-11-23T17:53:26Z') },
  ])('is another one for another version: %j', (change) => {
    expect(uploadId({ ...version, ...change })).not.toBe(uploadId(version));
  });

  it('sorts by arrival', () => {
    const later = uploadId({ ...version, lastModified: new Date('2026-11-23T17:53:26Z') });

    expect(later > uploadId(version)).toBe(true);
  });
});

describe('Functions: kindOf, formatOf', () => {
  it.each([
    ['logs/a/b.jsonl', 'logs', 'jsonl'],
    ['logs/a.JSONL.GZ', 'logs', 'jsonl'],
    ['logs/a.ndjson', 'logs', 'jsonl'],
    ['logs/a.json.gz', 'logs', 'jsonl'],
    ['catalog/items.csv', 'catalog', 'csv'],
    ['catalog/items.csv.gz', 'catalog', 'csv'],
    ['logs/a.tsv.zst', 'logs', 'csv'],
    ['logs/ratings.dat', 'logs', 'csv'],
    ['logs/part-0.snappy.parquet', 'logs', 'parquet'],
    ['logs/a.text', 'logs', undefined],
    ['logs/a.csv.zip', 'logs', undefined],
    ['logs/a.json.gzl', 'logs', undefined],
    ['interactions/a.jsonl', undefined, 'jsonl'],
    ['mylogs/a.jsonl', undefined, 'jsonl'],
  ])('reads %s', (key, kind, format) => {
    expect([kindOf(key), formatOf(key)]).toStrictEqual([kind, format]);
  });
});

describe('Function: leftoverOf', () => {
  const hidden =
    'its name, or that of a folder it is in, begins with _ or . as those of temporary and hidden files do';

  it.each([
    ['logs/', 'it is a folder marker'],
    ['logs/2026/', 'it is a folder marker'],
    ['logs/_SUCCESS', hidden],
    ['logs/.part-0.csv.crc', hidden],
    ['logs/part-0.csv.crc', 'it is a file that jobs leave beside their data'],
    ['logs/_temporary/0/part-0.csv', hidden],
    ['logs/day_$folder$', 'it is a file that jobs leave beside their data'],
    ['catalog/.hidden/items.jsonl', hidden],
  ])('knows that %s is no data', (key, why) => {
    expect(leftoverOf(key)).toBe(why);
  });

  it.each(['logs/a.jsonl', 'logs/_day=1/a.jsonl', 'logs/2026/part_0.csv', 'logs/a.crc.csv'])(
    'takes %s for data',
    (key) => {
      expect(leftoverOf(key)).toBeUndefined();
    },
  );
});

describe('Function: rowsKey', () => {
  it.each([
    ['logs', 'interactions/dt=2026-11-23/up-00003.rows'],
    ['catalog', 'items/dt=2026-11-23/up-00003.jsonl.gz'],
  ] as const)('puts rows of %s where nights look for them', (kind, key) => {
    const plan = { kind, arrivedAt: '2026-11-23T23:59:59.000Z', upload: 'up' };
    expect(rowsKey(plan, 3)).toBe(key);
  });
});
