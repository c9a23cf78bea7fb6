import type { PipelineConfig } from '#lib/contracts/config.ts';
import { usesEnvironment, usesTexts } from '#lib/contracts/needs.ts';
import { type StepCount, stepCounts } from './counts.ts';
import { type DataCounts, limitLearned } from './data-counts.ts';
import { askCosts, fitCost, vectorsCost } from './environment.ts';
import { functionMemory, functionTimes } from './functions.ts';
import { buildTime, memoryOf, type StepMemory } from './memory.ts';
import type { CostPart } from './parts.ts';
import type { Prices, Range } from './prices.ts';
import { exactly, scale, sum } from './range.ts';
import { trainCost } from './recommenders.ts';
import { firstNight, type NightReuse } from './reuse.ts';
import { runTime, type StepTime } from './times.ts';
import { lambdaUsd, nightWork, requestsUsd, type StepWork, storageUsd } from './work.ts';

export interface CostEstimate {
  readonly parts: readonly CostPart[];
  readonly usd: Range;
  /** Of steps that are stopped when they take too long; `checkLimits` tells whether the estimate holds. */
  readonly times: readonly StepTime[];
  /** Of steps that keep everything in memory at once; `checkLimits` tells whether they can. */
  readonly memory: readonly StepMemory[];
  /** Of steps that count something that has a largest number. */
  readonly counts: readonly StepCount[];
  /** What each step asks of Lambda and S3. */
  readonly work: readonly StepWork[];
}

/**
 * What one run costs on AWS.
 *
 * The environment's work is counted in floating-point operations (4 a parameter and token when it is fitted, 2 when it
 * answers) against the share of the GPU's peak that it reaches, and in fitting steps; the recommenders' in
 * core-seconds per transition and epoch. `high` assumes no spot capacity, no early stopping and the
 * slowest of everything.
 *
 * @param reuse what it takes from the nights before
 * @throws ConfigError when an instance type has no price or no known speed
 */
export function estimateCost(
  config: PipelineConfig,
  given: DataCounts,
  tables: Prices,
  reuse: NightReuse = firstNight,
): CostEstimate {
  const counts = limitLearned(config, given);
  const needsEnvironment = usesEnvironment(config);
  const vectors = usesTexts(config) ? vectorsCost(config, counts, tables) : undefined;
  const fit =
    needsEnvironment && !reuse.environmentIsFitted ? fitCost(config, counts, tables) : undefined;
  const ask = needsEnvironment ? askCosts(config, counts, tables, reuse.asked) : [];
  const train = trainCost(config, counts, tables, reuse.beginsWarm);
  const work = nightWork(config, counts, tables, reuse.newShare);
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
    (ask[0]?.seconds.expected ?? 0) / (ask[0]?.instances ?? 1) +
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
      'let more instances answer (operations.environmentInstances), take faster ones (operations.environmentInstanceTypes, operations.vectorsInstanceTypes, operations.trainerInstanceTypes), a smaller environment.baseModel or fewer models',
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
