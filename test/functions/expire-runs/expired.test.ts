import { describe, expect, it } from 'vitest';
import { expire } from '#functions/expire-runs/expire.ts';
import type { Kept } from '#functions/expire-runs/expired.ts';
import { environments, runs, vectors } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';

const before = new Date('2026-11-01T00:00:00Z');
const old = new Date('2026-10-01T00:00:00Z');
const fresh = new Date('2026-11-02T00:00:00Z');

interface Aged {
  readonly key: string;
  readonly lastModified: Date;
}

const written = (lastModified: Date, ...keys: string[]): Aged[] =>
  keys.map((key) => ({ key, lastModified }));

/** One object of every kind that a run writes. */
const runKeys = (run: string) => ({
  records: [
    runs.manifest(run),
    runs.config(run),
    runs.status(run),
    runs.environmentPlan(run),
    runs.evaluation(run),
    runs.verdict(run),
    runs.summary(run),
    runs.report(run),
  ],
  bulk: [
    runs.sequencesManifest(run),
    runs.itemTable(run),
    runs.trainShard(run, 0),
    runs.excluded(run),
    runs.allActions(run, 0),
    runs.beforeTest(run, 0),
    runs.fittedRivals(run, 'training').weights,
    runs.recentHistories(run, 0),
    runs.catalogue(run),
    runs.itemVectors(run),
    runs.augmentedShard(run, 0),
    `${runs.augmentationResultsPrefix(run)}x/manifest.json`,
    `${runs.jobsPrefix(run)}job/output/model/model.json`,
    `${runs.checkpointsPrefix(run, 'sasrec')}1.bin`,
    runs.modelManifest(run, 'sasrec'),
    runs.modelManifest(run, 'gru'),
  ],
});

const nothing: Kept = {
  modelPrefixes: [],
  environmentVersion: undefined,
  vectors: undefined,
  everybody: undefined,
  catalogue: undefined,
};

/** A bucket whose objects are as old as is said; counts what is asked of it. */
class AgedBucket {
  readonly #aged: Aged[];
  readonly removals: (readonly string[])[] = [];
  listed = 0;

  constructor(...aged: Aged[][]) {
    this.#aged = aged.flat().toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  get removed(): string[] {
    return this.removals.flat().toSorted();
  }

  async expire(kept: Kept = nothing): Promise<number> {
    return expire(this as unknown as Objects, before, kept);
  }

  async *list(prefix: string): AsyncGenerator<Aged> {
    const found = this.#aged.filter(({ key }) => key.startsWith(prefix));
    for (const object of found) {
      this.listed++;
      yield object;
    }
  }

  async *folders(prefix: string): AsyncGenerator<string> {
    const below = this.#aged.map(({ key }) => key).filter((key) => key.startsWith(prefix));
    const names = below.map((key) => key.slice(prefix.length).split('/'));
    const folders = names.flatMap(([name, ...rest]) => (rest.length > 0 ? [name!] : []));
    yield* [...new Set(folders)].map((name) => `${prefix}${name}/`);
  }

  async remove(keys: readonly string[]): Promise<void> {
    this.removals.push(keys);
  }
}

describe('Runs that nobody has written to', () => {
  it('lose what is large of them, and keep their records', async () => {
    // Arrange
    const { records, bulk } = runKeys('a');
    const bucket = new AgedBucket(written(old, ...records, ...bulk));
    // Act
    const removed = await bucket.expire();
    // Assess
    expect(bucket.removed).toStrictEqual([...bulk].sort());
    expect(removed).toBe(bulk.length);
  });

  it('are kept whole as soon as one object is newer, and looked through up to there', async () => {
    // Arrange: `all-actions/` comes before everything else.
    const first = runs.allActions('a', 0);
    const { records, bulk } = runKeys('a');
    const bucket = new AgedBucket(written(fresh, first), written(old, ...records, ...bulk));
    // Act
    await bucket.expire();
    // Assess
    expect(bucket.removed).toStrictEqual([]);
    expect(bucket.listed).toBe(1);
  });

  it('keep the model that is served, and no other', async () => {
    // Arrange
    const { bulk } = runKeys('a');
    const bucket = new AgedBucket(written(old, ...bulk));
    // Act
    await bucket.expire({ ...nothing, modelPrefixes: [runs.modelPrefix('a', 'sasrec')] });
    // Assess
    const served = runs.modelManifest('a', 'sasrec');
    expect(bucket.removed).toStrictEqual(bulk.filter((key) => key !== served).sort());
  });

  it('keep the catalogue that is read, whatever its age', async () => {
    // Arrange
    const { bulk } = runKeys('a');
    const bucket = new AgedBucket(written(old, ...bulk, runs.listedItems('a')));
    // Act
    await bucket.expire({ ...nothing, catalogue: 'a' });
    // Assess
    const kept = [runs.catalogue('a'), runs.listedItems('a')];
    expect(bucket.removed).toStrictEqual(bulk.filter((key) => !kept.includes(key)).sort());
  });

  it('keep users and items that serving reads, however long there was no night', async () => {
    // Arrange
    const { bulk } = runKeys('a');
    const bucket = new AgedBucket(written(old, ...bulk));
    // Act
    await bucket.expire({ ...nothing, everybody: 'a' });
    // Assess
    const kept = runs.recentHistories('a', 0);
    expect(bucket.removed).toStrictEqual(bulk.filter((key) => key !== kept).sort());
  });

  it('go in requests of a thousand keys, however many shards a night had', async () => {
    // Arrange
    const shards = Array.from({ length: 2500 }, (_, part) => runs.trainShard('a', part));
    const bucket = new AgedBucket(written(old, ...shards));
    // Act
    await bucket.expire();
    // Assess
    expect(bucket.removals.map((keys) => keys.length)).toStrictEqual([1000, 1000, 500]);
  });
});

describe('Environments that nobody has written to', () => {
  it('go, but for the latest, the pointer to it, and fresh ones', async () => {
    // Arrange
    const bucket = new AgedBucket(
      written(old, environments.latest, environments.manifest('v1'), environments.metrics('v1')),
      written(old, environments.manifest('v2')),
      written(fresh, environments.manifest('v3')),
    );
    // Act
    await bucket.expire({ ...nothing, environmentVersion: 'v2' });
    // Assess
    expect(bucket.removed).toStrictEqual([environments.manifest('v1'), environments.metrics('v1')]);
  });
});

const vectorsOf = (run: string) => ({
  run,
  fingerprint: 'f',
  space: { baseModel: 'small', name: 'aaaa' },
  madeAt: old.toISOString(),
});

describe('Item vectors that the next run may use again', () => {
  it('are kept with the catalogue that they are of, and nothing else of their run', async () => {
    // Arrange
    const { bulk } = runKeys('a');
    const bucket = new AgedBucket(written(old, ...bulk));
    // Act
    await bucket.expire({ ...nothing, vectors: vectorsOf('a') });
    // Assess
    const used = [runs.catalogue('a'), runs.itemVectors('a')];
    expect(bucket.removed).toStrictEqual(bulk.filter((key) => !used.includes(key)).sort());
  });

  it('go with their run when a later one made vectors', async () => {
    // Arrange
    const { bulk } = runKeys('a');
    const bucket = new AgedBucket(written(old, ...bulk));
    // Act
    await bucket.expire({ ...nothing, vectors: vectorsOf('b') });
    // Assess
    expect(bucket.removed).toHaveLength(bulk.length);
  });
});

describe('Spaces of item vectors', () => {
  it('go when no run has read them of late, but for the one that the next run may read', async () => {
    // Arrange
    const part = (baseModel: string, space: string) => vectors.part(baseModel, space, '1');
    const bucket = new AgedBucket(
      written(old, vectors.latest),
      written(old, part('small', 'aaaa'), vectors.use('small', 'aaaa')),
      written(old, part('small', 'bbbb'), vectors.use('small', 'bbbb')),
      written(old, part('small', 'cccc')),
      written(fresh, vectors.use('small', 'cccc')),
      written(old, part('large', 'aaaa')),
    );
    // Act
    await bucket.expire({ ...nothing, vectors: vectorsOf('a') });
    // Assess
    expect(bucket.removed).toStrictEqual([
      part('large', 'aaaa'),
      part('small', 'bbbb'),
      vectors.use('small', 'bbbb'),
    ]);
  });
});
