import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressionOf } from '#lib/interactions/compression.ts';

describe('Function: compressionOf', () => {
  it.each([
    ['gzip', gzipSync('rows'), 'gzip'],
    ['Zstandard', zstdCompressSync('rows'), 'zstd'],
    ['text', Buffer.from('user_id,item_id'), null],
    ['the beginning of a mark alone', gzipSync('rows').subarray(0, 1), null],
    ['a mark further in', Buffer.concat([Buffer.from(' '), gzipSync('rows')]), null],
    ['nothing', Buffer.alloc(0), null],
  ])('knows %s', (_, head, compression) => {
    expect(compressionOf(head)).toBe(compression);
  });
});
