import { createS3Client } from './clients.ts';

/**
 * Credentials and region as the AWS SDK finds them (profile, single sign-on, environment), for services without a client.
 *
 * @returns the environment with them in it
 */
export async function callerEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { config } = createS3Client();
  const [region, credentials] = await Promise.all([config.region(), config.credentials()]);
  return {
    ...process.env,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
  };
}
