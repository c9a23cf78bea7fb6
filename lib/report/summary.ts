import * as z from 'zod';
import type { EnvironmentMetrics } from '#lib/environment/metrics.ts';
import {
  type Evaluation,
  type MetricEstimates,
  primaryMetric,
} from '#lib/evaluation/evaluation-file.ts';
import { leftOut, type RenewalPlan } from '#lib/promotion/renewal.ts';
import type { Verdict } from '#lib/promotion/verdict.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import { headline } from './headline.ts';

const score = z.number().min(0).max(1);

const served = z.strictObject({
  users: z.int().min(0),
  knownUsers: z.int().min(0),
  items: z.int().min(0),
  knownItems: z.int().min(0),
});

export type Served = z.infer<typeof served>;

/** `runs/<run>/summary.json`: the run in a page of JSON, for scripts and the terminal. */
export const runSummary = z.strictObject({
  status: z.enum(['succeeded', 'failed']),
  /** Wall-clock time of the run; on one machine from the command on, set-up included. */
  seconds: z.number().min(0),
  /** Actions that the run learned from and tested on, after all filters. */
  interactions: z.int().min(0),
  /** Uploaded rows that went to quarantine. */
  quarantined: z.int().min(0),
  users: z.int().min(0),
  items: z.int().min(0),
  /** Training sequences. */
  sequences: z.int().min(0),
  /** Transitions that the LLM environment gave states, rewards and candidates for. */
  augmentedTransitions: z.int().min(0),
  /** Those of them whose answers an earlier run had. */
  reusedTransitions: z.int().min(0).default(0),
  /** Null if no model of the run uses the environment. */
  environment: z
    .strictObject({
      baseModel: z.string(),
      /** Where its weights came from and what was done to them, in words. */
      baseModelOrigin: z.string(),
      parameters: z.int().min(0),
      pairAccuracy: score,
      subsetFraction: z.number().gt(0).max(1),
    })
    .nullable(),
  /** Test metrics. */
  models: z.array(
    z.strictObject({
      name: z.string(),
      backbone: z.string(),
      objective: z.string(),
      hr10: score,
      ndcg10: score,
      /** What is reached with one part after the other; empty where nothing is joined. */
      parts: z.array(z.strictObject({ added: z.string(), hr10: score, ndcg10: score })).default([]),
    }),
  ),
  baselines: z.array(z.strictObject({ name: z.string(), hr10: score, ndcg10: score })),
  /** The ranker that became the champion; if none did, the one that was best on the validation cases. */
  winner: z.string(),
  promoted: z.boolean(),
  /** Who is served from now on, and why, in one sentence. */
  verdict: z.string(),
  /** Models that are configured and were not trained, since little was new. */
  leftOut: z.array(z.string()).default([]),
  /** Users who get lists and items that can be in them, of all users with an action and all items of the catalogue. */
  served: served.nullable(),
  /** Where the report is: an S3 key, or a file on one machine. */
  report: z.string(),
});

export type RunSummary = z.infer<typeof runSummary>;

/** What a summary is made of. */
export interface SummaryInput {
  readonly seconds: number;
  readonly report: string;
  readonly sequences: SequencesManifest;
  readonly quarantined: number;
  readonly augmentedTransitions: number;
  readonly reusedTransitions: number;
  readonly environment: EnvironmentMetrics | undefined;
  readonly evaluation: Evaluation;
  readonly verdict: Verdict;
  readonly renewal: RenewalPlan;
  /** Undefined while nothing is in service. */
  readonly served: Served | undefined;
}

/** The summary of a run that came to its end. */
export function summarise(input: SummaryInput): RunSummary {
  const { sequences, environment, evaluation, verdict } = input;
  return {
    status: 'succeeded',
    seconds: input.seconds,
    interactions: sequences.interactions,
    quarantined: input.quarantined,
    users: sequences.users,
    items: sequences.items,
    sequences: sequences.trainSequences,
    augmentedTransitions: input.augmentedTransitions,
    reusedTransitions: input.reusedTransitions,
    environment:
      environment === undefined
        ? null
        : {
            baseModel: environment.baseModel,
            baseModelOrigin: environment.baseModelOrigin,
            parameters: environment.parameters,
            pairAccuracy: environment.pairAccuracy,
            subsetFraction: environment.subsetFraction,
          },
    models: evaluation.models.map(({ name, backbone, objective, metrics, parts = [] }) => ({
      name,
      backbone,
      objective,
      ...atTen(metrics),
      parts,
    })),
    baselines: evaluation.baselines.map(({ name, metrics }) => ({ name, ...atTen(metrics) })),
    winner: verdict.winner,
    promoted: verdict.promoted,
    verdict: headline(evaluation, verdict),
    leftOut: leftOut(input.renewal),
    served: input.served ?? null,
    report: input.report,
  };
}

function atTen(metrics: MetricEstimates) {
  return { hr10: metrics['hr@10']?.value ?? 0, ndcg10: metrics[primaryMetric]?.value ?? 0 };
}
