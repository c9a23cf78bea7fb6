import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { championPointer } from '#lib/contracts/champion.ts';
import { promotionConfig } from '#lib/contracts/config/promotion.ts';
import { locks, runs, serving } from '#lib/contracts/keys.ts';
import { promote, rollBack } from '#lib/promotion/champion.ts';
import { decide, verdictFile } from '#lib/promotion/verdict.ts';
import { evaluationOf } from '../../lib/promotion/evaluations.ts';
import { promoteSmallModel } from '../champion.ts';
import { context, startHandlerBucket } from '../handlers.ts';

const run = 'tonight';
const execution = 'tonight-1';
const promotion = promotionConfig.parse({ minimumTestCases: 1 });

let bucket: Awaited<ReturnType<typeof startHandlerBucket>>;
let promoteWinner: (refitFailure?: string) => Promise<unknown>;

beforeAll(async () => {
  bucket = await startHandlerBucket();
  const { handler } = await import('#functions/promote-winner/handler.ts');
  promoteWinner = (refitFailure) =>
    handler({ run, execution, refitFailure: refitFailure ?? null }, context);
});
afterAll(() => bucket.stop());

/** A run that compared `new` with the champion of run `yesterday`, which had replaced that of `before`. */
beforeEach(async () => {
  const { objects } = bucket;
  const keys: string[] = [];
  for await (const { key } of objects.list('')) keys.push(key);
  await objects.remove(keys);
  await objects.putJson(locks.run, { run, execution, takenAt: new Date().toISOString() });
  const before = await promoteSmallModel(objects, 'before', 1);
  const yesterday = await promoteSmallModel(objects, 'yesterday', 2);
  await objects.putJson(serving.champion, before);
  await promote(objects, yesterday, before);
  for (const key of Object.values(serving.modelFiles(runs.modelPrefix(run, 'new')))) {
    await objects.putBytes(key, 'x');
  }
  const evaluation = evaluationOf();
  await objects.putJson(runs.evaluation(run), evaluation);
  await objects.putJson(runs.verdict(run), decide(evaluation, promotion));
  await objects.putJson(runs.champion(run), { inService: yesterday, unusable: null });
});

const served = async () => (await bucket.objects.getJson(serving.champion, championPointer)).run;
const verdict = () => bucket.objects.getJson(runs.verdict(run), verdictFile);

describe('Function: promote-winner', () => {
  it('puts the winner into service, twice as well as once', async () => {
    // Act
    const first = await promoteWinner();
    const second = await promoteWinner();
    // Assess
    expect([first, second]).toStrictEqual([{ promoted: true }, { promoted: true }]);
    expect(await served()).toBe(run);
    expect((await verdict()).promoted).toBe(true);
  });

  it('promotes nobody for an execution that has lost the lock, and says what to do', async () => {
    // Arrange
    const { objects } = bucket;
    const takenAt = new Date().toISOString();
    await objects.putJson(locks.run, { run: 'other', execution: 'other-1', takenAt });
    // Act
    const promoting = promoteWinner();
    // Assess
    await expect(promoting).rejects.toThrow(/run other does: .* start the run with "resume": true/);
    expect(await served()).toBe('yesterday');
  });

  it('serves what was fitted on all actions, keeps what was judged, and says so once', async () => {
    // Arrange
    const { objects } = bucket;
    const refitted = runs.refittedPrefix(run, 'new');
    for (const key of Object.values(serving.modelFiles(refitted))) await objects.putBytes(key, 'y');
    const manifest = { task: 'refit', run, name: 'new', passes: 4 };
    await objects.putJson(runs.refittedManifest(run, 'new'), manifest);
    // Act
    await promoteWinner();
    await promoteWinner();
    // Assess
    expect(await objects.getJson(serving.champion, championPointer)).toMatchObject({
      judged: runs.modelPrefix(run, 'new'),
      serving: refitted,
    });
    expect((await verdict()).reasons.filter((reason) => reason.includes('served'))).toStrictEqual([
      'new is served fitted on all actions, in 4 passes, validation and test included; later nights compare with what was judged.',
    ]);
  });

  it('serves what was judged when it could not be fitted on all actions, and says why', async () => {
    // Act
    const answer = await promoteWinner('CapacityError: no instance');
    // Assess
    expect(answer).toStrictEqual({ promoted: true });
    const pointer = await bucket.objects.getJson(serving.champion, championPointer);
    expect(pointer.serving).toBe(pointer.judged);
    expect((await verdict()).reasons.at(-1)).toBe(
      'new is served as it was judged, because fitting it on all actions failed: CapacityError: no instance',
    );
  });

  it('promotes nobody whose judged files are gone, since no later night could compare with him', async () => {
    // Arrange
    const { objects } = bucket;
    const refitted = runs.refittedPrefix(run, 'new');
    for (const key of Object.values(serving.modelFiles(refitted))) await objects.putBytes(key, 'y');
    const manifest = { task: 'refit', run, name: 'new', passes: null };
    await objects.putJson(runs.refittedManifest(run, 'new'), manifest);
    await objects.remove([serving.modelFiles(runs.modelPrefix(run, 'new')).vocabulary]);
    // Assess
    await expect(promoteWinner()).rejects.toThrow(/models\/new\/vocabulary\.json is missing/);
  });

  it('leaves a champion that a rollback put back meanwhile, and says so in the verdict', async () => {
    // Arrange
    await rollBack(bucket.objects, { now: new Date('2026-11-24T04:00:00Z') });
    const { reasons } = await verdict();
    // Act
    const answer = await promoteWinner();
    // Assess
    expect(answer).toStrictEqual({ promoted: false });
    expect(await served()).toBe('before');
    const after = await verdict();
    expect(after).toMatchObject({ winner: 'new', promoted: false, because: null });
    expect(after.reasons).toStrictEqual([
      ...reasons.slice(0, -1),
      'The champion has changed since new of run tonight was compared with small of run yesterday: a rollback put small of run before back into service (2026-11-24T04:00:00.000Z). So it is not promoted; the next run is compared with what is in service then.',
    ]);
  });

  it('fails when the files of the winner are not there, and changes nothing', async () => {
    // Arrange
    await bucket.objects.remove([serving.modelFiles(runs.modelPrefix(run, 'new')).weights]);
    // Assess
    await expect(promoteWinner()).rejects.toThrow(/new of run tonight.*weights\.bin is missing/);
    expect(await served()).toBe('yesterday');
  });
});
