import type { App } from 'aws-cdk-lib';
import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { largestPlannedBytes } from '#lib/contracts/config/interactions.ts';
import { type PipelineConfig, parseConfig } from '#lib/contracts/config.ts';
import { environmentName } from '#lib/contracts/environment-name.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { explain } from '#lib/contracts/explain.ts';
import { unfitInstances } from '#lib/contracts/instance-fit.ts';
import type { Bundles } from './bundles.ts';

/** One installation of the product in one account and region: what every stack needs to know. */
export interface Deployment {
  /** `dev`, `prod`, ...; part of every name. */
  readonly environment: string;
  /** Prefix of every name, for example `lea-dev`. */
  readonly name: string;
  readonly config: PipelineConfig;
  /** The configuration as written, for functions that get it through their environment. */
  readonly configText: string;
  /** Image URIs that somebody else keeps; an absent one is built in the cloud. */
  readonly images: { readonly environment?: string; readonly trainer?: string };
  readonly bundles: Bundles;
}

const context = z.strictObject({
  environment: environmentName,
  environmentImageUri: z.string().min(1).optional(),
  trainerImageUri: z.string().min(1).optional(),
});

/** The largest `PIPELINE_CONFIG`: all environment variables of a function share 4 KB. */
const maximumConfigBytes = 3 * 1024;

/**
 * Reads the context (`--context environment=prod`, ...) and checks the configuration.
 *
 * @param configText the configuration file's text
 * @param configPath its name, for messages
 * @throws ConfigError when either is wrong, or when the file is larger than a function's environment can hold
 */
export function readDeployment(
  app: App,
  configText: string,
  configPath: string,
  bundles: Bundles,
): Deployment {
  const parsed = context.safeParse({
    environment: app.node.tryGetContext('environment') ?? 'dev',
    environmentImageUri: app.node.tryGetContext('environmentImageUri'),
    trainerImageUri: app.node.tryGetContext('trainerImageUri'),
  });
  if (!parsed.success) {
    throw new ConfigError(`The context of the CDK app is not valid:\n${explain(parsed.error)}`);
  }
  const { environment, environmentImageUri, trainerImageUri } = parsed.data;
  const value = parseJson(configText, configPath);
  const compact = JSON.stringify(value);
  if (Buffer.byteLength(compact) > maximumConfigBytes) {
    throw new ConfigError(
      `${configPath} is ${Buffer.byteLength(compact)} bytes without white space, more than the ` +
        `${maximumConfigBytes} that fit into a function's environment. Leave out what equals the defaults.`,
    );
  }
  const config = parseConfig(value, configPath);
  const { maximumUploadBytes } = config.interactions;
  if (maximumUploadBytes > largestPlannedBytes) {
    throw new ConfigError(
      `${configPath}: interactions.maximumUploadBytes is ${maximumUploadBytes}; on AWS a function looks through at most ${largestPlannedBytes} bytes in its time. Lower it, and split larger files.`,
    );
  }
  const given = {
    environment: environmentImageUri !== undefined,
    trainer: trainerImageUri !== undefined,
  };
  const unfit = unfitInstances(config.operations, given);
  if (unfit.length > 0) throw new ConfigError(`${configPath}: ${unfit.join('\n')}`);
  return {
    environment,
    name: `lea-${environment}`,
    config,
    configText: compact,
    images: {
      ...(environmentImageUri === undefined ? {} : { environment: environmentImageUri }),
      ...(trainerImageUri === undefined ? {} : { trainer: trainerImageUri }),
    },
    bundles,
  };
}

/** What everything of the deployment is tagged with, also what a run creates. */
export function tagsOf({ name, environment }: Deployment): Readonly<Record<string, string>> {
  return { application: 'lea', environment, deployment: name };
}

/** True when the deployment's data goes with it: only where the configuration says so. */
export function isDisposable(deployment: Deployment): boolean {
  return deployment.config.operations.isDisposable;
}

/** The path of the roles that the pipeline works with: with what their names begin in ARNs. */
export function pipelinePath(deployment: Deployment): string {
  return `/${deployment.name}/`;
}

/** Who may assume a role for a service: the service, on behalf of this account. */
export function serviceOfAccount(service: string): ServicePrincipal {
  return new ServicePrincipal(service, {
    conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
  });
}

/** The event bus's name, for those that announce before it exists: what they could not say they say again. */
export function eventBusName(deployment: Deployment): string {
  return deployment.name;
}

/** The state machine's name, for those that must know it before it exists. */
export function stateMachineName(deployment: Deployment): string {
  return `${deployment.name}-nightly`;
}

/** What happens to data when a stack is deleted. */
export function removalPolicy(deployment: Deployment): RemovalPolicy {
  return isDisposable(deployment) ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}

/** How long logs are kept; the configuration allows exactly the numbers of days that CloudWatch knows. */
export function logRetention(deployment: Deployment): RetentionDays {
  return deployment.config.operations.retention.logDays as RetentionDays;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}
