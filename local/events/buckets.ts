import * as z from 'zod';
import { propertiesOf } from '../template/properties.ts';
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
 * @throws TemplateError for a bucket that notifies functions, queues or topics directly
 */
export function bucketsOf(templates: Templates): { all: string[]; notifying: Set<string> } {
  const notifying = new Set<string>();
  const buckets = templates.resources('AWS::S3::Bucket');
  for (const bucket of buckets) {
    const { NotificationConfiguration } = propertiesOf(bucket, bucketProperties);
    if (NotificationConfiguration?.EventBridgeConfiguration.EventBridgeEnabled === true) {
      notifying.add(bucket.name);
    }
  }
  for (const custom of templates.resources('Custom::S3BucketNotifications')) {
    const { BucketName, NotificationConfiguration } = propertiesOf(custom, notificationProperties);
    if (NotificationConfiguration.EventBridgeConfiguration !== undefined) notifying.add(BucketName);
  }
  return { all: buckets.map((bucket) => bucket.name), notifying };
}
