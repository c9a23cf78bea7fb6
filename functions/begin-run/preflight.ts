import type { PipelineConfig } from '#lib/contracts/config.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { checkBaseModel, checkNames } from '#lib/preflight/checks.ts';
import { type Finding, stopAtBlockers } from '#lib/preflight/findings.ts';
import { checkQuotas, quotaNames } from '#lib/preflight/quotas.ts';
import { readAccount } from '#platform/account.ts';
import { createJsonService, type JsonService } from '#platform/json-service.ts';
import type { Objects } from '#platform/objects.ts';

/** Where the quotas of an account are asked, and how long that may take: what is not known by then is left aside. */
export interface Account {
  readonly quotas: JsonService;
  readonly milliseconds: number;
}

/** This function's account; another cloud than AWS has no quotas to ask for. */
export function accountOf(environment: NodeJS.ProcessEnv): Account | undefined {
  const { AWS_ENDPOINT_URL: elsewhere, AWS_ENDPOINT_URL_SERVICEQUOTAS: quotas } = environment;
  if (elsewhere !== undefined && quotas === undefined) return undefined;
  return { quotas: createJsonService('servicequotas', environment), milliseconds: 30_000 };
}

/**
 * Nothing is begun that would stop after something was paid for.
 * @returns all that was found
 * @throws PreflightError with every blocker and what to do about it
 */
export async function expectReady(
  ...night: Parameters<typeof preflight>
): Promise<readonly Finding[]> {
  const findings = await preflight(...night);
  stopAtBlockers(findings);
  return findings;
}

/**
 * What would stop this night after something was paid for. What cannot be looked at stops nothing.
 *
 * @param account undefined where there is none, as on one machine
 */
export async function preflight(
  objects: Objects,
  config: PipelineConfig,
  deployment: string,
  account: Account | undefined,
): Promise<Finding[]> {
  const prefix = uploads.baseModelPrefix(config.environment.baseModel);
  const files = new Map<string, number>();
  for await (const { key, bytes } of objects.list(prefix))
    files.set(key.slice(prefix.length), bytes);
  return [
    checkNames(config, deployment),
    checkBaseModel(config, files, `s3://${objects.bucket}/${prefix}`),
    ...(account === undefined ? [] : checkQuotas(config, await ask(account))),
  ];
}

async function ask({ quotas, milliseconds }: Account) {
  const { sagemaker, lambda } = quotaNames;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), milliseconds);
  });
  const answer = await Promise.race([readAccount(quotas, { sagemaker, lambda }), tooLate]);
  clearTimeout(timer);
  if (answer !== 'late') return answer;
  const unread = { unread: 'Service Quotas did not answer in time' };
  return { sagemaker: unread, lambda: unread };
}
