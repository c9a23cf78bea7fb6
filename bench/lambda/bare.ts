import { S3Client } from '@aws-sdk/client-s3';

/** The least that a function of this pipeline could be: a client of S3, and an answer. */
export const client = new S3Client({});
export const handler = async () => null;
