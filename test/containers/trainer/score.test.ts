import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeNetwork, servedSpecs } from '#lib/recommender/network.ts';
import { initialise } from '#lib/recommender/parameters.ts';
import { writeModel } from '../../../containers/trainer/artefacts.ts';
import { folders } from '../../../containers/trainer/contract.ts';
import { scoreChampion } from '../../../containers/trainer/score.ts';
import { resolve, small } from '../../lib/recommender/fixtures.ts';
import { createJob, type JobFolder, smallSequences } from './job-folder.ts';

const built = smallSequences();

/** A job whose champion has these files. */
function championJob(files: Readonly<Record<string, string>>): JobFolder {
  const job = createJob(built);
  mkdirSync(job.path('input/data/model'), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(job.path('input/data/model', name), content);
  }
  return job;
}

const whole = { 'model.json': '{}', 'weights.bin': '', 'vocabulary.json': '[]' };

describe('Function: scoreChampion', () => {
  it.each([
    ['half a model.json', { ...whole, 'model.json': '{"format": ' }, /model\.json is damaged/],
    ['a model.json of something else', whole, /model\.json is not that of a recommender/],
    ['no weights', { 'model.json': '{}', 'vocabulary.json': '[]' }, /weights\.bin is missing/],
  ])('says of a champion with %s that it cannot be used, and fails nothing', (_, files, reason) => {
    // Arrange
    const job = championJob(files);
    // Act
    scoreChampion(folders(job.root), 'tonight');
    // Assess
    const manifest = JSON.parse(readFileSync(job.path('model/manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ run: 'tonight', task: 'score' });
    expect(manifest.unusable).toMatch(reason);
    expect(existsSync(job.path('model/ranks'))).toBe(false);
  });

  it('says so of a champion whose scores are no numbers, and ranks nothing first', () => {
    // Arrange: weights that are numbers, and overflow.
    const { items } = built.manifest;
    const network = describeNetwork(resolve(small), items, 8, undefined);
    const weights = initialise(servedSpecs(network), 1, 'first');
    for (const { values } of weights.values()) values.fill(3e38);
    const model = {
      backbone: 'sasrec',
      shape: network.shape,
      excludeHistory: false,
      weights,
    } as const;
    const job = championJob({});
    const served = { network: model, blend: undefined, histories: undefined };
    writeModel(job.path('input/data/model'), served, built.itemTable.itemIds);
    // Act
    scoreChampion(folders(job.root), 'tonight');
    // Assess
    const manifest = JSON.parse(readFileSync(job.path('model/manifest.json'), 'utf8'));
    expect(manifest.unusable).toMatch(/its weights are damaged/);
    expect(existsSync(job.path('model/ranks'))).toBe(false);
  });

  it('fails when the cases are not there: that is no fault of the champion', () => {
    // Arrange
    const job = championJob(whole);
    rmSync(job.path('input/data/sequences/evaluation/test.arrow'));
    // Assess
    expect(() => scoreChampion(folders(job.root), 'tonight')).toThrow(/test\.arrow is missing/);
  });
});
