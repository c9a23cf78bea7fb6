import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { compareRanks, type Interval } from '#lib/evaluation/compare-ranks.ts';
import { decodeRanks, encodeInts } from '#lib/evaluation/ranks.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { versions } from '../../containers/trainer/versions.ts';
import type { DataAudit } from '../data/audit.ts';
import type { SeededComparison } from './comparisons.ts';
import type { Tuned } from './tuning.ts';

/** Metrics of a list of ranks, full ranking. */
export interface Scores {
  readonly hr5: number;
  readonly ndcg5: number;
  readonly hr10: number;
  readonly ndcg10: number;
}

/** Test cases on items without a training action beside the others, ranked among all items. */
export interface ColdScores {
  readonly cases: number;
  readonly hr10: number;
  readonly warmHr10: number;
}

/** One trained model on the test cases, with what the number was made from. */
export interface CellResult extends Scores {
  readonly name: string;
  readonly seed: number;
  readonly backbone: string;
  readonly objective: string;
  readonly validation: Scores;
  /** Null where every test case is on an item with a training action. */
  readonly cold: ColdScores | null;
  /** Different items in the first ten places of all test lists. */
  readonly shown: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  /** What the training took, in whatever cell it was. */
  readonly trainingSeconds: number;
  /** The cell itself, without reading the data. */
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
    /** Means over the seeds. */
    readonly cold: ColdScores | null;
    readonly shown: number;
    /** NDCG@10 minus that of the first model, seeds together, with an interval over users; null for the first one. */
    readonly gain: Interval | null;
  }[];
  readonly baselines: readonly ({
    readonly name: string;
    readonly validation: Scores;
    readonly seconds: number;
  } & Scores)[];
  /** Each model, all of its seeds together, beside each baseline on the test cases. */
  readonly comparisons: readonly SeededComparison[];
  readonly audit: DataAudit;
  /** Every trial of every model; empty without tuning. */
  readonly tuning: readonly TunedArm[];
  /** What an arm differs by from itself with other seeds, see `noiseFloor`; null with one seed. */
  readonly noiseFloor: number | null;
  /** The comparison that the experiment was made for, and what came of it. */
  readonly primary: (SeededComparison & { readonly verdict: Verdict }) | null;
  readonly strata: readonly StratumScores[];
  /** Every model beside the best rival on validation, and beside the first model; p-values corrected for all of them. */
  readonly grid: readonly (SeededComparison & {
    readonly holm: number;
    readonly verdict: Verdict;
  })[];
}

/** NDCG@10 of every model and the best rival on some of the test cases. */
interface StratumScores {
  readonly by: string;
  readonly name: string;
  readonly cases: number;
  readonly rankers: readonly { readonly name: string; readonly ndcg10: number }[];
}

/** What a difference is called: none where chance, or another seed, would do as much. */
export type Verdict = 'better' | 'worse' | 'none';

/** How an arm was tuned. */
export interface TunedArm {
  readonly name: string;
  readonly trials: readonly {
    readonly settings: Tuned;
    /** NDCG@10 on validation, which chooses. */
    readonly validation: number;
    readonly seconds: number;
  }[];
  readonly chosen: Tuned;
}

export function scoresOf(ranks: Int32Array): Scores {
  const [five, ten] = [metricsAt(ranks, 5), metricsAt(ranks, 10)];
  return { hr5: five.hr, ndcg5: five.ndcg, hr10: ten.hr, ndcg10: ten.ndcg };
}

/** @param trainItems items with a training action, which come first in the vocabulary */
export function coldScores(
  ranks: Int32Array,
  targets: Int32Array,
  trainItems: number,
): ColdScores | null {
  const part = (isCold: boolean) =>
    ranks.filter((_, index) => targets[index]! > trainItems === isCold);
  const cold = part(true);
  if (cold.length === 0) return null;
  const hr = (some: Int32Array) => metricsAt(some, 10).hr;
  return { cases: cold.length, hr10: hr(cold), warmHr10: hr(part(false)) };
}

/** @param lists item indices, 0 for an empty place */
export function shownItems(lists: Int32Array): number {
  const shown = new Set(lists);
  shown.delete(0);
  return shown.size;
}

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
export function writeCell(folder: string, file: string, { result, ranks }: FinishedCell): void {
  const ranksPath = join(folder, 'cells', `${file}.ranks.bin`);
  mkdirSync(dirname(ranksPath), { recursive: true });
  writeFileSync(ranksPath, encodeInts(ranks));
  writeWhole(join(folder, 'cells', `${file}.json`), result);
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

/**
 * Means and standard deviations over the seeds of each model, and what each gains on the first.
 *
 * @param users of the test cases
 */
export function summarise(
  finished: readonly FinishedCell[],
  users: readonly string[],
): ExperimentResults['summary'] {
  const names = [...new Set(finished.map(({ result }) => result.name))];
  return names.map((name) => {
    const own = cellsOf(finished, name).map(({ result }) => result);
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
      cold: meanCold(own),
      shown: mean(own.map(({ shown }) => shown)),
      gain: name === names[0] ? null : gainOn(finished, names[0]!, name, users),
    };
  });
}

const cellsOf = (finished: readonly FinishedCell[], name: string) =>
  finished.filter(({ result }) => result.name === name);

function meanCold(own: readonly CellResult[]): ColdScores | null {
  const cold = own.flatMap((cell) => cell.cold ?? []);
  if (cold.length === 0) return null;
  const mean = (of: (scores: ColdScores) => number) =>
    cold.reduce((sum, scores) => sum + of(scores), 0) / cold.length;
  return {
    cases: cold[0]!.cases,
    hr10: mean(({ hr10 }) => hr10),
    warmHr10: mean(({ warmHr10 }) => warmHr10),
  };
}

/** The seeds that both have, one after the other; a user's cases are drawn together whatever the seed. */
function gainOn(
  finished: readonly FinishedCell[],
  first: string,
  name: string,
  users: readonly string[],
): Interval {
  const pairs = cellsOf(finished, name).flatMap(({ result, ranks }) => {
    const peer = cellsOf(finished, first).find((cell) => cell.result.seed === result.seed);
    return peer === undefined ? [] : [{ ranks, peer: peer.ranks }];
  });
  const joined = (of: (pair: (typeof pairs)[number]) => Int32Array) =>
    Int32Array.from(pairs.flatMap((pair) => [...of(pair)]));
  return compareRanks(
    pairs.flatMap(() => users),
    joined(({ ranks }) => ranks),
    joined(({ peer }) => peer),
    { bootstrapSamples: 2000, confidence: 0.95, seed: 1 },
  ).difference;
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
