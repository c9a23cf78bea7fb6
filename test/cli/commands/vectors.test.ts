import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { UsageError } from '#cli/commands/options.ts';
import { vectors } from '#cli/commands/vectors.ts';
import { keepVectors } from '#cli/experiments/item-vectors.ts';
import { decodeItemVectors } from '#lib/environment/item-vectors.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

describe('Command: vectors', () => {
  let folder: string;
  beforeAll(() => {
    folder = temporaryFolder('vectors');
    const titles = ['Red river', 'Red stone', 'Blue sky', 'Blue river', 'Dark night'];
    const lines = titles.map((title, item) => JSON.stringify({ item_id: `i${4 - item}`, title }));
    writeFileSync(join(folder, 'items.jsonl'), lines.join('\n'));
  });

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

  test('stopped, it ends as every command does, and leaves nothing behind', async () => {
    // Arrange: SIGTERM, with the first that the job says of its progress
    const others = process.listenerCount('SIGTERM');
    vi.spyOn(console, 'log').mockImplementation(() => {
      if (process.listenerCount('SIGTERM') > others) process.emit('SIGTERM', 'SIGTERM');
    });
    const out = join(folder, 'out/stopped.arrow');
    const run = vectors.prepare([
      ...['--items', join(folder, 'items.jsonl'), '--out', out, '--store', join(folder, 'store')],
      ...['--encoder', 'tfidf', '--dimension', '3'],
    ]);

    const stopped = run();

    await expect(stopped).rejects.toMatchObject({ name: 'Interrupted', exitCode: 143 });
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('lea-vectors-'))).toEqual([]);
  });

  test.each(['model', 'checkpoints'])('keeps what a job has read, from its %s', (from) => {
    const job = join(folder, `job-${from}`);
    const store = join(folder, `store-${from}`);
    mkdirSync(join(job, from, 'store/space'), { recursive: true });
    writeFileSync(join(job, from, 'store/space/part-1.arrow'), 'vectors');

    keepVectors(job, store);

    expect(readFileSync(join(store, 'space/part-1.arrow'), 'utf8')).toBe('vectors');
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
