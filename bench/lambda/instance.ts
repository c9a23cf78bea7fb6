import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a new instance of a function took, in milliseconds. */
export interface Started {
  readonly imported: number;
  /** From the start of the process to the answer to the first request; null without requests. */
  readonly firstAnswer: number | null;
  readonly later: readonly number[];
  /** Of processors, all threads together, as `later`. */
  readonly laterProcessor: readonly number[];
}

/** Requests for recommendations, one after another. */
export interface Requests {
  readonly requests: number;
  /** Size of the catalogue, and of each history. */
  readonly items: number;
  readonly window: number;
}

const script = join(import.meta.dirname, 'start.mjs');

/**
 * Starts a new instance of a function in a process of its own.
 *
 * @param handler path of the bundle
 * @param environment all the variables that the function has
 */
export async function startInstance(
  handler: string,
  environment: Readonly<Record<string, string>>,
  { requests, items, window }: Requests = { requests: 0, items: 1, window: 0 },
): Promise<Started> {
  const args = [script, handler, ...[requests, items, window].map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { NODE_OPTIONS: '--enable-source-maps', ...environment },
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
}

/** The value below which a share (0-1) of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
