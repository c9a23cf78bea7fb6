import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { decodeRanks, encodeInts } from '#lib/evaluation/ranks.ts';
import type { CellResult } from './results.ts';
import { writeWhole } from './whole-file.ts';

/** Identifies a cell's number: whatever could change it is in here. */
export function fingerprintOf(
  model: ResolvedModel,
  dataHash: string,
  excludeHistory: boolean,
  vectors?: Float32Array,
): string {
  const hash = createHash('sha256').update(JSON.stringify([2, model, dataHash, excludeHistory]));
  if (vectors !== undefined) {
    hash.update(new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength));
  }
  return hash.digest('hex');
}

/** A cell's result and the ranks of its test cases, `[cases]`. */
export interface FinishedCell {
  readonly result: CellResult;
  readonly ranks: Int32Array;
  /** Of a control: the model that it is to be beaten by. */
  readonly controls?: string | undefined;
}

/**
 * The finished cell of an earlier run; undefined if there is none of this fingerprint.
 *
 * @param cases how many test cases it ranked
 */
export function readCell(
  folder: string,
  file: string,
  fingerprint: string,
  cases: number,
): FinishedCell | undefined {
  const path = join(folder, 'cells', `${file}.json`);
  const ranksPath = join(folder, 'cells', `${file}.ranks.bin`);
  if (!existsSync(path) || !existsSync(ranksPath)) return undefined;
  const result = JSON.parse(readFileSync(path, 'utf8')) as CellResult;
  if (result.manifest.fingerprint !== fingerprint) return undefined;
  return { result, ranks: decodeRanks(readFileSync(ranksPath), cases, ranksPath) };
}

/** The ranks first: a result says that they are there. */
export function writeCell(
  folder: string,
  file: string,
  { result, ranks }: Pick<FinishedCell, 'result' | 'ranks'>,
): void {
  const ranksPath = join(folder, 'cells', `${file}.ranks.bin`);
  mkdirSync(dirname(ranksPath), { recursive: true });
  writeFileSync(ranksPath, encodeInts(ranks));
  writeWhole(join(folder, 'cells', `${file}.json`), result);
}
