import { maximumJobSeconds } from '#lib/contracts/config/operations.ts';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import { fullCatalogueItems, type ResolvedModel } from '#lib/contracts/config/training.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ConfigError, PipelineError } from '#lib/contracts/errors.ts';
import { usesEnvironment, usesTexts } from '#lib/contracts/needs.ts';
import { type StepCount, stepCounts } from './counts.ts';
import { type DataCounts, limitLearned } from './data-counts.ts';
import { functionMemory, functionTimes } from './functions.ts';
import { buildTime, memoryOf, type StepMemory } from './memory.ts';
import type { Prices, Range } from './prices.ts';
import { atWorst, exactly, per, product, scale, sum } from './range.ts';
import { jobTime, runTime, type StepTime } from './times.ts';
import {
  lambdaUsd,
  nightWork,
  processorGigabytes,
  requestsUsd,
  type StepWork,
  storageUsd,
} from './work.ts';

/** What a part of a run is paid for: functions (`waiting`: for the environment), jobs, an endpoint, or neither. */
export type PartKind =
  | 'functions'
  | 'vectors'
  | 'fit'
  | 'ask'
  | 'waiting'
  | 'train'
  | 'requests'
  | 'storage';

/** A part of a run and what it costs. */
export interface CostPart {
  readonly part: string;
  readonly kind: PartKind;
  /** Seconds behind the figure: of instances, or times GB of functions; 0 where nobody is paid by time. */
  readonly seconds: Range;
  readonly usd: Range;
}

export interface CostEstimate {
  readonly parts: readonly CostPart[];
  readonly usd: Range;
  /** Of steps that are stopped when they take too long; `checkTimes` tells whether the estimate holds. */
  readonly times: readonly StepTime[];
  /** Of steps that keep everything in memory at once; `checkMemory` tells whether they can. */
  readonly memory: readonly StepMemory[];
  /** Of steps that count something that has a largest number. */
  readonly counts: readonly StepCount[];
  /** What each step asks of Lambda and S3. */
  readonly work: readonly StepWork[];
}

/** The run would cost more than the configuration allows. */
export class CostCapError extends PipelineError {
  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super('CostCapError', message, { details });
  }
}

/**
 * What one run costs on AWS.
 *
 * The environment's work is counted in floating-point operations (4 a parameter and token when it is fitted, 2 when it
 * answers) against the share of the GPU's peak that it reaches, and in fitting steps; the recommenders' in
 * core-seconds per transition and epoch. `high` assumes no spot capacity, no early stopping and the
 * slowest of everything.
 *
 * @throws ConfigError when an instance type has no price or no known speed
 */
export function estimateCost(
  config: PipelineConfig,
  given: DataCounts,
  tables: Prices,
): CostEstimate {
  const counts = limitLearned(config, given);
  const needsEnvironment = usesEnvironment(config);
  const vectors = usesTexts(config) ? vectorsCost(config, counts, tables) : undefined;
  const fit = needsEnvironment ? fitCost(config, counts, tables) : undefined;
  const ask = needsEnvironment ? askCosts(config, counts, tables) : [];
  const train = trainCost(config, counts, tables);
  const work = nightWork(config, counts, tables);
  const parts = [
    functionsCost(work, tables),
    ...(vectors === undefined ? [] : [vectors.cost]),
    ...(fit === undefined ? [] : [fit.cost]),
    ...ask,
    train.cost,
    requestsCost(work, config, tables),
    storageCost(work, config, tables),
  ];
  const seconds =
    (vectors?.time.expectedSeconds ?? 0) +
    (fit?.time.expectedSeconds ?? 0) +
    (ask[0]?.seconds.expected ?? 0) +
    train.seconds;
  const { maximumRunHours } = config.operations;
  const times = [
    buildTime(config, counts, tables),
    ...(vectors === undefined ? [] : [vectors.time]),
    ...(fit === undefined ? [] : [fit.time]),
    ...train.times,
    runTime(
      seconds,
      maximumRunHours,
      'take faster instances (operations.environmentInstanceTypes, operations.vectorsInstanceTypes, operations.trainerInstanceTypes), a smaller environment.baseModel or fewer models',
    ),
    ...functionTimes(config, counts, tables, work),
  ];
  const memory = [...memoryOf(config, counts, tables), ...functionMemory(config, counts, tables)];
  return {
    parts,
    usd: sum(parts.map((part) => part.usd)),
    times,
    memory,
    counts: stepCounts(config, counts),
    work,
  };
}

/**
 * A cap is a cap: what counts is the worst case.
 *
 * @throws CostCapError that names the part to begin with
 */
export function checkCap(
  estimate: Pick<CostEstimate, 'parts' | 'usd'>,
  maxUsdPerRun: number,
): void {
  const { expected, high } = estimate.usd;
  if (high <= maxUsdPerRun) return;
  const largest = [...estimate.parts].sort((a, b) => b.usd.high - a.usd.high)[0];
  throw new CostCapError(
    `This run is estimated at ${usdText(expected)}, at worst ${usdText(high)}, but operations.maxUsdPerRun is ${usdText(maxUsdPerRun)}. ` +
      `The largest part is "${largest?.part}". Raise the cap, lower environment.subsetFraction or the number of models, or choose other instance types.`,
    { expected, high, maxUsdPerRun },
  );
}

/**
 * The number of parameters that a base model's name tells, for example `SmolLM2-135M-Instruct` or `qwen2.5-0.5b`.
 *
 * @returns undefined when the name tells none
 */
export function parametersInName(baseModel: string): number | undefined {
  const match = /(?:^|[-_.])(\d+(?:\.\d+)?)([mb])(?=$|[-_.])/i.exec(baseModel);
  if (match === null) return undefined;
  return Number(match[1]) * (match[2]!.toLowerCase() === 'm' ? 1e6 : 1e9);
}

/** Ingestion, which sees each row once when it is uploaded, and the night's functions but those that wait for answers. */
function functionsCost(work: readonly StepWork[], tables: Prices): CostPart {
  const gbSeconds = work.reduce((total, step) => total + step.gbSeconds, 0);
  const seconds = scale(tables.throughput.functionSpread, gbSeconds);
  return {
    part: 'Ingest, build sequences, evaluate (Lambda)',
    kind: 'functions',
    seconds,
    usd: scale(tables.throughput.functionSpread, lambdaUsd(work, tables)),
  };
}

/** A part that is a job, and its time. */
interface JobCost {
  readonly cost: CostPart;
  readonly time: StepTime;
}

/**
 * Reading the whole catalogue, as the first night does. Later ones read new texts only, and start no job without any,
 * hence `low`.
 */
function vectorsCost(config: PipelineConfig, counts: DataCounts, tables: Prices): JobCost {
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

function fitCost(config: PipelineConfig, counts: DataCounts, tables: Prices): JobCost {
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

function askCosts(config: PipelineConfig, counts: DataCounts, tables: Prices): CostPart[] {
  const { environment, operations } = config;
  const instance = operations.environmentInstanceTypes[0]!;
  const { prices, throughput } = tables;
  // One token per position for the history, and one for each candidate where actions are read.
  const candidates = environment.readActions ? environment.candidates : 0;
  const tokens = counts.transitions * (1 + candidates);
  const asking = gpuSeconds(
    2 * counts.baseModelParameters * tokens,
    instance,
    throughput.askUtilisation,
    tables,
  );
  const seconds = sum([throughput.endpointStartSeconds, asking]);
  const waiting = scale(asking, operations.augmentationConcurrency * processorGigabytes);
  return [
    {
      part: `Ask the environment (${instance})`,
      kind: 'ask',
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

/** What of a model decides how long a transition takes. */
type TimedModel = Pick<ResolvedModel, 'dimension' | 'loss' | 'sampledItems'>;

function trainCost(
  config: PipelineConfig,
  counts: DataCounts,
  tables: Prices,
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
  const jobs = models.map((model) => {
    const { maximumEpochs, patience, refitPasses } = model;
    // Passes over training and validation before the test cases are answered.
    const passes = config.evaluation.asServed ? refitPasses : 0;
    const epochs: Range = {
      low: Math.min(maximumEpochs, patience + 1, throughput.expectedEpochs),
      expected: Math.min(maximumEpochs, throughput.expectedEpochs),
      high: maximumEpochs,
    };
    return jobOf(sum([epochs, exactly(passes)]), model, counts.transitions);
  });
  // Nobody knows who wins, and whether somebody new does: the longest, or none.
  const refits = models
    .filter(({ refitPasses }) => refitPasses > 0)
    .map((model) =>
      jobOf(exactly(model.refitPasses), model, counts.learned ?? counts.interactions),
    );
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

/** What is asked of S3 and Step Functions. */
function requestsCost(work: readonly StepWork[], config: PipelineConfig, tables: Prices): CostPart {
  return {
    part: 'Orchestrate (Step Functions, S3 requests)',
    kind: 'requests',
    seconds: exactly(0),
    usd: exactly(requestsUsd(work, config, tables)),
  };
}

/** The run's files, for as long as they are kept. */
function storageCost(work: readonly StepWork[], config: PipelineConfig, tables: Prices): CostPart {
  const { runDays } = config.operations.retention;
  return {
    part: `Keep the run's files for ${runDays} days (S3)`,
    kind: 'storage',
    seconds: exactly(0),
    usd: exactly(storageUsd(work, config, tables)),
  };
}

function gpuSeconds(count: number, instance: string, share: Range, { throughput }: Prices): Range {
  const peak = known(throughput.peakTeraflops, instance, 'config/throughput.json, peakTeraflops');
  return per(count, scale(share, peak * 1e12));
}

function instanceUsd(
  seconds: Range,
  instance: string,
  spot: boolean,
  { prices, throughput }: Prices,
): Range {
  const hour = known(prices.instanceHour, instance, 'config/prices.json, instanceHour');
  const onDemand = scale(seconds, hour / 3600);
  return spot ? product(onDemand, throughput.spotShare) : onDemand;
}

function known(table: Readonly<Record<string, number>>, key: string, where: string): number {
  const value = table[key];
  if (value !== undefined) return value;
  throw new ConfigError(
    `${where} has no entry for ${key}. Add it, or choose another instance type.`,
  );
}

/** `$1.23`; fractions of a cent with three digits that matter. */
export function usdText(usd: number): string {
  if (usd === 0 || usd >= 0.01) return `$${usd.toFixed(2)}`;
  return `$${usd.toPrecision(2)}`;
}
