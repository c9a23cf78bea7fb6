import * as z from 'zod';
import { TemplateError } from '../errors.ts';
import type { LocalFunctions } from '../functions/functions.ts';
import type { Queue } from '../object-store/fauxqs.ts';
import { placeOf, propertiesOf } from '../template/properties.ts';
import type { Templates } from '../template/templates.ts';
import { type BatchFailure, QueueSource } from './queue-source.ts';

const mappingProperties = z.looseObject({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  Enabled: z.boolean().default(true),
  BatchSize: z.coerce.number().int().min(1).default(10),
  MaximumBatchingWindowInSeconds: z.coerce.number().min(0).default(0),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: z.coerce.number().int().optional() }).default({}),
  FilterCriteria: z.undefined('event filtering is not supported').optional(),
});

export interface QueueSourcesOptions {
  readonly templates: Templates;
  readonly queues: ReadonlyMap<string, Queue>;
  readonly functions: LocalFunctions;
  readonly region: string;
  /** Batches of one mapping at the same time, at most; a mapping's own limit also holds. */
  readonly concurrency: number;
  readonly redeliverySeconds?: number | undefined;
  readonly onFailure: (failure: BatchFailure) => void;
}

/**
 * The event source mappings of the templates.
 *
 * @throws TemplateError for one that is malformed, or not from a queue of the templates to a function of theirs
 */
export function queueSources(options: QueueSourcesOptions): QueueSource[] {
  const { templates, queues, functions } = options;
  return templates.resources('AWS::Lambda::EventSourceMapping').flatMap((resource) => {
    const mapping = propertiesOf(resource, mappingProperties);
    if (!mapping.Enabled) return [];
    const queue = queues.get(mapping.EventSourceArn);
    if (queue === undefined) {
      throw new TemplateError(
        `${mapping.EventSourceArn} is not a queue of the templates.`,
        placeOf(resource),
      );
    }
    const own = mapping.ScalingConfig.MaximumConcurrency ?? options.concurrency;
    return [
      new QueueSource({
        queue,
        target: functions.get(mapping.FunctionName),
        batchSize: mapping.BatchSize,
        windowSeconds: mapping.MaximumBatchingWindowInSeconds,
        concurrency: Math.min(own, options.concurrency),
        reportsItemFailures: mapping.FunctionResponseTypes.length > 0,
        redeliverySeconds: options.redeliverySeconds,
        region: options.region,
        queueByArn: (arn) => queues.get(arn),
        onFailure: options.onFailure,
      }),
    ];
  });
}
