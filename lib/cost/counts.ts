import type { PipelineConfig } from '#lib/contracts/config.ts';
import { PipelineError } from '#lib/contracts/errors.ts';
import { maximumParts } from '#lib/contracts/keys.ts';
import type { DataCounts } from './data-counts.ts';
import { bucketsOf, shardsOf, usersOf } from './work.ts';

/** How many of something a step has, and how many it may have. */
export interface StepCount {
  readonly step: string;
  /** What is counted. */
  readonly what: string;
  readonly expected: number;
  readonly limit: number;
  /** What helps, with the number that would do where there is one. */
  readonly remedy: string;
}

/** A step would have more of something than it can. */
export class CountLimitError extends PipelineError {
  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super('CountLimitError', message, { details });
  }
}

/** Entries of a JavaScript Map: "Map maximum size exceeded" beyond, measured. */
const mostMapEntries = 16_777_216;

/** The steps that have a largest number of something. */
export function stepCounts(config: PipelineConfig, counts: DataCounts): StepCount[] {
  const { shardItems } = config.sequences;
  const shards = shardsOf(config, counts);
  const enough = Math.ceil((shardItems * shards) / maximumParts / 1024) * 1024;
  return [
    {
      step: 'BuildSequences',
      what: 'users in the table of a bucket',
      expected: Math.ceil(usersOf(counts) / bucketsOf(config, counts)),
      limit: mostMapEntries,
      remedy: 'Lower sequences.bucketInteractions.',
    },
    {
      step: 'BuildSequences',
      what: 'training shards',
      expected: shards,
      limit: maximumParts,
      remedy: `Raise sequences.shardItems from ${shardItems} to ${enough} or more.`,
    },
  ];
}
