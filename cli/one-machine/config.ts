import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  expectKeptNames,
  type PipelineConfig,
  parseConfig,
  withoutSchema,
} from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { root } from '../../setup/paths.mjs';

const oneMachine = join(root, 'config/one-machine.json');

/** @throws ConfigError naming the file and what is wrong in it */
export function readConfig(file: string): PipelineConfig {
  return parseConfig(readJson(file), file);
}

/**
 * The configuration of a night on this machine: what `file` says, and for what it leaves out, what
 * `config/one-machine.json` says; lists are taken whole.
 *
 * @returns the configuration, and the same as the text of a file, with no defaults filled in
 * @throws ConfigError naming the file and what is wrong in it
 */
export function nightConfig(file: string | undefined): {
  readonly config: PipelineConfig;
  readonly configText: string;
} {
  const value = overlay(readJson(oneMachine), file === undefined ? {} : readJson(file));
  return {
    config: parseConfig(value, file ?? oneMachine),
    configText: `${JSON.stringify(value, null, 2)}\n`,
  };
}

function readJson(file: string): unknown {
  let value: unknown;
  try {
    value = withoutSchema(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new ConfigError(`${file} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
  expectKeptNames(value, file);
  return value;
}

/** `above` where it says something, `below` elsewhere; only objects are gone into. */
function overlay(below: unknown, above: unknown): unknown {
  if (!isObject(below) || !isObject(above)) return above;
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    merged[key] = key in below ? overlay(below[key], value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
