import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { unpackLayers } from '#local/functions/layers.ts';
import type { Templates } from '#local/template/templates.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder('layers');
});

/** Two layers with a file of their own and one that both have. */
function templatesWithLayers(): Templates {
  for (const name of ['one', 'two']) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'both.txt'), name);
    writeFileSync(join(dir, name, `${name}.txt`), name);
  }
  const layers = ['one', 'two'].map((name) => ({
    stack: 'serving',
    ref: `arn:${name}`,
    properties: { Content: { S3Key: name } },
  }));
  return {
    resources: () => layers,
    asset: (_: string, key: string) => join(dir, key),
  } as unknown as Templates;
}

describe('Function: unpackLayers', () => {
  test('a later layer lies over an earlier one', () => {
    const opt = join(dir, 'opt');

    unpackLayers(templatesWithLayers(), ['arn:one', 'arn:two'], opt);

    const read = (file: string) => readFileSync(join(opt, file), 'utf8');
    expect([read('one.txt'), read('two.txt'), read('both.txt')]).toEqual(['one', 'two', 'two']);
  });

  test('nothing of an earlier unpacking is left', () => {
    const opt = join(dir, 'opt');
    const templates = templatesWithLayers();
    unpackLayers(templates, ['arn:two'], opt);

    unpackLayers(templates, ['arn:one'], opt);

    expect(() => readFileSync(join(opt, 'two.txt'))).toThrow(/ENOENT/);
  });

  test('a layer of somebody else is refused by name', () => {
    expect(() => unpackLayers(templatesWithLayers(), ['arn:public'], join(dir, 'opt'))).toThrow(
      /The layer arn:public is not in the templates/,
    );
  });
});
