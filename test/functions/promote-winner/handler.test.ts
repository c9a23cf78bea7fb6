import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { championPointer } from '#lib/contracts/champion.ts';
import { promotionConfig } from '#lib/contracts/config/promotion.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { promote, rollBack } from '#lib/promotion/champion.ts';
import { decide, verdictFile } from '#lib/promotion/verdict.ts';
import { evaluationOf } from '../../lib/promotion/evaluations.ts';
import { promoteSmallModel } from '../champion.ts';
import { context, startHandlerBucket } from '../handlers.ts';

const run = 'tonight';
const promotion = promotionConfig.parse({ minimumTestCases: 1 });

let bucket: Awaited<ReturnType<typeof startHandlerBucket>>;
let promoteWinner: () => Promise<unknown>;

beforeAll(async () => {
  bucket = await startHandlerBucket();
  const { handler } = await import('#functions/promote-winner/handler.ts');
  promoteWinner = () => handler({ run }, context);
});
afterAll(() => bucket.stop());

/** A run that compared `new` with the champion of run `yesterday`, which had replaced that of `before`. */
beforeEach(async () => {
  const { objects } = bucket;
  const keys: string[] = [];
  for await (const { key } of objects.list('')) keys.push(key);
  await objects.remove(keys);
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
