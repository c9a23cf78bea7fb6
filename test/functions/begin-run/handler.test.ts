import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/contracts/config.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { lockHolder } from '#lib/contracts/lock.ts';
import { context, startHandlerBucket } from '../handlers.ts';

const config = parseConfig(
  { training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'snqn', lea: {} }] } },
  'test',
);
const event = {
  run: 'a',
  scheduledTime: null,
  resume: false,
  execution: 'e',
  deployment: 'lea-dev',
  config,
};

let bucket: Awaited<ReturnType<typeof startHandlerBucket>>;
let begin: (event: unknown, context: unknown) => Promise<unknown>;
beforeAll(async () => {
  bucket = await startHandlerBucket();
  begin = (await import('#functions/begin-run/handler.ts')).handler as unknown as typeof begin;
});
afterAll(() => bucket.stop());

const written = async () => {
  const keys: string[] = [];
  for await (const { key } of bucket.objects.list('')) keys.push(key);
  return keys;
};

describe('Handler: begin-run', () => {
  it('looks at what would stop the night before it begins anything', async () => {
    // Act
    const beginning = begin(event, context);
    // Assess: there is neither a base model nor a log; the first is said, with what to do.
    await expect(beginning).rejects.toMatchObject({ name: 'PreflightError' });
    await expect(beginning).rejects.toThrow(/Base model: .*aws s3 sync/);
    expect(await written()).toStrictEqual([]);
  });

  it('begins once nothing stands in the way', async () => {
    // Arrange
    const folder = uploads.baseModelPrefix(config.environment.baseModel);
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json'])
      await bucket.objects.putBytes(`${folder}${name}`, 'x');
    // Act
    const beginning = begin(event, context);
    // Assess: the next thing that is missing is the log.
    await expect(beginning).rejects.toMatchObject({ name: 'MissingArtefactError' });
    expect(await lockHolder(bucket.objects)).toBeUndefined();
  });
});
