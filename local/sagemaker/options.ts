import type { S3Client } from '@aws-sdk/client-s3';
import type { Guardian } from '../processes/guardian.ts';
import type { ContainerProgress, LocalImage } from './container.ts';
import type { FolderOptions } from './folders.ts';

/** What training jobs and endpoints need. */
export interface SageMakerOptions extends FolderOptions {
  readonly s3: S3Client;
  readonly region: string;
  readonly account: string;
  readonly logs: string;
  readonly guardian: Guardian;
  /** @throws SageMakerError when nothing on this machine stands for the image */
  readonly image: (uri: string) => LocalImage;
  /** Seconds between two copies of a job's checkpoints to S3. */
  readonly checkpointSeconds: number;
  readonly onProgress: (progress: ContainerProgress) => void;
}
