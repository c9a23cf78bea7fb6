import { createHash, createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import { createJsonService } from '#functions/shared/json-service.ts';
import { account, type Emulator, region, run } from './emulator.ts';

/** Not `dev`: what deletes a disposable bucket's objects uses an SDK that the emulator's functions lack. */
export const environment = 'check';

const image = (name: string) => `${account}.dkr.ecr.${region}.amazonaws.com/${name}:1`;

/** All stacks that the emulator knows the resources of (it lacks alarms on metric expressions). */
const stacks = ['data', 'environment', 'retraining', 'serving'].map(
  (part) => `lea-${environment}-${part}`,
);

/**
 * Deploys with the real CLI, as a person would.
 *
 * @param config the pipeline's configuration
 * @returns the stacks' outputs by name
 */
export function deploy(
  root: string,
  dir: string,
  emulator: Emulator,
  config: object,
): Record<string, string> {
  const configPath = join(dir, 'pipeline.json');
  const outputs = join(dir, 'outputs.json');
  writeFileSync(configPath, JSON.stringify(config));
  const cdk = (cwd: string, ...args: string[]) =>
    run(join(root, 'node_modules/.bin/cdk'), args, { cwd, env: emulator.environment });
  // Away from cdk.json, so that the app is not synthesised for it.
  cdk(dir, 'bootstrap', `aws://${account}/${region}`);
  cdk(
    root,
    'deploy',
    ...stacks,
    ...['--require-approval', 'never', '--output', join(dir, 'cdk.out')],
    ...['--outputs-file', outputs, '--context', `environment=${environment}`],
    ...['--context', `config=${configPath}`],
    ...['--context', `environmentImageUri=${image('lea-environment')}`],
    ...['--context', `trainerImageUri=${image('lea-trainer')}`],
  );
  const byStack = JSON.parse(readFileSync(outputs, 'utf8')) as Record<string, object>;
  return Object.assign({}, ...Object.values(byStack));
}

export function s3Client(emulator: Emulator): S3Client {
  return new S3Client({
    endpoint: emulator.endpoint,
    region,
    forcePathStyle: true,
    credentials: {
      accessKeyId: emulator.environment.AWS_ACCESS_KEY_ID!,
      secretAccessKey: emulator.environment.AWS_SECRET_ACCESS_KEY!,
    },
  });
}

/** The definition that Step Functions was given. */
export async function deployedDefinition(emulator: Emulator, arn: string): Promise<unknown> {
  const states = createJsonService('states', emulator.environment);
  const answer = z.looseObject({ definition: z.string() });
  const { definition } = await states.call(
    'DescribeStateMachine',
    { stateMachineArn: arn },
    answer,
  );
  return JSON.parse(definition);
}

/** What a function answered, or the error that it threw. */
export type Invocation =
  | { readonly payload: unknown }
  | { readonly error: { readonly errorType: string; readonly errorMessage: string } };

/** Invokes a deployed function through Lambda's API. */
export async function invoke(
  emulator: Emulator,
  nameOrArn: string,
  payload: unknown,
): Promise<Invocation> {
  const url = new URL(emulator.endpoint);
  const name = nameOrArn.split(':').at(-1)!;
  const path = `/2015-03-31/functions/${name}/invocations`;
  const body = JSON.stringify(payload);
  const signer = new SignatureV4({
    service: 'lambda',
    region,
    sha256: Sha256,
    credentials: {
      accessKeyId: emulator.environment.AWS_ACCESS_KEY_ID!,
      secretAccessKey: emulator.environment.AWS_SECRET_ACCESS_KEY!,
    },
  });
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'https:',
    hostname: url.hostname,
    port: Number(url.port),
    path,
    query: {},
    headers: { host: url.host, 'content-type': 'application/json' },
    body,
  });
  const response = await fetch(new URL(path, url), { method: 'POST', headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`Invoking ${name} failed with ${response.status}: ${text}`);
  const value = text === '' ? null : JSON.parse(text);
  return response.headers.has('x-amz-function-error') ? { error: value } : { payload: value };
}

/** The hash in the form that the signer wants. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined
        ? createHash('sha256')
        : createHmac('sha256', typeof secret === 'string' ? secret : Buffer.from(secret as never));
  }
  update(data: string | Uint8Array) {
    this.#hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
  reset() {}
}
