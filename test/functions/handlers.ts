import { S3Client } from '@aws-sdk/client-s3';
import { vi } from 'vitest';
import { startObjectStore } from '#local/object-store/server.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { temporaryFolder } from '../temporary/folders.ts';

/** What Lambda hands to a handler. */
export const context = {
  functionName: 'f',
  awsRequestId: 'r',
  getRemainingTimeInMillis: () => 60_000,
};

/** A bucket that handlers find through their environment; import them after this. */
export async function startHandlerBucket(
  environment: Readonly<Record<string, string>> = {},
): Promise<{ objects: Objects; stop(): Promise<void> }> {
  const dir = temporaryFolder('handlers');
  const store = await startObjectStore({ dir });
  store.createBucket('data');
  const variables = {
    BUCKET: 'data',
    AWS_ENDPOINT_URL: store.endpoint,
    AWS_REGION: store.region,
    AWS_ACCESS_KEY_ID: store.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_DEV: 'true',
    ...environment,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const client = new S3Client({ forcePathStyle: true });
  return {
    objects: createObjects(client, 'data'),
    async stop() {
      vi.unstubAllEnvs();
      client.destroy();
      await store.stop();
    },
  };
}
