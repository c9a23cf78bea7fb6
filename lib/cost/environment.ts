import { maximumJobSeconds } from '#lib/contracts/config/operations.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import type { DataCounts } from './data-counts.ts';
import { gpuSeconds, instanceUsd, known } from './instances.ts';
import type { CostPart, PartKind } from './parts.ts';
import type { Prices, Range } from './prices.ts';
import { atWorst, exactly, per, product, scale, sum } from './range.ts';
import { jobTime, type StepTime } from './times.ts';
import { processorGigabytes } from './work.ts';

/** A part that is a job, and its time. */
interface JobCost {
  readonly cost: CostPart;
  readonly time: StepTime;
}

/**
 * Reading the whole catalogue, as the first night does. Later ones read new texts only, and start no job without any,
 * hence `low`.
 */
export function vectorsCost(config: PipelineConfig, counts: DataCounts, tables: Prices): JobCost {
  const { environment, operations } = config;
  const instance = operations.vectorsInstanceTypes[0]!;
  const { encoder, maximumTextTokens } = environment.itemVectors;
  const tokens = (counts.catalogueItems ?? counts.items) * maximumTextTokens;
  const operationsCount = encoder === 'tfidf' ? 0 : 2 * counts.baseModelParameters * tokens;
  const work = readingSeconds(operationsCount, instance, tables);
  const all = sum([tables.throughput.jobStartSeconds, work]);
  const seconds = { ...atWorst(all, maximumJobSeconds(operations)), low: 0 };
  const part = `Item vectors (${instance})`;
  return trainingJobCost(
    { part, kind: 'vectors', seconds, instance },
    operations,
    tables,
    'lower environment.itemVectors.layers or take a faster instance, one with a GPU (operations.vectorsInstanceTypes)',
  );
}

/** A training job: which part of the run it is, how long it takes and where it runs. */
interface Job {
  readonly part: string;
  readonly kind: PartKind;
  readonly seconds: Range;
  readonly instance: string;
}

/** What a training job costs and how long it takes. @param remedy what to do where it would not end in time */
function trainingJobCost(
  { part, kind, seconds, instance }: Job,
  { useSpotTraining, maximumRunHours }: PipelineConfig['operations'],
  tables: Prices,
  remedy: string,
): JobCost {
  return {
    cost: {
      part,
      kind,
      seconds,
      usd: instanceUsd(seconds, instance, useSpotTraining, tables),
    },
    time: jobTime(part, seconds, maximumRunHours, remedy),
  };
}

/** On a GPU as the environment answers; without one, on all cores. */
function readingSeconds(count: number, instance: string, tables: Prices): Range {
  const { throughput } = tables;
  if (throughput.peakTeraflops[instance] !== undefined) {
    return gpuSeconds(count, instance, throughput.askUtilisation, tables);
  }
  const cores = known(
    throughput.trainerCores,
    instance,
    'config/throughput.json, peakTeraflops or trainerCores',
  );
  return per(count, scale(throughput.coreGigaflops, cores * 1e9));
}

/** The fit of the language model, on the logs' histories and the items' texts. */
export function fitCost(config: PipelineConfig, counts: DataCounts, tables: Prices): JobCost {
  const { environment, operations } = config;
  const instance = operations.environmentInstanceTypes[0]!;
  const { itemTokens, adapter, subsetFraction } = environment;
  const textTokens = counts.items * itemTokens.maximumTextTokens * itemTokens.epochs;
  // A logged action is a token, and so are its negatives where actions are read (docs/environment.md, What it costs).
  const negatives = environment.readActions ? adapter.negatives : 0;
  const sequenceTokens = subsetFraction * counts.transitions * (1 + negatives) * adapter.epochs;
  const operationsCount = counts.baseModelParameters * 4 * (textTokens + sequenceTokens);
  const { throughput } = tables;
  const work = gpuSeconds(operationsCount, instance, throughput.fitUtilisation, tables);
  const steps = (textTokens + sequenceTokens) / adapter.batchTokens;
  const all = sum([throughput.jobStartSeconds, scale(throughput.fitStepSeconds, steps), work]);
  const seconds = atWorst(all, maximumJobSeconds(operations));
  const part = `Fit the environment (${instance})`;
  return trainingJobCost(
    { part, kind: 'fit', seconds, instance },
    operations,
    tables,
    'lower environment.subsetFraction or take a faster instance (operations.environmentInstanceTypes)',
  );
}

/** Share of a run within which the environment is to be asked, with as many instances as that takes and there may be. */
const askingShare = 1 / 4;

/** How many instances of the endpoint answer side by side. @param asking seconds of one instance for all answers */
function instancesFor(asking: Range, operations: PipelineConfig['operations']): number {
  const share = askingShare * operations.maximumRunHours * 3600;
  const needed = Math.max(1, Math.ceil(asking.expected / share));
  return Math.min(needed, operations.environmentInstances);
}

/**
 * The endpoint that answers, and the functions that wait for its answers.
 *
 * @param asked share of the transitions that it is asked about; none starts no endpoint
 */
export function askCosts(
  config: PipelineConfig,
  counts: DataCounts,
  tables: Prices,
  asked: Range = exactly(1),
): CostPart[] {
  const { environment, operations } = config;
  const instance = operations.environmentInstanceTypes[0]!;
  const { prices, throughput } = tables;
  // One token per position for the history, and one for each candidate where actions are read.
  const candidates = environment.readActions ? environment.candidates : 0;
  const tokens = counts.transitions * (1 + candidates);
  const asking = product(
    asked,
    gpuSeconds(
      2 * counts.baseModelParameters * tokens,
      instance,
      throughput.askUtilisation,
      tables,
    ),
  );
  const starts = {
    low: asked.low > 0 ? 1 : 0,
    expected: asked.expected > 0 ? 1 : 0,
    high: asked.high > 0 ? 1 : 0,
  };
  const instances = instancesFor(asking, operations);
  const seconds = sum([scale(product(starts, throughput.endpointStartSeconds), instances), asking]);
  const waiting = scale(asking, operations.augmentationConcurrency * processorGigabytes);
  return [
    {
      part: `Ask the environment (${instances === 1 ? '' : `${instances} x `}${instance})`,
      kind: 'ask',
      instances,
      seconds,
      usd: instanceUsd(seconds, instance, false, tables),
    },
    {
      part: 'Wait for its answers (Lambda)',
      kind: 'waiting',
      seconds: waiting,
      usd: scale(waiting, prices.lambdaGbSecond),
    },
  ];
}
