import { S3Client } from '@aws-sdk/client-s3';
import { startObjectStore } from '#local/object-store/server.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { temporaryFolder } from '../temporary/folders.ts';

/** A bucket of the one-machine cloud, for tests of what functions do with objects. */
export async function startBucket(): Promise<{ objects: Objects; stop(): Promise<void> }> {
  const dir = temporaryFolder('bucket');
  const store = await startObjectStore({
    dir,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  store.createBucket('data');
  const client = new S3Client({
    endpoint: store.endpoint,
    region: store.region,
    forcePathStyle: true,
    credentials: store.credentials,
  });
  return {
    objects: createObjects(client, 'data'),
    async stop() {
      client.destroy();
      await store.stop();
    },
  };
}
