import { join } from 'node:path';
import type { EnvironmentConfig } from '#lib/contracts/config/environment.ts';
import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import type { Interval } from '#lib/evaluation/compare-ranks.ts';
import type { EpochRecord } from '#lib/recommender/checkpoint.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import type { DataAudit } from '../data/audit.ts';
import type { SameModel } from './asked-models.ts';
import type { SeededComparison } from './comparisons.ts';
import type { machine } from './provenance.ts';
import type { ColdScores, Scores } from './scores.ts';
import type { Tuned } from './tuning.ts';
import { writeWhole } from './whole-file.ts';

/** An epoch of a training. */
export type CurvePoint = Pick<EpochRecord, 'epoch' | 'loss' | 'validation_ndcg@10'>;

/** What an environment of an experiment cost, and what it knows. */
export interface EnvironmentResult {
  readonly name: string;
  readonly settings: EnvironmentConfig;
  /** Of the base model. */
  readonly parameters: number;
  /** That it was fitted on. */
  readonly users: number;
  readonly tokens: number;
  readonly flops: number;
  readonly fitCpuSeconds: number;
  /** Null where nobody asks it. */
  readonly askCpuSeconds: number | null;
  readonly transitions: number;
  readonly pairAccuracy: number;
  readonly popularityPairAccuracy: number;
  readonly heldOutPositions: number;
  readonly recallAt10: number;
  readonly popularityRecallAt10: number;
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
  /** By epoch; empty of a network of an earlier release. */
  readonly curve: readonly CurvePoint[];
  /** What the training took, in whatever cell it was. */
  readonly trainingSeconds: number;
  /** The cell itself, without reading the data. */
  readonly seconds: number;
  readonly manifest: {
    /** Hash of settings, data and protocol; equal hashes are the same experiment. */
    readonly fingerprint: string;
    readonly settings: ResolvedModel;
    readonly dataHash: string;
    /** Of the options that the cell was run with. */
    readonly configHash: string;
    readonly versions: Readonly<Record<string, string>>;
    readonly commit: string;
    readonly machine: ReturnType<typeof machine>;
    readonly finishedAt: string;
  };
}

/** `results.json`. */
export interface ExperimentResults {
  readonly data: {
    readonly file: string;
    readonly format: string;
  } & SequencesManifest;
  /** What rivals and statistics were computed with; a model's own is in its manifest. */
  readonly machine: ReturnType<typeof machine>;
  readonly commit: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Of the options, see `configHash`. */
  readonly configHash: string;
  /** Combinations of the grid that learn what another one does, and were left out. */
  readonly same: readonly SameModel[];
  /** What they cost and know; empty where no model reads any. */
  readonly environments: readonly EnvironmentResult[];
  readonly models: readonly CellResult[];
  /** Means over the seeds, and their standard deviation where there are several. */
  readonly summary: readonly {
    readonly name: string;
    readonly seeds: number;
    readonly mean: Scores;
    readonly deviation: Scores | null;
    /** Of a control: its model. */
    readonly controls: string | null;
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
  /** How all of them do on the test cases as time goes on, from the oldest; empty where there are few. */
  readonly trend: readonly TrendPoint[];
  /**
   * Every model beside the best rival on validation, the first model, the first of its backbone and objective, and each of its
   * controls; p-values corrected for all of them.
   */
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

/** NDCG@10 of every model and the best rival on the test cases of some time. */
interface TrendPoint {
  /** Unix seconds of the first and the last of them. */
  readonly from: number;
  readonly to: number;
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

export function writeResults(folder: string, results: ExperimentResults): string {
  const path = join(folder, 'results.json');
  writeWhole(path, results);
  return path;
}
