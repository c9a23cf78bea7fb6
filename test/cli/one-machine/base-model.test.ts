import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { baseModelFiles, hashBaseModel } from '#cli/one-machine/base-model.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const index = 'model.safetensors.index.json';
let folder: string;

beforeEach(() => {
  folder = temporaryFolder('base-model');
  for (const name of ['config.json', 'tokenizer.json', 'model.safetensors']) {
    writeFileSync(join(folder, name), '{}');
  }
});

const files = () => baseModelFiles(folder, 'mine');
const hash = () => hashBaseModel(folder, files());

describe('Function: baseModelFiles', () => {
  it('lists a complete folder, the configuration last', () => {
    expect(files()).toEqual(['model.safetensors', 'tokenizer.json', 'config.json']);
  });

  it.each([
    ['config.json', 'config.json'],
    ['model.safetensors', 'weights (*.safetensors)'],
    ['tokenizer.json', 'a tokenizer'],
  ])('refuses a folder without %s', (name, what) => {
    rmSync(join(folder, name));

    expect(files).toThrow(`${folder} lacks ${what}`);
  });

  it('refuses a folder without a part that its index names', () => {
    const weight_map = { a: 'model.safetensors', b: 'model-00002.safetensors' };
    writeFileSync(join(folder, index), JSON.stringify({ weight_map }));

    expect(files).toThrow(`${folder} lacks model-00002.safetensors`);
  });

  it('names a folder that is not there', () => {
    expect(() => baseModelFiles(join(folder, 'none'), 'mine')).toThrow(
      `There is no base model "mine" at ${join(folder, 'none')}`,
    );
  });
});

describe('Function: hashBaseModel', () => {
  it('is the same for the same content, and another for another', async () => {
    const before = await hash();
    writeFileSync(join(folder, 'config.json'), '{}');
    const again = await hash();
    writeFileSync(join(folder, 'model.safetensors'), '[]');

    expect(again).toBe(before);
    expect(await hash()).not.toBe(before);
  });
});
