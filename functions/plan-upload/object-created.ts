import * as z from 'zod';

/**
 * "Object Created" as EventBridge sends it; keys come as they are, not URL-encoded. AWS adds fields at will.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export const objectCreated = z.looseObject({
  source: z.literal('aws.s3'),
  'detail-type': z.literal('Object Created'),
  detail: z.looseObject({
    bucket: z.looseObject({ name: z.string() }),
    object: z.looseObject({ key: z.string().min(1), etag: z.string().optional() }),
  }),
});
