import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reuseOf } from '#functions/plan-environment/reuse.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import { changedShare, firstNight } from '#lib/cost/reuse.ts';
import { smallSequences } from '../../containers/trainer/job-folder.ts';
import { startBucket } from '../bucket.ts';

const { manifest } = smallSequences();
const counts = {
  interactions: 1000,
  users: 100,
  items: 10,
  transitions: 900,
  baseModelParameters: 1,
};
const version = 'before-1';

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.stop());

/** @param fittedBy run that fitted the environment */
async function arrange(answersOf: string | null, fittedBy: string, since?: string): Promise<void> {
  const { objects } = bucket;
  const plan = { version, fingerprint: 'f', answersOf, newItems: 0, startsFrom: null };
  await objects.putJson(runs.environmentPlan('tonight'), plan);
  const registration = {
    version,
    fingerprint: 'f',
    fittedAt: '2026-11-23T03:30:00Z',
    run: fittedBy,
  };
  await objects.putJson(environments.registration(version), registration);
  await objects.putJson(runs.sequencesManifest('before'), { ...manifest, interactions: 990 });
  if (since === undefined) return;
  const models = [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }];
  const renewal = { kind: 'renewal', model: 'a', since, growth: 0.01, models };
  await objects.putJson(runs.renewal('tonight'), renewal);
}

const reuse = (fresh = true) => reuseOf(bucket.objects, 'tonight', counts, { version, fresh });

describe('Function: reuseOf', () => {
  it('knows what has come since the run whose answers are kept', async () => {
    await arrange('before', 'before', 'before');

    expect(await reuse()).toEqual({
      newShare: 0.01,
      environmentIsFitted: true,
      asked: changedShare(0.01, counts),
      beginsWarm: true,
    });
  });

  it('is that of a first night where nothing is kept', async () => {
    await arrange(null, 'tonight');

    expect(await reuse(false)).toEqual(firstNight);
  });

  it('counts an environment that an earlier attempt has fitted among what this run pays for', async () => {
    await arrange(null, 'tonight');

    expect((await reuse()).environmentIsFitted).toBe(false);
  });

  it('takes all for new where the earlier run is gone', async () => {
    await arrange('gone', 'gone');

    expect(await reuse()).toMatchObject({ newShare: 1, asked: firstNight.asked });
  });
});
