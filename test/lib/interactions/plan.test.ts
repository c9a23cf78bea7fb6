import { describe, expect, it } from 'vitest';
import { formatOf, isMarker, kindOf, uploadId } from '#lib/interactions/plan.ts';

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

describe('Functions: kindOf, isMarker, formatOf', () => {
  it.each([
    ['logs/a/b.jsonl', 'logs', false, 'jsonl'],
    ['logs/a.JSONL.GZ', 'logs', false, 'jsonl'],
    ['catalog/items.csv', 'catalog', false, 'csv'],
    ['catalog/items.csv.gz', 'catalog', false, 'csv'],
    ['logs/a.json', 'logs', false, undefined],
    ['logs/a.csv.zip', 'logs', false, undefined],
    ['logs/', 'logs', true, undefined],
    ['logs/2026/', 'logs', true, undefined],
    ['logs/_SUCCESS', 'logs', true, undefined],
    ['logs/.part.crc', 'logs', true, undefined],
    ['interactions/a.jsonl', undefined, false, 'jsonl'],
    ['mylogs/a.jsonl', undefined, false, 'jsonl'],
  ])('reads %s', (key, kind, marker, format) => {
    expect([kindOf(key), isMarker(key), formatOf(key)]).toStrictEqual([kind, marker, format]);
  });
});
