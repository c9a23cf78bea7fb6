import { resolveModel } from '#lib/contracts/config/presets.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { pairRoom, shardsPerCall } from '#lib/contracts/limits.ts';
import { usesEnvironment } from '#lib/contracts/needs.ts';
import { type DataCounts, learnedOf } from './data-counts.ts';
import { itemWidth } from './item-width.ts';
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

/** Memory of `evaluate-models`, and of `fit-rivals`. */
export const evaluateGigabytes = 3008 / 1024;
/** Memory of `expire-runs`. */
const expiryGigabytes = 0.5;
/** A function with a whole processor has so much memory, those that wait for the environment too. */
export const processorGigabytes = 1769 / 1024;
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
export const bucketsOf = (
  { sequences }: PipelineConfig,
  { interactions }: Pick<DataCounts, 'interactions'>,
): number => Math.max(1, Math.ceil(interactions / sequences.bucketInteractions));

/** Objects of ingested rows; more where uploads are smaller than a range. */
export const rangesOf = (
  { interactions: { rangeBytes } }: PipelineConfig,
  { interactions }: DataCounts,
  { throughput }: Prices,
): number => Math.ceil((interactions * throughput.uploadedBytes) / rangeBytes);

/** What functions hand each other for a bucket of users, pieces of shards at both of its ends included. */
const objectsABucket = 20;
/** Functions that see a bucket: it is collected, filtered in two rounds or so, and cut. */
const callsABucket = 4;

/** Items up to which EASE is fitted (`lib/evaluation/rivals/ease.ts`). */
const easeItems = 5000;

/** Requests of S3 that are under way at the same time while shards are read. */
const requestsAtOnce = 32;

/** Held-out cases that are ranked, at most: a split by time holds out no more of a part than a tenth. */
export const casesOf = (
  { sequences }: Pick<PipelineConfig, 'sequences'>,
  counts: Pick<DataCounts, 'interactions' | 'learned'>,
): number => 2 * Math.min(sequences.maximumCases, Math.ceil(learnedOf(counts) / 10));

/** Actions around an action that it is counted with, on average. */
const neighboursOfAction = 40;
/** Actions of a part of all actions (`lib/sequences/all-actions.ts`). */
const actionsAPart = 65_536;
/** Rivals that are ranked, and what RankRivals leaves of each: the files of a model, ranks and lists. */
const mostRivals = 10;
const objectsARival = 6;
/** Passes in which what is known before the test cases is found: rounds of its core, and one that writes it. */
const passesBeforeTest = 4;

/** Sums of pairs that FitRivals keeps of each kind while it reads: none where all rows are looked at together. */
export const pairsKept = (
  counts: Pick<DataCounts, 'interactions' | 'learned' | 'items'>,
): number => {
  const learned = learnedOf(counts);
  if (learned <= pairRoom.actions) return 0;
  return Math.min(counts.items ** 2, neighboursOfAction * learned);
};

/** How often FitRivals reads everything: as often as pairs have no room together, EASE once more. */
const passesOf = (counts: Pick<DataCounts, 'interactions' | 'learned' | 'items'>): number =>
  Math.max(counts.items <= easeItems ? 2 : 1, Math.ceil(pairsKept(counts) / pairRoom.sums));

/** Requests of FitRivals: training rows, and with `evaluation.asServed` those of all actions and before the test cases. */
function fitRivalsReads(config: PipelineConfig, counts: DataCounts): number {
  const parts = Math.ceil(learnedOf(counts) / actionsAPart);
  const passes = passesOf(counts);
  const beforeTest = config.evaluation.asServed ? (passesBeforeTest + passes) * parts : 0;
  return passes * shardsOf(config, counts) + beforeTest;
}

/** Seconds of FitRivals and of EvaluateModels, which both read all training shards, and of RankRivals, which reads all events. */
export function verdictSeconds(
  config: PipelineConfig,
  counts: DataCounts,
  { throughput }: Prices,
): { readonly fitRivals: number; readonly rankRivals: number; readonly evaluate: number } {
  const { evaluateSeconds, fitRivalsSeconds, rankRivalsSeconds, requestSeconds } = throughput;
  const millions = learnedOf(counts) / 1e6;
  const cases = casesOf(config, counts);
  const reading = (shardsOf(config, counts) * requestSeconds) / requestsAtOnce;
  return {
    fitRivals:
      (fitRivalsReads(config, counts) * requestSeconds) / requestsAtOnce +
      fitRivalsSeconds.base +
      fitRivalsSeconds.perMillion * millions,
    rankRivals:
      rankRivalsSeconds.base +
      rankRivalsSeconds.perMillion * millions +
      (rankRivalsSeconds.perThousandCases * cases) / 1000 +
      (rankRivalsSeconds.perCaseAndThousandItems * cases * counts.items) / 1000,
    evaluate:
      reading +
      evaluateSeconds.base +
      evaluateSeconds.perMillion * millions +
      (evaluateSeconds.perThousandCases * cases) / 1000,
  };
}

/** The steps whose objects expire, as one of `work` is called. */
const ofRuns =
  /^(BuildSequences|AugmentSequences|TrainRecommenders|FitRivals|RankRivals|EvaluateModels)/;

/** Pages of lists and of deletions that `expire-runs` asks for on a day on which one night expires. */
export function expiryPages(
  work: readonly Pick<StepWork, 'step' | 'objects'>[],
  { operations }: PipelineConfig,
): number {
  const expired = work
    .filter(({ step }) => ofRuns.test(step))
    .reduce((total, { objects }) => total + objects, 0);
  // Each run that is still fresh is left at its first page; an old one is looked through twice, and deleted.
  return 1 + operations.retention.runDays + 3 * Math.ceil(expired / keysAList);
}

/** Ingestion of what is new and a night, step by step. @param newShare of the interactions, uploaded since the last night */
export function nightWork(
  config: PipelineConfig,
  counts: DataCounts,
  tables: Prices,
  newShare = 1,
): StepWork[] {
  const { throughput } = tables;
  const { interactions, transitions, items } = counts;
  const learned = learnedOf(counts);
  const { sequences, environment, training } = config;
  const { batchCount } = config.operations.serving;
  const users = usersOf(counts);
  const shards = shardsOf(config, counts);
  const files = Math.ceil(users / usersAFile);
  const ranges = rangesOf(config, counts, tables);
  const newRanges = Math.ceil(newShare * ranges);
  const buckets = bucketsOf(config, counts);
  const inBuckets = buckets > 1 ? buckets : 0;
  const lists = (objects: number) => Math.ceil(objects / keysAList);
  const processor = (seconds: number) => seconds * processorGigabytes;
  const trainBytes = transitions * actionBytes + users * idBytes;
  const allBytes = learned * actionBytes + users * idBytes;
  const historyBytes =
    users * (idBytes + 12 * Math.min(sequences.window, interactions / Math.max(1, users)));
  // Items of all actions with their times (events.arrow).
  const eventBytes = learned * 13;
  const answerBytes =
    transitions * (4 + 2 * environment.stateDimension + 8 + 16 * environment.candidates) +
    users * idBytes;
  const ask = usesEnvironment(config);
  const askers = training.models.filter(({ lea }) => lea !== undefined).length;
  const calls = Math.ceil(shards / shardsPerCall);
  // The best epoch's parameters twice (to be served, to be fitted on), and a checkpoint with what Adam keeps.
  const modelBytes = training.models.map(
    (model) => 6 * 4 * items * itemWidth(resolveModel(training, model)),
  );
  const verdict = verdictSeconds(config, counts, tables);
  const steps: StepWork[] = [
    {
      step: 'Ingestion, when rows are uploaded',
      calls: 2 * newRanges,
      gbSeconds: processor((throughput.parseSecondsPerMillion * newShare * interactions) / 1e6),
      reads: 3 * newRanges,
      // Rows, report and counts of each range.
      writes: 3 * newRanges,
      objects: 3 * newRanges,
      bytesRead: newShare * interactions * throughput.uploadedBytes,
      bytesWritten: newShare * interactions * throughput.ingestedBytes,
    },
    {
      step: 'BuildSequences',
      calls: 1 + callsABucket * inBuckets,
      gbSeconds:
        ((throughput.buildSequencesSecondsPerMillion * interactions) / 1e6) *
        (config.operations.buildSequencesMegabytes / 1024),
      // Every bucket reads the index of every object, and its users' rows.
      reads: 2 * ranges * buckets + 2 * objectsABucket * inBuckets,
      writes: 2 * shards + 2 * files + objectsABucket * inBuckets + lists(ranges) + 20,
      // Training shards, all actions, histories in files and one by one.
      objects: 2 * shards + 2 * files + objectsABucket * inBuckets + 15,
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
      step: 'FitRivals',
      calls: 1,
      gbSeconds: verdict.fitRivals * evaluateGigabytes,
      reads: fitRivalsReads(config, counts) + 5,
      writes: 3,
      objects: 3,
      bytesRead: passesOf(counts) * trainBytes,
      bytesWritten: 0,
    },
    {
      step: 'RankRivals',
      calls: 1,
      gbSeconds: verdict.rankRivals * evaluateGigabytes,
      reads: 12,
      writes: 1 + objectsARival * mostRivals,
      objects: 1 + objectsARival * mostRivals,
      bytesRead: eventBytes,
      bytesWritten: 0,
    },
    {
      step: 'TrainRecommenders, RefitWinner',
      calls: 4,
      gbSeconds: 0,
      reads: (training.models.length + 1) * (shards + 10) + askers * shards,
      writes: 20 * (training.models.length + 1),
      objects: 15 * (training.models.length + 1),
      bytesRead: (training.models.length + 1) * trainBytes + (ask ? askers * answerBytes : 0),
      bytesWritten: sum(modelBytes) + Math.max(...modelBytes),
    },
    {
      step: 'EvaluateModels',
      calls: 1,
      gbSeconds: verdict.evaluate * evaluateGigabytes,
      reads: shards + 20 * training.models.length + 3 * mostRivals,
      writes: 10,
      objects: 5,
      bytesRead: trainBytes,
      bytesWritten: 0,
    },
    {
      step: 'Lists for everybody',
      calls: batchCount > 0 ? files : 0,
      gbSeconds: 0,
      reads: batchCount > 0 ? 5 * files : 0,
      writes: batchCount > 0 ? files : 0,
      objects: batchCount > 0 ? files : 0,
      bytesRead: batchCount > 0 ? historyBytes : 0,
      bytesWritten: users * batchCount * 6,
    },
  ];
  const pages = expiryPages(steps, config);
  return [
    ...steps,
    {
      step: 'expire-runs, of an old night',
      calls: 1,
      gbSeconds: pages * throughput.pageSeconds * expiryGigabytes,
      reads: 10,
      writes: pages,
      objects: 0,
      bytesRead: 0,
      bytesWritten: 0,
    },
  ];
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

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
