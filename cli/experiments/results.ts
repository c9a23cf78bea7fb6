import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { versions } from '../../containers/trainer/versions.ts';

/** Metrics of a list of ranks, full ranking. */
export interface Scores {
  readonly hr5: number;
  readonly ndcg5: number;
  readonly hr10: number;
  readonly ndcg10: number;
}

/** One trained model on the test cases, with what the number was made from. */
export interface CellResult extends Scores {
  readonly name: string;
  readonly seed: number;
  readonly backbone: string;
  readonly objective: string;
  readonly validation: Scores;
  readonly epochs: number;
  readonly bestEpoch: number;
  /** Training and evaluation, without reading the data. */
  readonly seconds: number;
  readonly manifest: {
    /** Hash of settings, data and protocol; equal hashes are the same experiment. */
    readonly fingerprint: string;
    readonly settings: ResolvedModel;
    readonly versions: Readonly<Record<string, string>>;
    readonly commit: string;
    readonly finishedAt: string;
  };
}

/** `results.json`. */
export interface ExperimentResults {
  readonly data: {
    readonly file: string;
    readonly format: string;
  } & SequencesManifest;
  readonly machine: { readonly processor: string; readonly cores: number };
  readonly models: readonly CellResult[];
  /** Means over the seeds, and their standard deviation where there are several. */
  readonly summary: readonly {
    readonly name: string;
    readonly seeds: number;
    readonly mean: Scores;
    readonly deviation: Scores | null;
  }[];
  readonly baselines: readonly ({ readonly name: string; readonly seconds: number } & Scores)[];
}

export function scoresOf(ranks: Int32Array): Scores {
  const [five, ten] = [metricsAt(ranks, 5), metricsAt(ranks, 10)];
  return { hr5: five.hr, ndcg5: five.ndcg, hr10: ten.hr, ndcg10: ten.ndcg };
}

/** Identifies a cell's number: whatever could change it is in here. */
export function fingerprintOf(
  model: ResolvedModel,
  dataHash: string,
  excludeHistory: boolean,
  vectors?: Float32Array,
): string {
  const hash = createHash('sha256').update(JSON.stringify([1, model, dataHash, excludeHistory]));
  if (vectors !== undefined) {
    hash.update(new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength));
  }
  return hash.digest('hex');
}

/** The finished cell of an earlier run; undefined if there is none of this fingerprint. */
export function readCell(
  folder: string,
  file: string,
  fingerprint: string,
): CellResult | undefined {
  const path = join(folder, 'cells', `${file}.json`);
  if (!existsSync(path)) return undefined;
  const cell = JSON.parse(readFileSync(path, 'utf8')) as CellResult;
  return cell.manifest.fingerprint === fingerprint ? cell : undefined;
}

export function writeCell(folder: string, file: string, cell: CellResult): void {
  writeWhole(join(folder, 'cells', `${file}.json`), cell);
}

export function writeResults(folder: string, results: ExperimentResults): string {
  const path = join(folder, 'results.json');
  writeWhole(path, results);
  return path;
}

/** Written beside and renamed: a reader never sees half a file. */
export function writeWhole(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${path}.tmp`, path);
}

/** Means and standard deviations over the seeds of each model. */
export function summarise(cells: readonly CellResult[]): ExperimentResults['summary'] {
  const names = [...new Set(cells.map(({ name }) => name))];
  return names.map((name) => {
    const own = cells.filter((cell) => cell.name === name);
    const over = (compute: (values: readonly number[]) => number): Scores => {
      const of = (metric: keyof Scores) => compute(own.map((cell) => cell[metric]));
      return { hr5: of('hr5'), ndcg5: of('ndcg5'), hr10: of('hr10'), ndcg10: of('ndcg10') };
    };
    const mean = (values: readonly number[]) =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = (values: readonly number[]) => {
      const centre = mean(values);
      const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
      return Math.sqrt(squares / (values.length - 1));
    };
    return {
      name,
      seeds: own.length,
      mean: over(mean),
      deviation: own.length > 1 ? over(deviation) : null,
    };
  });
}

/** The commit that the numbers were made with; marked if files differ from it. */
export function currentCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', 'HEAD')}${isChanged ? ' with local changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

export function machine(): ExperimentResults['machine'] {
  const processors = cpus();
  return { processor: processors[0]?.model ?? 'unknown', cores: processors.length };
}

export { versions };

/** A table for a terminal. */
export function formatResults({ summary, baselines }: ExperimentResults): string {
  const rows = [
    ...baselines.map(({ name, ...scores }) => ({ name, seeds: '', scores, deviation: null })),
    ...summary.map(({ name, seeds, mean, deviation }) => ({
      name,
      seeds: String(seeds),
      scores: mean,
      deviation,
    })),
  ];
  const width = Math.max(5, ...rows.map(({ name }) => name.length));
  const header = `${'model'.padEnd(width)}  seeds    HR@5  NDCG@5   HR@10  NDCG@10`;
  const lines = rows.map(({ name, seeds, scores, deviation }) => {
    const numbers = [scores.hr5, scores.ndcg5, scores.hr10, scores.ndcg10]
      .map((value) => value.toFixed(4).padStart(6))
      .join('  ');
    const spread = deviation === null ? '' : ` +-${deviation.ndcg10.toFixed(4)}`;
    return `${name.padEnd(width)}  ${seeds.padStart(5)}  ${numbers}${spread}`;
  });
  return [header, ...lines].join('\n');
}
