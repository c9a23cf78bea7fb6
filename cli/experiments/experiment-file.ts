import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '#lib/contracts/errors.ts';
import { isPattern } from '../data/expand-files.ts';
import type { ReadOptions } from './options.ts';

/**
 * The options of an experiment's file, paths resolved from where it lies; what is wrong with them is said by
 * `planExperiment`. Undefined for a pipeline configuration, in which `interactions` is a section and no file.
 *
 * @throws ConfigError if the file is no JSON object
 */
export function experimentFile(path: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`${path} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`${path} holds no JSON object.`);
  }
  const file = value as Record<string, unknown>;
  if (typeof file.interactions !== 'string' && !Array.isArray(file.data)) return undefined;
  const beside = (own: unknown) => (typeof own === 'string' ? resolve(dirname(path), own) : own);
  const located = (own: Record<string, unknown>) => ({
    ...own,
    ...Object.fromEntries(
      ['interactions', 'vectors', 'items', 'baseModels']
        .filter((key) => own[key] !== undefined)
        .map((key) => [key, beside(own[key])]),
    ),
  });
  const { data } = file;
  return {
    ...located(file),
    ...(Array.isArray(data) && {
      data: data.map((own) => (typeof own === 'object' && own !== null ? located(own) : own)),
    }),
  };
}

/**
 * Everything that an experiment reads is looked for before any of it is read.
 *
 * @throws ConfigError naming the first file or folder that is not there, and what makes it
 */
export function expectFiles({ interactions, items, vectors, baseModels }: ReadOptions): void {
  const made = items === undefined ? '--items FILE' : `--items ${items}`;
  const needed = [
    { key: 'interactions', path: interactions },
    { key: 'items', path: items },
    { key: 'vectors', path: vectors, hint: `npx lea vectors ${made} --out ${vectors}` },
    { key: 'baseModels', path: baseModels, hint: 'npm run setup' },
  ];
  for (const { key, path, hint } of needed) {
    if (path === undefined || isPattern(path) || existsSync(path)) continue;
    throw new ConfigError(
      `${path} is not there, which the experiment names as "${key}"${hint ? `: \`${hint}\` makes it` : ''}.`,
    );
  }
}
