import { rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { ContractError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { partFile } from '#lib/contracts/keys.ts';
import { readAllActions, readParts } from '../../../containers/trainer/channels.ts';
import { folders } from '../../../containers/trainer/contract.ts';
import { createJob, type JobFolder, smallSequences } from './job-folder.ts';

const built = smallSequences();
const shards = built.shards.length;

let job: JobFolder;
beforeEach(() => {
  job = createJob(built, { withAnswers: true });
});

const read = (usesEnvironment = true, manifest = built.manifest) => [
  ...readParts(folders(job.root), manifest, usesEnvironment),
];
const write = (path: string, value: unknown) =>
  writeFileSync(job.path('input/data', path), JSON.stringify(value));

describe('Function: readParts', () => {
  it('gives every shard, in order, with its answer', () => {
    // Act
    const parts = read();
    // Assess
    expect(shards).toBeGreaterThan(2);
    expect(parts.map(({ sequences }) => sequences)).toStrictEqual(built.shards);
    expect(parts.every(({ augmented }) => augmented !== undefined)).toBe(true);
  });

  it('refuses to train without a shard that the manifest counts', () => {
    // Arrange
    rmSync(job.path('input/data/sequences/train', partFile(1)));
    // Assess
    expect(() => read(false)).toThrow(MissingArtefactError);
    expect(() => read(false)).toThrow(/part-00001\.arrow is missing/);
  });

  it('refuses shards that have other rows than the manifest counts', () => {
    // Arrange
    const trainSequences = built.manifest.trainSequences + 1;
    const other = { ...built.manifest, trainSequences };
    // Assess
    expect(() => read(false, other)).toThrow(ContractError);
    expect(() => read(false, other)).toThrow(/they are not of one build/);
  });

  it('refuses to train without an answer that nobody says has failed', () => {
    // Arrange
    rmSync(job.path('input/data/augmented', partFile(1)));
    // Assess
    expect(() => read()).toThrow(/augmented\/part-00001\.arrow is missing/);
    write('augmented/manifest.json', { shards, missing: [0] });
    expect(() => read()).toThrow(/augmented\/part-00001\.arrow is missing/);
  });

  it('trains on without the answers that have failed', () => {
    // Arrange
    rmSync(job.path('input/data/augmented', partFile(1)));
    write('augmented/manifest.json', { shards, missing: [1] });
    // Act
    const parts = read();
    // Assess
    expect(parts.map(({ augmented }) => augmented === undefined)).toStrictEqual(
      built.shards.map((_, part) => part === 1),
    );
  });

  it('refuses a model that uses the environment where no answer is left', () => {
    // Arrange
    write('augmented/manifest.json', { shards, missing: built.shards.map((_, part) => part) });
    // Assess
    expect(() => read()).toThrow(/has no augmented shards, but the model uses the environment/);
    rmSync(job.path('input/data/augmented'), { recursive: true });
    expect(() => read()).toThrow(/start the job with channel "augmented"/);
  });
});

describe('Function: readAllActions', () => {
  it('reads the parts anew whenever somebody goes through them', () => {
    // Arrange
    const all = readAllActions(folders(job.root), built.manifest);
    // Act
    const [first, second] = [[...all], [...all]];
    // Assess
    expect(first).toStrictEqual([...built.allActions]);
    expect(second).toStrictEqual(first);
    expect(second[0]!.items).not.toBe(first[0]!.items);
  });

  it('refuses parts that lack rows, once they have been gone through', () => {
    // Arrange
    const rows = built.allActions.reduce((sum, { users }) => sum + users.length, 0);
    const { dataHash } = built.manifest;
    const manifest = { parts: built.allActions.length, rows: rows + 1, actions: 1, dataHash };
    write('all-actions/manifest.json', manifest);
    // Assess
    const all = readAllActions(folders(job.root), built.manifest);
    expect(() => [...all]).toThrow(`but their manifest says ${rows + 1}`);
  });
});
