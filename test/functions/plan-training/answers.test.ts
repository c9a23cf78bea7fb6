import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordAnswers } from '#functions/plan-training/answers.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import { augmentedManifest } from '#lib/environment/augmented-manifest.ts';
import { AnswersIndex } from '#lib/environment/kept-answers.ts';
import { newestAnswers } from '#lib/environment/version.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { startBucket } from '../bucket.ts';

const shards = 40;
const configOf = (lea: object | undefined, toleratedFailurePercentage = 10) =>
  parseConfig(
    {
      training: {
        models: [{ name: 'a', backbone: 'sasrec', objective: 'snqn', ...(lea && { lea }) }],
      },
      operations: { toleratedFailurePercentage },
    },
    'test',
  );

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
  const manifest = { ...smallSequences().manifest, shards };
  await bucket.objects.putJson(runs.sequencesManifest('a'), manifest);
  await bucket.objects.putJson(runs.environmentPlan('a'), { version: 'v', fingerprint: 'f' });
});
afterEach(() => bucket.stop());

/** Answers all shards but these. */
async function answerAllBut(missing: readonly number[]): Promise<void> {
  for (let part = 0; part < shards; part++) {
    if (missing.includes(part)) continue;
    await bucket.objects.putBytes(runs.augmentedShard('a', part), 'x');
  }
}

const recorded = () => bucket.objects.getJson(runs.augmentedManifest('a'), augmentedManifest);

describe('Function: recordAnswers', () => {
  it('names the shards whose answers failed, as far as they may', async () => {
    // Arrange: one call of ten, which is about four shards.
    await answerAllBut([4, 5, 6, 7]);
    // Act
    await recordAnswers(bucket.objects, 'a', configOf({}));
    // Assess
    expect(await recorded()).toStrictEqual({ shards, missing: [4, 5, 6, 7] });
  });

  it('records a later attempt that answered them', async () => {
    // Arrange
    await answerAllBut([4, 5, 6, 7]);
    await recordAnswers(bucket.objects, 'a', configOf({}));
    await answerAllBut([]);
    // Act
    await recordAnswers(bucket.objects, 'a', configOf({}));
    // Assess
    expect(await recorded()).toStrictEqual({ shards, missing: [] });
  });

  it('refuses to train on when more are missing than may fail', async () => {
    // Arrange
    await answerAllBut([4, 5, 6, 7, 20]);
    // Act
    const recording = recordAnswers(bucket.objects, 'a', configOf({}));
    // Assess
    await expect(recording).rejects.toBeInstanceOf(MissingArtefactError);
    await expect(recording).rejects.toThrow(
      /^5 of the 40 training shards of run a have no answer .*part-00004\.arrow is the first.*toleratedFailurePercentage \(10\)/,
    );
  });

  it('tells later runs where to find the answers', async () => {
    // Arrange
    await answerAllBut([]);
    const part = { sequences: 2, transitions: 4, reused: 0 };
    await bucket.objects.putJson(`${runs.augmentationResultsPrefix('a')}x/SUCCEEDED_0.json`, [
      { parts: [{ ...part, part: 3, hashes: [5] }] },
      { parts: [{ ...part, part: 4, hashes: [6, 7] }] },
    ]);
    // Act
    await recordAnswers(bucket.objects, 'a', configOf({}));
    // Assess
    const index = AnswersIndex.decode(await bucket.objects.getBytes(runs.answersIndex('a')));
    expect([5, 7, 8].map((hash) => index.partsFor(Int32Array.of(hash)))).toStrictEqual([
      [3],
      [4],
      [],
    ]);
    expect(await bucket.objects.getJson(environments.answers('v'), newestAnswers)).toStrictEqual({
      run: 'a',
    });
  });

  it('has nothing to record without a model that uses the environment', async () => {
    // Act
    await recordAnswers(bucket.objects, 'a', configOf(undefined));
    // Assess
    expect(await bucket.objects.head(runs.augmentedManifest('a'))).toBeUndefined();
  });
});
