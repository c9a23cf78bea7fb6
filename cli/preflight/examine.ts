import type { PipelineConfig } from '#lib/contracts/config.ts';
import { uploads } from '#lib/contracts/keys.ts';
import type { Prices } from '#lib/cost/prices.ts';
import {
  checkBaseModel,
  checkInstanceTypes,
  checkMemory,
  checkNames,
  checkTimesAndCost,
} from '#lib/preflight/checks.ts';
import type { Finding } from '#lib/preflight/findings.ts';
import {
  type AccountQuotas,
  checkBuilds,
  checkQuotas,
  quotaNames,
  type Unread,
} from '#lib/preflight/quotas.ts';
import { readAccount } from '#platform/account.ts';
import { callerEnvironment } from '#platform/caller.ts';
import { createS3Client } from '#platform/clients.ts';
import { createJsonService, type JsonService } from '#platform/json-service.ts';
import { createObjects } from '#platform/objects.ts';

export interface Examination {
  readonly config: PipelineConfig;
  /** For example `lea-dev`. */
  readonly deployment: string;
  readonly bucket: string | undefined;
  readonly buildsImages: boolean;
  readonly counts: { readonly interactions: number; readonly items: number } | undefined;
  readonly tables: Prices;
}

/** Every check of `lea preflight`; what cannot be read is a finding, too. */
export async function examine(examination: Examination): Promise<Finding[]> {
  const { config, deployment, bucket, buildsImages, counts, tables } = examination;
  const account = await askAccount();
  const place = `s3://${bucket ?? '<bucket>'}/${uploads.baseModelPrefix(config.environment.baseModel)}`;
  return [
    checkNames(config, deployment),
    checkInstanceTypes(config, { environment: !buildsImages, trainer: !buildsImages }),
    ...checkTimesAndCost(config, counts, tables),
    checkMemory(config),
    ...(buildsImages ? [checkBuilds(account)] : []),
    ...checkQuotas(config, account),
    checkBaseModel(config, await baseModelFiles(bucket, config.environment.baseModel), place),
  ];
}

async function askAccount(): Promise<AccountQuotas> {
  let service: JsonService;
  try {
    service = createJsonService('servicequotas', await callerEnvironment());
  } catch (error) {
    const unread = {
      unread: `no AWS account: ${reasonOf(error)}. Set AWS_PROFILE and AWS_REGION (docs/deploy.md, 1).`,
    };
    return { sagemaker: unread, codebuild: unread, lambda: unread };
  }
  return readAccount(service, quotaNames);
}

async function baseModelFiles(
  bucket: string | undefined,
  baseModel: string,
): Promise<ReadonlyMap<string, number> | Unread> {
  if (bucket === undefined) {
    return {
      unread:
        'give --bucket (stack output DataBucketName, once lea-...-data is deployed) to look for it',
    };
  }
  const prefix = uploads.baseModelPrefix(baseModel);
  const found = new Map<string, number>();
  try {
    const objects = createObjects(createS3Client(), bucket);
    for await (const { key, bytes } of objects.list(prefix))
      found.set(key.slice(prefix.length), bytes);
  } catch (error) {
    return { unread: `s3://${bucket}/${prefix} cannot be listed: ${reasonOf(error)}` };
  }
  return found;
}

const reasonOf = (error: unknown) => (error as Error).message.split('\n')[0]!;
