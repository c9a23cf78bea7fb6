import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BlendedNetwork } from '#lib/evaluation/network-blend.ts';
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

/** A network all of whose weights are this number. */
function champion(weight: number): BlendedNetwork {
  const { shape, ...network } = describeNetwork(resolve(small), built.manifest.items, 8, undefined);
  const weights = initialise(servedSpecs({ shape, ...network }), 1, 'first');
  for (const { values } of weights.values()) values.fill(weight);
  const model = { backbone: 'sasrec', shape, excludeHistory: false, weights } as const;
  return { network: model, blend: undefined, histories: undefined };
}

const whole = { 'model.json': '{}', 'weights.bin': '', 'vocabulary.json': '[]' };

describe('Function: scoreChampion', () => {
  it.each([
    ['half a model.json', { ...whole, 'model.json': '{"format": ' }, /model\.json is damaged/],
    ['a model.json of something else', whole, /model\.json is not that of a recommender/],
    ['no weights', { 'model.json': '{}', 'vocabulary.json': '[]' }, /weights\.bin is missing/],
  ])(
    'says of a champion with %s that it cannot be used, and fails nothing',
    async (_, files, reason) => {
      // Arrange
      const job = championJob(files);
      // Act
      await scoreChampion(folders(job.root), 'tonight');
      // Assess
      const manifest = JSON.parse(readFileSync(job.path('model/manifest.json'), 'utf8'));
      expect(manifest).toMatchObject({ run: 'tonight', task: 'score' });
      expect(manifest.unusable).toMatch(reason);
      expect(existsSync(job.path('model/ranks'))).toBe(false);
    },
  );

  it('says so of a champion whose scores are no numbers, and ranks nothing first', async () => {
    // Arrange: weights that are numbers, and overflow.
    const job = championJob({});
    writeModel(job.path('input/data/model'), champion(3e38), built.itemTable.itemIds);
    // Act
    await scoreChampion(folders(job.root), 'tonight');
    // Assess
    const manifest = JSON.parse(readFileSync(job.path('model/manifest.json'), 'utf8'));
    expect(manifest.unusable).toMatch(/its weights are damaged/);
    expect(existsSync(job.path('model/ranks'))).toBe(false);
  });

  it.each(['evaluation/test.arrow', 'events.arrow'])(
    'fails when %s is not there: that is no fault of the champion',
    async (name) => {
      // Arrange
      const job = championJob({});
      writeModel(job.path('input/data/model'), champion(0.1), built.itemTable.itemIds);
      rmSync(job.path('input/data/sequences', name));
      // Assess
      await expect(scoreChampion(folders(job.root), 'tonight')).rejects.toThrow(
        `${name} is missing`,
      );
    },
  );
});
