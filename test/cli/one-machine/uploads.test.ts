import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Night } from '#cli/one-machine/night-file.ts';
import { uploadBaseModel } from '#cli/one-machine/uploads.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { startBucket } from '../../functions/bucket.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let bucket: Awaited<ReturnType<typeof startBucket>>;
let night: Night;

beforeAll(async () => {
  bucket = await startBucket();
});

afterAll(() => bucket.stop());

beforeEach(() => {
  night = { run: 'night', finished: false, config: '', uploaded: {} };
});

/** A folder of a base model with these weights. */
function folderOf(weights: string): string {
  const folder = temporaryFolder('base-model');
  for (const name of ['config.json', 'tokenizer.json']) writeFileSync(join(folder, name), '{}');
  writeFileSync(join(folder, 'model.safetensors'), weights);
  return folder;
}

const upload = (folder: string) =>
  uploadBaseModel('mine', folder, {
    objects: bucket.objects,
    night,
    save: () => {},
    drained: async () => {},
    signal: new AbortController().signal,
  });
const weights = `${uploads.baseModelPrefix('mine')}model.safetensors`;
const stored = async () => Buffer.from(await bucket.objects.getBytes(weights)).toString();

describe('Function: uploadBaseModel', () => {
  it('puts a model in place once, whichever folder has it', async () => {
    await upload(folderOf('first'));
    const before = await bucket.objects.head(weights);
    await upload(folderOf('first'));

    expect(await stored()).toBe('first');
    expect(await bucket.objects.head(weights)).toEqual(before);
  });

  it('refuses another model under the same name, and leaves the first one', async () => {
    await upload(folderOf('first'));
    const other = folderOf('second');

    await expect(upload(other)).rejects.toThrow(
      `${other} is not the base model that this --out was begun with under the name "mine"`,
    );
    expect(await stored()).toBe('first');
  });
});
