import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runs } from '#lib/contracts/keys.ts';
import { paidUse } from '#lib/cost/bill.ts';
import { context, startHandlerBucket } from '../handlers.ts';

let bucket: Awaited<ReturnType<typeof startHandlerBucket>>;
let register: (event: object) => Promise<unknown>;

beforeAll(async () => {
  bucket = await startHandlerBucket();
  const { handler } = await import('#functions/register-model/handler.ts');
  register = (event) => handler(event, context);
});
afterAll(() => bucket.stop());

describe('Function: register-model', () => {
  it.each(['recommender', 'refit'])('records what the job of a %s was paid for', async (kind) => {
    // Arrange
    const { objects } = bucket;
    const output = `runs/night/jobs/${kind}/output/model/`;
    await objects.putBytes(`${output}manifest.json`, '{}');
    const job = { name: `lea-night-${kind}`, instanceType: 'ml.c6i.2xlarge', seconds: 61 };
    // Act
    const event = { run: 'night', kind, name: 'sasrec', artefacts: `s3://data/${output}`, job };
    await register(event);
    await register(event);
    // Assess
    const paid = await objects.getJson(runs.paid('night', job.name), paidUse);
    expect(paid).toStrictEqual({ kind: 'train', instanceType: 'ml.c6i.2xlarge', seconds: 61 });
  });
});
