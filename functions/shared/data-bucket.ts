import { createS3Client } from '#platform/clients.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { readEnvironment, variables } from './environment-variables.ts';

/** The data bucket of this function, `BUCKET`. */
export function dataBucket(): Objects {
  const { BUCKET } = readEnvironment({ BUCKET: variables.BUCKET });
  return createObjects(createS3Client(), BUCKET);
}
