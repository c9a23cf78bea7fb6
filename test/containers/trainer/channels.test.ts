import { readdirSync, renameSync, rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readParts } from '../../../containers/trainer/channels.ts';
import { folders } from '../../../containers/trainer/contract.ts';
import { createJob, type JobFolder, smallSequences } from './job-folder.ts';

const built = smallSequences();
const jobs: JobFolder[] = [];
afterAll(() => {
  for (const job of jobs) job.remove();
});

function newJob(): JobFolder {
  const job = createJob(built);
  jobs.push(job);
  return job;
}

const train = 'input/data/sequences/train';

describe('Function: readParts', () => {
  it('reads as many shards as the manifest says', () => {
    // Arrange
    const job = newJob();
    // Act
    const parts = [...readParts(folders(job.root), built.manifest, false)];
    // Assess
    expect(parts.map(({ sequences }) => sequences.users)).toEqual(
      built.shards.map(({ users }) => users),
    );
    expect(parts.length).toBeGreaterThan(1);
  });

  it('trains on nothing that a shard is missing from', () => {
    // Arrange
    const job = newJob();
    rmSync(job.path(train, 'part-00001.arrow'));
    // Assess
    expect(() => [...readParts(folders(job.root), built.manifest, false)]).toThrow(
      `has ${built.shards.length - 1} training shards, the manifest says ${built.shards.length}, part 1 is missing`,
    );
  });

  it('takes no shard for another one', () => {
    // Arrange
    const job = newJob();
    const last = readdirSync(job.path(train)).toSorted().at(-1)!;
    renameSync(job.path(train, last), job.path(train, 'part-00099.arrow'));
    // Assess
    expect(() => [...readParts(folders(job.root), built.manifest, false)]).toThrow('is missing');
  });
});
