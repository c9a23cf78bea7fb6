import { describe, expect, it } from 'vitest';
import {
  type Aged,
  expiredEnvironmentKeys,
  expiredRunKeys,
  expiredVectorKeys,
} from '#functions/expire-runs/expired.ts';
import { environments, runs, vectors } from '#lib/contracts/keys.ts';

const before = new Date('2026-11-01T00:00:00Z');
const old = new Date('2026-10-01T00:00:00Z');
const fresh = new Date('2026-11-02T00:00:00Z');
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

const nothing = {
  modelPrefixes: [],
  environmentVersion: undefined,
  vectors: undefined,
  everybody: undefined,
};

describe('Function: expiredRunKeys', () => {
  it('takes what is large of an old run, and keeps its records', () => {
    // Arrange
    const { records, bulk } = runKeys('a');
    // Act
    const keys = expiredRunKeys(written(old, ...records, ...bulk), before, nothing);
    // Assess
    expect(keys.sort()).toStrictEqual([...bulk].sort());
  });

  it('keeps a run that anything was written to since', () => {
    // Arrange
    const { records, bulk } = runKeys('a');
    const objects = [...written(old, ...bulk), ...written(fresh, records[0]!)];
    // Assess
    expect(expiredRunKeys(objects, before, nothing)).toStrictEqual([]);
  });

  it('keeps the model that is served, and no other of its run', () => {
    // Arrange
    const { bulk } = runKeys('a');
    const kept = { ...nothing, modelPrefixes: [runs.modelPrefix('a', 'sasrec')] };
    // Act
    const keys = expiredRunKeys(written(old, ...bulk), before, kept);
    // Assess
    const served = runs.modelManifest('a', 'sasrec');
    expect(keys.sort()).toStrictEqual(bulk.filter((key) => key !== served).sort());
  });
});

describe('Function: expiredRunKeys, users and items', () => {
  it('keeps those that serving reads, however long there was no night', () => {
    const { bulk } = runKeys('a');
    const keys = expiredRunKeys(written(old, ...bulk), before, { ...nothing, everybody: 'a' });
    const kept = runs.recentHistories('a', 0);
    expect(keys.sort()).toStrictEqual(bulk.filter((key) => key !== kept).sort());
  });
});

describe('Function: expiredEnvironmentKeys', () => {
  it('keeps the latest environment, the pointer to it, and fresh ones', () => {
    // Arrange
    const objects = [
      ...written(old, environments.latest, environments.manifest('v1'), environments.metrics('v1')),
      ...written(old, environments.manifest('v2')),
      ...written(fresh, environments.manifest('v3')),
    ];
    // Act
    const keys = expiredEnvironmentKeys(objects, before, { ...nothing, environmentVersion: 'v2' });
    // Assess
    expect(keys).toStrictEqual([environments.manifest('v1'), environments.metrics('v1')]);
  });
});

const vectorsOf = (run: string) => ({
  run,
  fingerprint: 'f',
  space: { baseModel: 'small', name: 'aaaa' },
  madeAt: old.toISOString(),
});

describe('Item vectors that the next run may use again', () => {
  it('are kept with the catalogue that they are of, and nothing else of their run', () => {
    // Arrange
    const { bulk } = runKeys('a');
    // Act
    const keys = expiredRunKeys(written(old, ...bulk), before, {
      ...nothing,
      vectors: vectorsOf('a'),
    });
    // Assess
    const used = [runs.catalogue('a'), runs.itemVectors('a')];
    expect(keys.sort()).toStrictEqual(bulk.filter((key) => !used.includes(key)).sort());
  });

  it('go with their run when a later one made vectors', () => {
    // Arrange
    const { bulk } = runKeys('a');
    // Act
    const keys = expiredRunKeys(written(old, ...bulk), before, {
      ...nothing,
      vectors: vectorsOf('b'),
    });
    // Assess
    expect(keys).toHaveLength(bulk.length);
  });
});

describe('Function: expiredVectorKeys', () => {
  it('takes spaces that no run has read of late, but for the one that the next run may read', () => {
    // Arrange
    const part = (baseModel: string, space: string) => vectors.part(baseModel, space, '1');
    const objects = [
      ...written(old, vectors.latest),
      ...written(old, part('small', 'aaaa'), vectors.use('small', 'aaaa')),
      ...written(old, part('small', 'bbbb'), vectors.use('small', 'bbbb')),
      ...written(old, part('small', 'cccc')),
      ...written(fresh, vectors.use('small', 'cccc')),
      ...written(old, part('large', 'aaaa')),
    ];
    // Act
    const keys = expiredVectorKeys(objects, before, { ...nothing, vectors: vectorsOf('a') });
    // Assess
    expect(keys).toStrictEqual([
      part('small', 'bbbb'),
      vectors.use('small', 'bbbb'),
      part('large', 'aaaa'),
    ]);
  });
});
