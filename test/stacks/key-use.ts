import { buildSync } from 'esbuild';
import * as keys from '#lib/contracts/keys.ts';
import { functionNames } from '#stacks/bundles.ts';

/** A call of an object operation that a function's bundle contains. */
export interface KeyUse {
  readonly operation: string;
  /** The arguments that are keys, as they stand in the code. */
  readonly expressions: readonly string[];
}

/** How many of an operation's first arguments are keys. */
const operations: Readonly<Record<string, number>> = {
  head: 1,
  getBytes: 1,
  getStream: 1,
  getJson: 1,
  getVersion: 1,
  list: 1,
  folders: 1,
  putBytes: 1,
  putJson: 1,
  putStream: 1,
  putStreamIfAbsent: 1,
  putStreamIfMatch: 1,
  putIfAbsent: 1,
  putIfMatch: 1,
  copy: 2,
  remove: 1,
};

/**
 * What each function does with objects, read from its bundle: only what esbuild's tree shaking leaves can run.
 *
 * @param root the repository's folder
 */
export function keyUses(root: string): Map<string, KeyUse[]> {
  const names = functionNames(root);
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: names.map((name) => `functions/${name}/handler.ts`),
    outbase: 'functions',
    outdir: 'out',
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    packages: 'external',
    write: false,
    logLevel: 'error',
  });
  return new Map(
    outputFiles.map((file) => [file.path.split('/').at(-2)!, usesIn(withoutAdapter(file.text))]),
  );
}

/** The adapter over S3 itself is not a use. */
function withoutAdapter(text: string): string {
  const begin = text.indexOf('// platform/objects.ts');
  if (begin === -1) return text;
  const end = text.indexOf('\n// ', begin + 1);
  return text.slice(0, begin) + text.slice(end);
}

function usesIn(text: string): KeyUse[] {
  const call = new RegExp(`objects\\d*\\.(${Object.keys(operations).join('|')})\\(`, 'g');
  return [...text.matchAll(call)].map((match) => ({
    operation: match[1]!,
    expressions: argumentsAt(text, match.index + match[0].length).slice(0, operations[match[1]!]),
  }));
}

/** The arguments of a call, from behind its parenthesis. */
function argumentsAt(text: string, begin: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = begin;
  for (let at = begin; at < text.length; at++) {
    const character = text[at]!;
    if ('([{'.includes(character)) depth++;
    else if (depth === 0 && (character === ')' || character === ',')) {
      found.push(text.slice(start, at).replace(/\s+/g, ' ').trim());
      if (character === ')') return found;
      start = at + 1;
    } else if (')]}'.includes(character)) depth--;
  }
  return found;
}

const rooms: Readonly<Record<string, Readonly<Record<string, unknown>>>> = keys as never;
const samples: readonly unknown[] = ['SAMPLE', 7];

/**
 * A key that `runs.config(run)` and the like may build.
 *
 * @returns undefined for an expression of another kind
 */
export function sampleKey(expression: string): string | undefined {
  const match = /^\[?\s*([a-z]+)\d*\.(\w+)(\(.*\))?\s*\]?$/s.exec(expression);
  const value = match === null ? undefined : rooms[match[1]!]?.[match[2]!];
  if (typeof value === 'string') return value;
  if (typeof value !== 'function') return undefined;
  const last = match![2] === 'modelRanks' || match![2] === 'evaluationCases' ? 'test' : samples[1];
  const first = Array.from({ length: value.length - 1 }, () => samples[0]);
  const built = value.length === 1 ? value(samples[0]) : value(...first, last);
  return typeof built === 'string' ? built : undefined;
}
