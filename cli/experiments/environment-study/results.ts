import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { estimateCost } from '#lib/cost/cost.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { environmentMetrics } from '#lib/environment/metrics.ts';
import { evaluate } from '#lib/evaluation/evaluate.ts';
import { type Estimate, primaryMetric } from '#lib/evaluation/evaluation-file.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { root } from '../../../setup/paths.mjs';
import type { machine } from '../results.ts';
import type { StudyCell, StudyPlan } from './config.ts';

/** What it cost to ask an environment about all training sequences. */
export interface Augmentation {
  readonly transitions: number;
  readonly cpuSeconds: number;
}

/** A recommender and its ranks of the test cases. */
export interface TrainedRecommender {
  readonly name: string;
  readonly seed: number;
  readonly ranks: Int32Array;
}

/** Where, when and with what a number was measured. */
export interface Provenance {
  readonly commit: string;
  readonly machine: ReturnType<typeof machine>;
  /** ISO 8601. */
  readonly finishedAt: string;
}

/** All that a cell's jobs left behind. */
export interface CellMeasurement {
  readonly cell: StudyCell;
  /** Relative to the study's folder. */
  readonly folder: string;
  /** The environment's `metrics.json`. */
  readonly fit: Readonly<Record<string, unknown>>;
  /** Null where environments are fitted only. */
  readonly augmentation: Augmentation | null;
  readonly recommenders: readonly TrainedRecommender[];
  readonly provenance: Provenance;
}

/** NDCG@10 over the seeds, and its difference to the reference's, with intervals over users. */
export interface RecommenderResult {
  readonly name: string;
  readonly ndcg10: Estimate;
  readonly difference: (Estimate & { readonly pValue: number }) | null;
  /** NDCG@10 of each seed. */
  readonly bySeed: readonly number[];
}

export interface CellResult {
  readonly name: string;
  readonly varied: Readonly<Record<string, unknown>>;
  /** Where its environment, its augmented shards and its recommenders are, each with its own manifest. */
  readonly folder: string;
  readonly fit: {
    readonly cpuSeconds: number;
    readonly tokens: number;
    readonly flops: number;
    readonly users: number;
  };
  readonly augmentation:
    | (Augmentation & {
        readonly cpuSecondsPerMillion: number;
        /** Estimate for AWS from `config/prices.json` and `config/throughput.json`, without the endpoint's start. */
        readonly usdPerMillion: number;
      })
    | null;
  readonly pairAccuracy: number;
  readonly popularityPairAccuracy: number;
  readonly heldOutPositions: number;
  readonly recallAt10: number;
  readonly popularityRecallAt10: number;
  readonly recommenders: readonly RecommenderResult[];
  /** The environment's configuration. */
  readonly environment: PipelineConfig['environment'];
  readonly provenance: Provenance;
}

/** `results.json` of a study. */
export interface StudyResults {
  /** Name of the study's file. */
  readonly config: string;
  readonly data: SequencesManifest;
  readonly seeds: number;
  readonly instance: string;
  readonly plain: readonly RecommenderResult[];
  readonly cells: readonly CellResult[];
}

/** Turns measurements into `results.json`; the first plain recommender is the reference. */
export function summariseStudy(
  plan: StudyPlan,
  built: BuiltSequences,
  plain: readonly TrainedRecommender[],
  cells: readonly CellMeasurement[],
): StudyResults {
  const config = plan.cells[0]!.config;
  const reference = plain.filter(({ name }) => name === plain[0]?.name);
  const compare = (trained: readonly TrainedRecommender[]) =>
    compareWith(reference, trained, built.test, config);
  return {
    config: basename(plan.file),
    data: built.manifest,
    seeds: plan.seeds,
    instance: config.operations.environmentInstanceTypes[0]!,
    plain: compare(plain),
    cells: cells.map((measured) => cellResult(measured, compare(measured.recommenders))),
  };
}

function cellResult(
  { cell, folder, fit, augmentation, provenance }: CellMeasurement,
  recommenders: readonly RecommenderResult[],
): CellResult {
  const metrics = environmentMetrics.parse(fit);
  const number = (name: string) => Number(fit[name]);
  return {
    name: cell.name,
    varied: cell.varied,
    folder,
    fit: {
      cpuSeconds: number('cpuSeconds'),
      tokens: metrics.tokens,
      flops: number('itemTokenFlops') + number('adapterFlops'),
      users: metrics.users,
    },
    augmentation: augmentation && {
      ...augmentation,
      cpuSecondsPerMillion: (1e6 * augmentation.cpuSeconds) / augmentation.transitions,
      usdPerMillion: usdPerMillion(cell.config, metrics.parameters),
    },
    pairAccuracy: metrics.pairAccuracy,
    popularityPairAccuracy: number('popularityPairAccuracy'),
    heldOutPositions: number('heldOutPositions'),
    recallAt10: metrics.recallAt10,
    popularityRecallAt10: metrics.popularityRecallAt10,
    recommenders,
    environment: cell.config.environment,
    provenance,
  };
}

/** What a million transitions more cost: the endpoint's start, which every run pays once, is left out. */
function usdPerMillion(config: PipelineConfig, baseModelParameters: number): number {
  const table = (name: string) => JSON.parse(readFileSync(join(root, 'config', name), 'utf8'));
  const prices = parsePrices(table('prices.json'), table('throughput.json'));
  const asking = (transitions: number) =>
    estimateCost(
      config,
      { interactions: transitions, items: 1, transitions, baseModelParameters },
      prices,
    )
      .parts.filter(({ part }) => /Ask the environment|answers/.test(part))
      .reduce((sum, { usd }) => sum + usd.expected, 0);
  return asking(2e6) - asking(1e6);
}

/**
 * Estimates of each recommender, and of its difference to the reference of the same seed. All seeds' cases go into one
 * evaluation; a user's cases stay together, so an interval tells of users, not of seeds.
 */
function compareWith(
  reference: readonly TrainedRecommender[],
  trained: readonly TrainedRecommender[],
  cases: EvaluationCases,
  config: PipelineConfig,
): RecommenderResult[] {
  const names = [...new Set(trained.map(({ name }) => name))];
  return names.map((name) => {
    const own = trained.filter((each) => each.name === name);
    const repeated = repeat(cases, own.length);
    const ranked = [own, reference].map((recommenders, index) => {
      const ranks = joined(recommenders.map(({ ranks }) => ranks));
      return {
        name: index === 0 ? 'own' : 'reference',
        backbone: '',
        objective: '',
        recipe: '',
        ranks: { validation: ranks, test: ranks },
      };
    });
    const isReference = name === reference[0]?.name;
    const evaluated = evaluate({
      cases: { validation: repeated, test: repeated },
      models: isReference ? ranked.slice(0, 1) : ranked,
      baselines: [],
      config: config.evaluation,
    });
    const difference = evaluated.comparisons.find(({ metric }) => metric === primaryMetric);
    return {
      name,
      ndcg10: evaluated.models[0]!.metrics[primaryMetric]!,
      difference: difference
        ? {
            value: difference.difference,
            low: difference.low,
            high: difference.high,
            pValue: difference.pValue,
          }
        : null,
      bySeed: own.map(({ ranks }) => metricsAt(ranks, 10).ndcg),
    };
  });
}

/** The same cases several times over, as far as evaluation reads them: whose they are, and how many. */
function repeat(cases: EvaluationCases, times: number): EvaluationCases {
  const several = Array.from({ length: times });
  return {
    ...cases,
    users: several.flatMap(() => cases.users),
    targets: joined(several.map(() => cases.targets)),
  };
}

function joined(arrays: readonly Int32Array[]): Int32Array {
  return Int32Array.from(arrays.flatMap((array) => [...array]));
}
