import * as z from 'zod';
import type { Templates } from '../template/templates.ts';

const bucketProperties = z.looseObject({
  NotificationConfiguration: z
    .strictObject({
      EventBridgeConfiguration: z.looseObject({
        EventBridgeEnabled: z.coerce.boolean().default(true),
      }),
    })
    .optional(),
});

/** CDK's custom resource for `eventBridgeEnabled: true`. */
const notificationProperties = z.looseObject({
  BucketName: z.string(),
  NotificationConfiguration: z.strictObject({
    EventBridgeConfiguration: z.looseObject({}).optional(),
  }),
});

/**
 * Names of the templates' buckets, and of those that send their events to EventBridge.
 *
 * @throws Error for a bucket that notifies functions, queues or topics directly
 */
export function bucketsOf(templates: Templates): { all: string[]; notifying: Set<string> } {
  const notifying = new Set<string>();
  const buckets = templates.resources('AWS::S3::Bucket');
  for (const bucket of buckets) {
    const { NotificationConfiguration } = parse(bucketProperties, bucket);
    if (NotificationConfiguration?.EventBridgeConfiguration.EventBridgeEnabled === true) {
      notifying.add(bucket.name);
    }
  }
  for (const custom of templates.resources('Custom::S3BucketNotifications')) {
    const { BucketName, NotificationConfiguration } = parse(notificationProperties, custom);
    if (NotificationConfiguration.EventBridgeConfiguration !== undefined) notifying.add(BucketName);
  }
  return { all: buckets.map((bucket) => bucket.name), notifying };
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  resource: { stack: string; logicalId: string; properties: unknown },
): z.infer<Schema> {
  const result = schema.safeParse(resource.properties);
  if (result.success) return result.data;
  throw new Error(`${resource.stack}.${resource.logicalId}: ${z.prettifyError(result.error)}`);
}
