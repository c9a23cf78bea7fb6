import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findKept } from '#functions/expire-runs/stored.ts';
import type { Champion } from '#lib/contracts/champion.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { promote, rollBack } from '#lib/promotion/champion.ts';
import { startBucket } from '../bucket.ts';

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.stop());

const championOf = (run: string): Champion => ({
  run,
  name: 'sasrec',
  judged: runs.modelPrefix(run, 'sasrec'),
  serving: runs.modelPrefix(run, 'sasrec'),
  ndcg10: 0.1,
  promotedAt: '2026-11-23T03:30:00.000Z',
});

/** Promotes one run after the other. */
async function promoteAll(names: readonly string[]): Promise<void> {
  let before: Champion | null = null;
  for (const run of names) {
    const champion = championOf(run);
    for (const key of Object.values(serving.modelFiles(champion.serving))) {
      await bucket.objects.putBytes(key, 'x');
    }
    before = (await promote(bucket.objects, champion, before)).champion;
  }
}

const prefixes = (...names: string[]) => names.map((run) => championOf(run).serving).sort();
const keptOf = async (champions: number) =>
  [...(await findKept(bucket.objects, champions)).modelPrefixes].sort();

describe('Function: findKept', () => {
  it('keeps as many champions as a rollback is to reach', async () => {
    // Arrange
    await promoteAll(['a', 'b', 'c', 'd', 'e', 'f']);
    // Assess
    expect(await keptOf(3)).toStrictEqual(prefixes('d', 'e', 'f'));
  });

  it('keeps what is before an old champion that came back, and what it was put back over', async () => {
    // Arrange
    await promoteAll(['a', 'b', 'c', 'd', 'e', 'f']);
    await rollBack(bucket.objects, { run: 'c', now: new Date() });
    // Assess
    expect(await keptOf(3)).toStrictEqual(prefixes('a', 'b', 'c', 'd', 'e', 'f'));
    expect(await keptOf(2)).toStrictEqual(prefixes('b', 'c', 'e', 'f'));
  });

  it('keeps whom the champion is compared with', async () => {
    // Arrange
    await promoteAll(['a', 'b', 'c', 'd']);
    const keptWith = async (name: string | null) =>
      (await findKept(bucket.objects, 2, { run: 'a', name })).modelPrefixes;
    // Assess
    expect(await keptWith(null)).toContain(runs.modelPrefix('a', 'sasrec'));
    expect(await keptWith('other')).toEqual(
      expect.arrayContaining([runs.modelPrefix('a', 'other'), runs.refittedPrefix('a', 'other')]),
    );
    expect(await keptOf(2)).toStrictEqual(prefixes('c', 'd'));
  });

  it('keeps nothing where nothing was promoted', async () => {
    expect(await findKept(bucket.objects, 5)).toStrictEqual({
      modelPrefixes: [],
      environmentVersion: undefined,
      vectors: undefined,
      everybody: undefined,
      catalogue: undefined,
    });
  });
});
