import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { championPointerKeys, championRecord, runChampion } from '#lib/contracts/champion.ts';
import { impression } from '#lib/contracts/impression.ts';
import { lock } from '#lib/contracts/lock.ts';
import { augmentedManifest } from '#lib/environment/augmented-manifest.ts';
import { sequencesExcluded, sequencesManifest } from '#lib/sequences/manifest.ts';
import { hyperparameters } from '../../containers/trainer/contract.ts';

const text = readFileSync(new URL('../../docs/contracts.md', import.meta.url), 'utf8').replaceAll(
  /\s*\n\s*/g,
  ' ',
);

/** The keys in the first `{...}` behind some words; `?` says that one may be absent. */
function keysBehind(words: string): { readonly all: string[]; readonly optional: string[] } {
  const begin = text.indexOf(words);
  if (begin === -1) throw new Error(`docs/contracts.md does not say "${words}".`);
  const [, list] = /\{([^{}]*)\}/.exec(text.slice(begin))!;
  const named = list!.split(',').map((key) => key.trim());
  return {
    all: named.map((key) => key.replace('?', '')).sort(),
    optional: named.flatMap((key) => (key.endsWith('?') ? key.slice(0, -1) : [])).sort(),
  };
}

describe('docs/contracts.md', () => {
  it.each<[string, z.ZodObject]>([
    ['`manifest.json`: `{users, items, trainItems, interactions', sequencesManifest],
    ['`excluded.json`, where the rest went', sequencesExcluded],
    ['`manifest.json` there: `{shards, missing', augmentedManifest],
    ['`champion.json`: `{run, name', championPointerKeys],
    ['`champions/<run>.json`', championRecord],
    ['`runs/<run>/champion.json`', runChampion],
    ['## 8. The lock', lock],
    ['## 12. Impressions', impression],
  ])('has the keys of the schema: %s', (words, schema) => {
    // Act
    const { all, optional } = keysBehind(words);
    // Assess
    expect(all).toStrictEqual(Object.keys(schema.shape).sort());
    if (optional.length === 0) return;
    const absent = Object.entries(schema.shape).flatMap(([key, value]) =>
      (value as z.ZodType).safeParse(undefined).success ? [key] : [],
    );
    for (const key of optional) expect(absent).toContain(key);
  });

  it('names the hyperparameters that the trainer takes, and no others', () => {
    // Arrange
    const [, listed] = /\*\*trainer\*\*: .*?hyperparameters (.*?)\. Writes/.exec(text)!;
    // Act
    const named = listed!.replaceAll(/\([^)]*\)/g, '').match(/`\w+`/g)!;
    // Assess
    expect(named.map((name) => name.slice(1, -1)).sort()).toStrictEqual(
      Object.keys(hyperparameters.shape).sort(),
    );
  });
});
