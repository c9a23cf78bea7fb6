import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { baseModelFiles, hashBaseModel } from '#cli/one-machine/base-model.ts';
import { nightConfig } from '#cli/one-machine/config.ts';
import { runNight } from '#cli/one-machine/night.ts';
import { writeNight } from '#cli/one-machine/night-file.ts';
import { expectSameBaseModel } from '#cli/one-machine/uploads.ts';
import { uploads } from '#lib/contracts/keys.ts';
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

describe('A folder of nights that is used with another base model', () => {
  const night = (hashBefore: string) => ({
    run: 'a',
    finished: true,
    config: '',
    uploaded: { [uploads.baseModelPrefix('mine')]: hashBefore },
  });

  it('takes the same one again, and any where there was none', async () => {
    const same = await expectSameBaseModel(night(await hash()), 'mine', folder);
    const first = await expectSameBaseModel(undefined, 'mine', folder);

    expect(same).toEqual(first);
    expect(same.files).toEqual(files());
  });

  it('refuses another before anything is made ready', async () => {
    const out = temporaryFolder('out');
    const { config, configText } = nightConfig(undefined);
    writeNight(out, {
      ...night('another'),
      uploaded: { [uploads.baseModelPrefix(config.environment.baseModel)]: 'another' },
    });
    const request = {
      interactions: [],
      items: [],
      config,
      configText,
      out,
      baseModel: folder,
      startedAt: 0,
    };

    await expect(runNight(request)).rejects.toThrow(
      'is not the base model that this --out was begun with',
    );
    expect(existsSync(join(out, 'config.json'))).toBe(false);
  });
});
