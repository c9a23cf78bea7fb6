import * as z from 'zod';

/** What CloudFormation wants to hear back, and where. */
export const waitingResource = z.object({
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
});

export type WaitingResource = z.infer<typeof waitingResource>;

/** CloudFormation creates, changes or deletes the image (`stacks/constructs/image-builder.ts`). */
export const resourceRequest = waitingResource.extend({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  PhysicalResourceId: z.string().optional(),
  ResourceProperties: z.object({ ProjectName: z.string(), ImageUri: z.string() }),
});

/** The environment variables of a build that this function has started. */
export const buildVariables = { image: 'IMAGE_URI', waiting: 'WAITING_RESOURCE' } as const;

/**
 * A build has ended (https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications.html). Whatever else
 * an event says is left aside.
 */
export const buildEnded = z.object({
  'detail-type': z.literal('CodeBuild Build State Change'),
  detail: z.object({ 'build-id': z.string(), 'build-status': z.string() }),
});

export const event = z.union([resourceRequest, buildEnded]);
