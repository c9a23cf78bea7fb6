import { createS3Client } from './clients.ts';
import { readEnvironment, variables } from './environment-variables.ts';
import { createObjects, type Objects } from './objects.ts';

/** The data bucket of this function, `BUCKET`. */
export function dataBucket(): Objects {
  const { BUCKET } = readEnvironment({ BUCKET: variables.BUCKET });
  return createObjects(createS3Client(), BUCKET);
}
