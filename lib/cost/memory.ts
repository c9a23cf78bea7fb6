import { resolveModel } from '#lib/contracts/config/presets.ts';
import type { ModelConfig } from '#lib/contracts/config/training.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ConfigError, PipelineError } from '#lib/contracts/errors.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';
import { type DataCounts, learnedOf } from './data-counts.ts';
import { fitMegabytes } from './fit-memory.ts';
import { itemWidth } from './item-width.ts';
import type { Prices } from './prices.ts';
import type { StepTime } from './times.ts';
import { rangesOf } from './work.ts';

/** How much memory a step is expected to need, and how much it has. */
export interface StepMemory {
  readonly step: string;
  readonly expectedMegabytes: number;
  readonly limitMegabytes: number;
  /** What the limit comes from. */
  readonly limit: string;
  /** What helps, with the number that would do where there is one. */
  readonly remedy: string;
}

/** A step would run out of memory. */
export class MemoryLimitError extends PipelineError {
  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super('MemoryLimitError', message, { details });
  }
}

/** What decides how much is kept in memory. */
export interface MemoryCounts {
  readonly interactions: number;
  readonly items: number;
  readonly transitions: number;
  /** @default - all interactions */
  readonly learned?: number;
}

/** Largest memory of a function. */
const mostFunctionMegabytes = 10_240;
/** Seconds that a function may take. */
const functionSeconds = 900;

/**
 * The steps that keep everything in memory at once: building the sequences, training, and fitting the winner. Measured costs of a million
 * interactions, transitions and items (`config/throughput.json`), which grow evenly.
 *
 * @throws ConfigError when nobody knows an instance type's memory
 */
export function memoryOf(
  config: PipelineConfig,
  counts: MemoryCounts,
  { throughput }: Prices,
): StepMemory[] {
  const { operations, training } = config;
  const { base, perMillion } = throughput.buildSequencesMegabytes;
  const building = Math.ceil(base + (perMillion * ofBucket(config, counts)) / 1e6);
  const instance = operations.trainerInstanceTypes[0]!;
  const trainer = throughput.trainerMegabytes;
  const widest = Math.max(...training.models.map((m) => itemWidth(resolveModel(training, m))));
  const answered = Math.max(...training.models.map((model) => bytesOfAnswer(model, config)));
  const tables = (trainer.perMillionItems * counts.items * widest) / 64 / 1e6;
  const trainingMegabytes = Math.ceil(
    trainer.base + ((trainer.perMillionTransitions + answered) * counts.transitions) / 1e6 + tables,
  );
  // What the winner is joined with is fitted beside it, on the same actions.
  const refitMegabytes = Math.ceil(
    trainer.base +
      (trainer.perMillionTransitions * learnedOf(counts)) / 1e6 +
      tables +
      fitMegabytes(counts, throughput),
  );
  const limitMegabytes = throughput.instanceMegabytes[instance];
  if (limitMegabytes === undefined) {
    throw new ConfigError(
      `config/throughput.json, instanceMegabytes, has no entry for ${instance}. Add it, or choose another instance type.`,
    );
  }
  const ofInstance = {
    limitMegabytes,
    limit: 'the instance has',
    remedy:
      'Take a larger instance (operations.trainerInstanceTypes), set sequences.maximumInteractions, or take a smaller dimension or itemCodes where the catalogue is wide.',
  };
  return [
    {
      step: 'BuildSequences',
      expectedMegabytes: building,
      limitMegabytes: operations.buildSequencesMegabytes,
      limit: 'operations.buildSequencesMegabytes gives it',
      remedy:
        building <= mostFunctionMegabytes
          ? `Raise operations.buildSequencesMegabytes to ${building} or more, or lower sequences.bucketInteractions.`
          : `No function can have more than ${mostFunctionMegabytes} MB: lower sequences.bucketInteractions.`,
    },
    { step: `Training (${instance})`, expectedMegabytes: trainingMegabytes, ...ofInstance },
    ...(training.models.some((model) => resolveModel(training, model).refitPasses > 0)
      ? [{ step: `RefitWinner (${instance})`, expectedMegabytes: refitMegabytes, ...ofInstance }]
      : []),
  ];
}

/**
 * What a training keeps of what was said of a transition (`lib/recommender/data/environment-rows.ts`), bytes: the state, after
 * the first item of a row too; rewards, an action and its chance; candidates with their rewards. Where item neighbours stand for
 * an environment all shards are in memory together while they are looked for (reasoned).
 */
function bytesOfAnswer(model: ModelConfig, { environment }: PipelineConfig): number {
  if (model.lea === undefined) return 0;
  if (!readsEnvironment(model)) return neighbourBytes;
  return 2 * environment.stateDimension * itemsOfTransition + 17 + 8 * environment.candidates;
}

/** Items of rows by transitions: a row of ten actions has nine. */
const itemsOfTransition = 1.12;
const neighbourBytes = 200;

/** Interactions that one function sorts at once. */
const ofBucket = (
  { sequences }: Pick<PipelineConfig, 'sequences'>,
  { interactions }: Pick<MemoryCounts, 'interactions'>,
) => Math.min(interactions, sequences.bucketInteractions);

/** How long BuildSequences takes for a bucket of users: it asks every object for them, and sorts what it gets. */
export function buildTime(config: PipelineConfig, counts: DataCounts, tables: Prices): StepTime {
  const { throughput } = tables;
  const interactions = ofBucket(config, counts);
  const requests = 2 * rangesOf(config, counts, tables) * throughput.requestSeconds;
  return {
    step: 'BuildSequences',
    expectedSeconds: (throughput.buildSequencesSecondsPerMillion * interactions) / 1e6 + requests,
    limitSeconds: functionSeconds,
    limit: 'a function may take',
    remedy:
      'Raise interactions.rangeBytes, so that there are fewer objects to ask, or lower sequences.bucketInteractions.',
  };
}

/** An error for each step that would be ended, with what it would need and the setting that helps. */
export function tooLarge(steps: readonly StepMemory[]): MemoryLimitError[] {
  return steps
    .filter((step) => step.expectedMegabytes > step.limitMegabytes)
    .map(
      ({ step, expectedMegabytes, limitMegabytes, limit, remedy }) =>
        new MemoryLimitError(
          `${step} is expected to need ${number(expectedMegabytes)} MB, more than the ${number(limitMegabytes)} MB that ${limit}, and would be ended. ${remedy}`,
          { step, expectedMegabytes, limitMegabytes },
        ),
    );
}

const number = (value: number) => value.toLocaleString('en-US');
