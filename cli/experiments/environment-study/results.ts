import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { estimateCost } from '#lib/cost/cost.ts';
import { parsePrices } from '#lib/cost/prices.ts';
import { root } from '../../../setup/paths.mjs';
import type { EnvironmentResult, ExperimentResults } from '../results.ts';
import type { StudyPlan } from './config.ts';

/** A recommender that was trained with an environment, and how far it is ahead of the reference. */
export interface FrontierRecommender {
  readonly name: string;
  /** NDCG@10, the mean of the seeds. */
  readonly ndcg10: number;
  readonly deviation: number | null;
  /** Of the experiment's grid: intervals over users and seeds, corrected for all comparisons. */
  readonly difference: ExperimentResults['grid'][number] | null;
}

/** An environment: what it costs, what it knows, and what comes of it. */
export interface FrontierPoint {
  readonly varied: Readonly<Record<string, unknown>>;
  readonly environment: EnvironmentResult;
  /** Null where nobody asks it. */
  readonly cpuSecondsPerMillion: number | null;
  /** Estimate for AWS from `config/prices.json` and `config/throughput.json`, without the endpoint's start. */
  readonly usdPerMillion: number | null;
  readonly recommenders: readonly FrontierRecommender[];
}

/** `results.json` of a study: those of its experiment, and the frontier. */
export interface StudyResults extends ExperimentResults {
  /** Name of the study's file. */
  readonly config: string;
  readonly instance: string;
  /** The recommender without environment that others are set beside; null where environments are fitted only. */
  readonly reference: FrontierRecommender | null;
  readonly frontier: readonly FrontierPoint[];
}

/** Adds to the results of the experiment what each environment of the grid costs and what comes of it. */
export function summariseStudy(plan: StudyPlan, results: ExperimentResults): StudyResults {
  const { operations } = plan.cells[0]!.config;
  const [reference] = results.summary;
  const describe = (name: string): FrontierRecommender[] =>
    results.summary
      .filter((own) => own.name === name)
      .map(({ mean, deviation }) => ({
        name,
        ndcg10: mean.ndcg10,
        deviation: deviation?.ndcg10 ?? null,
        difference: results.grid.find(({ a, b }) => a === name && b === reference?.name) ?? null,
      }));
  return {
    ...results,
    config: basename(plan.file),
    instance: operations.environmentInstanceTypes[0]!,
    reference: (reference && describe(reference.name)[0]) ?? null,
    frontier: plan.cells.flatMap(({ name, varied, config }) => {
      const environment = results.environments.find((own) => own.name === name);
      if (environment === undefined) return [];
      const { askCpuSeconds, transitions, parameters } = environment;
      const isAsked = askCpuSeconds !== null;
      const trained = results.summary.filter(
        (own) => own.controls === null && own.name.endsWith(`+${name}`),
      );
      return {
        varied,
        environment,
        cpuSecondsPerMillion: isAsked ? (1e6 * askCpuSeconds) / transitions : null,
        usdPerMillion: isAsked ? usdPerMillion(config, parameters) : null,
        recommenders: trained.flatMap((own) => describe(own.name)),
      };
    }),
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
