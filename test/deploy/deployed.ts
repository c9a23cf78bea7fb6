import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { createJsonService } from '#platform/json-service.ts';
import { send } from './api.ts';
import { type Address, account, region } from './emulator.ts';

export const environment = 'check-2';

const image = (name: string) => `${account}.dkr.ecr.${region}.amazonaws.com/${name}:1`;

/** Nothing builds images here. */
export const givenImages = [
  ...['--context', `environmentImageUri=${image('lea-environment')}`],
  ...['--context', `trainerImageUri=${image('lea-trainer')}`],
];

/** Makes an account ready for deployments. */
export async function bootstrap(root: string, dir: string, address: Address): Promise<void> {
  // Away from cdk.json, so that the app is not synthesised for it.
  await cdk(root, dir, address, 'bootstrap', `aws://${account}/${region}`);
}

/** Not in this process's own time, which has connections to see to. */
async function cdk(
  root: string,
  cwd: string,
  { environment: env }: Address,
  ...args: string[]
): Promise<void> {
  const path = join(root, 'node_modules/.bin/cdk');
  await promisify(execFile)(path, args, { cwd, env, maxBuffer: 2 ** 27 });
}

/**
 * Deploys all stacks with the real CLI, as a person would.
 *
 * @param config the pipeline's configuration
 * @returns the stacks' outputs by name
 */
export async function deploy(
  root: string,
  dir: string,
  address: Address,
  config: object,
): Promise<Record<string, string>> {
  const configPath = join(dir, 'pipeline.json');
  const outputs = join(dir, 'outputs.json');
  writeFileSync(configPath, JSON.stringify(config));
  await cdk(
    root,
    root,
    address,
    ...['deploy', '--all', '--require-approval', 'never', '--output', join(dir, 'cdk.out')],
    ...['--outputs-file', outputs, '--context', `environment=${environment}`],
    ...['--context', `config=${configPath}`],
    ...givenImages,
  );
  const byStack = JSON.parse(readFileSync(outputs, 'utf8')) as Record<string, object>;
  return Object.assign({}, ...Object.values(byStack));
}

const template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.looseObject({}).optional() }),
  ),
});

/** The properties of a stack's resources of a type, as CDK has synthesised them. */
export function synthesised(dir: string, stack: string, type: string): Record<string, unknown>[] {
  const file = join(dir, 'cdk.out', `lea-${environment}-${stack}.template.json`);
  const { Resources } = template.parse(JSON.parse(readFileSync(file, 'utf8')));
  const found = Object.values(Resources).filter((resource) => resource.Type === type);
  return found.map(({ Properties = {} }) => Properties);
}

export function s3Client(address: Address): S3Client {
  return new S3Client({
    endpoint: address.endpoint,
    region,
    forcePathStyle: true,
    credentials: {
      accessKeyId: address.environment.AWS_ACCESS_KEY_ID!,
      secretAccessKey: address.environment.AWS_SECRET_ACCESS_KEY!,
    },
  });
}

/** What Step Functions was given. */
export interface DeployedStateMachine {
  readonly definition: unknown;
  /** ARN of the role that its states act in. */
  readonly role: string;
}

export async function deployedStateMachine(
  address: Address,
  arn: string,
): Promise<DeployedStateMachine> {
  const states = createJsonService('states', address.environment);
  const answer = z.looseObject({ definition: z.string(), roleArn: z.string() });
  const { definition, roleArn } = await states.call(
    'DescribeStateMachine',
    { stateMachineArn: arn },
    answer,
  );
  return { definition: JSON.parse(definition), role: roleArn };
}

/** What a function answered, or the error that it threw. */
export type Invocation =
  | { readonly payload: unknown }
  | { readonly error: { readonly errorType: string; readonly errorMessage: string } };

/** Invokes a deployed function through Lambda's API. */
export async function invoke(
  address: Address,
  nameOrArn: string,
  payload: unknown,
): Promise<Invocation> {
  const [name, version] = nameOrArn.startsWith('arn:')
    ? nameOrArn.split(':').slice(6)
    : nameOrArn.split(':');
  const qualifier = version === undefined ? '' : `?Qualifier=${version}`;
  const response = await send(address, {
    service: 'lambda',
    path: `/2015-03-31/functions/${name}/invocations${qualifier}`,
    body: JSON.stringify(payload),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Invoking ${name} failed with ${response.status}: ${text}`);
  const value = text === '' ? null : JSON.parse(text);
  return response.headers.has('x-amz-function-error') ? { error: value } : { payload: value };
}

/** The stacks that are there. */
export async function stackNames(address: Address): Promise<string[]> {
  const response = await send(address, {
    service: 'cloudformation',
    contentType: 'application/x-www-form-urlencoded',
    body: new URLSearchParams({ Action: 'DescribeStacks', Version: '2010-05-15' }).toString(),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`DescribeStacks failed with ${response.status}: ${text}`);
  return [...text.matchAll(/<StackName>([^<]*)<\/StackName>/g)].map(([, name]) => name!);
}
