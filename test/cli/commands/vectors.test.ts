import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { UsageError } from '#cli/commands/options.ts';
import { vectors } from '#cli/commands/vectors.ts';
import { decodeItemVectors } from '#lib/environment/item-vectors.ts';

describe('Command: vectors', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lea-vectors-test-'));
    const titles = ['Red river', 'Red stone', 'Blue sky', 'Blue river', 'Dark night'];
    const lines = titles.map((title, item) => JSON.stringify({ item_id: `i${4 - item}`, title }));
    writeFileSync(join(folder, 'items.jsonl'), lines.join('\n'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('gives every item a vector, by its id, and leaves nothing else behind', async () => {
    vi.spyOn(console, 'log').mockReturnValue(undefined);
    const out = join(folder, 'out/item-vectors.arrow');
    const options = ['--encoder', 'tfidf', '--dimension', '3', '--permute', '7'];

    const run = vectors.prepare([
      ...['--items', join(folder, 'items.jsonl'), '--out', out, '--store', join(folder, 'store')],
      ...options,
    ]);
    const code = await run();

    const { itemIds, dimension, origin } = decodeItemVectors(readFileSync(out));
    expect(code).toBe(0);
    expect(itemIds).toEqual(['i0', 'i1', 'i2', 'i3', 'i4']);
    expect(dimension).toBe(3);
    expect([origin.encoder, origin.permute]).toEqual(['tfidf', '7']);
    expect(readdirSync(join(folder, 'store'))).toEqual([]);
  });

  test.each([
    [['--items', 'a.jsonl'], /Expected --items and --out/],
    [['--items', 'a', '--out', 'b', '--layers', '0'], /--layers/],
    [['--items', 'a', '--out', 'b', '--dimension', 'many'], /--dimension/],
    [['--items', 'a', '--out', 'b', '--encoder', 'word2vec'], /--encoder/],
    [['--items', 'a', '--out', 'b', '--random', '-1'], /--random/],
  ])('refuses %j before any work', (args, message) => {
    expect(() => vectors.prepare(args)).toThrow(UsageError);
    expect(() => vectors.prepare(args)).toThrow(message);
  });
});
