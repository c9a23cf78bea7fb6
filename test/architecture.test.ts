import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** The floors of `lib/`, in the order in which data flows; each may import only those before it. */
const floors = [
  'contracts',
  'cost',
  'preflight',
  'columns',
  'interactions',
  'sequences',
  'popularity',
  'environment',
  'graph',
  'recommender',
  'evaluation',
  'promotion',
  'serving',
  'deletion',
  'report',
];

/** Every room with sources, and what it may import besides itself and packages. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  platform: ['lib/contracts'],
  functions: ['platform', 'lib', 'config'],
  'containers/trainer': ['lib'],
  local: [],
  layers: [],
  stacks: ['lib/contracts', 'layers'],
  setup: [],
  cli: ['local', 'platform', 'stacks', 'lib', 'containers/trainer', 'setup'],
  bin: ['cli', 'local', 'stacks', 'lib/contracts', 'setup'],
  bench: ['cli', 'local', 'platform', 'stacks', 'layers', 'lib', 'containers/trainer', 'setup'],
  examples: [],
};

/** All sources of the rooms, and the project's own files that each imports, types included. */
const imports = new Map(
  Object.keys(rooms)
    .flatMap(sourcesBelow)
    .map((file) => [file, importsOf(file)]),
);

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

/** Imports of the files below a folder that lead anywhere but to the places named. */
function importsBeyond(folder: string, places: readonly string[]): string[] {
  return [...imports]
    .filter(([file]) => isBelow(file, folder))
    .flatMap(([file, targets]) =>
      targets
        .filter((target) => !places.some((place) => isBelow(target, place)))
        .map((target) => `${file} imports ${target}`),
    );
}

/** The circles of a directed graph: its strongly connected components of more than one node (Tarjan 1972). */
function circles(edges: ReadonlyMap<string, Iterable<string>>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string) => {
    order.set(node, order.size);
    lowest.set(node, order.get(node)!);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      const reached = stack.includes(next) ? lowest.get(next)! : Number.POSITIVE_INFINITY;
      lowest.set(node, Math.min(lowest.get(node)!, reached));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const component = stack.splice(stack.indexOf(node));
    if (component.length > 1) found.push(component.toSorted());
  };
  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return found;
}

/** Which folder directly below `parent` uses which other one, each with all that is below it. */
function folderGraph(parent: string): Map<string, Set<string>> {
  const folderOf = (file: string) => {
    const [name, ...rest] = file.slice(parent.length + 1).split('/');
    return isBelow(file, parent) && rest.length > 0 ? name : undefined;
  };
  const edges = new Map<string, Set<string>>();
  for (const [file, targets] of imports) {
    const from = folderOf(file);
    if (from === undefined) continue;
    const uses = edges.get(from) ?? new Set<string>();
    edges.set(from, uses);
    for (const target of targets) {
      const to = folderOf(target);
      if (to !== undefined && to !== from) uses.add(to);
    }
  }
  return edges;
}

describe('Architecture', () => {
  test('every source is one that Node.js itself can read: it takes less than the compiler and the tests do', () => {
    const unreadable = [...imports.keys()]
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => {
        try {
          stripTypeScriptTypes(readFileSync(join(root, file), 'utf8'));
          return [];
        } catch (error) {
          return [`${file}: ${(error as Error).message}`];
        }
      });

    expect(unreadable).toEqual([]);
  });

  test('every room is known, and every floor of lib/', () => {
    const folders = (below: string) =>
      readdirSync(join(root, below), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name);
    const withSources = ['.', 'containers']
      .flatMap((below) => folders(below).map((name) => normalize(join(below, name))))
      // Not ours, built, or what may use all of them.
      .filter(
        (folder) => !/^(\.|node_modules|cdk\.out|out|coverage|containers$|test$)/.test(folder),
      )
      .filter((folder) => sourcesBelow(folder).length > 0);

    expect(withSources.toSorted()).toEqual(Object.keys(rooms).toSorted());
    expect(folders('lib').toSorted()).toEqual(floors.toSorted());
  });

  test.each(floors)('lib/%s imports only the floors before it', (floor) => {
    const before = floors.slice(0, floors.indexOf(floor) + 1).map((name) => `lib/${name}`);

    expect(importsBeyond(`lib/${floor}`, before)).toEqual([]);
  });

  test.each(Object.entries(rooms))('%s imports only %j', (room, others) => {
    expect(importsBeyond(room, [room, ...others])).toEqual([]);
  });

  test.each(readdirSync(join(root, 'functions')))('functions/%s uses no other function', (name) => {
    const own = [`functions/${name}`, 'functions/shared'];
    const others = rooms.functions!;

    expect(importsBeyond(`functions/${name}`, [...own, ...others])).toEqual([]);
  });

  test('no file imports itself through others, not even for a type', () => {
    expect(circles(imports)).toEqual([]);
  });

  test('inside of a room, folders side by side do not import each other in a circle', () => {
    const parents = new Set([...imports.keys()].map((file) => dirname(dirname(file))));

    const found = [...parents].flatMap((parent) =>
      circles(folderGraph(parent)).map((folders) => `${parent}: ${folders.join(', ')}`),
    );

    expect(found).toEqual([]);
  });

  test('streams are joined by pipeline, which loses no error', () => {
    // `compose`, too, leaves whoever reads waiting when packed data are damaged.
    const joined = [...imports.keys()].filter((file) =>
      /\.compose\(|\.pipe\((?:create|new |process)/.test(readFileSync(join(root, file), 'utf8')),
    );

    expect(joined).toEqual([]);
  });

  test('handlers are thin', () => {
    const long = [...imports.keys()]
      .filter((file) => /^functions\/(?!shared).*\/handler\.ts$/.test(file))
      .map((file) => ({
        file,
        lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1,
      }))
      .filter(({ lines }) => lines > 40);

    expect(long).toEqual([]);
  });
});
