import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** The floors of `lib/`, in the order in which data flows; each may import only those before it. */
const floors = [
  'contracts',
  'cost',
  'interactions',
  'sequences',
  'popularity',
  'environment',
  'graph',
  'recommender',
  'evaluation',
  'promotion',
  'serving',
  'report',
];

/** What a top-level folder may import, besides itself and packages. */
const allowed: Record<string, readonly string[]> = {
  lib: [],
  platform: ['lib/contracts'],
  functions: ['platform', 'lib', 'config'],
  'containers/trainer': ['lib'],
  local: [],
  layers: [],
  stacks: ['lib/contracts', 'layers'],
  cli: ['local', 'platform', 'stacks', 'lib', 'containers/trainer', 'setup'],
};

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** Paths, relative to the repository, of the project's own files that a file imports. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const targets = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(
    (match) => match[1]!,
  );
  return targets.flatMap((target) => {
    if (target.startsWith('#')) return [target.slice(1)];
    if (target.startsWith('.')) return [normalize(join(dirname(file), target))];
    return [];
  });
}

const isBelow = (path: string, folder: string) => path.startsWith(`${folder}/`);

describe('Architecture', () => {
  test('every floor of lib/ is known', () => {
    const folders = readdirSync(join(root, 'lib'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);

    expect(folders.toSorted()).toEqual(floors.toSorted());
  });

  test.each(floors)('lib/%s imports only the floors before it', (floor) => {
    const before = floors.slice(0, floors.indexOf(floor) + 1).map((name) => `lib/${name}`);

    const wrong = sourcesBelow(`lib/${floor}`).flatMap((file) =>
      importsOf(file)
        .filter((target) => !before.some((folder) => isBelow(target, folder)))
        .map((target) => `${file} imports ${target}`),
    );

    expect(wrong).toEqual([]);
  });

  test.each(Object.entries(allowed))('%s imports only %j', (folder, others) => {
    const wrong = sourcesBelow(folder).flatMap((file) =>
      importsOf(file)
        .filter((target) => ![folder, ...others].some((place) => isBelow(target, place)))
        .map((target) => `${file} imports ${target}`),
    );

    expect(wrong).toEqual([]);
  });

  test('handlers are thin', () => {
    const long = sourcesBelow('functions')
      .filter((file) => file.endsWith('/handler.ts') && !file.includes('/shared/'))
      .map((file) => ({
        file,
        lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1,
      }))
      .filter(({ lines }) => lines > 40);

    expect(long).toEqual([]);
  });
});
