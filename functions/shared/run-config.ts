import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type PipelineConfig, pipelineConfig } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { ReadableObjects } from '#lib/contracts/objects.ts';

/**
 * The configuration that a run was begun with. An earlier release may have written it: settings that are new since then
 * have their defaults.
 *
 * @throws ConfigError that names the settings that this release does not have any more, and what to do
 */
export async function readRunConfig(
  objects: ReadableObjects,
  run: string,
): Promise<PipelineConfig> {
  const stored = pipelineConfig.safeParse(await objects.getJson(runs.config(run), z.unknown()));
  if (stored.success) return stored.data;
  throw new ConfigError(
    `Run ${run} was begun by another release with settings that this one does not take (${runs.config(run)}):\n${explain(stored.error)}\nBegin a run of another name, or resume this one with the release that began it.`,
  );
}

/** Differences that a message names. */
const differencesShown = 10;

/**
 * Where two configurations differ, a line for each setting: its path, what it was and what it is.
 *
 * @returns no line when they are the same
 */
export function explainDifferences(before: PipelineConfig, after: PipelineConfig): string {
  const lines = [...differences(before, after, '')];
  const more = lines.length - differencesShown;
  const rest = more > 0 ? [`  and ${more} more`] : [];
  return [...lines.slice(0, differencesShown), ...rest].join('\n');
}

function* differences(before: unknown, after: unknown, path: string): Generator<string> {
  if (isDeepStrictEqual(before, after)) return;
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* differences(before[key], after[key], path === '' ? key : `${path}.${key}`);
    }
    return;
  }
  yield `  ${path}: was ${show(before)}, is ${show(after)}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'not set';
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
