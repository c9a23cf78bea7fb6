import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { estimateCost } from '#lib/cost/cost.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { environmentMetrics } from '#lib/environment/metrics.ts';
import { metricsAt } from '#lib/recommender/ranking.ts';
import type { BuiltSequences } from '#lib/sequences/build.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { root } from '../../../setup/paths.mjs';
import { compareSeeds, type SeededComparison, type SeededRanks } from '../comparisons.ts';
import type { machine } from '../provenance.ts';
import type { StudyCell, StudyPlan } from './config.ts';
import type { ControlName } from './controls.ts';
import type { Asked } from './fitted.ts';

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
  readonly augmentation: Asked | null;
  readonly recommenders: readonly TrainedRecommender[];
  /** The same recommenders on answers of which a part is replaced, those that read that part. */
  readonly controls: readonly {
    readonly name: ControlName;
    readonly recommenders: readonly TrainedRecommender[];
  }[];
  readonly provenance: Provenance;
}

/** NDCG@10, the mean of the seeds, and its difference to the reference's with an interval over users and seeds. */
export interface RecommenderResult {
  readonly name: string;
  readonly ndcg10: number;
  readonly difference: SeededComparison | null;
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
    | (Asked & {
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
  readonly controls: readonly {
    readonly name: ControlName;
    readonly recommenders: readonly RecommenderResult[];
  }[];
  /**
   * Each recommender beside every one without environment and beside itself on each control (`<name>, <control>`),
   * intervals over users and seeds.
   */
  readonly comparisons: readonly SeededComparison[];
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
  const { users } = built.test;
  const others = bySeeds(plain);
  return {
    config: basename(plan.file),
    data: built.manifest,
    seeds: plan.seeds,
    instance: config.operations.environmentInstanceTypes[0]!,
    plain: describe(others, others[0], users),
    cells: cells.map((measured) => cellResult(measured, others, users)),
  };
}

function cellResult(
  { cell, folder, fit, augmentation, recommenders, controls, provenance }: CellMeasurement,
  plain: readonly SeededRanks[],
  users: readonly string[],
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
    recommenders: describe(bySeeds(recommenders), plain[0], users),
    controls: controls.map((control) => ({
      name: control.name,
      recommenders: describe(bySeeds(control.recommenders), plain[0], users),
    })),
    comparisons: bySeeds(recommenders).flatMap((own) =>
      compareSeeds(
        users,
        [own],
        [
          ...plain,
          ...controls.flatMap(({ name, recommenders: replaced }) =>
            bySeeds(replaced.filter((each) => each.name === own.name)).map(({ ranks }) => ({
              name: `${own.name}, ${name}`,
              ranks,
            })),
          ),
        ],
      ),
    ),
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

/** NDCG@10 of each recommender, and how far it is ahead of the reference. */
function describe(
  trained: readonly SeededRanks[],
  reference: SeededRanks | undefined,
  users: readonly string[],
): RecommenderResult[] {
  return trained.map((own) => {
    const bySeed = own.ranks.map((ranks) => metricsAt(ranks, 10).ndcg);
    const isCompared = reference !== undefined && own.name !== reference.name;
    return {
      name: own.name,
      ndcg10: bySeed.reduce((sum, value) => sum + value, 0) / bySeed.length,
      difference: isCompared ? compareSeeds(users, [own], [reference])[0]! : null,
      bySeed,
    };
  });
}

/** The seeds of each recommender together. */
function bySeeds(trained: readonly TrainedRecommender[]): SeededRanks[] {
  return [...new Set(trained.map(({ name }) => name))].map((name) => ({
    name,
    ranks: trained.flatMap((each) => (each.name === name ? [each.ranks] : [])),
  }));
}
