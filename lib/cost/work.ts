import { shardsPerCall } from '#lib/contracts/config/operations.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { usesEnvironment } from '#lib/contracts/needs.ts';
import type { DataCounts } from './data-counts.ts';
import type { Prices } from './prices.ts';

/** What a step asks of Lambda and S3. */
export interface StepWork {
  readonly step: string;
  /** Invocations of functions. */
  readonly calls: number;
  readonly gbSeconds: number;
  /** GET and HEAD requests. */
  readonly reads: number;
  /** PUT, COPY and LIST requests, which cost the same. */
  readonly writes: number;
  /** Objects that it leaves. */
  readonly objects: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** A function with a whole processor has so much memory. */
const processorGigabytes = 1769 / 1024;
/** Users of a file of histories (`lib/sequences/everybody.ts`). */
const usersAFile = 50_000;
/** A user id in a column, with its offset. */
const idBytes = 16;
/** An action of a training row: item, time and reward (docs/contracts.md, 3). */
const actionBytes = 4 + 8 + 4;
/** Keys of one answer of S3 to a list. */
const keysAList = 1000;

export const usersOf = ({ users, interactions }: DataCounts): number =>
  users ?? Math.ceil(interactions / 10);

export const shardsOf = ({ sequences }: PipelineConfig, { transitions }: DataCounts): number =>
  Math.ceil(transitions / sequences.shardItems);

/** Functions that sort users into sequences side by side. */
export const bucketsOf = ({ sequences }: PipelineConfig, { interactions }: DataCounts): number =>
  Math.max(1, Math.ceil(interactions / sequences.bucketInteractions));

/** Objects that a run leaves, as far as their number grows with the data. */
export function objectsOf(config: PipelineConfig, counts: DataCounts): number {
  // Training shards, all actions, answers.
  const shards = (usesEnvironment(config) ? 3 : 2) * shardsOf(config, counts);
  return shards + Math.ceil(usersOf(counts) / usersAFile);
}

/** Ingestion and a night, step by step. */
export function nightWork(
  config: PipelineConfig,
  counts: DataCounts,
  { throughput }: Prices,
): StepWork[] {
  const { interactions, transitions } = counts;
  const { sequences, environment, training } = config;
  const users = usersOf(counts);
  const shards = shardsOf(config, counts);
  const files = Math.ceil(users / usersAFile);
  const ranges = Math.ceil(
    (interactions * throughput.uploadedBytes) / config.interactions.rangeBytes,
  );
  const lists = (objects: number) => Math.ceil(objects / keysAList);
  const processor = (seconds: number) => seconds * processorGigabytes;
  const trainBytes = transitions * actionBytes + users * idBytes;
  const allBytes = interactions * actionBytes + users * idBytes;
  const historyBytes =
    users * (idBytes + 12 * Math.min(sequences.window, interactions / Math.max(1, users)));
  // Items of all actions with their times (events.arrow).
  const eventBytes = interactions * 13;
  const answerBytes =
    transitions * (4 + 2 * environment.stateDimension + 8 + 16 * environment.candidates) +
    users * idBytes;
  const ask = usesEnvironment(config);
  const askers = training.models.filter(({ lea }) => lea !== undefined).length;
  const calls = Math.ceil(shards / shardsPerCall);
  return [
    {
      step: 'Ingestion, when rows are uploaded',
      calls: 2 * ranges,
      gbSeconds: processor((throughput.parseSecondsPerMillion * interactions) / 1e6),
      reads: 3 * ranges,
      // Rows, report and counts of each range.
      writes: 3 * ranges,
      objects: 3 * ranges,
      bytesRead: interactions * throughput.uploadedBytes,
      bytesWritten: interactions * throughput.ingestedBytes,
    },
    {
      step: 'BuildSequences',
      calls: bucketsOf(config, counts),
      gbSeconds:
        ((throughput.buildSequencesSecondsPerMillion * interactions) / 1e6) *
        (config.operations.buildSequencesMegabytes / 1024),
      reads: 2 * ranges,
      writes: 2 * shards + files + lists(ranges) + 20,
      objects: 2 * shards + files + 15,
      bytesRead: interactions * throughput.ingestedBytes,
      bytesWritten: trainBytes + allBytes + historyBytes + eventBytes,
    },
    ...(ask
      ? [
          {
            step: 'AugmentSequences',
            calls,
            gbSeconds: 0, // who waits for answers is a part of its own
            reads: 2 * shards + 4 * calls,
            writes: shards + calls + 4 * lists(shards),
            objects: shards,
            bytesRead: trainBytes,
            bytesWritten: answerBytes,
          },
        ]
      : []),
    {
      step: 'TrainRecommenders, RefitWinner',
      calls: 4,
      gbSeconds: 0,
      reads: (training.models.length + 1) * (shards + 10) + askers * shards,
      writes: 20 * (training.models.length + 1),
      objects: 15 * (training.models.length + 1),
      bytesRead: (training.models.length + 1) * trainBytes + (ask ? askers * answerBytes : 0),
      bytesWritten: 0,
    },
    {
      step: 'EvaluateModels',
      calls: 1,
      gbSeconds:
        ((throughput.evaluateSecondsPerMillion * interactions) / 1e6 +
          shards * throughput.requestSeconds) *
        (3008 / 1024),
      reads: shards + 20 * training.models.length,
      writes: 10,
      objects: 5,
      bytesRead: trainBytes + eventBytes,
      bytesWritten: 0,
    },
    {
      step: 'Lists for everybody, expiry',
      calls: files,
      gbSeconds: 0.5 * 60,
      reads: 5 * files,
      writes: files + lists(config.operations.retention.runDays * objectsOf(config, counts)),
      objects: config.operations.serving.batchCount > 0 ? files : 0,
      bytesRead: historyBytes,
      bytesWritten: users * config.operations.serving.batchCount * 6,
    },
  ];
}

/** @returns USD of all functions but those that wait for answers */
export function lambdaUsd(work: readonly StepWork[], { prices }: Prices): number {
  let usd = 60 * prices.lambdaGbSecond; // the small functions around the work
  for (const { calls, gbSeconds } of work) {
    usd += gbSeconds * prices.lambdaGbSecond + (calls / 1e6) * prices.lambdaMillionRequests;
  }
  return usd;
}

/** @returns USD of requests of S3 and transitions of Step Functions */
export function requestsUsd(
  work: readonly StepWork[],
  { training }: PipelineConfig,
  { prices }: Prices,
): number {
  let reads = 500;
  let writes = 200;
  for (const step of work) {
    reads += step.reads;
    writes += step.writes;
  }
  const children = work.find(({ step }) => step === 'AugmentSequences')?.calls ?? 0;
  const transitions = 90 + 6 * training.models.length + 4 * children;
  return (
    (transitions / 1000) * prices.stepFunctionsThousandTransitions +
    (writes / 1000) * prices.s3ThousandWrites +
    (reads / 1000) * prices.s3ThousandReads
  );
}

/** @returns USD of a step's functions and of its requests of S3 */
export function workUsd({ calls, gbSeconds, reads, writes }: StepWork, { prices }: Prices): number {
  return (
    gbSeconds * prices.lambdaGbSecond +
    (calls / 1e6) * prices.lambdaMillionRequests +
    (writes / 1000) * prices.s3ThousandWrites +
    (reads / 1000) * prices.s3ThousandReads
  );
}

/** @returns USD of what a run leaves, as long as it is kept */
export function storageUsd(
  work: readonly StepWork[],
  { operations }: PipelineConfig,
  { prices }: Prices,
): number {
  const bytes = work.slice(1).reduce((total, step) => total + step.bytesWritten, 0);
  return (bytes / 1e9) * prices.s3GbMonth * (operations.retention.runDays / 30);
}
