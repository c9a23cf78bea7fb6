import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { TemplateError } from '../errors.ts';
import { enqueue, type Queue } from '../object-store/fauxqs.ts';
import { localAccount, type ObjectCreated } from '../object-store/server.ts';
import { placeOf, propertiesOf } from '../template/properties.ts';
import type { Templates } from '../template/templates.ts';
import { compilePattern } from './patterns.ts';

/** An event as EventBridge delivers it. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

const ruleProperties = z.looseObject({
  EventPattern: z.record(z.string(), z.unknown()).optional(),
  EventBusName: z.string().optional(),
  State: z.string().default('ENABLED'),
  Targets: z
    .array(
      z.looseObject({
        Arn: z.string(),
        Id: z.string(),
        Input: z.string().optional(),
        InputPath: z.string().optional(),
        InputTransformer: z.unknown().optional(),
        SqsParameters: z.object({ MessageGroupId: z.string() }).optional(),
      }),
    )
    .default([]),
});

interface Rule {
  readonly matches: (event: BusEvent) => boolean;
  readonly queues: readonly { queue: Queue; input: string | undefined }[];
}

export interface EventBusOptions {
  readonly templates: Templates;
  readonly region: string;
  readonly queueByArn: (arn: string) => Queue | undefined;
  /** Buckets whose EventBridge notifications are on. */
  readonly buckets: ReadonlySet<string>;
}

/**
 * EventBridge's default bus as far as the templates use it: object-created events of S3 go to the queues of the rules that
 * match. Delivery is synchronous: when a writer has its answer, its event
 * is in the queue, on disk.
 */
export class EventBus {
  readonly #rules: readonly Rule[];
  readonly #options: EventBusOptions;

  /** @throws TemplateError for a rule on S3's events whose pattern or target is not supported, naming the rule */
  constructor(options: EventBusOptions) {
    this.#options = options;
    this.#rules = options.templates.resources('AWS::Events::Rule').flatMap((resource) => {
      const where = placeOf(resource);
      const { EventPattern, EventBusName, State, Targets } = propertiesOf(resource, ruleProperties);
      // A rule on a schedule alone never fires here: nights do not pass on one machine.
      if (EventPattern === undefined || State === 'DISABLED') return [];
      // Other events do not occur here, so what rules do with them cannot matter.
      const bus = EventBusName?.split('/').at(-1) ?? 'default';
      if (bus !== 'default' || !concerns(EventPattern.source)) return [];
      // Functions that a rule starts itself keep house: on one machine that is what commands do.
      if (Targets.length > 0 && Targets.every(({ Arn }) => isFunction(Arn))) return [];
      return [
        {
          matches: compilePattern(EventPattern, `${where}.EventPattern`),
          queues: Targets.map((target) => {
            const queue = options.queueByArn(target.Arn);
            if (queue === undefined) {
              throw new TemplateError(
                `the target ${target.Arn} is not a queue of the templates.`,
                where,
              );
            }
            for (const option of ['InputTransformer', 'InputPath', 'SqsParameters'] as const) {
              if (target[option] === undefined) continue;
              throw new TemplateError(`${option} of target ${target.Id} is not supported.`, where);
            }
            return { queue, input: target.Input };
          }),
        },
      ];
    });
  }

  /** Delivers the event of a new object, if its bucket sends events at all. */
  objectCreated(created: ObjectCreated): void {
    if (!this.#options.buckets.has(created.bucket)) return;
    this.#deliver({
      version: '0',
      id: randomUUID(),
      source: 'aws.s3',
      'detail-type': 'Object Created',
      account: localAccount,
      region: this.#options.region,
      time: created.time.toISOString().replace(/\.\d+Z$/, 'Z'),
      resources: [`arn:aws:s3:::${created.bucket}`],
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
      detail: {
        version: '0',
        bucket: { name: created.bucket },
        object: {
          key: created.key,
          size: created.size,
          etag: created.etag,
          sequencer: created.sequencer,
        },
        'request-id': randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase(),
        requester: localAccount,
        'source-ip-address': '127.0.0.1',
        reason: created.reason,
      },
    });
  }

  /** Delivers an event to every rule that matches. */
  #deliver(event: BusEvent): void {
    for (const rule of this.#rules) {
      if (!rule.matches(event)) continue;
      for (const { queue, input } of rule.queues) enqueue(queue, input ?? JSON.stringify(event));
    }
  }
}

const isFunction = (arn: string) => arn.split(':')[2] === 'lambda';

function concerns(source: unknown): boolean {
  if (!Array.isArray(source)) return true;
  return source.includes('aws.s3');
}
