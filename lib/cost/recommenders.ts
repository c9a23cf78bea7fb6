import { maximumJobSeconds } from '#lib/contracts/config/operations.ts';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import { fullCatalogueItems, type ResolvedModel } from '#lib/contracts/config/training.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { mayBeginWarm } from '#lib/contracts/needs.ts';
import { type DataCounts, learnedOf } from './data-counts.ts';
import { instanceUsd, known } from './instances.ts';
import type { CostPart } from './parts.ts';
import type { Prices, Range } from './prices.ts';
import { atWorst, exactly, product, scale, sum } from './range.ts';
import { jobTime, type StepTime } from './times.ts';

/** What of a model decides how long a transition takes. */
type TimedModel = Pick<ResolvedModel, 'dimension' | 'loss' | 'sampledItems'>;

/**
 * The training jobs, and the one that fits the winner on all actions.
 *
 * @param beginsWarm those that may begin from weights of an earlier night do (`training.warmStart`)
 */
export function trainCost(
  config: PipelineConfig,
  counts: DataCounts,
  tables: Prices,
  beginsWarm = false,
): {
  readonly cost: CostPart;
  readonly times: readonly StepTime[];
  /** Expected, jobs side by side as far as they may. */
  readonly seconds: number;
} {
  const { training, operations } = config;
  const instance = operations.trainerInstanceTypes[0]!;
  const { throughput } = tables;
  const cores = known(throughput.trainerCores, instance, 'config/throughput.json, trainerCores');
  const { base, perThousandItems } = throughput.trainerCoreMicroseconds;
  const jobOf = (
    epochs: Range,
    { dimension, loss, sampledItems }: TimedModel,
    transitions: number,
  ) => {
    // A sampled loss takes the same time whatever the catalogue.
    const isWhole =
      loss === 'cross-entropy' || (loss === 'auto' && counts.items <= fullCatalogueItems);
    const items = isWhole ? counts.items : Math.min(counts.items, sampledItems);
    const microseconds = (base + (perThousandItems * items) / 1000) * (dimension / 64);
    const epochSeconds = (transitions * microseconds * 1e-6) / cores;
    const work = scale(product(epochs, throughput.trainerSpread), epochSeconds);
    return atWorst(sum([throughput.jobStartSeconds, work]), maximumJobSeconds(operations));
  };
  const models = training.models.map((model) => resolveModel(training, model));
  const jobs = models.map((model, place) => {
    const { maximumEpochs, refitPasses, warmPatience } = model;
    const isWarm = beginsWarm && model.warmStart > 0 && mayBeginWarm(training.models[place]!);
    const patience = isWarm ? warmPatience : model.patience;
    // One better epoch, and those without one that end it.
    const expectedEpochs = isWarm ? warmPatience + 1 : throughput.expectedEpochs;
    // Passes over training and validation before the test cases are answered.
    const passes = config.evaluation.asServed ? refitPasses : 0;
    const epochs: Range = {
      low: Math.min(maximumEpochs, isWarm ? patience : patience + 1, expectedEpochs),
      expected: Math.min(maximumEpochs, expectedEpochs),
      high: maximumEpochs,
    };
    return jobOf(sum([epochs, exactly(passes)]), model, counts.transitions);
  });
  // Nobody knows who wins, and whether somebody new does: the longest, or none.
  const refits = models
    .filter(({ refitPasses }) => refitPasses > 0)
    .map((model) => jobOf(exactly(model.refitPasses), model, learnedOf(counts)));
  const refit: Range = {
    low: 0,
    expected: Math.max(0, ...refits.map((job) => job.expected)),
    high: Math.max(0, ...refits.map((job) => job.high)),
  };
  const seconds = sum([...jobs, refit]);
  const longest = Math.max(...jobs.map((job) => job.expected));
  return {
    cost: {
      part: `Train ${jobs.length} recommender${jobs.length === 1 ? '' : 's'}, fit the winner on all actions (${instance})`,
      kind: 'train',
      seconds,
      usd: instanceUsd(seconds, instance, operations.useSpotTraining, tables),
    },
    times: jobs.map((job, index) =>
      jobTime(
        `Training ${training.models[index]!.name} (${instance})`,
        job,
        operations.maximumRunHours,
        'lower training.maximumEpochs or sequences.maximumInteractions, or take a faster instance (operations.trainerInstanceTypes)',
      ),
    ),
    seconds:
      Math.max(longest, sum(jobs).expected / operations.trainingConcurrency) + refit.expected,
  };
}
